//! SARIF 2.1.0, which GitHub's code scanning and others show as alerts. The file has one run for all images and a rule for each
//! check. Each unsatisfied requirement of each platform is a result, and so is each finding about the tags of a repository.
//! Changes between releases are notes.
//!
//! GitHub takes a result without a place in a file for broken, refuses several runs of one category and shows at most 5,000 results.

use serde::Serialize;

use crate::check::{Check, CheckId, Report, Verdict};

use super::alerts::{self, Judged, Place};
use super::cells::Cell;
use super::drift::Change;
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
    partial_fingerprints: PartialFingerprints,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
}

/// The first is the one that GitHub reads; without it GitHub makes one of the line, which all results share.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PartialFingerprints {
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
    let (results, more) = alerts::alerts(report, MOST, result, of_change);
    let driver = Driver {
        name: report.tool.name,
        semantic_version: report.tool.version,
        information_uri: INFORMATION,
        rules: CheckId::all().map(rule).collect(),
    };
    let invocation = Invocation {
        // An image that could not be checked is a run that failed, not one that found nothing.
        execution_successful: report.left_out == 0
            && report.verdict != Verdict::Undecided
            && undecided(report).next().is_none(),
        exit_code: report.exit_code(),
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

fn result(judged: &Judged<'_>, cell: &Cell<'_>, place: &Place, hash: String) -> Found {
    let check = cell.check();
    let whose = judged.parts(cell);
    let mut said = vec![format!("{} is {}", whose.join(", "), cell.message())];
    said.extend(cell.details().into_iter().skip(1));
    let suppressions = cell.excepted.iter().map(|exception| Suppression {
        kind: "external",
        status: "accepted",
        justification: literal(exception),
    });
    let level = if cell.counts() { Level::Error } else { Level::Note };
    Found { suppressions: suppressions.collect(), ..found(check, level, &said, Whose(place, &whose), hash) }
}

/// What changed between two releases rejects nothing.
fn of_change(change: &Change<'_>, place: &Place, hash: String) -> Found {
    let whose = [change.repository.repository.as_str(), "changes", change.release()];
    found(CheckId::NotWeaker, Level::Note, &alerts::said_of_change(change), Whose(place, &whose), hash)
}

/// The line of a file that a result points at, and what it is about.
struct Whose<'a>(&'a Place, &'a [&'a str]);

fn found(check: CheckId, level: Level, said: &[String], Whose(place, parts): Whose<'_>, hash: String) -> Found {
    Found {
        rule_id: check.as_str(),
        rule_index: CheckId::all().position(|one| one.id == check).unwrap_or_default(),
        level,
        message: Message { text: said.iter().map(|line| sentence(line)).collect::<Vec<_>>().join(" ") },
        locations: [Location {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation { uri: place.file.clone() },
                region: Region { start_line: place.line },
            },
            logical_locations: [LogicalLocation { fully_qualified_name: clipped(&parts.join("/")), kind: "resource" }],
        }],
        partial_fingerprints: PartialFingerprints { primary_location_line_hash: format!("{hash}:1"), own: hash },
        suppressions: Vec::new(),
    }
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
