//! The formats for GitHub and GitLab, read as their runners and servers read them.

use std::collections::BTreeSet;

use bonafide::check::{ImageReport, Report, Verdict};
use bonafide::render::{Added, Output, Room, escape};
use serde_json::Value;

use crate::{image, json, markdown, named, pins, report, very_many, written};

const DELIMITER: &str = "bonafide-0123456789abcdef";

/// A command of the runner.
struct Command {
    name: String,
    properties: Vec<(String, String)>,
    data: String,
}

/// Reads a line as the runner does (actions/runner `ActionCommand.cs`, `TryParseV2`).
fn command(line: &str) -> Option<Command> {
    let (head, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let decoded = |text: &str| {
        let all = [("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")];
        all.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    let properties = properties.split(',').filter_map(|one| one.split_once('='));
    let properties = properties.map(|(name, value)| (name.to_owned(), decoded(value))).collect();
    Some(Command { name: name.to_owned(), properties, data: decoded(data) })
}

/// At most ten annotations behind the text, which say what the report says, and files that the runner reads.
pub(crate) fn github(output: &Output, text: &str, report: &Report) {
    let commands: Vec<_> = text.lines().filter_map(command).collect();
    assert!(commands.len() <= 10, "GitHub shows ten: {text}");
    let is_behind = text.lines().skip_while(|line| !line.starts_with("::")).all(|line| line.starts_with("::"));
    assert!(is_behind, "{text}");
    assert_eq!(commands.iter().any(|command| command.name == "error"), report.verdict != Verdict::Verified, "{text}");
    for Command { name, properties, data } in &commands {
        assert!(["error", "warning"].contains(&name.as_str()), "{name}");
        let names: Vec<&str> = properties.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["title"], "nothing from outside adds a property: {text}");
        assert!(!data.is_empty());
        let is_inert = |text: &str| !text.chars().any(|one| one != '\n' && escape::is_unsafe(one));
        assert!(is_inert(data) && properties.iter().all(|(_, value)| is_inert(value)), "{text}");
    }
    let [summary, outputs] = output.added() else { panic!("two files") };
    assert_eq!((summary.variable, outputs.variable), ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"));
    markdown(&added(summary, report, summary.most), report);
    let outputs = read_outputs(&added(outputs, report, outputs.most));
    let value =
        |name: &str| outputs.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str()).expect("an output");
    let names: Vec<&str> = outputs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["verdict", "exit-code", "counts", "digest", "pinned"]);
    assert_eq!(value("verdict"), report.verdict.as_str());
    assert_eq!(value("exit-code"), report.verdict.exit_code().to_string());
    let counts = json(value("counts"));
    let verified = report.images.iter().filter(|image| image.verdict == Verdict::Verified).count();
    assert_eq!(counts["verified"], verified);
    let has_digest = report.verdict == Verdict::Verified && report.images.len() == 1;
    assert_eq!(value("digest").starts_with("sha256:"), has_digest, "nothing to deploy unless all is verified");
    let all: Vec<String> = pins(report).lines().map(str::to_owned).collect();
    match value("pinned") {
        "" => assert!(all.is_empty()),
        some => assert_eq!(json(some), serde_json::json!(all)),
    }
}

fn added(added: &Added, report: &Report, bytes: usize) -> String {
    added.text(report, &Room { bytes, delimiter: DELIMITER }).expect("there is room")
}

/// Reads the file as the runner does (actions/runner `FileCommandManager.cs`, `EnvFileKeyValuePairs`).
pub(crate) fn read_outputs(text: &str) -> Vec<(String, String)> {
    let mut lines = text.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let (name, delimiter) = line.split_once("<<").expect("a name and its delimiter");
        assert_eq!(delimiter, DELIMITER);
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        found.push((name.to_owned(), value.join("\n")));
    }
    found
}

#[test]
fn of_many_images_ten_are_annotated_and_the_last_annotation_counts_the_rest() {
    let with = |count: usize| {
        let text = written(named("github"), &report(vec![image(Verdict::Rejected, "x"); count], "flags"), false);
        text.lines().filter_map(command).collect::<Vec<_>>()
    };
    assert_eq!(with(9).len(), 9);
    assert_eq!(with(10).len(), 10);
    let many = with(2500);
    assert_eq!(many.len(), 10);
    assert_eq!(many[9].data, "2491 more images have findings: see the summary of this step.");
}

