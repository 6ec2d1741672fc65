//! One record of the OSV schema (1.0 to 1.7), read whole, and kept as the bytes of what matching needs.
//!
//! "Clients can assume that new minor and patch versions of the schema only add new fields", so unknown fields are passed over.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::json;

use super::ecosystem::{self, Place};
use super::pack::{Reader, Writer};
use super::range::{Event, Range};
use super::severity::Severity;
use super::unused::Unused;

/// A vulnerability as one database has it, read and not added yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) packed: Packed,
    pub(super) modified: Option<Timestamp>,
    pub(super) is_withdrawn: bool,
    /// The worst severity of the record and of its packages.
    pub(super) worst: Option<Severity>,
    pub(super) affected: Vec<Listed>,
}

/// A package of a record: where packages of its name are looked for, and the place in the bytes of what the record says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) place: Place,
    pub(super) at: usize,
}

/// A record as it is kept, in as few bytes as its texts allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packed(Box<[u8]>);

/// A record without the packages that it affects.
#[derive(Debug)]
pub(super) struct Vulnerability<'a> {
    pub(super) id: &'a str,
    /// Ids of the same vulnerability elsewhere.
    pub(super) aliases: Vec<&'a str>,
    /// Ids of the vulnerabilities that this one is about, as distributions have them.
    pub(super) upstream: Vec<&'a str>,
    pub(super) severity: Option<Severity>,
}

/// What a record says of one of its packages.
#[derive(Debug)]
pub(super) struct Affected<'a> {
    pub(super) ranges: Vec<Range<'a>>,
    /// Affected versions, one on each line: there can be thousands, and they are looked through once.
    pub(super) versions: &'a str,
    pub(super) severity: Option<Severity>,
}

impl Packed {
    /// Why no package can be held against it.
    pub(super) fn unused(&self) -> Option<Unused> {
        Unused::unpack(&mut Reader::new(&self.0))
    }

    pub(super) fn vulnerability(&self) -> Vulnerability<'_> {
        let mut reader = Reader::new(&self.0);
        Unused::unpack(&mut reader);
        let severity = Severity::unpack(&mut reader);
        Vulnerability { id: reader.text(), aliases: reader.texts(), upstream: reader.texts(), severity }
    }

    /// Reads what a record says of one of its packages; nothing if that is about releases of a distribution that `is_meant` refuses.
    pub(super) fn affected(&self, at: usize, is_meant: impl Fn(Option<&str>) -> bool) -> Option<Affected<'_>> {
        let mut reader = Reader::new(&self.0[at..]);
        if !is_meant(reader.option()) {
            return None;
        }
        let severity = Severity::unpack(&mut reader);
        let versions = reader.text();
        let count = reader.number();
        Some(Affected { ranges: (0..count).map(|_| Range::unpack(&mut reader)).collect(), versions, severity })
    }
}

/// Why bytes are no OSV record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdvisoryError {
    /// They are no JSON, or their fields have other types.
    #[error("not an OSV record: {reason}")]
    Malformed {
        /// What the parser says.
        reason: String,
    },
    /// An object without `id`, or with an empty one.
    #[error("not an OSV record: `id` is missing")]
    NoId,
}

#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default)]
    id: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    modified: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    withdrawn: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    aliases: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    upstream: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    severity: Option<Vec<WireSeverity<'a>>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    affected: Option<Vec<WireAffected<'a>>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    database_specific: Option<Beside<'a>>,
}

#[derive(Serialize, Deserialize)]
struct WireSeverity<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    score: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct WireAffected<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    package: Option<WirePackage<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    severity: Option<Vec<WireSeverity<'a>>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    ranges: Option<Vec<WireRange<'a>>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    versions: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    ecosystem_specific: Option<Beside<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    database_specific: Option<Beside<'a>>,
}

#[derive(Serialize, Deserialize)]
struct WirePackage<'a> {
    #[serde(borrow)]
    ecosystem: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct WireRange<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    events: Vec<WireEvent<'a>>,
}

#[derive(Serialize, Deserialize)]
struct WireEvent<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    introduced: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    fixed: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    last_affected: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    limit: Option<Cow<'a, str>>,
}

