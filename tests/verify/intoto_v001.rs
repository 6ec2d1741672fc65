//! `intoto` 0.0.1 entries, the way of their own: every check that the other kinds get, made once more.

use bonafide::check::CheckId;
use bonafide::evidence::Content;
use serde_json::{Value, json};

use crate::forge::{append, body, flip, promise_again, relog, signing_time_plus};
use crate::support::json::{base64, canonical};
use crate::support::sigstore::{
    CertificateAuthority, CtLog, EntryKind, Evidence, Key, LegacyLayer, Rekor, SIGNING_TIME, Signed, Sigstore, Version,
    der,
};
use crate::world::{World, as_legacy_attestation, bundle, legacy};

const KIND: EntryKind = EntryKind::IntotoV001;

fn good(world: &World) -> Signed {
    world.provenance_logged_as(KIND)
}

/// Everything that such an entry is found in: a layer, and bundles with and without the proof.
fn forms(signed: &Signed) -> Vec<Content> {
    let mut forms = vec![bundle(&signed.bundle(Version::V01)), bundle(&signed.bundle(Version::V03))];
    if signed.entries.first().is_some_and(|entry| entry.promise.is_some()) {
        forms.push(legacy(signed.legacy_layer()));
    }
    forms
}

#[track_caller]
fn refused(world: &World, signed: &Signed, check: CheckId) {
    for form in forms(signed) {
        world.for_provenance().rejects(form, check);
    }
}

/// The body, bent, logged and promised by an honest log.
fn logged_with(world: &World, signed: &Signed, bend: impl FnOnce(&mut Value)) -> Signed {
    let mut body = body(signed, KIND);
    bend(&mut body);
    Signed { entries: vec![append(&world.instance, KIND, canonical(&body))], ..signed.clone() }
}

#[test]
fn a_good_one_verifies_in_every_form() {
    let world = World::new();
    for form in forms(&good(&world)) {
        let report = world.for_provenance().accepts(form);
        assert_eq!(report.log_entries[0].kind, "intoto 0.0.1");
        assert_eq!(report.log_entries[0].integrated_time, Some(SIGNING_TIME));
        assert_eq!(report.timestamps[0].time, SIGNING_TIME);
    }
}

#[test]
fn a_promise_that_is_flipped_foreign_or_for_another_time_is_refused() {
    let world = World::new();
    let mut flipped = good(&world);
    flip(flipped.entries[0].promise.as_mut().expect("a promise"));
    let mut foreign = good(&world);
    promise_again(&World::new().instance, &mut foreign.entries[0]);
    let mut another_time = good(&world);
    another_time.entries[0].integrated_time = Some(signing_time_plus(5));
    let mut another_index = good(&world);
    another_index.entries[0].log_index += 1;
    for broken in [flipped, foreign, another_time, another_index] {
        refused(&world, &broken, CheckId::TransparencyLog);
    }
}

#[test]
fn without_a_promise_nobody_says_when() {
    let world = World::new();
    let signed = world.signer().logged_as(KIND).evidence(Evidence::Proof).attest(&world.provenance());
    world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::SignedTime);
    // A bundle of version 0.1 must have a promise, whatever else says when.
    world.for_provenance().rejects(bundle(&signed.bundle(Version::V01)), CheckId::TransparencyLog);
}

#[test]
fn a_certificate_that_no_known_ct_log_has_seen_is_refused() {
    let instance = Sigstore::new();
    let other_key = CtLog { key: Key::p256(), ..instance.ct.clone() };
    for ct in [other_key, CtLog::new()] {
        let impostor = World::of(Sigstore { ct, ..instance.clone() });
        refused(&World::of(instance.clone()), &good(&impostor), CheckId::CertificateTransparency);
    }
    let world = World::of(instance);
    let unseen = world.signer().logged_as(KIND).leaf(|leaf| leaf.timestamped_by.clear()).attest(&world.provenance());
    refused(&world, &unseen, CheckId::CertificateTransparency);
}

#[test]
fn an_unknown_or_expired_authority_is_refused() {
    let world = World::new();
    let stranger = World::of(Sigstore { authority: CertificateAuthority::new(), ..world.instance.clone() });
    refused(&world, &good(&stranger), CheckId::CertificateChain);
    let signed = good(&world);
    let expired = || {
        world.domain_with(|root| {
            root["certificateAuthorities"][0]["validFor"]["end"] = json!("2026-03-01T11:59:59Z");
        })
    };
    for form in forms(&signed) {
        world.for_provenance().trusting([expired()]).rejects(form, CheckId::SignedTime);
    }
}

