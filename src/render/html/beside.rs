//! A page that compares two images: first the verdict, then the differences, then the equal facts, folded.

use maud::{Markup, html};

use crate::check::{Changes, DiffReport, Direction, Fact, PackageEffect, SideReport, ValueChange, VulnerabilityEffect};
use crate::render::diff::{HISTORY, Row, capital, name_of, notes, package_of, packages_of, rows, versions};
use crate::render::escape::clipped_to;

use super::page::{Filter, Page, Tone, code, shown, word};

/// The most rows of a part, and the most characters of a value.
const MOST: usize = 2000;
const LONGEST: usize = 500;
/// A part with more rows is folded.
const MOST_OPEN: usize = 50;

/// One change.
struct Line {
    tone: Tone,
    /// What became of it, in one word.
    effect: &'static str,
    what: String,
    /// The values of each further column.
    values: Vec<Vec<String>>,
}

impl Line {
    fn new<const N: usize>(
        (tone, effect): (Tone, &'static str),
        what: impl Into<String>,
        values: [&[String]; N],
    ) -> Self {
        Self { tone, effect, what: what.into(), values: values.map(<[String]>::to_vec).into() }
    }
}

/// Changes of one kind.
struct Part {
    id: &'static str,
    title: &'static str,
    /// What the rows are about, and then their values.
    columns: &'static [&'static str],
    lines: Vec<Line>,
    count: usize,
}

impl Part {
    fn of<T>(
        (id, title): (&'static str, &'static str),
        columns: &'static [&'static str],
        all: &Changes<T>,
        line: impl Fn(&T) -> Line,
    ) -> Self {
        let lines = all.listed.iter().take(MOST).map(line).collect();
        Self { id, title, columns, lines, count: all.listed.len() + all.more }
    }
}

const CHANGED: (Tone, &str) = (Tone::Plain, "changed");
const BOTH: [&str; 2] = ["Old", "New"];

fn whole<T>(listed: Vec<T>) -> Changes<T> {
    Changes { listed, more: 0 }
}

/// What changed, beginning with what matters most. Parts without a row are left out.
fn parts(diff: &DiffReport) -> Vec<Part> {
    let changed: Vec<Row<'_>> = rows(&diff.facts).into_iter().filter(|row| !row.is_same()).collect();
    let mut parts = vec![
        Part::of(
            ("differences", "Weaker, different and stronger"),
            &["What", BOTH[0], BOTH[1]],
            &whole(diff.differences.clone()),
            |one| {
                let list = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
                let effect = (Tone::of(one.direction), one.direction.as_str());
                Line::new(effect, one.what(), [&list(&one.old), &list(&one.new)])
            },
        ),
        Part::of(("facts", "Facts that differ"), &["Fact", BOTH[0], BOTH[1]], &whole(changed), |row| {
            Line::new(CHANGED, row.name(), [row.old, row.new])
        }),
        Part::of(("parameters", "Build parameters"), &["Parameter", BOTH[0], BOTH[1]], &diff.parameters, value),
        Part::of(("inputs", "Build inputs and base images"), &["Input", BOTH[0], BOTH[1]], &diff.inputs, value),
    ];
    parts.extend(diff.packages.iter().map(|packages| {
        Part::of(("packages", "Packages"), &["Package", BOTH[0], BOTH[1]], packages, |one| {
            let effect = (Tone::of_package(one.effect), one.effect.as_str());
            Line::new(effect, package_of(one), [&versions(&one.old), &versions(&one.new)])
        })
    }));
    parts.extend(diff.licenses.iter().map(|licenses| {
        Part::of(("licences", "Licences that appeared"), &["Licence", "Packages"], licenses, |one| {
            Line::new((Tone::Careful, VulnerabilityEffect::Appeared.as_str()), &one.license, [&[packages_of(one)]])
        })
    }));
    let columns = &["Vulnerability", "Severity", "Package", "Known by"];
    parts.push(Part::of(("vulnerabilities", "Vulnerabilities"), columns, &diff.vulnerabilities, |one| {
        let effect = (Tone::of_vulnerability(one.effect), one.effect.as_str());
        let severity = one.severity.clone().unwrap_or_else(|| "unknown".to_owned());
        let package: Vec<String> = one.package.iter().cloned().collect();
        Line::new(effect, &one.id, [&[severity], &package, &[one.known_by.to_string()]])
    }));
    parts.retain(|part| !part.lines.is_empty());
    parts
}

