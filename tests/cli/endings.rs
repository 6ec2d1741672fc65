//! Every command in every format, and every way for it to end: the exit code and both streams; and the same with a reader that left
//! early, which changes neither, and on a full disk, which is never a success (A266).

use std::fs::File;
use std::io;

use bonafide::render::{OUTPUTS, Output};

use crate::fixtures::{BY_SHOP, LAB, digest, image};
use crate::program::{Program, Run, Scratch};

/// Where a run says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// On standard output alone.
    Out,
    /// On standard error alone.
    Err,
    Both,
}

const FULL: &str = "error: cannot write to standard output: No space left on device (os error 28)\n";

/// The writing end of a pipe that nobody reads.
pub(crate) fn closed_pipe() -> io::PipeWriter {
    let (_, writer) = io::pipe().expect("the system has pipes");
    writer
}

pub(crate) fn full_disk() -> File {
    File::options().write(true).open("/dev/full").expect("this system has /dev/full")
}

/// Asserts the exit code and the streams of a command, and of the same one without a reader and without space.
#[track_caller]
fn ends(arguments: &[&str], exit: i32, says: Says) {
    let command = arguments.join(" ");
    // One format adds to files that the environment names.
    let scratch = Scratch::new();
    let program = || {
        let file = |name: &str| scratch.write(name, "");
        Program::new(arguments).env("GITHUB_STEP_SUMMARY", file("summary")).env("GITHUB_OUTPUT", file("output"))
    };
    let run = program().run();
    let found = match (run.stdout.is_empty(), run.stderr.is_empty()) {
        (false, true) => Some(Says::Out),
        (true, false) => Some(Says::Err),
        (false, false) => Some(Says::Both),
        (true, true) => None,
    };
    assert_eq!((run.exit, found), (exit, Some(says)), "{command}\n{}{}", run.stdout, run.stderr);
    assert!(!run.stderr.contains("panicked"), "{command}\n{}", run.stderr);
    let Run { exit: unread, stderr: beside, .. } = program().stdout_to(closed_pipe()).run();
    assert_eq!((unread, &beside), (exit, &run.stderr), "{command}: a reader that left changes nothing");
    let full = program().stdout_to(full_disk()).run();
    if run.stdout.is_empty() {
        assert_eq!((full.exit, full.stderr), (exit, run.stderr), "{command}: nothing was lost");
    } else {
        assert_eq!(full.exit, 3, "{command}: {}", full.stderr);
        assert!(full.stderr.ends_with(FULL), "{command}: {}", full.stderr);
    }
}

/// The lab's images, by the verdict that they get.
const VERDICTS: [(&str, i32); 4] =
    [("signed:v1.0.0", 0), ("other-signer:v1.0.0", 1), ("signed:nowhere", 3), ("unsigned:v1.0.0", 4)];

#[test]
fn a266_verify_ends_by_its_verdict_in_every_format() {
    for output in OUTPUTS {
        for (name, exit) in VERDICTS {
            let image = format!("oci:fixtures/images/{name}");
            let verifier: &[&str] =
                if output.names_verifier { &["--verifier", "https://acme.example/verifier"] } else { &[] };
            let says = match (output.name, exit) {
                // Of nothing that is verified, there is nothing to pull.
                ("pinned", 1..) | ("vsa", 3) => Says::Err,
                _ => Says::Out,
            };
            let format = ["--output", output.name];
            ends(&[&["verify", &image][..], &LAB, &BY_SHOP, &format, verifier].concat(), exit, says);
        }
        let none = ["verify", "oci:fixtures/images/signed:v1.0.0", "--output", output.name];
        ends(&none, 2, Says::Err);
    }
}

#[test]
fn a266_verify_of_several_images_ends_by_the_worst_verdict_in_every_format() {
    let (signed, unsigned) = (image("signed"), image("unsigned"));
    for output in OUTPUTS.iter().filter(|output| !output.names_verifier) {
        let says = if output.name == "pinned" { Says::Err } else { Says::Out };
        let format = ["--output", output.name];
        ends(&[&["verify", &signed, &unsigned, &signed][..], &LAB, &BY_SHOP, &format].concat(), 4, says);
    }
}

