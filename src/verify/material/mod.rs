//! Signed material: what a Sigstore bundle or a legacy cosign layer holds, in one form.
//!
//! The bundle's JSON is read strictly here, before the Sigstore crate sees any of it: exactly one content and one kind
//! of verification material, no unknown fields, no `snake_case` spellings, one DSSE signature, bounded lists
//! (protobuf-specs `sigstore_bundle.proto`; client-spec §5).

mod wire;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use jiff::Timestamp;

use crate::check::{CheckId, Finding, LogEntryReport};
use crate::json;
use crate::oci::encode_hex;

use wire::{WireBundle, WireEnvelope};

/// Log entries that one bundle may have.
const MAX_LOG_ENTRIES: usize = 32;
/// Timestamps that one bundle may have.
const MAX_TIMESTAMPS: usize = 32;
/// Certificates that one chain may have.
const MAX_CERTIFICATES: usize = 8;
/// Hashes that one inclusion proof may have: a tree of 2^64 leaves is no deeper (RFC 9162 §2.1.3.2).
const MAX_PROOF_HASHES: usize = 64;

/// The version of the bundle format, which decides what must be in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V01,
    V02,
    V03,
}

/// A signature and everything that came along to verify it; nothing in it has been verified.
#[derive(Debug, Clone)]
pub(super) struct Material {
    pub(super) version: Version,
    pub(super) key: KeyMaterial,
    pub(super) entries: Vec<LogEntry>,
    pub(super) timestamps: Vec<Vec<u8>>,
    pub(super) content: SignedContent,
    /// What timestamps may be over beside the signature: cosign before 3 stamped the whole envelope of a legacy attestation.
    pub(super) stamped: Option<Vec<u8>>,
}

/// What the signature is to be verified with.
#[derive(Debug, Clone)]
pub(super) enum KeyMaterial {
    /// A leaf certificate in DER, and what was sent along with it (untrusted).
    Certificates(Vec<Vec<u8>>),
    /// A public key that the bundle only hints at.
    PublicKey,
}

impl KeyMaterial {
    /// Returns the leaf certificate.
    pub(super) fn leaf(&self) -> Option<&[u8]> {
        match self {
            Self::Certificates(certificates) => certificates.first().map(Vec::as_slice),
            Self::PublicKey => None,
        }
    }
}

/// What was signed.
#[derive(Debug, Clone)]
pub(super) enum SignedContent {
    /// A signature over the artifact itself.
    Message(MessageSignature),
    /// A DSSE envelope.
    Envelope(Envelope),
}

/// A signature over bytes that are not in the bundle.
#[derive(Debug, Clone)]
pub(super) struct MessageSignature {
    /// An unauthenticated hint: compared for consistency, never believed.
    pub(super) digest: Option<MessageDigest>,
    pub(super) signature: Vec<u8>,
}

/// The digest a message signature says it is over.
#[derive(Debug, Clone)]
pub(super) struct MessageDigest {
    pub(super) algorithm: String,
    pub(super) digest: Vec<u8>,
}

/// A DSSE envelope with exactly one signature.
#[derive(Debug, Clone)]
pub(super) struct Envelope {
    pub(super) payload_type: String,
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) key_id: String,
    /// SHA-256 of the envelope's own bytes where they were kept (legacy layers), as hexadecimal digits.
    pub(super) stored_sha256: Option<String>,
}

/// An entry of a transparency log.
#[derive(Debug, Clone)]
pub(super) struct LogEntry {
    pub(super) log_index: u64,
    pub(super) log_id: Vec<u8>,
    pub(super) kind: String,
    pub(super) version: String,
    /// Seconds since 1970; only a promise authenticates it.
    pub(super) integrated_time: Option<i64>,
    /// The signed entry timestamp (SET).
    pub(super) promise: Option<Vec<u8>>,
    pub(super) proof: Option<InclusionProof>,
    pub(super) body: Vec<u8>,
}

impl LogEntry {
    /// Whether the entry is of Rekor's second version, which vouches for no time.
    pub(super) fn is_rekor_v2(&self) -> bool {
        self.kind == "hashedrekord" && self.version == "0.0.2"
    }

    /// Returns the time that the log's promise vouches for. Rekor v2 has none: what stands there is ignored (A153).
    pub(super) fn promised_time(&self) -> Option<Timestamp> {
        if self.is_rekor_v2() || self.promise.is_none() {
            return None;
        }
        self.integrated_time.and_then(|seconds| Timestamp::from_second(seconds).ok())
    }

    /// Returns what a report says of the entry once it is verified.
    pub(super) fn report(&self) -> LogEntryReport {
        LogEntryReport {
            kind: format!("{} {}", self.kind, self.version),
            log_id: encode_hex(&self.log_id),
            log_index: Some(self.log_index).filter(|_| self.is_rekor_v2() || self.promise.is_some()),
            evidence: if self.proof.is_some() { "proof" } else { "promise" }.to_owned(),
            integrated_time: self.promised_time(),
        }
    }
}

