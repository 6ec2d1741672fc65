//! Checkpoints: whose they are, and what they say of a tree.

use jiff::Timestamp;
use sigstore_verify::types::{Checkpoint, CheckpointSignature};

use crate::check::Finding;
use crate::oci::encode_hex;
use crate::verify::material::{self, LogEntry, log_failure};

use super::{Domain, sha256};

impl Domain {
    /// A checkpoint must be signed by the very log that the entry names: the crate takes any log of the root (A149).
    pub(in crate::verify) fn check_checkpoint_log(&self, entry: &LogEntry, checkpoint: &str) -> Result<(), Finding> {
        let parsed = Checkpoint::from_text(checkpoint)
            .map_err(|error| log_failure("the checkpoint cannot be read").found(error.to_string()))?;
        let hint = entry.log_id.get(..4).unwrap_or_default();
        let signed_by = |id: &[u8]| parsed.signatures().iter().any(|signature| signature.key_id.as_slice() == id);
        let other_log = self
            .root
            .tlogs
            .iter()
            .map(|log| log.log_id.key_id.as_bytes())
            .find(|id| id.get(..4).is_some_and(|prefix| prefix != hint && signed_by(prefix)));
        let named_as_origin = parsed
            .signatures()
            .iter()
            .any(|signature| signature.key_id.as_slice() == hint && is_origin(parsed.origin(), &signature.name));
        if other_log.is_some() || !named_as_origin {
            return Err(log_failure("the checkpoint is not signed by the log that the entry is from")
                .expected(format!("log {}", encode_hex(&entry.log_id)))
                .found(format!("a checkpoint of {}", parsed.origin())));
        }
        // Rekor v1 states size and root twice; what differs from the signed checkpoint is not what was signed (A143).
        let proof = entry.proof.as_ref().filter(|_| !entry.is_rekor_v2());
        if proof.is_some_and(|proof| {
            proof.tree_size != parsed.tree_size() || proof.root_hash != parsed.root_hash().as_bytes()
        }) {
            return Err(log_failure("the inclusion proof and its checkpoint are about different trees"));
        }
        self.check_checkpoint_lines(entry, &parsed)
    }

    /// c2sp.org/signed-note: a line of a known key must verify (A147), and four octets may be the hint of several keys (A151).
    /// The crate takes the first line that verifies with any key of that hint, so this costs only where there is a choice.
    fn check_checkpoint_lines(&self, entry: &LogEntry, checkpoint: &Checkpoint) -> Result<(), Finding> {
        let hint = entry.log_id.get(..4).unwrap_or_default();
        let alike: Vec<&[u8]> = self
            .root
            .tlogs
            .iter()
            .map(|log| log.log_id.key_id.as_bytes())
            .filter(|id| id.get(..4) == Some(hint))
            .collect();
        let own: Vec<&CheckpointSignature> = checkpoint
            .signatures()
            .iter()
            .filter(|line| line.key_id.as_slice() == hint && is_origin(checkpoint.origin(), &line.name))
            .collect();
        if own.len() == 1 && alike.len() == 1 {
            return Ok(());
        }
        let verifies = |id: &[u8], line: &CheckpointSignature| {
            self.log_key(id).is_some_and(|key| key.verify(checkpoint.signed_data(), &line.signature).is_ok())
        };
        let spoilt = own.iter().any(|line| !alike.iter().any(|id| verifies(id, line)));
        if spoilt || !own.iter().any(|line| verifies(&entry.log_id, line)) {
            return Err(log_failure("the checkpoint's signature does not verify")
                .expected(format!("log {}", encode_hex(&entry.log_id))));
        }
        Ok(())
    }

    /// Verifies an inclusion proof and the log's signature on its checkpoint.
    pub(in crate::verify) fn verify_inclusion(
        &self,
        entry: &LogEntry,
        proof: &material::InclusionProof,
        now: Timestamp,
    ) -> Result<(), String> {
        let checkpoint = Checkpoint::from_text(&proof.checkpoint).map_err(|error| error.to_string())?;
        let hashes = proof.hashes.iter().map(|hash| sha256(hash)).collect::<Result<Vec<_>, _>>()?;
        let root = sha256(&proof.root_hash)?;
        if *checkpoint.root_hash() != root || checkpoint.tree_size() != proof.tree_size {
            return Err("the proof and the checkpoint are about different trees".to_owned());
        }
        let leaf = sigstore_merkle::hash_leaf(&entry.body);
        sigstore_merkle::verify_inclusion_proof(&leaf, proof.log_index, proof.tree_size, &hashes, &root)
            .map_err(|error| error.to_string())?;
        let id = sha256(&entry.log_id)?;
        let key =
            self.log_keys.key_started_by(&id, now).ok_or("the log is not known, or its key is not trusted yet")?;
        let hint = entry.log_id.get(..4).unwrap_or_default();
        let verified = checkpoint
            .signatures()
            .iter()
            .filter(|signature| signature.key_id.as_slice() == hint)
            .any(|signature| key.verify(checkpoint.signed_data(), &signature.signature).is_ok());
        if verified { Ok(()) } else { Err("the checkpoint's signature does not verify".to_owned()) }
    }
}

/// c2sp.org/tlog-checkpoint: the log signs under its origin. Rekor v1 adds the tree's id to the origin: `name - id`.
fn is_origin(origin: &str, name: &str) -> bool {
    origin == name || origin.strip_prefix(name).is_some_and(|rest| rest.starts_with(" - "))
}
