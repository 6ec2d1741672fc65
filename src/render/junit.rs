//! JUnit, which Jenkins, GitLab and others show as tests. An image is a suite, and each requirement of each platform is a case. A
//! repository of an audit is a suite too, with a case for each finding about its tags. Changes between its releases fail no case;
//! the suite prints them as its output.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use crate::check::{Report, Verdict};

use super::cells::{self, Cell, Part};
use super::drift;
use super::escape::clipped;
use super::output::Output;
use super::parts::about_left_out;

pub(super) const OUTPUT: Output =
    Output::new("junit", "test cases for Jenkins, GitLab and others", |_, report, out| write(report, out))
        .for_bundles()
        .for_audits();

fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut junit = Junit::new(report.tool.name);
    // Names of cases that were given, and how often: readers take two cases of one name for one.
    let mut given = BTreeMap::new();
    for image in &report.images {
        let mut suite = suite(&image.reference, cells::cells(image), &mut given);
        // The schemas of JUnit have no attribute for a place.
        let location = image.location.as_ref().map(ToString::to_string);
        for (name, value) in [("digest", &image.digest), ("pinned", &image.pinned), ("location", &location)] {
            if let Some(value) = value {
                suite.add_property((name, text(value).as_str()));
            }
        }
        junit.add_test_suite(suite);
    }
    for repository in &report.repositories {
        let mut suite = suite(&repository.repository, cells::of_repository(repository), &mut given);
        let changes: Vec<String> = drift::of_repository(repository).flat_map(|change| printed(&change)).collect();
        if !changes.is_empty() {
            suite.set_system_out(shortened(changes));
        }
        junit.add_test_suite(suite);
    }
    if let Some(left_out) = about_left_out(report) {
        let mut suite = TestSuite::new("references");
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(left_out);
        suite.add_test_case(TestCase::new("every reference can be used", status));
        junit.add_test_suite(suite);
    }
    junit.serialize(out).map_err(io::Error::other)
}

/// The most lines about changes that a suite prints.
const MOST_PRINTED: usize = 1000;

fn printed(change: &drift::Change<'_>) -> Vec<String> {
    let first = format!("changed from {} to {}", change.after(), change.release());
    [first].into_iter().chain(change.lines().map(|line| format!("  {line}"))).map(|line| text(&line)).collect()
}

fn shortened(mut lines: Vec<String>) -> String {
    let more = lines.len().saturating_sub(MOST_PRINTED);
    lines.truncate(MOST_PRINTED);
    lines.extend((more > 0).then(|| format!("and {more} more lines: see the report in JSON")));
    lines.join("\n")
}

fn suite(name: &str, cells: Vec<Cell<'_>>, given: &mut BTreeMap<(String, String), usize>) -> TestSuite {
    let mut suite = TestSuite::new(text(name));
    for cell in cells {
        let class = text(cell.requirement);
        let name = match cell.part {
            Some(Part::Platform(platform)) => format!("{}@{}", text(name), text(platform)),
            Some(Part::Tag(tag)) => format!("{}:{}", text(name), text(tag)),
            None => text(name),
        };
        let count = given.entry((class.clone(), name.clone())).or_default();
        *count += 1;
        let name = if *count == 1 { name } else { format!("{name} ({count})") };
        let mut case = TestCase::new(name, status(&cell));
        case.set_classname(class);
        suite.add_test_case(case);
    }
    suite
}

fn status(cell: &Cell<'_>) -> TestCaseStatus {
    let mut status = match (cell.verdict, &cell.excepted) {
        (Verdict::Verified, _) => return TestCaseStatus::success(),
        (_, Some(exception)) => {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_message(text(&format!("{} {exception}", cell.message())));
            return skipped;
        }
        (Verdict::Rejected | Verdict::Absent, None) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        (Verdict::Undecided, None) => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    let details: Vec<String> = cell.details().iter().map(|line| text(line)).collect();
    status.set_message(text(&cell.message())).set_type(cell.check().as_str()).set_description(details.join("\n"));
    status
}

/// XML knows no escape for most control characters, so they are shown as on a terminal.
fn text(text: &str) -> String {
    clipped(text)
}
