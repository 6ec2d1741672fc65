//! The files of a layout in a tar archive, which may be compressed with gzip or zstd.
//!
//! Nothing is unpacked. The archive is walked once, to its end, recording where each file begins; files are read on
//! request. Everything that two programs could read differently is refused: links, devices, sparse files, names that
//! lead elsewhere, names that come twice, and sizes that are stated twice (A279).

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tar::{Entries, Entry, EntryType, PaxExtensions};

use super::compressed::{self, Compression};
use super::directory::hash_of;
use super::place::{at, too_large};
use super::written;
use crate::collect::error::SourceError;
use crate::collect::files;
use crate::collect::said::printable;
use crate::collect::spool::Spool;
use crate::oci::Digest;

/// An archive and where its files are.
#[derive(Debug)]
pub(super) struct Archive {
    path: PathBuf,
    compression: Option<Compression>,
    end: End,
    files: HashMap<String, Place>,
}

/// Where the bytes of a file are in the archive as it is without compression.
#[derive(Debug)]
struct Place {
    offset: u64,
    size: u64,
    /// The bytes of a small file in a compressed archive, which would have to be walked again for them.
    kept: Option<Vec<u8>>,
}

/// When the time for the image is up.
#[derive(Debug, Clone, Copy)]
struct End {
    at: Instant,
    allowed: Duration,
}

/// The most entries that are walked over. An image has a few files for each of its layers.
const MOST_ENTRIES: u64 = 100_000;
/// The most that is read out of a compressed archive, in bytes: larger than images are, and an end to a bomb.
const MOST_BYTES: u64 = 64 << 30;
/// The longest header of names, in bytes.
const LONGEST_EXTENSION: u64 = 64 * 1024;
/// The largest file that is kept, and all of them together, in bytes: manifests and signatures.
const KEPT: u64 = 1 << 20;
const KEPT_IN_ALL: u64 = 64 << 20;
const BLOCK: u64 = 512;

impl Archive {
    /// Walks over an archive. A faulty archive is an error here, before any of it is used.
    pub(super) fn open(path: &Path, allowed: Duration) -> Result<Self, SourceError> {
        let end = End { at: Instant::now() + allowed, allowed };
        let failed = |error| SourceError::File { at: path.display().to_string(), source: Arc::new(error) };
        let mut file = files::open(path).map_err(|error| error.of_source(path.display().to_string()))?;
        let mut first = Vec::new();
        file.by_ref().take(compressed::MAGIC as u64).read_to_end(&mut first).map_err(failed)?;
        file.rewind().map_err(failed)?;
        let compression = Compression::of(&first);
        let mut archive = Self { path: path.to_owned(), compression, end, files: HashMap::new() };
        archive.walk(file).map_err(|error| archive.failure(error))?;
        Ok(archive)
    }

    /// Reads a file of the archive, at most `limit` bytes of it.
    pub(super) fn read(&self, path: &[&str], limit: u64) -> Result<Vec<u8>, SourceError> {
        let name = path.join("/");
        let place = self.files.get(&name).ok_or_else(|| SourceError::NotFound { at: at(&self.path, &name) })?;
        if place.size > limit {
            return Err(too_large(&self.path, &name, limit));
        }
        match &place.kept {
            Some(bytes) => Ok(bytes.clone()),
            None => self.bytes(place).map_err(|error| self.failure(Failure::Io(error))),
        }
    }

    /// Refuses an archive that `collect` wrote and that now differs in form: it must hold these files in order, and nothing else.
    /// Compressed archives, and archives that another program wrote, are not compared.
    pub(super) fn check_written(&self, files: &BTreeSet<String>) -> Result<(), SourceError> {
        if self.compression.is_some() {
            return Ok(());
        }
        let is_as_written = || -> io::Result<bool> {
            let mut file = files::open(&self.path).map_err(io::Error::other)?;
            let sized = files.iter().map(|name| (name.as_str(), self.files.get(name).map_or(0, |place| place.size)));
            Ok(!written::is_own(&mut file)? || written::is_exact(&mut file, sized)?)
        };
        match is_as_written() {
            Ok(true) => Ok(()),
            Ok(false) => Err(wrong(&self.path, "an archive of `collect` that was changed")),
            Err(error) => Err(self.failure(Failure::Io(error))),
        }
    }

