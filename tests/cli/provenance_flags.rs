//! What the flags say of a provenance, held against one that the real cosign signed.

use serde_json::json;

use crate::fixtures::{BY_SHOP, COMMIT, SHOP, check};
use crate::program::bonafide;
use crate::report::{candidate, candidates, finding, requirement};
use crate::shop::{SIGNER, Shop, referrers_path};
use crate::support::image::Image;
use crate::support::statement::Subject;

const ONLY: [&str; 2] = ["--require", "provenance"];

/// Each flag with a value that the image has, one that it has not, and the check that says so.
const FLAGS: [(&str, &str, &str, &str); 9] = [
    ("--builder-id", SHOP, "https://github.com/acme/shop/.github/workflows/other.yml@**", "provenance-builder-id"),
    (
        "--build-type",
        "https://actions.github.io/buildtypes/workflow/v1",
        "https://actions.github.io/buildtypes/workflow",
        "provenance-build-type",
    ),
    ("--source-uri", "https://github.com/acme/shop", "github.com/acme/shop2", "provenance-expected-source"),
    ("--source-tag", "v1.*", "v2.*", "provenance-expected-source"),
    (
        "--build-parameter",
        "/workflow/path=.github/workflows/release.yml",
        "/workflow/path=release.yml",
        "provenance-parameters",
    ),
    ("--slsa-level", "2", "3", "provenance-level"),
    ("--provenance-max-age", "5000w", "1m", "provenance-age"),
    ("--deny-event", "pull_request_target", "push", "provenance-trigger"),
    ("--source-branch", "", "main", "provenance-expected-source"),
];

#[test]
fn each_flag_is_held_against_the_provenance() {
    for (flag, good, wrong, name) in FLAGS {
        if !good.is_empty() {
            check("signed", &[&BY_SHOP, &ONLY, &[flag, good]]).exits(0);
        }
        let checked = check("signed", &[&BY_SHOP, &ONLY, &[flag, wrong]]).exits(1);
        let finding = finding(requirement(checked.image(), "provenance"), name);
        assert_eq!(finding["outcome"], "fail", "{flag} {wrong}");
        for field in ["expected", "found", "next"] {
            assert!(finding[field].is_string(), "{flag}: {finding:#}");
        }
        checked.says(&format!("(`bonafide explain {name}`)"));
    }
}

#[test]
fn a_flag_that_is_repeated_names_alternatives_or_all_that_must_hold() {
    let two = ["--builder-id", "https://builds.acme.example/", "--builder-id", SHOP];
    check("signed", &[&BY_SHOP, &ONLY, &two]).exits(0);
    let reference = ["--build-parameter", "/workflow/ref=refs/tags/v1.0.0"];
    check("signed", &[&BY_SHOP, &ONLY, &reference, &["--build-parameter", "/workflow/path=x"]]).exits(1);
    check("signed", &[&BY_SHOP, &ONLY, &["--deny-event", "pull_request", "--deny-event", "push"]]).exits(1);
}

#[test]
fn switches_demand_more_or_allow_more_and_change_nothing_here() {
    for switch in ["--all-provenance", "--allow-unknown-parameters", "--allow-any-builder-ref"] {
        check("signed", &[&BY_SHOP, &ONLY, &[switch]]).exits(0);
    }
}

#[test]
fn a207_the_level_is_in_both_reports_as_it_was_looked_up() {
    let checked = check("signed", &[&BY_SHOP]).exits(0).has_lines(&["level      SLSA build level 2"]);
    let image = checked.image();
    assert_eq!(candidate(image, "provenance")["buildLevel"], 2);
    assert_eq!(candidate(image, "provenance")["provenance"]["commit"], COMMIT);
    for kind in ["signature", "sbom"] {
        assert!(candidate(image, kind)["buildLevel"].is_null(), "{kind}");
    }
}

#[test]
fn a_flag_about_provenance_that_is_not_required_says_nothing_and_is_refused() {
    let image = crate::fixtures::image("signed");
    for (flag, value) in FLAGS.map(|(flag, _, wrong, _)| (flag, wrong)) {
        let arguments = ["verify", &image, "--repo", "acme/shop", "--require", "signature,sbom", flag, value];
        let message = bonafide(&arguments).usage_error();
        assert!(message.starts_with(&format!("error: {flag} is about provenance, which is not required")), "{message}");
        assert!(message.contains("add provenance to `--require`"), "{message}");
    }
}