/// What databases put beside the schema.
#[derive(Clone, Copy, Deserialize)]
#[serde(transparent)]
struct Beside<'a>(#[serde(borrow)] &'a RawValue);

/// Its known fields: GitHub's `severity`, RustSec's `cvss` and `informational`, Debian's `urgency`.
#[derive(Deserialize, Default)]
struct Specific<'a> {
    #[serde(borrow, default)]
    severity: Option<&'a RawValue>,
    #[serde(borrow, default)]
    cvss: Option<&'a RawValue>,
    #[serde(borrow, default)]
    informational: Option<&'a RawValue>,
    #[serde(borrow, default)]
    urgency: Option<&'a RawValue>,
}

/// Reads a record, and writes its known fields as one line of JSON.
pub(super) fn reduce(json: &str) -> Result<String, AdvisoryError> {
    let mut wire = Wire::read(json)?;
    let says = |beside: &Beside<'_>| beside.texts().next().is_some();
    wire.database_specific = wire.database_specific.filter(says);
    for affected in wire.affected.iter_mut().flatten() {
        affected.database_specific = affected.database_specific.filter(says);
        affected.ecosystem_specific = affected.ecosystem_specific.filter(says);
        let ranges = affected.ranges.iter_mut().flatten();
        for commits in ranges.filter(|wire| range(wire).is_none()) {
            commits.events.clear();
        }
    }
    serde_json::to_string(&wire).map_err(|error| AdvisoryError::Malformed { reason: error.to_string() })
}

impl<'a> Wire<'a> {
    fn read(json: &'a str) -> Result<Self, AdvisoryError> {
        let wire: Self =
            json::from_part(json).map_err(|error| AdvisoryError::Malformed { reason: error.to_string() })?;
        if wire.id.is_empty() { Err(AdvisoryError::NoId) } else { Ok(wire) }
    }
}

impl Record {
    /// Reads a record.
    pub(super) fn read(json: &str) -> Result<Self, AdvisoryError> {
        let wire = Wire::read(json)?;
        let all = wire.affected.as_deref().unwrap_or_default();
        let places = all.iter().filter_map(|one| {
            // A record may be about commits alone, or about what no package URL can name.
            let package = one.package.as_ref()?;
            Some((one, ecosystem::place(&package.ecosystem, &package.name)?))
        });
        let places: Vec<(&WireAffected<'_>, Place)> = places.collect();
        let is_withdrawn = wire.withdrawn.as_deref().and_then(json::stated_date).is_some();
        let unused = match (is_withdrawn, places.is_empty()) {
            (true, _) => Some(Unused::Withdrawn),
            (false, true) => Some(unused(all)),
            (false, false) => None,
        };
        let mut worst = severity_of_record(&wire.id, wire.severity.as_deref(), wire.database_specific);
        let mut writer = Writer::default();
        Unused::pack(unused.as_ref(), &mut writer);
        Severity::pack(worst, &mut writer);
        writer.text(&wire.id);
        for texts in [&wire.aliases, &wire.upstream] {
            let texts = texts.as_deref().unwrap_or_default();
            writer.number(texts.len() as u64);
            for text in texts {
                writer.text(text);
            }
        }
        let affected = places.into_iter().map(|(one, place)| {
            let at = writer.len();
            worst = worst.max(one.pack(place.release.as_deref(), &mut writer));
            Listed { place, at }
        });
        let affected = affected.collect();
        Ok(Self {
            packed: Packed(writer.finish()),
            modified: wire.modified.as_deref().and_then(json::stated_date).and_then(|modified| modified.parse().ok()),
            is_withdrawn,
            worst,
            affected,
        })
    }
}

/// Why a record is about nothing that a package URL can name.
fn unused(affected: &[WireAffected<'_>]) -> Unused {
    let mut ecosystems = affected.iter().filter_map(|one| one.package.as_ref());
    let mut ranges = affected.iter().flat_map(|one| one.ranges.iter().flatten());
    match ecosystems.next() {
        Some(package) => Unused::Ecosystem(package.ecosystem.as_ref().into()),
        None if ranges.any(|range| range.kind == "GIT") => Unused::CommitsAlone,
        None => Unused::WithoutPackages,
    }
}

impl WireAffected<'_> {
    /// Writes the package's part, as [`Packed::affected`] reads it, and returns its severity.
    fn pack(&self, release: Option<&str>, writer: &mut Writer) -> Option<Severity> {
        let specific = [self.ecosystem_specific, self.database_specific].map(specific);
        let stated = specific.iter().filter_map(Specific::rating).max();
        let vectors = self.severity.as_deref().and_then(severity);
        let severity = vectors.max(stated).or_else(|| specific.iter().find_map(Specific::fallback));
        writer.option(release);
        Severity::pack(severity, writer);
        writer.text(&self.versions.as_deref().unwrap_or_default().join("\n"));
        let ranges: Vec<Range<'_>> = self.ranges.iter().flatten().filter_map(range).collect();
        writer.number(ranges.len() as u64);
        for range in &ranges {
            range.pack(writer);
        }
        severity
    }
}

/// Malware is not rated, and nothing is worse.
fn severity_of_record(id: &str, stated: Option<&[WireSeverity<'_>]>, database: Option<Beside<'_>>) -> Option<Severity> {
    if id.starts_with("MAL-") {
        return Some(Severity::Critical);
    }
    stated.and_then(severity).max(specific(database).rating())
}

/// The worst of the stated severities.
fn severity(stated: &[WireSeverity<'_>]) -> Option<Severity> {
    let read = |one: &WireSeverity<'_>| match &*one.kind {
        kind if kind.starts_with("CVSS_") => Severity::of_vector(&one.score),
        _ => Severity::of_word(&one.score),
    };
    stated.iter().filter_map(read).max()
}

/// Fields that databases add have no schema: a value that is not an object, or has other types, says nothing.
fn specific(beside: Option<Beside<'_>>) -> Specific<'_> {
    beside.and_then(|beside| json::from_part(beside.0.get()).ok()).unwrap_or_default()
}

impl Beside<'_> {
    /// The texts that are read.
    fn texts(self) -> impl Iterator<Item = (&'static str, String)> {
        let Specific { severity, cvss, informational, urgency } = specific(Some(self));
        let all = [("severity", severity), ("cvss", cvss), ("informational", informational), ("urgency", urgency)];
        all.into_iter().filter_map(|(key, raw)| Some((key, text(raw)?)))
    }
}

impl Serialize for Beside<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.texts())
    }
}

