//! What slsa-verifier says of container images, and what our rules say of the same builds.
//!
//! The cases are those of slsa-verifier's own test of its command line (`cli/slsa-verifier/main_regression_test.go` at
//! aaf98fd, `Test_runVerifyGHAArtifactImage`; versioned tags and workflow inputs from `Test_runVerifyGHAArtifactPath`, whose
//! options `verify-image` has too). Provenance and certificate have the fields of theirs, signed in the virtual Sigstore.
//!
//! | slsa-verifier | policy |
//! |---|---|
//! | `--source-uri github.com/OWNER/NAME` | the signer's `repository`, and `source: {repository: …}` |
//! | `--source-branch main` | `source: {ref: refs/heads/main}` |
//! | `--source-tag v1.2.3` | `source: {tag: v1.2.3}` |
//! | `--source-versioned-tag v1.2` | `source: {tag: v1.2.*}`: a pattern, which knows of no versions but what is written |
//! | `--builder-id ID` | `builders: [ID@refs/tags/v*]`: ids are compared whole |
//! | `--build-workflow-input KEY=VALUE` | `parameters: {/event_inputs/KEY: VALUE}` |

use bonafide::check::{CheckId, Outcome, Verdict};
use bonafide::evidence::Content;
use serde_json::json;

use crate::policy_files::{judge, policy, rule};
use crate::support::sigstore::{Identity, Version};
use crate::support::statement::{Build, slsa_v02};
use crate::world::{World, bundle};

const PACKAGE: &str = "slsa-framework/example-package";
const GENERATOR: &str =
    "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml";
const BRANCH: &str = "refs/heads/main";

/// How the image came to be.
struct Made {
    /// The ref that the workflow ran for.
    reference: &'static str,
    /// The generator's own ref.
    generator: &'static str,
}

const DISPATCHED: Made = Made { reference: BRANCH, generator: "refs/tags/v2.1.0" };
const PUSHED: Made = Made { reference: "refs/tags/v13.0.30", generator: "refs/tags/v2.1.0" };
const PUSHED_V14: Made = Made { reference: "refs/tags/v14", generator: "refs/tags/v2.1.0" };
const PUSHED_V14_2: Made = Made { reference: "refs/tags/v14.2", generator: "refs/tags/v2.1.0" };

/// What the generator writes and signs for a workflow of `PACKAGE` that called it.
fn image(world: &World, made: &Made) -> Content {
    let builder = format!("{GENERATOR}@{}", made.generator);
    let workflow = ".github/workflows/e2e.container.yml";
    let caller = format!("https://github.com/{PACKAGE}/{workflow}@{}", made.reference);
    let build = Build { builder: builder.clone(), ..Build::github(PACKAGE, workflow, made.reference) };
    let mut statement = slsa_v02(&world.subject, &build);
    // As the generator records the inputs of a workflow that was started by hand.
    statement["predicate"]["invocation"]["parameters"] = json!({"event_inputs": {
        "release_version": "(for example, 0.1.0)", "some_bool": "true", "some_integer": "123",
    }});
    let identity = Identity::github_reusable_workflow(&builder, PACKAGE, &caller, made.reference);
    bundle(&world.instance.signer(&identity).attest(&statement).bundle(Version::V03))
}

/// The policy of somebody who expects the generator, for this repository, with these rules.
fn verdict(world: &World, made: &Made, repository: &str, rules: &str) -> (Verdict, Vec<CheckId>) {
    let workflow = GENERATOR.trim_start_matches("https://github.com/");
    let signer = format!("{{github: {{repository: {repository}, reusable-workflow: \"{workflow}@**\"}}}}");
    let rules = policy(&rule(&[&format!("signers: [{signer}]"), &format!("require: {{provenance: {rules}}}")]));
    let report = judge(world, &rules, [image(world, made)]);
    let failed = report.requirements[0].findings.iter().filter(|finding| finding.outcome == Outcome::Fail);
    (report.verdict, failed.map(|finding| finding.check).collect())
}

/// Their name of the case, the image, our rules, and whether both accept it.
type Case = (&'static str, Made, &'static str, Result<(), CheckId>);

const SOURCE: Result<(), CheckId> = Err(CheckId::ProvenanceExpectedSource);
const BUILDER: Result<(), CheckId> = Err(CheckId::ProvenanceBuilderId);
const PARAMETERS: Result<(), CheckId> = Err(CheckId::ProvenanceParameters);