    /// Returns the SHA-256 of a file of the archive.
    pub(super) fn hash(&self, path: &[&str]) -> Result<Digest, SourceError> {
        self.with(path, |bytes| hash_of(bytes))
    }

    /// Copies a file of the archive, and one byte more than `limit` at most.
    pub(super) fn copy(&self, path: &[&str], limit: u64, mut to: &Spool) -> Result<(), SourceError> {
        self.with(path, |bytes| io::copy(&mut bytes.take(limit.saturating_add(1)), &mut to).map(drop))
    }

    /// Does something with the bytes of a file.
    fn with<T>(&self, path: &[&str], act: impl FnOnce(&mut dyn Read) -> io::Result<T>) -> Result<T, SourceError> {
        let name = path.join("/");
        let place = self.files.get(&name).ok_or_else(|| SourceError::NotFound { at: at(&self.path, &name) })?;
        let read = || -> io::Result<T> {
            let mut file = files::open(&self.path).map_err(io::Error::other)?;
            if let Some(bytes) = &place.kept {
                return act(&mut bytes.as_slice());
            }
            if let Some(compression) = self.compression {
                let mut plain = Counted::new(compression.decoder(file), self.end);
                io::copy(&mut plain.by_ref().take(place.offset), &mut io::sink())?;
                return act(&mut plain.take(place.size));
            }
            file.seek(SeekFrom::Start(place.offset))?;
            act(&mut Counted::new(file, self.end).take(place.size))
        };
        read().map_err(|error| self.failure(Failure::Io(error)))
    }

    fn bytes(&self, place: &Place) -> io::Result<Vec<u8>> {
        let mut file = files::open(&self.path).map_err(io::Error::other)?;
        if let Some(compression) = self.compression {
            let mut plain = Counted::new(compression.decoder(file), self.end);
            io::copy(&mut plain.by_ref().take(place.offset), &mut io::sink())?;
            exactly(&mut plain, place.size)
        } else {
            file.seek(SeekFrom::Start(place.offset))?;
            exactly(&mut file, place.size)
        }
    }

    fn walk(&mut self, file: File) -> Result<(), Failure> {
        if let Some(compression) = self.compression {
            let plain = compression.decoder(file).take(MOST_BYTES);
            let plain = Counted::new(plain, self.end);
            let position = Rc::clone(&plain.position);
            let mut archive = tar::Archive::new(plain);
            let end = self.list(archive.entries()?)?;
            check_end(archive.into_inner(), &position, end)
        } else {
            let file = Counted::new(file, self.end);
            let position = Rc::clone(&file.position);
            let mut archive = tar::Archive::new(file);
            // The content of layers is jumped over.
            let end = self.list(archive.entries_with_seek()?)?;
            check_end(BufReader::new(archive.into_inner()), &position, end)
        }
    }

    /// Lists all entries, and returns where the last of them ends.
    fn list<R: Read>(&mut self, entries: Entries<'_, R>) -> Result<u64, Failure> {
        let (mut end, mut count, mut kept) = (0, 0, 0);
        let mut long = LongName::default();
        // Raw: names and sizes in headers of their own are read here, within limits.
        for entry in entries.raw(true) {
            let mut entry = entry?;
            count += 1;
            if count > MOST_ENTRIES {
                return Err(Failure::Wrong(format!("more than {MOST_ENTRIES} entries")));
            }
            let (offset, size) = (entry.raw_file_position(), entry.header().entry_size()?);
            end = size
                .checked_next_multiple_of(BLOCK)
                .and_then(|padded| offset.checked_add(padded))
                .ok_or_else(|| Failure::Wrong("an entry of an impossible size".to_owned()))?;
            if long.take(&mut entry, size)? {
                continue;
            }
            let name = name(&entry, std::mem::take(&mut long))?;
            if !is_file(&entry, &name)? || !is_of_a_layout(&name) {
                continue;
            }
            let keep = self.compression.is_some() && size <= KEPT && kept + size <= KEPT_IN_ALL;
            let kept_bytes = if keep { Some(exactly(&mut entry, size)?) } else { None };
            kept += if keep { size } else { 0 };
            if self.files.insert(name.clone(), Place { offset, size, kept: kept_bytes }).is_some() {
                return Err(Failure::Wrong(format!("two files named {}", printable(&name))));
            }
        }
        if long.is_some() {
            return Err(Failure::Wrong("a name at its end that belongs to no file".to_owned()));
        }
        Ok(end)
    }

