//! Verifies signatures whose log entry, algorithm or timestamp the Sigstore crate does not read.
//!
//! The crate cannot read `intoto` 0.0.1, the entry of most attestations of 2021 to 2023. It reads `dsse` 0.0.1 and `intoto` 0.0.2
//! with the whole statement as a tree in memory: half a gigabyte for an SBOM of 60 MB. It reads `hashedrekord` only with SHA-256,
//! and 0.0.2 only with P-256.
//!
//! All of these are verified here, with the crate's checks in the crate's order: the log's promises and proofs, the signature,
//! and that each entry is about this signature, this content, and this certificate or key.

mod body;

use jiff::Timestamp;
use serde::Serialize;

use crate::check::{CheckId, Finding, LogEntryReport, TimeSource, TimestampReport};
use crate::oci::{Algorithm, encode_hex};
use crate::policy::{KeyKind, PublicKey};

use super::bundle::{Made, Scheme, SignatureOver, Signed, TrustDomain, VerifyingKey};
use super::certificate::{Leaf, key_finding};
use super::entity::{LogEntry, SignedContent, SignedEntity, Version, log_failure};
use body::{Recorded, Verifier};

/// The facts of a verified signature: its log entries, and its trusted times.
type Proved = (Vec<LogEntryReport>, Vec<TimestampReport>);

/// Whether a signature with this kind of key takes this way. The crate reads P-256 with SHA-256, and entries that record a digest.
pub(super) fn is_needed(entity: &SignedEntity, entries: &[&LogEntry], kind: KeyKind) -> bool {
    let records_digest = |entry: &&LogEntry| {
        let is_message = matches!(entity.content, SignedContent::Message(_));
        let is_known = entry.is_rekor_v2() || (is_message && entry.kind == "hashedrekord" && entry.version == "0.0.1");
        // For the first version the crate reads any digest as SHA-256, in spite of the algorithm in the entry.
        is_known && entry.recorded_hash() == Some(Algorithm::Sha256)
    };
    let states_another_hash = match &entity.content {
        SignedContent::Message(message) => {
            message.digest.as_ref().is_some_and(|digest| digest.hash() != Some(Algorithm::Sha256))
        }
        SignedContent::Envelope(_) => false,
    };
    kind != KeyKind::P256 || states_another_hash || !entries.iter().all(records_digest)
}

/// Verifies a signature by a certificate. The caller compares the subject of the statement.
pub(super) fn verify(
    domain: &TrustDomain,
    SignatureOver { entity, signed }: SignatureOver<'_>,
    entries: &[&LogEntry],
    leaf: &Leaf,
    now: Timestamp,
) -> Result<Proved, Finding> {
    let der = entity.key.leaf().ok_or_else(|| log_failure("the certificate to verify is missing"))?;
    let logged = verify_log(domain, entity, entries, now)?;
    let mut times = domain.verify_timestamps(entity, Some(leaf))?;
    times.extend(logged);
    let key = VerifyingKey::read(&leaf.public_key).map_err(|error| key_finding(&error))?;
    let scheme = verify_signature(&key, entity, signed)?;
    let recorded = Recorded::of(&entity.content, signed, scheme, key.kind());
    let verifier = Verifier::Certificate { der, key: &leaf.public_key };
    entries.iter().try_for_each(|entry| recorded.verify_body(entry, &verifier))?;
    Ok((entries.iter().map(|entry| entry.report()).collect(), times))
}

/// Verifies a signature by `key`, with all checks except those of a certificate.
pub(super) fn verify_with_key(
    domain: &TrustDomain,
    SignatureOver { entity, signed }: SignatureOver<'_>,
    entries: &[&LogEntry],
    key: &PublicKey,
    now: Timestamp,
) -> Result<Proved, Finding> {
    let logged = verify_log(domain, entity, entries, now)?;
    let verifying = VerifyingKey::read(key.der()).map_err(|error| key_finding(&error))?;
    let scheme = verify_signature(&verifying, entity, signed)?;
    let recorded = Recorded::of(&entity.content, signed, scheme, key.kind());
    entries.iter().try_for_each(|entry| recorded.verify_body(entry, &Verifier::Key(key.der())))?;
    let mut times = domain.verify_timestamps(entity, None)?;
    times.extend(logged);
    Ok((entries.iter().map(|entry| entry.report()).collect(), times))
}

