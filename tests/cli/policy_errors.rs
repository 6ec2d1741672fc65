//! What is wrong with a policy file is said at its place; what can never match as meant is a warning beside it.

use serde_json::{Value, json};

use crate::program::{Run, Scratch, bonafide};

fn policy(signer: &str) -> String {
    format!("version: 1\nimages:\n- match: ghcr.io/acme/**\n  signers:\n  - {signer}\n  require: [signature]\n")
}

fn check(text: &str, more: &[&str]) -> Run {
    let scratch = Scratch::new();
    let file = scratch.write("policy.yaml", text);
    bonafide(&[&["policy", "check", file.as_str()], more].concat())
}

#[test]
fn a_rule_that_can_never_match_as_meant_is_a_warning_at_its_key() {
    let github = "issuer: 'https://token.actions.githubusercontent.com'";
    for (signer, place, said) in [
        (
            "{identity: 'a@acme.example', issuer: accounts.acme.example}".to_owned(),
            "5:34:",
            "is not an issuer: an issuer is an address",
        ),
        (
            format!("{{identity: 'https://github.com/acme/app', {github}}}"),
            "5:6:",
            "no certificate of GitHub Actions has a name",
        ),
        (
            format!("{{identity: '^https://github.com/acme/app/.*', {github}}}"),
            "5:16:",
            "looks like a regular expression",
        ),
        (format!("{{identity-regexp: '^acme/app', {github}}}"), "5:6:", "no certificate of GitHub Actions has a name"),
        (
            "github: {repository: acme/app, workflow: release, ref: 'refs/tags/v*'}".to_owned(),
            "5:46:",
            "each ends in .yml or .yaml",
        ),
    ] {
        let run = check(&policy(&signer), &[]);
        assert_eq!(run.exit, 0, "{signer}\n{}", run.stderr);
        let line = run.stdout.lines().find(|line| line.starts_with("warning: ") && line.contains(said));
        assert!(line.is_some_and(|line| line.contains(place)), "{signer}\n{}", run.stdout);
        assert_eq!(check(&policy(&signer), &["--strict"]).exit, 2);
    }
    for good in [
        "{identity: 'https://github.com/acme/app/.github/workflows/x.yml@refs/tags/v*', issuer: 'https://token.actions.githubusercontent.com'}",
        "{github: {repository: acme/app, workflow: release.yaml, ref: 'refs/tags/v*'}}",
    ] {
        let run = check(&policy(good), &["--strict"]);
        assert_eq!(run.exit, 0, "{good}\n{}", run.stdout);
    }
}

#[test]
fn a_warning_stands_beside_the_errors_and_not_after_them() {
    let text = policy("{identity: 'a@acme.example', issuer: accounts.acme.example}").replace("signature", "nothing");
    let run = check(&text, &[]);
    assert_eq!(run.exit, 2);
    let warning = run.stderr.find("warning: ").expect("a warning");
    assert!(warning < run.stderr.find(":6:").expect("the error"), "{}", run.stderr);
}

#[test]
fn what_other_tools_call_it_is_answered_with_the_right_key() {
    for (from, to, said) in [
        ("version: 1", "version: '1'", "leave the quotes out: `version: 1`"),
        ("require: [signature]", "require: [spdx-json]", "did you mean `sbom`?"),
        ("- {github: acme/app}", "- {github: {repo: acme/app}}", "did you mean `repository`?"),
        ("- {github: acme/app}", "- {github: {repository: acme/app, branch: main}}", "did you mean `ref`?"),
        ("- {github: acme/app}", "- {subject: a@b.c, issuer: 'https://x.example'}", "did you mean `identity`?"),
        (
            "signers:\n  - {github: acme/app}",
            "signers:\n    at-least: '1'\n    of: [{github: acme/app}]",
            "leave the quotes out: `at-least: 1`",
        ),
    ] {
        let good = policy("{github: acme/app}");
        assert!(good.contains(from), "{from}");
        let run = check(&good.replace(from, to), &[]);
        assert!(run.exit == 2 && run.stderr.contains(said), "{to}\n{}", run.stderr);
    }
}

#[test]
fn check_writes_json() {
    let scratch = Scratch::new();
    let good = scratch.write("good.yaml", policy("{github: acme/app}"));
    let bad = scratch.write("bad.yaml", "version: 1\nimages: []\nother: 1\n");
    let run = bonafide(&["policy", "check", "--output", "json", &good, &bad, "nowhere.yaml"]);
    assert_eq!((run.exit, run.stderr.as_str()), (2, ""));
    let shown: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(shown["schemaVersion"], 1);
    let files = shown["files"].as_array().expect("files");
    assert_eq!((&files[0]["rules"], &files[0]["errors"]), (&json!(1), &json!([])));
    assert!(files[0]["warnings"][0]["message"].as_str().is_some_and(|text| text.contains("every branch")), "{shown}");
    assert!(files[1]["errors"].as_array().is_some_and(|errors| errors.iter().any(|one| one["line"] == 3)), "{shown}");
    assert!(files[2]["errors"][0]["message"].as_str().is_some_and(|text| text.contains("nowhere.yaml")), "{shown}");
    let run = bonafide(&["policy", "check", "--output", "json", &good]);
    assert_eq!(run.exit, 0);
    assert_eq!(bonafide(&["policy", "check", "--output", "json", "--strict", &good]).exit, 2);
}
