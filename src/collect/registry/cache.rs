//! Manifests and blobs that the images of a run share.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::{Rc, Weak};

use tokio::sync::Mutex;

use super::access::Scope;
use crate::collect::source::Fetched;
use crate::oci::Digest;

/// Manifests and blobs of a run, by repository and digest: a digest in one repository says nothing about another. Every
/// entry was checked against its digest. When the cache is full, the least recently used entry goes.
#[derive(Debug, Default)]
pub(super) struct Cache {
    entries: RefCell<Entries>,
    turns: RefCell<HashMap<Key, Weak<Turn>>>,
}

type Key = (Scope, Digest);

/// Held during a fetch. Others who want the same digest wait for it, and find it in the cache.
pub(super) type Turn = Mutex<()>;

#[derive(Debug, Default)]
struct Entries {
    by_key: HashMap<Key, Entry>,
    /// The entries by when they were last used: the first is the one that goes.
    by_age: BTreeMap<u64, Key>,
    bytes: usize,
    /// The number of look-ups and additions.
    clock: u64,
}

#[derive(Debug)]
struct Entry {
    fetched: Fetched,
    last_used: u64,
}

/// The size of the cache, in bytes. Content is asked for again while its image is examined, or by an image beside it; a larger cache
/// would only fill with images that are done.
const ROOM: usize = 8 * 1024 * 1024;

/// At this number, turns without a holder are dropped.
const MOST_TURNS: usize = 1024;

impl Cache {
    /// Returns the entry of this repository and digest.
    pub(super) fn find(&self, scope: &Scope, digest: &Digest) -> Option<Fetched> {
        let store = &mut *self.entries.borrow_mut();
        let entry = store.by_key.get_mut(&(scope.clone(), digest.clone()))?;
        store.clock += 1;
        if let Some(key) = store.by_age.remove(&entry.last_used) {
            store.by_age.insert(store.clock, key);
        }
        entry.last_used = store.clock;
        Some(entry.fetched.clone())
    }

    /// Returns the turn for fetching this digest from this repository.
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

    /// Adds a manifest or blob, unless it is larger than the cache.
    pub(super) fn add(&self, scope: &Scope, fetched: &Fetched) {
        let size = fetched.blob.bytes().len();
        if size > ROOM {
            return;
        }
        let store = &mut *self.entries.borrow_mut();
        store.clock += 1;
        let entry = Entry { fetched: fetched.clone(), last_used: store.clock };
        let key = (scope.clone(), fetched.blob.digest().clone());
        store.by_age.insert(store.clock, key.clone());
        match store.by_key.insert(key, entry) {
            Some(before) => _ = store.by_age.remove(&before.last_used),
            None => store.bytes += size,
        }
        while store.bytes > ROOM {
            let oldest = store.by_age.pop_first();
            let Some(gone) = oldest.and_then(|(_, key)| store.by_key.remove(&key)) else { return };
            store.bytes -= gone.fetched.blob.bytes().len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::registry::access::Rights;
    use crate::oci::{Algorithm, Blob};

    fn add_blob(cache: &Cache, scope: &Scope, blob: &Blob) {
        cache.add(scope, &Fetched { blob: blob.clone(), content_type: None });
    }

    fn scope(repository: &str) -> Scope {
        Scope { registry: "ghcr.io".to_owned(), repository: repository.to_owned(), rights: Rights::Pull }
    }

    #[test]
    fn the_cache_is_bounded_and_an_entry_belongs_to_its_repository() {
        let cache = Cache::default();
        let blob = |byte: u8| Blob::of(Algorithm::Sha256, vec![byte; ROOM / 2]);
        for _ in 0..3 {
            add_blob(&cache, &scope("a"), &blob(1));
        }
        add_blob(&cache, &scope("a"), &blob(2));
        let is_kept = |repository: &str, byte| cache.find(&scope(repository), blob(byte).digest()).is_some();
        assert!(is_kept("a", 2) && is_kept("a", 1) && !is_kept("b", 1));
        add_blob(&cache, &scope("a"), &blob(3));
        assert!(is_kept("a", 1) && !is_kept("a", 2) && is_kept("a", 3), "the least recently used one went");
        add_blob(&cache, &scope("a"), &Blob::of(Algorithm::Sha256, vec![4; ROOM + 1]));
        assert!(is_kept("a", 1) && is_kept("a", 3) && !is_kept("a", 4), "a blob larger than the cache displaces none");
    }

    #[test]
    fn fetches_of_the_same_digest_share_a_turn() {
        let cache = Cache::default();
        let digest = |byte: u8| Blob::of(Algorithm::Sha256, vec![byte]).digest().clone();
        let turn = cache.turn(&scope("a"), &digest(1));
        assert!(Rc::ptr_eq(&turn, &cache.turn(&scope("a"), &digest(1))));
        assert!(!Rc::ptr_eq(&turn, &cache.turn(&scope("b"), &digest(1))));
        assert!(!Rc::ptr_eq(&turn, &cache.turn(&scope("a"), &digest(2))));
        for number in 0..2 * MOST_TURNS {
            cache.turn(&scope(&number.to_string()), &digest(1));
        }
        assert!(cache.turns.borrow().len() <= MOST_TURNS + 1);
        assert!(Rc::ptr_eq(&turn, &cache.turn(&scope("a"), &digest(1))));
    }
}
