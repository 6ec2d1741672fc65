//! Files and standard input that cannot be read.

use std::io;
use std::path::Path;

use crate::collect::files::FileError;

use super::diagnostics::Diagnostic;

/// A file that was named and cannot be read.
pub(super) fn unreadable(path: &Path, error: impl Into<FileError>) -> Diagnostic {
    Diagnostic::usage(error.into(), "check the path").about(format!("cannot read `{}`", path.display()))
}

/// Standard input that cannot be read.
pub(super) fn no_standard_input(error: io::Error) -> Diagnostic {
    Diagnostic::usage(error, "give the file's name instead of `-`").about("cannot read standard input")
}
