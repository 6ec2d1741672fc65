//! Times that others vouch for: every one of them must lie where the certificate, its authorities and the log's key were valid.

mod support;

use std::collections::BTreeMap;

use bonafide::check::{CandidateReport, CheckId, ImageReport, Outcome, Verdict};
use bonafide::evidence::{Candidate, Content, Evidence, Opened, Origin, Target};
use bonafide::oci::{Algorithm, Blob, Digest};
use bonafide::policy::{Policy, Requirement, Signer};
use bonafide::trust::TrustRoot;
use bonafide::verify::{TrustDomain, verify};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use support::sigstore::{
    EntryKind, Evidence as Kept, Identity, LegacyLayer, SIGNING_TIME, Signed, Sigstore, TRUSTED_SINCE,
    TimestampAuthority, Version,
};
use support::statement::{Subject, spdx_23};

const EMAIL: &str = "alice@acme.example";
const ISSUER: &str = "https://accounts.acme.example";
/// Certificates of the virtual Sigstore live for ten minutes.
const TOO_LATE: SignedDuration = SignedDuration::from_mins(11);

struct World {
    instance: Sigstore,
    identity: Identity,
    image: Digest,
    subject: Subject,
}

impl World {
    fn new() -> World {
        let image = Digest::of(Algorithm::Sha256, b"the manifest of the image");
        let subject = Subject::new("registry.test/acme/shop", &image.to_string());
        World { instance: Sigstore::new(), identity: Identity::email(EMAIL, ISSUER), image, subject }
    }

    fn attested(&self, kind: EntryKind, kept: Kept) -> Signed {
        let statement = spdx_23(&self.subject, &[("zlib", "1.3.1")]);
        self.instance.signer(&self.identity).logged_as(kind).evidence(kept).stamped().attest(&statement)
    }

    fn stamp(&self, bytes: &[u8], after: SignedDuration) -> Vec<u8> {
        self.instance.timestamp_authority.stamp(bytes, SIGNING_TIME + after)
    }

    fn judge(&self, content: Content) -> ImageReport {
        self.judge_with(content, |_| {})
    }

    /// Judges by the instance's trusted root after `bend` had its way with it.
    fn judge_with(&self, content: Content, bend: impl FnOnce(&mut Value)) -> ImageReport {
        let root = self.instance.trusted_root_with(bend);
        let root = TrustRoot::parse("virtual", "trusted_root.json", root.as_bytes()).expect("a root");
        self.judge_in(content, TrustDomain::prepare(&root).expect("a trust domain"))
    }

    fn judge_in(&self, content: Content, domain: TrustDomain) -> ImageReport {
        let signer = Signer::from_flags(Some(EMAIL), Some(ISSUER), None, None, None).expect("a signer");
        let policy = Policy::from_flags(signer, [Requirement::Sbom], None).expect("a policy");
        verify(&self.evidence(content), &policy, &[domain], SIGNING_TIME + SignedDuration::from_hours(1))
    }

    fn evidence(&self, content: Content) -> Evidence {
        let image = || self.image.clone();
        Evidence::of(
            Target::image("registry.test/acme/shop:v1", None, image()),
            vec![Candidate { subject: image(), origin: Origin::Referrer(image()), digest: image(), content }],
        )
    }
}

#[track_caller]
fn accepted(mut report: ImageReport) -> CandidateReport {
    let candidate = report.candidates.remove(0);
    assert_eq!(candidate.findings.iter().find(|finding| finding.is_blocking()), None);
    assert_eq!(report.verdict, Verdict::Verified);
    candidate
}

#[track_caller]
fn refused(report: &ImageReport, check: CheckId) {
    let finding = report.candidates[0].findings.iter().find(|finding| finding.is_blocking());
    let finding = finding.expect("something must stand in the way");
    assert_eq!((finding.check, finding.outcome), (check, Outcome::Fail), "{finding:?}");
    assert_eq!(report.verdict, Verdict::Rejected);
}

