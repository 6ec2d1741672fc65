//! The signature schemes of Sigstore's algorithm registry, and their verification.
//!
//! algorithm-registry.md: the kind of key determines the hash, and a signature does not state it. Some kinds of key have several
//! schemes. Then the hash that the evidence states decides, in the message digest or the log entry. If the evidence states none,
//! the current scheme is tried first, and then the scheme of older signers. The schemes sign different bytes, so a signature by
//! one never verifies by the other. No scheme outside the registry is tried (A087).

use aws_lc_rs::digest::Digest as Imported;
use aws_lc_rs::signature::UnparsedPublicKey;
use ed25519_dalek::ed25519::signature::digest::{FixedOutput, HashMarker, Output, OutputSizeUser, Update, consts::U64};
use x509_cert::der::Decode;
use x509_cert::spki::SubjectPublicKeyInfoRef;

use crate::oci::{Algorithm, Digest};
use crate::policy::{KeyError, KeyKind};
use crate::verify::entity::{LogEntry, SignedContent, SignedEntity};

use super::algorithms::provider;

/// A kind of key with the hash that goes with it in a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::verify) enum Scheme {
    EcdsaP256Sha256,
    EcdsaP384Sha384,
    /// Deprecated in the registry: cosign before 3 signed so.
    EcdsaP384Sha256,
    EcdsaP521Sha512,
    /// Deprecated in the registry: cosign before 3 signed so.
    EcdsaP521Sha256,
    RsaSha256,
    Ed25519,
    /// Ed25519 over a SHA-512 digest (RFC 8032 §5.1), which is what a log of digests can hold.
    Ed25519ph,
}

/// The signed content, if the signed entity does not hold it itself.
#[derive(Clone, Copy)]
pub(in crate::verify) enum Signed<'a> {
    /// These bytes (legacy simple signing).
    Bytes(&'a [u8]),
    /// The content with this digest: the image's manifest, or what an envelope's statement must be about.
    Digest(&'a Digest),
}

/// A signature and the signed content.
#[derive(Clone, Copy)]
pub(in crate::verify) struct SignatureOver<'a> {
    pub(in crate::verify) entity: &'a SignedEntity,
    pub(in crate::verify) signed: Signed<'a>,
}

/// A public key, ready to verify with.
pub(in crate::verify) struct VerifyingKey<'a> {
    kind: KeyKind,
    key_bytes: &'a [u8],
}

/// The result of verifying a signature with one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::verify) enum Made {
    /// The key made it, by this scheme.
    With(Scheme),
    /// The key did not make it.
    No,
    /// The registry has no scheme of this kind of key with the hash that the signature states.
    Unpaired,
    /// It cannot be decided from a digest with this kind of key.
    Unknown,
}

impl Scheme {
    /// The schemes of a kind of key, the current one first.
    fn of(kind: KeyKind) -> &'static [Self] {
        match kind {
            KeyKind::P256 => &[Self::EcdsaP256Sha256],
            KeyKind::P384 => &[Self::EcdsaP384Sha384, Self::EcdsaP384Sha256],
            KeyKind::P521 => &[Self::EcdsaP521Sha512, Self::EcdsaP521Sha256],
            KeyKind::Rsa(_) => &[Self::RsaSha256],
            KeyKind::Ed25519 => &[Self::Ed25519, Self::Ed25519ph],
        }
    }

    /// Returns the hash whose digest is signed; `None` if the bytes themselves are.
    pub(in crate::verify) fn hash(self) -> Option<Algorithm> {
        match self {
            Self::EcdsaP256Sha256 | Self::EcdsaP384Sha256 | Self::EcdsaP521Sha256 | Self::RsaSha256 => {
                Some(Algorithm::Sha256)
            }
            Self::EcdsaP384Sha384 => Some(Algorithm::Sha384),
            Self::EcdsaP521Sha512 | Self::Ed25519ph => Some(Algorithm::Sha512),
            Self::Ed25519 => None,
        }
    }

    /// Returns the name that sigstore_common.proto gives the scheme with a key of this kind (`PublicKeyDetails`).
    pub(in crate::verify) fn details(self, kind: KeyKind) -> Option<&'static str> {
        match (self, kind) {
            (Self::EcdsaP256Sha256, _) => Some("PKIX_ECDSA_P256_SHA_256"),
            (Self::EcdsaP384Sha384, _) => Some("PKIX_ECDSA_P384_SHA_384"),
            (Self::EcdsaP384Sha256, _) => Some("PKIX_ECDSA_P384_SHA_256"),
            (Self::EcdsaP521Sha512, _) => Some("PKIX_ECDSA_P521_SHA_512"),
            (Self::EcdsaP521Sha256, _) => Some("PKIX_ECDSA_P521_SHA_256"),
            (Self::RsaSha256, KeyKind::Rsa(2048)) => Some("PKIX_RSA_PKCS1V15_2048_SHA256"),
            (Self::RsaSha256, KeyKind::Rsa(3072)) => Some("PKIX_RSA_PKCS1V15_3072_SHA256"),
            (Self::RsaSha256, KeyKind::Rsa(4096)) => Some("PKIX_RSA_PKCS1V15_4096_SHA256"),
            (Self::RsaSha256, _) => None,
            (Self::Ed25519, _) => Some("PKIX_ED25519"),
            (Self::Ed25519ph, _) => Some("PKIX_ED25519_PH"),
        }
    }

    /// Whether a signature that states this hash may be of the scheme. Pure Ed25519 signs no digest, and a digest
    /// stated beside it is SHA-256.
    fn goes_with(self, stated: Algorithm) -> bool {
        self.hash().unwrap_or(Algorithm::Sha256) == stated
    }
}

