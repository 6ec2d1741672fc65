//! RFC 3161 timestamps: who may say when (G8).

use bonafide::check::CheckId;
use serde_json::json;

use crate::forge::{minutes, signing_time_plus};
use crate::support::json::base64;
use crate::support::sigstore::{EntryKind, Evidence, Key, SIGNING_TIME, Signed, TimestampAuthority, Version, der};
use crate::world::{World, bundle};

/// Provenance in Rekor v2, which is nothing without a timestamp, and a message signature in Rekor v1 whose entry has only
/// its proof.
pub(crate) fn signed(world: &World) -> [Signed; 2] {
    let v2 = world.signer().rekor_v2();
    let v1 = world.signer().evidence(Evidence::Proof).stamped();
    [v2, v1].map(|signer| signer.attest(&world.provenance()))
}

pub(crate) fn stamped_with(signed: &Signed, stamp: Vec<u8>) -> serde_json::Value {
    Signed { timestamps: vec![stamp], ..signed.clone() }.bundle(Version::V03)
}

/// Asserts that the stamp made of the signature tells no time where nothing else does.
#[track_caller]
pub(crate) fn tells_nothing(world: &World, stamp: impl Fn(&[u8]) -> Vec<u8>) {
    for signed in signed(world) {
        let stamp = stamp(signed.content.signature());
        world.for_provenance().rejects(bundle(&stamped_with(&signed, stamp)), CheckId::SignedTime);
    }
}

/// Asserts that the stamp, which is a known authority's, is refused there and where the log tells the time too.
#[track_caller]
pub(crate) fn refused(world: &World, stamp: impl Fn(&[u8]) -> Vec<u8>) {
    tells_nothing(world, &stamp);
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV002] {
        let promised = world.provenance_logged_as(kind);
        let stamp = stamp(promised.content.signature());
        world.for_provenance().rejects(bundle(&stamped_with(&promised, stamp)), CheckId::SignedTime);
    }
}

#[track_caller]
pub(crate) fn accepted(world: &World, stamp: impl Fn(&[u8]) -> Vec<u8>) {
    for signed in signed(world) {
        let stamp = stamp(signed.content.signature());
        let report = world.for_provenance().accepts(bundle(&stamped_with(&signed, stamp)));
        assert_eq!(report.timestamps.len(), 1);
        assert_eq!(
            (report.timestamps[0].source.as_str(), report.timestamps[0].time),
            ("timestamp-authority", SIGNING_TIME)
        );
    }
}

#[test]
fn without_a_timestamp_nobody_says_when() {
    let world = World::new();
    for signed in signed(&world) {
        let content = bundle(&Signed { timestamps: Vec::new(), ..signed }.bundle(Version::V03));
        world.for_provenance().rejects(content, CheckId::SignedTime);
    }
}

#[test]
fn a162_a_stamp_over_something_else_is_refused() {
    let world = World::new();
    let authority = &world.instance.timestamp_authority;
    refused(&world, |_| authority.stamp(b"something else", SIGNING_TIME));
    refused(&world, |_| authority.stamp(b"", SIGNING_TIME));
    let envelope = signed(&world)[0].content.signed_bytes();
    refused(&world, |_| authority.stamp(&envelope, SIGNING_TIME));
    let other = world.signed_image();
    refused(&world, |_| authority.stamp(other.content.signature(), SIGNING_TIME));
}

#[test]
fn a163_a_time_outside_the_certificate_is_refused() {
    let world = World::new();
    for seconds in [-1, -86_400, 601, 3000] {
        refused(&world, |signature| world.instance.timestamp_authority.stamp(signature, signing_time_plus(seconds)));
    }
}

#[test]
fn a163_a_time_outside_the_window_of_the_authority_is_refused() {
    let world = World::new();
    let windows = [
        json!({"start": "2026-01-01T00:00:00Z", "end": "2026-03-01T11:59:59Z"}),
        json!({"start": "2026-03-01T12:00:01Z"}),
    ];
    for window in windows {
        for signed in signed(&world) {
            let domain = world.domain_with(|root| root["timestampAuthorities"][0]["validFor"] = window.clone());
            let judge = world.for_provenance().trusting([domain]);
            judge.rejects(bundle(&signed.bundle(Version::V03)), CheckId::SignedTime);
        }
    }
}

#[test]
fn a165_an_authority_that_is_not_known_says_nothing() {
    let world = World::new();
    for embeds_certificate in [false, true] {
        let stranger = TimestampAuthority { embeds_certificate, ..TimestampAuthority::new() };
        for signed in signed(&world) {
            let stamp = stranger.stamp(signed.content.signature(), SIGNING_TIME);
            world.for_provenance().rejects(bundle(&stamped_with(&signed, stamp)), CheckId::SignedTime);
        }
    }
}

/// Like an entry of an unknown log it proves nothing, and is no reason to refuse what the log vouches for.
#[test]
fn a165_an_authority_that_is_not_known_is_not_in_the_way_of_the_log() {
    let world = World::new();
    let signed = world.signed_provenance();
    let stamp = TimestampAuthority::new().stamp(signed.content.signature(), SIGNING_TIME);
    let report = world.for_provenance().accepts(bundle(&stamped_with(&signed, stamp)));
    assert_eq!(report.timestamps.len(), 1);
    assert_eq!(report.timestamps[0].source.as_str(), "log");
}

