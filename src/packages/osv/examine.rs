//! Which packages of a list advisories are about.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use crate::packages::purl::Purl;
use crate::packages::version::Same;

use super::ecosystem::{self, Lookup, Place};
use super::range::{Range, Status};
use super::record::{Affected, Vulnerability};
use super::severity::Severity;
use super::{Advisories, alias};

/// Comparisons of a version with an event that one list of packages may cost: some seconds. A list that asks for more is not
/// examined to its end, and says so.
const MOST_COMPARISONS: u64 = 10_000_000;
/// Findings that are kept. Beyond it they are counted; the worst are kept only as far as they come first.
pub(super) const MOST_KEPT: usize = 100_000;
/// Ids that one finding lists.
const MOST_IDS: usize = 16;
/// Versions without the vulnerability that one finding lists.
const MOST_FIXES: usize = 8;

/// One package of a list, as the list has it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Listed<'a> {
    /// Its package URLs.
    pub purls: &'a [Cow<'a, str>],
    /// Its version, which counts where a package URL has none.
    pub version: Option<&'a str>,
    /// Name and version of the source package that it was built from, which count where a package URL names none.
    pub source: Option<(&'a str, Option<&'a str>)>,
    /// Name and version of the operating system that the list is about, which count where a package URL names no release.
    pub system: Option<(&'a str, &'a str)>,
    /// Whether it is the described product or its system, and not a package with advisories.
    pub is_frame: bool,
}

/// What advisories say of a list of packages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examined {
    /// The vulnerabilities that were found, the worst first; of one package in several copies, once.
    pub vulnerable: Vec<Vulnerable>,
    /// Vulnerabilities beyond those, which are not listed.
    pub more: u64,
    /// Packages that some database could have said something of.
    pub checked: u64,
    /// Packages that none could.
    pub unchecked: Unchecked,
    /// Whether it would have taken too long to look at all.
    pub is_cut_short: bool,
}

/// Packages that no advisory could have been found for, by the reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unchecked {
    /// Without a package URL.
    pub without_purl: u64,
    /// No package URL can be read.
    pub unreadable: u64,
    /// Without a version.
    pub without_version: u64,
    /// From a distribution whose release is not stated.
    pub without_release: u64,
    /// It is of a distribution whose advisories are about source packages, and the list names that of none of its packages.
    pub without_source: u64,
    /// No advisories are loaded for the ecosystem, or for the release of a distribution: number of packages of each.
    pub not_covered: BTreeMap<String, u64>,
}

impl Unchecked {
    /// Returns how many packages were not checked.
    pub fn count(&self) -> u64 {
        let named =
            [self.without_purl, self.unreadable, self.without_version, self.without_release, self.without_source];
        named.iter().sum::<u64>() + self.not_covered.values().sum::<u64>()
    }
}

/// One vulnerability of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vulnerable {
    /// The package URL, as the list has it.
    pub package: String,
    /// The version that was held against the advisories: of a package that was built from another one, that one's.
    pub version: String,
    /// Its ids in all databases that have it, that of the CVE list first.
    pub ids: Vec<String>,
    /// The worst severity that any of them states.
    pub severity: Option<Severity>,
    /// The next versions that do not have it any more, one of each record that names one.
    pub fixed: Vec<String>,
    /// Whether the package has it for certain: a version that cannot be ordered leaves it open.
    pub is_certain: bool,
}

/// Why a package was not looked for, worst knowledge first: of several package URLs the one that came furthest counts.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Obstacle {
    Unreadable,
    NotCovered(String),
    WithoutVersion,
    WithoutRelease,
}

impl Advisories {
    /// Holds packages against the advisories. Packages with one key and one version are looked at once.
    pub fn examine<'a>(&self, packages: impl Iterator<Item = Listed<'a>>) -> Examined {
        let mut examination = Examination {
            advisories: self,
            examined: Examined::default(),
            seen: HashSet::new(),
            left: MOST_COMPARISONS,
            sources: BTreeMap::new(),
        };
        for package in packages {
            examination.look_at(package);
        }
        examination.settle();
        let mut examined = examination.examined;
        examined.vulnerable.sort_by(|one, other| {
            let rank = |found: &Vulnerable| (Reverse(found.severity), Reverse(found.is_certain));
            rank(one).cmp(&rank(other)).then_with(|| (&one.package, &one.ids).cmp(&(&other.package, &other.ids)))
        });
        examined
    }

    /// Whether some record is about the place of a package: its ecosystem, and the release of a distribution.
    fn covers(&self, lookup: &Lookup) -> Result<(), Obstacle> {
        let place = &lookup.place;
        let Some(releases) = self.databases.get(place.database.as_str()) else {
            return Err(Obstacle::NotCovered(place.database.clone()));
        };
        if !place.has_releases || releases.contains(&None) {
            return Ok(());
        }
        let Some(release) = &place.release else { return Err(Obstacle::WithoutRelease) };
        let is_covered = releases.iter().any(|known| ecosystem::is_in_release(release, known.as_deref()));
        if is_covered { Ok(()) } else { Err(Obstacle::NotCovered(format!("{} {release}", place.database))) }
    }
}

