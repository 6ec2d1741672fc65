//! The form of a bundle: what can be read in two ways is not read at all (G4).

use bonafide::check::CheckId;
use serde_json::{Value, json};

use crate::support::json::base64;
use crate::support::sigstore::{Key, Version};
use crate::world::{World, bundle, bundle_text};

const V03: &str = r#""application/vnd.dev.sigstore.bundle.v0.3+json""#;

/// Asserts that the bend makes a signature bundle malformed, and returns what is said about it.
#[track_caller]
fn malformed(version: Version, bend: impl FnOnce(&mut Value)) -> String {
    let world = World::new();
    let json = world.signed_image().bundle_with(version, bend);
    let finding = world.for_signatures().rejects(bundle(&json), CheckId::BundleFormat);
    format!("{} {}", finding.message, finding.found.unwrap_or_default())
}

#[test]
fn a067_broken_text_and_unknown_versions_are_refused() {
    let world = World::new();
    let good = world.signed_image().bundle(Version::V03).to_string();
    let judge = world.for_signatures();
    judge.accepts(bundle_text(&good));
    for length in [0, 1, good.len() / 2, good.len() - 1] {
        judge.rejects(bundle_text(&good[..length]), CheckId::BundleFormat);
    }
    for media_type in [
        "application/vnd.dev.sigstore.bundle.v0.0+json",
        "application/vnd.dev.sigstore.bundle.v9+cbor",
        "application/vnd.dev.sigstore.bundle+json;version=0.3;foo",
        "application/vnd.dev.sigstore.bundle+json",
        "",
    ] {
        let text = good.replace(V03, &json!(media_type).to_string());
        judge.rejects(bundle_text(&text), CheckId::BundleFormat);
    }
    let nameless = good.replace(&format!(r#""mediaType":{V03},"#), "");
    judge.rejects(bundle_text(&nameless), CheckId::BundleFormat);
    // The older spelling of version 0.3, which real bundles have.
    judge.accepts(bundle_text(&good.replace(V03, r#""application/vnd.dev.sigstore.bundle+json;version=0.3""#)));
}

#[test]
fn a069_version_3_holds_the_leaf_alone() {
    let world = World::new();
    let older = world.signed_image().bundle(Version::V02);
    let text = malformed(Version::V03, |json| {
        let material = &mut json["verificationMaterial"];
        material.as_object_mut().expect("an object").remove("certificate");
        material["x509CertificateChain"] = older["verificationMaterial"]["x509CertificateChain"].clone();
    });
    assert!(text.contains("leaf certificate alone"), "{text}");
}

#[test]
fn a070_an_empty_certificate_chain_is_refused() {
    let text = malformed(Version::V02, |json| {
        json["verificationMaterial"]["x509CertificateChain"]["certificates"] = json!([]);
    });
    assert!(text.contains("chain is empty"), "{text}");
}

#[test]
fn a071_a_root_in_the_chain_anchors_nothing() {
    let world = World::new();
    let stranger = World::new();
    let with_root = |signer: &World| {
        signer.signed_image().bundle_with(Version::V02, |json| {
            let certificates = &mut json["verificationMaterial"]["x509CertificateChain"]["certificates"];
            for above in signer.instance.authority.chain() {
                certificates.as_array_mut().expect("a list").push(json!({"rawBytes": base64(&above.der)}));
            }
        })
    };
    world.for_signatures().accepts(bundle(&with_root(&world)));
    world.for_signatures().rejects(bundle(&with_root(&stranger)), CheckId::CertificateChain);
}

#[test]
fn a072_an_envelope_has_exactly_one_signature() {
    let text = malformed(Version::V03, |json| {
        let signatures = json["dsseEnvelope"]["signatures"].as_array_mut().expect("a list");
        let again = signatures[0].clone();
        signatures.push(again);
    });
    assert!(text.contains("2 signatures"), "{text}");
    malformed(Version::V03, |json| json["dsseEnvelope"]["signatures"] = json!([]));
}

#[test]
fn a073_two_contents_or_two_kinds_of_key_are_refused() {
    let world = World::new();
    let message = world.signer().sign_bytes(b"the manifest of the image").bundle(Version::V03);
    let text = malformed(Version::V03, |json| json["messageSignature"] = message["messageSignature"].clone());
    assert!(text.contains("both"), "{text}");
    let text = malformed(Version::V03, |json| json["verificationMaterial"]["publicKey"] = json!({"hint": ""}));
    assert!(text.contains("more than one kind"), "{text}");
    malformed(Version::V03, |json| {
        json.as_object_mut().expect("an object").remove("dsseEnvelope");
    });
    malformed(Version::V03, |json| {
        json["verificationMaterial"].as_object_mut().expect("an object").remove("certificate");
    });
}

#[test]
fn a074_url_safe_base64_is_read_and_rubbish_is_not() {
    let world = World::new();
    // The question marks put both of the letters in which the alphabets differ into the payload.
    let mut statement = world.provenance();
    statement["predicate"]["buildDefinition"]["internalParameters"]["note"] = json!("???>>>~~~");
    let signed = world.signer().attest(&statement);
    let json = signed.bundle_with(Version::V03, |json| {
        let payload = json["dsseEnvelope"]["payload"].as_str().expect("base64");
        assert!(payload.contains(['+', '/']), "the test needs such a letter");
        json["dsseEnvelope"]["payload"] = json!(payload.replace('+', "-").replace('/', "_"));
    });
    world.for_provenance().accepts(bundle(&json));
    for broken in ["%", "AAA", "AA AA", "AA=A"] {
        // Three letters are base64 without its padding: read, and no signature.
        let check = if broken == "AAA" { CheckId::Signature } else { CheckId::BundleFormat };
        let json =
            signed.bundle_with(Version::V03, |json| json["dsseEnvelope"]["signatures"][0]["sig"] = json!(broken));
        world.for_provenance().rejects(bundle(&json), check);
    }
}

#[test]
fn a075_snake_case_and_unknown_fields_are_refused() {
    let world = World::new();
    let good = world.signed_image().bundle(Version::V03).to_string();
    for (camel, snake) in [
        ("verificationMaterial", "verification_material"),
        ("dsseEnvelope", "dsse_envelope"),
        ("payloadType", "payload_type"),
        ("rawBytes", "raw_bytes"),
        ("tlogEntries", "tlog_entries"),
        ("inclusionProof", "inclusion_proof"),
    ] {
        let text = good.replace(camel, snake);
        assert_ne!(text, good);
        world.for_signatures().rejects(bundle_text(&text), CheckId::BundleFormat);
    }
    malformed(Version::V03, |json| json["verification_material"] = json["verificationMaterial"].clone());
    malformed(Version::V03, |json| json["verificationMaterial"]["tlogEntries"][0]["log_index"] = json!("1"));
    malformed(Version::V03, |json| json["extra"] = json!(1));
}

#[test]
fn a083_a_hint_that_contradicts_the_key_id_is_refused() {
    let world = World::new();
    let mut signed = world.instance.key_signer(&Key::p256()).sign_image(&world.subject);
    signed.content.envelope_mut().key_id = "one key".into();
    let contradicting = signed.bundle(Version::V03);
    let finding = world.for_signatures().rejects(bundle(&contradicting), CheckId::BundleFormat);
    assert!(finding.message.contains("differ"), "{finding:?}");
}

#[test]
fn a083_a_signature_by_a_key_is_refused_for_what_it_is() {
    let world = World::new();
    let signed = world.instance.key_signer(&Key::p256()).sign_image(&world.subject);
    let finding = world.for_signatures().rejects(bundle(&signed.bundle(Version::V03)), CheckId::CertificateChain);
    assert!(finding.message.contains("signed with a key"), "{finding:?}");
}

/// A bundle that a verifier parses twice, each parse taking another of the two values.
#[test]
fn a089_duplicate_keys_are_refused() {
    let world = World::new();
    let good = world.signed_image().bundle(Version::V03).to_string();
    for (key, twin) in [
        (r#""payload":"#, r#""payload":"e30=","payload":"#),
        (r#""payload":"#, r#""payload":"e30=","\u0070ayload":"#),
        (r#""sig":"#, r#""sig":"AAAA","sig":"#),
        (r#""mediaType":"#, r#""mediaType":"x","mediaType":"#),
        (r#""canonicalizedBody":"#, r#""canonicalizedBody":"e30=","canonicalizedBody":"#),
    ] {
        let text = good.replacen(key, twin, 1);
        assert_ne!(text, good);
        let finding = world.for_signatures().rejects(bundle_text(&text), CheckId::BundleFormat);
        assert!(finding.found.expect("a reason").contains("duplicate key"));
    }
}

#[test]
fn a090_one_document_and_nothing_around_it() {
    let world = World::new();
    let good = world.signed_image().bundle(Version::V03).to_string();
    let judge = world.for_signatures();
    for text in [format!("{good}\n{good}"), format!("{good}\n{{}}"), format!("\u{feff}{good}"), format!("{good}\0")] {
        judge.rejects(bundle_text(&text), CheckId::BundleFormat);
    }
    judge.accepts(bundle_text(&format!("\r\n{good}\r\n")));
}

/// The limit is ours, so more than it says nothing against the evidence.
#[test]
fn a119_a_chain_of_fifty_certificates_cannot_be_decided() {
    let world = World::new();
    let json = world.signed_image().bundle_with(Version::V02, |json| {
        let certificates = &mut json["verificationMaterial"]["x509CertificateChain"]["certificates"];
        let leaf = certificates[0].clone();
        *certificates = json!(vec![leaf; 50]);
    });
    let finding = world.for_signatures().cannot_decide(bundle(&json), CheckId::BundleFormat);
    assert!(finding.message.contains("the limit is 8"), "{finding:?}");
}

/// Numbers of 64 bits are texts in the JSON form of protocol buffers, and numbers are read too.
#[test]
fn integers_are_texts_or_numbers_and_nothing_else() {
    let world = World::new();
    let signed = world.signed_image();
    let index = signed.entries[0].log_index;
    let with_index = |value: Value| {
        bundle(
            &signed
                .bundle_with(Version::V03, |json| json["verificationMaterial"]["tlogEntries"][0]["logIndex"] = value),
        )
    };
    let judge = world.for_signatures();
    judge.accepts(with_index(json!(index)));
    for wrong in
        [json!(-1), json!("-1"), json!(1.5), json!("1e3"), json!(" 1"), json!("18446744073709551616"), json!([])]
    {
        judge.rejects(with_index(wrong), CheckId::BundleFormat);
    }
}
