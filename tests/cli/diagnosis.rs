//! The situations in which a verification commonly fails: a newcomer reads the cause, what was expected and found, and a next step
//! that is right and safe. Each is named by its place in the list of them, s01 to s25.

use crate::program::{Program, Run, bonafide};
use crate::shop::{BY_SIGNER, NAME, SIGNER, Served, Shop, TAG};
use crate::support::image::Image;
use crate::support::repository::Repository;
use crate::support::sigstore::{GITHUB_ACTIONS, Identity};
use crate::support::statement::{Build, Subject, slsa_v1};

/// Verifies the image by its tag, with the short report.
pub(crate) fn verify(served: &Served, arguments: &[&str]) -> Run {
    verify_reference(served, &served.by_tag(), arguments)
}

pub(crate) fn verify_reference(served: &Served, reference: &str, arguments: &[&str]) -> Run {
    let common = ["verify", reference, "--trusted-root", &served.root];
    Program::new([&common[..], arguments].concat()).run()
}

/// Asserts the exit code and that the report holds each of these texts, however its lines are.
#[track_caller]
pub(crate) fn says(run: &Run, exit: i32, texts: &[&str]) {
    let said = format!("{}{}", run.stdout, run.stderr);
    assert_eq!(run.exit, exit, "{said}");
    for text in texts {
        assert!(said.contains(text), "`{text}` is missing in\n{said}");
    }
}

#[track_caller]
pub(crate) fn never_says(run: &Run, texts: &[&str]) {
    for text in texts {
        assert!(!run.stdout.contains(text) && !run.stderr.contains(text), "`{text}` in\n{}{}", run.stdout, run.stderr);
    }
}

pub(crate) fn signer<'a>(identity: &'a str, issuer: &'a str) -> [&'a str; 6] {
    ["--certificate-identity", identity, "--certificate-oidc-issuer", issuer, "--require", "signature"]
}

#[test]
fn s01_another_person_signed() {
    let run = verify(&Shop::with_signature().serve(), &signer("bob@acme.example", "https://accounts.acme.example"));
    says(&run, 1, &["the signer is not the expected one", "expected  bob@acme.example", SIGNER, "ask", "do not use"]);
    never_says(&run, &["--certificate-identity"]);
}

#[test]
fn s02_another_issuer_vouched() {
    let served = Shop::with_signature().serve();
    let run = verify(&served, &signer(SIGNER, "https://accounts.acme.example"));
    let texts =
        ["the signer's issuer is another one", "expected  https://accounts.acme.example", "ask the image's maker"];
    says(&run, 1, &[&texts[..], &[GITHUB_ACTIONS]].concat());
    never_says(&run, &["--certificate-oidc-issuer"]);
    let slash = format!("{GITHUB_ACTIONS}/");
    let flag = format!("a slash at the end, and are compared exactly: `--certificate-oidc-issuer {GITHUB_ACTIONS}`");
    says(&verify(&served, &signer(SIGNER, &slash)), 1, &[&flag]);
}

#[test]
fn s03_the_right_workflow_signed_at_another_ref() {
    let served = Shop::with_signature().serve();
    let main = SIGNER.replace("refs/tags/v1.0.0", "refs/heads/main");
    let run = verify(&served, &signer(&main, GITHUB_ACTIONS));
    let flag = format!("if you mean this one, `--certificate-identity {SIGNER}`");
    says(&run, 1, &["the right workflow signed it, at another ref", &main, SIGNER, &flag]);
    let run = verify(&served, &["--repo", NAME, "--source-ref", "refs/heads/main", "--require", "signature"]);
    says(&run, 1, &["another source ref", "expected  refs/heads/main", "`--source-ref` refs/tags/v1.0.0"]);
}

#[test]
fn s03_a_build_of_a_pull_request_is_no_release() {
    let mut shop = Shop::new();
    shop.identity = Build::github(NAME, ".github/workflows/release.yml", "refs/pull/7/merge").identity();
    let top = shop.top();
    let signed = shop.signature(&top);
    shop.attach(&top, &signed);
    let run = verify(&shop.serve(), &signer(SIGNER, GITHUB_ACTIONS));
    says(&run, 1, &["at another ref", "refs/pull/7/merge", "pull request", "do not use this image"]);
    never_says(&run, &["--certificate-identity"]);
}

#[test]
fn s05_the_authority_of_the_trusted_root_had_ended() {
    let served = Shop::with_signature().serve();
    let ended = served.shop.sigstore.trusted_root_with(|root| {
        let authority = &mut root["certificateAuthorities"][0];
        let start = authority["validFor"]["start"].clone();
        authority["validFor"] = serde_json::json!({"start": start, "end": start});
    });
    let root = served.scratch.write("ended.json", ended);
    let arguments = [&BY_SIGNER[..], &["--require", "signature"]].concat();
    let run = bonafide(&[&["verify", &served.by_tag(), "--trusted-root", &root], &arguments[..]].concat());
    let texts =
        ["the certificate's authority was not valid when the signature was made", "counts from ", ", and not at "];
    says(
        &run,
        1,
        &[&texts[..], &["get a current trusted root: `bonafide trust update`", "`bonafide trust show`"]].concat(),
    );
}

