//! Decides which requirement is met for which platform, and from that the verdict of the image.
//!
//! A platform manifest is covered by a requirement when a candidate satisfies it on the manifest's own digest or on an
//! index through which it was reached: an index's digest binds its children. Every selected platform must be covered.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use crate::check::{
    CandidateReport, CheckId, ExceptionReport, Finding, Outcome, PlatformReport, RequirementReport, SignatureReport,
    Verdict,
};
use crate::evidence::{AttestationPlace, Evidence, Gap, Obstacle, Subject, SubjectKind};
use crate::oci::Digest;
use crate::policy::{Asked, BuildLevel, Expectation, Policy};

use super::absence::{Absence, Attached};
use super::agreement;
use super::assessment::Assessment;
use super::candidate::Judged;
use super::person::{Person, count_signers};

/// The matrix, by platforms and by requirements.
pub(super) struct Coverage {
    pub(super) platforms: Vec<PlatformReport>,
    pub(super) requirements: Vec<RequirementReport>,
}

/// Fills in the matrix of requirements and platforms. A requirement under an exception that holds at `now` is in the matrix and
/// does not affect the verdict of a platform.
pub(super) fn cover(evidence: &Evidence, policy: &Policy, judged: &[Judged], now: Timestamp) -> Coverage {
    let selected = selected(evidence);
    let rows: Vec<Row<'_>> = policy
        .expectations()
        .iter()
        .enumerate()
        .map(|(place, expectation)| Row::fill(place, expectation, &selected, judged, evidence))
        .collect();
    let platforms = selected.iter().enumerate().map(|(position, subject)| {
        let verdict_of = |row: &Row<'_>| row.cells[position].verdict;
        let counting = rows.iter().filter(|row| row.counts_at(now)).map(verdict_of);
        PlatformReport {
            platform: match &subject.kind {
                SubjectKind::Image(platform) => platform.as_ref().map(ToString::to_string),
                SubjectKind::Index | SubjectKind::File => None,
            },
            digest: subject.digest.to_string(),
            pinned: evidence.target.pinned_at(&subject.digest),
            verdict: Verdict::join(counting),
            requirements: rows.iter().map(|row| (row.expectation.id.clone(), verdict_of(row))).collect(),
            counted: judged.iter().filter(|one| one.counts_for(subject)).map(|one| one.report.id.clone()).collect(),
        }
    });
    Coverage {
        platforms: platforms.collect(),
        requirements: rows.iter().map(|row| row.report(evidence, judged, now)).collect(),
    }
}

/// A requirement that nothing could be read for, and why.
pub(super) fn undecided(expectation: &Expectation, finding: Finding) -> RequirementReport {
    RequirementReport {
        id: expectation.id.clone(),
        kind: expectation.requirement().to_string(),
        verdict: Verdict::Undecided,
        build_level: None,
        satisfied_by: Vec::new(),
        signatures: Vec::new(),
        findings: vec![finding],
        exception: None,
    }
}

/// The image manifests to cover; an index without any stands for itself.
fn selected(evidence: &Evidence) -> Vec<&Subject> {
    let images: Vec<&Subject> =
        evidence.target.subjects.iter().filter(|subject| matches!(subject.kind, SubjectKind::Image(_))).collect();
    if images.is_empty() { evidence.target.subjects.iter().take(1).collect() } else { images }
}

/// One requirement over all platforms.
struct Row<'a> {
    expectation: &'a Expectation,
    cells: Vec<Cell<'a>>,
}

/// One requirement for one platform.
struct Cell<'a> {
    expectation: &'a Expectation,
    platform: &'a Subject,
    verdict: Verdict,
    satisfied_by: Vec<Assessed<'a>>,
    refused: Vec<Assessed<'a>>,
    gaps: Vec<&'a Gap>,
    /// Whether some places were not searched yet.
    unsearched: bool,
}

/// A candidate, and its assessment for the requirement of the row.
#[derive(Clone, Copy)]
struct Assessed<'a> {
    candidate: &'a Judged,
    assessment: &'a Assessment,
}

impl Assessed<'_> {
    fn id(&self) -> &str {
        &self.candidate.report.id
    }

    fn findings(&self) -> impl Iterator<Item = Finding> {
        self.assessment.findings.iter().map(|finding| Finding {
            candidate: Some(self.id().to_owned()),
            subject: finding.subject.clone().or_else(|| Some(self.candidate.subject.to_string())),
            ..finding.clone()
        })
    }
}

