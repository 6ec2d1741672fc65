//! Advisories out of files: OSV records as JSON, folders of them, and the zip archives that osv.dev publishes.
//!
//! Nothing is unpacked to disk. Every record, the number of them and their bytes together are bounded, whatever an archive says
//! of its own sizes. A record that cannot be read ends the run: half a database would pass what the other half denies.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::DeflateDecoder;
use rawzip::{CompressionMethod, RECOMMENDED_BUFFER_SIZE, ZipArchive};

use crate::check::AdvisoriesReport;
use crate::collect::files::{self, FileError, Given};
use crate::packages::{Advisories, AdvisoryError, UnusedRecords};

use super::diagnostics::Diagnostic;

/// The longest file of records that is read: lists of a whole database come as one.
const LONGEST_FILE: u64 = 256 * 1024 * 1024;
/// The longest record in an archive.
const LONGEST_RECORD: u64 = 64 * 1024 * 1024;
/// Bytes of JSON that are read in all. Memory stays well below that, as only what matching needs is kept.
const MOST_BYTES: u64 = 8 * 1024 * 1024 * 1024;
/// Files that are read in all.
const MOST_FILES: u64 = 4_000_000;
/// Folders within folders.
const DEEPEST: u32 = 16;

/// Why advisories cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum AdvisoriesError {
    #[error("cannot read `{}`", .0.display())]
    File(PathBuf, #[source] FileError),
    #[error("`{}` cannot be read as a zip archive", .0.display())]
    Archive(PathBuf, #[source] rawzip::Error),
    #[error("`{}` ends early: it names {named} files and has {found}", .archive.display())]
    Incomplete { archive: PathBuf, named: u64, found: u64 },
    #[error("`{name}` in `{}` is compressed with {method}: expected none or deflate", .archive.display())]
    Method { archive: PathBuf, name: String, method: String },
    #[error("`{0}` is longer than {1} bytes")]
    TooLong(String, u64),
    #[error("the advisories are more than {MOST_BYTES} bytes or {MOST_FILES} files")]
    TooMany,
    #[error("`{}` has folders within folders beyond {DEEPEST}", .0.display())]
    TooDeep(PathBuf),
    #[error("`{0}` cannot be used")]
    Record(String, #[source] AdvisoryError),
    #[error("`{0}` is not text in UTF-8")]
    NoText(String),
    #[error("`{}` holds no advisory", .0.display())]
    Empty(PathBuf),
}

/// The advisories of a run, and what a report says of them.
pub(super) struct Known {
    pub(super) advisories: Advisories,
    pub(super) report: AdvisoriesReport,
}

/// Reads all that is named; nothing if nothing is.
pub(super) fn read(places: &[PathBuf]) -> Result<Option<Known>, Diagnostic> {
    if places.is_empty() {
        return Ok(None);
    }
    let mut reader = Reader { advisories: Advisories::default(), bytes: 0, files: 0 };
    for place in places {
        reader.place(place).map_err(Diagnostic::advisories)?;
    }
    let advisories = reader.advisories;
    let report = AdvisoriesReport {
        sources: places.iter().map(|place| place.display().to_string()).collect(),
        count: advisories.count() as u64,
        newest: advisories.newest(),
        unused: unused(advisories.unused()),
    };
    Ok(Some(Known { advisories, report }))
}

/// Records that no package can be held against, by the reason in words.
fn unused(records: &UnusedRecords) -> BTreeMap<String, u64> {
    let named = [
        ("withdrawn", records.withdrawn),
        ("about commits of no package", records.commits_alone),
        ("without packages", records.without_packages),
        ("of other ecosystems that are not known", records.other_ecosystems),
    ];
    let named = named.into_iter().map(|(reason, count)| (reason.to_owned(), count));
    let ecosystems = records.ecosystems.iter();
    let ecosystems = ecosystems.map(|(name, count)| (format!("of {name}, which no package URL stands for"), *count));
    named.chain(ecosystems).filter(|(_, count)| *count > 0).collect()
}

struct Reader {
    advisories: Advisories,
    bytes: u64,
    files: u64,
}

impl Reader {
    /// A file, an archive or a folder. One without a record is not what was meant.
    fn place(&mut self, place: &Path) -> Result<(), AdvisoriesError> {
        let before = self.files;
        let unread = |error: FileError| AdvisoriesError::File(place.to_owned(), error);
        if fs::metadata(place).map_err(|error| unread(error.into()))?.is_dir() {
            self.folder(place, DEEPEST)?;
        } else if is_named(place, "zip") {
            self.archive(place)?;
        } else {
            let given = Given::open(place).map_err(unread)?;
            self.records(place, given)?;
        }
        if self.files == before { Err(AdvisoriesError::Empty(place.to_owned())) } else { Ok(()) }
    }

    /// Every `.json` and `.zip` below a folder, in the order of their names. Links to folders are not followed.
    fn folder(&mut self, folder: &Path, depth: u32) -> Result<(), AdvisoriesError> {
        let unread = |error: io::Error| AdvisoriesError::File(folder.to_owned(), error.into());
        if depth == 0 {
            return Err(AdvisoriesError::TooDeep(folder.to_owned()));
        }
        let mut entries = fs::read_dir(folder).map_err(unread)?.collect::<Result<Vec<_>, _>>().map_err(unread)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            if entry.file_type().map_err(unread)?.is_dir() {
                self.folder(&path, depth - 1)?;
            } else if is_named(&path, "json") || is_named(&path, "zip") {
                self.file(&path)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<(), AdvisoriesError> {
        if is_named(path, "zip") {
            return self.archive(path);
        }
        let file = files::open(path).map_err(|error| AdvisoriesError::File(path.to_owned(), error))?;
        self.records(path, file)
    }

    fn records(&mut self, path: &Path, file: impl Read) -> Result<(), AdvisoriesError> {
        let mut bytes = Vec::new();
        let read = file.take(LONGEST_FILE + 1).read_to_end(&mut bytes);
        read.map_err(|error| AdvisoriesError::File(path.to_owned(), error.into()))?;
        self.add(&path.display().to_string(), &bytes, LONGEST_FILE)
    }

    fn archive(&mut self, path: &Path) -> Result<(), AdvisoriesError> {
        let file = files::open(path).map_err(|error| AdvisoriesError::File(path.to_owned(), error))?;
        let broken = |error| AdvisoriesError::Archive(path.to_owned(), error);
        let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
        let archive = ZipArchive::from_file(file, &mut buffer).map_err(broken)?;
        let mut entries = archive.entries(&mut buffer);
        let (mut found, mut bytes) = (0, Vec::new());
        while let Some(entry) = entries.next_entry().map_err(broken)? {
            found += 1;
            let name = String::from_utf8_lossy(entry.file_path().as_ref()).into_owned();
            if entry.is_dir() || !is_named(Path::new(&name), "json") {
                continue;
            }
            let method = entry.compression_method();
            let entry = archive.get_entry(entry.wayfinder()).map_err(broken)?;
            let record = if method == CompressionMethod::STORE {
                read_bounded(entry.verifying_reader(entry.reader()), &mut bytes)
            } else if method == CompressionMethod::DEFLATE {
                read_bounded(entry.verifying_reader(DeflateDecoder::new(entry.reader())), &mut bytes)
            } else {
                let (archive, method) = (path.to_owned(), format!("{method:?}"));
                return Err(AdvisoriesError::Method { archive, name, method });
            };
            record.map_err(|error| AdvisoriesError::File(path.join(&name), error.into()))?;
            self.add(&path.join(&name).display().to_string(), &bytes, LONGEST_RECORD)?;
        }
        let named = archive.entries_hint();
        if found == named {
            Ok(())
        } else {
            Err(AdvisoriesError::Incomplete { archive: path.to_owned(), named, found })
        }
    }

    fn add(&mut self, name: &str, bytes: &[u8], longest: u64) -> Result<(), AdvisoriesError> {
        if bytes.len() as u64 > longest {
            return Err(AdvisoriesError::TooLong(name.to_owned(), longest));
        }
        self.bytes += bytes.len() as u64;
        self.files += 1;
        if self.bytes > MOST_BYTES || self.files > MOST_FILES {
            return Err(AdvisoriesError::TooMany);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| AdvisoriesError::NoText(name.to_owned()))?;
        self.advisories.add(text).map_err(|error| AdvisoriesError::Record(name.to_owned(), error))
    }
}

fn is_named(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

/// Reads a record of an archive, whatever its size is said to be, and a byte more than it may have. What ends before that is
/// held against its checksum.
fn read_bounded(reader: impl Read, bytes: &mut Vec<u8>) -> io::Result<()> {
    bytes.clear();
    reader.take(LONGEST_RECORD + 1).read_to_end(bytes).map(|_| ())
}
