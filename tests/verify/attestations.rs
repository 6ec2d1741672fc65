//! Attestations of any type: exactly the type that the policy names, with what it asks for in their fields.

use bonafide::check::{CheckId, ImageReport, Outcome, Verdict};
use bonafide::evidence::Content;
use serde_json::{Value, json};

use crate::policy_files::{finding, judge, policy, rule};
use crate::support::sigstore::Version;
use crate::support::statement::{SLSA_V1, statement};
use crate::world::{World, attested_as, blob, bundle};

const REVIEW: &str = "https://acme.example/review/v1";
const BY_SHOP: &str = "signers: [{github: acme/shop}]";

fn required(world: &World, attestation: &str, contents: impl IntoIterator<Item = Content>) -> ImageReport {
    let require = format!("require: {{attestation: {attestation}}}");
    judge(world, &policy(&rule(&[BY_SHOP, &require])), contents)
}

fn review(world: &World, fields: &str, predicate: Value) -> ImageReport {
    let attestation = format!("{{type: {REVIEW}, fields: {fields}}}");
    required(world, &attestation, [attested_as(world, REVIEW, predicate)])
}

#[test]
fn a093_another_type_does_not_stand_in_and_is_named() {
    let world = World::new();
    let report = required(
        &world,
        "{type: slsaprovenance1}",
        [bundle(&world.signer().attest(&world.sbom()).bundle(Version::V03))],
    );
    assert_eq!(report.verdict, Verdict::Absent);
    assert_eq!(report.requirements[0].id, format!("attestation {SLSA_V1}"));
    let absent = &report.requirements[0].findings[0];
    assert_eq!((absent.check, absent.found.as_deref()), (CheckId::EvidencePresent, Some("https://spdx.dev/Document")));
    assert!(absent.expected.as_deref().is_some_and(|text| text.ends_with(SLSA_V1)), "{absent:?}");
}

/// Asked for by its type, a provenance is compared with its certificate as any other is.
#[test]
fn a292_provenance_at_odds_with_its_certificate_does_not_satisfy_its_type() {
    let world = World::new();
    let mut lie = world.provenance();
    lie["predicate"]["buildDefinition"]["externalParameters"]["workflow"]["repository"] =
        json!("https://github.com/mallory/shop");
    let lie = bundle(&world.signer().attest(&lie).bundle(Version::V03));
    let truth = bundle(&world.signed_provenance().bundle(Version::V03));
    let by_type = required(&world, "{type: slsaprovenance1}", [lie.clone()]);
    assert_eq!(by_type.verdict, Verdict::Rejected);
    assert!(!by_type.candidates[0].accepted && by_type.candidates[0].section.is_none());
    let by_type = required(&world, "{type: slsaprovenance1}", [truth.clone()]);
    assert_eq!(by_type.verdict, Verdict::Verified);
    assert!(by_type.candidates[0].section.is_some(), "it was judged");
    let both = policy(&rule(&[BY_SHOP, "require: {attestation: {type: slsaprovenance1}, provenance: {}}"]));
    let report = judge(&world, &both, [truth]);
    assert_eq!(report.verdict, Verdict::Verified);
    assert!(report.candidates[0].section.is_some(), "the other requirement judged it");
    let report = judge(&world, &both, [lie]);
    assert_eq!(report.verdict, Verdict::Rejected);
    assert!(report.candidates[0].section.is_none());
}