#[test]
fn a266_audit_ends_by_its_verdict_in_every_format() {
    let cases: [(&str, &[&str], i32); 4] =
        [("signed", &[], 0), ("other-signer", &[], 1), ("signed", &["--tags", "x*"], 3), ("unsigned", &[], 4)];
    for output in OUTPUTS.iter().filter(|output| output.is_for_audits) {
        for (name, more, exit) in cases {
            let layout = format!("oci:fixtures/images/{name}");
            let says = if output.name == "pinned" && exit > 0 { Says::Err } else { Says::Out };
            ends(&[&["audit", &layout, "--output", output.name][..], &LAB, &BY_SHOP, more].concat(), exit, says);
        }
        ends(&["audit", &image("signed"), "--output", output.name], 2, Says::Err);
    }
}

#[test]
fn a266_diff_ends_by_the_worse_verdict_in_every_format() {
    let signed = image("signed");
    for output in OUTPUTS.iter().filter(|output| output.is_for_diffs()) {
        for (name, exit) in VERDICTS {
            let other = format!("oci:fixtures/images/{name}");
            let command = |old, new| [&["diff", old, new, "--output", output.name][..], &LAB, &BY_SHOP].concat();
            ends(&command(&signed, &other), exit, Says::Out);
            ends(&command(&other, &signed), exit, Says::Out);
        }
        ends(&["diff", &signed, &signed, "--output", output.name], 2, Says::Err);
    }
}

#[test]
fn a266_collect_ends_by_its_verdict_in_every_format() {
    for output in OUTPUTS.iter().filter(|output| !output.names_verifier) {
        // An image that is not there is not carried away, which is said beside the report.
        for (name, exit) in VERDICTS {
            let scratch = Scratch::new();
            let to = scratch.path("pack").display().to_string();
            let image = format!("oci:fixtures/images/{name}");
            let command = ["collect", &image, "--to", &to, "--output", output.name, "-q"];
            let run = Program::new([&command[..], &LAB, &BY_SHOP].concat())
                .env("GITHUB_STEP_SUMMARY", scratch.write("summary", ""))
                .env("GITHUB_OUTPUT", scratch.write("output", ""))
                .run();
            assert_eq!(run.exit, exit, "{} of {name}: {}", output.name, run.stderr);
            assert_eq!(scratch.path("pack").exists(), exit != 3, "{} of {name}", output.name);
        }
    }
}

/// A bundle that is not read is an error of the command line, and one that is read is never absent.
#[test]
fn a266_bundle_ends_by_its_verdict_in_every_format() {
    let bundle = "fixtures/images/signed/blobs/sha256/174d8113122b5c93f3b2990d08aa13620ae49bc62e8596f51d2dc66369dee100";
    let (signed, other) = (digest("signed"), digest("unsigned"));
    let scratch = Scratch::new();
    let newer = std::fs::read_to_string(bundle).expect("a bundle").replace("bundle.v0.3", "bundle.v9.0");
    let newer = scratch.write("newer.sigstore.json", newer);
    for Output { name, .. } in OUTPUTS.iter().filter(|output| output.is_for_bundles) {
        let command =
            |digest, bundle| [&["bundle", digest, "--bundle", bundle, "--output", name][..], &LAB, &BY_SHOP].concat();
        ends(&command(&signed, bundle), 0, Says::Out);
        ends(&command(&other, bundle), 1, Says::Out);
        ends(&command(&signed, "no/such/bundle"), 2, Says::Err);
        ends(&command(&signed, &newer), 3, Says::Out);
    }
}

#[test]
fn a266_inspect_ends_alike_in_every_format() {
    let scratch = Scratch::new();
    let with = |image: &str, more: &[&str]| -> Vec<String> {
        [&["inspect", image][..], &LAB, more].concat().into_iter().map(str::to_owned).collect()
    };
    let (signed, unsigned) = (image("signed"), image("unsigned"));
    let ends = |arguments: Vec<String>, exit, says| {
        ends(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), exit, says);
    };
    for format in ["text", "json"] {
        ends(with(&signed, &["--output", format]), 0, Says::Out);
        ends(with("oci:fixtures/images/signed:nowhere", &["--output", format]), 3, Says::Out);
        let list = format!("json={}", scratch.path("packages.json").display());
        ends(with(&unsigned, &["--output", format, "--sbom", &list]), 4, Says::Both);
        ends(with(&unsigned, &["--output", format, "--no-such-flag"]), 2, Says::Err);
    }
    for (list, says) in [("table=-", Says::Err), ("json=-", Says::Both), ("csv=-", Says::Both)] {
        ends(with(&signed, &["--sbom", list]), 0, Says::Out);
        ends(with(&unsigned, &["--sbom", list]), 4, says);
    }
    ends(with(&signed, &["--suggest-policy"]), 0, Says::Out);
    ends(with(&unsigned, &["--suggest-policy"]), 4, Says::Err);
    ends(with("oci:fixtures/images/signed:nowhere", &["--suggest-policy"]), 3, Says::Err);
    for (name, exit) in VERDICTS {
        let image = format!("oci:fixtures/images/{name}");
        let says = if exit == 0 { Says::Both } else { Says::Err };
        ends(with(&image, &[&["--predicate", "sbom"][..], &BY_SHOP].concat()), exit, says);
    }
    ends(with(&signed, &["--predicate", "sbom"]), 2, Says::Err);
}

