//! Tests which facts are compared and which are not.

use serde_json::json;

use super::*;
use crate::check::{
    Contents, ImageReport, KnownBy, ListedPackage, PackageChange, PackageEffect, ScannedVulnerability,
    VulnerabilityEffect,
};
use crate::json;

/// A commit, which differs from release to release.
fn candidate(id: &str, kind: &str, commit: &str) -> Value {
    let mut one = json!({
        "id": id,
        "kind": kind,
        "origin": {"kind": "referrer", "place": "a referrer"},
        "digest": "sha256:cc",
        "subject": "sha256:aa",
        "accepted": true,
        "trustDomain": "public-good",
        "signer": {
            "identity": "https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1",
            "identityKind": "uri",
            "issuer": "https://token.actions.githubusercontent.com",
            "claims": {},
        },
        "logEntries": [],
        "timestamps": [],
        "findings": [],
    });
    if kind == "provenance" {
        one["provenance"] = json!({
            "version": "v1",
            "builder": "https://b",
            "buildType": "https://t",
            "knownBuildType": true,
            "source": "https://github.com/acme/shop",
            "commit": commit,
            "parameters": {"workflow": {"ref": "refs/tags/v1"}, "a/b": [1, {}], "gone": null},
            "dependencyCount": 2,
            "dependencies": [
                {"uri": "git+https://github.com/acme/shop", "digests": {"gitCommit": commit}},
                {"uri": "pkg:docker/node@20?digest=sha256:11", "digests": {"sha256": "11"}},
            ],
        });
    }
    one
}

fn report(commit: &str, kinds: &[&str]) -> ImageReport {
    let candidates: Vec<Value> =
        kinds.iter().enumerate().map(|(place, kind)| candidate(&format!("c{place}"), kind, commit)).collect();
    let ids: Vec<String> = (0..kinds.len()).map(|place| format!("c{place}")).collect();
    let platform = |name: &str| json!({"platform": name, "digest": "sha256:bb", "verdict": "verified", "requirements": {}, "counted": ids});
    let value = json!({
        "reference": "ghcr.io/acme/shop:1",
        "digest": "sha256:aa",
        "verdict": "verified",
        "platforms": [platform("linux/amd64"), platform("linux/arm64")],
        "requirements": [],
        "candidates": candidates,
        "gaps": [],
        "readInFull": true,
    });
    json::from_value(&value).expect("a report")
}

const ALL: [&str; 4] = ["signature", "provenance", "sbom", "vulnerabilities"];

fn package(purl: &str, version: &str, license: &str) -> ListedPackage {
    ListedPackage {
        name: "a name".to_owned(),
        version: Some(version.to_owned()),
        license: Some(license.to_owned()),
        purls: if purl.is_empty() { Vec::new() } else { vec![purl.to_owned()] },
        ..ListedPackage::default()
    }
}

fn contents(packages: Vec<ListedPackage>, found: &[&str]) -> Contents {
    let scanned = |id: &&str| ScannedVulnerability {
        ids: id.split('=').map(str::to_owned).collect(),
        severity: Some("high".to_owned()),
        package: None,
    };
    Contents {
        packages: BTreeMap::from([("c2".to_owned(), packages)]),
        scans: BTreeMap::from([("c3".to_owned(), found.iter().map(scanned).collect())]),
    }
}

fn between(old: (&ImageReport, &Contents), new: (&ImageReport, &Contents)) -> DiffReport {
    let side = |(report, contents)| Side { report, file: None, contents: Some(contents) };
    diff(side(old), side(new), None)
}

/// What became of packages: `upgraded npm/a 1.0.0 → 1.0.1`.
fn packages(old: Vec<ListedPackage>, new: Vec<ListedPackage>) -> Vec<String> {
    let one = report("1", &ALL);
    let found = between((&one, &contents(old, &[])), (&one, &contents(new, &[])));
    let said = |one: PackageChange| {
        assert!(one.platforms.is_empty(), "on all of them");
        format!("{} {} {} → {}", one.effect, one.name, one.old.join(" "), one.new.join(" "))
    };
    found.packages.expect("known of both").listed.into_iter().map(said).collect()
}

