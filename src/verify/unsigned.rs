//! Unsigned evidence: the statements that BuildKit puts into an index, and plain documents. The report shows their content, and
//! they satisfy no requirement.
//!
//! BuildKit `docs/attestations/attestation-storage.md`: the layers are bare in-toto statements (A048, A215, A231).

use crate::check::{CandidateKind, CandidateReport, CheckId, Finding};
use crate::evidence::{Candidate, Origin};
use crate::oci::Blob;
use crate::oci::media_type::is_sbom_document;

use super::predicate::Kind;
use super::set_aside::set_aside;
use super::statement::{PAYLOAD_TYPE, Statement, claimed_predicate_type};
use crate::attestation::provenance::Provenance;

/// Reports an unsigned statement: its kind and, for a provenance about this image, its content.
pub(super) fn report(id: &str, candidate: &Candidate, bytes: &Blob) -> Box<CandidateReport> {
    let read = Statement::read(PAYLOAD_TYPE, bytes.bytes()).ok();
    let claimed = || claimed_predicate_type(bytes.bytes()).unwrap_or_default();
    let predicate_type = read.as_ref().map_or_else(claimed, |statement| statement.predicate_type.clone());
    let mut report = named(id, candidate, &predicate_type);
    let about = read.filter(|one| !one.check_subject(std::slice::from_ref(&candidate.subject), "image").is_blocking());
    report.unsigned_provenance = about
        .and_then(|statement| Provenance::read_unsigned(&statement.predicate_type, statement.predicate))
        .map(|provenance| provenance.report());
    report
}

/// Names an unsigned statement by its own type.
pub(super) fn named(id: &str, candidate: &Candidate, predicate_type: &str) -> Box<CandidateReport> {
    let place = match &candidate.origin {
        Origin::CosignTag { tag, .. } => format!(" under the tag {tag}"),
        _ => String::new(),
    };
    let reason = format!("present{place}, unsigned: anyone with push access can write it");
    let mut report = set_aside(id, candidate, CandidateKind::Unsigned, predicate_type, &reason);
    if let Some(next) = how_to_sign(predicate_type) {
        let finding = Finding::skip(CheckId::EvidencePresent, reason).about(&candidate.subject).next(next);
        report.findings.push(Finding { candidate: Some(id.to_owned()), ..finding });
    }
    report
}

/// What an unsigned thing would be if it were signed: by its predicate type, or by the media types under which tools attach
/// SBOMs (`cosign attach sbom`, ko, oras).
pub(super) fn kind_of(what: &str) -> Kind {
    if is_sbom_document(what) { Kind::Sbom } else { Kind::of_predicate(what) }
}

/// What to do about it: for its reader, then for its maker (docs.docker.com, "Inspect provenance"; `cosign attest --help`).
pub(super) fn how_to_sign(predicate_type: &str) -> Option<String> {
    const ASK: &str = "anyone with push access can write it: ask the image's maker to sign it";
    if is_sbom_document(predicate_type) {
        let kind = if predicate_type.contains("cyclonedx") { "cyclonedx" } else { "spdxjson" };
        return Some(format!("{ASK}; if you made it: `cosign attest --type {kind} --predicate SBOM IMAGE@DIGEST`"));
    }
    let (builder, (document, field), kind) = match (Kind::of_predicate(predicate_type), predicate_type) {
        (Kind::Provenance, "https://slsa.dev/provenance/v0.2") => {
            (BUILDER, (".Provenance", "SLSA"), "slsaprovenance02")
        }
        (Kind::Provenance, _) => (BUILDER, (".Provenance", "SLSA"), "slsaprovenance1"),
        (Kind::Sbom, _) => ("", (".SBOM", "SPDX"), "spdxjson"),
        _ => return None,
    };
    Some(format!(
        "{ASK}; if you built it: {builder}sign the attestation manifest that lists it, `cosign sign IMAGE@MANIFEST-DIGEST`; or attest \
         what it says: `docker buildx imagetools inspect IMAGE --format '{{{{json {document}.{field}}}}}' > FILE` (of several platforms \
         `(index {document} \"linux/amd64\").{field}`), then `cosign attest --type {kind} --predicate FILE IMAGE@DIGEST`"
    ))
}

/// Without this BuildKit's provenance names no builder and is refused, signed or not.
const BUILDER: &str = "build it with `--provenance mode=max,version=v1,builder-id=URL`, then ";
