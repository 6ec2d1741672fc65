//! What was fetched by digest, kept for the other images of a run.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::access::Scope;
use crate::collect::source::Fetched;
use crate::oci::{Blob, Digest};

/// Manifests and blobs of a run, by repository and digest. Everything in it was checked against its digest; what is too
/// much to keep is fetched again.
#[derive(Debug)]
pub(super) struct Kept {
    fetched: RefCell<HashMap<(Scope, Digest), Fetched>>,
    room: Cell<usize>,
}

/// All that is kept of a run, in bytes.
const ROOM: usize = 32 * 1024 * 1024;

impl Kept {
    pub(super) fn new() -> Self {
        Self { fetched: RefCell::default(), room: Cell::new(ROOM) }
    }

    /// Returns what was fetched from this repository under this digest.
    pub(super) fn find(&self, scope: &Scope, digest: &Digest) -> Option<Fetched> {
        self.fetched.borrow().get(&(scope.clone(), digest.clone())).cloned()
    }

    /// Keeps a manifest, as long as there is room.
    pub(super) fn keep(&self, scope: &Scope, fetched: &Fetched) {
        let key = (scope.clone(), fetched.blob.digest().clone());
        let Some(left) = self.room.get().checked_sub(fetched.blob.bytes().len()) else { return };
        if self.fetched.borrow_mut().insert(key, fetched.clone()).is_none() {
            self.room.set(left);
        }
    }

    /// Keeps a blob, as long as there is room.
    pub(super) fn keep_blob(&self, scope: &Scope, blob: &Blob) {
        self.keep(scope, &Fetched { blob: blob.clone(), content_type: None });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::Algorithm;

    #[test]
    fn what_is_kept_has_an_end_and_belongs_to_its_repository() {
        let kept = Kept::new();
        let scope = |repository: &str| Scope { registry: "ghcr.io".to_owned(), repository: repository.to_owned() };
        let blob = |byte: u8| Blob::of(Algorithm::Sha256, vec![byte; ROOM / 2]);
        for _ in 0..3 {
            kept.keep_blob(&scope("a"), &blob(1));
        }
        kept.keep_blob(&scope("a"), &blob(2));
        kept.keep_blob(&scope("a"), &blob(3));
        let is_kept = |repository: &str, byte| kept.find(&scope(repository), blob(byte).digest()).is_some();
        assert!(is_kept("a", 1) && is_kept("a", 2) && !is_kept("a", 3) && !is_kept("b", 1));
    }
}