struct Examination<'d> {
    advisories: &'d Advisories,
    examined: Examined,
    /// What was looked for among the packages that there are records of.
    seen: HashSet<String>,
    left: u64,
    /// Of each distribution, whether the list names a source package, and how many packages may have one that it does not name.
    sources: BTreeMap<&'static str, Sources>,
}

/// syft names the source of a package where it has another name, and other tools name none at all: only the whole list tells.
#[derive(Default)]
struct Sources {
    are_named: bool,
    open: u64,
}

/// A record about a package, and its result for the package's version.
struct Match<'d> {
    vulnerability: Vulnerability<'d>,
    /// How bad the record says that it is for the package.
    severity: Option<Severity>,
    fixed: Option<&'d str>,
    is_certain: bool,
}

impl<'d> Examination<'d> {
    fn look_at(&mut self, package: Listed<'_>) {
        if package.purls.is_empty() {
            self.examined.unchecked.without_purl += u64::from(!package.is_frame);
            return;
        }
        let looked: Result<Option<&'static str>, Obstacle> = package
            .purls
            .iter()
            .map(|purl| self.look_for(purl, package))
            .reduce(|one, other| match (one, other) {
                (Ok(None), _) | (_, Ok(None)) => Ok(None),
                (Ok(open), _) | (_, Ok(open)) => Ok(open),
                (Err(one), Err(other)) => Err(one.max(other)),
            })
            .unwrap_or(Err(Obstacle::Unreadable));
        let unchecked = &mut self.examined.unchecked;
        match looked {
            Err(_) if package.is_frame => {}
            Ok(None) => self.examined.checked += 1,
            Ok(Some(distribution)) => self.sources.entry(distribution).or_default().open += 1,
            Err(Obstacle::Unreadable) => unchecked.unreadable += 1,
            Err(Obstacle::WithoutVersion) => unchecked.without_version += 1,
            Err(Obstacle::WithoutRelease) => unchecked.without_release += 1,
            Err(Obstacle::NotCovered(what)) => *unchecked.not_covered.entry(what).or_default() += 1,
        }
    }

    /// Packages that nothing was found for by their own name were checked, if that is what advisories have them under.
    fn settle(&mut self) {
        for sources in self.sources.values() {
            if sources.are_named {
                self.examined.checked += sources.open;
            } else {
                self.examined.unchecked.without_source += sources.open;
            }
        }
    }

