//! Signed material against one trust domain: the only file that names the Sigstore verifier.
//!
//! The crate verifies chain, SCT, inclusion proof, checkpoint, promise (SET), timestamps, signature and the binding of the
//! log entry to them. What it leaves open is closed before it is asked ([`super::log`]). The one kind of log entry that it
//! does not read, `intoto` 0.0.1, is verified in [`super::intoto`] with the keys that this file lends it.
//!
//! The crate reads the wall clock in five places to refuse times from the future. Verdicts here are made at the time
//! given to [`super::verify`], which is compared again; the clock can only make a result stricter.

use std::ops::Range;

use const_oid::db::rfc5280::ID_KP_TIME_STAMPING;
use der::{Decode, Encode};
use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, TrustAnchor};
use serde_json::Value;
use sigstore_verify::bundle::Error as BundleError;
use sigstore_verify::crypto::{KeyAlgorithm, Keyring, SigningScheme, VerificationKey, WEBPKI_VERIFICATION_ALGS};
use sigstore_verify::trust_root::{CertificateAuthority, TrustedRoot};
use sigstore_verify::types::bundle::{
    CertificateContent, CheckpointData, InclusionPromise, InclusionProof, LogId, MessageSignature, PublicKeyIdentifier,
    Rfc3161Timestamp, TimestampVerificationData, TransparencyLogEntry, VerificationMaterial,
    VerificationMaterialContent, X509Certificate,
};
use sigstore_verify::types::{
    Artifact, ArtifactDigest, Bundle, CanonicalizedBody, Checkpoint, CheckpointSignature, DerCertificate, DerPublicKey,
    DsseEnvelope, DsseSignature, HashAlgorithm, KeyId, KindVersion, LogIndex, LogKeyId, MediaType, PayloadBytes,
    Sha256Hash, SignatureBytes, SignatureContent, SignedTimestamp, TimestampToken,
};
use sigstore_verify::{CertificateError, Error, PublicKeyVerificationPolicy, VerificationPolicy, Verifier};
use x509_cert::Certificate;
use x509_cert::ext::pkix::{ExtendedKeyUsage, SubjectKeyIdentifier};

use crate::check::{CheckId, Finding, LogEntryReport, TimestampReport, TrustReport};
use crate::oci::{Algorithm, Digest, encode_hex};
use crate::policy::PublicKey;
use crate::trust::TrustRoot;

use super::authorities::{check_authorities, narrow_authorities};
use super::certificate::Leaf;
use super::chain;
use super::material::{self, KeyMaterial, LogEntry, Material, SignedContent, Version, log_failure};
use super::token::check_token;

/// A trust domain, ready to verify: one trusted root with its keys and certificates prepared.
pub struct Domain {
    root: TrustedRoot,
    verifier: Verifier,
    log_keys: Keyring,
    /// The domain has a transparency log, so an entry is demanded. Derived from the root and from nothing else.
    has_log: bool,
    /// The domain has a certificate transparency log, so an SCT is demanded.
    has_ct: bool,
    /// How a timestamp names the authorities of this domain.
    timestamp_signers: Vec<Vec<u8>>,
    report: TrustReport,
}

/// A trusted root that cannot be used to verify anything.
#[derive(Debug, thiserror::Error)]
pub enum DomainError {
    /// A key or certificate in it cannot be read, or is there twice.
    #[error("trusted root `{source_name}` cannot be used: {what}")]
    Unusable {
        /// Where it came from.
        source_name: String,
        /// What is wrong.
        what: String,
    },
    /// It has no certificate authority, so no certificate could ever verify.
    #[error("trusted root `{source_name}` has no certificate authority")]
    NoAuthority {
        /// Where it came from.
        source_name: String,
    },
}

/// What the signature is over, where that is not in the material itself.
#[derive(Clone, Copy)]
pub(super) enum Signed<'a> {
    /// These bytes (legacy simple signing).
    Bytes(&'a [u8]),
    /// The content with this digest: the image's manifest, or what an envelope's statement must be about.
    Digest(&'a Digest),
}

/// The signature of a certificate transparency log, taken out of an SCT.
pub(super) struct SctSignature<'a> {
    pub(super) log_id: [u8; 32],
    pub(super) time: Timestamp,
    /// `HashAlgorithm` and `SignatureAlgorithm` of TLS 1.2 (RFC 5246 §7.4.1.4.1).
    pub(super) hash: u8,
    pub(super) algorithm: u8,
    pub(super) data: &'a [u8],
    pub(super) signature: &'a [u8],
}

