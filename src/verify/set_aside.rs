//! Reports about attachments that are not judged.

use crate::check::{CandidateKind, CandidateReport, OriginReport};
use crate::evidence::Candidate;

/// A report that says nothing yet.
pub(super) fn blank(id: &str, candidate: &Candidate) -> CandidateReport {
    CandidateReport {
        id: id.to_owned(),
        kind: CandidateKind::Unreadable,
        build_level: None,
        origin: OriginReport { kind: candidate.origin.kind(), place: candidate.origin.to_string() },
        digest: candidate.digest.to_string(),
        subject: candidate.subject.to_string(),
        predicate_type: None,
        trust_domain: None,
        signer: None,
        log_entries: Vec::new(),
        timestamps: Vec::new(),
        section: None,
        unsigned_provenance: None,
        known_vulnerabilities: None,
        accepted: false,
        reason: None,
        findings: Vec::new(),
    }
}

/// An attachment that is not evidence: named, without effect.
pub(super) fn set_aside(
    id: &str,
    candidate: &Candidate,
    kind: CandidateKind,
    what: &str,
    reason: &str,
) -> Box<CandidateReport> {
    Box::new(CandidateReport {
        kind,
        predicate_type: Some(what.to_owned()).filter(|what| !what.is_empty()),
        reason: Some(reason.to_owned()),
        ..blank(id, candidate)
    })
}
