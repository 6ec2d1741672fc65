//! In-toto statements: what they are about and what they claim to be (G5).

use bonafide::check::{CheckId, SbomReport, Verdict};
use bonafide::evidence::Content;
use bonafide::policy::Requirement;
use serde_json::{Value, json};

use crate::forge::other_image;
use crate::support::sigstore::Version;
use crate::support::statement::{Subject, cosign_signature, slsa_v1};
use crate::world::{ENVELOPE_ENTRIES, World, attested, bundle, legacy, logged_as};

fn with_subjects(world: &World, subjects: Value) -> Content {
    let mut statement = world.provenance();
    statement["subject"] = subjects;
    attested(world, &statement)
}

#[test]
fn a093_an_sbom_is_no_provenance_and_what_is_there_is_named() {
    let world = World::new();
    let report = world.for_provenance().judge([attested(&world, &world.sbom())]);
    assert_eq!(report.verdict, Verdict::Absent);
    let finding = &report.requirements[0].findings[0];
    assert_eq!(finding.check, CheckId::EvidencePresent);
    assert_eq!(finding.found.as_deref(), Some("https://spdx.dev/Document"));
    assert!(report.candidates[0].accepted, "it is good, for what it is");
}

#[test]
fn a094_predicate_types_that_are_nearly_right_are_something_else() {
    let world = World::new();
    for near in [
        "https://slsa.dev/provenance/v1 ",
        "HTTPS://slsa.dev/provenance/v1",
        "https://SLSA.dev/provenance/v1",
        "https://slsa.dev/provenance/v1.0",
        "https://slsa.dev/provenance/v1/",
        "https://slsa.dev/provenance/v1?draft",
    ] {
        let mut statement = world.provenance();
        statement["predicateType"] = json!(near);
        let report = world.for_provenance().judge([attested(&world, &statement)]);
        assert_eq!(report.verdict, Verdict::Absent, "{near}");
        assert_eq!(report.candidates[0].kind.as_str(), "attestation");
        assert_eq!(report.requirements[0].findings[0].found.as_deref(), Some(near));
    }
}

#[test]
fn a094_a_draft_of_slsa_is_provenance_that_cannot_be_decided() {
    let world = World::new();
    let mut statement = world.provenance();
    statement["predicateType"] = json!("https://slsa.dev/provenance/v0.1");
    let finding = world.for_provenance().cannot_decide(attested(&world, &statement), CheckId::ProvenanceFormat);
    assert_eq!(finding.found.as_deref(), Some("https://slsa.dev/provenance/v0.1"));
}

#[test]
fn a095_only_two_versions_of_the_statement_are_known() {
    let world = World::new();
    for (kind, known) in [
        ("https://in-toto.io/Statement/v1", true),
        ("https://in-toto.io/Statement/v0.1", true),
        ("https://in-toto.io/Statement/v1.0", false),
        ("https://evil.example/Statement/v1", false),
        ("", false),
    ] {
        let mut statement = world.provenance();
        statement["_type"] = json!(kind);
        let content = attested(&world, &statement);
        if known {
            world.for_provenance().accepts(content);
        } else {
            let finding = world.for_provenance().rejects(content, CheckId::PayloadFormat);
            assert_eq!(finding.found.as_deref(), Some(kind));
        }
    }
}

#[test]
fn a097_a_statement_about_nothing_is_refused() {
    let world = World::new();
    for subjects in [json!([]), json!(null), json!([{"digest": {}}]), json!([{"digest": {}}, {"digest": {}}])] {
        world.for_provenance().rejects(with_subjects(&world, subjects), CheckId::SubjectDigest);
    }
    for malformed in [json!([null]), json!({}), json!("sha256"), json!([{"digest": []}])] {
        world.for_provenance().rejects(with_subjects(&world, malformed), CheckId::PayloadFormat);
    }
    let mut statement = world.provenance();
    statement.as_object_mut().expect("an object").remove("subject");
    world.for_provenance().rejects(attested(&world, &statement), CheckId::SubjectDigest);
}

