//! The forms of the report: text with and without colour, JSON, and names that are safe to pull.

use std::fs;

use serde_json::Value;

use crate::fixtures::{BY_SHOP, LAB, check, digest, image};
use crate::program::{Program, Run, Scratch, bonafide};
use crate::report::{list, word};
use crate::shop::{BY_SIGNER, Served, Shop};
use crate::support::image::Image;

fn arguments<'a>(image: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    ["verify", image].into_iter().chain(LAB).chain(BY_SHOP).chain(more.iter().copied()).collect()
}

fn pinned(served: &Served, references: &[&str]) -> Run {
    let trust = ["--trusted-root", served.root.as_str(), "--output", "pinned", "--require", "signature"];
    let all = ["verify"].into_iter().chain(references.iter().copied()).chain(BY_SIGNER).chain(trust);
    bonafide(&all.collect::<Vec<_>>())
}

#[test]
fn text_is_the_default_and_plain_where_there_is_no_terminal() {
    let image = image("signed");
    let default = bonafide(&arguments(&image, &[])).success();
    assert!(default.starts_with("verified  "), "{default}");
    assert!(!default.contains('\u{1b}'), "{default}");
    for more in [&["--output", "text"] as &[&str], &["--output", "text=-"], &["--color", "never"], &["--color", "auto"]]
    {
        assert_eq!(bonafide(&arguments(&image, more)).success(), default, "{more:?}");
    }
    let without = Program::new(arguments(&image, &[])).env("NO_COLOR", "1").env("TERM", "xterm-256color").run();
    assert_eq!(without.success(), default);
}

#[test]
fn colour_marks_verdicts_and_changes_no_word() {
    for (name, exit, code) in [("signed", 0, "32"), ("other-signer", 1, "31"), ("unsigned", 4, "35")] {
        let image = image(name);
        let plain = bonafide(&arguments(&image, &[]));
        for program in [
            Program::new(arguments(&image, &["--color", "always"])),
            // A flag is a wish of the moment, and stronger than the environment's.
            Program::new(arguments(&image, &["--color", "always"])).env("NO_COLOR", "1"),
        ] {
            let run = program.run();
            assert_eq!((run.exit, run.stderr.as_str()), (exit, ""));
            assert!(run.stdout.starts_with(&format!("\u{1b}[1;{code}m")), "{}", run.stdout);
            let stripped: String = run
                .stdout
                .split('\u{1b}')
                .enumerate()
                .map(|(position, part)| match position {
                    0 => part,
                    _ => part.split_once('m').expect("the end of the sequence").1,
                })
                .collect();
            assert_eq!(stripped, plain.stdout);
        }
    }
}

/// On white and on black: no black, no white, no bright colour, no bold yellow, which many terminals show as a bright one, and no
/// background.
#[test]
fn every_colour_can_be_read_on_light_and_on_dark_terminals() {
    let named = |name: &str| arguments(name, &["--color", "always"]).iter().map(ToString::to_string).collect();
    let mut commands: Vec<Vec<String>> =
        ["signed", "other-signer", "unsigned"].map(|name| named(&image(name))).into_iter().collect();
    commands.push(named("oci:fixtures/images/signed:nowhere"));
    for more in ["verify ghcr.io//app", "verify --no-such-flag", "verify -h", "verify --help", "explain signature"] {
        commands.push(more.split(' ').chain(["--color", "always"]).map(str::to_owned).collect());
    }
    for command in commands {
        let run = Program::new(&command).run();
        let text = run.stdout + &run.stderr;
        for sequence in text.split('\u{1b}').skip(1) {
            let codes = sequence.strip_prefix('[').and_then(|rest| rest.split_once('m')).expect("a colour").0;
            assert!(
                ["0", "1", "4", "1;4", "32", "33", "1;31", "1;32", "1;35"].contains(&codes),
                "{command:?}: {codes}"
            );
        }
    }
}

