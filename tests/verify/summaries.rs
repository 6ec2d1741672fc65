//! Verification summaries: whose they must be, about which image, and what they must say (SLSA `verification_summary.md`).

use bonafide::check::{CheckId, Finding, ImageReport, Outcome, SummaryReport, Verdict};
use bonafide::evidence::Content;
use serde_json::{Value, json};

use crate::policy_files::{finding, judge, policy, policy_with_key, rule};
use crate::support::sigstore::{Identity, Key, Signed, Version};
use crate::support::statement::statement;
use crate::world::{World, bundle};

const VSA: &str = "https://slsa.dev/verification_summary/v1";
const VERIFIER: &str = "https://acme.example/verifier";
const BY_VERIFIER: &str = "signers: [{github: acme/verifier}]";

fn verifier() -> Identity {
    Identity::github_workflow("acme/verifier", ".github/workflows/verify.yml", "refs/heads/main")
}

/// Each level is looked for once: a hundred thousand of them in a list would be five thousand million comparisons.
#[test]
fn a298_levels_of_many_tracks_take_no_longer_than_they_are_long() {
    let world = World::new();
    let mut said = predicate();
    let levels: Vec<String> = (0..300_000).map(|number| format!("SLSA_T{number}_LEVEL_1")).collect();
    said["verifiedLevels"] = json!([&levels[..], &["SLSA_BUILD_LEVEL_3".to_owned()]].concat());
    let signed = world.instance.signer(&verifier()).attest(&statement(&world.subject, VSA, said));
    let rules = policy(&rule(&[
        BY_VERIFIER,
        "require: {vsa: {verifier: 'https://acme.example/verifier', levels: [SLSA_BUILD_LEVEL_3]}}",
    ]));
    assert_eq!(judge(&world, &rules, [bundle(&signed.bundle(Version::V03))]).verdict, Verdict::Verified);
}

fn predicate() -> Value {
    json!({
        "verifier": {"id": VERIFIER, "version": {"bonafide": "0.1.0"}},
        "timeVerified": "2026-03-01T11:00:00Z",
        "resourceUri": "registry.test/acme/shop",
        "policy": {"uri": "https://acme.example/policy.yaml", "digest": {"sha256": "ab".repeat(32)}},
        "inputAttestations": [],
        "verificationResult": "PASSED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_3", "ACME_REVIEWED"],
        "dependencyLevels": {"SLSA_BUILD_LEVEL_2": 7, "SLSA_BUILD_LEVEL_1": 0, "SLSA_SOURCE_LEVEL_1": 3},
        "slsaVersion": "1.0",
    })
}

fn signed(world: &World, predicate_type: &str, predicate: Value) -> Content {
    let signer = world.instance.signer(&verifier()).attest(&statement(&world.subject, predicate_type, predicate));
    bundle(&signer.bundle(Version::V03))
}

/// Judges a summary after `bend` by the good rules and these.
fn judged(world: &World, more: &str, bend: impl FnOnce(&mut Value)) -> ImageReport {
    let mut said = predicate();
    bend(&mut said);
    let require = format!("require: {{vsa: {{verifier: {VERIFIER}, levels: [SLSA_BUILD_LEVEL_2]{more}}}}}");
    judge(world, &policy(&rule(&[BY_VERIFIER, &require])), [signed(world, VSA, said)])
}

#[track_caller]
fn refused(world: &World, more: &str, check: CheckId, bend: impl FnOnce(&mut Value)) -> Finding {
    let report = judged(world, more, bend);
    let refused = finding(&report.requirements[0].findings, check).clone();
    assert_eq!((report.verdict, refused.outcome), (Verdict::Rejected, Outcome::Fail), "{refused:?}");
    assert!(report.candidates[0].section.is_none(), "what is refused is not repeated as if it were known");
    refused
}

