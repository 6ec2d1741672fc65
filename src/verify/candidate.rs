//! One candidate, from its bytes to whether it satisfies a requirement.

mod listed;

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::check::{CandidateKind, CandidateReport, CheckId, Finding, ListedDocument, OriginReport, Outcome};
use crate::evidence::{Candidate, Content, Evidence, Opened, Origin, Target};
use crate::json;
use crate::oci::{Algorithm, Blob, Digest};
use crate::packages::{Advisories, Examined};
use crate::policy::{Asked, BuildLevel, Demand, KeyRule, Policy};
use crate::time_limit::TimeLimit;

use super::advised::Advised;
use super::advisories;
use super::assessment::{Assessment, Signing};
use super::attempts::{Accepted, Attempts, SignedFor};
use super::bundle::{Domain, Signed};
use super::legacy;
use super::material::{self, Material, SignedContent};
use super::newer;
use super::overdue::overdue;
use super::predicate::{Kind, Predicate};
use super::question::{Expected, Question};
use super::statement::{Statement, claimed_predicate_type};
use super::unsigned;
use crate::attestation::generic as attestation;
use crate::attestation::vex::{self, Statements};

/// What every candidate of a run is judged by.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    /// All the collected evidence; a candidate is a part of it.
    pub(super) evidence: &'a Evidence,
    pub(super) policy: &'a Policy,
    /// A requirement that every signer in the policy satisfies. Candidates outside all requirements are judged by it,
    /// for the report.
    pub(super) unasked: &'a Demand,
    /// The VEX statements of the signers of each requirement, in the policy's order.
    pub(super) vex: &'a [Statements],
    pub(super) domains: &'a [Domain],
    pub(super) advisories: Option<&'a Advisories>,
    pub(super) now: Timestamp,
    pub(super) time: TimeLimit<'a>,
}

/// The context for candidates without an expected signer.
pub(super) struct Means<'a> {
    /// All the collected evidence; a candidate is a part of it.
    pub(super) evidence: &'a Evidence,
    pub(super) keys: Option<&'a KeyRule>,
    pub(super) domains: &'a [Domain],
    pub(super) advisories: Option<&'a Advisories>,
    pub(super) now: Timestamp,
}

/// A candidate after all of its checks.
#[derive(Clone)]
pub(super) struct Judged {
    pub(super) subject: Digest,
    /// Its assessment for each requirement of the policy, in the policy's order; `None` for one that it does not
    /// concern.
    pub(super) assessments: Vec<Option<Assessment>>,
    pub(super) report: CandidateReport,
}

impl Judged {
    /// Whether it is good for every demand that it concerns, and there is one.
    pub(super) fn is_settled(&self) -> bool {
        let mut asked = self.assessments.iter().flatten().peekable();
        asked.peek().is_some() && asked.all(Assessment::is_accepted)
    }

    /// The same under another name: candidates are numbered anew when there are more of them.
    pub(super) fn named(&self, id: &str) -> Self {
        let mut judged = self.clone();
        id.clone_into(&mut judged.report.id);
        for finding in &mut judged.report.findings {
            finding.candidate = Some(id.to_owned());
        }
        judged
    }
}

/// Judges one candidate under the name `id`.
pub(super) fn judge(id: &str, candidate: &Candidate, terms: Terms<'_>) -> Judged {
    let examined = if terms.time.is_over() {
        Ok(Examination::stopped_by(Kind::Unread, overdue(terms.time)))
    } else {
        examine(id, candidate, &terms.evidence.target)
    };
    match examined {
        Ok(examination) => examination.conclude(id, candidate, terms),
        Err(report) => Judged { subject: candidate.subject.clone(), assessments: Vec::new(), report: *report },
    }
}