/// What the checks of each kind refuse, and its honest twin. Fields that hold do not mend it.
#[test]
fn a292_a_known_kind_is_held_against_its_own_checks() {
    const VSA: &str = "https://slsa.dev/verification_summary/v1";
    const VULNS: &str = "https://in-toto.io/attestation/vulns/v0.2";
    const COSIGN_VULN: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";
    const OPENVEX: &str = "https://openvex.dev/ns/v0.2.0";
    let summary = |result: &str, levels: Value| {
        json!({"verifier": {"id": "https://verifier.example"}, "timeVerified": "2026-03-01T12:00:00Z", "resourceUri": "x",
            "policy": {"uri": "https://verifier.example/policy"}, "verificationResult": result, "verifiedLevels": levels})
    };
    let levels = || json!(["SLSA_BUILD_LEVEL_3"]);
    let scan = |result: Value| json!({"scanner": {"uri": "x", "result": result}, "metadata": {}});
    let without = |mut predicate: Value, key: &str| {
        predicate.as_object_mut().expect("an object").remove(key);
        predicate
    };
    let cases = [
        (VSA, summary("PASSED", levels()), Verdict::Verified),
        (VSA, summary("FAILED", levels()), Verdict::Rejected),
        (VSA, summary("PASSED", json!(["FAILED"])), Verdict::Rejected),
        (VSA, summary("PASSED", json!(["SLSA_BUILD_LEVEL_3", "SLSA_BUILD_LEVEL_1"])), Verdict::Rejected),
        (VSA, without(summary("PASSED", levels()), "policy"), Verdict::Rejected),
        (VSA, json!("PASSED"), Verdict::Rejected),
        ("https://slsa.dev/verification_summary/v0.2", summary("PASSED", levels()), Verdict::Undecided),
        (VULNS, scan(json!([])), Verdict::Verified),
        (VULNS, scan(json!([{"id": "CVE-1", "severity": [{"score": "9.8"}]}])), Verdict::Verified),
        (VULNS, scan(json!(null)), Verdict::Undecided),
        (VULNS, scan(json!([{"severity": []}])), Verdict::Undecided),
        (VULNS, json!({"metadata": {}}), Verdict::Rejected),
        (COSIGN_VULN, scan(json!({"matches": []})), Verdict::Verified),
        (COSIGN_VULN, scan(json!({"findings": []})), Verdict::Undecided),
        ("cosign.sigstore.dev/attestation/vuln/v1", scan(json!({"findings": []})), Verdict::Undecided),
        (OPENVEX, json!({"@context": OPENVEX, "author": "a", "statements": []}), Verdict::Verified),
        (OPENVEX, json!({"@context": "https://acme.example", "author": "a", "statements": []}), Verdict::Rejected),
        ("https://spdx.dev/Document", json!({"spdxVersion": "SPDX-2.3"}), Verdict::Rejected),
        ("https://cyclonedx.org/bom", json!({"bomFormat": "CycloneDX"}), Verdict::Rejected),
        ("https://slsa.dev/provenance/v0.2", json!({"buildType": "x"}), Verdict::Rejected),
        ("https://slsa.dev/provenance/v1-rc1", json!({}), Verdict::Undecided),
        ("https://in-toto.io/Link/v1", json!({"verificationResult": "FAILED"}), Verdict::Verified),
    ];
    let world = World::new();
    for (predicate_type, predicate, verdict) in cases {
        let report = required(
            &world,
            &format!("{{type: {predicate_type}}}"),
            [attested_as(&world, predicate_type, predicate.clone())],
        );
        assert_eq!(report.verdict, verdict, "{predicate_type} {predicate} {:?}", report.requirements[0].findings);
    }
    let failed = attested_as(&world, VSA, summary("FAILED", levels()));
    let fields = format!("{{type: '{VSA}', fields: {{verificationResult: FAILED}}}}");
    assert_eq!(required(&world, &fields, [failed]).verdict, Verdict::Rejected);
}

#[test]
fn a094_a_type_is_compared_byte_for_byte() {
    let world = World::new();
    for other in [
        format!("{REVIEW} "),
        format!("{REVIEW}/"),
        format!("{REVIEW}.0"),
        REVIEW.replace("v1", "v10"),
        REVIEW.replace("https", "HTTPS"),
        REVIEW.replace("acme", "Acme"),
    ] {
        let report = required(&world, &format!("{{type: {REVIEW}}}"), [attested_as(&world, &other, json!({}))]);
        assert_eq!(report.verdict, Verdict::Absent, "{other:?}");
    }
    let same = required(&world, &format!("{{type: {REVIEW}}}"), [attested_as(&world, REVIEW, json!({}))]);
    assert_eq!(same.verdict, Verdict::Verified);
    assert_eq!((same.candidates[0].kind.as_str(), same.candidates[0].accepted), ("attestation", true));
}

