//! Checks log entries before their cryptography: the required parts, and the content that an entry must be about.
//!
//! The Sigstore crate accepts an entry without promise or proof, counts a repeated entry twice, and takes a checkpoint of any log
//! in the root. This module refuses all three, for every kind of entry.

use jiff::Timestamp;
use serde::Deserialize;

use crate::check::{CheckId, Finding};
use crate::json;
use crate::oci::encode_hex;

use super::bundle::TrustDomain;
use super::certificate::Leaf;
use super::entity::{KeyMaterial, LogEntry, SignedEntity, Version, log_failure};

/// Picks the log entries that a trusted log may vouch for, and refuses those that nothing vouches for.
///
/// Entries of logs that the domain does not know are set aside: they prove nothing here (A158). With `is_required`, one at
/// least must be left.
pub(super) fn trusted_entries<'a>(
    domain: &TrustDomain,
    entity: &'a SignedEntity,
    is_required: bool,
) -> Result<Vec<&'a LogEntry>, Finding> {
    let entries: Vec<&LogEntry> = entity.entries.iter().filter(|entry| domain.knows_log(&entry.log_id)).collect();
    if is_required && entries.is_empty() {
        return Err(no_entry(domain, entity));
    }
    for (position, entry) in entries.iter().enumerate() {
        check_form(domain, entity.version, entry)?;
        if entries[..position].iter().any(|earlier| is_same(earlier, entry)) {
            return Err(log_failure("the same log entry occurs twice"));
        }
    }
    Ok(entries)
}

/// Where the log entry of a signature is that stands in a file of its own.
const BARE: &str = "a signature and its certificate prove no time without the log entry: ask for the bundle that has all three                     (`cosign sign-blob --bundle FILE` writes it), and give it with `--bundle FILE`";

fn no_entry(domain: &TrustDomain, entity: &SignedEntity) -> Finding {
    match entity.entries.first() {
        None => log_failure("the signature has no transparency log entry")
            .expected(format!("an entry in a log of the trust domain `{}`", domain.name()))
            .found("a signature without one")
            .next(match entity.key {
                _ if entity.is_bare => BARE,
                KeyMaterial::Certificate(_) => {
                    "sign with the log (cosign does so unless `--tlog-upload=false` is given)"
                }
                KeyMaterial::PublicKey => {
                    "sign with the log (cosign does so unless `--tlog-upload=false` is given); if the key alone is enough for you, add `--key-without-log`"
                }
            }),
        Some(entry) => {
            log_failure(format!("the log entry is from a log that the trust domain `{}` does not know", domain.name()))
                .found(format!("log {}", encode_hex(&entry.log_id)))
                .next("if the log is newer than the trusted root, `bonafide trust update`; if another Sigstore instance signed it, give that instance's root with `--trusted-root`")
        }
    }
}

/// Checks the required parts of an entry, before its cryptography.
fn check_form(domain: &TrustDomain, version: Version, entry: &LogEntry) -> Result<(), Finding> {
    // client-spec §4.4: the body decides what the entry is; the wrapper must say the same (A154).
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Kind {
        kind: String,
        api_version: String,
    }
    let body: Kind = json::from_slice(&entry.body)
        .map_err(|error| log_failure("the body of the log entry cannot be read").found(error.to_string()))?;
    if body.kind != entry.kind || body.api_version != entry.version {
        return Err(log_failure("the log entry is of another kind than the bundle says")
            .expected(format!("{} {}", entry.kind, entry.version))
            .found(format!("{} {}", body.kind, body.api_version)));
    }
    // sigstore_bundle.proto: from v0.2 on the inclusion proof is required; a promise alone vouches only in v0.1.
    match (&entry.proof, &entry.promise) {
        (None, None) => Err(log_failure("the log entry has neither an inclusion proof nor a promise")),
        // Rekor v2 makes no promises: a promise there means nothing (A153).
        (None, Some(_)) if entry.is_rekor_v2() => {
            Err(log_failure("the log entry has no inclusion proof, without which an entry of Rekor v2 proves nothing"))
        }
        (None, Some(_)) if version != Version::V01 => {
            Err(log_failure("the log entry has no inclusion proof, which this bundle version requires"))
        }
        (Some(proof), _) => domain.check_checkpoint_log(entry, &proof.checkpoint),
        (None, Some(_)) => Ok(()),
    }?;
    // No promise outside the window of the key verifies; said here in words, before the cryptography refuses it.
    match entry.promised_time().filter(|time| !domain.trusts_log_at(&entry.log_id, *time)) {
        Some(time) => {
            Err(outside_window(domain, entry, "the key of the log was not trusted when it made the entry", time))
        }
        None => Ok(()),
    }
}

/// A finding that a time is outside the window in which the trusted root gives the key of a log.
pub(super) fn outside_window(domain: &TrustDomain, entry: &LogEntry, message: &str, time: Timestamp) -> Finding {
    log_failure(message)
        .expected(format!("a time within the window of {}", domain.describe_log(&entry.log_id)))
        .found(time.to_string())
        .next("if the trusted root is old, update it (`bonafide trust update`, or ask for the current one); a log that was retired by then proves nothing")
}

/// Two entries are the same when they hold the same place of the same log, or the same body in it.
fn is_same(one: &LogEntry, other: &LogEntry) -> bool {
    one.log_id == other.log_id && (one.log_index == other.log_index || one.body == other.body)
}

/// An integrated time that a promise may vouch for must lie within the certificate, if there is one, and not in the future
/// (A138). It is compared before the promise is verified: outside, no promise can help.
pub(super) fn check_integrated_times(
    entries: &[&LogEntry],
    leaf: Option<&Leaf>,
    now: Timestamp,
) -> Result<(), Finding> {
    for time in entries.iter().filter_map(|entry| entry.promised_time()) {
        let finding = |message: &str, expected: String| {
            Err(Finding::fail(CheckId::SignedTime, message).expected(expected).found(time.to_string()))
        };
        if time > now {
            return finding("the log entry is dated in the future", format!("not after {now}")).map_err(|finding| {
                finding.next("check this machine's clock (`date -u`); if it is right, do not use this signature")
            });
        }
        if let Some(leaf) = leaf.filter(|leaf| !leaf.is_valid_at(time)) {
            let window = format!("{} to {}", leaf.not_before, leaf.not_after);
            return finding("the log entry was made while the certificate was not valid", window);
        }
    }
    Ok(())
}

/// The finding that a certificate is missing.
pub(super) fn signed_with_a_key() -> Finding {
    Finding::fail(CheckId::CertificateChain, "it was signed with a key, not with a certificate")
        .expected("a Fulcio certificate (keyless signing)")
        .found("a signature by a public key")
        .next("if its maker signs with a key, get the public key from the image's maker, not from the registry, and give it with `--key FILE` instead of an identity; else ask for a keyless signature (`cosign sign`)")
}

/// A finding that there is a certificate where a key was expected.
pub(super) fn signed_with_a_certificate(expected: &str, signed_by: Option<&Leaf>) -> Finding {
    let finding =
        Finding::fail(CheckId::SignerKey, "it was signed with a certificate, not with a key").expected(expected);
    match signed_by {
        Some(leaf) => finding
            .found(format!("a certificate of {}", leaf.identity))
            .next("anyone can sign keyless: if its maker signs keyless, name the expected signer instead of the key"),
        None => finding.found("a certificate that cannot be read"),
    }
}
