//! Legacy cosign layers, brought to the form of a bundle.
//!
//! Before bundles, the signed content was a layer, and cosign kept the signature, the certificate and the log entry in
//! annotations of that layer (cosign `specs/SIGNATURE_SPEC.md`, `ATTESTATION_SPEC.md`). The log entry has a promise (SET) and no
//! inclusion proof.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::check::{CheckId, Finding};
use crate::evidence::Opened;
use crate::json;
use crate::oci::decode_hex;

use super::entity::{
    KeyMaterial, LogEntry, MessageSignature, SignedContent, SignedEntity, Version, decode_base64, read_envelope,
};

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const BUNDLE: &str = "dev.sigstore.cosign/bundle";
const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

/// Characters of certificates that an annotation may hold; a chain of eight is an eighth of this.
const MAX_PEM: usize = 64 * 1024;

/// Reads a `.sig` layer: a signature over the simple-signing payload.
pub(super) fn read_signature(annotations: &BTreeMap<String, String>) -> Result<SignedEntity, Finding> {
    let text = annotations.get(SIGNATURE).map_or("", |text| text.trim());
    if text.is_empty() {
        return Err(malformed(format!("the layer has no `{SIGNATURE}` annotation")));
    }
    let signature = decode_base64(text).ok_or_else(|| malformed(format!("annotation `{SIGNATURE}` is not base64")))?;
    entity(annotations, SignedContent::Message(MessageSignature { digest: None, signature }))
}

/// Reads an `.att` layer: a DSSE envelope.
pub(super) fn read_attestation(
    opened: &Opened,
    annotations: &BTreeMap<String, String>,
) -> Result<SignedEntity, Finding> {
    let mut envelope = read_envelope(opened)?;
    envelope.stored = Some(opened.clone());
    let entity = entity(annotations, SignedContent::Envelope(envelope))?;
    Ok(SignedEntity { stamped: Some(opened.clone()), ..entity })
}

fn entity(annotations: &BTreeMap<String, String>, content: SignedContent) -> Result<SignedEntity, Finding> {
    let entity = SignedEntity {
        version: Version::V01,
        key: key_material(annotations)?,
        entries: log_entry(annotations)?.into_iter().collect(),
        timestamps: timestamp(annotations)?.into_iter().collect(),
        content,
        stamped: None,
        is_bare: false,
    };
    entity.check_limits()?;
    Ok(entity)
}

fn key_material(annotations: &BTreeMap<String, String>) -> Result<KeyMaterial, Finding> {
    let text = annotations.get(CERTIFICATE).map_or("", |text| text.trim());
    if text.is_empty() {
        return Ok(KeyMaterial::PublicKey);
    }
    let certificates = read_pem(text).map_err(|reason| malformed(format!("annotation `{CERTIFICATE}`: {reason}")))?;
    // `dev.sigstore.cosign/chain` is not read: the trusted root alone says who issues (A311).
    match <[Vec<u8>; 1]>::try_from(certificates) {
        Ok([leaf]) => Ok(KeyMaterial::Certificate(leaf)),
        Err(all) => {
            Err(malformed(format!("annotation `{CERTIFICATE}` holds {} certificates instead of one", all.len())))
        }
    }
}

/// Reads a run of PEM certificates and nothing else.
fn read_pem(text: &str) -> Result<Vec<Vec<u8>>, String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    if text.len() > MAX_PEM {
        return Err(format!("{} characters; the limit is {MAX_PEM}", text.len()));
    }
    let mut certificates = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (body, after) =
            rest.strip_prefix(BEGIN).and_then(|after| after.split_once(END)).ok_or("it is not a PEM certificate")?;
        let base64: String = body.split_ascii_whitespace().collect();
        certificates.push(decode_base64(&base64).ok_or("a PEM certificate is not base64")?);
        rest = after.trim_start();
    }
    Ok(certificates)
}

