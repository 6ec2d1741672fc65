//! Command lines that name no policy, no image or no file: exit 2, nothing on standard output, and a way out.

use crate::fixtures::{BY_SHOP, GITHUB, LAB, LAB_ROOT, SHOP, image};
use crate::program::{Program, Scratch, bonafide};

/// `verify` of a good image with these arguments and a good trusted root.
fn refused(arguments: &[&[&str]]) -> String {
    let image = image("signed");
    let all: Vec<&str> = ["verify", &image].into_iter().chain(LAB).chain(arguments.concat()).collect();
    bonafide(&all).usage_error()
}

/// The first text between backticks in the hint.
fn hinted(message: &str) -> Vec<&str> {
    let hint = message.split_once("→ ").expect("a hint").1;
    hint.split('`').nth(1).expect("something to paste").split(' ').collect()
}

#[test]
fn a181_nobody_is_not_a_signer() {
    assert_eq!(
        refused(&[]),
        "error: no signer is named: anyone with an account could have signed the image\n  → name the expected \
         signer: `--certificate-identity IDENTITY --certificate-oidc-issuer URL`, or `--repo OWNER/NAME` for GitHub Actions, or \
         `--key FILE`\n"
    );
}

#[test]
fn a182_an_identity_without_an_issuer_is_refused_and_the_hint_can_be_pasted() {
    let identity = ["--certificate-identity", SHOP];
    let message = refused(&[&identity]);
    assert_eq!(
        message,
        format!(
            "error: an identity without an issuer: any issuer could assert `{SHOP}`\n  → add \
             `--certificate-oidc-issuer {GITHUB}`\n"
        )
    );
    let image = image("signed");
    let pasted = ["verify", &image].into_iter().chain(LAB).chain(identity).chain(hinted(&message));
    bonafide(&pasted.collect::<Vec<_>>()).success();
}

#[test]
fn a182_an_identity_that_is_no_workflow_gets_no_issuer_suggested() {
    let message = refused(&[&["--certificate-identity", "release@acme.example"]]);
    assert!(message.ends_with("\n  → add `--certificate-oidc-issuer URL`\n"), "{message}");
}

#[test]
fn a182_an_issuer_without_an_identity_is_refused() {
    assert_eq!(
        refused(&[&["--certificate-oidc-issuer", GITHUB]]),
        format!(
            "error: an issuer without an identity: anyone with an account at `{GITHUB}` could have signed the image\n  \
             → add `--certificate-identity IDENTITY`, or `--repo OWNER/NAME` for GitHub Actions\n"
        )
    );
}

#[test]
fn empty_values_are_what_unset_variables_leave() {
    for (flag, what) in [
        ("--certificate-identity", "the certificate identity"),
        ("--certificate-oidc-issuer", "the certificate issuer"),
        ("--repo", "the repository"),
    ] {
        for value in ["", " "] {
            let message = refused(&[&[flag, value]]);
            assert!(message.starts_with(&format!("error: {what} is empty: ")), "{message}");
            assert!(message.contains("→ is a variable in the command line unset?"), "{message}");
        }
    }
    let message = refused(&[&BY_SHOP, &["--require", ""]]);
    assert!(message.contains("expected signature, provenance, sbom, vulnerabilities, "), "{message}");
}

#[test]
fn a_ref_or_commit_without_a_repository_is_refused() {
    for flag in ["--source-ref", "--source-digest"] {
        let message = refused(&[&BY_SHOP, &[flag, "x"]]);
        assert_eq!(
            message,
            format!(
                "error: {flag} needs a repository: a ref or commit alone exists in every fork\n  → add `--repo OWNER/NAME`\n"
            )
        );
    }
}

#[test]
fn a_repository_that_is_none_is_refused() {
    for wrong in ["acme", "acme/shop/x", "https://github.com/acme", "acme/shop?x", "/shop"] {
        let message = refused(&[&["--repo", wrong]]);
        assert!(
            message.starts_with(&format!("error: `{wrong}` is not a repository: expected OWNER/NAME")),
            "{message}"
        );
        assert_eq!(hinted(&message), ["--repo", "OWNER/NAME"]);
    }
    for (elsewhere, instead) in [
        ("https://gitlab.com/acme/shop", "gitlab: {project: acme/shop, server: https://gitlab.com}"),
        ("ghe.example/acme/shop", "github: {repository: acme/shop, server: https://ghe.example, issuer: URL}"),
    ] {
        let message = refused(&[&["--repo", elsewhere]]);
        assert!(message.contains("a repository alone is one of github.com") && message.contains(instead), "{message}");
    }
}

#[test]
fn an_unknown_flag_is_refused_with_the_one_that_was_meant() {
    let message = refused(&[&BY_SHOP, &["--requires", "signature"]]);
    assert!(message.starts_with("error: unexpected argument '--requires' found"), "{message}");
    assert!(message.contains("'--require'"), "{message}");
}

