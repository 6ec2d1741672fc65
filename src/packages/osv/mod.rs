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

use std::collections::hash_map::Entry;
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

/// Unreadable files that are named.
const MOST_NAMED: usize = 5;

/// Known vulnerabilities, by package.
#[derive(Debug, Default)]
pub struct Advisories {
    vulnerabilities: Vec<Vulnerability>,
    by_id: HashMap<Box<str>, Named>,
    affected: Vec<Affected>,
    /// The first and the last in `affected`, by the key of a package; each names the next one.
    by_package: HashMap<Box<str>, (u32, u32)>,
    /// The databases that there is a record of, and the releases that they have records of: `None` for all of them.
    databases: BTreeMap<Box<str>, BTreeSet<Option<Box<str>>>>,
    newest: Option<Timestamp>,
    unused: UnusedRecords,
    unreadable: Unreadable,
}

/// Files beside the advisories that hold none that can be read. Each may be about any package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unreadable {
    /// How many there are.
    pub count: u64,
    /// The names of the first few.
    pub named: Vec<String>,
}

/// The state of an id.
#[derive(Debug, Clone, Copy, Default)]
struct Named {
    /// The record whose id it is: its place among the vulnerabilities.
    record: Option<u32>,
    /// The worst severity that some record gives to it, as its own id or as an alias.
    severity: Option<Severity>,
}

/// What a file of JSON holds, read and not added yet. Reading needs nothing of what was read before, so several files can be read at
/// once.
#[derive(Debug)]
pub struct Records(Vec<Record>);

impl Records {
    /// Reads one record, or a list of them.
    pub fn read(json: &str) -> Result<Self, AdvisoryError> {
        if !json.trim_start().starts_with('[') {
            return Ok(Self(vec![Record::read(json)?]));
        }
        let malformed = |error: json::Error| AdvisoryError::Malformed { reason: error.to_string() };
        let listed = json::from_part::<Vec<&RawValue>>(json).map_err(malformed)?;
        Ok(Self(listed.into_iter().map(|record| Record::read(record.get())).collect::<Result<_, _>>()?))
    }
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
    /// Of two records with one id the one modified later counts, in either order. A withdrawn record is remembered, so
    /// that an older one does not come back.
    pub fn add(&mut self, json: &str) -> Result<(), AdvisoryError> {
        self.append(Records::read(json)?);
        Ok(())
    }

    /// Adds what was read before, as [`add`](Self::add) does.
    pub fn append(&mut self, records: Records) {
        records.0.into_iter().for_each(|record| self.insert(record));
    }

    /// Remembers a file that holds no advisory that can be read.
    pub fn pass_over(&mut self, name: String) {
        self.unreadable.count += 1;
        if self.unreadable.named.len() < MOST_NAMED {
            self.unreadable.named.push(name);
        }
    }

    /// Returns the files that could not be read.
    pub fn unreadable(&self) -> &Unreadable {
        &self.unreadable
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
        let known = self.by_id.get(&record.id).and_then(|named| named.record);
        if let Some(known) = known.map(|place| &mut self.vulnerabilities[place as usize]) {
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
                self.link(found_by.key, Affected { vulnerability: place, ..affected });
            }
        }
        self.by_id.entry(record.id.clone()).or_default().record = Some(place);
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

    fn link(&mut self, key: String, affected: Affected) {
        let Ok(at) = u32::try_from(self.affected.len()) else { return };
        match self.by_package.entry(key.into()) {
            Entry::Occupied(mut known) => {
                let (_, last) = known.get_mut();
                self.affected[*last as usize].next = Some(at);
                *last = at;
            }
            Entry::Vacant(new) => {
                new.insert((at, at));
            }
        }
        self.affected.push(affected);
    }

    /// What records say of a package, in the order in which they were added.
    fn about(&self, key: &str) -> impl Iterator<Item = &Affected> {
        let first = self.by_package.get(key).map(|(first, _)| *first);
        let place = |at: u32| &self.affected[at as usize];
        std::iter::successors(first.map(place), move |affected| affected.next.map(place))
    }

    /// Remembers how bad a record says its vulnerability is, for those that do not say.
    fn rate(&mut self, record: &Record) {
        let of_packages = record.affected.iter().filter_map(|(_, affected)| affected.severity).max();
        let Some(severity) = record.severity.max(of_packages) else { return };
        for id in std::iter::once(&record.id).chain(&record.aliases) {
            let known = &mut self.by_id.entry(id.clone()).or_default().severity;
            *known = Some(severity).max(*known);
        }
    }
}
