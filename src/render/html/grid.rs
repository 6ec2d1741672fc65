//! The grid of a page: a row for each image or release, a column for each requirement.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use crate::check::{Finding, ImageReport, Outcome, PlatformReport, Report, RequirementReport, Verdict};
use crate::render::escape::clipped_to;
use crate::render::label::label_of;

use super::page::{MOST_SHOWN, shown, word};

/// The most requirements that have a column.
pub(super) const MOST_COLUMNS: usize = 12;
/// The most characters of a reason that a cell shows.
const LONGEST: usize = 400;

/// The requirements that have a column, by their names.
pub(super) struct Columns<'a> {
    shown: Vec<&'a str>,
    /// How many have none.
    more: usize,
}

impl<'a> Columns<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let mut seen = BTreeSet::new();
        let ids = report.images.iter().flat_map(|image| &image.requirements).map(|requirement| requirement.id.as_str());
        let mut shown: Vec<&str> = ids.filter(|id| seen.insert(*id)).collect();
        let more = shown.len().saturating_sub(MOST_COLUMNS);
        shown.truncate(MOST_COLUMNS);
        Self { shown, more }
    }

    pub(super) fn heads(&self) -> Markup {
        html! {
            @for id in &self.shown { th scope="col" { (shown(id)) } }
            @if self.more > 0 { th scope="col" { "Others" } }
        }
    }
}

/// A row: its image, what it is called there, and its number if the reasons of the image are shown.
pub(super) struct Row<'a> {
    pub(super) image: &'a ImageReport,
    pub(super) name: String,
    pub(super) number: Option<usize>,
}

impl Row<'_> {
    /// Writes it, with these cells behind those of the requirements.
    pub(super) fn write(&self, columns: &Columns<'_>, more: &Markup) -> Markup {
        let Self { image, name, number } = self;
        let find = |id: &str| image.requirements.iter().find(|requirement| requirement.id == id);
        let others = image.requirements.iter().filter(|one| !columns.shown.contains(&one.id.as_str()));
        html! {
            tr data-is=(image.verdict.as_str()) data-name=(shown(&label_of(image))) {
                th scope="row" {
                    @match number {
                        Some(number) => a href={ "#image-" (number) } { (name) },
                        None => (name),
                    }
                }
                td data-label="Verdict" { (word(image.verdict)) }
                @for id in &columns.shown {
                    td data-label=(shown(id)) {
                        @match find(id) {
                            Some(requirement) => (self.cell(requirement)),
                            None => span.soft { "not required" },
                        }
                    }
                }
                @if columns.more > 0 {
                    td data-label="Others" {
                        ul { @for one in others.take(MOST_SHOWN) { li { (shown(&one.id)) ": " (self.cell(one)) } } }
                    }
                }
                (more)
            }
        }
    }

    /// What became of a requirement, and for which platforms it is otherwise. Its reason shows where it is pointed at.
    fn cell(&self, requirement: &RequirementReport) -> Markup {
        let of_platform = |platform: &PlatformReport| platform.requirements.get(&requirement.id).copied();
        let platforms = &self.image.platforms;
        let verdicts: BTreeSet<Verdict> = platforms.iter().filter_map(of_platform).collect();
        let verdict = requirement.verdict.as_str();
        let find = |is: fn(&Finding) -> bool| requirement.findings.iter().find(|finding| is(finding));
        let reason = find(Finding::is_blocking).or_else(|| find(|finding| finding.outcome == Outcome::Skip));
        let reason = reason.filter(|_| requirement.verdict != Verdict::Verified);
        html! {
            @match (self.number, reason) {
                (Some(number), Some(reason)) => a class={ "verdict small " (verdict) } href={ "#image-" (number) } {
                    (verdict)
                    span.why { " Reason: " (clipped_to(LONGEST, &reason.in_one_line())) }
                },
                _ => span class={ "verdict small " (verdict) } { (verdict) },
            }
            @if requirement.counting().is_none() { " " span.soft { "(excepted)" } }
            @if verdicts.len() > 1 {
                ul { @for platform in platforms.iter().take(MOST_SHOWN) {
                    @if let Some(verdict) = of_platform(platform) {
                        li { (shown(name_of(platform))) ": " (verdict.as_str()) }
                    }
                } }
            }
        }
    }
}

pub(super) fn name_of(platform: &PlatformReport) -> &str {
    platform.platform.as_deref().unwrap_or(&platform.digest)
}

/// How many of these images there are of each verdict, the worst first.
pub(super) fn counts<'a>(images: impl Iterator<Item = &'a ImageReport>) -> BTreeMap<Verdict, usize> {
    let mut counts = BTreeMap::new();
    images.for_each(|image| *counts.entry(image.verdict).or_default() += 1);
    counts
}
