//! Signed entities: the content of a Sigstore bundle or a legacy cosign layer, in one form.
//!
//! The bundle's JSON is read strictly here, before the Sigstore crate sees any of it: exactly one content and one kind
//! of verification material, no unknown fields, no `snake_case` spellings, one DSSE signature, bounded lists
//! (protobuf-specs `sigstore_bundle.proto`; client-spec §5).

mod model;
mod wire;

use serde::Deserialize;

use crate::check::{CheckId, Finding};
use crate::evidence::Opened;
use crate::json;

pub(super) use crate::json::base64::decode as decode_base64;

use super::newer;
pub(super) use model::{
    Envelope, InclusionProof, KeyMaterial, LogEntry, MessageDigest, MessageSignature, SignedContent, SignedEntity,
    Version, hash_named,
};
use wire::{WireBundle, WireEnvelope};

/// Bytes that a bundle or an envelope may have beside its payload.
const MAX_TEXT: usize = 16 * 1024 * 1024;
/// Bytes that a payload may have.
const MAX_PAYLOAD: usize = 128 * 1024 * 1024;

/// Reads a bundle.
pub(super) fn read_bundle(opened: &Opened) -> Result<SignedEntity, Finding> {
    let wire: WireBundle = json::from_slice(opened.text()).map_err(|error| {
        newer_version(opened).unwrap_or_else(|| {
            Finding::fail(CheckId::BundleFormat, "the bundle cannot be read")
                .expected("one JSON document of the Sigstore bundle format")
                .found(error.to_string())
                .next("sign the image again, or delete the broken attachment")
        })
    })?;
    if let Some(excess) = wire.beyond_a_limit() {
        // These limits are this program's own, so exceeding them does not speak against the evidence.
        return Err(Finding::error(CheckId::BundleFormat, excess));
    }
    let entity = wire.into_entity(opened.payload()).map_err(|reason| {
        newer_version(opened).unwrap_or_else(|| {
            Finding::fail(CheckId::BundleFormat, format!("the bundle is malformed: {reason}"))
                .next("sign the image again with a current cosign, or delete the broken attachment")
        })
    })?;
    check_sizes(opened)?;
    entity.check_limits()?;
    Ok(entity)
}

/// A bundle that states a newer version, with any content: this program is the older one (A309).
fn newer_version(opened: &Opened) -> Option<Finding> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Named {
        media_type: String,
    }
    let Named { media_type } = json::from_slice(opened.text()).ok()?;
    newer::is_bundle(&media_type).then(|| {
        Finding::error(CheckId::BundleFormat, "the bundle is of a newer version than is known here")
            .expected("version 0.1, 0.2 or 0.3")
            .found(media_type)
            .next("use a newer version of this program")
    })
}

/// Reads a DSSE envelope as stored in a legacy layer.
pub(super) fn read_envelope(opened: &Opened) -> Result<Envelope, Finding> {
    let envelope = json::from_slice::<WireEnvelope>(opened.text())
        .map_err(|error| error.to_string())
        .and_then(|wire| wire.into_envelope(opened.payload()))
        .map_err(|reason| {
            Finding::fail(CheckId::BundleFormat, format!("the DSSE envelope is malformed: {reason}"))
                .next("attest the image again, or delete the broken attachment")
        })?;
    check_sizes(opened)?;
    Ok(envelope)
}

/// Too large bundles are not read (A222).
fn check_sizes(opened: &Opened) -> Result<(), Finding> {
    check_payload_size(opened.payload().map_or(0, |payload| payload.bytes().len()))?;
    check_size("the bundle without its payload", opened.bytes_beside_payload(), MAX_TEXT)
}

/// The same for a payload alone.
pub(super) fn check_payload_size(found: usize) -> Result<(), Finding> {
    check_size("the payload", found, MAX_PAYLOAD)
}

fn check_size(what: &str, found: usize, limit: usize) -> Result<(), Finding> {
    if found <= limit {
        return Ok(());
    }
    Err(Finding::error(CheckId::BundleFormat, format!("{what} has {found} bytes; the limit is {limit}"))
        .next("attest less in one piece: this is more than is read here"))
}

