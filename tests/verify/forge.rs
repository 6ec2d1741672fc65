//! Entries written by a log that was told something else than the truth, or that tells it itself.

use bonafide::oci::Digest;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::support::json::canonical;
use crate::support::sigstore::entry::Verifier;
use crate::support::sigstore::{EntryKind, LogEntry, SIGNING_TIME, Signed, Sigstore, der};
use crate::support::statement::Subject;

pub(crate) fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

pub(crate) fn signing_time_plus(seconds: i64) -> Timestamp {
    SIGNING_TIME + SignedDuration::from_secs(seconds)
}

/// Logs the content as it stands now, as if it had been signed so.
pub(crate) fn relog(instance: &Sigstore, signed: &mut Signed, kind: EntryKind) {
    let body = body(signed, kind);
    signed.entries = vec![append(instance, kind, canonical(&body))];
}

/// The body that a log would store for the content as it stands.
pub(crate) fn body(signed: &Signed, kind: EntryKind) -> Value {
    let der = signed.certificate.clone().expect("a keyless signature");
    let pem = der::pem("CERTIFICATE", &der);
    kind.body(&signed.content, &Verifier::Certificate { der, pem, details: signed.key.details() })
}

/// Appends any bytes at all to the log of this kind of entry.
pub(crate) fn append(instance: &Sigstore, kind: EntryKind, body: Vec<u8>) -> LogEntry {
    let log = match kind {
        EntryKind::HashedRekordV002 => &instance.rekor_v2,
        _ => &instance.rekor,
    };
    log.append(kind, body, SIGNING_TIME)
}

/// Lets the log promise the entry as it stands.
pub(crate) fn promise_again(instance: &Sigstore, entry: &mut LogEntry) {
    entry.promise = Some(instance.rekor.promise(entry));
}

/// The expected image's twin that nobody asked about.
pub(crate) fn other_image() -> (Digest, Subject) {
    let digest = Digest::of(bonafide::oci::Algorithm::Sha256, b"the manifest of another image");
    let subject = Subject::new("registry.test/acme/other", &digest.to_string());
    (digest, subject)
}

/// Changes the last byte, where signatures and hashes have no structure.
pub(crate) fn flip(bytes: &mut [u8]) {
    *bytes.last_mut().expect("there is something to flip") ^= 1;
}
