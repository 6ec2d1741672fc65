mod attestations;
mod hostile;
mod newer;

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::collect::said::Said;
use crate::collect::source::{CosignTag, Fetched, NextPage, ReferrersPage, Tagged};
use crate::evidence::{Candidate, Content, GapReason, Origin, SubjectKind};
use crate::oci::media_type::{DSSE_ENVELOPE, OCI_INDEX, OCI_MANIFEST, SIMPLE_SIGNING};
use crate::oci::{Algorithm, Blob, Descriptor, ListedManifest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// A registry in memory. A name in `faults` fails, any other unknown name is not found.
#[derive(Debug, Default)]
struct Fake {
    root: Vec<u8>,
    contents: HashMap<Digest, Vec<u8>>,
    tags: HashMap<String, Vec<u8>>,
    /// The pages of the referrers API; `None` is a registry without it.
    pages: Option<HashMap<Digest, Vec<Vec<ListedManifest>>>>,
    faults: HashMap<String, SourceError>,
    /// Whether the last page leads to itself.
    endless: bool,
    asked: RefCell<Vec<String>>,
}

impl Fake {
    fn new(root: &Value) -> Self {
        let mut fake = Self { pages: Some(HashMap::new()), ..Self::default() };
        fake.root = root.to_string().into_bytes();
        fake
    }

    fn root_digest(&self) -> Digest {
        digest(&self.root)
    }

    fn add(&mut self, bytes: &[u8], media_type: &str) -> Value {
        self.contents.insert(digest(bytes), bytes.to_vec());
        descriptor(bytes, media_type)
    }

    fn add_manifest(&mut self, manifest: &Value) -> Value {
        let media_type = manifest["mediaType"].as_str().expect("a media type").to_owned();
        self.add(manifest.to_string().as_bytes(), &media_type)
    }

    /// Adds a manifest with one bundle that is about `subject`.
    fn add_bundle(&mut self, subject: &Digest, text: &str) -> Value {
        let layer = self.add(text.as_bytes(), BUNDLE);
        self.add_manifest(&referrer(subject, BUNDLE, &[layer]))
    }

    fn list(&mut self, subject: &Digest, pages: Vec<Vec<Value>>) {
        let pages = pages.into_iter().map(|page| page.iter().map(read_listed).collect()).collect();
        self.pages.get_or_insert_default().insert(subject.clone(), pages);
    }

    fn fail(&mut self, what: &str, status: u16) {
        let error = SourceError::Status {
            at: what.to_owned(),
            host: "registry.test".to_owned(),
            status,
            said: Said::default(),
        };
        self.faults.insert(what.to_owned(), error);
    }

    fn ask(&self, what: String) -> Result<(), SourceError> {
        let fault = self.faults.get(&what).cloned();
        self.asked.borrow_mut().push(what);
        fault.map_or(Ok(()), Err)
    }

    fn content(&self, wanted: &Descriptor) -> Result<Blob, SourceError> {
        let at = wanted.digest.to_string();
        let bytes = self.contents.get(&wanted.digest).ok_or_else(|| SourceError::NotFound { at: at.clone() })?;
        Blob::expect_sized(&wanted.digest, wanted.size, bytes.clone())
            .map_err(|source| SourceError::Corrupt { at, source })
    }

    fn by_digest(&self, digest: &Digest) -> Result<Blob, SourceError> {
        let at = digest.to_string();
        let bytes = self.contents.get(digest).ok_or_else(|| SourceError::NotFound { at: at.clone() })?;
        Blob::expect(digest, bytes.clone()).map_err(|source| SourceError::Corrupt { at, source })
    }

    fn tag(&self, tag: String) -> Result<Fetched, SourceError> {
        self.ask(tag.clone())?;
        let bytes = self.tags.get(&tag).ok_or(SourceError::NotFound { at: tag })?;
        Ok(Fetched { blob: Blob::of(Algorithm::Sha256, bytes.clone()), content_type: None })
    }
}

impl Source for &Fake {
    fn name(&self) -> Option<String> {
        Some("registry.example/app".to_owned())
    }

    async fn root(&self, _: u64) -> Result<Fetched, SourceError> {
        self.ask("root".to_owned())?;
        Ok(Fetched { blob: Blob::of(Algorithm::Sha256, self.root.clone()), content_type: None })
    }

    async fn manifest(&self, wanted: &Descriptor) -> Result<Fetched, SourceError> {
        self.ask(wanted.digest.to_string())?;
        Ok(Fetched { blob: self.content(wanted)?, content_type: None })
    }

    async fn listed(&self, digest: &Digest, _: u64) -> Result<Fetched, SourceError> {
        self.ask(digest.to_string())?;
        Ok(Fetched { blob: self.by_digest(digest)?, content_type: None })
    }

    async fn blob(&self, wanted: &Descriptor) -> Result<Blob, SourceError> {
        self.ask(wanted.digest.to_string())?;
        self.content(wanted)
    }

    async fn payload(&self, digest: &Digest, _: u64) -> Result<Blob, SourceError> {
        self.ask(format!("payload {digest}"))?;
        let content = self.contents.get(digest).cloned();
        content.map(|bytes| Blob::of(Algorithm::Sha256, bytes)).ok_or(SourceError::NotFound { at: digest.to_string() })
    }

    async fn referrers(&self, subject: &Digest, page: Option<&NextPage>, _: u64) -> Result<ReferrersPage, SourceError> {
        let number: usize = page.map_or(0, |page| page.0.parse().expect("a number"));
        self.ask(format!("referrers {number}"))?;
        let lists = self.pages.as_ref().ok_or(SourceError::NotFound { at: "referrers".to_owned() })?;
        let pages = lists.get(subject).cloned().unwrap_or_default();
        let is_last = number + 1 >= pages.len();
        let next = match (is_last, self.endless) {
            (true, false) => None,
            (true, true) => Some(number),
            (false, _) => Some(number + 1),
        };
        let manifests = pages.get(number).cloned().unwrap_or_default();
        Ok(ReferrersPage { manifests, unusable: None, next: next.map(|next| NextPage(next.to_string())), bytes: 1 })
    }

    async fn referrers_tag(&self, subject: &Digest, _: u64) -> Result<Fetched, SourceError> {
        self.tag(subject.referrers_tag())
    }

    async fn cosign_tag(&self, subject: &Digest, tag: CosignTag, _: u64) -> Result<Vec<Tagged>, SourceError> {
        let tag = subject.cosign_tag(tag.suffix());
        Ok(vec![Tagged { manifest: self.tag(tag.clone())?, tag }])
    }
}

fn digest(bytes: &[u8]) -> Digest {
    Digest::of(Algorithm::Sha256, bytes)
}

fn descriptor(bytes: &[u8], media_type: &str) -> Value {
    json!({"mediaType": media_type, "digest": digest(bytes), "size": bytes.len()})
}

fn read_listed(value: &Value) -> ListedManifest {
    ListedManifest {
        digest: value["digest"].as_str().expect("a digest").parse().expect("a digest"),
        called: value.get("artifactType").unwrap_or(&value["mediaType"]).as_str().expect("a type").to_owned(),
    }
}

fn image(layers: &[Value]) -> Value {
    json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptor(b"{}", "application/vnd.oci.image.config.v1+json"), "layers": layers})
}

