//! `--output vsa`: the run as a verification summary that somebody signs.

use std::fs;

use serde_json::{Value, json};

use crate::fixtures::{BY_SHOP, GITHUB, LAB, SHOP, check, image};
use crate::program::{Scratch, bonafide, verify};
use crate::report::{list, word};
use crate::shop::{BY_SIGNER, NAME, Shop};
use crate::support::schema;
use crate::support::sigstore::Identity;
use crate::support::statement::{Subject, statement};

const VSA: &str = "https://slsa.dev/verification_summary/v1";
const VERIFIER: &str = "https://acme.example/verifier";

fn arguments<'a>(image: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    ["verify", image].into_iter().chain(LAB).chain(BY_SHOP).chain(more.iter().copied()).collect()
}

#[test]
fn a_summary_says_what_the_run_found_and_which_level_was_derived() {
    for (name, exit, result, level) in [
        ("signed", 0, "PASSED", "SLSA_BUILD_LEVEL_2"),
        ("other-signer", 1, "FAILED", "FAILED"),
        ("unsigned", 4, "FAILED", "FAILED"),
    ] {
        let image = image(name);
        let run = bonafide(&arguments(&image, &["--output", "vsa", "--verifier", VERIFIER]));
        assert_eq!((run.exit, run.stderr.as_str()), (exit, ""));
        let predicate: Value = serde_json::from_str(&run.stdout).expect("a predicate");
        assert_eq!(predicate["resourceUri"], image, "a layout has no name to fetch it by");
        assert_eq!(predicate["verifier"], json!({"id": VERIFIER, "version": {"bonafide": env!("CARGO_PKG_VERSION")}}));
        assert_eq!(predicate["verificationResult"], result);
        assert_eq!(predicate["verifiedLevels"], json!([level]));
        assert_eq!(predicate["policy"]["uri"], "flags");
        assert!(word(&predicate["timeVerified"]).ends_with('Z'));
        let inputs = list(&predicate["inputAttestations"]).len();
        assert_eq!(inputs, if exit == 0 { 3 } else { 0 }, "what satisfied a requirement");
    }
}

/// A provenance that is there and that nothing counts on is no ground for a level.
#[test]
fn a_summary_claims_no_level_where_no_provenance_counts() {
    let image = image("signed");
    let write = ["--output", "vsa", "--verifier", VERIFIER];
    let levels = |more: &[&str]| {
        let run = bonafide(&["verify", &image].into_iter().chain(LAB).chain(more.iter().copied()).collect::<Vec<_>>());
        assert_eq!(run.exit, 0, "{}", run.stderr);
        let predicate: Value = serde_json::from_str(&run.stdout).expect("a predicate");
        predicate["verifiedLevels"].clone()
    };
    let unasked = [&BY_SHOP as &[&str], &["--require", "signature,sbom"], &write].concat();
    assert_eq!(levels(&unasked), json!(["SLSA_BUILD_LEVEL_UNEVALUATED"]));
    let scratch = Scratch::new();
    let rule = "version: 1\nimages:\n  - match: \"**\"\n    signers: [{identity: 'SHOP', issuer: 'GITHUB'}]\n    require: [signature, provenance]\n";
    let rule = &rule.replace("SHOP", SHOP).replace("GITHUB", GITHUB);
    let excepted =
        format!("{rule}    exceptions:\n      - {{require: provenance, until: 2099-01-31, because: it is new}}\n");
    for (text, level) in [(rule as &str, "SLSA_BUILD_LEVEL_2"), (&excepted, "SLSA_BUILD_LEVEL_UNEVALUATED")] {
        let policy = scratch.write("policy.yaml", text);
        assert_eq!(
            levels(&[&["--policy", &policy, "--as", "registry.test/acme/shop"], &write as &[&str]].concat()),
            json!([level])
        );
    }
}

#[test]
fn nothing_is_written_of_what_could_not_be_decided() {
    // No registry is at that port.
    let run = bonafide(&arguments("127.0.0.1:1/acme/shop:1", &["--output", "vsa", "--verifier", VERIFIER]));
    assert_eq!((run.exit, run.stdout.as_str()), (3, ""));
    assert!(run.stderr.contains("no verification summary is written"), "{}", run.stderr);
}

