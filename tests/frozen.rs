//! JSON of version 1, as `fixtures/json` keeps it: documents that this version of the shape once had, and the schemas that described
//! them. Who reads them must be able to read what is written today (fixtures/json/README.md).

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use support::schema::complaints;

/// The documents, as `bonafide schema` names them.
const DOCUMENTS: [&str; 8] =
    ["report", "inspection", "diff", "packages", "trust", "doctor", "policy-check", "policy-preview"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/json")
}

fn read(path: &Path) -> Value {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn bonafide(arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
    let output = command.args(arguments).env_clear().current_dir(env!("CARGO_MANIFEST_DIR")).output();
    output.expect("the program runs").stdout
}

fn todays(document: &str) -> Value {
    serde_json::from_slice(&bonafide(&["schema", document])).expect("the schema is JSON")
}

/// What a schema once promised and does not promise any more.
fn lost(old: &Value, new: &Value, place: &str) -> Vec<String> {
    // Words for people may change, and every object may get more fields.
    const FREE: [&str; 3] = ["title", "description", "additionalProperties"];
    let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let Some(fields) = old.as_object() else {
        return if old == new { Vec::new() } else { vec![format!("{place} was {old} and is {new}")] };
    };
    let mut all = Vec::new();
    if new.is_null() {
        return vec![format!("{place} is gone")];
    }
    // A field of a document may have the name of a word of schemas: what is below it is then a schema.
    for (name, old) in fields.iter().filter(|(name, old)| old.is_object() || !FREE.contains(&name.as_str())) {
        let (new, place) = (&new[name], format!("{place}/{name}"));
        match (name.as_str(), old) {
            ("enum" | "required", Value::Array(old)) => {
                let new = items(new);
                all.extend(old.iter().filter(|one| !new.contains(one)).map(|one| format!("{place} lost {one}")));
            }
            (_, Value::Array(old)) => {
                let new = items(new);
                let each = old.iter().enumerate();
                all.extend(
                    each.flat_map(|(at, one)| lost(one, new.get(at).unwrap_or(&Value::Null), &format!("{place}/{at}"))),
                );
            }
            _ => all.extend(lost(old, new, &place)),
        }
    }
    all
}

#[test]
fn no_schema_lost_a_field_or_changed_its_type() {
    for document in DOCUMENTS {
        let kept = read(&folder().join(format!("{document}.schema.json")));
        assert_eq!(lost(&kept, &todays(document), document), Vec::<String>::new());
    }
}

#[test]
fn every_kept_document_is_described_by_todays_schema() {
    let mut seen = BTreeSet::new();
    for entry in fs::read_dir(folder()).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        let Some((document, _)) = name.strip_suffix(".json").and_then(|name| name.split_once('.')) else { continue };
        if name.ends_with(".schema.json") {
            continue;
        }
        assert_eq!(complaints(&todays(document), &read(&path)), Vec::<String>::new(), "{name}");
        seen.insert(document.to_owned());
    }
    assert_eq!(seen, DOCUMENTS.map(str::to_owned).into());
}

/// Lines have no schema of their own: the kept ones name every field that today's must have.
#[test]
fn every_kept_line_is_written_today_with_all_its_fields() {
    let images = ["signed:v1.0.0", "other-signer:v1.0.0", "signed:nowhere", "unsigned:v1.0.0"];
    let images = images.map(|image| format!("oci:fixtures/images/{image}"));
    let flags = ["--repo", "acme/shop", "--trusted-root", "fixtures/trust/lab.trusted_root.json", "--output", "jsonl"];
    let arguments: Vec<&str> = ["verify"].into_iter().chain(images.iter().map(String::as_str)).chain(flags).collect();
    let written = String::from_utf8(bonafide(&arguments)).expect("text");
    let kept = fs::read_to_string(folder().join("report.jsonl")).expect("the kept lines");
    assert_eq!(written.lines().count(), kept.lines().count());
    for (old, new) in kept.lines().zip(written.lines()) {
        let [old, new] = [old, new].map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        assert_eq!(without(&old, &new, ""), Vec::<String>::new());
    }
}

/// The fields of an older document that a newer one of the same run lacks, or has with another type.
fn without(old: &Value, new: &Value, place: &str) -> Vec<String> {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => old
            .iter()
            .flat_map(|(name, old)| without(old, new.get(name).unwrap_or(&Value::Null), &format!("{place}/{name}")))
            .collect(),
        (Value::Array(old), Value::Array(new)) => {
            old.iter().zip(new).flat_map(|(old, new)| without(old, new, &format!("{place}/*"))).collect()
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_)) => Vec::new(),
        _ => vec![format!("{place} was {old} and is {new}")],
    }
}

#[test]
fn what_a_reader_would_miss_is_noticed() {
    let schema = json!({
        "type": "object",
        "properties": {"verdict": {"enum": ["a", "b"]}, "title": {"type": "string"}, "list": {"items": {"$ref": "#/$defs/x"}}},
        "required": ["verdict"],
    });
    let bent = |pointer: &str, value: Value| {
        let mut bent = schema.clone();
        *bent.pointer_mut(pointer).expect("a place") = value;
        lost(&schema, &bent, "").len()
    };
    assert_eq!(lost(&schema, &schema, ""), Vec::<String>::new());
    assert_eq!(bent("/properties", json!({})), 3);
    assert_eq!(bent("/properties/title/type", json!("integer")), 1);
    assert_eq!(bent("/properties/verdict/enum", json!(["a"])), 1);
    assert_eq!(bent("/properties/list/items/$ref", json!("#/$defs/y")), 1);
    assert_eq!(bent("/required", json!([])), 1);
    assert_eq!(bent("/required", json!(["verdict", "list"])), 0, "more may be promised");
    assert_eq!(bent("/properties/verdict/enum", json!(["a", "b", "c"])), 0, "more may be said");
    assert_eq!(without(&json!({"a": [{"b": 1}]}), &json!({"a": [{"b": "1"}], "c": 2}), "").len(), 1);
    assert_eq!(without(&json!({"a": 1}), &json!({}), "").len(), 1);
}
