//! What verified attestations of other kinds say, as a report shows it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::advisories::is_none;

/// What a verified verification summary says. These are the verifier's words: verified is who signed them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SummaryReport {
    /// The verifier's id.
    pub verifier: String,
    /// The resource that it was made for.
    pub resource: String,
    /// `PASSED` or `FAILED`.
    pub result: String,
    /// The levels that were verified.
    pub levels: Vec<String>,
    /// How many dependencies were verified at each level; absent where nothing is said of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dependency_levels: Option<BTreeMap<String, u64>>,
    /// When it was verified, as the verifier says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_verified: Option<Timestamp>,
    /// The policy that was applied.
    pub policy: String,
    /// The policy's digests, by algorithm.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub policy_digest: BTreeMap<String, String>,
}

/// What a verified vulnerability scan says. These are the scanner's words: verified is who signed them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    #[serde(skip_serializing_if = "is_none")]
    pub ignored: u64,
}

/// Says how many findings a scanner left out, if there are any.
pub(crate) fn ignored_in_words(count: u64) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 finding was ignored by the scanner's own rules".to_owned()),
        _ => Some(format!("{count} findings were ignored by the scanner's own rules")),
    }
}

/// A scanner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

/// What a verified VEX document says, in numbers. It closes findings only where the policy believes its signer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VexReport {
    /// `OpenVEX`, `CSAF` or `CycloneDX`.
    pub format: String,
    /// Its author, as written.
    pub author: String,
    /// Statements that the product is not affected.
    pub not_affected: u64,
    /// Statements that the vulnerability is fixed.
    pub fixed: u64,
    /// Statements that the product is affected.
    pub affected: u64,
    /// Statements that it is not known yet.
    pub under_investigation: u64,
}

impl VexReport {
    /// Returns the counts that are not zero, in words.
    pub fn counts(&self) -> String {
        let counts = [
            (self.not_affected, "not affected"),
            (self.fixed, "fixed"),
            (self.affected, "affected"),
            (self.under_investigation, "under investigation"),
        ];
        let counts: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
        if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") }
    }
}
