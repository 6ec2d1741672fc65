//! `bonafide policy check`: every error and every warning of policy files, for people and for programs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::check::Tool;
use crate::policy::{Document, Problem};
use crate::render::escape::terminal;

use super::args::{Args, ShowFormat};
use super::diagnostics::Diagnostic;
use super::exit::USAGE;
use super::output::{print, print_json};
use super::policies;

/// The version of the JSON shape: additions only within a version.
const SCHEMA_VERSION: u32 = 1;

/// All files, as JSON has them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    schema_version: u32,
    tool: Tool,
    files: Vec<CheckedFile>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CheckedFile {
    file: String,
    /// How many rules it has, if it has no errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<usize>,
    errors: Vec<Shown>,
    warnings: Vec<Shown>,
}

/// One error or warning. A fault of the whole file has no place.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl From<&Problem> for Shown {
    fn from(problem: &Problem) -> Self {
        let Problem { place, message, hint } = problem;
        Self { line: Some(place.line), column: Some(place.column), message: message.clone(), next: hint.clone() }
    }
}

/// Checks every file before it says whether all are good.
pub(super) fn run(files: &[PathBuf], strict: bool, format: ShowFormat, args: &Args) -> Result<u8, Diagnostic> {
    match format {
        ShowFormat::Text => text(files, strict, args),
        ShowFormat::Json => json(files, strict),
    }
}

fn text(files: &[PathBuf], strict: bool, args: &Args) -> Result<u8, Diagnostic> {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let mut text = String::new();
    let mut worst = 0;
    for file in files {
        match policies::document(file) {
            Ok(document) => {
                let warnings = document.lint_warnings(today);
                for warning in &warnings {
                    let _ = writeln!(text, "warning: {}", lines(&document.draw(warning)));
                }
                let _ = writeln!(text, "{}: {}", terminal(document.source_name()), summary(&document, warnings.len()));
                worst = worst.max(if strict && !warnings.is_empty() { USAGE } else { 0 });
            }
            Err(diagnostic) => {
                diagnostic.print(args.color);
                worst = worst.max(diagnostic.exit_code());
            }
        }
    }
    print(text.as_bytes())?;
    Ok(worst)
}

fn json(files: &[PathBuf], strict: bool) -> Result<u8, Diagnostic> {
    let files: Vec<CheckedFile> = files.iter().map(|file| checked(file)).collect();
    let is_bad = |file: &CheckedFile| !file.errors.is_empty() || strict && !file.warnings.is_empty();
    let code = if files.iter().any(is_bad) { USAGE } else { 0 };
    let all = Checked { schema_version: SCHEMA_VERSION, tool: Tool::default(), files };
    print_json(&all)?;
    Ok(code)
}

fn checked(file: &Path) -> CheckedFile {
    let shown = |problems: &[Problem]| problems.iter().map(Shown::from).collect();
    let name = file.display().to_string();
    match policies::parsed(file) {
        Ok(Ok(document)) => {
            let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
            let warnings = shown(&document.lint_warnings(today));
            CheckedFile { file: name, rules: Some(document.rules().len()), errors: Vec::new(), warnings }
        }
        Ok(Err(error)) => {
            CheckedFile { file: name, rules: None, errors: shown(error.problems()), warnings: shown(error.warnings()) }
        }
        Err(diagnostic) => {
            let next = diagnostic.hint().map(str::to_owned);
            let error = Shown { line: None, column: None, message: diagnostic.summary(), next };
            CheckedFile { file: name, rules: None, errors: vec![error], warnings: Vec::new() }
        }
    }
}

fn summary(document: &Document, warnings: usize) -> String {
    let rules = match document.rules().len() {
        1 => "one rule".to_owned(),
        count => format!("{count} rules"),
    };
    match warnings {
        0 => format!("{rules}, no errors"),
        1 => format!("{rules}, no errors, one warning"),
        count => format!("{rules}, no errors, {count} warnings"),
    }
}

fn lines(drawn: &str) -> String {
    drawn.lines().map(terminal).collect::<Vec<_>>().join("\n")
}