    /// Looks for one package URL. The distribution is returned where the package may be built from a source that is not named.
    fn look_for(&mut self, text: &str, package: Listed<'_>) -> Result<Option<&'static str>, Obstacle> {
        let purl = Purl::parse(text).map_err(|_| Obstacle::Unreadable)?;
        let elsewhere = || package.version.map(|version| purl.with_epoch(Cow::Borrowed(version)));
        let stated = purl.full_version().or_else(elsewhere).filter(|version| !version.trim().is_empty());
        let version = stated.as_deref();
        // Without a version nothing is found; where it would have been looked for is asked first.
        let lookups = ecosystem::lookups(&purl, version.unwrap_or_default(), package.source, package.system);
        let Some(first) = lookups.first() else {
            let namespace = purl.namespace.as_deref().map(|namespace| format!("/{namespace}")).unwrap_or_default();
            return Err(Obstacle::NotCovered(format!("{}{namespace}", purl.kind)));
        };
        self.advisories.covers(first)?;
        let names_source = package.source.is_some() || purl.qualifier("upstream").is_some();
        if let Some(distribution) = first.place.distribution {
            self.sources.entry(distribution).or_default().are_named |= names_source;
        }
        // Most packages have no record at all, and many are there in several copies.
        let is_known = lookups.iter().any(|one| self.advisories.about(&one.place.key).next().is_some());
        // A package that no record is about has none of these vulnerabilities in any version.
        if version.is_none() && !is_known && first.place.distribution.is_some() {
            return Err(Obstacle::WithoutVersion);
        }
        // Packages that were built from one source are several packages: what closes a vulnerability of one leaves the others open.
        if is_known && self.seen.insert(format!("{text} {lookups:?}")) {
            let mut matches = Vec::new();
            for lookup in &lookups {
                self.find(lookup, &mut matches);
            }
            self.report(text, &lookups.last().unwrap_or(first).version, &matches);
        }
        Ok(first.place.distribution.filter(|_| !is_known && !names_source))
    }

    /// Finds the records that are about a package, and leaves out those that its version is not affected by.
    fn find(&mut self, lookup: &Lookup, matches: &mut Vec<Match<'d>>) {
        let advisories = self.advisories;
        let release = lookup.place.release.as_deref().unwrap_or_default();
        for link in advisories.about(&lookup.place.key) {
            let record = &advisories.records[link.record as usize];
            if record.is_void {
                continue;
            }
            let is_meant = |stated: Option<&str>| ecosystem::is_in_release(release, stated);
            let Some(affected) = record.packed.affected(link.at as usize, is_meant) else { continue };
            let cost = 1 + affected.ranges.iter().map(|range| range.events().len() as u64).sum::<u64>();
            let cost = cost + affected.versions.len() as u64 / 32;
            let Some(left) = self.left.checked_sub(cost) else {
                self.examined.is_cut_short = true;
                return;
            };
            self.left = left;
            let (fixed, is_certain) = match affected.status(lookup) {
                Status::NotAffected => continue,
                Status::Affected { fixed } => (fixed, true),
                Status::Undecided => (None, false),
            };
            let vulnerability = record.packed.vulnerability();
            matches.push(Match { vulnerability, severity: affected.severity, fixed, is_certain });
        }
    }

    fn report(&mut self, package: &str, version: &str, matches: &[Match<'d>]) {
        for group in alias::groups(matches.iter().map(|one| one.vulnerability.same())) {
            if self.examined.vulnerable.len() >= MOST_KEPT {
                self.examined.more += 1;
                continue;
            }
            let group: Vec<&Match<'_>> = group.into_iter().map(|place| &matches[place]).collect();
            self.examined.vulnerable.push(Vulnerable {
                package: package.to_owned(),
                version: version.to_owned(),
                ids: ids(&group),
                severity: group.iter().filter_map(|one| self.advisories.severity(one)).max(),
                fixed: fixed(&group),
                is_certain: group.iter().any(|one| one.is_certain),
            });
        }
    }
}

impl<'a> Affected<'a> {
    /// "A version is considered affected if it lies within any one of the ranges or is listed in the versions list."
    ///
    /// A record that has neither, or ranges of commits alone, is about the package and cannot be compared with any version.
    fn status(&self, lookup: &Lookup) -> Status<'a> {
        if lookup.version.is_empty() {
            return self.status_of_any_version();
        }
        let mut status = match self.lists(&lookup.version, &lookup.place) {
            Same::Yes => Status::Affected { fixed: None },
            Same::No if !self.is_comparable() => Status::Undecided,
            Same::No => Status::NotAffected,
            Same::Unknown => Status::Undecided,
        };
        for range in &self.ranges {
            match (range.holds(&lookup.version, lookup.place.scheme), &status) {
                (found @ Status::Affected { .. }, _) => return found,
                (Status::Undecided, Status::NotAffected) => status = Status::Undecided,
                _ => {}
            }
        }
        status
    }

    /// A package without a version has every vulnerability that every version has, and perhaps each other one.
    fn status_of_any_version(&self) -> Status<'a> {
        if self.ranges.iter().any(Range::is_unlimited) { Status::Affected { fixed: None } } else { Status::Undecided }
    }

    fn is_comparable(&self) -> bool {
        !self.versions.is_empty() || self.ranges.iter().any(|range| !range.events().is_empty())
    }

    /// Whether a version is in the list of the record. Texts are compared first: lists have thousands of versions.
    fn lists(&self, version: &str, place: &Place) -> Same {
        let listed = || self.versions.split('\n').filter(|listed| !listed.is_empty());
        if listed().any(|listed| listed == version) {
            return Same::Yes;
        }
        let first = first_number(version);
        let has_epoch = |text: &str| text.contains(':');
        let mut unknown = Same::No;
        for one in listed() {
            // Two spellings of one version begin with the same number, unless one of them has an epoch in front.
            let is_other = first.is_some() && first_number(one) != first;
            if is_other && !has_epoch(one) && !has_epoch(version) {
                continue;
            }
            match place.same_version(one, version) {
                Same::Yes => return Same::Yes,
                Same::Unknown => unknown = Same::Unknown,
                Same::No => {}
            }
        }
        unknown
    }
}

