//! `--journal`: the verdicts of an audit so far, so that an interrupted audit can continue.
//!
//! The file is JSON Lines. The first line holds hashes of all inputs that decide a verdict. Each further line is one image: its
//! digest and its report. A hash at the beginning of each line finds damage. It does not prevent forgery: anyone who can write
//! the file can change the verdicts.

mod error;
mod lines;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::check::{ImageReport, Verdict};
use crate::collect::saving;
use crate::json;
use crate::oci::Digest;
use crate::run::Examined;

use super::diagnostics::Diagnostic;
use super::{progress, streams};
use error::JournalError;
use lines::Lines;
pub(super) use lines::{Facts, binding};

/// The longest time for which a verdict is reused. Ages and days in a policy change the verdict later.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// The journal of an audit: the verdicts of earlier runs, and the file for new ones.
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// The hash of the first line's facts. Lines of another journal have another one.
    binding: String,
    known: HashMap<Key, Place>,
    opened_at: Timestamp,
    taken: Cell<usize>,
    lost: RefCell<Option<io::Error>>,
}

/// An image as an audit asks for it: its first tag, and the digest that the tag names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    reference: String,
    digest: Digest,
}

/// Where a line is in the file.
#[derive(Debug, Clone, Copy)]
struct Place {
    offset: u64,
    length: usize,
    at: Timestamp,
}

/// The first line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    journal: u32,
    of: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct NewHeader<'a> {
    journal: u32,
    of: &'a Facts,
}

/// One image.
#[derive(Serialize)]
struct NewEntry<'a> {
    at: Timestamp,
    reference: &'a str,
    digest: &'a Digest,
    digests: &'a [Digest],
    report: &'a ImageReport,
}

/// The part of a line that stays in memory.
#[derive(Deserialize)]
struct Named {
    at: Timestamp,
    reference: String,
    digest: Digest,
}

#[derive(Deserialize)]
struct Entry {
    digests: Vec<Digest>,
    report: ImageReport,
}

/// The version of the file's form.
const VERSION: u32 = 1;

impl Journal {
    /// Begins a journal, or continues an existing one.
    pub(super) fn open(path: &Path, resumes: bool, facts: &Facts, is_quiet: bool) -> Result<Self, Diagnostic> {
        let journal = Self::read(path, resumes, facts).map_err(|error| {
            let hint = error.hint();
            Diagnostic::usage(error, hint).about(format!("cannot use the journal `{}`", path.display()))
        })?;
        let (journal, was_torn) = journal;
        if was_torn && !is_quiet {
            progress::say("the last line of the journal is not whole and is left out: its image is judged again");
        }
        Ok(journal)
    }

    fn read(path: &Path, resumes: bool, facts: &Facts) -> Result<(Self, bool), JournalError> {
        let file = saving::open_to_append(path)?;
        file.try_lock().map_err(JournalError::of_lock)?;
        if !resumes && file.metadata()?.len() > 0 {
            return Err(JournalError::Exists);
        }
        let mut journal = Self {
            path: path.to_owned(),
            file,
            binding: lines::binding(facts),
            known: HashMap::new(),
            opened_at: Timestamp::now(),
            taken: Cell::new(0),
            lost: RefCell::default(),
        };
        let was_torn = journal.read_lines(facts)?;
        Ok((journal, was_torn))
    }

    /// Reads all complete lines, and cuts off an incomplete last line. Returns whether there was one.
    fn read_lines(&mut self, facts: &Facts) -> Result<bool, JournalError> {
        let file = self.file.try_clone()?;
        let mut lines = Lines::of(file);
        let Some(line) = lines.next_line()? else {
            let header = serde_json::to_string(&NewHeader { journal: VERSION, of: facts }).map_err(io::Error::from)?;
            self.file.set_len(0)?;
            self.file.write_all(format!("{header}\n").as_bytes())?;
            return Ok(lines.is_torn());
        };
        check_header(line, facts)?;
        loop {
            let offset = lines.offset();
            let Some(line) = lines.next_line()? else { break };
            let length = line.len();
            let entry = lines::entry(line, &self.binding)
                .ok_or(())
                .and_then(|entry| json::from_slice::<Named>(entry).map_err(|_| ()));
            let Ok(Named { at, reference, digest }) = entry else {
                return Err(JournalError::Damaged { line: lines.number() });
            };
            self.known.insert(Key { reference, digest }, Place { offset, length, at });
        }
        if lines.is_torn() {
            self.file.set_len(lines.offset())?;
        }
        Ok(lines.is_torn())
    }