#[test]
fn a_summary_of_the_right_verifier_about_this_image_is_enough() {
    let world = World::new();
    let report = judged(&world, "", |_| {});
    assert_eq!(report.verdict, Verdict::Verified);
    assert_eq!((report.requirements[0].id.as_str(), report.requirements[0].kind.as_str()), ("vsa", "vsa"));
    let candidate = &report.candidates[0];
    assert_eq!((candidate.kind.as_str(), candidate.accepted), ("vsa", true));
    let vsa = candidate.says::<SummaryReport>().expect("what it says");
    assert_eq!((vsa.verifier.as_str(), vsa.result.as_str()), (VERIFIER, "PASSED"));
    assert_eq!(vsa.levels, ["SLSA_BUILD_LEVEL_3", "ACME_REVIEWED"]);
}

#[test]
fn a109_a_judgement_that_failed_is_read_and_refused() {
    let world = World::new();
    let finding = refused(&world, "", CheckId::VsaResult, |said| said["verificationResult"] = json!("FAILED"));
    assert_eq!((finding.expected.as_deref(), finding.found.as_deref()), (Some("PASSED"), Some("FAILED")));
    refused(&world, "", CheckId::VsaResult, |said| said["verificationResult"] = json!("passed"));
    let levels = json!(["SLSA_BUILD_LEVEL_3", "FAILED"]);
    refused(&world, "", CheckId::VsaResult, |said| said["verifiedLevels"] = levels);
}

#[test]
fn a110_a_summary_of_another_verifier_is_refused_whoever_signed_it() {
    let world = World::new();
    for other in ["https://acme.example/verifier/", "https://acme.example/staging", "HTTPS://acme.example/verifier"] {
        let finding = refused(&world, "", CheckId::VsaVerifier, |said| said["verifier"]["id"] = json!(other));
        assert_eq!((finding.expected.as_deref(), finding.found.as_deref()), (Some(VERIFIER), Some(other)));
    }
    // The right verifier, and not the signer that the policy pairs it with.
    let require = format!("require: {{vsa: {{verifier: {VERIFIER}, levels: [SLSA_BUILD_LEVEL_2]}}}}");
    let by_shop = policy(&rule(&["signers: [{github: acme/shop}]", &require]));
    let report = judge(&world, &by_shop, [signed(&world, VSA, predicate())]);
    assert_eq!(report.verdict, Verdict::Rejected);
    assert!(report.requirements[0].findings.iter().all(|finding| finding.check != CheckId::VsaVerifier));
}

#[test]
fn a110_a_summary_for_another_image_is_refused() {
    let world = World::new();
    for other in ["registry.test/acme/web", "registry.test/acme/shop:0.9.0", "https://acme.example/shop.tar.gz"] {
        let finding = refused(&world, "", CheckId::VsaResource, |said| said["resourceUri"] = json!(other));
        assert_eq!(finding.found.as_deref(), Some(other));
    }
    for same in ["registry.test/acme/shop:1.0.0", "pkg:oci/shop?repository_url=registry.test%2Facme%2Fshop&tag=1.0.0"] {
        let report = judged(&world, "", |said| said["resourceUri"] = json!(same));
        assert_eq!(report.verdict, Verdict::Verified, "{same}");
    }
    let elsewhere = |said: &mut Value| said["resourceUri"] = json!("https://acme.example/shop/1.0.0");
    assert_eq!(judged(&world, ", resource: https://acme.example/shop/*", elsewhere).verdict, Verdict::Verified);
    refused(&world, ", resource: https://acme.example/web/*", CheckId::VsaResource, elsewhere);
}

