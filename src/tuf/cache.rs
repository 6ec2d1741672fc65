//! Verified files, cached for the next run: one file for each repository, replaced whole.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::collect::files::{self, FileError};
use crate::collect::saving;
use crate::json;

use super::Repository;
use super::files::Files;

/// A folder for trusted roots and their metadata.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: Option<PathBuf>,
}

/// Why the cache cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Its folder is not set.
    #[error("no cache folder: neither `XDG_CACHE_HOME` nor `HOME` is set")]
    NoFolder,
    /// The system refuses.
    #[error("`{}` cannot be {verb}", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// `read` or `written`.
        verb: &'static str,
        /// What the system says.
        source: FileError,
    },
    /// A file in another format, or the cache of another version of this program.
    #[error("`{}` is not a cache of this version", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The parser's error.
        source: json::Error,
    },
    /// It is larger than any.
    #[error("`{}` is larger than {LARGEST} bytes", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Another run has been updating it for long.
    #[error("another run holds `{}`, after {} s still", .path.display(), .waited.as_secs())]
    Locked {
        /// The lock.
        path: PathBuf,
        /// How long this run waited.
        waited: Duration,
    },
}

/// The largest file that is read or written, in bytes. Honest ones have a hundred thousand.
const LARGEST: u64 = 32 * 1024 * 1024;
/// How long another run's update is waited for. It has an end of its own.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The cached files of one repository.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CachedFiles {
    /// When the last update succeeded.
    pub(super) updated_at: Option<Timestamp>,
    /// All that the last update that succeeded rests on.
    pub(super) complete: Files,
    /// What a later update verified before it failed: nothing older than this will do. Empty if none failed.
    pub(super) seen: Files,
}

impl CachedFiles {
    /// Returns what the next update starts from.
    pub(super) fn newest(&self) -> &Files {
        if self.seen.is_empty() { &self.complete } else { &self.seen }
    }

    /// Returns what the last update that succeeded rests on, under the newest root that was seen since.
    pub(super) fn usable(&self) -> Files {
        let mut files = self.complete.clone();
        files.take_roots(&self.seen);
        files
    }
}

/// Keeps other runs from updating the same repository as long as it lives.
pub(super) struct Lock {
    _file: File,
}

impl Cache {
    /// Keeps files in a folder, which is made when it is needed; `None` is for those who have nowhere to keep any.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// Returns the folder.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Reads the cached files of a repository. They prove nothing by themselves.
    pub(super) fn read(&self, repository: &Repository) -> Result<Option<CachedFiles>, CacheError> {
        // Without a cache folder nothing was cached, which is not an error.
        let Ok(path) = self.file(repository, "json") else { return Ok(None) };
        let bytes = match files::read(&path, LARGEST) {
            Ok(bytes) => bytes,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(source) => return Err(CacheError::File { path, verb: "read", source }),
        };
        json::from_slice(&bytes).map(Some).map_err(|source| CacheError::Malformed { path, source })
    }

    /// Replaces the cached files of a repository, wholly or not at all.
    pub(super) fn write(
        &self,
        repository: &Repository,
        cached_files: &CachedFiles,
        _lock: &Lock,
    ) -> Result<(), CacheError> {
        let path = self.file(repository, "json")?;
        let bytes = serde_json::to_vec(cached_files).expect("texts and a time can be written as JSON");
        if bytes.len() as u64 > LARGEST {
            return Err(CacheError::TooLarge { path });
        }
        saving::save_private(&path, &bytes).map_err(|error| CacheError::File {
            path,
            verb: "written",
            source: error.into(),
        })
    }

    /// Waits until no other run updates the repository.
    pub(super) async fn lock(&self, repository: &Repository) -> Result<Lock, CacheError> {
        let path = self.file(repository, "lock")?;
        let refused = |source| CacheError::File { path: path.clone(), verb: "written", source };
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(|error| refused(error.into()))?;
        let file = files::open_or_create(&path).map_err(refused)?;
        let end = Instant::now() + LONGEST_WAIT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(TryLockError::Error(error)) => return Err(refused(error.into())),
                Err(TryLockError::WouldBlock) if Instant::now() < end => sleep(Duration::from_millis(20)).await,
                Err(TryLockError::WouldBlock) => return Err(CacheError::Locked { path, waited: LONGEST_WAIT }),
            }
        }
    }

    fn file(&self, repository: &Repository, ending: &str) -> Result<PathBuf, CacheError> {
        let folder = self.folder.as_ref().ok_or(CacheError::NoFolder)?;
        Ok(folder.join(format!("{}.{ending}", repository.name())))
    }
}
