//! The exact verified bytes, for other tools: they should read these bytes and no others.

use std::borrow::Cow;

use crate::attestation::{sbom, types};
use crate::check::{CandidateKind, CandidateReport, ImageReport, SignerReport, Verdict};
use crate::evidence::{Candidate, Content, Evidence, Opened};

use super::statement::{PAYLOAD_TYPE, Statement};
use super::{id, in_order};

/// A part of a candidate that another tool can read by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The Sigstore bundle, as it was fetched.
    Bundle,
    /// The DSSE envelope of a legacy attestation, as it was fetched.
    Envelope,
    /// cosign's simple-signing payload.
    Payload,
    /// The in-toto statement.
    Statement,
    /// The statement's predicate. For an SBOM it is the bare document, without its wrapper.
    Predicate,
}

impl Part {
    /// Returns its name in a file's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Envelope => "envelope",
            Self::Payload => "payload",
            Self::Statement => "statement",
            Self::Predicate => "predicate",
        }
    }
}

/// Returns the candidates that satisfy the requirements of a verified image, with their kinds. Returns none for any other image.
/// `report` must be the report on this evidence.
pub fn accepted<'e>(evidence: &'e Evidence, report: &ImageReport) -> Vec<(&'e Candidate, CandidateKind)> {
    reported(evidence, report).into_iter().map(|(candidate, reported)| (candidate, reported.kind)).collect()
}

/// The predicate of an attestation that a verified image's requirements are satisfied by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPredicate {
    /// The name of the attestation in the report.
    pub candidate: String,
    /// The digest that it is attached to.
    pub subject: String,
    /// Who signed it.
    pub signer: SignerReport,
    /// The predicate as it was signed; of an SBOM the document, without what wraps it.
    pub bytes: Vec<u8>,
}

/// Returns the predicates that a verified image's requirements are satisfied by; of any other image none. The report is that of this
/// evidence.
pub fn predicates(evidence: &Evidence, report: &ImageReport) -> Vec<SignedPredicate> {
    let predicate = |(candidate, reported): (&Candidate, &CandidateReport)| {
        let signer = reported.signer.clone()?;
        let (_, bytes) = parts(candidate, reported.kind).into_iter().find(|(part, _)| *part == Part::Predicate)?;
        let (candidate, subject) = (reported.id.clone(), reported.subject.clone());
        Some(SignedPredicate { candidate, subject, signer, bytes: bytes.into_owned() })
    };
    reported(evidence, report).into_iter().filter_map(predicate).collect()
}

/// The candidates that satisfy, each with what the report says of it.
fn reported<'e, 'r>(evidence: &'e Evidence, report: &'r ImageReport) -> Vec<(&'e Candidate, &'r CandidateReport)> {
    if report.verdict != Verdict::Verified {
        return Vec::new();
    }
    let satisfies = |name: &str| report.requirements.iter().any(|one| one.satisfied_by.iter().any(|by| by == name));
    let named = in_order(evidence).into_iter().enumerate().map(|(place, candidate)| (id(place), candidate));
    named
        .zip(&report.candidates)
        .filter(|((id, _), reported)| *id == reported.id && satisfies(id))
        .map(|((_, candidate), reported)| (candidate, reported))
        .collect()
}

/// Returns the parts of a candidate of this kind that was accepted.
pub fn parts(candidate: &Candidate, kind: CandidateKind) -> Vec<(Part, Cow<'_, [u8]>)> {
    match &candidate.content {
        Content::Bundle(bundle) => opened(Part::Bundle, bundle, kind),
        Content::BundleOverPayload { bundle, payload } => {
            let mut parts = opened(Part::Bundle, bundle, kind);
            // A bundle with a statement in it signs that statement. Otherwise it signs the payload beside it.
            if bundle.payload().is_none() {
                parts.push((Part::Payload, payload.bytes()[..].into()));
            }
            parts
        }
        Content::Detached { .. } => Vec::new(),
        Content::OnList { signature, .. } => parts(signature, kind),
        Content::RegistrySignature { text, .. } => vec![(Part::Payload, text.bytes()[..].into())],
        Content::LegacySignature { payload, .. } => vec![(Part::Payload, payload.bytes()[..].into())],
        Content::LegacyAttestation { envelope, .. } => opened(Part::Envelope, envelope, kind),
        Content::ListedStatement { signature, statement, .. } => {
            let mut parts = parts(signature, CandidateKind::Of(types::Kind::Signature));
            parts.retain(|(part, _)| matches!(part, Part::Bundle | Part::Envelope));
            parts.extend(statement_parts(statement.bytes(), kind));
            parts
        }
        Content::UnsignedStatement(_) | Content::Unsigned { .. } | Content::Unread { .. } | Content::Ignored { .. } => {
            Vec::new()
        }
    }
}

fn opened(part: Part, opened: &Opened, kind: CandidateKind) -> Vec<(Part, Cow<'_, [u8]>)> {
    let statement = opened.payload().into_iter().flat_map(|payload| statement_parts(payload.bytes(), kind));
    [(part, opened.original())].into_iter().chain(statement).collect()
}

fn statement_parts(payload: &[u8], kind: CandidateKind) -> Vec<(Part, Cow<'_, [u8]>)> {
    let Ok(statement) = Statement::read(PAYLOAD_TYPE, payload) else { return Vec::new() };
    let predicate = match kind {
        CandidateKind::Of(types::Kind::Sbom) => sbom::document(statement.predicate).ok(),
        _ => Some(Cow::Borrowed(statement.predicate)),
    };
    let predicate = predicate.map(|text| match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    });
    [(Part::Statement, Cow::Borrowed(payload))]
        .into_iter()
        .chain(predicate.map(|predicate| (Part::Predicate, predicate)))
        .collect()
}
