//! Compares the packages that the SBOMs of two images list.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::check::{AttestationKind, Changes, LicenseChange, ListedPackage, NotCompared, PackageChange, PackageEffect};
use crate::packages::{Purl, Scheme, Version};

use super::pairs;
use super::side::{MOST, MOST_VALUES, Seen, short};

/// How many packages of a licence are named.
const FIRST: usize = 5;

/// Returns the changed packages and the new licences; nothing unless both images have lists.
pub(super) fn changes(
    both: &[Seen<'_>; 2],
    not_compared: &mut Vec<NotCompared>,
) -> Option<(Changes<PackageChange>, Changes<LicenseChange>)> {
    for seen in both {
        let reference = &seen.side.report.reference;
        let ids: Vec<&str> = seen.of_kind(AttestationKind::Sbom).map(|one| one.id.as_str()).collect();
        let unread = |contents: &crate::check::Contents| ids.iter().any(|id| !contents.packages.contains_key(*id));
        let why = match seen.side.contents {
            _ if ids.is_empty() => "no SBOM of it counts",
            None => "its report has counts of packages alone: name the image instead",
            Some(contents) if unread(contents) => "not all of its SBOMs can be listed",
            Some(_) => continue,
        };
        not_compared.push(NotCompared { what: "packages", why: format!("{reference}: {why}") });
        return None;
    }
    let mut all: BTreeMap<PackageChange, BTreeSet<String>> = BTreeMap::new();
    let pairs = pairs(both[0].facts, both[1].facts);
    // Images of one architecture after the other often have the same SBOM: each pair is compared once.
    let mut known: BTreeMap<[Vec<&str>; 2], Vec<PackageChange>> = BTreeMap::new();
    for (before, after) in &pairs {
        let ids = [(&both[0], *before), (&both[1], *after)].map(|(seen, platform)| {
            seen.facts.evidence(platform, AttestationKind::Sbom.as_str()).map(|one| one.id.as_str()).collect::<Vec<_>>()
        });
        if ids.iter().any(Vec::is_empty) {
            continue;
        }
        let found =
            known.entry(ids.clone()).or_insert_with(|| between(&listed(&both[0], &ids[0]), &listed(&both[1], &ids[1])));
        for change in found {
            all.entry(change.clone()).or_default().extend(before.platform.clone());
        }
    }
    let everywhere = pairs.iter().filter_map(|(before, _)| before.platform.as_deref()).collect::<BTreeSet<_>>().len();
    let on = |platforms: BTreeSet<String>| -> Vec<String> {
        if platforms.len() >= everywhere { Vec::new() } else { platforms.into_iter().collect() }
    };
    let changes =
        all.into_iter().map(|(change, platforms)| PackageChange { platforms: on(platforms), ..change }).collect();
    Some((Changes::of(changes, MOST), Changes::of(licenses(both), MOST)))
}

/// A package of one side.
#[derive(Default)]
struct Listed<'a> {
    scheme: Option<Scheme>,
    name: String,
    versions: BTreeSet<&'a str>,
}

/// The packages of SBOMs by what names them.
fn listed<'a>(seen: &Seen<'a>, ids: &[&str]) -> BTreeMap<String, Listed<'a>> {
    let mut all: BTreeMap<String, Listed<'a>> = BTreeMap::new();
    for package in packages(seen).filter(|(id, _)| ids.contains(id)).flat_map(|(_, packages)| packages) {
        if is_image(seen, package) {
            continue;
        }
        let (key, scheme, name) = named(package);
        let one = all.entry(key).or_insert_with(|| Listed { scheme, name, versions: BTreeSet::new() });
        one.versions.insert(package.version.as_deref().unwrap_or_default());
    }
    all
}

/// Whether an entry of an SBOM is the image itself, which differs in every release.
fn is_image(seen: &Seen<'_>, package: &ListedPackage) -> bool {
    let Some(version) = package.version.as_deref() else { return false };
    let report = seen.side.report;
    let mut own = report.digest.iter().chain(&report.index).chain(report.platforms.iter().map(|one| &one.digest));
    own.any(|digest| digest == version)
}

