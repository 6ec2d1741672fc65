//! How fast and how often registries are asked, and what is left undecided when no more may be asked.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::{self, Folder, REPOSITORY, Run, fixture, serve};
use crate::support::registry::{Registry, fault};

/// The same image in several repositories.
fn several(names: &[&str]) -> (Registry, Vec<String>) {
    let registry = Registry::start();
    let all: Vec<String> = names.iter().map(|name| format!("acme/{name}")).collect();
    for name in &all {
        registry.edit(name, |content| *content = fixture("signed"));
    }
    let references = all.iter().map(|name| registry.reference(name, "v1.0.0")).collect();
    (registry, references)
}

fn verify(references: &[String], more: &[&str]) -> (Run, Value) {
    let arguments: Vec<&str> = references.iter().map(String::as_str).chain(more.iter().copied()).collect();
    let run = program::verify(&[&arguments[..], &["--output", "json"]].concat()).run();
    let report = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("a report: {}", run.seen()));
    (run, report)
}

#[test]
fn one_image_after_the_other_gives_the_same_report_as_many_at_once() {
    let (_registry, references) = several(&["a", "b", "c"]);
    let reports = ["1", "3", "256"].map(|jobs| {
        let (run, mut report) = verify(&references, &["--jobs", jobs]);
        assert_eq!(run.exit, 0, "{}", run.seen());
        report["startedAt"] = Value::Null;
        report
    });
    assert!(reports.iter().all(|report| *report == reports[0]));
    for jobs in ["0", "257", "-1", "many"] {
        assert_eq!(program::verify(&["ghcr.io/acme/shop:1", "--jobs", jobs]).run().exit, 2, "{jobs}");
    }
}

#[test]
fn no_more_requests_are_sent_in_a_second_than_the_user_allows() {
    let (registry, references) = several(&["a", "b"]);
    let (run, _) = verify(&references, &["--requests-per-second", "25"]);
    assert_eq!(run.exit, 0, "{}", run.seen());
    let requests = u32::try_from(registry.requests().len()).expect("few");
    registry.forget_requests();
    let began = Instant::now();
    let (run, _) = verify(&references, &["--requests-per-second", "25"]);
    assert!(
        began.elapsed() >= Duration::from_millis(40) * (requests - 1),
        "{requests} requests in {:?}",
        began.elapsed()
    );
    assert_eq!(run.exit, 0, "{}", run.seen());
}

/// An image that cannot be asked about in time is undecided, and the reason names the flag.
#[test]
fn a_pace_that_leaves_no_time_is_undecided() {
    let (_registry, reference) = serve("signed");
    let (run, report) = verify(&[reference], &["--requests-per-second", "1", "--timeout", "1500ms"]);
    assert_eq!((run.exit, &report["verdict"]), (3, &json!("undecided")), "{report}");
    assert!(
        run.stdout.contains("its turn at the pace of `--requests-per-second` took longer than 1.5 s"),
        "{}",
        run.stdout
    );
}

/// What was not asked is not known: neither absent nor verified, at any number of requests.
#[test]
fn requests_that_are_used_up_leave_the_rest_undecided_and_named() {
    let (registry, references) = several(&["a", "b", "c"]);
    let (run, _) = verify(&references, &["--jobs", "1"]);
    assert_eq!(run.exit, 0, "{}", run.seen());
    let needed = registry.requests().len();
    for most in 1..=needed {
        registry.forget_requests();
        let (run, report) = verify(&references, &["--jobs", "1", "--max-requests", &most.to_string()]);
        assert!(registry.requests().len() <= most);
        let verdicts: Vec<&str> =
            report["images"].as_array().expect("images").iter().filter_map(|one| one["verdict"].as_str()).collect();
        let verified = verdicts.iter().filter(|verdict| **verdict == "verified").count();
        if most == needed {
            assert_eq!((run.exit, verified), (0, 3), "{}", run.seen());
            continue;
        }
        assert_eq!((run.exit, verified < 3), (3, true), "{most} of {needed}: {verdicts:?}");
        assert!(verdicts.iter().all(|verdict| ["verified", "undecided"].contains(verdict)), "{verdicts:?}");
        let host = registry.host();
        let said = format!("the {most} requests to {host} that `--max-requests` allows are used up");
        assert!(run.stdout.contains(&said), "{}", run.stdout);
        assert!(run.stdout.contains("run it again with a higher `--max-requests`"), "{}", run.stdout);
    }
}

