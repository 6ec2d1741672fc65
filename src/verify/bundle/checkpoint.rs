//! Checkpoints: the log that signed one, and the size and root hash that it states.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use sigstore_verify::types::{Checkpoint, CheckpointSignature};

use crate::check::Finding;
use crate::oci::encode_hex;
use crate::verify::entity::{self, LogEntry, log_failure};
use crate::verify::logs;

use super::TrustDomain;
use super::wire::sha256;

impl TrustDomain {
    /// A checkpoint must be signed by the very log that the entry names: the crate takes any log of the root (A149).
    pub(in crate::verify) fn check_checkpoint_log(&self, entry: &LogEntry, checkpoint: &str) -> Result<(), Finding> {
        let parsed = Checkpoint::from_text(checkpoint)
            .map_err(|error| log_failure("the checkpoint cannot be read").found(error.to_string()))?;
        check_note(checkpoint).map_err(|what| log_failure("the checkpoint is malformed").found(what))?;
        self.check_origin(entry, parsed.origin())?;
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
        // Rekor v1 states size and root twice; a value that differs from the signed checkpoint was not signed (A143).
        let proof = entry.proof.as_ref().filter(|_| !entry.is_rekor_v2());
        if proof.is_some_and(|proof| {
            proof.tree_size != parsed.tree_size() || proof.root_hash != parsed.root_hash().as_bytes()
        }) {
            return Err(log_failure("the inclusion proof and its checkpoint are about different trees"));
        }
        self.check_checkpoint_lines(entry, &parsed)
    }

    /// The first line of a checkpoint of Rekor v2 says which log it is of, by the host of its address in the trusted root: one
    /// key may sign for several logs (A318). Without an address its id alone says so.
    fn check_origin(&self, entry: &LogEntry, origin: &str) -> Result<(), Finding> {
        let log = self.root.tlogs.iter().find(|log| log.log_id.key_id.as_bytes() == entry.log_id);
        let address = log.map(|log| log.base_url.as_str()).unwrap_or_default();
        if !entry.is_rekor_v2() || address.is_empty() || logs::names(address).contains(&origin) {
            return Ok(());
        }
        Err(log_failure("the checkpoint is of another log than the entry")
            .expected(format!("a checkpoint of {}", logs::host(address)))
            .found(format!("a checkpoint of {origin}")))
    }

    /// c2sp.org/signed-note: a line of a known key must verify (A147), and four bytes may be the hint of several keys (A151).
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
        proof: &entity::InclusionProof,
        now: Timestamp,
    ) -> Result<(), String> {
        let checkpoint = Checkpoint::from_text(&proof.checkpoint).map_err(|error| error.to_string())?;
        let hashes = proof.hashes.iter().map(|hash| sha256(hash)).collect::<Result<Vec<_>, _>>()?;
        let (size, root) = (checkpoint.tree_size(), *checkpoint.root_hash());
        // rekor-tiles `CLIENTS.md`: of Rekor v2 the index is the entry's own, and the tree is the checkpoint's.
        let index = if entry.is_rekor_v2() { entry.log_index } else { proof.log_index };
        let is_of_tree = proof.tree_size == size && proof.root_hash == root.as_bytes();
        if !entry.is_rekor_v2() && !is_of_tree {
            return Err("the proof and the checkpoint are about different trees".to_owned());
        }
        let leaf = sigstore_merkle::hash_leaf(&entry.body);
        sigstore_merkle::verify_inclusion_proof(&leaf, index, size, &hashes, &root)
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

/// c2sp.org/tlog-checkpoint and signed-note, letter by letter: what the crate trims and skips is signed too, and another reader
/// may take it for something else (A318).
fn check_note(text: &str) -> Result<(), &'static str> {
    if text.chars().any(|character| character.is_control() && character != '\n') {
        return Err("it has control characters");
    }
    let (body, signatures) = text.split_once("\n\n").ok_or("it has no signatures")?;
    let lines: Vec<&str> = body.split('\n').collect();
    let [origin, size, root, extensions @ ..] = lines.as_slice() else { return Err("it is incomplete") };
    if origin.is_empty() || origin.trim() != *origin {
        return Err("its origin has blanks around it");
    }
    let is_decimal = size.bytes().all(|byte| byte.is_ascii_digit()) && (*size == "0" || !size.starts_with('0'));
    if size.is_empty() || !is_decimal {
        return Err("its tree size is not a decimal number without leading zeros");
    }
    if STANDARD.decode(root).map_or(0, |hash| hash.len()) != 32 {
        return Err("its root hash is not the base64 of 32 bytes");
    }
    if extensions.iter().any(|line| line.is_empty()) {
        return Err("it has an empty extension line");
    }
    let is_signature = |line: &str| match line.strip_prefix("\u{2014} ").and_then(|line| line.split_once(' ')) {
        Some((name, signature)) => !name.is_empty() && STANDARD.decode(signature).is_ok(),
        None => false,
    };
    let signatures = signatures.strip_suffix('\n').ok_or("its last line is not ended")?;
    if signatures.split('\n').all(is_signature) { Ok(()) } else { Err("it has a signature line of another form") }
}

/// c2sp.org/tlog-checkpoint: the log signs under its origin. Rekor v1 adds the tree's id to the origin: `name - id`.
fn is_origin(origin: &str, name: &str) -> bool {
    origin == name || origin.strip_prefix(name).is_some_and(|rest| rest.starts_with(" - "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a318_a_checkpoint_is_read_letter_by_letter() {
        let root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let note = |origin: &str, size: &str, rest: &str| {
            format!("{origin}\n{size}\n{root}\n{rest}\n\u{2014} log.example AAAAAAAA\n")
        };
        for good in [
            note("log.example", "2", ""),
            note("log.example", "0", ""),
            note("log.example - 1193050959916656506", "20", "an extension\nanother one \n"),
            note("log.example", "2", "") + "\u{2014} witness.example BBBBBBBB\n",
        ] {
            assert_eq!(check_note(&good), Ok(()), "{good}");
        }
        for (wrong, why) in [
            (note("log.example", "02", ""), "tree size"),
            (note("log.example", "+2", ""), "tree size"),
            (note("log.example", "00", ""), "tree size"),
            (note("log.example", "2 ", ""), "tree size"),
            (note("log.example", " 2", ""), "tree size"),
            (note("log.example", "2_0", ""), "tree size"),
            (note("log.example", "", ""), "incomplete"),
            (note("log.example ", "2", ""), "origin"),
            (note(" log.example", "2", ""), "origin"),
            (note("", "2", ""), "origin"),
            (note("log.example", "2", "").replace(root, &format!("{root} ")), "root hash"),
            (note("log.example", "2", "").replace(root, &root[..40]), "root hash"),
            (note("log.example", "2", "").replace('\n', "\r\n"), "control"),
            (note("log.example", "2", "").trim_end().to_owned(), "not ended"),
            (note("log.example", "2", "") + "\n", "signature line"),
            (note("log.example", "2", "") + "\nmore\n", "signature line"),
            (note("log.example", "2", "").replace("AAAAAAAA", "AAAAAAAA "), "signature line"),
            (note("log.example", "2", "").replace("AAAAAAAA", "AAAAAAAA x"), "signature line"),
            (note("log.example", "2", "").replace("\u{2014} ", "\u{2014}  "), "signature line"),
            (note("log.example", "2", "").replace("\u{2014} ", "- "), "signature line"),
        ] {
            assert!(check_note(&wrong).is_err_and(|what| what.contains(why)), "{wrong:?} {:?}", check_note(&wrong));
        }
    }
}
