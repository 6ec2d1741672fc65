//! The steps before a candidate's signature is verified, by the form in which it is attached.

use std::collections::BTreeMap;

use crate::check::{CandidateKind, CandidateReport, CheckId, Finding};
use crate::evidence::{Candidate, Content, Opened, Origin, Target};
use crate::oci::{Algorithm, Blob, Digest};
use crate::verify::bundle::Signed;
use crate::verify::entity::{self, MessageDigest, SignedContent, SignedEntity};
use crate::verify::legacy;
use crate::verify::npm;
use crate::verify::predicate::Kind;
use crate::verify::set_aside::set_aside;
use crate::verify::statement::{Statement, claimed_predicate_type};
use crate::verify::unsigned;

use super::examination::{Examination, newer_predicate};
use super::listed::{SignedManifest, examine_listed};
use super::on_list::on_list;
use super::simple_signing::check_simple_signing;

/// Examines a candidate as far as possible before its signature is verified. An attachment that is not evidence is
/// reported as such.
pub(super) fn examine<'a>(
    id: &str,
    candidate: &'a Candidate,
    target: &'a Target,
) -> Result<Examination<'a>, Box<CandidateReport>> {
    let mut examination = match &candidate.content {
        Content::Unsigned { what } => return Err(unsigned::named(id, candidate, what)),
        Content::ListedStatement { manifest, signature, statement } => {
            let examination = examine(id, signature, target).ok();
            let signed = SignedManifest { manifest, signature, examination };
            return examine_listed(id, candidate, signed, statement);
        }
        Content::OnList { list, signature } => {
            return Ok(on_list(examine(id, signature, &list.target)?, list, target));
        }
        Content::Ignored { artifact_type, reason } => {
            return Err(set_aside(id, candidate, CandidateKind::Ignored, artifact_type, reason));
        }
        Content::Unread { media_type, bytes } => {
            let mut examination = Examination::stopped_by(Kind::Unread, unread(*bytes));
            examination.predicate_type = Some(media_type.clone());
            examination.never_signature = matches!(candidate.origin, Origin::AttestationManifest { .. });
            examination
        }
        Content::UnsignedStatement(statement) => return Err(unsigned::report(id, candidate, statement)),
        Content::Bundle(bundle) => match entity::read_bundle(bundle) {
            Ok(entity) => examine_entity(entity, bundle, candidate, target),
            Err(finding) => Examination::stopped_by(Kind::Unreadable, finding),
        },
        Content::BundleOverPayload { bundle, payload } => match entity::read_bundle(bundle) {
            // A statement is judged by its content alone, in every packing.
            Ok(entity) if matches!(entity.content, SignedContent::Envelope(_)) => {
                examine_entity(entity, bundle, candidate, target)
            }
            Ok(entity) => examine_simple_signing(payload, entity, candidate),
            Err(finding) => Examination::stopped_by(Kind::Unreadable, finding),
        },
        Content::LegacySignature { payload, annotations } => match legacy::read_signature(annotations) {
            Ok(entity) => examine_simple_signing(payload, entity, candidate),
            Err(finding) => Examination::stopped_by(Kind::Signature, finding),
        },
        Content::Detached { annotations } => match legacy::read_signature(annotations) {
            Ok(entity) => examine_content(bare(entity), candidate, target),
            Err(finding) => Examination::stopped_by(Kind::Signature, finding),
        },
        Content::RegistrySignature { text, signature } => match npm::read_signature(signature) {
            Ok(entity) => Examination::of_message(
                Some(npm::check_signed(text.bytes(), target)),
                entity,
                Signed::Bytes(text.bytes()),
            ),
            Err(finding) => Examination::stopped_by(Kind::Signature, finding),
        },
        Content::LegacyAttestation { envelope, annotations } => {
            examine_legacy_attestation(envelope, annotations, candidate, target)
        }
    };
    examination.any_statement_signs =
        target.is_file() || npm::is_signature(target, examination.predicate_type.as_deref());
    Ok(examination)
}

/// An unread candidate is an error, because it could satisfy an open requirement. If all requirements are satisfied, it does not
/// affect the verdict.
fn unread(bytes: u64) -> Finding {
    Finding::error(CheckId::EvidenceComplete, format!("{bytes} bytes, not fetched"))
        .next("this evidence was not collected whole: collect it again")
}

fn examine_simple_signing<'a>(payload: &'a Blob, entity: SignedEntity, candidate: &'a Candidate) -> Examination<'a> {
    let hint = match &entity.content {
        SignedContent::Message(message) => {
            check_message_digest(message, payload.digest(), |hash| Some(Digest::of(hash, payload.bytes())))
        }
        SignedContent::Envelope(_) => None,
    };
    let finding = hint.unwrap_or_else(|| check_simple_signing(payload.bytes(), &candidate.subject));
    Examination::of_message(Some(finding), entity, Signed::Bytes(payload.bytes()))
}

