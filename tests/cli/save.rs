//! `--save`: what was verified, byte for byte, and nothing else.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bonafide::oci::{Algorithm, Digest};
use serde_json::Value;

use crate::fixtures::{BY_BUILDERS, BY_SHOP, LAB, digest, image};
use crate::program::{Run, Scratch, bonafide};
use crate::report::{candidate, word};

fn save(names: &[&str], signer: &[&str], folder: &Path, more: &[&str]) -> Run {
    let images: Vec<String> = names.iter().map(|name| image(name)).collect();
    let folder = folder.to_str().expect("UTF-8");
    let images = images.iter().map(String::as_str);
    let arguments: Vec<&str> = ["verify", "--save", folder]
        .into_iter()
        .chain(images)
        .chain(LAB)
        .chain(signer.iter().copied())
        .chain(more.iter().copied())
        .collect();
    bonafide(&arguments)
}

/// The names of the files below a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

fn read(file: &Path) -> Vec<u8> {
    fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn of_subject(folder: &Path, digest: &str) -> std::path::PathBuf {
    folder.join(digest.replace(':', "-"))
}

const OF_BUNDLES: [&str; 8] = [
    "provenance.bundle.json",
    "provenance.predicate.json",
    "provenance.statement.json",
    "sbom.bundle.json",
    "sbom.predicate.json",
    "sbom.statement.json",
    "signature.bundle.json",
    "signature.statement.json",
];

#[test]
fn what_was_verified_is_saved_byte_for_byte() {
    let scratch = Scratch::new();
    let folder = scratch.path("evidence");
    let run = save(&["signed"], &BY_SHOP, &folder, &["--output", "json"]);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    assert_eq!(run.stderr, format!("saved 3 pieces of evidence in {}\n", folder.display()));
    let report: Value = serde_json::from_str(&run.stdout).expect("the report");
    assert_eq!(names(&folder), [digest("signed").replace(':', "-")]);
    let saved = of_subject(&folder, &digest("signed"));
    let mut found = names(&saved);
    found.retain(|name| name != "signature.predicate.json");
    assert_eq!(found, OF_BUNDLES);
    for kind in ["signature", "provenance", "sbom"] {
        let bundle = read(&saved.join(format!("{kind}.bundle.json")));
        let reported = candidate(&report["images"][0], kind);
        assert_eq!(Digest::of(Algorithm::Sha256, &bundle).to_string(), word(&reported["digest"]), "as it was fetched");
        let bundle: Value = serde_json::from_slice(&bundle).expect("a bundle");
        let payload = STANDARD.decode(word(&bundle["dsseEnvelope"]["payload"])).expect("base64");
        let statement = read(&saved.join(format!("{kind}.statement.json")));
        assert_eq!(payload, statement, "as it was signed");
        let statement: Value = serde_json::from_slice(&statement).expect("a statement");
        if kind != "signature" {
            let predicate = read(&saved.join(format!("{kind}.predicate.json")));
            let predicate: Value = serde_json::from_slice(&predicate).expect("a predicate");
            assert_eq!(predicate, statement["predicate"]);
        }
    }
}

#[test]
fn the_evidence_of_legacy_signatures_is_saved_too() {
    let scratch = Scratch::new();
    let folder = scratch.path("evidence");
    let run = save(&["legacy"], &BY_SHOP, &folder, &[]);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let saved = of_subject(&folder, &digest("legacy"));
    let found = names(&saved);
    for name in
        ["provenance.envelope.json", "provenance.predicate.json", "sbom.predicate.json", "signature.payload.json"]
    {
        assert!(found.iter().any(|found| found == name), "{name}: {found:?}");
    }
    let payload: Value = serde_json::from_slice(&read(&saved.join("signature.payload.json"))).expect("JSON");
    assert_eq!(payload["critical"]["image"]["docker-manifest-digest"], digest("legacy").as_str());
}

#[test]
fn an_image_named_twice_is_saved_once_and_a_rejected_one_not_at_all() {
    let scratch = Scratch::new();
    let folder = scratch.path("evidence");
    let run = save(&["signed", "other-signer", "signed"], &BY_SHOP, &folder, &[]);
    assert_eq!(run.exit, 1, "{}", run.stderr);
    assert_eq!(names(&folder), [digest("signed").replace(':', "-")]);
    assert!(names(&of_subject(&folder, &digest("signed"))).iter().all(|name| !name.contains("-2.")));

    let none = scratch.path("none");
    let run = save(&["signed"], &BY_BUILDERS, &none, &[]);
    assert_eq!((run.exit, run.stderr.as_str()), (1, "no evidence was saved: no image is verified by any\n"));
    assert!(names(&none).is_empty());
}

#[test]
fn only_what_a_requirement_is_satisfied_by_is_saved() {
    let scratch = Scratch::new();
    let folder = scratch.path("evidence");
    let run = save(&["signed"], &BY_SHOP, &folder, &["--require", "sbom"]);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let saved = of_subject(&folder, &digest("signed"));
    assert_eq!(names(&saved), ["sbom.bundle.json", "sbom.predicate.json", "sbom.statement.json"]);
}

#[test]
fn a_folder_with_something_in_it_is_refused_before_anything_is_read() {
    let scratch = Scratch::new();
    scratch.write("sbom.predicate.json", "{}");
    let folder = scratch.path("sbom.predicate.json");
    let parent = folder.parent().expect("a folder");
    let message = save(&["signed"], &BY_SHOP, parent, &[]).usage_error();
    assert!(message.contains("is not empty") && message.contains("name a new folder"), "{message}");
    assert_eq!(scratch.files(), ["sbom.predicate.json"]);
}

#[test]
fn evidence_that_cannot_be_saved_is_not_a_success() {
    let scratch = Scratch::new();
    scratch.write("file", "");
    let run = save(&["signed"], &BY_SHOP, &scratch.path("file"), &[]);
    assert_eq!((run.exit, run.stdout.as_str()), (3, ""), "{}", run.stderr);
    assert!(run.stderr.starts_with("error: cannot save evidence in "), "{}", run.stderr);
}