    /// Returns the earlier report on this image at this digest, unless it is too old.
    pub(super) fn take(&self, reference: &str, digest: &Digest) -> Option<Examined> {
        let key = Key { reference: reference.to_owned(), digest: digest.clone() };
        let place = self.known.get(&key)?;
        let age = self.opened_at.duration_since(place.at);
        if age.is_negative() || age > LONGEST {
            return None;
        }
        // If the line cannot be read again, the image is judged again.
        let line = self.line(*place).ok()?;
        let value: serde_json::Value = json::from_slice(lines::entry(&line, &self.binding)?).ok()?;
        let Entry { digests, report } = json::from_value(&value).ok()?;
        let is_the_same = serde_json::to_value(&report).ok()? == value["report"];
        if !is_the_same || !is_decided(&report, reference, digest) {
            return None;
        }
        self.taken.set(self.taken.get() + 1);
        Some(Examined { report, digests })
    }

    fn line(&self, place: Place) -> io::Result<Vec<u8>> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(place.offset))?;
        let mut line = vec![0; place.length];
        file.read_exact(&mut line)?;
        Ok(line)
    }

    /// Writes the report on an image. An undecided image is not written, so the next run judges it again.
    pub(super) fn add(&self, reference: &str, digest: &Digest, examined: &Examined) {
        if self.lost.borrow().is_some() || !is_decided(&examined.report, reference, digest) {
            return;
        }
        let Examined { report, digests } = examined;
        let entry = NewEntry { at: Timestamp::now(), reference, digest, digests, report };
        let written = serde_json::to_string(&entry).map_err(io::Error::from).and_then(|entry| {
            match lines::line(&streams::secrets().hide(&entry), &self.binding) {
                Some(line) => (&self.file).write_all(line.as_bytes()),
                // No line is longer: this image is judged again.
                None => Ok(()),
            }
        });
        // Nothing is written behind a line that may be half there.
        *self.lost.borrow_mut() = written.err();
    }

    /// Prints the number of reused verdicts. A failed write is an error, because a resumed run would miss that image.
    pub(super) fn finish(&self, is_quiet: bool) -> Result<(), Diagnostic> {
        if let Some(error) = self.lost.take() {
            let message = format!("cannot write the journal `{}`", self.path.display());
            return Err(
                Diagnostic::undecided(error, "check the free space, and run it again with `--resume`").about(message)
            );
        }
        let taken = self.taken.get();
        if taken > 0 && !is_quiet {
            progress::say(&format!("{taken} verdicts are taken from the journal"));
        }
        Ok(())
    }
}

/// Proves that a journal is of this run.
fn check_header(line: &[u8], facts: &Facts) -> Result<(), JournalError> {
    let header: Header = json::from_slice(line).map_err(|_| JournalError::Damaged { line: 1 })?;
    if header.journal != VERSION {
        return Err(JournalError::Form { found: header.journal });
    }
    let names = facts.keys().map(|name| (*name).to_owned()).chain(header.of.keys().cloned());
    let is_other = |name: &String| header.of.get(name) != facts.get(name.as_str());
    let mut others: Vec<String> = names.filter(is_other).collect();
    others.sort();
    others.dedup();
    if others.is_empty() { Ok(()) } else { Err(JournalError::Other { differ: others }) }
}

/// Whether a report decides about this image at this digest.
fn is_decided(report: &ImageReport, reference: &str, digest: &Digest) -> bool {
    let root = report.index.as_deref().or(report.digest.as_deref());
    report.verdict != Verdict::Undecided && report.reference == reference && root == Some(digest.to_string().as_str())
}
