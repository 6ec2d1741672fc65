//! `--bundle` and `--sums`: evidence in files of this machine, for the files that are verified.

use std::path::PathBuf;

use crate::collect::{Given, LooseError, SumsFile, read_loose};
use crate::oci::Reference;

use super::diagnostics::Diagnostic;
use super::input;

/// Reads all that is given.
pub(super) fn read(bundles: &[PathBuf], lists: &[PathBuf]) -> Result<Given, Diagnostic> {
    let mut loose = Vec::new();
    for file in bundles {
        loose.extend(read_loose(file).map_err(|error| match error {
            LooseError::File(error) => input::unreadable(file, error),
            error @ LooseError::TooMany(_) => {
                Diagnostic::usage(error, "split the file").about(format!("cannot use `{}`", file.display()))
            }
        })?);
    }
    let read = |file: &PathBuf| SumsFile::read(file).map_err(|error| input::unreadable(file, error));
    Ok(Given { loose, lists: lists.iter().map(read).collect::<Result<_, _>>()? })
}

/// Refuses `--bundle` without a file to verify: the evidence would not be used.
pub(super) fn refuse_without_file<'r>(
    flag: &str,
    given: &[PathBuf],
    references: impl IntoIterator<Item = &'r Reference>,
) -> Result<(), Diagnostic> {
    let is_file = |reference: &Reference| matches!(reference, Reference::File(_));
    if given.is_empty() || references.into_iter().any(is_file) {
        return Ok(());
    }
    Err(Diagnostic::usage(
        format!("`{flag}` is given, and no file is verified"),
        "name the file as `file:PATH`; evidence attached to an image is found in its registry or layout",
    ))
}