impl Domain {
    /// Prepares a trusted root. Log keys of kinds not known here are left out with a warning (A249): the evidence of such a
    /// log counts for nothing, and the demand for a log entry stays.
    pub fn prepare(root: &TrustRoot) -> Result<Self, DomainError> {
        let source_name = root.source.clone();
        let unusable = |what: String| DomainError::Unusable { source_name: source_name.clone(), what };
        let mut document = root.document().clone();
        let has = |list: &str| document[list].as_array().is_some_and(|entries| !entries.is_empty());
        let (has_log, has_ct, has_authority) = (has("tlogs"), has("ctlogs"), has("certificateAuthorities"));
        if !has_authority {
            return Err(DomainError::NoAuthority { source_name });
        }
        let mut warnings = Vec::new();
        for list in ["tlogs", "ctlogs"] {
            drop_unknown_keys(&mut document, list, &mut warnings);
        }
        narrow_authorities(&mut document).map_err(&unusable)?;
        check_authorities(&document).map_err(&unusable)?;
        if root.source != "embedded" {
            warnings.extend((!has_log).then(|| "it has no transparency log, so none is demanded".to_owned()));
            warnings
                .extend((!has_ct).then(|| "it has no certificate transparency log, so no SCT is demanded".to_owned()));
        }
        let root_text = document.to_string();
        let trusted = TrustedRoot::from_json(&root_text).map_err(|error| unusable(error.to_string()))?;
        let verifier = Verifier::new(&trusted).map_err(|error| unusable(error.to_string()))?;
        let log_keys = trusted.rekor_keys().map_err(|error| unusable(error.to_string()))?;
        let report = TrustReport {
            domain: root.domain.clone(),
            source: root.source.clone(),
            sha256: root.sha256.clone(),
            updated_at: root.updated_at,
            warnings,
        };
        let timestamp_signers = timestamp_signers(&trusted);
        Ok(Self { root: trusted, verifier, log_keys, has_log, has_ct, timestamp_signers, report })
    }

    /// Returns what a report says of the domain.
    pub fn report(&self) -> &TrustReport {
        &self.report
    }

    /// A checkpoint must be signed by the very log that the entry names: the crate takes any log of the root (A149).
    pub(super) fn check_checkpoint_log(&self, entry: &LogEntry, checkpoint: &str) -> Result<(), Finding> {
        let parsed = Checkpoint::from_text(checkpoint)
            .map_err(|error| log_failure("the checkpoint cannot be read").found(error.to_string()))?;
        let hint = entry.log_id.get(..4).unwrap_or_default();
        let signed_by = |id: &[u8]| parsed.signatures().iter().any(|signature| signature.key_id.as_slice() == id);
        let other_log = self
            .root
            .tlogs
            .iter()
            .map(|log| log.log_id.key_id.as_bytes())
            .find(|id| id.get(..4).is_some_and(|prefix| prefix != hint && signed_by(prefix)));
        let named_as_origin = parsed
            .signatures()
            .iter()
            .any(|signature| signature.key_id.as_slice() == hint && is_origin(parsed.origin(), &signature.name));
        if other_log.is_some() || !named_as_origin {
            return Err(log_failure("the checkpoint is not signed by the log that the entry is from")
                .expected(format!("log {}", encode_hex(&entry.log_id)))
                .found(format!("a checkpoint of {}", parsed.origin())));
        }
        // Rekor v1 states size and root twice; what differs from the signed checkpoint is not what was signed (A143).
        let proof = entry.proof.as_ref().filter(|_| !entry.is_rekor_v2());
        if proof.is_some_and(|proof| {
            proof.tree_size != parsed.tree_size() || proof.root_hash != parsed.root_hash().as_bytes()
        }) {
            return Err(log_failure("the inclusion proof and its checkpoint are about different trees"));
        }
        self.check_checkpoint_lines(entry, &parsed)
    }

