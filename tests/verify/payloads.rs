//! Bundles over cosign's simple-signing payload: a message signature in the new form, on the document of the old.

use bonafide::check::{CheckId, Verdict};
use bonafide::evidence::Content;
use bonafide::policy::Requirement;
use serde_json::json;

use crate::forge::{flip, other_image};
use crate::support::sigstore::{Signed, Version};
use crate::support::statement::simple_signing;
use crate::world::{World, blob};

fn over(signed: &Signed, payload: impl Into<Vec<u8>>) -> Content {
    Content::BundleOverPayload { bundle: blob(signed.bundle(Version::V03).to_string()), payload: blob(payload) }
}

#[test]
fn a_bundle_over_the_payload_verifies_in_both_generations_of_the_log() {
    let world = World::new();
    let payload = simple_signing(&world.subject);
    for (signer, kind) in [(world.signer(), "hashedrekord 0.0.1"), (world.signer().rekor_v2(), "hashedrekord 0.0.2")] {
        let report = world.for_signatures().accepts(over(&signer.sign_simple(&world.subject), payload.clone()));
        assert_eq!((report.kind.as_str(), report.log_entries[0].kind.as_str()), ("signature", kind));
    }
}

#[test]
fn a054_a_payload_about_another_image_is_refused() {
    let world = World::new();
    let (_, other) = other_image();
    let content = over(&world.signer().sign_simple(&other), simple_signing(&other));
    let finding = world.for_signatures().rejects(content, CheckId::SubjectDigest);
    assert_eq!(finding.found, Some(other.digest));
}

/// The payload beside the bundle is about this image, and the bundle signs that of another.
#[test]
fn a_payload_that_the_bundle_does_not_sign_is_refused() {
    let world = World::new();
    let (_, other) = other_image();
    let signed = world.signer().sign_simple(&other);
    let content = over(&signed, simple_signing(&world.subject));
    let report = world.for_signatures().judge([content]);
    assert_eq!(report.verdict, Verdict::Rejected);
    // Without the digest in the bundle it is the signature that does not verify.
    let json = signed.bundle_with(Version::V03, |json| {
        json["messageSignature"].as_object_mut().expect("an object").remove("messageDigest");
    });
    let content =
        Content::BundleOverPayload { bundle: blob(json.to_string()), payload: blob(simple_signing(&world.subject)) };
    world.for_signatures().rejects(content, CheckId::Signature);
}

#[test]
fn a_payload_that_is_no_simple_signing_document_is_refused() {
    let world = World::new();
    for payload in ["", "{}", "null", "the manifest of the image"] {
        let content = over(&world.signer().sign_bytes(payload.as_bytes()), payload);
        world.for_signatures().rejects(content, CheckId::PayloadFormat);
    }
}

#[test]
fn a_flipped_signature_over_the_payload_is_refused() {
    let world = World::new();
    let mut signed = world.signer().sign_simple(&world.subject);
    flip(signed.content.signature_mut());
    world.for_signatures().rejects(over(&signed, simple_signing(&world.subject)), CheckId::Signature);
}

#[test]
fn a134_the_entry_of_another_signature_is_refused() {
    let world = World::new();
    let mut signed = world.signer().sign_simple(&world.subject);
    signed.resign();
    world.for_signatures().rejects(over(&signed, simple_signing(&world.subject)), CheckId::TransparencyLog);
}

/// A statement is judged by what it says, whatever somebody put beside it.
#[test]
fn a_payload_beside_an_envelope_changes_nothing() {
    let world = World::new();
    let (_, other) = other_image();
    let payload = simple_signing(&world.subject);
    world.for_provenance().accepts(over(&world.signed_provenance(), payload.clone()));
    let about_another = world.signer().sign_image(&other);
    world.for_signatures().rejects(over(&about_another, payload.clone()), CheckId::SubjectDigest);
    let report = world.for_signatures().judge([over(&world.signed_provenance(), payload)]);
    assert_eq!(report.verdict, Verdict::Absent, "an attestation beside a payload is no signature");
}

#[test]
fn a_broken_bundle_concerns_every_requirement() {
    let world = World::new();
    for requirement in Requirement::DEFAULT {
        let content = Content::BundleOverPayload {
            bundle: blob(json!({}).to_string()),
            payload: blob(simple_signing(&world.subject)),
        };
        world.requiring(requirement).rejects(content, CheckId::BundleFormat);
    }
}
