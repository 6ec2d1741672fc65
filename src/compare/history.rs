//! Compares each release of a repository with the release before it.

use std::cell::OnceCell;

use crate::check::{CheckId, DriftReport, Finding, ImageReport, Verdict};

use super::line::before_each;
use super::{Facts, Release, drift, hold};

/// The releases of one repository with their results, in any order.
#[derive(Debug, Default)]
pub struct History {
    facts: Vec<Facts>,
    releases: Vec<Option<Release>>,
    /// What each is held against, once all are known.
    before: OnceCell<Vec<Option<usize>>>,
}

impl History {
    /// Adds an image. Its first tag is its version.
    pub fn add(&mut self, image: &ImageReport) {
        let tag = image.tags.first().map(String::as_str).unwrap_or_default();
        self.add_facts(tag, image.verdict, Facts::of(image));
    }

    pub(super) fn add_facts(&mut self, tag: &str, verdict: Verdict, facts: Facts) {
        self.before.take();
        self.releases.push(Release::of(tag, verdict, facts.signed()));
        self.facts.push(facts);
    }

    /// Compares a verified release with the highest lower version of its line. Rejected releases and those without evidence are
    /// skipped. If the lower version could not be read, the release becomes undecided.
    pub fn hold(&self, place: usize, report: ImageReport) -> ImageReport {
        if self.releases[place].is_none() {
            return uncompared(report, "it was compared with nothing: its tag is not a version");
        }
        let counts = |verdict| matches!(verdict, Verdict::Verified | Verdict::Undecided);
        match self.before.get_or_init(|| before_each(&self.releases, counts))[place] {
            Some(before) => hold(report, Some(&self.facts[before])),
            None => uncompared(
                report,
                "it was compared with nothing: no lower version of its line is among the selected tags",
            ),
        }
    }

    /// Returns the changes from one verified release to the next of its line.
    pub fn drift(&self) -> Vec<DriftReport> {
        let is_verified = |verdict| verdict == Verdict::Verified;
        let before = before_each(&self.releases, is_verified);
        let pairs = self.releases.iter().zip(before).enumerate().filter_map(|(place, (release, before))| {
            release.as_ref().filter(|release| is_verified(release.verdict()))?;
            Some((place, before?))
        });
        pairs.filter_map(|(place, before)| drift(&self.facts[before], &self.facts[place])).collect()
    }
}

/// Adds to the report of a verified release why it was not compared.
fn uncompared(mut report: ImageReport, why: &str) -> ImageReport {
    if report.verdict == Verdict::Verified {
        report.findings.push(Finding::skip(CheckId::NotWeaker, why));
    }
    report
}