    /// c2sp.org/signed-note: a line of a known key must verify (A147), and four octets may be the hint of several keys (A151).
    /// The crate takes the first line that verifies with any key of that hint, so this costs only where there is a choice.
    fn check_checkpoint_lines(&self, entry: &LogEntry, checkpoint: &Checkpoint) -> Result<(), Finding> {
        let hint = entry.log_id.get(..4).unwrap_or_default();
        let alike: Vec<&[u8]> = self
            .root
            .tlogs
            .iter()
            .map(|log| log.log_id.key_id.as_bytes())
            .filter(|id| id.get(..4) == Some(hint))
            .collect();
        let own: Vec<&CheckpointSignature> = checkpoint
            .signatures()
            .iter()
            .filter(|line| line.key_id.as_slice() == hint && is_origin(checkpoint.origin(), &line.name))
            .collect();
        if own.len() == 1 && alike.len() == 1 {
            return Ok(());
        }
        let verifies = |id: &[u8], line: &CheckpointSignature| {
            self.log_key(id).is_some_and(|key| key.verify(checkpoint.signed_data(), &line.signature).is_ok())
        };
        let spoilt = own.iter().any(|line| !alike.iter().any(|id| verifies(id, line)));
        if spoilt || !own.iter().any(|line| verifies(&entry.log_id, line)) {
            return Err(log_failure("the checkpoint's signature does not verify")
                .expected(format!("log {}", encode_hex(&entry.log_id))));
        }
        Ok(())
    }

    /// Whether a timestamp says that an authority of this domain made it.
    fn knows_signer_of(&self, timestamp: &[u8]) -> bool {
        self.timestamp_signers.iter().any(|signer| timestamp.windows(signer.len()).any(|part| part == signer))
    }

