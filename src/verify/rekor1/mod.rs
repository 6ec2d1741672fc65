//! Envelopes that Rekor v1 logged: `dsse` 0.0.1, `intoto` 0.0.1 and 0.0.2.
//!
//! The Sigstore crate does not read `intoto` 0.0.1, which most attestations of 2021 to 2023 have. The other two it reads with
//! the statement in memory as a tree, an SBOM of 60 MB in half a gigabyte. So all three are verified here, by the same
//! checks in the same order as the crate's, spelled out: the log's promises and proofs, the DSSE signature, and that each entry
//! is about this very envelope and certificate.

mod body;

use jiff::Timestamp;
use serde::Serialize;

use crate::check::{CheckId, Finding, LogEntryReport, TimestampReport};
use crate::oci::encode_hex;
use crate::policy::PublicKey;

use super::bundle::{Domain, verify_signature};
use super::certificate::Leaf;
use super::material::{Envelope, LogEntry, Material, SignedContent, Version, log_failure};
use body::{Recorded, Verifier};

/// What is known of a signature once it is verified: the log entries, and the times that others vouch for.
type Proved = (Vec<LogEntryReport>, Vec<TimestampReport>);

/// Whether an entry takes this way.
pub(super) fn is_for(entry: &LogEntry) -> bool {
    matches!((entry.kind.as_str(), entry.version.as_str()), ("intoto", "0.0.1" | "0.0.2") | ("dsse", "0.0.1"))
}

/// Verifies an envelope by entries that take this way. What the statement is about is for the caller to compare.
pub(super) fn verify(
    domain: &Domain,
    material: &Material,
    entries: &[&LogEntry],
    leaf: &Leaf,
    now: Timestamp,
) -> Result<Proved, Finding> {
    let envelope = envelope(material)?;
    let der = material.key.leaf().ok_or_else(|| log_failure("there is no certificate to verify"))?;
    let logged = verify_log(domain, material, entries, now)?;
    let mut times = domain.verify_timestamps(material, Some(leaf))?;
    times.extend(logged);
    verify_envelope(envelope, &leaf.public_key)?;
    let verifier = Verifier::Certificate { der, key: &leaf.public_key };
    let recorded = Recorded::of(envelope);
    entries.iter().try_for_each(|entry| recorded.verify_body(entry, &verifier))?;
    Ok((entries.iter().map(|entry| entry.report()).collect(), times))
}

/// Verifies an envelope that was signed with `key`: everything but the certificate, which there is none of.
pub(super) fn verify_with_key(
    domain: &Domain,
    material: &Material,
    entries: &[&LogEntry],
    key: &PublicKey,
    now: Timestamp,
) -> Result<Proved, Finding> {
    let envelope = envelope(material)?;
    let logged = verify_log(domain, material, entries, now)?;
    verify_envelope(envelope, key.der())?;
    let recorded = Recorded::of(envelope);
    entries.iter().try_for_each(|entry| recorded.verify_body(entry, &Verifier::Key(key.der())))?;
    let mut times = domain.verify_timestamps(material, None)?;
    times.extend(logged);
    Ok((entries.iter().map(|entry| entry.report()).collect(), times))
}

fn envelope(material: &Material) -> Result<&Envelope, Finding> {
    match &material.content {
        SignedContent::Envelope(envelope) => Ok(envelope),
        SignedContent::Message(_) => Err(log_failure("the log entry is about a DSSE envelope, and this is none")),
    }
}

fn verify_envelope(envelope: &Envelope, public_key: &[u8]) -> Result<(), Finding> {
    verify_signature(public_key, envelope.signed(), &envelope.signature)
        .map_err(|reason| Finding::fail(CheckId::Signature, "the signature does not verify").found(reason))
}

/// Verifies every promise and every proof; returns the times that promises vouch for.
fn verify_log(
    domain: &Domain,
    material: &Material,
    entries: &[&LogEntry],
    now: Timestamp,
) -> Result<Vec<TimestampReport>, Finding> {
    // client-spec §4.4, sigstore_bundle.proto: a promise is what a bundle of version 0.1 must have.
    if material.version == Version::V01 && entries.iter().all(|entry| entry.promise.is_none()) {
        return Err(log_failure("no log entry has a promise (SET), which this bundle version demands"));
    }
    let mut times = Vec::new();
    for entry in entries {
        if let Some(promise) = &entry.promise {
            let time = verify_promise(domain, entry, promise)?;
            times.push(TimestampReport { source: "log".to_owned(), time });
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
fn verify_promise(domain: &Domain, entry: &LogEntry, promise: &[u8]) -> Result<Timestamp, Finding> {
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
