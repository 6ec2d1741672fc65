//! One changed byte, anywhere: what still passes says the same as before, and nothing panics.
//!
//! `cargo test` changes bytes at even distances. Every byte of every form is changed by
//! `cargo test --test verify -- --ignored --nocapture every_byte`, which prints how many there were.

use bonafide::check::{CandidateReport, ImageReport, Verdict};
use bonafide::evidence::{Content, Opened};
use bonafide::policy::{KeyRule, LogRule, PublicKey, Signer};
use bonafide::trust::TrustRoot;
use bonafide::verify::TrustDomain;
use serde_json::{Value, json};

use crate::support::sigstore::{EntryKind, Evidence, Key, LegacyLayer, Signed, Version};
use crate::world::{Judge, World, blob, bundle, legacy};

/// How many bytes of each form are changed by `cargo test`.
const SOME: usize = 120;
const EVERY: usize = usize::MAX;

/// What a report believes of a candidate.
fn facts(report: &CandidateReport) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        report.kind,
        report.predicate_type,
        report.trust_domain,
        report.signer,
        report.log_entries,
        report.timestamps,
        report.section
    )
}

/// Changes at most `limit` bytes at even distances, and asserts that what still passes says the same.
///
/// `judge` judges with the byte at a position changed by a mask; `None` where the change leaves nothing to judge.
fn flip(name: &str, limit: usize, length: usize, believed: &str, judge: impl Fn(usize, u8) -> Option<ImageReport>) {
    let stride = (length / limit).max(1);
    let (mut judged, mut passed) = (0, 0);
    for (turn, position) in (0..length).step_by(stride).enumerate() {
        let mask = [0x01, 0x02, 0x20, 0x10][turn % 4];
        let Some(report) = judge(position, mask) else { continue };
        judged += 1;
        if report.verdict == Verdict::Verified {
            passed += 1;
            assert_eq!(facts(&report.candidates[0]), believed, "{name}: byte {position}, mask {mask:#x}");
        }
    }
    let changed = length.div_ceil(stride);
    let unreadable = changed - judged;
    println!(
        "{name}: {changed} of {length} bytes changed, {unreadable} of them to nothing that can be read, {passed} without consequence"
    );
    assert!(passed < changed, "{name}: changes must have consequences");
}

fn changed(text: &[u8], position: usize, mask: u8) -> Vec<u8> {
    let mut text = text.to_vec();
    text[position] ^= mask;
    text
}

fn flip_bundle(name: &str, limit: usize, judge: &Judge, good: &Value) {
    let text = good.to_string().into_bytes();
    let believed = facts(&judge.accepts(bundle(good)));
    flip(name, limit, text.len(), &believed, |position, mask| {
        Some(judge.judge([Content::Bundle(Opened::bundle(blob(changed(&text, position, mask))))]))
    });
}

/// The layer's content and each of its annotations, one after the other.
fn flip_layer(name: &str, limit: usize, judge: &Judge, signed: &Signed) {
    let layer = signed.legacy_layer();
    let texts: Vec<(String, String)> = layer
        .annotations
        .iter()
        .map(|(key, value)| (key.clone(), value.as_str().expect("a text").to_owned()))
        .collect();
    let length = layer.bytes.len() + texts.iter().map(|(_, text)| text.len()).sum::<usize>();
    let believed = facts(&judge.accepts(legacy(layer.clone())));
    flip(name, limit, length, &believed, |position, mask| {
        Some(judge.judge([legacy(layer_with(&layer, &texts, position, mask)?)]))
    });
}

/// `None` where the annotation is no text any more, which no JSON of a manifest can hold.
fn layer_with(layer: &LegacyLayer, texts: &[(String, String)], position: usize, mask: u8) -> Option<LegacyLayer> {
    let mut layer = layer.clone();
    let Some(mut position) = position.checked_sub(layer.bytes.len()) else {
        layer.bytes[position] ^= mask;
        return Some(layer);
    };
    for (key, text) in texts {
        if position < text.len() {
            let text = String::from_utf8(changed(text.as_bytes(), position, mask)).ok()?;
            layer.annotations.insert(key.clone(), json!(text));
            return Some(layer);
        }
        position -= text.len();
    }
    None
}

/// The root under which `good` is judged: every key, certificate and window that it rests on is in there.
fn flip_root(name: &str, limit: usize, world: &World, judge: impl Fn() -> Judge, good: &Value) {
    let text = world.instance.trusted_root_with(|_| {}).into_bytes();
    let believed = facts(&judge().accepts(bundle(good)));
    flip(name, limit, text.len(), &believed, |position, mask| {
        let root = TrustRoot::parse("virtual", "trusted_root.json", &changed(&text, position, mask)).ok()?;
        Some(judge().trusting([TrustDomain::prepare(&root).ok()?]).judge([bundle(good)]))
    });
}

