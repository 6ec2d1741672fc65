//! What the program says of a provenance: where it disagrees with the certificate, what it says, and what nobody signed.

use serde_json::{Value, json};

use crate::program::bonafide;
use crate::report::{list, word};
use crate::shop::{SIGNER, Shop};
use crate::support::image::Image;
use crate::support::sigstore::identity::COMMIT;
use crate::support::statement::{Build, Subject, slsa_v1, slsa_v02};

const PROVENANCE: [&str; 2] = ["--require", "provenance"];
const HOSTILE: &str = "push\u{1b}[32mverified\n::set-output name=ok::1\u{202e}";

/// An image with a provenance after `bend` had its way with the predicate.
fn attested(bend: impl FnOnce(&mut Value)) -> Shop {
    let mut shop = Shop::new();
    let top = shop.top();
    let mut statement = shop.provenance(&Subject::from(&top));
    bend(&mut statement["predicate"]);
    let signed = shop.signer().attest(&statement);
    shop.attach(&top, &signed);
    shop
}

#[test]
fn a207_a_disagreement_is_one_sentence_with_both_values_and_the_page_that_explains_it() {
    let other = "0000000000000000000000000000000000000001";
    let shop = attested(|predicate| {
        predicate["buildDefinition"]["resolvedDependencies"][0]["digest"]["gitCommit"] = json!(other);
    });
    let sentence = format!("c1: the provenance names commit {other}, and the certificate says {COMMIT}");
    let next = "→ the workflow built something else than it ran for, or says so: ask its maker why (`bonafide explain provenance-commit`)";
    let (expected, found) = (format!("expected  {COMMIT}"), format!("found     {other}"));
    shop.serve().verify(&PROVENANCE).exits(1).has_lines(&[&sentence, &expected, &found, next]);
}

#[test]
fn a270_hostile_texts_of_a_provenance_are_escaped_where_they_are_compared() {
    let shop = attested(|predicate| {
        predicate["buildDefinition"]["internalParameters"]["github"]["event_name"] = json!(HOSTILE);
    });
    let checked = shop.serve().verify(&[&PROVENANCE[..], &["-v"]].concat()).exits(1);
    assert!(!checked.text.contains(['\u{1b}', '\u{202e}']), "{}", checked.text);
    assert!(!checked.text.lines().any(|line| line.trim_start().starts_with("::")), "{}", checked.text);
    checked.says("the provenance names event push\\u{1b}[32mverified\\u{a}::set-output");
}

#[test]
fn what_a_provenance_says_is_in_both_reports() {
    let checked = attested(|_| ()).serve().verify(&[&PROVENANCE[..], &["-v"]].concat()).exits(0);
    let provenance = &checked.image()["candidates"][0]["provenance"];
    assert_eq!(word(&provenance["workflow"]["path"]), ".github/workflows/release.yml");
    assert_eq!(word(&provenance["run"]), "https://github.com/acme/shop/actions/runs/7012345678/attempts/1");
    assert_eq!((word(&provenance["event"]), word(&provenance["runnerEnvironment"])), ("push", "github-hosted"));
    assert_eq!((word(&provenance["repositoryId"]), word(&provenance["ownerId"])), ("123456789", "9919"));
    assert_eq!((&provenance["knownBuildType"], &provenance["dependencyCount"]), (&json!(true), &json!(1)));
    checked.has_lines(&[
        &format!("builder    {SIGNER}"),
        &format!("source     https://github.com/acme/shop at refs/tags/v1.0.0, commit {COMMIT}"),
        "workflow   .github/workflows/release.yml",
        "run        https://github.com/acme/shop/actions/runs/7012345678/attempts/1, event push, github-hosted",
        "numbers    repository 123456789, owner 9919",
        "build type https://actions.github.io/buildtypes/workflow/v1 (SLSA v1)",
    ]);
}

