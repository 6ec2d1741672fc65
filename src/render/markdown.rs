//! Markdown: one table for a pull request or the summary of a job, with the reasons folded below it.

use std::fmt::Write as _;

use crate::check::{Difference, ImageReport, Report, RepositoryReport, Verdict};

use super::cells::{self, Cell};
use super::diff;
use super::drift::{self, Change};
use super::escape::code;
use super::output::Output;
use super::parts::about_left_out;

pub(super) const OUTPUT: Output =
    Output::new("markdown", "a table for a pull request, with details folded", |_, report, out| {
        out.write_all(text(report).as_bytes())
    })
    .for_bundles()
    .for_audits()
    .for_diffs(|diff, _, out| diff::markdown(diff, out));

/// The most changes between releases that are shown.
const MOST_CHANGES: usize = 200;
/// The most images and repositories whose details are shown, and the most lines of each.
const MOST_IMAGES: usize = 100;
const MOST_LINES: usize = 20;

fn text(report: &Report) -> String {
    let mut text = head(report);
    text.push_str(IMAGES);
    report.images.iter().for_each(|image| text.push_str(&row(image)));
    if !report.repositories.is_empty() {
        text.push_str(REPOSITORIES);
        report.repositories.iter().for_each(|repository| text.push_str(&row_of_repository(repository)));
    }
    let (changes, more) = rows_of_changes(report);
    if !changes.is_empty() {
        text.push_str(CHANGES);
        text.extend(changes);
    }
    if more > 0 {
        let _ = writeln!(text, "\n{more} {MORE_CHANGES}.");
    }
    let wrong = wrong(report);
    for judged in wrong.iter().take(MOST_IMAGES) {
        text.push_str(&judged.details());
    }
    if wrong.len() > MOST_IMAGES {
        let _ = writeln!(text, "\n{} more are not verified.", wrong.len() - MOST_IMAGES);
    }
    text
}

/// Bytes reserved for the lines after a shortened table.
const REST: usize = 1000;

/// Returns the report in at most this many bytes. If it does not fit, verified images are left out first, and the number of
/// omitted images is stated. Returns `None` if not even the verdict fits.
pub(super) fn within(report: &Report, bytes: usize) -> Option<String> {
    let whole = text(report);
    if whole.len() <= bytes {
        return Some(whole);
    }
    let mut text = head(report);
    let mut images: Vec<&ImageReport> = report.images.iter().collect();
    images.sort_by_key(|image| image.verdict);
    let mut repositories: Vec<&RepositoryReport> = report.repositories.iter().collect();
    repositories.sort_by_key(|repository| repository.verdict);
    // The reasons are worth as much as the rows.
    let half = bytes / 2;
    let tables = IMAGES.len() + REPOSITORIES.len() + CHANGES.len() + REST;
    if text.len() + tables > bytes {
        return (text.len() <= bytes).then_some(text);
    }
    let mut left = Vec::new();
    text.push_str(IMAGES);
    left.push((fill(&mut text, half, images.iter().map(|image| row(image))), "more images"));
    if !repositories.is_empty() {
        text.push_str(REPOSITORIES);
        let rows = repositories.iter().map(|repository| row_of_repository(repository));
        left.push((fill(&mut text, half, rows), "more repositories"));
    }
    let (changes, more) = rows_of_changes(report);
    if !changes.is_empty() {
        text.push_str(CHANGES);
        left.push((more + fill(&mut text, half + half / 2, changes.into_iter()), MORE_CHANGES));
    }
    let wrong = wrong(report);
    let explained = wrong.iter().take(MOST_IMAGES).map(Judged::details);
    let unexplained = fill(&mut text, bytes - REST, explained) + wrong.len().saturating_sub(MOST_IMAGES);
    left.push((unexplained, "more that are not verified, without their reasons here"));
    for (count, what) in left.into_iter().filter(|(count, _)| *count > 0) {
        let _ = writeln!(text, "\n{count} {what}.");
    }
    Some(text)
}

/// Adds texts in order while they fit, and returns how many were left out.
fn fill(text: &mut String, bytes: usize, pieces: impl Iterator<Item = String>) -> usize {
    let mut left = 0;
    for piece in pieces {
        if left == 0 && text.len() + piece.len() <= bytes {
            text.push_str(&piece);
        } else {
            left += 1;
        }
    }
    left
}