    /// The timestamps that an authority of this domain says it made. One of an authority that the domain does not know
    /// proves nothing here, and takes nothing away; one of a known authority must hold. The crate refuses both.
    fn known_timestamps<'a>(&self, material: &'a Material) -> Vec<&'a [u8]> {
        material.timestamps.iter().map(Vec::as_slice).filter(|token| self.knows_signer_of(token)).collect()
    }

    /// Whether the key of this log was trusted at `time`.
    pub(super) fn trusts_log_at(&self, log_id: &[u8], time: Timestamp) -> bool {
        Sha256Hash::try_from(log_id).is_ok_and(|id| self.log_keys.key_at(&id, time).is_some())
    }

    /// The timestamps that the crate is to verify, which knows stamps over the signature alone.
    fn timestamps_on_signature<'a>(&self, material: &'a Material) -> Result<Vec<&'a [u8]>, Finding> {
        let timestamps = if material.stamped.is_none() { self.known_timestamps(material) } else { Vec::new() };
        for token in &timestamps {
            check_token(token)?;
        }
        Ok(timestamps)
    }

    /// Verifies the timestamps of known authorities where the crate does not. They lie within the certificate, if there is one.
    pub(super) fn verify_timestamps(
        &self,
        material: &Material,
        leaf: Option<&Leaf>,
    ) -> Result<Vec<TimestampReport>, Finding> {
        let refused = |found: String| {
            Finding::fail(CheckId::SignedTime, "no trusted party vouches for the time of the signature").found(found)
        };
        let signature = match &material.content {
            SignedContent::Message(message) => &message.signature,
            SignedContent::Envelope(envelope) => &envelope.signature,
        };
        // Either holds the signature, so either says when that was there at the latest.
        let stamped = material.stamped.as_deref().into_iter().chain([signature.as_slice()]);
        let stamped: Vec<SignatureBytes> = stamped.map(SignatureBytes::from_bytes).collect();
        let authorities = self.root.tsa_authorities();
        let mut reports = Vec::new();
        for token in self.known_timestamps(material) {
            check_token(token)?;
            let token = TimestampToken::from_bytes(token);
            let mut refusal = "no timestamp authority is known".to_owned();
            let time = stamped
                .iter()
                .flat_map(|bytes| authorities.iter().map(move |authority| (bytes, authority)))
                .find_map(|(bytes, authority)| {
                    sigstore_verify::tsa::verify_timestamp_for_authority(&token, bytes, authority)
                        .map_err(|error| refusal = error.to_string())
                        .ok()
                })
                .ok_or_else(|| refused(refusal))?;
            if leaf.is_some_and(|leaf| !leaf.is_valid_at(time)) {
                return Err(refused(format!("the certificate was not valid at {time}")));
            }
            reports.push(TimestampReport { source: "timestamp-authority".to_owned(), time });
        }
        Ok(reports)
    }

    /// Verifies material with the Sigstore crate: everything but who may sign and what the payload means.
    pub(super) fn verify(
        &self,
        material: &Material,
        entries: &[&LogEntry],
        signed: Signed<'_>,
    ) -> Result<(Vec<LogEntryReport>, Vec<TimestampReport>), Finding> {
        let timestamps = self.timestamps_on_signature(material)?;
        let bundle = to_bundle(material, entries, &timestamps)?;
        let mut policy = VerificationPolicy::any_identity();
        if !self.has_log {
            policy = policy.skip_tlog_unsafe();
        }
        if !self.has_ct {
            policy = policy.skip_sct();
        }
        let result = self.verifier.verify(artifact(signed)?, &bundle, &policy).map_err(|error| refusal(&error))?;
        // The crate returns the times of timestamp authorities first, in the order of the bundle, then those of logs.
        Ok(reports(entries, result.verified_timestamps(), 0..timestamps.len()))
    }

    /// Verifies what stands behind a signature by `key`, and the signature once more: log entries, of which there must be
    /// one, their binding to the key, and timestamps.
    pub(super) fn verify_with_key(
        &self,
        material: &Material,
        entries: &[&LogEntry],
        signed: Signed<'_>,
        key: &PublicKey,
    ) -> Result<(Vec<LogEntryReport>, Vec<TimestampReport>), Finding> {
        let timestamps = self.timestamps_on_signature(material)?;
        let bundle = to_bundle(material, entries, &timestamps)?;
        let policy = PublicKeyVerificationPolicy::new(DerPublicKey::from_bytes(key.der()));
        let result = self.verifier.verify(artifact(signed)?, &bundle, &policy).map_err(|error| refusal(&error))?;
        // With a key the crate returns the times of logs first, and those of timestamp authorities after them.
        let logs = result.verified_timestamps().len().saturating_sub(timestamps.len());
        Ok(reports(entries, result.verified_timestamps(), logs..usize::MAX))
    }

    // --- keys and certificates lent to what the crate does not read

    /// Verifies a log's signature, made at `time`, with the key of the log with this id.
    pub(super) fn verify_log_signature(
        &self,
        log_id: &[u8],
        time: Timestamp,
        data: &[u8],
        signature: &[u8],
    ) -> Result<(), String> {
        let id = Sha256Hash::try_from(log_id).map_err(|error| error.to_string())?;
        self.log_keys
            .verify_with_key_id_at(&id, time, data, &SignatureBytes::from_bytes(signature))
            .map_err(|error| error.to_string())
    }

    /// Verifies an inclusion proof and the log's signature on its checkpoint.
    pub(super) fn verify_inclusion(&self, entry: &LogEntry, proof: &material::InclusionProof) -> Result<(), String> {
        let checkpoint = Checkpoint::from_text(&proof.checkpoint).map_err(|error| error.to_string())?;
        let hashes = proof.hashes.iter().map(|hash| sha256(hash)).collect::<Result<Vec<_>, _>>()?;
        let root = sha256(&proof.root_hash)?;
        if *checkpoint.root_hash() != root || checkpoint.tree_size() != proof.tree_size {
            return Err("the proof and the checkpoint are about different trees".to_owned());
        }
        let leaf = sigstore_merkle::hash_leaf(&entry.body);
        sigstore_merkle::verify_inclusion_proof(&leaf, proof.log_index, proof.tree_size, &hashes, &root)
            .map_err(|error| error.to_string())?;
        let key = self.log_key(&entry.log_id).ok_or("the log is not known")?;
        let hint = entry.log_id.get(..4).unwrap_or_default();
        let verified = checkpoint
            .signatures()
            .iter()
            .filter(|signature| signature.key_id.as_slice() == hint)
            .any(|signature| key.verify(checkpoint.signed_data(), &signature.signature).is_ok());
        if verified { Ok(()) } else { Err("the checkpoint's signature does not verify".to_owned()) }
    }

    /// Builds a path to the root of an authority whose window covers `time`; returns the key of the leaf's issuer.
    ///
    /// The crate anchors the path at any certificate of a trusted chain, and what anchors a path is not looked at. Only the
    /// last one is an anchor here, so usage, path length and dates of the others count (A117).
    pub(super) fn issuer_key(&self, certificates: &[Vec<u8>], time: Timestamp) -> Result<Vec<u8>, String> {
        let mut refusal = format!("no trusted certificate authority is valid at {time}");
        let current =
            |authority: &&CertificateAuthority| authority.valid_for.is_none_or(|window| window.contains(time));
        for authority in self.root.certificate_authorities.iter().filter(current) {
            let Some((root, between)) = authority.cert_chain.certificates.split_last() else { continue };
            let anchor = webpki::anchor_from_trusted_cert(&CertificateDer::from(root.raw_bytes.as_bytes()))
                .map(|anchor| anchor.to_owned())
                .map_err(|error| error.to_string())?;
            let mut path = certificates.to_vec();
            path.extend(between.iter().map(|certificate| certificate.raw_bytes.as_bytes().to_vec()));
            match chain::issuer_key(&path, &[anchor], WEBPKI_VERIFICATION_ALGS, time) {
                Ok(key) => return Ok(key),
                Err(reason) => refusal = reason,
            }
        }
        Err(refusal)
    }

    /// Whether an authority of this domain issued the certificate, whatever its window. Used to choose which of several
    /// refusals to report, never to accept anything.
    pub(super) fn issued(&self, certificates: &[Vec<u8>], time: Timestamp) -> bool {
        let anchors: Vec<TrustAnchor<'static>> = self
            .root
            .certificate_authorities
            .iter()
            .flat_map(|authority| &authority.cert_chain.certificates)
            .filter_map(|certificate| {
                let der = CertificateDer::from(certificate.raw_bytes.as_bytes());
                webpki::anchor_from_trusted_cert(&der).ok().map(|anchor| anchor.to_owned())
            })
            .collect();
        chain::issuer_key(certificates, &anchors, WEBPKI_VERIFICATION_ALGS, time).is_ok()
    }

    /// Returns the domain's name.
    pub(super) fn name(&self) -> &str {
        &self.report.domain
    }

    /// Whether the domain has a transparency log, so that an entry is demanded.
    pub(super) fn demands_log(&self) -> bool {
        self.has_log
    }

    /// Whether the domain knows the log with this id.
    pub(super) fn knows_log(&self, log_id: &[u8]) -> bool {
        self.log_key(log_id).is_some()
    }

    /// Whether certificates must carry an SCT.
    pub(super) fn demands_sct(&self) -> bool {
        self.has_ct
    }

    /// Verifies the signature of a certificate transparency log, made at `time`.
    pub(super) fn verify_ct_signature(&self, sct: &SctSignature<'_>) -> Result<(), String> {
        let scheme = match (sct.hash, sct.algorithm) {
            (4, 3) => SigningScheme::EcdsaP256Sha256,
            (5, 3) => SigningScheme::EcdsaP384Sha384,
            (4, 1) => SigningScheme::RsaPkcs1Sha256,
            (5, 1) => SigningScheme::RsaPkcs1Sha384,
            (6, 1) => SigningScheme::RsaPkcs1Sha512,
            (hash, algorithm) => return Err(format!("signature algorithm {hash}/{algorithm} is not supported")),
        };
        let keys = self.root.ctfe_keys(scheme).map_err(|error| error.to_string())?;
        keys.verify_with_key_id_at(
            &Sha256Hash::new(sct.log_id),
            sct.time,
            sct.data,
            &SignatureBytes::from_bytes(sct.signature),
        )
        .map_err(|error| error.to_string())
    }

    fn log_key(&self, log_id: &[u8]) -> Option<&VerificationKey> {
        Sha256Hash::try_from(log_id).ok().and_then(|id| self.log_keys.key(&id))
    }
}