fn index(manifests: &[Value]) -> Value {
    json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests})
}

fn referrer(subject: &Digest, artifact_type: &str, layers: &[Value]) -> Value {
    let mut manifest = image(layers);
    manifest["artifactType"] = json!(artifact_type);
    manifest["subject"] = json!({"mediaType": OCI_MANIFEST, "digest": subject, "size": 1});
    manifest
}

fn for_platform(mut entry: Value, os: &str, architecture: &str) -> Value {
    entry["platform"] = json!({"os": os, "architecture": architecture});
    entry
}

/// An entry of an index whose manifest is never fetched.
fn platform(name: &str, os: &str, architecture: &str) -> Value {
    for_platform(descriptor(name.as_bytes(), OCI_MANIFEST), os, architecture)
}

/// Runs a future that never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}

fn resolve(fake: &Fake, choice: PlatformChoice, limits: Limits) -> Result<Collector<&Fake>, SourceError> {
    now(Collector::resolve(fake, "registry.example/app:1", choice, limits))
}

fn collect_within(fake: &Fake, limits: Limits) -> Evidence {
    let mut collector = resolve(fake, PlatformChoice::All, limits).expect("an image");
    now(async {
        collector.finish().await;
    });
    collector.into_evidence()
}

fn collect(fake: &Fake) -> Evidence {
    collect_within(fake, Limits::default())
}

fn bundles(evidence: &Evidence) -> Vec<&[u8]> {
    evidence
        .candidates
        .iter()
        .filter_map(
            |candidate| if let Content::Bundle(bundle) = &candidate.content { Some(bundle.text()) } else { None },
        )
        .collect()
}

fn ignored(evidence: &Evidence) -> Vec<&str> {
    evidence
        .candidates
        .iter()
        .filter_map(
            |candidate| {
                if let Content::Ignored { reason, .. } = &candidate.content { Some(reason.as_str()) } else { None }
            },
        )
        .collect()
}

fn gaps(evidence: &Evidence) -> Vec<GapReason> {
    evidence.gaps.iter().map(|gap| gap.obstacle.reason).collect()
}

fn signed() -> (Fake, Digest) {
    let mut fake = Fake::new(&image(&[]));
    let subject = fake.root_digest();
    let listed = fake.add_bundle(&subject, "bundle");
    fake.list(&subject, vec![vec![listed]]);
    (fake, subject)
}

#[test]
fn a_bundle_named_by_the_referrers_api_is_a_candidate() {
    let (fake, subject) = signed();
    let evidence = collect(&fake);
    assert_eq!(bundles(&evidence), [b"bundle"]);
    assert_eq!(evidence.candidates[0].subject, subject);
    assert!(matches!(evidence.candidates[0].origin, Origin::Referrer(_)));
    assert!(evidence.gaps.is_empty() && evidence.target.subjects[0].searched);
}

#[test]
fn a001_the_reference_is_resolved_once() {
    let (fake, _) = signed();
    collect(&fake);
    assert_eq!(fake.asked.borrow().iter().filter(|what| *what == "root").count(), 1);
}

#[test]
fn an_image_with_nothing_attached_has_neither_candidates_nor_gaps() {
    let mut fake = Fake::new(&image(&[]));
    fake.pages = None;
    let evidence = collect(&fake);
    assert!(evidence.candidates.is_empty() && evidence.gaps.is_empty());
}

#[test]
fn a019_bundles_on_later_pages_count() {
    let (mut fake, subject) = signed();
    let (first, second) = (fake.add_bundle(&subject, "first"), fake.add_bundle(&subject, "second"));
    fake.list(&subject, vec![vec![first], vec![], vec![second]]);
    assert_eq!(bundles(&collect(&fake)).len(), 2);
}

#[test]
fn a018_a_list_without_end_is_a_gap() {
    let (mut fake, _) = signed();
    fake.endless = true;
    let evidence = collect_within(&fake, Limits { referrers: 1_000_000, ..Limits::default() });
    assert_eq!((bundles(&evidence).len(), gaps(&evidence)), (1, vec![GapReason::Limit]));
    assert_eq!(fake.asked.borrow().iter().filter(|what| what.starts_with("referrers")).count(), 20);
    assert!(evidence.gaps[0].obstacle.detail.contains("20 pages of referrers"), "{}", evidence.gaps[0].obstacle.detail);
}

#[test]
fn a022_more_referrers_than_the_limit_are_a_gap() {
    let (mut fake, subject) = signed();
    let listed = (0..5).map(|n| fake.add_bundle(&subject, &n.to_string())).collect();
    fake.list(&subject, vec![listed]);
    let evidence = collect_within(&fake, Limits { referrers: 3, ..Limits::default() });
    assert_eq!((bundles(&evidence).len(), gaps(&evidence)), (3, vec![GapReason::Limit]));
}

