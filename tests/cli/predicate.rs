//! `inspect --predicate`: what one expected signer attested, byte for byte; of anything else nothing (A231).

use std::fs;

use serde_json::{Value, json};

use crate::fixtures::{BY_SHOP, LAB, image};
use crate::program::{Run, Scratch, bonafide};
use crate::shop::{BY_SIGNER, Served, Shop, sbom};
use crate::support::sigstore::Identity;
use crate::support::statement::Subject;

fn predicate(image: &str, kind: &str, more: &[&str]) -> Run {
    bonafide(&[&["inspect", image, "--predicate", kind][..], &LAB, more].concat())
}

fn of(served: &Served, kind: &str, more: &[&str]) -> Run {
    let given = ["inspect", &served.by_tag(), "--predicate", kind, "--trusted-root", &served.root];
    bonafide(&[&given[..], more].concat())
}

#[test]
fn a_predicate_is_what_verify_saves_byte_for_byte_and_the_signer_is_said() {
    let scratch = Scratch::new();
    let folder = scratch.path("evidence").display().to_string();
    let saved = bonafide(&[&["verify", &image("signed"), "--save", &folder][..], &LAB, &BY_SHOP].concat());
    assert_eq!(saved.exit, 0, "{}", saved.stderr);
    let of_image = fs::read_dir(&folder).expect("a folder").next().expect("one image").expect("an entry").path();
    for (kind, file) in [
        ("sbom", "sbom"),
        ("spdxjson", "sbom"),
        ("https://spdx.dev/Document", "sbom"),
        ("provenance", "provenance"),
        ("slsaprovenance1", "provenance"),
    ] {
        let run = predicate(&image("signed"), kind, &BY_SHOP);
        assert_eq!(run.exit, 0, "{kind}: {}", run.stderr);
        let expected = fs::read(of_image.join(format!("{file}.predicate.json"))).expect("saved");
        assert_eq!(run.stdout.as_bytes(), expected, "{kind}");
        let said = "signed by acme/shop release.yml @ refs/tags/v1.0.0";
        assert!(run.stderr.contains(said) && run.stderr.lines().count() == 1, "{}", run.stderr);
    }
    let quiet = predicate(&image("signed"), "sbom", &["--repo", "acme/shop", "--quiet"]);
    assert_eq!((quiet.exit, quiet.stderr.as_str()), (0, ""));
}

#[test]
fn a231_nothing_is_handed_out_of_a_stranger_or_of_nobody() {
    for (name, kind, exit) in [
        ("other-signer", "sbom", 1),
        ("unsigned", "sbom", 4),
        ("buildkit-unsigned", "provenance", 4),
        ("signed", "cyclonedx", 4),
    ] {
        let run = predicate(&image(name), kind, &BY_SHOP);
        assert_eq!((run.exit, run.stdout.as_str()), (exit, ""), "{name}: {}", run.stderr);
    }
    let unread = predicate("oci:fixtures/images/signed:nowhere", "sbom", &BY_SHOP);
    assert_eq!((unread.exit, unread.stdout.as_str()), (3, ""), "{}", unread.stderr);
    // A stranger's document beside the right one is no choice.
    let mut shop = Shop::with_bundles();
    let top = shop.top();
    let mut other = sbom(&Subject::from(&top));
    other["predicate"]["name"] = json!("of mallory");
    let mallory = Identity::email("mallory@evil.example", "https://accounts.evil.example");
    let signed = shop.sigstore.signer(&mallory).attest(&other);
    shop.attach(&top, &signed);
    let served = shop.serve();
    let run = of(&served, "spdxjson", &BY_SIGNER);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let read: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_ne!(read["name"], "of mallory");
    // Alone it is refused, and nobody named is no way to it.
    let by_mallory = ["--certificate-identity", "mallory@evil.example"];
    let run = of(
        &served,
        "spdxjson",
        &[&by_mallory[..], &["--certificate-oidc-issuer", "https://accounts.acme.example"]].concat(),
    );
    assert_eq!((run.exit, run.stdout.as_str()), (1, ""), "{}", run.stderr);
}

#[test]
fn of_several_predicates_none_is_written_and_each_is_named() {
    let several = predicate(&image("multi-platform-children"), "sbom", &BY_SHOP);
    assert_eq!((several.exit, several.stdout.as_str()), (2, ""), "{}", several.stderr);
    assert_eq!(several.stderr.matches("predicate of c").count(), 2, "{}", several.stderr);
    assert!(several.stderr.contains("choose one with `--platform OS/ARCH`"), "{}", several.stderr);
    let one =
        predicate(&image("multi-platform-children"), "sbom", &[&BY_SHOP[..], &["--platform", "linux/arm64"]].concat());
    assert_eq!(one.exit, 0, "{}", one.stderr);
    let mut shop = Shop::with_bundles();
    let top = shop.top();
    let mut again = sbom(&Subject::from(&top));
    let twice = shop.signer().attest(&again);
    shop.attach(&top, &twice);
    assert_eq!(of(&shop.clone().serve(), "spdxjson", &BY_SIGNER).exit, 0, "the same document, signed twice");
    again["predicate"]["name"] = json!("another");
    let second = shop.signer().attest(&again);
    shop.attach(&top, &second);
    let run = of(&shop.serve(), "spdxjson", &BY_SIGNER);
    assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    assert!(run.stderr.contains("bonafide verify --save DIR"), "{}", run.stderr);
}

#[test]
fn what_is_no_question_about_one_predicate_is_a_usage_error() {
    let one = image("signed");
    let cases: [&[&str]; 13] = [
        // Whose?
        &[&one, "--predicate", "sbom"],
        &[&one, "--predicate", "sbom", "--certificate-identity", "alice@acme.example"],
        &[&one, "--predicate", "sbom", "--repo", "acme/shop", "--key", "cosign.pub"],
        // Which?
        &[&one, "--predicate", "signature", "--repo", "acme/shop"],
        &[&one, "--predicate", "sbon", "--repo", "acme/shop"],
        // Of what?
        &[&one, &one, "--predicate", "sbom", "--repo", "acme/shop"],
        &["sbom:Cargo.toml", "--predicate", "sbom", "--repo", "acme/shop"],
        // A second document on standard output.
        &[&one, "--predicate", "sbom", "--repo", "acme/shop", "--output", "json"],
        &[&one, "--predicate", "sbom", "--repo", "acme/shop", "--sbom", "json=-"],
        &[&one, "--predicate", "sbom", "--repo", "acme/shop", "--suggest-policy"],
        // Without a predicate nobody is judged.
        &[&one, "--repo", "acme/shop"],
        &[&one, "--certificate-identity", "alice@acme.example", "--certificate-oidc-issuer", "https://a.example"],
        &[&one, "--certificate-oidc-issuer", "https://a.example"],
    ];
    for arguments in cases {
        let run = bonafide(&[&["inspect"], arguments, &LAB].concat());
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{arguments:?}: {}", run.stderr);
    }
}