#[test]
fn an_integrated_time_outside_the_leaf_is_refused() {
    let world = World::new();
    for seconds in [-1, 601] {
        let signed =
            world.signer().logged_as(KIND).integrated_at(signing_time_plus(seconds)).attest(&world.provenance());
        refused(&world, &signed, CheckId::SignedTime);
    }
}

#[test]
fn a_body_about_another_envelope_payload_or_certificate_is_refused() {
    let world = World::new();
    let signed = good(&world);
    let other = good(&world);
    let theirs = body(&other, KIND);
    let envelope = logged_with(&world, &signed, |body| {
        body["spec"]["content"]["hash"] = theirs["spec"]["content"]["hash"].clone();
    });
    let payload = logged_with(&world, &signed, |body| {
        body["spec"]["content"]["payloadHash"]["value"] = json!("00".repeat(32));
    });
    let certificate =
        logged_with(&world, &signed, |body| body["spec"]["publicKey"] = theirs["spec"]["publicKey"].clone());
    let whole = Signed { entries: other.entries.clone(), ..signed.clone() };
    for broken in [envelope, payload, certificate, whole] {
        refused(&world, &broken, CheckId::TransparencyLog);
    }
}

#[test]
fn a134_an_envelope_signed_again_by_the_same_key_is_refused() {
    let world = World::new();
    let mut signed = good(&world);
    signed.resign();
    refused(&world, &signed, CheckId::TransparencyLog);
}

#[test]
fn a_broken_proof_is_refused_though_the_promise_is_good() {
    let world = World::new();
    let mut hash = good(&world);
    hash.entries[0].proof.as_mut().expect("a proof").hashes[0][0] ^= 1;
    let mut checkpoint = good(&world);
    let proof = checkpoint.entries[0].proof.as_mut().expect("a proof");
    let impostor = Rekor { key: Key::p256(), ..world.instance.rekor.clone() };
    proof.checkpoint = impostor.checkpoint(proof.tree_size, &proof.root_hash);
    for broken in [hash, checkpoint] {
        for version in [Version::V01, Version::V02, Version::V03] {
            world.for_provenance().rejects(bundle(&broken.bundle(version)), CheckId::TransparencyLog);
        }
        // The legacy form has no room for the proof, so there is nothing broken in it.
        world.for_provenance().accepts(legacy(broken.legacy_layer()));
    }
}

#[test]
fn a_flipped_signature_is_refused() {
    let world = World::new();
    let mut signed = good(&world);
    flip(signed.content.signature_mut());
    refused(&world, &signed, CheckId::Signature);
    // Logged as it is: the log does not verify what it cannot see.
    relog(&world.instance, &mut signed, KIND);
    refused(&world, &signed, CheckId::Signature);
}

#[test]
fn hashes_of_another_algorithm_are_refused() {
    let world = World::new();
    let signed = good(&world);
    for algorithm in ["sha512", "SHA256", "", "md5"] {
        for field in ["hash", "payloadHash"] {
            let broken = logged_with(&world, &signed, |body| {
                body["spec"]["content"][field]["algorithm"] = json!(algorithm);
            });
            refused(&world, &broken, CheckId::TransparencyLog);
        }
    }
    let upper = logged_with(&world, &signed, |body| {
        let value = body["spec"]["content"]["hash"]["value"].as_str().expect("a text").to_uppercase();
        body["spec"]["content"]["hash"]["value"] = json!(value);
    });
    refused(&world, &upper, CheckId::TransparencyLog);
}

/// Entries of cosign 1.0 had no hash of the payload; that of the envelope covers it.
#[test]
fn the_hash_of_the_payload_may_be_missing_and_that_of_the_envelope_may_not() {
    let world = World::new();
    let signed = good(&world);
    let without = |field: &'static str| {
        logged_with(&world, &signed, |body| {
            body["spec"]["content"].as_object_mut().expect("an object").remove(field);
        })
    };
    for form in forms(&without("payloadHash")) {
        world.for_provenance().accepts(form);
    }
    refused(&world, &without("hash"), CheckId::TransparencyLog);
}

