//! Compares the vulnerabilities of two images: those in the advisories of the run, and those in scans that count.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::{
    AttestationKind, CandidateReport, Changes, KnownBy, NotCompared, VulnerabilityChange, VulnerabilityEffect,
    VulnerabilityReport,
};
use crate::packages::Purl;

use super::side::{MOST, Seen, short};

/// Returns the changes for each source of data that both sides have.
pub(super) fn changes(both: &[Seen<'_>; 2], not_compared: &mut Vec<NotCompared>) -> Changes<VulnerabilityChange> {
    let [old, new] = both.each_ref().map(by_advisories);
    let mut all = match (old, new) {
        (Ok(old), Ok(new)) => held(&old, &new),
        (old, new) => {
            not_compared.extend(why("vulnerabilities by advisories", both, [old.err(), new.err()]));
            Vec::new()
        }
    };
    let [old, new] = both.each_ref().map(by_scans);
    match (old, new) {
        (Ok(old), Ok(new)) => all.extend(scanned(&old, &new)),
        (old, new) => not_compared.extend(why("vulnerabilities by scans", both, [old.err(), new.err()])),
    }
    all.sort_by(|one, other| (one.effect, one.known_by, &one.id).cmp(&(other.effect, other.known_by, &other.id)));
    Changes::of(all, MOST)
}

/// Why the data of a side cannot be compared. `None` if it has no such data.
type Silence = Option<&'static str>;

fn why(what: &'static str, both: &[Seen<'_>; 2], silences: [Option<Silence>; 2]) -> impl Iterator<Item = NotCompared> {
    // If neither side has a source of data, the comparison was not requested, and no note is needed.
    let is_asked = silences.iter().any(|one| !matches!(one, Some(None)));
    let each = both.iter().zip(silences).filter_map(move |(seen, silence)| {
        let silence = silence.filter(|_| is_asked)?;
        let why = silence.unwrap_or("it has none");
        Some(NotCompared { what, why: format!("{}: {why}", seen.side.report.reference) })
    });
    each.collect::<Vec<_>>().into_iter()
}

type Held<'a> = BTreeMap<(String, String), &'a VulnerabilityReport>;

/// The open vulnerabilities of the packages of SBOMs that count, by id and package.
fn by_advisories<'a>(seen: &Seen<'a>) -> Result<Held<'a>, Silence> {
    let sboms: Vec<&CandidateReport> = seen.of_kind(AttestationKind::Sbom).collect();
    if sboms.iter().all(|one| one.known_vulnerabilities.is_none()) {
        return Err(None);
    }
    let known = sboms.iter().map(|one| one.known_vulnerabilities.as_ref()).collect::<Option<Vec<_>>>();
    let known = known.ok_or(Some("not all of its SBOMs were held against advisories"))?;
    if known.iter().any(|one| !one.complete || one.more > 0) {
        return Err(Some("not all of its packages were held against all advisories"));
    }
    let open = known.into_iter().flat_map(|one| &one.listed).filter(|one| one.closed_by.is_empty());
    Ok(open.map(|one| ((one.id.clone(), package(&one.package)), one)).collect())
}

/// A package without its version.
fn package(purl: &str) -> String {
    Purl::parse(purl).map_or_else(|_| purl.to_owned(), |purl| purl.key())
}

fn held(old: &Held<'_>, new: &Held<'_>) -> Vec<VulnerabilityChange> {
    let change = |effect, one: &VulnerabilityReport| VulnerabilityChange {
        effect,
        known_by: KnownBy::Advisories,
        id: short(&one.id),
        severity: one.severity.clone(),
        package: Some(short(&one.package)),
    };
    let appeared = new.iter().filter(|(key, _)| !old.contains_key(*key));
    let gone = old.iter().filter(|(key, _)| !new.contains_key(*key));
    let appeared = appeared.map(|(_, one)| change(VulnerabilityEffect::Appeared, one));
    appeared.chain(gone.map(|(_, one)| change(VulnerabilityEffect::Gone, one))).collect()
}

/// A vulnerability of scans, with all its ids: two scanners may name it differently.
struct Scanned<'a> {
    ids: &'a [String],
    severity: Option<&'a str>,
    package: Option<&'a str>,
}

fn by_scans<'a>(seen: &Seen<'a>) -> Result<Vec<Scanned<'a>>, Silence> {
    let scans: Vec<&CandidateReport> = seen.of_kind(AttestationKind::Vulnerabilities).collect();
    if scans.is_empty() {
        return Err(None);
    }
    let contents = seen.side.contents.ok_or(Some("its report has counts of findings alone: name the image instead"))?;
    let found = scans.iter().map(|one| contents.scans.get(&one.id)).collect::<Option<Vec<_>>>();
    let found = found.ok_or(Some("not all of its scans can be read"))?;
    let scanned = found.into_iter().flatten().map(|one| Scanned {
        ids: &one.ids,
        severity: one.severity.as_deref(),
        package: one.package.as_deref(),
    });
    Ok(scanned.collect())
}

fn scanned(old: &[Scanned<'_>], new: &[Scanned<'_>]) -> Vec<VulnerabilityChange> {
    let beyond = |effect, all: &[Scanned<'_>], others: &[Scanned<'_>]| {
        let known: BTreeSet<&String> = others.iter().flat_map(|one| one.ids).collect();
        let mut said = BTreeSet::new();
        let unknown = all.iter().filter(|one| !one.ids.iter().any(|id| known.contains(id)));
        let first = unknown.filter_map(|one| Some((one.ids.first()?, one)));
        let changes = first.filter(|(id, one)| said.insert((*id, one.package))).map(|(id, one)| VulnerabilityChange {
            effect,
            known_by: KnownBy::Scan,
            id: short(id),
            severity: one.severity.map(str::to_owned),
            package: one.package.map(short),
        });
        changes.collect::<Vec<_>>()
    };
    let mut all = beyond(VulnerabilityEffect::Appeared, new, old);
    all.extend(beyond(VulnerabilityEffect::Gone, old, new));
    all
}
