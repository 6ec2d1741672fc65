//! What verified attestations of other kinds say, as a report shows it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

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
