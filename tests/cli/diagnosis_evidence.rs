//! The situations of [`super::diagnosis`] in which the evidence is there and does not say what is asked for.

use serde_json::json;

use crate::diagnosis::{never_says, says, signer, verify, verify_reference};
use crate::program::{Run, bonafide};
use crate::shop::{BY_SIGNER, NAME, SIGNER, Served, Shop, TAG};
use crate::support::image::Image;
use crate::support::sigstore::{GITHUB_ACTIONS, Key, Version};
use crate::support::statement::{Subject, slsa_v1, spdx_23};

/// Verifies what one requirement asks, for the expected signer; the short report must stay short.
#[track_caller]
fn asked(served: &Served, requirement: &str) -> Run {
    let run = verify(served, &[&BY_SIGNER[..], &["--require", requirement]].concat());
    assert!(run.stdout.lines().count() <= 10, "{}", run.stdout);
    run
}

#[test]
fn s04_a_tag_that_moved_between_two_runs() {
    let mut shop = Shop::with_signature();
    let before = shop.digest();
    let after = Image::single_containing("the next release", "linux/amd64");
    shop.repository.push_tagged(TAG, &after);
    let signed = shop.signature(&after.descriptor());
    shop.attach(&after.descriptor(), &signed);
    let served = shop.serve();
    let pinned = ["--require", "signature", "--expect-digest", &before];
    let run = verify(&served, &[&BY_SIGNER[..], &pinned].concat());
    let texts = ["the reference resolves to another digest", "the tag moved", "name the image by digest"];
    says(&run, 1, &texts);
    says(&run, 1, &[&format!("expected  {before}"), &format!("found     {}", after.digest())]);
}

#[test]
fn s13_a_key_signed_where_a_certificate_is_asked_for() {
    let mut shop = Shop::new();
    let top = shop.top();
    let signed = shop.sigstore.key_signer(&Key::p256()).sign_image(&Subject::from(&top));
    shop.attach(&top, &signed);
    let run = asked(&shop.serve(), "signature");
    let texts = [
        "it was signed with a key, not with a certificate",
        "expected  a Fulcio certificate (keyless signing)",
        "found     a signature by a public key",
        "get the public key from the image's maker, not from the registry",
        "`--key FILE`",
    ];
    says(&run, 1, &texts);
}

#[test]
fn s14_a_promise_where_a_proof_is_asked_for() {
    let served = Shop::with_legacy().serve();
    let policy = format!(
        "version: 1\nimages:\n  - match: \"**\"\n    signers: [{{identity: \"{SIGNER}\", issuer: {GITHUB_ACTIONS}}}]\n    \
         require: [signature]\n    log: proof\n"
    );
    let policy = served.scratch.write("policy.yaml", policy);
    let run = verify(&served, &["--policy", &policy]);
    let texts = [
        "no inclusion proof shows that the log holds the entry",
        "expected  a log entry with an inclusion proof",
        "found     a promise of the log (SET) alone",
        "`log: promise`",
    ];
    says(&run, 1, &texts);
}

#[test]
fn s18_a_provenance_names_another_builder() {
    let mut shop = Shop::new();
    let top = shop.top();
    let other = "https://github.com/acme/trusted-builder/.github/workflows/container.yml@refs/tags/v1";
    let mut build = shop.build.clone();
    build.builder = other.to_owned();
    let signed = shop.signer().attest(&slsa_v1(&Subject::from(&top), &build));
    shop.attach(&top, &signed);
    let run = asked(&shop.serve(), "provenance");
    let texts = [
        "names builder",
        &format!("expected  {SIGNER}"),
        &format!("found     {other}"),
        "do not trust this provenance",
    ];
    says(&run, 1, &texts);
}

