//! The cells of test and code scanning reports: one for each requirement of each platform of an image, and one for each finding
//! about the tags of an audited repository.

use std::borrow::Cow;

use crate::check::{
    CheckId, Finding, ImageReport, MirrorDifference, Outcome, PlatformReport, RepositoryReport, RequirementReport,
    TagChange, Verdict,
};

use super::parts::excepted;

/// What became of one requirement for one platform, of the image itself, or of the tags of a repository.
pub(super) struct Cell<'a> {
    /// The requirement's name, `image` or `tags`.
    pub(super) requirement: &'a str,
    /// What it is about, if not all of the image or repository.
    pub(super) part: Option<Part<'a>>,
    pub(super) verdict: Verdict,
    /// What keeps it from being verified.
    pub(super) findings: Vec<Cow<'a, Finding>>,
    /// Why it does not count, if a working exception of the policy says so.
    pub(super) excepted: Option<String>,
}

/// A part of an image or of a repository.
#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    Platform(&'a str),
    Tag(&'a str),
}

impl<'a> Part<'a> {
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Platform(name) | Self::Tag(name) => name,
        }
    }
}

impl Cell<'_> {
    /// The name of the platform or tag, if there is one.
    pub(super) fn part(&self) -> Option<&str> {
        self.part.map(Part::name)
    }

    /// Whether it keeps the image from being verified.
    pub(super) fn counts(&self) -> bool {
        self.verdict != Verdict::Verified && self.excepted.is_none()
    }

    /// The check that best explains the result.
    pub(super) fn check(&self) -> CheckId {
        self.findings.first().map_or(CheckId::EvidencePresent, |finding| finding.check)
    }

    /// The reason, in one sentence.
    pub(super) fn message(&self) -> String {
        let said = self.findings.first().map(|finding| format!(": {}", finding.message)).unwrap_or_default();
        format!("{}{said}", self.verdict)
    }

    /// What was expected and found, and what to do, in lines.
    pub(super) fn details(&self) -> Vec<String> {
        let of_each = self.findings.iter().flat_map(|finding| {
            let part = |word: &str, text: &Option<String>| text.as_ref().map(|text| format!("{word} {text}"));
            let candidate = finding.candidate.as_deref().map(|id| format!("{id}: ")).unwrap_or_default();
            let first = format!("{}: {candidate}{}", finding.check, finding.message);
            let rest =
                [part("expected", &finding.expected), part("found", &finding.found), part("next:", &finding.next)];
            std::iter::once(first).chain(rest.into_iter().flatten())
        });
        of_each.collect()
    }
}

/// The cells of an image. The last is about the image itself: some cell counts wherever the image is not verified.
pub(super) fn cells(image: &ImageReport) -> Vec<Cell<'_>> {
    let mut cells: Vec<Cell<'_>> = image.requirements.iter().flat_map(|one| of_requirement(image, one)).collect();
    let findings: Vec<Cow<'_, Finding>> =
        image.findings.iter().filter(|one| one.is_blocking()).map(Cow::Borrowed).collect();
    let has_reason = !findings.is_empty() || cells.iter().any(Cell::counts);
    let verdict = match image.verdict {
        Verdict::Verified => Verdict::Verified,
        _ if has_reason && findings.is_empty() => Verdict::Verified,
        other => other,
    };
    cells.push(Cell { requirement: "image", part: None, verdict, findings, excepted: None });
    cells
}

/// The cells of a repository, beside those of its images: one for each thing that is wrong with its tags.
pub(super) fn of_repository<'a>(repository: &'a RepositoryReport) -> Vec<Cell<'a>> {
    let cell = |part, verdict, finding: Option<Finding>| Cell {
        requirement: "tags",
        part,
        verdict,
        findings: finding.into_iter().map(Cow::Owned).collect(),
        excepted: None,
    };
    let gaps = repository.gaps.iter().map(|gap| cell(None, Verdict::Undecided, Some(gap.unresolved())));
    let of_change =
        |change: &'a TagChange| cell(Some(Part::Tag(&change.tag)), Verdict::Rejected, Some(change.finding()));
    let of_mirror = repository.mirror.iter().flat_map(|mirror| {
        let of_one = |one: &'a MirrorDifference| {
            cell(Some(Part::Tag(&one.tag)), Verdict::Rejected, Some(one.finding(&mirror.of)))
        };
        mirror.differences.iter().map(of_one)
    });
    let wrong: Vec<Cell<'_>> = gaps.chain(repository.changes.iter().map(of_change)).chain(of_mirror).collect();
    if wrong.is_empty() { vec![cell(None, Verdict::Verified, None)] } else { wrong }
}

fn of_requirement<'a>(image: &'a ImageReport, requirement: &'a RequirementReport) -> Vec<Cell<'a>> {
    let cell = |platform: Option<&'a PlatformReport>, verdict| Cell {
        requirement: &requirement.id,
        part: platform.and_then(|platform| platform.platform.as_deref()).map(Part::Platform),
        verdict,
        findings: if verdict == Verdict::Verified { Vec::new() } else { reasons(requirement, platform) },
        excepted: excepted(requirement),
    };
    let of_platform = |platform: &'a PlatformReport| {
        platform.requirements.get(&requirement.id).map(|verdict| cell(Some(platform), *verdict))
    };
    let found: Vec<Cell<'a>> = image.platforms.iter().filter_map(of_platform).collect();
    // An image that could not be read has no platforms; and where a requirement is not satisfied, some cell says so.
    let is_said =
        requirement.verdict == Verdict::Verified || found.iter().any(|cell| cell.verdict != Verdict::Verified);
    if found.is_empty() || !is_said { vec![cell(None, requirement.verdict)] } else { found }
}

/// The requirement's findings about this platform, or about no subject; otherwise all of them.
fn reasons<'a>(requirement: &'a RequirementReport, platform: Option<&PlatformReport>) -> Vec<Cow<'a, Finding>> {
    let says_why = |finding: &&Finding| finding.is_blocking() || finding.outcome == Outcome::Skip;
    let all: Vec<&Finding> = requirement.findings.iter().filter(says_why).collect();
    let is_about = |finding: &&&Finding| match (&finding.subject, platform) {
        (Some(subject), Some(platform)) => *subject == platform.digest,
        _ => true,
    };
    let about: Vec<&Finding> = all.iter().filter(is_about).copied().collect();
    if about.is_empty() { all } else { about }.into_iter().map(Cow::Borrowed).collect()
}