#[test]
fn a_summary_is_of_one_image_and_says_whose_it_is() {
    let image = image("signed");
    for (more, said) in [
        (&["--output", "vsa"] as &[&str], "add `--verifier URI`"),
        (&["--verifier", VERIFIER], "no verification summary is written"),
        (&["--output", "vsa", "--verifier", VERIFIER, "oci:fixtures/images/legacy"], "of one image, and 2 are given"),
        (&["--output", "vsa", "--verifier", "me"], "expected a URI of yours"),
        // A318: a login would be signed, and read by everybody.
        (&["--output", "vsa", "--verifier", "https://u:swordfish@v.example"], "expected a URI without a login"),
        (&["--output", "vsa", "--verifier", "https://swordfish@v.example/x"], "expected a URI without a login"),
        (&["--output", "vsa", "--verifier", "https://acme.example/a b"], "expected a URI of yours"),
    ] {
        let message = bonafide(&arguments(&image, more)).usage_error();
        assert!(message.contains(said), "{more:?}: {message}");
    }
}

/// What one run writes and its verifier signs is what another run asks for.
#[test]
fn a_summary_that_its_verifier_signed_satisfies_whoever_believes_that_verifier() {
    let mut shop = Shop::with_bundles();
    let written = {
        let served = shop.clone().serve();
        let scratch = Scratch::new();
        let file = scratch.path("vsa.json");
        let output = format!("vsa={}", file.display());
        let reference = served.by_tag();
        let trust = ["--trusted-root", &served.root, "--output", &output, "--verifier", VERIFIER];
        let run = bonafide(&["verify", &reference].into_iter().chain(BY_SIGNER).chain(trust).collect::<Vec<_>>());
        assert_eq!((run.exit, run.stdout.as_str()), (0, ""));
        let hint = format!("`cosign attest --type {VSA} --predicate {} {}`", file.display(), served.pinned());
        assert!(run.stderr.contains(&hint), "{}", run.stderr);
        let predicate: Value = serde_json::from_str(&fs::read_to_string(&file).expect("the file")).expect("JSON");
        let name = format!("{}/{NAME}", served.registry.host());
        let digest = shop.digest().replace(':', "%3A");
        let resource = word(&predicate["resourceUri"]).to_owned();
        assert_eq!(resource, format!("pkg:oci/shop@{digest}?repository_url={name}"));
        predicate
    };
    let identity = Identity::github_workflow("acme/verifier", ".github/workflows/verify.yml", "refs/heads/main");
    let top = shop.top();
    let signed = shop.sigstore.signer(&identity).attest(&statement(&Subject::from(&top), VSA, written));
    shop.attach(&top, &signed);
    let served = shop.serve();
    let policy = |resource: &str, levels: &str| {
        served.scratch.write(
            "policy.yaml",
            format!(
                "version: 1\nimages:\n  - match: \"**\"\n    signers: [{{github: acme/verifier}}]\n    require:\n      \
                 vsa: {{verifier: {VERIFIER}, levels: {levels}, resource: \"{resource}\"}}\n"
            ),
        )
    };
    // Each run of a registry has a port of its own, which the name has in it.
    let any_port = "pkg:oci/shop@sha256%3A*?repository_url=127.0.0.1:*/acme/shop";
    let run = |policy: &str| {
        let reference = served.by_tag();
        bonafide(&["verify", &reference, "--policy", policy, "--trusted-root", &served.root])
    };
    let believed = run(&policy(any_port, "SLSA_BUILD_LEVEL_2"));
    assert!(
        believed.stdout.contains("PASSED by https://acme.example/verifier, SLSA_BUILD_LEVEL_2"),
        "{}",
        believed.stdout
    );
    assert_eq!(believed.exit, 0, "{}", believed.stdout);
    let demanding = run(&policy(any_port, "SLSA_BUILD_LEVEL_3"));
    assert_eq!(demanding.exit, 1, "{}", demanding.stdout);
    assert!(demanding.stdout.contains("found     SLSA_BUILD_LEVEL_2"), "{}", demanding.stdout);
}

#[test]
fn an_attestation_may_be_required_by_its_type_alone() {
    let kind = "https://slsa.dev/provenance/v1";
    let signed = check("signed", &[&BY_SHOP, &["--require", kind]]).exits(0);
    assert_eq!(signed.image()["requirements"][0]["id"], format!("attestation {kind}"));
    let missing = check("signed", &[&BY_SHOP, &["--require", "signature,https://acme.example/review/v1"]]).exits(4);
    missing
        .has_lines(&["expected  a signed attestation of type https://acme.example/review/v1"])
        .says("if you made it: `cosign attest --type https://acme.example/review/v1 --predicate FILE IMAGE@DIGEST`");
}

pub(crate) fn complaints(document: &str, said: &Value) -> Vec<String> {
    let schema = serde_json::from_str(&bonafide(&["schema", document]).success()).expect("a schema");
    schema::complaints(&schema, said)
}

