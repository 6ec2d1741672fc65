//! Advisories out of files: OSV records as JSON, folders of them, and the zip archives that osv.dev publishes.
//!
//! Nothing is unpacked to disk. Every record, the number of them and their bytes together are bounded; an archive's own
//! sizes are not trusted. A file that is not OSV ends the run if it is named itself, and is skipped in a folder or an
//! archive: then no limit passes, because the skipped half of a database might deny what the other half passes.

mod bytes;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, DirEntry, FileType};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rawzip::{RECOMMENDED_BUFFER_SIZE, ZipArchive};

use crate::check::AdvisoriesReport;
use crate::collect::files::{self, FileError, Given};
use crate::packages::{Advisories, AdvisoryError, Records, UnusedRecords};
use crate::run::Threads;
use crate::verify::Workers;

use super::diagnostics::Diagnostic;
use bytes::{Member, Room, Rooms};

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
    #[error("`{}` holds no advisory that can be read", .0.display())]
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
    let mut reader = Reader::default();
    for place in places {
        reader.place(place).map_err(Diagnostic::advisories)?;
    }
    let advisories = reader.advisories;
    let report = AdvisoriesReport {
        sources: places.iter().map(|place| place.display().to_string()).collect(),
        count: advisories.count() as u64,
        newest: advisories.newest(),
        unused: unused(advisories.unused()),
        unreadable: advisories.unreadable().count,
        unreadable_files: advisories.unreadable().named.clone(),
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

/// Files that are read at once, by every core, while what the ones before hold is added in their order.
const BATCH: usize = 1024;

#[derive(Default)]
struct Reader {
    advisories: Advisories,
    bytes: u64,
    files: u64,
    /// How many of the files hold no record that can be read.
    passed_over: u64,
    rooms: Rooms,
    /// What was read last and is not added yet.
    last: Vec<Result<Read, AdvisoriesError>>,
}

/// A file or a member of an archive as it was read: its bytes are counted, and its records are added later.
struct Read {
    bytes: u64,
    records: Records,
}

impl Reader {
    /// A file, an archive or a folder. One without a record is a mistake.
    fn place(&mut self, place: &Path) -> Result<(), AdvisoriesError> {
        let before = self.files - self.passed_over;
        let unread = |error: FileError| AdvisoriesError::File(place.to_owned(), error);
        if fs::metadata(place).map_err(|error| unread(error.into()))?.is_dir() {
            let mut waiting = Vec::new();
            self.folder(place, DEEPEST, &mut waiting)?;
            self.files(&mut waiting)?;
        } else if is_named(place, "zip") {
            self.archive(place)?;
        } else {
            let given = Given::open(place).map_err(unread)?;
            let read = self.rooms.with(|room| {
                let bytes = room.read(given, LONGEST_FILE, 0).map_err(|error| unread(error.into()))?;
                read_records(bytes, LONGEST_FILE, || place.to_owned())
            });
            self.add(read)?;
        }
        self.add_last()?;
        if self.files - self.passed_over == before { Err(AdvisoriesError::Empty(place.to_owned())) } else { Ok(()) }
    }

    /// Every `.json` and `.zip` below a folder, in the order of their names. Links to folders are not followed.
    fn folder(&mut self, folder: &Path, depth: u32, waiting: &mut Vec<PathBuf>) -> Result<(), AdvisoriesError> {
        let unread = |error: io::Error| AdvisoriesError::File(folder.to_owned(), error.into());
        if depth == 0 {
            return Err(AdvisoriesError::TooDeep(folder.to_owned()));
        }
        let named = |entry: io::Result<DirEntry>| entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?)));
        let entries = fs::read_dir(folder).map_err(unread)?.map(named);
        let mut entries = entries.collect::<Result<Vec<(OsString, FileType)>, _>>().map_err(unread)?;
        entries.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        for (name, kind) in entries {
            let path = folder.join(name);
            if kind.is_dir() {
                self.folder(&path, depth - 1, waiting)?;
            } else if is_named(&path, "json") {
                waiting.push(path);
            } else if is_named(&path, "zip") {
                self.files(waiting)?;
                self.archive(&path)?;
            }
            if waiting.len() >= BATCH {
                self.files(waiting)?;
            }
        }
        Ok(())
    }

    fn files(&mut self, waiting: &mut Vec<PathBuf>) -> Result<(), AdvisoriesError> {
        self.add_all(waiting, |room, path| read_records(room.file(path)?, LONGEST_FILE, || path.clone()))?;
        waiting.clear();
        Ok(())
    }

    fn archive(&mut self, path: &Path) -> Result<(), AdvisoriesError> {
        let file = files::open(path).map_err(|error| AdvisoriesError::File(path.to_owned(), error))?;
        let broken = |error| AdvisoriesError::Archive(path.to_owned(), error);
        let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
        let archive = ZipArchive::from_file(file, &mut buffer).map_err(broken)?;
        let read = |room: &mut Room, member: &Member| {
            let bytes = room.member(&archive, path, member)?;
            read_records(bytes, LONGEST_RECORD, || path.join(&member.name))
        };
        let mut entries = archive.entries(&mut buffer);
        let (mut found, mut waiting) = (0, Vec::new());
        while let Some(entry) = entries.next_entry().map_err(broken)? {
            found += 1;
            let name = String::from_utf8_lossy(entry.file_path().as_ref()).into_owned();
            if entry.is_dir() || !is_named(Path::new(&name), "json") {
                continue;
            }
            waiting.push(Member { name, method: entry.compression_method(), at: entry.wayfinder() });
            if waiting.len() >= BATCH {
                self.add_all(&waiting, read)?;
                waiting.clear();
            }
        }
        self.add_all(&waiting, read)?;
        let named = archive.entries_hint();
        if found == named {
            Ok(())
        } else {
            Err(AdvisoriesError::Incomplete { archive: path.to_owned(), named, found })
        }
    }

    /// Reads on every core, and meanwhile adds what was read before, in the order in which it stands there: the first error counts,
    /// and of two records of one time the first one.
    fn add_all<T: Sync>(
        &mut self,
        waiting: &[T],
        read: impl Fn(&mut Room, &T) -> Result<Read, AdvisoriesError> + Sync,
    ) -> Result<(), AdvisoriesError> {
        let rooms = std::mem::take(&mut self.rooms);
        let results: Vec<Mutex<Option<_>>> = waiting.iter().map(|_| Mutex::new(None)).collect();
        let adding = Mutex::new((self, Ok(())));
        Threads.share(waiting.len() + 1, &|place| match place.checked_sub(1) {
            None => {
                let (reader, added) = &mut *adding.lock().unwrap_or_else(PoisonError::into_inner);
                *added = reader.add_last();
            }
            Some(place) => {
                let result = rooms.with(|room| read(room, &waiting[place]));
                *results[place].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            }
        });
        let (reader, added) = adding.into_inner().unwrap_or_else(PoisonError::into_inner);
        let results = results.into_iter().zip(waiting).map(|(result, one)| {
            let result = result.into_inner().unwrap_or_else(PoisonError::into_inner);
            result.unwrap_or_else(|| rooms.with(|room| read(room, one)))
        });
        reader.last = results.collect();
        reader.rooms = rooms;
        added
    }

    fn add_last(&mut self) -> Result<(), AdvisoriesError> {
        for result in std::mem::take(&mut self.last) {
            match result {
                Err(AdvisoriesError::Record(name, _) | AdvisoriesError::NoText(name)) => self.pass_over(name)?,
                other => self.add(other)?,
            }
        }
        Ok(())
    }

    fn pass_over(&mut self, name: String) -> Result<(), AdvisoriesError> {
        self.files += 1;
        self.passed_over += 1;
        self.advisories.pass_over(name);
        if self.files > MOST_FILES { Err(AdvisoriesError::TooMany) } else { Ok(()) }
    }

    fn add(&mut self, read: Result<Read, AdvisoriesError>) -> Result<(), AdvisoriesError> {
        let Read { bytes, records } = read?;
        self.bytes += bytes;
        self.files += 1;
        if self.bytes > MOST_BYTES || self.files > MOST_FILES {
            return Err(AdvisoriesError::TooMany);
        }
        self.advisories.append(records);
        Ok(())
    }
}

fn read_records(bytes: &[u8], longest: u64, path: impl Fn() -> PathBuf) -> Result<Read, AdvisoriesError> {
    let name = || path().display().to_string();
    if bytes.len() as u64 > longest {
        return Err(AdvisoriesError::TooLong(name(), longest));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| AdvisoriesError::NoText(name()))?;
    let records = Records::read(text).map_err(|error| AdvisoriesError::Record(name(), error))?;
    Ok(Read { bytes: bytes.len() as u64, records })
}

fn is_named(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}
