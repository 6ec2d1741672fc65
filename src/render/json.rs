//! JSON: a report as it is, indented, with a line feed at its end.

use std::io::{self, Write};

use serde::Serialize;

use crate::check::{Counts, Report};

use super::output::Output;

pub(super) const OUTPUT: Output =
    Output::new("json", "the whole report, versioned", |_, report, out| write(&Whole::of(report), out))
        .for_bundles()
        .for_audits()
        .for_inspections(|inspection, out| write(inspection, out))
        .for_diffs(|diff, _, out| write(diff, out));

/// A report with what a script would else count itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    #[serde(flatten)]
    report: &'a Report,
    exit_code: u8,
    counts: Counts,
}

impl<'a> Whole<'a> {
    fn of(report: &'a Report) -> Self {
        Self { report, exit_code: report.exit_code(), counts: report.counts() }
    }
}

/// Returns the report as it is written.
pub fn value(report: &Report) -> serde_json::Result<serde_json::Value> {
    serde_json::to_value(Whole::of(report))
}

/// Writes a report, or what another command shows. Control characters in texts leave as JSON escapes, so a terminal is safe too.
pub fn write(report: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    write_safe(&serde_json::to_string_pretty(report)?, out)
}

/// Writes JSON of others for people: the same document, in which nothing moves the cursor of a terminal.
pub fn write_others(json: &str, out: &mut dyn Write) -> io::Result<()> {
    // In JSON these are blank space: within a text they are escaped.
    write_safe(&json.replace(['\t', '\r'], " "), out)
}

/// Writes the same in one line.
pub(super) fn write_line(report: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    write_safe(&serde_json::to_string(report)?, out)
}

fn write_safe(text: &str, out: &mut dyn Write) -> io::Result<()> {
    // The runners of GitHub and Azure take this for a command anywhere in a line (A269). In JSON it occurs in strings alone.
    let text = text.replace("##[", "#\\u0023[");
    // JSON may hold invisible characters as they are; escaping them changes no value and keeps terminals safe.
    for character in text.chars() {
        if character != '\n' && super::escape::is_unsafe(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                write!(out, "\\u{unit:04x}")?;
            }
        } else {
            write!(out, "{character}")?;
        }
    }
    writeln!(out)
}
