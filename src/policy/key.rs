//! Public keys that may sign, and whether their signatures need a log entry.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{
    ID_EC_PUBLIC_KEY, RSA_ENCRYPTION, SECP_224_R_1, SECP_256_R_1, SECP_384_R_1, SECP_521_R_1, SECT_163_K_1,
    SECT_163_R_2,
};
use const_oid::db::rfc8410::ID_ED_25519;
use der::asn1::UintRef;
use der::{Decode, Reader, SliceReader};
use jiff::Timestamp;
use x509_cert::spki::SubjectPublicKeyInfoRef;

use crate::oci::{Algorithm, Digest};

use super::PolicyError;
use super::strength::weakness;

/// Characters of a key file: an RSA key of 16,384 bits has a sixth of this.
const MAX_PEM: usize = 16 * 1024;
/// The shortest RSA key of Sigstore's algorithm registry.
const MIN_RSA_BITS: usize = 2048;

/// The curve P-192, which RFC 5912 leaves out.
const SECP_192_R_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.1");

/// A public key of a supported kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    der: Vec<u8>,
    kind: KeyKind,
    fingerprint: Digest,
    window: KeyWindow,
}

/// The time in which the owner used a key. A signature from outside the window does not count, because another person may have
/// made it with the key. After the window has ended, a signature without a proven time does not count either.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyWindow {
    /// When it began; `None` for a key without a beginning.
    pub from: Option<Timestamp>,
    /// When it ended; `None` for a key in use.
    pub until: Option<Timestamp>,
}

impl KeyWindow {
    /// Whether a time lies in it.
    pub fn has(self, time: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= time) && self.until.is_none_or(|until| time <= until)
    }

    /// Returns the times that lie in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let until = [self.until, other.until].into_iter().flatten().min();
        Self { from: self.from.max(other.from), until }
    }

    /// Returns the window as a person reads it.
    pub fn describe(self) -> String {
        let time = |time: Option<Timestamp>, open: &str| time.map_or_else(|| open.to_owned(), |time| time.to_string());
        format!("{} to {}", time(self.from, "the beginning"), time(self.until, "an end that is not set"))
    }
}

/// A kind of key of Sigstore's algorithm registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// ECDSA on the curve P-256.
    P256,
    /// ECDSA on the curve P-384.
    P384,
    /// ECDSA on the curve P-521.
    P521,
    /// RSA with a modulus of so many bits.
    Rsa(usize),
    /// Ed25519.
    Ed25519,
}

/// Why a file holds no key that could be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not one PEM block, or one with more around it.
    #[error("it is not a PEM file with one `PUBLIC KEY` block")]
    NotPem,
    /// A private key, which has no business here.
    #[error("it holds a `{label}`, not a public key")]
    Private {
        /// The label of the PEM block.
        label: String,
    },
    /// A certificate or some other block.
    #[error("it holds a `{label}`, not a `PUBLIC KEY`")]
    OtherBlock {
        /// The label of the PEM block.
        label: String,
    },
    /// The block does not contain a public key.
    #[error("its contents are not a public key (SubjectPublicKeyInfo)")]
    NotAKey,
    /// A weak key: other people can forge its signatures.
    #[error("it holds {weakness}, with which anyone could make signatures")]
    Weak {
        /// The weakness.
        weakness: String,
    },
    /// A kind of key that the registry allows only with more bits.
    #[error(
        "a key of kind {kind} is too short; expected ECDSA P-256, P-384 or P-521, Ed25519, or RSA of 2048 bits or more"
    )]
    TooShort {
        /// The kind: a curve, or a length.
        kind: String,
    },
    /// A kind of key that cannot be verified with.
    #[error(
        "a key of kind {kind} is not supported; expected ECDSA P-256, P-384 or P-521, Ed25519, or RSA of 2048 bits or more"
    )]
    Unsupported {
        /// The kind: an algorithm or curve identifier.
        kind: String,
    },
}

impl KeyError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Private { .. } => "give the public key, such as `cosign.pub`; and keep the private one to yourself",
            Self::OtherBlock { label } if label == "CERTIFICATE" => {
                "for a certificate of Fulcio give `--certificate-identity` and `--certificate-oidc-issuer`; of another one export the key: `openssl x509 -pubkey -noout -in FILE`"
            }
            _ => "give a public key as `cosign generate-key-pair` or `cosign public-key` writes it",
        }
    }
}

