//! Certificate transparency: the one log that must have seen the certificate (G6).

use bonafide::check::{CheckId, Finding};
use serde_json::json;

use crate::forge::signing_time_plus;
use crate::support::sigstore::{CtLog, Key, SIGNING_TIME, Sigstore, Version};
use crate::world::{ENVELOPE_ENTRIES, World, bundle, logged_as};

/// Asserts that certificates seen by these logs are refused, whatever kind of entry logged the signature.
#[track_caller]
fn refused(world: &World, logs: &[CtLog]) -> Finding {
    let mut finding = None;
    for kind in ENVELOPE_ENTRIES {
        let signed = logged_as(world.signer(), kind)
            .leaf(|leaf| leaf.timestamped_by = logs.to_vec())
            .attest(&world.provenance());
        let content = bundle(&signed.bundle(Version::V03));
        finding = Some(world.for_provenance().rejects(content, CheckId::CertificateTransparency));
    }
    finding.expect("there are kinds of entries")
}

#[test]
fn a_certificate_that_no_log_has_seen_is_refused() {
    refused(&World::new(), &[]);
}

#[test]
fn a_log_that_is_not_known_vouches_for_nothing() {
    refused(&World::new(), &[CtLog::new()]);
}

#[test]
fn a_log_that_takes_the_name_of_a_known_one_vouches_for_nothing() {
    let world = World::new();
    let impostor = CtLog { key: Key::p256(), ..world.instance.ct.clone() };
    refused(&world, &[impostor]);
}

#[test]
fn a_timestamp_for_another_certificate_is_refused() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        // The log signs what the certificate was before the claim was put in.
        let signed = logged_as(world.signer(), kind).leaf(|leaf| {
            let issuer_key_hash =
                crate::support::digest::sha256(&world.instance.authority.intermediate.key.public_der());
            let timestamp = world.instance.ct.timestamp(SIGNING_TIME, &issuer_key_hash, b"another certificate");
            let list = crate::support::sigstore::ct::tls_vector(&timestamp);
            leaf.timestamped_by.clear();
            leaf.add(
                "1.3.6.1.4.1.11129.2.4.2",
                false,
                crate::support::sigstore::der::octet_string(&crate::support::sigstore::ct::tls_vector(&list)),
            );
        });
        let signed = signed.attest(&world.provenance());
        let content = bundle(&signed.bundle(Version::V03));
        world.for_provenance().rejects(content, CheckId::CertificateTransparency);
    }
}

/// The extensions of a timestamp are part of what the log signs; Static CT logs put the index of the leaf there.
#[test]
fn a121_a_timestamp_with_extensions_verifies() {
    let instance = Sigstore::new();
    let ct = CtLog { extensions: vec![0, 0, 5, 0, 0, 0, 0, 42], ..instance.ct.clone() };
    let world = World::of(Sigstore { ct, ..instance });
    for kind in ENVELOPE_ENTRIES {
        world.for_provenance().accepts(bundle(&world.provenance_logged_as(kind).bundle(Version::V03)));
    }
}

#[test]
fn a122_a_timestamp_outside_the_window_of_the_logs_key_is_refused() {
    let world = World::new();
    let windows = [
        json!({"start": "2026-01-01T00:00:00Z", "end": "2026-03-01T11:59:59Z"}),
        json!({"start": "2026-03-01T12:00:01Z"}),
    ];
    for window in windows {
        for kind in ENVELOPE_ENTRIES {
            let domain = world.domain_with(|root| root["ctlogs"][0]["publicKey"]["validFor"] = window.clone());
            let content = bundle(&world.provenance_logged_as(kind).bundle(Version::V03));
            world.for_provenance().trusting([domain]).rejects(content, CheckId::CertificateTransparency);
        }
    }
}

/// Sigstore certificates have one: which of two would count is not defined, so two count as none.
#[test]
fn a123_two_timestamps_are_refused() {
    let world = World::new();
    let log = world.instance.ct.clone();
    let finding = refused(&world, &[log.clone(), log.clone()]);
    assert!(finding.found.is_some());
    refused(&world, &[log, CtLog::new()]);
}

#[test]
fn the_time_of_the_log_is_its_own() {
    let instance = Sigstore::new();
    let ct = CtLog { clock: Some(signing_time_plus(-1)), ..instance.ct.clone() };
    let world = World::of(Sigstore { ct, ..instance });
    for kind in ENVELOPE_ENTRIES {
        world.for_provenance().accepts(bundle(&world.provenance_logged_as(kind).bundle(Version::V03)));
    }
}

#[test]
fn garbage_where_the_timestamps_belong_is_refused() {
    let world = World::new();
    for garbage in [vec![], vec![4, 0], vec![4, 2, 0, 0], vec![4, 4, 0, 2, 0, 9], vec![0x30, 0]] {
        for kind in ENVELOPE_ENTRIES {
            let signed = logged_as(world.signer(), kind).leaf(|leaf| {
                leaf.timestamped_by.clear();
                leaf.add("1.3.6.1.4.1.11129.2.4.2", false, garbage.clone());
            });
            let content = bundle(&signed.attest(&world.provenance()).bundle(Version::V03));
            world.for_provenance().rejects(content, CheckId::CertificateTransparency);
        }
    }
}
