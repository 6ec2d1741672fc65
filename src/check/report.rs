//! The report: everything that a renderer may show, as data.
//!
//! Serialised as it stands, with exit code and counts, it is the JSON report, version 1: additions only within a version.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::{
    AdvisoriesReport, CandidateReport, CheckId, ComparisonReport, Finding, GapReport, LogEntryReport, RepositoryReport,
    ShardReport, TimestampReport, VariableReport, Verdict,
};

/// The version of the report's JSON shape.
pub const SCHEMA_VERSION: u32 = 1;

/// The result of one run: the same document on success and on failure.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The version of this shape.
    pub schema_version: u32,
    /// The program that wrote it.
    pub tool: Tool,
    /// The verdict over all images.
    pub verdict: Verdict,
    /// When the run began.
    pub started_at: Timestamp,
    /// As of when images were judged, if not as of the run: `--at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged_at: Option<Timestamp>,
    /// The policy that was applied.
    pub policy: PolicyReport,
    /// Who verifies, by the URI that was given for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verifier: Option<String>,
    /// The trust domains that evidence could verify in.
    pub trust: Vec<TrustReport>,
    /// The advisories that SBOMs were held against, if any were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advisories: Option<AdvisoriesReport>,
    /// The repositories of an audit, in the order given; their tags' images are in `images`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<RepositoryReport>,
    /// Which part of an audit this is, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardReport>,
    /// One entry per reference, in the order given.
    pub images: Vec<ImageReport>,
    /// How many references were left out because they cannot be used: nothing is known of them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: usize,
    /// What was asked of the network.
    pub network: Network,
    /// The variables of the environment that the run used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<VariableReport>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The exit code of a usage error.
const USAGE: u8 = 2;

impl Report {
    /// What the program ends with: that of the verdict, or of a usage error if a reference was left out, for that may be an image that
    /// must not pass.
    pub fn exit_code(&self) -> u8 {
        if self.left_out == 0 { self.verdict.exit_code() } else { USAGE }
    }

    /// How many images there are of each verdict.
    pub fn counts(&self) -> Counts {
        let count = |verdict| self.images.iter().filter(|image| image.verdict == verdict).count();
        Counts {
            verified: count(Verdict::Verified),
            rejected: count(Verdict::Rejected),
            absent: count(Verdict::Absent),
            undecided: count(Verdict::Undecided),
        }
    }
}

/// How many images there are of each verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Every requirement is satisfied.
    pub verified: usize,
    /// Something was read and does not satisfy a requirement.
    pub rejected: usize,
    /// Nothing is attached that could satisfy one.
    pub absent: usize,
    /// Something could not be read or checked.
    pub undecided: usize,
}

impl Counts {
    /// Returns the verdicts that some image has, good ones first.
    pub fn each(self) -> impl Iterator<Item = (Verdict, usize)> {
        let all = [
            (Verdict::Verified, self.verified),
            (Verdict::Rejected, self.rejected),
            (Verdict::Absent, self.absent),
            (Verdict::Undecided, self.undecided),
        ];
        all.into_iter().filter(|(_, count)| *count > 0)
    }
}

/// The program that wrote a report.
#[derive(Debug, Clone, Serialize)]
pub struct Tool {
    /// Always `bonafide`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

impl Default for Tool {
    fn default() -> Self {
        Self { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") }
    }
}

/// A report of another program or version may mean something else by the same words, and is not read.
impl<'de> Deserialize<'de> for Tool {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Named {
            name: String,
            version: String,
        }
        let Named { name, version } = Named::deserialize(deserializer)?;
        let own = Self::default();
        if (name.as_str(), version.as_str()) == (own.name, own.version) {
            Ok(own)
        } else {
            Err(D::Error::custom(format!("written by {name} {version}, and this is {} {}", own.name, own.version)))
        }
    }
}

/// Where the policy came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyReport {
    /// `flags`, or the file and the flags that make it stricter.
    pub source: String,
    /// The path of the file, if it is one of this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The SHA-256 of the file's bytes, or of the canonical text of the flags.
    pub sha256: String,
}

/// One trust domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrustReport {
    /// Its name.
    pub domain: String,
    /// `embedded`, `cache`, or the file.
    pub source: String,
    /// The SHA-256 of the trusted root.
    pub sha256: String,
    /// When the trusted root was last known to be current.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// What the root has no party for, so that no signature needs it here.
    pub not_demanded: Vec<NotDemanded>,
    /// Parts of the root that were left out, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Parts of a signature that this trust domain does not need, although others do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotDemanded {
    /// The root has no transparency log: no entry of one is needed.
    LogEntry,
    /// The root has no certificate transparency log: no SCT is needed.
    Sct,
    /// The root has no timestamp authority: timestamps prove nothing.
    Timestamp,
}

impl NotDemanded {
    /// Returns a sentence about it, whose subject is the trusted root.
    pub fn describe(self) -> &'static str {
        match self {
            Self::LogEntry => "it has no transparency log, so no log entry is required",
            Self::Sct => "it has no certificate transparency log, so no SCT is required",
            Self::Timestamp => "it has no timestamp authority, so timestamps prove nothing",
        }
    }
}

/// What was asked of the network, exactly.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Requests sent, those for tokens and redirects included.
    pub requests: u64,
    /// Bytes of response bodies received.
    pub bytes: u64,
    /// Hosts spoken to.
    pub hosts: Vec<String>,
}

