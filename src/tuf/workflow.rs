//! From a repository, or from its cached files, to a trusted root.

use std::sync::Arc;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use sigstore_tuf::{Error, TrustedMetadataSet, Updater};

use crate::collect::FileServer;
use crate::trust::{RootOrigin, TrustRoot};

use super::cache::CachedFiles;
use super::fetcher::remote;
use super::files::{Offline, Store};
use super::{Cache, CacheError, Repository, TufError};

/// The target that is the trusted root (sigstore-public-deployment-spec §4).
const TRUSTED_ROOT: &str = "trusted_root.json";

/// A trusted root, as its repository signed it.
#[derive(Debug, Clone)]
pub struct Current {
    /// The trusted root; its source is `cache`.
    pub root: TrustRoot,
    /// The earliest expiry in the metadata that covers it.
    pub valid_until: Timestamp,
}

/// An update that succeeded.
#[derive(Debug)]
pub struct Update {
    /// The trusted root.
    pub current: Current,
    /// Why it could not be cached for the next run.
    pub not_cached: Option<CacheError>,
}

/// Updates the cached files of a repository from its mirror.
///
/// `now` is the one time at which everything is judged (TUF 1.0.34 §5.1). Files verified before a failure are kept, so
/// that later updates cannot fall behind them (§5.3.8, §5.4.5); the last complete state stays usable beside them.
pub async fn update(
    repository: &Repository,
    cache: &Cache,
    mirror: &FileServer,
    now: Timestamp,
) -> Result<Update, TufError> {
    let lock = cache.lock(repository).await;
    // A cache that cannot be read counts as empty, and is written anew.
    let before = cache.read(repository).ok().flatten().unwrap_or_default();
    let store = Arc::new(Store::new(before.newest().clone()));
    let (source, requests) = remote();
    let work = async {
        let mut updater = updater(repository, source, &store)?;
        current(repository, &mut updater, now).await
    };
    let outcome = requests.answer_while(mirror, work).await;
    let cached_files = match &outcome {
        Ok(_) => CachedFiles { updated_at: Some(now), complete: store.files(), seen: super::files::Files::default() },
        Err(_) => CachedFiles { seen: store.files(), ..before },
    };
    let written = lock.and_then(|lock| cache.write(repository, &cached_files, &lock));
    let mut current = outcome?;
    current.root.updated_at = Some(now);
    Ok(Update { current, not_cached: written.err() })
}

/// Runs the workflow on the cached files of a repository, without a network. Returns `None` if no update has succeeded
/// yet.
pub fn cached(repository: &Repository, cache: &Cache, now: Timestamp) -> Result<Option<Current>, TufError> {
    let unreadable = |source| TufError::Cache { domain: repository.domain().to_owned(), source };
    let Some(cached_files) = cache.read(repository).map_err(unreadable)? else { return Ok(None) };
    let Some(updated_at) = cached_files.updated_at else { return Ok(None) };
    let store = Arc::new(Store::new(cached_files.usable()));
    let mut updater = updater(repository, Offline(Arc::clone(&store)), &store)?;
    let outcome = current(repository, &mut updater, now).now_or_never();
    // Files in memory are never waited for.
    let waited = || Err(TufError::of_workflow(repository.domain(), Error::transport("a file was waited for")));
    let mut current = outcome.unwrap_or_else(waited).map_err(TufError::of_cache)?;
    // A clock that was ahead must not make the root look newer than now.
    current.root.updated_at = Some(updated_at.min(now));
    Ok(Some(current))
}

fn updater(
    repository: &Repository,
    source: impl sigstore_tuf::Repository + 'static,
    store: &Arc<Store>,
) -> Result<Updater, TufError> {
    let anchor = repository.anchor();
    let unusable = |error| TufError::Anchor { domain: repository.domain().to_owned(), source: Box::new(error) };
    super::strict::check("root.json", anchor).map_err(unusable)?;
    Ok(Updater::new(source, anchor).map_err(unusable)?.with_store(Arc::clone(store)))
}

async fn current(repository: &Repository, updater: &mut Updater, now: Timestamp) -> Result<Current, TufError> {
    let domain = repository.domain();
    let bytes = trusted_root(updater, now).await.map_err(|error| TufError::of_workflow(domain, error))?;
    let mut root = TrustRoot::parse(domain, "cache", &bytes)
        .map_err(|source| TufError::TrustedRoot { domain: domain.to_owned(), source })?;
    root.origin = RootOrigin::Cached;
    Ok(Current { root, valid_until: valid_until(updater.trusted()) })
}

async fn trusted_root(updater: &mut Updater, now: Timestamp) -> Result<Vec<u8>, Error> {
    updater.refresh(now).await?;
    updater.get_target(TRUSTED_ROOT, now).await
}

fn valid_until(trusted: &TrustedMetadataSet) -> Timestamp {
    let ends = [
        trusted.timestamp().map(|timestamp| timestamp.expires),
        trusted.snapshot().map(|snapshot| snapshot.expires),
        trusted.targets_role("targets").map(|targets| targets.expires),
    ];
    ends.into_iter().flatten().fold(trusted.root().expires, Timestamp::min)
}
