//! One candidate, from its bytes to whether it satisfies a requirement.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::check::{CandidateReport, CheckId, Finding, OriginReport, Outcome, SignerReport};
use crate::evidence::{Candidate, Content};
use crate::json;
use crate::oci::{Blob, Digest};
use crate::policy::{Policy, Requirement};

use super::bundle::{Domain, Signed};
use super::legacy;
use super::material::{self, Material, SignedContent};
use super::provenance::{self, Provenance};
use super::sbom::{self, Sbom};
use super::signature::{self, SignedBy, Verified};
use super::signer;
use super::statement::{Statement, claimed_predicate_type};

/// cosign's predicate type of a signature on an image (cosign `specs/COSIGN_PREDICATE_SPEC.md`).
const COSIGN_SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

/// What every candidate of a run is judged by.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) policy: &'a Policy,
    pub(super) domains: &'a [Domain],
    pub(super) now: Timestamp,
}

/// A candidate after all of its checks.
pub(super) struct Judged {
    pub(super) subject: Digest,
    /// The requirements that it could have satisfied, by what it is or claims to be.
    pub(super) concerns: Vec<Requirement>,
    pub(super) report: CandidateReport,
}

impl Judged {
    /// Whether it satisfies a requirement on its subject.
    pub(super) fn satisfies(&self, requirement: Requirement) -> bool {
        self.report.accepted && self.concerns.contains(&requirement)
    }

    /// The worst outcome among its checks.
    pub(super) fn outcome(&self) -> Outcome {
        let has = |outcome| self.report.findings.iter().any(|finding| finding.outcome == outcome);
        match (has(Outcome::Fail), has(Outcome::Error)) {
            (true, _) => Outcome::Fail,
            (false, true) => Outcome::Error,
            (false, false) if self.report.accepted => Outcome::Pass,
            (false, false) => Outcome::Skip,
        }
    }
}

/// What kind of evidence a candidate is, or claims to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Signature,
    Provenance,
    Sbom,
    Attestation,
    Unreadable,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Provenance => "provenance",
            Self::Sbom => "sbom",
            Self::Attestation => "attestation",
            Self::Unreadable => "unreadable",
        }
    }

    fn of_predicate(predicate_type: &str) -> Self {
        match predicate_type {
            COSIGN_SIGN => Self::Signature,
            other if provenance::is_provenance(other) => Self::Provenance,
            other if sbom::is_sbom(other) => Self::Sbom,
            _ => Self::Attestation,
        }
    }

    /// What cannot be read may have been anything.
    fn concerns(self) -> Vec<Requirement> {
        match self {
            Self::Signature => vec![Requirement::Signature],
            Self::Provenance => vec![Requirement::Provenance],
            Self::Sbom => vec![Requirement::Sbom],
            Self::Attestation => Vec::new(),
            Self::Unreadable => Requirement::ALL.to_vec(),
        }
    }
}

/// Judges one candidate under the name `id`.
pub(super) fn judge(id: &str, candidate: &Candidate, terms: Terms<'_>) -> Judged {
    let examination = match &candidate.content {
        Content::Ignored { artifact_type, reason } => {
            return set_aside(id, candidate, "ignored", artifact_type, reason);
        }
        Content::UnsignedStatement(statement) => {
            let predicate_type = claimed_predicate_type(statement.bytes()).unwrap_or_default();
            return set_aside(
                id,
                candidate,
                "unsigned",
                &predicate_type,
                "present, unsigned: anyone who can push can write it",
            );
        }
        Content::Bundle(bundle) => match material::read_bundle(bundle.bytes()) {
            Ok(material) => examine_material(&material, candidate, terms),
            Err(finding) => Examination::stopped_by(Kind::Unreadable, finding),
        },
        Content::BundleOverPayload { bundle, payload } => match material::read_bundle(bundle.bytes()) {
            // Whoever put the two together, a statement is judged by what it says and by nothing beside it.
            Ok(material) if matches!(material.content, SignedContent::Envelope(_)) => {
                examine_material(&material, candidate, terms)
            }
            Ok(material) => examine_simple_signing(payload, &material, candidate, terms),
            Err(finding) => Examination::stopped_by(Kind::Unreadable, finding),
        },
        Content::LegacySignature { payload, annotations } => match legacy::read_signature(annotations) {
            Ok(material) => examine_simple_signing(payload, &material, candidate, terms),
            Err(finding) => Examination::stopped_by(Kind::Signature, finding),
        },
        Content::LegacyAttestation { envelope, annotations } => {
            examine_legacy_attestation(envelope, annotations, candidate, terms)
        }
    };
    examination.into_judged(id, candidate)
}