/// Where the trusted root knows no authority at all, there is none whose stamp could be wrong.
#[test]
fn a165_a_domain_without_authorities_reads_no_timestamps() {
    let world = World::new();
    let without = || world.domain_with(|root| root["timestampAuthorities"] = json!([]));
    let signed = world.signer().stamped().attest(&world.provenance());
    let report = world.for_provenance().trusting([without()]).accepts(bundle(&signed.bundle(Version::V03)));
    assert_eq!(report.timestamps.len(), 1);
    assert_eq!(report.timestamps[0].source.as_str(), "log");
    let v2 = world.provenance_logged_as(EntryKind::HashedRekordV002);
    world.for_provenance().trusting([without()]).rejects(bundle(&v2.bundle(Version::V03)), CheckId::SignedTime);
}

#[test]
fn a165_an_authority_of_the_same_name_with_another_key_is_refused() {
    let world = World::new();
    let mut impostor = world.instance.timestamp_authority.clone();
    impostor.signer.key = Key::p256();
    refused(&world, |signature| impostor.stamp(signature, SIGNING_TIME));
}

#[test]
fn a175_every_time_must_hold() {
    let world = World::new();
    let authority = &world.instance.timestamp_authority;
    for signed in signed(&world) {
        let signature = signed.content.signature();
        let good = authority.stamp(signature, SIGNING_TIME);
        for outside in [SIGNING_TIME - minutes(60), SIGNING_TIME + minutes(11)] {
            let bad = authority.stamp(signature, outside);
            for timestamps in [vec![good.clone(), bad.clone()], vec![bad.clone(), good.clone()]] {
                let both = Signed { timestamps, ..signed.clone() };
                world.for_provenance().rejects(bundle(&both.bundle(Version::V03)), CheckId::SignedTime);
            }
        }
        let twice =
            Signed { timestamps: vec![good.clone(), authority.stamp(signature, SIGNING_TIME + minutes(5))], ..signed };
        let report = world.for_provenance().accepts(bundle(&twice.bundle(Version::V03)));
        assert_eq!(report.timestamps.len(), 2);
    }
}

#[test]
fn a175_the_time_of_the_log_does_not_outvote_a_timestamp() {
    let world = World::new();
    let authority = &world.instance.timestamp_authority;
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV002] {
        let signed = world.provenance_logged_as(kind);
        let backdated = authority.stamp(signed.content.signature(), SIGNING_TIME - minutes(60));
        world.for_provenance().rejects(bundle(&stamped_with(&signed, backdated)), CheckId::SignedTime);
        let over_something_else = authority.stamp(b"something else", SIGNING_TIME);
        world.for_provenance().rejects(bundle(&stamped_with(&signed, over_something_else)), CheckId::SignedTime);
    }
}

/// An `intoto` 0.0.1 entry always has a promise, and so a time; the stamps beside it must hold all the same.
#[test]
fn a175_timestamps_beside_an_intoto_entry_of_version_1_count() {
    let world = World::new();
    let authority = &world.instance.timestamp_authority;
    let signed = world.provenance_logged_as(EntryKind::IntotoV001);
    let signature = signed.content.signature();
    for wrong in [authority.stamp(signature, SIGNING_TIME - minutes(60)), authority.stamp(b"else", SIGNING_TIME)] {
        world.for_provenance().rejects(bundle(&stamped_with(&signed, wrong)), CheckId::SignedTime);
    }
    let good = authority.stamp(signature, SIGNING_TIME);
    let report = world.for_provenance().accepts(bundle(&stamped_with(&signed, good)));
    let sources: Vec<&str> = report.timestamps.iter().map(|stamp| stamp.source.as_str()).collect();
    assert_eq!(sources, ["timestamp-authority", "log"]);
}

#[test]
fn a_timestamp_from_the_future_is_refused() {
    let world = World::new();
    for signed in signed(&world) {
        let content = bundle(&signed.bundle(Version::V03));
        let finding = world.for_provenance().at(signing_time_plus(-1)).rejects(content, CheckId::SignedTime);
        assert!(finding.message.contains("future"), "{finding:?}");
    }
}

/// The limit is ours, so more than it says nothing against the evidence.
#[test]
fn a177_too_many_timestamps_cannot_be_decided() {
    let world = World::new();
    let signed = &signed(&world)[0];
    let many = |count| {
        bundle(&Signed { timestamps: vec![signed.timestamps[0].clone(); count], ..signed.clone() }.bundle(Version::V03))
    };
    world.for_provenance().accepts(many(32));
    let finding = world.for_provenance().cannot_decide(many(33), CheckId::BundleFormat);
    assert!(finding.message.contains("the limit is 32"), "{finding:?}");
}

#[test]
fn a177_a_token_of_megabytes_is_not_decoded_and_an_empty_one_tells_nothing() {
    let world = World::new();
    let signed = &signed(&world)[0];
    for token in [vec![0x30; 1_000_000], der::sequence(&[vec![0; 1_000_000]])] {
        let large = Signed { timestamps: vec![token], ..signed.clone() };
        let finding = world.for_provenance().cannot_decide(bundle(&large.bundle(Version::V03)), CheckId::BundleFormat);
        assert!(finding.message.contains("the limit is 65536"), "{finding:?}");
    }
    tells_nothing(&world, |_| Vec::new());
}

#[test]
fn a178_a_stamp_over_the_base64_of_the_signature_is_refused() {
    let world = World::new();
    refused(&world, |signature| world.instance.timestamp_authority.stamp(base64(signature).as_bytes(), SIGNING_TIME));
}

#[test]
fn a_stamp_with_any_byte_changed_is_refused() {
    let world = World::new();
    let signed = &signed(&world)[0];
    let good = &signed.timestamps[0];
    for position in (0..good.len()).step_by(7) {
        let mut flipped = good.clone();
        flipped[position] ^= 0x01;
        let report = world.for_provenance().judge([bundle(&stamped_with(signed, flipped))]);
        let accepted = report.candidates[0].accepted;
        assert!(!accepted || report.candidates[0].timestamps[0].time == SIGNING_TIME, "byte {position}");
    }
}
