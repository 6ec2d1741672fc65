//! Test results: what a run must say of itself, of its tests and of its configuration (in-toto `test-result.md`).

use bonafide::check::{CheckId, Finding, ImageReport, Outcome, Verdict};
use bonafide::evidence::Content;
use serde_json::{Value, json};

use crate::policy_files::{judge, policy, rule};
use crate::support::sigstore::Version;
use crate::support::statement::statement;
use crate::world::{World, bundle};

const TEST_RESULT: &str = "https://in-toto.io/attestation/test-result/v0.1";
const BY_SHOP: &str = "signers: [{github: acme/shop}]";
const BLOB: &str = "ebe4add40f63c3c98bc9b32ff1e736f04120b023";

fn predicate() -> Value {
    json!({
        "result": "PASSED",
        "configuration": [{"name": ".github/workflows/ci.yml", "digest": {"gitBlob": BLOB}}],
        "url": "https://github.com/acme/shop/actions/runs/1",
        "passedTests": ["unit", "build (linux/amd64)", "build (linux/arm64)"],
        "warnedTests": [],
        "failedTests": [],
    })
}

fn signed(world: &World, said: Value) -> Content {
    bundle(&world.signer().attest(&statement(&world.subject, TEST_RESULT, said)).bundle(Version::V03))
}

/// Judges a test result after `bend` by these rules.
fn judged(rules: &str, bend: impl FnOnce(&mut Value)) -> ImageReport {
    let world = World::new();
    let mut said = predicate();
    bend(&mut said);
    let require = format!("require: {{test-result: {{{rules}}}}}");
    judge(&world, &policy(&rule(&[BY_SHOP, &require])), [signed(&world, said)])
}

fn accepted(rules: &str, bend: impl FnOnce(&mut Value)) {
    let report = judged(rules, bend);
    assert_eq!(report.verdict, Verdict::Verified, "{rules}: {:#?}", report.requirements);
}

fn refused(rules: &str, check: CheckId, bend: impl FnOnce(&mut Value)) -> Finding {
    let report = judged(rules, bend);
    assert_eq!(report.verdict, Verdict::Rejected, "{rules}");
    let obstacle = report.candidates[0].findings.iter().find(|finding| finding.is_blocking());
    let obstacle = obstacle.expect("an obstacle").clone();
    assert_eq!((obstacle.check, obstacle.outcome), (check, Outcome::Fail), "{obstacle:?}");
    assert!(report.candidates[0].section.is_none(), "what is refused is not repeated as if it were known");
    obstacle
}

#[test]
fn a_run_that_passed_satisfies_the_name_alone() {
    let world = World::new();
    let required = policy(&rule(&[BY_SHOP, "require: [test-result]"]));
    let report = judge(&world, &required, [signed(&world, predicate())]);
    assert_eq!(report.verdict, Verdict::Verified);
    let said = serde_json::to_value(&report.candidates[0]).expect("a report");
    assert_eq!((&said["kind"], &said["test-result"]["passed"]), (&json!("test-result"), &json!(3)));
}

#[test]
fn a_result_worse_than_the_policy_allows_is_refused() {
    let outcome = CheckId::TestResultOutcome;
    let ended = |result: &'static str| move |said: &mut Value| said["result"] = json!(result);
    refused("", outcome, ended("WARNED"));
    let found = refused("", outcome, ended("FAILED")).found;
    assert_eq!(found.as_deref(), Some("3 tests passed, 0 with warnings, 0 failed"));
    refused("result: WARNED", outcome, ended("FAILED"));
    accepted("result: WARNED", ended("WARNED"));
    accepted("result: FAILED, tests: unit", ended("FAILED"));
}

#[test]
fn a_result_that_is_missing_unknown_or_of_another_type_is_refused() {
    let format = CheckId::TestResultFormat;
    for result in [json!(null), json!("passed"), json!("SKIPPED"), json!(""), json!(true), json!(["PASSED"]), json!({})]
    {
        refused("result: FAILED, tests: unit", format, |said| said["result"] = result);
    }
    refused("", format, |said| drop(said.as_object_mut().expect("an object").remove("result")));
    for configuration in [json!(null), json!("ci.yml"), json!(["ci.yml"]), json!([{"name": 7}]), json!([["ci.yml"]])] {
        refused("", format, |said| said["configuration"] = configuration);
    }
    for list in ["passedTests", "warnedTests", "failedTests"] {
        for tests in [json!("unit"), json!({"unit": true}), json!([7]), json!([null])] {
            refused("tests: unit", format, |said| said[list] = tests);
        }
    }
    let found = refused("", format, |said| *said = json!(null)).found;
    assert_eq!(found.as_deref(), Some("the predicate is missing"));
}