/// Judges a bundle that is said to be about a file, of which the digest is known and perhaps the content.
///
/// Only the signature is asked for, on the content itself or in a statement about it. A predicate is reported.
pub(super) fn judge_loose(
    id: &str,
    candidate: &Candidate,
    (bundle, content): (&Blob, Option<&Blob>),
    terms: Terms<'_>,
) -> Judged {
    let mut examination = match material::read_bundle(bundle.bytes()) {
        Ok(material) => examine_loose(&material, candidate, content, terms),
        Err(finding) => Examination::stopped_by(Kind::Unreadable, finding),
    };
    examination.only_signature = true;
    examination.into_judged(id, candidate)
}

fn examine_loose(material: &Material, candidate: &Candidate, content: Option<&Blob>, terms: Terms<'_>) -> Examination {
    match &material.content {
        SignedContent::Message(message) => {
            let signed = content.map_or(Signed::Digest(&candidate.subject), |content| Signed::Bytes(content.bytes()));
            examine_message(message, material, candidate, signed, terms)
        }
        SignedContent::Envelope(envelope) => {
            let (mut examination, statement) = examine_envelope(envelope, material, candidate, "file", terms);
            if let Some(statement) = statement {
                report_predicate(&mut examination, &statement);
            }
            examination
        }
    }
}

/// What the predicate says goes into the report as far as it can be read, and into no verdict.
fn report_predicate(examination: &mut Examination, statement: &Statement) {
    let predicate = statement.predicate.as_deref();
    let check = match examination.kind {
        Kind::Provenance => {
            examination.provenance = Provenance::read(&statement.predicate_type, predicate).ok();
            CheckId::ProvenanceFormat
        }
        Kind::Sbom => {
            examination.sbom = Sbom::read(&statement.predicate_type, predicate).ok();
            CheckId::SbomFormat
        }
        Kind::Signature | Kind::Attestation | Kind::Unreadable => return,
    };
    let message = "what it says is reported and not judged: only the signature is asked for";
    examination.findings.push(Finding::skip(check, message));
}

/// What became known of a candidate, step by step. The first step that fails is the last.
struct Examination {
    kind: Kind,
    /// Whether a good signature is all that is asked for, whatever kind of statement it is on.
    only_signature: bool,
    predicate_type: Option<String>,
    findings: Vec<Finding>,
    verified: Option<Verified>,
    provenance: Option<Provenance>,
    sbom: Option<Sbom>,
}

impl Examination {
    fn of(kind: Kind) -> Self {
        Self {
            kind,
            only_signature: false,
            predicate_type: None,
            findings: Vec::new(),
            verified: None,
            provenance: None,
            sbom: None,
        }
    }

    fn stopped_by(kind: Kind, finding: Finding) -> Self {
        let mut examination = Self::of(kind);
        examination.findings.push(finding);
        examination
    }

    /// Whether a finding so far keeps it from being accepted.
    fn is_stopped(&self) -> bool {
        self.findings.iter().any(Finding::stands_in_the_way)
    }