impl PublicKey {
    /// Reads the text of a PEM file with exactly one public key.
    pub fn from_pem(bytes: &[u8]) -> Result<Self, KeyError> {
        Self::from_der(read_pem(bytes)?)
    }

    /// Reads a DER `SubjectPublicKeyInfo`.
    pub fn from_der(der: Vec<u8>) -> Result<Self, KeyError> {
        let kind = KeyKind::of(&der)?;
        let fingerprint = Digest::of(Algorithm::Sha256, &der);
        Ok(Self { der, kind, fingerprint, window: KeyWindow::default() })
    }

    /// Returns the same key, used in this window alone.
    #[must_use]
    pub fn within(self, window: KeyWindow) -> Self {
        Self { window, ..self }
    }

    /// Returns when its holder signed with it.
    pub fn window(&self) -> KeyWindow {
        self.window
    }

    /// Returns the kind of key.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Returns the key as a DER `SubjectPublicKeyInfo`.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Returns a digest that is the same for every encoding of the key: with or without parameters that say nothing, and a
    /// point of a curve with one coordinate or both.
    pub(crate) fn point(&self) -> Digest {
        let parsed = SubjectPublicKeyInfoRef::from_der(&self.der).ok();
        let bits = parsed.as_ref().and_then(|key| Some((key.algorithm.oid, key.subject_public_key.as_bytes()?)));
        match bits {
            // SEC 1 §2.3.3: a first byte for the form, then x, and y if the form is the long one.
            Some((ID_EC_PUBLIC_KEY, [4, coordinates @ ..])) => {
                Digest::of(Algorithm::Sha256, &coordinates[..coordinates.len() / 2])
            }
            Some((ID_EC_PUBLIC_KEY, [_, x @ ..])) => Digest::of(Algorithm::Sha256, x),
            Some((_, bits)) => Digest::of(Algorithm::Sha256, bits),
            None => self.fingerprint.clone(),
        }
    }

    /// Returns the SHA-256 of the `SubjectPublicKeyInfo`, which names the key in reports.
    pub fn fingerprint(&self) -> &Digest {
        &self.fingerprint
    }
}

/// Whether a key's signature must be in a transparency log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogRule {
    /// A trusted log must hold an entry for it.
    Required,
    /// No log entry is needed: the key alone decides, so the time of signing is not proven.
    NotRequired,
}

/// Keys; each of them may sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRule {
    keys: Vec<PublicKey>,
    log: LogRule,
}

impl KeyRule {
    /// Proves that there is at least one key (A182: no signer in particular would mean any signer).
    pub fn new(keys: impl IntoIterator<Item = PublicKey>, log: LogRule) -> Result<Self, PolicyError> {
        let mut keys: Vec<PublicKey> = keys.into_iter().collect();
        keys.sort_by(|one, other| one.der.cmp(&other.der));
        keys.dedup();
        if keys.is_empty() { Err(PolicyError::NoSigner) } else { Ok(Self { keys, log }) }
    }

    /// Returns the keys, each once, in an order that does not depend on how they were given.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// Returns whether a log must hold an entry for the signature.
    pub fn log(&self) -> LogRule {
        self.log
    }

    /// Returns the keys as a person reads them.
    pub fn describe(&self) -> String {
        let names: Vec<String> = self.keys.iter().map(|key| key.fingerprint.to_string()).collect();
        names.join(" or ")
    }

    /// Returns the rule as lines of text, for the policy's hash.
    pub(super) fn canonical_text(&self) -> String {
        let log = match self.log {
            LogRule::Required => "required",
            LogRule::NotRequired => "not required",
        };
        let window = |key: &PublicKey| match key.window {
            KeyWindow { from: None, until: None } => String::new(),
            window => format!(" {}", window.describe()),
        };
        let keys: Vec<String> =
            self.keys.iter().map(|key| format!("key {}{}\n", key.fingerprint, window(key))).collect();
        format!("{}log {log}\n", keys.concat())
    }
}

/// RFC 7468 §3: one block, its base64 strict but for line breaks, and nothing around it.
fn read_pem(bytes: &[u8]) -> Result<Vec<u8>, KeyError> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_PEM).ok_or(KeyError::NotPem)?;
    let (label, rest) =
        text.trim().strip_prefix("-----BEGIN ").and_then(|rest| rest.split_once("-----")).ok_or(KeyError::NotPem)?;
    if label.contains("PRIVATE KEY") {
        return Err(KeyError::Private { label: label.to_owned() });
    }
    if label != "PUBLIC KEY" {
        return Err(KeyError::OtherBlock { label: label.to_owned() });
    }
    let body = rest.strip_suffix("-----END PUBLIC KEY-----").ok_or(KeyError::NotPem)?;
    let base64: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(base64).map_err(|_| KeyError::NotPem)
}

