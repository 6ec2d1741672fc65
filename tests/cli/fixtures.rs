//! The images that the real cosign signed: verdicts, requirements and what is said of each piece of evidence.
//!
//! What is expected is what cosign said of them, which the README of each image records.

use std::fs;

use serde_json::{Value, json};

use crate::program::{Checked, verify};
use crate::report::{candidate, candidates, finding, list, requirement, verdicts, word};

pub(crate) const LAB_ROOT: &str = "fixtures/trust/lab.trusted_root.json";
pub(crate) const LAB: [&str; 3] = ["--offline", "--trusted-root", LAB_ROOT];
pub(crate) const SHOP: &str = "https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.0.0";
pub(crate) const BUILDERS: &str = "https://github.com/acme/builders/.github/workflows/container.yml@refs/tags/v2";
pub(crate) const GITHUB: &str = "https://token.actions.githubusercontent.com";
pub(crate) const BY_SHOP: [&str; 4] = ["--certificate-identity", SHOP, "--certificate-oidc-issuer", GITHUB];
pub(crate) const BY_BUILDERS: [&str; 4] = ["--certificate-identity", BUILDERS, "--certificate-oidc-issuer", GITHUB];
/// The commit that `make.sh` has all workflows run for.
pub(crate) const COMMIT: &str = "4f0c1a6be2d95837c46aa1f0b7e3d2915c8e7f60";

pub(crate) fn image(name: &str) -> String {
    format!("oci:fixtures/images/{name}:v1.0.0")
}

/// The digest of an image, as its layout says.
pub(crate) fn digest(name: &str) -> String {
    let path = format!("{}/fixtures/images/{name}/index.json", env!("CARGO_MANIFEST_DIR"));
    let index: Value = serde_json::from_slice(&fs::read(path).expect("a layout")).expect("JSON");
    let tagged = |entry: &&Value| entry["annotations"]["org.opencontainers.image.ref.name"] == "v1.0.0";
    word(&list(&index["manifests"]).iter().find(tagged).expect("the tag")["digest"]).to_owned()
}

/// Verifies an image by its tag with the lab's trusted root.
#[track_caller]
pub(crate) fn check(name: &str, arguments: &[&[&str]]) -> Checked {
    verify(&[&[&[image(name).as_str()], LAB.as_slice()], arguments].concat())
}

const REFERRERS: [(&str, &str, bool); 3] =
    [("provenance", "fallback-tag", true), ("sbom", "fallback-tag", true), ("signature", "fallback-tag", true)];

#[track_caller]
fn verifies(name: &str, expected: &[(&str, &str, bool)]) -> Checked {
    let digest = digest(name);
    let checked = check(name, &[&BY_SHOP]).exits(0);
    assert_eq!(checked.report["verdict"], "verified");
    let image = checked.image();
    assert_eq!(image["reference"], crate::fixtures::image(name));
    assert_eq!(image["digest"], digest);
    assert_eq!(image["pinned"], Value::Null, "a layout has no name that another tool could pull");
    assert_eq!(verdicts(image), ["verified"; 3]);
    assert_eq!(candidates(image), expected);
    assert_eq!(image["gaps"], json!([]));
    assert_eq!(checked.report["network"], json!({"requests": 0, "bytes": 0, "hosts": []}));
    assert!(checked.text.starts_with(&format!("verified  oci:fixtures/images/{name}:v1.0.0 @ {digest}\n")));
    checked
}

#[test]
fn a_signed_image_verifies_with_rekor_v2_and_a_timestamp() {
    let checked = verifies("signed", &REFERRERS).has_lines(&[
        &format!("signed by  {SHOP}"),
        &format!("issuer     {GITHUB}"),
        "signed by  the same",
        &format!("builder    {SHOP}"),
        &format!("source     https://github.com/acme/shop at refs/tags/v1.0.0, commit {COMMIT}"),
        "build type https://actions.github.io/buildtypes/workflow/v1 (SLSA v1)",
    ]);
    for one in list(&checked.image()["candidates"]) {
        assert_eq!(one["logEntries"][0]["kind"], "hashedrekord 0.0.2");
        assert_eq!(one["logEntries"][0]["evidence"], "proof");
        assert_eq!(one["timestamps"][0]["source"], "timestamp-authority");
        assert_eq!(one["trustDomain"], LAB_ROOT);
        assert_eq!(one["subject"], digest("signed"));
    }
    assert_eq!(checked.report["trust"][0]["source"], LAB_ROOT);
}