#[test]
fn an_unknown_flag_is_not_taken_for_an_image() {
    let message = refused(&[&BY_SHOP, &["--nonsense"]]);
    assert!(message.starts_with("error: unexpected argument '--nonsense' found"), "{message}");
    assert!(message.contains("--help"), "{message}");
    // A reference never begins with a dash, so this way out leads nowhere.
    assert!(!message.contains("use '-- --nonsense'"), "{message}");
}

#[test]
fn unknown_words_are_refused_with_the_known_ones() {
    let cases: [(&[&str], &str); 8] = [
        (
            &["--require", "signature,vex"],
            "'vex' for '--require <KINDS>': expected signature, provenance, sbom, vulnerabilities, ",
        ),
        (&["--require", "vsa"], "whose summary it must be is said in a policy file"),
        (&["--require", "attestation"], "name the attestation's type instead: https://…"),
        (&["--trust", "public"], "expected public-good, github or staging"),
        (&["--output", "xml"], "`xml` is not an output format: expected text, json, "),
        (&["--output", "json="], "the file's name is missing after `=`"),
        (&["--platform", "linux"], "expected OS/ARCH or OS/ARCH/VARIANT, such as linux/arm64"),
        (&["--color", "sometimes"], "possible values: auto, always, never"),
    ];
    for (arguments, expected) in cases {
        let message = refused(&[&BY_SHOP, arguments]);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_duration_has_a_whole_number_and_a_unit() {
    for wrong in ["0", "soon", "-1s", "1.5s", "1d", "", "99999999999999999999s"] {
        let message = refused(&[&BY_SHOP, &[&format!("--timeout={wrong}")]]);
        assert!(message.contains("expected a duration such as 30s, 5m or 1h"), "{wrong}: {message}");
    }
}

#[test]
fn a_digest_is_written_in_full() {
    let upper = format!("sha256:{}", "A".repeat(64));
    for wrong in ["latest", "sha256:12", "md5:d41d8cd98f00b204e9800998ecf8427e", &upper, &"0".repeat(64)] {
        let message = refused(&[&BY_SHOP, &["--expect-digest", wrong]]);
        assert!(
            message.starts_with(&format!("error: invalid value '{wrong}' for '--expect-digest <DIGEST>'")),
            "{message}"
        );
    }
}

#[test]
fn a282_a283_a_text_with_two_meanings_is_no_reference() {
    let digest = format!("sha256:{}", "0".repeat(64));
    let cases = [
        ("", "the reference is empty"),
        ("oci:", "the reference is empty"),
        ("ghcr.io//app", "`/app` is not a repository"),
        ("ghcr.io/Acme/app", "has capital letters: expected `acme/app`"),
        ("https://ghcr.io/acme/app", "is a URL: expected a reference such as `ghcr.io/acme/app`"),
        ("./layout", "looks like a path: expected `oci:./layout`"),
        ("/layout", "looks like a path: expected `oci:/layout`"),
        ("ghcr.io/acme/app:", "`` is not a tag"),
        ("ghcr.io/acme/app:$TAG", "`$TAG` is not a tag"),
        ("ghcr.io/acme/app@sha256:12", "expected 64 lowercase hexadecimal digits"),
        ("ghcr.io/acme/app@md5:d41d8cd98f00b204e9800998ecf8427e", "digest algorithm `md5` is not supported"),
        (&format!("ghcr.io/acme/app@{digest}@{digest}"), "has more than one `@`"),
        ("ghcr.io/acme%2fapp", "has the character '%'"),
        ("ghcr.io/acme/app:1.0 ", "has the character ' '"),
        ("ghcr.io/acme/app:1.0\n", "has the character '\\n'"),
        ("bücher.example/app", "has the character 'ü'"),
        ("2130706433:5000/app", "is not a registry"),
        ("docker-archive:app.tar", "`docker-archive:` is not supported"),
        ("containers-storage:app", "`containers-storage:` is not supported"),
    ];
    for (reference, expected) in cases {
        let arguments = ["verify", reference].into_iter().chain(LAB).chain(BY_SHOP);
        let message = bonafide(&arguments.collect::<Vec<_>>()).usage_error();
        let first = message.lines().next().unwrap_or_default();
        assert!(
            first.contains(" is not a reference to an image: ") && first.contains(expected),
            "{reference}: {message}"
        );
        assert!(message.contains("\n  → write "), "{message}");
        assert!(!message.trim_end().chars().any(|c| c.is_control() && c != '\n'), "{message:?}");
    }
}

/// containers-transports(5) has this one too, and a repository of Docker Hub is not what anybody means by it.
#[test]
fn a282_a_transport_of_other_tools_is_not_taken_for_a_repository() {
    let arguments = ["verify", "dir:layout"].into_iter().chain(LAB).chain(BY_SHOP);
    let message = bonafide(&arguments.collect::<Vec<_>>()).usage_error();
    assert!(message.contains("`dir:` is not supported"), "{message}");
}

#[test]
fn a283_a_password_in_front_of_the_host_is_refused_and_not_repeated() {
    let arguments = ["verify", "robot:hunter2@ghcr.io/acme/app"].into_iter().chain(LAB).chain(BY_SHOP);
    let message = bonafide(&arguments.collect::<Vec<_>>()).usage_error();
    assert!(message.contains("has user information in front of the host"), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
}

#[test]
fn a_trusted_root_that_cannot_be_used_is_named() {
    let scratch = Scratch::new();
    let media_type = r#""mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1""#;
    let cases = [
        (None, "cannot read `"),
        (Some(String::new()), "is not a JSON document that can be read safely"),
        (Some("{".into()), "is not a JSON document that can be read safely"),
        (Some(format!("{{{media_type},{media_type}}}")), "is not a JSON document that can be read safely"),
        (
            Some("{}".into()),
            "has media type `none`; expected `application/vnd.dev.sigstore.trustedroot+json;version=0.1`",
        ),
        (Some(format!("{{{media_type}}}")), "has no certificate authority"),
        (Some(format!(r#"{{{media_type},"certificateAuthorities":[{{"validFor":{{}}}}]}}"#)), "validFor has no start"),
    ];
    for (number, (content, expected)) in cases.into_iter().enumerate() {
        let name = format!("root{number}.json");
        let path = match content {
            Some(content) => scratch.write(&name, content),
            None => scratch.path(&name).display().to_string(),
        };
        let image = image("signed");
        let arguments = ["verify", &image, "--trusted-root", &path].into_iter().chain(BY_SHOP);
        let message = bonafide(&arguments.collect::<Vec<_>>()).usage_error();
        assert!(message.contains(expected) && message.contains(&name), "{message}");
        assert!(message.contains("\n  → "), "{message}");
    }
}

#[test]
fn one_bad_trusted_root_beside_a_good_one_stops_the_run() {
    let message = refused(&[&BY_SHOP, &["--trusted-root", "Cargo.toml"]]);
    assert!(message.contains("trusted root `Cargo.toml` is not a JSON document"), "{message}");
}

#[test]
fn a_ca_file_without_certificates_is_refused() {
    for (file, expected) in [("Cargo.toml", "has no certificates"), ("nowhere.pem", "cannot read `nowhere.pem`")] {
        let message = refused(&[&BY_SHOP, &["--ca-file", file]]);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn two_reports_do_not_fit_on_standard_output_and_the_hint_can_be_pasted() {
    for outputs in [["--output", "text", "--output", "json"], ["--output", "json", "--output", "pinned=-"]] {
        let message = refused(&[&BY_SHOP, &outputs]);
        assert_eq!(
            message,
            "error: two reports cannot both go to standard output\n  → send one of them to a file: `--output \
             json=report.json`\n"
        );
        let scratch = Scratch::new();
        let root = format!("{}/{LAB_ROOT}", env!("CARGO_MANIFEST_DIR"));
        let image = format!("oci:{}/fixtures/images/signed", env!("CARGO_MANIFEST_DIR"));
        let arguments = ["verify", &image, "--trusted-root", &root].into_iter().chain(BY_SHOP).chain(hinted(&message));
        Program::new(arguments).within(scratch.directory()).run().success();
        assert_eq!(scratch.files(), ["report.json"]);
    }
}

#[test]
fn a_check_that_there_is_not_is_refused() {
    let message = bonafide(&["explain", "signer-identities"]).usage_error();
    assert_eq!(
        message,
        "error: `signer-identities` is not a check\n  → did you mean `signer-identity`? `bonafide explain` lists all \
         checks\n"
    );
}

#[test]
fn an_incomplete_command_line_says_how_it_goes_on() {
    for arguments in [&[] as &[&str], &["verify"], &["completions"], &["schema"], &["nonsense"]] {
        let run = bonafide(arguments);
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.contains("Usage: bonafide"), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn a_usage_error_asks_the_network_nothing() {
    let registry = crate::support::registry::Registry::start();
    let reference = registry.reference("acme/shop", "1.0.0");
    bonafide(&["verify", &reference]).usage_error();
    bonafide(&["verify", &reference, "--repo", "acme/shop", "--trusted-root", "Cargo.toml"]).usage_error();
    bonafide(&["verify", &reference, "--repo", "acme/shop", "--output", "text", "--output", "json"]).usage_error();
    assert_eq!(registry.requests(), []);
}
