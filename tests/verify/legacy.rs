//! Legacy cosign layers: payload, annotations and what one may not borrow from another (G3).

use bonafide::check::CheckId;
use serde_json::json;

use crate::forge::{flip, other_image};
use crate::support::json::{base64, unbase64};
use crate::support::sigstore::certificate::Certificate;
use crate::support::sigstore::signed::legacy_bundle;
use crate::support::sigstore::{EntryKind, Evidence, Key, LegacyLayer, SIGNING_TIME, Signed, der};
use crate::world::{World, as_legacy_attestation, as_legacy_signature, legacy};

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const CHAIN: &str = "dev.sigstore.cosign/chain";
const BUNDLE: &str = "dev.sigstore.cosign/bundle";
const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

fn good(world: &World) -> Signed {
    world.signer().sign_simple(&world.subject)
}

fn with(world: &World, annotation: &str, value: &str) -> LegacyLayer {
    good(world).legacy_layer_with(|layer| {
        layer.annotations.insert(annotation.into(), json!(value));
    })
}

fn text(layer: &LegacyLayer, annotation: &str) -> String {
    layer.annotations[annotation].as_str().expect("a text").to_owned()
}

#[test]
fn a053_the_log_entry_of_another_signature_by_the_same_key_is_refused() {
    let world = World::new();
    let key = Key::p256();
    let other = world.signer().key(&key).sign_bytes(b"something else");
    let other_envelope = world.signer().key(&key).attest(&world.sbom());
    for (signature, other) in [
        (world.signer().key(&key).sign_simple(&world.subject), other),
        (world.provenance_with_key(&key), other_envelope),
    ] {
        let layer = signature.legacy_layer_with(|layer| {
            layer.annotations.insert(BUNDLE.into(), json!(legacy_bundle(&other.entries[0])));
        });
        world.for_layer(&layer).rejects(legacy(layer), CheckId::TransparencyLog);
    }
}

#[test]
fn a054_a_payload_for_another_image_is_refused() {
    let world = World::new();
    let (image, subject) = other_image();
    let layer = world.signer().sign_simple(&subject).legacy_layer();
    let finding = world.for_signatures().rejects(legacy(layer), CheckId::SubjectDigest);
    assert_eq!(finding.expected, Some(world.image.to_string()));
    assert_eq!(finding.found, Some(image.to_string()));
}