/// Reads a VEX document that one of the demand's signers signed, or what an SBOM of theirs says of vulnerabilities; of everything
/// else nothing.
pub(super) fn read_vex(id: &str, candidate: &Candidate, demand: &Demand, terms: Terms<'_>) -> Option<vex::Attached> {
    let examination = examine(id, candidate, &terms.evidence.target).ok()?;
    let is_read = matches!(examination.kind, Kind::Vex | Kind::Sbom) && !examination.is_stopped();
    let statement = examination.statement.as_ref().filter(|_| is_read)?;
    let (material, signed) = examination.ready.as_ref()?;
    let (predicate_type, predicate) = (&statement.predicate_type, statement.predicate);
    let is_sbom = examination.kind == Kind::Sbom;
    if is_sbom && !vex::may_be_in_sbom(predicate) {
        return None;
    }
    let mut attempts = Attempts::new(material, *signed, terms.domains, terms.now);
    if attempts.accept(demand, terms.policy.written_in()).ways.is_empty() {
        return None;
    }
    let document = if is_sbom {
        vex::Document::in_sbom(predicate_type, predicate)?
    } else {
        vex::Document::read(predicate_type, predicate).ok()?
    };
    Some(vex::Attached { id: id.to_owned(), subject: candidate.subject.clone(), document })
}

/// Says what a candidate is and who signed it. It is accepted if it verifies and can be read.
pub(super) fn inspect(id: &str, candidate: &Candidate, means: &Means<'_>) -> CandidateReport {
    match examine(id, candidate, &means.evidence.target) {
        Ok(examination) => examination.inspect(id, candidate, means),
        Err(report) => *report,
    }
}

/// Lists the packages of a candidate that is an SBOM, verifies and can be read.
pub(super) fn list(id: &str, candidate: &Candidate, means: &Means<'_>) -> Option<ListedDocument> {
    let examination = examine(id, candidate, &means.evidence.target).ok();
    let examination = examination.filter(|examination| examination.kind == Kind::Sbom)?;
    let look = examination.look(&candidate.subject, means);
    match (look.signing, look.predicate) {
        (Some(signing), Predicate::Sbom(Ok(sbom))) if !look.findings.iter().any(Finding::is_blocking) => {
            Some(ListedDocument {
                reference: means.evidence.target.reference.clone(),
                candidate: id.to_owned(),
                subject: candidate.subject.to_string(),
                ..sbom.list(signing.signer)
            })
        }
        _ => None,
    }
}

/// Examines a candidate as far as possible before its signature is verified. An attachment that is not evidence is
/// reported as such.
fn examine<'a>(
    id: &str,
    candidate: &'a Candidate,
    target: &'a Target,
) -> Result<Examination<'a>, Box<CandidateReport>> {
    let mut examination = match &candidate.content {
        Content::Unsigned { what } => return Err(unsigned::named(id, candidate, what)),
        Content::ListedStatement { manifest, signature, statement } => {
            return listed::examine_listed(id, (candidate, target), (manifest, signature), statement);
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
        Content::Bundle(bundle) => match material::read_bundle(bundle) {
            Ok(material) => examine_material(material, bundle, candidate, target),
            Err(finding) => Examination::stopped_by(Kind::Unreadable, finding),
        },
        Content::BundleOverPayload { bundle, payload } => match material::read_bundle(bundle) {
            // A statement is judged by its content alone, in every packing.
            Ok(material) if matches!(material.content, SignedContent::Envelope(_)) => {
                examine_material(material, bundle, candidate, target)
            }
            Ok(material) => examine_simple_signing(payload, material, candidate),
            Err(finding) => Examination::stopped_by(Kind::Unreadable, finding),
        },
        Content::LegacySignature { payload, annotations } => match legacy::read_signature(annotations) {
            Ok(material) => examine_simple_signing(payload, material, candidate),
            Err(finding) => Examination::stopped_by(Kind::Signature, finding),
        },
        Content::LegacyAttestation { envelope, annotations } => {
            examine_legacy_attestation(envelope, annotations, candidate, target)
        }
    };
    examination.any_statement_signs = target.is_file();
    Ok(examination)
}

/// It could satisfy what nothing else does, so it is an error until it is read; where all is satisfied it does no harm.
fn unread(bytes: u64) -> Finding {
    Finding::error(CheckId::EvidenceComplete, format!("{bytes} bytes, not fetched"))
        .next("this evidence was not collected whole: collect it again")
}

