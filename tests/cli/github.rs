//! A step of GitHub Actions: the files that its runner names, as the program adds to them.

use std::fs;

use crate::fixtures::{BY_SHOP, LAB, digest, image};
use crate::program::{Program, Run, Scratch};

/// The files of a step, in which another command wrote something already.
struct Step {
    scratch: Scratch,
}

impl Step {
    fn new() -> Step {
        let scratch = Scratch::new();
        scratch.write("summary", "# Build");
        scratch.write("output", "image=app");
        Step { scratch }
    }

    fn verify(&self, images: &[&str], more: &[&str]) -> Run {
        self.program(images, more).run()
    }

    fn program(&self, images: &[&str], more: &[&str]) -> Program {
        let all = [&["verify"][..], images, &LAB, &BY_SHOP, &["--output", "github"], more].concat();
        let file = |name: &str| self.scratch.path(name);
        Program::new(all).env("GITHUB_STEP_SUMMARY", file("summary")).env("GITHUB_OUTPUT", file("output"))
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.scratch.path(name)).expect("the file")
    }

    /// An output, as the runner reads it.
    fn output(&self, name: &str) -> String {
        let text = self.read("output");
        let mut lines = text.lines().skip_while(|line| !line.starts_with(&format!("{name}<<")));
        let (_, delimiter) = lines.next().expect("the output").split_once("<<").expect("a delimiter");
        lines.take_while(|line| *line != delimiter).collect::<Vec<_>>().join("\n")
    }

    fn is_untouched(&self) -> bool {
        self.read("summary") == "# Build" && self.read("output") == "image=app"
    }
}

#[test]
fn a_step_gets_text_annotations_a_summary_and_outputs() {
    let step = Step::new();
    let run = step.verify(&[&image("signed")], &[]);
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.starts_with("verified  ") && !run.stdout.contains("::"), "{}", run.stdout);
    let summary = step.read("summary");
    assert!(summary.starts_with("# Build\n## Verification of images: verified\n"), "{summary}");
    assert!(step.read("output").starts_with("image=app\nverdict<<bonafide-"));
    assert_eq!((step.output("verdict"), step.output("exit-code")), ("verified".to_owned(), "0".to_owned()));
    assert_eq!(step.output("digest"), digest("signed"));
    assert_eq!(step.output("pinned"), format!("[\"oci:fixtures/images/signed@{}\"]", digest("signed")));

    let step = Step::new();
    let run = step.verify(&[&image("signed"), &image("other-signer")], &[]);
    assert_eq!((run.exit, run.stderr.as_str()), (1, ""));
    let annotations: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with("::")).collect();
    let [annotation] = annotations.as_slice() else { panic!("{}", run.stdout) };
    let title = image("other-signer").replace(':', "%3A");
    assert!(annotation.starts_with(&format!("::error title=rejected%3A {title}::")), "{annotation}");
    assert_eq!(step.output("counts"), r#"{"verified":1,"rejected":1,"absent":0,"undecided":0}"#);
    assert_eq!((step.output("digest"), step.output("pinned")), (String::new(), String::new()), "nothing to deploy");
    let delimiter = |step: &Step| step.read("output").lines().nth(1).map(str::to_owned);
    assert_ne!(
        delimiter(&step),
        delimiter(&{
            let other = Step::new();
            other.verify(&[&image("signed")], &[]);
            other
        })
    );
}

#[test]
fn without_the_files_of_a_runner_nothing_is_verified_and_the_reason_is_said() {
    let step = Step::new();
    for (name, value) in [("GITHUB_OUTPUT", ""), ("GITHUB_STEP_SUMMARY", "")] {
        let run = step.program(&[&image("signed")], &[]).env(name, value).run();
        assert_eq!((run.exit, run.stdout.as_str()), (3, ""), "{name}");
        let expected = format!("error: `--output github` adds to the file that {name} names, and it is not set\n  → ");
        assert!(run.stderr.starts_with(&expected), "{}", run.stderr);
    }
    let missing = step.scratch.path("missing");
    let run = step.program(&[&image("signed")], &[]).env("GITHUB_OUTPUT", &missing).run();
    assert_eq!((run.exit, run.stdout.as_str()), (3, ""));
    assert!(
        run.stderr.starts_with(&format!("error: GITHUB_OUTPUT names a file: cannot add to `{}`: ", missing.display()))
    );
    assert!(!missing.exists() && step.is_untouched());
}

#[cfg(unix)]
#[test]
fn a319_nothing_is_added_through_a_link_or_to_what_is_no_file() {
    let step = Step::new();
    let victim = step.scratch.write("victim", "keep");
    let (link, pipe) = (step.scratch.path("link"), step.scratch.path("pipe"));
    std::os::unix::fs::symlink(&victim, &link).expect("a link");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("the system has mkfifo");
    assert!(made.success());
    let folder = step.scratch.directory().to_owned();
    for place in [link, pipe, folder, "/dev/null".into(), "/dev/full".into()] {
        let run = step.program(&[&image("signed")], &[]).env("GITHUB_OUTPUT", &place).run();
        assert_eq!((run.exit, run.stdout.as_str()), (3, ""), "{}: {}", place.display(), run.stderr);
        assert!(step.is_untouched(), "{}", place.display());
    }
    assert_eq!(fs::read_to_string(&victim).expect("the file"), "keep");
}

#[test]
fn a_step_that_filled_its_summary_ends_undecided() {
    let step = Step::new();
    step.scratch.write("summary", "x".repeat(1_000_000));
    let run = step.verify(&[&image("signed")], &[]);
    assert_eq!(run.exit, 3);
    assert!(run.stderr.contains("this step has filled its summary already"), "{}", run.stderr);
    assert_eq!(step.read("output"), "image=app", "no verdict of a run that ends so");
}

#[test]
fn a_list_with_a_bad_line_gives_later_steps_no_verdict() {
    let step = Step::new();
    let list = step.scratch.write("list", format!("{}\nghcr.io//app\n", image("signed")));
    let run = step.program(&["-"], &[]).stdin_from(list.as_ref()).run();
    assert_eq!(run.exit, 2, "{}", run.stderr);
    assert!(step.is_untouched());
}

#[test]
fn a_usage_error_and_a_lost_report_add_nothing() {
    let step = Step::new();
    assert_eq!(step.verify(&[&image("signed")], &["--no-such-flag"]).exit, 2);
    let lost = format!("json={}", step.scratch.path("missing/report.json").display());
    assert_eq!(step.verify(&[&image("signed")], &["--output", &lost]).exit, 3);
    assert!(step.is_untouched());
}

#[test]
fn audits_and_files_are_told_to_a_step_too() {
    let step = Step::new();
    let all = [&["audit", "oci:fixtures/images/other-signer"][..], &LAB, &BY_SHOP, &["--output", "github"]].concat();
    let file = |name: &str| step.scratch.path(name);
    let run = Program::new(all).env("GITHUB_STEP_SUMMARY", file("summary")).env("GITHUB_OUTPUT", file("output")).run();
    assert_eq!((run.exit, run.stderr.as_str()), (1, ""));
    assert!(run.stdout.lines().any(|line| line.starts_with("::error title=rejected%3A ")), "{}", run.stdout);
    assert!(step.read("summary").contains("| verdict | repository |"));
    assert_eq!(step.output("verdict"), "rejected");
}