    fn into_judged(self, id: &str, candidate: &Candidate) -> Judged {
        let concerns = if self.only_signature { vec![Requirement::Signature] } else { self.kind.concerns() };
        let obstacle = self.findings.iter().find(|finding| finding.stands_in_the_way());
        let accepted =
            obstacle.is_none() && self.verified.is_some() && !concerns.is_empty() && self.kind != Kind::Unreadable;
        let reason = match (&obstacle, self.kind) {
            (Some(finding), _) => Some(finding.message.clone()),
            (None, Kind::Attestation) if !self.only_signature => {
                Some("signed, but of a kind that no requirement asks for".to_owned())
            }
            (None, _) => None,
        };
        let verified = self.verified.as_ref();
        // What a refused signer says is not repeated as if it were known.
        let trusted = obstacle.is_none();
        let report = CandidateReport {
            kind: self.kind.as_str().to_owned(),
            predicate_type: self.predicate_type,
            trust_domain: verified.and_then(|verified| verified.domain.clone()),
            signer: verified.map(signer_report),
            log_entries: verified.map(|verified| verified.log_entries.clone()).unwrap_or_default(),
            timestamps: verified.map(|verified| verified.timestamps.clone()).unwrap_or_default(),
            provenance: self.provenance.as_ref().filter(|_| trusted).map(Provenance::report),
            sbom: self.sbom.as_ref().filter(|_| trusted).map(Sbom::report),
            accepted,
            reason,
            findings: self
                .findings
                .into_iter()
                .map(|mut finding| {
                    finding.candidate = Some(id.to_owned());
                    finding.subject.get_or_insert_with(|| candidate.subject.to_string());
                    finding
                })
                .collect(),
            ..blank(id, candidate)
        };
        Judged { subject: candidate.subject.clone(), concerns, report }
    }
}

fn signer_report(verified: &Verified) -> SignerReport {
    match &verified.signed_by {
        SignedBy::Certificate(leaf) => leaf.report(),
        SignedBy::Key(key) => SignerReport {
            identity: key.fingerprint().to_string(),
            identity_kind: "key".to_owned(),
            issuer: String::new(),
            claims: Vec::new(),
        },
    }
}

fn blank(id: &str, candidate: &Candidate) -> CandidateReport {
    CandidateReport {
        id: id.to_owned(),
        kind: String::new(),
        origin: OriginReport { kind: candidate.origin.kind().to_owned(), place: candidate.origin.to_string() },
        digest: candidate.digest.to_string(),
        subject: candidate.subject.to_string(),
        predicate_type: None,
        trust_domain: None,
        signer: None,
        log_entries: Vec::new(),
        timestamps: Vec::new(),
        provenance: None,
        sbom: None,
        accepted: false,
        reason: None,
        findings: Vec::new(),
    }
}

/// Something attached that is no evidence: named, and of no consequence.
fn set_aside(id: &str, candidate: &Candidate, kind: &str, what: &str, reason: &str) -> Judged {
    let report = CandidateReport {
        kind: kind.to_owned(),
        predicate_type: Some(what.to_owned()).filter(|what| !what.is_empty()),
        reason: Some(reason.to_owned()),
        ..blank(id, candidate)
    };
    Judged { subject: candidate.subject.clone(), concerns: Vec::new(), report }
}

fn examine_legacy_attestation(
    envelope: &Blob,
    annotations: &BTreeMap<String, String>,
    candidate: &Candidate,
    terms: Terms<'_>,
) -> Examination {
    let material = match legacy::read_attestation(envelope, annotations) {
        Ok(material) => material,
        Err(finding) => {
            let claimed = material::read_envelope(envelope.bytes())
                .ok()
                .and_then(|envelope| claimed_predicate_type(&envelope.payload));
            let mut examination =
                Examination::stopped_by(claimed.as_deref().map_or(Kind::Unreadable, Kind::of_predicate), finding);
            examination.predicate_type = claimed;
            return examination;
        }
    };
    examine_material(&material, candidate, terms)
}

fn examine_material(material: &Material, candidate: &Candidate, terms: Terms<'_>) -> Examination {
    match &material.content {
        SignedContent::Message(message) => {
            examine_message(message, material, candidate, Signed::Digest(&candidate.subject), terms)
        }
        SignedContent::Envelope(envelope) => {
            let (mut examination, statement) = examine_envelope(envelope, material, candidate, "image", terms);
            if let Some(statement) = statement {
                examine_predicate(&mut examination, &statement, terms.policy);
            }
            examination
        }
    }
}

/// A signature on the subject itself, of which `signed` is what is known: its content or its digest.
fn examine_message(
    message: &material::MessageSignature,
    material: &Material,
    candidate: &Candidate,
    signed: Signed<'_>,
    terms: Terms<'_>,
) -> Examination {
    let mut examination = Examination::of(Kind::Signature);
    match check_message_digest(message, &candidate.subject) {
        Some(finding) => examination.findings.push(finding),
        None => examine_signature(&mut examination, material, signed, terms),
    }
    examination
}

