//! Bytes whose digest was computed here.

use bytes::Bytes;

use super::digest::{Algorithm, Digest};

/// Content from a registry or a layout.
///
/// A `Blob` is only made by computing the digest of its bytes, so its name and its content always agree. Cloning shares
/// the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Blob {
    digest: Digest,
    bytes: Bytes,
}

/// The bytes are not the ones that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// The digest of the bytes is another.
    #[error("expected content with digest {expected}, found {found}")]
    DigestMismatch {
        /// What was asked for.
        expected: Digest,
        /// What the bytes hash to.
        found: Digest,
    },
    /// The number of bytes is another than the descriptor says.
    #[error("expected {expected} bytes, found {found}")]
    SizeMismatch {
        /// What the descriptor says, in bytes.
        expected: u64,
        /// What was read, in bytes.
        found: u64,
    },
}

impl Blob {
    /// Takes bytes under the digest they turn out to have.
    pub fn of(algorithm: Algorithm, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self { digest: Digest::of(algorithm, &bytes), bytes }
    }

    /// Takes bytes that must have this digest.
    pub fn expect(expected: &Digest, bytes: impl Into<Bytes>) -> Result<Self, BlobError> {
        let blob = Self::of(expected.algorithm(), bytes);
        if blob.digest == *expected {
            Ok(blob)
        } else {
            Err(BlobError::DigestMismatch { expected: expected.clone(), found: blob.digest })
        }
    }

    /// Takes bytes that must have this digest and this size.
    ///
    /// image-spec descriptor.md: "if the retrieved content's length doesn't match … the content should not be trusted";
    /// the size is compared first, so that a wrong size is named as such (A042).
    pub fn expect_sized(expected: &Digest, size: u64, bytes: impl Into<Bytes>) -> Result<Self, BlobError> {
        let bytes = bytes.into();
        let found = bytes.len() as u64;
        if found != size {
            return Err(BlobError::SizeMismatch { expected: size, found });
        }
        Self::expect(expected, bytes)
    }

    /// Returns the digest of the bytes.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Returns the bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Gives the bytes up under their digest.
    pub fn into_parts(self) -> (Digest, Bytes) {
        (self.digest, self.bytes)
    }
}

impl std::fmt::Debug for Blob {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Blob({}, {} bytes)", self.digest, self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a003_bytes_with_another_digest_are_refused() {
        let asked = Digest::of(Algorithm::Sha256, b"asked for");
        assert!(matches!(Blob::expect(&asked, &b"served"[..]), Err(BlobError::DigestMismatch { .. })));
    }

    #[test]
    fn a042_a_wrong_size_is_refused_before_the_digest_is_looked_at() {
        let digest = Digest::of(Algorithm::Sha256, b"abc");
        assert_eq!(Blob::expect_sized(&digest, 4, &b"abc"[..]), Err(BlobError::SizeMismatch { expected: 4, found: 3 }));
        assert!(Blob::expect_sized(&digest, 3, &b"abc"[..]).is_ok());
    }
}
