//! The JSON Schemas against what they describe: what is written is described, and nothing else is.

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use support::folder::Folder;
use support::schema::complaints;

const IMAGES: [&str; 10] = [
    "signed",
    "signed-rekor1",
    "legacy",
    "multi-platform",
    "multi-platform-children",
    "multi-platform-partial",
    "unsigned",
    "buildkit-unsigned",
    "other-signer",
    "reusable-workflow",
];

fn bonafide(arguments: &[&str]) -> Vec<u8> {
    Command::new(env!("CARGO_BIN_EXE_bonafide"))
        .args(arguments)
        .env_clear()
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .output()
        .expect("the program runs")
        .stdout
}

fn schema() -> Value {
    schema_of("report")
}

fn schema_of(document: &str) -> Value {
    serde_json::from_slice(&bonafide(&["schema", document])).expect("the schema is JSON")
}

fn report(references: &[&str]) -> Value {
    let mut arguments = vec!["verify"];
    arguments.extend(references);
    arguments.extend([
        "--repo",
        "acme/shop",
        "--trusted-root",
        "fixtures/trust/lab.trusted_root.json",
        "--output",
        "json",
    ]);
    serde_json::from_slice(&bonafide(&arguments)).expect("the report is JSON")
}

fn all_reports() -> Value {
    let mut references: Vec<String> =
        IMAGES.iter().map(|image| format!("oci:fixtures/images/{image}:v1.0.0")).collect();
    references.push("oci:fixtures/images/signed:nowhere".to_owned());
    references.push("127.0.0.1:1/nobody/listens:here".to_owned());
    report(&references.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn every_field_of_real_reports_is_in_the_schema() {
    let schema = schema();
    let report = all_reports();
    assert_eq!(report["images"].as_array().map(Vec::len), Some(IMAGES.len() + 2));
    assert_eq!(complaints(&schema, &report), Vec::<String>::new());
}

#[test]
fn every_field_of_real_inspections_is_in_the_schema() {
    let schema = schema_of("inspection");
    let references: Vec<String> = IMAGES.iter().map(|image| format!("oci:fixtures/images/{image}:v1.0.0")).collect();
    let root = ["--trusted-root", "fixtures/trust/lab.trusted_root.json", "--output", "json"];
    let mut arguments = vec!["inspect", "oci:fixtures/images/signed:nowhere"];
    arguments.extend(references.iter().map(String::as_str));
    arguments.extend(root);
    let inspection = serde_json::from_slice(&bonafide(&arguments)).expect("the inspection is JSON");
    assert_eq!(complaints(&schema, &inspection), Vec::<String>::new());
    let mut without = inspection.clone();
    without["images"][0]["candidates"] = json!("none");
    assert_eq!(complaints(&schema, &without).len(), 1);
}

#[test]
fn every_field_of_shown_roots_is_in_the_schema() {
    let schema = schema_of("trust");
    let file = "fixtures/trust/lab.trusted_root.json";
    let domains = ["--trust", "public-good", "--trust", "github", "--trusted-root", file];
    let shown = bonafide(&[&["trust", "show", "--output", "json"], &domains[..]].concat());
    let mut shown: Value = serde_json::from_slice(&shown).expect("what is shown is JSON");
    assert_eq!(shown["trust"].as_array().map(Vec::len), Some(3));
    assert_eq!(complaints(&schema, &shown), Vec::<String>::new());
    shown["trust"][0]["sha256"] = json!("short");
    assert_eq!(complaints(&schema, &shown).len(), 1);
}

#[test]
fn every_field_of_what_commands_print_is_in_the_schema() {
    let folder = Folder::new();
    let policy = |name: &str, pattern: &str, repository: &str| {
        let signers = format!("[{{github: {{repository: {repository}, ref: 'refs/tags/v*'}}}}]");
        let text = format!("version: 1\nimages:\n- match: '{pattern}'\n  signers: {signers}\n  require: [signature]\n");
        folder.write(name, text).display().to_string()
    };
    let (shop, other) = (policy("shop.yaml", "**", "acme/shop"), policy("other.yaml", "**/other-signer", "acme/other"));
    let bad = folder.write("bad.yaml", "version: 1\nimages: 3\n").display().to_string();
    let linted = "fixtures/policies/valid/all-documents.yaml";
    let images = ["signed:v1.0.0", "other-signer:v1.0.0", "unsigned:v1.0.0", "signed:nowhere"];
    let images = images.map(|image| format!("oci:fixtures/images/{image}"));
    let [signed, rejected, absent, undecided] = images.each_ref().map(String::as_str);
    let root = ["--trusted-root", "fixtures/trust/lab.trusted_root.json"];
    let printed = |document: &str, arguments: &[&str]| {
        let printed: Value = serde_json::from_slice(&bonafide(arguments)).expect("JSON");
        assert_eq!(complaints(&schema_of(document), &printed), Vec::<String>::new(), "{arguments:?}");
        printed.to_string()
    };
    let shown = printed("policy-check", &["policy", "check", "--output", "json", linted, &bad, "no/such/file"]);
    assert!(["\"rules\":", "\"line\":", "\"next\":"].iter().all(|field| shown.contains(field)), "{shown}");
    let preview = ["policy", "preview", "--output", "json", "--policy", &other, "--against", &shop];
    let all = [&preview[..], &root, &[signed, rejected, absent, undecided]].concat();
    let shown = printed("policy-preview", &all);
    let said = ["verified", "rejected", "undecided", "absent", "no-rule"];
    assert!(said.iter().all(|said| shown.contains(&format!("\"{said}\""))), "{shown}");
    for other in [signed, rejected, absent, undecided] {
        let shown =
            printed("diff", &[&["diff", signed, other, "--repo", "acme/shop", "--output", "json"][..], &root].concat());
        assert!(shown.contains("\"facts\":["), "{shown}");
    }
    printed("doctor", &["doctor", "--output", "json"]);
    let shown = printed("doctor", &["doctor", "--output", "json", "--policy", &bad, signed]);
    assert!(["\"reference\":", "\"error\"", "\"next\":"].iter().all(|field| shown.contains(field)), "{shown}");
    let shown = printed("packages", &[&["inspect", signed, "--sbom", "json=-"][..], &root].concat());
    assert!(shown.contains("\"purls\":"), "{shown}");
}

#[test]
fn the_schema_refuses_what_is_no_report() {
    let schema = schema();
    let mut report = report(&["oci:fixtures/images/signed:v1.0.0"]);
    assert_eq!(complaints(&schema, &report), Vec::<String>::new());
    report["verdict"] = json!("fine");
    assert_eq!(complaints(&schema, &report).len(), 1);
}
