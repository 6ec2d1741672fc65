//! Checks and their results: the closed table of checks, findings, verdicts and the report.
//!
//! The report is data. Renderers turn it into text and do not change it; code that two renderers need belongs here.

mod advisories;
mod audit;
mod candidate;
mod candidate_read;
mod comparison;
mod diff;
mod environment;
mod gap;
pub(crate) mod id;
mod inspection;
mod merge;
mod reason;
mod report;
mod shard;
mod signer;
mod verdict;
mod words;
mod workflow;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::attestation::checks;
pub use crate::attestation::provenance::section::{DependencyReport, ProvenanceReport, WorkflowReport};
pub use crate::attestation::sbom::section::{MissingElementsReport, SbomReport, ShortfallReport};
pub use crate::attestation::scan::section::{ScannerReport, VulnerabilitiesReport};
pub use crate::attestation::section::{OfKind, Section, Shown};
pub use crate::attestation::types::Kind as AttestationKind;
pub use crate::attestation::vex::section::VexReport;
pub use crate::attestation::vsa::section::SummaryReport;
pub(crate) use advisories::is_none;
pub use advisories::{AdvisoriesReport, ClosingReport, KnownVulnerabilitiesReport, VulnerabilityReport};
pub use audit::{Change, MirrorDifference, MirrorReport, RepositoryReport, TagChange, TagCounts, Unlike};
pub use candidate::CandidateReport;
pub use comparison::{ComparisonReport, Difference, Direction, DriftReport, Property, Unknown};
pub use diff::{
    Changes, Contents, DiffReport, Fact, FactReport, KnownBy, LicenseChange, NotCompared, PackageChange, PackageEffect,
    ScannedVulnerability, SideReport, ValueChange, VulnerabilityChange, VulnerabilityEffect,
};
pub use environment::{VariableReport, VariableUse};
pub use gap::GapReport;
pub use id::{Check, CheckId};
pub use inspection::{
    InspectedFile, InspectedImage, InspectedPlatform, Inspection, ListedDocument, ListedPackage, Listing,
};
pub use merge::{MergeError, merge};
pub use report::{
    Counts, ExceptionReport, ImageReport, InstalledReport, LocationReport, Network, NotDemanded, PlatformReport,
    PolicyReport, ReasonReport, Report, RequirementReport, SCHEMA_VERSION, SignatureReport, Tool, TrustReport,
};
pub use shard::ShardReport;
pub use signer::{ClaimReport, LogEntryReport, OriginReport, SignerReport, TimestampReport};
pub use verdict::Verdict;
pub use words::{CandidateKind, CandidateState, LogEvidence, SignerKind, TimeSource};
pub use workflow::WorkflowName;

impl CheckId {
    /// Returns the checks that every kind of evidence meets.
    pub const fn common() -> &'static [Check] {
        id::CHECKS
    }

    /// Returns every check: those of all evidence first, then those of each kind.
    pub fn all() -> impl Iterator<Item = &'static Check> {
        id::CHECKS.iter().chain(checks::of_kinds())
    }

    /// Returns the page that says what the check proves, why it fails and what to do.
    pub fn page(self) -> &'static str {
        Self::all().find(|check| check.id == self).map_or("", |check| check.page)
    }
}

/// Not the name of a check.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a check")]
pub struct UnknownCheck(pub String);

impl FromStr for CheckId {
    type Err = UnknownCheck;

    fn from_str(text: &str) -> Result<Self, UnknownCheck> {
        Self::all().map(|check| check.id).find(|id| id.as_str() == text).ok_or_else(|| UnknownCheck(text.to_owned()))
    }
}

/// What came of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The property holds.
    Pass,
    /// The property does not hold.
    Fail,
    /// The check does not apply, or there was nothing to apply it to.
    Skip,
    /// It could not be decided. Never counts as a pass.
    Error,
}

/// The outcome of one check on one candidate or one image.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The property that was checked.
    pub check: CheckId,
    /// What came of it.
    pub outcome: Outcome,
    /// The digest it is about, if one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The candidate it is about, if one; see [`CandidateReport::id`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate: Option<String>,
    /// What would have passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// The outcome in one sentence fragment.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// How `next` begins, where that is about the image as a whole and other findings on it may begin alike.
    #[serde(skip)]
    pub shared_next: Option<String>,
}

impl Finding {
    fn new(check: CheckId, outcome: Outcome, message: impl Into<String>) -> Self {
        Self {
            check,
            outcome,
            subject: None,
            candidate: None,
            expected: None,
            found: None,
            message: message.into(),
            next: None,
            shared_next: None,
        }
    }

    /// A property that holds.
    pub fn pass(check: CheckId, message: impl Into<String>) -> Self {
        Self::new(check, Outcome::Pass, message)
    }

    /// A property that does not hold.
    pub fn fail(check: CheckId, message: impl Into<String>) -> Self {
        Self::new(check, Outcome::Fail, message)
    }

    /// A check that does not apply.
    pub fn skip(check: CheckId, message: impl Into<String>) -> Self {
        Self::new(check, Outcome::Skip, message)
    }

    /// A check that could not be decided.
    pub fn error(check: CheckId, message: impl Into<String>) -> Self {
        Self::new(check, Outcome::Error, message)
    }

    /// Adds what would have passed.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Adds what was there.
    #[must_use]
    pub fn found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// Adds a hint of two parts: first the part about the whole image, then the part about this finding alone.
    #[must_use]
    pub fn next_of_image(self, shared: String, own: &str) -> Self {
        let next = format!("{shared}; {own}");
        Self { shared_next: Some(shared), ..self.next(next) }
    }

    /// Returns the part of the hint about this finding alone, for a reader who has seen the part about the whole image.
    pub fn own_next(&self) -> Option<&str> {
        let next = self.next.as_deref()?;
        let own = self.shared_next.as_deref().and_then(|shared| next.strip_prefix(shared)?.strip_prefix("; "));
        own.or(Some(next))
    }

    /// Adds the digest it is about.
    #[must_use]
    pub fn about(mut self, subject: impl fmt::Display) -> Self {
        self.subject = Some(subject.to_string());
        self
    }

    /// Whether the check blocks the acceptance of its candidate.
    pub fn is_blocking(&self) -> bool {
        matches!(self.outcome, Outcome::Fail | Outcome::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_a_page_that_says_what_it_proves_and_how_to_fix_it() {
        for Check { id: check, page, .. } in CheckId::all() {
            assert!(page.starts_with(&format!("# {check}\n")), "{check}: the page begins with its id");
            for part in ["## Proves", "## Does not prove", "## Fails when", "## What to do"] {
                assert!(page.contains(part), "{check}: `{part}` is missing");
            }
        }
    }

    #[test]
    fn ids_are_kebab_case_and_read_back() {
        let mut seen = std::collections::HashSet::new();
        for Check { id, .. } in CheckId::all() {
            assert!(id.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{id}");
            assert_eq!(id.as_str().parse(), Ok(*id));
            assert!(seen.insert(id), "{id} is declared twice");
        }
        assert!("no-such-check".parse::<CheckId>().is_err());
    }
}