#[test]
fn versions_are_ordered_as_their_ecosystem_orders_them() {
    let of = |purl: &str, version: &str| package(&format!("{purl}@{version}"), version, "MIT");
    for (purl, older, newer) in [
        ("pkg:npm/a", "1.9.0", "1.10.0"),
        ("pkg:npm/a", "1.0.0-rc.1", "1.0.0"),
        ("pkg:deb/debian/a", "1.0~rc1", "1.0"),
        ("pkg:apk/alpine/a", "1.2.3-r9", "1.2.3-r10"),
        ("pkg:pypi/a", "1.0.post1", "1.1"),
        ("pkg:maven/g/a", "1.0-SNAPSHOT", "1.0"),
    ] {
        let (one, other) = (vec![of(purl, older)], vec![of(purl, newer)]);
        let up = packages(one.clone(), other.clone());
        assert!(up.len() == 1 && up[0].starts_with("upgraded "), "{up:?}");
        let down = packages(other, one);
        assert!(down.len() == 1 && down[0].starts_with("downgraded "), "{down:?}");
    }
    // Two spellings are one package, and of versions that have no order none is newer.
    assert_eq!(packages(vec![of("pkg:npm/%40a/b", "1.0.0")], vec![of("pkg:npm/@a/b", "1.0.0")]), Vec::<String>::new());
    assert_eq!(packages(vec![of("pkg:npm/a", "one")], vec![of("pkg:npm/a", "two")]), ["changed npm/a one → two"]);
    assert_eq!(packages(vec![package("", "1", "MIT")], vec![package("", "2", "MIT")]), ["changed a name 1 → 2"]);
}

#[test]
fn packages_come_and_go_also_where_there_are_several_versions_of_one() {
    let of = |name: &str, version: &str| package(&format!("pkg:npm/{name}@{version}"), version, "MIT");
    let old = vec![of("a", "1.0.0"), of("a", "2.0.0"), of("gone", "1.0.0"), of("same", "1.0.0")];
    let new = vec![of("a", "2.0.0"), of("a", "3.0.0"), of("same", "1.0.0"), of("new", "1.0.0"), of("same", "1.1.0")];
    assert_eq!(
        packages(old.clone(), new.clone()),
        [
            "removed npm/gone 1.0.0 → ",
            "added npm/new  → 1.0.0",
            "added npm/same  → 1.1.0",
            "upgraded npm/a 1.0.0 → 3.0.0"
        ]
    );
    // The image itself is another one each time.
    let image = |digest: &str| vec![package(&format!("pkg:oci/shop@{digest}"), digest, "MIT")];
    assert_eq!(packages(image("sha256:aa"), image("sha256:bb")), Vec::<String>::new());
}

#[test]
fn very_many_packages_are_bounded_and_counted() {
    let of = |version: &str| {
        (0..MOST + 5).map(|place| package(&format!("pkg:npm/p{place}@{version}"), version, "MIT")).collect::<Vec<_>>()
    };
    let one = report("1", &ALL);
    let found = between((&one, &contents(of("1.0.0"), &[])), (&one, &contents(of("2.0.0"), &[])));
    let packages = found.packages.expect("known");
    assert_eq!((packages.listed.len(), packages.more), (MOST, 5));
    let long = package("", &"9".repeat(1_000_000), &"L".repeat(1_000_000));
    let found = between((&one, &contents(Vec::new(), &[])), (&one, &contents(vec![long], &[])));
    assert!(serde_json::to_string(&found).expect("JSON").len() < 20_000);
}

#[test]
fn licences_and_vulnerabilities_appear() {
    let (old, new) = (report("1", &ALL), report("2", &ALL));
    let before = contents(vec![package("", "1", "MIT")], &["CVE-1=GHSA-1", "CVE-2"]);
    let after =
        contents(vec![package("", "1", "MIT"), package("pkg:npm/b", "1", "GPL-3.0-only")], &["GHSA-1", "CVE-3"]);
    let found = between((&old, &before), (&new, &after));
    let licenses = found.licenses.expect("known").listed;
    assert_eq!((licenses[0].license.as_str(), licenses[0].packages, licenses.len()), ("GPL-3.0-only", 1, 1));
    let said: Vec<_> =
        found.vulnerabilities.listed.iter().map(|one| (one.effect, one.known_by, one.id.as_str())).collect();
    let scan = KnownBy::Scan;
    assert_eq!(said, [(VulnerabilityEffect::Appeared, scan, "CVE-3"), (VulnerabilityEffect::Gone, scan, "CVE-2")]);
    assert_eq!(found.packages.expect("known").listed[0].effect, PackageEffect::Added);
}

