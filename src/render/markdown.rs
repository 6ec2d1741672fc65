//! Markdown: one table for a pull request or the summary of a job, with the reasons folded below it.

use std::fmt::Write as _;

use crate::check::{ImageReport, Report, RepositoryReport, Verdict};

use super::cells::{self, Cell};
use super::escape::clipped;
use super::output::Output;

pub(super) const OUTPUT: Output =
    Output::new("markdown", "a table for a pull request, with details folded", |_, report, out| {
        out.write_all(text(report).as_bytes())
    })
    .for_bundles()
    .for_audits();

/// The most images and repositories whose details are shown, and the most lines of each.
const MOST_IMAGES: usize = 100;
const MOST_LINES: usize = 20;

fn text(report: &Report) -> String {
    let mut text = format!("## Verification of images: {}\n\n", report.verdict);
    let counts: Vec<String> = report.counts().each().map(|(verdict, count)| format!("{count} {verdict}")).collect();
    let _ = writeln!(text, "{} images: {}.\n", report.images.len(), counts.join(", "));
    text.push_str("| verdict | image | digest | requirements |\n|---|---|---|---|\n");
    for image in &report.images {
        row(&mut text, image);
    }
    repositories(&mut text, &report.repositories);
    let failed: Vec<&ImageReport> = report.images.iter().filter(|image| image.verdict != Verdict::Verified).collect();
    for image in failed.iter().take(MOST_IMAGES) {
        details(&mut text, (&image.reference, image.verdict), &cells::cells(image));
    }
    if failed.len() > MOST_IMAGES {
        let _ = writeln!(text, "\n{} more images are not verified.", failed.len() - MOST_IMAGES);
    }
    text
}

/// The tags of the repositories of an audit.
fn repositories(text: &mut String, repositories: &[RepositoryReport]) {
    if repositories.is_empty() {
        return;
    }
    text.push_str("\n| verdict | repository | digests | tags |\n|---|---|---|---|\n");
    for repository in repositories {
        let RepositoryReport { repository: name, verdict, tags, digests, changes, gaps } = repository;
        let known = format!("{} of {} audited", tags.selected, tags.listed);
        let differ = (!changes.is_empty()).then(|| format!("{} not as expected", changes.len()));
        let unread = (!gaps.is_empty()).then(|| "not all could be read".to_owned());
        let tags: Vec<String> = std::iter::once(known).chain(differ).chain(unread).collect();
        let _ = writeln!(text, "| {verdict} | {} | {digests} | {} |", code(name), tags.join("<br>"));
    }
    let is_wrong = |one: &&RepositoryReport| !one.changes.is_empty() || !one.gaps.is_empty();
    for repository in repositories.iter().filter(is_wrong).take(MOST_IMAGES) {
        details(text, (&repository.repository, repository.verdict), &cells::of_repository(repository));
    }
}

fn row(text: &mut String, image: &ImageReport) {
    let digest = image.digest.as_deref().map(code).unwrap_or_default();
    let requirements = image.requirements.iter().map(|requirement| {
        let exception = if requirement.counting().is_none() { " (excepted)" } else { "" };
        format!("{} {}{exception}", code(&requirement.id), requirement.verdict)
    });
    let requirements = requirements.collect::<Vec<_>>().join("<br>");
    let _ = writeln!(text, "| {} | {} | {digest} | {requirements} |", image.verdict, code(&image.reference));
}

fn details(text: &mut String, (name, verdict): (&str, Verdict), cells: &[Cell<'_>]) {
    let _ = writeln!(text, "\n<details><summary>{}: {verdict}</summary>\n", code(name));
    let lines = cells.iter().filter(|cell| cell.verdict != Verdict::Verified).flat_map(lines);
    let lines: Vec<String> = lines.collect();
    for line in lines.iter().take(MOST_LINES) {
        let _ = writeln!(text, "{line}");
    }
    if lines.len() > MOST_LINES {
        text.push_str("- and more: see the report in another format\n");
    }
    text.push_str("\n</details>\n");
}

fn lines(cell: &Cell<'_>) -> Vec<String> {
    let part = cell.part().map(|part| format!(", {}", code(part))).unwrap_or_default();
    let first = format!("- {}{part}: {}", code(cell.requirement), code(&cell.message()));
    let more = cell.details().into_iter().skip(1).chain(cell.excepted.clone());
    std::iter::once(first).chain(more.map(|line| format!("  - {}", code(&line)))).collect()
}

/// Shows text from outside literally. Code contains no mentions and no links, and character references are never
/// markup: CommonMark 0.31 §2.5, "Entity and numeric character references cannot be used in place of symbols indicating
/// structure".
fn code(text: &str) -> String {
    let mut code = "<code>".to_owned();
    for character in clipped(text).chars() {
        if character.is_alphanumeric() || character == ' ' {
            code.push(character);
        } else {
            let _ = write!(code, "&#{};", u32::from(character));
        }
    }
    code + "</code>"
}