impl Specific<'_> {
    fn rating(&self) -> Option<Severity> {
        let word = text(self.severity).and_then(|word| Severity::of_word(&word));
        word.max(text(self.cvss).and_then(|vector| Severity::of_vector(&vector)))
    }

    /// What counts where nothing is rated: RustSec's notices (`unmaintained`) are no vulnerabilities.
    fn fallback(&self) -> Option<Severity> {
        let notice = text(self.informational).map(|_| Severity::None);
        notice.or_else(|| text(self.urgency).and_then(|word| Severity::of_word(&word)))
    }
}

fn text(raw: Option<&RawValue>) -> Option<String> {
    json::from_part(raw?.get()).ok()
}

/// Of commits nothing is kept: no package URL says which commit a package was built from.
fn range<'a>(wire: &'a WireRange<'_>) -> Option<Range<'a>> {
    let events = || wire.events.iter().flat_map(events).collect();
    match &*wire.kind {
        "SEMVER" => Some(Range::Semver(events())),
        "ECOSYSTEM" => Some(Range::Ecosystem(events())),
        _ => None,
    }
}

fn events<'a>(wire: &'a WireEvent<'_>) -> impl Iterator<Item = Event<'a>> {
    [
        wire.introduced.as_deref().map(Event::Introduced),
        wire.fixed.as_deref().map(Event::Fixed),
        wire.last_affected.as_deref().map(Event::LastAffected),
        wire.limit.as_deref().map(Event::Limit),
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn severity_of(json: &str) -> Option<Severity> {
        let record = Record::read(json).expect("a record");
        let affected = record.affected.first().and_then(|one| record.packed.affected(one.at, |_| true));
        record.packed.vulnerability().severity.max(affected.and_then(|affected| affected.severity))
    }

    #[test]
    fn the_worst_of_what_is_stated_counts() {
        let github = r#"{"id":"GHSA-x","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L"}],
            "database_specific":{"severity":"HIGH","cwe_ids":["CWE-1"]}}"#;
        assert_eq!(severity_of(github), Some(Severity::High));
        let ubuntu = r#"{"id":"UBUNTU-CVE-1","severity":[{"type":"Ubuntu","score":"negligible"}]}"#;
        assert_eq!(severity_of(ubuntu), Some(Severity::Low));
        assert_eq!(severity_of(r#"{"id":"MAL-2024-1"}"#), Some(Severity::Critical));
        assert_eq!(severity_of(r#"{"id":"DSA-1","database_specific":"odd"}"#), None);
    }

    #[test]
    fn what_databases_add_to_a_package_is_read_where_it_rates() {
        let package = r#""package":{"ecosystem":"crates.io","name":"a"}"#;
        let of = |specific: &str| severity_of(&format!(r#"{{"id":"X-1","affected":[{{{package},{specific}}}]}}"#));
        let cvss =
            r#""database_specific":{"cvss":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","informational":null}"#;
        assert_eq!(of(cvss), Some(Severity::Critical));
        assert_eq!(of(r#""database_specific":{"cvss":null,"informational":"unmaintained"}"#), Some(Severity::None));
        assert_eq!(of(r#""ecosystem_specific":{"urgency":"unimportant"}"#), Some(Severity::Low));
        assert_eq!(of(r#""ecosystem_specific":{"urgency":"not yet assigned"}"#), None);
    }

    #[test]
    fn what_is_left_of_a_record_is_all_that_is_read_of_it() {
        let package = r#""package":{"ecosystem":"Debian:12","name":"a\nb","purl":"pkg:deb/a"}"#;
        for record in [
            r#"{"id":"CVE-1","summary":"x","modified":"2026-01-01T00:00:00Z","withdrawn":"0001-01-01T00:00:00Z"}"#.to_owned(),
            r#"{"id":"A","withdrawn":"2026-01-01T00:00:00Z","aliases":["B","C"],"upstream":[],"severity":[]}"#.to_owned(),
            r#"{"id":"A","database_specific":{"severity":"LOW","cwe_ids":[],"cvss":{"a":1}}}"#.to_owned(),
            r#"{"id":"A","database_specific":["LOW"],"affected":[{"ranges":[{"type":"GIT","events":[{"introduced":"0"}]}]}]}"#.to_owned(),
            r#"{"id":"A","affected":[{"package":{"ecosystem":"Fantasy","name":"a"}}]}"#.to_owned(),
            format!(
                r#"{{"id":"A","affected":[{{{package},"versions":["1","2\n3"],"ecosystem_specific":{{"urgency":"low"}},
                    "ranges":[{{"type":"GIT","events":[{{"fixed":"c"}}]}},{{"type":"ECOSYSTEM","events":
                    [{{"introduced":"0"}},{{"fixed":"1:2"}},{{"last_affected":"3"}},{{"limit":"*"}}]}}]}}]}}"#
            ),
            r#"{"id":"A","affected":[{"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER"}],
                "severity":[{"type":"CVSS_V2","score":"AV:N/AC:L/Au:N/C:N/I:N/A:C"}],"database_specific":{"informational":"x"}}]}"#
                .to_owned(),
        ] {
            let reduced = reduce(&record).expect("a record");
            assert_eq!(Record::read(&reduced), Record::read(&record), "{reduced}");
            assert_eq!((reduced.lines().count(), reduce(&reduced)), (1, Ok(reduced.clone())));
        }
    }

    #[test]
    fn what_is_no_record_says_so() {
        assert_eq!(Record::read(r#"{"name":"x"}"#), Err(AdvisoryError::NoId));
        for text in
            ["", "[]", r#"["A"]"#, r#"{"id":7}"#, r#"{"id":"A","id":"B"}"#, r#"{"id":"A","affected":[{"package":{}}]}"#]
        {
            assert!(matches!(Record::read(text), Err(AdvisoryError::Malformed { .. })), "{text}");
        }
        let deep = format!(r#"{{"id":"A","references":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
        assert!(Record::read(&deep).is_ok(), "a skipped value is not followed into its depth");
    }
}
