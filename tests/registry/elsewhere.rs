//! Images in one place and their evidence in another.

use crate::program::{self, REPOSITORY, fixture, serve};
use crate::support::registry::{Access, Referrers, Registry};
use crate::support::repository::Repository;

/// Divides a fixture: what is an image or a part of one, and everything else.
fn divide(name: &str) -> (Repository, Repository) {
    let whole = fixture(name);
    let (mut image, mut evidence) = (whole.clone(), whole);
    let digest = image.tags["v1.0.0"].clone();
    image.tags.retain(|tag, _| !tag.starts_with("sha256-"));
    evidence.tags.retain(|tag, _| tag.starts_with("sha256-"));
    image.manifests.retain(|manifest| manifest.json()["subject"].is_null() && !is_evidence(&manifest.json()));
    evidence.manifests.retain(|manifest| manifest.descriptor().digest != digest);
    (image, evidence)
}

fn is_evidence(manifest: &serde_json::Value) -> bool {
    let layers = manifest["layers"].as_array();
    layers.is_some_and(|layers| {
        layers.iter().any(|layer| {
            let media_type = layer["mediaType"].as_str().unwrap_or_default();
            media_type.contains("simplesigning") || media_type.contains("dsse")
        })
    })
}

#[test]
fn evidence_is_found_in_a_repository_of_its_own() {
    for name in ["signed", "legacy"] {
        let (image, evidence) = divide(name);
        let images = Registry::serving(REPOSITORY, image);
        let signatures = Registry::serving("security/signatures", evidence);
        let reference = images.reference(REPOSITORY, "v1.0.0");
        let repository = format!("{}/security/signatures", signatures.host());
        assert_eq!(program::verify(&[&reference]).run().exit, 4, "{name}: it is not with the image");
        for referrers in [Referrers::Listed { page_size: 2 }, Referrers::Unsupported] {
            signatures.list_referrers(referrers);
            let run = program::verify(&[&reference, "--evidence-repository", &repository]).run();
            assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{name}: {}", run.stdout);
        }
        signatures.restrict(Access::token("somebody", "else"));
        let run = program::verify(&[&reference, "--evidence-repository", &repository]).run();
        assert_eq!(run.exit, 3, "{name}: {}", run.stdout);
    }
}

#[test]
fn the_image_s_own_repository_has_no_say() {
    let (_registry, reference) = serve("signed");
    let empty = Registry::serving("security/signatures", Repository::new());
    let repository = format!("{}/security/signatures", empty.host());
    assert_eq!(program::verify(&[&reference, "--evidence-repository", &repository]).run().exit, 4);
}

#[test]
fn a_mirror_is_asked_for_everything_and_its_word_on_a_tag_is_said_to_be_its_word() {
    let mirror = Registry::serving("copies/acme/shop", fixture("signed"));
    let digest = fixture("signed").tags["v1.0.0"].clone();
    let flag = format!("registry.invalid={}/copies", mirror.host());
    let run = |reference: &str, more: &[&str]| program::verify(&[&[reference, "--mirror", &flag], more].concat());
    let tagged = run("registry.invalid/acme/shop:v1.0.0", &[]).run();
    assert_eq!((tagged.exit, tagged.stderr.as_str()), (0, ""), "{}", tagged.stdout);
    let note =
        format!("the tag was read on the mirror {}/copies/acme/shop, not in registry.invalid/acme/shop", mirror.host());
    assert!(tagged.stdout.contains(&note), "{}", tagged.stdout);
    assert!(run("registry.invalid/acme/shop:v1.0.0", &["--output", "json"]).run().stdout.contains(&note));
    let pinned = run("registry.invalid/acme/shop:v1.0.0", &["--output", "pinned"]).run();
    assert_eq!(pinned.stdout.trim(), format!("registry.invalid/acme/shop@{digest}"));
    let by_digest = run(&format!("registry.invalid/acme/shop@{digest}"), &[]).run();
    assert_eq!(by_digest.exit, 0, "{}", by_digest.stdout);
    assert!(!by_digest.stdout.contains("mirror"), "{}", by_digest.stdout);
}

#[test]
fn a015_a_mirror_is_not_shown_the_login_of_the_registry() {
    let mirror = Registry::serving("acme/shop", fixture("signed"));
    mirror.restrict(Access::basic("alice", "hunter2-for-the-registry"));
    let flag = format!("registry.invalid={}", mirror.host());
    let arguments = ["registry.invalid/acme/shop:v1.0.0", "--mirror", &flag, "--username", "alice", "--password-stdin"];
    let run = program::verify(&arguments).stdin("hunter2-for-the-registry").run();
    assert_eq!(run.exit, 3);
    let warning = format!("warning: the login is for registry.invalid alone and is not shown to {};", mirror.host());
    assert!(run.stderr.starts_with(&warning) && run.stderr.lines().count() == 1, "{}", run.stderr);
    assert!(mirror.requests().iter().all(|request| request.header("Authorization").is_none()));
}

#[test]
fn a015_an_audit_says_too_who_is_not_shown_the_login() {
    let mirror = Registry::serving("acme/shop", fixture("signed"));
    let flag = format!("registry.invalid={}", mirror.host());
    let arguments = ["registry.invalid/acme/shop", "--mirror", &flag, "--username", "alice", "--password-stdin"];
    let run = program::audit(&arguments).stdin("hunter2-for-the-registry").run();
    let warning = format!("warning: the login is for registry.invalid alone and is not shown to {};", mirror.host());
    assert!(run.exit == 0 && run.stderr.starts_with(&warning) && run.stderr.lines().count() == 1, "{}", run.seen());
    let quiet = program::audit(&[&arguments[..], &["-q"]].concat()).stdin("hunter2-for-the-registry").run();
    assert_eq!(quiet.stderr, "");
}

#[test]
fn a_login_that_the_repository_of_evidence_is_not_shown_is_said_once() {
    let (image, evidence) = divide("signed");
    let images = Registry::serving(REPOSITORY, image);
    let signatures = Registry::serving("security/signatures", evidence);
    let reference = images.reference(REPOSITORY, "v1.0.0");
    let login = ["--username", "alice", "--password-stdin"];
    for (host, lines) in [(signatures.host(), 1), (images.host(), 0)] {
        images.edit("security/signatures", |content| *content = divide("signed").1);
        let repository = format!("{host}/security/signatures");
        let arguments = [&[reference.as_str(), &reference, "--evidence-repository", &repository], &login[..]].concat();
        let run = program::verify(&arguments).stdin("hunter2").run();
        assert_eq!((run.exit, run.stderr.lines().count()), (0, lines), "{}", run.seen());
    }
    let repository = format!("{}/security/signatures", signatures.host());
    let quiet = [&[reference.as_str(), "-q", "--evidence-repository", &repository], &login[..]].concat();
    assert_eq!(program::verify(&quiet).stdin("hunter2").run().stderr, "");
}
