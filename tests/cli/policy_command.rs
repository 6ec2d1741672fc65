//! `bonafide policy check`, `init` and `explain`.

use std::fs;
use std::path::Path;

use crate::program::{Program, Scratch, bonafide};

const GOOD: &str = "\
version: 1
images:
  - match: ghcr.io/acme/**
    signers: [{github: {repository: acme/app, ref: refs/tags/v*}}]
    require: [signature]
";
const WARNED: &str = "\
version: 1
images:
  - match: ghcr.io/acme/**
    signers: [{github: acme/app}]
    require: [signature]
";
const WRONG: &str = "version: 1\nimages: []\n";

#[test]
fn a_good_file_is_said_to_be_good() {
    let scratch = Scratch::new();
    let file = scratch.write("policy.yaml", GOOD);
    for arguments in [&["policy", "check", &file] as &[&str], &["policy", "check", "--strict", &file]] {
        assert_eq!(bonafide(arguments).success(), format!("{file}: one rule, no errors\n"));
    }
}

#[test]
fn the_file_in_the_working_directory_is_checked_if_none_is_named() {
    let scratch = Scratch::new();
    let here = || Program::new(["policy", "check"]).within(scratch.directory()).run();
    assert!(here().usage_error().contains("cannot read the policy `bonafide.yaml`"));
    scratch.write("bonafide.yaml", GOOD);
    assert_eq!(here().success(), "bonafide.yaml: one rule, no errors\n");
    let file = scratch.path("bonafide.yaml");
    let piped = Program::new(["policy", "check", "-"]).stdin_from(&file).run();
    assert_eq!(piped.success(), "-: one rule, no errors\n");
}

#[test]
fn lint_warnings_are_listed_and_are_errors_where_it_is_strict() {
    let scratch = Scratch::new();
    let file = scratch.write("policy.yaml", WARNED);
    let said = bonafide(&["policy", "check", &file]).success();
    let expected = format!(
        "warning: {file}:3:5: every branch and pull request of https://github.com/acme/app may sign\n\
         \x20 3 |   - match: ghcr.io/acme/**\n\
         \x20   |     ^^^^^\n\
         \x20 → anyone with push access to a branch can sign: add `ref: refs/tags/v*` or `ref: refs/heads/main`\n\
         {file}: one rule, no errors, one warning\n"
    );
    assert_eq!(said, expected);
    let strict = bonafide(&["policy", "check", "--strict", &file]);
    assert_eq!((strict.exit, strict.stdout.as_str(), strict.stderr.as_str()), (2, expected.as_str(), ""));
}

#[test]
fn a111_a_rule_that_holds_the_better_the_less_is_attached_is_warned_of() {
    let scratch = Scratch::new();
    let rule = |fields: &str| GOOD.replace("require: [signature]", &format!("require: {{provenance: {fields}}}"));
    let file = scratch.write("policy.yaml", rule("{all: true}"));
    let said = bonafide(&["policy", "check", &file]).success();
    assert!(said.contains("is satisfied more easily when less is attached") && said.contains("one warning"), "{said}");
    let both = GOOD.replace("require: [signature]", "require: {provenance: {all: true}, sbom: {all: true}}");
    let file = scratch.write("policy.yaml", both);
    let said = bonafide(&["policy", "check", &file]).success();
    assert!(said.contains("when less is attached") && said.contains("one warning"), "{said}");
    let file = scratch.write("policy.yaml", rule("{all: false, denied-events: [pull_request]}"));
    assert_eq!(bonafide(&["policy", "check", &file]).success(), format!("{file}: one rule, no errors\n"));
}

#[test]
fn the_rules_for_a_provenance_are_said_one_by_one() {
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/policies/valid/provenance.yaml");
    let policy = policy.display().to_string();
    let said = bonafide(&["policy", "explain", "ghcr.io/acme/app:1.4.2", "--policy", &policy]).success();
    for line in [
        "builder https://github.com/acme/ci/.github/workflows/build.yml@refs/tags/v* or https://github.com/actions/runner/github-hosted",
        "build type https://actions.github.io/buildtypes/workflow/v1",
        "source repository https://github.com/acme/app",
        "source tag v1.*",
        "at least SLSA build level 2, by builder and signer together",
        "parameter /inputs/debug: nothing",
        "parameter /inputs/target: linux or darwin",
        "parameter /inputs/publish: true",
        "external parameters that the build type does not describe are allowed",
        "every dependency pinned by digest",
        "dependencies only of pkg:docker/docker.io/library/* or git+https://github.com/acme/**",
        "no dependency pkg:docker/docker.io/library/busybox@1.35",
        "signed no longer than 30d ago",
        "not started by pull_request or pull_request_target",
        "on a runner of the service, as the certificate says",
        "by any ref of a builder that is released",
        "every provenance of these signers that is attached",
    ] {
        assert!(said.lines().any(|found| found.trim() == line), "`{line}` in\n{said}");
    }
    let said = bonafide(&["policy", "explain", "registry.acme.example/app", "--policy", &policy]).success();
    assert!(said.contains("    a build type whose parameters are known\n"), "{said}");
    assert!(said.contains("no external parameter that the build type does not describe"), "{said}");
}

/// Each warning by a rule that has it and one that has it not.
#[test]
fn a183_a185_a199_each_warning_is_about_what_lets_more_through_than_it_seems() {
    let rule = |signer: &str| GOOD.replace("{github: {repository: acme/app, ref: refs/tags/v*}}", signer);
    let identity =
        |kind: &str, pattern: &str| rule(&format!("{{{kind}: '{pattern}', issuer: https://accounts.acme.example}}"));
    let attestation = |predicate_type: &str| {
        GOOD.replace("require: [signature]", &format!("require: {{attestation: {{type: '{predicate_type}'}}}}"))
    };
    let cases = [
        (identity("identity-regexp", ".*"), "everyone with an account at https://accounts.acme.example"),
        (
            rule("{identity: 'https://github.com/acme/**', issuer: 'https://token.actions.githubusercontent.com*'}"),
            "can be any of several issuers",
        ),
        (
            rule(
                "{identity: '**', issuer: 'https://token.actions.githubusercontent.com', claims: {source-repository-uri: https://github.com/acme/app}}",
            ),
            "every workflow that runs for the pinned source may sign",
        ),
        (
            GOOD.replace(
                "[{github: {repository: acme/app, ref: refs/tags/v*}}]",
                "{at-least: 2, of: [{github: {repository: acme/app, ref: refs/tags/v*}}, {github: {repository: acme/*, ref: refs/tags/v1.*}}]}",
            ),
            "one signature can be by both",
        ),
        (identity("identity-regexp", "https://github.com/acme/app/.*"), "matches any character"),
        (rule("{github: {repository: acme/app, event: pull_request_target}}"), "pull_request_target may sign"),
        (
            rule(
                "{github: {repository: acme/app, ref: refs/tags/v*, reusable-workflow: acme/ci/.github/workflows/x.yml@refs/heads/main}}",
            ),
            "is not at a tag",
        ),
        (rule("{key: {file: cosign.pub, log: not-required}}"), "need no log entry"),
        (attestation("slsaprovenance1"), "asks nothing of builder, source and build level"),
        (attestation("https://cyclonedx.org/bom/v1.6"), "asks nothing of the packages"),
        (attestation("https://slsa.dev/verification_summary/v1"), "which verifier counts"),
        (attestation("vuln"), "which findings of the scan count"),
        (attestation("openvex"), "closes no finding"),
        (
            format!(
                "{GOOD}    exceptions: [{{require: signature, match: ghcr.io/acme/old, until: 2020-01-31, because: x}}]\n"
            ),
            "ran out on 2020-01-31",
        ),
        (
            format!("{GOOD}    exceptions: [{{require: signature, until: 9999-12-31, because: x}}]\n"),
            "cover everything that this rule requires",
        ),
        (format!("{GOOD}    exceptions: [{{require: sbom, until: 9999-12-31, because: x}}]\n"), "excepts nothing"),
    ];
    let scratch = Scratch::new();
    let key =
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/policies/valid/cosign.pub")).expect("a key");
    scratch.write("cosign.pub", key);
    for (text, warning) in cases {
        let file = scratch.write("policy.yaml", &text);
        let said = bonafide(&["policy", "check", &file]).success();
        assert!(said.contains(warning) && said.contains("one warning"), "`{warning}` in\n{said}\n{text}");
    }
    for text in [
        identity("identity-regexp", r"https://github\.com/acme/app/.*"),
        identity("identity", "release@acme.example"),
        rule("{github: {repository: acme/app, event: push}}"),
        rule(
            "{github: {repository: acme/app, ref: refs/tags/v*, reusable-workflow: acme/ci/.github/workflows/x.yml@refs/tags/v2.*}}",
        ),
        rule("{key: cosign.pub}"),
        format!(
            "{GOOD}    exceptions: [{{require: signature, match: ghcr.io/acme/old, until: 9999-12-31, because: x}}]\n"
        ),
    ] {
        let file = scratch.write("policy.yaml", &text);
        assert_eq!(bonafide(&["policy", "check", &file]).success(), format!("{file}: one rule, no errors\n"), "{text}");
    }
}

/// The first policy that asks this of an SBOM.
fn of_sbom(rules: &str) -> String {
    GOOD.replace("require: [signature]", &format!("require: {{sbom: {{{rules}}}}}"))
}

#[test]
fn each_warning_about_the_rules_for_an_sbom_is_said() {
    const ENDLESS: &str = "until: 9999-12-31, because: x";
    let scratch = Scratch::new();
    for (rules, warning) in [
        ("deny: {packages: [{name: \"**\"}]}", "** denies everything"),
        ("deny: {suppliers: [\"*\"]}", "* denies everything"),
        ("allow: {licenses: [\"*\"]}", "* allows everything"),
        ("deny: {packages: [\"pkg:deb/openssl\"]}", "pkg:deb/openssl matches nothing"),
        ("deny: {licenses: [MIT]}", "packages that assert none pass"),
        ("deny: {licenses: [GPL-2.0-only]}, no-assertion: deny", "GPL-2.0-only is denied, and GPL-2.0-or-later is not"),
        ("max-age: 800d", "may be 800d old"),
        (
            "deny: {severity: high}, vex: {signers: [{github: acme/vex}]}",
            "every branch and pull request of https://github.com/acme/vex may sign",
        ),
        (
            "deny: {packages: [\"pkg:npm/a\"]}, exceptions: [{package: \"pkg:npm/a@1\", until: 2020-01-31, because: x}]",
            "the exception for pkg:npm/a@1 ran out on 2020-01-31",
        ),
        (&format!("exceptions: [{{license: MIT, {ENDLESS}}}]"), "the exception for MIT excepts nothing"),
    ] {
        let file = scratch.write("policy.yaml", of_sbom(rules));
        let said = bonafide(&["policy", "check", &file]).success();
        assert!(said.contains(warning) && said.contains("one warning"), "`{warning}` in\n{said}\n{rules}");
    }
    for rules in [
        "deny: {packages: [\"pkg:npm/**\", \"pkg:deb/*/openssl\", {name: \"**\", version: 1.0.0}]}",
        "deny: {licenses: [AGPL-3.0-only, GPL-2.0-only, GPL-3.0-only]}, no-assertion: allow, max-age: 30d",
        &format!("allow: {{licenses: [MIT]}}, exceptions: [{{license: NOASSERTION, package: {{name: x}}, {ENDLESS}}}]"),
    ] {
        let file = scratch.write("policy.yaml", of_sbom(rules));
        assert_eq!(
            bonafide(&["policy", "check", &file]).success(),
            format!("{file}: one rule, no errors\n"),
            "{rules}"
        );
    }
}