#[test]
fn colour_reaches_neither_json_nor_names_nor_files() {
    let served = Shop::with_signature().serve();
    let reference = served.by_tag();
    for format in ["json", "pinned"] {
        let trust = ["--trusted-root", &served.root, "--require", "signature", "--color", "always", "--output", format];
        let all = ["verify", &reference].into_iter().chain(BY_SIGNER).chain(trust);
        assert!(!bonafide(&all.collect::<Vec<_>>()).success().contains('\u{1b}'), "{format}");
    }
    let scratch = Scratch::new();
    let target = format!("text={}", scratch.path("report.txt").display());
    let image = image("signed");
    assert_eq!(bonafide(&arguments(&image, &["--color", "always", "--output", &target])).success(), "");
    let file = fs::read_to_string(scratch.path("report.txt")).expect("the report");
    assert_eq!(file, bonafide(&arguments(&image, &[])).success());
}

#[test]
fn errors_are_coloured_on_demand_alone() {
    let plain = bonafide(&["verify", "ghcr.io//app", "--repo", "a/b"]).usage_error();
    let coloured = bonafide(&["verify", "ghcr.io//app", "--repo", "a/b", "--color", "always"]);
    assert_eq!((coloured.exit, coloured.stdout.as_str()), (2, ""));
    assert_eq!(coloured.stderr.replace("\u{1b}[1;31m", "").replace("\u{1b}[0m", ""), plain);
    assert_ne!(coloured.stderr, plain);
}

#[test]
fn json_on_standard_output_is_the_document_of_the_file() {
    for (name, exit) in [("signed", 0), ("other-signer", 1), ("unsigned", 4)] {
        let image = image(name);
        let run = bonafide(&arguments(&image, &["--output", "json"]));
        assert_eq!((run.exit, run.stderr.as_str()), (exit, ""));
        assert!(run.stdout.ends_with("}\n"));
        let mut printed: Value = serde_json::from_str(&run.stdout).expect("JSON");
        let mut filed = check(name, &[&BY_SHOP]).report;
        for report in [&mut printed, &mut filed] {
            let began = report["startedAt"].take();
            assert!(word(&began).ends_with('Z'), "a time of UTC: {began}");
        }
        assert_eq!(printed, filed);
    }
}

#[test]
fn several_reports_of_one_run_agree() {
    let scratch = Scratch::new();
    let (image, target) = (image("multi-platform-partial"), |name: &str, format: &str| {
        format!("{format}={}", scratch.path(name).display())
    });
    let (json, text, names) = (target("a.json", "json"), target("a.txt", "text"), target("a.names", "pinned"));
    let more = ["--output", &json, "--output", &text, "--output", &names, "--output", "text", "-v"];
    let run = bonafide(&arguments(&image, &more));
    assert_eq!((run.exit, run.stderr.as_str()), (4, ""));
    assert_eq!(scratch.files(), ["a.json", "a.names", "a.txt"], "nothing else is left there");
    let read = |name: &str| fs::read_to_string(scratch.path(name)).expect("a report");
    assert_eq!(read("a.txt"), run.stdout);
    assert_eq!(read("a.names"), "");
    let report: Value = serde_json::from_str(&read("a.json")).expect("JSON");
    crate::report::assert_agreement(run.exit, &run.stdout, &report);
}

#[test]
fn the_exit_code_does_not_depend_on_the_detail() {
    // No registry is at that port.
    let nowhere = "127.0.0.1:1/acme/shop:1".to_owned();
    for (name, exit) in [("signed", 0), ("other-signer", 1), ("nowhere", 3), ("unsigned", 4)] {
        let image = if name == "nowhere" { nowhere.clone() } else { image(name) };
        for more in ["-q", "-v"] {
            let run = bonafide(&arguments(&image, &[more]));
            assert_eq!((run.exit, run.stderr.as_str()), (exit, ""), "{name} {more}");
        }
    }
}

