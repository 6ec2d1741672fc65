//! Content that is too large for memory: it goes into a file piece by piece, and is measured on the way.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Seek as _, Write};
use std::sync::Arc;

use super::error::SourceError;
use crate::oci::{Algorithm, BlobError, Descriptor, Digest, Hasher};

/// A file that fills. Nothing in it counts before `Spool::finish` has compared it with its descriptor.
pub struct Spool(RefCell<Open>);

struct Open {
    file: File,
    algorithm: Algorithm,
    own: Hasher,
    sha256: Hasher,
    bytes: u64,
    failed: Option<io::Error>,
}

impl Spool {
    /// Begins to fill an empty file with content that is wanted under a digest of this algorithm.
    pub(super) fn new(file: File, algorithm: Algorithm) -> Self {
        let (own, sha256) = (Hasher::new(algorithm), Hasher::new(Algorithm::Sha256));
        Self(RefCell::new(Open { file, algorithm, own, sha256, bytes: 0, failed: None }))
    }

    /// Empties the file and starts again: bytes of a broken transfer are not part of the next answer.
    pub(super) fn restart(&self) -> io::Result<()> {
        let mut open = self.0.borrow_mut();
        open.file.set_len(0)?;
        open.file.rewind()?;
        (open.own, open.sha256, open.bytes) = (Hasher::new(open.algorithm), Hasher::new(Algorithm::Sha256), 0);
        Ok(())
    }

    /// Compares what came with what was wanted. Returns the SHA-256 of the file.
    pub(super) fn finish(self, wanted: &Descriptor) -> Result<Digest, SourceError> {
        let Open { mut file, own, sha256, bytes, failed, .. } = self.0.into_inner();
        let at = || wanted.digest.to_string();
        let corrupt = |source| SourceError::Corrupt { at: at(), source };
        if let Some(error) = failed.or_else(|| file.flush().err()) {
            return Err(SourceError::NotKept { at: at(), source: Arc::new(error) });
        }
        if bytes != wanted.size {
            return Err(corrupt(BlobError::SizeMismatch { expected: wanted.size, found: bytes }));
        }
        let found = own.finish();
        if found != wanted.digest {
            return Err(corrupt(BlobError::DigestMismatch { expected: wanted.digest.clone(), found }));
        }
        Ok(sha256.finish())
    }

    /// Returns why the file cannot be filled, if that is why nothing more came.
    pub(super) fn failure(&self, at: &Digest) -> Option<SourceError> {
        let failed = self.0.borrow_mut().failed.take();
        failed.map(|error| SourceError::NotKept { at: at.to_string(), source: Arc::new(error) })
    }
}

impl Write for &Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut open = self.0.borrow_mut();
        if let Err(error) = open.file.write_all(bytes) {
            open.failed = Some(error);
            return Err(io::Error::other("the file cannot be written"));
        }
        open.own.update(bytes);
        open.sha256.update(bytes);
        open.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn wanted(bytes: &[u8], size: u64) -> Descriptor {
        Descriptor {
            media_type: String::new(),
            digest: Digest::of(Algorithm::Sha512, bytes),
            size,
            artifact_type: None,
            annotations: BTreeMap::new(),
            platform: None,
        }
    }

    fn spooled(pieces: &[&[u8]], wanted: &Descriptor) -> Result<Digest, SourceError> {
        let spool = Spool::new(tempfile::tempfile().expect("a file"), Algorithm::Sha512);
        for piece in pieces {
            (&spool).write_all(piece).expect("room");
        }
        spool.finish(wanted)
    }

    #[test]
    fn a370_only_the_content_that_was_wanted_is_taken() {
        let good = spooled(&[b"ab", b"", b"c"], &wanted(b"abc", 3));
        assert_eq!(good.ok(), Some(Digest::of(Algorithm::Sha256, b"abc")));
        assert!(matches!(spooled(&[b"abd"], &wanted(b"abc", 3)), Err(SourceError::Corrupt { .. })));
        assert!(matches!(spooled(&[b"abc"], &wanted(b"abc", 4)), Err(SourceError::Corrupt { .. })));
        assert!(matches!(spooled(&[], &wanted(b"abc", 3)), Err(SourceError::Corrupt { .. })));
    }

    #[test]
    fn what_came_before_a_broken_connection_is_forgotten() {
        let spool = Spool::new(tempfile::tempfile().expect("a file"), Algorithm::Sha512);
        (&spool).write_all(b"ab").expect("room");
        spool.restart().expect("an empty file");
        (&spool).write_all(b"abc").expect("room");
        assert!(spool.finish(&wanted(b"abc", 3)).is_ok());
    }
}
