//! HTML: one file for a browser, with everything in it. The verdict comes first, then a row for each image, then the evidence, folded.
//!
//! Two images beside each other have a page of their own.

mod beside;
mod grid;
mod page;
mod releases;

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::check::{
    CandidateReport, Finding, GapReport, ImageReport, Outcome, Report, RepositoryReport, RequirementReport, SbomReport,
    Verdict,
};

use super::cells;
use super::drift;
use super::label::label_of;
use super::output::Output;
use super::parts::{Verification, about_advisories, about_left_out, about_roots, excepted};
use grid::{Columns, MOST_COLUMNS, Row, name_of};
use page::{Filter, MOST_SHOWN, Page, code, more, shown, word};

pub(super) const OUTPUT: Output = Output::new("html", "a page for a browser, in one file", |_, report, out| {
    out.write_all(page(report).into_string().as_bytes())
})
.for_bundles()
.for_audits()
.for_diffs(|diff, _, out| out.write_all(beside::page(diff).into_string().as_bytes()));

/// The most images whose evidence is shown, and the most that are explained without.
const MOST_WITH_EVIDENCE: usize = 50;
const MOST_EXPLAINED: usize = 2000;
/// With more failures than these, their reasons are folded.
const MOST_OPEN: usize = 5;

fn page(report: &Report) -> Markup {
    let columns = Columns::of(report);
    let explained = explained(report);
    let main = html! {
        @if !report.repositories.is_empty() { (repositories(&report.repositories)) }
        section aria-labelledby="images" { (images(report, &columns, &explained)) }
        @if drift::changes(report).next().is_some() { (releases::changes(report)) }
        section class=[(explained.len() > MOST_WITH_EVIDENCE).then_some("many")] aria-labelledby="reasons" {
            (reasons(report, &explained))
        }
    };
    Page {
        title: format!("Verification: {}", report.verdict),
        skip: ("images", "the images"),
        header: head(report),
        main,
        footer: foot(report),
    }
    .write()
}

fn head(report: &Report) -> Markup {
    let policy = &report.policy;
    html! {
        h1 { "Verification: " (word(report.verdict)) }
        ul.counts aria-label="Images by verdict" {
            @for (verdict, count) in report.counts().each() {
                li { span class={ "verdict small " (verdict.as_str()) } { (count) " " (verdict.as_str()) } }
            }
        }
        @if let Some(left_out) = about_left_out(report) { p { strong { (left_out) "." } } }
        p { "Judged by " (code(&policy.source)) ", " (report.started_at.strftime("%Y-%m-%d %H:%M UTC").to_string()) "." }
    }
}

/// The tags of the repositories of an audit.
fn repositories(repositories: &[RepositoryReport]) -> Markup {
    html! {
        section aria-labelledby="repositories" {
            h2 #repositories { "Repositories" }
            table {
                thead { tr {
                    th scope="col" { "Repository" }
                    th scope="col" { "Verdict" }
                    th scope="col" { "Tags" }
                    th scope="col" { "Digests" }
                    th scope="col" { "Not as expected" }
                } }
                tbody {
                    @for repository in repositories { (row_of_repository(repository)) }
                }
            }
        }
    }
}

fn row_of_repository(repository: &RepositoryReport) -> Markup {
    let cells = cells::of_repository(repository);
    let wrong: Vec<_> = cells.iter().filter(|cell| cell.verdict != Verdict::Verified).collect();
    html! {
        tr {
            th scope="row" { (code(&repository.repository)) }
            td data-label="Verdict" { (word(repository.verdict)) }
            td data-label="Tags" { (repository.tags.selected) " of " (repository.tags.listed) }
            td data-label="Digests" { (repository.digests) }
            td data-label="Not as expected" {
                @if wrong.is_empty() { "nothing" } @else {
                    ul {
                        @for cell in wrong.iter().take(MOST_SHOWN) {
                            li {
                                @if let Some(tag) = cell.part() { (code(tag)) " " }
                                @for line in cell.details() { (shown(&line)) ". " }
                            }
                        }
                    }
                    (more(wrong.len()))
                }
            }
        }
    }
}

const VERDICTS: [&str; 4] =
    [Verdict::Rejected.as_str(), Verdict::Undecided.as_str(), Verdict::Absent.as_str(), Verdict::Verified.as_str()];