fn times(candidate: &CandidateReport) -> Vec<(&str, Timestamp)> {
    candidate.timestamps.iter().map(|stamp| (stamp.source.as_str(), stamp.time)).collect()
}

fn bundle(signed: &Signed) -> Content {
    Content::Bundle(Opened::bundle(Blob::of(Algorithm::Sha256, signed.bundle(Version::V03).to_string().into_bytes())))
}

fn attestation(layer: &LegacyLayer) -> Content {
    let annotations: BTreeMap<String, String> = layer
        .annotations
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned()))
        .collect();
    Content::LegacyAttestation {
        envelope: Opened::envelope(Blob::of(Algorithm::Sha256, layer.bytes.clone())),
        annotations,
    }
}

#[test]
fn a175_a_timestamp_beside_an_intoto_entry_must_lie_within_the_certificate_too() {
    let world = World::new();
    let mut signed = world.attested(EntryKind::IntotoV001, Kept::Both);
    let both = accepted(world.judge(bundle(&signed)));
    assert_eq!(times(&both), [("timestamp-authority", SIGNING_TIME), ("log", SIGNING_TIME)]);

    let signature = signed.content.signature().to_vec();
    for after in [TOO_LATE, -SignedDuration::from_secs(1)] {
        signed.timestamps = vec![world.stamp(&signature, SignedDuration::ZERO), world.stamp(&signature, after)];
        refused(&world.judge(bundle(&signed)), CheckId::SignedTime);
    }
}

#[test]
fn a162_a_timestamp_beside_an_intoto_entry_is_over_the_signature() {
    let world = World::new();
    let mut signed = world.attested(EntryKind::IntotoV001, Kept::Both);
    signed.timestamps = vec![world.stamp(b"another signature", SignedDuration::ZERO)];
    refused(&world.judge(bundle(&signed)), CheckId::SignedTime);
}

#[test]
fn a165_a_timestamp_of_an_unknown_authority_beside_an_intoto_entry_counts_for_nothing() {
    let world = World::new();
    let mut signed = world.attested(EntryKind::IntotoV001, Kept::Both);
    signed.timestamps = vec![TimestampAuthority::new().stamp(b"anything", SIGNING_TIME + TOO_LATE)];
    assert_eq!(times(&accepted(world.judge(bundle(&signed)))), [("log", SIGNING_TIME)]);
}

#[test]
fn a163_a_timestamp_beside_an_intoto_entry_lies_within_its_authority() {
    let world = World::new();
    let signed = world.attested(EntryKind::IntotoV001, Kept::Both);
    let until = |end: Timestamp| {
        world.judge_with(bundle(&signed), |root| {
            root["timestampAuthorities"][0]["validFor"]["end"] = json!(end.to_string());
        })
    };
    accepted(until(SIGNING_TIME));
    refused(&until(SIGNING_TIME - SignedDuration::from_secs(1)), CheckId::SignedTime);
}

#[test]
fn the_timestamp_of_a_legacy_attestation_is_over_its_layer_or_its_signature() {
    let world = World::new();
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002] {
        let mut signed = world.attested(kind, Kept::Promise);
        let both = accepted(world.judge(attestation(&signed.legacy_layer())));
        assert_eq!(times(&both), [("timestamp-authority", SIGNING_TIME), ("log", SIGNING_TIME)], "{kind:?}");

        let layer = signed.legacy_layer().bytes;
        signed.layer_timestamp = Some(world.stamp(&layer, TOO_LATE));
        refused(&world.judge(attestation(&signed.legacy_layer())), CheckId::SignedTime);
        // Over the signature, as cosign 3 stamps it.
        signed.layer_timestamp = Some(world.stamp(signed.content.signature(), SignedDuration::ZERO));
        let over_signature = accepted(world.judge(attestation(&signed.legacy_layer())));
        assert_eq!(times(&over_signature), [("timestamp-authority", SIGNING_TIME), ("log", SIGNING_TIME)], "{kind:?}");
        signed.layer_timestamp = Some(world.stamp(signed.content.signature(), TOO_LATE));
        refused(&world.judge(attestation(&signed.legacy_layer())), CheckId::SignedTime);
    }
}

