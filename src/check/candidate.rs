//! The part of a report about one candidate: an attached piece of evidence.

use serde::Serialize;

use crate::attestation::provenance::section::ProvenanceReport;
use crate::attestation::section::{OfKind, Section};

use super::{
    AttestationKind, CandidateKind, CandidateState, Finding, KnownVulnerabilitiesReport, LogEntryReport, OriginReport,
    SignerReport, TimestampReport,
};

/// An attached piece of evidence.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CandidateReport {
    /// The name used for it in this report.
    pub id: String,
    /// What it is. Of what did not verify it is only what it claims to be.
    pub kind: CandidateKind,
    /// The SLSA build level that the builder of a provenance and its signer reach together, as it was looked up: never what a
    /// provenance says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_level: Option<u8>,
    /// Where it was found.
    pub origin: OriginReport,
    /// The digest of the bytes that carry it.
    pub digest: String,
    /// The digest it is attached to.
    pub subject: String,
    /// The predicate type, or the media type of ignored or unread evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicate_type: Option<String>,
    /// The trust domain that it verified in; absent where a key alone was enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust_domain: Option<String>,
    /// Who signed it: only if it verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<SignerReport>,
    /// The log entries that were verified.
    pub log_entries: Vec<LogEntryReport>,
    /// The times that a trusted party vouches for.
    pub timestamps: Vec<TimestampReport>,
    /// What it says, under the name of its kind: only if it verified.
    #[serde(flatten)]
    pub section: Option<Section>,
    /// The claims of an unsigned provenance: anyone with push access can write it, and it counts for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsigned_provenance: Option<ProvenanceReport>,
    /// The advisories about the packages of an SBOM from an expected signer, for every verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_vulnerabilities: Option<KnownVulnerabilitiesReport>,
    /// Whether it satisfies a requirement on its subject.
    pub accepted: bool,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Every check made on it.
    pub findings: Vec<Finding>,
}

impl CandidateReport {
    /// Returns what it says, if it is of this kind and verified.
    pub fn says<S: OfKind>(&self) -> Option<&S> {
        S::of(self.section.as_ref()?)
    }

    /// Returns what came of it.
    pub fn state(&self) -> CandidateState {
        match (self.accepted, self.kind) {
            (true, _) => CandidateState::Accepted,
            (
                false,
                CandidateKind::Ignored | CandidateKind::Unsigned | CandidateKind::Of(AttestationKind::Attestation),
            ) => CandidateState::Unused,
            (false, CandidateKind::Unread) => CandidateState::Unread,
            (false, _) if !self.findings.iter().any(Finding::is_blocking) => CandidateState::Unused,
            (false, _) => CandidateState::Refused,
        }
    }
}
