//! The releases of audited repositories over time: each line of versions by itself, the newest first, with what changed from one
//! release to the next.

use std::collections::BTreeMap;

use jiff::Timestamp;
use maud::{Markup, html};

use crate::check::{Direction, ImageReport, Report};
use crate::render::drift::{self, Change};
use crate::render::escape::clipped_to;
use crate::render::label::label;

use super::grid::{Columns, Row, counts};
use super::page::{MOST_SHOWN, Tone, code, more, shown};

/// With more releases than these, older lines are folded.
const MOST_OPEN: usize = 50;
/// The most changes that a row tells, and the most characters of one.
const MOST_TOLD: usize = 5;
const LONGEST: usize = 200;

/// The releases of one line of a repository, in their order, by their places in the report.
struct Line<'a> {
    repository: &'a str,
    name: Option<String>,
    releases: Vec<(usize, &'a ImageReport)>,
}

/// Returns the line of a tag: `1.4` for `v1.4.2-rc.1`, `1` for `1.4`. A tag that is not a version, or a single number, has none.
fn line_of(tag: &str) -> Option<String> {
    let number = tag.strip_prefix(['v', 'V']).unwrap_or(tag);
    let parts: Vec<&str> = number.split(['-', '+']).next().unwrap_or_default().split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !parts.iter().all(is_number) {
        return None;
    }
    match parts.as_slice() {
        [major, minor, _, ..] => Some(format!("{major}.{minor}")),
        [major, _] => Some((*major).to_owned()),
        _ => None,
    }
}

/// The repository of a release, and the tag that it is named by.
fn parts_of(image: &ImageReport) -> (&str, Option<&str>) {
    let named = || {
        let tag = image.tags.first()?;
        Some((image.reference.strip_suffix(tag.as_str())?.strip_suffix(':')?, tag.as_str()))
    };
    named().map_or(("", None), |(repository, tag)| (repository, Some(tag)))
}

/// The lines of each repository, in the order in which they come first.
fn lines(images: &[ImageReport]) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut places: BTreeMap<(&str, Option<String>), usize> = BTreeMap::new();
    for (number, image) in images.iter().enumerate() {
        let (repository, tag) = parts_of(image);
        let name = tag.and_then(line_of);
        let place = *places.entry((repository, name.clone())).or_insert_with(|| {
            lines.push(Line { repository, name, releases: Vec::new() });
            lines.len() - 1
        });
        lines[place].releases.push((number, image));
    }
    // The lines of a repository stand together, as its images do in a report of one run.
    let mut order: BTreeMap<&str, usize> = BTreeMap::new();
    for line in &lines {
        let next = order.len();
        order.entry(line.repository).or_insert(next);
    }
    lines.sort_by_key(|line| order[line.repository]);
    lines
}

