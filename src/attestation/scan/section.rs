//! The report's section for a verified vulnerability scan.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attestation::section::{Line, Shown};

/// What a verified vulnerability scan says. These are the scanner's words: verified is who signed them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VulnerabilitiesReport {
    /// Who looked.
    pub scanners: Vec<ScannerReport>,
    /// When the scan ended, as it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// How many were found of each severity; absent where the result cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<BTreeMap<String, u64>>,
    /// How many findings the scanner left out of these, by its own rules or by VEX that it was given.
    #[serde(default, skip_serializing_if = "crate::check::is_none")]
    pub ignored: u64,
}

/// Says how many findings a scanner left out, if there are any.
pub(super) fn ignored_in_words(count: u64) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 finding was ignored by the scanner's own rules".to_owned()),
        _ => Some(format!("{count} findings were ignored by the scanner's own rules")),
    }
}

/// A scanner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScannerReport {
    /// Its URI; empty where it is not stated.
    pub uri: String,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The URI of its database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// When its database was updated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_updated: Option<Timestamp>,
}

impl VulnerabilitiesReport {
    /// Returns the counts that are not zero, the worst first, in words.
    pub fn counts(&self) -> String {
        let Some(found) = &self.found else { return "a result that cannot be read".to_owned() };
        let words = ["critical", "high", "medium", "low", "none", "unknown"];
        let count = |word: &&str| found.get(*word).filter(|count| **count > 0).map(|count| format!("{count} {word}"));
        let counts: Vec<String> = words.iter().filter_map(count).collect();
        let counts = if counts.is_empty() { "no vulnerabilities".to_owned() } else { counts.join(", ") };
        match ignored_in_words(self.ignored) {
            Some(ignored) => format!("{counts}; {ignored}"),
            None => counts,
        }
    }
}

impl Shown for VulnerabilitiesReport {
    fn lines(&self) -> Vec<Line> {
        let finished = self.finished.map(|time| format!("at {time}: ")).unwrap_or_default();
        self.by().chain([("scanned", format!("{finished}{}", self.counts()))]).collect()
    }

    fn inspected(&self) -> Vec<Line> {
        let finished = self.finished.map(|time| ("scanned", format!("at {time}")));
        self.by().chain(finished).chain([("found", self.counts())]).collect()
    }

    fn brief(&self, _: Option<&str>) -> Vec<String> {
        let by = self.scanners.first().map(|scanner| format!("scanned by {}", scanner.uri));
        by.into_iter().chain([self.counts()]).collect()
    }
}

impl VulnerabilitiesReport {
    fn by(&self) -> impl Iterator<Item = Line> {
        self.scanners.iter().map(|scanner| {
            let version = scanner.version.as_deref().map(|text| format!(" {text}")).unwrap_or_default();
            let updated = scanner.database_updated.map(|time| format!(", database of {time}")).unwrap_or_default();
            ("scanner", format!("{}{version}{updated}", scanner.uri))
        })
    }
}
