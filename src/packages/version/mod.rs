//! Versions, and the order that each ecosystem gives them.

mod apk;
mod bitnami;
mod composer;
mod debian;
mod digits;
mod dotted;
mod gem;
mod maven;
mod rpm;
mod same;
mod semver;

use std::cmp::Ordering;
use std::fmt;

use jiff::Timestamp;

pub use same::{Same, same_version};

/// No package manager has longer ones; the comparisons below take time in proportion.
const LONGEST: usize = 512;

/// How an ecosystem orders its versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Semantic Versioning 2.0.0, with what npm, Go and others let pass: a leading `v`, fewer or more than three numbers.
    Semver,
    /// The same with the identifiers of a pre-release compared without case.
    NuGet,
    /// Semantic Versioning with the revision of a Bitnami package behind it.
    Bitnami,
    /// Python's (PEP 440).
    Pep440,
    /// Maven's `ComparableVersion`.
    Maven,
    /// dpkg's (Debian Policy §5.6.12).
    Debian,
    /// RPM's (`rpmvercmp`).
    Rpm,
    /// apk's.
    Apk,
    /// RubyGems'.
    Gem,
    /// Composer's, that of PHP's `version_compare`.
    Composer,
    /// Numbers between dots, or dashes as CRAN has them.
    Dotted,
    /// Bytes.
    Lexicographic,
    /// RFC 3339 times.
    Datetime,
    /// That of libversion, which is made for versions of unknown origin.
    Generic,
}

impl Scheme {
    /// Returns the scheme of a type of package URL or of `vers`, if there is one.
    pub fn of(kind: &str) -> Option<Self> {
        Some(match kind {
            "semver" | "npm" | "cargo" | "golang" | "hex" | "pub" | "dart" | "swift" | "julia" | "github" => {
                Self::Semver
            }
            "bitnami" => Self::Bitnami,
            "nuget" => Self::NuGet,
            "pypi" => Self::Pep440,
            "maven" => Self::Maven,
            "deb" => Self::Debian,
            "rpm" => Self::Rpm,
            "apk" | "alpine" => Self::Apk,
            "gem" => Self::Gem,
            "composer" => Self::Composer,
            "intdot" | "cran" | "hackage" => Self::Dotted,
            "lexicographic" => Self::Lexicographic,
            "datetime" => Self::Datetime,
            "generic" => Self::Generic,
            _ => return None,
        })
    }

    /// Returns its name in words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Semver => "Semantic Versioning",
            Self::NuGet => "NuGet",
            Self::Bitnami => "Bitnami",
            Self::Pep440 => "PEP 440",
            Self::Maven => "Maven",
            Self::Debian => "Debian",
            Self::Rpm => "RPM",
            Self::Apk => "apk",
            Self::Gem => "RubyGems",
            Self::Composer => "Composer",
            Self::Dotted => "numbers between dots",
            Self::Lexicographic => "bytes",
            Self::Datetime => "RFC 3339",
            Self::Generic => "libversion",
        }
    }

    fn allows(self, text: &str) -> bool {
        match self {
            Self::Semver | Self::NuGet => semver::is_valid(text),
            Self::Bitnami => bitnami::is_valid(text),
            Self::Composer => composer::is_valid(text),
            Self::Debian => debian::is_valid(text),
            Self::Apk => apk::is_valid(text),
            Self::Gem => gem::is_valid(text),
            Self::Dotted => dotted::is_valid(text),
            Self::Rpm | Self::Generic | Self::Maven => text.bytes().all(|byte| byte.is_ascii_graphic()),
            Self::Lexicographic | Self::Pep440 | Self::Datetime => true,
        }
    }

    fn read(self, text: &str) -> Option<Form> {
        Some(match self {
            Self::Pep440 => Form::Pep440(text.parse().ok()?),
            Self::Maven => Form::Maven(maven::Items::read(text)),
            Self::Datetime => Form::Datetime(text.parse().ok()?),
            _ => Form::Text,
        })
    }

    fn compare(self, one: &str, other: &str) -> Ordering {
        match self {
            Self::Semver => semver::compare(one, other, semver::Case::Counts),
            Self::NuGet => semver::compare(one, other, semver::Case::Ignored),
            Self::Bitnami => bitnami::compare(one, other),
            Self::Debian => debian::compare(one, other),
            Self::Rpm => rpm::compare(one, other),
            Self::Apk => apk::compare(one, other),
            Self::Gem => gem::compare(one, other),
            Self::Composer => composer::compare(one, other),
            Self::Dotted => dotted::compare(one, other),
            Self::Generic => libversion::version_compare2(one, other),
            Self::Lexicographic | Self::Pep440 | Self::Maven | Self::Datetime => one.cmp(other),
        }
    }
}

