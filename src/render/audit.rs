//! The end of an audit: each repository's tags, counted, and their faults.

use std::io;

use super::drift::tag;
use super::escape::terminal;
use super::lines::Lines;
use super::parts::Detail;
use crate::check::{DriftReport, Finding, MirrorReport, RepositoryReport, TagCounts, Verdict};

/// Writes a line for each repository, and one for each thing that is wrong.
pub(super) fn write(repositories: &[RepositoryReport], detail: Detail, lines: &mut Lines<'_>) -> io::Result<()> {
    for repository in repositories {
        if !detail.quiet {
            let counts = counts(repository.tags, repository.digests);
            lines.write("", "", &format!("{}: {counts}", repository.repository))?;
        }
        for gap in &repository.gaps {
            let text = format!("could not check {}: {} ({})", gap.what, gap.detail, gap.reason);
            lines.write("  ", "", &text)?;
        }
        for change in &repository.changes {
            let word = detail.coloured(repository.verdict, change.change.as_str());
            let expected = change.expected.iter().map(|digest| format!("expected {digest}"));
            let found = change.found.iter().map(|digest| format!("found {digest}"));
            let digests = expected.chain(found).collect::<Vec<_>>().join(", ");
            lines.raw(&format!("  {word}  {}  {}", terminal(&change.tag), terminal(&digests)))?;
        }
        if let Some(mirror) = &repository.mirror {
            write_mirror(mirror, repository.verdict, detail, lines)?;
        }
        if !detail.quiet {
            drift(&repository.drift, lines)?;
        }
    }
    Ok(())
}

/// Writes in what a repository differs from the one that it must be a mirror of.
fn write_mirror(mirror: &MirrorReport, verdict: Verdict, detail: Detail, lines: &mut Lines<'_>) -> io::Result<()> {
    if !detail.quiet {
        let (digests, evidence) = (mirror.digests, mirror.evidence);
        let same = format!("mirror of {}: digests of the same tag {digests} · evidence on both {evidence}", mirror.of);
        lines.write("  ", "", &same)?;
    }
    for one in &mirror.differences {
        let word = detail.coloured(verdict, one.difference.as_str());
        let Finding { message, expected, found, next, .. } = one.finding(&mirror.of);
        lines.raw(&format!("  {word}  {}", terminal(&one.tag)))?;
        lines.write("      ", "", &message)?;
        for (name, text) in [("expected  ", expected), ("found     ", found), ("→ ", next)] {
            if let Some(text) = text {
                lines.write("      ", name, &text)?;
            }
        }
    }
    Ok(())
}

/// The most pairs of releases whose differences are shown.
const SHOWN: usize = 10;

/// Writes what changed from one release to the next.
fn drift(drift: &[DriftReport], lines: &mut Lines<'_>) -> io::Result<()> {
    for one in drift.iter().take(SHOWN) {
        let after = tag(&one.after);
        lines.write("  ", "", &format!("changed from {after} to {}", tag(&one.release)))?;
        for difference in &one.differences {
            lines.write("    ", &format!("{:<9}  ", difference.direction), &difference.in_words())?;
        }
    }
    match drift.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => lines.write("  ", "", &format!("and between {more} more releases: `--output json` has them all")),
    }
}

fn counts(tags: TagCounts, digests: usize) -> String {
    let TagCounts { listed, selected, evidence, orphaned_evidence } = tags;
    let orphans = orphaned_evidence.filter(|count| *count > 0);
    let orphans = orphans.map(|count| format!(" ({count} for digests without a tag)")).unwrap_or_default();
    format!("tags audited {selected} of {listed} · digests {digests} · tags of evidence {evidence}{orphans}")
}