fn examine_legacy_attestation<'a>(
    envelope: &'a Opened,
    annotations: &BTreeMap<String, String>,
    candidate: &'a Candidate,
    target: &'a Target,
) -> Examination<'a> {
    match legacy::read_attestation(envelope, annotations) {
        Ok(entity) if matches!(candidate.origin, Origin::File { .. }) => {
            examine_entity(bare(entity), envelope, candidate, target)
        }
        Ok(entity) => examine_entity(entity, envelope, candidate, target),
        Err(finding) => {
            let claimed =
                entity::read_envelope(envelope).ok().and_then(|envelope| claimed_predicate_type(envelope.payload()));
            let mut examination =
                Examination::stopped_by(claimed.as_deref().map_or(Kind::Unreadable, Kind::of_predicate), finding);
            examination.predicate_type = claimed;
            examination
        }
    }
}

fn examine_entity<'a>(
    entity: SignedEntity,
    opened: &'a Opened,
    candidate: &'a Candidate,
    target: &'a Target,
) -> Examination<'a> {
    match &entity.content {
        SignedContent::Message(_) => examine_content(entity, candidate, target),
        SignedContent::Envelope(_) => examine_envelope(entity, opened, candidate, target),
    }
}

/// A signature that stands alone: without its log entry it has none that could be looked up here.
fn bare(entity: SignedEntity) -> SignedEntity {
    SignedEntity { is_bare: entity.entries.is_empty(), ..entity }
}

/// A signature on the very content of the target.
fn examine_content<'a>(entity: SignedEntity, candidate: &'a Candidate, target: &'a Target) -> Examination<'a> {
    let SignedContent::Message(message) = &entity.content else { return Examination::of(Kind::Unreadable) };
    let finding = check_message_digest(message, &candidate.subject, |hash| target.digest_by(hash));
    let stated = message.digest.as_ref().and_then(MessageDigest::hash);
    let digest = stated.and_then(|algorithm| target.known_digest(algorithm)).unwrap_or(&candidate.subject);
    let signed = target.content().map_or(Signed::Digest(digest), |content| Signed::Bytes(content.bytes()));
    Examination::of_message(finding, entity, signed)
}

/// sigstore_common.proto: the digest in a message signature is a hint. A hint that contradicts is refused (A085).
fn check_message_digest(
    message: &entity::MessageSignature,
    subject: &Digest,
    digest_by: impl Fn(Algorithm) -> Option<Digest>,
) -> Option<Finding> {
    let stated = message.digest.as_ref()?;
    let Some(algorithm) = stated.hash() else {
        return Some(
            Finding::fail(CheckId::BundleFormat, "the message digest is of an unknown algorithm")
                .expected("SHA2_256, SHA2_384 or SHA2_512")
                .found(&stated.algorithm),
        );
    };
    let Some(digest) = Digest::from_bytes(algorithm, &stated.digest) else {
        return Some(
            Finding::fail(CheckId::BundleFormat, "the message digest has another length than its algorithm")
                .expected(format!("{} bytes", Digest::of(algorithm, b"").bytes().len()))
                .found(format!("{} bytes", stated.digest.len())),
        );
    };
    let known = Some(subject).filter(|subject| subject.algorithm() == algorithm).cloned();
    let expected = known.or_else(|| digest_by(algorithm))?;
    (digest != expected).then(|| {
        Finding::fail(CheckId::SubjectDigest, "the signature is on something else")
            .about(subject)
            .expected(expected.to_string())
            .found(digest.to_string())
    })
}

/// A statement, which must be about the subject. It is the payload of what was opened, from which the signed entity is.
fn examine_envelope<'a>(
    entity: SignedEntity,
    opened: &'a Opened,
    candidate: &'a Candidate,
    target: &Target,
) -> Examination<'a> {
    let (SignedContent::Envelope(envelope), Some(payload)) = (&entity.content, opened.payload()) else {
        return Examination::of(Kind::Unreadable);
    };
    let mut examination = Examination::of(Kind::Unreadable);
    let statement = match Statement::read(&envelope.payload_type, payload.bytes()) {
        Ok(statement) => statement,
        Err(finding) => {
            let claimed = claimed_predicate_type(payload.bytes());
            examination.kind = claimed.as_deref().map_or(Kind::Unreadable, Kind::of_predicate);
            examination.predicate_type = claimed;
            return examination.ready_unless_stopped(Some(finding), entity, Signed::Digest(&candidate.subject));
        }
    };
    examination.kind = Kind::of_statement(&statement);
    examination.predicate_type = Some(statement.predicate_type.clone());
    let known = candidate.subject.algorithm();
    let others = Algorithm::ALL.into_iter().filter(|algorithm| *algorithm != known && statement.states(*algorithm));
    let computed = others.filter_map(|algorithm| target.digest_by(algorithm));
    let digests: Vec<Digest> = std::iter::once(candidate.subject.clone()).chain(computed).collect();
    let about = statement.check_subject(&digests, target.noun());
    examination.findings.extend(newer_predicate(&statement.predicate_type));
    if let Some(package) = target.package().filter(|_| !about.is_blocking()) {
        examination.findings.push(statement.check_name(&digests, &package.purl()));
        examination.findings.extend(npm::check_publish(package, &statement));
    }
    examination.statement = Some(statement);
    examination.ready_unless_stopped(Some(about), entity, Signed::Digest(&candidate.subject))
}
