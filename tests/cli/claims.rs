//! Flags about the claims of a certificate, named as cosign and gh name them: each passes, fails, and fails where the
//! certificate says nothing (A202).

use crate::fixtures::{BUILDERS, BY_SHOP, COMMIT, GITHUB, SHOP, check};
use crate::program::{Checked, bonafide, verify};
use crate::report::{finding, requirement, verdicts, word};
use crate::shop::{BY_SIGNER, Shop};
use crate::support::sigstore::Identity;

const SIGNATURE: [&str; 2] = ["--require", "signature"];

/// Asserts that the signature was refused by this check, and what the certificate says instead.
#[track_caller]
fn rejected_by(checked: Checked, check: &str, found: &str) {
    let checked = checked.exits(1);
    assert_eq!(verdicts(checked.image())[0], "rejected");
    let refused = finding(requirement(checked.image(), "signature"), check);
    assert_eq!((word(&refused["outcome"]), word(&refused["found"])), ("fail", found), "{refused:#}");
    assert!(refused["next"].is_string(), "what to do about it: {refused:#}");
}

/// An image of a signer whose certificate lacks these claims.
#[track_caller]
fn silent(arcs: &[u32], flags: &[&str]) -> Checked {
    let mut shop = Shop::new();
    shop.identity = arcs.iter().fold(shop.identity.clone(), |identity, arc| Identity::without_claim(identity, *arc));
    let top = shop.top();
    let signed = shop.signature(&top);
    shop.attach(&top, &signed);
    shop.serve().verify(&[&SIGNATURE, flags].concat())
}

#[test]
fn a202_claims_of_github_workflows_pass_fail_and_are_missed() {
    let cases: [(&str, &str, &str, &str, &[u32]); 5] = [
        ("--certificate-github-workflow-trigger", "push", "pull_request_target", "push", &[20, 2]),
        ("--certificate-github-workflow-sha", COMMIT, "0000000000000000000000000000000000000000", COMMIT, &[13, 3]),
        ("--certificate-github-workflow-name", "release", "nightly", "release", &[4]),
        (
            "--certificate-github-workflow-repository",
            "acme/shop",
            "acme/fork",
            "https://github.com/acme/shop",
            &[12, 5],
        ),
        ("--certificate-github-workflow-ref", "refs/tags/v1.0.0", "refs/heads/main", "refs/tags/v1.0.0", &[14, 6]),
    ];
    for (flag, good, bad, found, arcs) in cases {
        check("signed", &[&BY_SHOP, &[flag, good]]).exits(0);
        rejected_by(check("signed", &[&BY_SHOP, &SIGNATURE, &[flag, bad]]), "signer-claims", found);
        // Not by a part of it, and not by a pattern.
        rejected_by(check("signed", &[&BY_SHOP, &SIGNATURE, &[flag, &good[..good.len() - 1]]]), "signer-claims", found);
        rejected_by(check("signed", &[&BY_SHOP, &SIGNATURE, &[flag, "**"]]), "signer-claims", found);
        rejected_by(silent(arcs, &[flag, good]), "signer-claims", "nothing");
    }
}

#[test]
fn a202_the_older_claim_answers_for_the_newer() {
    silent(&[20], &["--certificate-github-workflow-trigger", "push"]).exits(0);
    silent(&[12], &["--certificate-github-workflow-repository", "acme/shop"]).exits(0);
}

#[test]
fn a201_runners_of_ones_own_are_refused_where_they_are_denied() {
    check("signed", &[&BY_SHOP, &["--deny-self-hosted-runners"]]).exits(0);
    let mut shop = Shop::new();
    shop.identity = shop.identity.claim(11, "self-hosted");
    let top = shop.top();
    let signed = shop.signature(&top);
    shop.attach(&top, &signed);
    let served = shop.serve();
    served.verify(&SIGNATURE).exits(0);
    rejected_by(
        served.verify(&[&SIGNATURE[..], &["--deny-self-hosted-runners"]].concat()),
        "signer-claims",
        "self-hosted",
    );
    rejected_by(silent(&[11], &["--deny-self-hosted-runners"]), "signer-claims", "nothing");
    let mallory =
        ["--certificate-identity", "mallory@evil.example", "--certificate-oidc-issuer", "https://accounts.lab.example"];
    check("other-signer", &[&mallory, &SIGNATURE]).exits(0);
    rejected_by(
        check("other-signer", &[&mallory, &SIGNATURE, &["--deny-self-hosted-runners"]]),
        "signer-claims",
        "nothing",
    );
}