#[test]
fn a307_the_fallback_tag_counts_where_the_api_fails_and_the_failure_is_a_gap() {
    let (mut fake, subject) = signed();
    let listed = fake.add_bundle(&subject, "in the fallback tag");
    fake.tags.insert(subject.referrers_tag(), index(&[listed]).to_string().into_bytes());
    assert_eq!(bundles(&collect(&fake)), [b"bundle"]);
    for status in [400, 405, 406, 500, 501, 503] {
        fake.fail("referrers 0", status);
        let evidence = collect(&fake);
        assert_eq!(bundles(&evidence), [b"in the fallback tag"], "{status}");
        assert_eq!(gaps(&evidence), [GapReason::Unavailable], "{status}");
    }
    fake.faults.clear();
    fake.pages = None;
    let evidence = collect(&fake);
    assert_eq!(bundles(&evidence), [b"in the fallback tag"]);
    assert!(matches!(evidence.candidates[0].origin, Origin::FallbackTag(_)));
}

#[test]
fn a_failed_fallback_tag_matters_only_without_the_api() {
    let (mut fake, subject) = signed();
    fake.fail(&subject.referrers_tag(), 500);
    assert!(collect(&fake).gaps.is_empty());
    fake.pages = None;
    assert_eq!(gaps(&collect(&fake)), [GapReason::Unavailable]);
}

#[test]
fn a_page_that_is_missing_in_the_middle_is_a_gap() {
    let (mut fake, subject) = signed();
    let listed = fake.add_bundle(&subject, "first");
    fake.list(&subject, vec![vec![listed], vec![]]);
    fake.faults.insert("referrers 1".to_owned(), SourceError::NotFound { at: "page".to_owned() });
    let evidence = collect(&fake);
    assert_eq!((bundles(&evidence).len(), gaps(&evidence)), (1, vec![GapReason::Unavailable]));
}

#[test]
fn a029_failed_lists_manifests_and_blobs_are_gaps_and_hide_nothing_else() {
    let (mut fake, subject) = signed();
    let other = fake.add_bundle(&subject, "other");
    let manifest = read_listed(&other).digest;
    let good = fake.add_bundle(&subject, "bundle");
    fake.list(&subject, vec![vec![good, other]]);
    for what in
        [manifest.to_string(), digest(b"other").to_string(), subject.cosign_tag("sig"), subject.cosign_tag("att")]
    {
        fake.faults.clear();
        fake.fail(&what, 503);
        let evidence = collect(&fake);
        assert_eq!(gaps(&evidence), [GapReason::Unavailable], "{what}");
        assert!(bundles(&evidence).contains(&&b"bundle"[..]), "{what}");
    }
}

#[test]
fn what_a_list_names_and_is_not_there_is_a_gap() {
    let (mut fake, subject) = signed();
    fake.contents.remove(&digest(b"bundle"));
    assert_eq!(gaps(&collect(&fake)), [GapReason::Missing]);
    fake.list(&subject, vec![vec![descriptor(b"nowhere", OCI_MANIFEST)]]);
    assert_eq!(gaps(&collect(&fake)), [GapReason::Missing]);
}

#[test]
fn a026_a_referrer_of_another_image_is_ignored() {
    let (mut fake, subject) = signed();
    let elsewhere = fake.add_bundle(&digest(b"another image"), "elsewhere");
    let without = image(&[fake.add(b"without", BUNDLE)]);
    let without = fake.add_manifest(&without);
    fake.list(&subject, vec![vec![elsewhere, without]]);
    let evidence = collect(&fake);
    assert!(bundles(&evidence).is_empty() && evidence.gaps.is_empty());
    assert_eq!(ignored(&evidence).len(), 2);
    assert!(!fake.asked.borrow().contains(&digest(b"elsewhere").to_string()), "the bundle was not fetched");
}

#[test]
fn a027_what_a_manifest_is_is_decided_by_its_layer() {
    let (mut fake, subject) = signed();
    let layer = fake.add(b"no bundle", "application/json");
    let only_named = fake.add_manifest(&referrer(&subject, BUNDLE, &[layer]));
    let bundle = fake.add(b"a bundle", BUNDLE);
    let named_otherwise = fake.add_manifest(&referrer(&subject, "application/vnd.oci.empty.v1+json", &[bundle]));
    fake.list(&subject, vec![vec![only_named, named_otherwise]]);
    let evidence = collect(&fake);
    assert_eq!(bundles(&evidence), [b"a bundle"]);
    assert!(ignored(&evidence)[0].contains("its layer is application/json"));
}

#[test]
fn a030_a_referrer_without_exactly_one_layer_is_ignored() {
    let (mut fake, subject) = signed();
    let layer = fake.add(b"twice", BUNDLE);
    let none = fake.add_manifest(&referrer(&subject, BUNDLE, &[]));
    let two = fake.add_manifest(&referrer(&subject, BUNDLE, &[layer.clone(), layer]));
    fake.list(&subject, vec![vec![none, two]]);
    let evidence = collect(&fake);
    assert!(bundles(&evidence).is_empty() && evidence.gaps.is_empty());
    assert!(ignored(&evidence).iter().all(|reason| reason.contains("exactly one layer")));
}

#[test]
fn other_artifacts_are_named_and_their_blobs_not_fetched() {
    let (mut fake, subject) = signed();
    let layer = fake.add(b"jws", "application/jose+json");
    let notary = fake.add_manifest(&referrer(&subject, "application/vnd.cncf.notary.signature", &[layer]));
    let junk = fake.add(b"[]", OCI_MANIFEST);
    fake.list(&subject, vec![vec![notary, junk]]);
    let evidence = collect(&fake);
    assert_eq!((ignored(&evidence).len(), evidence.gaps.len()), (2, 0));
    assert!(!fake.asked.borrow().contains(&digest(b"jws").to_string()));
}

