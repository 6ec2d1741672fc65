//! Attestation manifests: where they are found, and what on them.

use super::*;
use crate::oci::media_type::ATTESTATION_MANIFEST;

const SLSA: &str = "https://slsa.dev/provenance/v1";
const SPDX: &str = "https://spdx.dev/Document";
const IN_TOTO: &str = "application/vnd.in-toto+json";

/// An image of one platform `a`, with an attestation manifest in its index.
struct Attested {
    fake: Fake,
    attestation: Digest,
}

impl Attested {
    /// The attestation manifest lists these statements, names its subject if it is given, and is listed with these annotations.
    fn new(types: &[&str], subject: Option<&Digest>, annotations: Value) -> Self {
        let mut fake = Fake::new(&Value::Null);
        let layers: Vec<Value> = types.iter().map(|name| statement(&mut fake, name)).collect();
        let manifest = match subject {
            Some(subject) => referrer(subject, ATTESTATION_MANIFEST, &layers),
            None => image(&layers),
        };
        let mut entry = for_platform(fake.add_manifest(&manifest), "unknown", "unknown");
        let attestation = entry["digest"].as_str().expect("a digest").parse().expect("a digest");
        entry["annotations"] = annotations;
        fake.root = index(&[platform("a", "linux", "amd64"), entry]).to_string().into_bytes();
        Self { fake, attestation }
    }

    fn in_index() -> Self {
        Self::new(&[SPDX, SLSA], None, about(&digest(b"a")))
    }

    /// Attaches a bundle to the attestation manifest.
    fn signed(mut self) -> Self {
        let listed = self.fake.add_bundle(&self.attestation, "signature");
        self.fake.list(&self.attestation, vec![vec![listed]]);
        self
    }

    fn collect(&self) -> Evidence {
        collect(&self.fake)
    }
}

fn statement(fake: &mut Fake, name: &str) -> Value {
    let mut layer = fake.add(format!("statement {name}").as_bytes(), IN_TOTO);
    layer["annotations"] = json!({"in-toto.io/predicate-type": name});
    layer
}

fn about(platform: &Digest) -> Value {
    json!({"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": platform})
}

/// The statements with a signature on their manifest: subject, statement and signature.
fn listed(evidence: &Evidence) -> Vec<(&Digest, &str, &Candidate)> {
    let listed = evidence.candidates.iter().filter_map(|candidate| match &candidate.content {
        Content::ListedStatement { statement, signature, .. } => {
            Some((&candidate.subject, std::str::from_utf8(statement.bytes()).expect("text"), &**signature))
        }
        _ => None,
    });
    listed.collect()
}

fn asked_times(fake: &Fake, what: &str) -> usize {
    fake.asked.borrow().iter().filter(|asked| *asked == what).count()
}

#[test]
fn each_statement_is_a_candidate_once_for_each_signature_on_its_manifest() {
    let mut attested = Attested::in_index().signed();
    let tag = attested.attestation.cosign_tag("sig");
    let payload = attested.fake.add(b"payload", SIMPLE_SIGNING);
    attested.fake.tags.insert(tag, image(&[payload]).to_string().into_bytes());
    let evidence = attested.collect();
    let found = listed(&evidence);
    assert_eq!(found.len(), 4);
    for (subject, text, signature) in found {
        assert_eq!(*subject, digest(b"a"));
        assert!(text.starts_with("statement https://s"), "{text}");
        assert_eq!(signature.subject, attested.attestation);
    }
    let origins: std::collections::HashSet<String> =
        evidence.candidates.iter().map(|candidate| candidate.origin.to_string()).collect();
    assert_eq!((evidence.candidates.len(), origins.len()), (4, 2), "no statement is named as unsigned too");
    assert!(evidence.gaps.is_empty());
    assert!(evidence.attestation_manifests[0].searched);
    assert_eq!(asked_times(&attested.fake, &attested.attestation.cosign_tag("att")), 0);
}

#[test]
fn an_attestation_manifest_without_a_signature_is_named_as_unsigned() {
    let evidence = Attested::in_index().collect();
    assert!(listed(&evidence).is_empty());
    assert_eq!(evidence.candidates.len(), 2);
    assert!(evidence.candidates.iter().all(|candidate| matches!(candidate.origin, Origin::BuildKit(_))));
}

