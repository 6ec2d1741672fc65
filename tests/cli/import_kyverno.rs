//! `policy import` of Kyverno's policies: what they require is required, and what is not carried over is said.

use crate::program::{Program, Run, Scratch, bonafide};

const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEkOC8XeJlj4NKSA2P/a9q3JAj3zRDXOKtVj8S1A/I41uYFxmsoB888/Jpa3KnKX2kWA9R5qIBMeUbxR63vhKOwg==";

fn verify_images(rest: &str) -> String {
    format!(
        "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {{name: signed}}
spec:
  validationFailureAction: Enforce
  rules:
  - name: app
    match: {{any: [{{resources: {{kinds: [Pod]}}}}]}}
    verifyImages:
    - imageReferences: ['ghcr.io/acme/*']
{rest}"
    )
}

const KEYLESS: &str = "      attestors:
      - entries:
        - keyless:
            subject: 'https://github.com/acme/*/.github/workflows/release.yml@refs/tags/*'
            issuer: https://token.actions.githubusercontent.com
            rekor: {url: https://rekor.sigstore.dev}
";

fn import(source: &str, flags: &[&str]) -> Run {
    let scratch = Scratch::new();
    let file = scratch.write("kyverno.yaml", source);
    Program::new(["policy", "import", &file].iter().chain(flags)).run()
}

/// Imports, and returns what `policy explain` says of an image by the policy that was written.
#[track_caller]
fn explained(source: &str, image: &str) -> String {
    let run = import(source, &["--lossy"]);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let scratch = Scratch::new();
    let policy = scratch.write("bonafide.yaml", &run.stdout);
    let checked = bonafide(&["policy", "check", &policy]);
    assert_eq!(checked.exit, 0, "{}\n{}", checked.stderr, run.stdout);
    bonafide(&["policy", "explain", image, "--policy", &policy]).success()
}

#[test]
fn a_keyless_rule_is_carried_over_whole() {
    let source = verify_images(KEYLESS);
    let run = import(&source, &[]);
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""));
    let page = explained(&source, "ghcr.io/acme/team/app:1");
    assert!(page.contains("signature   signed by"), "{page}");
    assert!(page.contains(r"https://github\.com/acme/.*/\.github/workflows/release\.yml@refs/tags/.*"), "{page}");
}

#[test]
fn every_set_must_hold_and_of_a_set_as_many_as_it_counts() {
    let pem = format!("-----BEGIN PUBLIC KEY-----\n                {KEY}\n                -----END PUBLIC KEY-----");
    let key = format!("        - keys:\n            publicKeys: |\n                {pem}\n");
    let person = |name: &str| {
        format!("        - keyless: {{subject: {name}@acme.example, issuer: 'https://accounts.acme.example'}}\n")
    };
    let all = verify_images(&format!("      attestors:\n      - entries:\n{}{}", person("a"), key));
    let page = explained(&all, "ghcr.io/acme/app");
    assert!(
        page.contains("signed by each of") && page.contains("a@acme.example") && page.contains("the key"),
        "{page}"
    );
    let two = verify_images(&format!(
        "      attestors:\n      - count: 2\n        entries:\n{}{}{}",
        person("a"),
        person("b"),
        person("c")
    ));
    let page = explained(&two, "ghcr.io/acme/app");
    assert!(page.contains("signed by 2 different ones of"), "{page}");
    let sets =
        verify_images(&format!("      attestors:\n      - entries:\n{}      - entries:\n{}", person("a"), person("b")));
    let page = explained(&sets, "ghcr.io/acme/app");
    assert_eq!(page.matches("signature").count(), 2, "{page}");
}

#[test]
fn attestations_are_required_by_their_types() {
    let source = verify_images(&format!(
        "{KEYLESS}      attestations:
      - type: https://slsa.dev/provenance/v1
        attestors:
        - entries:
          - keyless: {{subject: b@acme.example, issuer: 'https://accounts.acme.example'}}
        conditions: [{{all: [{{key: a, operator: Equals, value: b}}]}}]
"
    ));
    let run = import(&source, &[]);
    assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    assert!(run.stderr.contains("lost: ") && run.stderr.contains("requirements on the content"), "{}", run.stderr);
    let page = explained(&source, "ghcr.io/acme/app");
    assert!(page.contains("provenance") && page.contains("b@acme.example") && page.contains("signature"), "{page}");
}

