//! The lines of a journal, each with the hash of its content.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use crate::oci::{Algorithm, Digest};

use super::error::JournalError;

/// The inputs that decide a verdict: names and hashes.
pub(in crate::cli) type Facts = BTreeMap<&'static str, String>;

/// The longest line, in bytes.
const LONGEST: u64 = 64 * 1024 * 1024;

const BEFORE_HASH: &str = r#"{"sha256":""#;
const BEFORE_ENTRY: &str = r#"","entry":"#;
const END: &str = "}\n";
const HASH: usize = 64;

/// Reads line by line.
pub(super) struct Lines {
    file: BufReader<File>,
    line: Vec<u8>,
    offset: u64,
    number: u64,
    is_torn: bool,
}

impl Lines {
    pub(super) fn of(file: File) -> Self {
        Self { file: BufReader::new(file), line: Vec::new(), offset: 0, number: 0, is_torn: false }
    }

    /// Returns the next line, with its line feed. Bytes after the last line feed are an incomplete line, which is not returned.
    pub(super) fn next_line(&mut self) -> Result<Option<&[u8]>, JournalError> {
        self.line.clear();
        let read = (&mut self.file).take(LONGEST).read_until(b'\n', &mut self.line)?;
        if self.line.last() != Some(&b'\n') {
            if read as u64 == LONGEST {
                return Err(JournalError::Damaged { line: self.number + 1 });
            }
            self.is_torn = read > 0;
            return Ok(None);
        }
        self.number += 1;
        self.offset += read as u64;
        Ok(Some(&self.line))
    }

    /// Where the next line begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// How many lines were read.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Whether the file ends with an incomplete line.
    pub(super) fn is_torn(&self) -> bool {
        self.is_torn
    }
}

/// Returns the hash of all inputs that decide a verdict.
pub(in crate::cli) fn binding(facts: &Facts) -> String {
    let text: Vec<String> = facts.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    Digest::of(Algorithm::Sha256, text.concat().as_bytes()).hex().to_owned()
}

/// Returns the hash of a line. It covers the journal's binding too, so lines of another journal do not fit.
fn hash(entry: &[u8], binding: &str) -> String {
    let bound = [binding.as_bytes(), b"\n", entry].concat();
    Digest::of(Algorithm::Sha256, &bound).hex().to_owned()
}

/// Returns the line of an entry, unless it would be too long.
pub(super) fn line(entry: &str, binding: &str) -> Option<String> {
    let line = format!("{BEFORE_HASH}{}{BEFORE_ENTRY}{entry}{END}", hash(entry.as_bytes(), binding));
    ((line.len() as u64) < LONGEST && !entry.contains('\n')).then_some(line)
}

/// Returns the entry of a line, unless the line is damaged.
pub(super) fn entry<'l>(line: &'l [u8], binding: &str) -> Option<&'l [u8]> {
    let rest = line.strip_suffix(END.as_bytes())?.strip_prefix(BEFORE_HASH.as_bytes())?;
    let (stated, rest) = rest.split_at_checked(HASH)?;
    let entry = rest.strip_prefix(BEFORE_ENTRY.as_bytes())?;
    (hash(entry, binding).as_bytes() == stated).then_some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written_and_under_its_own_binding_alone() {
        let line = line("{\"a\":1}", "x").expect("a line");
        assert_eq!(entry(line.as_bytes(), "x"), Some(&b"{\"a\":1}"[..]));
        assert_eq!(entry(line.as_bytes(), "y"), None);
        for place in 0..line.len() {
            let mut bytes = line.clone().into_bytes();
            bytes[place] ^= 1;
            assert_eq!(entry(&bytes, "x"), None, "{place}");
            assert_eq!(entry(&line.as_bytes()[..place], "x"), None, "{place}");
        }
    }
}