#[test]
fn a_signed_image_verifies_with_rekor_v1_and_its_time() {
    let checked = verifies("signed-rekor1", &REFERRERS);
    for one in list(&checked.image()["candidates"]) {
        assert_eq!(one["logEntries"][0]["evidence"], "proof");
        assert_eq!(one["timestamps"][0]["source"], "log");
        assert!(one["logEntries"][0]["integratedTime"].is_string());
    }
}

#[test]
fn the_legacy_form_verifies_by_the_promise() {
    let legacy = [("provenance", "cosign-tag", true), ("sbom", "cosign-tag", true), ("signature", "cosign-tag", true)];
    let checked = verifies("legacy", &legacy);
    for one in list(&checked.image()["candidates"]) {
        assert_eq!(one["logEntries"][0]["evidence"], "promise");
    }
}

#[test]
fn signer_provenance_and_sbom_are_reported_field_by_field() {
    let checked = verifies("signed", &REFERRERS);
    let image = checked.image();
    for kind in ["signature", "provenance", "sbom"] {
        let one = candidate(image, kind);
        assert_eq!(one["signer"]["identity"], SHOP);
        assert_eq!(one["signer"]["identityKind"], "uri");
        assert_eq!(one["signer"]["issuer"], GITHUB);
        let claims = &one["signer"]["claims"];
        assert_eq!(claims["sourceRepositoryUri"], "https://github.com/acme/shop");
        assert_eq!(claims["sourceRepositoryDigest"], COMMIT);
        assert_eq!(requirement(image, kind)["satisfiedBy"], json!([one["id"]]));
    }
    assert_eq!(candidate(image, "signature")["predicateType"], "https://sigstore.dev/cosign/sign/v1");
    let provenance = &candidate(image, "provenance")["provenance"];
    assert_eq!(provenance["version"], "v1");
    assert_eq!(provenance["builder"], SHOP);
    assert_eq!(provenance["source"], "https://github.com/acme/shop");
    assert_eq!(provenance["ref"], "refs/tags/v1.0.0");
    assert_eq!(provenance["commit"], COMMIT);
    assert_eq!(provenance["parameters"]["workflow"]["repository"], "https://github.com/acme/shop");
    let sbom = &candidate(image, "sbom")["sbom"];
    // Five packages, and the image itself.
    assert_eq!((&sbom["format"], &sbom["packages"], &sbom["withLicense"]), (&json!("SPDX-2.3"), &json!(6), &json!(6)));
    assert!(word(&sbom["describes"][0]).contains(&digest("signed")));
}

#[test]
fn evidence_on_an_index_covers_its_platforms() {
    let checked = verifies("multi-platform", &REFERRERS);
    let covered = json!({"signature": "verified", "provenance": "verified", "sbom": "verified"});
    let platforms: Vec<_> = list(&checked.image()["platforms"])
        .iter()
        .map(|one| (word(&one["platform"]), word(&one["verdict"]), &one["requirements"]))
        .collect();
    assert_eq!(platforms, [("linux/amd64", "verified", &covered), ("linux/arm64", "verified", &covered)]);
}

#[test]
fn evidence_on_each_platform_covers_the_index() {
    let twice: Vec<_> = REFERRERS.iter().flat_map(|one| [*one, *one]).collect();
    let checked = verifies("multi-platform-children", &twice);
    for kind in ["signature", "provenance", "sbom"] {
        assert_eq!(list(&requirement(checked.image(), kind)["satisfiedBy"]).len(), 2, "one for each platform");
    }
}

#[test]
fn a_platform_without_evidence_makes_the_image_absent() {
    let checked = check("multi-platform-partial", &[&BY_SHOP]).exits(4).has_lines(&[
        "no signature is attached for linux/arm64",
        "no provenance is attached for linux/arm64",
        "no SBOM is attached for linux/arm64",
    ]);
    let image = checked.image();
    assert_eq!(verdicts(image), ["absent"; 3]);
    let verdict_of = |position: usize| word(&image["platforms"][position]["verdict"]);
    assert_eq!((verdict_of(0), verdict_of(1)), ("verified", "absent"));
    assert_eq!(candidates(image), REFERRERS);
}

#[test]
fn a267_an_unsigned_image_is_absent() {
    let checked = check("unsigned", &[&BY_SHOP]).exits(4).has_lines(&[
        "no signature is attached",
        "no provenance is attached",
        "no SBOM is attached",
        "found     nothing attached",
        "→ `docker save` and `skopeo copy` leave evidence behind: copy the image again with `cosign save`, `oras copy -r` or `regctl image copy --referrers --digest-tags`; if you made it: `cosign sign IMAGE@DIGEST` (`bonafide explain evidence-present`)",
    ]);
    let image = checked.image();
    assert_eq!(verdicts(image), ["absent"; 3]);
    assert_eq!((&image["candidates"], &image["gaps"]), (&json!([]), &json!([])));
    assert_eq!(finding(requirement(image, "sbom"), "evidence-present")["outcome"], "skip", "nothing to look at");
}

