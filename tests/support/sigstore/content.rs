//! What is signed: bytes, or a DSSE envelope.

use serde_json::{Value, json};

use super::key::Hash;
use crate::support::json::base64;

pub const IN_TOTO: &str = "application/vnd.in-toto+json";

#[derive(Clone, Debug)]
pub enum Content {
    Message { bytes: Vec<u8>, signature: Vec<u8> },
    Envelope(Envelope),
}

#[derive(Clone, Debug)]
pub struct Envelope {
    pub payload_type: String,
    pub payload: Vec<u8>,
    pub key_id: String,
    pub signature: Vec<u8>,
}

impl Content {
    /// Returns the bytes the signature covers.
    pub fn signed_bytes(&self) -> Vec<u8> {
        match self {
            Content::Message { bytes, .. } => bytes.clone(),
            Content::Envelope(envelope) => envelope.pre_authentication_encoding(),
        }
    }

    pub fn signature(&self) -> &[u8] {
        match self {
            Content::Message { signature, .. } => signature,
            Content::Envelope(envelope) => &envelope.signature,
        }
    }

    pub fn signature_mut(&mut self) -> &mut Vec<u8> {
        match self {
            Content::Message { signature, .. } => signature,
            Content::Envelope(envelope) => &mut envelope.signature,
        }
    }

    pub fn envelope(&self) -> &Envelope {
        match self {
            Content::Envelope(envelope) => envelope,
            Content::Message { .. } => panic!("a message signature has no envelope"),
        }
    }

    pub fn envelope_mut(&mut self) -> &mut Envelope {
        match self {
            Content::Envelope(envelope) => envelope,
            Content::Message { .. } => panic!("a message signature has no envelope"),
        }
    }

    /// Returns what a legacy layer's time stamp covers.
    ///
    /// cosign stamps the layer's signature annotation, or the layer itself where that is empty, as it is for envelopes.
    pub fn layer_stamped_bytes(&self) -> Vec<u8> {
        match self {
            Content::Message { signature, .. } => signature.clone(),
            Content::Envelope(envelope) => envelope.text().into_bytes(),
        }
    }

    /// Returns the bundle's member name and value for this content, with a digest by `hash` beside a signature over bytes.
    pub fn bundle_member(&self, hash: Hash) -> (&'static str, Value) {
        match self {
            Content::Message { bytes, signature } => {
                let digest = json!({"algorithm": hash.proto, "digest": base64(hash.of(bytes))});
                ("messageSignature", json!({"messageDigest": digest, "signature": base64(signature)}))
            }
            Content::Envelope(envelope) => ("dsseEnvelope", envelope.to_json()),
        }
    }
}

impl Envelope {
    /// DSSE protocol, "Signature Definition": `"DSSEv1" SP LEN(type) SP type SP LEN(body) SP body`, lengths in bytes.
    pub fn pre_authentication_encoding(&self) -> Vec<u8> {
        let header = format!("DSSEv1 {} {} {} ", self.payload_type.len(), self.payload_type, self.payload.len());
        [header.as_bytes(), &self.payload].concat()
    }

    /// Returns the envelope's text with its members in cosign's order, as an `.att` layer stores it.
    pub fn text(&self) -> String {
        let Envelope { payload_type, payload, key_id, signature } = self;
        format!(
            r#"{{"payloadType":{payload_type},"payload":"{payload}","signatures":[{{"keyid":{key_id},"sig":"{signature}"}}]}}"#,
            payload_type = json!(payload_type),
            payload = base64(payload),
            key_id = json!(key_id),
            signature = base64(signature),
        )
    }

    fn to_json(&self) -> Value {
        let mut signature = json!({"sig": base64(&self.signature)});
        if !self.key_id.is_empty() {
            signature["keyid"] = json!(self.key_id);
        }
        json!({"payloadType": self.payload_type, "payload": base64(&self.payload), "signatures": [signature]})
    }
}
