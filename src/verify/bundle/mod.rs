//! A signed entity against one trust domain: the only module that names the Sigstore verifier.
//!
//! The crate verifies chain, SCT, inclusion proof, checkpoint, promise (SET), timestamps, signature, and that the log entry
//! belongs to them. [`super::log`] first refuses entries that the crate would accept too easily.
//!
//! For a DSSE envelope the crate gets only the signed bytes: the payload may be large, and the crate would parse it into a tree.
//! [`super::statement`] checks the statement in the payload and its subject.
//!
//! [`super::rekor1`] verifies the rest, with keys from this module: entries of Rekor v1 about envelopes, signatures by another
//! scheme than ECDSA on P-256 with SHA-256, and timestamps of authorities that the crate cannot read.
//!
//! The crate reads the wall clock in five places to refuse times from the future. Verdicts use the time given to
//! [`super::verify`], and times are compared with it again. So the clock can only make a result stricter.

mod algorithms;
mod checkpoint;
mod keys;
mod refusal;
mod scheme;
mod timestamps;
mod wire;

use std::ops::Range;

use jiff::Timestamp;
use serde_json::Value;
use sigstore_verify::crypto::{Keyring, SigningScheme, VerificationKey};
use sigstore_verify::trust_root::TrustedRoot;
use sigstore_verify::types::{Artifact, ArtifactDigest, DerPublicKey, HashAlgorithm, Sha256Hash, SignatureBytes};
use sigstore_verify::{PublicKeyVerificationPolicy, VerificationPolicy, Verifier};

use crate::check::{CheckId, Finding, LogEntryReport, NotDemanded, TimeSource, TimestampReport, TrustReport};
use crate::json;
use crate::oci::{Algorithm, encode_hex};
use crate::policy::{PublicKey, weakness};
use crate::trust::{Service, TrustRoot};

use super::authorities::{check_authorities, check_key_limits, narrow_authorities};
use super::certificate::Leaf;
use super::chain::{Issuers, NoIssuer};
use super::entity::{self, LogEntry, SignedContent, SignedEntity};
use super::logs;
pub(super) use algorithms::algorithms;
pub(super) use keys::{certificate_in_pem, key_in_certificate, key_in_pem};
pub(super) use refusal::Refusal;
pub(super) use scheme::{Made, Scheme, SignatureOver, Signed, VerifyingKey};
use timestamps::TimestampAuthorities;
use wire::to_bundle;

/// A trust domain, ready to verify: one trusted root with its keys and certificates prepared.
pub struct TrustDomain {
    root: TrustedRoot,
    verifier: Verifier,
    log_keys: Keyring,
    /// The domain has a transparency log, so an entry is required. Derived from the root and from nothing else.
    has_log: bool,
    /// The domain has a certificate transparency log, so an SCT is required.
    has_ct: bool,
    issuers: Issuers,
    timestamp_authorities: TimestampAuthorities,
    /// A description of the root's logs, for messages.
    logs: Vec<Service>,
    report: TrustReport,
}