/// A list of tags is asked for with the same budget.
#[test]
fn an_audit_that_used_up_its_requests_while_it_listed_is_undecided() {
    let registry = Registry::serving(REPOSITORY, fixture("signed"));
    let name = format!("{}/{REPOSITORY}", registry.host());
    for most in ["1", "2", "3"] {
        let run = program::audit(&[&name, "--max-requests", most]).run();
        assert_eq!(run.exit, 3, "{most}: {}", run.seen());
        assert!(run.stdout.contains("`--max-requests` allows are used up"), "{most}: {}", run.seen());
    }
}

/// The answer that uses up a limit says when the next one begins: nothing is asked before, so nothing is refused.
#[test]
fn a_limit_that_an_answer_used_up_is_waited_for_and_not_run_into() {
    let (registry, reference) = serve("signed");
    registry.bend_first(1, "/manifests/", |response| {
        response.set_header("RateLimit-Remaining", "0;w=60");
        response.set_header("RateLimit-Reset", "1");
    });
    let began = Instant::now();
    let run = program::verify(&[&reference]).run();
    assert_eq!(run.exit, 0, "{}", run.seen());
    assert!(began.elapsed() >= Duration::from_secs(1));
    registry.mend();
    // A rest that is longer than the image may wait is not taken: what follows may not be limited at all.
    registry.bend("/manifests/", |response| {
        response.set_header("RateLimit-Remaining", "0");
        response.set_header("RateLimit-Reset", "3600");
    });
    let run = program::verify(&[&reference]).run();
    assert_eq!(run.exit, 0, "{}", run.seen());
}

#[test]
fn a_pause_that_a_registry_asks_for_holds_for_all_images_of_the_run() {
    let (registry, references) = several(&["a", "b", "c", "d"]);
    registry.bend_first(1, "/manifests/", fault::retry_after(429, 1));
    let began = Instant::now();
    let (run, _) = verify(&references, &["--jobs", "1"]);
    assert_eq!(run.exit, 0, "{}", run.seen());
    assert!(began.elapsed() >= Duration::from_secs(1));
}

/// A table that is opened in a spreadsheet has the same rows as the report.
#[test]
fn csv_has_a_row_for_each_tag_and_for_each_fault_of_the_list() {
    let registry = Registry::serving(REPOSITORY, fixture("signed"));
    let name = format!("{}/{REPOSITORY}", registry.host());
    let digest = registry.edit(REPOSITORY, |content| {
        let digest = content.tags["v1.0.0"].clone();
        content.tags.insert("latest".to_owned(), digest.clone());
        digest
    });
    let folder = Folder::new();
    let released = json!({"v1.0.0": digest, "latest": digest, "v0.9.0": digest});
    let file = folder.write("released.json", released.to_string().as_bytes());
    let run = program::audit(&[&name, "--output", "csv", "--expect", &file.display().to_string()]).run();
    assert_eq!(run.exit, 1, "{}", run.seen());
    let lines: Vec<&str> = run.stdout.split_terminator("\r\n").collect();
    let heading = r#""repository","tag","digest","verdict","reason","signer","issuer","builder","source","signed_at""#;
    assert_eq!((lines.len(), lines[0]), (4, heading), "{}", run.stdout);
    let proof = r#""https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.0.0","https://token.actions.githubusercontent.com","#;
    for (line, tag) in lines[1..3].iter().zip(["v1.0.0", "latest"]) {
        let begins = format!(r#""{name}","{tag}","{digest}","verified","",{proof}"#);
        assert!(line.starts_with(&begins), "{line}\n{begins}");
        assert_eq!(line.matches("\",\"").count(), 9, "{line}");
        assert!(line.ends_with("Z\""), "{line}");
    }
    assert_eq!(
        lines[3],
        format!(r#""{name}","v0.9.0","","rejected","the tag is missing, expected {digest}","","","","","""#)
    );
    let unread = program::verify(&[&format!("{name}:none"), "--output", "csv"]).run();
    assert_eq!(unread.exit, 3, "{}", unread.seen());
    assert!(unread.stdout.contains(&format!("\"{name}\",\"none\",\"\",\"undecided\",\"")), "{}", unread.stdout);
}