impl<'a> Row<'a> {
    fn fill(
        place: usize,
        expectation: &'a Expectation,
        selected: &[&'a Subject],
        judged: &'a [Judged],
        evidence: &'a Evidence,
    ) -> Self {
        let cells =
            selected.iter().map(|platform| Cell::fill(place, expectation, platform, judged, evidence)).collect();
        Self { expectation, cells }
    }

    /// Whether no exception keeps it from counting.
    fn counts_at(&self, now: Timestamp) -> bool {
        self.expectation.exception.as_ref().is_none_or(|exception| !exception.works_at(now))
    }

    fn report(&self, evidence: &Evidence, judged: &[Judged], now: Timestamp) -> RequirementReport {
        let verdict = Verdict::join(self.cells.iter().map(|cell| cell.verdict));
        let satisfied: BTreeSet<&str> =
            self.cells.iter().flat_map(|cell| &cell.satisfied_by).map(Assessed::id).collect();
        let exception = self.expectation.exception.as_ref().map(|exception| ExceptionReport {
            until: exception.until.to_string(),
            because: exception.because.clone(),
            works: exception.works_at(now),
        });
        RequirementReport {
            id: self.expectation.id.clone(),
            kind: self.expectation.requirement().to_string(),
            verdict,
            signatures: self.signatures(),
            build_level: self.build_level().map(BuildLevel::number),
            // In the order of candidates, which sorting names as texts is not.
            satisfied_by: judged
                .iter()
                .map(|one| &one.report.id)
                .filter(|id| satisfied.contains(id.as_str()))
                .cloned()
                .collect(),
            findings: match verdict {
                Verdict::Verified => self.proofs(),
                _ => self.obstacles(evidence, judged).into_iter().chain(exception.as_ref().and_then(run_out)).collect(),
            },
            exception,
        }
    }

    /// What this requirement believes of signatures, where their own entries in the report say something else.
    fn signatures(&self) -> Vec<SignatureReport> {
        let mut seen = BTreeSet::new();
        let satisfied = self.cells.iter().flat_map(|cell| &cell.satisfied_by);
        let otherwise = satisfied.filter(|one| seen.insert(one.id())).filter_map(|one| {
            let signing = one.assessment.signing.as_ref()?;
            let report = &one.candidate.report;
            let is_shown = signing.trust_domain == report.trust_domain
                && signing.log_entries == report.log_entries
                && signing.timestamps == report.timestamps;
            (!is_shown).then(|| SignatureReport {
                candidate: one.id().to_owned(),
                trust_domain: signing.trust_domain.clone(),
                log_entries: signing.log_entries.clone(),
                timestamps: signing.timestamps.clone(),
            })
        });
        otherwise.collect()
    }

    /// The lowest level among the platforms; `None` if a platform is not covered.
    fn build_level(&self) -> Option<BuildLevel> {
        let asks_for_it = matches!(self.expectation.asked, Asked::Provenance(_));
        self.cells.iter().map(Cell::build_level).min().flatten().filter(|_| asks_for_it)
    }

    /// What was found on the first candidates that satisfy each platform, as many as there must be.
    fn proofs(&self) -> Vec<Finding> {
        let count = self.expectation.signers.at_least();
        let proofs =
            self.cells.iter().flat_map(|cell| cell.satisfied_by.iter().take(count)).flat_map(Assessed::findings);
        unique(proofs.chain(self.cells.iter().flat_map(Cell::disagreements)))
    }

    /// Why it is not satisfied, for every platform that is not covered.
    fn obstacles(&self, evidence: &Evidence, judged: &[Judged]) -> Vec<Finding> {
        let open = || self.cells.iter().filter(|cell| cell.verdict != Verdict::Verified);
        let mut seen = BTreeSet::new();
        let mut refused: Vec<&Assessed<'_>> = open().flat_map(|cell| &cell.refused).collect();
        // Undecided candidates come before those that were read and do not satisfy.
        refused.sort_by_key(|one| one.assessment.outcome() != Outcome::Error);
        let refusals = refused
            .into_iter()
            .filter(|one| seen.insert(one.id().to_owned()))
            .flat_map(|one| one.findings().filter(Finding::is_blocking));
        let few = unique(open().filter_map(Cell::too_few));
        let gaps = gap_findings(open().flat_map(|cell| cell.gaps.iter().copied()));
        let unsearched = open().filter(|cell| cell.unsearched).map(|cell| unsearched_finding(cell.platform));
        // Only where everything was read may it be said that nothing is there.
        let bare: Vec<&Cell<'_>> =
            open().filter(|cell| cell.verdict == Verdict::Absent && cell.satisfied_by.is_empty()).collect();
        let refusals: Vec<Finding> = refusals.chain(unique(open().flat_map(Cell::disagreements))).collect();
        let unread = unique(gaps.into_iter().chain(unsearched));
        let absences = unique(self.absences(&bare, judged, evidence).into_iter());
        few.into_iter().chain(unread).chain(refusals).chain(absences).collect()
    }

    /// One finding for all platforms that lack the same and have the same attached.
    fn absences(&self, cells: &[&Cell<'_>], judged: &[Judged], evidence: &Evidence) -> Vec<Finding> {
        let mut groups: Vec<(Attached, Vec<&Cell<'_>>)> = Vec::new();
        for cell in cells {
            let here = judged.iter().filter(|one| cell.is_covered_by(&one.subject));
            let attached = Attached::of(here, &self.expectation.asked, &cell.platform.digest);
            match groups.iter_mut().find(|(found, _)| *found == attached) {
                Some((_, group)) => group.push(cell),
                None => groups.push((attached, vec![cell])),
            }
        }
        let covered = self.cells.iter().find(|cell| cell.verdict == Verdict::Verified);
        let absence = |(attached, group): &(Attached, Vec<&Cell<'_>>)| {
            let platforms = group.iter().filter_map(|cell| cell.platform_name()).collect();
            let covered = covered.and_then(Cell::platform_name);
            let finding = Absence { expectation: self.expectation, evidence, attached, platforms, covered }.finding();
            match group.as_slice() {
                [cell] => finding.about(&cell.platform.digest),
                _ => finding,
            }
        };
        groups.iter().map(absence).collect()
    }
}

impl<'a> Cell<'a> {
    fn fill(
        place: usize,
        expectation: &'a Expectation,
        platform: &'a Subject,
        judged: &'a [Judged],
        evidence: &'a Evidence,
    ) -> Self {
        let mut cell = Self {
            expectation,
            platform,
            verdict: Verdict::Absent,
            satisfied_by: Vec::new(),
            refused: Vec::new(),
            gaps: Vec::new(),
            unsearched: false,
        };
        let here = judged.iter().filter(|one| cell.is_covered_by(&one.subject)).filter_map(|candidate| {
            let assessment = candidate.assessments.get(place)?.as_ref()?;
            assessment.is_about(&platform.digest).then_some(Assessed { candidate, assessment })
        });
        (cell.satisfied_by, cell.refused) = here.partition(|one| one.assessment.is_accepted());
        // A signature on an attestation manifest does not sign the image, so it cannot satisfy a signature requirement.
        let may_satisfy = !matches!(expectation.asked, Asked::Signature(_));
        let beside: Vec<&AttestationPlace> =
            evidence.attestation_manifests.iter().filter(|place| may_satisfy && cell.is_beside(place)).collect();
        let on_manifest: HashSet<&Digest> = beside.iter().map(|place| &place.digest).collect();
        cell.unsearched =
            evidence.target.subjects.iter().any(|subject| cell.is_covered_by(&subject.digest) && !subject.searched)
                || beside.iter().any(|place| !place.searched);
        let concerns = |gap: &&Gap| cell.is_covered_by(&gap.subject) || on_manifest.contains(&gap.subject);
        cell.gaps = evidence.gaps.iter().filter(concerns).collect();
        cell.verdict = cell.verdict();
        cell
    }

    /// Satisfied; or undecided, where what was not read could satisfy it (A308); or rejected, where something was read and does
    /// not; or absent.
    fn verdict(&self) -> Verdict {
        let refused_with = |outcome| self.refused.iter().any(|one| one.assessment.outcome() == outcome);
        if self.signers() >= self.expectation.signers.at_least() {
            agreement::verdict(self.expectation, &self.refused_by_expected(), self.is_incomplete())
        } else if refused_with(Outcome::Error) || self.is_incomplete() {
            Verdict::Undecided
        } else if refused_with(Outcome::Fail) {
            Verdict::Rejected
        } else {
            Verdict::Absent
        }
    }

    /// SLSA `verification_summary.md`: "the highest level of each track verified". Where it takes several signers to be
    /// believed, no level counts that some of them do not reach.
    fn build_level(&self) -> Option<BuildLevel> {
        let levels = self.satisfied_by.iter().filter_map(|one| one.assessment.build_level);
        let level = if self.expectation.signers.at_least() == 1 { levels.max() } else { levels.min() };
        level.filter(|_| self.verdict == Verdict::Verified)
    }

    /// Whether some place could not be read, or was not searched.
    fn is_incomplete(&self) -> bool {
        let unread =
            |one: &Assessed<'_>| !one.assessment.by_expected_signer && one.assessment.outcome() == Outcome::Error;
        !self.gaps.is_empty() || self.unsearched || self.refused.iter().any(unread)
    }

    /// Candidates by an expected signer that are not accepted.
    fn refused_by_expected(&self) -> Vec<&Assessment> {
        self.refused.iter().map(|one| one.assessment).filter(|assessment| assessment.by_expected_signer).collect()
    }

    /// Contradictions between the platform's provenances by expected signers.
    fn disagreements(&self) -> Vec<Finding> {
        let pairs = |list: &[Assessed<'a>]| -> Vec<(&'a CandidateReport, &'a Assessment)> {
            list.iter().map(|one| (&one.candidate.report, one.assessment)).collect()
        };
        agreement::disagreements(self.expectation, &pairs(&self.satisfied_by), &pairs(&self.refused))
    }

    /// The number of the policy's signers that signed, each a different one.
    fn signers(&self) -> usize {
        let signed = |one: &Assessed<'a>| Some((one.assessment.matched.as_slice(), one.assessment.person()?));
        let signatures: Vec<(&[usize], &Person)> = self.satisfied_by.iter().filter_map(signed).collect();
        count_signers(&signatures)
    }

    /// Some signed, and not as many as must have.
    fn too_few(&self) -> Option<Finding> {
        let (count, wanted) = (self.signers(), self.expectation.signers.at_least());
        if count == 0 || count >= wanted {
            return None;
        }
        let missing = self
            .expectation
            .signers
            .listed()
            .iter()
            .enumerate()
            .filter(|(place, _)| !self.satisfied_by.iter().any(|one| one.assessment.matched.contains(place)));
        let missing: Vec<String> = missing.map(|(_, signer)| signer.describe()).collect();
        Some(
            Finding::skip(CheckId::SignerCount, format!("{count} of the {wanted} signers that are needed signed it"))
                .about(&self.platform.digest)
                .expected(format!(
                    "{wanted} different signers of the {} that are named",
                    self.expectation.signers.listed().len()
                ))
                .found(format!("nothing that counts of {}", missing.join(" or ")))
                .next("have the others sign it too; two signatures of one signer count once"),
        )
    }

    /// Whether an attestation manifest may hold statements about the platform or about an index that leads to it.
    fn is_beside(&self, place: &AttestationPlace) -> bool {
        place.may_be_about(&self.platform.digest)
            || self.platform.reached_through.iter().any(|index| place.may_be_about(index))
    }

    fn platform_name(&self) -> Option<String> {
        match &self.platform.kind {
            SubjectKind::Image(platform) => platform.as_ref().map(ToString::to_string),
            SubjectKind::Index | SubjectKind::File => None,
        }
    }

    fn is_covered_by(&self, subject: &Digest) -> bool {
        self.platform.digest == *subject || self.platform.reached_through.contains(subject)
    }
}

/// An exception that has run out explains why the requirement counts again.
fn run_out(exception: &ExceptionReport) -> Option<Finding> {
    (!exception.works).then(|| {
        Finding::fail(CheckId::PolicyException, "the exception for it has run out")
            .expected(format!("no need of it after {}", exception.until))
            .found(format!("still needed: {}", exception.because))
            .next("fix the excepted fault, or decide anew and give the exception another day")
    })
}

/// The failed reads, one for each cause.
fn gap_findings<'a>(gaps: impl Iterator<Item = &'a Gap>) -> Vec<Finding> {
    let mut groups: Vec<(&Gap, BTreeSet<&str>)> = Vec::new();
    // A hostile image has thousands of gaps, so they are not compared one by one.
    let mut places = HashMap::new();
    for gap in gaps {
        let Obstacle { reason, cause, .. } = &gap.obstacle;
        let alike = cause.as_deref().map(|cause| (reason, cause)).ok_or(gap);
        let place = *places.entry(alike).or_insert_with(|| {
            groups.push((gap, BTreeSet::new()));
            groups.len() - 1
        });
        groups[place].1.insert(&gap.what);
    }
    groups.iter().map(|(first, whats)| gap_finding(first, whats.len() - 1)).collect()
}

fn gap_finding(gap: &Gap, others: usize) -> Finding {
    let Obstacle { cause, expected, detail, next, .. } = &gap.obstacle;
    let others = if others > 0 { format!(" and {others} more") } else { String::new() };
    let unread = format!("{}{others} could not be read", gap.what);
    let message = cause.as_ref().map_or_else(|| unread.clone(), |cause| format!("{cause}: {unread}"));
    let finding =
        Finding::error(CheckId::EvidenceComplete, message).about(&gap.subject).found(detail.clone()).next(next.clone());
    match expected {
        Some(expected) => finding.expected(expected.clone()),
        None => finding,
    }
}

fn unsearched_finding(platform: &Subject) -> Finding {
    Finding::error(CheckId::EvidenceComplete, "not every place that could hold evidence was searched")
        .about(&platform.digest)
        .next("this evidence was not collected whole: collect it again")
}

fn unique(findings: impl Iterator<Item = Finding>) -> Vec<Finding> {
    // A hostile registry can cause many thousands of them.
    let mut seen = HashSet::new();
    findings.filter(|finding| seen.insert(finding.clone())).collect()
}
