//! Who signed, against who should have: every refusal says what was expected, what was found and what to do.

use crate::fixtures::{BUILDERS, BY_BUILDERS, BY_SHOP, COMMIT, GITHUB, SHOP, check, image};
use crate::program::{Checked, bonafide, verify};
use crate::report::{finding, requirement, verdicts};

const KINDS: [&str; 3] = ["signature", "provenance", "sbom"];

/// Asserts that all three requirements were refused by this check, for this reason.
#[track_caller]
fn rejected_by(checked: Checked, check: &str, expected: &str, found: &str) -> Checked {
    let checked = checked.exits(1).has_lines(&[&format!("expected  {expected}"), &format!("found     {found}")]);
    let image = checked.image();
    assert_eq!(verdicts(image), ["rejected"; 3]);
    for kind in KINDS {
        let finding = finding(requirement(image, kind), check);
        assert_eq!(finding["outcome"], "fail");
        assert_eq!((&finding["expected"], &finding["found"]), (&expected.into(), &found.into()));
        assert!(finding["next"].is_string(), "what to do about it: {finding:#}");
    }
    checked.says(&format!("(`bonafide explain {check}`)"))
}

fn identity(identity: &str) -> [&str; 4] {
    ["--certificate-identity", identity, "--certificate-oidc-issuer", GITHUB]
}

#[test]
fn another_identity_is_rejected() {
    for wrong in [
        "https://github.com/acme/shop/.github/workflows/nightly.yml@refs/tags/v1.0.0",
        "https://github.com/acme/shop-evil/.github/workflows/release.yml@refs/tags/v1.0.0",
        "https://github.com/acme/shop/.github/workflows/release.yml",
        ".*",
        "release@acme.example",
    ] {
        let checked = check("signed", &[&identity(wrong)]);
        rejected_by(checked, "signer-identity", wrong, SHOP);
    }
}

/// The image is signed by the workflow that each of these patterns was written for, and by strangers if they like.
#[test]
fn a293_a_pattern_that_strangers_can_match_is_a_mistake_of_the_command_line() {
    for (pattern, issuer) in [
        (r"https://github\.com/.*/shop/\.github/workflows/release\.yml@refs/tags/v.*", GITHUB),
        (r"https://github\.com/acme.*", GITHUB),
        (r".*@refs/tags/v1\.0\.0", GITHUB),
        (r".*@gmail\.com", "https://accounts.google.com"),
    ] {
        let flags = ["--certificate-identity-regexp", pattern, "--certificate-oidc-issuer", issuer];
        let image = image("signed");
        let message = bonafide(&[&["verify", image.as_str()], &flags[..]].concat()).usage_error();
        assert!(message.contains("strangers can sign") && message.contains("name the whole"), "{message}");
    }
    for pattern in [r"https://github\.com/acme/.*", r"https://github\.com/(acme|web)/shop/.*"] {
        check("signed", &[&["--certificate-identity-regexp", pattern, "--certificate-oidc-issuer", GITHUB]]).exits(0);
    }
}

#[test]
fn the_same_workflow_at_another_ref_is_named_as_that() {
    let main = "https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main";
    rejected_by(check("signed", &[&identity(main)]), "signer-identity", main, SHOP)
        .says("the right workflow signed it, at another ref")
        .says("branch build");
}

#[test]
fn a_difference_in_case_alone_is_named_as_that() {
    let capital = SHOP.replace("acme", "Acme");
    rejected_by(check("signed", &[&identity(&capital)]), "signer-identity", &capital, SHOP)
        .says("→ they differ in upper and lower case alone, and are compared exactly: `--certificate-identity ");
}

#[test]
fn a190_another_issuer_is_rejected() {
    for wrong in [
        "https://accounts.google.com",
        "https://token.actions.githubusercontent.com/",
        "HTTPS://token.actions.githubusercontent.com",
        "https://token.actions.githubusercontent.com.evil.example",
    ] {
        let checked = check("signed", &[&["--certificate-identity", SHOP, "--certificate-oidc-issuer", wrong]]);
        let is_near = wrong.eq_ignore_ascii_case(GITHUB) || wrong.strip_suffix('/') == Some(GITHUB);
        let next = if is_near { "are compared exactly: `--certificate-oidc-issuer " } else { "ask the image's maker" };
        rejected_by(checked, "signer-issuer", wrong, GITHUB).says(next);
    }
}

