//! Reports that cannot be delivered: never a success, and never half a report (A266).

use std::fs::{self, File};

use crate::endings::{closed_pipe, full_disk};
use crate::fixtures::{BY_SHOP, LAB, digest, image};
use crate::program::{Program, Scratch, bonafide};

fn arguments(image: &str, outputs: &[String]) -> Vec<String> {
    let fixed = ["verify", image].into_iter().chain(LAB).chain(BY_SHOP).map(str::to_owned);
    fixed.chain(outputs.iter().flat_map(|output| ["--output".to_owned(), output.clone()])).collect()
}

#[test]
fn a266_names_to_pull_that_a_full_disk_lost_are_not_a_success() {
    let served = crate::shop::Shop::with_signature().serve();
    let reference = served.by_tag();
    let trust = ["--trusted-root", &served.root, "--require", "signature", "--output", "pinned"];
    let all: Vec<&str> = ["verify", &reference].into_iter().chain(crate::shop::BY_SIGNER).chain(trust).collect();
    Program::new(&all).stdout_to(full_disk()).run().lost_report();
    let unread = Program::new(&all).stdout_to(closed_pipe()).run();
    assert_eq!((unread.exit, unread.stderr.as_str()), (0, ""), "it is verified all the same");
}

#[test]
fn a266_a_report_that_cannot_be_written_leaves_no_report_at_all() {
    let scratch = Scratch::new();
    let in_the_way = scratch.write("file", "");
    for place in [scratch.path("missing/report.json"), format!("{in_the_way}/report.json").into(), "/dev/full".into()] {
        let target = format!("json={}", place.display());
        let run = bonafide(
            &arguments(&image("signed"), &[target, "text".into()]).iter().map(String::as_str).collect::<Vec<_>>(),
        );
        let message = run.lost_report();
        assert!(
            message.starts_with(&format!("error: cannot write the report to `{}`: ", place.display())),
            "{message}"
        );
        assert!(message.ends_with("\n  → check the folder and the free space\n"), "{message}");
        assert_eq!(scratch.files(), ["file"], "no part of it is left");
    }
}

#[test]
fn a_report_takes_the_place_of_an_older_one_as_a_whole() {
    let scratch = Scratch::new();
    let file = scratch.path("report.json");
    scratch.write("report.json", "an older report, and a longer one ".repeat(10_000));
    let target = format!("json={}", file.display());
    let run = Program::new(arguments(&image("unsigned"), &[target])).run();
    assert_eq!((run.exit, run.stdout.as_str(), run.stderr.as_str()), (4, "", ""));
    let report: serde_json::Value = serde_json::from_slice(&fs::read(&file).expect("the report")).expect("JSON");
    assert_eq!(report["images"][0]["digest"], digest("unsigned"));
    assert_eq!(scratch.files(), ["report.json"]);
}

#[test]
fn an_older_report_does_not_outlive_a_run_that_could_not_replace_it() {
    let scratch = Scratch::new();
    let older = scratch.write("report.json", r#"{"verdict": "verified"}"#);
    // The second target fails after the first was written; the first is then true, and the run still says 3.
    let targets = [format!("json={older}"), format!("text={}", scratch.path("missing/report.txt").display())];
    let run = Program::new(arguments(&image("unsigned"), &targets)).run();
    run.lost_report();
    let report: serde_json::Value = serde_json::from_slice(&fs::read(&older).expect("the report")).expect("JSON");
    assert_eq!(report["verdict"], "absent");
}

#[test]
fn a_usage_error_touches_no_file() {
    let scratch = Scratch::new();
    let older = scratch.write("report.json", "older");
    let target = format!("json={older}");
    bonafide(&["verify", &image("signed"), "--output", &target]).usage_error();
    assert_eq!(fs::read_to_string(&older).expect("the file"), "older");
}

#[test]
fn a_directory_is_no_place_for_a_report() {
    let scratch = Scratch::new();
    let target = format!("json={}", scratch.directory().display());
    Program::new(arguments(&image("signed"), &[target])).run().lost_report();
    assert!(scratch.files().is_empty());
}

#[cfg(unix)]
#[test]
fn a319_a_report_is_not_written_through_a_link() {
    let scratch = Scratch::new();
    let victim = scratch.write("victim", "keep");
    std::os::unix::fs::symlink(&victim, scratch.path("report.json")).expect("a link");
    let target = format!("json={}", scratch.path("report.json").display());
    assert_eq!(Program::new(arguments(&image("unsigned"), &[target])).run().exit, 4);
    assert_eq!(fs::read_to_string(&victim).expect("the file"), "keep");
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(scratch.path("report.json")).expect("the report")).expect("JSON");
    assert_eq!(report["verdict"], "absent");
    assert_eq!(scratch.files(), ["report.json", "victim"]);
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_shell_opened_is_written_to_and_not_replaced() {
    let scratch = Scratch::new();
    let file = File::create(scratch.path("out")).expect("a file");
    let run = Program::new(arguments(&image("unsigned"), &["json=/proc/self/fd/1".into()])).stdout_to(file).run();
    assert_eq!((run.exit, run.stderr.as_str()), (4, ""));
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(scratch.path("out")).expect("the report")).expect("JSON");
    assert_eq!(report["verdict"], "absent");
    let piped = Program::new(arguments(&image("unsigned"), &["json=/proc/self/fd/1".into()])).run();
    assert_eq!((piped.exit, piped.stderr.as_str()), (4, ""));
    assert!(piped.stdout.starts_with('{') && piped.stdout.ends_with("}\n"), "{}", piped.stdout);
}

#[test]
fn a266_two_runs_at_once_leave_one_whole_report() {
    let scratch = Scratch::new();
    let target = format!("json={}", scratch.path("report.json").display());
    std::thread::scope(|scope| {
        for (name, exit) in [("unsigned", 4), ("signed", 0)] {
            let arguments = arguments(&image(name), std::slice::from_ref(&target));
            scope.spawn(move || assert_eq!(Program::new(arguments).run().exit, exit));
        }
    });
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(scratch.path("report.json")).expect("a report")).expect("JSON");
    assert!(["verified", "absent"].contains(&report["verdict"].as_str().expect("a verdict")));
    assert_eq!(scratch.files(), ["report.json"]);
}
