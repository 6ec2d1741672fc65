//! Advisories in the OSV format, and which packages of a list they are about.
//!
//! Every record is read whole and kept as the bytes of what matching needs, so that the databases of osv.dev fit into memory: ids,
//! ranges, listed versions and the severity. Those of a package are found by its type and name, and are read again when a list has it.

mod alias;
mod ecosystem;
mod examine;
mod pack;
mod range;
mod record;
mod severity;
mod unused;

use std::collections::hash_map::{Entry, RandomState};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::BuildHasher as _;

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::json;

use record::{Packed, Record};

pub use examine::{Examined, Listed, Unchecked, Vulnerable};
pub use record::AdvisoryError;
pub use severity::{Severity, UnknownSeverity};
pub use unused::UnusedRecords;

/// Unreadable files that are named.
const MOST_NAMED: usize = 5;

/// Known vulnerabilities, by package.
#[derive(Debug, Default)]
pub struct Advisories {
    records: Vec<Kept>,
    by_id: HashMap<Name, Named>,
    links: Vec<Link>,
    /// The first and the last in `links`, by the key of a package; each names the next one.
    by_package: HashMap<Name, (u32, u32)>,
    names: Names,
    /// The databases that there is a record of, and the releases that they have records of: `None` for all of them.
    databases: BTreeMap<Box<str>, BTreeSet<Option<Box<str>>>>,
    newest: Option<Timestamp>,
    unused: UnusedRecords,
    unreadable: Unreadable,
}

/// A record.
#[derive(Debug)]
struct Kept {
    packed: Packed,
    modified: Option<Timestamp>,
    /// Withdrawn, or replaced by a later record with its id.
    is_void: bool,
}

/// A package of a record.
#[derive(Debug)]
struct Link {
    /// The place of the record among all.
    record: u32,
    /// The place of the package's part in the record.
    at: u32,
    /// The next one of the same package, by its place.
    next: Option<u32>,
}

/// An id or the key of a package, as long as two hashes of it are: there are hundreds of thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Name([u8; 16]);

/// Names texts. The keys of both hashes are secret and differ, so that no two texts have one name: not by chance, and not by intent.
#[derive(Debug, Default)]
struct Names([RandomState; 2]);

impl Names {
    fn of(&self, text: &str) -> Name {
        let mut name = [0; 16];
        for (half, state) in name.chunks_exact_mut(8).zip(&self.0) {
            half.copy_from_slice(&state.hash_one(text).to_ne_bytes());
        }
        Name(name)
    }
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
    /// The record whose id it is: its place among all.
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
        each(json, Record::read).map(Self)
    }

    /// Reads them as [`read`](Self::read) does, and returns what it reads of them as JSON: each record on a line, with nothing else
    /// in it.
    pub fn reduce(json: &str) -> Result<Vec<String>, AdvisoryError> {
        each(json, record::reduce)
    }
}

fn each<T>(json: &str, read: impl Fn(&str) -> Result<T, AdvisoryError>) -> Result<Vec<T>, AdvisoryError> {
    if !json.trim_start().starts_with('[') {
        return Ok(vec![read(json)?]);
    }
    let malformed = |error: json::Error| AdvisoryError::Malformed { reason: error.to_string() };
    let listed = json::from_part::<Vec<&RawValue>>(json).map_err(malformed)?;
    listed.into_iter().map(|record| read(record.get())).collect()
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
        self.records.iter().filter(|record| !record.is_void).count()
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
        let named = self.names.of(record.packed.vulnerability().id);
        let known = self.by_id.get(&named).and_then(|named| named.record);
        if let Some(known) = known.map(|place| &mut self.records[place as usize]) {
            if known.modified >= record.modified {
                return;
            }
            known.is_void = true;
            if let Some(reason) = known.packed.unused() {
                self.unused.remove(&reason);
            }
        }
        let Ok(place) = u32::try_from(self.records.len()) else { return };
        self.newest = self.newest.max(record.modified);
        if !record.is_withdrawn {
            self.rate(&record);
        }
        for listed in &record.affected {
            let release = listed.place.release.as_deref();
            let releases = self.databases.entry(listed.place.database.as_str().into()).or_default();
            if !releases.iter().any(|known| known.as_deref() == release) {
                releases.insert(release.map(Into::into));
            }
            if !record.is_withdrawn {
                self.link(&listed.place.key, place, listed.at);
            }
        }
        self.by_id.entry(named).or_default().record = Some(place);
        if let Some(reason) = record.packed.unused() {
            self.unused.add(&reason);
        }
        let Record { packed, modified, is_withdrawn, .. } = record;
        self.records.push(Kept { packed, modified, is_void: is_withdrawn });
    }

    fn link(&mut self, key: &str, record: u32, at: usize) {
        let (Ok(place), Ok(at)) = (u32::try_from(self.links.len()), u32::try_from(at)) else { return };
        match self.by_package.entry(self.names.of(key)) {
            Entry::Occupied(mut known) => {
                let (_, last) = known.get_mut();
                self.links[*last as usize].next = Some(place);
                *last = place;
            }
            Entry::Vacant(new) => {
                new.insert((place, place));
            }
        }
        self.links.push(Link { record, at, next: None });
    }

    /// What records say of a package, in the order in which they were added.
    fn about(&self, key: &str) -> impl Iterator<Item = &Link> {
        let first = self.by_package.get(&self.names.of(key)).map(|(first, _)| *first);
        let place = |at: u32| &self.links[at as usize];
        std::iter::successors(first.map(place), move |link| link.next.map(place))
    }

    /// Remembers how bad a record says its vulnerability is, for those that do not say.
    fn rate(&mut self, record: &Record) {
        let Some(severity) = record.worst else { return };
        let rated = record.packed.vulnerability();
        for id in std::iter::once(rated.id).chain(rated.aliases) {
            let known = &mut self.by_id.entry(self.names.of(id)).or_default().severity;
            *known = Some(severity).max(*known);
        }
    }
}
