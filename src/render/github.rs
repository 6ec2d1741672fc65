//! A step of GitHub Actions: the text for its log, at most ten annotations, a summary for people and outputs for later steps.
//!
//! GitHub shows ten annotations of a step and drops the rest without a word, so the last one counts them. Nothing that comes from
//! outside begins a line, and every value is encoded as the toolkit of Actions does it: no other command can arise (A269).

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::json;

use crate::check::{Report, Verdict};

use super::alerts::{self, Judged, Place};
use super::brief;
use super::cells::Cell;
use super::escape::clipped_to;
use super::markdown;
use super::output::{Added, Delivery, Head, Note, Output, Room};
use super::pinned;

pub(super) const OUTPUT: Output =
    Output::new("github", "text, annotations, summary and outputs for a step of GitHub Actions", write)
        .streamed(|head| brief::OUTPUT.begin(head), |head, image, out| brief::OUTPUT.target(head, image, out))
        .for_bundles()
        .for_audits()
        .adding_to(&FILES)
        .with_notes(notes);

/// GitHub takes 1 MiB of a step's summary or of a job's outputs. Somewhat less, for what hiding secrets adds.
const FILES: [Added; 2] = [
    Added { variable: "GITHUB_STEP_SUMMARY", most: 1_000_000, text: summary },
    Added { variable: "GITHUB_OUTPUT", most: 1_000_000, text: outputs },
];

/// The most annotations that GitHub shows of a step.
const MOST: usize = 10;
/// The most requirements that an annotation explains.
const MOST_REQUIREMENTS: usize = 3;
/// The most bytes of names of images among the outputs.
const MOST_NAMED: usize = 500_000;
/// The most characters of a title, and of a line of a message.
const LONGEST_TITLE: usize = 200;
const LONGEST_LINE: usize = 500;

fn write(head: &Head, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    brief::OUTPUT.end(head, report, out)?;
    annotations(report).iter().try_for_each(|annotation| annotation.write(out))
}

/// A line of the log that GitHub shows beside the run, or beside the line of the file.
struct Annotation {
    level: Level,
    title: String,
    message: Vec<String>,
    place: Option<Place>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Error,
    Warning,
}

impl Annotation {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let level = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        let place = self.place.as_ref().map(|at| format!("file={},line={},", property(&at.file), at.line));
        let lines: Vec<String> = self.message.iter().map(|line| data(&clipped_to(LONGEST_LINE, line))).collect();
        let title = property(&clipped_to(LONGEST_TITLE, &self.title));
        writeln!(out, "::{level} {}title={title}::{}", place.unwrap_or_default(), lines.join("%0A"))
    }
}

/// One for each image and repository that something is wrong with, the errors first.
fn annotations(report: &Report) -> Vec<Annotation> {
    let mut all: Vec<Annotation> = alerts::judged(report).filter_map(annotation).collect();
    all.sort_by_key(|annotation| annotation.level);
    if all.len() > MOST {
        let rest = all.split_off(MOST - 1);
        all.extend(rest.first().map(|first| Annotation {
            level: first.level,
            title: format!("{} more", rest.len()),
            message: vec![format!("{} more images have findings: see the summary of this step.", rest.len())],
            place: None,
        }));
    }
    all
}

fn annotation(judged: Judged<'_>) -> Option<Annotation> {
    let wrong =
        |counts| judged.cells.iter().filter(move |cell| cell.verdict != Verdict::Verified && cell.counts() == counts);
    let (level, cells): (_, Vec<&Cell<'_>>) = if wrong(true).next().is_some() {
        (Level::Error, wrong(true).collect())
    } else {
        (Level::Warning, wrong(false).collect())
    };
    let verdict = cells.iter().map(|cell| cell.verdict).min()?;
    let mut of_each: Vec<&Cell<'_>> = Vec::new();
    for cell in cells {
        // A requirement that fails on several platforms is shown once, for the first of them.
        if !of_each.iter().any(|other| other.requirement == cell.requirement) {
            of_each.push(cell);
        }
    }
    let more = of_each.len().saturating_sub(MOST_REQUIREMENTS);
    let mut message: Vec<String> = of_each.iter().take(MOST_REQUIREMENTS).flat_map(|cell| lines(cell)).collect();
    message.extend((more > 0).then(|| format!("{more} more requirements are not satisfied.")));
    Some(Annotation { level, title: format!("{verdict}: {}", judged.reference), message, place: judged.place })
}

fn lines(cell: &Cell<'_>) -> Vec<String> {
    let part = cell.part().map(|part| format!(", {part}")).unwrap_or_default();
    let first = format!("{}{part}: {}", cell.requirement, cell.message());
    std::iter::once(first).chain(cell.details().into_iter().skip(1)).chain(cell.excepted.clone()).collect()
}

/// `escapeData` of the toolkit (actions/toolkit `packages/core/src/command.ts`). Line feeds are escaped before, as on a terminal.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// `escapeProperty` of the toolkit.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The table of images, with reasons: as much of it as there is room for.
fn summary(report: &Report, room: &Room<'_>) -> io::Result<String> {
    markdown::within(report, room.bytes).ok_or_else(|| {
        io::Error::other("this step has filled its summary already, and GitHub takes no more than 1 MiB")
    })
}

/// Outputs for later steps. Names of images are among them only if the whole run is verified: a step that runs after a failure gets
/// nothing to deploy.
fn outputs(report: &Report, room: &Room<'_>) -> io::Result<String> {
    let names = pinned::of_run(report).unwrap_or_default();
    let digest = match report.images.as_slice() {
        [only] if report.verdict == Verdict::Verified => only.digest.clone(),
        _ => None,
    };
    let pinned = if names.is_empty() || are_too_many(&names) { String::new() } else { json!(names).to_string() };
    let mut text = String::new();
    for (name, value) in [
        ("verdict", report.verdict.to_string()),
        ("exit-code", report.exit_code().to_string()),
        ("counts", serde_json::to_string(&report.counts())?),
        ("digest", digest.unwrap_or_default()),
        ("pinned", pinned),
    ] {
        let delimiter = room.delimiter;
        if value.contains(delimiter) {
            return Err(io::Error::other(format!("the output `{name}` holds the delimiter")));
        }
        let _ = writeln!(text, "{name}<<{delimiter}\n{value}\n{delimiter}");
    }
    if text.len() > room.bytes {
        return Err(io::Error::other("this step has filled its outputs already, and GitHub takes no more than 1 MiB"));
    }
    Ok(text)
}

fn are_too_many(names: &[String]) -> bool {
    names.iter().map(String::len).sum::<usize>() > MOST_NAMED
}

/// Says that the names of images are missing.
fn notes(report: &Report, _: &Delivery<'_>) -> Vec<Note> {
    let too_many = are_too_many(&pinned::of_run(report).unwrap_or_default());
    let note = too_many.then(|| Note::Warning {
        message: "the output `pinned` is empty: GitHub does not take the names of so many images".to_owned(),
        hint: "write them to a file: `--output pinned=FILE`",
    });
    note.into_iter().collect()
}