#[test]
fn builds_are_compared_and_the_source_is_a_fact_of_its_own() {
    let (before, after) = ("a".repeat(40), "b".repeat(40));
    let (old, mut new) = (report(&before, &ALL), report(&after, &ALL));
    let none = Contents::default();
    let found = between((&old, &none), (&new, &none));
    assert_eq!(found.compare_url, Some(format!("https://github.com/acme/shop/compare/{before}...{after}")));
    assert_eq!((found.parameters.listed, found.inputs.listed), (Vec::new(), Vec::new()));
    let mut other = candidate("c1", "provenance", &after);
    other["provenance"]["parameters"]["a/b"][0] = json!(2);
    other["provenance"]["dependencies"][1]["uri"] = json!("pkg:docker/node@22");
    new.candidates[1] = json::from_value(&other).expect("a candidate");
    let found = between((&old, &none), (&new, &none));
    let text = |text: &str| vec![text.to_owned()];
    let parameter = ValueChange { name: "/a~1b/0".to_owned(), old: text("1"), new: text("2") };
    let input = ValueChange {
        name: "docker/docker.io/library/node".to_owned(),
        old: text("20@sha256:11"),
        new: text("22@sha256:11"),
    };
    assert_eq!((found.parameters.listed, found.inputs.listed), (vec![parameter], vec![input]));
    // Two repositories have no commits between them.
    other["provenance"]["source"] = json!("https://github.com/acme/other");
    new.candidates[1] = json::from_value(&other).expect("a candidate");
    assert_eq!(between((&old, &none), (&new, &none)).compare_url, None);
}

#[test]
fn what_does_not_count_is_no_fact_and_what_was_not_read_is_not_lost() {
    let old = report("1", &ALL);
    let all = contents(vec![package("", "1", "MIT")], &["CVE-1"]);
    for spoil in [
        |one: &mut ImageReport| one.candidates.iter_mut().for_each(|one| one.accepted = false),
        |one: &mut ImageReport| one.candidates.iter_mut().for_each(|one| one.signer = None),
        |one: &mut ImageReport| one.platforms.iter_mut().for_each(|one| one.counted = Vec::new()),
    ] {
        let mut new = report("2", &ALL);
        spoil(&mut new);
        let found = between((&old, &all), (&new, &all));
        assert!(found.facts.iter().all(|fact| fact.new.is_empty()), "{:?}", found.facts);
        assert_eq!((found.packages, found.licenses, found.compare_url), (None, None, None));
        assert_eq!((found.vulnerabilities.listed, found.parameters.listed), (Vec::new(), Vec::new()));
        assert_eq!(found.new.set_aside, ALL.len());
        assert!(found.differences.iter().any(|one| one.direction == Direction::Weaker), "all is lost");
        new.read_in_full = false;
        let found = between((&old, &all), (&new, &all));
        assert_eq!(found.differences, Vec::new(), "it may be there");
        assert!(found.not_compared.iter().any(|one| one.what == "evidence"));
    }
}

#[test]
fn a_change_of_one_platform_names_it() {
    let mut new = report("1", &["signature", "provenance", "sbom", "sbom"]);
    new.platforms[0].counted.pop();
    new.platforms[1].counted.remove(2);
    let of = |amd64: &str, arm64: &str| Contents {
        packages: [("c2", amd64), ("c3", arm64)]
            .map(|(id, version)| (id.to_owned(), vec![package("pkg:npm/a", version, "MIT")]))
            .into(),
        ..Contents::default()
    };
    let found = between((&new, &of("1.0.0", "1.0.0")), (&new, &of("1.0.0", "1.1.0")));
    let packages = found.packages.expect("known").listed;
    assert_eq!((packages.len(), packages[0].platforms.as_slice()), (1, ["linux/arm64".to_owned()].as_slice()));
}