    fn failure(&self, failure: Failure) -> SourceError {
        let at = self.path.display().to_string();
        match failure {
            Failure::Wrong(found) => wrong(&self.path, &found),
            Failure::Io(_) if Instant::now() >= self.end.at => {
                SourceError::Timeout { at, waited_for: "reading the archive", allowed: self.end.allowed }
            }
            Failure::Io(error) => SourceError::File { at, source: Arc::new(error) },
        }
    }
}

/// Why an archive is not read.
enum Failure {
    Io(io::Error),
    /// What was found instead of a plain archive.
    Wrong(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn wrong(path: &Path, found: &str) -> SourceError {
    SourceError::Unexpected {
        at: path.display().to_string(),
        expected: "a tar archive of plain files and directories",
        found: found.to_owned(),
    }
}

fn exactly(from: &mut impl Read, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(size).read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < size { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
}

/// The name in headers of its own, for the next file.
#[derive(Default)]
struct LongName {
    name: Option<Vec<u8>>,
    extended: bool,
}

impl LongName {
    fn is_some(&self) -> bool {
        self.name.is_some() || self.extended
    }

    /// Reads the entry if it is about the next one.
    fn take<R: Read>(&mut self, entry: &mut Entry<'_, R>, size: u64) -> Result<bool, Failure> {
        let kind = entry.header().entry_type();
        if !matches!(kind, EntryType::XHeader | EntryType::GNULongName) {
            return Ok(false);
        }
        if size > LONGEST_EXTENSION {
            return Err(Failure::Wrong(format!("a header of more than {LONGEST_EXTENSION} bytes")));
        }
        let bytes = exactly(entry, size)?;
        if kind == EntryType::GNULongName {
            self.set(bytes.strip_suffix(b"\0").unwrap_or(&bytes))?;
        } else if std::mem::replace(&mut self.extended, true) {
            return Err(Failure::Wrong("two headers for one file".to_owned()));
        } else {
            self.extend(&bytes)?;
        }
        Ok(true)
    }

    fn extend(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        for record in PaxExtensions::new(bytes) {
            let record = record?;
            match record.key_bytes() {
                b"path" => self.set(record.value_bytes())?,
                // Readers differ in which of two sizes they believe (RUSTSEC-2025-0110, CVE-2026-33055).
                b"size" => return Err(Failure::Wrong("a size outside of the file's own header".to_owned())),
                key if key.starts_with(b"GNU.sparse.") => return Err(Failure::Wrong("a sparse file".to_owned())),
                _ => {}
            }
        }
        Ok(())
    }

    fn set(&mut self, name: &[u8]) -> Result<(), Failure> {
        match self.name.replace(name.to_owned()) {
            Some(_) => Err(Failure::Wrong("two names for one file".to_owned())),
            None => Ok(()),
        }
    }
}

/// Returns the name of an entry if it leads nowhere but into the archive.
fn name<R: Read>(entry: &Entry<'_, R>, long: LongName) -> Result<String, Failure> {
    let bytes = long.name.unwrap_or_else(|| entry.header().path_bytes().into_owned());
    let leads_out = || Failure::Wrong(format!("the name {}", printable(&String::from_utf8_lossy(&bytes))));
    let text = std::str::from_utf8(&bytes).map_err(|_| leads_out())?;
    // Only a directory may end in a slash: some readers take a file whose name does for a directory.
    let inside = if entry.header().entry_type().is_dir() { text.trim_end_matches('/') } else { text };
    let inside = inside.strip_prefix("./").unwrap_or(inside);
    let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    let is_good = inside == "." || inside.split('/').all(is_plain);
    if is_good && !inside.chars().any(|c| c.is_control() || c == '\\') {
        Ok(inside.to_owned())
    } else {
        Err(leads_out())
    }
}

/// Whether an entry is a file; a directory is none, and anything else is refused.
fn is_file<R: Read>(entry: &Entry<'_, R>, name: &str) -> Result<bool, Failure> {
    let what = match entry.header().entry_type() {
        EntryType::Regular => return Ok(true),
        EntryType::Directory => return Ok(false),
        EntryType::Symlink => "a symbolic link",
        EntryType::Link => "a hard link",
        EntryType::Char | EntryType::Block | EntryType::Fifo => "a device or pipe",
        EntryType::GNUSparse => "a sparse file",
        _ => "an entry of an unknown kind",
    };
    Err(Failure::Wrong(format!("{what} at {}", printable(name))))
}

/// Whether a file is one of a layout. Others, such as those that `docker save` adds, are never read, and their names are not kept:
/// a few megabytes of archive become gigabytes of names (A313).
pub(super) fn is_of_a_layout(name: &str) -> bool {
    let is_blob = |rest: &str| {
        let parts = rest.split_once('/');
        parts
            .is_some_and(|(algorithm, encoded)| algorithm.len() <= 32 && encoded.len() <= 128 && !encoded.contains('/'))
    };
    let is_of_a_pack = |rest: &str| rest.len() <= 128;
    matches!(name, "oci-layout" | "index.json")
        || name.strip_prefix("bonafide/").is_some_and(is_of_a_pack)
        || name.strip_prefix("blobs/").is_some_and(is_blob)
}

/// Reads an archive to its end: two blocks of zeros, and nothing but zeros after them (A281).
///
/// An archive that was cut off, and one with another behind it that some readers would find, is none.
fn check_end(mut rest: impl Read, position: &Cell<u64>, end: u64) -> Result<(), Failure> {
    let first = position.get().saturating_sub(end);
    let mut buffer = [0; 16 * 1024];
    let mut read = 0;
    loop {
        match rest.read(&mut buffer)? {
            0 => break,
            count if buffer[..count].iter().any(|&byte| byte != 0) => {
                return Err(Failure::Wrong("more after its end".to_owned()));
            }
            count => read += count as u64,
        }
    }
    if first < BLOCK || read < BLOCK { Err(Failure::Wrong("an archive that was cut off".to_owned())) } else { Ok(()) }
}

/// Counts the bytes read, and stops when the time is up.
struct Counted<R> {
    inner: R,
    position: Rc<Cell<u64>>,
    end: End,
}

impl<R> Counted<R> {
    fn new(inner: R, end: End) -> Self {
        Self { inner, position: Rc::default(), end }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if Instant::now() >= self.end.at {
            return Err(ErrorKind::TimedOut.into());
        }
        let count = self.inner.read(buffer)?;
        self.position.set(self.position.get() + count as u64);
        Ok(count)
    }
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = self.inner.seek(to)?;
        self.position.set(position);
        Ok(position)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::sync::atomic::{AtomicU32, Ordering};

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tar::Header;

    use super::*;

    /// An archive in the making, entry by entry.
    #[derive(Default, Clone)]
    struct Made(Vec<u8>);

    impl Made {
        fn entry(mut self, kind: EntryType, name: &str, content: &[u8]) -> Self {
            let mut header = Header::new_ustar();
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(kind);
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            self.0.extend_from_slice(header.as_bytes());
            self.0.extend_from_slice(content);
            self.0.resize(self.0.len().next_multiple_of(512), 0);
            self
        }

        fn file(self, name: &str, content: &[u8]) -> Self {
            self.entry(EntryType::Regular, name, content)
        }

        fn pax(self, key: &str, value: &str) -> Self {
            let rest = format!(" {key}={value}\n");
            let length =
                (0..1 << 20).find(|length: &usize| length.to_string().len() + rest.len() == *length).expect("a length");
            self.entry(EntryType::XHeader, "pax", format!("{length}{rest}").as_bytes())
        }

        fn ended(mut self) -> Vec<u8> {
            self.0.resize(self.0.len() + 1024, 0);
            self.0
        }
    }

    fn layout() -> Made {
        Made::default()
            .entry(EntryType::Directory, "blobs/", b"")
            .file("oci-layout", b"{}")
            .file("./index.json", b"index")
    }

    /// One frame of zstd.
    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    /// Opens bytes as a file, plain and compressed in two ways; all must say the same.
    fn open(bytes: &[u8]) -> Result<Archive, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("bonafide-archive-{}-{count}", std::process::id()));
        let mut compressed = GzEncoder::new(Vec::new(), Compression::fast());
        compressed.write_all(bytes).expect("memory");
        let frames: Vec<u8> = bytes.chunks(bytes.len() / 2 + 1).flat_map(zstd).collect();
        let mut opened = [bytes.to_vec(), compressed.finish().expect("memory"), frames].into_iter().map(|bytes| {
            std::fs::write(&path, bytes).expect("a file");
            let opened = Archive::open(&path, Duration::from_secs(20)).map_err(|error| error.detail());
            if let Ok(archive) = &opened {
                for name in archive.files.keys() {
                    let read = archive.read(&name.split('/').collect::<Vec<_>>(), 1 << 30).expect(name);
                    assert_eq!(read.len() as u64, archive.files[name].size, "{name}");
                }
            }
            opened
        });
        let (plain, compressed) = (opened.next().expect("three"), opened.next().expect("three"));
        assert_eq!(plain.is_ok(), compressed.is_ok(), "{plain:?} {compressed:?}");
        let frames = opened.next().expect("three");
        assert_eq!(plain.is_ok(), frames.is_ok(), "{plain:?} {frames:?}");
        drop(opened);
        let _ = std::fs::remove_file(&path);
        compressed.and(plain)
    }

    fn refusal(made: Made) -> String {
        open(&made.ended()).expect_err("a refusal")
    }

    #[test]
    fn files_are_found_where_they_are() {
        let big = vec![7; 3 << 20];
        let made = layout().file("blobs/sha256/aa", b"first").file("blobs/sha256/bb", &big).file("manifest.json", b"x");
        let archive = open(&made.ended()).expect("an archive");
        let mut names: Vec<_> = archive.files.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["blobs/sha256/aa", "blobs/sha256/bb", "index.json", "oci-layout"]);
        assert!(matches!(archive.read(&["blobs", "sha256", "cc"], 9), Err(SourceError::NotFound { .. })));
        assert!(matches!(archive.read(&["index.json"], 4), Err(SourceError::Limit { .. })));
    }