/// What changed in each release, by its name.
type Changes<'a> = BTreeMap<&'a str, (usize, Change<'a>)>;

/// Writes the grid of each line. `is_explained` tells whether an image's reasons are shown.
pub(super) fn releases(report: &Report, columns: &Columns<'_>, is_explained: &dyn Fn(usize) -> bool) -> Markup {
    let changes: Changes<'_> =
        drift::changes(report).enumerate().map(|(place, one)| (one.drift.release.as_str(), (place, one))).collect();
    let listed = listed(report);
    let lines = lines(&report.images);
    let is_small = report.images.len() <= MOST_OPEN;
    html! {
        @for (place, line) in lines.iter().enumerate() {
            @let is_first = place == 0 || lines[place - 1].repository != line.repository;
            @if is_first && !line.repository.is_empty() { h3 { (code(line.repository)) } }
            details.line data-group open[is_small || is_first && line.releases.len() <= MOST_OPEN] {
                summary { (summary(line, &changes)) }
                table.grid.wide {
                    thead { tr {
                        th scope="col" { "Release" }
                        th scope="col" { "Verdict" }
                        (columns.heads())
                        th scope="col" { "Signed" }
                        th scope="col" { "Since the release before" }
                    } }
                    tbody {
                        @for (number, image) in &line.releases {
                            @let tag = parts_of(image).1.unwrap_or(&image.reference);
                            (Row {
                                image,
                                name: shown(&label(tag, &image.tags)),
                                number: Some(*number).filter(|number| is_explained(*number)),
                            }.write(columns, &html! {
                                td data-label="Signed" { (date(image)) }
                                td data-label="Since the release before" {
                                    @if let Some((place, change)) = changes.get(image.reference.as_str()) {
                                        (mark(change, Some(*place).filter(|place| *place < listed)))
                                    } @else { span.soft { "–" } }
                                }
                            }))
                        }
                    }
                }
            }
        }
    }
}

fn summary(line: &Line<'_>, changes: &Changes<'_>) -> Markup {
    let images = || line.releases.iter().map(|(_, image)| *image);
    let differ = images().filter(|image| changes.contains_key(image.reference.as_str())).count();
    html! {
        h4 { @match &line.name { Some(name) => (name), None => "Other tags" } }
        " " span.soft { (line.releases.len()) @if line.releases.len() == 1 { " release" } @else { " releases" } }
        @for (verdict, count) in counts(images()) {
            " " span class={ "verdict small " (verdict.as_str()) } { (count) " " (verdict.as_str()) }
        }
        @if differ > 0 { " " span.soft { (differ) " changed" } }
    }
}

/// When it was signed first: as a party says that the run trusts.
fn date(image: &ImageReport) -> Markup {
    let counted = image.candidates.iter().filter(|one| one.accepted);
    let first: Option<Timestamp> = counted.flat_map(|one| &one.timestamps).map(|stamp| stamp.time).min();
    html! {
        @match first {
            Some(time) => (time.strftime("%Y-%m-%d").to_string()),
            None => span.soft { "unknown" },
        }
    }
}

const DIRECTIONS: [Direction; 3] = [Direction::Weaker, Direction::Different, Direction::Stronger];

/// How a release differs from the one before, with the differences where it is pointed at.
fn mark(change: &Change<'_>, place: Option<usize>) -> Markup {
    let all = &change.drift.differences;
    let count = |direction| all.iter().filter(|one| one.direction == direction).count();
    let of_each = DIRECTIONS.map(|direction| (direction, count(direction))).into_iter().filter(|(_, count)| *count > 0);
    let marks = html! {
        @for (direction, count) in of_each {
            span class=(Tone::of(direction).class()) { (count) " " (direction.as_str()) } " "
        }
        span.why {
            "after " (clipped_to(LONGEST, change.after())) ": "
            @for line in change.lines().take(MOST_TOLD) { (clipped_to(LONGEST, &line)) ". " }
            @if all.len() > MOST_TOLD { "And " (all.len() - MOST_TOLD) " more." }
        }
    };
    html! {
        @match place {
            Some(place) => a.mark href={ "#change-" (place) } { (marks) },
            None => (marks),
        }
    }
}

/// How many changes are listed whole or in part.
fn listed(report: &Report) -> usize {
    let mut room = MOST_SHOWN;
    drift::changes(report)
        .take_while(|change| {
            let has_room = room > 0;
            room = room.saturating_sub(change.drift.differences.len());
            has_room
        })
        .count()
}

/// What changed from one release to the next, side by side.
pub(super) fn changes(report: &Report) -> Markup {
    let nothing = || html! { span.soft { "none" } };
    let value = |value: Option<&str>| value.map_or_else(nothing, code);
    let rows = drift::changes(report).enumerate().flat_map(|(place, change)| {
        let Change { repository, drift } = change;
        drift
            .differences
            .iter()
            .enumerate()
            .map(move |(number, one)| (Some(place).filter(|_| number == 0), Change { repository, drift }, one))
    });
    html! {
        section aria-labelledby="changes" {
            h2 #changes { "Changes from one release to the next" }
            p.soft { "They reject nothing." }
            table {
                thead { tr {
                    th scope="col" { "Release" }
                    th scope="col" { "After" }
                    th scope="col" { "Effect" }
                    th scope="col" { "Change" }
                    th scope="col" { "Before" }
                    th scope="col" { "Now" }
                } }
                tbody {
                    @for (first, change, one) in rows.take(MOST_SHOWN) {
                        tr id=[first.map(|place| format!("change-{place}"))] {
                            th scope="row" { (code(&format!("{}:{}", change.repository.repository, change.release()))) }
                            td data-label="After" { (code(change.after())) }
                            td data-label="Effect" { span class=(Tone::of(one.direction).class()) { (one.direction.as_str()) } }
                            td data-label="Change" { (shown(&one.what())) }
                            td data-label="Before" { (value(one.old.as_deref())) }
                            td data-label="Now" { (value(one.new.as_deref())) }
                        }
                    }
                }
            }
            (more(drift::differences(report).count()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_of_a_minor_version_are_one_line() {
        let lines = ["v1.4.2-rc.1", "1.4.0", "2026.11.3+x", "1.4", "1", "latest", "1.x.2", ""].map(line_of);
        let expected = [Some("1.4"), Some("1.4"), Some("2026.11"), Some("1"), None, None, None, None];
        assert_eq!(lines.each_ref().map(Option::as_deref), expected);
    }
}
