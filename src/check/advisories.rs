//! What a report says of known vulnerabilities: which advisories were looked at, and what they say of an SBOM.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

/// The advisories of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdvisoriesReport {
    /// The files and folders that they were read from.
    pub sources: Vec<String>,
    /// How many vulnerabilities they know, without those that were withdrawn.
    pub count: u64,
    /// When one of them was last modified: they know of nothing later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<Timestamp>,
}

/// What advisories say of the packages of an SBOM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownVulnerabilitiesReport {
    /// Packages that some advisory could have been about.
    pub checked: u64,
    /// Packages that none could have been about, by the reason.
    pub unchecked: BTreeMap<String, u64>,
    /// How many vulnerabilities there are of each severity, `unknown` where nothing rates them.
    pub counts: BTreeMap<String, u64>,
    /// How many of these VEX closes whose signer the policy believes.
    #[serde(skip_serializing_if = "is_none")]
    pub closed: u64,
    /// The first of them, the worst first.
    pub listed: Vec<VulnerabilityReport>,
    /// Whether every package was held against every advisory.
    pub complete: bool,
}

/// One vulnerability of one package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VulnerabilityReport {
    /// The package URL, as the SBOM has it.
    pub package: String,
    /// The version that was held against the advisories: of a package that was built from another one, that one's.
    pub version: String,
    /// Its ids in every database that has it.
    pub ids: Vec<String>,
    /// `critical`, `high`, `medium`, `low` or `none`; absent where nothing rates it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// The first version that does not have it any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// Whether the package has it for certain: a version that cannot be ordered leaves it open.
    pub certain: bool,
    /// What VEX says of it that closes it, and the candidate that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_none(count: &u64) -> bool {
    *count == 0
}
