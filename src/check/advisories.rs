//! The part of a report about known vulnerabilities: the advisories in use, and the packages of an SBOM that they list.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The advisories of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdvisoriesReport {
    /// The files and folders that they were read from.
    pub sources: Vec<String>,
    /// How many vulnerabilities they know, without those that were withdrawn.
    pub count: u64,
    /// When one of them was last modified: they know of nothing later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<Timestamp>,
    /// Records that no package can be held against, by the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unused: BTreeMap<String, u64>,
    /// Files in the folders and archives that hold no record that can be read. Each may be about any package.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unreadable: u64,
    /// The first few of them by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable_files: Vec<String>,
}

impl AdvisoriesReport {
    /// Returns how many there are, from where, and how new.
    pub fn in_words(&self) -> String {
        let newest = self.newest.map(|newest| format!(", the newest of {newest}")).unwrap_or_default();
        format!("{} of {}{newest}", self.count, self.sources.join(", "))
    }

    /// Returns the warning that some files could not be read.
    pub fn unreadable_in_words(&self) -> Option<String> {
        let files = if self.unreadable == 1 { "1 file".to_owned() } else { format!("{} files", self.unreadable) };
        let named = self.unreadable_files.join(", ");
        let more = if self.unreadable > self.unreadable_files.len() as u64 { " and others" } else { "" };
        (self.unreadable > 0)
            .then(|| format!("{files} of the advisories cannot be read, and may be about any package: {named}{more}"))
    }

    /// Returns the records that no package can be held against, in words.
    pub fn unused_in_words(&self) -> Option<String> {
        let reasons: Vec<String> = self.unused.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        (!reasons.is_empty()).then(|| reasons.join(", "))
    }
}

/// What advisories say of the packages of an SBOM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownVulnerabilitiesReport {
    /// Packages that some advisory could have been about.
    pub checked: u64,
    /// Packages that none could have been about, by the reason.
    pub unchecked: BTreeMap<String, u64>,
    /// How many vulnerabilities there are of each severity, `unknown` where nothing rates them.
    pub counts: BTreeMap<String, u64>,
    /// How many of these VEX closes whose signer the policy believes.
    #[serde(default, skip_serializing_if = "is_none")]
    pub closed: u64,
    /// Each of them, the worst first.
    pub listed: Vec<VulnerabilityReport>,
    /// How many are not listed: the report of one image lists 100,000.
    #[serde(default, skip_serializing_if = "is_none")]
    pub more: u64,
    /// Whether every package was held against every advisory.
    pub complete: bool,
}

impl KnownVulnerabilitiesReport {
    /// Returns how many there are of each severity, and among how many packages: what was not looked at is not free of anything.
    pub fn in_words(&self, packages: u64) -> String {
        let each = ["critical", "high", "medium", "low", "none", "unknown"];
        let each = each.iter().filter_map(|word| Some(format!("{} {word}", self.counts.get(*word)?)));
        let each: Vec<String> = each.collect();
        let each = if each.is_empty() { "none known".to_owned() } else { format!("known: {}", each.join(", ")) };
        let end = if self.complete { "" } else { ", and not all of it" };
        let closed = if self.closed > 0 { format!("; {} closed by VEX", self.closed) } else { String::new() };
        format!("{each}, in {} of {packages} packages that they are about{end}{closed}", self.checked)
    }

    /// Returns the packages that no advisory could have been about, in words.
    pub fn unchecked_in_words(&self) -> Option<String> {
        let reasons: Vec<String> = self.unchecked.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        (!reasons.is_empty()).then(|| reasons.join(", "))
    }
}

/// One vulnerability of one package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VulnerabilityReport {
    /// Its id, that of the CVE list if it has one.
    pub id: String,
    /// Its ids in other databases.
    pub aliases: Vec<String>,
    /// The package URL, as the SBOM has it.
    pub package: String,
    /// The version that was held against the advisories: of a package that was built from another one, that one's.
    pub version: String,
    /// `critical`, `high`, `medium`, `low` or `none`; absent where nothing rates it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// The next versions that do not have it any more, as each database names one.
    pub fixed: Vec<String>,
    /// Whether the package has it for certain: a version that cannot be ordered leaves it open.
    pub certain: bool,
    /// The VEX statements that close it: one of each CVE that it is known by. Absent while it is open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed_by: Vec<ClosingReport>,
}

impl VulnerabilityReport {
    /// Returns it in a line: how bad it is, its ids, the package, and what fixes it.
    pub fn in_words(&self) -> String {
        let severity = self.severity.as_deref().unwrap_or("unknown");
        let aliases = if self.aliases.is_empty() { String::new() } else { format!(" ({})", self.aliases.join(", ")) };
        let fixed =
            if self.fixed.is_empty() { String::new() } else { format!(", fixed in {}", self.fixed.join(" or ")) };
        let open = if self.certain { "" } else { ", if its version is one of the affected ones" };
        format!("{severity:<8} {}{aliases} in {}{fixed}{open}", self.id, self.package)
    }
}

/// A VEX statement that closes a vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClosingReport {
    /// The candidate that says so.
    pub candidate: String,
    /// The author of the document, as written.
    pub author: String,
    /// Its status, fixed or not affected, and the reason.
    pub statement: String,
    /// Since when it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
}

impl ClosingReport {
    /// Returns the statement and its candidate, in words.
    pub fn describe(&self) -> String {
        format!("{}, {}", self.statement, self.candidate)
    }

    /// Returns several of them in words.
    pub fn join(all: &[Self]) -> String {
        all.iter().map(Self::describe).collect::<Vec<_>>().join("; ")
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
pub(crate) fn is_none(count: &u64) -> bool {
    *count == 0
}
