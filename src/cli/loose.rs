//! `--bundle`: evidence in files of this machine, for the files that are verified.

use std::path::PathBuf;

use crate::collect::{Loose, LooseError, read_loose};
use crate::oci::Reference;

use super::diagnostics::Diagnostic;
use super::input;

/// Reads all that is given.
pub(super) fn read(files: &[PathBuf]) -> Result<Vec<Loose>, Diagnostic> {
    let mut all = Vec::new();
    for file in files {
        all.extend(read_loose(file).map_err(|error| match error {
            LooseError::File(error) => input::unreadable(file, error),
            error @ LooseError::TooMany { .. } => {
                Diagnostic::usage(error, "split the file").about(format!("cannot use `{}`", file.display()))
            }
        })?);
    }
    Ok(all)
}

/// Refuses `--bundle` without a file to verify: the evidence would not be used.
pub(super) fn refuse_without_file<'r>(
    given: &[PathBuf],
    references: impl IntoIterator<Item = &'r Reference>,
) -> Result<(), Diagnostic> {
    let is_file = |reference: &Reference| matches!(reference, Reference::File(_));
    if given.is_empty() || references.into_iter().any(is_file) {
        return Ok(());
    }
    Err(Diagnostic::usage(
        "`--bundle` is given, and no file is verified",
        "name the file as `file:PATH`; evidence attached to an image is found in its registry or layout",
    ))
}
