//! The JSON Schemas against what they describe: what is written is described, and nothing else is.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

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

/// Forbids every field that the schema does not describe, wherever it describes any.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.contains_key("properties") {
                object.insert("additionalProperties".to_owned(), json!(false));
            }
            object.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

fn complaints(schema: &Value, report: &Value) -> Vec<String> {
    let validator = jsonschema::draft202012::new(schema).expect("the schema is a schema");
    validator.iter_errors(report).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn every_field_of_real_reports_is_in_the_schema() {
    let mut closed = schema();
    close(&mut closed);
    let report = all_reports();
    assert_eq!(report["images"].as_array().map(Vec::len), Some(IMAGES.len() + 2));
    assert_eq!(complaints(&closed, &report), Vec::<String>::new());
}

#[test]
fn every_field_of_real_inspections_is_in_the_schema() {
    let mut closed = schema_of("inspection");
    close(&mut closed);
    let references: Vec<String> = IMAGES.iter().map(|image| format!("oci:fixtures/images/{image}:v1.0.0")).collect();
    let root = ["--trusted-root", "fixtures/trust/lab.trusted_root.json", "--output", "json"];
    let mut arguments = vec!["inspect", "oci:fixtures/images/signed:nowhere"];
    arguments.extend(references.iter().map(String::as_str));
    arguments.extend(root);
    let inspection = serde_json::from_slice(&bonafide(&arguments)).expect("the inspection is JSON");
    assert_eq!(complaints(&closed, &inspection), Vec::<String>::new());
    let mut without = inspection.clone();
    without["images"][0]["candidates"] = json!("none");
    assert_eq!(complaints(&closed, &without).len(), 1);
}

#[test]
fn every_field_of_shown_roots_is_in_the_schema() {
    let mut closed: Value = serde_json::from_slice(&bonafide(&["schema", "trust"])).expect("the schema is JSON");
    close(&mut closed);
    let file = "fixtures/trust/lab.trusted_root.json";
    let domains = ["--trust", "public-good", "--trust", "github", "--trusted-root", file];
    let shown = bonafide(&[&["trust", "show", "--output", "json"], &domains[..]].concat());
    let mut shown: Value = serde_json::from_slice(&shown).expect("what is shown is JSON");
    assert_eq!(shown["trust"].as_array().map(Vec::len), Some(3));
    assert_eq!(complaints(&closed, &shown), Vec::<String>::new());
    shown["trust"][0]["sha256"] = json!("short");
    assert_eq!(complaints(&closed, &shown).len(), 1);
}

#[test]
fn the_schema_refuses_what_is_no_report() {
    let schema = schema();
    let mut report = report(&["oci:fixtures/images/signed:v1.0.0"]);
    assert_eq!(complaints(&schema, &report), Vec::<String>::new());
    report["verdict"] = json!("fine");
    assert_eq!(complaints(&schema, &report).len(), 1);
}
