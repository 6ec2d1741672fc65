//! Advisories out of files: OSV records as JSON, folders of them, and the zip archives that osv.dev publishes.
//!
//! Nothing is unpacked to disk. The size of each record, the number of records and their total size are limited; the sizes that
//! an archive states are not trusted.
//!
//! A file that is not OSV ends the run if the user named it. In a folder or an archive it is skipped. Then no vulnerability limit
//! passes, because the skipped records might deny a package that the others allow.

mod bytes;
mod error;
mod index;
mod read;
mod sink;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::check::AdvisoriesReport;
use crate::collect::saving;
use crate::oci::{Algorithm, Hasher};
use crate::packages::{Advisories, AdvisoryError, Records, UnusedRecords};

use super::args::AdvisoriesCommand;
use super::diagnostics::Diagnostic;
use super::{input, streams};
use error::AdvisoriesError;
use index::Writer;
use read::Reader;
use sink::Sink;

impl From<AdvisoriesError> for Diagnostic {
    fn from(error: AdvisoriesError) -> Self {
        let hint = error.hint();
        Self::usage(error, hint)
    }
}

/// The advisories of a run, and the report's section about them.
pub(super) struct Known {
    pub(super) advisories: Advisories,
    pub(super) report: AdvisoriesReport,
}

/// Reads all named advisories; `None` if none are named.
pub(super) fn read(places: &[PathBuf]) -> Result<Option<Known>, Diagnostic> {
    if places.is_empty() {
        return Ok(None);
    }
    let advisories = Reader::read(places, Advisories::default())?;
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

/// Returns the hash of advisory files, for journals and shards: their verdicts depend on the content.
pub(super) fn hash(places: &[PathBuf]) -> Result<String, Diagnostic> {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    for place in places {
        if !place.is_file() {
            return Err(Diagnostic::usage(
                format!("`--journal` and `--shard` need advisories in a file, and `{}` is none", place.display()),
                "make a file of them: `bonafide advisories index DIR -o advisories.jsonl`",
            ));
        }
        let mut read = || -> io::Result<()> {
            let mut file = File::open(place)?;
            let mut bytes = vec![0; 64 * 1024];
            loop {
                match file.read(&mut bytes)? {
                    0 => return Ok(()),
                    count => hasher.update(&bytes[..count]),
                }
            }
        };
        read().map_err(|error| input::unreadable(place, error))?;
    }
    Ok(hasher.finish().hex().to_owned())
}

impl Sink for Advisories {
    type Made = Records;

    fn make(text: &str) -> Result<Records, AdvisoryError> {
        Records::read(text)
    }

    fn add(&mut self, records: Records) {
        self.append(records);
    }

    fn pass_over(&mut self, name: String) {
        Advisories::pass_over(self, name);
    }
}

/// `bonafide advisories`.
pub(super) fn run(command: &AdvisoriesCommand) -> Result<u8, Diagnostic> {
    let AdvisoriesCommand::Index(args) = command;
    let passed_over = write_index(&args.places, &args.out)?;
    if passed_over > 0 {
        streams::to_stderr(&format!(
            "warning: {passed_over} of the files cannot be read, and may be about any package: no limit passes with this index\n"
        ));
    }
    Ok(0)
}

/// Returns how many files could not be read.
fn write_index(places: &[PathBuf], path: &Path) -> Result<u64, AdvisoriesError> {
    let index = Reader::read(places, Writer::new())?;
    let passed_over = index.passed_over();
    saving::save(path, &index.finish()).map_err(|error| AdvisoriesError::Write(path.to_owned(), error))?;
    Ok(passed_over)
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
