//! Package URLs, versions, ranges and advisories: one on each line, or a record of OSV as a whole.

use std::borrow::Cow;
use std::cmp::Ordering;

use bonafide::packages::{Advisories, Listed, Purl, Range, Records, Scheme, Version};

const KINDS: [&str; 13] = [
    "semver",
    "nuget",
    "pypi",
    "maven",
    "deb",
    "rpm",
    "apk",
    "gem",
    "composer",
    "intdot",
    "lexicographic",
    "datetime",
    "generic",
];

/// What was understood is written so that it is understood in the same way again; one version is before another exactly if that
/// one is behind it; a version that is a range of its own is in it; advisories are read and asked without an end in panic, and say what
/// their index says.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lines: Vec<&str> = text.lines().take(4).collect();
    for line in &lines {
        hold_purl(line);
        hold_range(line);
    }
    for scheme in KINDS.map(|kind| Scheme::of(kind).expect("a scheme")) {
        hold_order(scheme, &lines);
    }
    let mut advisories = Advisories::default();
    if advisories.add(text).is_ok() {
        let purls = ["pkg:npm/left-pad@1.0.0", "pkg:deb/debian/libssl3@3.0.11-1?distro=debian-12&upstream=openssl"];
        let purls = purls.map(|purl| [Cow::Borrowed(purl)]);
        let list = purls.iter().map(|purls| Listed { purls, ..Listed::default() });
        let mut reduced = Advisories::default();
        for line in Records::reduce(text).expect("what was read") {
            reduced.add(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
        assert_eq!(reduced.examine(list.clone()), advisories.examine(list));
    }
}

fn hold_purl(line: &str) {
    if let Ok(purl) = Purl::parse(line) {
        let written = purl.to_string();
        let again = Purl::parse(&written).unwrap_or_else(|error| panic!("{line:?} is written {written:?}: {error}"));
        assert_eq!(again.to_string(), written, "{line:?}");
        assert!(purl.is_same_package(&again), "{line:?}");
    }
}

fn hold_range(line: &str) {
    if let Ok(range) = Range::parse(line) {
        assert_eq!(Range::parse(&range.to_string()).as_ref(), Ok(&range), "{line:?}");
        let _ = range.contains(line);
    }
}

fn hold_order(scheme: Scheme, lines: &[&str]) {
    let versions: Vec<Version> = lines.iter().filter_map(|line| Version::parse(scheme, line).ok()).collect();
    for one in &versions {
        assert_eq!(one.compare(one), Some(Ordering::Equal), "{scheme} {one}");
        for other in &versions {
            assert_eq!(one.compare(other), other.compare(one).map(Ordering::reverse), "{scheme} {one} {other}");
        }
    }
}

/// Every form of each.
pub fn seeds() -> Vec<Vec<u8>> {
    [
        "pkg:npm/%40angular/core@12.3.1\npkg:npm/@babel/core\npkg:PyPI/Django_Package@1.11.1\npkg:golang/a/b@v1#c/./d",
        "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl%403.0.11-1",
        "vers:npm/1.2.3|>=2.0.0|<5.0.0\nvers:gem/>=2.2.0|!=2.2.1|<2.3.0\nvers:generic/!=1.0%3E2\nvers:all/*",
        "pkg:pypi/a/[b]/c\npkg:pypi/a/[b]\npkg:golang/a/!\npkg:maven/a/:b:",
        "1.0.0-alpha.1\n1.0.0\nv2.0.0+incompatible\n1.0.0-beta.11",
        "1:3.0.11-1~deb12u2\n3.0.11-1+b1\n1.2.3_rc1-r10\n3.3.3p1-r3",
        "1-alpha2snapshot\n1.0.0.RC1\n1-1-snapshot\n2.1b",
        "1.0.dev1\n1!2.0.post1\n1.0.a.2\n2024-01-01T00:00:00Z",
        r#"{"id":"GHSA-1","modified":"2026-01-01T00:00:00Z","aliases":["CVE-1"],"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}],"affected":[{"package":{"ecosystem":"npm","name":"left-pad"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.3.0"},{"limit":"*"}]}],"versions":["1.0.0"]},{"package":{"ecosystem":"Debian:12","name":"openssl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"last_affected":"3.0.11-1"}]}]}]}"#,
        r#"[{"id":"MAL-1","withdrawn":"2026-01-01T00:00:00Z"},{"id":"DSA-1","upstream":["CVE-1"],"database_specific":{"severity":"HIGH"}}]"#,
    ]
    .map(|seed| seed.as_bytes().to_vec())
    .to_vec()
}
