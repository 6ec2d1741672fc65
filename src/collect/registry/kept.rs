//! What was fetched by digest, kept for the other images of a run.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::{Rc, Weak};

use tokio::sync::Mutex;

use super::access::Scope;
use crate::collect::source::Fetched;
use crate::oci::Digest;

/// Manifests and blobs of a run, by repository and digest: that one repository has something says nothing of another. Everything
/// in it was checked against its digest. Where there is no more room, what was not asked for longest goes.
#[derive(Debug, Default)]
pub(super) struct Kept {
    store: RefCell<Store>,
    turns: RefCell<HashMap<Key, Weak<Turn>>>,
}

type Key = (Scope, Digest);

/// Held by whoever fetches something. Others who want the same wait, and find it kept.
pub(super) type Turn = Mutex<()>;

#[derive(Debug, Default)]
struct Store {
    entries: HashMap<Key, Entry>,
    bytes: usize,
    /// How often anything was asked for or kept.
    clock: u64,
}

#[derive(Debug)]
struct Entry {
    fetched: Fetched,
    last_used: u64,
}

/// All that is kept of a run, in bytes.
const ROOM: usize = 32 * 1024 * 1024;

/// Turns that nobody holds any more are dropped when there are so many.
const MOST_TURNS: usize = 1024;

impl Kept {
    /// Returns what was fetched from this repository under this digest.
    pub(super) fn find(&self, scope: &Scope, digest: &Digest) -> Option<Fetched> {
        let store = &mut *self.store.borrow_mut();
        let entry = store.entries.get_mut(&(scope.clone(), digest.clone()))?;
        store.clock += 1;
        entry.last_used = store.clock;
        Some(entry.fetched.clone())
    }

    /// Returns the turn of whoever fetches this digest from this repository.
    pub(super) fn turn(&self, scope: &Scope, digest: &Digest) -> Rc<Turn> {
        let turns = &mut *self.turns.borrow_mut();
        if turns.len() >= MOST_TURNS {
            turns.retain(|_, turn| turn.strong_count() > 0);
        }
        let turn = turns.entry((scope.clone(), digest.clone())).or_default();
        turn.upgrade().unwrap_or_else(|| {
            let new = Rc::default();
            *turn = Rc::downgrade(&new);
            new
        })
    }

    /// Keeps a manifest.
    pub(super) fn keep(&self, scope: &Scope, fetched: &Fetched) {
        let size = fetched.blob.bytes().len();
        if size > ROOM {
            return;
        }
        let store = &mut *self.store.borrow_mut();
        store.clock += 1;
        let entry = Entry { fetched: fetched.clone(), last_used: store.clock };
        if store.entries.insert((scope.clone(), fetched.blob.digest().clone()), entry).is_none() {
            store.bytes += size;
        }
        while store.bytes > ROOM {
            let oldest = store.entries.iter().min_by_key(|(_, entry)| entry.last_used).map(|(key, _)| key.clone());
            let Some(gone) = oldest.and_then(|key| store.entries.remove(&key)) else { return };
            store.bytes -= gone.fetched.blob.bytes().len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::{Algorithm, Blob};

    fn keep_blob(kept: &Kept, scope: &Scope, blob: &Blob) {
        kept.keep(scope, &Fetched { blob: blob.clone(), content_type: None });
    }

    fn scope(repository: &str) -> Scope {
        Scope { registry: "ghcr.io".to_owned(), repository: repository.to_owned() }
    }

    #[test]
    fn what_is_kept_has_an_end_and_belongs_to_its_repository() {
        let kept = Kept::default();
        let blob = |byte: u8| Blob::of(Algorithm::Sha256, vec![byte; ROOM / 2]);
        for _ in 0..3 {
            keep_blob(&kept, &scope("a"), &blob(1));
        }
        keep_blob(&kept, &scope("a"), &blob(2));
        let is_kept = |repository: &str, byte| kept.find(&scope(repository), blob(byte).digest()).is_some();
        assert!(is_kept("a", 2) && is_kept("a", 1) && !is_kept("b", 1));
        keep_blob(&kept, &scope("a"), &blob(3));
        assert!(is_kept("a", 1) && !is_kept("a", 2) && is_kept("a", 3), "what was not asked for longest went");
        keep_blob(&kept, &scope("a"), &Blob::of(Algorithm::Sha256, vec![4; ROOM + 1]));
        assert!(is_kept("a", 1) && is_kept("a", 3) && !is_kept("a", 4), "what has no room takes nobody's");
    }

    #[test]
    fn those_who_fetch_the_same_share_a_turn() {
        let kept = Kept::default();
        let digest = |byte: u8| Blob::of(Algorithm::Sha256, vec![byte]).digest().clone();
        let turn = kept.turn(&scope("a"), &digest(1));
        assert!(Rc::ptr_eq(&turn, &kept.turn(&scope("a"), &digest(1))));
        assert!(!Rc::ptr_eq(&turn, &kept.turn(&scope("b"), &digest(1))));
        assert!(!Rc::ptr_eq(&turn, &kept.turn(&scope("a"), &digest(2))));
        for number in 0..2 * MOST_TURNS {
            kept.turn(&scope(&number.to_string()), &digest(1));
        }
        assert!(kept.turns.borrow().len() <= MOST_TURNS + 1);
        assert!(Rc::ptr_eq(&turn, &kept.turn(&scope("a"), &digest(1))));
    }
}