#[test]
fn names_to_pull_are_printed_only_when_verified() {
    let served = Shop::with_signature().serve();
    let (tag, digest) = (served.by_tag(), served.by_digest());
    let name = format!("{}\n", served.pinned());
    assert_eq!(pinned(&served, &[&tag]).success(), name);
    assert_eq!(pinned(&served, &[&digest]).success(), name, "A275: always the digest");
    assert_eq!(pinned(&served, &[&tag, &digest]).success(), name.repeat(2));
}

#[test]
fn no_name_is_printed_for_what_is_not_verified() {
    let mut shop = Shop::with_signature();
    let unsigned = Image::single_containing("something else", "linux/amd64");
    shop.repository.push_tagged("unsigned", &unsigned);
    let served = shop.serve();
    let (good, unsigned) = (served.by_tag(), served.registry.reference("acme/shop", "unsigned"));
    let missing = served.registry.reference("acme/shop", "missing");
    for (references, exit) in [
        (vec![unsigned.as_str()], 4),
        (vec![missing.as_str()], 3),
        (vec![unsigned.as_str(), good.as_str()], 4),
        (vec![good.as_str(), missing.as_str()], 3),
    ] {
        let run = pinned(&served, &references);
        assert_eq!((run.exit, run.stdout.as_str()), (exit, ""), "{references:?}");
        let verdict = if exit == 4 { "incomplete  " } else { "could not check  " };
        assert!(run.stderr.lines().any(|line| line.starts_with(verdict)), "why nothing is pinned: {}", run.stderr);
    }
}

#[test]
fn the_name_of_an_image_in_a_layout_is_verified_again() {
    let names = |image: &str, more: &[&str]| {
        let run = bonafide(&arguments(image, &[&["--output", "pinned"], more].concat()));
        assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{image}");
        run.stdout
    };
    let (image, pinned) = (image("signed"), format!("oci:fixtures/images/signed@{}", digest("signed")));
    for reference in [&image, &pinned, &format!("{image}@{}", digest("signed"))] {
        assert_eq!(names(reference, &[]), format!("{pinned}\n"));
    }
    // The index has platforms that were not looked at.
    let index = crate::fixtures::image("multi-platform-children");
    let name = names(&index, &["--platform", "linux/amd64"]);
    assert!(name.ends_with('\n') && !name.contains(&digest("multi-platform-children")), "{name}");
    assert_eq!(names(name.trim_end(), &[]), name);
}

#[test]
fn quiet_prints_one_line_for_each_image() {
    let (good, bad) = (image("signed"), image("other-signer"));
    let run = bonafide(&arguments(&good, &[&bad, "-q"]));
    assert_eq!((run.exit, run.stderr.as_str()), (1, ""));
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{}", run.stdout);
    assert!(lines[0].starts_with("verified  ") && lines[0].ends_with(&digest("signed")), "{}", lines[0]);
    assert!(lines[1].starts_with("rejected  ") && lines[1].contains(&bad), "{}", lines[1]);
    assert!(
        lines[1].contains("the signer is not the expected one, expected ")
            && lines[1].ends_with("mallory@evil.example")
    );
}

#[test]
fn verbose_prints_every_check_of_every_candidate() {
    let image = image("signed");
    let text = bonafide(&arguments(&image, &["-v"])).success();
    let report = check("signed", &[&BY_SHOP]).report;
    for candidate in list(&report["images"][0]["candidates"]) {
        let id = word(&candidate["id"]);
        let after = text.split(&format!("\n    {id} ")).nth(1).expect("the candidate");
        let lines: Vec<&str> = after.lines().skip(1).take_while(|line| line.starts_with("      ")).collect();
        let findings = list(&candidate["findings"]);
        assert_eq!(lines.len(), 1 + findings.len(), "the place, and one line for each check:\n{after}");
        for (line, finding) in lines[1..].iter().zip(findings) {
            assert!(line.contains(word(&finding["check"])) && line.contains("pass"), "{line}");
        }
    }
}

#[test]
fn quiet_and_verbose_exclude_each_other() {
    let image = image("signed");
    let message = bonafide(&arguments(&image, &["-q", "-v"])).usage_error();
    assert!(message.contains("cannot be used with"), "{message}");
}