fn value(change: &ValueChange) -> Line {
    let effect = match (change.old.is_empty(), change.new.is_empty()) {
        (true, false) => PackageEffect::Added,
        (false, true) => PackageEffect::Removed,
        _ => PackageEffect::Changed,
    };
    Line::new((Tone::Plain, effect.as_str()), name_of(change), [&change.old, &change.new])
}

pub(super) fn page(diff: &DiffReport) -> Markup {
    let parts = parts(diff);
    let main = html! {
        section aria-labelledby="sides" { (sides(diff)) }
        section aria-labelledby="changes" { (changes(diff, &parts)) }
    };
    Page {
        title: format!("Comparison: {}", diff.verdict),
        skip: ("changes", "what changed"),
        header: head(diff),
        main,
        footer: foot(diff),
    }
    .write()
}

fn head(diff: &DiffReport) -> Markup {
    let directions = [Direction::Weaker, Direction::Different, Direction::Stronger];
    let count = |direction| diff.differences.iter().filter(|one| one.direction == direction).count();
    let counts: Vec<(Direction, usize)> =
        directions.map(|direction| (direction, count(direction))).into_iter().filter(|(_, count)| *count > 0).collect();
    html! {
        h1 { "Comparison: " (word(diff.verdict)) }
        @if !counts.is_empty() {
            ul.counts aria-label="Differences in verified facts" {
                @for (direction, count) in &counts {
                    li { span class=(Tone::of(*direction).class()) { (count) " " (direction.as_str()) } }
                }
            }
        }
        p { "The verdict is the worse one of both images. Differences do not change it." }
        @for note in notes(diff) { p { (shown(&capital(&note))) "." } }
    }
}

/// Both images, beside each other.
fn sides(diff: &DiffReport) -> Markup {
    let both = [&diff.old, &diff.new];
    let row = |name: &str, cell: &dyn Fn(&SideReport) -> Markup| {
        html! {
            tr {
                th scope="row" { (name) }
                @for (side, name) in both.iter().zip(BOTH) { td data-label=(name) { (cell(side)) } }
            }
        }
    };
    let has = |is: fn(&SideReport) -> bool| both.iter().any(|side| is(side));
    html! {
        h2 #sides { "Both images" }
        table.sides {
            thead { tr { th scope="col" { "About" } @for name in BOTH { th scope="col" { (name) } } } }
            tbody {
                (row("Image", &|side| code(&side.reference)))
                (row("Verdict", &|side| html! {
                    (word(side.verdict))
                    @if let Some(reason) = &side.reason { p { (shown(reason)) } }
                }))
                (row("Digest", &|side| side.digest.as_deref().map_or_else(none, code)))
                @if has(|side| side.report.is_some()) {
                    (row("Judged", &|side| html! {
                        @if let Some(file) = &side.report { "not now: as the report " (code(file)) " says" } @else { "in this run" }
                    }))
                }
                @if has(|side| side.set_aside > 0) {
                    (row("Attached and not compared, as it does not verify or no signer of the policy signed it", &|side| {
                        html! { (side.set_aside) }
                    }))
                }
                @if has(|side| !side.read_in_full) {
                    (row("Everything that is attached was read", &|side| html! { (if side.read_in_full { "yes" } else { "no" }) }))
                }
            }
        }
    }
}

fn none() -> Markup {
    html! { span.soft { "none" } }
}

