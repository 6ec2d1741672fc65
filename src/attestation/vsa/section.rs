//! The report's section for a verified verification summary.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attestation::section::{Line, Shown};

/// What a verified verification summary says. These are the verifier's words: verified is who signed them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub policy_digest: BTreeMap<String, String>,
}

impl Shown for SummaryReport {
    fn lines(&self) -> Vec<Line> {
        let time = self.time_verified.map(|time| format!(" at {time}")).unwrap_or_default();
        vec![
            ("verified", format!("by {}{time}: {}", self.verifier, self.result)),
            ("levels", self.levels.join(", ")),
            ("resource", self.resource.clone()),
        ]
    }

    fn inspected(&self) -> Vec<Line> {
        self.lines().into_iter().chain([("policy", self.policy.clone())]).collect()
    }

    fn brief(&self, _: Option<&str>) -> Vec<String> {
        vec![format!("{} by {}", self.result, self.verifier), self.levels.join(", ")]
    }
}