    #[test]
    fn long_names_are_read_in_both_forms() {
        let name = format!("blobs/sha512/{}", "a".repeat(128));
        for made in [
            layout().pax("path", &name),
            layout().entry(EntryType::GNULongName, "long", format!("{name}\0").as_bytes()),
        ] {
            let archive = open(&made.file("blobs/sha512/short", b"x").ended()).expect("an archive");
            assert!(archive.files.contains_key(&name) && archive.files.len() == 3);
        }
    }

    #[test]
    fn a313_only_names_that_a_layout_has_are_kept() {
        let longest = format!("blobs/sha512/{}", "a".repeat(128));
        let mut made = layout().pax("path", &longest).file("short", b"x");
        for name in [format!("{longest}a"), format!("blobs/{}/aa", "s".repeat(33)), "a".repeat(60_000)] {
            made = made.pax("path", &name).file("short", b"x");
        }
        let made = made.file("blobs/sha256/aa/bb", b"x").file("repositories", b"x").file("blobs/aa", b"x");
        let archive = open(&made.ended()).expect("an archive");
        let mut names: Vec<_> = archive.files.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, [longest.as_str(), "index.json", "oci-layout"]);
    }

    #[test]
    fn a279_links_devices_and_sparse_files_are_refused() {
        for kind in [
            EntryType::Symlink,
            EntryType::Link,
            EntryType::Char,
            EntryType::Block,
            EntryType::Fifo,
            EntryType::GNUSparse,
            EntryType::Continuous,
            EntryType::XGlobalHeader,
            EntryType::GNULongLink,
            EntryType::new(b'Z'),
        ] {
            let error = refusal(layout().entry(kind, "blobs/sha256/aa", b""));
            assert!(error.contains("plain files and directories"), "{kind:?}: {error}");
        }
        refusal(layout().pax("GNU.sparse.map", "0,1").file("blobs/sha256/aa", b"x"));
    }

    #[test]
    fn a279_names_that_lead_elsewhere_are_refused() {
        for name in [
            "../x",
            "/etc/passwd",
            "blobs/../../x",
            "blobs//x",
            "blobs/./x",
            "a\\b",
            "a\u{1}b",
            "index.json/",
            "..",
            "./../x",
        ] {
            let error = refusal(layout().file(name, b""));
            assert!(error.contains("the name"), "{name}: {error}");
            refusal(layout().pax("path", name).file("good", b""));
        }
    }

    #[test]
    fn a279_a_name_that_comes_twice_is_refused() {
        for made in [
            layout().file("index.json", b"index"),
            layout().file("oci-layout", b"other"),
            layout().pax("path", "index.json").file("else", b"other"),
            layout().file("blobs/sha256/aa", b"x").file("./blobs/sha256/aa", b"x"),
        ] {
            assert!(refusal(made).contains("two files named"));
        }
        assert!(refusal(layout().pax("path", "a").pax("path", "b").file("c", b"")).contains("two"));
        let both = layout().pax("path", "a").entry(EntryType::GNULongName, "long", b"b\0").file("c", b"");
        assert!(refusal(both).contains("two names"));
    }

    #[test]
    fn a279_sizes_have_one_place() {
        assert!(refusal(layout().pax("size", "2048").file("blobs/sha256/aa", b"x")).contains("a size outside"));
        let before_a_name = layout().pax("size", "2048").entry(EntryType::GNULongName, "long", b"x\0").file("a", b"x");
        assert!(refusal(before_a_name).contains("a size outside"));
    }

    #[test]
    fn headers_are_bounded() {
        let long = "x".repeat(70_000);
        assert!(refusal(layout().pax("comment", &long).file("a", b"")).contains("a header of more than"));
        assert!(refusal(layout().pax("comment", "x")).contains("belongs to no file"));
    }

    #[test]
    fn a281_an_archive_is_read_to_its_end() {
        let whole = layout().file("blobs/sha256/aa", &[7; 700]).ended();
        assert!(open(&whole).is_ok());
        assert!(open(&[whole.as_slice(), &[0; 8192]].concat()).is_ok(), "tar fills the last record with zeros");
        for length in [0, 100, 512, whole.len() - 1024 - 600, whole.len() - 1024, whole.len() - 512, whole.len() - 1] {
            assert!(open(&whole[..length]).is_err(), "{length} of {}", whole.len());
        }
        let another = Made::default().file("index.json", b"other").ended();
        assert!(open(&[whole.as_slice(), &another].concat()).expect_err("two archives").contains("more after its end"));
    }

    #[test]
    fn a281_a_compressed_archive_is_whole_and_has_the_checksum_that_it_states() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&layout().ended()).expect("memory");
        let good = encoder.finish().expect("memory");
        let path = std::env::temp_dir().join(format!("bonafide-archive-{}-crc", std::process::id()));
        let opened = |bytes: &[u8]| {
            std::fs::write(&path, bytes).expect("a file");
            Archive::open(&path, Duration::from_secs(20)).is_ok()
        };
        assert!(opened(&good));
        assert!(!opened(&good[..good.len() - 4]));
        let mut bad = good.clone();
        let checksum = bad.len() - 6;
        bad[checksum] ^= 1;
        assert!(!opened(&bad));
        let frame = zstd(&layout().ended());
        assert!(opened(&frame));
        assert!(!opened(&frame[..frame.len() - 2]), "cut off");
        let mut bad = frame.clone();
        let checksum = bad.len() - 1;
        bad[checksum] ^= 1;
        assert!(!opened(&bad), "the checksum of the frame");
        assert!(!opened(&[frame, b"junk".to_vec()].concat()), "something behind the frame");
        let _ = std::fs::remove_file(&path);
    }

    #[test]
    fn walking_ends_when_the_time_is_up() {
        let path = std::env::temp_dir().join(format!("bonafide-archive-{}-late", std::process::id()));
        std::fs::write(&path, layout().ended()).expect("a file");
        assert!(matches!(Archive::open(&path, Duration::ZERO), Err(SourceError::Timeout { .. })));
        let _ = std::fs::remove_file(&path);
    }
}
