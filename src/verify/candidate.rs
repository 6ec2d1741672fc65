//! Judges one candidate: from its bytes to the requirements that it satisfies.

mod examination;
mod examine;
mod listed;
mod on_list;
mod simple_signing;

use std::cell::OnceCell;
use std::cmp::Reverse;

use jiff::Timestamp;

use crate::check::{CandidateReport, Finding, ListedDocument, Outcome};
use crate::evidence::{Candidate, Evidence, Subject};
use crate::oci::Digest;
use crate::packages::Advisories;
use crate::policy::{Asked, BuildLevel, Expectation, KeyRule, Policy};
use crate::time_limit::TimeLimit;

use super::advised::Advised;
use super::advisories;
use super::assessment::{Assessment, Signing};
use super::attempts::{Accepted, Attempts, SignedFor};
use super::bundle::TrustDomain;
use super::overdue::overdue;
use super::predicate::{Kind, Predicate};
use super::question::{Expected, Question};
use super::set_aside::blank;
use crate::attestation::generic as attestation;
use crate::attestation::vex::{self, Statements};
use examination::Examination;
use examine::examine;

/// The inputs that all candidates of a run share.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    /// All the collected evidence; a candidate is a part of it.
    pub(super) evidence: &'a Evidence,
    pub(super) policy: &'a Policy,
    /// A requirement that every signer in the policy satisfies. Candidates outside all requirements are judged by it,
    /// for the report.
    pub(super) unasked: &'a Expectation,
    /// The VEX statements of the signers of each requirement, in the policy's order.
    pub(super) vex: &'a [Statements],
    pub(super) domains: &'a [TrustDomain],
    pub(super) advisories: Option<&'a Advisories>,
    pub(super) now: Timestamp,
    pub(super) time: TimeLimit<'a>,
}

/// The context for candidates without an expected signer.
pub(super) struct Means<'a> {
    /// All the collected evidence; a candidate is a part of it.
    pub(super) evidence: &'a Evidence,
    pub(super) keys: Option<&'a KeyRule>,
    pub(super) domains: &'a [TrustDomain],
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
    /// The manifests that its content is about, if these are fewer than its subject binds.
    only: Option<Vec<Digest>>,
    pub(super) report: CandidateReport,
}

impl Judged {
    /// Whether it is good for every requirement that it concerns, and there is one.
    pub(super) fn is_settled(&self) -> bool {
        let mut asked = self.assessments.iter().flatten().peekable();
        asked.peek().is_some() && asked.all(Assessment::is_accepted)
    }

    /// Whether it verifies, a signer of the policy signed it, and it is about this platform.
    pub(super) fn counts_for(&self, platform: &Subject) -> bool {
        let is_bound = platform.digest == self.subject || platform.reached_through.contains(&self.subject);
        let is_about = self.only.as_ref().is_none_or(|only| only.contains(&platform.digest));
        self.report.accepted && is_bound && is_about
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
        Err(report) => {
            Judged { subject: candidate.subject.clone(), assessments: Vec::new(), only: None, report: *report }
        }
    }
}

