//! The predicate of a statement: its kind by the predicate type, and its content, read once and judged by the rules.

use jiff::Timestamp;

use crate::attestation::{kinds, types};
use crate::check::{CheckId, Finding, ProvenanceReport, SbomReport, SummaryReport, VexReport, VulnerabilitiesReport};
use crate::evidence::Evidence;
use crate::oci::Digest;
use crate::policy::{Asked, BuildLevel, Signer};
use crate::time_limit::TimeLimit;

use super::advisories::{self, Advised};
use super::newer;
use super::signature::Verified;
use super::statement::Statement;
use crate::attestation::generic as attestation;
use crate::attestation::provenance::Provenance;
use crate::attestation::sbom::{Sbom, clipped};
use crate::attestation::scan::Scan;
use crate::attestation::vex::{self, Statements};
use crate::attestation::vsa::Summary;

macro_rules! kinds_of_evidence {
    ($($variant:ident $word:literal $folder:ident { $($rest:tt)* })+) => {
        /// What kind of evidence a candidate is, or claims to be.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Kind {
            $($variant,)+
            Unreadable,
            Unread,
        }

        impl Kind {
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Unreadable => "unreadable",
                    Self::Unread => "unread",
                }
            }
        }

        impl From<types::Kind> for Kind {
            fn from(kind: types::Kind) -> Self {
                match kind { $(types::Kind::$variant => Self::$variant,)+ }
            }
        }
    };
}
kinds!(kinds_of_evidence);

impl Kind {
    pub(crate) fn of_predicate(predicate_type: &str) -> Self {
        match types::Kind::of_type(predicate_type) {
            types::Kind::Attestation => newer::predicate(predicate_type).map_or(Self::Attestation, Self::from),
            known => known.into(),
        }
    }

    /// The kind of a statement. Of an SBOM's type it may be a VEX document of its own.
    pub(crate) fn of_statement(statement: &Statement<'_>) -> Self {
        match Self::of_predicate(&statement.predicate_type) {
            Self::Sbom if vex::is_instead_of_sbom(&statement.predicate_type, statement.predicate) => Self::Vex,
            kind => kind,
        }
    }

    /// Whether it could satisfy a requirement, by its actual or claimed kind. An unreadable one may be of any kind.
    pub(crate) fn concerns(self, asked: &Asked, predicate_type: Option<&str>) -> bool {
        if matches!(self, Self::Unreadable | Self::Unread) {
            return true;
        }
        match asked {
            // A requirement for the type of an SBOM wants an SBOM: VEX under that type does not satisfy it.
            Asked::Attestation(rules) => predicate_type.is_some_and(|found| {
                attestation::is_of_type(found, rules)
                    && !(self == Self::Vex && types::Kind::of_type(found) == types::Kind::Sbom)
            }),
            other => self == Self::from(other.requirement().kind()),
        }
    }

    /// Whether a good one counts only where a requirement asks for it by name.
    pub(crate) fn counts_only_if_asked(self) -> bool {
        !matches!(self, Self::Signature | Self::Provenance | Self::Sbom | Self::Unreadable | Self::Unread)
    }
}

/// What a predicate is judged by.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    /// Who signed it, and when.
    pub(crate) verified: &'a Verified,
    /// The expected signers and rules; `None` without an expectation.
    pub(crate) expected: Option<Expected<'a>>,
    /// The manifest that it is attached to, which is one of its subjects.
    pub(crate) subject: &'a Digest,
    /// All that was collected: what the manifest is a part of, and by which name.
    pub(crate) evidence: &'a Evidence,
    /// The known vulnerabilities.
    pub(crate) advised: Advised<'a>,
    /// The only clock.
    pub(crate) now: Timestamp,
    /// How long the judging may take.
    pub(crate) time: TimeLimit<'a>,
}

/// What a demand of the policy expects.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    /// The signer of the policy that signed.
    pub(crate) signer: &'a Signer,
    /// The requirement.
    pub(crate) asked: &'a Asked,
    /// What signers of VEX say whom the demand believes.
    pub(crate) vex: Option<&'a Statements>,
}

/// The content of a statement, read once and only if an expected signer signed it. Only one exists at a time, so its
/// size does not matter.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Predicate<'a> {
    Unread,
    Provenance(Result<Provenance, Finding>),
    Sbom(Result<Sbom<'a>, Finding>),
    Summary(Result<Summary, Finding>),
    Scan(Result<Scan, Finding>),
    Vex(Result<vex::Document, Finding>),
    /// Of a kind that is not read.
    Other,
}