/// sigstore_common.proto: the digest in a message signature is a hint. A hint that contradicts is refused (A085).
fn check_message_digest(message: &material::MessageSignature, subject: &Digest) -> Option<Finding> {
    let stated = message.digest.as_ref()?;
    let algorithm = match subject.algorithm().name() {
        "sha256" => "SHA2_256",
        _ => "SHA2_512",
    };
    let length = match stated.algorithm.as_str() {
        "SHA2_256" => 32,
        "SHA2_384" => 48,
        "SHA2_512" => 64,
        _ => stated.digest.len(),
    };
    if stated.digest.len() != length {
        return Some(
            Finding::fail(CheckId::BundleFormat, "the message digest has another length than its algorithm")
                .expected(format!("{length} octets"))
                .found(format!("{} octets", stated.digest.len())),
        );
    }
    if stated.algorithm == algorithm && stated.digest != subject.bytes() {
        return Some(
            Finding::fail(CheckId::SubjectDigest, "the signature is on something else")
                .about(subject)
                .expected(subject.to_string())
                .found(crate::oci::encode_hex(&stated.digest)),
        );
    }
    None
}

/// A statement about the subject, and its signer. It is returned once it is known who wrote it: only then is its predicate
/// read.
fn examine_envelope(
    envelope: &material::Envelope,
    material: &Material,
    candidate: &Candidate,
    thing: &str,
    terms: Terms<'_>,
) -> (Examination, Option<Statement>) {
    let (mut examination, statement) = examine_statement(envelope, &candidate.subject, thing);
    if statement.is_some() {
        examine_signature(&mut examination, material, Signed::Digest(&candidate.subject), terms);
    }
    let statement = statement.filter(|_| !examination.is_stopped());
    (examination, statement)
}

/// Reads the statement in an envelope and what it is about. It is returned only if it is about `subject`.
fn examine_statement(envelope: &material::Envelope, subject: &Digest, thing: &str) -> (Examination, Option<Statement>) {
    let claimed = claimed_predicate_type(&envelope.payload);
    let mut examination = Examination::of(claimed.as_deref().map_or(Kind::Unreadable, Kind::of_predicate));
    examination.predicate_type = claimed;
    let statement = match Statement::read(&envelope.payload_type, &envelope.payload) {
        Ok(statement) => statement,
        Err(finding) => {
            examination.findings.push(finding);
            return (examination, None);
        }
    };
    // From here on the kind is what was read, not what was claimed.
    examination.kind = Kind::of_predicate(&statement.predicate_type);
    examination.predicate_type = Some(statement.predicate_type.clone());
    examination.findings.push(statement.check_subject(subject, thing));
    let about_it = !examination.is_stopped();
    (examination, about_it.then_some(statement))
}

/// cosign `specs/SIGNATURE_SPEC.md`: the simple-signing payload that names the image's digest.
#[derive(Deserialize)]
struct SimpleSigning {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    image: CriticalImage,
    #[serde(rename = "type")]
    kind: String,
}

