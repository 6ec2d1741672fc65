//! `bonafide diff`: only what is verified is compared, and differences change no exit code.

use serde_json::{Value, json};

use crate::fixtures::{BY_SHOP, LAB, image};
use crate::program::{Program, Run, Scratch};

fn diff(arguments: &[&str]) -> Run {
    Program::new([&["diff"], arguments, &LAB].concat()).run()
}

fn by_shop(old: &str, new: &str, more: &[&str]) -> Run {
    diff(&[&[old, new][..], &BY_SHOP, more].concat())
}

fn json_of(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("JSON: {}{}", run.stdout, run.stderr))
}

#[test]
fn facts_stand_side_by_side_and_change_no_exit_code() {
    let (old, new) = (image("signed"), image("multi-platform"));
    let run = by_shop(&old, &new, &[]);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    for said in [
        "old  verified         oci:fixtures/images/signed:v1.0.0 @ sha256:42ad26bd",
        "signed (signature)   2026-11-21T10:13:17Z → 2026-11-21T10:13:24Z",
        "signer (signature, provenance, sbom)",
        "commit",
    ] {
        assert!(run.stdout.contains(said), "{said}: {}", run.stdout);
    }
    let report = json_of(&by_shop(&old, &new, &["--output", "json"]));
    assert_eq!((&report["verdict"], &report["exitCode"]), (&json!("verified"), &json!(0)));
    assert_eq!((&report["differences"], &report["packages"]["listed"]), (&json!([]), &json!([])), "no other package");
    let same = by_shop(&old, &old, &[]);
    assert!(same.exit == 0 && same.stdout.contains("both are the same image"), "{}", same.stdout);
    assert_eq!(by_shop(&old, &new, &["--quiet"]).stdout.lines().count(), 2);
}

#[test]
fn what_does_not_verify_is_said_and_never_shown_as_a_fact() {
    let old = image("signed");
    for (other, exit, word) in
        [("other-signer", 1, "rejected"), ("unsigned", 4, "incomplete"), ("buildkit-unsigned", 4, "incomplete")]
    {
        let new = image(other);
        for (first, second) in [(&old, &new), (&new, &old)] {
            let run = by_shop(first, second, &[]);
            assert_eq!(run.exit, exit, "{other}: {}{}", run.stdout, run.stderr);
            assert!(run.stdout.contains(word) && run.stdout.contains("not compared: packages: "), "{}", run.stdout);
            assert!(!run.stdout.contains("facts"), "nothing of both counts: {}", run.stdout);
        }
        let report = json_of(&by_shop(&old, &new, &["--output", "json"]));
        let facts = report["facts"].as_array().expect("facts");
        assert!(facts.iter().all(|fact| fact["new"] == json!([])), "{other}: {facts:?}");
        assert_eq!(report["packages"], Value::Null);
        assert_eq!(report["exitCode"], exit);
    }
    // What was not there to be read is neither lost nor new.
    let report = json_of(&by_shop(&old, "oci:fixtures/images/signed:nowhere", &["--output", "json"]));
    assert_eq!((&report["verdict"], &report["differences"]), (&json!("undecided"), &json!([])));
    assert_eq!(report["new"]["readInFull"], json!(false));
}

#[test]
fn a_report_stands_for_an_image_and_two_reports_need_no_policy() {
    let scratch = Scratch::new();
    let write = |name: &str, image: &str| {
        let file = scratch.write(name, "");
        let output = format!("json={file}");
        let run = Program::new([&["verify", image, "--output", &output][..], &LAB, &BY_SHOP].concat()).run();
        assert_eq!(run.exit, 0, "{}", run.stderr);
        file
    };
    let (old, new) = (write("old.json", &image("signed")), write("new.json", &image("multi-platform")));
    let run = by_shop(&old, &image("multi-platform"), &[]);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    assert!(run.stdout.contains("says; it was not judged now"), "{}", run.stdout);
    let packages = "not compared: packages: oci:fixtures/images/signed:v1.0.0: its report has counts of packages alone";
    assert!(run.stdout.contains(packages), "{}", run.stdout);
    let run = Program::new(["diff", &old, &new]).run();
    assert!(run.exit == 0 && run.stdout.contains("signed (signature)"), "{}{}", run.stdout, run.stderr);
    for text in ["{}", "[]", "", r#"{"schemaVersion": 1, "tool": {"name": "bonafide"}, "images": []}"#] {
        let bad = scratch.write("bad.json", text);
        let run = Program::new(["diff", &old, &bad]).run();
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{text}: {}", run.stderr);
    }
}

#[test]
fn markdown_is_for_the_notes_of_a_release() {
    let run = by_shop(&image("signed"), &image("multi-platform"), &["--output", "markdown"]);
    assert!(
        run.stdout.starts_with("## Changes of verified evidence: verified\n\n- Old, verified: <code>"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("### Facts that differ: 3\n\n| fact | old | new |\n|---|---|---|\n"), "{}", run.stdout);
}

#[test]
fn the_page_has_both_images_beside_each_other() {
    let (old, new) = (image("signed"), image("multi-platform"));
    let page = by_shop(&old, &new, &["--output", "html"]).stdout;
    for said in [
        "<h1>Comparison: <span class=\"verdict verified\">verified</span></h1>",
        "<th scope=\"col\">Old</th><th scope=\"col\">New</th>",
        "Facts that differ: 3",
        "Without a change: build parameters, build inputs and base images, packages, licences.",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    // What does not verify is no change.
    let page = by_shop(&old, &image("other-signer"), &["--output", "html"]).stdout;
    assert!(page.contains("Not compared: packages: ") && !page.contains("Without a change"), "{page}");
}

#[test]
fn what_is_no_comparison_is_a_usage_error() {
    let one = image("signed");
    for arguments in [
        &[one.as_str()][..],
        &[&one, &one, &one],
        &[&one, "-"],
        &[&one, &one, "--expect-digest", "sha256:aa"],
        &[&one, &one, "--failed-only"],
        &[&one, &one, "--output", "sarif"],
        &["--from", "Dockerfile"],
        &[&one, &one, "--lock", "package-lock.json"],
        &["--replay", "old.json"],
        &[&one, &one, "--at", "2026-11-30"],
    ] {
        let run = diff(&[arguments, &BY_SHOP].concat());
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{arguments:?}: {}", run.stderr);
    }
    assert_eq!(diff(&[&one, &one]).exit, 2, "without a policy");
}
