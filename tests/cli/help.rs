//! What the program says of itself.

use crate::fixtures::{BY_SHOP, LAB, check, image};
use crate::program::{Scratch, bonafide};

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
        (&["-h"], ["Examples:", "  4  absent      nothing of a required kind is attached"]),
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

#[test]
fn explain_lists_every_check_and_each_has_a_page() {
    let list = bonafide(&["explain"]).success();
    let checks: Vec<&str> =
        list.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next()).collect();
    assert!(checks.len() >= 20 && checks.contains(&"signer-identity"), "{checks:?}");
    for check in checks {
        let page = bonafide(&["explain", check]).success();
        assert!(page.starts_with(&format!("# {check}\n")) && page.contains("\n## What to do\n"), "{check}");
    }
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
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let script = bonafide(&["completions", shell]).success();
        for word in ["verify", "explain", "certificate-identity", "update-trust"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
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
