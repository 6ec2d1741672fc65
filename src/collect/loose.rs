//! The files of this machine with evidence that is attached to no image: those beside a file, and those that the user names.

use std::path::{Path, PathBuf};

use super::files::{self, FileError};
use super::limits::Limits;
use crate::evidence::{Loose, TooManyBundles, detached};

/// The longest signature or certificate that stands in a file of its own, in bytes.
const LONGEST_DETACHED: u64 = 64 * 1024;
/// Endings that tools give a file of bundles, added to the name of its subject: Sigstore's clients now and before, cosign's
/// `--bundle`, and slsa-github-generator.
const BUNDLES: [&str; 4] = [".sigstore.json", ".sigstore", ".bundle", ".intoto.jsonl"];
/// Endings that cosign's users give a signature and its certificate, each in its own file.
const SIGNATURE: &str = ".sig";
const CERTIFICATE: &str = ".pem";

/// What keeps a file beside another from being read.
#[derive(Debug)]
pub(super) struct Unread {
    pub(super) file: PathBuf,
    pub(super) error: FileError,
}

/// Why a file with bundles is not read.
#[derive(Debug, thiserror::Error)]
pub enum LooseError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// There are more bundles than are judged.
    #[error(transparent)]
    TooMany(#[from] TooManyBundles),
}

/// Reads a file that a user names.
pub fn read_loose(file: &Path) -> Result<Vec<Loose>, LooseError> {
    Ok(Loose::read(file, &files::read_given(file, Limits::default().total_bytes)?)?)
}

/// Reads the evidence beside a file, found by the usual names. A missing file is not a gap. A file that exists and cannot be read
/// may be evidence, so it is returned as unread.
pub(super) fn read_beside(path: &str) -> (Vec<Loose>, Vec<Unread>) {
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    let mut left = Limits::default().total_bytes;
    for ending in BUNDLES {
        let file = PathBuf::from(format!("{path}{ending}"));
        let bytes = files::read(&file, left).map_err(LooseError::File);
        left -= bytes.as_ref().map_or(0, |bytes| bytes.len() as u64);
        match bytes.and_then(|bytes| Ok(Loose::read(&file, &bytes)?)) {
            Ok(loose) => found.extend(loose),
            Err(LooseError::File(error)) if error.is_not_found() => {}
            Err(LooseError::File(error)) => unread.push(Unread { file, error }),
            Err(error @ LooseError::TooMany(_)) => {
                unread.push(Unread { file, error: std::io::Error::other(error).into() });
            }
        }
    }
    let signature = PathBuf::from(format!("{path}{SIGNATURE}"));
    match files::read(&signature, LONGEST_DETACHED) {
        Ok(bytes) => match certificate(path) {
            Ok(certificate) => found.push(detached(&signature, &bytes, certificate.as_deref())),
            Err(error) => unread.push(error),
        },
        Err(error) if error.is_not_found() => {}
        Err(error) => unread.push(Unread { file: signature, error }),
    }
    (found, unread)
}

/// Names the places of [`read_beside`], for people.
pub(crate) fn endings() -> String {
    let [first, rest @ ..] = BUNDLES;
    rest.iter().fold(first.to_owned(), |text, ending| format!("{text}, {ending}")) + " or " + SIGNATURE
}

/// The certificate beside a signature, if there is one.
fn certificate(path: &str) -> Result<Option<Vec<u8>>, Unread> {
    let file = PathBuf::from(format!("{path}{CERTIFICATE}"));
    match files::read(&file, LONGEST_DETACHED) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(Unread { file, error }),
    }
}
