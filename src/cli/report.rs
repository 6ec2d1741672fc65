//! `bonafide report`: works on finished reports.

use std::path::Path;

use serde_json::Value;

use crate::check::{MergeError, Report, merge};
use crate::collect::files;
use crate::{json, render};

use super::args::{Args, MergeArgs, ReportCommand};
use super::diagnostics::Diagnostic;
use super::{input, output, runner};

/// The longest report that is read, in bytes.
const LONGEST: u64 = 1024 * 1024 * 1024;

pub(super) fn run(command: &ReportCommand, args: &Args) -> Result<u8, Diagnostic> {
    let ReportCommand::Merge(merge) = command;
    merged(merge, args)
}

fn merged(asked: &MergeArgs, args: &Args) -> Result<u8, Diagnostic> {
    let targets = output::targets(&asked.output)?;
    runner::check(&targets)?;
    let reports = asked.files.iter().map(|file| read(file)).collect::<Result<Vec<Report>, _>>()?;
    let report = merge(reports).map_err(|(place, error)| {
        let hint = hint(&error);
        let error = Diagnostic::usage(error, hint);
        match asked.files.get(place) {
            Some(file) => error.about(format!("cannot merge `{}`", file.display())),
            None => error,
        }
    })?;
    output::write(&report, &targets, None, args)?;
    output::write_notes(&report, &targets, args)?;
    runner::add(&report, &targets)?;
    Ok(report.exit_code())
}

fn hint(error: &MergeError) -> &'static str {
    match error {
        MergeError::NoShard => "give reports of `bonafide audit --shard I/N --output json=FILE`",
        MergeError::Twice(_) => "give each shard once",
        MergeError::Malformed => "run that shard again",
        MergeError::Other(_) => "run all shards with the same arguments",
    }
}

/// Reads a report of this program and version. Reports with unknown fields or unexpected values are refused.
fn read(file: &Path) -> Result<Report, Diagnostic> {
    let bytes = files::read_given(file, LONGEST).map_err(|error| input::unreadable(file, error))?;
    let refused = |found: String| {
        Diagnostic::usage(found, "give a JSON report of this version of bonafide, as it was written")
            .about(format!("`{}` is not a report that can be merged", file.display()))
    };
    let value: Value = json::from_slice(&bytes).map_err(|error| refused(error.to_string()))?;
    let report: Report = json::from_value(&value).map_err(|error| refused(error.to_string()))?;
    if render::json_value(&report).is_ok_and(|again| again == value) {
        Ok(report)
    } else {
        Err(refused("it contradicts itself or was changed".to_owned()))
    }
}