fn policy(repository: &str) -> String {
    format!(
        "version: 1\nimages:\n- match: '**'\n  signers: [{{github: {{repository: {repository}, ref: 'refs/tags/v*'}}}}]\n  \
         require: [signature]\n"
    )
}

#[test]
fn a266_commands_about_policies_end_alike_in_every_format() {
    let scratch = Scratch::new();
    let (shop, other) = (scratch.write("shop.yaml", policy("acme/shop")), scratch.write("other.yaml", policy("a/b")));
    let bad = scratch.write("bad.yaml", "version: 1\n");
    let (signed, nowhere) = (image("signed"), "oci:fixtures/images/signed:nowhere".to_owned());
    for format in ["text", "json"] {
        ends(&["policy", "check", "--output", format, &shop], 0, Says::Out);
        ends(&["policy", "check", "--output", format, &bad], 2, if format == "json" { Says::Out } else { Says::Err });
        let preview = |policy, image| {
            let both = ["policy", "preview", "--output", format, "--policy", policy, "--against", &shop, image];
            [&both[..], &LAB].concat()
        };
        ends(&preview(&shop, &signed), 0, Says::Out);
        ends(&preview(&other, &signed), 1, Says::Out);
        ends(&preview(&shop, &nowhere), 3, Says::Out);
        ends(&preview("no/such/policy", &signed), 2, Says::Err);
    }
    ends(&["policy", "init"], 0, Says::Out);
    ends(&["policy", "init", &shop], 2, Says::Err);
    ends(&["policy", "explain", "--policy", &shop, "ghcr.io/acme/shop:1"], 0, Says::Out);
    ends(&["policy", "explain", "--policy", &bad, "ghcr.io/acme/shop:1"], 2, Says::Err);
    ends(&["policy", "import", &shop], 2, Says::Err);
}

#[test]
fn a266_commands_about_the_machine_end_alike_in_every_format() {
    for format in ["text", "json"] {
        ends(&["trust", "show", "--trust", "github", "--output", format], 0, Says::Out);
        ends(&["trust", "show", "--trust", "no-such-domain", "--output", format], 2, Says::Err);
        ends(&["doctor", "--output", format], 0, Says::Out);
        ends(&["doctor", "--output", format, "127.0.0.1:1/acme/shop:1"], 3, Says::Out);
        ends(&["doctor", "--output", format, "--no-such-flag"], 2, Says::Err);
    }
    ends(&["trust", "update", "--trust", "github"], 3, Says::Err);
    ends(&["trust", "update", "--trust", "no-such-domain"], 2, Says::Err);
    ends(&["report", "merge", "no/such/report.json"], 2, Says::Err);
    ends(&["advisories", "index", "--out", "no/such/folder/index.jsonl", "no/such/records"], 2, Says::Err);
}

#[test]
fn a266_what_is_printed_without_a_run_ends_alike() {
    let commands =
        ["verify", "audit", "collect", "inspect", "bundle", "doctor", "explain", "schema", "completions", "man"];
    for command in commands {
        ends(&[command, "-h"], 0, Says::Out);
        ends(&[command, "--help"], 0, Says::Out);
        ends(&["help", command], 0, Says::Out);
        ends(&["man", command], 0, Says::Out);
        ends(&[command, "--no-such-flag"], 2, Says::Err);
    }
    for group in ["policy", "trust", "advisories"] {
        ends(&[group, "--help"], 0, Says::Out);
        ends(&[group], 2, Says::Err);
        ends(&[group, "no-such-command"], 2, Says::Err);
    }
    for arguments in [&["--help"][..], &["--version"], &["help"], &["man"], &["explain"], &["explain", "signature"]] {
        ends(arguments, 0, Says::Out);
    }
    ends(&[], 2, Says::Err);
    ends(&["explain", "no-such-check"], 2, Says::Err);
    for document in ["policy", "report", "inspection", "trust"] {
        ends(&["schema", document], 0, Says::Out);
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        ends(&["completions", shell], 0, Says::Out);
    }
}
