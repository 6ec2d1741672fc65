//! A release that is held against an earlier one: `--not-weaker-than`, `--no-downgrade`, and what changed.

use serde_json::{Value, json};

use crate::program::{self, Folder, Program, REPOSITORY, Run, fixture};
use crate::support::image::Manifest;
use crate::support::registry::Registry;
use crate::support::repository::Repository;
use crate::support::schema::complaints;

/// The kind of evidence that a manifest holds.
fn predicate_type(manifest: &Value) -> &str {
    manifest["annotations"]["dev.sigstore.bundle.predicateType"].as_str().unwrap_or_default()
}

/// Fixtures under tags, each without the attestations whose type has a word in it.
fn serve(images: &[(&str, &str, &str)]) -> (Registry, String) {
    let mut all = Repository::new();
    for (name, tag, without) in images {
        let one = fixture(name);
        let digest = one.tags["v1.0.0"].clone();
        let stays = |manifest: &Value| without.is_empty() || !predicate_type(manifest).contains(without);
        all.manifests.extend(one.manifests.into_iter().filter(|manifest| stays(&manifest.json())));
        all.blobs.extend(one.blobs);
        all.images.extend(one.images);
        all.tags.insert((*tag).to_owned(), digest);
    }
    let registry = Registry::serving(REPOSITORY, all);
    let name = format!("{}/{REPOSITORY}", registry.host());
    (registry, name)
}

const COMPLETE: (&str, &str, &str) = ("signed", "1.0.0", "");
/// Its signature and provenance are good. A policy that asks for no more is content.
const WITHOUT_SBOM: (&str, &str, &str) = ("multi-platform", "1.1.0", "spdx");

fn verify(arguments: &[&str]) -> Run {
    program::verify(&[&["--require", "signature"], arguments].concat()).run()
}

fn report(run: &Run) -> Value {
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("a report: {}", run.seen()));
    let schema = serde_json::from_str(&Program::new(["schema", "report"]).run().stdout).expect("JSON");
    assert_eq!(complaints(&schema, &report), Vec::<String>::new());
    report
}

fn finding(report: &Value) -> &Value {
    let findings = report["images"][0]["findings"].as_array().expect("findings");
    findings.iter().find(|finding| finding["check"] == "not-weaker").expect("the check was made")
}

#[test]
fn a_release_that_lost_its_sbom_is_rejected_although_the_policy_is_content() {
    let (_registry, name) = serve(&[COMPLETE, WITHOUT_SBOM]);
    let (old, new) = (format!("{name}:1.0.0"), format!("{name}:1.1.0"));
    assert_eq!(verify(&[&new]).exit, 0);
    let run = verify(&[&new, "--not-weaker-than", &old]);
    assert_eq!(run.exit, 1, "{}", run.seen());
    for part in [format!("weaker than that of {old}: SBOM lost"), "found     SBOM: none".to_owned()] {
        assert!(run.stdout.contains(&part), "{part}: {}", run.stdout);
    }
    let report = report(&verify(&[&new, "--not-weaker-than", &old, "--output", "json"]));
    assert_eq!((&report["exitCode"], &finding(&report)["outcome"]), (&json!(1), &json!("fail")));
    let comparison = &report["images"][0]["comparison"];
    assert_eq!(comparison["with"], json!(old));
    let weaker = &comparison["differences"][0];
    assert_eq!((&weaker["property"], &weaker["kinds"]), (&json!("evidence"), &json!(["sbom"])));
    // Nothing that a script would pull.
    assert_eq!(verify(&[&new, "--not-weaker-than", &old, "--output", "pinned"]).stdout, "");
    // The other way it is stronger, and with itself the same.
    for (image, other) in [(&old, &old), (&new, &new)] {
        let run = verify(&[image, "--not-weaker-than", other]);
        assert_eq!(run.exit, 0, "{}", run.seen());
        assert!(run.stdout.contains("not weaker than that of"), "{}", run.stdout);
    }
}

