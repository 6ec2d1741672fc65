//! The type of the file at a layout's path, before it is read: people name an archive a directory, or pass the output
//! of `docker save`.
//!
//! Only files that are certainly not a layout are refused here. A damaged layout is left to its reader.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek};
use std::path::Path;

use super::archive::is_of_a_layout;
use super::compressed::Compression;
use crate::collect::files;
use crate::oci::{LayoutForm, LayoutReference};

/// Why nothing at a place can be a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoLayout {
    /// Nothing is there.
    #[error("no such file or directory")]
    Missing,
    /// A directory was named, and a file is there.
    #[error("expected a directory with an OCI layout, found a file")]
    File,
    /// An archive was named, and a directory is there.
    #[error("expected an archive of an OCI layout, found a directory")]
    Directory,
    /// A pipe, a socket or a device.
    #[error("expected a directory or a regular file, found a pipe or a device")]
    Special,
    /// A directory without any file that a layout has.
    #[error("expected an OCI layout, found a directory without `oci-layout` and `index.json`")]
    OtherDirectory,
    /// What `docker save` writes without the containerd image store, which has no place for signatures.
    #[error("expected an OCI layout, found the output of `docker save`: it has `manifest.json` and no `oci-layout`")]
    DockerSave,
    /// A tar archive of something else.
    #[error("expected an archive of an OCI layout, found a tar archive without `oci-layout` and `index.json`")]
    OtherArchive,
    /// A file compressed in a way that is not read.
    #[error("expected a tar archive, plain or compressed with gzip or zstd, found one compressed with {0}")]
    Compressed(&'static str),
    /// A file that is not a tar archive.
    #[error("expected a tar archive of an OCI layout, found another kind of file")]
    NoArchive,
}

impl NoLayout {
    /// What to do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Missing => "check the path; relative ones begin in the current directory",
            Self::File => "if the file is an archive of a layout, write `oci-archive:FILE`",
            Self::Directory => "write `oci:DIR`",
            Self::Special => "write it into a file first, and name that: `oci-archive:FILE`",
            Self::OtherDirectory | Self::OtherArchive => {
                "make a layout with its signatures: `cosign save --dir DIR IMAGE`, `oras copy -r --to-oci-layout IMAGE DIR:TAG` or \
                 `regctl image export --referrers`"
            }
            Self::DockerSave => {
                "it has no signatures: name the image in its registry, or make a layout with `cosign save --dir DIR IMAGE`"
            }
            Self::Compressed(_) => "decompress it first",
            Self::NoArchive => "name an archive as `oci-archive:FILE`, and a directory as `oci:DIR`",
        }
    }
}

/// The bytes of a compressed archive that are read to recognise it. In a longer one, its reader names missing parts.
const MOST_COMPRESSED: u64 = 256 << 20;
/// More entries are not looked at.
const MOST_ENTRIES: usize = 100_000;
/// The beginnings of files in compressions that are not read.
const COMPRESSED: [(&[u8], &str); 2] = [(&[0xfd, b'7', b'z', b'X', b'Z'], "xz"), (b"BZh", "bzip2")];

/// Refuses paths that are certainly not a layout. An unrecognised or unreadable one passes: the reader names its fault.
pub fn refuse_other_than_layout(reference: &LayoutReference) -> Result<(), NoLayout> {
    let path = Path::new(&reference.path);
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Err(NoLayout::Missing);
        }
        Err(_) => return Ok(()),
    };
    match reference.form {
        _ if !found.is_dir() && !found.is_file() => Err(NoLayout::Special),
        LayoutForm::Directory if found.is_file() => Err(NoLayout::File),
        LayoutForm::Directory => directory(path),
        LayoutForm::Archive if found.is_dir() => Err(NoLayout::Directory),
        LayoutForm::Archive => files::open(path).map_or(Ok(()), archive),
    }
}

fn directory(path: &Path) -> Result<(), NoLayout> {
    let has =
        |name: &str| !matches!(path.join(name).symlink_metadata(), Err(error) if error.kind() == ErrorKind::NotFound);
    if ["oci-layout", "index.json", "blobs"].into_iter().any(has) {
        Ok(())
    } else if has("manifest.json") {
        Err(NoLayout::DockerSave)
    } else {
        Err(NoLayout::OtherDirectory)
    }
}

fn archive(mut file: File) -> Result<(), NoLayout> {
    let mut first = Vec::new();
    let read = file.by_ref().take(BLOCK).read_to_end(&mut first).and_then(|_| file.rewind());
    if read.is_err() {
        return Ok(());
    }
    if first.is_empty() {
        return Err(NoLayout::NoArchive);
    }
    if let Some((_, name)) = COMPRESSED.iter().find(|(magic, _)| first.starts_with(magic)) {
        return Err(NoLayout::Compressed(name));
    }
    if let Some(compression) = Compression::of(&first) {
        // A truncated archive cannot be told from a layout.
        return tar(tar::Archive::new(compression.decoder(file).take(MOST_COMPRESSED)).entries());
    }
    // POSIX.1-1988: the magic of a header. Without it, what cannot be read as an archive is none.
    let is_tar = first.get(257..262) == Some(b"ustar");
    match tar(tar::Archive::new(file).entries_with_seek()) {
        Err(NoLayout::NoArchive) if is_tar => Ok(()),
        other => other,
    }
}

const BLOCK: u64 = 512;

/// Looks for a file that a layout has; what cannot be read to its end passes, unless nothing of it can.
fn tar<R: Read>(entries: io::Result<tar::Entries<'_, R>>) -> Result<(), NoLayout> {
    let Ok(entries) = entries else { return Ok(()) };
    let mut is_saved = false;
    // Raw: no header is read into memory as long as it says. What a layout must have has short names.
    for (number, entry) in entries.raw(true).enumerate().take(MOST_ENTRIES) {
        let Ok(entry) = entry else { return if number == 0 { Err(NoLayout::NoArchive) } else { Ok(()) } };
        let bytes = entry.path_bytes();
        let name = std::str::from_utf8(&bytes).unwrap_or_default();
        let name = name.strip_prefix("./").unwrap_or(name);
        if is_of_a_layout(name) {
            return Ok(());
        }
        is_saved |= name == "manifest.json";
    }
    Err(if is_saved { NoLayout::DockerSave } else { NoLayout::OtherArchive })
}
