//! A scan as far as every format has it.

use jiff::Timestamp;

use crate::packages::Severity;

/// A scan, read.
#[derive(Debug, Default)]
pub(in crate::verify) struct Scan {
    /// At least one.
    pub(in crate::verify) scanners: Vec<Scanner>,
    /// When it ended, as its maker says.
    pub(in crate::verify) finished: Option<Timestamp>,
    /// Whether its type is spelled as cosign 1 did.
    pub(in crate::verify) is_legacy: bool,
}

/// A scanner, and what it found.
#[derive(Debug)]
pub(in crate::verify) struct Scanner {
    /// Empty where it is not stated.
    pub(in crate::verify) uri: String,
    pub(in crate::verify) version: Option<String>,
    /// The URI of its database.
    pub(in crate::verify) database: Option<String>,
    /// When its database was updated, as the predicate says.
    pub(in crate::verify) stated_update: Option<Timestamp>,
    /// What was found, or why that cannot be read.
    pub(in crate::verify) result: Result<Findings, String>,
}

/// What a scanner found.
#[derive(Debug, Default)]
pub(in crate::verify) struct Findings {
    pub(in crate::verify) vulnerabilities: Vec<Vulnerability>,
    /// When the database was built, as the scanner's own report says.
    pub(in crate::verify) database_built: Option<Timestamp>,
}

/// One vulnerability in one package.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::verify) struct Vulnerability {
    /// Its id first, then aliases.
    pub(in crate::verify) ids: Vec<String>,
    /// Nothing where it is not known.
    pub(in crate::verify) severity: Option<Severity>,
    /// Name and version of the package, as a person knows it.
    pub(in crate::verify) package: Option<String>,
    pub(in crate::verify) purl: Option<String>,
    /// The version that has a fix.
    pub(in crate::verify) fixed_in: Option<String>,
}

impl Scanner {
    pub(super) fn describe(&self) -> String {
        let name = if self.uri.is_empty() { "a scanner without a name" } else { &self.uri };
        match &self.version {
            Some(version) if !self.uri.contains(version.as_str()) => format!("{name} {version}"),
            _ => name.to_owned(),
        }
    }

    /// When its database was updated: as the predicate says, or else its own report.
    pub(super) fn database_updated(&self) -> Option<Timestamp> {
        self.stated_update.or_else(|| self.result.as_ref().ok()?.database_built)
    }
}

impl Vulnerability {
    pub(super) fn id(&self) -> &str {
        self.ids.first().map_or("one without an id", String::as_str)
    }

    /// The vulnerability as a person knows it.
    pub(super) fn describe(&self) -> String {
        let id = self.id();
        let package = self.package.as_ref().map(|package| format!(" in {package}")).unwrap_or_default();
        let severity = self.severity.map_or("unknown severity", Severity::as_str);
        let fixed = self.fixed_in.as_ref().map(|version| format!(", fixed in {version}")).unwrap_or_default();
        format!("{id}{package} ({severity}{fixed})")
    }
}
