//! Why a journal cannot be used.

use std::fs::TryLockError;
use std::io;

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum JournalError {
    /// There is one, and nothing says to go on with it.
    #[error("it is there already")]
    Exists,
    /// Another process writes it.
    #[error("another process uses it")]
    Taken,
    /// Its verdicts were given by something else.
    #[error("it is of another run: {} changed", .differ.join(", "))]
    Other { differ: Vec<String> },
    /// Another form than this program writes.
    #[error("expected form 1, found {found}")]
    Form { found: u32 },
    /// A line is not as it was written.
    #[error("line {line} is damaged")]
    Damaged { line: u64 },
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] io::Error),
}

impl JournalError {
    pub(super) fn of_lock(error: TryLockError) -> Self {
        match error {
            TryLockError::WouldBlock => Self::Taken,
            TryLockError::Error(error) => Self::File(error),
        }
    }

    /// What to do about it.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Exists => "add `--resume` to go on with it, or name a new file",
            Self::Taken => "wait until that process ends, or name another file",
            Self::Other { .. } | Self::Form { .. } => {
                "name a new file: verdicts of another run say nothing about this one"
            }
            Self::Damaged { .. } => "delete the file and begin again: its verdicts cannot be believed",
            Self::File(_) => "name a regular file in a folder that can be written; links are not followed",
        }
    }
}
