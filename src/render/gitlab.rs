//! GitLab's code quality, which merge requests of every tier show: an object for each requirement of each platform that is not
//! satisfied, and for each thing that is wrong with the tags of a repository or changed between its releases.
//!
//! GitLab leaves out an object without a fingerprint, a path or a line, and takes two of one fingerprint for one.

use serde::Serialize;

use crate::check::{CheckId, Report, Verdict};

use super::alerts::{self, Judged, Place};
use super::cells::Cell;
use super::drift::Change;
use super::escape::clipped;
use super::json;
use super::output::Output;

pub(super) const OUTPUT: Output =
    Output::new("gitlab", "code quality for GitLab", |_, report, out| json::write(&issues(report), out))
        .for_bundles()
        .for_audits();

/// The most that are listed.
const MOST: usize = 5000;

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: Severity,
    location: Location,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Info,
    Major,
    Critical,
    Blocker,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

fn issues(report: &Report) -> Vec<Issue> {
    let policy = Place::of_policy(report);
    let (mut issues, more) = alerts::alerts(report, MOST, issue, of_change);
    issues.extend((more > 0).then(|| Issue {
        description: format!("{more} more results are not listed: see the report in another format."),
        check_name: "evidence-complete",
        fingerprint: "more".to_owned(),
        severity: Severity::Blocker,
        location: Location::of(&policy),
    }));
    issues
}

fn issue(judged: &Judged<'_>, cell: &Cell<'_>, place: &Place, fingerprint: String) -> Issue {
    let mut said = vec![format!("{} is {}", judged.parts(cell).join(", "), cell.message())];
    said.extend(cell.details().into_iter().skip(1));
    said.extend(cell.excepted.clone());
    Issue {
        description: said.iter().map(|line| clipped(line)).collect::<Vec<_>>().join("; "),
        check_name: cell.check().as_str(),
        fingerprint,
        severity: severity(cell),
        location: Location::of(place),
    }
}

/// What changed between two releases rejects nothing.
fn of_change(change: &Change<'_>, place: &Place, fingerprint: String) -> Issue {
    let said = alerts::said_of_change(change);
    Issue {
        description: said.iter().map(|line| clipped(line)).collect::<Vec<_>>().join("; "),
        check_name: CheckId::NotWeaker.as_str(),
        fingerprint,
        severity: Severity::Info,
        location: Location::of(place),
    }
}

impl Location {
    fn of(place: &Place) -> Self {
        Self { path: place.file.clone(), lines: Lines { begin: place.line } }
    }
}

fn severity(cell: &Cell<'_>) -> Severity {
    match cell.verdict {
        _ if !cell.counts() => Severity::Info,
        Verdict::Rejected => Severity::Blocker,
        Verdict::Absent => Severity::Critical,
        Verdict::Undecided | Verdict::Verified => Severity::Major,
    }
}