#[test]
fn s19_an_sbom_of_another_image() {
    let mut shop = Shop::new();
    let top = shop.top();
    let other = Image::single_containing("something else", "linux/amd64");
    let document = spdx_23(&Subject::from(&other.descriptor()), &[("zlib", "1.3.1")]);
    let mut statement = spdx_23(&Subject::from(&top), &[]);
    statement["predicate"] = document["predicate"].clone();
    // What syft says of images in a local daemon is excused.
    statement["predicate"]["creationInfo"]["creators"] = json!(["Tool: acme-sbom-1.0"]);
    let purl = format!("pkg:oci/other@{}", other.digest().replace(':', "%3A"));
    statement["predicate"]["packages"][0]["externalRefs"] = json!([
        {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}
    ]);
    let signed = shop.signer().attest(&statement);
    shop.attach(&top, &signed);
    let run = asked(&shop.serve(), "sbom");
    let texts = [
        "the SBOM says that it describes something else",
        &format!("expected  {}", top.digest),
        "generate the SBOM from this image",
    ];
    says(&run, 1, &texts);
    says(&run, 1, &[other.digest().trim_start_matches("sha256:")]);
    never_says(&run, &["or no digest at all", "%3A"]);
}

#[test]
fn s20_an_sbom_without_packages() {
    let mut shop = Shop::new();
    let top = shop.top();
    let mut statement = spdx_23(&Subject::from(&top), &[]);
    let document = &mut statement["predicate"];
    document["packages"] = json!([]);
    document["relationships"] = json!([]);
    let signed = shop.signer().attest(&statement);
    shop.attach(&top, &signed);
    let run = asked(&shop.serve(), "sbom");
    let texts = [
        "the SBOM lists no package",
        "expected  at least one package that is in the image",
        "found     0 packages",
        "generate the SBOM from the image that was built",
    ];
    says(&run, 1, &texts);
}

#[test]
fn s22_a_policy_that_is_about_other_images() {
    let served = Shop::with_signature().serve();
    let host = served.registry.host();
    let policy = format!(
        "version: 1\nimages:\n  - match: {host}/acme/shoop/**\n    signers: [{{identity: a@acme.example, issuer: {GITHUB_ACTIONS}}}]\n    \
         require: [signature]\n"
    );
    let policy = served.scratch.write("policy.yaml", policy);
    let run = bonafide(&["verify", &served.by_tag(), "--trusted-root", &served.root, "--policy", &policy]);
    let texts =
        ["no rule of `", &format!("is about `{host}/{NAME}`"), &format!("match: {host}/{NAME}"), "/acme/shoop/**"];
    says(&run, 2, &texts);
}

#[test]
fn s23_a_signature_of_another_instance_under_the_public_root() {
    let served = Shop::with_signature().serve();
    let arguments = [&signer(SIGNER, GITHUB_ACTIONS)[..], &["--offline", "--trust", "public-good"]].concat();
    let run = bonafide(&[&["verify", &served.by_tag()], &arguments[..]].concat());
    let texts = [
        "no trusted authority issued the certificate",
        "expected  an authority of public-good",
        "found     issued by ",
        "if you trust the Sigstore instance that issued it",
        "`--trusted-root FILE`",
    ];
    says(&run, 1, &texts);
}

#[test]
fn s25_a_signature_without_a_log_entry() {
    let mut shop = Shop::new();
    let top = shop.top();
    let signed = shop.signer().stamped().sign_image(&Subject::from(&top));
    let bundle = signed.bundle_with(Version::V03, |bundle| bundle["verificationMaterial"]["tlogEntries"] = json!([]));
    shop.repository.attach_bundle(&top, &bundle);
    let run = asked(&shop.serve(), "signature");
    let texts = [
        "has no transparency log entry",
        "expected  an entry in a log of the trust domain",
        "found     a signature without one",
        "sign with the log",
    ];
    says(&run, 1, &texts);
}

#[test]
fn s16_a_platform_of_an_index_that_nobody_signed() {
    let shop = Shop::selling(Image::index(&["linux/amd64", "linux/arm64"]));
    let platform = shop.image.platform("linux/amd64").digest;
    let served = shop.serve();
    let run = verify_reference(
        &served,
        &served.registry.reference(NAME, &platform),
        &[&BY_SIGNER[..], &["--require", "signature"]].concat(),
    );
    says(&run, 4, &["no signature is attached", "name the tag or the index, with `--platform"]);
}
