//! SARIF 2.1.0: what GitHub's code scanning and others show as alerts. One run for all images, a rule for each check, and a result for
//! each requirement of each platform that is not satisfied, and for each thing that is wrong with the tags of a repository.
//!
//! GitHub takes a result without a place in a file for broken, refuses several runs of one category and shows at most 5,000 results.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;

use crate::check::{Check, CheckId, ImageReport, Report, RepositoryReport, Verdict};

use super::cells::{self, Cell};
use super::escape::clipped;
use super::json;
use super::output::Output;

pub(super) const OUTPUT: Output =
    Output::new("sarif", "alerts for code scanning (SARIF 2.1.0)", |_, report, out| json::write(&log(report), out))
        .for_bundles()
        .for_audits();

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const INFORMATION: &str = "https://crates.io/crates/bonafide";
/// The most results that are listed.
const MOST: usize = 5000;
/// Where a result is, if no file of the repository says who must have signed.
const NO_FILE: &str = "bonafide.yaml";

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<Found>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    name: String,
    short_description: Message,
    full_description: Message,
    help: Page,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Page {
    text: &'static str,
    markdown: &'static str,
}

#[derive(Serialize)]
struct Configuration {
    level: Level,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    exit_code: u8,
    start_time_utc: String,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: Level,
    message: Message,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    rule_id: &'static str,
    rule_index: usize,
    level: Level,
    message: Message,
    locations: [Location; 1],
    partial_fingerprints: Fingerprints,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
}

/// The first is the one that GitHub reads; without it GitHub makes one of the line, which all results share.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fingerprints {
    primary_location_line_hash: String,
    #[serde(rename = "bonafide/v1")]
    own: String,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    status: &'static str,
    justification: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
    logical_locations: [LogicalLocation; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
    kind: &'static str,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Note,
    Warning,
    Error,
}

fn log(report: &Report) -> Log {
    let place = place(report.policy.file.as_deref());
    let mut given = HashMap::new();
    let (mut results, mut more) = (Vec::new(), 0);
    let of_repository = |one| (Named::repository(one), cells::of_repository(one));
    let repositories = report.repositories.iter().map(of_repository);
    for (named, cells) in
        repositories.chain(report.images.iter().map(|image| (Named::image(image), cells::cells(image))))
    {
        for cell in cells.iter().filter(|cell| cell.verdict != Verdict::Verified) {
            if results.len() == MOST {
                more += 1;
            } else {
                results.push(result(&named, cell, &place, &mut given));
            }
        }
    }
    let driver = Driver {
        name: report.tool.name,
        semantic_version: report.tool.version,
        information_uri: INFORMATION,
        rules: CheckId::all().map(rule).collect(),
    };
    let invocation = Invocation {
        // An image that could not be checked is a run that failed, not one that found nothing.
        execution_successful: report.verdict != Verdict::Undecided && undecided(report).next().is_none(),
        exit_code: report.verdict.exit_code(),
        start_time_utc: report.started_at.to_string(),
        tool_execution_notifications: notifications(report, more),
    };
    let run = Run { tool: Tool { driver }, invocations: [invocation], column_kind: "utf16CodeUnits", results };
    Log { schema: SCHEMA, version: "2.1.0", runs: [run] }
}

/// A rule's name must be another word than its id.
fn rule(check: &Check) -> Rule {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    Rule {
        id: check.id.as_str(),
        name: check.id.as_str().split('-').chain(["check"]).map(capital).collect(),
        short_description: Message { text: check.title.to_owned() },
        full_description: Message { text: check.title.to_owned() },
        help: Page { text: check.page, markdown: check.page },
        default_configuration: Configuration { level: Level::Error },
    }
}

/// The gaps, and the number of omitted results.
fn notifications(report: &Report, more: usize) -> Vec<Notification> {
    let unread = undecided(report).take(MOST).map(|what| Notification {
        level: Level::Error,
        message: Message { text: sentence(&format!("{what} could not be checked")) },
    });
    let unlisted = (more > 0).then(|| Notification {
        level: Level::Warning,
        message: Message { text: format!("{more} more results are not listed.") },
    });
    unread.chain(unlisted).collect()
}