/// A trusted root that cannot be used to verify anything.
#[derive(Debug, thiserror::Error)]
pub enum TrustDomainError {
    /// A key or certificate in it cannot be read, or is there twice.
    #[error("trusted root `{source_name}` cannot be used: {what}")]
    Unusable {
        /// Where it came from.
        source_name: String,
        /// The fault.
        what: String,
    },
    /// It has no certificate authority, so no certificate could ever verify.
    #[error("trusted root `{source_name}` has no certificate authority")]
    NoAuthority {
        /// Where it came from.
        source_name: String,
    },
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

impl TrustDomain {
    /// Prepares a trusted root. Log keys of kinds not known here are left out with a warning (A249): the evidence of such a
    /// log counts for nothing, and the requirement for a log entry stays.
    pub fn prepare(root: &TrustRoot) -> Result<Self, TrustDomainError> {
        let source_name = root.source.clone();
        let unusable = |what: String| TrustDomainError::Unusable { source_name: source_name.clone(), what };
        let mut document = root.document().clone();
        let has = |list: &str| root.document()[list].as_array().is_some_and(|entries| !entries.is_empty());
        let (has_log, has_ct, has_authority) = (has("tlogs"), has("ctlogs"), has("certificateAuthorities"));
        if !has_authority {
            return Err(TrustDomainError::NoAuthority { source_name });
        }
        check_key_limits(&document).map_err(&unusable)?;
        let mut warnings = root.warnings.clone();
        logs::check_duplicates(&document).map_err(&unusable)?;
        for list in logs::LISTS {
            drop_unusable_keys(&mut document, list, &mut warnings);
        }
        logs::check_ids(&document).map_err(&unusable)?;
        warnings.extend(check_authorities(&document).map_err(&unusable)?);
        narrow_authorities(&mut document).map_err(&unusable)?;
        let issuers = Issuers::read(&document).map_err(&unusable)?;
        let not_demanded: Vec<NotDemanded> = [
            (has_log, NotDemanded::LogEntry),
            (has_ct, NotDemanded::Sct),
            (has("timestampAuthorities"), NotDemanded::Timestamp),
        ]
        .into_iter()
        .filter_map(|(has, one)| (!has).then_some(one))
        .collect();
        // Of the instances that come with the program it is known, and timestamps are needed by no signature in a log.
        if !root.is_of_embedded_instance() {
            let weaker = not_demanded.iter().filter(|one| **one != NotDemanded::Timestamp);
            warnings.extend(weaker.map(|one| one.describe().to_owned()));
        }
        let trusted: TrustedRoot = json::from_value(&document).map_err(|error| unusable(error.to_string()))?;
        let verifier = Verifier::new(&trusted).map_err(|error| unusable(error.to_string()))?;
        let log_keys = trusted.rekor_keys().map_err(|error| unusable(error.to_string()))?;
        let report = TrustReport {
            domain: root.domain.clone(),
            source: root.source.clone(),
            sha256: root.sha256.clone(),
            updated_at: root.updated_at,
            not_demanded,
            warnings,
        };
        let timestamp_authorities = TimestampAuthorities::of(&trusted);
        let logs = root.contents().logs;
        Ok(Self { root: trusted, verifier, log_keys, has_log, has_ct, issuers, timestamp_authorities, logs, report })
    }

    /// Returns the report's section about the domain.
    pub fn report(&self) -> &TrustReport {
        &self.report
    }

    /// Whether the key of this log was trusted at `time`.
    pub(super) fn trusts_log_at(&self, log_id: &[u8], time: Timestamp) -> bool {
        Sha256Hash::try_from(log_id).is_ok_and(|id| self.log_keys.key_at(&id, time).is_some())
    }

    /// Names a log, its key and the window in which the trusted root gives that key.
    pub(super) fn describe_log(&self, log_id: &[u8]) -> String {
        let id = encode_hex(log_id);
        let Some(log) = self.logs.iter().find(|log| log.id == id) else { return format!("the log {id}") };
        let time = |time: Option<Timestamp>, open: &str| time.map_or_else(|| open.to_owned(), |time| time.to_string());
        let (start, end) = (time(log.start, "the beginning"), time(log.end, "an end that is not set"));
        format!("the log {} (key {id}) in the trusted root `{}`: {start} to {end}", log.name, self.name())
    }

    /// Verifies a signed entity with the Sigstore crate: everything but who issued the certificate, who may sign and what the payload
    /// means. The crate would take certificates that come along as issuers, of any authority (A311).
    pub(super) fn verify(
        &self,
        entity: &SignedEntity,
        entries: &[&LogEntry],
        signed: Signed<'_>,
    ) -> Result<(Vec<LogEntryReport>, Vec<TimestampReport>), Refusal> {
        let timestamps = self.timestamp_authorities.tokens_on_signature(entity)?;
        let bundle = to_bundle(entity, entries, &timestamps)?;
        let mut policy = VerificationPolicy::any_identity().skip_certificate_chain();
        if !self.has_log {
            policy = policy.skip_tlog_unsafe();
        }
        let result = self.verifier.verify(artifact(entity, signed)?, &bundle, &policy)?;
        // The crate returns the times of timestamp authorities first, in the order of the bundle, then those of logs.
        Ok(reports(entries, result.verified_timestamps(), 0..timestamps.len()))
    }