#[test]
fn a285_the_spelling_of_cosign_1_is_read_and_said_to_be_legacy() {
    let world = World::new();
    for legacy in ["cosign.sigstore.dev/attestation/v1", "https://cosign.sigstore.dev/attestation/v1"] {
        let report = required(&world, "{type: custom}", [attested_as(&world, legacy, json!({"Data": "x"}))]);
        assert_eq!(report.verdict, Verdict::Verified, "{legacy}");
        let said = &report.requirements[0].findings.last().expect("a finding").message;
        assert_eq!(said.contains("legacy spelling"), !legacy.starts_with("https"), "{said}");
    }
    for fuzzy in ["http://cosign.sigstore.dev/attestation/v1", "cosign.sigstore.dev/attestation/v1/"] {
        let report = required(&world, "{type: custom}", [attested_as(&world, fuzzy, json!({}))]);
        assert_eq!(report.verdict, Verdict::Absent, "{fuzzy}");
    }
}

#[test]
fn every_field_must_be_what_the_policy_asks_for() {
    let world = World::new();
    let fields = "{result: PASSED, by.0: 'alice@*', /meta/builder.id: {equals: a}, round: 2, ok: true, \
                  stage: {one-of: [x, y]}, waived: {absent: true}}";
    let good = json!({
        "result": "PASSED", "by": ["alice@acme.example"], "meta": {"builder.id": "a"}, "round": 2, "ok": true, "stage": "y",
    });
    assert_eq!(review(&world, fields, good.clone()).verdict, Verdict::Verified);
    for (pointer, bad, found) in [
        ("/result", json!("FAILED"), "FAILED"),
        ("/result", json!("passed"), "passed"),
        ("/result", json!(null), "nothing there"),
        ("/result", json!(["PASSED"]), "a list"),
        ("/by", json!(["mallory@acme.example", "alice@acme.example"]), "mallory@acme.example"),
        ("/by", json!([]), "nothing there"),
        ("/meta/builder.id", json!({"a": "a"}), "an object"),
        ("/round", json!(2.0), "2.0"),
        ("/ok", json!(false), "false"),
        ("/stage", json!("z"), "z"),
    ] {
        let mut predicate = good.clone();
        *predicate.pointer_mut(pointer).expect("the field") = bad;
        let report = review(&world, fields, predicate);
        assert_eq!(report.verdict, Verdict::Rejected, "{pointer}");
        let refused = finding(&report.requirements[0].findings, CheckId::AttestationFields);
        assert_eq!((refused.outcome, refused.found.as_deref()), (Outcome::Fail, Some(found)), "{pointer}");
        assert_eq!(report.candidates[0].reason.as_deref(), Some(refused.message.as_str()));
    }
    let mut waived = good;
    waived["waived"] = json!("by the boss");
    assert_eq!(review(&world, fields, waived).verdict, Verdict::Rejected);
}