#[test]
fn a_result_that_its_own_lists_contradict_is_refused() {
    let outcome = CheckId::TestResultOutcome;
    let found = refused("", outcome, |said| said["failedTests"] = json!(["e2e"])).found;
    assert_eq!(found.as_deref(), Some("PASSED, with 3 tests passed, 0 with warnings, 1 failed"));
    refused("", outcome, |said| said["warnedTests"] = json!(["e2e"]));
    refused("result: FAILED, tests: unit", outcome, |said| {
        said["result"] = json!("WARNED");
        said["failedTests"] = json!(["e2e"]);
    });
    // Asked for by its type, it is held against its own checks too (A292).
    let world = World::new();
    let by_type = policy(&rule(&[BY_SHOP, &format!("require: {{attestation: {{type: {TEST_RESULT}}}}}")]));
    let mut lie = predicate();
    lie["failedTests"] = json!(["e2e"]);
    assert_eq!(judge(&world, &by_type, [signed(&world, lie)]).verdict, Verdict::Rejected);
    assert_eq!(judge(&world, &by_type, [signed(&world, predicate())]).verdict, Verdict::Verified);
}

#[test]
fn every_test_that_the_policy_names_must_have_passed() {
    let tests = CheckId::TestResultTests;
    accepted("tests: [unit, 'build (**']", |_| {});
    let missing = refused("tests: [unit, e2e]", tests, |_| {});
    assert_eq!(missing.message, "a required test is not in the test result");
    // One that failed is not made good by another that passed, nor by its own name in the other list.
    let failed = |said: &mut Value| {
        said["result"] = json!("FAILED");
        said["failedTests"] = json!(["build (linux/s390x)", "unit"]);
    };
    let found = refused("result: FAILED, tests: 'build (**'", tests, failed).found;
    assert_eq!(found.as_deref(), Some("build (linux/s390x)"));
    refused("result: FAILED, tests: unit", tests, failed);
    accepted("result: FAILED, tests: 'build (linux/a*'", failed);
    let warned = |said: &mut Value| {
        said["result"] = json!("WARNED");
        said["passedTests"] = json!([]);
        said["warnedTests"] = json!(["unit"]);
    };
    accepted("result: WARNED, tests: unit", warned);
    refused("tests: unit", CheckId::TestResultOutcome, warned);
    refused("tests: unit", tests, |said| drop(said.as_object_mut().expect("an object").remove("passedTests")));
}

#[test]
fn the_configuration_is_known_by_its_name_and_digest() {
    let configuration = CheckId::TestResultConfiguration;
    accepted("configuration: .github/workflows/*.yml", |_| {});
    accepted(&format!("configuration: {{name: .github/workflows/ci.yml, digest: 'gitBlob:{BLOB}'}}"), |_| {});
    let other = format!("configuration: {{name: .github/workflows/ci.yml, digest: 'gitBlob:{}'}}", "0".repeat(40));
    let found = refused(&other, configuration, |_| {}).found;
    assert_eq!(found.as_deref(), Some(".github/workflows/ci.yml"));
    refused("configuration: release.yml", configuration, |_| {});
    refused("configuration: '**'", configuration, |said| said["configuration"] = json!([]));
    let sha256 = format!("configuration: {{name: '**', digest: 'sha256:{}'}}", "0".repeat(64));
    refused(&sha256, configuration, |_| {});
}

#[test]
fn without_a_test_result_there_is_none_and_with_a_gap_it_is_not_known() {
    let world = World::new();
    let required = policy(&rule(&[BY_SHOP, "require: [test-result]"]));
    let absent = judge(&world, &required, [bundle(&world.signed_provenance().bundle(Version::V03))]);
    assert_eq!(absent.verdict, Verdict::Absent);
    let finding = &absent.requirements[0].findings[0];
    assert_eq!((finding.check, finding.outcome), (CheckId::EvidencePresent, Outcome::Skip));
    let unread = Content::Unread { media_type: "application/vnd.in-toto+json".to_owned(), bytes: 1 << 30 };
    assert_eq!(judge(&world, &required, [unread]).verdict, Verdict::Undecided);
    // Of a newer version, this program is the older one (A309).
    let newer = statement(&world.subject, "https://in-toto.io/attestation/test-result/v0.2", predicate());
    let newer = bundle(&world.signer().attest(&newer).bundle(Version::V03));
    assert_eq!(judge(&world, &required, [newer]).verdict, Verdict::Undecided);
    // Nobody requires it here, so it is shown and not used.
    let other = policy(&rule(&[BY_SHOP, "require: [provenance]"]));
    let report = judge(&world, &other, [signed(&world, predicate())]);
    assert_eq!((report.verdict, report.candidates[0].accepted), (Verdict::Absent, false));
    assert_eq!(report.candidates[0].state().as_str(), "not used");
}
