//! `--from`: the images that files name, judged once, and reported where they stand.

use std::fs;

use serde_json::{Value, json};

use crate::program::{Program, Run};
use crate::report::list;
use crate::shop::{BY_SIGNER, NAME, Served, Shop};

fn run(served: &Served, arguments: &[&str]) -> Run {
    let common = ["--trusted-root", &served.root];
    let all = [&["verify"][..], arguments, &common, &BY_SIGNER].concat();
    Program::new(all).within(served.scratch.directory()).run()
}

fn report(served: &Served, exit: i32, arguments: &[&str]) -> Value {
    let run = run(served, &[arguments, &["--output", "json"]].concat());
    assert_eq!(run.exit, exit, "{}", run.stderr);
    serde_json::from_str(&run.stdout).expect("JSON")
}

fn places(report: &Value) -> Vec<(Value, Value, Value)> {
    let of = |image: &Value| {
        (image["location"]["file"].clone(), image["location"]["line"].clone(), image["verdict"].clone())
    };
    list(&report["images"]).iter().map(of).collect()
}

#[test]
fn an_image_is_judged_once_and_reported_wherever_it_is_named() {
    let served = Shop::with_bundles().serve();
    let image = served.by_tag();
    served.scratch.write("Dockerfile", format!("FROM {image} AS a\nFROM {image}\nFROM {}\n", served.by_digest()));
    served.scratch.write("compose.yaml", format!("services:\n  app:\n    image: {image}\n"));
    let report = report(&served, 0, &["--from", "Dockerfile", "--from", "compose.yaml"]);
    let verified = |file: &str, line: u32| (json!(file), json!(line), json!("verified"));
    let expected =
        [verified("Dockerfile", 1), verified("Dockerfile", 2), verified("compose.yaml", 3), verified("Dockerfile", 3)];
    assert_eq!(places(&report), expected);
    assert_eq!(report["images"][2]["location"], json!({"file": "compose.yaml", "line": 3, "column": 12}));
    assert_eq!(report["counts"]["verified"], 4);
    let tags = served.asked().iter().filter(|path| *path == "manifests/1.0.0").count();
    assert_eq!(tags, 1, "{:?}", served.asked());
}

#[test]
fn every_report_says_the_line() {
    let served = Shop::new().serve();
    let image = served.by_tag();
    served.scratch.write("Dockerfile", format!("# one\nFROM {image}\n"));
    let text = run(&served, &["--from", "Dockerfile"]);
    assert_eq!((text.exit, text.stderr.as_str()), (4, "Dockerfile: 1 image in a Dockerfile\n"));
    assert!(text.stdout.starts_with(&format!("incomplete  {image} (Dockerfile:2)")), "{}", text.stdout);
    let quiet = run(&served, &["--from", "Dockerfile", "-q"]);
    assert_eq!((quiet.exit, quiet.stderr.as_str()), (4, ""));
    let sarif: Value =
        serde_json::from_str(&run(&served, &["--from", "Dockerfile", "--output", "sarif"]).stdout).expect("SARIF");
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(*place, json!({"artifactLocation": {"uri": "Dockerfile"}, "region": {"startLine": 2}}));
    let junit = run(&served, &["--from", "Dockerfile", "--output", "junit"]).stdout;
    assert!(junit.contains("<property name=\"location\" value=\"Dockerfile:2\"/>"), "{junit}");
}

/// Whatever the variable becomes in a build, nothing is known of that image.
#[test]
fn an_image_that_a_variable_leaves_open_is_undecided_and_says_which() {
    let served = Shop::with_bundles().serve();
    served.scratch.write("Dockerfile", format!("ARG BASE\nFROM {} AS a\nFROM ${{BASE}}\n", served.by_tag()));
    let report = report(&served, 3, &["--from", "Dockerfile"]);
    assert_eq!(
        places(&report),
        [(json!("Dockerfile"), json!(3), json!("undecided")), (json!("Dockerfile"), json!(2), json!("verified")),]
    );
    let open = &report["images"][0];
    assert_eq!(open["gaps"][0]["reason"], "open");
    let message = open["findings"][0]["message"].as_str().expect("a message");
    assert_eq!(message, "no image is known here: the file gives no value to `BASE`");
    for format in ["text", "json", "jsonl", "junit", "sarif", "markdown"] {
        assert_eq!(run(&served, &["--from", "Dockerfile", "--output", format]).exit, 3, "{format}");
    }
}