#[test]
fn a_file_that_cosign_wrapped_in_a_text_is_read_by_its_fields() {
    let world = World::new();
    let wrapped = |data: &str| json!({"Data": data, "Timestamp": "2026-03-01T12:00:00Z"});
    let asked = "{type: custom, fields: {Data.result: PASSED}}";
    let verdict = |data: &str| {
        let attested = attested_as(&world, "https://cosign.sigstore.dev/attestation/v1", wrapped(data));
        required(&world, asked, [attested]).verdict
    };
    assert_eq!(verdict(r#"{"result": "PASSED"}"#), Verdict::Verified);
    for bad in [r#"{"result": "FAILED"}"#, r#"{"result": "PASSED", "result": "PASSED"}"#, "PASSED", ""] {
        assert_eq!(verdict(bad), Verdict::Rejected, "{bad}");
    }
}

#[test]
fn each_of_several_is_required_and_none_lends_its_fields_to_another() {
    let world = World::new();
    let both = format!(
        "[{{type: {REVIEW}, name: first, fields: {{a: x}}}}, {{type: {REVIEW}, name: second, fields: {{b: y}}}}]"
    );
    let with = |predicates: &[Value]| {
        let contents: Vec<Content> = predicates.iter().map(|one| attested_as(&world, REVIEW, one.clone())).collect();
        required(&world, &both, contents)
    };
    let report = with(&[json!({"a": "x"})]);
    let verdicts: Vec<(&str, Verdict)> = report.requirements.iter().map(|one| (one.id.as_str(), one.verdict)).collect();
    assert_eq!(verdicts, [("attestation first", Verdict::Verified), ("attestation second", Verdict::Rejected)]);
    assert_eq!(with(&[json!({"a": "x"}), json!({"b": "y"})]).verdict, Verdict::Verified);
    assert_eq!(with(&[json!({"a": "x", "b": "y"})]).verdict, Verdict::Verified);
    let one = format!("{{type: {REVIEW}, fields: {{a: x, b: y}}}}");
    let apart = [json!({"a": "x"}), json!({"b": "y"})].map(|predicate| attested_as(&world, REVIEW, predicate));
    assert_eq!(required(&world, &one, apart).verdict, Verdict::Rejected, "one candidate must have all of it");
}

#[test]
fn provenance_may_be_asked_for_by_its_type_and_fields_too() {
    let world = World::new();
    let asked = |fields: &str| format!("{{type: slsaprovenance1, fields: {fields}}}");
    let provenance = || [bundle(&world.signed_provenance().bundle(Version::V03))];
    let builder = format!("{{runDetails.builder.id: \"{}\"}}", world.build.builder);
    assert_eq!(required(&world, &asked(&builder), provenance()).verdict, Verdict::Verified);
    let other = required(&world, &asked("{runDetails.builder.id: https://acme.example/other}"), provenance());
    assert_eq!(other.verdict, Verdict::Rejected);
}

#[test]
fn what_nobody_signed_or_another_signed_satisfies_nothing() {
    let world = World::new();
    let asked = format!("{{type: {REVIEW}}}");
    let said = statement(&world.subject, REVIEW, json!({}));
    let unsigned = required(&world, &asked, [Content::UnsignedStatement(blob(said.to_string()))]);
    assert_eq!(unsigned.verdict, Verdict::Absent);
    assert_eq!(unsigned.requirements[0].findings[0].found, Some(format!("{REVIEW} (unsigned)")));
    let require = format!("require: {{attestation: {asked}}}");
    let others = policy(&rule(&["signers: [{github: acme/web}]", &require]));
    assert_eq!(judge(&world, &others, [attested_as(&world, REVIEW, json!({}))]).verdict, Verdict::Rejected);
}

/// Nothing in a policy turns on that something is *not* attached, which whoever serves it could bring about.
#[test]
fn a111_withholding_an_attestation_never_verifies_an_image() {
    let world = World::new();
    for fields in ["{waived: {absent: true}}", "{result: PASSED}"] {
        let report = required(&world, &format!("{{type: {REVIEW}, fields: {fields}}}"), []);
        assert_eq!(report.verdict, Verdict::Absent, "{fields}");
    }
}

#[test]
fn an_attestation_that_no_requirement_asks_for_is_listed_and_counts_for_nothing() {
    let world = World::new();
    let report = required(
        &world,
        &format!("{{type: {REVIEW}}}"),
        [attested_as(&world, REVIEW, json!({})), attested_as(&world, "https://acme.example/other/v1", json!({}))],
    );
    let other = report.candidates.iter().find(|one| one.predicate_type.as_deref() != Some(REVIEW)).expect("the other");
    assert!(!other.accepted);
    assert_eq!(other.reason.as_deref(), Some("signed, but of a kind that is not required"));
}