    /// Verifies the log entries, their binding to `key` and the timestamps, and the signature once more. At least one
    /// log entry is required.
    pub(super) fn verify_with_key(
        &self,
        entity: &SignedEntity,
        entries: &[&LogEntry],
        signed: Signed<'_>,
        key: &PublicKey,
    ) -> Result<(Vec<LogEntryReport>, Vec<TimestampReport>), Refusal> {
        let timestamps = self.timestamp_authorities.tokens_on_signature(entity)?;
        let bundle = to_bundle(entity, entries, &timestamps)?;
        let policy = PublicKeyVerificationPolicy::new(DerPublicKey::from_bytes(key.der()));
        let result = self.verifier.verify(artifact(entity, signed)?, &bundle, &policy)?;
        // With a key the crate returns the times of logs first, and those of timestamp authorities after them.
        let logs = result.verified_timestamps().len().saturating_sub(timestamps.len());
        Ok(reports(entries, result.verified_timestamps(), logs..usize::MAX))
    }

    /// Verifies the timestamps of known authorities where the crate does not. They lie within the certificate, if there is one.
    pub(super) fn verify_timestamps(
        &self,
        entity: &SignedEntity,
        leaf: Option<&Leaf>,
    ) -> Result<Vec<TimestampReport>, Finding> {
        self.timestamp_authorities.verify(entity, leaf)
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

    /// Returns the key of the leaf's issuer, an authority of the root that counts at each of the times.
    pub(super) fn issuer_key(&self, leaf: &[u8], times: &[Timestamp]) -> Result<Vec<u8>, NoIssuer> {
        self.issuers.issuer_key(leaf, times, &algorithms())
    }

    /// Whether an authority of this domain issued the certificate, valid at any time. Only used to choose which of
    /// several refusals to report, never to accept one.
    pub(super) fn issued(&self, leaf: &[u8], not_before: Timestamp) -> bool {
        self.issuers.issued(leaf, not_before, &algorithms())
    }

    /// Returns the domain's name.
    pub fn name(&self) -> &str {
        &self.report.domain
    }

    /// Whether the domain has a transparency log, so that an entry is required.
    pub(super) fn requires_log(&self) -> bool {
        self.has_log
    }

    /// Whether the domain knows the log with this id.
    pub(super) fn knows_log(&self, log_id: &[u8]) -> bool {
        self.log_key(log_id).is_some()
    }

    /// Whether certificates must carry an SCT.
    pub(super) fn requires_sct(&self) -> bool {
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

/// Removes the logs whose keys cannot be used here.
fn drop_unusable_keys(document: &mut Value, list: &str, warnings: &mut Vec<String>) {
    let Some(entries) = document.get_mut(list).and_then(Value::as_array_mut) else { return };
    entries.retain(|entry| {
        let key = &entry["publicKey"];
        let bytes = key["rawBytes"].as_str().and_then(entity::decode_base64).unwrap_or_default();
        let der = DerPublicKey::from_bytes(&bytes);
        let known = VerificationKey::from_spki(&der).is_ok()
            || (list == "ctlogs" && VerificationKey::from_der(&der, SigningScheme::RsaPkcs1Sha256).is_ok());
        if !known {
            let details = key["keyDetails"].as_str().unwrap_or("unknown");
            warnings.push(format!("{list}: a key of kind {details} is not supported; its log counts for nothing"));
        } else if let Some(weakness) = weakness(&bytes) {
            warnings.push(format!("{list}: {weakness} proves nothing; its log counts for nothing"));
            return false;
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
        source: if by_authority.contains(&position) { TimeSource::Authority } else { TimeSource::Log },
        time: *time,
    });
    (entries.iter().map(|entry| entry.report()).collect(), times.collect())
}

/// The signed content. For an envelope in the signed entity, its statement's subject is not compared here.
fn artifact<'a>(entity: &'a SignedEntity, signed: Signed<'a>) -> Result<Artifact<'a>, Finding> {
    let digest = match (&entity.content, signed) {
        (SignedContent::Envelope(envelope), _) => return Ok(Artifact::from_blob(envelope.signed())),
        (SignedContent::Message(_), Signed::Bytes(bytes)) => return Ok(Artifact::from_blob(bytes)),
        (SignedContent::Message(_), Signed::Digest(digest)) => digest,
    };
    let algorithm = match digest.algorithm() {
        Algorithm::Sha256 => HashAlgorithm::Sha2256,
        Algorithm::Sha384 => HashAlgorithm::Sha2384,
        Algorithm::Sha512 => HashAlgorithm::Sha2512,
    };
    ArtifactDigest::new(algorithm, digest.bytes())
        .map(Artifact::from_digest)
        .map_err(|error| Finding::error(CheckId::SubjectDigest, error.to_string()))
}
