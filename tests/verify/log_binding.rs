//! A log entry vouches for one signature and nothing else, at one time (G7, A133 to A139).

use bonafide::check::{CheckId, Outcome, Verdict};
use serde_json::Value;

use crate::forge::{append, body, flip, relog, signing_time_plus};
use crate::support::json::{base64, canonical};
use crate::support::sigstore::{EntryKind, Evidence, Key, SIGNING_TIME, Signed, Version, der};
use crate::world::{ENVELOPE_ENTRIES, World, bundle, legacy, logged_as, obstacle};

const MANIFEST: &[u8] = b"the manifest of the image";

/// Logs a body that was bent, by a log that is honest about what it was given.
fn logged_with(world: &World, signed: &Signed, kind: EntryKind, bend: impl FnOnce(&mut Value)) -> Signed {
    let mut body = body(signed, kind);
    bend(&mut body);
    Signed { entries: vec![append(&world.instance, kind, canonical(&body))], ..signed.clone() }
}

#[track_caller]
fn log_is_refused(world: &World, signed: &Signed) {
    let judge = match &signed.content {
        crate::support::sigstore::Content::Envelope(_) => world.for_provenance(),
        crate::support::sigstore::Content::Message { .. } => world.for_signatures(),
    };
    judge.rejects(bundle(&signed.bundle(Version::V03)), CheckId::TransparencyLog);
}

#[test]
fn a133_the_entry_of_another_message_is_refused() {
    let world = World::new();
    let other = world.signer().sign_bytes(b"something else");
    let signed = Signed { entries: other.entries, ..world.signer().sign_bytes(MANIFEST) };
    log_is_refused(&world, &signed);
    let other = world.signer().rekor_v2().sign_bytes(b"something else");
    let signed = Signed { entries: other.entries, ..world.signer().rekor_v2().sign_bytes(MANIFEST) };
    log_is_refused(&world, &signed);
}

#[test]
fn a133_the_entry_of_another_certificate_or_signature_is_refused() {
    let world = World::new();
    let key = Key::p256();
    let [one, other] = [(); 2].map(|()| world.signer().key(&key).sign_bytes(MANIFEST));
    // Same bytes, same key: only certificate and signature differ.
    log_is_refused(&world, &Signed { entries: other.entries.clone(), ..one.clone() });
    let certificate = Signed { certificate: other.certificate.clone(), ..one.clone() };
    let mut logged = certificate;
    relog(&world.instance, &mut logged, EntryKind::HashedRekordV001);
    log_is_refused(&world, &Signed { entries: logged.entries, ..one.clone() });
    let mut resigned = one.clone();
    resigned.resign();
    log_is_refused(&world, &resigned);
}

#[test]
fn a133_an_entry_that_names_another_verifier_is_refused() {
    let world = World::new();
    let stranger = base64(der::pem("CERTIFICATE", &world.signed_image().certificate.expect("a certificate")));
    let key = base64(Key::p256().public_pem());
    for verifier in [stranger, key, base64("rubbish"), String::new()] {
        let signed = world.signer().sign_bytes(MANIFEST);
        let signed = logged_with(&world, &signed, EntryKind::HashedRekordV001, |body| {
            body["spec"]["signature"]["publicKey"]["content"] = verifier.clone().into();
        });
        log_is_refused(&world, &signed);
        for (kind, path) in [
            (EntryKind::DsseV001, "/spec/signatures/0/verifier"),
            (EntryKind::IntotoV001, "/spec/publicKey"),
            (EntryKind::IntotoV002, "/spec/content/envelope/signatures/0/publicKey"),
        ] {
            let signed = logged_with(&world, &world.provenance_logged_as(kind), kind, |body| {
                *body.pointer_mut(path).expect("the verifier") = verifier.clone().into();
            });
            log_is_refused(&world, &signed);
        }
    }
}

/// The log recorded the signer's public key, where the signature came with a certificate.
#[test]
fn a133_an_entry_of_the_bare_key_is_not_one_of_the_certificate() {
    let world = World::new();
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002, EntryKind::HashedRekordV002] {
        let signed = world.provenance_logged_as(kind);
        let verifier = crate::support::sigstore::entry::Verifier::Key {
            der: signed.key.public_der(),
            pem: signed.key.public_pem(),
            details: signed.key.details(),
        };
        let body = kind.body(&signed.content, &verifier);
        let entries = vec![append(&world.instance, kind, canonical(&body))];
        let signed = Signed { entries, ..signed };
        // The one kind whose binding is the key and not the certificate: `intoto` 0.0.2 in the Sigstore crate.
        if kind == EntryKind::IntotoV002 {
            world.for_provenance().accepts(bundle(&signed.bundle(Version::V03)));
        } else {
            log_is_refused(&world, &signed);
        }
    }
}