fn head(report: &Report) -> String {
    let counts: Vec<String> = report.counts().each().map(|(verdict, count)| format!("{count} {verdict}")).collect();
    let counts = counts.join(", ");
    let mut head =
        format!("## Verification of images: {}\n\n{} images: {counts}.\n\n", report.verdict, report.images.len());
    if let Some(left_out) = about_left_out(report) {
        let _ = writeln!(head, "**{left_out}.**\n");
    }
    head
}

/// Returns the entries to explain: repositories with gaps or changes first, then images that are not verified.
fn wrong(report: &Report) -> Vec<Judged<'_>> {
    let is_wrong = |one: &&RepositoryReport| {
        !one.changes.is_empty() || !one.mirror_differences().is_empty() || !one.gaps.is_empty()
    };
    let repositories = report.repositories.iter().filter(is_wrong).map(Judged::Repository);
    let images = report.images.iter().filter(|image| image.verdict != Verdict::Verified).map(Judged::Image);
    repositories.chain(images).collect()
}

enum Judged<'a> {
    Image(&'a ImageReport),
    Repository(&'a RepositoryReport),
}

impl Judged<'_> {
    fn details(&self) -> String {
        match self {
            Self::Image(image) => details((&image.reference, image.verdict), &cells::cells(image)),
            Self::Repository(one) => details((&one.repository, one.verdict), &cells::of_repository(one)),
        }
    }
}

const IMAGES: &str = "| verdict | image | digest | requirements |\n|---|---|---|---|\n";
const REPOSITORIES: &str = "\n| verdict | repository | digests | tags |\n|---|---|---|---|\n";

const CHANGES: &str = "\nChanges from one release to the next, which reject nothing:\n\n| release | after | effect | change |\n|---|---|---|---|\n";
const MORE_CHANGES: &str = "more changes between releases";

/// A row for each difference, and how many are left out.
fn rows_of_changes(report: &Report) -> (Vec<String>, usize) {
    let row = |(change, one): (Change<'_>, &Difference)| {
        let release = format!("{}:{}", change.repository.repository, change.release());
        let (after, said) = (code(change.after()), code(&one.in_words()));
        format!("| {} | {after} | {} | {said} |\n", code(&release), one.direction)
    };
    let all = drift::differences(report).count();
    (drift::differences(report).take(MOST_CHANGES).map(row).collect(), all.saturating_sub(MOST_CHANGES))
}

/// The tags of a repository of an audit.
fn row_of_repository(repository: &RepositoryReport) -> String {
    let RepositoryReport { repository: name, verdict, tags, digests, changes, gaps, .. } = repository;
    let known = format!("{} of {} audited", tags.selected, tags.listed);
    let others = changes.len() + repository.mirror_differences().len();
    let differ = (others > 0).then(|| format!("{others} not as expected"));
    let unread = (!gaps.is_empty()).then(|| "not all could be read".to_owned());
    let tags: Vec<String> = std::iter::once(known).chain(differ).chain(unread).collect();
    format!("| {verdict} | {} | {digests} | {} |\n", code(name), tags.join("<br>"))
}

fn row(image: &ImageReport) -> String {
    let digest = image.digest.as_deref().map(code).unwrap_or_default();
    let requirements = image.requirements.iter().map(|requirement| {
        let exception = if requirement.counting().is_none() { " (excepted)" } else { "" };
        format!("{} {}{exception}", code(&requirement.id), requirement.verdict)
    });
    let requirements = requirements.collect::<Vec<_>>().join("<br>");
    format!("| {} | {} | {digest} | {requirements} |\n", image.verdict, code(&image.reference))
}

fn details((name, verdict): (&str, Verdict), cells: &[Cell<'_>]) -> String {
    let mut text = format!("\n<details><summary>{}: {verdict}</summary>\n\n", code(name));
    let lines = cells.iter().filter(|cell| cell.verdict != Verdict::Verified).flat_map(lines);
    let lines: Vec<String> = lines.collect();
    for line in lines.iter().take(MOST_LINES) {
        let _ = writeln!(text, "{line}");
    }
    if lines.len() > MOST_LINES {
        text.push_str("- and more: see the report in another format\n");
    }
    text + "\n</details>\n"
}

fn lines(cell: &Cell<'_>) -> Vec<String> {
    let part = cell.part().map(|part| format!(", {}", code(part))).unwrap_or_default();
    let first = format!("- {}{part}: {}", code(cell.requirement), code(&cell.message()));
    let more = cell.details().into_iter().skip(1).chain(cell.excepted.clone());
    std::iter::once(first).chain(more.map(|line| format!("  - {}", code(&line)))).collect()
}
