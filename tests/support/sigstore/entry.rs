//! Log entries: their bodies by kind, and their form in a bundle.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::content::{Content, Envelope};
use super::key::Hash;
use crate::support::digest::{hex, sha256_hex};
use crate::support::json::base64;

/// The kinds of entry a container signature can be found under.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EntryKind {
    /// Rekor v1: signatures over bytes.
    HashedRekordV001,
    /// Rekor v2: signatures over bytes, and over the encoding of an envelope.
    HashedRekordV002,
    /// Rekor v1: envelopes, since cosign 2.
    DsseV001,
    /// Rekor v1: envelopes in cosign 1 and the SLSA generator; the body does not hold the signature.
    IntotoV001,
    /// Rekor v1: envelopes in sigstore-js; the body holds the signature under a second base64.
    IntotoV002,
}

impl EntryKind {
    pub fn kind(self) -> &'static str {
        match self {
            EntryKind::HashedRekordV001 | EntryKind::HashedRekordV002 => "hashedrekord",
            EntryKind::DsseV001 => "dsse",
            EntryKind::IntotoV001 | EntryKind::IntotoV002 => "intoto",
        }
    }

    pub fn version(self) -> &'static str {
        match self {
            EntryKind::HashedRekordV001 | EntryKind::DsseV001 | EntryKind::IntotoV001 => "0.0.1",
            EntryKind::HashedRekordV002 | EntryKind::IntotoV002 => "0.0.2",
        }
    }

    /// Returns the body a log of this kind's generation would store.
    pub fn body(self, content: &Content, verifier: &Verifier) -> Value {
        let spec = match self {
            EntryKind::HashedRekordV001 => hashedrekord_v001(content, verifier),
            EntryKind::HashedRekordV002 => hashedrekord_v002(content, verifier),
            EntryKind::DsseV001 => dsse_v001(content.envelope(), verifier),
            EntryKind::IntotoV001 => intoto_v001(content.envelope(), verifier),
            EntryKind::IntotoV002 => intoto_v002(content.envelope(), verifier),
        };
        json!({"apiVersion": self.version(), "kind": self.kind(), "spec": spec})
    }
}

/// What an entry names as able to verify its signature.
pub enum Verifier {
    /// A DER certificate and its PEM form, and the kind of key in it.
    Certificate { der: Vec<u8>, pem: String, details: &'static str },
    /// A DER public key and its PEM form.
    Key { der: Vec<u8>, pem: String, details: &'static str },
}

impl Verifier {
    fn details(&self) -> &'static str {
        match self {
            Verifier::Certificate { details, .. } | Verifier::Key { details, .. } => details,
        }
    }

    fn pem(&self) -> &str {
        match self {
            Verifier::Certificate { pem, .. } | Verifier::Key { pem, .. } => pem,
        }
    }
}

fn hash(bytes: &[u8]) -> Value {
    json!({"algorithm": "sha256", "value": sha256_hex(bytes)})
}

fn hashedrekord_v001(content: &Content, verifier: &Verifier) -> Value {
    let hash = Hash::of_details(verifier.details());
    let digest = json!({"algorithm": hash.rekor, "value": hex(&hash.of(&content.signed_bytes()))});
    json!({
        "data": {"hash": digest},
        "signature": {
            "content": base64(content.signature()),
            "publicKey": {"content": base64(verifier.pem())},
        },
    })
}

fn hashedrekord_v002(content: &Content, verifier: &Verifier) -> Value {
    let hash = Hash::of_details(verifier.details());
    let verifier = match verifier {
        Verifier::Certificate { der, details, .. } => {
            json!({"keyDetails": details, "x509Certificate": {"rawBytes": base64(der)}})
        }
        Verifier::Key { der, details, .. } => {
            json!({"keyDetails": details, "publicKey": {"rawBytes": base64(der)}})
        }
    };
    json!({"hashedRekordV002": {
        "data": {"algorithm": hash.proto, "digest": base64(hash.of(&content.signed_bytes()))},
        "signature": {"content": base64(content.signature()), "verifier": verifier},
    }})
}

fn dsse_v001(envelope: &Envelope, verifier: &Verifier) -> Value {
    json!({
        "envelopeHash": hash(envelope.text().as_bytes()),
        "payloadHash": hash(&envelope.payload),
        "signatures": [{"signature": base64(&envelope.signature), "verifier": base64(verifier.pem())}],
    })
}

fn intoto_v001(envelope: &Envelope, verifier: &Verifier) -> Value {
    json!({
        "content": {"hash": hash(envelope.text().as_bytes()), "payloadHash": hash(&envelope.payload)},
        "publicKey": base64(verifier.pem()),
    })
}

fn intoto_v002(envelope: &Envelope, verifier: &Verifier) -> Value {
    // The proposed entry held base64 text in a field that is itself base64, and Rekor kept both layers.
    let signature = json!({
        "publicKey": base64(verifier.pem()),
        "sig": base64(base64(&envelope.signature)),
    });
    json!({"content": {
        "envelope": {"payloadType": envelope.payload_type, "signatures": [signature]},
        "hash": hash(envelope.text().as_bytes()),
        "payloadHash": hash(&envelope.payload),
    }})
}

/// An entry as a log returned it. Every part can be replaced, which is how most broken bundles are made.
#[derive(Clone, Debug)]
pub struct LogEntry {
    pub kind: String,
    pub version: String,
    /// The canonical JSON the log hashed into its tree.
    pub body: Vec<u8>,
    /// Counts over all shards of the log; the proof has the index in its own shard.
    pub log_index: u64,
    pub log_id: [u8; 32],
    /// Rekor v2 entries have none.
    pub integrated_time: Option<Timestamp>,
    /// The signed entry timestamp.
    pub promise: Option<Vec<u8>>,
    pub proof: Option<InclusionProof>,
}

#[derive(Clone, Debug)]
pub struct InclusionProof {
    pub log_index: u64,
    pub tree_size: u64,
    pub root_hash: [u8; 32],
    pub hashes: Vec<[u8; 32]>,
    /// The signed note.
    pub checkpoint: String,
}

impl LogEntry {
    /// Returns the entry as an element of a bundle's `tlogEntries`.
    pub fn to_json(&self) -> Value {
        let mut entry = json!({
            "logIndex": self.log_index.to_string(),
            "logId": {"keyId": base64(self.log_id)},
            "kindVersion": {"kind": self.kind, "version": self.version},
            "canonicalizedBody": base64(&self.body),
        });
        if let Some(time) = self.integrated_time {
            entry["integratedTime"] = json!(time.as_second().to_string());
        }
        if let Some(promise) = &self.promise {
            entry["inclusionPromise"] = json!({"signedEntryTimestamp": base64(promise)});
        }
        if let Some(proof) = &self.proof {
            entry["inclusionProof"] = proof.to_json();
        }
        entry
    }
}

impl InclusionProof {
    fn to_json(&self) -> Value {
        json!({
            "logIndex": self.log_index.to_string(),
            "rootHash": base64(self.root_hash),
            "treeSize": self.tree_size.to_string(),
            "hashes": self.hashes.iter().map(base64).collect::<Vec<_>>(),
            "checkpoint": {"envelope": self.checkpoint},
        })
    }
}