#[test]
fn a057_layers_under_cosign_tags_count_only_in_their_own_form() {
    let (mut fake, subject) = signed();
    fake.list(&subject, vec![]);
    let (payload, envelope) = (fake.add(b"payload", SIMPLE_SIGNING), fake.add(b"envelope", DSSE_ENVELOPE));
    let manifest = image(&[payload, envelope]).to_string().into_bytes();
    fake.tags.insert(subject.cosign_tag("sig"), manifest.clone());
    fake.tags.insert(subject.cosign_tag("att"), manifest);
    let evidence = collect(&fake);
    let forms: Vec<_> = evidence
        .candidates
        .iter()
        .map(|candidate| match (&candidate.content, &candidate.origin) {
            (Content::LegacySignature { .. }, Origin::CosignTag { layer, .. }) => ("signature", *layer),
            (Content::LegacyAttestation { .. }, Origin::CosignTag { layer, .. }) => ("attestation", *layer),
            (_, Origin::CosignTag { layer, .. }) => ("ignored", *layer),
            _ => ("elsewhere", 0),
        })
        .collect();
    assert_eq!(forms, [("signature", 0), ("ignored", 1), ("ignored", 0), ("attestation", 1)]);
}

#[test]
fn a_cosign_tag_that_cannot_be_read_is_a_gap() {
    let (mut fake, subject) = signed();
    fake.tags.insert(subject.cosign_tag("sig"), b"<html>".to_vec());
    assert_eq!(gaps(&collect(&fake)), [GapReason::Corrupt]);
}

#[test]
fn a062_what_is_declared_too_large_is_not_asked_for() {
    let (mut fake, subject) = signed();
    let mut layer = fake.add(b"huge", BUNDLE);
    layer["size"] = json!(10_000_000_000_u64);
    let huge = fake.add_manifest(&referrer(&subject, BUNDLE, &[layer]));
    fake.list(&subject, vec![vec![huge]]);
    assert_eq!(gaps(&collect(&fake)), [GapReason::Limit]);
    assert!(!fake.asked.borrow().contains(&digest(b"huge").to_string()));
}

#[test]
fn a062_more_candidates_than_the_limit_are_a_gap() {
    let (mut fake, subject) = signed();
    let layers: Vec<_> = (0..10).map(|n| fake.add(n.to_string().as_bytes(), SIMPLE_SIGNING)).collect();
    fake.tags.insert(subject.cosign_tag("sig"), image(&layers).to_string().into_bytes());
    let evidence = collect_within(&fake, Limits { candidates: 4, ..Limits::default() });
    assert_eq!((evidence.candidates.len(), gaps(&evidence)), (4, vec![GapReason::Limit]));
    assert_eq!(bundles(&evidence), [b"bundle"], "what was found first is kept");
}

#[test]
fn the_bytes_of_one_image_are_limited_in_all() {
    let (mut fake, subject) = signed();
    let text = "x".repeat(10_000);
    let listed = (0..5).map(|n| fake.add_bundle(&subject, &format!("{n}{text}"))).collect();
    fake.list(&subject, vec![listed]);
    let evidence = collect_within(&fake, Limits { total_bytes: 40_000, manifest: 4_000, ..Limits::default() });
    assert_eq!((bundles(&evidence).len(), gaps(&evidence)), (3, vec![GapReason::Limit]));
}

#[test]
fn a003_a_wrong_digest_or_size_is_a_gap() {
    let (mut fake, _) = signed();
    fake.contents.insert(digest(b"bundle"), b"BUNDLE".to_vec());
    assert_eq!(gaps(&collect(&fake)), [GapReason::Corrupt]);
    fake.contents.insert(digest(b"bundle"), b"longer bundle".to_vec());
    assert_eq!(gaps(&collect(&fake)), [GapReason::Corrupt]);
}

/// A page that breaks off leaves a gap, in spite of earlier pages and the fallback tag.
#[test]
fn a307_a_list_that_breaks_off_is_completed_by_the_fallback_tag() {
    let (mut fake, subject) = signed();
    let (first, second) = (fake.add_bundle(&subject, "first"), fake.add_bundle(&subject, "second"));
    fake.list(&subject, vec![vec![first.clone()], vec![]]);
    fake.tags.insert(subject.referrers_tag(), index(&[first, second]).to_string().into_bytes());
    fake.fail("referrers 1", 500);
    let evidence = collect(&fake);
    assert_eq!((bundles(&evidence).len(), gaps(&evidence)), (2, vec![GapReason::Unavailable]));
}

#[test]
fn a306_the_fallback_tag_names_manifests_by_digest_whatever_it_says_of_them() {
    let (mut fake, subject) = signed();
    fake.pages = None;
    let good = fake.add_bundle(&subject, "bundle");
    for (member, value) in [
        ("size", json!(0)),
        ("size", json!(-1)),
        ("size", json!(3)),
        ("size", json!(10_000_000_000_u64)),
        ("size", json!("a lot")),
        ("size", Value::Null),
        ("mediaType", json!("application/vnd.oci.image.layer.v1.tar+gzip")),
        ("mediaType", json!(OCI_INDEX)),
        ("artifactType", json!("application/vnd.cncf.notary.signature")),
        ("annotations", json!(["x"])),
        ("platform", json!({"os": "unknown", "architecture": "unknown"})),
    ] {
        let mut listed = good.clone();
        listed[member] = value.clone();
        fake.tags.insert(subject.referrers_tag(), index(&[listed]).to_string().into_bytes());
        let evidence = collect(&fake);
        assert_eq!((bundles(&evidence).len(), gaps(&evidence)), (1, vec![]), "{member}: {value}");
    }
}

#[test]
fn an_entry_of_the_fallback_tag_that_names_nothing_is_a_gap_beside_the_others() {
    let (mut fake, subject) = signed();
    fake.pages = None;
    let good = fake.add_bundle(&subject, "bundle");
    let odd = json!({"mediaType": OCI_MANIFEST, "digest": "md5:d41d8cd98f00b204e9800998ecf8427e", "size": 1});
    fake.tags.insert(subject.referrers_tag(), index(&[odd, good]).to_string().into_bytes());
    let evidence = collect(&fake);
    assert_eq!((bundles(&evidence).len(), gaps(&evidence)), (1, vec![GapReason::Unsupported]));
}

/// The legacy forms that were collected.
fn legacy(evidence: &Evidence) -> Vec<&str> {
    let form = |candidate: &Candidate| match &candidate.content {
        Content::LegacySignature { .. } => "signature",
        Content::LegacyAttestation { .. } => "attestation",
        _ => "other",
    };
    evidence.candidates.iter().map(form).collect()
}