impl KeyKind {
    /// Reads the kind of a key in DER (`SubjectPublicKeyInfo`). Kinds outside the registry are refused, and weak ones.
    pub fn of(der: &[u8]) -> Result<Self, KeyError> {
        let kind = Self::named(der)?;
        match weakness(der) {
            Some(weakness) => Err(KeyError::Weak { weakness }),
            None => Ok(kind),
        }
    }

    fn named(der: &[u8]) -> Result<Self, KeyError> {
        let key = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| KeyError::NotAKey)?;
        let bytes = key.subject_public_key.as_bytes().ok_or(KeyError::NotAKey)?;
        let unsupported = |kind: String| Err(KeyError::Unsupported { kind });
        let short = |kind: String| Err(KeyError::TooShort { kind });
        match key.algorithm.oid {
            ID_ED_25519 if bytes.len() == 32 => Ok(Self::Ed25519),
            ID_EC_PUBLIC_KEY => match key.algorithm.parameters_oid() {
                Ok(SECP_256_R_1) => uncompressed(bytes, Self::P256, 32),
                Ok(SECP_384_R_1) => uncompressed(bytes, Self::P384, 48),
                Ok(SECP_521_R_1) => uncompressed(bytes, Self::P521, 66),
                Ok(curve @ (SECP_224_R_1 | SECP_192_R_1 | SECT_163_K_1 | SECT_163_R_2)) => {
                    short(format!("ECDSA on the curve {}", name_of(curve)))
                }
                Ok(curve) => unsupported(format!("ECDSA on the curve {}", name_of(curve))),
                // RFC 5480 §2.1.1: the parameters of the curve itself "MUST NOT be used". With a curve of his own
                // choice, an attacker can sign for another's public key (CVE-2020-0601).
                Err(_) => {
                    Err(KeyError::Weak { weakness: "a key on a curve that is described in place of a name".to_owned() })
                }
            },
            RSA_ENCRYPTION => match rsa_bits(bytes) {
                Some(bits) if bits >= MIN_RSA_BITS => Ok(Self::Rsa(bits)),
                Some(bits) => short(format!("RSA with {bits} bits")),
                None => Err(KeyError::NotAKey),
            },
            other => unsupported(name_of(other)),
        }
    }
}

/// RFC 5480 §2.2: "The first octet of the OCTET STRING indicates whether the key is compressed or uncompressed". cosign reads
/// the uncompressed form alone.
fn uncompressed(bytes: &[u8], kind: KeyKind, length: usize) -> Result<KeyKind, KeyError> {
    if bytes.first() == Some(&4) && bytes.len() == 1 + 2 * length { Ok(kind) } else { Err(KeyError::NotAKey) }
}

fn name_of(id: ObjectIdentifier) -> String {
    const_oid::db::DB.by_oid(&id).map_or_else(|| id.to_string(), str::to_owned)
}

