//! The files of a layout in a directory.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use super::place::{at, too_large};
use crate::collect::error::SourceError;
use crate::collect::files;
use crate::collect::spool::Spool;
use crate::oci::{Algorithm, Digest, Hasher};

/// Reads a regular file below the directory, at most `limit` bytes of it.
pub(super) fn read(directory: &Path, path: &[&str], limit: u64) -> Result<Vec<u8>, SourceError> {
    let name = path.join("/");
    let file = open(directory, path)?;
    let failed = |error| failure(directory, &name, error);
    let declared = file.metadata().map_err(failed)?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(declared.min(limit)).unwrap_or_default());
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(too_large(directory, &name, limit));
    }
    Ok(bytes)
}

/// Copies a regular file below the directory, and one byte more than `limit` at most.
pub(super) fn copy(directory: &Path, path: &[&str], limit: u64, mut to: &Spool) -> Result<(), SourceError> {
    let file = open(directory, path)?;
    let copied = io::copy(&mut file.take(limit.saturating_add(1)), &mut to);
    copied.map(drop).map_err(|error| failure(directory, &path.join("/"), error))
}

/// Returns the SHA-256 of a regular file below the directory.
pub(super) fn hash(directory: &Path, path: &[&str]) -> Result<Digest, SourceError> {
    hash_of(open(directory, path)?).map_err(|error| failure(directory, &path.join("/"), error))
}

/// Returns the SHA-256 of everything that comes.
pub(super) fn hash_of(mut from: impl Read) -> io::Result<Digest> {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = [0; 16 * 1024];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            count => hasher.update(&buffer[..count]),
        }
    }
}

fn open(directory: &Path, path: &[&str]) -> Result<File, SourceError> {
    let name = path.join("/");
    let failed = |error| failure(directory, &name, error);
    let mut file = directory.to_owned();
    for (position, part) in path.iter().enumerate() {
        file.push(part);
        let is_last = position + 1 == path.len();
        let found = fs::symlink_metadata(&file).map_err(failed)?.file_type();
        // A symbolic link may lead out of the layout, and a pipe or device never ends (A279).
        if !(if is_last { found.is_file() } else { found.is_dir() }) {
            let expected = if is_last { "a regular file" } else { "a directory" };
            let found = if found.is_symlink() { "a symbolic link" } else { "something else" };
            return Err(SourceError::Unexpected { at: at(directory, &name), expected, found: found.to_owned() });
        }
    }
    // Once more by its type: it may be another one by now.
    files::open(&file).map_err(|error| error.of_source(at(directory, &name)))
}

fn failure(directory: &Path, name: &str, error: io::Error) -> SourceError {
    match error.kind() {
        ErrorKind::NotFound => SourceError::NotFound { at: at(directory, name) },
        _ => SourceError::File { at: at(directory, name), source: Arc::new(error) },
    }
}
