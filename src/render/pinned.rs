//! Names that are safe to pull: name and digest of each verified image, one per line, and nothing otherwise. Where several platforms
//! of an index were asked for, there is one line for each: the index holds others, which were not looked at.

use std::io::{self, Write};

use crate::check::{Report, Verdict};

/// Writes nothing unless the whole run is verified, so that `docker pull "$(bonafide verify … --output pinned)"` never
/// pulls what was not.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
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