/// The grid: a row for each image, or for each release of every line.
fn images(report: &Report, columns: &Columns<'_>, explained: &[(usize, &ImageReport)]) -> Markup {
    let linked: BTreeSet<usize> = explained.iter().map(|(number, _)| *number).collect();
    let is_linked = |number: usize| linked.contains(&number);
    let is_audit = !report.repositories.is_empty();
    let noun = if is_audit { "Release" } else { "Image" };
    html! {
        h2 #images { (noun) "s" }
        @if report.images.len() > 1 { (Filter { noun, asks: "Verdict", kinds: &VERDICTS }.write()) }
        @if is_audit { (releases::releases(report, columns, &is_linked)) } @else {
            table.grid {
                thead { tr {
                    th scope="col" { (noun) }
                    th scope="col" { "Verdict" }
                    (columns.heads())
                } }
                tbody {
                    @for (number, image) in report.images.iter().enumerate() {
                        (Row { image, name: shown(&label_of(image)), number: is_linked(number).then_some(number) }
                            .write(columns, &html! {}))
                    }
                }
            }
        }
    }
}

/// The images whose reasons are shown, by their numbers, the worst first: all of them, or of very many those that are not verified.
fn explained(report: &Report) -> Vec<(usize, &ImageReport)> {
    let is_small = report.images.len() <= MOST_WITH_EVIDENCE;
    let mut images: Vec<(usize, &ImageReport)> = report.images.iter().enumerate().collect();
    images.retain(|(_, image)| is_small || image.verdict != Verdict::Verified);
    images.sort_by_key(|(_, image)| image.verdict);
    images.truncate(MOST_EXPLAINED);
    images
}

fn reasons(report: &Report, explained: &[(usize, &ImageReport)]) -> Markup {
    let failed = explained.iter().filter(|(_, image)| image.verdict != Verdict::Verified).count();
    let is_open =
        |image: &ImageReport| explained.len() == 1 || image.verdict != Verdict::Verified && failed <= MOST_OPEN;
    let left = report.images.len() - explained.len();
    html! {
        h2 #reasons { "Reasons and evidence" }
        @for (place, (number, image)) in explained.iter().enumerate() {
            (details(*number, image, is_open(image), place < MOST_WITH_EVIDENCE))
        }
        @if left > 0 || explained.len() > MOST_WITH_EVIDENCE {
            p.soft {
                "The JSON report has the evidence of all images. Here are the reasons of " (explained.len()) " and the evidence of "
                (explained.len().min(MOST_WITH_EVIDENCE)) "."
            }
        }
    }
}

fn details(number: usize, image: &ImageReport, is_open: bool, has_evidence: bool) -> Markup {
    let name = shown(&label_of(image));
    html! {
        details.image open[is_open] data-is=(image.verdict.as_str()) data-name=(name) {
            summary { h3 { (name) } " " (word(image.verdict)) }
            div.inside id={ "image-" (number) } {
                dl {
                    @for (what, value) in [("digest", &image.digest), ("index", &image.index), ("pinned", &image.pinned)] {
                        @if let Some(value) = value { dt { (what) } dd { (code(value)) } }
                    }
                }
                @for finding in image.findings.iter().filter(|finding| finding.is_blocking()).take(MOST_SHOWN) {
                    (reason(finding))
                }
                @if image.platforms.len() > 1 { (platforms(image)) }
                @for requirement in image.requirements.iter().take(MOST_SHOWN) { (of_requirement(image, requirement)) }
                (more(image.requirements.len()))
                @if !image.gaps.is_empty() { (gaps(&image.gaps)) }
                @if has_evidence && !image.candidates.is_empty() { (evidence(&image.candidates)) }
            }
        }
    }
}

fn platforms(image: &ImageReport) -> Markup {
    let ids: Vec<&str> = image.requirements.iter().map(|one| one.id.as_str()).take(MOST_COLUMNS).collect();
    html! {
        table {
            thead { tr {
                th scope="col" { "Platform" }
                @for id in &ids { th scope="col" { (shown(id)) } }
            } }
            tbody { @for platform in image.platforms.iter().take(MOST_SHOWN) {
                tr {
                    th scope="row" { (shown(name_of(platform))) }
                    @for id in &ids {
                        td data-label=(shown(id)) {
                            @match platform.requirements.get(*id) {
                                Some(verdict) => span class={ "verdict small " (verdict.as_str()) } { (verdict.as_str()) },
                                None => span.soft { "not asked" },
                            }
                        }
                    }
                }
            } }
        }
        (more(image.platforms.len()))
    }
}

fn of_requirement(image: &ImageReport, requirement: &RequirementReport) -> Markup {
    let findings: Vec<&Finding> = requirement.findings.iter().collect();
    html! {
        h4 { (shown(&requirement.id)) " " (word(requirement.verdict)) }
        @if let Some(text) = excepted(requirement) { p { (shown(&text)) } }
        @if let Some(level) = requirement.build_level { p { "SLSA build level " (level) } }
        @for by in &requirement.satisfied_by {
            @if let Some(candidate) = image.candidates.iter().find(|candidate| candidate.id == *by) {
                p {
                    (shown(by))
                    @if let Some(signer) = &candidate.signer { ", signed by " (code(&signer.in_words())) }
                    @for line in Verification::of(requirement, candidate).in_words() { ", " (shown(&line)) }
                }
            }
        }
        @if requirement.verdict != Verdict::Verified {
            @for finding in findings.iter().take(MOST_SHOWN) { (reason(finding)) }
            (more(findings.len()))
        }
    }
}

