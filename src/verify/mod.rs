//! Evidence, policy, trust and a time become a report. Pure, total and deterministic.
//!
//! [`verify`] returns no `Result`: a fault in evidence that an attacker may have written is a finding. One candidate
//! must satisfy a whole requirement by itself; checks are never mixed across candidates. Evidence that satisfies
//! nothing never passes, and neither does undecided evidence.

mod absence;
mod advised;
pub(crate) mod advisories;
mod agreement;
mod assessment;
pub(crate) mod attempts;
mod authorities;
mod bundle;
mod candidate;
pub(crate) mod certificate;
mod chain;
mod contents;
mod coverage;
mod difference;
mod entity;
mod judge;
mod legacy;
mod log;
mod logs;
mod near_miss;
mod newer;
mod npm;
mod originals;
mod overdue;
mod person;
pub(crate) mod predicate;
pub(crate) mod question;
mod rekor1;
pub(crate) mod repository;
mod sct;
mod set_aside;
mod shell;
pub(crate) mod signature;
pub(crate) mod signer;
pub(crate) mod statement;
mod token;
mod unsigned;
mod untrusted_der;
mod workers;

use jiff::Timestamp;

use crate::check::{
    CandidateReport, CheckId, Finding, GapReport, ImageReport, InspectedImage, InspectedPlatform,
    KnownVulnerabilitiesReport, ListedDocument, ReasonReport, RequirementReport, SbomReport, Verdict,
};
use crate::evidence::{Candidate, Evidence, Gap, Subject, SubjectKind};
use crate::oci::Digest;
use crate::packages::Advisories;
use crate::policy::{Asked, Expectation, KeyRule, Policy};
use crate::time_limit::TimeLimit;

use crate::attestation::sbom::Sbom;
use crate::attestation::vex::Statements;
pub use bundle::{TrustDomain, TrustDomainError};
use candidate::{Means, Terms};
pub use contents::contents;
pub use judge::Judge;
pub use originals::{Part, SignedPredicate, accepted, parts, predicates};
pub use workers::{Alone, Workers};

/// Judges the evidence of one image.
///
/// `now` is the only clock: evidence from after it is in the future and does not count. The order of candidates and of domains in
/// the input does not change the verdict.
pub fn verify(evidence: &Evidence, policy: &Policy, domains: &[TrustDomain], now: Timestamp) -> ImageReport {
    verify_with(&Alone, evidence, policy, domains, now)
}

/// The same, with the candidates judged by these workers; the report does not depend on them.
pub fn verify_with(
    workers: &dyn Workers,
    evidence: &Evidence,
    policy: &Policy,
    domains: &[TrustDomain],
    now: Timestamp,
) -> ImageReport {
    verify_on(&Grounds { workers, policy, domains, advisories: None, now, time: TimeLimit::NONE }, evidence)
}

/// The inputs of a judgement other than the evidence.
#[derive(Clone, Copy)]
pub struct Grounds<'a> {
    /// Who judges the candidates; the report does not depend on them.
    pub workers: &'a dyn Workers,
    /// The policy of the image.
    pub policy: &'a Policy,
    /// The trust domains in which a signature may verify.
    pub domains: &'a [TrustDomain],
    /// The advisories that packages of SBOMs are compared with.
    pub advisories: Option<&'a Advisories>,
    /// The only clock.
    pub now: Timestamp,
    /// The time allowed for judging. Candidates not judged by then are undecided, and never verified.
    pub time: TimeLimit<'a>,
}

/// Judges the evidence of one image with all inputs given in `grounds`.
pub fn verify_on(grounds: &Grounds<'_>, evidence: &Evidence) -> ImageReport {
    Judge::new(*grounds).judge(evidence, grounds.now, grounds.time)
}