/// The first digits of a text, without zeros in front.
fn first_number(text: &str) -> Option<&str> {
    let digits = &text[text.find(|c: char| c.is_ascii_digit())?..];
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    Some(digits[..end].trim_start_matches('0'))
}

impl<'a> Vulnerability<'a> {
    /// The ids by which another record is known to be of the same vulnerability.
    fn same(&self) -> Vec<&'a str> {
        let upstream = Some(&self.upstream).filter(|upstream| upstream.len() == 1);
        let others = self.aliases.iter().chain(upstream.into_iter().flatten());
        std::iter::once(&self.id).chain(others).copied().collect()
    }
}

impl Advisories {
    /// How bad a record says it is: for the package, in general, or elsewhere under another id. A record about several
    /// vulnerabilities is as bad as the worst of them.
    fn severity(&self, one: &Match<'_>) -> Option<Severity> {
        let stated = one.severity.max(one.vulnerability.severity);
        stated.or_else(|| {
            let others = one.vulnerability.aliases.iter().chain(&one.vulnerability.upstream);
            others.filter_map(|id| self.by_id.get(&self.names.of(id))?.severity).max()
        })
    }
}

/// Every id of a group once, those of the CVE list first and then those of records.
fn ids(group: &[&Match<'_>]) -> Vec<String> {
    let mut ids: Vec<&str> = group.iter().flat_map(|one| one.vulnerability.same()).collect();
    ids.sort_by_key(|id| (!id.starts_with("CVE-"), !id.starts_with("GHSA-"), *id));
    ids.dedup();
    ids.into_iter().take(MOST_IDS).map(str::to_owned).collect()
}

/// The versions that records of one vulnerability name as its fix, each once and in the order of the records.
fn fixed(group: &[&Match<'_>]) -> Vec<String> {
    let mut fixed: Vec<String> = Vec::new();
    for version in group.iter().filter_map(|one| one.fixed) {
        if fixed.len() < MOST_FIXES && !fixed.iter().any(|known| known == version) {
            fixed.push(version.to_owned());
        }
    }
    fixed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Advisories out of records.
    fn advisories(records: &[&str]) -> Advisories {
        let mut advisories = Advisories::default();
        for record in records {
            advisories.add(record).unwrap_or_else(|error| panic!("{record}: {error}"));
        }
        advisories
    }

    fn plain<'a>(purls: &'a [Cow<'a, str>], version: Option<&'a str>) -> Listed<'a> {
        Listed { purls, version, ..Listed::default() }
    }

    fn examine(records: &[&str], purls: &[&str]) -> Examined {
        let purls: Vec<[Cow<'_, str>; 1]> = purls.iter().map(|purl| [Cow::Borrowed(*purl)]).collect();
        advisories(records).examine(purls.iter().map(|purls| plain(purls, None)))
    }

    /// `id` and severity of what was found.
    fn found(examined: &Examined) -> Vec<(String, Option<Severity>)> {
        examined.vulnerable.iter().map(|one| (one.ids.join(" "), one.severity)).collect()
    }

    const HIGH: &str = r#""severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}]"#;

    fn npm(id: &str, more: &str, fixed: &str) -> String {
        format!(
            r#"{{"id":"{id}","modified":"2026-01-01T00:00:00Z",{more},"affected":[{{"package":{{"ecosystem":"npm","name":"left-pad"}},
                "ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}]}}]}}"#
        )
    }

    #[test]
    fn a_package_is_found_by_its_name_and_judged_by_its_version() {
        let record = npm("GHSA-1", HIGH, "1.3.0");
        let examined =
            examine(&[&record], &["pkg:npm/left-pad@1.2.9", "pkg:npm/left-pad@1.3.0", "pkg:npm/right-pad@1.0.0"]);
        assert_eq!(
            examined.vulnerable,
            [Vulnerable {
                package: "pkg:npm/left-pad@1.2.9".to_owned(),
                version: "1.2.9".to_owned(),
                ids: vec!["GHSA-1".to_owned()],
                severity: Some(Severity::High),
                fixed: vec!["1.3.0".to_owned()],
                is_certain: true,
            }]
        );
        assert_eq!((examined.checked, examined.unchecked.count()), (3, 0));
    }

    #[test]
    fn ids_of_one_vulnerability_are_reported_once_with_the_worst_severity() {
        let records = [
            npm("GHSA-1", r#""aliases":["CVE-1"],"database_specific":{"severity":"LOW"}"#, "1.3.0"),
            npm("OTHER-9", &format!(r#""aliases":["CVE-1"],{HIGH}"#), "1.4.0"),
            npm("GHSA-2", HIGH, "1.3.0"),
        ];
        let records: Vec<&str> = records.iter().map(String::as_str).collect();
        let examined = examine(&records, &["pkg:npm/left-pad@1.0.0"]);
        let high = Some(Severity::High);
        assert_eq!(found(&examined), [("CVE-1 GHSA-1 OTHER-9".to_owned(), high), ("GHSA-2".to_owned(), high)]);
    }

    #[test]
    fn a_distribution_borrows_the_severity_of_what_its_record_is_about() {
        let debian = r#"{"id":"DSA-1","modified":"2026-01-01T00:00:00Z","upstream":["CVE-1","CVE-2"],"affected":[{"package":
            {"ecosystem":"Debian:12","name":"openssl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3.0.11-1~deb12u2"}]}]}]}"#;
        let package = "pkg:deb/debian/libssl3@3.0.11-1~deb12u1?distro=debian-12&upstream=openssl";
        assert_eq!(found(&examine(&[debian], &[package])), [("DSA-1".to_owned(), None)]);
        let cve = format!(r#"{{"id":"CVE-2","modified":"2026-01-01T00:00:00Z",{HIGH}}}"#);
        assert_eq!(found(&examine(&[debian, &cve], &[package])), [("DSA-1".to_owned(), Some(Severity::High))]);
        let fixed = "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?distro=debian-12&upstream=openssl";
        assert!(examine(&[debian], &[fixed]).vulnerable.is_empty());
    }

    #[test]
    fn listed_versions_count_beside_ranges() {
        let record = r#"{"id":"MAL-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"event-stream"},"versions":["3.3.6"]}]}"#;
        let examined = examine(&[record], &["pkg:npm/event-stream@3.3.6", "pkg:npm/event-stream@3.3.5"]);
        assert_eq!(found(&examined), [("MAL-1".to_owned(), Some(Severity::Critical))]);
    }

    #[test]
    fn a_version_that_cannot_be_ordered_leaves_it_open() {
        let record = npm("GHSA-1", HIGH, "1.3.0");
        let examined = examine(&[&record], &["pkg:npm/left-pad@latest"]);
        assert_eq!(examined.vulnerable.iter().map(|one| one.is_certain).collect::<Vec<_>>(), [false]);
    }

    #[test]
    fn the_later_record_of_an_id_counts_and_a_withdrawn_one_is_gone() {
        let early = npm("GHSA-1", HIGH, "1.3.0");
        let late = early.replace("2026-01-01", "2026-02-01").replace("1.3.0", "1.1.0");
        let withdrawn = late.replace(r#""affected""#, r#""withdrawn":"2026-02-01T00:00:00Z","affected""#);
        for records in [[&early, &late], [&late, &early]] {
            assert!(examine(&[records[0], records[1]], &["pkg:npm/left-pad@1.2.0"]).vulnerable.is_empty());
        }
        assert!(examine(&[&withdrawn, &early], &["pkg:npm/left-pad@1.0.0"]).vulnerable.is_empty());
        let known = advisories(&[&early, &withdrawn]);
        assert_eq!(
            (known.count(), known.newest().map(|time| time.to_string())),
            (0, Some("2026-02-01T00:00:00Z".to_owned()))
        );
    }

    #[test]
    fn what_no_database_covers_is_counted_by_its_reason() {
        let debian = r#"{"id":"DSA-1","affected":[{"package":{"ecosystem":"Debian:12","name":"a"},"versions":["1"]}]}"#;
        let examined = examine(
            &[debian],
            &[
                "pkg:deb/debian/b@1?distro=debian-12&upstream=a",
                "pkg:deb/debian/b@1?distro=debian-13",
                "pkg:deb/debian/b@1",
                "pkg:deb/debian/b?distro=debian-12",
                "pkg:npm/a@1",
                "pkg:rpm/centos/a@1",
                "a@1",
            ],
        );
        let unchecked = Unchecked {
            without_purl: 0,
            unreadable: 1,
            without_version: 1,
            without_release: 1,
            without_source: 0,
            not_covered: [("deb/debian 13".to_owned(), 1), ("npm".to_owned(), 1), ("rpm/centos".to_owned(), 1)].into(),
        };
        assert_eq!((examined.checked, &examined.unchecked), (1, &unchecked));
        assert_eq!(unchecked.count(), 6);
        let nothing = advisories(&[debian]).examine([plain(&[], Some("1"))].into_iter());
        assert_eq!((nothing.checked, nothing.unchecked.without_purl), (0, 1));
    }

    #[test]
    fn a_list_that_names_no_source_packages_does_not_pass_for_one_without_any() {
        let debian =
            r#"{"id":"DSA-1","affected":[{"package":{"ecosystem":"Debian:12","name":"openssl"},"versions":["1"]}]}"#;
        let libssl = "pkg:deb/debian/libssl3@1?distro=debian-12";
        let unnamed = examine(&[debian], &[libssl, "pkg:deb/debian/openssl@2?distro=debian-12"]);
        assert_eq!((unnamed.checked, unnamed.unchecked.without_source), (1, 1));
        let named =
            examine(&[debian], &["pkg:deb/debian/bash@1?distro=debian-12", &format!("{libssl}&upstream=openssl")]);
        assert_eq!((named.checked, named.unchecked.without_source, named.vulnerable.len()), (2, 0, 1));
    }

    #[test]
    fn the_release_of_the_operating_system_counts_where_a_package_url_names_none() {
        let debian =
            r#"{"id":"DSA-1","affected":[{"package":{"ecosystem":"Debian:12","name":"openssl"},"versions":["1"]}]}"#;
        let look = |purl: &str, system| {
            let purls = [Cow::Borrowed(purl)];
            let examined = advisories(&[debian]).examine([Listed { system, ..plain(&purls, None) }].into_iter());
            (examined.vulnerable.len(), examined.unchecked.count())
        };
        let bookworm = Some(("Debian", "12.5"));
        assert_eq!(look("pkg:deb/debian/openssl@1", bookworm), (1, 0));
        assert_eq!(look("pkg:deb/openssl@1", bookworm), (1, 0));
        assert_eq!(look("pkg:deb/debian/openssl@1?distro=debian-11", bookworm), (0, 1), "the package URL goes first");
        assert_eq!(look("pkg:deb/debian/openssl@1", Some(("ubuntu", "12"))), (0, 1), "of another system");
        assert_eq!(look("pkg:deb/debian/openssl@1", None), (0, 1));
    }

    #[test]
    fn a301_packages_of_one_source_are_several_findings() {
        let debian = r#"{"id":"DSA-1","affected":[{"package":{"ecosystem":"Debian:12","name":"openssl"},
            "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2"}]}]}]}"#;
        let of =
            |name: &str, arch: &str| format!("pkg:deb/debian/{name}@1?arch={arch}&distro=debian-12&upstream=openssl");
        let purls = [of("libssl3", "amd64"), of("openssl", "amd64"), of("libssl3", "arm64"), of("libssl3", "amd64")];
        let purls: Vec<&str> = purls.iter().map(String::as_str).collect();
        assert_eq!(examine(&[debian], &purls).vulnerable.len(), 3);
    }

    #[test]
    fn copies_of_a_package_are_looked_at_once_and_the_work_has_an_end() {
        let record = npm("GHSA-1", HIGH, "1.3.0");
        let copies = vec!["pkg:npm/left-pad@1.0.0"; 1_000];
        let examined = examine(&[&record], &copies);
        assert_eq!((examined.vulnerable.len(), examined.checked), (1, 1_000));
        let versions: Vec<String> = (0..2_000).map(|patch| format!("pkg:npm/left-pad@1.0.{patch}")).collect();
        let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
        let long = format!(
            r#"{{"id":"X-1","affected":[{{"package":{{"ecosystem":"npm","name":"left-pad"}},"versions":["{}"]}}]}}"#,
            "9".repeat(1_000_000)
        );
        assert!(examine(&[&long], &versions).is_cut_short);
    }

    #[test]
    fn a_list_of_records_is_read_as_well() {
        let list = format!("[{},{}]", npm("GHSA-1", HIGH, "1.3.0"), npm("GHSA-2", HIGH, "1.3.0"));
        assert_eq!(advisories(&[&list]).count(), 2);
        assert!(Advisories::default().add(r#"[{"id":"A"},7]"#).is_err());
    }
}