#[test]
fn a134_the_same_payload_signed_again_is_not_what_was_logged() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        let mut signed = world.provenance_logged_as(kind);
        signed.resign();
        if kind == EntryKind::HashedRekordV002 {
            signed.timestamps =
                vec![world.instance.timestamp_authority.stamp(signed.content.signature(), SIGNING_TIME)];
        }
        log_is_refused(&world, &signed);
        if kind != EntryKind::HashedRekordV002 {
            world.for_provenance().rejects(legacy(signed.legacy_layer()), CheckId::TransparencyLog);
        }
    }
}

#[test]
fn a135_the_entry_of_another_envelope_is_refused() {
    let world = World::new();
    let key = Key::p256();
    for kind in ENVELOPE_ENTRIES {
        let other = logged_as(world.signer(), kind).key(&key).sign_image(&world.subject);
        let signed = logged_as(world.signer(), kind).key(&key).attest(&world.provenance());
        log_is_refused(&world, &Signed { entries: other.entries, ..signed });
    }
}

#[test]
fn a135_an_entry_that_records_another_hash_is_refused() {
    let world = World::new();
    for (kind, path) in [
        (EntryKind::DsseV001, "/spec/payloadHash/value"),
        (EntryKind::IntotoV001, "/spec/content/payloadHash/value"),
        (EntryKind::IntotoV001, "/spec/content/hash/value"),
        (EntryKind::IntotoV002, "/spec/content/payloadHash/value"),
    ] {
        for wrong in ["00".repeat(32), String::new(), "zz".repeat(32)] {
            let signed = logged_with(&world, &world.provenance_logged_as(kind), kind, |body| {
                *body.pointer_mut(path).expect("the hash") = wrong.clone().into();
            });
            log_is_refused(&world, &signed);
        }
    }
}

#[test]
fn a135_an_entry_of_a_kind_that_does_not_fit_the_content_is_refused() {
    let world = World::new();
    let signed = world.signed_provenance();
    let entries = vec![append(
        &world.instance,
        EntryKind::HashedRekordV001,
        canonical(&body(&signed, EntryKind::HashedRekordV001)),
    )];
    let report = world.for_provenance().judge([bundle(&Signed { entries, ..signed }.bundle(Version::V03))]);
    assert_eq!(report.verdict, Verdict::Rejected);
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002] {
        let entries = world.provenance_logged_as(kind).entries;
        let signed = Signed { entries, ..world.signer().sign_bytes(MANIFEST) };
        let report = world.for_signatures().judge([bundle(&signed.bundle(Version::V03))]);
        assert_eq!(report.verdict, Verdict::Rejected, "{kind:?}");
    }
}

/// A proof is about the body alone: without the promise, nobody says when.
#[test]
fn a137_a_time_without_a_promise_is_no_time() {
    let world = World::new();
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002] {
        let mut signed = world.signer().logged_as(kind).evidence(Evidence::Proof).attest(&world.provenance());
        for time in [SIGNING_TIME, signing_time_plus(1)] {
            signed.entries[0].integrated_time = Some(time);
            world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::SignedTime);
        }
    }
}

#[test]
fn a137_a_promise_for_another_time_is_refused() {
    let world = World::new();
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002] {
        for evidence in [Evidence::Both, Evidence::Promise] {
            let mut signed = world.signer().logged_as(kind).evidence(evidence).attest(&world.provenance());
            signed.entries[0].integrated_time = Some(signing_time_plus(1));
            world.for_provenance().rejects(bundle(&signed.bundle(Version::V01)), CheckId::TransparencyLog);
            world.for_provenance().rejects(legacy(signed.legacy_layer()), CheckId::TransparencyLog);
        }
    }
}

