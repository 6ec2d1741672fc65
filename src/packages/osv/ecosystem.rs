//! Which ecosystem of OSV is which type of package URL (OSV schema, "Defined ecosystems"; purl-spec types).

use std::borrow::Cow;

use crate::packages::name;
use crate::packages::purl::Purl;
use crate::packages::version::{Same, Scheme, same_version};

/// A Linux distribution: its packages are apart by release, and most of its advisories are about source packages.
struct Distribution {
    ecosystem: &'static str,
    kind: &'static str,
    /// The namespace of its package URLs, by the first of its names.
    namespace: &'static str,
    has_releases: bool,
}

const fn distribution(
    ecosystem: &'static str,
    kind: &'static str,
    namespace: &'static str,
    has_releases: bool,
) -> Distribution {
    Distribution { ecosystem, kind, namespace, has_releases }
}

const DISTRIBUTIONS: [Distribution; 17] = [
    distribution("Debian", "deb", "debian", true),
    distribution("Ubuntu", "deb", "ubuntu", true),
    distribution("Alpine", "apk", "alpine", true),
    distribution("Alpaquita", "apk", "alpaquita", true),
    distribution("BellSoft Hardened Containers", "apk", "bellsoft-hardened-containers", true),
    distribution("Wolfi", "apk", "wolfi", false),
    distribution("Chainguard", "apk", "chainguard", false),
    distribution("MinimOS", "apk", "minimos", false),
    distribution("AlmaLinux", "rpm", "almalinux", true),
    distribution("Rocky Linux", "rpm", "rocky", true),
    distribution("Red Hat", "rpm", "redhat", true),
    distribution("openSUSE", "rpm", "opensuse", true),
    distribution("SUSE", "rpm", "suse", true),
    distribution("Mageia", "rpm", "mageia", true),
    distribution("Azure Linux", "rpm", "azurelinux", true),
    distribution("Photon OS", "rpm", "photon", true),
    distribution("openEuler", "rpm", "openeuler", true),
];

/// Ecosystems whose packages are the same everywhere, and their types.
const LANGUAGES: [(&str, &str); 18] = [
    ("npm", "npm"),
    ("Go", "golang"),
    ("PyPI", "pypi"),
    ("Maven", "maven"),
    ("crates.io", "cargo"),
    ("RubyGems", "gem"),
    ("NuGet", "nuget"),
    ("Packagist", "composer"),
    ("Hex", "hex"),
    ("Pub", "pub"),
    ("CRAN", "cran"),
    ("Hackage", "hackage"),
    ("ConanCenter", "conan"),
    ("SwiftURL", "swift"),
    ("GitHub Actions", "github"),
    ("Bitnami", "bitnami"),
    ("Julia", "julia"),
    ("VSCode", "vscode-extension"),
];

/// Debian's releases by their names, which some tools write instead of the number.
const CODENAMES: [(&str, &str); 8] = [
    ("wheezy", "7"),
    ("jessie", "8"),
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
];

/// Where packages of a name are looked for, and how their versions are ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The type, and of a distribution its name: `npm`, `deb/debian`.
    pub(super) database: String,
    /// The database and the name, in a form that is equal for two spellings of one package.
    pub(super) key: String,
    /// The release of a distribution, if that is part of the name.
    pub(super) release: Option<String>,
    /// The distribution, if it is one.
    pub(super) distribution: Option<&'static str>,
    /// Whether packages of it are apart by release.
    pub(super) has_releases: bool,
    pub(super) scheme: Option<Scheme>,
}

impl Place {
    /// Whether a version of a record is that of a package, as the ecosystem compares them.
    pub(super) fn same_version(&self, listed: &str, found: &str) -> Same {
        let kind = self.database.split('/').next().unwrap_or_default();
        same_version(kind, listed, found)
    }
}

/// Returns the place of an advisory's package; `None` for an ecosystem that no type of package URL stands for, and for a
/// release that no package URL names.
pub(super) fn place(ecosystem: &str, name: &str) -> Option<Place> {
    let (base, suffix) = ecosystem.split_once(':').map_or((ecosystem, None), |(base, suffix)| (base, Some(suffix)));
    if let Some(distribution) = DISTRIBUTIONS.iter().find(|known| known.ecosystem == base) {
        let release = match suffix {
            Some(suffix) if distribution.has_releases => Some(release(base, suffix)?),
            _ => None,
        };
        return Some(distribution.place(name, release));
    }
    let (_, kind) = LANGUAGES.iter().find(|(known, _)| *known == base)?;
    let name = match *kind {
        // "The name is a Git URL to the source of the package."
        "swift" => Cow::Borrowed(name.trim_start_matches("https://").trim_end_matches(".git")),
        // "the `<publisher>.<name>` string".
        "vscode-extension" => Cow::Owned(name.replacen('.', "/", 1)),
        other => name::standard(other, name, None).map_or(Cow::Borrowed(name), Cow::Owned),
    };
    Some(language(kind, &name))
}

