//! What a log entry is, how many there may be, and which of them count (G7, A153 to A159).

use bonafide::check::{CheckId, Verdict};
use serde_json::json;

use crate::forge::{append, body, relog, signing_time_plus};
use crate::support::json::{base64, canonical};
use crate::support::sigstore::{EntryKind, LogEntry, Signed, Version};
use crate::world::{ENVELOPE_ENTRIES, World, bundle};

#[test]
fn a153_a_time_that_rekor_v2_does_not_say_is_ignored() {
    let world = World::new();
    for seconds in [0, 1, -86_400, 86_400 * 365 * 50] {
        let mut signed = world.provenance_logged_as(EntryKind::HashedRekordV002);
        signed.entries[0].integrated_time = Some(signing_time_plus(seconds));
        let report = world.for_provenance().accepts(bundle(&signed.bundle(Version::V03)));
        assert_eq!(report.log_entries[0].integrated_time, None);
        assert!(report.timestamps.iter().all(|stamp| stamp.source.as_str() == "timestamp-authority"));
    }
}

#[test]
fn a153_a_time_that_rekor_v2_does_not_say_replaces_no_timestamp() {
    let world = World::new();
    let mut signed = world.provenance_logged_as(EntryKind::HashedRekordV002);
    signed.timestamps.clear();
    signed.entries[0].integrated_time = Some(signing_time_plus(1));
    world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::SignedTime);
    signed.entries[0].promise = Some(world.instance.rekor_v2.promise(&signed.entries[0]));
    world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::SignedTime);
}

#[test]
fn a154_the_wrapper_must_say_what_the_body_says() {
    let world = World::new();
    for logged in ENVELOPE_ENTRIES {
        for claimed in ENVELOPE_ENTRIES.into_iter().chain([EntryKind::HashedRekordV001]) {
            if logged == claimed {
                continue;
            }
            let mut signed = world.provenance_logged_as(logged);
            signed.entries[0].kind = claimed.kind().to_owned();
            signed.entries[0].version = claimed.version().to_owned();
            let content = bundle(&signed.bundle(Version::V03));
            let finding = world.for_provenance().rejects(content, CheckId::TransparencyLog);
            assert_eq!(finding.expected, Some(format!("{} {}", claimed.kind(), claimed.version())));
            assert_eq!(finding.found, Some(format!("{} {}", logged.kind(), logged.version())));
        }
    }
}

/// Wrapper and body agree on a kind that is not known, so the reason is that it is not.
#[test]
fn a154_a309_kinds_that_are_not_known_are_refused_by_name_and_newer_ones_are_undecided() {
    let world = World::new();
    let old = [("rekord", "0.0.1"), ("dsse", "0.0.0"), ("", "")];
    let newer = [("dsse", "0.0.2"), ("intoto", "0.0.3"), ("hashedrekord", "0.0.3"), ("minisign", "0.0.1")];
    for (kind, version) in old.into_iter().chain(newer) {
        let mut signed = world.signed_provenance();
        let mut body = body(&signed, EntryKind::DsseV001);
        body["kind"] = json!(kind);
        body["apiVersion"] = json!(version);
        let entry = append(&world.instance, EntryKind::DsseV001, canonical(&body));
        signed.entries = vec![LogEntry { kind: kind.to_owned(), version: version.to_owned(), ..entry }];
        let (judge, content) = (world.for_provenance(), bundle(&signed.bundle(Version::V03)));
        let finding = if newer.contains(&(kind, version)) {
            judge.cannot_decide(content, CheckId::TransparencyLog)
        } else {
            judge.rejects(content, CheckId::TransparencyLog)
        };
        assert!(finding.message.contains(&format!("{kind} {version} are not supported")), "{finding:?}");
    }
}

/// What the log hashed are bytes: a body that is written in another way is still what it recorded.
#[test]
fn a155_a_body_need_not_be_canonical() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        let mut signed = world.provenance_logged_as(kind);
        let pretty = serde_json::to_string_pretty(&body(&signed, kind)).expect("JSON");
        signed.entries = vec![append(&world.instance, kind, pretty.into_bytes())];
        world.for_provenance().accepts(bundle(&signed.bundle(Version::V03)));
    }
}

