use std::ffi::OsString;

use super::{Diagnostic, answer};

fn answered(line: &[&str]) -> Option<String> {
    let arguments: Vec<OsString> = ["bonafide"].iter().chain(line).map(OsString::from).collect();
    answer(&arguments).map(|diagnostic: Diagnostic| diagnostic.to_string())
}

fn text(line: &str) -> String {
    answered(&line.split(' ').collect::<Vec<_>>()).expect("a command line of another tool")
}

/// The last line: our command.
fn ours(line: &str) -> String {
    text(line).lines().last().unwrap_or_default().trim_start_matches(['→', ' ']).to_owned()
}

const IMAGE: &str = "ghcr.io/acme/app:1";

#[test]
fn what_was_given_becomes_our_command() {
    for (given, expected) in [
        (
            "cosign verify IMG --certificate-identity=a@acme.example --certificate-oidc-issuer https://accounts.acme.example",
            "verify IMG --require signature --certificate-identity a@acme.example --certificate-oidc-issuer \
             https://accounts.acme.example",
        ),
        ("verify-attestation --key cosign.pub --type spdxjson IMG", "verify IMG --require spdxjson --key cosign.pub"),
        ("verify-attestation --key cosign.pub IMG", "verify IMG --require custom --key cosign.pub"),
        ("verify-attestation --type slsaprovenance1 --key k IMG", "verify IMG --require provenance --key k"),
        (
            "verify-attestation --type=https://acme.example/x/v1 --key k -t 3m0s IMG",
            "verify IMG --require https://acme.example/x/v1 --key k --timeout 180s",
        ),
        ("cosign verify --key k --local-image ./saved", "verify oci:./saved --require signature --key k"),
        ("cosign verify --key k -o json -d IMG", "verify IMG --require signature --key k --output json --verbose"),
        (
            "attestation verify oci://IMG --owner acme --bundle-from-oci",
            "verify IMG --require provenance --owner acme --trust public-good --trust github",
        ),
        (
            "gh attestation verify oci://IMG -R acme/app --no-public-good",
            "verify IMG --require provenance --repo acme/app --github-api --trust github",
        ),
        (
            "at verify oci://IMG -R acme/app --bundle-from-oci --predicate-type https://spdx.dev/Document/v2.3",
            "verify IMG --require https://spdx.dev/Document/v2.3 --repo acme/app --trust public-good --trust github",
        ),
        (
            "verify-image IMG --source-uri github.com/acme/app --source-versioned-tag v1.2",
            "verify IMG --require provenance --source-tag 'v1.2.*' --repo acme/app --source-uri https://github.com/acme/app \
             --signer-workflow slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml",
        ),
        (
            "verify-image IMG --source-uri github.com/acme/app --build-workflow-input a/b=c --builder-id \
             https://github.com/acme/ci/.github/workflows/b.yml@refs/tags/v1",
            "verify IMG --require provenance --build-parameter '/inputs/a~1b=c' --repo acme/app --source-uri \
             https://github.com/acme/app --signer-workflow acme/ci/.github/workflows/b.yml@refs/tags/v1",
        ),
        ("verify-blob app.tar --bundle b.json --key k", "bundle app.tar --bundle b.json --key k"),
        (
            "verify IMG --repo acme/app --type spdxjson --platform linux/amd64 -q",
            "verify IMG --require spdxjson --repo acme/app --platform linux/amd64 --quiet",
        ),
        ("verify IMG -o acme --bundle-from-oci", "verify IMG --owner acme"),
    ] {
        assert_eq!(
            ours(&given.replace("IMG", IMAGE)),
            format!("bonafide {}", expected.replace("IMG", IMAGE)),
            "{given}"
        );
    }
}

