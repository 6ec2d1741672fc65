//! Markdown: one table for a pull request or the summary of a job, with the reasons folded below it.

use std::fmt::Write as _;

use crate::check::{ImageReport, Report, Verdict};

use super::cells::{Cell, cells};
use super::escape::{clipped, terminal};
use super::output::Output;

pub(super) const OUTPUT: Output =
    Output::new("markdown", "a table for a pull request, with details folded", |_, report, out| {
        out.write_all(text(report).as_bytes())
    })
    .for_bundles();

/// The most images whose details are shown, and the most lines of each.
const MOST_IMAGES: usize = 100;
const MOST_LINES: usize = 20;

fn text(report: &Report) -> String {
    let mut text = format!("## Verification of images: {}\n\n", report.verdict);
    let count = |verdict| report.images.iter().filter(|image| image.verdict == verdict).count();
    let order = [Verdict::Verified, Verdict::Rejected, Verdict::Absent, Verdict::Undecided];
    let counts = order.into_iter().filter(|verdict| count(*verdict) > 0);
    let counts: Vec<String> = counts.map(|verdict| format!("{} {verdict}", count(verdict))).collect();
    let _ = writeln!(text, "{} images: {}.\n", report.images.len(), counts.join(", "));
    text.push_str("| verdict | image | digest | requirements |\n|---|---|---|---|\n");
    for image in &report.images {
        row(&mut text, image);
    }
    let failed: Vec<&ImageReport> = report.images.iter().filter(|image| image.verdict != Verdict::Verified).collect();
    for image in failed.iter().take(MOST_IMAGES) {
        details(&mut text, image);
    }
    if failed.len() > MOST_IMAGES {
        let _ = writeln!(text, "\n{} more images are not verified.", failed.len() - MOST_IMAGES);
    }
    text
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

fn details(text: &mut String, image: &ImageReport) {
    let _ = writeln!(text, "\n<details><summary>{}: {}</summary>\n", code(&image.reference), image.verdict);
    let all = cells(image);
    let lines = all.iter().filter(|cell| cell.verdict != Verdict::Verified).flat_map(lines);
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
    let platform = cell.platform().map(|platform| format!(", {}", code(platform))).unwrap_or_default();
    let first = format!("- {}{platform}: {}", code(cell.requirement()), code(&cell.message()));
    let more = cell.details().into_iter().skip(1).chain(cell.excepted.clone());
    std::iter::once(first).chain(more.map(|line| format!("  - {}", code(&line)))).collect()
}

/// Shows text from outside literally. Code contains no mentions and no links, and character references are never
/// markup: CommonMark 0.31 §2.5, "Entity and numeric character references cannot be used in place of symbols indicating
/// structure".
fn code(text: &str) -> String {
    let mut code = "<code>".to_owned();
    for character in clipped(&terminal(text)).chars() {
        if character.is_alphanumeric() || character == ' ' {
            code.push(character);
        } else {
            let _ = write!(code, "&#{};", u32::from(character));
        }
    }
    code + "</code>"
}
