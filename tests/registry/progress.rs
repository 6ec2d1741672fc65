//! What a run does and says while it lasts.

use std::thread;
use std::time::{Duration, Instant};

use crate::program::{self, REPOSITORY, fixture, serve};
use crate::support::image::Manifest;
use crate::support::registry::{Access, Registry, fault};

#[test]
fn evidence_that_comes_later_is_waited_for_at_the_digest_that_was_seen() {
    let (registry, reference) = serve("signed");
    // The first answers know of nothing; then the tag moves, and the evidence of the first digest comes.
    let moved = fixture("unsigned");
    registry.bend_first(1, "/referrers/", fault::body(br#"{"schemaVersion":2,"manifests":[]}"#));
    let run = thread::scope(|scope| {
        scope.spawn(|| {
            let began = Instant::now();
            while registry.paths().len() < 4 && began.elapsed() < Duration::from_secs(20) {
                thread::sleep(Duration::from_millis(5));
            }
            registry.edit(REPOSITORY, |content| {
                let digest = moved.tags["v1.0.0"].clone();
                content.manifests.extend(moved.manifests.clone());
                content.tags.insert("v1.0.0".to_owned(), digest);
            });
        });
        program::verify(&[&reference, "--wait", "30s"]).run()
    });
    assert_eq!(run.exit, 0, "{}", run.seen());
    assert_eq!(run.stderr, "waiting up to 30 s: nothing of a required kind is attached yet\n");
    let by_tag = registry.paths().iter().filter(|path| path.ends_with("/manifests/v1.0.0")).count();
    assert_eq!(by_tag, 1, "a tag is resolved once");
}

#[test]
fn what_never_comes_is_absent_and_anything_else_is_not_waited_for() {
    let began = Instant::now();
    for (name, code) in [("unsigned", 4), ("other-signer", 1), ("signed", 0)] {
        let (_registry, reference) = serve(name);
        let wait = if code == 4 { "200ms" } else { "10m" };
        let run = program::verify(&[&reference, "--wait", wait]).run();
        assert_eq!((run.exit, run.stderr.is_empty()), (code, code != 4), "{name}: {}", run.seen());
    }
    let (registry, reference) = serve("unsigned");
    registry.bend("/referrers/", fault::status(500));
    assert_eq!(program::verify(&[&reference, "--wait", "10m"]).run().exit, 3);
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[test]
fn every_request_is_told_without_its_query() {
    let (registry, reference) = serve("signed");
    let store = Registry::serving(REPOSITORY, fixture("signed"));
    registry.restrict(Access::anonymous_token());
    let quiet = program::verify(&[&reference]).run();
    assert_eq!((quiet.exit, quiet.stderr.as_str()), (0, ""));
    registry.forget_requests();
    let blob = registry_blob();
    registry.bend(&blob, fault::redirect(&format!("{}{blob}?signature=hunter2", store.url())));
    let run = program::verify(&[&reference, "-vv"]).run();
    assert_eq!(run.exit, 0, "{}", run.seen());
    let told: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(told.len(), registry.requests().len() + store.requests().len(), "{}", run.stderr);
    assert!(told[0].starts_with(&format!("GET http://{}/v2/acme/shop/manifests/v1.0.0  401  ", registry.host())));
    assert!(run.stderr.contains("/token?…  200") && run.stderr.contains(&format!("{blob}?…  200")), "{}", run.stderr);
    assert!(!run.stderr.contains("hunter2") && !run.stderr.contains("scope"), "{}", run.stderr);
}

/// The path of a bundle that the fixture has.
fn registry_blob() -> String {
    let repository = fixture("signed");
    let mut manifests = repository.manifests.iter().map(Manifest::json);
    let attached = manifests.find(|manifest| !manifest["subject"].is_null()).expect("a bundle");
    format!("/v2/{REPOSITORY}/blobs/{}", attached["layers"][0]["digest"].as_str().expect("a digest"))
}