/// The facts about a candidate before its signer is compared. The first failed step is the last.
struct Examination<'a> {
    kind: Kind,
    /// Whether a signature on any kind of statement is one on the target: a file has no statement of its own for that.
    any_statement_signs: bool,
    /// Whether it cannot be a signature on the image, with any content.
    never_signature: bool,
    predicate_type: Option<String>,
    findings: Vec<Finding>,
    /// The signature to verify, unless an earlier step failed.
    ready: Option<(Material, Signed<'a>)>,
    statement: Option<Statement<'a>>,
    /// What advisories say of the packages of an SBOM, once they are asked.
    examined: OnceCell<Examined>,
}

impl<'a> Examination<'a> {
    fn of(kind: Kind) -> Self {
        Self {
            kind,
            any_statement_signs: false,
            never_signature: false,
            predicate_type: None,
            findings: Vec::new(),
            ready: None,
            statement: None,
            examined: OnceCell::new(),
        }
    }

    fn stopped_by(kind: Kind, finding: Finding) -> Self {
        let mut examination = Self::of(kind);
        examination.findings.push(finding);
        examination
    }

    /// A signature on the subject itself; `signed` is its content or its digest.
    fn of_message(finding: Option<Finding>, material: Material, signed: Signed<'a>) -> Self {
        Self::of(Kind::Signature).ready_unless_stopped(finding, material, signed)
    }

    /// What failed needs no signature. Of what could not be decided it still matters who signed it.
    fn ready_unless_stopped(mut self, finding: Option<Finding>, material: Material, signed: Signed<'a>) -> Self {
        self.findings.extend(finding);
        if !self.findings.iter().any(|finding| finding.outcome == Outcome::Fail) {
            self.ready = Some((material, signed));
        }
        self
    }

    /// Whether an earlier step failed, before the signer is compared.
    fn is_stopped(&self) -> bool {
        self.findings.iter().any(Finding::is_blocking)
    }

    fn concerns(&self, asked: &Asked) -> bool {
        if self.any_statement_signs && matches!(asked, Asked::Signature(_)) {
            return true;
        }
        !(self.never_signature && matches!(asked, Asked::Signature(_)))
            && self.kind.concerns(asked, self.predicate_type.as_deref())
    }

    fn conclude(self, id: &str, candidate: &Candidate, terms: Terms<'_>) -> Judged {
        let attempts = |(material, signed)| Attempts::new(material, signed, terms.domains, terms.now);
        let mut attempts = self.ready.as_ref().map(|(material, signed)| attempts((material, *signed)));
        let mut predicate = Predicate::Unread;
        let subject = &candidate.subject;
        let mut assess = |demand, vex| self.assess((demand, vex), subject, attempts.as_mut(), &mut predicate, terms);
        let demands = terms.policy.demands();
        let assessments: Vec<Option<Assessment>> = demands
            .iter()
            .enumerate()
            .map(|(place, demand)| self.concerns(&demand.asked).then(|| assess(demand, terms.vex.get(place))))
            .collect();
        let unasked = assessments.iter().all(Option::is_none).then(|| assess(terms.unasked, None));
        let telling = assessments
            .iter()
            .flatten()
            .chain(&unasked)
            .min_by_key(|one| (one.distance(), one.is_by_fields()))
            .expect("every requirement has one, or else the fallback exists");
        let is_asked_for = unasked.is_none() || !self.kind.counts_only_if_asked();
        let report = self.report(id, candidate, (telling, is_asked_for), &predicate);
        Judged { subject: candidate.subject.clone(), assessments, report }
    }

    fn inspect(self, id: &str, candidate: &Candidate, means: &Means<'_>) -> CandidateReport {
        let Look { findings, signing, predicate, build_level } = self.look(&candidate.subject, means);
        let verifies = signing.is_some() && !findings.iter().any(Finding::is_blocking);
        let matched = if verifies { vec![0] } else { Vec::new() };
        let assessment = Assessment { matched, build_level, signing, ..Assessment::stopped(findings) };
        let report = self.report(id, candidate, (&assessment, true), &predicate);
        CandidateReport { accepted: verifies, reason: report.reason.filter(|_| !verifies), ..report }
    }