/// Verifies a signature over `data` with a public key, by the one scheme that goes with the kind of key.
pub(super) fn verify_signature(public_key: &[u8], data: &[u8], signature: &[u8]) -> Result<(), String> {
    let key = VerificationKey::from_spki(&DerPublicKey::from_bytes(public_key)).map_err(|error| error.to_string())?;
    key.verify(data, &SignatureBytes::from_bytes(signature)).map_err(|error| error.to_string())
}

/// What came of trying one key on a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    /// The key made it.
    Yes,
    /// The key did not make it.
    No,
    /// It cannot be decided from a digest with this kind of key.
    Unknown,
}

/// Whether `key` made the signature in the material; nothing else is looked at.
///
/// algorithm-registry.md: the hash goes with the key. A message signature may state one of the others that the registry
/// pairs with its kind of key, and is verified by that one alone: schemes are never tried until one fits (A087).
pub(super) fn is_made_with(key: &PublicKey, material: &Material, signed: Signed<'_>) -> Made {
    let der = DerPublicKey::from_bytes(key.der());
    let made = |result: bool| if result { Made::Yes } else { Made::No };
    let message = match &material.content {
        SignedContent::Envelope(envelope) => {
            let data = pae(&envelope.payload_type, &envelope.payload);
            return made(verify_signature(key.der(), &data, &envelope.signature).is_ok());
        }
        SignedContent::Message(message) => message,
    };
    let scheme = KeyAlgorithm::from_spki(&der).ok().and_then(|kind| match &message.digest {
        Some(digest) => kind.resolve_signing_scheme(hash_algorithm(&digest.algorithm)?).ok(),
        None => Some(kind.default_signing_scheme()),
    });
    let Some(verifier) = scheme.and_then(|scheme| VerificationKey::from_spki_with_scheme(&der, scheme).ok()) else {
        return Made::No;
    };
    let signature = SignatureBytes::from_bytes(&message.signature);
    match signed {
        Signed::Bytes(bytes) => made(verifier.verify(bytes, &signature).is_ok()),
        Signed::Digest(digest) => {
            let hash = match digest.algorithm() {
                Algorithm::Sha256 => HashAlgorithm::Sha2256,
                Algorithm::Sha512 => HashAlgorithm::Sha2512,
            };
            if verifier.scheme().hash_algorithm() != Some(hash) {
                return Made::Unknown;
            }
            made(verifier.verify_prehashed(&digest.bytes(), &signature).is_ok())
        }
    }
}