#[test]
fn a175_a_timestamp_that_the_crate_does_not_read_lies_within_the_authority_of_the_certificate_too() {
    let world = World::new();
    // The time of the log is good; that of the stamp is within the leaf, and past the authority's window.
    let second = SignedDuration::from_secs(1);
    let mut signed = world.attested(EntryKind::IntotoV001, Kept::Both);
    signed.timestamps = vec![world.stamp(signed.content.signature(), second)];
    let until = |end: Timestamp| {
        world.judge_with(bundle(&signed), |root| {
            root["certificateAuthorities"][0]["validFor"]["end"] = json!(end.to_string());
        })
    };
    accepted(until(SIGNING_TIME + second));
    refused(&until(SIGNING_TIME), CheckId::SignedTime);
}

#[test]
fn a150_a_log_key_that_was_retired_proves_nothing_of_later_signatures() {
    let world = World::new();
    // The proof alone: nothing of what the log says names a time.
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV002] {
        let signed = world.attested(kind, Kept::Proof);
        let window = |start: Timestamp, end: Timestamp| {
            world.judge_with(bundle(&signed), |root| {
                let window = json!({"start": start.to_string(), "end": end.to_string()});
                root["tlogs"][0]["publicKey"]["validFor"] = window;
            })
        };
        let second = SignedDuration::from_secs(1);
        accepted(window(TRUSTED_SINCE, SIGNING_TIME));
        accepted(window(SIGNING_TIME, SIGNING_TIME));
        refused(&window(TRUSTED_SINCE, SIGNING_TIME - second), CheckId::TransparencyLog);
        refused(&window(SIGNING_TIME + second, SIGNING_TIME + second), CheckId::TransparencyLog);
    }
}
/// Bytes of the trusted root that are changed in one test run; `BONAFIDE_EVERY_BYTE` has all of them changed.
const ROOT_FLIPS: usize = 400;

/// A trusted root is trusted, so a changed one may refuse anything. It may not make other facts believed, nor do away with the
/// requirement for a log by a slip in a name.
#[test]
fn a_changed_byte_of_the_trusted_root_makes_nothing_else_believed() {
    let world = World::new();
    let signed = world.attested(EntryKind::DsseV001, Kept::Both);
    let root = world.instance.trusted_root().into_bytes();
    let believed = accepted(world.judge(bundle(&signed)));
    let stride = if std::env::var_os("BONAFIDE_EVERY_BYTE").is_some() { 1 } else { root.len() / ROOT_FLIPS };
    let (mut changed, mut unusable, mut passed) = (0, 0, 0);
    for (turn, position) in (0..root.len()).step_by(stride).enumerate() {
        let mut root = root.clone();
        root[position] ^= [0x01, 0x02, 0x20, 0x10][turn % 4];
        changed += 1;
        let prepared = TrustRoot::parse("virtual", "trusted_root.json", &root).ok();
        let Some(domain) = prepared.and_then(|root| TrustDomain::prepare(&root).ok()) else {
            unusable += 1;
            continue;
        };
        let report = world.judge_in(bundle(&signed), domain);
        if report.verdict == Verdict::Verified {
            passed += 1;
            let candidate = &report.candidates[0];
            assert_eq!(facts(candidate), facts(&believed), "byte {position}: {}", String::from_utf8_lossy(&root));
            // An authority that is spoilt is not known, and what it stamped counts for nothing.
            assert!(times(candidate).iter().all(|time| times(&believed).contains(time)), "byte {position}");
        }
    }
    println!(
        "trusted root: {changed} of {} bytes changed, {unusable} unusable, {passed} without consequence",
        root.len()
    );
}

/// What a report believes of a candidate, but for the times.
fn facts(report: &CandidateReport) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {:?}",
        report.kind, report.trust_domain, report.signer, report.log_entries, report.section
    )
}