/// The result for one reference.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageReport {
    /// The reference as typed.
    pub reference: String,
    /// The place in a file that names it, where the images were read from files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<LocationReport>,
    /// The tags that name it, in an audit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Name and digest, as another tool can pull it; absent for a layout, where nothing was resolved, and where the platforms that
    /// were asked for are several manifests of an index: each of them is pinned then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned: Option<String>,
    /// The digest that the verdict is about: of the platform's manifest, where one platform of an index was asked for; else the one
    /// that the reference resolved to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The digest of the index that the reference resolved to, where `digest` is that of one of its platforms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// The media type of what it resolved to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The verdict over all requirements and platforms.
    pub verdict: Verdict,
    /// What decided it; absent where the image is verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonReport>,
    /// Findings about the image as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// The coverage matrix: one entry per selected platform.
    pub platforms: Vec<PlatformReport>,
    /// One entry per requirement of the policy.
    pub requirements: Vec<RequirementReport>,
    /// Everything that was found attached.
    pub candidates: Vec<CandidateReport>,
    /// What could not be read.
    pub gaps: Vec<GapReport>,
    /// Whether everything that is attached was read: a run ends when all requirements are satisfied, unless it compares.
    pub read_in_full: bool,
    /// What comparing it with an older image came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<ComparisonReport>,
}

impl ImageReport {
    /// Drops what only a report on the image itself needs: of a run of many, the counts and the reasons are left.
    #[must_use]
    pub fn without_evidence(mut self) -> Self {
        self.candidates = Vec::new();
        self.platforms = Vec::new();
        for requirement in self.requirements.iter_mut().filter(|one| one.verdict == Verdict::Verified) {
            (requirement.findings, requirement.signatures) = (Vec::new(), Vec::new());
        }
        self
    }
}

/// What decided the verdict of an image that is not verified. The report lists everything else that was found beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReasonReport {
    /// The check that failed, or could not be made.
    pub check: CheckId,
    /// The fault in a few words. For missing evidence it lists everything that is missing.
    pub message: String,
    /// What was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// The requirements that count and have the image's verdict.
    pub requirements: Vec<String>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LocationReport {
    /// The path of the file, as it was given.
    pub file: String,
    /// The line, from one.
    pub line: usize,
    /// The column, from one, in characters.
    pub column: usize,
    /// What a package of a lock file is installed for, if the file tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependency: Option<InstalledReport>,
}

/// What a package of a lock file is installed for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstalledReport {
    /// Whether the project names it itself.
    pub direct: bool,
    /// The direct dependency that brings it otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Whether it is installed for development alone.
    pub development: bool,
    /// Whether it may be left out where it cannot be installed.
    pub optional: bool,
}

impl fmt::Display for LocationReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file, self.line)?;
        let Some(dependency) = &self.dependency else { return Ok(()) };
        if let Some(because) = &dependency.because {
            write!(formatter, ", because of {because}")?;
        }
        formatter.write_str(if dependency.development { ", for development" } else { "" })?;
        formatter.write_str(if dependency.optional { ", optional" } else { "" })
    }
}

/// One row of the coverage matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformReport {
    /// `os/architecture[/variant]`; absent where the image does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// The digest of the platform's manifest.
    pub digest: String,
    /// Name and digest of that manifest, as another tool can pull it; absent for a layout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned: Option<String>,
    /// The verdict over all requirements for this platform.
    pub verdict: Verdict,
    /// The verdict of each requirement for this platform.
    pub requirements: BTreeMap<String, Verdict>,
    /// The candidates that count for it: they verify, and a signer of the policy signed them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<String>,
}

/// The result of one requirement.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequirementReport {
    /// Its name within the policy.
    pub id: String,
    /// `signature`, `provenance`, `sbom`, `vsa`, `vulnerabilities` or `attestation`.
    pub kind: String,
    /// The verdict over all platforms.
    pub verdict: Verdict,
    /// Of a provenance requirement, the SLSA build level that every platform reaches by what satisfies it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_level: Option<u8>,
    /// The candidates that satisfy it; any one of them does for its subject.
    pub satisfied_by: Vec<String>,
    /// How those of them verified for this requirement that the list of candidates shows otherwise: a signature may verify in
    /// several trust domains, and each requirement believes its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<SignatureReport>,
    /// Why it is not satisfied, or what was found on the candidates that satisfy it.
    pub findings: Vec<Finding>,
    /// Why it does not count in the image's verdict for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<ExceptionReport>,
}

impl RequirementReport {
    /// Returns its verdict, unless an exception keeps it from counting.
    pub fn counting(&self) -> Option<Verdict> {
        self.exception.as_ref().is_none_or(|exception| !exception.works).then_some(self.verdict)
    }
}

/// One verification of a candidate's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignatureReport {
    /// The candidate's name in this report.
    pub candidate: String,
    /// The trust domain that it verified in; absent where a key alone was enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust_domain: Option<String>,
    /// The log entries that were verified.
    pub log_entries: Vec<LogEntryReport>,
    /// The times that a trusted party vouches for.
    pub timestamps: Vec<TimestampReport>,
}

/// An exception that the policy makes of a requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionReport {
    /// The last day on which it works, as `YYYY-MM-DD` in UTC.
    pub until: String,
    /// Why it was made.
    pub because: String,
    /// Whether it still works: past its day the requirement counts again.
    pub works: bool,
}