/// A name and version under which a package is looked for: its own, or that of the source package that it was built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lookup {
    pub(super) place: Place,
    pub(super) version: String,
}

/// Returns where a package is looked for, its own name first; nothing if it is of a distribution that is not known.
///
/// syft writes the source package into the qualifier `upstream`: `openssl`, `openssl@3.0.11-1` (dpkg), or the file name of a
/// source RPM. Other tools write it elsewhere: `stated` is its name and version then.
pub(super) fn lookups(
    purl: &Purl<'_>,
    version: &str,
    stated: Option<(&str, Option<&str>)>,
    system: Option<(&str, &str)>,
) -> Vec<Lookup> {
    let own = |place: Place| Lookup { place, version: version.to_owned() };
    if !matches!(&*purl.kind, "deb" | "apk" | "rpm") {
        return vec![own(language(&purl.kind, &purl.full_name()))];
    }
    let system =
        system.and_then(|(name, version)| Some((name::distribution(&purl.kind, &name.to_lowercase())?, version)));
    let namespace = match purl.namespace.as_deref() {
        Some(written) => name::distribution(&purl.kind, written),
        None => system.map(|(name, _)| name),
    };
    let is_it = |known: &&Distribution| known.kind == purl.kind && Some(known.namespace) == namespace;
    let Some(distribution) = DISTRIBUTIONS.iter().find(is_it) else { return Vec::new() };
    let of_system = system.filter(|(name, _)| Some(*name) == namespace);
    let release = release_of(purl).or_else(|| of_system.and_then(|(_, version)| release_of_qualifier(version)));
    let place = |name: &str| distribution.place(name, release.clone());
    let stated = stated.map(|(name, own)| (name.to_owned(), Cow::Borrowed(own.unwrap_or(version))));
    let source = purl.qualifier("upstream").map(|upstream| source(purl, upstream, version)).or(stated);
    match (source, distribution.kind) {
        (None, _) => vec![own(place(&purl.name))],
        // Red Hat and others name binary packages as well.
        (Some((name, source_version)), "rpm") => {
            vec![own(place(&purl.name)), Lookup { place: place(&name), version: source_version.into_owned() }]
        }
        (Some((name, source_version)), _) => {
            vec![Lookup { place: place(&name), version: source_version.into_owned() }]
        }
    }
}

impl Distribution {
    fn place(&self, name: &str, release: Option<String>) -> Place {
        let database = format!("{}/{}", self.kind, self.namespace);
        let key = format!("{database}/{}", name::fold(self.kind, name));
        let distribution = Some(self.ecosystem);
        Place { database, key, release, distribution, has_releases: self.has_releases, scheme: Scheme::of(self.kind) }
    }
}

fn language(kind: &str, name: &str) -> Place {
    let key = format!("{kind}/{}", name::fold(kind, name));
    let scheme = Scheme::of(kind);
    Place { database: kind.to_owned(), key, release: None, distribution: None, has_releases: false, scheme }
}