/// RFC 8017 §A.1.1: `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }`.
fn rsa_bits(bytes: &[u8]) -> Option<usize> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let modulus = reader
        .sequence(|inner| {
            let modulus = UintRef::decode(inner)?;
            UintRef::decode(inner)?;
            Ok(modulus)
        })
        .ok()?;
    reader.is_finished().then_some(())?;
    let first = modulus.as_bytes().first()?;
    Some(modulus.as_bytes().len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `cosign.pub` without an owner: a P-256 key made with `openssl ecparam -name prime256v1 -genkey | openssl ec
    /// -pubout`.
    const P256: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEkOC8XeJlj4NKSA2P/a9q3JAj3zRDXOKtVj8S1A/I41uYFxmsoB888/Jpa3KnKX2kWA9R5qIBMeUbxR63vhKOwg==";
    const P224: &str =
        "ME4wEAYHKoZIzj0CAQYFK4EEACEDOgAExw7UnmLDWaqVudR0AXD2JWn4WVht3scFmEY8tr8ru8qKTqiq0EaD04ejB8mxh39buEsCA001i7Y=";
    const P521: &str = "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQBo2+eFnQu3Si7f/aPzdmzpdg+i/6oI+FErWhXdFpYEFc5GEqJyYbl8nUCf5erjzRKu8/ztfnI5Vxs7w8fk/k8Tk8By4BUJCKtBXiCdsPbIPC2gx1nsNnLJQVDXSUAZ/Ih5oePIg3KdMz6JjkDY+p5kenmF/JncB9hmY3kQmGNx3R/rkc=";
    const RSA_1024: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCgsso0a4eBioTOLIl9DihuR7lRRx4J1npAR5n74zIoa3thct0s+kGqdTfqg0u/7ISJz1Ie8DYevJJJeyTbIOBh3wWqveNgtNNdR6Fxd5ki8MHNT8gvoFtUkueRKrTxboliiB9B9JipeYo4VdY9/zExlR/z29/pRMAF7YZjhAQqFwIDAQAB";
    const RSA_2048: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxgZQLI7xLr+GBlVgQD29VxNC8OQUZXV5SR+PCpdPB9ASn5VBhpkF3g6HpPrS6gmJyAnRVtyNG4UOJdtaOesPuqyhYXLD6EPHcskBqb00+bFcdp4GOGyQt6k3BUGFzaLYQRBthjs79DqYG2vqT6oSwGhTW6TvH9paGsnlKDwY0eWSuaTRQ10D++bMTQhr8HiAI2X8vOYsn2XbqtqdQvh9SQc5SVBsJmuJyA3zmD/ptl5+r4/81D6UhEonxXuhf4pFqhX5qfTxs+K3kfY81O2xzIRJCWxEU2ROf2O6MGMql4OKVNkHT8xuvUZjf/w+/vQ7G9uKRc4cO9CPR52KviMHtwIDAQAB";
    const ED25519: &str = "MCowBQYDK2VwAyEAbJw9YZJkueyO/p1ViNUD3zdicmyII9RtZJTNm46BCko=";

    fn pem(label: &str, body: &str) -> String {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    }

    fn read(body: &str) -> Result<PublicKey, KeyError> {
        PublicKey::from_pem(pem("PUBLIC KEY", body).as_bytes())
    }

    #[test]
    fn a_key_is_named_by_the_digest_of_its_der() {
        let key = read(P256).expect("a key");
        assert_eq!(
            key.fingerprint().to_string(),
            "sha256:7bdad7c27f96d0a6e3223d69e1d7b17372dc5ad90202e92b2e19edb04a633f31"
        );
    }

    #[test]
    fn a087_kinds_of_the_registry_are_read_and_others_are_named() {
        let kinds =
            [(P256, KeyKind::P256), (P521, KeyKind::P521), (RSA_2048, KeyKind::Rsa(2048)), (ED25519, KeyKind::Ed25519)];
        for (good, kind) in kinds {
            assert_eq!(read(good).map(|key| key.kind()), Ok(kind), "{good}");
        }
        assert_eq!(read(RSA_1024), Err(KeyError::TooShort { kind: "RSA with 1024 bits".to_owned() }));
        assert_eq!(read(P224), Err(KeyError::TooShort { kind: "ECDSA on the curve secp224r1".to_owned() }));
    }

    #[test]
    fn a_file_with_anything_but_one_public_key_is_refused() {
        let one = pem("PUBLIC KEY", P256);
        for text in [one.repeat(2), format!("x{one}"), format!("{one}x"), one.replace("END", "EDN"), String::new()] {
            assert_eq!(PublicKey::from_pem(text.as_bytes()), Err(KeyError::NotPem), "{text}");
        }
        assert_eq!(read("AAAA"), Err(KeyError::NotAKey));
        assert_eq!(read("%"), Err(KeyError::NotPem));
        let private = pem("ENCRYPTED SIGSTORE PRIVATE KEY", P256);
        assert!(matches!(PublicKey::from_pem(private.as_bytes()), Err(KeyError::Private { .. })));
        let certificate = pem("CERTIFICATE", P256);
        assert!(matches!(PublicKey::from_pem(certificate.as_bytes()), Err(KeyError::OtherBlock { .. })));
    }

    #[test]
    fn no_key_is_no_signer() {
        assert_eq!(KeyRule::new([], LogRule::NotRequired), Err(PolicyError::NoSigner));
    }

    #[test]
    fn whether_the_log_is_required_is_part_of_the_policy() {
        let rule = |log| KeyRule::new([read(P256).expect("a key")], log).expect("a rule").canonical_text();
        assert_ne!(rule(LogRule::Required), rule(LogRule::NotRequired));
    }
}