#[test]
fn a055_only_the_lower_case_key_counts_and_only_once() {
    let world = World::new();
    let digest = &world.subject.digest;
    let sign = |image: &str| {
        let payload = format!(
            r#"{{"critical":{{"identity":{{"docker-reference":""}},"image":{image},"type":"cosign container image signature"}},"optional":null}}"#
        );
        legacy(world.signer().sign_bytes(payload.as_bytes()).legacy_layer())
    };
    let judge = world.for_signatures();
    judge.accepts(sign(&format!(r#"{{"docker-manifest-digest":"{digest}"}}"#)));
    judge.rejects(sign(&format!(r#"{{"Docker-manifest-digest":"{digest}"}}"#)), CheckId::PayloadFormat);
    let twice = format!(r#"{{"docker-manifest-digest":"sha256:00","docker-manifest-digest":"{digest}"}}"#);
    judge.rejects(sign(&twice), CheckId::PayloadFormat);
    let two_cases = format!(r#"{{"docker-manifest-digest":"sha256:00","Docker-Manifest-Digest":"{digest}"}}"#);
    let finding = judge.rejects(sign(&two_cases), CheckId::SubjectDigest);
    assert_eq!(finding.found.as_deref(), Some("sha256:00"));
}

#[test]
fn a057_a_layer_that_is_signed_but_no_simple_signing_document_is_refused() {
    let world = World::new();
    let envelope = world.signed_provenance().legacy_layer().bytes;
    let signed = world.signer().sign_bytes(&envelope);
    world.for_signatures().rejects(as_legacy_signature(signed.legacy_layer()), CheckId::PayloadFormat);
}

#[test]
fn a058_an_attestation_is_no_signature_and_a_signature_no_attestation() {
    let world = World::new();
    let attestation = world.signed_provenance().legacy_layer();
    world.for_signatures().rejects(as_legacy_signature(attestation), CheckId::BundleFormat);
    let signature = good(&world).legacy_layer();
    world.for_provenance().rejects(as_legacy_attestation(signature), CheckId::BundleFormat);
}

#[test]
fn a059_certificates_that_are_none_are_refused() {
    let world = World::new();
    let pem = text(&good(&world).legacy_layer(), CERTIFICATE);
    let judge = world.for_signatures();
    for broken in [
        pem.repeat(2),
        pem.replace("CERTIFICATE", "PUBLIC KEY"),
        "x".repeat(5_000_000),
        "-----BEGIN CERTIFICATE-----".to_owned(),
        "-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----".to_owned(),
    ] {
        let finding = judge.rejects(legacy(with(&world, CERTIFICATE, &broken)), CheckId::BundleFormat);
        assert!(finding.message.contains(CERTIFICATE), "{finding:?}");
    }
    // An empty one is what a signature by a key has, and those are refused for what they are.
    for empty in ["", " \n\t "] {
        let finding = judge.rejects(legacy(with(&world, CERTIFICATE, empty)), CheckId::CertificateChain);
        assert_eq!(finding.found.as_deref(), Some("a signature by a public key"));
    }
    let rubbish = der::pem("CERTIFICATE", &[0x30, 3, 2, 1, 0]);
    judge.rejects(legacy(with(&world, CERTIFICATE, &rubbish)), CheckId::CertificateProfile);
}

#[test]
fn a061_log_entries_that_are_none_are_refused() {
    let world = World::new();
    let bundle = text(&good(&world).legacy_layer(), BUNDLE);
    let body = bundle.split(r#""body":""#).nth(1).and_then(|rest| rest.split('"').next()).expect("a body");
    let judge = world.for_signatures();
    for broken in [
        bundle.replace(&format!(r#""{body}""#), "7"),
        bundle.replace(body, "%"),
        bundle.replace(body, &base64("[]")),
        bundle.replace(r#""logID":""#, r#""logID":"zz"#),
        bundle.replace("SignedEntryTimestamp", "signedEntryTimestamp"),
        bundle.replace(r#""Payload""#, r#""Payload":{},"Payload""#),
        "{}".to_owned(),
        "[".to_owned(),
    ] {
        let finding = judge.rejects(legacy(with(&world, BUNDLE, &broken)), CheckId::BundleFormat);
        assert!(finding.message.contains(BUNDLE), "{finding:?}");
    }
    let body = String::from_utf8(unbase64(body).expect("base64")).expect("JSON");
    let rekord = base64(body.replace("hashedrekord", "rekord"));
    let layer = with(&world, BUNDLE, &bundle.replace(&base64(&body), &rekord));
    let finding = judge.rejects(legacy(layer), CheckId::TransparencyLog);
    assert!(finding.message.contains("rekord 0.0.1"), "{finding:?}");
}

#[test]
fn a063_a_signature_is_base64_after_trimming_and_nothing_else() {
    let world = World::new();
    let signed = good(&world);
    let signature = base64(signed.content.signature());
    let layer = |value: String| {
        legacy(signed.legacy_layer_with(|layer| {
            layer.annotations.insert(SIGNATURE.into(), json!(value));
        }))
    };
    let judge = world.for_signatures();
    judge.accepts(layer(format!(" {signature}\n")));
    let (head, tail) = signature.split_at(8);
    for broken in [format!("{head}\n{tail}"), format!("{head} {tail}"), format!("{signature}%"), String::new()] {
        judge.rejects(layer(broken), CheckId::BundleFormat);
    }
}

#[test]
fn a065_a_timestamp_over_the_payload_instead_of_the_signature_is_refused() {
    let world = World::new();
    let mut signed = world.signer().stamped().sign_simple(&world.subject);
    let payload = signed.content.signed_bytes();
    signed.layer_timestamp = Some(world.instance.timestamp_authority.stamp(&payload, SIGNING_TIME));
    world.for_signatures().rejects(legacy(signed.legacy_layer()), CheckId::SignedTime);
}

/// cosign before 3 stamped the stored envelope, cosign 3 stamps the signature (client-spec §4.2.1).
#[test]
fn a065_an_attestation_is_stamped_over_its_signature_or_its_envelope_and_nothing_else() {
    let world = World::new();
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001] {
        let mut signed = world.signer().logged_as(kind).stamped().attest(&world.provenance());
        let stamp = |bytes: &[u8]| Some(world.instance.timestamp_authority.stamp(bytes, SIGNING_TIME));
        let envelope = signed.content.layer_stamped_bytes();
        for stamped in [envelope.clone(), signed.content.signature().to_vec()] {
            signed.layer_timestamp = stamp(&stamped);
            let accepted = world.for_provenance().accepts(legacy(signed.legacy_layer()));
            assert!(accepted.timestamps.iter().any(|one| one.source.as_str() == "timestamp-authority"));
        }
        let text = base64(signed.content.signature());
        for stamped in [signed.content.signed_bytes(), text.into_bytes(), [envelope.as_slice(), b"\n"].concat()] {
            signed.layer_timestamp = stamp(&stamped);
            world.for_provenance().rejects(legacy(signed.legacy_layer()), CheckId::SignedTime);
        }
    }
}

#[test]
fn a066_a_signature_under_the_tag_of_a_replaced_manifest_is_refused() {
    let world = World::new();
    let (replaced, _) = other_image();
    let judge = world.for_signatures().on(&replaced);
    let finding = judge.rejects(legacy(good(&world).legacy_layer()), CheckId::SubjectDigest);
    assert_eq!(finding.expected, Some(replaced.to_string()));
}

#[test]
fn a_flipped_signature_is_refused() {
    let world = World::new();
    let mut signed = good(&world);
    flip(signed.content.signature_mut());
    world.for_signatures().rejects(legacy(signed.legacy_layer()), CheckId::Signature);
}

#[test]
fn a_payload_changed_after_signing_is_refused() {
    let world = World::new();
    let layer = good(&world).legacy_layer_with(|layer| layer.bytes.push(b' '));
    world.for_signatures().rejects(legacy(layer), CheckId::Signature);
}

#[test]
fn a_layer_without_a_log_entry_is_refused_even_with_a_timestamp() {
    let world = World::new();
    for signed in [good(&world), world.signer().stamped().sign_simple(&world.subject)] {
        let layer = signed.legacy_layer_with(|layer| {
            layer.annotations.remove(BUNDLE);
        });
        let finding = world.for_signatures().rejects(legacy(layer), CheckId::TransparencyLog);
        assert_eq!(finding.message, "the signature has no transparency log entry");
    }
    let proof_alone = world.signer().evidence(Evidence::Proof).stamped().sign_simple(&world.subject);
    world.for_signatures().rejects(legacy(proof_alone.legacy_layer()), CheckId::TransparencyLog);
}

/// A119: what comes along as a chain helps or does not; it is never trusted and never in the way.
#[test]
fn a119_a_chain_annotation_is_capped_and_never_trusted() {
    let world = World::new();
    let stranger = World::new();
    let chain = stranger.instance.authority.chain().map(Certificate::pem).concat();
    for harmless in [String::new(), "rubbish".to_owned(), chain.clone(), chain.repeat(25)] {
        world.for_signatures().accepts(legacy(with(&world, CHAIN, &harmless)));
    }
    let foreign = good(&stranger).legacy_layer();
    world.for_signatures().rejects(legacy(foreign), CheckId::CertificateChain);
}

#[test]
fn unreadable_timestamps_are_refused() {
    let world = World::new();
    for broken in ["{}", "[", r#"{"SignedRFC3161Timestamp":"%"}"#] {
        let finding = world.for_signatures().rejects(legacy(with(&world, TIMESTAMP, broken)), CheckId::BundleFormat);
        assert!(finding.message.contains(TIMESTAMP), "{finding:?}");
    }
}
