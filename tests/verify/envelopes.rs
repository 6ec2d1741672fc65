//! DSSE envelopes and message signatures: what exactly is signed, and by which key (G4).

use bonafide::check::{CheckId, SbomReport, Verdict};
use bonafide::evidence::Content;
use bonafide::policy::Requirement;
use serde_json::json;

use crate::forge::{flip, relog};
use crate::support::sigstore::content::IN_TOTO;
use crate::support::sigstore::{self, EntryKind, Envelope, Key, Signed, Version};
use crate::world::{ENVELOPE_ENTRIES, World, bundle, legacy, logged_as};

const MANIFEST: &[u8] = b"the manifest of the image";

#[test]
fn a_flipped_signature_is_refused_whatever_logged_it() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        let mut signed = world.provenance_logged_as(kind);
        flip(signed.content.signature_mut());
        // A timestamp is over the signature, so with one the time is what is missed first.
        let check = if kind == EntryKind::HashedRekordV002 { CheckId::SignedTime } else { CheckId::Signature };
        world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), check);
    }
    let mut message = world.signer().sign_bytes(MANIFEST);
    flip(message.content.signature_mut());
    world.for_signatures().rejects(bundle(&message.bundle(Version::V03)), CheckId::Signature);
}

#[test]
fn a_payload_changed_after_signing_is_refused_whatever_logged_it() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        let mut signed = world.provenance_logged_as(kind);
        let payload = &mut signed.content.envelope_mut().payload;
        *payload = String::from_utf8(payload.clone()).expect("JSON").replace("push", "pull").into_bytes();
        world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::Signature);
    }
}

/// A payload that is most of its bundle is decoded in the bundle's own bytes (A222); what is signed is the same.
#[test]
fn a_large_payload_is_verified_to_its_last_byte_whatever_logged_it() {
    let world = World::new();
    let mut statement = world.sbom();
    statement["predicate"]["comment"] = json!("large ".repeat(40_000));
    for kind in ENVELOPE_ENTRIES {
        let signed = logged_as(world.signer(), kind).attest(&statement);
        let mut forms: Vec<fn(&Signed) -> Content> = vec![|signed| bundle(&signed.bundle(Version::V03))];
        if signed.entries[0].promise.is_some() {
            forms.push(|signed| legacy(signed.legacy_layer()));
        }
        for form in forms {
            assert_eq!(world.for_sboms().accepts(form(&signed)).says::<SbomReport>().expect("an SBOM").packages, 2);
            for changed in ["large large large", "1.3.1", "zlib"] {
                let mut other = signed.clone();
                let payload = &mut other.content.envelope_mut().payload;
                let text = String::from_utf8(payload.clone()).expect("JSON");
                let end = text.rfind(changed).expect("a text in it");
                payload[end] ^= 1;
                world.for_sboms().rejects(form(&other), CheckId::Signature);
            }
        }
    }
}

#[test]
fn a077_other_payload_types_are_refused() {
    let world = World::new();
    for payload_type in
        ["application/json", "text/plain", "application/vnd.in-toto+JSON", "application/vnd.in-toto+json ", ""]
    {
        for kind in ENVELOPE_ENTRIES {
            let signed = logged_as(world.signer(), kind).payload_type(payload_type).attest(&world.provenance());
            let finding = world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::PayloadFormat);
            assert_eq!(finding.expected.as_deref(), Some(IN_TOTO));
            assert_eq!(finding.found.as_deref(), Some(payload_type));
        }
    }
}

/// in-toto 1.2 allows a payload type for each predicate; the client specification knows exactly one, and so do we.
#[test]
fn a078_payload_types_of_single_predicates_are_refused() {
    let world = World::new();
    let signed = world.signer().payload_type("application/vnd.in-toto.provenance+json").attest(&world.provenance());
    world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::PayloadFormat);
}

#[test]
fn a079_a_payload_type_that_is_no_ascii_is_refused_without_a_panic() {
    let world = World::new();
    let signed = world.signer().payload_type("application/vnd.in-toto+jsön\u{202e}").attest(&world.provenance());
    world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::PayloadFormat);
}

/// An honest log and a signature over something that is nearly the encoding of the envelope.
#[test]
fn a081_the_encoding_that_is_signed_has_one_form() {
    let world = World::new();
    let good = world.signed_provenance();
    let encoded = good.content.signed_bytes();
    let text = String::from_utf8(encoded.clone()).expect("text");
    let wrong = [
        text.replacen("DSSEv1 28 ", "DSSEv1 028 ", 1),
        text.replacen("DSSEv1 ", "DSSEv1\r\n", 1),
        text.replacen("DSSEv1 ", "DSSEv2 ", 1),
        String::from_utf8(good.content.envelope().payload.clone()).expect("text"),
    ];
    for kind in ENVELOPE_ENTRIES.into_iter().filter(|kind| *kind != EntryKind::HashedRekordV002) {
        for encoded in &wrong {
            let mut signed = good.clone();
            *signed.content.signature_mut() = signed.key.sign(encoded.as_bytes());
            relog(&world.instance, &mut signed, kind);
            world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::Signature);
        }
        let mut signed = good.clone();
        *signed.content.signature_mut() = signed.key.sign(&encoded);
        relog(&world.instance, &mut signed, kind);
        world.for_provenance().accepts(bundle(&signed.bundle(Version::V03)));
    }
}

