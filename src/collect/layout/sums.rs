//! The checksums of a pack: one line for each file, in the format of `sha256sum`. They find damage, also in bytes that no digest
//! covers.
//!
//! They do not show who made the pack. Trust comes from the signatures on the evidence and from the policy that the user gives.

use std::collections::BTreeSet;
use std::path::Path;

use super::place::at;
use crate::collect::error::SourceError;
use crate::oci::{Algorithm, BlobError, Digest, decode_hex};

/// The path of the checksums in a pack.
pub(in crate::collect) const SUMS: &str = "bonafide/SHA256SUMS";
/// The longest list of checksums that is read, in bytes: some 25,000 files.
const LARGEST: u64 = 4 << 20;
/// The most parts of a path in the checksums.
const PARTS: usize = 8;

/// The parts of a path.
type Parts<'a> = &'a [&'a str];

/// Compares every file that the checksums name with its checksum. Returns the names of those files and of the checksums
/// themselves, or `None` for a layout without checksums. `read_file` reads a file up to a limit in bytes; `hash` returns the
/// SHA-256 of a file. The first damaged or missing file is an error.
pub(super) fn check(
    layout: &Path,
    read_file: impl Fn(Parts<'_>, u64) -> Result<Vec<u8>, SourceError>,
    hash: impl Fn(Parts<'_>) -> Result<Digest, SourceError>,
) -> Result<Option<BTreeSet<String>>, SourceError> {
    let path: Vec<&str> = SUMS.split('/').collect();
    let bytes = match read_file(&path, LARGEST) {
        Err(error) if error.is_not_found() => return Ok(None),
        read => read?,
    };
    let wrong =
        |found: String| SourceError::Unexpected { at: at(layout, SUMS), expected: "checksums of a pack", found };
    let text = std::str::from_utf8(&bytes).map_err(|error| wrong(error.to_string()))?;
    let text = text.strip_suffix('\n').ok_or_else(|| wrong("a line without an end".to_owned()))?;
    let mut last = "";
    let mut all = BTreeSet::from([SUMS.to_owned()]);
    for (number, line) in text.split('\n').enumerate() {
        let (digest, name) = read(line).ok_or_else(|| wrong(format!("another form in line {}", number + 1)))?;
        // In order, so that none comes twice.
        if name <= last {
            return Err(wrong(format!("line {} out of order", number + 1)));
        }
        last = name;
        all.insert(name.to_owned());
        let found = hash(&name.split('/').collect::<Vec<_>>())?;
        if found != digest {
            let source = BlobError::DigestMismatch { expected: digest, found };
            return Err(SourceError::Corrupt { at: at(layout, name), source });
        }
    }
    Ok(Some(all))
}

/// Reads a line in the one form in which it is written.
fn read(line: &str) -> Option<(Digest, &str)> {
    let (hex, name) = line.split_once("  ")?;
    let is_lower = hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let digest = Digest::from_bytes(Algorithm::Sha256, &decode_hex(hex).filter(|_| is_lower)?)?;
    let is_plain = |part: &str| {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@+".contains(&byte);
        part.bytes().any(|byte| byte != b'.') && part.bytes().all(is_name)
    };
    (name.split('/').count() <= PARTS && name.split('/').all(is_plain)).then_some((digest, name))
}
