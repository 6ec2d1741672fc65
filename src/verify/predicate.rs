//! What a statement is about: its kind by the predicate type, and the predicate, read once and judged by what is asked.

use jiff::Timestamp;

use crate::check::{CheckId, Finding, ProvenanceReport, SbomReport};
use crate::evidence::Evidence;
use crate::oci::Digest;
use crate::policy::{Asked, Requirement, Signer};

use super::provenance::{self, Provenance};
use super::sbom::{self, Sbom};
use super::signature::Verified;
use super::statement::Statement;

/// cosign's predicate type of a signature on an image (cosign `specs/COSIGN_PREDICATE_SPEC.md`).
const COSIGN_SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

/// What kind of evidence a candidate is, or claims to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Signature,
    Provenance,
    Sbom,
    Attestation,
    Unreadable,
    Unread,
}

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Provenance => "provenance",
            Self::Sbom => "sbom",
            Self::Attestation => "attestation",
            Self::Unreadable => "unreadable",
            Self::Unread => "unread",
        }
    }

    pub(super) fn of_predicate(predicate_type: &str) -> Self {
        match predicate_type {
            COSIGN_SIGN => Self::Signature,
            other if provenance::is_provenance(other) => Self::Provenance,
            other if sbom::is_sbom(other) => Self::Sbom,
            _ => Self::Attestation,
        }
    }

    /// Whether it could satisfy a requirement, by what it is or claims to be. What cannot be read may have been anything.
    pub(super) fn concerns(self, requirement: Requirement) -> bool {
        match self {
            Self::Signature => requirement == Requirement::Signature,
            Self::Provenance => requirement == Requirement::Provenance,
            Self::Sbom => requirement == Requirement::Sbom,
            Self::Attestation => false,
            Self::Unreadable | Self::Unread => true,
        }
    }
}

/// What a predicate is judged by.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    /// Who signed it, and when.
    pub(super) verified: &'a Verified,
    /// Who should have, and what it must say; nothing where nobody in particular is expected.
    pub(super) expected: Option<Expected<'a>>,
    /// The manifest that it is attached to, which is one of its subjects.
    pub(super) subject: &'a Digest,
    /// All that was collected: what the manifest is a part of, and by which name.
    pub(super) evidence: &'a Evidence,
    /// The only clock.
    pub(super) now: Timestamp,
}

/// What a demand of the policy expects.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    /// The signer of the policy that signed.
    pub(super) signer: &'a Signer,
    /// What is asked for.
    pub(super) asked: &'a Asked,
}

/// What a statement says, read once and only if somebody expected signed it.
pub(super) enum Predicate<'a> {
    Unread,
    Provenance(Result<Provenance, Finding>),
    Sbom(Result<Sbom<'a>, Finding>),
    /// Of a kind that is not read.
    Other,
}

impl<'a> Predicate<'a> {
    pub(super) fn read(kind: Kind, statement: &Statement<'a>) -> Self {
        let text = statement.predicate;
        match kind {
            Kind::Provenance => Self::Provenance(Provenance::read(&statement.predicate_type, text)),
            Kind::Sbom => Self::Sbom(Sbom::read(&statement.predicate_type, text)),
            Kind::Signature | Kind::Attestation | Kind::Unreadable | Kind::Unread => Self::Other,
        }
    }

    /// Judges what was read. What cannot be read is a finding.
    pub(super) fn check(&self, question: &Question<'_>) -> Vec<Finding> {
        match self {
            Self::Provenance(Ok(provenance)) => provenance.judge(question),
            Self::Sbom(Ok(sbom)) => sbom.judge(question),
            Self::Provenance(Err(finding)) | Self::Sbom(Err(finding)) => vec![finding.clone()],
            Self::Other | Self::Unread => Vec::new(),
        }
    }

    /// What the predicate says goes into the report as far as it can be read, and into no verdict.
    pub(super) fn set_aside(&self) -> Vec<Finding> {
        let check = match self {
            Self::Provenance(_) => CheckId::ProvenanceFormat,
            Self::Sbom(_) => CheckId::SbomFormat,
            Self::Other | Self::Unread => return Vec::new(),
        };
        let message = "what it says is reported and not judged: only the signature is asked for";
        vec![Finding::skip(check, message)]
    }

    pub(super) fn reports(&self) -> (Option<ProvenanceReport>, Option<SbomReport>) {
        match self {
            Self::Provenance(Ok(provenance)) => (Some(provenance.report()), None),
            Self::Sbom(Ok(sbom)) => (None, Some(sbom.report())),
            _ => (None, None),
        }
    }
}