/// A finding that the log evidence does not hold.
pub(super) fn log_failure(message: impl Into<String>) -> Finding {
    Finding::fail(CheckId::TransparencyLog, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Outcome;
    use crate::oci::{Algorithm, Blob};

    const CERTIFICATE: &str = r#""certificate":{"rawBytes":"AAAA"}"#;
    const MESSAGE: &str = r#""messageSignature":{"signature":"AAAA"}"#;
    const V03: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

    fn bundle(media_type: &str, entity: &str, content: &str) -> String {
        format!(r#"{{"mediaType":"{media_type}","verificationMaterial":{{{entity}}},{content}}}"#)
    }

    fn opened(text: impl Into<String>) -> Opened {
        Opened::bundle(Blob::of(Algorithm::Sha256, text.into().into_bytes()))
    }

    fn refusal(text: &str) -> String {
        let finding = read_bundle(&opened(text)).expect_err("the bundle must be refused");
        assert_eq!(finding.check, CheckId::BundleFormat);
        format!("{} {}", finding.message, finding.found.unwrap_or_default())
    }

    #[test]
    fn a_minimal_bundle_is_read() {
        assert!(read_bundle(&opened(bundle(V03, CERTIFICATE, MESSAGE))).is_ok());
    }

    #[test]
    fn a067_unknown_versions_and_broken_text_are_refused() {
        for media_type in [
            "application/vnd.dev.sigstore.bundle.v0.0+json",
            "application/vnd.dev.sigstore.bundle+json;version=0.3;foo",
            "text/plain",
        ] {
            assert!(
                refusal(&bundle(media_type, CERTIFICATE, MESSAGE)).contains("is not a bundle version"),
                "{media_type}"
            );
        }
        assert!(refusal(&bundle("", CERTIFICATE, MESSAGE)).contains("`mediaType` is missing"));
        let whole = bundle(V03, CERTIFICATE, MESSAGE);
        assert!(refusal(&whole[..whole.len() - 9]).contains("EOF"));
    }

    #[test]
    fn a069_a_version_3_bundle_with_a_chain_is_refused() {
        let chain = r#""x509CertificateChain":{"certificates":[{"rawBytes":"AAAA"}]}"#;
        assert!(refusal(&bundle(V03, chain, MESSAGE)).contains("leaf certificate alone"));
    }

    #[test]
    fn a070_an_empty_chain_is_refused() {
        let text = bundle(
            "application/vnd.dev.sigstore.bundle+json;version=0.1",
            r#""x509CertificateChain":{"certificates":[]}"#,
            MESSAGE,
        );
        assert!(refusal(&text).contains("chain is empty"));
    }

    #[test]
    fn a072_an_envelope_has_exactly_one_signature() {
        for signatures in ["[]", r#"[{"sig":"AAAA"},{"sig":"AAAA"}]"#] {
            let envelope =
                format!(r#""dsseEnvelope":{{"payload":"AAAA","payloadType":"x","signatures":{signatures}}}"#);
            assert!(refusal(&bundle(V03, CERTIFICATE, &envelope)).contains("exactly one"));
        }
    }

    #[test]
    fn a073_two_contents_or_two_materials_are_refused() {
        let envelope = r#""dsseEnvelope":{"payload":"AAAA","payloadType":"x","signatures":[{"sig":"AAAA"}]}"#;
        assert!(refusal(&bundle(V03, CERTIFICATE, &format!("{MESSAGE},{envelope}"))).contains("both"));
        let both = format!(r#"{CERTIFICATE},"publicKey":{{"hint":"x"}}"#);
        assert!(refusal(&bundle(V03, &both, MESSAGE)).contains("more than one kind"));
    }

    #[test]
    fn a074_url_safe_payloads_are_read_and_rubbish_is_not() {
        let envelope = |payload: &str| {
            format!(r#""dsseEnvelope":{{"payload":{payload},"payloadType":"x","signatures":[{{"sig":"AAAA"}}]}}"#)
        };
        for payload in [r#""-_-_""#, r#""+/+/""#, r#""+\/+\/""#] {
            let entity = read_bundle(&opened(bundle(V03, CERTIFICATE, &envelope(payload)))).expect("a payload");
            let SignedContent::Envelope(envelope) = entity.content else { panic!("an envelope") };
            assert_eq!(envelope.payload(), [0xfb, 0xff, 0xbf]);
            assert_eq!(envelope.signed(), b"DSSEv1 1 x 3 \xfb\xff\xbf");
        }
        for payload in [r#""+_+_""#, r#""AAA=A""#, r#""AAA A""#, r#""A""#, r#""AB==""#] {
            let text = bundle(V03, CERTIFICATE, &envelope(payload));
            assert!(refusal(&text).contains("payload is not base64"), "{payload}");
        }
        assert!(refusal(&bundle(V03, CERTIFICATE, &envelope("7"))).contains("expected a string"));
    }

    #[test]
    fn a222_what_is_too_large_is_an_error_that_names_the_limit() {
        let sized = |beside: usize| {
            let payload_type = "x".repeat(beside);
            let envelope = format!(
                r#""dsseEnvelope":{{"payload":"","payloadType":"{payload_type}","signatures":[{{"sig":"AAAA"}}]}}"#
            );
            read_bundle(&opened(bundle(V03, CERTIFICATE, &envelope)))
        };
        assert!(sized(MAX_TEXT - 1000).is_ok());
        let finding = sized(MAX_TEXT).expect_err("too large");
        assert_eq!(finding.outcome, Outcome::Error);
        assert!(finding.message.contains("the limit is 16777216"), "{}", finding.message);
        // A payload of that size would take a test longer than all others together.
        assert!(check_size("the payload", MAX_PAYLOAD, MAX_PAYLOAD).is_ok());
        let finding = check_size("the payload", MAX_PAYLOAD + 1, MAX_PAYLOAD).expect_err("too large");
        assert_eq!(finding.message, "the payload has 134217729 bytes; the limit is 134217728");
    }

    #[test]
    fn a075_snake_case_and_unknown_fields_are_refused() {
        let text = bundle(V03, CERTIFICATE, MESSAGE).replace("verificationMaterial", "verification_material");
        assert!(refusal(&text).contains("unknown field"));
    }

    #[test]
    fn a083_a_hint_that_contradicts_the_key_id_is_refused() {
        let envelope =
            r#""dsseEnvelope":{"payload":"AAAA","payloadType":"x","signatures":[{"sig":"AAAA","keyid":"a"}]}"#;
        assert!(refusal(&bundle(V03, r#""publicKey":{"hint":"b"}"#, envelope)).contains("differ"));
    }

    #[test]
    fn a159_too_many_log_entries_are_refused() {
        let entry =
            r#"{"logId":{"keyId":"AAAA"},"kindVersion":{"kind":"dsse","version":"0.0.1"},"canonicalizedBody":"AAAA"}"#;
        let entity = format!(r#"{CERTIFICATE},"tlogEntries":[{}]"#, vec![entry; 33].join(","));
        assert!(refusal(&bundle(V03, &entity, MESSAGE)).contains("the limit is 32"));
    }
}