#[test]
fn values_that_nothing_can_satisfy_are_refused_with_what_to_write() {
    let image = crate::fixtures::image("signed");
    for (flag, value, expected) in [
        ("--slsa-level", "4", "expected 1, 2 or 3"),
        ("--source-uri", "git+https://github.com/acme/shop@refs/heads/main", "expected https://github.com/acme/shop"),
        ("--source-uri", "https://github.com@evil.example/acme/shop", "expected https://HOST/OWNER/NAME"),
        ("--build-parameter", "workflow.path=x", "expected /workflow/path=VALUE"),
        ("--build-parameter", "/workflow/path", "expected /PATH=VALUE"),
        ("--provenance-max-age", "30", "expected a number and m, h, d or w: 30d"),
        ("--builder-id", "", "--builder-id is empty"),
    ] {
        let message = bonafide(&["verify", &image, "--repo", "acme/shop", flag, value]).usage_error();
        assert!(message.contains(expected), "{flag} {value}: {message}");
    }
    let message = bonafide(&["verify", &image, "--repo", "acme/shop", "--source-tag", "v1", "--source-branch", "main"])
        .usage_error();
    assert!(message.contains("--source-branch and --source-tag are both given"), "{message}");
}

#[test]
fn builders_are_explained_with_who_signs_for_them_and_who_says_so() {
    let said = bonafide(&["explain", "builders"]).success();
    for line in [
        "slsa-github-generator, containers: level 3",
        "GitHub artifact attestations: level 2",
        "  id         https://tekton.dev/chains/v2",
        "  signed by  that very workflow, on a runner that GitHub hosts",
        "  source     https://docs.gitlab.com/ci/pipeline_security/slsa/",
    ] {
        assert!(said.lines().any(|found| found == line), "`{line}` in\n{said}");
    }
    assert!(said.contains("Every other pair of builder and signer is level 1"), "{said}");
    assert!(bonafide(&["explain"]).success().contains("`bonafide explain builders`"));
}

/// A good provenance on the index, and one on a platform by the same signer that names another builder.
fn with_a_contradiction() -> Shop {
    let mut shop = Shop::selling(Image::index(&["linux/amd64", "linux/arm64"]));
    let top = shop.top();
    let good = shop.signer().attest(&shop.provenance(&Subject::from(&top)));
    shop.attach(&top, &good);
    let platform = shop.image.platform("linux/arm64");
    let mut statement = shop.provenance(&Subject::from(&platform));
    statement["predicate"]["runDetails"]["builder"]["id"] = json!("https://builds.acme.example/other");
    let other = shop.signer().attest(&statement);
    shop.attach(&platform, &other);
    shop
}

#[test]
fn evidence_is_looked_for_everywhere_where_all_of_it_must_hold() {
    let served = with_a_contradiction().serve();
    let asks = ["--require", "provenance", "--builder-id", SIGNER];
    let platform = referrers_path(&served.shop.image.platform("linux/arm64").digest);
    let one = served.verify(&asks).exits(0);
    assert_eq!(served.times_asked(&platform), 0, "the index alone satisfies it");
    assert!(candidates(one.image()).len() == 1);
    let all = served.verify(&[&asks as &[&str], &["--all-provenance"]].concat()).exits(1);
    assert_eq!(served.times_asked(&platform), 1);
    let finding = finding(requirement(all.image(), "provenance"), "provenance-others");
    assert_eq!(finding["outcome"], "fail");
    let dates = "made at an unstated time, signed 2026-03-01T12:00:00Z";
    let found = format!("https://builds.acme.example/other; {dates}; c1, which counts, was {dates}");
    assert_eq!(finding["found"], found);
}

#[test]
fn what_contradicts_a_provenance_that_counts_is_in_the_text_too() {
    let mut shop = Shop::new();
    let top = shop.top();
    let subject = Subject::from(&top);
    let good = shop.signer().attest(&shop.provenance(&subject));
    let mut statement = shop.provenance(&subject);
    statement["predicate"]["runDetails"]["builder"]["id"] = json!("https://builds.acme.example/other");
    let other = shop.signer().attest(&statement);
    shop.attach(&top, &good);
    shop.attach(&top, &other);
    let checked = shop.serve().verify(&["--require", "provenance", "--builder-id", SIGNER]).exits(0);
    checked
        .says("another provenance of an expected signer does not hold: another builder than the policy names built it");
}
