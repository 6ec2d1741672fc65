//! Reads a candidate back from a JSON report.
//!
//! The section of its kind stands among the other members, under the name of the kind.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::attestation::provenance::section::ProvenanceReport;
use crate::attestation::section::Section;

use super::candidate::CandidateReport;
use super::{
    AttestationKind, CandidateKind, Finding, KnownVulnerabilitiesReport, LogEntryReport, OriginReport, SignerReport,
    TimestampReport,
};

/// Everything but the section.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Plain {
    id: String,
    kind: CandidateKind,
    build_level: Option<u8>,
    origin: OriginReport,
    digest: String,
    subject: String,
    predicate_type: Option<String>,
    trust_domain: Option<String>,
    signer: Option<SignerReport>,
    log_entries: Vec<LogEntryReport>,
    timestamps: Vec<TimestampReport>,
    unsigned_provenance: Option<ProvenanceReport>,
    known_vulnerabilities: Option<KnownVulnerabilitiesReport>,
    accepted: bool,
    reason: Option<String>,
    findings: Vec<Finding>,
}

impl<'de> Deserialize<'de> for CandidateReport {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = Map::deserialize(deserializer)?;
        let mut sections = AttestationKind::ALL.iter().filter_map(|kind| members.remove_entry(kind.as_str()));
        let section = sections.next().map(|said| Section::deserialize(Value::Object(Map::from_iter([said]))));
        if sections.next().is_some() {
            return Err(D::Error::custom("a candidate is of one kind"));
        }
        drop(sections);
        let plain = Plain::deserialize(Value::Object(members)).map_err(D::Error::custom)?;
        Ok(Self {
            section: section.transpose().map_err(D::Error::custom)?,
            id: plain.id,
            kind: plain.kind,
            build_level: plain.build_level,
            origin: plain.origin,
            digest: plain.digest,
            subject: plain.subject,
            predicate_type: plain.predicate_type,
            trust_domain: plain.trust_domain,
            signer: plain.signer,
            log_entries: plain.log_entries,
            timestamps: plain.timestamps,
            unsigned_provenance: plain.unsigned_provenance,
            known_vulnerabilities: plain.known_vulnerabilities,
            accepted: plain.accepted,
            reason: plain.reason,
            findings: plain.findings,
        })
    }
}