#[test]
fn a_build_type_that_is_not_known_is_called_so() {
    let shop = attested(|predicate| {
        predicate["buildDefinition"]["buildType"] = json!("https://ci.acme.example/v1");
    });
    let served = shop.serve();
    let checked = served.verify(&[&PROVENANCE[..], &["-v"]].concat()).exits(0);
    checked.says("https://ci.acme.example/v1 is not known here, and nothing is asked of what it says");
    let asked = ["--source-uri", "https://github.com/acme/shop"];
    let checked = served.verify(&[&PROVENANCE[..], &asked].concat()).exits(1);
    checked.says("(`bonafide explain provenance-build-type`)");
    let named = ["--build-type", "https://ci.acme.example/v1"];
    served.verify(&[&PROVENANCE[..], &named].concat()).exits(0).has_lines(&[
        "build type https://ci.acme.example/v1 (SLSA v1, a build type that is not known here)",
        "unknown    parameters /workflow",
    ]);
}

#[test]
fn a_suggested_policy_names_what_counts_only_if_it_is_named() {
    let unknown_type: fn(&mut Value) = |predicate| {
        predicate["buildDefinition"]["buildType"] = json!("https://ci.acme.example/'v1'");
    };
    let unknown_parameter: fn(&mut Value) = |predicate| {
        predicate["buildDefinition"]["externalParameters"]["vars"] = json!({"X": "y"});
    };
    for (bend, line) in [
        (unknown_type, "build-types: ['https://ci.acme.example/''v1''']\n"),
        (unknown_parameter, "unknown-parameters: allow  # the build type says nothing of /vars\n"),
    ] {
        let served = attested(bend).serve();
        served.verify(&[&PROVENANCE[..], &["--source-tag", "v*"]].concat()).exits(1);
        let (image, root) = (served.by_tag(), served.root.as_str());
        let suggested = bonafide(&["inspect", &image, "--trusted-root", root, "--plain-http", "--suggest-policy"]);
        assert!(suggested.stdout.contains(line), "{}{}", suggested.stdout, suggested.stderr);
        let policy = served.scratch.write("policy.yaml", suggested.stdout.as_bytes());
        let verified = bonafide(&["verify", &image, "--policy", &policy, "--plain-http"]);
        assert_eq!(verified.exit, 0, "{}\n{}{}", suggested.stdout, verified.stdout, verified.stderr);
    }
}

/// An index into which BuildKit put a statement about its platform that nobody signed.
fn unsigned(statement: &Value) -> Shop {
    Shop::selling(Image::index(&["linux/amd64"]).with_unsigned_statements(statement))
}

#[test]
fn a215_what_buildkit_left_unsigned_is_shown_with_what_it_says_and_how_to_sign_it() {
    let subject = Subject::new("any", "sha256:00");
    let build = Build::github("acme/shop", ".github/workflows/release.yml", "refs/tags/v1.0.0");
    for (mut statement, kind) in [(slsa_v1(&subject, &build), "1"), (slsa_v02(&subject, &build), "02")] {
        // In each version the unsigned one claims to be what a good one is.
        statement["predicate"]["buildDefinition"]["externalParameters"]["unknown"] = json!("x");
        let checked = unsigned(&statement).serve().verify(&PROVENANCE).exits(4);
        let candidates = list(&checked.image()["candidates"]);
        assert_eq!(candidates.len(), 1);
        assert_eq!((word(&candidates[0]["kind"]), &candidates[0]["accepted"]), ("unsigned", &json!(false)));
        assert_eq!(candidates[0].get("provenance"), None);
        assert_eq!(word(&candidates[0]["unsignedProvenance"]["commit"]), COMMIT);
        checked
            .says(&format!(
                "it says: built from https://github.com/acme/shop at refs/tags/v1.0.0, commit {COMMIT}, by {SIGNER}"
            ))
            .says(&format!("then `cosign attest --type slsaprovenance{kind} --predicate FILE IMAGE@DIGEST`"));
    }
}

#[test]
fn a270_hostile_texts_of_an_unsigned_provenance_are_escaped() {
    let subject = Subject::new("any", "sha256:00");
    let build = Build::github("acme/shop", ".github/workflows/release.yml", "refs/tags/v1.0.0");
    let mut statement = slsa_v1(&subject, &build);
    statement["predicate"]["runDetails"]["builder"]["id"] = json!(HOSTILE);
    let served = unsigned(&statement).serve();
    let checked = served.verify(&[&PROVENANCE[..], &["-v"]].concat()).exits(4);
    assert!(!checked.text.contains(['\u{1b}', '\u{202e}']), "{}", checked.text);
    checked.says("by push\\u{1b}[32mverified\\u{a}::set-output");
}
