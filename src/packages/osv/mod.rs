//! Advisories in the OSV format, and which packages of a list they are about.
//!
//! Of a record is kept what matching needs, so that the databases of osv.dev fit into memory: ids, ranges, listed versions and
//! the severity. They are found by the type and the name of a package.

mod alias;
mod ecosystem;
mod examine;
mod range;
mod record;
mod severity;
mod unused;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::json;

use record::{Affected, Record};

pub use examine::{Examined, Listed, Unchecked, Vulnerable};
pub use record::AdvisoryError;
pub use severity::{Severity, UnknownSeverity};
use unused::Unused;
pub use unused::UnusedRecords;

/// Known vulnerabilities, by package.
#[derive(Debug, Default)]
pub struct Advisories {
    vulnerabilities: Vec<Vulnerability>,
    by_id: HashMap<Box<str>, u32>,
    affected: Vec<Affected>,
    /// Places in `affected`, by the key of a package.
    by_package: HashMap<Box<str>, Vec<u32>>,
    /// The databases that there is a record of, and the releases that they have records of: `None` for all of them.
    databases: BTreeMap<Box<str>, BTreeSet<Option<Box<str>>>>,
    /// The worst severity that some record gives to an id, its own or an alias.
    severities: HashMap<Box<str>, Severity>,
    newest: Option<Timestamp>,
    unused: UnusedRecords,
}

/// A record without the packages that it affects.
#[derive(Debug)]
struct Vulnerability {
    id: Box<str>,
    aliases: Box<[Box<str>]>,
    upstream: Box<[Box<str>]>,
    severity: Option<Severity>,
    modified: Option<Timestamp>,
    /// Withdrawn, or replaced by a later record with its id.
    is_void: bool,
    /// Why no package can be held against it.
    unused: Option<Unused>,
}

impl Advisories {
    /// Adds what a file of JSON holds: one record, or a list of them.
    ///
    /// Of two records with one id the one that was modified later counts, whatever their order. One that was withdrawn is
    /// remembered, so that an older one does not come back.
    pub fn add(&mut self, json: &str) -> Result<(), AdvisoryError> {
        if !json.trim_start().starts_with('[') {
            self.insert(Record::read(json)?);
            return Ok(());
        }
        let malformed = |error: json::Error| AdvisoryError::Malformed { reason: error.to_string() };
        for record in json::from_part::<Vec<&RawValue>>(json).map_err(malformed)? {
            self.insert(Record::read(record.get())?);
        }
        Ok(())
    }

    /// Returns how many vulnerabilities are known, without those that were withdrawn.
    pub fn count(&self) -> usize {
        self.vulnerabilities.iter().filter(|vulnerability| !vulnerability.is_void).count()
    }

    /// Returns when a record was last modified: how old the advisories are at least.
    pub fn newest(&self) -> Option<Timestamp> {
        self.newest
    }

    /// Returns how many records no package can be held against.
    pub fn unused(&self) -> &UnusedRecords {
        &self.unused
    }

    fn insert(&mut self, record: Record) {
        if let Some(known) = self.by_id.get(&record.id).map(|place| &mut self.vulnerabilities[*place as usize]) {
            if known.modified >= record.modified {
                return;
            }
            known.is_void = true;
            if let Some(reason) = known.unused.take() {
                self.unused.remove(&reason);
            }
        }
        let Ok(place) = u32::try_from(self.vulnerabilities.len()) else { return };
        self.newest = self.newest.max(record.modified);
        if !record.is_withdrawn {
            self.rate(&record);
        }
        for (found_by, affected) in record.affected {
            let releases = self.databases.entry(found_by.database.into()).or_default();
            if !releases.contains(&affected.release) {
                releases.insert(affected.release.clone());
            }
            if !record.is_withdrawn {
                let at = u32::try_from(self.affected.len()).unwrap_or(u32::MAX);
                self.by_package.entry(found_by.key.into()).or_default().push(at);
                self.affected.push(Affected { vulnerability: place, ..affected });
            }
        }
        self.by_id.insert(record.id.clone(), place);
        if let Some(reason) = &record.unused {
            self.unused.add(reason);
        }
        self.vulnerabilities.push(Vulnerability {
            id: record.id,
            aliases: record.aliases,
            upstream: record.upstream,
            severity: record.severity,
            modified: record.modified,
            is_void: record.is_withdrawn,
            unused: record.unused,
        });
    }

    /// Remembers how bad a record says its vulnerability is, for those that do not say.
    fn rate(&mut self, record: &Record) {
        let of_packages = record.affected.iter().filter_map(|(_, affected)| affected.severity).max();
        let Some(severity) = record.severity.max(of_packages) else { return };
        for id in std::iter::once(&record.id).chain(&record.aliases) {
            let known = self.severities.entry(id.clone()).or_insert(severity);
            *known = severity.max(*known);
        }
    }
}
