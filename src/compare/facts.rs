//! The facts of a report by which two images are compared.
//!
//! A report of this run yields the same facts as its JSON form would, so both are compared in the same way.

use jiff::Timestamp;
use serde::Deserialize;

use crate::check::{
    AttestationKind, CandidateReport, ImageReport, Outcome, PlatformReport, ProvenanceReport, SignerReport,
    TimestampReport, Verdict,
};
use crate::json;

/// The kinds of evidence that are compared, even if no requirement asks for them.
pub(super) const KINDS: [&str; 3] =
    [AttestationKind::Signature.as_str(), AttestationKind::Provenance.as_str(), AttestationKind::Sbom.as_str()];

/// The outcome of a check that could not be decided.
const UNDECIDED: &str = "error";

/// A JSON report.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    schema_version: u32,
    tool: Tool,
    images: Vec<Facts>,
}

#[derive(Debug, Deserialize)]
struct Tool {
    name: String,
}

/// Why a file is not a report.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    /// It has another form.
    #[error("it is not a report of bonafide: {0}")]
    Form(#[from] json::Error),
    /// Another program wrote it, or a version of this one with another form.
    #[error("it is a report of `{name}`, version {version} of the form")]
    Other {
        /// The program.
        name: String,
        /// The version of the form.
        version: u32,
    },
    /// It is about no image.
    #[error("it is about no image")]
    Empty,
}

impl Recorded {
    /// Reads a JSON report.
    pub fn read(bytes: &[u8]) -> Result<Self, RecordedError> {
        let report: Self = json::from_slice(bytes)?;
        check(&report.tool, report.schema_version, report.images.is_empty())?;
        Ok(report)
    }

    /// Returns the one image that the report is about, or else the one of this repository.
    pub fn image(&self, name: &str) -> Option<&Facts> {
        only(&self.images, |image| image.name() == Some(name))
    }
}

/// A JSON report, with everything that it says of images.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    schema_version: u32,
    tool: Tool,
    images: Vec<ImageReport>,
}

impl Judged {
    /// Reads a JSON report.
    pub fn read(bytes: &[u8]) -> Result<Self, RecordedError> {
        let report: Self = json::from_slice(bytes)?;
        check(&report.tool, report.schema_version, report.images.is_empty())?;
        Ok(report)
    }

    /// Returns the one image that the report is about, or else the one of this repository.
    pub fn image(&self, name: &str) -> Option<&ImageReport> {
        let of = |image: &ImageReport| {
            image.pinned.as_deref().and_then(|pinned| pinned.split_once('@')?.0.into()) == Some(name)
        };
        only(&self.images, of)
    }
}

/// Whether a report is one of this program, in its form, and about an image.
fn check(tool: &Tool, version: u32, is_empty: bool) -> Result<(), RecordedError> {
    if tool.name != env!("CARGO_PKG_NAME") || version != crate::check::SCHEMA_VERSION {
        return Err(RecordedError::Other { name: tool.name.clone(), version });
    }
    if is_empty { Err(RecordedError::Empty) } else { Ok(()) }
}

/// The only image, or the only one that is meant.
fn only<T>(images: &[T], is_meant: impl Fn(&T) -> bool) -> Option<&T> {
    if let [image] = images {
        return Some(image);
    }
    let mut meant = images.iter().filter(|image| is_meant(image));
    meant.next().filter(|_| meant.next().is_none())
}

/// One image, as a report has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    pub(super) reference: String,
    pub(super) pinned: Option<String>,
    pub(super) digest: Option<String>,
    pub(super) verdict: String,
    #[serde(default)]
    read_in_full: bool,
    pub(super) platforms: Vec<Platform>,
    pub(super) candidates: Vec<Candidate>,
    gaps: Vec<Gap>,
}

/// One platform, and the evidence that counts for it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Platform {
    pub(super) platform: Option<String>,
    #[serde(default)]
    pub(super) counted: Vec<String>,
}