#[test]
fn an_earlier_release_that_does_not_verify_or_cannot_be_read_decides_nothing() {
    let (registry, name) = serve(&[COMPLETE, ("unsigned", "0.9.0", ""), ("other-signer", "0.8.0", "")]);
    let new = format!("{name}:1.0.0");
    for tag in ["0.9.0", "0.8.0", "0.0.1"] {
        let run = verify(&[&new, "--not-weaker-than", &format!("{name}:{tag}")]);
        assert_eq!(run.exit, 3, "{tag}: {}", run.seen());
    }
    // What cannot be fetched of the image itself is not lost.
    drop(registry);
    let (registry, name) = serve(&[COMPLETE, ("multi-platform", "1.1.0", "")]);
    registry.edit(REPOSITORY, |content| {
        let is_sbom = |manifest: &Value| {
            predicate_type(manifest).contains("spdx") && manifest["subject"]["digest"] == json!(content.tags["1.1.0"])
        };
        let sbom = content.manifests.iter().map(Manifest::json).find(is_sbom).expect("an SBOM");
        content.blobs.remove(sbom["layers"][0]["digest"].as_str().expect("a digest"));
    });
    let (old, new) = (format!("{name}:1.0.0"), format!("{name}:1.1.0"));
    let run = verify(&[&new, "--not-weaker-than", &old]);
    assert_eq!(run.exit, 3, "{}", run.seen());
}

#[test]
fn a_report_stands_for_the_earlier_release() {
    let (_registry, name) = serve(&[COMPLETE, WITHOUT_SBOM]);
    let folder = Folder::new();
    let file = folder.path().join("old.json").display().to_string();
    let output = format!("json={file}");
    assert_eq!(verify(&[&format!("{name}:1.0.0"), "--output", &output]).exit, 0);
    let new = format!("{name}:1.1.0");
    let run = verify(&[&new, "--not-weaker-than", &file]);
    assert_eq!(run.exit, 1, "{}", run.seen());
    assert!(run.stdout.contains("SBOM lost"), "{}", run.stdout);
    for text in ["{}", "[]", "", r#"{"schemaVersion": 1, "tool": {"name": "bonafide"}, "images": []}"#] {
        std::fs::write(&file, text).expect("a file");
        let run = verify(&[&new, "--not-weaker-than", &file]);
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{}", run.seen());
    }
}

#[test]
fn an_audit_holds_each_release_against_the_one_before_it_in_its_line() {
    let (_registry, name) = serve(&[COMPLETE, WITHOUT_SBOM, ("signed-rekor1", "latest", "")]);
    let audit =
        |arguments: &[&str]| program::audit(&[&[name.as_str(), "--require", "signature"], arguments].concat()).run();
    assert_eq!(audit(&[]).exit, 0);
    let run = audit(&["--no-downgrade"]);
    assert_eq!(run.exit, 1, "{}", run.seen());
    assert!(run.stdout.contains("3 images: 2 verified · 1 rejected\n"), "{}", run.stdout);
    assert!(run.stdout.contains("  changed from 1.0.0 to 1.1.0\n    weaker     SBOM lost: "), "{}", run.stdout);
    let report = report(&audit(&["--no-downgrade", "--output", "json"]));
    let compared = |image: &Value| {
        let findings = image["findings"].as_array().expect("findings");
        let of_it = findings.iter().find(|finding| finding["check"] == "not-weaker").expect("the check");
        (
            image["tags"][0].as_str().expect("a tag").to_owned(),
            of_it["outcome"].as_str().expect("an outcome").to_owned(),
        )
    };
    let images: Vec<_> = report["images"].as_array().expect("images").iter().map(compared).collect();
    // What has no release before it says so.
    let expected =
        [("1.1.0", "fail"), ("1.0.0", "skip"), ("latest", "skip")].map(|(tag, one)| (tag.to_owned(), one.to_owned()));
    assert_eq!(images, expected);
    let repository = &report["repositories"][0];
    assert_eq!(repository["verdict"], "rejected");
    let drift = &repository["drift"][0];
    assert_eq!(
        (&drift["after"], &drift["release"]),
        (&json!(format!("{name}:1.0.0")), &json!(format!("{name}:1.1.0")))
    );
    assert!(repository["drift"][1].is_null(), "latest is no version");
    let run = audit(&["--not-weaker-than", &format!("{name}:1.0.0")]);
    assert_eq!(run.exit, 1, "{}", run.seen());
    for refused in [&["--no-downgrade", "--not-weaker-than", "x.json"][..], &["--no-downgrade", "--save", "x"]] {
        assert_eq!(audit(refused).exit, 2);
    }
}