/// An image with a summary, a scan, VEX and a review, and a policy that asks for all of them.
#[test]
fn what_each_kind_says_is_in_every_form_of_the_report() {
    let mut shop = Shop::new();
    let top = shop.top();
    let subject = Subject::from(&top);
    let digest = shop.digest().replace(':', "%3A");
    let scan = json!({
        "scanner": {
            "uri": "pkg:github/aquasecurity/trivy@0.50.0", "version": "0.50.0", "db": {"uri": "d", "lastUpdate": "2026-03-01T06:00:00Z"},
            "result": {"SchemaVersion": 2, "Results": [{"Target": "shop", "Class": "os-pkgs", "Vulnerabilities": [
                {"VulnerabilityID": "CVE-1", "PkgName": "busybox", "Severity": "HIGH"}]}]},
        },
        "metadata": {"scanFinishedOn": "2026-03-01T11:00:00Z"},
    });
    let vex = json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "author": "Acme", "timestamp": "2026-03-01T10:00:00Z",
        "statements": [{"vulnerability": {"name": "CVE-1"}, "products": [{"@id": format!("pkg:oci/shop@{digest}")}], "status": "fixed"}],
    });
    let summary = json!({
        "verifier": {"id": VERIFIER}, "timeVerified": "2026-03-01T11:00:00Z", "resourceUri": "shop",
        "policy": {"uri": "https://acme.example/policy", "digest": {"sha256": "ab"}}, "verificationResult": "PASSED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_3"], "dependencyLevels": {"SLSA_BUILD_LEVEL_1": 2},
    });
    for (kind, predicate) in [
        ("https://cosign.sigstore.dev/attestation/vuln/v1", scan),
        ("https://openvex.dev/ns", vex),
        (VSA, summary),
        ("https://acme.example/review/v1", json!({"result": "PASSED"})),
    ] {
        let signed = shop.signer().attest(&statement(&subject, kind, predicate));
        shop.attach(&top, &signed);
    }
    let served = shop.serve();
    let policy = served.scratch.write(
        "policy.yaml",
        format!(
            "version: 1\nimages:\n  - match: \"**\"\n    signers: [{{github: acme/shop}}]\n    require:\n      \
             vsa: {{verifier: {VERIFIER}, levels: SLSA_BUILD_LEVEL_3, resource: shop}}\n      \
             vulnerabilities: {{deny: {{severity: high}}, vex: {{signers: [{{github: acme/shop}}]}}}}\n      \
             attestation: {{type: https://acme.example/review/v1, fields: {{result: PASSED}}}}\n"
        ),
    );
    let trust = ["--trusted-root", served.root.as_str()];
    let reference = served.by_tag();
    let checked = verify(&[&[&reference], &trust, &["--policy", &policy]]).exits(0);
    assert_eq!(complaints("report", &checked.report), Vec::<String>::new());
    checked.has_lines(&[
        "verified   by https://acme.example/verifier at 2026-03-01T11:00:00Z: PASSED",
        "levels     SLSA_BUILD_LEVEL_3",
        "scanner    pkg:github/aquasecurity/trivy@0.50.0 0.50.0, database of 2026-03-01T06:00:00Z",
        "scanned    at 2026-03-01T11:00:00Z: 1 high",
    ]);
    let text = verify(&[&[&reference], &trust, &["--policy", &policy]]).text;
    assert!(text.contains(" not used  https://openvex.dev/ns "), "{text}");
    // The order of candidates, and so their names, depends on their digests.
    let judged = "judged     nothing open of severity high or above: 1 found in all, closed by VEX: CVE-1 (fixed, c";
    assert!(text.contains(judged), "{text}");
    let inspect =
        |more: &[&str]| bonafide(&[&["inspect", reference.as_str()], trust.as_slice(), more].concat()).success();
    assert_eq!(
        complaints("inspection", &serde_json::from_str(&inspect(&["--output", "json"])).expect("JSON")),
        Vec::<String>::new()
    );
    let tree = inspect(&[]);
    for line in [
        "verified    by https://acme.example/verifier at 2026-03-01T11:00:00Z: PASSED",
        "found       1 high",
        "statements  OpenVEX by Acme: 1 fixed",
    ] {
        assert!(tree.contains(line), "{line}\n{tree}");
    }
    let explained = bonafide(&["policy", "explain", &reference, "--policy", &policy]).success();
    for line in [
        "verified by https://acme.example/verifier",
        "nothing open of severity high or above, or unknown",
        "result: PASSED",
    ] {
        assert!(explained.contains(line), "{line}\n{explained}");
    }
}