/// Returns what a DSSE signature is over (DSSE `protocol.md`, pre-authentication encoding).
pub(super) fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    sigstore_verify::types::pae(payload_type, payload)
}

/// c2sp.org/tlog-checkpoint: the log signs under its origin. Rekor v1 adds the tree's id to the origin: `name - id`.
fn is_origin(origin: &str, name: &str) -> bool {
    origin == name || origin.strip_prefix(name).is_some_and(|rest| rest.starts_with(" - "))
}

/// RFC 5652 §5.3: a `SignerInfo` names its signer by issuer and serial number, side by side, or by the key identifier. No
/// certificate has the two side by side in that order, so finding them in a token is finding the signer it names.
fn timestamp_signers(root: &TrustedRoot) -> Vec<Vec<u8>> {
    let mut signers = Vec::new();
    for authority in &root.timestamp_authorities {
        let leaf = authority.cert_chain.certificates.first();
        let Some(leaf) = leaf.and_then(|leaf| Certificate::from_der(leaf.raw_bytes.as_bytes()).ok()) else { continue };
        let tbs = leaf.tbs_certificate;
        // RFC 3161 §2.3: timeStamping alone, and critical (A169).
        if !matches!(tbs.get::<ExtendedKeyUsage>(), Ok(Some((true, usages))) if usages.0 == [ID_KP_TIME_STAMPING]) {
            continue;
        }
        if let (Ok(issuer), Ok(serial)) = (tbs.issuer.to_der(), tbs.serial_number.to_der()) {
            signers.push([issuer, serial].concat());
        }
        if let Ok(Some((_, identifier))) = tbs.get::<SubjectKeyIdentifier>() {
            signers.push(identifier.0.as_bytes().to_vec());
        }
    }
    signers.retain(|signer| !signer.is_empty());
    signers
}

/// Removes the logs whose keys cannot be used here.
fn drop_unknown_keys(document: &mut Value, list: &str, warnings: &mut Vec<String>) {
    let Some(entries) = document.get_mut(list).and_then(Value::as_array_mut) else { return };
    entries.retain(|entry| {
        let key = &entry["publicKey"];
        let bytes = key["rawBytes"].as_str().and_then(material::decode_base64).unwrap_or_default();
        let der = DerPublicKey::from_bytes(&bytes);
        let known = VerificationKey::from_spki(&der).is_ok()
            || (list == "ctlogs" && VerificationKey::from_der(&der, SigningScheme::RsaPkcs1Sha256).is_ok());
        if !known {
            let details = key["keyDetails"].as_str().unwrap_or("unknown");
            warnings.push(format!("{list}: a key of kind {details} is not supported; its log counts for nothing"));
        }
        known
    });
}

/// What stands behind a signature that verified. `by_authority` are the positions of the times that timestamp authorities
/// vouch for; logs vouch for the others.
fn reports(
    entries: &[&LogEntry],
    times: &[Timestamp],
    by_authority: Range<usize>,
) -> (Vec<LogEntryReport>, Vec<TimestampReport>) {
    let times = times.iter().enumerate().map(|(position, time)| TimestampReport {
        source: if by_authority.contains(&position) { "timestamp-authority" } else { "log" }.to_owned(),
        time: *time,
    });
    (entries.iter().map(|entry| entry.report()).collect(), times.collect())
}

