//! `--not-weaker-than`: the older image or report that images are compared with.

use std::path::PathBuf;

use futures_util::StreamExt;

use crate::check::ImageReport;
use crate::collect::files;
pub(super) use crate::compare::History;
use crate::compare::{Facts, Recorded, hold};
use crate::oci::Reference;
use crate::run::{Examiner, Target};

use super::compared_with::Named;
use super::diagnostics::Diagnostic;
use super::input;
use super::references;
use super::session::Session;

/// The longest report that is read: one of ten thousand images.
pub(super) const LONGEST: u64 = 256 * 1024 * 1024;

/// The older side of all comparisons.
pub(super) enum Older {
    Image(Box<Target>),
    Report { file: PathBuf, report: Recorded },
}

impl Older {
    /// Returns the image, if one was named: its registry may need a login.
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

    /// Refuses a report in which a target does not match exactly one image, before anything is fetched.
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

/// The name that a report has an image by.
pub(super) fn name(reference: &Reference) -> String {
    match reference {
        Reference::Registry(image) => image.name.to_string(),
        Reference::Layout(_) => reference.to_string(),
        Reference::Npm(package) => package.policy_name(),
        Reference::File(file) => file.policy_name(),
    }
}