#[test]
fn a082_a_key_id_lends_no_trust() {
    let world = World::new();
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002] {
        let mut signed = world.provenance_logged_as(kind);
        signed.content.envelope_mut().key_id = "the key everybody trusts".into();
        let named = signed.clone();
        let forged = Key::p256().sign(&signed.content.signed_bytes());
        *signed.content.signature_mut() = forged;
        relog(&world.instance, &mut signed, kind);
        world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::Signature);
        // Under the right key a key id is no more than a hint.
        let mut named = named;
        relog(&world.instance, &mut named, kind);
        world.for_provenance().accepts(bundle(&named.bundle(Version::V03)));
    }
}

fn message(world: &World) -> Signed {
    world.signer().sign_bytes(MANIFEST)
}

#[test]
fn a085_a_message_digest_of_something_else_is_refused() {
    let world = World::new();
    let json = message(&world).bundle_with(Version::V03, |json| {
        json["messageSignature"]["messageDigest"]["digest"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    });
    let finding = world.for_signatures().rejects(bundle(&json), CheckId::SubjectDigest);
    assert_eq!(finding.expected, Some(world.image.to_string()));
}

#[test]
fn a085_a_message_signature_on_something_else_is_refused_without_the_hint_too() {
    let world = World::new();
    let signed = world.signer().sign_bytes(b"the manifest of another image");
    world.for_signatures().rejects(bundle(&signed.bundle(Version::V03)), CheckId::SubjectDigest);
    let json = signed.bundle_with(Version::V03, |json| {
        json["messageSignature"].as_object_mut().expect("an object").remove("messageDigest");
    });
    world.for_signatures().rejects(bundle(&json), CheckId::Signature);
}

#[test]
fn a086_a_message_digest_of_an_unknown_algorithm_is_refused() {
    let world = World::new();
    for algorithm in ["HASH_ALGORITHM_UNSPECIFIED", "sha256", "", "SHA3_256"] {
        let json = message(&world).bundle_with(Version::V03, |json| {
            json["messageSignature"]["messageDigest"]["algorithm"] = json!(algorithm);
        });
        let report = world.for_signatures().judge([bundle(&json)]);
        assert_eq!(report.verdict, Verdict::Rejected, "{algorithm}: {:?}", report.candidates[0].findings);
    }
}

#[test]
fn a086_a_message_digest_of_another_length_than_its_algorithm_has_is_refused() {
    let world = World::new();
    for algorithm in ["SHA2_384", "SHA2_512"] {
        let json = message(&world).bundle_with(Version::V03, |json| {
            json["messageSignature"]["messageDigest"]["algorithm"] = json!(algorithm);
        });
        let report = world.for_signatures().judge([bundle(&json)]);
        assert_eq!(report.verdict, Verdict::Rejected, "{algorithm}: {:?}", report.candidates[0].findings);
    }
}

/// A091: bytes that are the encoding of an envelope can be signed as a file. Made an envelope again, they verify: it is the
/// same signature. What keeps purposes apart is the signer that the policy names.
#[test]
fn a091_a_signed_file_that_is_an_encoded_envelope_is_an_envelope() {
    let world = World::new();
    let payload = world.provenance().to_string().into_bytes();
    let envelope = |signature: Vec<u8>| Envelope {
        payload_type: IN_TOTO.into(),
        payload: payload.clone(),
        key_id: String::new(),
        signature,
    };
    let file = envelope(Vec::new()).pre_authentication_encoding();
    let mut signed = world.signer().rekor_v2().sign_bytes(&file);
    signed.content = sigstore::Content::Envelope(envelope(signed.content.signature().to_vec()));
    world.for_provenance().accepts(bundle(&signed.bundle(Version::V03)));
    // An older log keeps the two apart.
    let mut signed = world.signer().sign_bytes(&file);
    signed.content = sigstore::Content::Envelope(envelope(signed.content.signature().to_vec()));
    let report = world.for_provenance().judge([bundle(&signed.bundle(Version::V03))]);
    assert_eq!(report.verdict, Verdict::Rejected);
}

#[test]
fn a091_a_message_signature_is_never_an_attestation() {
    let world = World::new();
    for requirement in [Requirement::Provenance, Requirement::Sbom] {
        let report = world.requiring(requirement).judge([bundle(&message(&world).bundle(Version::V03))]);
        assert_eq!(report.verdict, Verdict::Absent);
        assert!(report.requirements[0].satisfied_by.is_empty());
        assert_eq!(report.requirements[0].findings[0].found.as_deref(), Some("signature"));
    }
}

#[test]
fn an_attestation_is_never_a_signature() {
    let world = World::new();
    let report = world.for_signatures().judge([bundle(&world.signed_provenance().bundle(Version::V03))]);
    assert_eq!(report.verdict, Verdict::Absent);
    assert_eq!(report.requirements[0].findings[0].check, CheckId::EvidencePresent);
}
