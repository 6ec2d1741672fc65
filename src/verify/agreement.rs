//! Several provenances of one image: whether they contradict each other.
//!
//! One of them satisfies a requirement by itself. Anybody who can push can attach another, so what a stranger signed says
//! nothing; what an expected signer signed besides is listed, and decides where the policy demands that all of it holds.

use crate::check::{CandidateReport, CheckId, Finding, Outcome, ProvenanceReport, Verdict};
use crate::policy::{Asked, Demand};

use super::assessment::Assessment;

/// Returns the verdict where as many as must have signed did. `incomplete` is whether something was not read: it can hold a
/// contradiction, and nothing that satisfies the policy any better.
pub(super) fn verdict(demand: &Demand, refused: &[&Assessment], incomplete: bool) -> Verdict {
    let refused_with = |outcome| refused.iter().any(|assessment| assessment.outcome() == outcome);
    if !demands_all(demand) {
        Verdict::Verified
    } else if refused_with(Outcome::Fail) {
        Verdict::Rejected
    } else if refused_with(Outcome::Error) || incomplete {
        Verdict::Undecided
    } else {
        Verdict::Verified
    }
}

fn demands_all(demand: &Demand) -> bool {
    matches!(&demand.asked, Asked::Provenance(rules) if rules.all)
}

/// Returns a finding for each provenance of an expected signer that does not hold beside one that does, and for each that holds
/// and says something else.
pub(super) fn disagreements(
    demand: &Demand,
    accepted: &[(&CandidateReport, &Assessment)],
    refused: &[(&CandidateReport, &Assessment)],
) -> Vec<Finding> {
    let Some((first, _)) = accepted.first().filter(|_| matches!(demand.asked, Asked::Provenance(_))) else {
        return Vec::new();
    };
    let by_expected = refused.iter().filter(|(_, assessment)| assessment.by_expected_signer);
    let refusals = by_expected.filter_map(|(report, assessment)| refusal(demand, report, assessment));
    let others = accepted.iter().skip(1).filter_map(|(other, _)| difference(first, other));
    refusals.chain(others).collect()
}

fn refusal(demand: &Demand, report: &CandidateReport, assessment: &Assessment) -> Option<Finding> {
    let obstacle = assessment.findings.iter().find(|finding| finding.stands_in_the_way())?;
    let said = format!("another provenance of an expected signer does not hold: {}", obstacle.message);
    let finding = match (demands_all(demand), obstacle.outcome) {
        (false, _) => Finding::skip(CheckId::ProvenanceOthers, said),
        (true, Outcome::Error) => Finding::error(CheckId::ProvenanceOthers, said),
        (true, _) => Finding::fail(CheckId::ProvenanceOthers, said),
    };
    let finding = Finding { expected: obstacle.expected.clone(), found: obstacle.found.clone(), ..finding };
    let next = "find out which of them is right; what is wrong is best deleted from the registry";
    Some(Finding { candidate: Some(report.id.clone()), ..finding }.about(&report.subject).next(next))
}

/// Two that both count, and say different things of one image.
fn difference(first: &CandidateReport, other: &CandidateReport) -> Option<Finding> {
    let (one, two) = (first.provenance.as_ref()?, other.provenance.as_ref()?);
    let (what, expected, found) = TOLD.iter().find_map(|(what, tell)| {
        let (one, two) = (tell(one)?, tell(two)?);
        (one != two).then_some((what, one, two))
    })?;
    let finding = Finding::skip(CheckId::ProvenanceOthers, format!("two provenances that count name another {what}"))
        .expected(format!("{expected}, as {} says", first.id))
        .found(found)
        .about(&other.subject)
        .next("the same image may have been built twice; if you do not know why, ask its maker");
    Some(Finding { candidate: Some(other.id.clone()), ..finding })
}

type Tell = fn(&ProvenanceReport) -> Option<&str>;

/// What two provenances of one image rarely differ in, the weightiest first.
const TOLD: [(&str, Tell); 3] = [
    ("source", |provenance| provenance.source.as_deref()),
    ("commit", |provenance| provenance.commit.as_deref()),
    ("builder", |provenance| Some(&provenance.builder)),
];