#[test]
fn a183_a186_a189_expressions_match_the_whole_identity_or_nothing() {
    let by = |pattern: &str| {
        let flags = ["--certificate-identity-regexp", pattern, "--certificate-oidc-issuer", GITHUB];
        check("signed", &[&flags, &SIGNATURE])
    };
    for good in [
        r"https://github\.com/acme/shop/\.github/workflows/release\.yml@refs/tags/v\d+\.\d+\.\d+",
        "(https://github.com/acme/shop/).*",
        "evil|https://github.com/acme/.*",
        "^https://github.com/acme/.*$",
    ] {
        by(good).exits(0);
    }
    for bad in [
        "https://github.com/acme/shop",
        "acme/shop",
        "^https://github.com/acme|evil$",
        r"https://github\.com/acme/shop/\.github/workflows/release\.yml@refs/tags/v1\.0",
        "(?m)^https://github.com/acme/.*acme$",
    ] {
        rejected_by(by(bad), "signer-identity", SHOP);
    }
}

#[test]
fn a190_expressions_match_the_whole_issuer_or_nothing() {
    let by = |pattern: &str| {
        check("signed", &[&["--certificate-identity", SHOP, "--certificate-oidc-issuer-regexp", pattern], &SIGNATURE])
    };
    by(r"https://token\.actions\.githubusercontent\.com(/.*)?").exits(0);
    for bad in ["https://token", "githubusercontent", r"https://token\.actions\.githubusercontent\.com/.*"] {
        rejected_by(by(bad), "signer-issuer", GITHUB);
    }
}

#[test]
fn a187_an_expression_that_cannot_be_used_is_a_usage_error() {
    for (flag, beside) in [
        ("--certificate-identity-regexp", ["--certificate-oidc-issuer", GITHUB]),
        ("--certificate-oidc-issuer-regexp", ["--certificate-identity", SHOP]),
    ] {
        for pattern in ["(", "(?!x)y", "((((x{99}){99}){99}){99})", &"x".repeat(5000)] {
            let message = bonafide(&["verify", "ghcr.io/a/b", flag, pattern, beside[0], beside[1]]).usage_error();
            assert!(message.contains(flag) && message.contains("match the whole text"), "{message}");
        }
    }
}

#[test]
fn a189_an_expression_beside_a_text_is_refused_and_never_ignored() {
    for (one, other) in [
        ("--certificate-identity", "--certificate-identity-regexp"),
        ("--certificate-oidc-issuer", "--certificate-oidc-issuer-regexp"),
    ] {
        let message = bonafide(&["verify", "ghcr.io/a/b", one, "x", other, "y"]).usage_error();
        assert!(message.contains(&format!("{one} and {other} are both given")), "{message}");
    }
}

#[test]
fn the_workflow_that_must_have_signed_is_one_file() {
    let by = |workflow: &str| check("signed", &[&["--repo", "acme/shop", "--signer-workflow", workflow], &SIGNATURE]);
    for good in [
        "acme/shop/.github/workflows/release.yml",
        "github.com/acme/shop/.github/workflows/release.yml",
        "Acme/Shop/.github/workflows/release.yml@refs/tags/v1.0.0",
    ] {
        by(good).exits(0);
    }
    for bad in [
        "acme/shop/.github/workflows/nightly.yml",
        "acme/shop/.github/workflows/release.yml@refs/heads/main",
        "acme/shop-evil/.github/workflows/release.yml",
        "acme/builders/.github/workflows/container.yml",
    ] {
        rejected_by(by(bad), "signer-identity", SHOP);
    }
}

#[test]
fn a198_a_reusable_workflow_is_named_beside_the_repository_that_calls_it() {
    let by = |repository: &str| {
        let workflow = "acme/builders/.github/workflows/container.yml@refs/tags/v2";
        check("reusable-workflow", &[&["--repo", repository, "--signer-workflow", workflow], &SIGNATURE])
    };
    by("acme/shop").exits(0);
    rejected_by(by("acme/other"), "signer-source", "https://github.com/acme/shop");
    rejected_by(check("reusable-workflow", &[&["--repo", "acme/shop"], &SIGNATURE]), "signer-identity", BUILDERS);
    let message =
        bonafide(&["verify", "ghcr.io/a/b", "--signer-workflow", "acme/ci/.github/workflows/x.yml"]).usage_error();
    assert!(message.contains("--signer-workflow needs a repository"), "{message}");
}

#[test]
fn claims_alone_name_nobody() {
    for flags in [
        &["--deny-self-hosted-runners"] as &[&str],
        &["--certificate-github-workflow-trigger", "push"],
        &["--certificate-github-workflow-repository", "acme/shop"],
    ] {
        let message = bonafide(&[&["verify", "ghcr.io/a/b"], flags].concat()).usage_error();
        assert!(message.contains("no signer is named"), "{message}");
    }
    // Beside a signer they narrow.
    verify(&[
        &["oci:fixtures/images/signed:v1.0.0"],
        &crate::fixtures::LAB,
        &BY_SHOP,
        &["--certificate-github-workflow-trigger", "push"],
    ])
    .exits(0);
    let served = Shop::with_signature().serve();
    assert_eq!(BY_SIGNER[0], "--certificate-identity");
    served.verify(&[&SIGNATURE[..], &["--certificate-github-workflow-ref", "refs/heads/main"]].concat()).exits(1);
}