/// The `dev.sigstore.cosign/bundle` annotation: Rekor's answer as cosign keeps it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RekorBundle {
    signed_entry_timestamp: String,
    payload: RekorPayload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RekorPayload {
    body: String,
    integrated_time: i64,
    log_index: u64,
    #[serde(rename = "logID")]
    log_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntryKind {
    kind: String,
    api_version: String,
}

fn log_entry(annotations: &BTreeMap<String, String>) -> Result<Option<LogEntry>, Finding> {
    let Some(text) = annotations.get(BUNDLE).map(|text| text.trim()).filter(|text| !text.is_empty() && *text != "null")
    else {
        return Ok(None);
    };
    let wrong = |what: &str| malformed(format!("annotation `{BUNDLE}`: {what}"));
    let bundle: RekorBundle = json::from_slice(text.as_bytes()).map_err(|error| wrong(&error.to_string()))?;
    let body = decode_base64(&bundle.payload.body).ok_or_else(|| wrong("the body is not base64"))?;
    let kind: EntryKind = json::from_slice(&body).map_err(|_| wrong("the body names no kind of log entry"))?;
    Ok(Some(LogEntry {
        log_index: bundle.payload.log_index,
        log_id: decode_hex(&bundle.payload.log_id).ok_or_else(|| wrong("the log id is not hexadecimal"))?,
        kind: kind.kind,
        version: kind.api_version,
        integrated_time: Some(bundle.payload.integrated_time),
        promise: Some(
            decode_base64(&bundle.signed_entry_timestamp)
                .ok_or_else(|| wrong("the signed entry timestamp is not base64"))?,
        ),
        proof: None,
        body,
    }))
}

#[derive(Deserialize)]
struct TimestampBundle {
    #[serde(rename = "SignedRFC3161Timestamp")]
    signed_timestamp: String,
}

fn timestamp(annotations: &BTreeMap<String, String>) -> Result<Option<Vec<u8>>, Finding> {
    let Some(text) =
        annotations.get(TIMESTAMP).map(|text| text.trim()).filter(|text| !text.is_empty() && *text != "null")
    else {
        return Ok(None);
    };
    let wrong = |what: &str| malformed(format!("annotation `{TIMESTAMP}`: {what}"));
    let bundle: TimestampBundle = json::from_slice(text.as_bytes()).map_err(|error| wrong(&error.to_string()))?;
    decode_base64(&bundle.signed_timestamp).map(Some).ok_or_else(|| wrong("the timestamp is not base64"))
}

fn malformed(message: String) -> Finding {
    Finding::fail(CheckId::BundleFormat, message).next("sign the image again, or delete the broken attachment")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotations(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn refusal(entries: &[(&str, &str)]) -> String {
        read_signature(&annotations(entries)).expect_err("the layer must be refused").message
    }

    #[test]
    fn a_layer_without_a_certificate_was_signed_with_a_key() {
        let entity = read_signature(&annotations(&[(SIGNATURE, "AAAA")])).expect("a key signature");
        assert!(matches!(entity.key, KeyMaterial::PublicKey));
        assert!(entity.entries.is_empty());
    }

    #[test]
    fn a059_certificates_that_are_none_are_refused() {
        let one = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(read_signature(&annotations(&[(SIGNATURE, "AAAA"), (CERTIFICATE, one)])).is_ok());
        assert!(refusal(&[(SIGNATURE, "AAAA"), (CERTIFICATE, &one.repeat(2))]).contains("2 certificates"));
        assert!(
            refusal(&[(SIGNATURE, "AAAA"), (CERTIFICATE, &one.replace("CERTIFICATE", "PRIVATE KEY"))])
                .contains("not a PEM")
        );
        assert!(refusal(&[(SIGNATURE, "AAAA"), (CERTIFICATE, &"x".repeat(5_000_000))]).contains("the limit is"));
        // Only white space is the same as nothing: a key signature, which a later check refuses.
        assert!(read_signature(&annotations(&[(SIGNATURE, "AAAA"), (CERTIFICATE, " \n")])).is_ok());
    }

    #[test]
    fn a061_broken_log_entries_are_refused() {
        for bundle in [
            r#"{"SignedEntryTimestamp":"AAAA","Payload":{"body":7,"integratedTime":1,"logIndex":1,"logID":"00"}}"#,
            r#"{"SignedEntryTimestamp":"AAAA","Payload":{"body":"%","integratedTime":1,"logIndex":1,"logID":"00"}}"#,
            r#"{"SignedEntryTimestamp":"AAAA","Payload":{"body":"e30=","integratedTime":1,"logIndex":1,"logID":"00"}}"#,
            "[]",
        ] {
            assert!(refusal(&[(SIGNATURE, "AAAA"), (BUNDLE, bundle)]).contains("cosign/bundle"), "{bundle}");
        }
    }

    #[test]
    fn a063_signatures_are_standard_base64_after_trimming() {
        assert!(read_signature(&annotations(&[(SIGNATURE, " AAAA\n")])).is_ok());
        assert!(refusal(&[(SIGNATURE, "AA\nAA")]).contains("not base64"));
        assert!(refusal(&[]).contains("no `dev.cosignproject.cosign/signature`"));
    }
}