#[test]
fn the_certificate_is_one_pem_block_and_no_more() {
    let world = World::new();
    let signed = good(&world);
    let pem = der::pem("CERTIFICATE", signed.certificate.as_deref().expect("a certificate"));
    let other = der::pem("CERTIFICATE", &good(&world).certificate.expect("a certificate"));
    for wrong in
        [format!("{pem}{other}"), format!("{other}{pem}"), pem.replace("CERTIFICATE", "PUBLIC KEY"), String::new()]
    {
        let broken = logged_with(&world, &signed, |body| body["spec"]["publicKey"] = json!(base64(wrong)));
        refused(&world, &broken, CheckId::TransparencyLog);
    }
    let spaced = logged_with(&world, &signed, |body| body["spec"]["publicKey"] = json!(base64(format!("\n{pem}\n\n"))));
    for form in forms(&spaced) {
        world.for_provenance().accepts(form);
    }
}

/// A layer keeps the bytes that were hashed, however they are written; a bundle keeps only what they say.
#[test]
fn an_envelope_that_was_uploaded_in_another_spelling_is_known_by_its_bytes() {
    let world = World::new();
    let signed = good(&world);
    let spelled = format!(" {} ", signed.content.envelope().text().replacen(r#","payload":"#, r#", "payload": "#, 1));
    let logged = logged_with(&world, &signed, |body| {
        body["spec"]["content"]["hash"]["value"] = json!(crate::support::digest::sha256_hex(spelled.as_bytes()));
    });
    let layer = logged.legacy_layer_with(|layer: &mut LegacyLayer| layer.bytes = spelled.clone().into_bytes());
    world.for_provenance().accepts(as_legacy_attestation(layer));
    world.for_provenance().rejects(legacy(logged.legacy_layer()), CheckId::TransparencyLog);
    world.for_provenance().rejects(bundle(&logged.bundle(Version::V01)), CheckId::TransparencyLog);
}

/// What DSSE tells verifiers to ignore is part of the bytes that were hashed, and of nothing else.
#[test]
fn an_unknown_field_in_the_stored_envelope_changes_its_hash() {
    let world = World::new();
    let layer = good(&world).legacy_layer_with(|layer| {
        let text = String::from_utf8(layer.bytes.clone()).expect("text");
        layer.bytes = text.replacen('{', r#"{"extra":1,"#, 1).into_bytes();
    });
    // Nothing that is verified has changed: the envelope is written again as cosign wrote it.
    world.for_provenance().accepts(as_legacy_attestation(layer));
}

#[test]
fn another_entry_may_stand_beside_it_and_must_hold_too() {
    let world = World::new();
    let signed = world.signer().logged_as(KIND).stamped().attest(&world.provenance());
    for other in [EntryKind::DsseV001, EntryKind::IntotoV002, EntryKind::HashedRekordV002] {
        let mut again = signed.clone();
        relog(&world.instance, &mut again, other);
        let with = |entries: [&Signed; 2]| {
            let entries = entries.into_iter().flat_map(|one| one.entries.clone()).collect();
            bundle(&Signed { entries, ..signed.clone() }.bundle(Version::V03))
        };
        for both in [[&signed, &again], [&again, &signed]] {
            let report = world.for_provenance().accepts(with(both));
            assert_eq!((report.log_entries.len(), report.timestamps.len() >= 2), (2, true), "{other:?}");
        }
        let mut broken = again.clone();
        broken.entries[0].proof.as_mut().expect("a proof").hashes[0][0] ^= 1;
        world.for_provenance().rejects(with([&signed, &broken]), CheckId::TransparencyLog);
        let mut strange = good(&world);
        relog(&world.instance, &mut strange, other);
        world.for_provenance().rejects(with([&signed, &strange]), CheckId::TransparencyLog);
    }
}

#[test]
fn the_certificate_of_the_entry_and_not_only_its_key_must_match() {
    let world = World::new();
    let key = Key::p256();
    let sign = || world.signer().key(&key).logged_as(KIND).attest(&world.provenance());
    let (one, other) = (sign(), sign());
    let swapped = Signed { certificate: other.certificate, ..one };
    // Byte for byte another certificate only if anything in it differs; here the SCT's signature does.
    refused(&world, &swapped, CheckId::TransparencyLog);
}
