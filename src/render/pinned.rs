//! Names that are safe to pull: name and digest of each verified image, one per line, and nothing otherwise. An image in a layout
//! has the layout's name, which other tools refuse to pull. Where several platforms of an index were asked for, there is one line for
//! each: the index holds others, which were not looked at.

use std::io::{self, Write};

use crate::check::{ImageReport, Report, Verdict};
use crate::oci::{LayoutReference, Reference};

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
    of_run(report)?.iter().try_for_each(|name| writeln!(out, "{name}"))
}

/// The names of all images of a run that is verified as a whole, and nothing otherwise.
pub(super) fn of_run(report: &Report) -> io::Result<Vec<String>> {
    let mut all = Vec::new();
    if report.verdict != Verdict::Verified {
        return Ok(all);
    }
    for image in &report.images {
        let mut names = names(image);
        names.dedup();
        if names.is_empty() {
            // A script would go on with nothing.
            return Err(io::Error::other(format!("{} has no name with a digest", image.reference)));
        }
        all.append(&mut names);
    }
    Ok(all)
}

/// The name of the image with its digest, or of each of its platforms, where the verdict is about several of an index.
fn names(image: &ImageReport) -> Vec<String> {
    if let Some(name) = &image.pinned {
        return vec![name.clone()];
    }
    let each: Vec<String> = image.platforms.iter().filter_map(|one| one.pinned.clone()).collect();
    match &image.digest {
        Some(digest) if each.is_empty() => in_layout(&image.reference, digest).into_iter().collect(),
        _ => each,
    }
}

/// The name of an image in a layout or archive, by which this program finds it again.
fn in_layout(reference: &str, digest: &str) -> Option<String> {
    let Ok(Reference::Layout(layout)) = reference.parse() else { return None };
    Some(LayoutReference { tag: None, digest: Some(digest.parse().ok()?), ..layout }.to_string())
}

/// Why no image is pinned, if no other report tells it: a script that reads the reference from standard output gets nothing.
fn notes(report: &Report, delivery: &Delivery<'_>) -> Vec<Note> {
    let is_alone = delivery.is_only && report.verdict != Verdict::Verified;
    is_alone.then_some(Note::Report).into_iter().collect()
}
