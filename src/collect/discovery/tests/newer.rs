//! Bundles of versions that came after this program (A309).

use super::*;

const NEWER: &str = "application/vnd.dev.sigstore.bundle.v0.4+json";
const OTHER: &str = "application/vnd.acme.note";

/// Returns the evidence of an image with one attached manifest, bent like this.
fn attached(bend: impl FnOnce(&mut Fake, &mut Value)) -> Evidence {
    let (mut fake, subject) = signed();
    let mut manifest = referrer(&subject, OTHER, &[]);
    bend(&mut fake, &mut manifest);
    let listed = fake.add_manifest(&manifest);
    fake.list(&subject, vec![vec![listed]]);
    collect(&fake)
}

fn layers(fake: &mut Fake, media_types: &[&str]) -> Value {
    media_types.iter().map(|media_type| fake.add(b"{}", media_type)).collect()
}

#[test]
fn a309_what_is_called_a_bundle_of_no_known_version_is_a_gap_whatever_it_looks_like() {
    let unknown = [
        NEWER,
        "application/vnd.dev.sigstore.bundle.v1+json",
        "application/vnd.dev.sigstore.bundle.v0.4+cbor",
        "application/vnd.dev.sigstore.bundle+json;version=0.4",
        "application/vnd.dev.sigstore.bundle+json",
        "Application/vnd.Dev.Sigstore.Bundle.V0.4+JSON",
    ];
    let shapes: [&[&str]; 6] = [
        &[],
        &[OTHER],
        &[OTHER, OTHER],
        &[DSSE_ENVELOPE],
        &[SIMPLE_SIGNING, OTHER],
        &["application/vnd.in-toto+json", OTHER],
    ];
    for name in unknown {
        for shape in shapes {
            let by_type = attached(|fake, manifest| {
                manifest["layers"] = layers(fake, shape);
                manifest["artifactType"] = json!(name);
            });
            let by_configuration = attached(|fake, manifest| {
                manifest["layers"] = layers(fake, shape);
                manifest["config"]["mediaType"] = json!(name);
            });
            for evidence in [by_type, by_configuration] {
                assert_eq!(gaps(&evidence), [GapReason::Unsupported], "{name} {shape:?}");
                assert!(
                    evidence.gaps[0]
                        .obstacle
                        .detail
                        .contains("expected a Sigstore bundle of version 0.1, 0.2 or 0.3, found"),
                    "{}",
                    evidence.gaps[0].obstacle.detail
                );
            }
        }
        for shape in [&[name, name][..], &[name, OTHER], &[OTHER, name], &[BUNDLE, name]] {
            let evidence = attached(|fake, manifest| manifest["layers"] = layers(fake, shape));
            assert_eq!(gaps(&evidence), [GapReason::Unsupported], "{shape:?}");
        }
    }
}

#[test]
fn a309_the_content_of_one_layer_says_of_which_version_it_is_or_may_be_newer() {
    let evidence = |media_type: &str, text: &str| {
        attached(|fake, manifest| manifest["layers"] = json!([fake.add(text.as_bytes(), media_type)]))
    };
    for media_type in
        [NEWER, "application/vnd.dev.sigstore.bundle.v0.4+cbor", "application/vnd.dev.sigstore.bundle+json"]
    {
        for text in ["{}", "[]", "no JSON", r#"{"mediaType":"application/vnd.acme.note"}"#, r#"{"mediaType":4}"#] {
            let evidence = evidence(media_type, text);
            assert_eq!((gaps(&evidence), bundles(&evidence).len()), (vec![GapReason::Unsupported], 0), "{text}");
        }
        for stated in [NEWER, BUNDLE] {
            let evidence = evidence(media_type, &json!({"mediaType": stated}).to_string());
            assert_eq!((gaps(&evidence), bundles(&evidence).len()), (Vec::new(), 1), "{stated}");
        }
    }
    assert_eq!(bundles(&evidence(BUNDLE, "no JSON")).len(), 1);
}

