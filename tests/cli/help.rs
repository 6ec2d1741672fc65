//! What the program says of itself.

use crate::fixtures::{BY_SHOP, LAB, check, image};
use crate::program::{Program, Scratch, bonafide};

/// The examples of a help text as one command a line, continued lines joined as a shell does.
fn examples(help: &str) -> Vec<Vec<String>> {
    let joined = help.replace("\\\n", " ");
    let commands = joined.lines().filter_map(|line| line.split_once("bonafide ").map(|(_, arguments)| arguments));
    let commands = commands.filter(|line| {
        ["ghcr.io/", "oci:", "\"$IMAGE\""].iter().any(|image| line.starts_with(&format!("verify {image}")))
    });
    commands.map(|line| line.trim_end_matches([')', '"']).split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn help_has_examples_and_exit_codes() {
    for (arguments, lines) in [
        (
            &["--help"] as &[&str],
            ["Examples:", "  1  rejected    everything that could satisfy the policy was read, and something does not"],
        ),
        (&["verify", "--help"], ["Examples:", "Exit codes: 0 verified, 1 rejected, 2 usage, 3 undecided, 4 absent"]),
        (
            &["trust", "update", "--help"],
            ["Examples:", "Exit codes: 0 all are up to date, 2 usage, 3 at least one is not"],
        ),
        (&["-h"], ["Examples:", "Exit codes: 0 verified, 1 rejected, 2 usage, 3 undecided, 4 absent"]),
    ] {
        let help = bonafide(arguments).success();
        for line in lines {
            assert!(help.lines().any(|found| found == line), "`{line}` in\n{help}");
        }
        assert!(!help.contains('\u{1b}'), "no colour where there is no terminal");
    }
}

/// Whoever pastes an example runs all of it: no line of it ends before its arguments do.
#[test]
fn the_examples_in_the_help_can_be_pasted() {
    let mut found = 0;
    let scratch = Scratch::new();
    let policy = scratch.write(
        "policy.yaml",
        "{version: 1, images: [{match: '**', signers: [{github: acme/shop}], require: [signature]}]}",
    );
    for arguments in [&["--help"] as &[&str], &["verify", "--help"]] {
        let help = bonafide(arguments).success();
        for example in examples(&help) {
            found += 1;
            // A layout of ours in place of the image and the root, so that nothing is asked of the network.
            let layout = image("unsigned");
            let ours = example.iter().map(|word| match word.as_str() {
                image if ["ghcr.io/", "oci:", "\"$IMAGE\""].iter().any(|start| image.starts_with(start)) => {
                    layout.as_str()
                }
                "root.json" => crate::fixtures::LAB_ROOT,
                "bonafide.yaml" => policy.as_str(),
                other => other,
            });
            let run = bonafide(&ours.collect::<Vec<_>>());
            assert_eq!(run.exit, 4, "`bonafide {}`\n{}", example.join(" "), run.stderr);
        }
    }
    assert_eq!(found, 6, "the examples that were found in the help");
}

#[test]
fn flags_stand_under_headings_that_fit() {
    let help = bonafide(&["verify", "--help"]).success();
    let heading_of = |flag: &str| {
        let before = help.split(&format!("{flag} ")).next().expect("text before the flag");
        let is_heading = |line: &&str| line.ends_with(':') && !line.starts_with(' ');
        before.lines().rfind(is_heading).unwrap_or_default().to_owned()
    };
    for flag in ["--certificate-identity", "--certificate-oidc-issuer", "--repo", "--source-ref", "--source-digest"] {
        assert_eq!(heading_of(flag), "Signer:", "{flag}");
    }
    for flag in ["--require", "--expect-digest", "--platform", "--output"] {
        assert!(
            !["Signer:", "Trust:", "Registry:"].contains(&heading_of(flag).as_str()),
            "{flag} is under {}",
            heading_of(flag)
        );
    }
}

#[test]
fn version() {
    for arguments in [&["--version"] as &[&str], &["-V"]] {
        assert_eq!(bonafide(arguments).success(), format!("bonafide {}\n", env!("CARGO_PKG_VERSION")));
    }
}

/// `-h` fits on one screen of 80 columns, and `--help` has every flag.
#[test]
fn short_help_is_one_screen() {
    for command in [
        &[] as &[&str],
        &["verify"],
        &["audit"],
        &["collect"],
        &["inspect"],
        &["bundle"],
        &["doctor"],
        &["policy", "check"],
        &["trust"],
    ] {
        let shown = |flag: &str| {
            let arguments: Vec<&str> = command.iter().copied().chain([flag]).collect();
            Program::new(&arguments).env("COLUMNS", "80").run().success()
        };
        let short = shown("-h");
        let lines: Vec<&str> = short.lines().collect();
        assert!(lines.len() <= 42, "{} lines\n{short}", lines.len());
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{short}");
        let long = shown("--help");
        let flags = lines.iter().filter_map(|line| line.trim_start().strip_prefix("-q, ").or(Some(line.trim_start())));
        for flag in flags.filter(|line| line.starts_with("--")).filter_map(|line| line.split([' ', '[', '.']).next()) {
            assert!(long.contains(flag), "{command:?}: {flag}");
        }
    }
    let long = bonafide(&["verify", "--help"]).success();
    for name in [
        "BONAFIDE_REGISTRY_TOKEN",
        "DOCKER_CONFIG",
        "HTTPS_PROXY",
        "XDG_CACHE_HOME",
        "--certificate-github-workflow-sha",
    ] {
        assert!(long.contains(name), "{name}");
    }
}

#[test]
fn explain_lists_every_check_and_each_has_a_page() {
    let list = bonafide(&["explain"]).success();
    let checks: Vec<&str> =
        list.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next()).collect();
    assert!(checks.len() >= 20 && checks.contains(&"signer-identity"), "{checks:?}");
    for group in ["Image:", "Signature:", "Signer:", "Provenance:", "SBOM:"] {
        assert!(list.lines().any(|line| line == group), "{group}");
    }
    for check in checks.into_iter().chain(["verified", "rejected", "undecided", "absent", "incomplete"]) {
        let page = bonafide(&["explain", check]).success();
        assert!(page.starts_with(&format!("# {}\n", if check == "incomplete" { "absent" } else { check })), "{check}");
        assert!(page.contains("\n## What to do\n"), "{check}");
        let ending = page.lines().rfind(|line| line.starts_with("## "));
        assert_eq!(ending, Some("## What you may conclude from a pass"), "{check}");
    }
}

#[test]
fn explain_takes_the_beginning_of_a_name_and_guesses_at_what_was_meant() {
    let page = bonafide(&["explain", "signer-id"]).success();
    assert!(page.starts_with("# signer-identity\n"), "{page}");
    let several = bonafide(&["explain", "signer-"]).success();
    assert!(several.lines().count() > 3 && several.lines().all(|line| line.starts_with("  signer-")), "{several}");
    for (written, meant) in [("signer-identiy", "signer-identity"), ("verfied", "verified"), ("bilders", "builders")] {
        let message = bonafide(&["explain", written]).usage_error();
        assert!(message.contains(&format!("did you mean `{meant}`?")), "{message}");
    }
    let message = bonafide(&["explain", "something-else"]).usage_error();
    assert!(!message.contains("did you mean"), "{message}");
}

#[test]
fn manual_pages_are_written() {
    let page = bonafide(&["man"]).success();
    assert!(page.contains(".TH bonafide 1") && page.contains("verify"), "{page}");
    let page = bonafide(&["man", "policy", "check"]).success();
    assert!(page.contains("bonafide-policy-check") && page.contains("strict"), "{page}");
    let message = bonafide(&["man", "nonsense"]).usage_error();
    assert!(message.contains("there is no command `nonsense`"), "{message}");
}

#[test]
fn every_page_that_a_report_names_is_there() {
    let reports = [
        check("other-signer", &[&BY_SHOP]),
        check("buildkit-unsigned", &[&BY_SHOP]),
        check("reusable-workflow", &[&BY_SHOP]),
        check("signed", &[&BY_SHOP, &["--platform", "linux/s390x"]]),
        check("signed", &[&BY_SHOP, &["--trust", "public-good", "--repo", "acme/other"]]),
    ];
    for report in &reports {
        let named = report.text.split("`bonafide explain ").skip(1).filter_map(|rest| rest.split('`').next());
        let mut count = 0;
        for check in named {
            count += 1;
            bonafide(&["explain", check]).success();
        }
        assert!(count > 0, "{}", report.text);
    }
}

#[test]
fn completions_know_the_commands_and_the_values() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = bonafide(&["completions", shell]).success();
        for word in ["verify", "explain", "certificate-identity", "update-trust"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        // The generator has no values for PowerShell.
        if shell != "powershell" {
            for word in ["vulnerabilities", "spdxjson", "public-good", "pinned", "signer-identity", "could-not-check"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }
}

/// What a shell is offered for a word of `bonafide verify`.
fn completed(word: &str) -> Vec<String> {
    bonafide(&["completions", "bash", "--word", word]).success().lines().map(str::to_owned).collect()
}

#[test]
fn images_of_layouts_are_completed() {
    let tagged = ["oci:fixtures/images/signed:v1.0.0"];
    for word in ["oci:fixtures/images/signed:", "oci:fixtures/images/signed:v1"] {
        assert_eq!(completed(word), tagged, "{word}");
    }
    assert_eq!(completed("oci:fixtures/images/signed-"), ["oci:fixtures/images/signed-rekor1:"]);
    assert_eq!(completed("oci:fixtures/ima"), ["oci:fixtures/images/"]);
    for word in
        ["", "oci:fixtures/images/signed:v2", "oci:nowhere/", "ghcr.io/acme/", "oci:fixtures/images/signed/blobs:"]
    {
        assert_eq!(completed(word), [""; 0], "{word}");
    }
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("a$(reboot)")).expect("a folder");
    assert_eq!(completed(&format!("oci:{}/", scratch.directory().display())), [""; 0], "a shell would run it");
}

#[cfg(unix)]
#[test]
fn bash_completes_images_behind_the_colon_and_flags_as_before() {
    let run = |line: &str| {
        let program = env!("CARGO_BIN_EXE_bonafide");
        let script = format!(
            "source <('{program}' completions bash); COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}; \
             read -ra COMP_WORDS <<< \"$COMP_LINE\"; COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_WORDS[0]='{program}'; \
             _bonafide_images '{program}' \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let output = std::process::Command::new("bash").args(["-c", &script]).output().expect("bash");
        String::from_utf8(output.stdout).expect("text")
    };
    assert_eq!(run("bonafide verify oci:fixtures/images/signed:v"), "v1.0.0\n");
    assert!(run("bonafide verify --certificate-ident").contains("--certificate-identity-regexp\n"));
}

#[test]
fn the_schema_of_the_report_has_what_a_report_has() {
    let schema = bonafide(&["schema", "report"]).success();
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("a schema is JSON");
    let report = check("signed", &[&BY_SHOP]).report;
    for member in report.as_object().expect("an object").keys() {
        assert!(schema["properties"].get(member).is_some(), "{member}");
    }
}

#[test]
fn the_environment_decides_nothing_but_the_home() {
    // A263: what other tools take from the environment changes nothing here.
    let image = image("signed");
    let arguments: Vec<&str> = ["verify", &image, "-q"].into_iter().chain(LAB).chain(BY_SHOP).collect();
    let plain = bonafide(&arguments).success();
    let program = ["COSIGN_REPOSITORY", "COSIGN_EXPERIMENTAL", "SIGSTORE_ROOT_FILE", "TUF_ROOT", "RUST_LOG", "CI"]
        .into_iter()
        .fold(crate::program::Program::new(&arguments), |program, name| program.env(name, "1"));
    assert_eq!(program.run().success(), plain);
}