fn packages<'a>(seen: &Seen<'a>) -> impl Iterator<Item = (&'a str, &'a [ListedPackage])> {
    let all = seen.side.contents.into_iter().flat_map(|contents| &contents.packages);
    all.map(|(id, packages)| (id.as_str(), packages.as_slice()))
}

/// Returns the key of a package without its version, the order of its versions, and its name.
fn named(package: &ListedPackage) -> (String, Option<Scheme>, String) {
    match package.purls.iter().find_map(|purl| Purl::parse(purl).ok()) {
        Some(purl) => (purl.key(), Scheme::of(&purl.kind), format!("{}/{}", purl.kind, purl.full_name())),
        None => (format!(":{}", package.name), None, package.name.clone()),
    }
}

fn between(old: &BTreeMap<String, Listed<'_>>, new: &BTreeMap<String, Listed<'_>>) -> Vec<PackageChange> {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    keys.into_iter().filter_map(|key| change(old.get(key), new.get(key))).collect()
}

fn change(old: Option<&Listed<'_>>, new: Option<&Listed<'_>>) -> Option<PackageChange> {
    let one = new.or(old)?;
    let none = BTreeSet::new();
    let (before, after) = (old.map_or(&none, |one| &one.versions), new.map_or(&none, |one| &one.versions));
    let beyond = |one: &BTreeSet<&str>, other: &BTreeSet<&str>| -> Vec<String> {
        one.difference(other).take(MOST_VALUES).map(|version| short(version)).collect()
    };
    let (lost, gained) = (beyond(before, after), beyond(after, before));
    let effect = match (lost.is_empty(), gained.is_empty()) {
        (true, true) => return None,
        (true, false) => PackageEffect::Added,
        (false, true) => PackageEffect::Removed,
        (false, false) => moved(one.scheme, &lost, &gained),
    };
    Some(PackageChange { effect, name: short(&one.name), old: lost, new: gained, platforms: Vec::new() })
}

/// Newer if each new version is newer than each old one, and older if each is older.
fn moved(scheme: Option<Scheme>, old: &[String], new: &[String]) -> PackageEffect {
    let read =
        |all: &[String]| all.iter().map(|text| Version::parse(scheme?, text).ok()).collect::<Option<Vec<Version>>>();
    let (Some(old), Some(new)) = (read(old), read(new)) else { return PackageEffect::Changed };
    let ends = |all: &[Version]| {
        let order = |one: &&Version, other: &&Version| one.compare(other).unwrap_or(Ordering::Equal);
        Some((all.iter().min_by(order)?.clone(), all.iter().max_by(order)?.clone()))
    };
    let (Some((lowest_old, highest_old)), Some((lowest, highest))) = (ends(&old), ends(&new)) else {
        return PackageEffect::Changed;
    };
    if lowest.compare(&highest_old) == Some(Ordering::Greater) {
        PackageEffect::Upgraded
    } else if highest.compare(&lowest_old) == Some(Ordering::Less) {
        PackageEffect::Downgraded
    } else {
        PackageEffect::Changed
    }
}

/// The licences of the newer image that the older one has nowhere.
fn licenses(both: &[Seen<'_>; 2]) -> Vec<LicenseChange> {
    let of = |seen: &Seen<'_>| {
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let ids: Vec<&str> = seen.of_kind(AttestationKind::Sbom).map(|one| one.id.as_str()).collect();
        for package in packages(seen).filter(|(id, _)| ids.contains(id)).flat_map(|(_, packages)| packages) {
            if let Some(license) = &package.license {
                all.entry(license.clone()).or_default().insert(named(package).2);
            }
        }
        all
    };
    let old = of(&both[0]);
    let appeared = of(&both[1]).into_iter().filter(|(license, _)| !old.contains_key(license));
    appeared
        .map(|(license, names)| LicenseChange {
            license: short(&license),
            packages: names.len(),
            first: names.iter().take(FIRST).map(|name| short(name)).collect(),
        })
        .collect()
}
