//! How much is read at most, and for how long.

use std::cell::Cell;
use std::time::Duration;

/// The limits of one image's collection. Each is named in the gap or error that it causes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The largest manifest, index or page of referrers, in bytes.
    pub manifest: u64,
    /// The largest payload of a legacy signature, in bytes.
    pub signature: u64,
    /// The largest bundle or legacy attestation, in bytes. Both carry their payload, an SBOM perhaps, inside.
    pub attestation: u64,
    /// The largest page of a service's attestations, and the largest bundle that it points at, in bytes.
    pub service: u64,
    /// The most referrers of one subject that are looked at.
    pub referrers: usize,
    /// The most pages in which a registry may list them.
    pub referrers_pages: usize,
    /// The most bundles, signatures and attestations of one subject that are fetched.
    pub candidates: usize,
    /// The most attestation manifests of one image that are looked at.
    pub attestation_manifests: usize,
    /// The most statements of one attestation manifest that are looked at.
    pub statements: usize,
    /// The most manifests in an image, nested indexes included.
    pub subjects: usize,
    /// How deep indexes may be nested in indexes.
    pub index_depth: usize,
    /// The most that is read for one image, in bytes.
    pub total_bytes: u64,
    /// The most time that one image may take.
    pub total_time: Duration,
    /// The longest wait for an answer, or for its next bytes.
    pub silence: Duration,
    /// The most requests that are under way at once.
    pub parallel: usize,
}

const MIB: u64 = 1024 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Self {
            // distribution-spec: "a maximum … SHOULD be at least 4 megabytes".
            manifest: 4 * MIB,
            signature: 16 * MIB,
            // Of 128 MiB that were attested, base64 makes a third more; as much beside it as a bundle without a payload may have.
            attestation: (128 * MIB).div_ceil(3) * 4 + 16 * MIB,
            service: 16 * MIB,
            referrers: 1000,
            referrers_pages: 20,
            candidates: 256,
            attestation_manifests: 512,
            statements: 64,
            subjects: 1024,
            index_depth: 4,
            total_bytes: 512 * MIB,
            total_time: Duration::from_secs(120),
            silence: Duration::from_secs(30),
            parallel: 32,
        }
    }
}

/// The rest of [`Limits::total_bytes`]. Bytes are reserved before a request, so that parallel requests cannot exceed
/// the limit together, and unneeded ones are given back.
#[derive(Debug)]
pub(super) struct Budget {
    left: Cell<u64>,
}

/// Bytes that were taken from a [`Budget`].
#[derive(Debug)]
pub(super) struct Taken<'a> {
    budget: &'a Budget,
    unused: u64,
}

impl Budget {
    pub(super) fn new(bytes: u64) -> Self {
        Self { left: Cell::new(bytes) }
    }

    /// Takes bytes, or nothing if fewer are left.
    pub(super) fn take(&self, bytes: u64) -> Option<Taken<'_>> {
        let left = self.left.get().checked_sub(bytes)?;
        self.left.set(left);
        Some(Taken { budget: self, unused: bytes })
    }
}

impl Taken<'_> {
    /// Keeps what was read; the rest goes back.
    pub(super) fn keep(mut self, bytes: u64) {
        self.unused = self.unused.saturating_sub(bytes);
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.budget.left.set(self.budget.left.get().saturating_add(self.unused));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_read_is_given_back() {
        let budget = Budget::new(10);
        let first = budget.take(6).expect("six of ten");
        assert!(budget.take(5).is_none());
        first.keep(2);
        assert!(budget.take(9).is_none());
        assert!(budget.take(8).is_some());
    }
}