const SIG: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
const ATT: &str = "application/vnd.dev.cosign.artifact.att.v1+json";

#[test]
fn legacy_layers_are_found_as_referrers_by_artifact_type_or_by_configuration() {
    let (mut fake, subject) = signed();
    let payloads = [fake.add(b"first", SIMPLE_SIGNING), fake.add(b"second", SIMPLE_SIGNING)];
    let envelope = fake.add(b"envelope", DSSE_ENVELOPE);
    for (artifact_type, layers, expected) in [
        (SIG, &payloads[..], vec!["signature", "signature"]),
        (ATT, std::slice::from_ref(&envelope), vec!["attestation"]),
        // cosign `WriteAttestationsReferrer`, which Tekton Chains calls.
        ("application/vnd.in-toto+json", std::slice::from_ref(&envelope), vec!["attestation"]),
        ("application/vnd.oci.empty.v1+json", &payloads[..1], vec!["signature"]),
        // Each form only under its own name.
        (SIG, std::slice::from_ref(&envelope), vec!["other"]),
        (ATT, &payloads[..1], vec!["other"]),
        (SIG, &[], vec!["other"]),
    ] {
        let by_artifact_type = referrer(&subject, artifact_type, layers);
        let mut by_configuration = by_artifact_type.clone();
        by_configuration["artifactType"] = Value::Null;
        by_configuration["config"]["mediaType"] = json!(artifact_type);
        for manifest in [by_artifact_type, by_configuration] {
            let listed = fake.add_manifest(&manifest);
            fake.list(&subject, vec![vec![listed.clone()]]);
            assert_eq!(legacy(&collect(&fake)), expected, "{manifest}");
            fake.list(&subject, vec![]);
            fake.fail("referrers 0", 406);
            fake.tags.insert(subject.referrers_tag(), index(&[listed]).to_string().into_bytes());
            assert_eq!(legacy(&collect(&fake)), expected, "under the fallback tag: {manifest}");
            fake.faults.clear();
        }
    }
}

#[test]
fn a026_a_legacy_referrer_of_another_image_is_ignored() {
    let (mut fake, subject) = signed();
    let payload = fake.add(b"payload", SIMPLE_SIGNING);
    let elsewhere = fake.add_manifest(&referrer(&digest(b"another image"), SIG, &[payload]));
    fake.list(&subject, vec![vec![elsewhere]]);
    assert_eq!(legacy(&collect(&fake)), ["other"]);
}

#[test]
fn unsigned_documents_are_named_for_what_they_are() {
    let (mut fake, subject) = signed();
    for (artifact_type, media_type, expected) in [
        ("application/vnd.in-toto+json", "application/vnd.in-toto+json", Some("application/vnd.in-toto+json")),
        ("application/vnd.in-toto+json", "application/json", Some("application/vnd.in-toto+json")),
        ("application/spdx+json", "application/octet-stream", Some("application/spdx+json")),
        ("application/vnd.dev.cosign.artifact.sbom.v1+json", "text/spdx", Some("text/spdx")),
        ("application/x", "application/vnd.cyclonedx+json; version=1.5", Some("application/vnd.cyclonedx+json")),
        ("application/x", "application/y", None),
    ] {
        let layer = fake.add(b"{}", media_type);
        let listed = fake.add_manifest(&referrer(&subject, artifact_type, &[layer]));
        fake.list(&subject, vec![vec![listed]]);
        let evidence = collect(&fake);
        let what = match &evidence.candidates[0].content {
            Content::Unsigned { what } => Some(what.as_str()),
            _ => None,
        };
        assert_eq!(what, expected, "{artifact_type} with {media_type}");
    }
    let mut layer = fake.add(b"{}", "application/vnd.in-toto+json");
    layer["annotations"] = json!({"in-toto.io/predicate-type": "https://slsa.dev/provenance/v1"});
    let listed = fake.add_manifest(&referrer(&subject, "application/vnd.in-toto+json", &[layer]));
    fake.list(&subject, vec![vec![listed]]);
    let evidence = collect(&fake);
    assert!(matches!(&evidence.candidates[0].content, Content::UnsignedStatement(_)), "{:?}", evidence.candidates);
}

#[test]
fn sboms_under_cosigns_tag_are_named_last_and_only_if_asked() {
    let (mut fake, subject) = signed();
    let layer = fake.add(b"{}", "text/spdx+json");
    fake.tags.insert(subject.cosign_tag("sbom"), image(&[layer]).to_string().into_bytes());
    assert_eq!(collect(&fake).candidates.len(), 1);
    assert!(!fake.asked.borrow().contains(&subject.cosign_tag("sbom")));
    let named = |fake: &Fake| {
        let collector = resolve(fake, PlatformChoice::All, Limits::default()).expect("an image");
        let mut collector = collector.naming_sbom_tags();
        now(collector.finish());
        collector.into_evidence()
    };
    let evidence = named(&fake);
    assert!(
        matches!(&evidence.candidates[1], Candidate { content: Content::Unsigned { what }, .. } if what == "text/spdx+json")
    );
    assert_eq!(fake.asked.borrow().last(), Some(&subject.cosign_tag("sbom")));
    fake.fail(&subject.cosign_tag("sbom"), 403);
    let evidence = named(&fake);
    assert_eq!((evidence.candidates.len(), gaps(&evidence)), (1, vec![]), "it would prove nothing");
}

#[test]
fn every_digest_is_fetched_once() {
    let platform = image(&[]);
    let mut fake = Fake::new(&Value::Null);
    let entry = for_platform(fake.add_manifest(&platform), "linux", "amd64");
    fake.root = index(&[entry]).to_string().into_bytes();
    let (root, child) = (fake.root_digest(), digest(platform.to_string().as_bytes()));
    let shared = fake.add(b"shared", BUNDLE);
    let on_root = fake.add_manifest(&referrer(&root, BUNDLE, std::slice::from_ref(&shared)));
    let on_child = fake.add_manifest(&referrer(&child, BUNDLE, &[shared]));
    fake.list(&root, vec![vec![on_root.clone(), on_root.clone()], vec![on_root]]);
    fake.list(&child, vec![vec![on_child]]);
    let evidence = collect(&fake);
    assert_eq!(bundles(&evidence).len(), 2);
    assert_eq!(fake.asked.borrow().iter().filter(|what| what.starts_with("sha256:")).count(), 3);
}

