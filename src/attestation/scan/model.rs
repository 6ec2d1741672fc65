//! A scan as far as every format has it.

use jiff::Timestamp;
use serde_json::Value;

use crate::json;
use crate::packages::Severity;

/// A scan, read.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// At least one.
    pub(crate) scanners: Vec<Scanner>,
    /// When it ended, as its maker says.
    pub(crate) finished: Option<Timestamp>,
    /// Whether its type is spelled as cosign 1 did.
    pub(crate) is_legacy: bool,
}

/// A scanner, and what it found.
#[derive(Debug)]
pub(crate) struct Scanner {
    /// Empty where it is not stated.
    pub(crate) uri: String,
    pub(crate) version: Option<String>,
    /// The URI of its database.
    pub(crate) database: Option<String>,
    /// When its database was updated, as the predicate says.
    pub(crate) stated_update: Option<Timestamp>,
    /// What was found, or why that cannot be read.
    pub(crate) result: Result<Findings, String>,
}

/// What a scanner found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) vulnerabilities: Vec<Vulnerability>,
    /// The number of findings that it left out by its own rules or VEX. They are reported and not judged: signers
    /// outside the policy closed them, and those rules are the scanning signer's own.
    pub(crate) ignored: u64,
    /// The scanned image by the digests that registries gave it, as the scanner's own report names it.
    pub(crate) images: Vec<String>,
    /// When the database was built, as the scanner's own report says.
    pub(crate) database_built: Option<Timestamp>,
}

/// One vulnerability in one package.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Vulnerability {
    /// Its id first, then aliases.
    pub(crate) ids: Vec<String>,
    /// How bad it is.
    pub(crate) rating: Rating,
    /// Name and version of the package, as a person knows it.
    pub(crate) package: Option<String>,
    pub(crate) purl: Option<String>,
    /// The version that has a fix.
    pub(crate) fixed_in: Option<String>,
}

/// How bad a vulnerability is: the worst that is stated, and whether anything was stated that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rating {
    pub(crate) severity: Option<Severity>,
    /// It may be worse than the severity says, or of any where there is none.
    pub(crate) is_open: bool,
}

impl Default for Rating {
    fn default() -> Self {
        Self::UNKNOWN
    }
}

impl Rating {
    pub(super) const UNKNOWN: Self = Self { severity: None, is_open: true };

    /// What one statement says; nothing where it cannot be read.
    pub(super) fn of(severity: Option<Severity>) -> Self {
        Self { severity, is_open: severity.is_none() }
    }

    /// The common severity of several ratings. Without a rating it is unknown.
    pub(super) fn worst(all: impl IntoIterator<Item = Self>) -> Self {
        let join = |one: Self, other: Self| Self {
            severity: one.severity.max(other.severity),
            is_open: one.is_open || other.is_open,
        };
        all.into_iter().reduce(join).unwrap_or(Self::UNKNOWN)
    }

    /// Reads a word, a score or a vector; a number is a score. Everything else cannot be read.
    pub(super) fn of_value(value: &Value) -> Self {
        Self::of(match value {
            Value::String(text) => Severity::of(text.trim()),
            Value::Number(number) => Severity::of(&number.to_string()),
            _ => None,
        })
    }

    /// Whether it is surely of a severity or above.
    pub(super) fn reaches(self, severity: Severity) -> bool {
        self.severity.is_some_and(|found| found >= severity)
    }

    /// The word for it.
    pub(super) fn describe(self) -> String {
        match (self.severity, self.is_open) {
            (None, _) => "unknown severity".to_owned(),
            (Some(severity), true) if severity < Severity::Critical => format!("{severity} or worse"),
            (Some(severity), _) => severity.to_string(),
        }
    }
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
        let severity = self.rating.describe();
        let fixed = self.fixed_in.as_ref().map(|version| format!(", fixed in {version}")).unwrap_or_default();
        format!("{id}{package} ({severity}{fixed})")
    }
}

/// When something happened, if that is stated under this name.
pub(super) fn time(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, String> {
    let Some(text) = text.and_then(json::stated_date) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| format!("`{name}` is `{text}`, which is not a time"))
}