#[test]
fn a098_a_name_is_no_digest() {
    let world = World::new();
    let (_, other) = other_image();
    let same_name = Subject::new(&world.subject.name, &other.digest);
    for kind in ENVELOPE_ENTRIES {
        let signed = logged_as(world.signer(), kind).attest(&slsa_v1(&same_name, &world.build));
        let finding = world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::SubjectDigest);
        assert_eq!(finding.expected, Some(world.image.to_string()));
        assert_eq!(finding.found.as_deref(), Some(other.digest.as_str()));
    }
    let signed = world.signer().attest(&slsa_v1(&same_name, &world.build));
    world.for_provenance().rejects(legacy(signed.legacy_layer()), CheckId::SubjectDigest);
}

#[test]
fn a098_a_signature_on_another_image_is_refused() {
    let world = World::new();
    let (_, other) = other_image();
    let content = attested(&world, &cosign_signature(&other));
    world.for_signatures().rejects(content, CheckId::SubjectDigest);
}

#[test]
fn a099_a_digest_under_another_algorithm_is_no_match() {
    let world = World::new();
    for algorithm in ["sha512", "gitCommit", "md5", "SHA256", "sha-256"] {
        let subjects = json!([{"digest": {algorithm: world.subject.hex()}}]);
        world.for_provenance().rejects(with_subjects(&world, subjects), CheckId::SubjectDigest);
    }
    let both = json!([{"digest": {"md5": "00", "sha256": world.subject.hex()}}]);
    world.for_provenance().accepts(with_subjects(&world, both));
}

#[test]
fn a101_digests_are_compared_as_bytes() {
    let world = World::new();
    let hex = world.subject.hex();
    let under = |value: &str| with_subjects(&world, json!([{"digest": {"sha256": value}}]));
    world.for_provenance().accepts(under(&hex.to_uppercase()));
    let base64 = crate::support::json::base64(world.image.bytes());
    for wrong in [format!("sha256:{hex}"), base64, hex[..62].to_owned(), format!("{hex}00"), format!(" {hex}")] {
        world.for_provenance().rejects(under(&wrong), CheckId::SubjectDigest);
    }
}

#[test]
fn a102_any_subject_may_match() {
    let world = World::new();
    let (_, other) = other_image();
    let subjects = json!([other.to_json(), world.subject.to_json(), other.to_json()]);
    for kind in ENVELOPE_ENTRIES {
        let mut statement = world.provenance();
        statement["subject"] = subjects.clone();
        let signed = logged_as(world.signer(), kind).attest(&statement);
        world.for_provenance().accepts(bundle(&signed.bundle(Version::V03)));
    }
}

/// statement.md: each element "MUST have a `digest`". Which log the statement is in makes no difference.
#[test]
fn a097_a_subject_without_a_digest_spoils_the_statement_whatever_logged_it() {
    let world = World::new();
    for nameless in [json!({"name": "x"}), json!({"name": "x", "digest": null})] {
        for kind in ENVELOPE_ENTRIES {
            for subjects in [json!([nameless]), json!([world.subject.to_json(), nameless])] {
                let mut statement = world.provenance();
                statement["subject"] = subjects;
                let signed = logged_as(world.signer(), kind).attest(&statement);
                world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::PayloadFormat);
            }
        }
    }
}

#[test]
fn a103_too_many_subjects_or_digests_cannot_be_decided() {
    let world = World::new();
    let (_, other) = other_image();
    let mut subjects = vec![other.to_json(); 1023];
    subjects.push(world.subject.to_json());
    world.for_provenance().accepts(with_subjects(&world, json!(subjects)));
    subjects.push(world.subject.to_json());
    let finding = world.for_provenance().cannot_decide(with_subjects(&world, json!(subjects)), CheckId::PayloadFormat);
    assert!(finding.message.contains("1024"), "{finding:?}");

    let mut digests = world.subject.to_json();
    for number in 0..32 {
        digests["digest"][format!("md{number}")] = json!("00");
    }
    world.for_provenance().cannot_decide(with_subjects(&world, json!([digests])), CheckId::PayloadFormat);
}

