//! Which requirement is met for which platform, and what that makes of the image.
//!
//! A platform manifest is covered by a requirement when a candidate satisfies it on the manifest's own digest or on an
//! index through which it was reached: an index's digest binds its children. Every selected platform must be covered.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::check::{CheckId, Finding, Outcome, PlatformReport, RequirementReport, Verdict};
use crate::evidence::{Evidence, Gap, Subject, SubjectKind};
use crate::oci::Digest;
use crate::policy::{Policy, Requirement};

use super::candidate::Judged;

/// The matrix, by platforms and by requirements.
pub(super) struct Coverage {
    pub(super) platforms: Vec<PlatformReport>,
    pub(super) requirements: Vec<RequirementReport>,
}

/// Fills in the matrix.
pub(super) fn cover(evidence: &Evidence, policy: &Policy, judged: &[Judged]) -> Coverage {
    let selected = selected(evidence);
    let requirements: Vec<Row<'_>> =
        policy.requirements().iter().map(|requirement| Row::fill(*requirement, &selected, judged, evidence)).collect();
    let platforms = selected.iter().enumerate().map(|(position, subject)| {
        let row: BTreeMap<String, Verdict> =
            requirements.iter().map(|row| (row.requirement.to_string(), row.cells[position].verdict)).collect();
        PlatformReport {
            platform: match &subject.kind {
                SubjectKind::Image(platform) => platform.as_ref().map(ToString::to_string),
                SubjectKind::Index => None,
            },
            digest: subject.digest.to_string(),
            verdict: Verdict::join(row.values().copied()),
            requirements: row,
        }
    });
    Coverage {
        platforms: platforms.collect(),
        requirements: requirements.iter().map(|row| row.report(judged)).collect(),
    }
}

/// A requirement of which nothing is known.
pub(super) fn undecided(requirement: Requirement) -> RequirementReport {
    RequirementReport {
        id: requirement.to_string(),
        kind: requirement.to_string(),
        verdict: Verdict::Undecided,
        satisfied_by: Vec::new(),
        findings: Vec::new(),
    }
}

/// The image manifests to cover; an index without any stands for itself.
fn selected(evidence: &Evidence) -> Vec<&Subject> {
    let images: Vec<&Subject> =
        evidence.subjects.iter().filter(|subject| matches!(subject.kind, SubjectKind::Image(_))).collect();
    if images.is_empty() { evidence.subjects.iter().take(1).collect() } else { images }
}

/// One requirement over all platforms.
struct Row<'a> {
    requirement: Requirement,
    cells: Vec<Cell<'a>>,
}

/// One requirement for one platform.
struct Cell<'a> {
    platform: &'a Subject,
    verdict: Verdict,
    satisfied_by: Vec<&'a Judged>,
    refused: Vec<&'a Judged>,
    gaps: Vec<&'a Gap>,
    /// Whether there are places that nobody has looked at yet.
    unsearched: bool,
}

