//! An index of advisories: the read part of each record, one on each line, and a last line with the number of lines and
//! their digest.
//!
//! An index is read like any other file of records, and its lines are trusted no more than records. The last line tells a
//! truncated index from a whole one.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::json;
use crate::oci::{Algorithm, Digest, Hasher};
use crate::packages::{AdvisoryError, Records};

use super::error::{AdvisoriesError, LONGEST_RECORD};
use super::sink::Sink;

/// Bytes that are read at once.
const BLOCK: u64 = 1024 * 1024;
/// The form of an index, which its last line names.
const FORM: &str = "bonafide.advisories/v1";

#[derive(Serialize, Deserialize)]
struct LastLine {
    form: String,
    lines: u64,
    digest: Digest,
}

/// Writes an index.
pub(super) struct Writer {
    bytes: Vec<u8>,
    lines: u64,
    passed_over: u64,
}

impl Writer {
    pub(super) fn new() -> Self {
        Self { bytes: Vec::new(), lines: 0, passed_over: 0 }
    }

    /// Returns how many files could not be read.
    pub(super) fn passed_over(&self) -> u64 {
        self.passed_over
    }

    fn line(&mut self, line: &str) {
        self.lines += 1;
        self.bytes.extend_from_slice(line.as_bytes());
        self.bytes.push(b'\n');
    }

    /// Writes the last line.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let digest = Digest::of(Algorithm::Sha256, &self.bytes);
        let last = LastLine { form: FORM.to_owned(), lines: self.lines, digest };
        self.line(&serde_json::to_string(&last).expect("texts and a number can be written as JSON"));
        self.bytes
    }
}

impl Sink for Writer {
    type Made = Vec<String>;

    fn make(text: &str) -> Result<Vec<String>, AdvisoryError> {
        Records::reduce(text)
    }

    fn add(&mut self, lines: Vec<String>) {
        for line in lines {
            self.line(&line);
        }
    }

    /// A line that cannot be read either: a limit that the files do not pass is not passed with the index.
    fn pass_over(&mut self, name: String) {
        self.passed_over += 1;
        self.line(&serde_json::Value::from(format!("{name} cannot be read")).to_string());
    }
}

/// Reads an index line by line, and holds the last one back.
pub(super) struct Lines<R> {
    path: PathBuf,
    from: R,
    /// What was read and is not returned yet: less than two lines once a block is taken from it.
    held: Vec<u8>,
    /// How many lines were returned.
    returned: u64,
    hasher: Hasher,
}

/// Some lines, and the number of the first one.
pub(super) struct Block {
    bytes: Vec<u8>,
    first: u64,
}

impl Block {
    /// Returns the lines by their numbers.
    pub(super) fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        (self.first..).zip(self.bytes.split(|byte| *byte == b'\n'))
    }
}

impl<R: Read> Lines<R> {
    pub(super) fn new(path: &Path, from: R) -> Self {
        Self { path: path.to_owned(), from, held: Vec::new(), returned: 0, hasher: Hasher::new(Algorithm::Sha256) }
    }

    /// Returns further lines; nothing where the last one is left.
    pub(super) fn block(&mut self) -> Result<Option<Block>, AdvisoriesError> {
        loop {
            let read = self.from.by_ref().take(BLOCK).read_to_end(&mut self.held);
            if read.map_err(|error| AdvisoriesError::File(self.path.clone(), error.into()))? == 0 {
                return Ok(None);
            }
            let mut ends = self.held.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
            if let Some(end) = ends.nth(1).map(|(place, _)| place) {
                let rest = self.held.split_off(end + 1);
                let mut bytes = std::mem::replace(&mut self.held, rest);
                self.hasher.update(&bytes);
                bytes.pop();
                let block = Block { bytes, first: self.returned + 1 };
                self.returned += block.lines().count() as u64;
                return Ok(Some(block));
            }
            if self.held.len() as u64 > 2 * LONGEST_RECORD {
                return Err(AdvisoriesError::TooLong(self.path.display().to_string(), LONGEST_RECORD));
            }
        }
    }

    /// Holds the last line against what was read.
    pub(super) fn finish(self) -> Result<(), AdvisoriesError> {
        let last = self.held.strip_suffix(b"\n").and_then(|line| json::from_slice::<LastLine>(line).ok());
        let why = match last {
            None => "its last line is missing",
            Some(last) if last.form != FORM => "another version of the program wrote it",
            Some(last) if last.lines != self.returned || last.digest != self.hasher.finish() => {
                "it was changed after it was written"
            }
            Some(_) => return Ok(()),
        };
        Err(AdvisoriesError::NoIndex { index: self.path, why })
    }
}
