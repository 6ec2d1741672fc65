//! Images in one place and their evidence in another.

use crate::program::{REPOSITORY, Verify, fixture, serve};
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
        assert_eq!(Verify::new(&[&reference]).run().code, 4, "{name}: it is not with the image");
        for referrers in [Referrers::Listed { page_size: 2 }, Referrers::Unsupported] {
            signatures.list_referrers(referrers);
            let run = Verify::new(&[&reference, "--evidence-repository", &repository]).run();
            assert_eq!((run.code, run.err.as_str()), (0, ""), "{name}: {}", run.out);
        }
        signatures.restrict(Access::token("somebody", "else"));
        let run = Verify::new(&[&reference, "--evidence-repository", &repository]).run();
        assert_eq!(run.code, 3, "{name}: {}", run.out);
    }
}

#[test]
fn the_image_s_own_repository_has_no_say() {
    let (_registry, reference) = serve("signed");
    let empty = Registry::serving("security/signatures", Repository::new());
    let repository = format!("{}/security/signatures", empty.host());
    assert_eq!(Verify::new(&[&reference, "--evidence-repository", &repository]).run().code, 4);
}
