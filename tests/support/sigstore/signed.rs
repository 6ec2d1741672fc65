//! A finished signature, in the forms it is distributed in.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::content::Content;
use super::der::pem;
use super::entry::LogEntry;
use super::key::Key;
use crate::support::digest::{hex, sha256};
use crate::support::json::base64;

/// The versions of the Sigstore bundle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Version {
    V01,
    V02,
    V03,
}

impl Version {
    pub fn media_type(self) -> &'static str {
        match self {
            Version::V01 => "application/vnd.dev.sigstore.bundle+json;version=0.1",
            Version::V02 => "application/vnd.dev.sigstore.bundle+json;version=0.2",
            Version::V03 => "application/vnd.dev.sigstore.bundle.v0.3+json",
        }
    }
}

/// A signature and all its evidence, part by part. Replace a part to break it after signing.
#[derive(Clone)]
pub struct Signed {
    /// The DER leaf; `None` for a signature made with a key of the signer's own.
    pub certificate: Option<Vec<u8>>,
    /// The DER certificates above the leaf, the root last. Only the legacy form carries them.
    pub chain: Vec<Vec<u8>>,
    /// The signer's key, for signing once more.
    pub key: Key,
    pub content: Content,
    pub entries: Vec<LogEntry>,
    /// RFC 3161 responses over the signature, as bundles carry them.
    pub timestamps: Vec<Vec<u8>>,
    /// The one RFC 3161 response of the legacy form, over [`Content::layer_stamped_bytes`].
    pub layer_timestamp: Option<Vec<u8>>,
}

/// A layer of a `.sig` or `.att` manifest.
#[derive(Clone, Debug, PartialEq)]
pub struct LegacyLayer {
    pub bytes: Vec<u8>,
    pub media_type: String,
    pub annotations: Map<String, Value>,
}

pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
pub const DSSE_ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";

impl Signed {
    /// Returns the signature as a bundle.
    pub fn bundle(&self, version: Version) -> Value {
        let (member, content) = self.content.bundle_member(self.key.hash());
        json!({
            "mediaType": version.media_type(),
            "verificationMaterial": self.material(version),
            member: content,
        })
    }

    /// Returns the bundle after `bend` had its way with the JSON.
    pub fn bundle_with(&self, version: Version, bend: impl FnOnce(&mut Value)) -> Value {
        let mut bundle = self.bundle(version);
        bend(&mut bundle);
        bundle
    }

    fn material(&self, version: Version) -> Value {
        let (member, verifier) = match (&self.certificate, version) {
            (None, _) => ("publicKey", json!({"hint": base64(self.key_hint())})),
            (Some(der), Version::V03) => ("certificate", json!({"rawBytes": base64(der)})),
            (Some(der), _) => ("x509CertificateChain", json!({"certificates": [{"rawBytes": base64(der)}]})),
        };
        let mut material = json!({
            member: verifier,
            "tlogEntries": self.entries.iter().map(LogEntry::to_json).collect::<Vec<_>>(),
        });
        if !self.timestamps.is_empty() {
            let timestamps: Vec<_> =
                self.timestamps.iter().map(|der| json!({"signedTimestamp": base64(der)})).collect();
            material["timestampVerificationData"] = json!({"rfc3161Timestamps": timestamps});
        }
        material
    }

    fn key_hint(&self) -> [u8; 32] {
        sha256(&self.key.public_der())
    }

    /// Returns the signature as cosign stored it before bundles: a layer, with the evidence in its annotations.
    ///
    /// The form has room for one log entry and no inclusion proof; the first entry is taken.
    pub fn legacy_layer(&self) -> LegacyLayer {
        let mut annotations = Map::new();
        let signature = match &self.content {
            Content::Message { signature, .. } => base64(signature),
            // The envelope has its own; cosign writes the annotation all the same.
            Content::Envelope(_) => String::new(),
        };
        annotations.insert("dev.cosignproject.cosign/signature".into(), json!(signature));
        if let Some(certificate) = &self.certificate {
            let chain: String = self.chain.iter().map(|der| pem("CERTIFICATE", der)).collect();
            annotations.insert("dev.sigstore.cosign/certificate".into(), json!(pem("CERTIFICATE", certificate)));
            annotations.insert("dev.sigstore.cosign/chain".into(), json!(chain));
        }
        if let Some(entry) = self.entries.first().filter(|entry| entry.promise.is_some()) {
            annotations.insert("dev.sigstore.cosign/bundle".into(), json!(legacy_bundle(entry)));
        }
        if let Some(timestamp) = &self.layer_timestamp {
            let text = json!({"SignedRFC3161Timestamp": base64(timestamp)}).to_string();
            annotations.insert("dev.sigstore.cosign/rfc3161timestamp".into(), json!(text));
        }
        if let Some(predicate_type) = self.predicate_type() {
            annotations.insert("predicateType".into(), predicate_type);
        }
        LegacyLayer { bytes: self.layer_bytes(), media_type: self.layer_media_type().into(), annotations }
    }

    /// Returns the legacy layer after `bend` had its way with it.
    pub fn legacy_layer_with(&self, bend: impl FnOnce(&mut LegacyLayer)) -> LegacyLayer {
        let mut layer = self.legacy_layer();
        bend(&mut layer);
        layer
    }

    fn layer_bytes(&self) -> Vec<u8> {
        match &self.content {
            Content::Message { bytes, .. } => bytes.clone(),
            Content::Envelope(envelope) => envelope.text().into_bytes(),
        }
    }

    fn layer_media_type(&self) -> &'static str {
        match &self.content {
            Content::Message { .. } => SIMPLE_SIGNING,
            Content::Envelope(_) => DSSE_ENVELOPE,
        }
    }

    fn predicate_type(&self) -> Option<Value> {
        let Content::Envelope(envelope) = &self.content else {
            return None;
        };
        let statement: Value = serde_json::from_slice(&envelope.payload).ok()?;
        statement.get("predicateType").cloned()
    }

    /// Signs the content again with the same key: as valid a signature, but not the one that was logged.
    pub fn resign(&mut self) {
        let signature = self.key.sign(&self.content.signed_bytes());
        *self.content.signature_mut() = signature;
    }
}

/// Returns the text of the `dev.sigstore.cosign/bundle` annotation, members in cosign's order.
pub fn legacy_bundle(entry: &LogEntry) -> String {
    format!(
        r#"{{"SignedEntryTimestamp":"{promise}","Payload":{{"body":"{body}","integratedTime":{time},"logIndex":{index},"logID":"{log}"}}}}"#,
        promise = base64(entry.promise.as_deref().unwrap_or_default()),
        body = base64(&entry.body),
        time = entry.integrated_time.map_or(0, Timestamp::as_second),
        index = entry.log_index,
        log = hex(&entry.log_id),
    )
}