#[test]
fn s12_a_signature_that_was_left_behind() {
    let mut shop = Shop::with_signature();
    let mut copy = Repository::new();
    copy.push_tagged(TAG, &shop.image);
    shop.repository = copy;
    let served = shop.serve();
    let run = verify(&served, &[&BY_SIGNER[..], &["--require", "signature"]].concat());
    let place = format!("nothing attached in {}/{NAME} (referrers, cosign's tags)", served.registry.host());
    let texts = ["no signature is attached", "left it behind", "`cosign copy`", "--evidence-repository", "cosign sign"];
    says(&run, 4, &[&texts[..], &[&place]].concat());
}

#[test]
fn s12_a_layout_that_was_copied_alone() {
    let root = ["--offline", "--trusted-root", "fixtures/trust/lab.trusted_root.json"];
    let run = bonafide(
        &[&["verify", "oci:fixtures/images/unsigned:v1.0.0", "--require", "signature"], &BY_SIGNER[..], &root].concat(),
    );
    says(
        &run,
        4,
        &["no signature is attached", "nothing attached", "`docker save` and `skopeo copy`", "`cosign save`"],
    );
    never_says(&run, &["--evidence-repository"]);
}

#[test]
fn s15_provenance_that_nobody_signed() {
    let build = Build::github(NAME, ".github/workflows/release.yml", "refs/tags/v1.0.0");
    let statement = slsa_v1(&Subject::new("any", "sha256:00"), &build);
    let image = Image::index(&["linux/amd64", "linux/arm64"]).with_unsigned_statements(&statement);
    let run = verify(&Shop::selling(image).serve(), &[&BY_SIGNER[..], &["--require", "provenance"]].concat());
    let texts =
        ["no signed provenance is attached", "https://slsa.dev/provenance/v1 (unsigned)", "anyone with push access"];
    says(&run, 4, &texts);
    says(
        &run,
        4,
        &["ask the image's maker", "builder-id=URL", "`cosign sign IMAGE@MANIFEST-DIGEST`", "(index .Provenance"],
    );
}

#[test]
fn s16_a_platform_was_asked_whose_index_is_signed() {
    let mut shop = Shop::selling(Image::index(&["linux/amd64", "linux/arm64"]));
    let top = shop.top();
    let signed = shop.signature(&top);
    shop.attach(&top, &signed);
    let platform = shop.image.platform("linux/amd64").digest;
    let served = shop.serve();
    let arguments = [&BY_SIGNER[..], &["--require", "signature"]].concat();
    let run = verify_reference(&served, &served.registry.reference(NAME, &platform), &arguments);
    says(
        &run,
        4,
        &["no signature is attached", "one platform of an index", "name the tag or the index, with `--platform"],
    );
    says(&verify(&served, &[&arguments[..], &["--platform", "linux/amd64"]].concat()), 0, &["verified"]);
}

#[test]
fn s16_one_platform_is_signed_and_the_index_was_asked() {
    let mut shop = Shop::selling(Image::index(&["linux/amd64", "linux/arm64"]));
    let child = shop.image.platform("linux/amd64");
    let signed = shop.signature(&child);
    shop.attach(&child, &signed);
    let served = shop.serve();
    let arguments = [&BY_SIGNER[..], &["--require", "signature"]].concat();
    let run = verify(&served, &arguments);
    says(
        &run,
        4,
        &["for linux/arm64", "covers that platform only", "verify linux/amd64 alone with `--platform linux/amd64`"],
    );
    says(&verify(&served, &[&arguments[..], &["--platform", "linux/amd64"]].concat()), 0, &["verified"]);
}

#[test]
fn s17_a_fork_signed() {
    let mut shop = Shop::new();
    shop.identity = fork();
    let top = shop.top();
    let signed = shop.signature(&top);
    shop.attach(&top, &signed);
    let served = shop.serve();
    let texts =
        ["a workflow of another repository", "mallory/shop is not acme/shop: perhaps a fork", "Do not use this image"];
    for expected in [&signer(SIGNER, GITHUB_ACTIONS)[..], &["--repo", NAME, "--require", "signature"]] {
        let run = verify(&served, expected);
        says(&run, 1, &[&texts[..], &["ask the owners of acme/shop"]].concat());
        never_says(&run, &["--certificate-identity", "--repo"]);
    }
}

fn fork() -> Identity {
    Build::github("mallory/shop", ".github/workflows/release.yml", "refs/tags/v1.0.0").identity()
}

#[test]
fn s21_a_quote_that_is_not_closed() {
    let served = Shop::with_signature().serve();
    for quote in ['"', '\''] {
        for rest in ["\n        issuer: https://accounts.acme.example\n", ""] {
            let text = format!(
                "version: 1\nimages:\n  - match: \"**\"\n    signers:\n      - identity: {quote}alice@acme.example{rest}"
            );
            let policy = served.scratch.write("policy.yaml", text);
            let run = bonafide(&["verify", &served.by_tag(), "--policy", &policy]);
            let hint = format!("close the quote: {quote}alice@acme.example{quote}");
            says(&run, 2, &["policy.yaml:5:19: a text in quotes begins here and does not end", "^^^", &hint]);
        }
    }
}

#[test]
fn s24_an_attestation_that_only_github_keeps() {
    let served = Shop::with_signature().serve();
    let run = verify(&served, &["--repo", NAME, "--require", "provenance"]);
    says(
        &run,
        4,
        &["no provenance is attached", "found", "GitHub was not asked", "`--github-api`", "push-to-registry: true"],
    );
    never_says(&run, &["leave provenance out"]);
}