fn verify_signature(key: &VerifyingKey<'_>, entity: &SignedEntity, signed: Signed<'_>) -> Result<Scheme, Finding> {
    match key.made(entity, signed) {
        Made::With(scheme) => Ok(scheme),
        Made::No => Err(Finding::fail(CheckId::Signature, "the signature does not verify")),
        Made::Unpaired => Err(unpaired()),
        Made::Unknown => Err(needs_content()),
    }
}

/// A finding that the hash beside a signature is none that goes with the kind of key.
fn unpaired() -> Finding {
    Finding::fail(CheckId::Signature, "the signature states a hash that does not go with this kind of key")
        .expected("SHA-256 with ECDSA P-256 and RSA, SHA-384 with P-384, SHA-512 with P-521 and Ed25519ph")
}

/// A finding that only the digest is known of what was signed, by another hash than the signature's.
pub(super) fn needs_content() -> Finding {
    Finding::error(CheckId::Signature, "a signature with this kind of key cannot be verified from this digest")
        .next("give the file itself, or sign the image again with a current cosign, which signs a statement instead")
}

/// Verifies every promise and every proof; returns the times that promises vouch for.
fn verify_log(
    domain: &TrustDomain,
    entity: &SignedEntity,
    entries: &[&LogEntry],
    now: Timestamp,
) -> Result<Vec<TimestampReport>, Finding> {
    entries.iter().try_for_each(|entry| body::check_kind(entry))?;
    // client-spec §4.4, sigstore_bundle.proto: a promise is what a bundle of version 0.1 must have.
    let is_unpromised = !entries.is_empty() && entries.iter().all(|entry| entry.promise.is_none());
    if entity.version == Version::V01 && is_unpromised {
        return Err(log_failure("no log entry has a promise (SET), which this bundle version requires"));
    }
    let mut times = Vec::new();
    for entry in entries {
        // Rekor v2 promises nothing: what stands there is ignored (A153).
        if let Some(promise) = entry.promise.as_ref().filter(|_| !entry.is_rekor_v2()) {
            let time = verify_promise(domain, entry, promise)?;
            times.push(TimestampReport { source: TimeSource::Log, time });
        }
        if let Some(proof) = &entry.proof {
            domain
                .verify_inclusion(entry, proof, now)
                .map_err(|reason| log_failure("the inclusion proof does not verify").found(reason))?;
        }
    }
    Ok(times)
}

/// Verifies a promise, which alone authenticates the integrated time.
fn verify_promise(domain: &TrustDomain, entry: &LogEntry, promise: &[u8]) -> Result<Timestamp, Finding> {
    let refused = |reason: String| log_failure("the log's promise (SET) does not verify").found(reason);
    let time = entry.promised_time().ok_or_else(|| refused("it promises no time".to_owned()))?;
    domain.verify_log_signature(&entry.log_id, time, &promised(entry)?, promise).map_err(refused)?;
    Ok(time)
}

/// rekor-spec: the SET is over the RFC 8785 form of these four fields, which are in its order as they stand.
fn promised(entry: &LogEntry) -> Result<Vec<u8>, Finding> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Promised {
        body: String,
        integrated_time: i64,
        #[serde(rename = "logID")]
        log_id: String,
        log_index: u64,
    }
    serde_json::to_vec(&Promised {
        body: base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &entry.body),
        integrated_time: entry.integrated_time.unwrap_or_default(),
        log_id: encode_hex(&entry.log_id),
        log_index: entry.log_index,
    })
    .map_err(|error| log_failure(error.to_string()))
}