/// A restriction is never dropped in silence, and a check is never skipped because another tool was told to.
#[test]
fn what_restricts_is_named_and_what_loosens_is_left_out() {
    for (given, named) in [
        ("-a build=7", "no counterpart: --annotations build=7: "),
        ("--annotations build=7", "no counterpart: --annotations build=7: "),
        ("--policy p.rego", "no counterpart: --policy p.rego: "),
        ("--certificate c.pem", "no counterpart: --certificate c.pem: "),
        ("--certificate-identity-regexp (?=a)", "no counterpart: --certificate-identity-regexp '(?=a)': "),
        ("--use-signed-timestamps", "no counterpart: --use-signed-timestamps: "),
        ("--new-thing=1", "no counterpart: --new-thing: it is not known here"),
    ] {
        let said = text(&format!("cosign verify --key k {given} {IMAGE}"));
        assert!(said.contains(named) && said.contains("is less strict than yours"), "{said}");
    }
    for loosening in [
        "--insecure-ignore-tlog",
        "--insecure-ignore-tlog=true",
        "--insecure-ignore-sct",
        "--private-infrastructure",
        "--check-claims=false",
    ] {
        for command in ["cosign verify --key k", "verify --key k"] {
            let said = text(&format!("{command} {loosening} {IMAGE}"));
            assert!(said.contains("left out: --") && said.contains(" always checked"), "{said}");
            let ours = said.lines().last().unwrap_or_default();
            assert!(
                !ours.contains("insecure") && !ours.contains("without-log") && !said.contains("key-without-log"),
                "{said}"
            );
        }
    }
    assert!(!text(&format!("cosign verify --key k --insecure-ignore-tlog=false {IMAGE}")).contains("left out"));
    let said =
        text("verify-artifact app.tar --provenance-path p.jsonl --source-uri github.com/acme/app --source-tag v1");
    assert!(said.contains("no counterpart: --source-tag v1: "), "{said}");
    assert!(said.ends_with("bonafide bundle app.tar --bundle p.jsonl --repo acme/app"), "{said}");
    let said = text("attestation verify app.tar -R acme/app -b b.json");
    assert!(said.contains("no counterpart: the type https://slsa.dev/provenance/v1"), "{said}");
    let said = text("attestation verify app.tar -R acme/app -b b.json --predicate-type https://cyclonedx.org/bom");
    assert!(said.contains("no counterpart: --predicate-type https://cyclonedx.org/bom: "), "{said}");
    assert!(!said.contains("https://slsa.dev/provenance/v1"), "{said}");
}

#[test]
fn certificates_and_keys_of_services_are_fetched_first() {
    let said = text(&format!("cosign verify --certificate-chain c.pem --certificate-identity a@b.c {IMAGE}"));
    assert!(
        said.contains("→ cosign trusted-root create --certificate-chain c.pem --out trusted_root.json\n"),
        "{said}"
    );
    assert!(said.ends_with("--trusted-root trusted_root.json"), "{said}");
    let said = text(&format!("cosign verify --key awskms:///alias/x {IMAGE}"));
    assert!(said.contains("→ cosign public-key --key awskms:///alias/x > cosign.pub\n"), "{said}");
    assert!(said.ends_with("--key cosign.pub"), "{said}");
}

/// A183: an expression that is found anywhere would match inside strangers' names.
#[test]
fn a183_an_expression_is_anchored() {
    for (given, whole) in [
        ("^https://github.com/acme/", "'https://github.com/acme/.*'"),
        ("https://github.com/acme/.+$", "https://github.com/acme/.+"),
        (r"^a@acme\.example$", r"'a@acme\.example'"),
    ] {
        let said = text(&format!("cosign verify --certificate-identity-regexp {given} {IMAGE}"));
        assert!(said.ends_with(&format!("--certificate-identity-regexp {whole}")), "{said}");
        assert!(said.contains("changed: --certificate-identity-regexp: "), "{said}");
    }
}

#[test]
fn secrets_are_not_repeated() {
    let said = text(&format!(
        "cosign verify --key k --registry-username ci --registry-password hunter2 --registry-token=hunter2 {IMAGE}"
    ));
    assert!(!said.contains("hunter2") && said.contains("--username ci --password-stdin"), "{said}");
    for unknown in ["--my-token hunter2", "--password=hunter2"] {
        let said = text(&format!("cosign verify --key k {unknown} {IMAGE}"));
        assert!(!said.contains("hunter2") && said.contains(IMAGE), "{said}");
    }
}

#[test]
fn words_are_quoted_for_a_shell_and_never_shown_as_something_else() {
    let given = ["cosign", "verify", "--certificate-identity", "it's; $(rm -rf ~) `x`", "--key=-x", IMAGE];
    let said = answered(&given).expect("an answer");
    assert!(said.ends_with(r"--certificate-identity 'it'\''s; $(rm -rf ~) `x`' --key=-x"), "{said}");
    for hostile in ["a\nb", "a\u{1b}[2Jb", "a\u{202e}b"] {
        let said = answered(&["cosign", "verify", "--certificate-identity", hostile, IMAGE]).expect("an answer");
        assert!(!said.contains("bonafide verify") && said.contains("write it by hand"), "{said}");
    }
}

#[test]
fn our_own_command_lines_are_left_alone() {
    for line in [
        &["verify", IMAGE, "--nonsense"] as &[&str],
        &["verify", IMAGE, "--repo", "acme/app", "--key", "k"],
        &["verify", IMAGE, "--repo", "--type"],
        &["nonsense"],
        &["inspect", IMAGE, "--type", "x"],
        &[],
    ] {
        assert_eq!(answered(line), None, "{line:?}");
    }
}