#[test]
fn what_is_asked_of_an_sbom_is_explained() {
    let scratch = Scratch::new();
    let rules = "formats: [spdx, cyclonedx-1.6], deny: {packages: [{purl: pkg:npm/lodash, vers: \"vers:npm/<4\"}]}, max-age: 2w";
    let file = scratch.write("policy.yaml", of_sbom(rules));
    let said = bonafide(&["policy", "explain", "ghcr.io/acme/app", "--policy", &file]).success();
    for line in [
        "    format spdx or cyclonedx-1.6\n",
        "    package denied purl pkg:npm/lodash vers 'vers:npm/<4'\n",
        "    at most 2w old when signed\n",
    ] {
        assert!(said.contains(line), "{line} in\n{said}");
    }
}

#[test]
fn one_bad_file_of_several_is_found_and_the_others_are_still_checked() {
    let scratch = Scratch::new();
    let (good, wrong) = (scratch.write("good.yaml", GOOD), scratch.write("wrong.yaml", WRONG));
    for files in [[&good, &wrong], [&wrong, &good]] {
        let run = bonafide(&["policy", "check", files[0], files[1]]);
        assert_eq!((run.exit, run.stdout), (2, format!("{good}: one rule, no errors\n")));
        assert!(run.stderr.contains(&format!("{wrong}:2:9: the list of rules is empty")), "{}", run.stderr);
    }
}

