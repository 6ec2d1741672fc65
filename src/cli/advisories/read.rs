//! Files, folders, archives and indexes of advisories, read on every core and handed on in their order.

use std::ffi::OsString;
use std::fs::{self, DirEntry, FileType};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rawzip::{RECOMMENDED_BUFFER_SIZE, ZipArchive};

use crate::collect::files::{self, FileError, Given};
use crate::run::Threads;
use crate::verify::Workers;

use super::bytes::{Member, Room, Rooms};
use super::error::{AdvisoriesError, DEEPEST, LONGEST_FILE, LONGEST_RECORD, MOST_BYTES, MOST_FILES};
use super::index::Lines;
use super::sink::Sink;

/// Files that are read at once, by every core, while what the ones before hold is added in their order.
const BATCH: usize = 1024;

pub(super) struct Reader<S: Sink> {
    sink: S,
    bytes: u64,
    files: u64,
    /// How many of the files hold no record that can be read.
    passed_over: u64,
    rooms: Rooms,
    /// What was read last and is not added yet.
    last: Vec<Result<Read<S::Made>, AdvisoriesError>>,
}

/// A file, a member of an archive or a line of an index as it was read: its bytes are counted, and what was made of it is added later.
struct Read<M> {
    bytes: u64,
    made: M,
}

impl<S: Sink> Reader<S> {
    /// Reads all that is named.
    pub(super) fn read(places: &[PathBuf], sink: S) -> Result<S, AdvisoriesError> {
        let mut reader = Self { sink, bytes: 0, files: 0, passed_over: 0, rooms: Rooms::default(), last: Vec::new() };
        places.iter().try_for_each(|place| reader.place(place))?;
        Ok(reader.sink)
    }

    /// A file, an archive, an index or a folder. One without a record is a mistake.
    fn place(&mut self, place: &Path) -> Result<(), AdvisoriesError> {
        let before = self.files - self.passed_over;
        let walked = self.walk(place);
        // What was read before that is said first.
        self.add_last().and(walked)?;
        if self.files - self.passed_over == before { Err(AdvisoriesError::Empty(place.to_owned())) } else { Ok(()) }
    }

    fn walk(&mut self, place: &Path) -> Result<(), AdvisoriesError> {
        let unread = |error: FileError| AdvisoriesError::File(place.to_owned(), error);
        if fs::metadata(place).map_err(|error| unread(error.into()))?.is_dir() {
            let mut waiting = Vec::new();
            self.folder(place, DEEPEST, &mut waiting)?;
            return self.files(&mut waiting);
        }
        if is_named(place, "zip") {
            return self.archive(place);
        }
        let given = Given::open(place).map_err(unread)?;
        if is_named(place, "jsonl") {
            return self.index(place, given);
        }
        let read = self.rooms.with(|room| {
            let bytes = room.read(given, LONGEST_FILE, 0).map_err(|error| unread(error.into()))?;
            make::<S>(bytes, LONGEST_FILE, || place.to_owned())
        });
        self.add(read)
    }

    /// Every `.json`, `.zip` and `.jsonl` below a folder, in the order of their names. Links to folders are not followed.
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
            } else if is_named(&path, "jsonl") {
                self.files(waiting)?;
                let file = files::open(&path).map_err(|error| AdvisoriesError::File(path.clone(), error))?;
                self.index(&path, file)?;
            }
            if waiting.len() >= BATCH {
                self.files(waiting)?;
            }
        }
        Ok(())
    }

    fn files(&mut self, waiting: &mut Vec<PathBuf>) -> Result<(), AdvisoriesError> {
        self.add_all(waiting, |room, path| make::<S>(room.file(path)?, LONGEST_FILE, || path.clone()))?;
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
            make::<S>(bytes, LONGEST_RECORD, || path.join(&member.name))
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

    fn index(&mut self, path: &Path, from: impl io::Read) -> Result<(), AdvisoriesError> {
        let mut lines = Lines::new(path, from);
        while let Some(block) = lines.block()? {
            let numbered: Vec<(u64, &[u8])> = block.lines().collect();
            self.add_all(&numbered, |_, (number, line)| {
                make::<S>(line, LONGEST_RECORD, || format!("{} line {number}", path.display()).into())
            })?;
        }
        lines.finish()
    }

    /// Reads on every core, and meanwhile adds what was read before, in the order in which it stands there: the first error counts,
    /// and of two records of one time the first one.
    fn add_all<T: Sync>(
        &mut self,
        waiting: &[T],
        read: impl Fn(&mut Room, &T) -> Result<Read<S::Made>, AdvisoriesError> + Sync,
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
        let results = results.collect();
        reader.rooms = rooms;
        added?;
        reader.last = results;
        Ok(())
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
        self.sink.pass_over(name);
        if self.files > MOST_FILES { Err(AdvisoriesError::TooMany) } else { Ok(()) }
    }

    fn add(&mut self, read: Result<Read<S::Made>, AdvisoriesError>) -> Result<(), AdvisoriesError> {
        let Read { bytes, made } = read?;
        self.bytes += bytes;
        self.files += 1;
        if self.bytes > MOST_BYTES || self.files > MOST_FILES {
            return Err(AdvisoriesError::TooMany);
        }
        self.sink.add(made);
        Ok(())
    }
}

fn make<S: Sink>(bytes: &[u8], longest: u64, path: impl Fn() -> PathBuf) -> Result<Read<S::Made>, AdvisoriesError> {
    let name = || path().display().to_string();
    if bytes.len() as u64 > longest {
        return Err(AdvisoriesError::TooLong(name(), longest));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| AdvisoriesError::NoText(name()))?;
    let made = S::make(text).map_err(|error| AdvisoriesError::Record(name(), error))?;
    Ok(Read { bytes: bytes.len() as u64, made })
}

fn is_named(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}