/// What would let more images pass than the original is lost only by a decision; what let more pass there is not written.
#[test]
fn what_is_not_carried_over_is_named_with_what_it_means() {
    for (rest, effect, said) in [
        (KEYLESS.replace("subject:", "subjectRegExp:").replace("acme/*", ".*"), "left out", "strangers can sign"),
        (format!("{KEYLESS}      annotations: {{a: b}}\n"), "lost", "annotations of a signature"),
        (format!("{KEYLESS}      skipImageReferences: ['ghcr.io/acme/x*']\n"), "left out", "images were skipped"),
        (format!("{KEYLESS}      required: false\n"), "left out", "not required to be signed"),
        (format!("{KEYLESS}      failureAction: Audit\n"), "left out", "it only warned"),
        (format!("{KEYLESS}      somethingNew: 1\n"), "lost", "this key is not known"),
        (format!("{KEYLESS}            roots: PEM\n"), "lost", "an instance of its own"),
        (
            format!("{KEYLESS}            additionalExtensions: {{githubWorkflowRef: x}}\n"),
            "lost",
            "other than the name",
        ),
        (
            "      type: Notary\n      attestors: [{entries: [{certificates: {cert: x}}]}]\n".to_owned(),
            "lost",
            "is not a Sigstore signature",
        ),
        ("      attestors: [{entries: [{keys: {kms: 'awskms:///x'}}]}]\n".to_owned(), "left out", "cannot be read"),
        (
            "      attestors: [{entries: [{keyless: {issuer: 'https://accounts.google.com'}}]}]\n".to_owned(),
            "left out",
            "both missing",
        ),
    ] {
        let run = import(&verify_images(&rest), &[]);
        let lines: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with(&format!("{effect}: "))).collect();
        assert!(lines.iter().any(|line| line.contains(said)), "{said}\n{}", run.stderr);
    }
    let tags = verify_images(KEYLESS).replace("ghcr.io/acme/*", "ghcr.io/acme/app:v1*");
    let run = import(&tags, &[]);
    assert!(run.exit == 2 && run.stderr.contains("about some tags"), "{}", run.stderr);
    // A certificate of another instance may be another person's; a key is the same everywhere.
    let key = format!("-----BEGIN PUBLIC KEY-----\n                {KEY}\n                -----END PUBLIC KEY-----");
    let own_log = format!(
        "      attestors:\n      - entries:\n        - keys:\n            rekor: {{url: 'https://rekor.acme.example'}}\n            publicKeys: |\n                {key}\n"
    );
    let run = import(&verify_images(&own_log), &[]);
    assert!(run.exit == 0 && run.stderr.contains("left out: ") && run.stderr.contains("of its own"), "{}", run.stderr);
    // An entry has one kind of signer, and what is no list cannot be read.
    for (rest, said) in [
        (format!("{KEYLESS}          certificates: {{cert: x}}\n"), "`keys` or `keyless` alone"),
        (format!("{KEYLESS}      attestations: {{type: x}}\n"), "this is not a list"),
    ] {
        let run = import(&verify_images(&rest), &[]);
        assert!(run.exit == 2 && run.stderr.contains(said), "{}", run.stderr);
    }
    let digest = verify_images(KEYLESS).replace("ghcr.io/acme/*", "ghcr.io/acme/app@sha256:d1e7");
    let run = import(&digest, &[]);
    assert!(run.exit == 2 && run.stderr.contains("is about one digest"), "{}", run.stderr);
    assert!(!run.stderr.contains("some tags"), "{}", run.stderr);
    for any in ["ghcr.io/acme/app@sha256:*", "ghcr.io/acme/app@*", "ghcr.io/acme/app:*"] {
        let run = import(&verify_images(KEYLESS).replace("ghcr.io/acme/*", any), &[]);
        assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{any}");
    }
    let hub = verify_images(KEYLESS).replace("ghcr.io/acme/*", "acme/app:*");
    assert!(explained(&hub, "acme/app").contains("docker.io/acme/app"));
    // Of two that must both have signed, one cannot be read: no rule is better than half of it.
    let half = verify_images(&format!("{KEYLESS}        - certificates: {{cert: x}}\n"));
    let run = import(&half, &["--lossy"]);
    assert!(run.exit == 2 && run.stderr.contains("2 of its entries must have signed"), "{}", run.stderr);
}

fn validating(validation: &str) -> String {
    format!(
        "apiVersion: policies.kyverno.io/v1
kind: ImageValidatingPolicy
metadata: {{name: check}}
spec:
  validationActions: [Deny]
  matchConstraints: {{resourceRules: []}}
  matchImageReferences: [{{glob: 'ghcr.io/acme/*'}}]
  attestors:
  - name: release
    cosign: {{keyless: {{identities: [{{issuer: 'https://accounts.acme.example', subject: a@acme.example}}]}}}}
  - name: key
    cosign:
      key:
        data: |
          -----BEGIN PUBLIC KEY-----
          {KEY}
          -----END PUBLIC KEY-----
  attestations:
  - name: sbom
    intoto: {{type: https://spdx.dev/Document}}
  validations:
  - expression: >-
      {validation}
    message: no
"
    )
}

#[test]
fn an_image_validating_policy_is_read_in_the_forms_of_its_documentation() {
    let signature =
        "images.containers.map(image, verifyImageSignatures(image, [attestors.release, attestors.key])).all(e, e > 0)";
    let source = validating(signature);
    let run = import(&source, &[]);
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""));
    let page = explained(&source, "ghcr.io/acme/app");
    assert!(page.contains("signature   signed by any of") && page.contains("a@acme.example"), "{page}");
    let attestation = "images.containers.map(image, verifyAttestationSignatures(image, attestations.sbom, [attestors.key])).all(e, e > 0)";
    let page = explained(&validating(attestation), "ghcr.io/acme/app");
    assert!(page.contains("sbom        signed by") && page.contains("the key"), "{page}");
    for other in [
        "images.containers.map(image, verifyImageSignatures(image, [attestors.key])).all(e, e > 0) || true",
        "images.containers.map(image, verifyImageSignatures(image, [attestors.key])).exists(e, e > 0)",
        "images.containers.map(image, verifyImageSignatures(image, [attestors.key])).all(e, e >= 0)",
        "images.containers.all(image, extractPayload(image, attestations.sbom).x == 1)",
        "images.containers.map(image, verifyImageSignatures(image, [attestors.nobody])).all(e, e > 0)",
    ] {
        let run = import(&validating(other), &["--lossy"]);
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{other}\n{}", run.stderr);
        assert!(run.stderr.contains("lost: "), "{}", run.stderr);
    }
}