/// Collects, for each requirement, the VEX documents of signers that it trusts. A VEX statement in one candidate can close a
/// finding of another. Nothing else passes from one candidate to another, and this can only close findings.
fn believed(candidates: &[&Candidate], terms: Terms<'_>) -> Vec<Statements> {
    let collect = |expectation: &Expectation| {
        let Some(signers) = expectation.asked.rules().vex() else { return Statements::default() };
        let believed =
            Expectation { asked: Asked::Signature(Box::default()), signers: signers.clone(), ..expectation.clone() };
        let named = candidates.iter().enumerate();
        Statements(
            named
                .take_while(|_| !terms.time.is_over())
                .filter_map(|(place, candidate)| candidate::read_vex(&id(place), candidate, &believed, terms))
                .collect(),
        )
    };
    terms.policy.expectations().iter().map(collect).collect()
}

/// The id in the report of the candidate at this index.
fn id(place: usize) -> String {
    format!("c{}", place + 1)
}

/// Reports the evidence attached to an image, its signers and its content, without expectations.
///
/// A candidate is accepted in this report if it verifies in one of the domains, or with one of the keys, and its
/// content can be read. That is not a verdict: anyone can sign.
pub fn inspect(evidence: &Evidence, keys: Option<&KeyRule>, domains: &[TrustDomain], now: Timestamp) -> InspectedImage {
    inspect_with(None, evidence, keys, domains, now)
}

/// The same, and compares the packages of SBOMs with these advisories.
pub fn inspect_with(
    advisories: Option<&Advisories>,
    evidence: &Evidence,
    keys: Option<&KeyRule>,
    domains: &[TrustDomain],
    now: Timestamp,
) -> InspectedImage {
    let means = Means { evidence, keys, domains, advisories, now };
    let mut candidates: Vec<CandidateReport> = in_order(evidence)
        .into_iter()
        .enumerate()
        .map(|(position, candidate)| candidate::inspect(&id(position), candidate, &means))
        .collect();
    advisories::bound(&mut candidates);
    InspectedImage {
        reference: evidence.target.reference.clone(),
        pinned: pinned(evidence),
        digest: Some(evidence.target.root.to_string()),
        media_type: evidence.target.media_type().map(str::to_owned),
        platforms: evidence.target.subjects.iter().filter_map(inspected_platform).collect(),
        candidates,
        gaps: evidence.gaps.iter().map(gap_report).collect(),
    }
}

/// Lists the packages of an image's verified and readable SBOMs, with any signer.
pub fn list_packages(
    evidence: &Evidence,
    keys: Option<&KeyRule>,
    domains: &[TrustDomain],
    now: Timestamp,
) -> Vec<ListedDocument> {
    let means = Means { evidence, keys, domains, advisories: None, now };
    let candidates = in_order(evidence).into_iter().enumerate();
    candidates
        .filter_map(|(position, candidate)| candidate::list(&format!("c{}", position + 1), candidate, &means))
        .collect()
}

/// Reports an SBOM in a file and the known vulnerabilities of its packages. The file is unsigned.
pub fn inspect_sbom(
    bytes: &[u8],
    advisories: Option<&Advisories>,
) -> Result<(SbomReport, Option<KnownVulnerabilitiesReport>), Finding> {
    let sbom = Sbom::of_file(bytes)?;
    Ok((sbom.report(), advisories.map(|advisories| advisories::of_nobody(&sbom, advisories))))
}

fn inspected_platform(subject: &Subject) -> Option<InspectedPlatform> {
    let SubjectKind::Image(platform) = &subject.kind else { return None };
    Some(InspectedPlatform {
        platform: platform.as_ref().map(ToString::to_string),
        digest: subject.digest.to_string(),
        reached_through: subject.reached_through.iter().map(ToString::to_string).collect(),
    })
}

/// The digest that the verdict is about, if there is one. For selected platforms of an index it is their manifest:
/// pulling the index elsewhere would run an unverified manifest. Several manifests have no common digest.
fn verified_digest(evidence: &Evidence) -> Option<&Digest> {
    let images = evidence.target.subjects.iter().filter(|subject| matches!(subject.kind, SubjectKind::Image(_)));
    let mut digests = images.map(|subject| &subject.digest);
    match (evidence.target.platforms().is_empty(), digests.next()) {
        (true, _) | (_, None) => Some(&evidence.target.root),
        (false, Some(first)) => digests.all(|digest| digest == first).then_some(first),
    }
}

