//! What a report says of a verified VEX document.

use serde::{Deserialize, Serialize};

use crate::attestation::section::{Line, Shown};

/// What a verified VEX document says, in numbers. It closes findings only where the policy believes its signer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

impl Shown for VexReport {
    fn lines(&self) -> Vec<Line> {
        vec![("statements", format!("{} by {}: {}", self.format, self.author, self.counts()))]
    }

    fn brief(&self, _: Option<&str>) -> Vec<String> {
        vec![format!("{} by {}", self.format, self.author), self.counts()]
    }
}