#[test]
fn a105_a_statement_about_the_index_is_not_about_a_platform_it_is_attached_to() {
    let world = World::new();
    let (platform, _) = other_image();
    let content = bundle(&world.signed_provenance().bundle(Version::V03));
    world.for_provenance().on(&platform).rejects(content, CheckId::SubjectDigest);
}

#[test]
fn a106_an_sbom_in_a_text_is_read_and_another_format_is_unsupported() {
    let world = World::new();
    let mut statement = world.sbom();
    let document = statement["predicate"].to_string();
    statement["predicate"] = json!(document);
    let report = world.for_sboms().accepts(attested(&world, &statement));
    assert_eq!(report.says::<SbomReport>().expect("an SBOM").format, "SPDX-2.3");

    statement["predicate"] = json!("SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n");
    let finding = world.for_sboms().cannot_decide(attested(&world, &statement), CheckId::SbomFormat);
    assert!(finding.found.expect("a reason").contains("tag-value"));

    let twice = document.replacen('{', r#"{"spdxVersion":"SPDX-2.2","#, 1);
    statement["predicate"] = json!(twice);
    let finding = world.for_sboms().rejects(attested(&world, &statement), CheckId::SbomFormat);
    assert!(finding.found.expect("a reason").contains("duplicate key"));
}

#[test]
fn a107_duplicate_keys_are_refused() {
    let world = World::new();
    let good = world.provenance().to_string();
    let (_, other) = other_image();
    for (key, twin) in [
        (r#""subject":"#, format!(r#""subject":[{}],"subject":"#, other.to_json())),
        (r#""predicateType":"#, r#""predicateType":"https://spdx.dev/Document","predicateType":"#.to_owned()),
        (r#""predicate":"#, r#""predicate":{},"predicate":"#.to_owned()),
        (r#""buildType":"#, r#""buildType":"x","buildType":"#.to_owned()),
        (r#""sha256":"#, r#""sha256":"00","sha256":"#.to_owned()),
    ] {
        let text = good.replacen(key, &twin, 1);
        assert_ne!(text, good);
        let signed = world.signer().sign_payload(text.as_bytes());
        let content = bundle(&signed.bundle(Version::V03));
        let finding = world.for_provenance().rejects(content, CheckId::PayloadFormat);
        assert!(finding.found.expect("a reason").contains("duplicate key"));
    }
}

/// What cannot be read may have been any of the three, so none of them is merely absent.
#[test]
fn a_payload_that_is_no_statement_concerns_every_requirement() {
    let world = World::new();
    for payload in [b"".as_slice(), b"null", b"[]", b"{}", b"\xff\xfe", b"{\"predicateType\":7}"] {
        for kind in ENVELOPE_ENTRIES {
            let signed = logged_as(world.signer(), kind).sign_payload(payload);
            for requirement in Requirement::DEFAULT {
                let content = bundle(&signed.bundle(Version::V03));
                world.requiring(requirement).rejects(content, CheckId::PayloadFormat);
            }
        }
    }
}

#[test]
fn a109_an_attestation_of_another_kind_is_named_and_satisfies_nothing() {
    let world = World::new();
    let mut statement = world.provenance();
    statement["predicateType"] = json!("https://slsa.dev/verification_summary/v1");
    statement["predicate"] = json!({"verificationResult": "PASSED"});
    let report = world.requiring_all(&Requirement::DEFAULT).judge([attested(&world, &statement)]);
    assert_eq!(report.verdict, Verdict::Absent);
    assert!(!report.candidates[0].accepted);
    assert_eq!(report.candidates[0].kind.as_str(), "vsa");
    assert!(report.candidates[0].signer.is_some(), "who signed it is known all the same");
}
