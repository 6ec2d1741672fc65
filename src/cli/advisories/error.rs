//! Why advisories cannot be used, and how much of them is read.

use std::io;
use std::path::PathBuf;

use crate::collect::files::FileError;
use crate::packages::AdvisoryError;

/// The longest file of records that is read: lists of a whole database come as one.
pub(super) const LONGEST_FILE: u64 = 256 * 1024 * 1024;
/// The longest record in an archive.
pub(super) const LONGEST_RECORD: u64 = 64 * 1024 * 1024;
/// Bytes of JSON that are read in all. Memory stays well below that, as only what matching needs is kept.
pub(super) const MOST_BYTES: u64 = 8 * 1024 * 1024 * 1024;
/// Files that are read in all.
pub(super) const MOST_FILES: u64 = 4_000_000;
/// Folders within folders.
pub(super) const DEEPEST: u32 = 16;

/// Why advisories cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum AdvisoriesError {
    #[error("cannot read `{}`", .0.display())]
    File(PathBuf, #[source] FileError),
    #[error("`{}` cannot be read as a zip archive", .0.display())]
    Archive(PathBuf, #[source] rawzip::Error),
    #[error("`{}` ends early: it names {named} files and has {found}", .archive.display())]
    Incomplete { archive: PathBuf, named: u64, found: u64 },
    #[error("`{name}` in `{}` is compressed with {method}: expected none or deflate", .archive.display())]
    Method { archive: PathBuf, name: String, method: String },
    #[error("`{0}` is longer than {1} bytes")]
    TooLong(String, u64),
    #[error("the advisories are more than {MOST_BYTES} bytes or {MOST_FILES} files")]
    TooMany,
    #[error("`{}` has folders within folders beyond {DEEPEST}", .0.display())]
    TooDeep(PathBuf),
    #[error("`{0}` cannot be used")]
    Record(String, #[source] AdvisoryError),
    #[error("`{0}` is not text in UTF-8")]
    NoText(String),
    #[error("`{}` holds no advisory that can be read", .0.display())]
    Empty(PathBuf),
    #[error("`{}` is not a complete index of advisories: {why}", .index.display())]
    NoIndex { index: PathBuf, why: &'static str },
    #[error("cannot write `{}`", .0.display())]
    Write(PathBuf, #[source] io::Error),
}

impl AdvisoriesError {
    /// What to do about it.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::File(..) => "check the path, and fetch the file again if it is an archive",
            Self::Archive(..) | Self::Incomplete { .. } => "fetch the archive again: it came here broken",
            Self::Empty(_) => "give files that end with .json, .jsonl or .zip, or a folder that has some",
            Self::NoIndex { .. } => "make it again: `bonafide advisories index FILE|DIR -o advisories.jsonl`",
            Self::Write(..) => "name a file in a folder that exists and has room",
            Self::Record(..) | Self::NoText(_) | Self::Method { .. } => {
                "expected OSV records (https://ossf.github.io/osv-schema/): JSON objects with `id` and `affected`"
            }
            Self::TooLong(..) | Self::TooMany | Self::TooDeep(_) => {
                "give the archives of the ecosystems that the images are of, and no more"
            }
        }
    }
}
