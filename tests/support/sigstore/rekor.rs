//! Transparency logs of both generations.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::json;

use super::entry::{EntryKind, InclusionProof, LogEntry};
use super::key::Key;
use super::merkle;
use crate::support::digest::{hex, sha256};
use crate::support::json::{base64, canonical};

/// A log. Name, identifier and key are separate fields so that a test can pair one log's identity with another's key.
#[derive(Clone)]
pub struct Rekor {
    /// The host name, which is also the name on the checkpoint's signature line.
    pub name: String,
    pub log_id: [u8; 32],
    pub key: Key,
    pub generation: Generation,
    /// The tree, shared by clones.
    pub leaves: Arc<Mutex<Vec<Vec<u8>>>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Generation {
    /// Promises inclusion at an integrated time, and proves it.
    V1,
    /// Proves inclusion, and leaves time to the timestamp authority.
    V2,
}

/// C2SP signed-note: the key ID is SHA-256(name || "\n" || signature type || key), type 1 being Ed25519. Its first four bytes
/// are the hint in a note; Rekor v2 uses the whole as log ID.
pub fn note_id(name: &str, key: &Key) -> [u8; 32] {
    sha256(&[name.as_bytes(), b"\n\x01", &key.public_bytes()].concat())
}

/// What a v1 log had in the shards before the current one, so that no test can confuse the two ways to count.
const EARLIER_SHARDS: u64 = 4_163_431;

/// The identifier of the current shard, part of a v1 checkpoint's origin.
const TREE: u64 = 1_193_050_959_916_656_506;

impl Rekor {
    pub fn v1() -> Rekor {
        let key = Key::p256();
        Rekor::new("rekor.sigstore.test", sha256(&key.public_der()), key, Generation::V1)
    }

    pub fn v2() -> Rekor {
        Rekor::named("log2026.sigstore.test", Key::ed25519(), Generation::V2)
    }

    /// A log with this name and Ed25519 key.
    pub fn named(name: &str, key: Key, generation: Generation) -> Rekor {
        Rekor::new(name, note_id(name, &key), key, generation)
    }

    fn new(name: &str, log_id: [u8; 32], key: Key, generation: Generation) -> Rekor {
        // A tree of one leaf would have an empty proof; five strangers give the paths their usual shapes.
        let strangers = (0..5).map(|number| format!("entry {number} of somebody else").into_bytes());
        Rekor { name: name.into(), log_id, key, generation, leaves: Arc::new(Mutex::new(strangers.collect())) }
    }

    /// Appends a body and returns all the log has to say about it, at the time given.
    pub fn append(&self, kind: EntryKind, body: Vec<u8>, time: Timestamp) -> LogEntry {
        let proof = self.include(&body);
        let mut entry = LogEntry {
            kind: kind.kind().into(),
            version: kind.version().into(),
            body,
            log_index: proof.log_index,
            log_id: self.log_id,
            integrated_time: None,
            promise: None,
            proof: Some(proof),
        };
        if self.generation == Generation::V1 {
            entry.log_index += EARLIER_SHARDS;
            entry.integrated_time = Some(time);
            entry.promise = Some(self.promise(&entry));
        }
        entry
    }

    fn include(&self, body: &[u8]) -> InclusionProof {
        let mut leaves = self.leaves.lock().expect("no holder of the lock panics");
        let index = leaves.len();
        leaves.push(body.to_vec());
        leaves.push(format!("entry after {index} of somebody else").into_bytes());
        let root_hash = merkle::root_hash(&leaves);
        InclusionProof {
            log_index: index as u64,
            tree_size: leaves.len() as u64,
            root_hash,
            hashes: merkle::inclusion_path(index, &leaves),
            checkpoint: self.checkpoint(leaves.len() as u64, &root_hash),
        }
    }

    /// Signs the entry's body, indices and time as they stand: the signed entry timestamp of Rekor v1.
    pub fn promise(&self, entry: &LogEntry) -> Vec<u8> {
        self.key.sign(&canonical(&json!({
            "body": base64(&entry.body),
            "integratedTime": entry.integrated_time.map_or(0, Timestamp::as_second),
            "logIndex": entry.log_index,
            "logID": hex(&entry.log_id),
        })))
    }

    /// Signs a tree head as a note: origin, size and root, then the log's signature line.
    pub fn checkpoint(&self, tree_size: u64, root_hash: &[u8; 32]) -> String {
        let origin = match self.generation {
            Generation::V1 => format!("{} - {TREE}", self.name),
            Generation::V2 => self.name.clone(),
        };
        self.note(&format!("{origin}\n{tree_size}\n{}\n", base64(root_hash)))
    }

    /// Signs any text as a note.
    pub fn note(&self, text: &str) -> String {
        format!("{text}\n{}", self.signature_line(text))
    }

    /// Returns the line that carries the log's signature over `text`, to be added to a note by others.
    pub fn signature_line(&self, text: &str) -> String {
        let signature = [&self.log_id[..4], self.key.sign(text.as_bytes()).as_slice()].concat();
        format!("\u{2014} {} {}\n", self.name, base64(signature))
    }
}
