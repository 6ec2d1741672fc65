//! Files of a repository, held in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sigstore_tuf::transport::FetchFuture;
use sigstore_tuf::{Error, MetadataStore, Repository};

use super::strict;

/// Texts by the names under which the workflow keeps them: `timestamp.json`, `root_history/3.root.json`,
/// `targets/trusted_root.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Files(BTreeMap<String, String>);

impl Files {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes over the roots of other files: a root that revoked a key is never forgotten.
    pub(super) fn take_roots(&mut self, other: &Self) {
        let roots = other.0.iter().filter(|(name, _)| name.starts_with(ROOTS));
        self.0.extend(roots.map(|(name, text)| (name.clone(), text.clone())));
    }

    /// Finds a file by its stored name, or by its name in a repository, which begins with the version.
    fn find(&self, name: &str) -> Option<&String> {
        let unversioned = || name.split_once('.').filter(|(version, _)| version.bytes().all(|b| b.is_ascii_digit()));
        self.0.get(name).or_else(|| unversioned().and_then(|(_, name)| self.0.get(name)))
    }
}

const ROOTS: &str = "root_history/";

/// Files that the workflow reads and adds to.
pub(super) struct Store(Mutex<Files>);

impl Store {
    pub(super) fn new(files: Files) -> Self {
        Self(Mutex::new(files))
    }

    pub(super) fn files(&self) -> Files {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Files> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MetadataStore for Store {
    fn load(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let Some(text) = self.lock().0.get(name).cloned() else { return Ok(None) };
        strict::check(name, text.as_bytes())?;
        Ok(Some(text.into_bytes()))
    }

    fn store(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        // The newest root is in the history too, and the newest snapshot without its version.
        let is_copy = name == "root.json" || name.ends_with(".snapshot.json");
        if !is_copy {
            let text = String::from_utf8(bytes.to_vec());
            let text = text.map_err(|_| Error::Malformed(format!("`{name}` is not text in UTF-8")))?;
            self.lock().0.insert(name.to_owned(), text);
        }
        Ok(())
    }
}

/// A repository without a network: it has the stored files and no others.
pub(super) struct Offline(pub(super) std::sync::Arc<Store>);

impl Repository for Offline {
    fn fetch_metadata<'a>(&'a self, name: &'a str, _: u64) -> FetchFuture<'a> {
        Box::pin(async move {
            let Some(text) = self.0.lock().find(name).cloned() else { return Ok(None) };
            strict::check(name, text.as_bytes())?;
            Ok(Some(text.into_bytes()))
        })
    }

    fn fetch_target<'a>(&'a self, _: &'a str, _: u64) -> FetchFuture<'a> {
        // The workflow has looked in the store before it asks here.
        Box::pin(async { Ok(None) })
    }
}