#[test]
fn an_attestation_manifest_among_the_referrers_of_a_platform_is_found_once() {
    let mut attested = Attested::new(&[SLSA], Some(&digest(b"a")), about(&digest(b"a"))).signed();
    let bytes = attested.fake.contents[&attested.attestation].clone();
    attested.fake.list(&digest(b"a"), vec![vec![descriptor(&bytes, OCI_MANIFEST)]]);
    let evidence = attested.collect();
    assert_eq!((listed(&evidence).len(), evidence.candidates.len()), (1, 1));
    assert_eq!(evidence.attestation_manifests.len(), 1);

    // The index does not name it, so that it is among the referrers alone.
    attested.fake.root = index(&[platform("a", "linux", "amd64")]).to_string().into_bytes();
    for hint in [None, Some(ATTESTATION_MANIFEST)] {
        let pages = attested.fake.pages.as_mut().expect("lists");
        pages.get_mut(&digest(b"a")).expect("a list")[0][0].called = hint.map(str::to_owned).unwrap_or_default();
        let evidence = attested.collect();
        assert_eq!((listed(&evidence).len(), evidence.candidates.len()), (1, 1), "{hint:?}");
        assert_eq!(evidence.attestation_manifests.len(), 1);
        assert!(evidence.attestation_manifests[0].searched);
    }
}

#[test]
fn an_entry_without_annotations_is_about_the_subject_that_it_names() {
    let attested = Attested::new(&[SLSA], Some(&digest(b"a")), json!(null)).signed();
    assert_eq!(listed(&attested.collect()).len(), 1);
    for other in [Some(digest(b"another image")), None] {
        let attested = Attested::new(&[SLSA], other.as_ref(), json!(null)).signed();
        let evidence = attested.collect();
        assert!(evidence.candidates.is_empty() && evidence.gaps.is_empty(), "{other:?}");
    }
}

#[test]
fn an_entry_of_another_reference_type_or_with_an_unusable_digest_is_none() {
    for annotations in [
        json!({"vnd.docker.reference.type": "other", "vnd.docker.reference.digest": digest(b"a")}),
        json!({"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": "sha256:00"}),
        json!({"vnd.docker.reference.digest": digest(b"a")}),
    ] {
        let attested = Attested::new(&[SLSA], Some(&digest(b"a")), annotations.clone()).signed();
        let evidence = attested.collect();
        assert!(evidence.candidates.is_empty() && evidence.gaps.is_empty(), "{annotations}");
    }
}

#[test]
fn what_says_it_is_about_two_manifests_is_offered_to_both_with_what_each_list_says() {
    let attested = Attested::new(&[SLSA], Some(&digest(b"b")), about(&digest(b"a"))).signed();
    let entries = [platform("a", "linux", "amd64"), platform("b", "linux", "arm64")];
    let mut root: Value = crate::json::from_slice(&attested.fake.root).expect("JSON");
    let entry = root["manifests"][1].clone();
    root["manifests"] = json!([entries[0], entries[1], entry]);
    let fake = Fake { root: root.to_string().into_bytes(), ..attested.fake };
    let evidence = collect(&fake);
    let subjects: Vec<&Digest> = listed(&evidence).into_iter().map(|(subject, ..)| subject).collect();
    assert_eq!(subjects.len(), 2);
    assert!(subjects.contains(&&digest(b"a")) && subjects.contains(&&digest(b"b")));
    for candidate in &evidence.candidates {
        let Content::ListedStatement { manifest, .. } = &candidate.content else { panic!("a statement") };
        assert_eq!((&*manifest.annotated, manifest.subject.as_ref()), (&[digest(b"a")][..], Some(&digest(b"b"))));
    }
    // Of a platform that is not asked for, nothing is fetched.
    let attested = Attested::new(&[SLSA], None, about(&digest(b"b"))).signed();
    let evidence = attested.collect();
    assert!(evidence.candidates.is_empty() && evidence.attestation_manifests.is_empty());
    assert_eq!(asked_times(&attested.fake, &attested.attestation.to_string()), 0);
}

#[test]
fn an_entry_that_is_listed_twice_has_all_its_annotations() {
    let attested = Attested::new(&[SLSA], None, about(&digest(b"a"))).signed();
    let mut root: Value = crate::json::from_slice(&attested.fake.root).expect("JSON");
    let mut again = root["manifests"][1].clone();
    again["annotations"] = about(&digest(b"b"));
    root["manifests"].as_array_mut().expect("a list").push(again);
    let fake = Fake { root: root.to_string().into_bytes(), ..attested.fake };
    let evidence = collect(&fake);
    let [candidate] = evidence.candidates.as_slice() else { panic!("one candidate") };
    let Content::ListedStatement { manifest, .. } = &candidate.content else { panic!("a statement") };
    assert_eq!(manifest.annotated.len(), 2);
}

