//! Command lines of cosign, gh and slsa-verifier: exit 2, and our own command in the place of theirs, which a shell can run.

use std::process::Command;

use crate::fixtures::{GITHUB, LAB_ROOT, SHOP, check, image};
use crate::program::bonafide;

/// Runs the last line of an answer in a shell, with the lab's root, and returns its exit code.
#[track_caller]
fn pasted(answer: &str, more: &str) -> i32 {
    let ours = answer.lines().last().expect("a command").trim_start_matches(['→', ' ']);
    let program = env!("CARGO_BIN_EXE_bonafide");
    let line = ours.strip_prefix("bonafide ").expect("our command");
    let output = Command::new("sh")
        .args(["-c", &format!("'{program}' {line} {more}")])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .output()
        .expect("a shell");
    output.status.code().expect("no signal ends it")
}

#[test]
fn the_command_that_is_answered_can_be_pasted() {
    let signed = image("signed");
    let root = ["--trusted-root", LAB_ROOT];
    let by_shop = ["--certificate-identity", SHOP, "--certificate-oidc-issuer", GITHUB];
    let oci = format!("oci://{signed}");
    let shop = ["-R", "acme/shop", "--bundle-from-oci", "--custom-trusted-root", LAB_ROOT];
    for (given, exit) in [
        ([&["cosign", "verify", &signed] as &[&str], &by_shop, &root].concat(), 0),
        ([&["verify-attestation", "--type", "slsaprovenance1", &signed], &by_shop[..], &root].concat(), 0),
        ([&["verify-attestation", "--type", "link", &signed], &by_shop[..], &root].concat(), 4),
        ([&["attestation", "verify", &oci], &shop[..]].concat(), 0),
        ([&["at", "verify", &oci, "--owner=acme"], &shop[2..]].concat(), 0),
        ([&["at", "verify", &oci, "-oacme-evil"], &shop[2..]].concat(), 1),
        ([&["verify", &signed, "--insecure-ignore-tlog"], &by_shop[..], &root].concat(), 0),
    ] {
        let message = bonafide(&given).usage_error();
        assert_eq!(pasted(&message, "--offline"), exit, "{given:?}\n{message}");
    }
}

#[test]
fn the_tool_and_the_flag_are_named() {
    let message = bonafide(&["verify-attestation", "ghcr.io/acme/app:1", "--key", "cosign.pub"]).usage_error();
    assert_eq!(
        message,
        "error: `verify-attestation` is a command of cosign\n  → bonafide verify ghcr.io/acme/app:1 --require custom --key \
         cosign.pub\n"
    );
    let message = bonafide(&["verify", "ghcr.io/acme/app:1", "--key", "cosign.pub", "-a", "build=7"]).usage_error();
    assert_eq!(
        message,
        "error: `--annotations` is a flag of cosign, and the command below is less strict than yours\nno \
         counterpart: --annotations build=7: annotations of a signature are not compared: let the signer's identity say it\n  \
         → bonafide verify ghcr.io/acme/app:1 --key cosign.pub\n"
    );
    let message = bonafide(&["tree", "ghcr.io/acme/app:1"]).usage_error();
    assert_eq!(message, "error: `tree` is a command of another tool\n  → bonafide inspect IMAGE\n");
}

/// A183: gh takes an owner for the beginning of a name.
#[test]
fn a183_an_owner_is_the_whole_name_of_one() {
    let only = ["--require", "signature,provenance,sbom"];
    check("signed", &[&["--owner", "acme"], &only]).exits(0);
    check("signed", &[&["--owner", "https://github.com/Acme/"], &only]).exits(0);
    // Called by a repository of the owner, and by one of somebody else.
    let workflow = ["--signer-workflow", "acme/builders/.github/workflows/container.yml"];
    check("reusable-workflow", &[&["--owner", "acme"], &workflow, &["--require", "signature"]]).exits(0);
    for other in ["acm", "acme-evil", "mallory"] {
        check("signed", &[&["--owner", other], &only]).exits(1);
    }
    let signed = image("signed");
    for (wrong, said) in [("acme/shop", "is not an owner"), ("acme*", "is not an owner"), ("", "the owner is empty")] {
        let message = bonafide(&["verify", &signed, "--owner", wrong]).usage_error();
        assert!(message.contains(said), "{message}");
    }
    let message = bonafide(&["verify", &signed, "--owner", "acme", "--repo", "acme/shop"]).usage_error();
    assert!(message.contains("cannot be used with"), "{message}");
}

/// A183: what cosign would find anywhere in the name must match all of it here.
#[test]
fn a183_an_expression_that_matches_a_part_of_the_identity_is_refused_and_says_so() {
    for written in ["^https://github.com/acme/shop/", r"https://github\.com/acme/shop"] {
        let given = ["--certificate-identity-regexp", written, "--certificate-oidc-issuer", GITHUB];
        check("signed", &[&given]).exits(1).says("the pattern matches a part of the signer's name alone");
    }
}

#[test]
fn a_type_is_required_by_the_name_that_cosign_has_for_it() {
    check("signed", &[&["--repo", "acme/shop", "--require", "spdxjson"]]).exits(0);
    check("signed", &[&["--repo", "acme/shop", "--require", "openvex"]]).exits(4);
}