#[test]
fn a_repository_alone_means_its_own_workflows() {
    check("signed", &[&["--repo", "acme/shop"]]).exits(0);
    check("signed", &[&["--repo", "https://github.com/acme/shop/"]]).exits(0);
    let checked = check("signed", &[&["--repo", "acme/shop-evil"]]);
    let checked =
        rejected_by(checked, "signer-identity", "https://github.com/acme/shop-evil/.github/workflows/…", SHOP);
    rejected_by(checked, "signer-source", "https://github.com/acme/shop-evil", "https://github.com/acme/shop");
}

#[test]
fn a_repository_beside_an_identity_must_be_the_source() {
    check("signed", &[&BY_SHOP, &["--repo", "acme/shop"]]).exits(0);
    let checked = check("signed", &[&BY_SHOP, &["--repo", "acme/fork"]]);
    rejected_by(checked, "signer-source", "https://github.com/acme/fork", "https://github.com/acme/shop")
        .says("perhaps a fork, which can run the same workflow")
        .never_says("--repo");
}

#[test]
fn the_source_ref_is_compared_as_a_whole() {
    let at = |reference| check("signed", &[&["--repo", "acme/shop", "--source-ref", reference]]);
    at("refs/tags/v1.0.0").exits(0);
    for wrong in ["v1.0.0", "refs/tags/v1.0", "refs/heads/main", "refs/tags/v1.0.0-rc1"] {
        rejected_by(at(wrong), "signer-source", wrong, "refs/tags/v1.0.0").says("`--source-ref`");
    }
}

#[test]
fn the_source_commit_is_compared_as_a_whole() {
    let at = |commit| check("signed", &[&["--repo", "acme/shop", "--source-digest", commit]]);
    at(COMMIT).exits(0);
    for wrong in [&COMMIT[..12], "0000000000000000000000000000000000000000"] {
        rejected_by(at(wrong), "signer-source", wrong, COMMIT).says("`--source-digest`");
    }
}

#[test]
fn a198_a_reusable_workflow_needs_its_source_pinned_and_the_hint_can_be_pasted() {
    let require = ["--require", "signature,provenance"];
    let checked = check("reusable-workflow", &[&BY_BUILDERS, &require]).exits(1);
    assert_eq!(verdicts(checked.image()), ["rejected", "rejected", "-"]);
    let found = finding(requirement(checked.image(), "signature"), "signer-source");
    assert_eq!(found["found"], format!("{BUILDERS} called from https://github.com/acme/shop"));
    let hint = checked.text.split_once("add `").expect("a hint").1.split_once('`').expect("its end").0;
    assert_eq!(hint, "--repo acme/shop");
    let pasted: Vec<&str> = hint.split(' ').collect();
    check("reusable-workflow", &[&BY_BUILDERS, &require, &pasted]).exits(0);
}

#[test]
fn a198_a_reusable_workflow_called_by_somebody_else_is_rejected() {
    let other = ["--repo", "acme/other", "--require", "signature,provenance"];
    let checked = check("reusable-workflow", &[&BY_BUILDERS, &other]).exits(1);
    let found = finding(requirement(checked.image(), "signature"), "signer-source");
    assert_eq!(found["expected"], "https://github.com/acme/other");
    assert_eq!(found["found"], "https://github.com/acme/shop");
}

#[test]
fn a198_a_repository_alone_does_not_take_a_workflow_of_another_repository() {
    for repository in ["acme/shop", "acme/builders"] {
        check("reusable-workflow", &[&["--repo", repository, "--require", "signature"]]).exits(1);
    }
}

#[test]
fn another_trust_domain_knows_nothing_of_the_lab() {
    let public = ["--offline", "--trust", "public-good"];
    let image = image("signed");
    for arguments in [public.as_slice(), &["--offline"]] {
        let checked = verify(&[&[&image], &BY_SHOP, arguments])
            .exits(1)
            .has_lines(&["expected  an authority of public-good"])
            .says("no trusted authority issued the certificate")
            .says("`--trusted-root FILE`")
            .says("(`bonafide explain certificate-chain`)");
        assert_eq!(checked.report["trust"][0]["domain"], "public-good");
        for kind in KINDS {
            let found = finding(requirement(checked.image(), kind), "certificate-chain");
            assert_eq!(found["outcome"], "fail");
        }
    }
}

#[test]
fn a131_several_domains_are_tried_one_by_one() {
    let checked = check("signed", &[&BY_SHOP, &["--trust", "public-good", "--trust", "github"]]).exits(0);
    let domains = checked.report["trust"].as_array().expect("a list");
    assert_eq!(domains.len(), 3);
    for one in checked.image()["candidates"].as_array().expect("a list") {
        assert_eq!(one["trustDomain"], crate::fixtures::LAB_ROOT);
    }
}