#[test]
fn platforms_are_searched_in_a_step_of_their_own() {
    let fake = Fake::new(&index(&[platform("a", "linux", "amd64"), platform("b", "linux", "arm64")]));
    let mut collector = resolve(&fake, PlatformChoice::All, Limits::default()).expect("an image");
    assert!(now(collector.step()));
    let searched =
        |evidence: &Evidence| evidence.target.subjects.iter().map(|subject| subject.searched).collect::<Vec<_>>();
    assert_eq!(searched(collector.evidence()), [true, false, false]);
    assert_eq!(fake.asked.borrow().len(), 5);
    assert!(now(collector.step()));
    assert!(!now(collector.step()));
    assert_eq!(searched(collector.evidence()), [true, true, true]);
    assert_eq!(fake.asked.borrow().len(), 13);
}

#[test]
fn what_is_large_is_fetched_in_steps_from_small_to_large() {
    let (mut fake, subject) = signed();
    let sizes = [10, 2 << 20, 3 << 20, 20 << 20];
    let listed = sizes.map(|size| fake.add_bundle(&subject, &"x".repeat(size)));
    fake.list(&subject, vec![listed.to_vec()]);
    let mut collector = resolve(&fake, PlatformChoice::All, Limits::default()).expect("an image");
    let unread = |collector: &Collector<&Fake>| {
        let content = |candidate: &Candidate| match &candidate.content {
            Content::Unread { bytes, .. } => Some(*bytes),
            _ => None,
        };
        let mut unread: Vec<u64> = collector.evidence().candidates.iter().filter_map(content).collect();
        unread.sort_unstable();
        unread
    };
    let mut steps = Vec::new();
    while now(collector.step()) {
        steps.push(unread(&collector));
        assert_eq!(collector.evidence().candidates.len(), sizes.len(), "unread evidence is named");
    }
    assert_eq!(steps, [vec![2 << 20, 3 << 20, 20 << 20], vec![20 << 20], vec![]]);
    assert_eq!(bundles(collector.evidence()).len(), sizes.len());
}

#[test]
fn a046_the_first_entry_for_a_platform_is_the_one_that_is_verified() {
    let fake = Fake::new(&index(&[
        platform("a", "linux", "arm64"),
        platform("b", "linux", "amd64"),
        platform("c", "linux", "amd64"),
    ]));
    let wished = PlatformChoice::These(vec!["linux/amd64".parse().expect("a platform")]);
    let evidence = resolve(&fake, wished, Limits::default()).expect("an image").into_evidence();
    assert_eq!(
        evidence.target.subjects.iter().map(|subject| subject.digest.clone()).collect::<Vec<_>>(),
        [fake.root_digest(), digest(b"b")]
    );
    assert_eq!(
        resolve(&fake, PlatformChoice::All, Limits::default()).expect("an image").evidence().target.subjects.len(),
        4
    );
}

/// The subjects that are left of an index for a wish, in words.
fn selected(entries: &[Value], texts: &[&str]) -> Vec<Digest> {
    let wished = texts.iter().map(|text| text.parse().expect("a platform")).collect();
    let evidence = resolve(&Fake::new(&index(entries)), PlatformChoice::These(wished), Limits::default())
        .expect("an image")
        .into_evidence();
    evidence.target.subjects.iter().skip(1).map(|subject| subject.digest.clone()).collect()
}

#[test]
fn a290_what_each_runtime_would_take_is_selected() {
    let bare = |name: &str| descriptor(name.as_bytes(), OCI_MANIFEST);
    let spelt = [platform("a", "linux", "aarch64"), platform("b", "linux", "arm64"), platform("c", "linux", "amd64")];
    assert_eq!(selected(&spelt, &["linux/arm64"]), [digest(b"a"), digest(b"b")]);
    assert_eq!(selected(&spelt, &["linux/arm64", "linux/amd64"]), [digest(b"a"), digest(b"b"), digest(b"c")]);
    let nameless = [platform("a", "", "amd64"), platform("b", "linux", "amd64")];
    assert_eq!(selected(&nameless, &["linux/amd64"]), [digest(b"a"), digest(b"b")]);
    // Without a platform an entry is taken where there is nothing better.
    assert_eq!(selected(&[bare("a"), platform("b", "linux", "amd64")], &["linux/amd64"]), [digest(b"b")]);
    assert_eq!(selected(&[bare("a"), platform("b", "linux", "s390x")], &["linux/amd64"]), [digest(b"a")]);
    let mut marked = platform("b", "linux", "amd64");
    marked["annotations"] = json!({"io.github.containers.compression.zstd": "true"});
    assert_eq!(selected(&[platform("a", "linux", "amd64"), marked], &["linux/amd64"]), [digest(b"a"), digest(b"b")]);
}

#[test]
fn a290_each_index_is_chosen_from_by_itself() {
    let mut fake = Fake::new(&Value::Null);
    let nested = index(&[platform("a", "linux", "arm64"), platform("b", "linux", "amd64")]);
    let nested = fake.add_manifest(&nested);
    fake.root = index(&[nested, platform("c", "linux", "arm64")]).to_string().into_bytes();
    let wished = PlatformChoice::These(vec!["linux/arm64".parse().expect("a platform")]);
    let evidence = resolve(&fake, wished, Limits::default()).expect("an image").into_evidence();
    let images = evidence.target.subjects.iter().filter(|subject| subject.kind != SubjectKind::Index);
    assert_eq!(images.map(|subject| subject.digest.clone()).collect::<Vec<_>>(), [digest(b"a"), digest(b"c")]);
}

#[test]
fn a049_a_platform_that_is_not_there_is_an_error_that_names_those_that_are() {
    let fake = Fake::new(&index(&[platform("a", "linux", "arm64")]));
    let wished = PlatformChoice::These(vec!["linux/arm/v7".parse().expect("a platform")]);
    let error = resolve(&fake, wished, Limits::default()).expect_err("no such platform");
    assert_eq!(error.to_string(), "expected an image for linux/arm/v7, found linux/arm64");
}