fn keyless_bundles(limit: usize) {
    let world = World::new();
    flip_bundle("Rekor v1", limit, &world.for_signatures(), &world.signed_image().bundle(Version::V03));
    let sbom = world.signer().stamped().attest(&world.sbom());
    flip_bundle("Rekor v1, stamped", limit, &world.for_sboms(), &sbom.bundle(Version::V02));
    let signed = world.provenance_logged_as(EntryKind::HashedRekordV002);
    flip_bundle("Rekor v2", limit, &world.for_provenance(), &signed.bundle(Version::V03));
}

fn older_entries(limit: usize) {
    let world = World::new();
    for kind in [EntryKind::IntotoV001, EntryKind::IntotoV002] {
        let signed = world.provenance_logged_as(kind);
        flip_bundle(&format!("{kind:?}"), limit, &world.for_provenance(), &signed.bundle(Version::V01));
    }
}

fn keys(limit: usize) {
    let world = World::new();
    let key = Key::p256();
    let judge = |log| world.for_signatures().signed_by(rule(&key, log));
    let by_key = || world.instance.key_signer(&key);
    let (logged, unlogged) = (judge(LogRule::Required), judge(LogRule::NotRequired));
    let signed = by_key().sign_image(&world.subject);
    flip_bundle("key, Rekor v1", limit, &logged, &signed.bundle(Version::V03));
    flip_bundle("key, Rekor v2", limit, &logged, &by_key().rekor_v2().sign_image(&world.subject).bundle(Version::V03));
    let without = signed.bundle_with(Version::V03, |bundle| bundle["verificationMaterial"]["tlogEntries"] = json!([]));
    flip_bundle("key, no log", limit, &unlogged, &without);
    flip_layer("key, legacy signature", limit, &logged, &by_key().sign_simple(&world.subject));
}

fn rule(key: &Key, log: LogRule) -> Signer {
    let key = PublicKey::from_pem(key.public_pem().as_bytes()).expect("a key");
    Signer::Keys(KeyRule::new([key], log).expect("a rule"))
}

fn layers(limit: usize) {
    let world = World::new();
    let signed = world.signer().stamped().sign_simple(&world.subject);
    flip_layer("legacy signature", limit, &world.for_signatures(), &signed);
    let signed = world.provenance_logged_as(EntryKind::IntotoV001);
    flip_layer("legacy attestation", limit, &world.for_provenance(), &signed);
    let signed = world.signer().stamped().attest(&world.provenance());
    flip_layer("legacy attestation, stamped", limit, &world.for_provenance(), &signed);
}

fn roots(limit: usize) {
    let world = World::new();
    let (v1, v2) = (world.signed_provenance(), world.provenance_logged_as(EntryKind::HashedRekordV002));
    flip_root("root under Rekor v1", limit, &world, || world.for_provenance(), &v1.bundle(Version::V03));
    flip_root("root under Rekor v2", limit, &world, || world.for_provenance(), &v2.bundle(Version::V03));
    let key = Key::p256();
    let judge = || world.for_signatures().signed_by(rule(&key, LogRule::Required));
    let signed = world.instance.key_signer(&key).sign_image(&world.subject);
    flip_root("root under a key", limit, &world, judge, &signed.bundle(Version::V03));
}

#[test]
fn a_changed_byte_in_a_bundle_never_changes_what_is_believed() {
    keyless_bundles(SOME);
}

#[test]
fn a_changed_byte_around_an_older_entry_never_changes_what_is_believed() {
    older_entries(SOME);
}

#[test]
fn a_changed_byte_in_what_a_key_signed_never_changes_what_is_believed() {
    keys(SOME);
}

#[test]
fn a_changed_byte_in_a_legacy_layer_never_changes_what_is_believed() {
    layers(SOME);
}

#[test]
fn a_changed_byte_in_a_trusted_root_never_changes_what_is_believed() {
    roots(SOME);
}

#[test]
#[ignore = "minutes; run by .ci/run"]
fn every_byte_of_a_bundle() {
    keyless_bundles(EVERY);
}

#[test]
#[ignore = "minutes; run by .ci/run"]
fn every_byte_around_an_older_entry() {
    older_entries(EVERY);
}

#[test]
#[ignore = "minutes; run by .ci/run"]
fn every_byte_of_what_a_key_signed() {
    keys(EVERY);
}

#[test]
#[ignore = "minutes; run by .ci/run"]
fn every_byte_of_a_legacy_layer() {
    layers(EVERY);
}

#[test]
#[ignore = "minutes; run by .ci/run"]
fn every_byte_of_a_trusted_root() {
    roots(EVERY);
}

/// Without a promise nobody vouches for the index in the whole log, so a report may not say it as if somebody did.
#[test]
fn an_index_that_nothing_vouches_for_is_not_believed() {
    let world = World::new();
    let signed = world.signer().evidence(Evidence::Proof).stamped().attest(&world.provenance());
    let believed = facts(&world.for_provenance().accepts(bundle(&signed.bundle(Version::V03))));
    let mut moved = signed.clone();
    moved.entries[0].log_index += 1;
    let report = world.for_provenance().judge([bundle(&moved.bundle(Version::V03))]);
    assert!(
        !report.candidates[0].accepted || facts(&report.candidates[0]) == believed,
        "{:?}",
        report.candidates[0].log_entries
    );
}
