//! Attestations that are at GitHub alone, carried away with an image.

use serde_json::{Value, json};

use crate::program::{Folder, Program, REPOSITORY, fixture};
use crate::support::registry::{Registry, Response, fault};

#[test]
fn a343_attestations_of_github_are_carried_away_as_referrers_or_not_at_all() {
    let mut content = fixture("signed");
    let digest = content.tags["v1.0.0"].clone();
    let manifests = content.referrers(&digest);
    let bundles = manifests.iter().map(|entry| {
        let manifest = content.manifest(entry["digest"].as_str().expect("a digest")).expect("a manifest").json();
        let bundle = &content.blobs[manifest["layers"][0]["digest"].as_str().expect("one layer")];
        json!({"bundle": serde_json::from_slice::<Value>(bundle).expect("a bundle")})
    });
    let answer = json!({"attestations": bundles.collect::<Vec<_>>()}).to_string().into_bytes();
    content.manifests.retain(|manifest| manifest.json()["subject"].is_null());
    let registry = Registry::serving(REPOSITORY, content);
    let github = Registry::start();
    github.bend("/api/repos/acme/shop/attestations/", move |response| {
        *response = Response::new(200, "application/json; charset=utf-8", answer.clone());
    });

    let (flag, reference) = (format!("--github-api={}/api", github.url()), registry.reference(REPOSITORY, "v1.0.0"));
    let trust = ["--repo", REPOSITORY, "--trusted-root", "fixtures/trust/lab.trusted_root.json", "--output", "json"];
    let folder = Folder::new();
    let collect = |name: &str| {
        let pack = folder.path().join(name).display().to_string();
        Program::new([&["collect", &reference, &flag, "--to", &pack], &trust[..]].concat()).run()
    };
    let run = collect("pack");
    assert_eq!(run.exit, 0, "{}", run.seen());
    let here = format!("oci:{}", folder.path().join("pack").display());
    let run = Program::new([&["verify", &here, "--offline"], &trust[..]].concat()).run();
    assert_eq!(run.exit, 0, "{}", run.seen());
    let report: Value = serde_json::from_str(&run.stdout).expect("a report");
    let candidates = report["images"][0]["candidates"].as_array().expect("a list").clone();
    assert_eq!(candidates.len(), manifests.len());
    assert!(candidates.iter().all(|candidate| candidate["origin"]["kind"] == "referrer"));

    github.bend("/api/repos/acme/shop/attestations/", fault::status(500));
    let run = collect("other");
    assert!(run.exit == 3 && !folder.path().join("other").exists(), "{}", run.seen());
}