impl<'a> Row<'a> {
    fn fill(requirement: Requirement, selected: &[&'a Subject], judged: &'a [Judged], evidence: &'a Evidence) -> Self {
        let cells = selected.iter().map(|platform| Cell::fill(requirement, platform, judged, evidence)).collect();
        Self { requirement, cells }
    }

    fn report(&self, judged: &[Judged]) -> RequirementReport {
        let verdict = Verdict::join(self.cells.iter().map(|cell| cell.verdict));
        let satisfied: BTreeSet<&str> =
            self.cells.iter().flat_map(|cell| &cell.satisfied_by).map(|one| one.report.id.as_str()).collect();
        RequirementReport {
            id: self.requirement.to_string(),
            kind: self.requirement.to_string(),
            verdict,
            // In the order of candidates, which sorting names as texts is not.
            satisfied_by: judged
                .iter()
                .map(|one| &one.report.id)
                .filter(|id| satisfied.contains(id.as_str()))
                .cloned()
                .collect(),
            findings: if verdict == Verdict::Verified { self.proofs() } else { self.obstacles(judged) },
        }
    }

    /// What was found on the first candidate that satisfies each platform.
    fn proofs(&self) -> Vec<Finding> {
        unique(
            self.cells
                .iter()
                .filter_map(|cell| cell.satisfied_by.first())
                .flat_map(|one| one.report.findings.iter().cloned()),
        )
    }

    /// Why it is not satisfied, for every platform that is not covered.
    fn obstacles(&self, judged: &[Judged]) -> Vec<Finding> {
        let open = || self.cells.iter().filter(|cell| cell.verdict != Verdict::Verified);
        let mut seen = BTreeSet::new();
        let refusals = open()
            .flat_map(|cell| &cell.refused)
            .filter(|one| seen.insert(one.report.id.as_str()))
            .flat_map(|one| one.report.findings.iter().filter(|finding| finding.stands_in_the_way()).cloned());
        let gaps = open().flat_map(|cell| &cell.gaps).map(|gap| gap_finding(gap));
        let unsearched = open().filter(|cell| cell.unsearched).map(|cell| unsearched_finding(cell.platform));
        // Only where everything was read may it be said that nothing is there.
        let bare: Vec<&Cell<'_>> = open().filter(|cell| cell.verdict == Verdict::Absent).collect();
        let refusals: Vec<Finding> = refusals.collect();
        let others = unique(gaps.chain(unsearched).chain(self.absences(&bare, judged)));
        refusals.into_iter().chain(others).collect()
    }

    /// One finding for all platforms that lack the same and have the same attached.
    fn absences(&self, cells: &[&Cell<'_>], judged: &[Judged]) -> Vec<Finding> {
        let mut groups: Vec<(String, Vec<&Cell<'_>>)> = Vec::new();
        for cell in cells {
            let attached = attached(cell, judged);
            match groups.iter_mut().find(|(found, _)| *found == attached) {
                Some((_, group)) => group.push(cell),
                None => groups.push((attached, vec![cell])),
            }
        }
        groups.iter().map(|(attached, group)| self.absence(attached, group)).collect()
    }

    /// Nothing of the kind is attached: says what is, so that a misnamed attestation is seen for what it is.
    fn absence(&self, attached: &str, group: &[&Cell<'_>]) -> Finding {
        let (what, expected, next) = match self.requirement {
            Requirement::Signature => ("signature", "a cosign signature", "sign it: `cosign sign IMAGE@DIGEST`"),
            Requirement::Provenance => (
                "provenance",
                "a signed attestation of SLSA provenance v0.2 or v1",
                "attest it where it is built, or leave provenance out of `--require`",
            ),
            Requirement::Sbom => (
                "SBOM",
                "a signed attestation of an SPDX document",
                "attest it: `cosign attest --type spdxjson --predicate SBOM IMAGE@DIGEST`, or leave sbom out of `--require`",
            ),
        };
        let platforms: Vec<String> = group
            .iter()
            .filter_map(|cell| match &cell.platform.kind {
                SubjectKind::Image(platform) => platform.as_ref().map(ToString::to_string),
                SubjectKind::Index => None,
            })
            .collect();
        let whom = if platforms.is_empty() { String::new() } else { format!(" for {}", platforms.join(", ")) };
        let finding = Finding::skip(CheckId::EvidencePresent, format!("no {what} is attached{whom}"))
            .expected(expected)
            .found(attached)
            .next(next);
        match group {
            [cell] => finding.about(&cell.platform.digest),
            _ => finding,
        }
    }
}

/// Lists what is attached to a platform or to an index through which it was reached.
fn attached(cell: &Cell<'_>, judged: &[Judged]) -> String {
    let kinds: BTreeSet<String> = judged.iter().filter(|one| cell.is_covered_by(&one.subject)).map(describe).collect();
    if kinds.is_empty() { "nothing attached".to_owned() } else { kinds.into_iter().collect::<Vec<_>>().join("; ") }
}

impl<'a> Cell<'a> {
    fn fill(requirement: Requirement, platform: &'a Subject, judged: &'a [Judged], evidence: &'a Evidence) -> Self {
        let mut cell = Self {
            platform,
            verdict: Verdict::Absent,
            satisfied_by: Vec::new(),
            refused: Vec::new(),
            gaps: Vec::new(),
            unsearched: false,
        };
        let here: Vec<&Judged> = judged
            .iter()
            .filter(|one| cell.is_covered_by(&one.subject) && one.concerns.contains(&requirement))
            .collect();
        cell.satisfied_by = here.iter().copied().filter(|one| one.satisfies(requirement)).collect();
        cell.refused = here.iter().copied().filter(|one| !one.report.accepted).collect();
        cell.unsearched =
            evidence.subjects.iter().any(|subject| cell.is_covered_by(&subject.digest) && !subject.searched);
        cell.gaps = evidence.gaps.iter().filter(|gap| cell.is_covered_by(&gap.subject)).collect();
        cell.verdict = cell.verdict();
        cell
    }

    fn verdict(&self) -> Verdict {
        let refused_with = |outcome| self.refused.iter().any(|one| one.outcome() == outcome);
        if !self.satisfied_by.is_empty() {
            Verdict::Verified
        } else if refused_with(Outcome::Fail) {
            Verdict::Rejected
        } else if refused_with(Outcome::Error) || !self.gaps.is_empty() || self.unsearched {
            Verdict::Undecided
        } else {
            Verdict::Absent
        }
    }

    fn is_covered_by(&self, subject: &Digest) -> bool {
        self.platform.digest == *subject || self.platform.reached_through.contains(subject)
    }
}

/// Names a candidate by what it is, for the list of what was there.
fn describe(judged: &Judged) -> String {
    let report = &judged.report;
    match (&report.predicate_type, report.kind.as_str()) {
        (Some(what), "unsigned") => format!("{what} (unsigned)"),
        (Some(what), "ignored") => format!("{what} (not evidence)"),
        (Some(what), _) => what.clone(),
        (None, kind) => kind.to_owned(),
    }
}

fn gap_finding(gap: &Gap) -> Finding {
    Finding::error(CheckId::EvidenceComplete, format!("{} could not be read", gap.what))
        .about(&gap.subject)
        .found(gap.detail.clone())
        .next(gap_hint(gap.reason.as_str()))
}

fn unsearched_finding(platform: &Subject) -> Finding {
    Finding::error(CheckId::EvidenceComplete, "not every place that could hold evidence was searched")
        .about(&platform.digest)
        .next("this evidence was not collected whole: collect it again")
}

/// What to do about a gap, by its reason.
pub(super) fn gap_hint(reason: &str) -> &'static str {
    match reason {
        "unauthorized" => "log in to the registry (`docker login`), or check that the login may pull this repository",
        "throttled" => "the registry limits requests: wait, or log in for a higher limit",
        "unavailable" => "the registry failed: try again later, and report it to the registry if it stays so",
        "connection" => "check the host name, the network and the proxy; `--plain-http` if the registry has no TLS",
        "timeout" => "try again, or allow more time with `--timeout`",
        "limit" => "the evidence is larger than this program reads: delete what is not needed, or ask its maker",
        "corrupt" => {
            "the registry returned bytes that are not what was asked for: do not use this image until that is explained"
        }
        "selection" => "choose one of what is there: by tag or digest in the reference, or with `--platform`",
        "missing" => "check the name, the tag or the digest; if a list names it, push the evidence again",
        _ => "see the detail",
    }
}

fn unique(findings: impl Iterator<Item = Finding>) -> Vec<Finding> {
    let mut seen = HashSet::new();
    // Everything that a finding says, as one text: a hostile registry can cause many thousands of them.
    findings.filter(|finding| seen.insert(format!("{finding:?}"))).collect()
}