/// The key is spelled in lower case by every implementation; another spelling is another key (A055).
#[derive(Deserialize)]
struct CriticalImage {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

fn examine_simple_signing(payload: &Blob, material: &Material, candidate: &Candidate, terms: Terms<'_>) -> Examination {
    let mut examination = Examination::of(Kind::Signature);
    examination.findings.push(check_simple_signing(payload.bytes(), &candidate.subject));
    if examination.is_stopped() {
        return examination;
    }
    examine_signature(&mut examination, material, Signed::Bytes(payload.bytes()), terms);
    examination
}

fn check_simple_signing(payload: &[u8], subject: &Digest) -> Finding {
    const TYPE: &str = "cosign container image signature";
    let signed: SimpleSigning = match json::from_slice(payload) {
        Ok(signed) => signed,
        Err(error) => {
            return Finding::fail(CheckId::PayloadFormat, "the simple-signing payload cannot be read")
                .found(error.to_string());
        }
    };
    if signed.critical.kind != TYPE {
        return Finding::fail(CheckId::PayloadFormat, "the payload is no cosign image signature")
            .expected(TYPE)
            .found(signed.critical.kind);
    }
    if signed.critical.image.digest == subject.to_string() {
        return Finding::pass(CheckId::SubjectDigest, "the signature is on this image").about(subject);
    }
    Finding::fail(CheckId::SubjectDigest, "the signature is on another image")
        .about(subject)
        .expected(subject.to_string())
        .found(signed.critical.image.digest)
        .next("it was copied here from another image: sign this one")
}

/// Verifies the material in the first domain that takes it, and its signer against the policy.
fn examine_signature(examination: &mut Examination, material: &Material, signed: Signed<'_>, terms: Terms<'_>) {
    match signature::verify(material, signed, terms.policy.signer(), terms.domains, terms.now) {
        Ok(verified) => {
            let message = match &verified.domain {
                Some(domain) => format!("the signature verifies in the trust domain `{domain}`"),
                None => "the signature verifies with the key alone".to_owned(),
            };
            examination.findings.push(Finding::pass(CheckId::Signature, message));
            examination.findings.extend(signer::check(&verified, terms.policy.signer()));
            examination.verified = Some(verified);
        }
        Err(finding) => examination.findings.push(finding),
    }
}

fn examine_predicate(examination: &mut Examination, statement: &Statement, policy: &Policy) {
    let predicate = statement.predicate.as_deref();
    match examination.kind {
        Kind::Provenance => match Provenance::read(&statement.predicate_type, predicate) {
            Ok(provenance) => {
                examination
                    .findings
                    .push(Finding::pass(CheckId::ProvenanceFormat, format!("SLSA {}", provenance.version)));
                if let Some(verified) = &examination.verified {
                    examination.findings.push(provenance.check_builder(verified.leaf()));
                    examination.findings.push(provenance.check_source(verified.leaf(), policy.signer()));
                }
                examination.provenance = Some(provenance);
            }
            Err(finding) => examination.findings.push(finding),
        },
        Kind::Sbom => match Sbom::read(&statement.predicate_type, predicate) {
            Ok(sbom) => {
                examination.findings.push(Finding::pass(CheckId::SbomFormat, sbom.format.clone()));
                examination.findings.push(sbom.check_content());
                examination.sbom = Some(sbom);
            }
            Err(finding) => examination.findings.push(finding),
        },
        Kind::Signature | Kind::Attestation | Kind::Unreadable => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::Algorithm;

    fn digest() -> Digest {
        Digest::of(Algorithm::Sha256, b"image")
    }

    fn payload(image: &str) -> String {
        format!(
            r#"{{"critical":{{"identity":{{"docker-reference":""}},"image":{image},"type":"cosign container image signature"}},"optional":null}}"#
        )
    }

    fn check(image: &str) -> Finding {
        check_simple_signing(payload(image).as_bytes(), &digest())
    }

    #[test]
    fn a054_a_payload_for_another_image_is_refused() {
        assert_eq!(check(&format!(r#"{{"docker-manifest-digest":"{}"}}"#, digest())).outcome, Outcome::Pass);
        let other = check(r#"{"docker-manifest-digest":"sha256:00"}"#);
        assert_eq!((other.check, other.outcome), (CheckId::SubjectDigest, Outcome::Fail));
    }

    #[test]
    fn a055_only_the_lower_case_key_counts_and_only_once() {
        let digest = digest();
        assert_eq!(check(&format!(r#"{{"Docker-manifest-digest":"{digest}"}}"#)).outcome, Outcome::Fail);
        let twice = format!(r#"{{"docker-manifest-digest":"sha256:00","docker-manifest-digest":"{digest}"}}"#);
        assert_eq!(check(&twice).check, CheckId::PayloadFormat);
        let both = format!(r#"{{"docker-manifest-digest":"sha256:00","Docker-Manifest-Digest":"{digest}"}}"#);
        assert_eq!(check(&both).outcome, Outcome::Fail);
    }

    #[test]
    fn a_payload_of_another_type_is_refused() {
        let text = payload(&format!(r#"{{"docker-manifest-digest":"{}"}}"#, digest()))
            .replace("cosign container", "atomic container");
        assert_eq!(check_simple_signing(text.as_bytes(), &digest()).check, CheckId::PayloadFormat);
    }
}
