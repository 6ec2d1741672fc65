//! Finds contradictions between several attestations of one kind on one image.
//!
//! One attestation satisfies a requirement by itself. Anyone with push access can attach more, so attestations of strangers prove
//! nothing. Further attestations by an expected signer are listed; they affect the verdict only if the policy requires all of
//! them to hold.

use crate::check::{CandidateReport, CheckId, Finding, Outcome, ProvenanceReport, Verdict};
use crate::policy::Expectation;

use super::assessment::Assessment;

/// Returns the verdict where as many as must have signed did. `incomplete` is whether something was not read: it can hold a
/// contradiction, and nothing that satisfies the policy any better.
pub(super) fn verdict(expectation: &Expectation, refused: &[&Assessment], incomplete: bool) -> Verdict {
    let refused_with = |outcome| refused.iter().any(|assessment| assessment.outcome() == outcome);
    if !expectation.asked.rules().all() {
        Verdict::Verified
    } else if refused_with(Outcome::Fail) {
        Verdict::Rejected
    } else if refused_with(Outcome::Error) || incomplete {
        Verdict::Undecided
    } else {
        Verdict::Verified
    }
}

/// Returns the findings that refuse each attestation of an expected signer beside one that counts, with the dates of both; and one
/// for each provenance that holds and says something else.
pub(super) fn disagreements(
    expectation: &Expectation,
    accepted: &[(&CandidateReport, &Assessment)],
    refused: &[(&CandidateReport, &Assessment)],
) -> Vec<Finding> {
    let (Some((first, counting)), Some((check, what))) = (accepted.first(), expectation.requirement().others()) else {
        return Vec::new();
    };
    let by_expected = refused.iter().filter(|(_, assessment)| assessment.by_expected_signer);
    let refusals = by_expected.flat_map(|(report, assessment)| {
        let dates = format!("{}; {}, which counts, was {}", assessment.dates(), first.id, counting.dates());
        let obstacles = assessment.findings.iter().filter(|finding| finding.is_blocking());
        obstacles.map(move |obstacle| {
            let said = format!("{} ({})", obstacle.message, obstacle.check);
            let message = format!("another {what} of an expected signer does not hold: {said}");
            let found =
                obstacle.found.iter().map(String::as_str).chain([dates.as_str()]).collect::<Vec<_>>().join("; ");
            refusal(Finding::skip(check, message).found(found), obstacle, report, expectation.asked.rules().all())
        })
    });
    let others = accepted.iter().skip(1).filter_map(|(other, _)| difference(first, other));
    refusals.chain(others).collect()
}

/// Completes the finding about an attestation that does not hold: it counts where all of them must.
fn refusal(finding: Finding, obstacle: &Finding, report: &CandidateReport, counts: bool) -> Finding {
    let outcome = if counts { obstacle.outcome } else { Outcome::Skip };
    let finding = Finding { outcome, expected: obstacle.expected.clone(), ..finding };
    let next = "find out which of them is right, and delete the other from the registry";
    Finding { candidate: Some(report.id.clone()), ..finding }.about(&report.subject).next(next)
}

/// Two that both count, and say different things of one image.
fn difference(first: &CandidateReport, other: &CandidateReport) -> Option<Finding> {
    let (one, two) = (first.says::<ProvenanceReport>()?, other.says::<ProvenanceReport>()?);
    let (what, expected, found) = TOLD.iter().find_map(|(what, tell)| {
        let (one, two) = (tell(one)?, tell(two)?);
        (one != two).then_some((what, one, two))
    })?;
    let finding =
        Finding::skip(CheckId::ProvenanceOthers, format!("two accepted provenances disagree about the {what}"))
            .expected(format!("{expected}, as {} says", first.id))
            .found(found)
            .about(&other.subject)
            .next("the same image may have been built twice; if you do not know why, ask its maker");
    Some(Finding { candidate: Some(other.id.clone()), ..finding })
}

type Tell = fn(&ProvenanceReport) -> Option<&str>;

/// The properties in which two provenances of one image rarely differ, the most important first.
const TOLD: [(&str, Tell); 3] = [
    ("source", |provenance| provenance.source.as_deref()),
    ("commit", |provenance| provenance.commit.as_deref()),
    ("builder", |provenance| Some(&provenance.builder)),
];