/// A failed read. Only their number counts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Gap {}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Candidate {
    pub(super) id: String,
    pub(super) kind: String,
    accepted: bool,
    pub(super) build_level: Option<u8>,
    pub(super) trust_domain: Option<String>,
    pub(super) signer: Option<Signer>,
    log_entries: Vec<Gap>,
    timestamps: Vec<Stamp>,
    pub(super) provenance: Option<Provenance>,
    findings: Vec<Checked>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Signer {
    pub(super) identity: String,
    pub(super) identity_kind: String,
    #[serde(default)]
    pub(super) issuer: String,
    claims: Claims,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claims {
    runner_environment: Option<String>,
    source_repository_uri: Option<String>,
    source_repository_identifier: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Stamp {
    time: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Checked {
    outcome: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Provenance {
    pub(super) builder: String,
    pub(super) build_type: String,
    source: Option<String>,
    repository_id: Option<String>,
    runner_environment: Option<String>,
    started_on: Option<String>,
    finished_on: Option<String>,
}

impl Facts {
    /// Takes the facts from a report of this run. It copies only the compared fields, because an audit keeps the facts of every
    /// release.
    pub fn of(report: &ImageReport) -> Self {
        Self {
            reference: report.reference.clone(),
            pinned: report.pinned.clone(),
            digest: report.digest.clone(),
            verdict: report.verdict.as_str().to_owned(),
            read_in_full: report.read_in_full,
            platforms: report.platforms.iter().map(Platform::of).collect(),
            candidates: report.candidates.iter().map(Candidate::of).collect(),
            gaps: report.gaps.iter().map(|_| Gap {}).collect(),
        }
    }

    /// Removes the findings that are not compared from a recorded report.
    #[cfg(test)]
    pub(super) fn keep_what_is_compared(&mut self) {
        for candidate in &mut self.candidates {
            candidate.findings.retain(|finding| finding.outcome == UNDECIDED);
        }
    }

    fn name(&self) -> Option<&str> {
        Some(self.pinned.as_deref()?.split_once('@')?.0)
    }

    /// Whether every requirement is satisfied.
    pub fn is_verified(&self) -> bool {
        self.verdict == Verdict::Verified.as_str()
    }

    /// Whether some evidence could not be read or judged, and so could be of any kind.
    pub(super) fn has_gaps(&self) -> bool {
        let is_open =
            |one: &Candidate| !one.accepted && one.findings.iter().any(|finding| finding.outcome == UNDECIDED);
        !self.gaps.is_empty() || self.candidates.iter().any(is_open)
    }

    /// Whether everything was read.
    pub(super) fn is_whole(&self) -> bool {
        self.read_in_full && !self.has_gaps()
    }

    /// Returns the evidence of a kind that counts for a platform.
    pub(super) fn evidence<'a>(&'a self, platform: &'a Platform, kind: &'a str) -> impl Iterator<Item = &'a Candidate> {
        let counts = |one: &&Candidate| one.accepted && one.signer.is_some() && platform.counted.contains(&one.id);
        self.candidates.iter().filter(counts).filter(move |one| one.kind == kind)
    }

    /// Whether evidence of a kind counts for a platform.
    pub(super) fn has(&self, platform: &Platform, kind: &str) -> bool {
        self.evidence(platform, kind).next().is_some()
    }

    /// Returns when the platform was built, as the last of its provenances says.
    pub(super) fn built(&self, platform: &Platform) -> Option<Timestamp> {
        let provenances = self.evidence(platform, AttestationKind::Provenance.as_str());
        provenances.filter_map(|one| one.provenance.as_ref()?.built()).max()
    }

    /// Returns when something that counts for the image was signed first.
    pub fn signed(&self) -> Option<Timestamp> {
        let counted = self.candidates.iter().filter(|one| one.accepted);
        counted.filter_map(Candidate::signed).min()
    }
}

impl Platform {
    fn of(report: &PlatformReport) -> Self {
        Self { platform: report.platform.clone(), counted: report.counted.clone() }
    }
}

impl Candidate {
    fn of(report: &CandidateReport) -> Self {
        let open = report.findings.iter().filter(|finding| finding.outcome == Outcome::Error);
        Self {
            id: report.id.clone(),
            kind: report.kind.to_string(),
            accepted: report.accepted,
            build_level: report.build_level,
            trust_domain: report.trust_domain.clone(),
            signer: report.signer.as_ref().map(Signer::of),
            log_entries: report.log_entries.iter().map(|_| Gap {}).collect(),
            timestamps: report.timestamps.iter().map(|TimestampReport { time, .. }| Stamp { time: *time }).collect(),
            provenance: report.says::<ProvenanceReport>().map(Provenance::of),
            findings: open.map(|_| Checked { outcome: UNDECIDED.to_owned() }).collect(),
        }
    }

    /// Whether a transparency log holds it.
    pub(super) fn is_logged(&self) -> bool {
        !self.log_entries.is_empty()
    }

    /// Returns the first time that a trusted party vouches for.
    pub(super) fn signed(&self) -> Option<Timestamp> {
        self.timestamps.iter().map(|stamp| stamp.time).min()
    }

    fn claim(&self, claim: impl Fn(&Claims) -> Option<&String>) -> Option<&str> {
        self.signer.as_ref().and_then(|signer| claim(&signer.claims)).map(String::as_str)
    }

    /// Returns the repository that was built: as the certificate says, or else the provenance.
    pub(super) fn source(&self) -> Option<&str> {
        let stated = || self.provenance.as_ref()?.source.as_deref();
        self.claim(|claims| claims.source_repository_uri.as_ref()).or_else(stated)
    }

    /// Returns the number of that repository at its host, which survives renaming.
    pub(super) fn repository_number(&self) -> Option<&str> {
        let stated = || self.provenance.as_ref()?.repository_id.as_deref();
        self.claim(|claims| claims.source_repository_identifier.as_ref()).or_else(stated)
    }

    /// Returns the kind of machine that the build ran on.
    pub(super) fn runner(&self) -> Option<&str> {
        let stated = || self.provenance.as_ref()?.runner_environment.as_deref();
        self.claim(|claims| claims.runner_environment.as_ref()).or_else(stated)
    }
}

impl Signer {
    fn of(report: &SignerReport) -> Self {
        let claim = |name: &str| report.claims.iter().find(|claim| claim.name == name).map(|claim| claim.value.clone());
        Self {
            identity: report.identity.clone(),
            identity_kind: report.identity_kind.as_str().to_owned(),
            issuer: report.issuer.clone(),
            claims: Claims {
                runner_environment: claim("runnerEnvironment"),
                source_repository_uri: claim("sourceRepositoryUri"),
                source_repository_identifier: claim("sourceRepositoryIdentifier"),
            },
        }
    }
}

impl Provenance {
    fn of(report: &ProvenanceReport) -> Self {
        Self {
            builder: report.builder.clone(),
            build_type: report.build_type.clone(),
            source: report.source.clone(),
            repository_id: report.repository_id.clone(),
            runner_environment: report.runner_environment.clone(),
            started_on: report.started_on.clone(),
            finished_on: report.finished_on.clone(),
        }
    }

    fn built(&self) -> Option<Timestamp> {
        self.finished_on.as_deref().or(self.started_on.as_deref())?.parse().ok()
    }
}
