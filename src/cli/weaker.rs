//! `--not-weaker-than` and `--no-downgrade`: what images are compared with.

use std::path::PathBuf;

use futures_util::StreamExt;

use crate::check::{CheckId, DriftReport, Finding, ImageReport, Verdict};
use crate::collect::files;
use crate::compare::{Facts, Recorded, Release, drift, hold};
use crate::oci::Reference;
use crate::run::{Examiner, Target};

use super::compared_with::Named;
use super::diagnostics::Diagnostic;
use super::input;
use super::references;
use super::session::Session;

/// The longest report that is read: one of ten thousand images.
const LONGEST: u64 = 256 * 1024 * 1024;

/// What images are compared with.
pub(super) enum Older {
    Image(Box<Target>),
    Report { file: PathBuf, report: Recorded },
}

impl Older {
    /// Returns the image, if one was named, so that it is logged in for.
    pub(super) fn reference(named: Option<&Named>) -> Result<Option<Reference>, Diagnostic> {
        match named {
            Some(Named::Image(text)) => references::parse(text).map(Some),
            Some(Named::Report(_)) | None => Ok(None),
        }
    }

    /// Reads the report, or prepares to judge the image by the policy of the run.
    pub(super) fn open(named: &Named, session: &Session<'_>) -> Result<Self, Diagnostic> {
        match named {
            Named::Image(text) => {
                let reference = references::parse(text)?;
                references::refuse_without_layout([(text.as_str(), &reference)])?;
                let target = session.target(text, &reference)?;
                Ok(Self::Image(Box::new(Target { policy: target.policy.without_pin().into(), ..target })))
            }
            Named::Report(file) => {
                let bytes = files::read_given(file, LONGEST).map_err(|error| input::unreadable(file, error))?;
                let report = Recorded::read(&bytes).map_err(|error| {
                    Diagnostic::usage(error, "write one with `bonafide verify REFERENCE --output json=FILE`")
                        .about(format!("cannot compare with `{}`", file.display()))
                })?;
                Ok(Self::Report { file: file.clone(), report })
            }
        }
    }

    /// Refuses a report that says nothing of an image, before anything is fetched.
    pub(super) fn refuse_unfit<'t>(&self, targets: impl IntoIterator<Item = &'t Target>) -> Result<(), Diagnostic> {
        let Self::Report { file, report } = self else { return Ok(()) };
        match targets.into_iter().find(|target| report.image(&name(&target.reference)).is_none()) {
            None => Ok(()),
            Some(target) => Err(Diagnostic::usage(
                format!("`{}` is about several images, and not about exactly one of {}", file.display(), target.text),
                "give a report about one image",
            )),
        }
    }

    /// Judges the image, if it is one.
    pub(super) async fn judge<'a>(&'a self, examiner: &Examiner<'a, '_>) -> Option<Facts> {
        let Self::Image(target) = self else { return None };
        let asked = [(target.as_ref(), Ok(target.reference.clone()))];
        let found: Vec<_> = examiner.examine_all(asked).collect().await;
        found.first().map(|examined| Facts::of(&examined.report))
    }

    /// Compares an image with it, or with what was `judged` of it.
    pub(super) fn hold(&self, report: ImageReport, reference: &Reference, judged: Option<&Facts>) -> ImageReport {
        let recorded = match self {
            Self::Image(_) => None,
            Self::Report { report, .. } => report.image(&name(reference)),
        };
        hold(report, judged.or(recorded))
    }
}

fn name(reference: &Reference) -> String {
    match reference {
        Reference::Registry(image) => image.name.to_string(),
        Reference::Layout(_) => reference.to_string(),
    }
}

/// The releases of one repository, each with what came of it, in any order.
#[derive(Default)]
pub(super) struct History {
    facts: Vec<Facts>,
    releases: Vec<Option<Release>>,
}

impl History {
    /// Adds an image. Its first tag is its version.
    pub(super) fn add(&mut self, image: &ImageReport) {
        let facts = Facts::of(image);
        let tag = image.tags.first().map(String::as_str).unwrap_or_default();
        self.releases.push(Release::of(tag, image.verdict, facts.signed()));
        self.facts.push(facts);
    }

    /// Compares a verified release with the highest lower version of its line. One that was rejected, or has no evidence, is
    /// passed over; one that could not be read leaves it undecided.
    pub(super) fn hold(&self, place: usize, report: ImageReport) -> ImageReport {
        let Some(release) = &self.releases[place] else {
            return uncompared(report, "it was compared with nothing: its tag is not a version");
        };
        let counts = |verdict| matches!(verdict, Verdict::Verified | Verdict::Undecided);
        match release.before(&self.releases, counts) {
            Some(before) => hold(report, Some(&self.facts[before])),
            None => uncompared(
                report,
                "it was compared with nothing: no lower version of its line is among the selected tags",
            ),
        }
    }

    /// What changed from one verified release to the next of its line.
    pub(super) fn drift(&self) -> Vec<DriftReport> {
        let is_verified = |verdict| verdict == Verdict::Verified;
        let pairs = self.releases.iter().enumerate().filter_map(|(place, release)| {
            let release = release.as_ref().filter(|release| is_verified(release.verdict()))?;
            Some((place, release.before(&self.releases, is_verified)?))
        });
        pairs.filter_map(|(place, before)| drift(&self.facts[before], &self.facts[place])).collect()
    }
}

/// Says of a release why there is none before it.
fn uncompared(mut report: ImageReport, why: &str) -> ImageReport {
    if report.verdict == Verdict::Verified {
        report.findings.push(Finding::skip(CheckId::NotWeaker, why));
    }
    report
}
