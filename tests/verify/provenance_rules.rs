//! The rules of a policy for provenance, against provenance that is signed and logged.
//!
//! Numbers such as `a218` are rows of the table of hostile inputs.

use bonafide::check::{CandidateReport, CheckId, Finding, ImageReport, Outcome, Verdict};
use bonafide::evidence::{Content, Gap, GapReason, Obstacle, Opened};
use bonafide::policy::Policy;
use bonafide::verify::verify;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::policy_files::{document, judge, policy_with_key, rule};
use crate::support::sigstore::{GITHUB_ACTIONS, Identity, Key, SIGNING_TIME, Version};
use crate::world::{REFERENCE, REPOSITORY, WORKFLOW, WORKFLOW_URI, World, blob, bundle, evidence};

const SHOP: &str = "{github: acme/shop}";
const HOSTED: &str = "https://github.com/actions/runner/github-hosted";
const REUSABLE: &str = "https://github.com/acme/ci/.github/workflows/build.yml@refs/tags/v3";

/// What a rule about the image requires of its provenance.
pub(crate) fn asking(signer: &str, rules: &str) -> Policy {
    asking_with_key(signer, rules, &Key::p256())
}

fn asking_with_key(signer: &str, rules: &str, key: &Key) -> Policy {
    policy_with_key(&rule(&[&format!("signers: [{signer}]"), &format!("require: {{provenance: {rules}}}")]), key)
}

/// Provenance by the shop's own workflow after `bend` had its way with the predicate.
fn provenance(world: &World, bend: impl FnOnce(&mut Value)) -> Content {
    signed_by(world, &world.identity, bend)
}

fn signed_by(world: &World, identity: &Identity, bend: impl FnOnce(&mut Value)) -> Content {
    let mut statement = world.provenance();
    bend(&mut statement["predicate"]);
    bundle(&world.instance.signer(identity).attest(&statement).bundle(Version::V03))
}

fn with_key(world: &World, key: &Key, bend: impl FnOnce(&mut Value)) -> Content {
    let mut statement = world.provenance();
    bend(&mut statement["predicate"]);
    bundle(&world.instance.key_signer(key).attest(&statement).bundle(Version::V03))
}

fn builder(id: &str) -> impl FnOnce(&mut Value) {
    move |predicate| predicate["runDetails"]["builder"]["id"] = json!(id)
}

/// A reusable workflow of another repository that built and signed for the shop, and names itself as GitHub's action does.
fn reusable(world: &World, bend: impl FnOnce(Identity) -> Identity) -> Content {
    let identity = Identity::github_reusable_workflow(REUSABLE, REPOSITORY, WORKFLOW_URI, REFERENCE);
    signed_by(world, &bend(identity), builder(REUSABLE))
}

#[track_caller]
fn accepts(world: &World, policy: &Policy, content: Content) -> CandidateReport {
    let mut report = judge(world, policy, [content]);
    let obstacle = report.requirements[0].findings.iter().find(|finding| finding.is_blocking());
    assert_eq!((report.verdict, obstacle), (Verdict::Verified, None));
    report.candidates.remove(0)
}

#[track_caller]
fn rejects(world: &World, policy: &Policy, content: Content, check: CheckId) -> Finding {
    let report = judge(world, policy, [content]);
    assert_eq!(report.verdict, Verdict::Rejected, "{:?}", report.requirements);
    said(&report, check)
}

#[track_caller]
fn said(report: &ImageReport, check: CheckId) -> Finding {
    let findings = &report.requirements[0].findings;
    let found = findings.iter().find(|finding| finding.check == check && finding.outcome != Outcome::Pass);
    found.unwrap_or_else(|| panic!("{check} in {findings:?}")).clone()
}