/// A finding with what was expected and found, and what to do.
fn reason(finding: &Finding) -> Markup {
    html! {
        div.finding {
            p {
                strong { (shown(&finding.message)) }
                " " span.soft { (finding.check.as_str()) @if let Some(id) = &finding.candidate { ", " (shown(id)) } }
            }
            dl {
                @for (what, value) in [("expected", &finding.expected), ("found", &finding.found)] {
                    @if let Some(value) = value { dt { (what) } dd { (code(value)) } }
                }
                @if let Some(next) = &finding.next { dt { "next" } dd { (shown(next)) } }
            }
        }
    }
}

fn gaps(gaps: &[GapReport]) -> Markup {
    html! {
        h4 { "Could not be read" }
        ul { @for gap in gaps.iter().take(MOST_SHOWN) { li { (shown(&gap.what)) ": " (shown(&gap.in_words())) ". " (shown(&gap.next)) } } }
        (more(gaps.len()))
    }
}

fn evidence(candidates: &[CandidateReport]) -> Markup {
    html! {
        h4 { "Evidence" }
        @for candidate in candidates.iter().take(MOST_SHOWN) {
            details {
                summary { (shown(&candidate.id)) ": " (candidate.kind.as_str()) ", " (candidate.state().as_str()) }
                div.inside { (about(candidate)) }
            }
        }
        (more(candidates.len()))
    }
}

fn about(candidate: &CandidateReport) -> Markup {
    html! {
        dl {
            dt { "found in" } dd { (shown(&candidate.origin.place)) }
            dt { "digest" } dd { (code(&candidate.digest)) }
            dt { "attached to" } dd { (code(&candidate.subject)) }
            @if let Some(value) = &candidate.predicate_type { dt { "type" } dd { (code(value)) } }
            @if let Some(signer) = &candidate.signer { dt { "signed by" } dd { (code(&signer.in_words())) } }
            @for line in Verification::of_any(candidate).in_words() { dt { "signature" } dd { (shown(&line)) } }
            @for (what, text) in candidate.section.iter().flat_map(|section| section.shown().lines()) {
                dt { (what) } dd { (shown(&text)) }
            }
            @if let (Some(sbom), Some(known)) = (candidate.says::<SbomReport>(), &candidate.known_vulnerabilities) {
                dt { "advisories" } dd { (shown(&known.in_words(sbom.packages))) }
            }
            @if let Some(reason) = &candidate.reason { dt { "does not count" } dd { (shown(reason)) } }
        }
        @if !candidate.findings.is_empty() {
            table {
                thead { tr { th scope="col" { "Check" } th scope="col" { "Outcome" } th scope="col" { "Says" } } }
                tbody { @for finding in candidate.findings.iter().take(MOST_SHOWN) {
                    tr {
                        th scope="row" { (finding.check.as_str()) }
                        td data-label="Outcome" { (outcome(finding.outcome)) }
                        td data-label="Says" { (shown(&finding.message)) }
                    }
                } }
            }
            (more(candidate.findings.len()))
        }
    }
}

fn foot(report: &Report) -> Markup {
    let network = &report.network;
    html! {
        h2 { "About this run" }
        dl {
            dt { "program" } dd { (report.tool.name) " " (report.tool.version) }
            dt { "policy" } dd { (shown(&report.policy.source)) " " (code(&format!("sha256:{}", report.policy.sha256))) }
            @if let Some(verifier) = &report.verifier { dt { "verifier" } dd { (shown(verifier)) } }
            @for domain in &report.trust {
                dt { "trusted root" } dd { (shown(&domain.domain)) " " @if domain.source != domain.domain { "(" (shown(&domain.source)) ") " } (code(&format!("sha256:{}", domain.sha256))) }
            }
            dt { "network" } dd { (network.requests) " requests, " (network.bytes) " bytes" }
            @if !network.hosts.is_empty() { dt { "hosts" } dd { (shown(&network.hosts.join(", "))) } }
            @for variable in &report.environment {
                dt { "environment" } dd { (variable.name) " (" (variable.used_for.as_str()) ")" }
            }
        }
        @for line in about_roots(&report.trust) { p { (shown(&line)) } }
        @if let Some(known) = &report.advisories {
            @for line in about_advisories(known, true) { p { (shown(&line)) } }
        }
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Fail => "fail",
        Outcome::Skip => "skip",
        Outcome::Error => "error",
    }
}