/// Reads a VEX document that one of the requirement's signers signed, or what an SBOM of theirs says of vulnerabilities; of everything
/// else nothing.
pub(super) fn read_vex(
    id: &str,
    candidate: &Candidate,
    expectation: &Expectation,
    terms: Terms<'_>,
) -> Option<vex::Attached> {
    let examination = examine(id, candidate, &terms.evidence.target).ok()?;
    let is_read = matches!(examination.kind, Kind::Vex | Kind::Sbom) && !examination.is_stopped();
    let statement = examination.statement.as_ref().filter(|_| is_read)?;
    let (entity, signed) = examination.ready.as_ref()?;
    let (predicate_type, predicate) = (&statement.predicate_type, statement.predicate);
    let is_sbom = examination.kind == Kind::Sbom;
    if is_sbom && !vex::may_be_in_sbom(predicate) {
        return None;
    }
    let mut attempts = Attempts::new(entity, *signed, terms.domains, terms.now);
    if attempts.accept(expectation, terms.policy.written_in()).ways.is_empty() {
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

impl Examination<'_> {
    fn conclude(self, id: &str, candidate: &Candidate, terms: Terms<'_>) -> Judged {
        let attempts = |(entity, signed)| Attempts::new(entity, signed, terms.domains, terms.now);
        let mut attempts = self.ready.as_ref().map(|(entity, signed)| attempts((entity, *signed)));
        let mut predicate = Predicate::Unread;
        let assessor = Assessor { examination: &self, subject: &candidate.subject, terms };
        let mut assess =
            |expectation, vex| assessor.assess(Required { expectation, vex }, attempts.as_mut(), &mut predicate);
        let expectations = terms.policy.expectations();
        let assessments: Vec<Option<Assessment>> = expectations
            .iter()
            .enumerate()
            .map(|(place, expectation)| {
                self.concerns(&expectation.asked).then(|| assess(expectation, terms.vex.get(place)))
            })
            .collect();
        let unasked = assessments.iter().all(Option::is_none).then(|| assess(terms.unasked, None));
        let telling = assessments
            .iter()
            .flatten()
            .chain(&unasked)
            .min_by_key(|one| (one.distance(), one.is_by_fields()))
            .expect("every requirement has one, or else the fallback exists");
        let is_asked_for = unasked.is_none() || !self.kind.counts_only_if_asked();
        let report = self.report(id, candidate, Told { assessment: telling, is_asked_for }, &predicate);
        Judged { subject: candidate.subject.clone(), only: telling.only.clone(), assessments, report }
    }

    fn inspect(self, id: &str, candidate: &Candidate, means: &Means<'_>) -> CandidateReport {
        let Look { findings, signing, predicate, build_level } = self.look(&candidate.subject, means);
        let verifies = signing.is_some() && !findings.iter().any(Finding::is_blocking);
        let matched = if verifies { vec![0] } else { Vec::new() };
        let assessment = Assessment { matched, build_level, signing, ..Assessment::stopped(findings) };
        let told = Told { assessment: &assessment, is_asked_for: true };
        let report = self.report(id, candidate, told, &predicate);
        CandidateReport { accepted: verifies, reason: report.reason.filter(|_| !verifies), ..report }
    }

    /// Verifies it with any signer, and reads its content.
    fn look<'s>(&'s self, subject: &Digest, means: &Means<'_>) -> Look<'s> {
        let mut look =
            Look { findings: self.findings.clone(), signing: None, predicate: Predicate::Unread, build_level: None };
        let Some((entity, signed)) = &self.ready else { return look };
        let mut attempts = Attempts::new(entity, *signed, means.domains, means.now);
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
        Told { assessment: telling, is_asked_for }: Told<'_>,
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
        // The content of a refused signer's attestation stays out of the report, where it would look verified.
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

/// A requirement, and what the signers of VEX say whom it believes.
#[derive(Clone, Copy)]
struct Required<'b> {
    expectation: &'b Expectation,
    vex: Option<&'b Statements>,
}

/// An examined candidate, and the inputs of its assessment.
#[derive(Clone, Copy)]
struct Assessor<'s, 'b> {
    examination: &'s Examination<'s>,
    subject: &'s Digest,
    terms: Terms<'b>,
}

impl<'s, 'b> Assessor<'s, 'b> {
    /// Assesses it for one requirement: each of its verified signatures is judged, and one suffices.
    fn assess(
        self,
        required: Required<'b>,
        attempts: Option<&mut Attempts<'b>>,
        predicate: &mut Predicate<'s>,
    ) -> Assessment {
        let Some(attempts) = attempts else { return Assessment::stopped(self.examination.findings.clone()) };
        let Accepted { ways, refused } = attempts.accept(required.expectation, self.terms.policy.written_in());
        let by_expected_signer = !ways.is_empty();
        let judge = |way| self.judge_way(way, required, predicate);
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
        told.findings.splice(0..0, self.examination.findings.iter().cloned());
        let matched = if self.examination.is_stopped() { Vec::new() } else { matched };
        Assessment { matched, by_expected_signer, ..told }
    }

    /// Judges its content by one verification (signer, time and log) that the requirement accepts, and by no other
    /// (A288, A289).
    fn judge_way(self, way: SignedFor<'_, 'b>, required: Required<'b>, predicate: &mut Predicate<'s>) -> Assessment {
        let Self { examination, subject, terms } = self;
        let Required { expectation, vex } = required;
        let closed = OnceCell::new();
        let question = Question {
            verified: way.verified,
            expected: Some(Expected { signer: way.signer, asked: &expectation.asked, vex }),
            subject,
            evidence: terms.evidence,
            advised: Advised { advisories: terms.advisories, examined: &examination.examined, closed: &closed },
            now: terms.now,
            time: terms.time,
        };
        let findings = examination.judge_predicate(predicate, &question);
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
}

/// The assessment that a report shows.
struct Told<'t> {
    assessment: &'t Assessment,
    /// Whether a requirement concerns the candidate, or its kind counts without one.
    is_asked_for: bool,
}

/// The view of a candidate without an expected signer.
struct Look<'a> {
    findings: Vec<Finding>,
    signing: Option<Signing>,
    predicate: Predicate<'a>,
    build_level: Option<BuildLevel>,
}