#[test]
fn a271_the_summary_stays_below_one_mebibyte_and_counts_what_it_leaves_out() {
    let [summary, _] = named("github").added() else { panic!("two files") };
    let long = |text: &str| report(vec![image(Verdict::Rejected, text); 100], "flags");
    let mut one = image(Verdict::Rejected, "x");
    let finding = one.requirements[0].findings[0].clone();
    one.requirements[0].findings = vec![finding; 10_000];
    let mixed = [Verdict::Verified, Verdict::Undecided, Verdict::Rejected];
    let mixed = (0..5000).map(|number| image(mixed[number % 3], &format!("app-{number}"))).collect();
    for report in [very_many("1"), long(&"|<long>".repeat(300)), report(vec![one], "flags"), report(mixed, "flags")] {
        for most in [summary.most, 5_000, 200] {
            let text = added(summary, &report, most);
            assert!(text.len() <= most, "{} of {most}", text.len());
            assert!(text.starts_with("## Verification of images: rejected\n"), "{text}");
            assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
            let rows = text.lines().filter(|line| line.starts_with("| ") && line.ends_with(" |")).count();
            let left = report.images.len() - rows.saturating_sub(1);
            let is_counted = text.lines().any(|line| line == format!("{left} more images."));
            assert!(most == 200 || left == 0 || is_counted, "{left} are not counted");
        }
    }
}

#[test]
fn a_full_summary_is_an_error_and_not_half_a_verdict() {
    let [summary, outputs] = named("github").added() else { panic!("two files") };
    let report = report(vec![image(Verdict::Verified, "x")], "flags");
    for file in [summary, outputs] {
        file.text(&report, &Room { bytes: 20, delimiter: DELIMITER }).expect_err("no room");
    }
}

/// What GitLab asks of code quality (docs.gitlab.com "Code Quality report format"; `lib/gitlab/ci/parsers/codequality`): an array of
/// objects with these members, a severity of its five, a path of the repository without `./`, and a fingerprint of its own for each.
pub(crate) fn gitlab(read: &Value, report: &Report) -> Vec<String> {
    let issues = read.as_array().expect("an array");
    assert!(issues.len() <= 5001, "{} issues", issues.len());
    let mut fingerprints = Vec::new();
    let mut counts = false;
    for issue in issues {
        let text = |member: &str| issue[member].as_str().filter(|text| !text.is_empty()).expect("a text");
        assert!(!text("description").contains('\n'));
        assert!(text("check_name").bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
        assert!(["info", "minor", "major", "critical", "blocker"].contains(&text("severity")));
        counts |= text("severity") != "info";
        let path = issue["location"]["path"].as_str().expect("a path");
        assert!(!path.starts_with(['/', '.']) && !path.contains("..") && !path.is_empty(), "{path}");
        assert!(issue["location"]["lines"]["begin"].as_u64().is_some_and(|line| line > 0));
        fingerprints.push(text("fingerprint").to_owned());
    }
    assert_eq!(counts, report.verdict != Verdict::Verified);
    assert_eq!(fingerprints.iter().collect::<BTreeSet<_>>().len(), issues.len(), "fingerprints are unique");
    fingerprints
}

#[test]
fn a271_gitlab_keeps_an_issue_for_another_tag_and_counts_what_is_not_listed() {
    let issues = |tag: &str| {
        let report = very_many(tag);
        let read = json(&written(named("gitlab"), &report, false));
        let fingerprints = gitlab(&read, &report);
        (read, fingerprints)
    };
    let (read, fingerprints) = issues("1.4.2");
    let last = read.as_array().and_then(|all| all.last()).expect("the rest");
    assert_eq!(last["description"], "5000 more results are not listed: see the report in another format.");
    assert_eq!(read[0]["location"]["path"], "policies/bonafide.yaml");
    assert_eq!(issues("1.4.3").1, fingerprints);
    let undecided: Vec<ImageReport> = vec![image(Verdict::Undecided, "x")];
    let read = json(&written(named("gitlab"), &report(undecided, "flags"), false));
    assert_eq!(read[0]["severity"], "major");
}
