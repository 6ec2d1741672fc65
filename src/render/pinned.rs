//! Names that are safe to pull: name and digest of each verified image, one per line, and nothing otherwise.

use std::io::{self, Write};

use crate::check::{Report, Verdict};

/// Writes nothing unless the whole run is verified, so that `docker pull "$(bonafide verify … --output pinned)"` never
/// pulls what was not.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.verdict != Verdict::Verified {
        return Ok(());
    }
    for pinned in report.images.iter().filter_map(|image| image.pinned.as_ref()) {
        writeln!(out, "{pinned}")?;
    }
    Ok(())
}