    /// Verifies it with any signer, and reads its content.
    fn look<'s>(&'s self, subject: &Digest, means: &Means<'_>) -> Look<'s> {
        let mut look =
            Look { findings: self.findings.clone(), signing: None, predicate: Predicate::Unread, build_level: None };
        let Some((material, signed)) = &self.ready else { return look };
        let mut attempts = Attempts::new(material, *signed, means.domains, means.now);
        let verified = match attempts.by_anyone(means.keys) {
            Ok(verified) => verified,
            Err(finding) => {
                look.findings.push(finding);
                return look;
            }
        };
        look.signing = Some(Signing::of(verified));
        if let Some(statement) = self.statement.as_ref().filter(|_| !self.is_stopped()) {
            look.predicate = Predicate::read(self.kind, statement);
            let (examined, closed) = (&self.examined, &OnceCell::new());
            let advised = Advised { advisories: means.advisories, examined, closed };
            let (evidence, now) = (means.evidence, means.now);
            let question =
                Question { verified, expected: None, subject, evidence, advised, now, time: TimeLimit::NONE };
            look.findings.extend(look.predicate.check(&question));
            look.build_level = look.predicate.build_level(&question);
        }
        look
    }

    /// Assesses it for one requirement: each of its verified signatures is judged, and one suffices.
    fn assess<'b, 's>(
        &'s self,
        (demand, vex): (&'b Demand, Option<&'b Statements>),
        subject: &Digest,
        attempts: Option<&mut Attempts<'b>>,
        predicate: &mut Predicate<'s>,
        terms: Terms<'b>,
    ) -> Assessment {
        let Some(attempts) = attempts else { return Assessment::stopped(self.findings.clone()) };
        let Accepted { ways, refused } = attempts.accept(demand, terms.policy.written_in());
        let by_expected_signer = !ways.is_empty();
        let judge = |way| self.judge_way(way, (demand, vex), subject, predicate, terms);
        let judged: Vec<Assessment> = ways.into_iter().map(judge).collect();
        let mut matched: Vec<usize> = judged.iter().flat_map(|one| one.matched.iter().copied()).collect();
        matched.sort_unstable();
        matched.dedup();
        let refused = refused.map(|refused| Assessment {
            signing: refused.verified.map(Signing::of),
            ..Assessment::stopped(refused.findings)
        });
        // Where an expected signer signed it, only what could not be verified elsewhere might still be better.
        let refused = refused.filter(|one| !by_expected_signer || one.outcome() == Outcome::Error);
        let mut told = judged
            .into_iter()
            .chain(refused)
            .min_by_key(|one| (one.distance(), Reverse(one.build_level)))
            .unwrap_or_else(|| Assessment::stopped(Vec::new()));
        told.findings.splice(0..0, self.findings.iter().cloned());
        let matched = if self.is_stopped() { Vec::new() } else { matched };
        Assessment { matched, by_expected_signer, ..told }
    }

    /// Judges its content by one verification (signer, time and log) that the requirement accepts, and by no other
    /// (A288, A289).
    fn judge_way<'b, 's>(
        &'s self,
        way: SignedFor<'_, 'b>,
        (demand, vex): (&'b Demand, Option<&'b Statements>),
        subject: &Digest,
        predicate: &mut Predicate<'s>,
        terms: Terms<'b>,
    ) -> Assessment {
        let closed = OnceCell::new();
        let question = Question {
            verified: way.verified,
            expected: Some(Expected { signer: way.signer, asked: &demand.asked, vex }),
            subject,
            evidence: terms.evidence,
            advised: Advised { advisories: terms.advisories, examined: &self.examined, closed: &closed },
            now: terms.now,
            time: terms.time,
        };
        let findings = self.judge_predicate(predicate, &question);
        let holds = !findings.iter().any(Finding::is_blocking);
        let (build_level, only) = (predicate.build_level(&question), predicate.only_about(&question));
        Assessment {
            matched: if holds { vec![way.place] } else { Vec::new() },
            by_expected_signer: true,
            build_level,
            signing: Some(Signing::of(way.verified)),
            findings: way.findings.into_iter().chain(findings).collect(),
            made: predicate.made(),
            only,
            closed: closed.into_inner().unwrap_or_default(),
        }
    }