impl<'a> VerifyingKey<'a> {
    /// Reads a key in DER (`SubjectPublicKeyInfo`).
    pub(in crate::verify) fn read(der: &'a [u8]) -> Result<Self, KeyError> {
        let kind = KeyKind::of(der)?;
        let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| KeyError::NotAKey)?;
        let key_bytes = info.subject_public_key.as_bytes().ok_or(KeyError::NotAKey)?;
        Ok(Self { kind, key_bytes })
    }

    /// Returns the kind of key.
    pub(in crate::verify) fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Whether the key made the entity's signature, and by which scheme; nothing else is looked at.
    pub(in crate::verify) fn made(&self, entity: &SignedEntity, signed: Signed<'_>) -> Made {
        let (signature, signed) = match &entity.content {
            SignedContent::Envelope(envelope) => (&envelope.signature, Signed::Bytes(envelope.signed())),
            SignedContent::Message(message) => (&message.signature, signed),
        };
        let possible = possible_schemes(self.kind, entity);
        let mut made = if possible.is_empty() { Made::Unpaired } else { Made::No };
        for scheme in possible {
            match self.verify(scheme, signed, signature) {
                Some(true) => return Made::With(scheme),
                Some(false) => {}
                None => made = Made::Unknown,
            }
        }
        made
    }

    /// Whether the key signed these bytes with a hash, which no registry chooses: that is how authorities sign timestamps. `None`: the
    /// two do not go together. Pure Ed25519 hashes with SHA-512 by itself (RFC 8419 §3).
    pub(in crate::verify) fn verifies(&self, hash: Algorithm, bytes: &[u8], signature: &[u8]) -> Option<bool> {
        let provider = provider(self.kind, hash)?;
        Some(UnparsedPublicKey::new(provider, self.key_bytes).verify(bytes, signature).is_ok())
    }

    /// Whether a signature verifies by a scheme. `None`: not to be told from this digest.
    fn verify(&self, scheme: Scheme, signed: Signed<'_>, signature: &[u8]) -> Option<bool> {
        if scheme == Scheme::Ed25519ph {
            return self.verify_ed25519ph(signed, signature);
        }
        let provider = provider(self.kind, scheme.hash().unwrap_or(Algorithm::Sha512))?;
        let key = UnparsedPublicKey::new(provider, self.key_bytes);
        match signed {
            Signed::Bytes(bytes) => Some(key.verify(bytes, signature).is_ok()),
            Signed::Digest(digest) => {
                let algorithm = scheme.hash().filter(|hash| *hash == digest.algorithm())?;
                let imported = Imported::import_less_safe(&digest.bytes(), algorithm.provider()).ok()?;
                Some(key.verify_digest(&imported, signature).is_ok())
            }
        }
    }

    /// RFC 8032 §5.1, strictly: keys and points of small order are refused: signatures for them need no private key.
    fn verify_ed25519ph(&self, signed: Signed<'_>, signature: &[u8]) -> Option<bool> {
        let digest = match signed {
            Signed::Bytes(bytes) => &Digest::of(Algorithm::Sha512, bytes),
            Signed::Digest(digest) => digest,
        };
        let hashed = Sha512Digest(<[u8; 64]>::try_from(digest.bytes()).ok().filter(|_| is_sha512(digest))?);
        let key = <&[u8; 32]>::try_from(self.key_bytes).ok().map(ed25519_dalek::VerifyingKey::from_bytes);
        let signature = ed25519_dalek::Signature::from_slice(signature);
        let (Some(Ok(key)), Ok(signature)) = (key, signature) else { return Some(false) };
        Some(key.verify_prehashed_strict(hashed, None, &signature).is_ok())
    }
}

fn is_sha512(digest: &Digest) -> bool {
    digest.algorithm() == Algorithm::Sha512
}

/// The schemes that a signature may be of, by the stated hash.
fn possible_schemes(kind: KeyKind, entity: &SignedEntity) -> Vec<Scheme> {
    let all = Scheme::of(kind);
    let stating = |hash: Algorithm| all.iter().copied().filter(move |scheme| scheme.goes_with(hash));
    if let SignedContent::Message(message) = &entity.content
        && let Some(digest) = &message.digest
    {
        return digest.hash().map(|hash| stating(hash).collect()).unwrap_or_default();
    }
    let recorded: Vec<Scheme> = entity.entries.iter().filter_map(LogEntry::recorded_hash).flat_map(stating).collect();
    match (recorded.is_empty(), kind) {
        (false, _) => recorded,
        (true, KeyKind::Ed25519) => all.to_vec(),
        // Rekor v1 verified envelopes with SHA-256, for every key (rekor `pkg/types/dsse`).
        (true, _) if entity.entries.iter().any(LogEntry::is_envelope_of_rekor_v1) => all.to_vec(),
        (true, _) => all[..1].to_vec(),
    }
}

/// A digest that was computed before, as Ed25519ph takes it: as what computes it.
struct Sha512Digest([u8; 64]);

impl OutputSizeUser for Sha512Digest {
    type OutputSize = U64;
}

impl Default for Sha512Digest {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl Update for Sha512Digest {
    /// It is finished, and is never added to.
    fn update(&mut self, _: &[u8]) {}
}

impl FixedOutput for Sha512Digest {
    fn finalize_into(self, out: &mut Output<Self>) {
        out.copy_from_slice(&self.0);
    }
}

impl HashMarker for Sha512Digest {}