/// One validation that is carried over must not hide that another one is not.
#[test]
fn a_validation_that_is_lost_beside_another_is_named() {
    let source =
        validating("images.containers.map(image, verifyImageSignatures(image, [attestors.release])).all(e, e > 0)");
    for (other, said) in [
        (
            "images.containers.map(image, verifyAttestationSignatures(image, attestations.vex, [attestors.key])).all(e, e > 0)",
            "`attestations.vex`",
        ),
        ("", "its requirements in CEL"),
    ] {
        let run = import(&format!("{source}  - expression: {other:?}\n"), &[]);
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{other}\n{}", run.stderr);
        assert!(run.stderr.contains("lost: ") && run.stderr.contains(said), "{}", run.stderr);
    }
    let without = import(&format!("{source}  - message: no\n"), &[]);
    assert!(without.exit == 2 && without.stderr.contains("lost: "), "{}", without.stderr);
    let unnamed = import(&source.replace("[attestors.release]", "[attestors.release, attestors.nobody]"), &[]);
    assert!(unnamed.exit == 0 && unnamed.stderr.contains("`attestors.nobody`"), "{}", unnamed.stderr);
}

#[test]
fn what_an_attestor_says_beside_its_signer_is_named() {
    let source = validating(
        "images.containers.map(image, verifyImageSignatures(image, [attestors.release, attestors.key])).all(e, e > 0)",
    );
    for (place, more, effect, said) in [
        ("subject: a@acme.example", ", stricter: x", "lost", "identities[0].stricter"),
        ("subject: a@acme.example}]", ", stricter: x", "lost", "keyless.stricter"),
        ("      key:\n", "        stricter: x\n", "lost", "key.stricter"),
        ("  - name: key\n", "    stricter: x\n", "lost", "attestors[1].stricter"),
        ("https://spdx.dev/Document", ", stricter: x", "lost", "intoto.stricter"),
        ("    message: no\n", "    stricter: x\n", "lost", "validations[0].stricter"),
        ("ghcr.io/acme/*'", ", stricter: x", "lost", "matchImageReferences[0].stricter"),
        (
            "    cosign:\n",
            "      source: {repository: 'registry.acme.example/sig', tagPrefix: x}\n",
            "left out",
            "registry.acme.example/sig",
        ),
        ("    cosign:\n", "      source: {tagPrefix: x}\n", "left out", "tags with a prefix"),
        ("    cosign:\n", "      tuf: {mirror: 'https://tuf.acme.example'}\n", "left out", "an instance of its own"),
        ("      key:\n", "        hashAlgorithm: sha512\n", "check", "the hash algorithm"),
        ("      key:\n        data: |\n          -----BEGIN", " BROKEN", "left out", "this key cannot be used: "),
    ] {
        assert!(source.contains(place), "{place}");
        let run = import(&source.replace(place, &format!("{place}{more}")), &[]);
        let lines: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with(&format!("{effect}: "))).collect();
        assert!(lines.iter().any(|line| line.contains(said)), "{said}\n{}", run.stderr);
        assert_eq!(run.exit == 2, effect == "lost", "{said}\n{}", run.stderr);
    }
}

#[test]
fn policies_that_are_programs_are_named_for_what_they_are() {
    for (source, maker) in [
        ("apiVersion: appstudio.redhat.com/v1alpha1\nkind: EnterpriseContractPolicy\nspec: {}\n", "Conforma"),
        ("sources: [{policy: ['oci::quay.io/x']}]\npublicKey: k\n", "Conforma"),
        ("apiVersion: config.ratify.deislabs.io/v1beta1\nkind: Verifier\nspec: {}\n", "Ratify"),
    ] {
        let run = import(source, &[]);
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""));
        let said = format!("is a policy of {maker}, which cannot be carried over: ");
        assert!(run.stderr.contains(&said) && run.stderr.contains("--suggest-policy"), "{}", run.stderr);
    }
}