#[test]
fn a155_a_body_that_can_be_read_in_two_ways_is_refused() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        let signed = world.provenance_logged_as(kind);
        let good = String::from_utf8(canonical(&body(&signed, kind))).expect("JSON");
        let other = String::from_utf8(canonical(&body(&world.provenance_logged_as(kind), kind))).expect("JSON");
        let spec = |text: &str| text[text.find(r#""spec":"#).expect("a spec")..text.len() - 1].to_owned();
        for broken in [
            good.replacen('{', r#"{"kind":"rekord","#, 1),
            good.replacen(r#""spec":"#, &format!("{},\"spec\":", spec(&other)), 1),
            format!("{good} {good}"),
            format!("[{good}]"),
            "null".to_owned(),
            "{}".to_owned(),
            format!(r#"{{"apiVersion":"{}","kind":"{}","spec":null}}"#, kind.version(), kind.kind()),
            format!(r#"{{"apiVersion":"{}","kind":"{}"}}"#, kind.version(), kind.kind()),
            "\u{0}".to_owned(),
        ] {
            let mut signed = signed.clone();
            signed.entries = vec![append(&world.instance, kind, broken.clone().into_bytes())];
            let content = bundle(&signed.bundle(Version::V03));
            world.for_provenance().rejects(content, CheckId::TransparencyLog);
        }
    }
}

#[test]
fn a155_a_body_that_is_not_the_one_that_was_logged_is_refused() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        let mut signed = world.provenance_logged_as(kind);
        signed.entries[0].body.push(b' ');
        world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::TransparencyLog);
    }
}

#[test]
fn a157_the_same_entry_twice_is_refused() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        let signed = world.provenance_logged_as(kind);
        let twice = Signed { entries: vec![signed.entries[0].clone(); 2], ..signed.clone() };
        let finding = world.for_provenance().rejects(bundle(&twice.bundle(Version::V03)), CheckId::TransparencyLog);
        assert_eq!(finding.message, "the same log entry occurs twice");
        // Logged twice, under two indices, by the same log.
        let mut again = signed.clone();
        relog(&world.instance, &mut again, kind);
        let both = Signed { entries: [signed.entries.clone(), again.entries].concat(), ..signed };
        world.for_provenance().rejects(bundle(&both.bundle(Version::V03)), CheckId::TransparencyLog);
    }
}

/// The only keys of logs are those of the trusted root: neither a log nor a bundle brings its own.
#[test]
fn a161_a_log_whose_key_is_not_in_the_root_is_never_believed() {
    let world = World::new();
    let stranger = World::new();
    for kind in ENVELOPE_ENTRIES {
        let mut signed = world.provenance_logged_as(kind);
        relog(&stranger.instance, &mut signed, kind);
        world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::TransparencyLog);
        let log =
            if kind == EntryKind::HashedRekordV002 { &stranger.instance.rekor_v2 } else { &stranger.instance.rekor };
        let with_key = signed.bundle_with(Version::V03, |bundle| {
            let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
            entry["logId"]["publicKey"] = json!({"rawBytes": base64(log.key.public_der())});
        });
        world.for_provenance().rejects(bundle(&with_key), CheckId::BundleFormat);
    }
}

#[test]
fn a158_an_entry_of_an_unknown_log_is_set_aside() {
    let world = World::new();
    let stranger = World::new();
    for kind in ENVELOPE_ENTRIES {
        let signed = world.provenance_logged_as(kind);
        let mut theirs = signed.clone();
        relog(&stranger.instance, &mut theirs, kind);
        for entries in [
            [signed.entries.clone(), theirs.entries.clone()].concat(),
            [theirs.entries.clone(), signed.entries.clone()].concat(),
        ] {
            let both = Signed { entries, ..signed.clone() };
            let report = world.for_provenance().accepts(bundle(&both.bundle(Version::V03)));
            assert_eq!(report.log_entries.len(), 1, "only what was verified is reported");
        }
    }
}

#[test]
fn a158_a_broken_entry_of_a_known_log_spoils_the_good_one() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        let signed = world.provenance_logged_as(kind);
        let unrelated = world.provenance_logged_as(kind);
        let mut broken = unrelated.entries[0].clone();
        broken.proof.as_mut().expect("a proof").hashes[0][0] ^= 1;
        for extra in [broken, unrelated.entries[0].clone()] {
            for entries in
                [vec![signed.entries[0].clone(), extra.clone()], vec![extra.clone(), signed.entries[0].clone()]]
            {
                let both = Signed { entries, ..signed.clone() };
                let content = bundle(&both.bundle(Version::V03));
                let report = world.for_provenance().judge([content]);
                assert_eq!(report.verdict, Verdict::Rejected);
            }
        }
    }
}

/// The limit is ours, so more than it says nothing against the evidence.
#[test]
fn a159_too_many_entries_cannot_be_decided() {
    let world = World::new();
    let signed = world.signed_provenance();
    for count in [33, 10_000] {
        let many = Signed { entries: vec![signed.entries[0].clone(); count], ..signed.clone() };
        let finding = world.for_provenance().cannot_decide(bundle(&many.bundle(Version::V03)), CheckId::BundleFormat);
        assert!(finding.message.contains("the limit is 32"), "{finding:?}");
    }
}

/// 32 entries of unknown logs are allowed, and none of them helps.
#[test]
fn entries_of_unknown_logs_do_not_add_up() {
    let world = World::new();
    let stranger = World::new();
    let mut signed = world.signed_provenance();
    signed.entries = (0..32)
        .map(|_| append(&stranger.instance, EntryKind::DsseV001, canonical(&body(&signed, EntryKind::DsseV001))))
        .collect();
    world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::TransparencyLog);
}