#[test]
fn a137_every_field_of_a_promise_is_promised() {
    let world = World::new();
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002] {
        let good = world.provenance_logged_as(kind);
        let mut index = good.clone();
        index.entries[0].log_index += 1;
        let mut flipped = good.clone();
        flip(flipped.entries[0].promise.as_mut().expect("a promise"));
        let mut by_another_key = good.clone();
        let stranger = crate::support::sigstore::Rekor { key: Key::p256(), ..world.instance.rekor.clone() };
        by_another_key.entries[0].promise = Some(stranger.promise(&by_another_key.entries[0]));
        for broken in [index, flipped, by_another_key] {
            log_is_refused(&world, &broken);
            world.for_provenance().rejects(legacy(broken.legacy_layer()), CheckId::TransparencyLog);
        }
    }
}

#[test]
fn a138_a_time_outside_the_certificate_is_refused() {
    let world = World::new();
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002] {
        for seconds in [-1, -86_400, 601, 86_400] {
            let time = signing_time_plus(seconds);
            let signed = world.signer().logged_as(kind).integrated_at(time).attest(&world.provenance());
            let judge = world.for_provenance().at(signing_time_plus(200_000));
            let finding = judge.rejects(bundle(&signed.bundle(Version::V03)), CheckId::SignedTime);
            assert_eq!(finding.expected.as_deref(), Some("2026-03-01T12:00:00Z to 2026-03-01T12:10:00Z"));
            assert_eq!(finding.found, Some(time.to_string()));
            judge.rejects(legacy(signed.legacy_layer()), CheckId::SignedTime);
        }
    }
}

#[test]
fn a138_a_time_in_the_future_is_refused_by_the_second() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        let signed = bundle(&world.provenance_logged_as(kind).bundle(Version::V03));
        world.for_provenance().at(SIGNING_TIME).accepts(signed.clone());
        let finding = world.for_provenance().at(signing_time_plus(-1)).rejects(signed, CheckId::SignedTime);
        assert!(finding.message.contains("future"), "{finding:?}");
    }
}

/// The certificate had expired, and somebody borrows the time of an unrelated entry from when it had not.
#[test]
fn a139_an_unrelated_entry_lends_no_time() {
    let world = World::new();
    let unrelated = world.signer().sign_image(&world.subject).entries;
    let late = world.signer().integrated_at(signing_time_plus(7200)).attest(&world.provenance());
    let now = signing_time_plus(10_000);
    let both = Signed { entries: [unrelated.clone(), late.entries.clone()].concat(), ..late.clone() };
    for signed in [Signed { entries: unrelated.clone(), ..late.clone() }, both] {
        let report = world.for_provenance().at(now).judge([bundle(&signed.bundle(Version::V03))]);
        assert_eq!(report.verdict, Verdict::Rejected);
    }
    // Where the domain has no log, entries are nothing at all, and their time least of all.
    let domain = world.domain_with(|root| root["tlogs"] = serde_json::json!([]));
    let spliced = Signed { entries: unrelated, ..late };
    let judge = world.for_provenance().at(now).trusting([domain]);
    let report = judge.judge([bundle(&spliced.bundle(Version::V03))]);
    let finding = obstacle(&report.candidates[0]).expect("an obstacle");
    assert_eq!((report.verdict, finding.outcome), (Verdict::Rejected, Outcome::Fail));
}

#[test]
fn the_entry_by_a_log_that_is_not_known_is_refused() {
    let world = World::new();
    let stranger = World::new();
    for kind in ENVELOPE_ENTRIES {
        let mut signed = world.provenance_logged_as(kind);
        relog(&stranger.instance, &mut signed, kind);
        let finding = world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::TransparencyLog);
        assert!(finding.message.contains("does not know"), "{finding:?}");
    }
}

#[test]
fn an_entry_that_is_neither_promised_nor_proved_is_refused() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        let mut signed = world.provenance_logged_as(kind);
        signed.entries[0].promise = None;
        signed.entries[0].proof = None;
        for version in [Version::V01, Version::V02, Version::V03] {
            let content = bundle(&signed.bundle(version));
            let finding = world.for_provenance().rejects(content, CheckId::TransparencyLog);
            assert!(finding.message.contains("neither"), "{finding:?}");
        }
    }
}

#[test]
fn a_bundle_without_an_entry_is_refused_even_with_a_timestamp() {
    let world = World::new();
    for signed in [world.signed_provenance(), world.signer().stamped().attest(&world.provenance())] {
        let signed = Signed { entries: Vec::new(), ..signed };
        for version in [Version::V01, Version::V02, Version::V03] {
            let content = bundle(&signed.bundle(version));
            let finding = world.for_provenance().rejects(content, CheckId::TransparencyLog);
            assert_eq!(finding.message, "the signature has no transparency log entry");
        }
    }
}