/// The number of a release, as os-release has it in `VERSION_ID`.
fn release(ecosystem: &str, suffix: &str) -> Option<String> {
    match ecosystem {
        // "`Ubuntu:22.04:LTS` … `Ubuntu:Pro:18.04:LTS`". Builds for FIPS and others have versions of their own.
        "Ubuntu" => {
            let suffix = suffix.strip_prefix("Pro:").unwrap_or(suffix);
            let number = suffix.strip_suffix(":LTS").unwrap_or(suffix);
            is_number(number).then(|| number.to_owned())
        }
        // "`Red Hat:rhel_aus:8.4::appstream`": a package URL does not tell whether a system gets the updates of a longer support,
        // so a package of that release is held against them too.
        "Red Hat" => {
            let (product, rest) = suffix.split_once(':')?;
            let number = rest.split(':').next()?;
            ((product == "enterprise_linux" || product.starts_with("rhel_")) && is_number(number))
                .then(|| number.to_owned())
        }
        // "Linux Enterprise Server 15 SP4" is 15.4, and so is "15 SP4-LTSS": its longer support has no package URLs of its own.
        "SUSE" | "openSUSE" => {
            let suffix =
                ["-LTSS", "-ESPOS", "-TERADATA"].iter().find_map(|long| suffix.strip_suffix(long)).unwrap_or(suffix);
            let (name, pack) = suffix.split_once(" SP").unwrap_or((suffix, ""));
            let number = name.rsplit(' ').next().unwrap_or(name);
            Some(if pack.is_empty() { number.to_lowercase() } else { format!("{number}.{pack}") })
        }
        _ => Some(suffix.strip_prefix('v').unwrap_or(suffix).to_lowercase()),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// The release that a package URL names: syft and trivy write `distro`, Docker Scout `os_version` and `os_distro`.
fn release_of(purl: &Purl<'_>) -> Option<String> {
    ["distro", "os_version", "os_distro"].into_iter().find_map(|key| purl.qualifier(key).and_then(release_of_qualifier))
}

/// `debian-12`, `alpine-3.19.1`, `opensuse-leap-15.5`, `3.19.1`, `bookworm`.
fn release_of_qualifier(distro: &str) -> Option<String> {
    if let Some(place) = distro.find(|c: char| c.is_ascii_digit()) {
        return Some(distro[place..].to_lowercase());
    }
    let name = distro.rsplit('-').next()?.to_lowercase();
    Some(CODENAMES.iter().find(|(known, _)| *known == name).map_or(name, |(_, number)| (*number).to_owned()))
}

/// Whether a package of `release` is in the release that an advisory is about: `12` has `12.5`, and none has every one.
pub(super) fn is_in_release(release: &str, advisory: Option<&str>) -> bool {
    let within =
        |advisory: &str| release.strip_prefix(advisory).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    advisory.is_none_or(within)
}

/// Name and version of the source package.
fn source<'a>(purl: &Purl<'_>, upstream: &'a str, version: &'a str) -> (String, Cow<'a, str>) {
    if purl.kind == "rpm" {
        let file = upstream.strip_suffix(".rpm").unwrap_or(upstream);
        let file = file.strip_suffix(".src").or_else(|| file.strip_suffix(".nosrc")).unwrap_or(file);
        let mut parts = file.rsplitn(3, '-');
        if let (Some(release), Some(number), Some(name)) = (parts.next(), parts.next(), parts.next()) {
            // A file name has no epoch; a package nearly always has that of its source.
            let epoch = version.split_once(':').map_or(String::new(), |(epoch, _)| format!("{epoch}:"));
            return (name.to_owned(), Cow::Owned(format!("{epoch}{number}-{release}")));
        }
        return (file.to_owned(), Cow::Borrowed(version));
    }
    match upstream.split_once('@') {
        Some((name, version)) => (name.to_owned(), Cow::Borrowed(version)),
        None => (upstream.to_owned(), Cow::Borrowed(version)),
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;
    use crate::packages::version::Version;

    fn keys(purl: &str) -> Vec<(String, Option<String>, String)> {
        let purl = Purl::parse(purl).expect("a package URL");
        let version = purl.full_version().expect("a version").into_owned();
        let look = |lookup: Lookup| (lookup.place.key, lookup.place.release, lookup.version);
        lookups(&purl, &version, None, None).into_iter().map(look).collect()
    }

    fn advisory(ecosystem: &str, name: &str) -> (String, Option<String>) {
        let place = place(ecosystem, name).unwrap_or_else(|| panic!("{ecosystem}"));
        (place.key, place.release)
    }

    #[test]
    fn packages_of_languages_are_found_by_their_names() {
        for (purl, ecosystem, name) in [
            ("pkg:npm/%40angular/core@1", "npm", "@angular/core"),
            ("pkg:golang/github.com/Masterminds/semver/v3@v3.2.1", "Go", "github.com/Masterminds/semver/v3"),
            ("pkg:golang/stdlib@1.22.3", "Go", "stdlib"),
            ("pkg:pypi/Zope_Interface@1", "PyPI", "zope.interface"),
            ("pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1", "Maven", "org.apache.logging.log4j:log4j-core"),
            ("pkg:cargo/serde@1", "crates.io", "serde"),
            ("pkg:nuget/Newtonsoft.Json@1", "NuGet", "Newtonsoft.Json"),
            ("pkg:composer/Symfony/http-kernel@1", "Packagist:https://packages.drupal.org/8", "symfony/http-kernel"),
            ("pkg:swift/github.com/apple/swift-nio@2", "SwiftURL", "https://github.com/apple/swift-nio.git"),
            ("pkg:github/Actions/Checkout@v4", "GitHub Actions", "actions/checkout"),
        ] {
            assert_eq!(keys(purl)[0].0, advisory(ecosystem, name).0, "{purl}");
        }
    }

    #[test]
    fn packages_of_distributions_are_found_by_their_source_and_release() {
        let found = keys("pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12.5&upstream=openssl");
        assert_eq!(found, [("deb/debian/openssl".into(), Some("12.5".into()), "3.0.11-1~deb12u2".into())]);
        assert_eq!(advisory("Debian:12", "openssl"), ("deb/debian/openssl".into(), Some("12".into())));
        assert!(
            is_in_release("12.5", Some("12")) && is_in_release("12", None) && !is_in_release("3.19.1", Some("3.1"))
        );
        assert_eq!(
            keys("pkg:deb/debian/gcc-12-base@12.2.0-14?distro=bookworm&upstream=gcc-12%4012.2.0-14")[0].1.as_deref(),
            Some("12")
        );
        assert_eq!(
            keys("pkg:apk/alpine/libcrypto3@3.1.4-r5?distro=3.19.1&upstream=openssl")[0].0,
            "apk/alpine/openssl"
        );
        assert_eq!(advisory("Alpine:v3.19", "openssl").1.as_deref(), Some("3.19"));
        assert_eq!(advisory("Ubuntu:22.04:LTS", "openssl").1.as_deref(), Some("22.04"));
        assert_eq!(advisory("Ubuntu:Pro:18.04:LTS", "openssl").1.as_deref(), Some("18.04"));
        assert_eq!(advisory("SUSE:Linux Enterprise Server 15 SP4", "openssl").1.as_deref(), Some("15.4"));
        assert_eq!(advisory("openSUSE:Leap 15.5", "openssl").1.as_deref(), Some("15.5"));
        assert_eq!(advisory("Red Hat:enterprise_linux:9::appstream", "openssl").1.as_deref(), Some("9"));
        assert_eq!(advisory("Wolfi", "openssl"), ("apk/wolfi/openssl".into(), None));
    }

    #[test]
    fn an_rpm_is_looked_for_by_its_own_name_and_by_that_of_its_source() {
        let found = keys(
            "pkg:rpm/redhat/perl-libs@5.32.1-480.el9?epoch=4&distro=rhel-9.4&upstream=perl-5.32.1-480.el9.src.rpm",
        );
        let version = "4:5.32.1-480.el9".to_owned();
        let release = Some("9.4".to_owned());
        assert_eq!(
            found,
            [
                ("rpm/redhat/perl-libs".to_owned(), release.clone(), version.clone()),
                ("rpm/redhat/perl".to_owned(), release, version)
            ]
        );
    }

    #[test]
    fn a_source_that_is_stated_elsewhere_counts_where_the_package_url_names_none() {
        let key = |purl: &str| {
            let purl = Purl::parse(purl).expect("a package URL");
            let stated = Some(("openssl", Some("3.0.11-1")));
            let last = lookups(&purl, "9", stated, None).pop().expect("a place");
            (last.place.key, last.version)
        };
        let openssl = ("deb/debian/openssl".to_owned(), "3.0.11-1".to_owned());
        assert_eq!(key("pkg:deb/debian/libssl3@9?distro=debian-12"), openssl);
        assert_eq!(key("pkg:deb/debian/libssl3@9?upstream=other").0, "deb/debian/other");
        assert_eq!(key("pkg:npm/a@9").0, "npm/a");
    }

    #[test]
    fn what_no_package_url_can_say_is_in_no_place() {
        for (ecosystem, name) in [
            ("Linux", "Kernel"),
            ("Android", "platform/frameworks/base"),
            ("Red Hat:openshift:4.12::el8", "openssl"),
            ("Ubuntu:Pro:FIPS-updates:22.04:LTS", "openssl"),
        ] {
            assert_eq!(place(ecosystem, name), None, "{ecosystem}");
        }
        assert!(keys("pkg:rpm/centos/openssl@1.0?distro=centos-7").is_empty());
        assert!(keys("pkg:deb/openssl@1.0").is_empty());
    }

    #[test]
    fn a_release_with_longer_support_is_the_release() {
        for (ecosystem, release) in [
            ("SUSE:Linux Enterprise Server 15 SP3", "15.3"),
            ("SUSE:Linux Enterprise Server 15 SP3-LTSS", "15.3"),
            ("SUSE:Linux Enterprise High Performance Computing 15 SP3-ESPOS", "15.3"),
            ("SUSE:Linux Enterprise Server 12-LTSS", "12"),
            ("openSUSE:Leap 15.5", "15.5"),
            ("Red Hat:enterprise_linux:9::baseos", "9"),
            ("Red Hat:rhel_eus:9.2::baseos", "9.2"),
            ("Red Hat:rhel_aus:8.4::appstream", "8.4"),
        ] {
            assert_eq!(advisory(ecosystem, "vim").1.as_deref(), Some(release), "{ecosystem}");
        }
    }

    #[test]
    fn every_tool_names_the_release_in_its_own_way() {
        for purl in [
            "pkg:deb/debian/openssl@3?distro=debian-12",
            "pkg:deb/debian/openssl@3?distro=bookworm",
            "pkg:deb/debian/openssl@3?distro=12",
            "pkg:deb/debian/openssl@3?os_distro=bookworm&os_name=debian&os_version=12",
            "pkg:deb/debian/openssl@3?os_distro=bookworm",
            "pkg:deb/openssl@3?distro=debian-12",
        ] {
            assert_eq!(keys(purl)[0].1.as_deref(), Some("12"), "{purl}");
        }
    }

    /// The cells of each row of the table in the documentation.
    fn table() -> Vec<[&'static str; 5]> {
        let rows = include_str!("../ecosystems.md").lines().filter(|line| line.starts_with('|')).skip(2);
        let cells = rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
        cells.map(|cells| cells.try_into().expect("five cells")).collect()
    }

    /// What stands between backticks, and what joins it to the next one.
    fn joined(cell: &str) -> Vec<(&str, &str)> {
        let mut parts = cell.split('`').skip(1);
        std::iter::from_fn(|| Some((parts.next()?, parts.next().unwrap_or_default().trim()))).collect()
    }

    #[test]
    fn every_example_of_the_documented_table_holds() {
        for [ecosystems, types, names, versions, order] in table() {
            for (kind, _) in joined(types) {
                let scheme = Scheme::of(kind);
                assert_eq!(scheme.map_or("equal texts", Scheme::as_str), order, "{kind}");
                for pair in joined(versions).windows(2) {
                    let [(one, relation), (other, _)] = pair else { unreachable!("two") };
                    let version = |text: &str| Version::parse(scheme.expect("an order"), text).expect("a version");
                    let expected = if *relation == "=" { Ordering::Equal } else { Ordering::Less };
                    assert_eq!(
                        version(one).compare(&version(other)),
                        Some(expected),
                        "{kind} {one} {relation} {other}"
                    );
                    let same = if *relation == "=" { Same::Yes } else { Same::No };
                    assert_eq!(same_version(kind, one, other), same, "{kind} {one} {relation} {other}");
                }
            }
            for pair in joined(names).windows(2) {
                let [(one, relation), (other, _)] = pair else { unreachable!("two") };
                let key = |text: &str| Purl::parse(text).expect("a package URL").key();
                assert!(*relation == ";" || key(one) == key(other), "{one} and {other}");
            }
            for ecosystem in ecosystems.split(", ").filter(|name| !name.is_empty()) {
                let database = place(ecosystem, "x").unwrap_or_else(|| panic!("{ecosystem}")).database;
                let kind = database.split('/').next().expect("a type");
                assert!(joined(types).iter().any(|(documented, _)| *documented == kind), "{ecosystem} is of {kind}");
            }
        }
    }

    #[test]
    fn every_ecosystem_is_in_the_documented_table() {
        let documented: Vec<&str> = table().iter().flat_map(|row| row[0].split(", ")).collect();
        let distributions = DISTRIBUTIONS.iter().map(|known| known.ecosystem);
        for ecosystem in LANGUAGES.iter().map(|(name, _)| *name).chain(distributions) {
            assert!(documented.contains(&ecosystem), "{ecosystem}");
        }
    }
}