fn changes(diff: &DiffReport, parts: &[Part]) -> Markup {
    let mut kinds: Vec<&str> = Vec::new();
    for line in parts.iter().flat_map(|part| &part.lines) {
        if !kinds.contains(&line.effect) {
            kinds.push(line.effect);
        }
    }
    let same: Vec<Row<'_>> = rows(&diff.facts).into_iter().filter(Row::is_same).collect();
    if !same.is_empty() {
        kinds.push(EQUAL);
    }
    let unchanged = unchanged(diff);
    html! {
        h2 #changes { "What changed" }
        @if let Some(address) = &diff.compare_url { p { "Source: " (code(address)) " (" (HISTORY) ")" } }
        @if !kinds.is_empty() { (Filter { noun: "Row", asks: "Change", kinds: &kinds }.write()) }
        @for part in parts { (written(part)) }
        @if parts.is_empty() { p { "Nothing that was compared differs." } }
        @if !unchanged.is_empty() { p.soft { "Without a change: " (unchanged.join(", ")) "." } }
        @if !same.is_empty() { (equal(&same)) }
    }
}

const EQUAL: &str = "equal";

/// What both sides have, and have alike.
fn unchanged(diff: &DiffReport) -> Vec<&'static str> {
    let are_built =
        diff.facts.iter().any(|one| one.fact == Fact::Builder && !one.old.is_empty() && !one.new.is_empty());
    let is_none = |count: Option<usize>| count == Some(0);
    let of_both = [
        ("build parameters", are_built && diff.parameters.listed.is_empty()),
        ("build inputs and base images", are_built && diff.inputs.listed.is_empty()),
        ("packages", is_none(diff.packages.as_ref().map(|all| all.listed.len()))),
        ("licences", is_none(diff.licenses.as_ref().map(|all| all.listed.len()))),
    ];
    of_both.into_iter().filter(|(_, is_same)| *is_same).map(|(name, _)| name).collect()
}

fn written(part: &Part) -> Markup {
    let Part { id, title, columns, lines, count } = part;
    let mut effects: Vec<(&str, usize)> = Vec::new();
    for line in lines {
        match effects.iter_mut().find(|(effect, _)| *effect == line.effect) {
            Some((_, count)) => *count += 1,
            None => effects.push((line.effect, 1)),
        }
    }
    html! {
        details.part data-group open[lines.len() <= MOST_OPEN] {
            summary {
                h3 id=(id) { (title) ": " (count) }
                @if effects.len() > 1 && lines.len() == *count {
                    span.soft { @for (effect, count) in &effects { " · " (count) " " (effect) } }
                }
            }
            table aria-labelledby=(id) {
                thead { tr {
                    th scope="col" { "Change" }
                    @for column in *columns { th scope="col" { (column) } }
                } }
                tbody { @for line in lines { (row(line, &columns[1..])) } }
            }
            @if lines.len() < *count {
                p.soft { "and " (count - lines.len()) " more: see the report in another format" }
            }
        }
    }
}

fn row(line: &Line, columns: &[&str]) -> Markup {
    html! {
        tr data-is=(line.effect) {
            td data-label="Change" { span class=(line.tone.class()) { (line.effect) } }
            th scope="row" { (clipped_to(LONGEST, &line.what)) }
            @for (values, column) in line.values.iter().zip(columns) { td data-label=(column) { (list(values)) } }
        }
    }
}

/// The values of one side: nothing where nothing that counts says it.
fn list(values: &[String]) -> Markup {
    let code = |value: &String| html! { code { (clipped_to(LONGEST, value)) } };
    html! {
        @match values {
            [] => (none()),
            [only] => (code(only)),
            several => ul { @for value in several { li { (code(value)) } } },
        }
    }
}

/// What both say alike.
fn equal(same: &[Row<'_>]) -> Markup {
    html! {
        details.part data-group {
            summary { h3 #equal { "Facts that are equal: " (same.len()) } }
            table aria-labelledby="equal" {
                thead { tr { th scope="col" { "Fact" } th scope="col" { "Old and new" } } }
                tbody { @for row in same {
                    tr data-is=(EQUAL) {
                        th scope="row" { (clipped_to(LONGEST, &row.name())) }
                        td data-label="Old and new" { (list(row.new)) }
                    }
                } }
            }
        }
    }
}

fn foot(diff: &DiffReport) -> Markup {
    html! {
        h2 { "About this run" }
        dl {
            dt { "program" } dd { (diff.tool.name) " " (diff.tool.version) }
            @if let Some(policy) = &diff.policy {
                dt { "policy" } dd { (shown(&policy.source)) " " (code(&format!("sha256:{}", policy.sha256))) }
            }
        }
    }
}