#[test]
fn a110_a_lower_level_or_one_of_another_track_is_refused() {
    let world = World::new();
    for lower in [
        json!(["SLSA_BUILD_LEVEL_1"]),
        json!(["SLSA_SOURCE_LEVEL_4"]),
        json!(["SLSA_BUILD_LEVEL_UNEVALUATED"]),
        json!([]),
    ] {
        let finding = refused(&world, "", CheckId::VsaLevels, |said| said["verifiedLevels"] = lower.clone());
        assert_eq!(finding.expected.as_deref(), Some("SLSA_BUILD_LEVEL_2 or above"));
    }
    let two = json!(["SLSA_BUILD_LEVEL_1", "SLSA_BUILD_LEVEL_3"]);
    let finding = refused(&world, "", CheckId::VsaLevels, |said| said["verifiedLevels"] = two);
    assert_eq!(finding.expected.as_deref(), Some("at most one level of SLSA_BUILD"));
}

#[test]
fn dependencies_count_where_the_policy_asks_for_them() {
    let world = World::new();
    let asked = |level: &str| format!(", dependency-levels: {level}");
    assert_eq!(judged(&world, &asked("SLSA_BUILD_LEVEL_2"), |_| {}).verdict, Verdict::Verified);
    let finding = refused(&world, &asked("SLSA_BUILD_LEVEL_3"), CheckId::VsaLevels, |_| {});
    assert_eq!(finding.found.as_deref(), Some("7 at SLSA_BUILD_LEVEL_2"));
    refused(&world, &asked("SLSA_BUILD_LEVEL_1"), CheckId::VsaLevels, |said| said["dependencyLevels"] = json!(null));
    let unevaluated = json!({"SLSA_BUILD_LEVEL_3": 5, "SLSA_BUILD_LEVEL_UNEVALUATED": 1});
    refused(&world, &asked("SLSA_BUILD_LEVEL_1"), CheckId::VsaLevels, |said| said["dependencyLevels"] = unevaluated);
    let failed = json!({"SLSA_BUILD_LEVEL_3": 5, "FAILED": 2});
    let finding =
        refused(&world, &asked("SLSA_BUILD_LEVEL_1"), CheckId::VsaLevels, |said| said["dependencyLevels"] = failed);
    assert_eq!(finding.found.as_deref(), Some("2 at FAILED"));
    let none = judged(&world, &asked("SLSA_BUILD_LEVEL_3"), |said| said["dependencyLevels"] = json!({}));
    assert_eq!(none.verdict, Verdict::Verified, "it is said that there are none");
    refused(&world, &asked("SLSA_BUILD_LEVEL_1"), CheckId::VsaLevels, |said| {
        said["dependencyLevels"] = json!({"SLSA_SOURCE_LEVEL_3": 2});
    });
}

#[test]
fn the_policy_that_the_verifier_applied_may_be_pinned() {
    let world = World::new();
    let digest = "ab".repeat(32);
    let pinned = format!(", policy: {{uri: https://acme.example/*, digest: \"sha256:{digest}\"}}");
    assert_eq!(judged(&world, &pinned, |_| {}).verdict, Verdict::Verified);
    let other = |said: &mut Value| said["policy"]["digest"]["sha256"] = json!("cd".repeat(32));
    let finding = refused(&world, &pinned, CheckId::VsaPolicy, other);
    assert_eq!(finding.found, Some(format!("sha256:{}", "cd".repeat(32))));
    refused(&world, &pinned, CheckId::VsaPolicy, |said| said["policy"]["digest"] = json!(null));
    refused(&world, &pinned, CheckId::VsaPolicy, |said| {
        said["policy"]["uri"] = json!("https://acme.example/lax/policy");
    });
}

/// The signature is from 2026-03-01T12:00:00Z, and it is an hour later.
#[test]
fn an_old_summary_is_refused_and_a_date_in_the_future_does_not_keep_it_fresh() {
    let world = World::new();
    assert_eq!(judged(&world, ", max-age: 2h", |_| {}).verdict, Verdict::Verified);
    let finding = refused(&world, ", max-age: 119m", CheckId::VsaAge, |_| {});
    assert_eq!(finding.found.as_deref(), Some("2026-03-01T11:00:00Z"));
    refused(&world, ", max-age: 2h", CheckId::VsaAge, |said| said["timeVerified"] = json!(null));
    refused(&world, ", max-age: 59m", CheckId::VsaAge, |said| said["timeVerified"] = json!("2036-03-01T11:00:00Z"));
}

