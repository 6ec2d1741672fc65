//! Ambiguous manifests: the part that is read, and the part that is not.

use std::rc::Rc;
use std::time::Duration;

use super::*;
use crate::collect::limits::Share;

/// Returns the evidence of an image with one attached manifest, made by bending an honest one with this bundle.
fn attached(bend: impl FnOnce(&mut Fake, &mut Value)) -> Evidence {
    let mut fake = Fake::new(&image(&[]));
    let subject = fake.root_digest();
    let layer = fake.add(b"bundle", BUNDLE);
    let mut manifest = referrer(&subject, BUNDLE, &[layer]);
    bend(&mut fake, &mut manifest);
    let listed = fake.add_manifest(&manifest);
    fake.list(&subject, vec![vec![listed]]);
    collect(&fake)
}

#[test]
fn what_a_referrer_says_beside_its_subjects_digest_changes_nothing() {
    let honest: [fn(&mut Value); 7] = [
        |manifest| manifest["subject"]["size"] = json!(0),
        |manifest| manifest["subject"]["mediaType"] = json!(OCI_INDEX),
        |manifest| manifest["subject"]["annotations"] = json!({"org.opencontainers.image.ref.name": "another"}),
        |manifest| manifest["artifactType"] = json!("application/vnd.acme.note"),
        |manifest| manifest["annotations"] = json!({"vnd.docker.reference.digest": digest(b"another").to_string()}),
        |manifest| manifest["layers"][0]["urls"] = json!(["https://evil.example/another"]),
        // The bytes of another bundle, which are never read (A033).
        |manifest| manifest["layers"][0]["data"] = json!("YW5vdGhlcg=="),
    ];
    for bend in honest {
        let evidence = attached(|_, manifest| bend(manifest));
        assert_eq!((bundles(&evidence), gaps(&evidence)), (vec![&b"bundle"[..]], Vec::new()));
    }
}

#[test]
fn a_referrer_whose_subject_is_another_is_none_whatever_else_it_says() {
    let another: [fn(&mut Value); 4] = [
        |manifest| manifest["subject"]["digest"] = json!(digest(b"another")),
        |manifest| manifest["subject"] = Value::Null,
        |manifest| {
            manifest["annotations"] = json!({"vnd.docker.reference.digest": manifest["subject"]["digest"]});
            manifest["subject"]["digest"] = json!(digest(b"another"));
        },
        |manifest| {
            manifest["layers"][0]["subject"] = manifest["subject"].clone();
            manifest["subject"]["digest"] = json!(digest(b"another"));
        },
    ];
    for bend in another {
        let evidence = attached(|_, manifest| bend(manifest));
        assert!(bundles(&evidence).is_empty() && ignored(&evidence).len() == 1);
    }
}

#[test]
fn a_layer_of_no_bytes_or_of_another_size_is_no_bundle_and_no_silence() {
    let evidence = attached(|fake, manifest| manifest["layers"] = json!([fake.add(b"", BUNDLE)]));
    assert_eq!(bundles(&evidence), [b""]);
    let evidence = attached(|_, manifest| manifest["layers"][0]["size"] = json!(5));
    assert_eq!((bundles(&evidence).len(), gaps(&evidence)), (0, vec![GapReason::Corrupt]));
}

fn kinds(evidence: &Evidence) -> Vec<&SubjectKind> {
    evidence.target.subjects.iter().map(|subject| &subject.kind).collect()
}

/// A runtime chooses by platform, so every entry that it may run is verified, with any media type.
#[test]
fn an_entry_of_an_unknown_type_is_verified_like_an_image() {
    for media_type in ["", "application/vnd.acme.image", "Application/vnd.oci.image.index.v1+json"] {
        let entry = for_platform(descriptor(b"entry", media_type), "linux", "amd64");
        let mut fake = Fake::new(&index(std::slice::from_ref(&entry)));
        fake.pages = Some(HashMap::new());
        let evidence = collect(&fake);
        assert!(matches!(kinds(&evidence)[..], [SubjectKind::Index, SubjectKind::Image(Some(_))]), "{media_type}");
    }
}

#[test]
fn an_image_in_two_places_is_verified_in_each() {
    let twice = platform("image", "linux", "amd64");
    let inner = index(std::slice::from_ref(&twice));
    let mut fake = Fake::new(&Value::Null);
    let nested = fake.add_manifest(&inner);
    fake.root = index(&[twice.clone(), twice.clone(), nested]).to_string().into_bytes();
    let evidence = collect(&fake);
    let images: Vec<usize> = evidence
        .target
        .subjects
        .iter()
        .filter(|subject| matches!(subject.kind, SubjectKind::Image(_)))
        .map(|subject| subject.reached_through.len())
        .collect();
    // Once in the index, however often it is listed there, and once in the one below.
    assert_eq!(images, [1, 2]);
}

/// BuildKit's annotations keep no runtime from taking an entry.
#[test]
fn an_entry_for_a_platform_is_verified_though_it_is_called_an_attestation() {
    for os in ["linux", "Unknown", "unknown "] {
        let mut entry = platform("image", os, "unknown");
        entry["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": digest(b"another").to_string()});
        let fake = Fake::new(&index(&[entry]));
        assert_eq!(collect(&fake).target.subjects.len(), 2, "{os}");
    }
}

/// A statement that is listed a second time under another type is a statement all the same.
#[test]
fn a_statement_that_is_listed_under_two_types_is_one() {
    let (mut fake, subject) = signed();
    let statement = fake.add(b"{}", "application/vnd.in-toto+json");
    let mut other = statement.clone();
    other["mediaType"] = json!("application/vnd.acme.note");
    let attested = fake.add_manifest(&referrer(&subject, "application/vnd.acme.note", &[other, statement]));
    let place = read_listed(&attested).digest;
    let signature = fake.add_bundle(&place, "signature");
    fake.list(&subject, vec![vec![attested]]);
    fake.list(&place, vec![vec![signature]]);
    let evidence = collect(&fake);
    let listed = |candidate: &&Candidate| matches!(candidate.content, Content::ListedStatement { .. });
    assert_eq!(evidence.candidates.iter().filter(listed).count(), 1);
}

/// Several images of a run with as much as each may have would fill the memory together.
#[test]
fn what_all_images_of_a_run_hold_at_once_is_bounded_and_named() {
    let fake = Fake::new(&image(&[]));
    let share = Rc::new(Share::of(1));
    let limits = Limits { total_time: Duration::from_millis(50), ..Limits::default() };
    let resolve =
        || Collector::resolve_among(&share, &fake, "registry.example/app:1", PlatformChoice::All, limits.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let first = resolve().await.expect("it has the turn");
        match resolve().await {
            Err(SourceError::Limit { limit, allowed, .. }) => {
                assert_eq!((limit, allowed), ("bytes for all images of the run at once", 1));
            }
            other => panic!("{:?}", other.map(|_| "an image")),
        }
        drop(first);
        assert!(resolve().await.is_ok(), "the first is done");
    });
}