#[test]
fn a048_a215_statements_of_buildkit_are_shown_as_unsigned_and_satisfy_nothing() {
    let checked = check("buildkit-unsigned", &[&BY_SHOP]).exits(4);
    let image = checked.image();
    assert_eq!(verdicts(image), ["absent"; 3]);
    let all = list(&image["candidates"]);
    assert_eq!(all.len(), 4, "provenance and SBOM for each of two platforms");
    for one in all {
        assert_eq!((&one["accepted"], word(&one["origin"]["kind"])), (&json!(false), "buildkit"));
        assert!(word(&one["reason"]).contains("unsigned"), "{one:#}");
        assert_eq!(one.get("signer"), None);
    }
    let platforms: Vec<_> = list(&image["platforms"]).iter().map(|one| word(&one["platform"])).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"], "`unknown/unknown` is no platform");
}

#[test]
fn an_image_that_somebody_else_signed_is_rejected() {
    let checked = check("other-signer", &[&BY_SHOP])
        .exits(1)
        .has_lines(&[&format!("expected  {SHOP}"), "found     mallory@evil.example"]);
    let image = checked.image();
    assert_eq!(verdicts(image), ["rejected"; 3]);
    let refused: Vec<_> = REFERRERS.iter().map(|(kind, origin, _)| (*kind, *origin, false)).collect();
    assert_eq!(candidates(image), refused);
    for kind in ["signature", "provenance", "sbom"] {
        let identity = finding(requirement(image, kind), "signer-identity");
        assert_eq!((&identity["expected"], &identity["found"]), (&json!(SHOP), &json!("mallory@evil.example")));
        assert_eq!(requirement(image, kind)["satisfiedBy"], json!([]));
    }
}

#[test]
fn that_somebody_can_be_trusted_by_name() {
    let by_mallory =
        ["--certificate-identity", "mallory@evil.example", "--certificate-oidc-issuer", "https://accounts.lab.example"];
    let checked = check("other-signer", &[&by_mallory]).exits(0);
    assert_eq!(candidate(checked.image(), "signature")["signer"]["identityKind"], "email");
    // The provenance names a workflow as its builder. Whoever trusts a person trusts what that person says was built.
    let builder = finding(requirement(checked.image(), "provenance"), "provenance-builder");
    assert_eq!(builder["outcome"], "skip");
}

#[test]
fn what_is_required_decides() {
    let of = |name, require| check(name, &[&BY_BUILDERS, &["--repo", "acme/shop", "--require", require]]);
    for require in ["signature", "provenance", "signature,provenance", "provenance,signature,provenance"] {
        of("reusable-workflow", require).exits(0);
    }
    for require in ["sbom", "signature,sbom", "provenance,sbom"] {
        let checked = of("reusable-workflow", require)
            .exits(4)
            .has_lines(&["no SBOM is attached", "expected  a signed attestation of an SPDX or CycloneDX document"]);
        let missing = finding(requirement(checked.image(), "sbom"), "evidence-present");
        let there = word(&missing["found"]);
        assert!(
            there.contains("https://sigstore.dev/cosign/sign/v1") && there.contains("https://slsa.dev/provenance/v1")
        );
    }
    let checked = of("reusable-workflow", "signature");
    assert_eq!(verdicts(checked.image()), ["verified", "-", "-"]);
}

#[test]
fn the_policy_is_named_by_its_hash() {
    let hash = |require| {
        let checked = check("signed", &[&BY_SHOP, &["--require", require]]).exits(0);
        assert_eq!(checked.report["policy"]["source"], "flags");
        word(&checked.report["policy"]["sha256"]).to_owned()
    };
    assert_eq!(hash("signature,sbom"), hash("sbom,signature,sbom"), "the order of flags is no other policy");
    assert_ne!(hash("signature"), hash("signature,sbom"));
}

#[test]
fn a_verdict_on_one_platform_names_that_platform_and_its_digest() {
    let checked =
        check("multi-platform-partial", &[&BY_SHOP, &["--platform", "linux/amd64"]]).exits(0).says("linux/amd64 alone");
    let image = checked.image();
    let digest = word(&image["platforms"][0]["digest"]).to_owned();
    assert_eq!(digest, word(&image["digest"]));
    let index = word(&image["index"]).to_owned();
    assert_ne!(digest, index);
    checked
        .says(&format!(" @ {digest}\n"))
        .has_lines(&[&format!("platform    linux/amd64 alone, of the index {index}")]);
}