/// A Merkle inclusion proof with its checkpoint.
#[derive(Debug, Clone)]
pub(super) struct InclusionProof {
    pub(super) log_index: u64,
    pub(super) root_hash: Vec<u8>,
    pub(super) tree_size: u64,
    pub(super) hashes: Vec<Vec<u8>>,
    pub(super) checkpoint: String,
}

/// Reads the JSON text of a bundle.
pub(super) fn read_bundle(bytes: &[u8]) -> Result<Material, Finding> {
    let wire: WireBundle = json::from_slice(bytes).map_err(|error| {
        Finding::fail(CheckId::BundleFormat, "the bundle cannot be read")
            .expected("one JSON document of the Sigstore bundle format")
            .found(error.to_string())
            .next("sign the image again, or delete the broken attachment")
    })?;
    if let Some(excess) = wire.beyond_a_limit() {
        // The limits are this program's, so what is beyond them says nothing against the evidence.
        return Err(Finding::error(CheckId::BundleFormat, excess));
    }
    wire.into_material().map_err(|reason| {
        Finding::fail(CheckId::BundleFormat, format!("the bundle is malformed: {reason}"))
            .next("sign the image again with a current cosign, or delete the broken attachment")
    })
}

/// Reads a DSSE envelope as stored in a legacy layer.
pub(super) fn read_envelope(bytes: &[u8]) -> Result<Envelope, Finding> {
    json::from_slice::<WireEnvelope>(bytes)
        .map_err(|error| error.to_string())
        .and_then(WireEnvelope::into_envelope)
        .map_err(|reason| {
            Finding::fail(CheckId::BundleFormat, format!("the DSSE envelope is malformed: {reason}"))
                .next("attest the image again, or delete the broken attachment")
        })
}

/// A finding that the log evidence does not hold.
pub(super) fn log_failure(message: impl Into<String>) -> Finding {
    Finding::fail(CheckId::TransparencyLog, message)
}

/// Reads base64 in any of its four usual forms, each of them strictly.
pub(super) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let padded = text.ends_with('=');
    let url_safe = text.contains(['-', '_']);
    let decoded = match (url_safe, padded || text.len().is_multiple_of(4)) {
        (false, true) => STANDARD.decode(text),
        (false, false) => STANDARD_NO_PAD.decode(text),
        (true, true) if padded => URL_SAFE.decode(text),
        (true, _) => URL_SAFE_NO_PAD.decode(text),
    };
    decoded.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &str = r#""certificate":{"rawBytes":"AAAA"}"#;
    const MESSAGE: &str = r#""messageSignature":{"signature":"AAAA"}"#;
    const V03: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

    fn bundle(media_type: &str, material: &str, content: &str) -> String {
        format!(r#"{{"mediaType":"{media_type}","verificationMaterial":{{{material}}},{content}}}"#)
    }

    fn refusal(text: &str) -> String {
        let finding = read_bundle(text.as_bytes()).expect_err("the bundle must be refused");
        assert_eq!(finding.check, CheckId::BundleFormat);
        format!("{} {}", finding.message, finding.found.unwrap_or_default())
    }

    #[test]
    fn a_minimal_bundle_is_read() {
        assert!(read_bundle(bundle(V03, CERTIFICATE, MESSAGE).as_bytes()).is_ok());
    }

    #[test]
    fn a067_unknown_versions_and_broken_text_are_refused() {
        for media_type in [
            "application/vnd.dev.sigstore.bundle.v0.9+json",
            "application/vnd.dev.sigstore.bundle+json;version=0.3;foo",
            "text/plain",
        ] {
            assert!(
                refusal(&bundle(media_type, CERTIFICATE, MESSAGE)).contains("is not a bundle version"),
                "{media_type}"
            );
        }
        assert!(refusal(&bundle("", CERTIFICATE, MESSAGE)).contains("no `mediaType`"));
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
    fn a074_url_safe_base64_is_read_and_rubbish_is_not() {
        assert_eq!(decode_base64("-_-_"), Some(vec![0xfb, 0xff, 0xbf]));
        assert_eq!(decode_base64("+/+/"), Some(vec![0xfb, 0xff, 0xbf]));
        for text in ["+_+_", "AAA=A", "AAA A", "AA\nA=", "A"] {
            assert_eq!(decode_base64(text), None, "{text:?}");
        }
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
        let material = format!(r#"{CERTIFICATE},"tlogEntries":[{}]"#, vec![entry; 33].join(","));
        assert!(refusal(&bundle(V03, &material, MESSAGE)).contains("the limit is 32"));
    }
}