#[test]
fn a219_a_builder_is_named_by_its_whole_id() {
    let world = World::new();
    let named = |pattern: &str| asking(SHOP, &format!("{{builders: ['{pattern}']}}"));
    for good in
        [WORKFLOW_URI, "https://github.com/acme/shop/.github/workflows/*@refs/tags/v*", "https://github.com/acme/**"]
    {
        accepts(&world, &named(good), provenance(&world, |_| {}));
    }
    for near in [
        "https://github.com/acme/shop/.github/workflows/release.yml",
        "https://github.com/*",
        "https://github.com/acme/shop",
        "github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.0.0",
        "https://github.com/acme/*@refs/tags/v1.0.0",
    ] {
        let finding = rejects(&world, &named(near), provenance(&world, |_| {}), CheckId::ProvenanceBuilderId);
        assert_eq!((finding.expected.as_deref(), finding.found.as_deref()), (Some(near), Some(WORKFLOW_URI)));
    }
    let without_ref = named("https://github.com/acme/shop/.github/workflows/release.yml");
    let finding = rejects(&world, &without_ref, provenance(&world, |_| {}), CheckId::ProvenanceBuilderId);
    assert!(finding.next.expect("what to do").contains("add the ref"));
    let one_segment = named("https://github.com/*");
    let finding = rejects(&world, &one_segment, provenance(&world, |_| {}), CheckId::ProvenanceBuilderId);
    assert!(finding.next.expect("what to do").contains("stays inside a path segment"));
}