    fn judge_predicate<'s>(&'s self, predicate: &mut Predicate<'s>, question: &Question<'_>) -> Vec<Finding> {
        let Some(statement) = self.statement.as_ref().filter(|_| !self.is_stopped()) else { return Vec::new() };
        if matches!(predicate, Predicate::Unread) {
            *predicate = Predicate::read(self.kind, statement);
        }
        let is_signature_asked =
            question.expected.is_some_and(|expected| matches!(expected.asked, Asked::Signature(_)));
        if self.any_statement_signs && is_signature_asked {
            return predicate.set_aside();
        }
        let mut findings = predicate.check(question);
        // The part that was not judged may be denied or required.
        if !matches!(predicate, Predicate::Other) && question.time.is_over() {
            return vec![overdue(question.time)];
        }
        // Asked for by its type, a kind that is known is held against its own checks before its fields are compared (A292).
        if let Some(Asked::Attestation(rules)) = question.expected.map(|expected| expected.asked) {
            findings.extend(attestation::judge(statement, rules));
        }
        findings
    }

    fn report(
        &self,
        id: &str,
        candidate: &Candidate,
        (telling, is_asked_for): (&Assessment, bool),
        predicate: &Predicate<'_>,
    ) -> CandidateReport {
        let obstacle = telling.findings.iter().find(|finding| finding.is_blocking());
        let reason = match (obstacle, is_asked_for) {
            (Some(finding), _) => Some(finding.message.clone()),
            (None, false) if self.kind == Kind::Vex => {
                Some("closes findings of a scan or of advisories, if the policy names its signer".to_owned())
            }
            (None, false) => Some("signed, but of a kind that is not required".to_owned()),
            (None, true) => None,
        };
        // What a refused signer says is not repeated as if it were known.
        let section = if obstacle.is_none() { predicate.section() } else { None };
        // The known vulnerabilities of its packages are reported for every verdict: an expected signer lists those
        // packages.
        let known_vulnerabilities = self.examined.get().map(|examined| advisories::report(examined, &telling.closed));
        let signing = telling.signing.as_ref();
        let of_candidate = |finding: &Finding| Finding {
            candidate: Some(id.to_owned()),
            subject: finding.subject.clone().or_else(|| Some(candidate.subject.to_string())),
            ..finding.clone()
        };
        CandidateReport {
            kind: self.kind.reported(),
            build_level: telling.build_level.filter(|_| section.is_some()).map(BuildLevel::number),
            predicate_type: self.predicate_type.clone(),
            trust_domain: signing.and_then(|signing| signing.trust_domain.clone()),
            signer: signing.map(|signing| signing.signer.clone()),
            log_entries: signing.map(|signing| signing.log_entries.clone()).unwrap_or_default(),
            timestamps: signing.map(|signing| signing.timestamps.clone()).unwrap_or_default(),
            section,
            known_vulnerabilities,
            accepted: telling.is_accepted() && is_asked_for,
            reason,
            findings: telling.findings.iter().map(of_candidate).collect(),
            ..blank(id, candidate)
        }
    }
}

/// The view of a candidate without an expected signer.
struct Look<'a> {
    findings: Vec<Finding>,
    signing: Option<Signing>,
    predicate: Predicate<'a>,
    build_level: Option<BuildLevel>,
}

fn blank(id: &str, candidate: &Candidate) -> CandidateReport {
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

fn examine_legacy_attestation<'a>(
    envelope: &'a Opened,
    annotations: &BTreeMap<String, String>,
    candidate: &'a Candidate,
    target: &'a Target,
) -> Examination<'a> {
    match legacy::read_attestation(envelope, annotations) {
        Ok(material) => examine_material(material, envelope, candidate, target),
        Err(finding) => {
            let claimed =
                material::read_envelope(envelope).ok().and_then(|envelope| claimed_predicate_type(envelope.payload()));
            let mut examination =
                Examination::stopped_by(claimed.as_deref().map_or(Kind::Unreadable, Kind::of_predicate), finding);
            examination.predicate_type = claimed;
            examination
        }
    }
}

