//! Judges evidence repeatedly while it is collected.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::check::{CandidateReport, CheckId, Finding, ImageReport, ReasonReport, RequirementReport, Verdict};
use crate::evidence::{Candidate, Evidence};
use crate::oci::Digest;
use crate::policy::{Expectation, Policy};
use crate::time_limit::TimeLimit;

use super::candidate::{self, Judged, Terms};
use super::workers::gather;
use super::{Grounds, advisories, believed, check_pin, coverage, gap_report, id, in_order, pinned, verified_digest};

/// Judges the evidence collected so far for one image, after each step of the collection.
///
/// An accepted candidate is not judged again: more evidence cannot make it unacceptable, and it may hold an SBOM of a hundred
/// million bytes. All other candidates are judged again each time.
pub struct Judge<'a> {
    grounds: Grounds<'a>,
    /// A requirement that every signer in the policy satisfies.
    unasked: Expectation,
    settled: HashMap<Place, Judged>,
}

/// Identifies a candidate: its subject, its origin in words, and its digest.
type Place = (Digest, String, Digest);

fn place(candidate: &Candidate) -> Place {
    (candidate.subject.clone(), candidate.origin.place(), candidate.digest.clone())
}

impl<'a> Judge<'a> {
    /// Prepares to judge one image on these grounds, each time at another time and with a limit of its own.
    pub fn new(grounds: Grounds<'a>) -> Self {
        Self { grounds, unasked: grounds.policy.anybody_named(), settled: HashMap::new() }
    }

    /// Judges all evidence collected so far. Earlier judgements do not change the report, except when the time is over:
    /// candidates accepted earlier then stay accepted, and the rest is undecided.
    pub fn judge(&mut self, evidence: &Evidence, now: Timestamp, time: TimeLimit<'_>) -> ImageReport {
        let Grounds { workers, policy, domains, advisories, .. } = self.grounds;
        let candidates = in_order(evidence);
        let terms = Terms { evidence, policy, unasked: &self.unasked, vex: &[], domains, advisories, now, time };
        let vex = believed(&candidates, terms);
        let terms = Terms { vex: &vex, ..terms };
        // Findings name the VEX statements that close them, and the next step may bring more statements. So with VEX nothing is
        // reused.
        let by_itself = vex.iter().all(|statements| statements.0.is_empty());
        let shared = shared(&candidates);
        let judged: Vec<Judged> = gather(workers, candidates.len(), |position| {
            let (id, candidate) = (id(position), candidates[position]);
            let place = Some(place(candidate)).filter(|place| by_itself && !shared.contains(place));
            match place.and_then(|place| self.settled.get(&place)) {
                Some(judged) => judged.named(&id),
                None => candidate::judge(&id, candidate, terms),
            }
        });
        let settled = |(_, judged): &(&Candidate, &Judged)| by_itself && judged.is_settled();
        for (candidate, judged) in candidates.into_iter().zip(&judged).filter(settled) {
            self.settled.entry(place(candidate)).or_insert_with(|| judged.clone());
        }
        report(evidence, policy, judged, now)
    }
}

/// Returns the places that several candidates share, so that they identify none of them: `cosign save` gives all manifests one
/// name, and two signatures on one payload have one digest.
fn shared(candidates: &[&Candidate]) -> HashSet<Place> {
    let mut seen = HashSet::new();
    candidates.iter().map(|candidate| place(candidate)).filter(|place| !seen.insert(place.clone())).collect()
}

fn report(evidence: &Evidence, policy: &Policy, judged: Vec<Judged>, now: Timestamp) -> ImageReport {
    let coverage = coverage::cover(evidence, policy, &judged, now);
    let mut findings: Vec<Finding> = check_pin(evidence, policy).into_iter().collect();
    let pin = findings.iter().any(Finding::is_blocking).then_some(Verdict::Rejected);
    let requirements = coverage.requirements.iter().filter_map(RequirementReport::counting);
    let parts = verified_digest(evidence).is_none().then(|| {
        let message = "of the index, the platforms that were asked for were examined, and no others";
        Finding::pass(CheckId::ImageResolved, message)
    });
    let is_part = verified_digest(evidence).is_some_and(|digest| *digest != evidence.target.root);
    findings.extend(parts);
    let mut candidates: Vec<CandidateReport> = judged.into_iter().map(|one| one.report).collect();
    advisories::bound(&mut candidates);
    let verdict = Verdict::join(requirements.chain(pin));
    ImageReport {
        reference: evidence.target.reference.clone(),
        location: None,
        tags: Vec::new(),
        pinned: pinned(evidence),
        digest: Some(verified_digest(evidence).unwrap_or(&evidence.target.root).to_string()),
        index: is_part.then(|| evidence.target.root.to_string()),
        media_type: evidence.target.media_type().map(str::to_owned),
        verdict,
        reason: ReasonReport::of(verdict, &findings, &coverage.requirements),
        findings,
        platforms: coverage.platforms,
        requirements: coverage.requirements,
        candidates,
        gaps: evidence.gaps.iter().map(gap_report).collect(),
        read_in_full: evidence.is_whole(),
        comparison: None,
    }
}