fn artifact(signed: Signed<'_>) -> Result<Artifact<'_>, Finding> {
    let digest = match signed {
        Signed::Bytes(bytes) => return Ok(Artifact::from_blob(bytes)),
        Signed::Digest(digest) => digest,
    };
    let algorithm = match digest.algorithm() {
        Algorithm::Sha256 => HashAlgorithm::Sha2256,
        Algorithm::Sha512 => HashAlgorithm::Sha2512,
    };
    ArtifactDigest::new(algorithm, digest.bytes())
        .map(Artifact::from_digest)
        .map_err(|error| Finding::error(CheckId::SubjectDigest, error.to_string()))
}

/// Writes the material in the crate's own types.
fn to_bundle(material: &Material, entries: &[&LogEntry], timestamps: &[&[u8]]) -> Result<Bundle, Finding> {
    let media_type = match material.version {
        Version::V01 => MediaType::Bundle0_1,
        Version::V02 => MediaType::Bundle0_2,
        Version::V03 => MediaType::Bundle0_3,
    };
    let key = match (&material.key, material.version) {
        // The hint is whatever the signer wrote: the key comes from the policy.
        (KeyMaterial::PublicKey, _) => VerificationMaterialContent::PublicKey(PublicKeyIdentifier::new("")),
        (KeyMaterial::Certificates(certificates), Version::V03) => VerificationMaterialContent::Certificate(
            CertificateContent::new(DerCertificate::from_bytes(&certificates[0])),
        ),
        (KeyMaterial::Certificates(certificates), Version::V01 | Version::V02) => {
            VerificationMaterialContent::X509CertificateChain {
                certificates: certificates
                    .iter()
                    .map(|der| X509Certificate::new(DerCertificate::from_bytes(der)))
                    .collect(),
            }
        }
    };
    let stamps = timestamps.iter().map(|token| Rfc3161Timestamp::new(TimestampToken::from_bytes(token))).collect();
    let verification_material = VerificationMaterial::new(key)
        .with_tlog_entries(entries.iter().map(|entry| to_log_entry(entry)).collect::<Result<_, _>>()?)
        .with_timestamp_verification_data(TimestampVerificationData::new(stamps));
    Ok(Bundle::new(media_type, verification_material, to_content(&material.content)?))
}

fn to_content(content: &SignedContent) -> Result<SignatureContent, Finding> {
    Ok(match content {
        SignedContent::Message(message) => {
            let mut signature = MessageSignature::new(SignatureBytes::from_bytes(&message.signature));
            if let Some(digest) = &message.digest {
                signature = signature.with_message_digest(to_message_digest(digest)?);
            }
            SignatureContent::MessageSignature(signature)
        }
        SignedContent::Envelope(envelope) => SignatureContent::DsseEnvelope(DsseEnvelope::new(
            &envelope.payload_type,
            PayloadBytes::from_bytes(&envelope.payload),
            DsseSignature::new(SignatureBytes::from_bytes(&envelope.signature), KeyId::new(&envelope.key_id)),
        )),
    })
}

fn to_message_digest(digest: &material::MessageDigest) -> Result<sigstore_verify::types::MessageDigest, Finding> {
    let algorithm = hash_algorithm(&digest.algorithm).ok_or_else(|| {
        Finding::fail(CheckId::BundleFormat, "the message digest is of an unknown algorithm")
            .expected("SHA2_256, SHA2_384 or SHA2_512")
            .found(&digest.algorithm)
    })?;
    Ok(sigstore_verify::types::MessageDigest::new(algorithm, digest.digest.clone().into()))
}

/// Reads the name that sigstore_common.proto gives a hash.
fn hash_algorithm(name: &str) -> Option<HashAlgorithm> {
    match name {
        "SHA2_256" => Some(HashAlgorithm::Sha2256),
        "SHA2_384" => Some(HashAlgorithm::Sha2384),
        "SHA2_512" => Some(HashAlgorithm::Sha2512),
        _ => None,
    }
}

fn to_log_entry(entry: &LogEntry) -> Result<TransparencyLogEntry, Finding> {
    let index = |value| LogIndex::new(value).map_err(|error| log_failure(error.to_string()));
    let mut wire = TransparencyLogEntry::new(
        index(entry.log_index)?,
        LogId::new(LogKeyId::from_bytes(&entry.log_id)),
        to_kind(entry)?,
        CanonicalizedBody::from_bytes(&entry.body),
    );
    if let Some(time) = entry.integrated_time.filter(|_| !entry.is_rekor_v2()) {
        let time = Timestamp::from_second(time).map_err(|_| log_failure("the integrated time is out of range"))?;
        wire = wire.with_integrated_time(time);
    }
    if let Some(promise) = &entry.promise {
        wire = wire.with_inclusion_promise(InclusionPromise::new(SignedTimestamp::from_bytes(promise)));
    }
    if let Some(proof) = &entry.proof {
        let checkpoint = CheckpointData::new(proof.checkpoint.as_str())
            .map_err(|error| log_failure("the checkpoint cannot be read").found(error.to_string()))?;
        let hash = |bytes: &[u8]| sha256(bytes).map_err(log_failure);
        let hashes = proof.hashes.iter().map(|bytes| hash(bytes)).collect::<Result<_, _>>()?;
        wire = wire.with_inclusion_proof(InclusionProof::new(
            index(proof.log_index)?,
            // Rekor v2 leaves the duplicated fields of the proof to the checkpoint (rekor-tiles `CLIENTS.md`).
            if proof.root_hash.is_empty() && entry.is_rekor_v2() {
                Sha256Hash::new([0; 32])
            } else {
                hash(&proof.root_hash)?
            },
            proof.tree_size,
            hashes,
            checkpoint,
        ));
    }
    Ok(wire)
}

fn to_kind(entry: &LogEntry) -> Result<KindVersion, Finding> {
    match (entry.kind.as_str(), entry.version.as_str()) {
        ("hashedrekord", "0.0.1") => Ok(KindVersion::HashedRekordV001),
        ("hashedrekord", "0.0.2") => Ok(KindVersion::HashedRekordV002),
        ("dsse", "0.0.1") => Ok(KindVersion::DsseV001),
        ("intoto", "0.0.2") => Ok(KindVersion::IntotoV002),
        (kind, version) => Err(log_failure(format!("log entries of kind {kind} {version} are not supported"))
            .expected("hashedrekord 0.0.1 or 0.0.2, dsse 0.0.1, intoto 0.0.1 or 0.0.2")
            .next("sign the image again with a current cosign")),
    }
}

fn sha256(bytes: &[u8]) -> Result<Sha256Hash, String> {
    Sha256Hash::try_from(bytes).map_err(|error| error.to_string())
}

/// Says which check the crate's refusal belongs to.
fn refusal(error: &Error) -> Finding {
    let text = error.to_string();
    let (check, message) = match error {
        Error::SignatureInvalid(_) | Error::Crypto(_) => (CheckId::Signature, "the signature does not verify"),
        // What the material is about was compared before: what is left is an entry about something else.
        Error::ArtifactMismatch(_) => (CheckId::TransparencyLog, "the log entry is about something else"),
        Error::Certificate(CertificateError::Malformed(_)) => {
            (CheckId::CertificateProfile, "the certificate cannot be read")
        }
        Error::Certificate(CertificateError::NotYetValid { .. } | CertificateError::Expired { .. }) => {
            (CheckId::SignedTime, "the certificate was not valid when the signature was made")
        }
        Error::Certificate(CertificateError::Sct(_)) => {
            (CheckId::CertificateTransparency, "no trusted log vouches for the certificate")
        }
        Error::Certificate(_) => (CheckId::CertificateChain, "the certificate was not issued by a trusted authority"),
        Error::TransparencyLog(sigstore_verify::TransparencyLogError::IntegratedTime(_)) => {
            (CheckId::SignedTime, "the log entry's time does not fit")
        }
        Error::TransparencyLog(_)
        | Error::Bundle(
            BundleError::MissingInclusionProof(_)
            | BundleError::MissingInclusionPromise(_)
            | BundleError::MissingCheckpoint
            | BundleError::LogIndexOutOfRange { .. }
            | BundleError::CheckpointRootMismatch,
        ) => (CheckId::TransparencyLog, "the log entry does not verify"),
        Error::Timestamp(_)
        | Error::Bundle(BundleError::MissingSigningTimeEvidence | BundleError::MissingTimestamp) => {
            (CheckId::SignedTime, "no trusted party vouches for the time of the signature")
        }
        Error::UnsupportedArtifact(_) => {
            return Finding::error(CheckId::Signature, "a signature of this kind cannot be verified from a digest")
                .found(text)
                .next("sign the image again with a current cosign, which signs a statement instead");
        }
        _ => (CheckId::BundleFormat, "the bundle is not one that can be verified"),
    };
    Finding::fail(check, message).found(text)
}