#[test]
fn a309_an_index_or_an_unknown_form_of_manifest_may_hold_a_newer_bundle() {
    let evidence = attached(|_, manifest| {
        *manifest = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "artifactType": NEWER, "manifests": [],
            "subject": manifest["subject"]});
    });
    assert_eq!(gaps(&evidence), [GapReason::Unsupported]);

    let (mut fake, subject) = signed();
    let unknown = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.other.manifest.v1+json"});
    let mut entry = fake.add_manifest(&unknown);
    fake.list(&subject, vec![vec![entry.clone()]]);
    assert_eq!(gaps(&collect(&fake)), []);
    entry["artifactType"] = json!(BUNDLE);
    fake.list(&subject, vec![vec![entry]]);
    assert_eq!(gaps(&collect(&fake)), [GapReason::Unsupported]);
}

#[test]
fn a309_annotations_of_bundles_on_something_else_leave_it_open() {
    let annotated = |artifact_type: &str, shape: &[&str]| {
        attached(|fake, manifest| {
            manifest["layers"] = layers(fake, shape);
            manifest["artifactType"] = json!(artifact_type);
            manifest["annotations"] = json!({"dev.sigstore.bundle.content": "dsse-envelope"});
        })
    };
    assert_eq!(gaps(&annotated(OTHER, &[OTHER])), [GapReason::Unsupported]);
    assert_eq!(gaps(&annotated("application/vnd.acme.bundle", &[OTHER, OTHER])), [GapReason::Unsupported]);
    // Those of the known versions have one layer, which is a bundle (A027, A030).
    assert_eq!(gaps(&annotated(BUNDLE, &[OTHER])), []);
    assert_eq!(gaps(&annotated(BUNDLE, &[BUNDLE, BUNDLE])), []);
}

#[test]
fn a309_under_a_cosign_tag_a_newer_bundle_is_a_gap_beside_the_others() {
    let (mut fake, subject) = signed();
    let payload = fake.add(b"payload", SIMPLE_SIGNING);
    let newer = fake.add(b"{}", NEWER);
    fake.tags.insert(subject.cosign_tag("sig"), image(&[payload, newer]).to_string().into_bytes());
    let evidence = collect(&fake);
    assert!(legacy(&evidence).contains(&"signature"));
    assert_eq!(gaps(&evidence), [GapReason::Unsupported]);
}

#[test]
fn a309_on_an_attestation_manifest_a_newer_bundle_is_a_gap_of_that_manifest() {
    let (mut fake, subject) = signed();
    let statement = fake.add(b"{}", "application/vnd.in-toto+json");
    let attested = fake.add_manifest(&referrer(&subject, OTHER, &[statement]));
    let place = read_listed(&attested).digest;
    let newer = fake.add_manifest(&referrer(&place, NEWER, &[]));
    fake.list(&subject, vec![vec![attested]]);
    fake.list(&place, vec![vec![newer]]);
    let evidence = collect(&fake);
    assert_eq!(gaps(&evidence), [GapReason::Unsupported]);
    assert_eq!(evidence.gaps[0].subject, place);
}

#[test]
fn a309_other_artifacts_stay_ignored() {
    for (artifact_type, shape) in [
        (OTHER, &[OTHER][..]),
        (OTHER, &[]),
        ("application/vnd.dev.sigstore.other+json", &[OTHER]),
        ("application/vnd.cncf.notary.signature", &["application/jose+json"]),
        ("application/vnd.dev.cosign.artifact.sbom.v1+json", &["text/spdx+json"]),
        ("application/vnd.oci.empty.v1+json", &[OTHER, OTHER]),
    ] {
        let evidence = attached(|fake, manifest| {
            manifest["layers"] = layers(fake, shape);
            manifest["artifactType"] = json!(artifact_type);
            manifest["annotations"] =
                json!({"dev.sigstore.cosign/bundle": "{}", "org.opencontainers.image.title": "x"});
        });
        assert_eq!((gaps(&evidence), bundles(&evidence).len()), (Vec::new(), 0), "{artifact_type}");
    }
}