fn examine_material<'a>(
    material: Material,
    opened: &'a Opened,
    candidate: &'a Candidate,
    target: &'a Target,
) -> Examination<'a> {
    match &material.content {
        SignedContent::Message(message) => {
            let content = target.content();
            let finding = check_message_digest(message, &candidate.subject, content);
            let signed = content.map_or(Signed::Digest(&candidate.subject), |content| Signed::Bytes(content.bytes()));
            Examination::of_message(finding, material, signed)
        }
        SignedContent::Envelope(_) => examine_envelope(material, opened, candidate, target),
    }
}

/// sigstore_common.proto: the digest in a message signature is a hint. A hint that contradicts is refused (A085).
fn check_message_digest(
    message: &material::MessageSignature,
    subject: &Digest,
    content: Option<&Blob>,
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
    let computed = content.map(|content| Digest::of(algorithm, content.bytes()));
    let expected = computed.as_ref().or_else(|| Some(subject).filter(|subject| subject.algorithm() == algorithm))?;
    (digest != *expected).then(|| {
        Finding::fail(CheckId::SubjectDigest, "the signature is on something else")
            .about(subject)
            .expected(expected.to_string())
            .found(digest.to_string())
    })
}

/// A statement, which must be about the subject. It is the payload of what was opened, from which the material is.
fn examine_envelope<'a>(
    material: Material,
    opened: &'a Opened,
    candidate: &'a Candidate,
    target: &Target,
) -> Examination<'a> {
    let (SignedContent::Envelope(envelope), Some(payload)) = (&material.content, opened.payload()) else {
        return Examination::of(Kind::Unreadable);
    };
    let mut examination = Examination::of(Kind::Unreadable);
    let statement = match Statement::read(&envelope.payload_type, payload.bytes()) {
        Ok(statement) => statement,
        Err(finding) => {
            let claimed = claimed_predicate_type(payload.bytes());
            examination.kind = claimed.as_deref().map_or(Kind::Unreadable, Kind::of_predicate);
            examination.predicate_type = claimed;
            return examination.ready_unless_stopped(Some(finding), material, Signed::Digest(&candidate.subject));
        }
    };
    examination.kind = Kind::of_statement(&statement);
    examination.predicate_type = Some(statement.predicate_type.clone());
    let known = candidate.subject.algorithm();
    let others = Algorithm::ALL.into_iter().filter(|algorithm| *algorithm != known && statement.states(*algorithm));
    let computed = others.filter_map(|algorithm| Some(Digest::of(algorithm, target.content()?.bytes())));
    let digests: Vec<Digest> = std::iter::once(candidate.subject.clone()).chain(computed).collect();
    let about = statement.check_subject(&digests, target.noun());
    examination.findings.extend(newer_predicate(&statement.predicate_type));
    examination.statement = Some(statement);
    examination.ready_unless_stopped(Some(about), material, Signed::Digest(&candidate.subject))
}

/// Of a family that is known here, in a version that is not: this program is the older one (A309).
fn newer_predicate(predicate_type: &str) -> Option<Finding> {
    newer::predicate(predicate_type).map(|kind| {
        let message = format!("the {} is of a newer version than is known here", kind.as_str());
        Finding::error(CheckId::PayloadFormat, message)
            .found(predicate_type)
            .next("use a newer version of this program")
    })
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

fn examine_simple_signing<'a>(payload: &'a Blob, material: Material, candidate: &'a Candidate) -> Examination<'a> {
    let hint = match &material.content {
        SignedContent::Message(message) => check_message_digest(message, payload.digest(), Some(payload)),
        SignedContent::Envelope(_) => None,
    };
    let finding = hint.unwrap_or_else(|| check_simple_signing(payload.bytes(), &candidate.subject));
    Examination::of_message(Some(finding), material, Signed::Bytes(payload.bytes()))
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
        return Finding::fail(CheckId::PayloadFormat, "the payload is not a cosign image signature")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Outcome;

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