/// A version, known to be one of its scheme.
#[derive(Debug, Clone)]
pub struct Version {
    scheme: Scheme,
    text: Box<str>,
    form: Form,
}

/// The parsed form of a version, kept where comparing texts would parse them again each time.
#[derive(Debug, Clone)]
enum Form {
    Text,
    Pep440(pep440_rs::Version),
    Maven(maven::Items),
    Datetime(Timestamp),
}

/// Why a version is in no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// It is none of its scheme.
    #[error("`{version}` is not a {scheme} version")]
    Invalid {
        /// The scheme.
        scheme: Scheme,
        /// The version, as written.
        version: String,
    },
    /// It is longer than any version is.
    #[error("a version of {length} bytes; at most {LONGEST} are compared")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
}

impl Version {
    /// Reads a version.
    pub fn parse(scheme: Scheme, text: &str) -> Result<Self, VersionError> {
        if text.len() > LONGEST {
            return Err(VersionError::TooLong { length: text.len() });
        }
        let form = Some(text).filter(|text| !text.is_empty() && scheme.allows(text)).and_then(|text| scheme.read(text));
        let form = form.ok_or_else(|| VersionError::Invalid { scheme, version: text.to_owned() })?;
        Ok(Self { scheme, text: text.into(), form })
    }

    /// Returns the version as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the version without what its maker alone numbers: the local label of Python's (PEP 440, "Local version
    /// identifiers": it is ignored where a specifier has none).
    #[must_use]
    pub fn public(self) -> Self {
        match self.form {
            Form::Pep440(version) if version.is_local() => {
                let version = version.without_local();
                Self { text: version.to_string().into(), form: Form::Pep440(version), ..self }
            }
            form => Self { form, ..self },
        }
    }

    /// Returns the order of two versions of one scheme; versions of two have none.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        if self.scheme != other.scheme {
            return None;
        }
        Some(match (&self.form, &other.form) {
            (Form::Pep440(one), Form::Pep440(other)) => one.cmp(other),
            (Form::Maven(one), Form::Maven(other)) => one.compare(other),
            (Form::Datetime(one), Form::Datetime(other)) => one.cmp(other),
            _ => self.scheme.compare(&self.text, &other.text),
        })
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.compare(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.compare(other)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Holds each version against each other one: they are given in ascending order, equal ones beside each other.
    pub(super) fn ascending(kind: &str, classes: &[&[&str]]) {
        let scheme = Scheme::of(kind).expect("a scheme");
        let parse = |text: &str| Version::parse(scheme, text).unwrap_or_else(|error| panic!("{error}"));
        for (one_class, ones) in classes.iter().enumerate() {
            for (other_class, others) in classes.iter().enumerate() {
                for (one, other) in ones.iter().flat_map(|one| others.iter().map(move |other| (one, other))) {
                    assert_eq!(
                        parse(one).compare(&parse(other)),
                        Some(one_class.cmp(&other_class)),
                        "{one} and {other}"
                    );
                }
            }
        }
    }

    pub(super) fn refused(kind: &str, versions: &[&str]) {
        let scheme = Scheme::of(kind).expect("a scheme");
        for version in versions {
            assert!(Version::parse(scheme, version).is_err(), "{version} is not a version of {kind}");
        }
    }

    #[test]
    fn python_versions_have_the_order_of_pep_440() {
        ascending(
            "pypi",
            &[
                &["1.0.dev1"],
                &["1.0a1", "1.0-alpha.1"],
                &["1.0b2"],
                &["1.0rc1"],
                &["1.0", "v1.0.0"],
                &["1.0+local"],
                &["1.0.post1"],
                &["1!0.1"],
            ],
        );
        refused("pypi", &["", "1.0-", "latest", "1.0 or so"]);
    }

    #[test]
    fn times_and_bytes_have_their_own_order() {
        ascending("datetime", &[&["2024-01-01T00:00:00Z", "2023-12-31T19:00:00-05:00"], &["2024-01-01T00:00:01Z"]]);
        ascending("lexicographic", &[&["A"], &["a"], &["aa"]]);
        refused("datetime", &["2024-01-01", "yesterday"]);
    }

    #[test]
    fn versions_of_two_schemes_have_no_order_and_long_ones_are_none() {
        let version = |scheme, text| Version::parse(scheme, text).expect("a version");
        assert_eq!(version(Scheme::Semver, "1.0.0").compare(&version(Scheme::Debian, "1.0.0")), None);
        assert_eq!(
            Version::parse(Scheme::Generic, &"1".repeat(513)).expect_err("long"),
            VersionError::TooLong { length: 513 }
        );
        assert_eq!(Scheme::of("swid"), None);
    }
}