#[test]
fn an_unknown_build_type_satisfies_only_a_policy_that_names_it() {
    let world = World::new();
    let other = || {
        provenance(&world, |predicate| {
            predicate["buildDefinition"]["buildType"] = json!("https://acme.example/build/v1");
        })
    };
    let finding = rejects(&world, &asking(SHOP, "{}"), other(), CheckId::ProvenanceBuildType);
    assert_eq!(finding.found.as_deref(), Some("https://acme.example/build/v1"));
    assert!(finding.next.expect("what to do").contains(r#"`build-types: ["https://acme.example/build/v1"]`"#));
    accepts(&world, &asking(SHOP, "{build-types: 'https://acme.example/build/*'}"), other());
    let another = asking(SHOP, "{build-types: 'https://acme.example/build/v2'}");
    rejects(&world, &another, other(), CheckId::ProvenanceBuildType);
    rejects(&world, &another, provenance(&world, |_| {}), CheckId::ProvenanceBuildType);
}

#[test]
fn a207_what_a_workflow_says_of_its_own_build_is_level_2_at_most() {
    let world = World::new();
    for id in [WORKFLOW_URI, HOSTED] {
        accepts(&world, &asking(SHOP, "{level: 2}"), provenance(&world, builder(id)));
        let finding =
            rejects(&world, &asking(SHOP, "{level: 3}"), provenance(&world, builder(id)), CheckId::ProvenanceLevel);
        assert_eq!(finding.expected.as_deref(), Some("SLSA build level 3"));
        assert!(finding.found.expect("the level").starts_with("SLSA build level 2: "));
    }
    // Whatever the statement says of itself.
    let boast = |predicate: &mut Value| {
        predicate["runDetails"]["builder"]["version"] = json!({"slsa": "SLSA_BUILD_LEVEL_3"});
        predicate["buildDefinition"]["internalParameters"]["slsaLevel"] = json!(3);
    };
    rejects(&world, &asking(SHOP, "{level: 3}"), provenance(&world, boast), CheckId::ProvenanceLevel);
}

#[test]
fn a201_on_a_runner_of_somebody_else_it_is_level_1() {
    let world = World::new();
    let elsewhere = world.identity.clone().claim(11, "self-hosted");
    let unsaid = world.identity.clone().without_claim(11);
    for identity in [elsewhere, unsaid] {
        let content = || {
            signed_by(&world, &identity, |predicate| {
                // Both agree, as far as both say it.
                if let Some((_, said)) = identity.claims.iter().find(|(oid, _)| oid.ends_with(".57264.1.11")) {
                    predicate["buildDefinition"]["internalParameters"]["github"]["runner_environment"] = json!(said);
                }
            })
        };
        accepts(&world, &asking(SHOP, "{level: 1}"), content());
        rejects(&world, &asking(SHOP, "{level: 2}"), content(), CheckId::ProvenanceLevel);
        rejects(&world, &asking(SHOP, "{hosted-runners-only: true}"), content(), CheckId::ProvenanceHostedRunner);
    }
    accepts(&world, &asking(SHOP, "{hosted-runners-only: true}"), provenance(&world, |_| {}));
}

#[test]
fn a207_a_reusable_workflow_is_level_3_only_if_the_policy_names_it() {
    let world = World::new();
    let named =
        "{github: {repository: acme/shop, reusable-workflow: 'acme/ci/.github/workflows/build.yml@refs/tags/v*'}}";
    accepts(&world, &asking(named, "{level: 3}"), reusable(&world, |identity| identity));
    let any = "{identity: 'https://github.com/acme/*/.github/workflows/*@**', issuer: 'https://token.actions.githubusercontent.com', claims: {source-repository-uri: 'https://github.com/acme/shop'}}";
    accepts(&world, &asking(any, "{level: 2}"), reusable(&world, |identity| identity));
    rejects(&world, &asking(any, "{level: 3}"), reusable(&world, |identity| identity), CheckId::ProvenanceLevel);
    let as_builder = "{level: 3, builders: ['https://github.com/acme/ci/.github/workflows/build.yml@refs/tags/v*']}";
    accepts(&world, &asking(any, as_builder), reusable(&world, |identity| identity));
    let all_of_them = "{level: 3, builders: ['https://github.com/acme/ci/.github/workflows/*@**']}";
    rejects(&world, &asking(any, all_of_them), reusable(&world, |identity| identity), CheckId::ProvenanceLevel);
    let finding = rejects(
        &world,
        &asking(named, "{level: 3}"),
        reusable(&world, |identity| identity.claim(11, "self-hosted")),
        CheckId::ProvenanceLevel,
    );
    assert!(finding.found.expect("why").contains("self-hosted"));
    // A workflow of the very repository keeps nothing apart, named or not.
    let own = "{level: 3, builders: ['https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v*']}";
    rejects(&world, &asking(SHOP, own), provenance(&world, |_| {}), CheckId::ProvenanceLevel);
}

#[test]
fn an_unknown_pair_is_level_1() {
    let world = World::new();
    let id = "https://builds.acme.example/builder";
    accepts(&world, &asking(SHOP, "{level: 1}"), provenance(&world, builder(id)));
    let finding =
        rejects(&world, &asking(SHOP, "{level: 2}"), provenance(&world, builder(id)), CheckId::ProvenanceLevel);
    assert!(finding.found.expect("why").starts_with("SLSA build level 1: "));
    // Another workflow of the same repository attested it: the two are not the pair that GitHub speaks of.
    let another = "https://github.com/acme/shop/.github/workflows/build.yml@refs/tags/v1.0.0";
    rejects(&world, &asking(SHOP, "{level: 2}"), provenance(&world, builder(another)), CheckId::ProvenanceLevel);
}

#[test]
fn a221_a_workflow_is_no_other_service() {
    let world = World::new();
    for id in [
        "https://tekton.dev/chains/v2",
        "https://cloudbuild.googleapis.com/GoogleHostedWorker",
        "https://gitlab.com/acme/shop/-/runners/17",
    ] {
        let finding = rejects(&world, &asking(SHOP, "{}"), provenance(&world, builder(id)), CheckId::ProvenanceBuilder);
        assert_eq!(finding.found.as_deref(), Some(WORKFLOW_URI), "{id}");
    }
}

/// A pipeline of GitLab runs where the certificate says that it ran; a runner of one's own is no hosted platform.
#[test]
fn a201_a_pipeline_of_gitlab_on_a_runner_of_ones_own_is_level_1() {
    let world = World::new();
    let project = "https://gitlab.com/acme/tools/shop";
    let pipeline = |runner: &str| {
        let identity = Identity::uri(&format!("{project}//.gitlab-ci.yml@refs/heads/main"), "https://gitlab.com")
            .claim(11, runner)
            .claim(12, project);
        signed_by(&world, &identity, |predicate| {
            *predicate = json!({
                "buildDefinition": {
                    "buildType": "https://gitlab.com/gitlab-org/gitlab-runner/-/blob/v17.0.0/PROVENANCE.md",
                    "externalParameters": {"source": project, "entryPoint": "build"},
                },
                "runDetails": {"builder": {"id": format!("{project}/-/runners/12270852")}},
            });
        })
    };
    let level = |level: u8| asking("{gitlab: {project: acme/tools/shop}}", &format!("{{level: {level}}}"));
    accepts(&world, &level(2), pipeline("gitlab-hosted"));
    accepts(&world, &level(1), pipeline("self-hosted"));
    for runner in ["self-hosted", "github-hosted"] {
        let finding = rejects(&world, &level(2), pipeline(runner), CheckId::ProvenanceLevel);
        assert!(finding.found.expect("why").contains(runner), "{runner}");
    }
}

#[test]
fn a_denied_repository_is_denied_in_every_spelling() {
    let world = World::new();
    let from = |uri: &str| {
        provenance(&world, |predicate| {
            let listed = predicate["buildDefinition"]["resolvedDependencies"].as_array_mut().expect("dependencies");
            listed.push(json!({"uri": uri}));
        })
    };
    let policy = asking(SHOP, "{dependencies: {deny: ['https://github.com/Mallory/*']}}");
    for uri in [
        "git+https://github.com/mallory/lib@refs/heads/main",
        "git+ssh://git@GitHub.com/MALLORY/lib.git",
        "https://github.com/Mallory/lib",
    ] {
        let finding = rejects(&world, &policy, from(uri), CheckId::ProvenanceDependencies);
        assert_eq!(finding.found.as_deref(), Some(uri));
    }
    accepts(&world, &policy, from("git+https://github.com/mallory-not/lib"));
}

/// A policy of two builders, each with a key, and a rule that one key signs.
fn two_builders(key: &Key, level: u8) -> Policy {
    let rules = rule(&["signers: [{key: cosign.pub}]", &format!("require: {{provenance: {{level: {level}}}}}")]);
    let builders = "builders:\n  - {id: 'https://tekton.acme.example/chains/*', signer: {key: cosign.pub}, level: 2, source: the wiki}\n  - {id: 'https://jenkins.acme.example/', signer: {github: acme/ci}, level: 1}\n";
    document(&format!("{rules}{builders}"), key)
        .policy_for("registry.test/acme/shop", &["virtual".to_owned()], None, SIGNING_TIME)
        .expect("a rule about the image")
}

#[test]
fn a221_a_builder_of_the_policy_is_signed_for_by_its_own_signer_and_nobody_else() {
    let world = World::new();
    let key = Key::p256();
    let tekton = "https://tekton.acme.example/chains/v2";
    let content = || with_key(&world, &key, builder(tekton));
    let report = accepts(&world, &two_builders(&key, 2), content());
    let level = report.findings.iter().find(|finding| finding.check == CheckId::ProvenanceLevel).expect("a level");
    assert_eq!(level.message, "SLSA build level 2: the policy vouches for this builder (the wiki)");
    rejects(&world, &two_builders(&key, 3), content(), CheckId::ProvenanceLevel);
    let jenkins = with_key(&world, &key, builder("https://jenkins.acme.example/"));
    let finding = rejects(&world, &two_builders(&key, 1), jenkins, CheckId::ProvenanceBuilder);
    assert_eq!(finding.found.as_deref(), Some("another key"));
}

#[test]
fn a_key_speaks_for_a_builder_that_is_known_once_the_policy_says_so() {
    let world = World::new();
    let key = Key::p256();
    let tekton = || with_key(&world, &key, builder("https://tekton.dev/chains/v2"));
    let asking = |rules: &str| asking_with_key("{key: cosign.pub}", rules, &key);
    accepts(&world, &asking("{level: 1}"), tekton());
    rejects(&world, &asking("{level: 2}"), tekton(), CheckId::ProvenanceLevel);
    let named = |level: u8| asking(&format!("{{level: {level}, builders: ['https://tekton.dev/chains/v2']}}"));
    accepts(&world, &named(2), tekton());
    let many = asking("{level: 2, builders: ['https://tekton.dev/**']}");
    rejects(&world, &many, tekton(), CheckId::ProvenanceLevel);
    rejects(&world, &named(3), tekton(), CheckId::ProvenanceLevel);
}

#[test]
fn the_source_is_what_the_provenance_says_or_else_the_certificate() {
    let world = World::new();
    for good in [
        "repository: https://github.com/acme/shop",
        "repository: github.com/Acme/*",
        "ref: refs/tags/v*",
        "tag: v1.*",
        "commit: 8f1c2d3e4b5a69788796a5b4c3d2e1f001122334",
        "repository-id: 123456789",
    ] {
        accepts(&world, &asking(SHOP, &format!("{{source: {{{good}}}}}")), provenance(&world, |_| {}));
    }
    for (wrong, found) in [
        ("repository: https://github.com/acme/shop-evil", "https://github.com/acme/shop"),
        ("repository: https://gitlab.com/acme/shop", "https://github.com/acme/shop"),
        ("ref: refs/heads/main", "refs/tags/v1.0.0"),
        ("tag: v2.*", "refs/tags/v1.0.0"),
        ("commit: aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd", "8f1c2d3e4b5a69788796a5b4c3d2e1f001122334"),
        ("repository-id: 12345678", "123456789"),
    ] {
        let policy = asking(SHOP, &format!("{{source: {{{wrong}}}}}"));
        let finding = rejects(&world, &policy, provenance(&world, |_| {}), CheckId::ProvenanceExpectedSource);
        assert_eq!(finding.found.as_deref(), Some(found), "{wrong}");
    }
    // A key says nothing: what the provenance does not state does not hold (A202).
    let silent = |predicate: &mut Value| {
        predicate["buildDefinition"]["externalParameters"]["workflow"] = json!({});
        predicate["buildDefinition"]["internalParameters"] = json!({});
        predicate["buildDefinition"]["resolvedDependencies"] = json!([]);
    };
    for rules in ["repository: https://github.com/acme/shop", "ref: '**'", "tag: '*'", "repository-id: 123456789"] {
        let key = Key::p256();
        let policy = asking_with_key("{key: cosign.pub}", &format!("{{source: {{{rules}}}}}"), &key);
        rejects(&world, &policy, with_key(&world, &key, silent), CheckId::ProvenanceExpectedSource);
    }
}

#[test]
fn parameters_are_what_the_policy_says() {
    let world = World::new();
    let asks = |rules: &str| asking(SHOP, &format!("{{parameters: {{{rules}}}}}"));
    for good in [
        "/workflow/path: .github/workflows/release.yml",
        "/workflow/ref: {one-of: [refs/tags/v0.9.0, refs/tags/v1.0.0]}",
        "/workflow/inputs: {absent: true}",
    ] {
        accepts(&world, &asks(good), provenance(&world, |_| {}));
    }
    for (wrong, found) in [
        ("/workflow/path: release.yml", "\".github/workflows/release.yml\""),
        ("/workflow/ref: {one-of: [refs/tags/v0.9.0, refs/heads/main]}", "\"refs/tags/v1.0.0\""),
        ("/workflow/inputs: x", "nothing"),
        ("/workflow: {absent: true}", "{\"path\""),
        ("/workflow: x", "{\"path\""),
    ] {
        let finding = rejects(&world, &asks(wrong), provenance(&world, |_| {}), CheckId::ProvenanceParameters);
        assert!(finding.found.expect("what was found").starts_with(found), "{wrong}");
    }
}

#[test]
fn age_is_counted_from_the_signature_and_not_from_what_the_builder_says() {
    let world = World::new();
    let at = |hours: i64| SIGNING_TIME + SignedDuration::from_hours(hours);
    let verdict = |rules: &str, content: Content, now: Timestamp| {
        let policy = asking(SHOP, rules);
        verify(&evidence(&world.image, [content]), &policy, &[world.domain()], now)
    };
    let old = |predicate: &mut Value| {
        predicate["runDetails"]["metadata"]["finishedOn"] = json!("2001-01-01T00:00:00Z");
    };
    assert_eq!(verdict("{max-age: 1d}", provenance(&world, old), at(23)).verdict, Verdict::Verified);
    assert_eq!(verdict("{max-age: 1d}", provenance(&world, |_| {}), at(24)).verdict, Verdict::Verified);
    let new = |predicate: &mut Value| {
        predicate["runDetails"]["metadata"]["finishedOn"] = json!("2099-01-01T00:00:00Z");
    };
    let report = verdict("{max-age: 1d}", provenance(&world, new), at(25));
    assert_eq!(report.verdict, Verdict::Rejected);
    let finding = said(&report, CheckId::ProvenanceAge);
    assert_eq!(finding.expected.as_deref(), Some("signed no longer than 1d ago"));
    assert_eq!(finding.found, Some(format!("signed at {SIGNING_TIME}")));
}

#[test]
fn a_build_that_a_denied_event_started_is_refused() {
    let world = World::new();
    let policy = asking(SHOP, "{denied-events: [pull_request, pull_request_target]}");
    accepts(&world, &policy, provenance(&world, |_| {}));
    let event = |name: &str| {
        let identity = world.identity.clone().claim(20, name).claim(2, name);
        signed_by(&world, &identity, |predicate| {
            predicate["buildDefinition"]["internalParameters"]["github"]["event_name"] = json!(name);
        })
    };
    let finding = rejects(&world, &policy, event("pull_request_target"), CheckId::ProvenanceTrigger);
    assert_eq!(finding.found.as_deref(), Some("pull_request_target"));
    accepts(&world, &policy, event("pull_request_review"));
    let silent = world.identity.clone().without_claim(20).without_claim(2);
    let content = signed_by(&world, &silent, |predicate| {
        predicate["buildDefinition"]["internalParameters"] = json!({});
    });
    rejects(&world, &policy, content, CheckId::ProvenanceTrigger);
}

/// One that satisfies the rules, one by the same signer that does not, and one that a stranger signed.
fn three(world: &World) -> [Content; 3] {
    let stranger = Identity::github_workflow("mallory/shop", WORKFLOW, REFERENCE);
    let contradiction = provenance(world, builder("https://builds.acme.example/other"));
    [provenance(world, |_| {}), contradiction, signed_by(world, &stranger, |_| {})]
}

const ONE_BUILDER: &str = "builders: ['https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v*']";

#[test]
fn one_provenance_is_enough_and_those_that_contradict_it_are_listed() {
    let world = World::new();
    let report = judge(&world, &asking(SHOP, &format!("{{{ONE_BUILDER}}}")), three(&world));
    assert_eq!(report.verdict, Verdict::Verified);
    let listed: Vec<&Finding> =
        report.requirements[0].findings.iter().filter(|one| one.check == CheckId::ProvenanceOthers).collect();
    assert_eq!(listed.len(), 1, "the stranger's is not held against it: {listed:?}");
    assert_eq!(listed[0].outcome, Outcome::Skip);
    let found = listed[0].found.as_deref().expect("what was found");
    assert!(found.starts_with("https://builds.acme.example/other; made at an unstated time"), "{found}");
    // Without a rule about builders both count, and name two.
    let report = judge(&world, &asking(SHOP, "{}"), three(&world));
    assert_eq!(report.verdict, Verdict::Verified);
    let finding = said(&report, CheckId::ProvenanceOthers);
    assert_eq!(finding.message, "two accepted provenances disagree about the builder");
}

#[test]
fn all_of_them_must_hold_where_the_policy_says_so() {
    let world = World::new();
    let all = asking(SHOP, &format!("{{{ONE_BUILDER}, all: true}}"));
    let [good, contradiction, stranger] = three(&world);
    let verdict = |contents: &[&Content]| judge(&world, &all, contents.iter().copied().cloned()).verdict;
    assert_eq!(verdict(&[&good]), Verdict::Verified);
    assert_eq!(verdict(&[&good, &stranger]), Verdict::Verified, "anybody can attach what they signed");
    assert_eq!(verdict(&[&good, &contradiction]), Verdict::Rejected);
    assert_eq!(verdict(&[&contradiction, &stranger, &good]), Verdict::Rejected, "in whatever order");
    assert_eq!(verdict(&[&contradiction]), Verdict::Rejected);
    assert_eq!(verdict(&[]), Verdict::Absent);
    let report = judge(&world, &all, [good, contradiction]);
    let finding = said(&report, CheckId::ProvenanceOthers);
    assert_eq!(finding.outcome, Outcome::Fail);
    assert!(finding.message.contains("another builder than the policy names built it"), "{}", finding.message);
}

#[test]
fn a111_what_could_not_be_read_may_contradict() {
    let world = World::new();
    let all = asking(SHOP, "{all: true}");
    let judge = |policy: &Policy, evidence: &bonafide::evidence::Evidence| {
        verify(evidence, policy, &[world.domain()], SIGNING_TIME + SignedDuration::from_hours(1)).verdict
    };
    let whole = evidence(&world.image, [provenance(&world, |_| {})]);
    assert_eq!(judge(&all, &whole), Verdict::Verified);
    let mut gap = whole.clone();
    gap.gaps.push(Gap {
        subject: world.image.clone(),
        what: "the referrers".to_owned(),
        obstacle: Obstacle::new(GapReason::Unavailable, "503"),
    });
    let mut unsearched = whole.clone();
    unsearched.target.subjects[0].searched = false;
    let unread = Content::Unread { media_type: "application/vnd.dev.sigstore.bundle.v0.3+json".to_owned(), bytes: 1 };
    let unread = evidence(&world.image, [provenance(&world, |_| {}), unread]);
    for lacking in [&gap, &unsearched, &unread] {
        assert_eq!(judge(&all, lacking), Verdict::Undecided);
        assert_eq!(judge(&asking(SHOP, "{}"), lacking), Verdict::Verified, "one is enough without `all`");
    }
    let garbage = evidence(&world.image, [provenance(&world, |_| {}), Content::Bundle(Opened::bundle(blob("{}")))]);
    assert_eq!(judge(&all, &garbage), Verdict::Verified, "nobody in particular signed it");
}

#[test]
fn rules_are_about_one_provenance_by_itself() {
    let world = World::new();
    let asks = format!("{{{ONE_BUILDER}, parameters: {{/workflow/path: other.yml}}}}");
    let right_builder = provenance(&world, |_| {});
    let right_parameter = provenance(&world, |predicate| {
        predicate["buildDefinition"]["externalParameters"]["workflow"]["path"] = json!("other.yml");
        builder("https://builds.acme.example/other")(predicate);
    });
    let report = judge(&world, &asking(SHOP, &asks), [right_builder, right_parameter]);
    assert_eq!(report.verdict, Verdict::Rejected, "two halves are no whole");
}

#[test]
fn an_identity_outside_of_the_services_may_be_any_builder_and_is_level_1() {
    let world = World::new();
    let person = Identity::email("release@acme.example", "https://accounts.acme.example");
    let signer = "{email: {address: release@acme.example, issuer: https://accounts.acme.example}}";
    let content = || signed_by(&world, &person, builder("https://cloudbuild.googleapis.com/GoogleHostedWorker"));
    accepts(&world, &asking(signer, "{level: 1}"), content());
    rejects(&world, &asking(signer, "{level: 2}"), content(), CheckId::ProvenanceLevel);
    assert_ne!(person.issuer, GITHUB_ACTIONS);
}