/// A key without a log: nobody vouches for the time of the signature.
#[test]
fn a_date_in_the_future_is_refused_where_nobody_says_when_it_was_signed() {
    let world = World::new();
    let key = Key::p256();
    let require = format!("require: {{vsa: {{verifier: {VERIFIER}, levels: [SLSA_BUILD_LEVEL_2], max-age: 2h}}}}");
    let rules = policy_with_key(&rule(&["signers: [{key: {file: cosign.pub, log: not-required}}]", &require]), &key);
    for (time, verdict) in [("2026-03-01T11:00:00Z", Verdict::Verified), ("2036-03-01T11:00:00Z", Verdict::Rejected)] {
        let mut said = predicate();
        said["timeVerified"] = json!(time);
        let signed = world.instance.key_signer(&key).attest(&statement(&world.subject, VSA, said));
        let signed = Signed { entries: Vec::new(), ..signed };
        let report = judge(&world, &rules, [bundle(&signed.bundle(Version::V03))]);
        assert_eq!(report.verdict, verdict, "{time}: {:?}", report.requirements);
    }
}

#[test]
fn a_summary_without_a_required_field_cannot_be_read() {
    let world = World::new();
    for (field, named) in [
        ("/verifier", "`verifier.id` is missing"),
        ("/verifier/id", "`verifier.id` is missing"),
        ("/resourceUri", "`resourceUri` is missing"),
        ("/policy/uri", "`policy.uri` is missing"),
        ("/verificationResult", "`verificationResult` is missing"),
        ("/verifiedLevels", "`verifiedLevels` is missing"),
    ] {
        let nothing = |said: &mut Value| *said.pointer_mut(field).expect("the field") = Value::Null;
        assert_eq!(refused(&world, "", CheckId::VsaFormat, nothing).found.as_deref(), Some(named), "{field}");
    }
    refused(&world, "", CheckId::VsaFormat, |said| said["timeVerified"] = json!("yesterday"));
    refused(&world, "", CheckId::VsaFormat, |said| *said = json!("PASSED"));
    let found = refused(&world, "", CheckId::VsaFormat, |said| *said = json!(null)).found;
    assert_eq!(found.as_deref(), Some("the predicate is missing"));
}

#[test]
fn a_draft_is_named_and_cannot_be_judged() {
    let world = World::new();
    let require = format!("require: {{vsa: {{verifier: {VERIFIER}, levels: [SLSA_BUILD_LEVEL_2]}}}}");
    let rules = policy(&rule(&[BY_VERIFIER, &require]));
    for draft in ["v0.1", "v0.2"] {
        let draft = format!("https://slsa.dev/verification_summary/{draft}");
        let report = judge(&world, &rules, [signed(&world, &draft, predicate())]);
        assert_eq!(report.verdict, Verdict::Undecided);
        let error = finding(&report.requirements[0].findings, CheckId::VsaFormat);
        assert_eq!((error.outcome, error.found.as_deref()), (Outcome::Error, Some(draft.as_str())));
    }
    for other in ["v1.0", "v0.3", "v1/"] {
        let other = format!("https://slsa.dev/verification_summary/{other}");
        let report = judge(&world, &rules, [signed(&world, &other, predicate())]);
        assert_eq!(report.verdict, Verdict::Absent, "{other}");
    }
}

#[test]
fn a_summary_does_not_stand_in_for_a_provenance() {
    let world = World::new();
    let require = policy(&rule(&[BY_VERIFIER, "require: [provenance]"]));
    let report = judge(&world, &require, [signed(&world, VSA, predicate())]);
    assert_eq!(report.verdict, Verdict::Absent);
    assert_eq!(report.requirements[0].findings[0].found.as_deref(), Some(VSA));
    assert!(!report.candidates[0].accepted);
}
