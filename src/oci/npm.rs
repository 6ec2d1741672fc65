//! Packages of npm by name and exact version, and the package URL by which evidence names them.

use std::fmt;
use std::str::FromStr;

/// What a package's reference begins with.
const SCHEME: &str = "npm:";
/// The longest name that npm takes, with its scope.
const LONGEST_NAME: usize = 214;
/// The longest version that npm takes (node-semver `MAX_LENGTH`).
const LONGEST_VERSION: usize = 256;

/// One release of a package of npm: `npm:@acme/app@1.4.2`.
///
/// Name and version have grammars without a character that means something in a path, in a package URL or in what a registry
/// signs, which is `NAME@VERSION:INTEGRITY`: no two packages have one text there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NpmPackage {
    /// With the scope: `@acme/app`.
    name: Box<str>,
    version: Box<str>,
}

/// Why a text names no release of a package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NpmPackageError {
    /// The name is none.
    #[error(
        "`{0}` is not a name of a package: expected NAME or @SCOPE/NAME, of letters, digits, `.`, `_`, `-` and `~`"
    )]
    Name(String),
    /// No version is named.
    #[error("no version is named: a package has many, and evidence is about one")]
    NoVersion,
    /// A range or a tag is named, which can select another version later.
    #[error("`{0}` is not an exact version: a range or a tag such as `latest` can mean another release tomorrow")]
    Version(String),
}

impl NpmPackage {
    /// Whether a text is meant as a reference to a package.
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// A package of this name in this version.
    pub fn new(name: &str, version: &str) -> Result<Self, NpmPackageError> {
        if !is_name(name) {
            return Err(NpmPackageError::Name(name.to_owned()));
        }
        if !is_exact(version) {
            return Err(NpmPackageError::Version(version.to_owned()));
        }
        Ok(Self { name: name.into(), version: version.into() })
    }

    /// Returns the name with its scope.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the scope with its `@`, if there is one.
    pub fn scope(&self) -> Option<&str> {
        self.name.split_once('/').map(|(scope, _)| scope)
    }

    /// Returns the version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the name as policies are matched against it: the package URL without a version.
    pub fn policy_name(&self) -> String {
        format!("pkg:npm/{}", self.name.replacen('@', "%40", 1))
    }

    /// Returns the package URL, as npm names the subject of an attestation (npm-package-arg, `toPurl`).
    pub fn purl(&self) -> String {
        format!("{}@{}", self.policy_name(), self.version)
    }

    /// Returns what a registry signs about a tarball with this integrity.
    pub fn signed_text(&self, integrity: &str) -> String {
        format!("{}@{}:{integrity}", self.name, self.version)
    }
}

impl FromStr for NpmPackage {
    type Err = NpmPackageError;

    fn from_str(text: &str) -> Result<Self, NpmPackageError> {
        let text = text.strip_prefix(SCHEME).unwrap_or(text);
        // A scope begins with the character that a version does.
        let (scope, rest) = if text.starts_with('@') { text.split_at(1) } else { ("", text) };
        let (name, version) = rest.split_once('@').map_or((rest, None), |(name, version)| (name, Some(version)));
        let name = format!("{scope}{name}");
        match version {
            _ if !is_name(&name) => Err(NpmPackageError::Name(name)),
            None | Some("") => Err(NpmPackageError::NoVersion),
            Some(version) => Self::new(&name, version),
        }
    }
}

impl fmt::Display for NpmPackage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{SCHEME}{}@{}", self.name, self.version)
    }
}

/// validate-npm-package-name, for names old and new: capitals were allowed once, and `JSONStream` has some.
fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '_'])
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b))
    };
    let parts = match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| is_part(scope) && is_part(name)),
        None => is_part(name),
    };
    parts && name.len() <= LONGEST_NAME
}

/// Semantic Versioning 2.0.0 §2 and §9, without build metadata (§10): npm strips it when it publishes.
fn is_exact(version: &str) -> bool {
    let (core, pre) = version.split_once('-').map_or((version, None), |(core, pre)| (core, Some(pre)));
    let is_number = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'))
    };
    let is_identifier = |text: &str| {
        let is_word = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        is_word && (text.bytes().any(|b| !b.is_ascii_digit()) || is_number(text))
    };
    version.len() <= LONGEST_VERSION
        && core.split('.').count() == 3
        && core.split('.').all(is_number)
        && pre.is_none_or(|pre| pre.split('.').all(is_identifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<NpmPackage, NpmPackageError> {
        text.parse()
    }

    #[test]
    fn names_and_versions_are_taken_apart() {
        for (text, name, version, purl) in [
            ("npm:sigstore@3.1.0", "sigstore", "3.1.0", "pkg:npm/sigstore@3.1.0"),
            ("npm:@acme/app@1.0.0-rc.1", "@acme/app", "1.0.0-rc.1", "pkg:npm/%40acme/app@1.0.0-rc.1"),
            ("npm:JSONStream@1.3.5", "JSONStream", "1.3.5", "pkg:npm/JSONStream@1.3.5"),
        ] {
            let package = read(text).expect(text);
            assert_eq!((package.name(), package.version(), package.purl().as_str()), (name, version, purl));
            assert_eq!(package.to_string(), text);
        }
        assert_eq!(read("npm:@acme/app@1.0.0").expect("scoped").scope(), Some("@acme"));
        assert_eq!(read("npm:app@1.0.0").expect("not scoped").scope(), None);
    }

    #[test]
    fn what_may_be_another_release_tomorrow_is_refused() {
        for version in [
            "latest", "^1.0.0", "1", "1.0", "1.x", "v1.0.0", "=1.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+1",
            "1.0.0 ",
        ] {
            let text = format!("npm:app@{version}");
            assert_eq!(read(&text), Err(NpmPackageError::Version(version.to_owned())), "{text}");
        }
        for text in ["npm:app", "npm:app@", "npm:@acme/app", "npm:@acme/app@"] {
            assert_eq!(read(text), Err(NpmPackageError::NoVersion), "{text}");
        }
    }

    #[test]
    fn no_name_can_be_read_as_another_package_in_a_path_or_in_what_is_signed() {
        for name in [
            "",
            "@acme",
            "@/app",
            "@acme/",
            "acme/app",
            "@acme/a/b",
            ".app",
            "_app",
            "..",
            "@../app",
            "@acme/..",
            "a b",
            "a:b",
            "a%2fb",
            "a?b",
            "a#b",
            "a\\b",
            "\u{e4}",
            "a\n",
        ] {
            assert!(read(&format!("npm:{name}@1.0.0")).is_err(), "{name:?}");
            assert!(NpmPackage::new(name, "1.0.0").is_err(), "{name:?}");
        }
        assert!(read(&format!("npm:{}@1.0.0", "a".repeat(215))).is_err());
        assert_eq!(read("npm:a@1.0.0@1.0.0"), Err(NpmPackageError::Version("1.0.0@1.0.0".to_owned())));
        assert_eq!(read("npm:a@1.0.0:sha512-x"), Err(NpmPackageError::Version("1.0.0:sha512-x".to_owned())));
    }
}