/// Name and digest, as another tool can pull what the verdict is about.
fn pinned(evidence: &Evidence) -> Option<String> {
    evidence.target.pinned_at(verified_digest(evidence)?)
}

/// Reports an image that could not be read at all: nothing about it can be decided.
pub fn unresolved(reference: &str, policy: &Policy, gap: &GapReport) -> ImageReport {
    without_image(reference, policy.expectations(), gap, gap.unresolved(), Verdict::Undecided)
}

/// Reports an image whose name is not known. No policy applies to it.
pub fn unnamed(text: &str, gap: &GapReport) -> ImageReport {
    without_image(text, &[], gap, gap.unresolved(), Verdict::Undecided)
}

/// Reports an image whose own manifest was read and could be read in two ways: no runtime can be held to one of them.
pub fn refused(reference: &str, policy: &Policy, gap: &GapReport) -> ImageReport {
    let finding = Finding::fail(
        CheckId::ImageResolved,
        format!("the manifest of {} is ambiguous or contradicts itself", gap.what),
    );
    without_image(reference, policy.expectations(), gap, gap.explained(finding), Verdict::Rejected)
}

fn without_image(
    reference: &str,
    expectations: &[Expectation],
    gap: &GapReport,
    finding: Finding,
    verdict: Verdict,
) -> ImageReport {
    let requirements: Vec<RequirementReport> =
        expectations.iter().map(|expectation| coverage::undecided(expectation, finding.clone())).collect();
    let findings = vec![finding];
    ImageReport {
        reference: reference.to_owned(),
        location: None,
        tags: Vec::new(),
        pinned: None,
        digest: None,
        index: None,
        media_type: None,
        verdict,
        reason: ReasonReport::of(verdict, &findings, &requirements),
        findings,
        platforms: Vec::new(),
        requirements,
        candidates: Vec::new(),
        gaps: vec![gap.clone()],
        read_in_full: false,
        comparison: None,
    }
}

/// Candidates in an order that does not depend on the order in which they arrived.
fn in_order(evidence: &Evidence) -> Vec<&Candidate> {
    let mut candidates: Vec<&Candidate> = evidence.candidates.iter().collect();
    let position =
        |candidate: &Candidate| evidence.target.subjects.iter().position(|subject| subject.digest == candidate.subject);
    candidates.sort_by_cached_key(|candidate| {
        let origin = &candidate.origin;
        (position(candidate), origin.kind().as_str(), origin.line(), origin.to_string(), candidate.digest.clone())
    });
    candidates
}

/// `--expect-digest`: the reference must not have moved.
fn check_pin(evidence: &Evidence, policy: &Policy) -> Option<Finding> {
    let expected = policy.expected_digest()?;
    let found = evidence.target.digest_by(expected.algorithm()).unwrap_or_else(|| evidence.target.root.clone());
    if found == *expected {
        return Some(Finding::pass(CheckId::ImagePinned, "the reference resolves to the expected digest"));
    }
    if evidence.target.package().is_some() {
        return Some(
            Finding::fail(CheckId::ImagePinned, "the registry states another integrity than the one that is expected")
                .expected(expected.to_string())
                .found(evidence.target.root.to_string())
                .next("the expected tarball is not the release of this name and version: find out who changed it before you install it"),
        );
    }
    if evidence.target.is_file() {
        return Some(
            Finding::fail(CheckId::ImagePinned, "the file has another digest")
                .expected(expected.to_string())
                .found(found.to_string())
                .next("it is another file than was expected: do not use it until that is explained"),
        );
    }
    Some(
        Finding::fail(CheckId::ImagePinned, "the reference resolves to another digest")
            .expected(expected.to_string())
            .found(evidence.target.root.to_string())
            .next("the tag moved: find out why, and name the image by digest"),
    )
}

fn gap_report(gap: &Gap) -> GapReport {
    GapReport::new(gap.what.clone(), gap.obstacle.clone(), Some(gap.subject.to_string()))
}