const CASES: [Case; 34] = [
    ("valid main branch default", DISPATCHED, "{}", Ok(())),
    (
        "valid main branch default, with the builder's id",
        DISPATCHED,
        "{builders: ['https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0'], level: 3}",
        Ok(()),
    ),
    (
        "valid main branch default, with the builder's name alone",
        DISPATCHED,
        "{builders: ['https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v*']}",
        Ok(()),
    ),
    (
        "valid main branch default - invalid builderID",
        DISPATCHED,
        "{builders: ['https://github.com/slsa-framework/slsa-github-generator/.github/workflows/not-trusted.yml@refs/tags/v*']}",
        BUILDER,
    ),
    ("valid main branch set", DISPATCHED, "{source: {ref: refs/heads/main}}", Ok(())),
    ("wrong branch master", DISPATCHED, "{source: {ref: refs/heads/master}}", SOURCE),
    ("wrong source append A", DISPATCHED, "{source: {repository: github.com/slsa-framework/example-packageA}}", SOURCE),
    (
        "wrong source prepend A",
        DISPATCHED,
        "{source: {repository: agithub.com/slsa-framework/example-package}}",
        SOURCE,
    ),
    ("wrong source middle A", DISPATCHED, "{source: {repository: github.com/Aslsa-framework/example-package}}", SOURCE),
    ("the source as it is", DISPATCHED, "{source: {repository: github.com/slsa-framework/example-package}}", Ok(())),
    ("tag no match empty tag workflow_dispatch", DISPATCHED, "{source: {tag: v1.2.3}}", SOURCE),
    ("versioned tag no match empty tag workflow_dispatch", DISPATCHED, "{source: {tag: v1.*}}", SOURCE),
    ("tag v13.0.29 no match v13.0.30", PUSHED, "{source: {tag: v13.0.29}}", SOURCE),
    ("tag v13.0 no match v13.0.30", PUSHED, "{source: {tag: v13.0}}", SOURCE),
    ("tag v13 no match v13.0.30", PUSHED, "{source: {tag: v13}}", SOURCE),
    ("versioned v13.0.30 match push-v13.0.30", PUSHED, "{source: {tag: v13.0.30}}", Ok(())),
    ("versioned v13.0 match push-v13.0.30", PUSHED, "{source: {tag: v13.0.*}}", Ok(())),
    ("versioned v13 match push-v13.0.30", PUSHED, "{source: {tag: v13.*}}", Ok(())),
    ("versioned v2 no match push-v13.0.30", PUSHED, "{source: {tag: v2.*}}", SOURCE),
    ("versioned v0 no match push-v13.0.30", PUSHED, "{source: {tag: v0.*}}", SOURCE),
    ("versioned v13.1 no match push-v13.0.30", PUSHED, "{source: {tag: v13.1.*}}", SOURCE),
    ("versioned v12.9 no match push-v13.0.30", PUSHED, "{source: {tag: v12.9.*}}", SOURCE),
    ("versioned v13.0.31 no match push-v13.0.30", PUSHED, "{source: {tag: v13.0.31}}", SOURCE),
    ("versioned v14 match push-v14", PUSHED_V14, "{source: {tag: v14}}", Ok(())),
    ("versioned v14.1 no match push-v14", PUSHED_V14, "{source: {tag: v14.1.*}}", SOURCE),
    ("versioned v15 no match push-v14", PUSHED_V14, "{source: {tag: v15*}}", SOURCE),
    ("versioned v14.2 match push-v14.2", PUSHED_V14_2, "{source: {tag: v14.2}}", Ok(())),
    ("versioned v14 match push-v14.2", PUSHED_V14_2, "{source: {tag: v14.*}}", Ok(())),
    ("versioned v14.2.1 match push-v14.2", PUSHED_V14_2, "{source: {tag: v14.2.1}}", SOURCE),
    ("versioned v14.3.1 no match push-v14.2", PUSHED_V14_2, "{source: {tag: v14.3.1}}", SOURCE),
    (
        "a branch that is called like a tag",
        Made { reference: "refs/heads/v1.2.3", ..DISPATCHED },
        "{source: {tag: v1.2.3}}",
        SOURCE,
    ),
    (
        "workflow inputs match",
        DISPATCHED,
        "{parameters: {/event_inputs/release_version: '(for example, 0.1.0)', /event_inputs/some_bool: true, /event_inputs/some_integer: 123}}",
        Ok(()),
    ),
    (
        "workflow inputs missing field",
        DISPATCHED,
        "{parameters: {/event_inputs/some_bool: true, /event_inputs/missing_field: 123}}",
        PARAMETERS,
    ),
    (
        "workflow inputs mismatch",
        DISPATCHED,
        "{parameters: {/event_inputs/some_bool: true, /event_inputs/some_integer: 321}}",
        PARAMETERS,
    ),
];

#[test]
fn our_rules_say_of_container_images_what_slsa_verifier_says() {
    let world = World::new();
    for (name, made, rules, theirs) in &CASES {
        let (verdict, failed) = verdict(&world, made, PACKAGE, rules);
        match theirs {
            Ok(()) => assert_eq!((verdict, failed), (Verdict::Verified, vec![]), "{name}"),
            Err(check) => assert_eq!((verdict, failed), (Verdict::Rejected, vec![*check]), "{name}"),
        }
    }
}

/// Their `--source-uri` is compared with the certificate too.
#[test]
fn the_caller_of_the_generator_is_the_one_in_the_certificate() {
    let world = World::new();
    for other in ["slsa-framework/example-packageA", "Aslsa-framework/example-package"] {
        let (verdict, failed) = verdict(&world, &DISPATCHED, other, "{}");
        assert_eq!(verdict, Verdict::Rejected, "{other}");
        assert!(failed.contains(&CheckId::SignerSource), "{other}: {failed:?}");
    }
}

/// Their `ErrorInvalidRef`: the generator at a branch, a commit or an unreleased version.
#[test]
fn a218_the_generator_counts_at_a_release_alone() {
    let world = World::new();
    for generator in ["refs/heads/main", "refs/tags/v2", "refs/tags/v2.1", "refs/tags/v2.1.0-rc.1", "refs/heads/v2.1.0"]
    {
        let made = Made { generator, ..DISPATCHED };
        assert_eq!(
            verdict(&world, &made, PACKAGE, "{}"),
            (Verdict::Rejected, vec![CheckId::ProvenanceBuilderId]),
            "{generator}"
        );
        assert_eq!(verdict(&world, &made, PACKAGE, "{builder-ref: any}"), (Verdict::Verified, vec![]), "{generator}");
    }
}
