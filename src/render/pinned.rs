//! Names that are safe to pull: name and digest of each verified image, one per line, and nothing otherwise. Where several platforms
//! of an index were asked for, there is one line for each: the index holds others, which were not looked at.

use std::io::{self, Write};

use crate::check::{ImageReport, Report, Verdict};

use super::output::{Delivery, Note, Output};

pub(super) const OUTPUT: Output =
    Output::new("pinned", "registry/repository@digest of each image, if all are verified", |_, report, out| {
        write(report, out)
    })
    .for_audits()
    .with_notes(notes);

/// Writes nothing unless the whole run is verified, so that `docker pull "$(bonafide verify … --output pinned)"` never
/// pulls what was not.
fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.verdict != Verdict::Verified {
        return Ok(());
    }
    for image in &report.images {
        let each = image.platforms.iter().filter(|_| image.pinned.is_none());
        let mut names: Vec<&String> = image.pinned.iter().chain(each.filter_map(|one| one.pinned.as_ref())).collect();
        names.dedup();
        for name in names {
            writeln!(out, "{name}")?;
        }
    }
    Ok(())
}

/// Why an image is not pinned, if no other report tells it: a script that reads the reference from standard output gets
/// nothing.
fn notes(report: &Report, delivery: &Delivery<'_>) -> Vec<Note> {
    if !delivery.is_only {
        return Vec::new();
    }
    let is_nameless = |image: &&ImageReport| {
        let has_pin = image.pinned.is_some() || image.platforms.iter().any(|platform| platform.pinned.is_some());
        image.verdict == Verdict::Verified && !has_pin
    };
    let reason = (report.verdict != Verdict::Verified).then_some(Note::Report);
    let nameless = report.images.iter().filter(is_nameless).map(|image| Note::Warning {
        message: format!("{} is verified, and has no name that another tool could pull it by", image.reference),
        hint: "a layout has no registry: use the digest of `--output text`",
    });
    reason.into_iter().chain(nameless).collect()
}
