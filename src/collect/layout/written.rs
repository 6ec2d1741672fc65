//! The archive of a pack, in the one form that `collect` writes. The form fixes every byte outside the files, so any changed byte
//! is found.

use std::io::{self, Read, Seek, SeekFrom};

/// The user name in each file's header. It marks archives that `collect` wrote; other programs write another name.
const WRITER: &str = "bonafide";
/// Where a header of the form `ustar` has the name of the user.
const USER: std::ops::Range<usize> = 265..297;
pub(in crate::collect) const BLOCK: u64 = 512;

/// Returns what stands before the bytes of a file.
pub(in crate::collect) fn header(name: &str, size: u64) -> io::Result<Vec<u8>> {
    let mut header = tar::Header::new_ustar();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_username(WRITER)?;
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, name, io::empty())?;
    let mut bytes = archive.into_inner()?;
    // The end of an archive follows.
    bytes.truncate(bytes.len().saturating_sub(2 * 512));
    Ok(bytes)
}

/// Returns how many zeros stand after the bytes of a file.
pub(in crate::collect) fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK
}

/// Whether an archive begins as those that are written here.
pub(super) fn is_own(archive: &mut (impl Read + Seek)) -> io::Result<bool> {
    let mut first = [0; 512];
    archive.rewind()?;
    let is_whole = archive.read_exact(&mut first).is_ok();
    let mut user = [0; 32];
    user[..WRITER.len()].copy_from_slice(WRITER.as_bytes());
    Ok(is_whole && first[USER] == user)
}

/// Whether an archive has these files in this order and nothing between them. Their bytes are not looked at.
pub(super) fn is_exact<'a>(
    archive: &mut (impl Read + Seek),
    files: impl IntoIterator<Item = (&'a str, u64)>,
) -> io::Result<bool> {
    archive.rewind()?;
    for (name, size) in files {
        let expected = header(name, size)?;
        let mut found = vec![0; expected.len()];
        archive.read_exact(&mut found)?;
        if found != expected {
            return Ok(false);
        }
        archive.seek(SeekFrom::Current(i64::try_from(size).map_err(io::Error::other)?))?;
        let mut zeros = Vec::new();
        archive.take(padding(size)).read_to_end(&mut zeros)?;
        if zeros.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
    }
    let mut end = [1; 2 * 512];
    archive.read_exact(&mut end)?;
    Ok(end.iter().all(|byte| *byte == 0))
}