impl<'a> Predicate<'a> {
    pub(crate) fn read(kind: Kind, statement: &Statement<'a>) -> Self {
        let text = statement.predicate;
        match kind {
            Kind::Provenance => Self::Provenance(Provenance::read(&statement.predicate_type, text)),
            Kind::Sbom => Self::Sbom(Sbom::read(&statement.predicate_type, text)),
            Kind::Summary => Self::Summary(Summary::read(&statement.predicate_type, text)),
            Kind::Vulnerabilities => Self::Scan(Scan::read(&statement.predicate_type, text)),
            Kind::Vex => Self::Vex(vex::Document::read(&statement.predicate_type, text)),
            Kind::Signature | Kind::Attestation | Kind::Unreadable | Kind::Unread => Self::Other,
        }
    }

    /// Judges what was read. What cannot be read is a finding.
    pub(crate) fn check(&self, question: &Question<'_>) -> Vec<Finding> {
        match self {
            Self::Provenance(Ok(provenance)) => provenance.judge(question),
            Self::Sbom(Ok(sbom)) => {
                let mut findings = sbom.judge(question);
                findings.extend(advisories::judge(sbom, question));
                findings
            }
            Self::Summary(Ok(summary)) => summary.judge(question),
            Self::Scan(Ok(scan)) => scan.judge(question),
            Self::Vex(Ok(document)) => document.judge(),
            Self::Provenance(Err(finding))
            | Self::Sbom(Err(finding))
            | Self::Summary(Err(finding))
            | Self::Scan(Err(finding))
            | Self::Vex(Err(finding)) => vec![finding.clone()],
            Self::Other | Self::Unread => Vec::new(),
        }
    }

    /// The manifests that it is about, where that is not everything that the subject binds.
    pub(crate) fn only_about(&self, question: &Question<'_>) -> Option<Vec<Digest>> {
        match self {
            Self::Sbom(Ok(sbom)) => sbom.only_about(question),
            _ => None,
        }
    }

    /// The SLSA build level of a provenance, by its builder and its signer.
    pub(crate) fn build_level(&self, question: &Question<'_>) -> Option<BuildLevel> {
        match self {
            Self::Provenance(Ok(provenance)) => Some(provenance.build_level(question)),
            _ => None,
        }
    }

    /// When it was made, as it says itself.
    pub(crate) fn made(&self) -> Option<String> {
        match self {
            Self::Provenance(Ok(one)) => one.finished_on.clone().or_else(|| one.started_on.clone()),
            Self::Sbom(Ok(sbom)) => sbom.created.as_deref().map(clipped),
            Self::Scan(Ok(scan)) => scan.finished.map(|time| time.to_string()),
            _ => None,
        }
    }

    /// What the predicate says goes into the report as far as it can be read, and into no verdict.
    pub(crate) fn set_aside(&self) -> Vec<Finding> {
        let check = match self {
            Self::Provenance(_) => CheckId::ProvenanceFormat,
            Self::Sbom(_) => CheckId::SbomFormat,
            Self::Summary(_) => CheckId::VsaFormat,
            Self::Scan(_) => CheckId::ScanFormat,
            Self::Vex(_) => CheckId::VexFormat,
            Self::Other | Self::Unread => return Vec::new(),
        };
        let message = "what it says is reported and not judged: only the signature is asked for";
        vec![Finding::skip(check, message)]
    }

    pub(crate) fn reports(&self) -> Said {
        match self {
            Self::Provenance(Ok(provenance)) => Said { provenance: Some(provenance.report()), ..Said::default() },
            Self::Sbom(Ok(sbom)) => Said { sbom: Some(sbom.report()), ..Said::default() },
            Self::Summary(Ok(summary)) => Said { vsa: Some(summary.report()), ..Said::default() },
            Self::Scan(Ok(scan)) => Said { vulnerabilities: Some(scan.report()), ..Said::default() },
            Self::Vex(Ok(document)) => Said { vex: Some(document.report()), ..Said::default() },
            _ => Said::default(),
        }
    }
}

/// What a predicate says, for the report: at most one of them.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) provenance: Option<ProvenanceReport>,
    pub(crate) sbom: Option<SbomReport>,
    pub(crate) vsa: Option<SummaryReport>,
    pub(crate) vulnerabilities: Option<VulnerabilitiesReport>,
    pub(crate) vex: Option<VexReport>,
}