#[test]
fn a_file_names_the_platform_that_runs() {
    let served = Shop::with_bundles().serve();
    served.scratch.write("Dockerfile", format!("FROM --platform=linux/s390x {}\n", served.by_tag()));
    let other = report(&served, 3, &["--from", "Dockerfile"]);
    assert_eq!(other["images"][0]["gaps"][0]["reason"], "selection", "{other}");
}

#[test]
fn a_file_of_which_nothing_is_known_is_a_usage_error() {
    let served = Shop::with_bundles().serve();
    for (name, text) in [
        ("Dockerfile", "FROM scratch\n"),
        ("values.yaml", "image: x\n"),
        ("compose.yaml", "services: {a: {build: .}}\n"),
        ("pod.yaml", "kind: {{ x }}\n"),
    ] {
        served.scratch.write(name, text);
        let said = run(&served, &["--from", name]).usage_error();
        assert!(said.starts_with(&format!("error: cannot read the images of `{name}`: ")), "{said}");
    }
    assert!(run(&served, &["--from", "missing"]).usage_error().contains("cannot read `missing`"));
    assert!(run(&served, &["--from", "."]).usage_error().contains("directory"));
    let both = run(&served, &["-", "--from", "-"]).usage_error();
    assert!(both.contains("standard input cannot be both a file that names images and the references"), "{both}");
}

/// A name that cannot be read may be that of an image that must not pass; the others are judged all the same.
#[test]
fn a_name_that_cannot_be_read_makes_the_run_a_usage_error() {
    let served = Shop::with_bundles().serve();
    served.scratch.write("Dockerfile", format!("FROM {}\nFROM Acme/App\n", served.by_tag()));
    let run = run(&served, &["--from", "Dockerfile"]);
    assert_eq!(run.exit, 2);
    assert!(run.stdout.contains("verified"), "{}", run.stdout);
    assert!(run.stderr.contains("error: Dockerfile:2, FROM: repository `App` has capital letters"), "{}", run.stderr);
}

/// `oci:` is a transport on the command line, and the name of a repository in a file.
#[test]
fn a_file_names_no_layout() {
    let served = Shop::with_bundles().serve();
    fs::create_dir(served.scratch.path("layout")).expect("a folder");
    served.scratch.write("Dockerfile", "FROM oci:layout\n");
    let report = report(&served, 3, &["--from", "Dockerfile", "--offline"]);
    assert_eq!(report["images"][0]["reference"], "oci:layout");
    assert_ne!(report["images"][0]["gaps"][0]["reason"], "missing", "the registry was asked: {report}");
}

#[test]
fn rendered_manifests_are_read_from_standard_input() {
    let served = Shop::with_bundles().serve();
    let pod = served.scratch.path("pod.yaml");
    let text = format!("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: {}\n", served.by_tag());
    fs::write(&pod, text).expect("a file");
    let all = [&["verify", "--from", "-", "--trusted-root", &served.root][..], &BY_SIGNER].concat();
    let run = Program::new(all).stdin_from(&pod).run();
    assert_eq!((run.exit, run.stderr.as_str()), (0, "standard input: 1 image in manifests of Kubernetes\n"));
    assert!(run.stdout.contains("(standard input:5)"), "{}", run.stdout);
}

#[test]
fn an_image_without_a_rule_is_named_with_its_line() {
    let served = Shop::with_bundles().serve();
    served.scratch.write(
        "bonafide.yaml",
        "version: 1\nimages:\n- match: ghcr.io/acme/*\n  signers: [{github: {repository: acme/shop, ref: 'refs/tags/v*'}}]\n  \
         require: [signature]\n",
    );
    served.scratch.write("Dockerfile", format!("FROM {}\n", served.by_tag()));
    let all = ["verify", "--from", "Dockerfile", "--trusted-root", &served.root];
    let said = Program::new(all).within(served.scratch.directory()).run();
    assert_eq!(said.exit, 2, "{}", said.stdout);
    assert!(said.stderr.contains("error: Dockerfile:1: ") && said.stderr.contains(NAME), "{}", said.stderr);
}