#[test]
fn the_platform_of_a_single_image_is_read_only_when_one_is_asked_for() {
    let configuration = br#"{"os":"linux","architecture":"amd64","rootfs":{}}"#;
    let mut fake = Fake::new(&Value::Null);
    let mut root = image(&[]);
    root["config"] = fake.add(configuration, "application/vnd.oci.image.config.v1+json");
    fake.root = root.to_string().into_bytes();
    let kind = |choice| {
        resolve(&fake, choice, Limits::default())
            .map(|collector| collector.into_evidence().target.subjects.remove(0).kind)
    };
    assert_eq!(kind(PlatformChoice::All).expect("an image"), SubjectKind::Image(None));
    assert_eq!(fake.asked.borrow().len(), 1);
    let amd64: Platform = "linux/amd64".parse().expect("a platform");
    assert_eq!(kind(PlatformChoice::These(vec![amd64.clone()])).expect("an image"), SubjectKind::Image(Some(amd64)));
    assert!(kind(PlatformChoice::These(vec!["linux/arm64".parse().expect("a platform")])).is_err());
}

/// An image of one platform, and what BuildKit put beside it: statements of these types.
fn attested_by_buildkit(fake: &mut Fake, types: &[&str]) {
    let statements: Vec<Value> = types
        .iter()
        .map(|name| {
            let bytes = format!("statement {name}").into_bytes();
            let mut statement = fake.add(&bytes, "application/vnd.in-toto+json");
            statement["annotations"] = json!({"in-toto.io/predicate-type": name});
            statement
        })
        .collect();
    let mut entry = for_platform(fake.add_manifest(&image(&statements)), "unknown", "unknown");
    entry["annotations"] =
        json!({"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest(b"a")});
    fake.root = index(&[platform("a", "linux", "amd64"), entry]).to_string().into_bytes();
}

#[test]
fn a215_attestations_of_buildkit_are_no_platforms_and_only_provenance_is_fetched() {
    let mut fake = Fake::new(&Value::Null);
    let (spdx, slsa) = ("https://spdx.dev/Document", "https://slsa.dev/provenance/v0.2");
    attested_by_buildkit(&mut fake, &[spdx, slsa]);
    let evidence = collect(&fake);
    assert_eq!(evidence.target.subjects.len(), 2);
    let [sbom, provenance] = evidence.candidates.as_slice() else { panic!("two candidates") };
    assert!(evidence.candidates.iter().all(|candidate| candidate.subject == digest(b"a")));
    assert!(matches!(&sbom.content, Content::Unsigned { what } if what == spdx));
    assert!(matches!(&provenance.content, Content::UnsignedStatement(blob) if blob.bytes().starts_with(b"statement")));
    assert!(!fake.asked.borrow().contains(&sbom.digest.to_string()), "it is unsigned, and can be large");
}

#[test]
fn a215_unsigned_provenance_that_cannot_be_read_is_named_and_is_no_gap() {
    let mut fake = Fake::new(&Value::Null);
    attested_by_buildkit(&mut fake, &["https://slsa.dev/provenance/v1"]);
    fake.contents.remove(&digest(b"statement https://slsa.dev/provenance/v1"));
    let evidence = collect(&fake);
    assert!(matches!(&evidence.candidates[0].content, Content::Unsigned { .. }));
    assert_eq!(evidence.gaps, []);
}

#[test]
fn a215_no_number_of_unsigned_provenances_takes_what_evidence_needs() {
    let mut fake = Fake::new(&Value::Null);
    let types: Vec<String> = (0..100).map(|number| format!("https://slsa.dev/provenance/{number}")).collect();
    attested_by_buildkit(&mut fake, &types.iter().map(String::as_str).collect::<Vec<_>>());
    let evidence = collect(&fake);
    let fetched = |candidate: &&Candidate| matches!(candidate.content, Content::UnsignedStatement(_));
    assert_eq!((evidence.candidates.len(), evidence.candidates.iter().filter(fetched).count()), (100, 16));
}

/// A runtime takes such an entry in spite of its annotations, so it must not escape verification.
#[test]
fn an_annotation_does_not_hide_a_platform() {
    let mut hidden = platform("hidden", "linux", "amd64");
    hidden["annotations"] =
        json!({"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest(b"a")});
    let mut odd = platform("odd", "linux", "arm64");
    odd["mediaType"] = json!("application/vnd.docker.distribution.manifest.v1+json");
    let fake = Fake::new(&index(&[hidden, odd, platform("a", "linux", "amd64")]));
    let evidence = resolve(&fake, PlatformChoice::All, Limits::default()).expect("an image").into_evidence();
    assert_eq!(evidence.target.subjects.len(), 4);
}

#[test]
fn nested_indexes_are_followed_and_remembered() {
    let mut fake = Fake::new(&Value::Null);
    let inner = index(&[platform("a", "linux", "amd64")]);
    let nested = fake.add_manifest(&inner);
    fake.root = index(&[nested, platform("b", "linux", "arm64")]).to_string().into_bytes();
    let evidence = resolve(&fake, PlatformChoice::All, Limits::default()).expect("an image").into_evidence();
    let through: Vec<_> = evidence.target.subjects.iter().map(|subject| subject.reached_through.len()).collect();
    assert_eq!(through, [0, 1, 2, 1]);
    assert_eq!(evidence.target.subjects[2].reached_through, [fake.root_digest(), digest(inner.to_string().as_bytes())]);
    let wished = PlatformChoice::These(vec!["linux/amd64".parse().expect("a platform")]);
    assert_eq!(resolve(&fake, wished, Limits::default()).expect("an image").evidence().target.subjects.len(), 3);
}

#[test]
fn a045_indexes_nested_too_deep_and_too_many_manifests_are_errors() {
    let mut fake = Fake::new(&Value::Null);
    let mut top = index(&[platform("a", "linux", "amd64")]);
    for _ in 0..6 {
        let nested = fake.add_manifest(&top);
        top = index(&[nested]);
    }
    fake.root = top.to_string().into_bytes();
    let error = resolve(&fake, PlatformChoice::All, Limits::default()).expect_err("too deep");
    assert!(error.to_string().contains("4 levels of nested indexes"), "{error}");

    let entries: Vec<_> = (0..20).map(|n| platform(&n.to_string(), "linux", "amd64")).collect();
    let fake = Fake::new(&index(&entries));
    let error =
        resolve(&fake, PlatformChoice::All, Limits { subjects: 10, ..Limits::default() }).expect_err("too many");
    assert!(error.to_string().contains("10 manifests in an image"), "{error}");
}

#[test]
fn an_index_that_cannot_be_read_is_an_error() {
    let mut fake = Fake::new(&Value::Null);
    let nested = descriptor(b"not there", OCI_INDEX);
    fake.root = index(&[nested]).to_string().into_bytes();
    assert!(resolve(&fake, PlatformChoice::All, Limits::default()).is_err());
    // An image where the index above it announces an index.
    let mut entry = fake.add_manifest(&image(&[]));
    entry["mediaType"] = json!(OCI_INDEX);
    fake.root = index(&[entry]).to_string().into_bytes();
    assert!(resolve(&fake, PlatformChoice::All, Limits::default()).is_err());
}

#[test]
fn a_fallback_tag_that_names_an_image_is_no_list() {
    let (mut fake, subject) = signed();
    fake.pages = None;
    let other = image(&[descriptor(b"x", "text/plain")]).to_string().into_bytes();
    fake.tags.insert(subject.referrers_tag(), other);
    let evidence = collect(&fake);
    assert!(ignored(&evidence)[0].starts_with("expected an index of referrers") && evidence.gaps.is_empty());
    // The subject itself is not attached to itself.
    fake.tags.insert(subject.referrers_tag(), fake.root.clone());
    let evidence = collect(&fake);
    assert!(evidence.candidates.is_empty() && evidence.gaps.is_empty());
}

#[test]
fn the_default_limits_are_those_of_the_design() {
    let limits = Limits::default();
    assert_eq!((limits.manifest, limits.total_bytes), (4 << 20, 512 << 20));
    // 128 MiB of payload in base64, and 16 MiB of bundle around it (A222).
    let payload = (128_u64 << 20).div_ceil(3) * 4;
    assert_eq!(limits.attestation, payload + (16 << 20));
    assert_eq!((limits.referrers, limits.referrers_pages, limits.candidates, limits.subjects), (1000, 20, 256, 1024));
    assert_eq!(limits.total_time, Duration::from_secs(120));
}

/// A bundle with a message signature over what has this digest.
fn bundle_over(signed: &Digest) -> String {
    let digest = STANDARD.encode(signed.bytes());
    json!({"messageSignature": {"messageDigest": {"algorithm": "SHA2_256", "digest": digest}}}).to_string()
}

#[test]
fn a_payload_that_a_bundle_names_by_digest_comes_with_it() {
    let mut fake = Fake::new(&image(&[]));
    let subject = fake.root_digest();
    fake.add(b"payload", "application/octet-stream");
    let listed = fake.add_bundle(&subject, &bundle_over(&digest(b"payload")));
    fake.list(&subject, vec![vec![listed]]);
    let evidence = collect(&fake);
    assert!(matches!(
        evidence.candidates.as_slice(),
        [Candidate { content: Content::BundleOverPayload { payload, .. }, .. }] if payload.bytes()[..] == *b"payload"
    ));
}

#[test]
fn a_bundle_over_the_image_itself_or_over_nothing_known_asks_for_no_payload() {
    let mut fake = Fake::new(&image(&[]));
    let subject = fake.root_digest();
    let own = fake.add_bundle(&subject, &bundle_over(&subject));
    let lost = fake.add_bundle(&subject, &bundle_over(&digest(b"lost")));
    fake.list(&subject, vec![vec![own, lost]]);
    let evidence = collect(&fake);
    assert_eq!(bundles(&evidence).len(), 2);
    assert_eq!(gaps(&evidence), []);
    assert_eq!(fake.asked.borrow().iter().filter(|what| what.starts_with("payload")).count(), 1);
}

#[test]
fn a_payload_that_cannot_be_read_is_a_gap() {
    let mut fake = Fake::new(&image(&[]));
    let subject = fake.root_digest();
    let payload = digest(b"payload");
    let listed = fake.add_bundle(&subject, &bundle_over(&payload));
    fake.list(&subject, vec![vec![listed]]);
    fake.fail(&format!("payload {payload}"), 500);
    let evidence = collect(&fake);
    assert!(evidence.candidates.is_empty());
    assert_eq!(gaps(&evidence), [GapReason::Unavailable]);
}

#[test]
fn a_blob_that_is_named_again_and_again_is_not_read_without_end() {
    let (mut fake, subject) = signed();
    let layer = fake.add("x".repeat(10_000).as_bytes(), SIMPLE_SIGNING);
    fake.tags.insert(subject.cosign_tag("sig"), image(&vec![layer; 100]).to_string().into_bytes());
    let evidence = collect_within(&fake, Limits { total_bytes: 100_000, manifest: 50_000, ..Limits::default() });
    assert_eq!((evidence.candidates.len(), gaps(&evidence)), (10, vec![GapReason::Limit]));
}

#[test]
fn what_is_set_aside_is_limited_too() {
    let (mut fake, subject) = signed();
    let layer = fake.add(b"x", "application/octet-stream");
    fake.tags.insert(subject.cosign_tag("sig"), image(&vec![layer; 300]).to_string().into_bytes());
    let evidence = collect(&fake);
    assert_eq!((ignored(&evidence).len(), gaps(&evidence)), (256, vec![GapReason::Limit]));
}

#[test]
fn the_gaps_of_one_subject_are_told_up_to_a_number() {
    let (mut fake, subject) = signed();
    let lost = (0..100).map(|n| descriptor(format!("lost {n}").as_bytes(), OCI_MANIFEST)).collect();
    fake.list(&subject, vec![lost]);
    let evidence = collect(&fake);
    assert_eq!(evidence.gaps.len(), 21);
    assert_eq!(evidence.gaps.last().map(|gap| gap.obstacle.reason), Some(GapReason::Limit));
}