#[test]
fn a_first_policy_is_written_and_is_good() {
    let scratch = Scratch::new();
    let starter = bonafide(&["policy", "init"]).success();
    let file = scratch.path("new.yaml").display().to_string();
    let run = bonafide(&["policy", "init", &file]);
    assert_eq!((run.exit, run.stdout.as_str()), (0, ""));
    assert!(run.stderr.contains(&format!("bonafide policy check {file}")), "{}", run.stderr);
    assert_eq!(fs::read_to_string(&file).expect("the file was written"), starter);
    assert_eq!(bonafide(&["policy", "check", "--strict", &file]).success(), format!("{file}: one rule, no errors\n"));
}

#[test]
fn a_policy_that_is_there_is_never_written_over() {
    let scratch = Scratch::new();
    let file = scratch.write("bonafide.yaml", GOOD);
    let message = bonafide(&["policy", "init", &file]).usage_error();
    assert!(message.contains("cannot write") && message.contains("a new file"), "{message}");
    assert_eq!(fs::read_to_string(&file).expect("the file is there"), GOOD);
}

#[test]
fn what_an_image_needs_is_said_without_asking_anybody() {
    let scratch = Scratch::new();
    let text = "\
version: 1
trust: [github]
images:
  - match: ghcr.io/acme/**
    signers:
      at-least: 2
      of: [{github: acme/app}, {google: release@acme.iam.gserviceaccount.com}, {email: {address: a@b.example, issuer: https://i.example}}]
    require: [signature]
  - match: [ghcr.io/acme/app, docker.io/acme/app]
    name: the application
    trust: [public-good]
    log: proof
    signers: [{github: {repository: acme/app, ref: refs/tags/v*, event: push}}]
    require: [sbom, provenance]
    exceptions: [{require: sbom, until: 2027-01-31, because: not written yet}]
";
    let file = scratch.write("policy.yaml", text);
    let said = bonafide(&["policy", "explain", "ghcr.io/acme/app:1.4.2", "--policy", &file]).success();
    for line in [
        "ghcr.io/acme/app",
        &format!("  rule        ghcr.io/acme/** ({file}:4), about ghcr.io/acme/**"),
        &format!("  rule        the application ({file}:9), about ghcr.io/acme/app, docker.io/acme/app"),
        "  signature of ghcr.io/acme/** signed by 2 different ones of",
        "    - https://github.com/acme/app/.github/workflows/…",
        "      issuer https://token.actions.githubusercontent.com",
        "      source https://github.com/acme/app",
        "    - release@acme.iam.gserviceaccount.com",
        "    trust domain github",
        "  sbom of the application signed by",
        "      ref refs/tags/v*",
        "      build-trigger push",
        "    trust domain public-good",
        "    with an inclusion proof of the log",
        "    does not count until 2027-01-31: not written yet",
    ] {
        assert!(said.lines().any(|found| found == line), "`{line}` in\n{said}");
    }
    let one = bonafide(&["policy", "explain", "docker.io/acme/app", "--policy", &file]).success();
    assert!(!one.contains("ghcr.io/acme/** ("), "{one}");
    let message = bonafide(&["policy", "explain", "ghcr.io/other/app", "--policy", &file]).usage_error();
    assert!(message.contains("is about `ghcr.io/other/app`"), "{message}");
    let message = bonafide(&["policy", "explain", "not a reference", "--policy", &file]).usage_error();
    assert!(message.contains("is not a reference to an image"), "{message}");
}
