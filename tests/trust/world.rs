//! A repository, a mirror that serves it, and one machine's cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bonafide::collect::{FileServer, FileServerSettings};
use bonafide::tuf::{Cache, Current, Repository, TufError, Update, cached, update};
use jiff::{SignedDuration, Timestamp};

use crate::support::registry::Registry;
use crate::support::tuf::{Files, TufRepository, serve};

/// The time at which everything happens.
pub(crate) fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().expect("a time")
}

/// So many days later.
pub(crate) fn days(days: i64) -> Timestamp {
    now() + SignedDuration::from_hours(24 * days)
}

pub(crate) struct World {
    pub(crate) repository: TufRepository,
    pub(crate) server: Registry,
    pub(crate) folder: PathBuf,
}

/// The trusted root of the fixtures, as the target of the repository.
pub(crate) const TRUSTED_ROOT: &str = include_str!("../../fixtures/trust/lab.trusted_root.json");

impl World {
    /// An honest repository on its mirror, and no cache yet.
    pub(crate) fn new() -> World {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let name = format!("trust-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let world = World { repository: TufRepository::new(TRUSTED_ROOT), server: Registry::start(), folder };
        world.publish();
        world
    }

    /// The same, updated once.
    pub(crate) fn updated() -> World {
        let world = World::new();
        world.update().expect("an honest repository");
        world
    }

    /// Serves the repository as it is now.
    pub(crate) fn publish(&self) {
        self.serve(&self.repository.files());
    }

    pub(crate) fn serve(&self, files: &Files) {
        serve(&self.server, files);
    }

    pub(crate) fn repository(&self) -> Repository {
        Repository::at(&self.server.url(), self.repository.anchor())
    }

    pub(crate) fn cache(&self) -> Cache {
        Cache::new(Some(self.folder.clone()))
    }

    pub(crate) fn update(&self) -> Result<Update, TufError> {
        self.update_at(now())
    }

    pub(crate) fn update_at(&self, now: Timestamp) -> Result<Update, TufError> {
        update_in(&self.repository(), &self.cache(), Duration::from_secs(20), now)
    }

    pub(crate) fn cached(&self) -> Result<Option<Current>, TufError> {
        cached(&self.repository(), &self.cache(), now())
    }

    /// Asserts that the next update is refused for this reason, and that what was cached is still used.
    #[track_caller]
    pub(crate) fn refuses(&self, reason: &str) {
        let said = full(&self.update().expect_err("the repository is broken"));
        assert!(said.contains(reason), "expected `{reason}`, found `{said}`");
        let current = self.cached().expect("the cache is sound").expect("the cache is kept");
        assert_eq!(current.root.updated_at, Some(now()));
    }

    /// The one file of the cache.
    pub(crate) fn cache_file(&self) -> PathBuf {
        let entries = fs::read_dir(&self.folder).expect("the cache").map(|entry| entry.expect("an entry").path());
        let mut files: Vec<PathBuf> =
            entries.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        files.remove(0)
    }

    /// Changes the text of the cache.
    pub(crate) fn tamper(&self, change: impl FnOnce(String) -> String) {
        let file = self.cache_file();
        let text = fs::read_to_string(&file).expect("the cache");
        let changed = change(text.clone());
        assert_ne!(text, changed, "the change changes something");
        fs::write(&file, changed).expect("the cache can be written");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // A left-over lies in cargo's own directory, where the next `cargo clean` finds it.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Updates within a time.
pub(crate) fn update_in(
    repository: &Repository,
    cache: &Cache,
    total_time: Duration,
    now: Timestamp,
) -> Result<Update, TufError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let settings = FileServerSettings { ca_file: None, silence: total_time, total_time };
        let mirror = FileServer::open(repository.mirror(), &settings).expect("an address");
        update(repository, cache, &mirror, now).await
    })
}

/// An error with all of its causes.
pub(crate) fn full(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
