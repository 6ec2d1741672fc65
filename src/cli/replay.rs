//! `--replay`: verifies the images of a report again, and compares the new report with it.

use std::path::Path;

use crate::check::{Finding, ImageReport, Report};
use crate::collect::{Limits, files, read_report};
use crate::compare::Replayed;
use crate::oci::{LayoutForm, LayoutReference, Reference};

use super::diagnostics::Diagnostic;
use super::{input, references};

/// The longest report that is read: one of ten thousand images.
const LONGEST: u64 = 256 * 1024 * 1024;

/// The most images that are verified again in one run.
const MOST_IMAGES: usize = 1000;

/// The earlier report, and the images in it.
pub(super) struct Replay {
    report: Replayed,
    of_run: Vec<Finding>,
}

impl Replay {
    /// Reads the report, and returns the references of its images.
    pub(super) fn open(named: &Path, limits: &Limits) -> Result<(Self, Vec<String>), Diagnostic> {
        let ends_in = |ending: &str| named.extension().is_some_and(|extension| extension == ending);
        let pack = (!ends_in("json")).then(|| {
            let form = if ends_in("tar") { LayoutForm::Archive } else { LayoutForm::Directory };
            LayoutReference { form, path: named.display().to_string(), tag: None, digest: None }
        });
        let bytes = match &pack {
            Some(pack) => read_report(pack, limits, LONGEST).map_err(|error| {
                Diagnostic::undecided(error.detail(), error.next())
                    .about(format!("cannot replay `{}`", named.display()))
            })?,
            None => files::read_given(named, LONGEST).map_err(|error| input::unreadable(named, error))?,
        };
        let refused = |reason: String| {
            Diagnostic::usage(reason, "give a JSON report of `bonafide verify`, or a pack of `bonafide collect`")
                .about(format!("cannot replay `{}`", named.display()))
        };
        let report = Replayed::read(&bytes).map_err(|error| refused(error.to_string()))?;
        let images = report.images().ok_or_else(|| refused("it is about an image that was never read".to_owned()))?;
        if images.len() > MOST_IMAGES {
            return Err(refused(format!("it is about more than {MOST_IMAGES} images")));
        }
        let mut texts = Vec::new();
        for image in images {
            let digest = image.digest.parse().map_err(|_| refused("it has a digest that is none".to_owned()))?;
            let reference = match &pack {
                Some(pack) => Reference::Layout(pack.clone()),
                None => references::parse(&image.reference)?,
            };
            texts.push(reference.at(digest).to_string());
        }
        Ok((Self { report, of_run: Vec::new() }, texts))
    }

    /// Records how the run itself differs from the report; these differences concern every image.
    pub(super) fn in_run(self, run: &Report) -> Self {
        let of_run = self.report.differences_of(run);
        Self { of_run, ..self }
    }

    /// Compares the report on an image with the earlier one.
    pub(super) fn hold(&self, report: ImageReport) -> ImageReport {
        self.report.hold(report, &self.of_run)
    }
}