/// The images and the lists of tags that could not be checked.
fn undecided(report: &Report) -> impl Iterator<Item = String> + '_ {
    let repositories = report.repositories.iter().filter(|repository| !repository.gaps.is_empty());
    let images = report.images.iter().filter(|image| image.verdict == Verdict::Undecided);
    let tags = repositories.map(|repository| format!("the tags of {}", repository.repository));
    tags.chain(images.map(|image| image.reference.clone()))
}

/// An image or a repository.
struct Named<'a> {
    reference: &'a str,
    /// The same for every tag and digest.
    name: &'a str,
}

impl<'a> Named<'a> {
    fn image(image: &'a ImageReport) -> Self {
        Self { reference: &image.reference, name: name(image) }
    }

    fn repository(repository: &'a RepositoryReport) -> Self {
        Self { reference: &repository.repository, name: &repository.repository }
    }
}

fn result(named: &Named<'_>, cell: &Cell<'_>, place: &str, given: &mut HashMap<String, usize>) -> Found {
    let check = cell.check();
    let part = cell.part().unwrap_or_default();
    let whose = [named.reference, cell.requirement, part];
    let whose: Vec<&str> = whose.into_iter().filter(|part| !part.is_empty()).collect();
    let mut said = vec![format!("{} is {}", whose.join(", "), cell.message())];
    said.extend(cell.details().into_iter().skip(1));
    let suppressions = cell.excepted.iter().map(|exception| Suppression {
        kind: "external",
        status: "accepted",
        justification: literal(exception),
    });
    Found {
        rule_id: check.as_str(),
        rule_index: CheckId::all().position(|one| one.id == check).unwrap_or_default(),
        level: if cell.counts() { Level::Error } else { Level::Note },
        message: Message { text: said.iter().map(|line| sentence(line)).collect::<Vec<_>>().join(" ") },
        locations: [Location {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation { uri: place.to_owned() },
                region: Region { start_line: 1 },
            },
            logical_locations: [LogicalLocation { fully_qualified_name: clipped(&whose.join("/")), kind: "resource" }],
        }],
        partial_fingerprints: fingerprints(&[check.as_str(), named.name, part, cell.requirement], given),
        suppressions: suppressions.collect(),
    }
}

/// The same in every run for the same check of the same image, with any tag. Equal ones are numbered.
fn fingerprints(parts: &[&str], given: &mut HashMap<String, usize>) -> Fingerprints {
    // Each with its length, so that no two lists look alike.
    let key: Vec<String> = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    let key = key.concat();
    let count = given.entry(key.clone()).or_default();
    *count += 1;
    let hash = digest(&SHA256, format!("{key}{count}").as_bytes());
    let hex: Vec<String> = hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let hex = hex.concat();
    Fingerprints { primary_location_line_hash: format!("{hex}:1"), own: hex }
}

/// The name of an image without tag and digest.
fn name(image: &ImageReport) -> &str {
    let reference = image.pinned.as_deref().unwrap_or(&image.reference);
    let reference = reference.split_once('@').map_or(reference, |(name, _)| name);
    let start =
        ["oci:", "oci-archive:"].iter().find(|scheme| reference.starts_with(**scheme)).map_or(0, |one| one.len());
    match reference[start..].rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => &reference[..start + name.len()],
        _ => reference,
    }
}

/// The policy file, if its path is one that code scanning takes: below the working directory, without characters to escape.
fn place(file: Option<&str>) -> String {
    let file = file.unwrap_or(NO_FILE);
    let file = file.strip_prefix("./").unwrap_or(file);
    let is_plain = |part: &str| {
        !part.is_empty()
            && part != ".."
            && part != "."
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    if file.split('/').all(is_plain) { file.to_owned() } else { NO_FILE.to_owned() }
}

fn sentence(text: &str) -> String {
    let text = literal(text);
    if text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}

/// SARIF 2.1.0 §3.11.6: what looks like a link in a message is one, unless its brackets are escaped.
fn literal(text: &str) -> String {
    let mut safe = String::new();
    for character in clipped(text).chars() {
        if matches!(character, '\\' | '[' | ']') {
            safe.push('\\');
        }
        safe.push(character);
    }
    safe
}
