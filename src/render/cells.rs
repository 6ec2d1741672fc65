//! What reports of tests and of code scanning are made of: one cell for each requirement of each platform of an image.

use crate::check::{CheckId, Finding, ImageReport, Outcome, PlatformReport, RequirementReport, Verdict};

use super::parts::excepted;

/// What became of one requirement for one platform, or of the image itself.
pub(super) struct Cell<'a> {
    /// The requirement, unless it is about the image itself.
    pub(super) requirement: Option<&'a RequirementReport>,
    /// The platform, if there is one.
    pub(super) platform: Option<&'a PlatformReport>,
    pub(super) verdict: Verdict,
    /// What keeps it from being verified.
    pub(super) findings: Vec<&'a Finding>,
    /// Why it does not count, if a working exception of the policy says so.
    pub(super) excepted: Option<String>,
}

impl Cell<'_> {
    /// The name of the requirement.
    pub(super) fn requirement(&self) -> &str {
        self.requirement.map_or("image", |requirement| &requirement.id)
    }

    /// The name of the platform, if it is known.
    pub(super) fn platform(&self) -> Option<&str> {
        self.platform.and_then(|platform| platform.platform.as_deref())
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
        let said = self.findings.first().map_or_else(|| "no reason is stated".to_owned(), |one| one.message.clone());
        format!("{}: {said}", self.verdict)
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
    let findings: Vec<&Finding> = image.findings.iter().filter(|finding| finding.is_blocking()).collect();
    let has_reason = !findings.is_empty() || cells.iter().any(Cell::counts);
    let verdict = match image.verdict {
        Verdict::Verified => Verdict::Verified,
        _ if has_reason && findings.is_empty() => Verdict::Verified,
        other => other,
    };
    cells.push(Cell { requirement: None, platform: None, verdict, findings, excepted: None });
    cells
}

fn of_requirement<'a>(image: &'a ImageReport, requirement: &'a RequirementReport) -> Vec<Cell<'a>> {
    let cell = |platform: Option<&'a PlatformReport>, verdict| Cell {
        requirement: Some(requirement),
        platform,
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
fn reasons<'a>(requirement: &'a RequirementReport, platform: Option<&PlatformReport>) -> Vec<&'a Finding> {
    let says_why = |finding: &&Finding| finding.is_blocking() || finding.outcome == Outcome::Skip;
    let all: Vec<&Finding> = requirement.findings.iter().filter(says_why).collect();
    let is_about = |finding: &&&Finding| match (&finding.subject, platform) {
        (Some(subject), Some(platform)) => *subject == platform.digest,
        _ => true,
    };
    let about: Vec<&Finding> = all.iter().filter(is_about).copied().collect();
    if about.is_empty() { all } else { about }
}