#[test]
fn what_cannot_be_read_of_an_attestation_manifest_is_a_gap_on_it() {
    let attested = Attested::in_index().signed();
    let signature = digest(b"signature");
    let statement = digest(format!("statement {SLSA}").as_bytes());
    let manifest = attested.fake.contents.iter().find(|(_, bytes)| String::from_utf8_lossy(bytes).contains(BUNDLE));
    let manifest = manifest.expect("the manifest of the signature").0.to_string();
    let Attested { mut fake, attestation } = attested;
    for (what, left) in
        [(attestation.to_string(), 0), (manifest, 0), (signature.to_string(), 0), (statement.to_string(), 1)]
    {
        fake.fail(&what, 500);
        let evidence = collect(&fake);
        assert!(!evidence.gaps.is_empty(), "{what}");
        assert!(evidence.gaps.iter().all(|gap| gap.subject == attestation), "{:?}", evidence.gaps);
        assert_eq!(listed(&evidence).len(), left, "{what}");
        fake.faults.clear();
    }
    for what in [attestation.referrers_tag(), attestation.cosign_tag("sig")] {
        fake.pages = None;
        fake.fail(&what, 429);
        assert_eq!(collect(&fake).gaps.iter().map(|gap| &gap.subject).collect::<Vec<_>>(), [&attestation], "{what}");
        fake.faults.clear();
    }
}

#[test]
fn layers_of_other_media_types_and_indexes_hold_no_statements() {
    let mut attested = Attested::in_index();
    let layer = attested.fake.add(b"{}", DSSE_ENVELOPE);
    let manifest = attested.fake.add_manifest(&image(&[layer.clone(), layer]));
    let nested = attested.fake.add_manifest(&index(&[]));
    for (manifest, reason) in [(manifest, "expected application/vnd.in-toto+json"), (nested, "")] {
        let mut entry = for_platform(manifest, "unknown", "unknown");
        entry["annotations"] = about(&digest(b"a"));
        attested.attestation = entry["digest"].as_str().expect("a digest").parse().expect("a digest");
        attested.fake.root = index(&[platform("a", "linux", "amd64"), entry]).to_string().into_bytes();
        attested = attested.signed();
        let evidence = attested.collect();
        assert!(listed(&evidence).is_empty() && evidence.gaps.is_empty());
        assert!(ignored(&evidence).iter().all(|found| found.contains(reason)), "{:?}", ignored(&evidence));
    }
}

#[test]
fn the_number_of_attestation_manifests_of_statements_and_of_pairs_is_limited() {
    let attested = Attested::in_index().signed();
    let limits = Limits { statements: 1, ..Limits::default() };
    let evidence = collect_within(&attested.fake, limits);
    assert_eq!((listed(&evidence).len(), gaps(&evidence)), (1, vec![GapReason::Limit]));
    let limits = Limits { candidates: 1, ..Limits::default() };
    let evidence = collect_within(&attested.fake, limits);
    assert_eq!((listed(&evidence).len(), gaps(&evidence)), (1, vec![GapReason::Limit]));
    let limits = Limits { attestation_manifests: 0, ..Limits::default() };
    let evidence = collect_within(&attested.fake, limits);
    assert_eq!((evidence.candidates.len(), gaps(&evidence)), (0, vec![GapReason::Limit]));
    let place = evidence.attestation_manifests.iter().find(|place| place.digest == evidence.gaps[0].subject);
    assert!(place.expect("a place").may_be_about(&digest(b"a")));
}

#[test]
fn nothing_on_attestation_manifests_is_looked_for_where_signatures_alone_are_wanted() {
    let attested = Attested::in_index().signed();
    let collector = resolve(&attested.fake, PlatformChoice::All, Limits::default()).expect("an image");
    let mut collector = collector.for_signatures_alone();
    now(collector.finish());
    assert!(collector.evidence().candidates.is_empty());
    assert_eq!(asked_times(&attested.fake, &attested.attestation.to_string()), 0);
}

#[test]
fn attestation_manifests_take_no_step_of_their_own_beside_the_platforms() {
    let attested = Attested::in_index().signed();
    let mut collector = resolve(&attested.fake, PlatformChoice::All, Limits::default()).expect("an image");
    let mut steps = 0;
    while now(collector.step()) {
        steps += 1;
    }
    assert_eq!((steps, listed(collector.evidence()).len()), (2, 2));
}

#[test]
fn what_is_large_in_an_attestation_manifest_waits() {
    let mut attested = Attested::in_index();
    let large = attested.fake.add(&vec![b' '; 2 << 20], IN_TOTO);
    let small = statement(&mut attested.fake, SLSA);
    let mut entry = for_platform(attested.fake.add_manifest(&image(&[large, small])), "unknown", "unknown");
    entry["annotations"] = about(&digest(b"a"));
    attested.attestation = entry["digest"].as_str().expect("a digest").parse().expect("a digest");
    attested.fake.root = index(&[platform("a", "linux", "amd64"), entry]).to_string().into_bytes();
    let attested = attested.signed();
    let mut collector = resolve(&attested.fake, PlatformChoice::All, Limits::default()).expect("an image");
    now(async {
        collector.step().await;
        collector.step().await;
    });
    assert_eq!(listed(collector.evidence()).len(), 1);
    let is_unread = |candidate: &&Candidate| matches!(candidate.content, Content::Unread { .. });
    assert_eq!(collector.evidence().candidates.iter().filter(is_unread).count(), 1);
    now(collector.finish());
    assert_eq!(listed(collector.evidence()).len(), 2);
}
