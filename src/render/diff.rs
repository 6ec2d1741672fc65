//! Two images beside each other: for people, and as Markdown for the notes of a release.
//!
//! Both formats show the same sections. Signers and authors of SBOMs chose most of the texts, so each is escaped.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::check::{
    Changes, DiffReport, Fact, FactReport, LicenseChange, PackageChange, SideReport, ValueChange, Verdict,
    VulnerabilityChange,
};

use super::escape::{clipped_to, code};
use super::lines::Lines;
use super::parts::{Detail, headline};

/// The most rows of a section.
const MOST: usize = 100;
/// The most characters of a cell.
const LONGEST: usize = 300;

/// A list with a title.
struct Section {
    title: String,
    columns: &'static [&'static str],
    /// As many cells as there are columns.
    rows: Vec<Vec<String>>,
    more: usize,
}

impl Section {
    fn of<T>(title: &str, columns: &'static [&'static str], all: &Changes<T>, row: impl Fn(&T) -> Vec<String>) -> Self {
        let rows: Vec<Vec<String>> = all.listed.iter().take(MOST).map(row).collect();
        let count = all.listed.len() + all.more;
        Self { title: format!("{title}: {count}"), columns, more: count - rows.len(), rows }
    }
}

/// What changed, beginning with what matters most. Sections without a row are left out.
fn sections(diff: &DiffReport) -> Vec<Section> {
    let said = |one: &crate::check::Difference| vec![one.direction.to_string(), one.in_words()];
    let differences = Changes { listed: diff.differences.iter().map(said).collect(), more: 0 };
    let mut all = vec![Section::of("differences", &["effect", "difference"], &differences, Vec::clone)];
    let (same, changed): (Vec<Row<'_>>, Vec<Row<'_>>) = rows(&diff.facts).into_iter().partition(Row::is_same);
    let changed = Changes { listed: changed, more: 0 };
    all.push(Section::of("facts that differ", &["fact", "old", "new"], &changed, |row| {
        vec![row.name(), joined(row.old), joined(row.new)]
    }));
    let same = Changes { listed: same, more: 0 };
    all.push(Section::of("facts of both", &["fact", "value"], &same, |row| vec![row.name(), joined(row.new)]));
    all.push(Section::of("build parameters", &["parameter", "old", "new"], &diff.parameters, value));
    all.push(Section::of("build inputs and base images", &["input", "old", "new"], &diff.inputs, value));
    all.extend(
        diff.packages
            .iter()
            .map(|packages| Section::of("packages", &["effect", "package", "old", "new"], packages, package)),
    );
    all.extend(
        diff.licenses
            .iter()
            .map(|licenses| Section::of("licences that appeared", &["licence", "packages"], licenses, license)),
    );
    let columns = &["effect", "severity", "vulnerability", "package", "known by"];
    all.push(Section::of("vulnerabilities", columns, &diff.vulnerabilities, vulnerability));
    all.retain(|section| !section.rows.is_empty());
    all
}

/// A fact with all kinds of evidence that say the same of it.
pub(super) struct Row<'a> {
    fact: Fact,
    kinds: Vec<&'a str>,
    pub(super) old: &'a [String],
    pub(super) new: &'a [String],
}

/// Facts for which both sides have evidence. A lost or new kind of evidence is a difference by itself, so it is not repeated for
/// each fact.
pub(super) fn rows(facts: &[FactReport]) -> Vec<Row<'_>> {
    let has = |kind: &str, of: fn(&FactReport) -> &Vec<String>| {
        facts.iter().any(|fact| fact.kind == kind && !of(fact).is_empty())
    };
    let mut all: Vec<Row<'_>> = Vec::new();
    for FactReport { kind, fact, old, new } in facts {
        if !has(kind, |fact| &fact.old) || !has(kind, |fact| &fact.new) {
            continue;
        }
        match all.iter_mut().find(|row| row.fact == *fact && row.old == old && row.new == new) {
            Some(row) => row.kinds.push(kind),
            None => all.push(Row { fact: *fact, kinds: vec![kind], old, new }),
        }
    }
    all
}

impl Row<'_> {
    pub(super) fn is_same(&self) -> bool {
        self.old == self.new
    }

    pub(super) fn name(&self) -> String {
        let fact = self.fact.as_str().replace('-', " ");
        // Only a provenance says where and how it was built, and only an SBOM lists packages.
        let is_of_all = matches!(self.fact, Fact::Signer | Fact::Issuer | Fact::TrustDomain | Fact::Signed);
        if is_of_all { format!("{fact} ({})", self.kinds.join(", ")) } else { fact }
    }
}

/// Joins values into one cell. A dash means that no counted evidence has a value.
fn joined(values: &[String]) -> String {
    if values.is_empty() { "–".to_owned() } else { values.join(", ") }
}

/// The name of a value, as people see it.
pub(super) fn name_of(change: &ValueChange) -> &str {
    if change.name.is_empty() { "/" } else { &change.name }
}

fn value(change: &ValueChange) -> Vec<String> {
    vec![name_of(change).to_owned(), joined(&change.old), joined(&change.new)]
}

/// The name of a package, with the platforms on which it changed.
pub(super) fn package_of(change: &PackageChange) -> String {
    let on = if change.platforms.is_empty() { String::new() } else { format!(" on {}", change.platforms.join(", ")) };
    format!("{}{on}", change.name)
}

/// The versions of a package; `no version` stands for an entry without one.
pub(super) fn versions(all: &[String]) -> Vec<String> {
    let version = |text: &String| if text.is_empty() { "no version".to_owned() } else { text.clone() };
    all.iter().map(version).collect()
}

fn package(change: &PackageChange) -> Vec<String> {
    let versions = |all| joined(&versions(all));
    vec![change.effect.to_string(), package_of(change), versions(&change.old), versions(&change.new)]
}

/// The packages that have a licence.
pub(super) fn packages_of(change: &LicenseChange) -> String {
    let more = change.packages.saturating_sub(change.first.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", change.first.join(", "))
}

fn license(change: &LicenseChange) -> Vec<String> {
    vec![change.license.clone(), packages_of(change)]
}

fn vulnerability(change: &VulnerabilityChange) -> Vec<String> {
    let text = |text: &Option<String>, none: &str| text.clone().unwrap_or_else(|| none.to_owned());
    let severity = text(&change.severity, "unknown");
    vec![
        change.effect.to_string(),
        severity,
        change.id.clone(),
        text(&change.package, "–"),
        change.known_by.to_string(),
    ]
}

/// What stands below the sections.
pub(super) fn notes(diff: &DiffReport) -> Vec<String> {
    let mut all = Vec::new();
    if diff.old.digest.is_some() && diff.old.digest == diff.new.digest {
        all.push("both are the same image".to_owned());
    } else if diff.differences.is_empty() && diff.verdict == Verdict::Verified {
        all.push("nothing that is verified is weaker, stronger or of another maker".to_owned());
    }
    all.extend(diff.not_compared.iter().map(|one| format!("not compared: {}: {}", one.what, one.why)));
    all
}

pub(super) const HISTORY: &str = "whether one commit follows the other is not checked";

/// Describes one side: a line with its reference and reason, and the notes that limit it.
fn about(side: &SideReport) -> Vec<String> {
    let reference = match side.digest.as_deref() {
        Some(digest) if !side.reference.ends_with(digest) => format!("{} @ {digest}", side.reference),
        _ => side.reference.clone(),
    };
    let reason = side.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let mut all = vec![format!("{reference}{reason}")];
    all.extend(side.report.iter().map(|file| format!("as the report {file} says; it was not judged now")));
    all.extend((side.set_aside > 0).then(|| {
        format!(
            "attached and not compared, as it does not verify or no signer of the policy signed it: {}",
            side.set_aside
        )
    }));
    all
}

/// Writes it for people.
pub(super) fn text(diff: &DiffReport, detail: Detail, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = Lines::new(out, detail.width);
    for (label, side) in [("old", &diff.old), ("new", &diff.new)] {
        let label = format!("{label}  {:<15}  ", headline(side.verdict));
        let about = about(side);
        for (place, line) in about.iter().take(if detail.quiet { 1 } else { about.len() }).enumerate() {
            lines.write("", if place == 0 { &label } else { "     " }, &clipped_to(LONGEST * 4, line))?;
        }
    }
    if detail.quiet {
        return Ok(());
    }
    for section in sections(diff) {
        lines.raw("")?;
        lines.write("", "", &section.title)?;
        let cells = |row: &[String]| row.iter().map(|cell| clipped_to(LONGEST, cell)).collect::<Vec<_>>();
        let rows: Vec<Vec<String>> = section.rows.iter().map(|row| cells(row)).collect();
        let widths: Vec<usize> = (0..section.columns.len())
            .map(|place| rows.iter().map(|row| row[place].chars().count()).max().unwrap_or_default().min(40))
            .collect();
        for row in &rows {
            // Old and new stand beside each other, and what comes first in columns.
            let values = if section.columns.ends_with(&["old", "new"]) { 2 } else { 1 };
            let (first, last) = row.split_at(row.len() - values);
            let label: Vec<String> =
                first.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}  ")).collect();
            let label = label.concat();
            lines.write("  ", &label, &last.join(" → "))?;
        }
        if section.more > 0 {
            lines.write("  ", "", &format!("and {} more: `--output json` has them", section.more))?;
        }
    }
    if let Some(address) = &diff.compare_url {
        lines.raw("")?;
        lines.write("", "source  ", address)?;
        lines.write("        ", "", HISTORY)?;
    }
    let notes = notes(diff);
    if !notes.is_empty() {
        lines.raw("")?;
    }
    notes.iter().try_for_each(|note| lines.write("", "", &clipped_to(LONGEST * 4, note)))
}

/// Writes it for the notes of a release.
pub(super) fn markdown(diff: &DiffReport, out: &mut dyn Write) -> io::Result<()> {
    let mut text = format!("## Changes of verified evidence: {}\n\n", diff.verdict);
    for (label, side) in [("Old", &diff.old), ("New", &diff.new)] {
        let about: Vec<String> = about(side).iter().map(|line| code(line)).collect();
        let _ = writeln!(text, "- {label}, {}: {}", side.verdict, about.join("<br>"));
    }
    if let Some(address) = &diff.compare_url {
        // Of letters, digits and `._-/` alone.
        let _ = writeln!(text, "- Source: <{address}> ({HISTORY})");
    }
    for note in notes(diff) {
        let _ = writeln!(text, "- {}", code(&note));
    }
    for section in sections(diff) {
        let is_folded = section.rows.len() > 10;
        let title = capital(&section.title);
        let _ = if is_folded {
            writeln!(text, "\n<details><summary>{title}</summary>\n")
        } else {
            writeln!(text, "\n### {title}\n")
        };
        let _ = writeln!(text, "| {} |\n|{}", section.columns.join(" | "), "---|".repeat(section.columns.len()));
        for row in &section.rows {
            let cells: Vec<String> = row.iter().map(|cell| code(&clipped_to(LONGEST, cell))).collect();
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        if section.more > 0 {
            let _ = writeln!(text, "\n{} more are not shown.", section.more);
        }
        if is_folded {
            text.push_str("\n</details>\n");
        }
    }
    out.write_all(text.as_bytes())
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
