//! What a provenance says of its run against the certificate of the run that signed it (A206, A207, A209): one lie at a time,
//! each refused by the check that names it.

use bonafide::check::{CheckId, Finding, Outcome, ProvenanceReport, Verdict};
use bonafide::evidence::Content;
use bonafide::policy::Signer;
use serde_json::{Value, json};

use crate::policy_files::judge;
use crate::provenance_rules::asking;
use crate::support::sigstore::identity::COMMIT;
use crate::support::sigstore::{GITHUB_ACTIONS, Identity, Version};
use crate::support::statement::{Build, SLSA_V02, slsa_v02};
use crate::world::{REFERENCE, REPOSITORY, WORKFLOW, World, attested, bundle};

const SOURCE: &str = "https://github.com/acme/shop";
const RUN: &str = "https://github.com/acme/shop/actions/runs/7012345678/attempts/1";
const OTHER_COMMIT: &str = "0000000000000000000000000000000000000001";

/// A provenance of which one place says something else, signed by the signer whom the policy expects.
fn lying(world: &World, mut statement: Value, pointer: &str, lie: &Value) -> Content {
    let place = statement["predicate"].pointer_mut(pointer).expect("the place is there");
    assert_ne!(place, lie, "{pointer} would be the truth");
    *place = lie.clone();
    attested(world, &statement)
}

/// The form that GitHub's attest action writes.
#[test]
fn a207_each_lie_of_slsa_v1_is_refused_by_the_check_that_names_it() {
    let world = World::new();
    let github = |name: &str| format!("/buildDefinition/internalParameters/github/{name}");
    let workflow = |name: &str| format!("/buildDefinition/externalParameters/workflow/{name}");
    let dependency = |name: &str| format!("/buildDefinition/resolvedDependencies/0/{name}");
    let builder = "/runDetails/builder/id".to_owned();
    let run = "/runDetails/metadata/invocationId".to_owned();
    for (pointer, lie, check, says) in [
        (workflow("repository"), "https://github.com/mallory/shop", CheckId::ProvenanceSource, SOURCE),
        (dependency("uri"), "git+https://github.com/fork/shop@refs/tags/v1.0.0", CheckId::ProvenanceSource, SOURCE),
        (workflow("ref"), "refs/tags/v2.0.0", CheckId::ProvenanceRef, REFERENCE),
        (dependency("uri"), "git+https://github.com/acme/shop@refs/heads/main", CheckId::ProvenanceRef, REFERENCE),
        (dependency("digest/gitCommit"), OTHER_COMMIT, CheckId::ProvenanceCommit, COMMIT),
        (workflow("path"), ".github/workflows/nightly.yml", CheckId::ProvenanceWorkflow, WORKFLOW),
        (github("event_name"), "release", CheckId::ProvenanceEvent, "push"),
        (github("runner_environment"), "self-hosted", CheckId::ProvenanceRunner, "github-hosted"),
        (builder.clone(), "https://github.com/actions/runner/self-hosted", CheckId::ProvenanceRunner, "github-hosted"),
        (run.clone(), "https://github.com/acme/shop/actions/runs/1/attempts/1", CheckId::ProvenanceRun, RUN),
        (run, "https://github.com/acme/shop/actions/runs/7012345678/attempts/2", CheckId::ProvenanceRun, RUN),
        (github("repository_id"), "987654321", CheckId::ProvenanceRepositoryId, "123456789"),
        (github("repository_owner_id"), "1", CheckId::ProvenanceRepositoryId, "9919"),
        (
            builder,
            "https://github.com/acme/shop/.github/workflows/nightly.yml@refs/tags/v1.0.0",
            CheckId::ProvenanceBuilder,
            "https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.0.0",
        ),
    ] {
        let content = lying(&world, world.provenance(), &pointer, &json!(lie));
        names_both(&world.for_provenance().rejects(content, check), &pointer, says);
    }
}

/// The form that slsa-github-generator writes: the same thing stands in several places, and none may lie.
#[test]
fn a207_each_lie_of_slsa_v02_is_refused_by_the_check_that_names_it() {
    let world = World::new();
    let mut statement = slsa_v02(&world.subject, &world.build);
    let environment = &mut statement["predicate"]["invocation"]["environment"];
    environment["github_repository_id"] = json!("123456789");
    environment["github_repository_owner_id"] = json!("9919");
    environment["github_run_id"] = json!("7012345678");
    environment["github_run_attempt"] = json!("1");
    world.for_provenance().accepts(attested(&world, &statement));
    let variable = |name: &str| format!("/invocation/environment/github_{name}");
    let config = |name: &str| format!("/invocation/configSource/{name}");
    let fork = "git+https://github.com/fork/shop@refs/tags/v1.0.0";
    let branch = "git+https://github.com/acme/shop@refs/heads/main";
    for (pointer, lie, check, says) in [
        (config("uri"), fork, CheckId::ProvenanceSource, SOURCE),
        ("/materials/0/uri".to_owned(), fork, CheckId::ProvenanceSource, SOURCE),
        (config("uri"), branch, CheckId::ProvenanceRef, REFERENCE),
        ("/materials/0/uri".to_owned(), branch, CheckId::ProvenanceRef, REFERENCE),
        (variable("ref"), "refs/heads/main", CheckId::ProvenanceRef, REFERENCE),
        (config("digest/sha1"), OTHER_COMMIT, CheckId::ProvenanceCommit, COMMIT),
        ("/materials/0/digest/sha1".to_owned(), OTHER_COMMIT, CheckId::ProvenanceCommit, COMMIT),
        (variable("sha1"), OTHER_COMMIT, CheckId::ProvenanceCommit, COMMIT),
        (config("entryPoint"), ".github/workflows/nightly.yml", CheckId::ProvenanceWorkflow, WORKFLOW),
        (variable("event_name"), "release", CheckId::ProvenanceEvent, "push"),
        ("/metadata/buildInvocationID".to_owned(), "1-1", CheckId::ProvenanceRun, RUN),
        (variable("run_id"), "1", CheckId::ProvenanceRun, RUN),
        (variable("run_attempt"), "2", CheckId::ProvenanceRun, RUN),
        (variable("repository_id"), "1", CheckId::ProvenanceRepositoryId, "123456789"),
        (variable("repository_owner_id"), "1", CheckId::ProvenanceRepositoryId, "9919"),
    ] {
        let content = lying(&world, statement.clone(), &pointer, &json!(lie));
        names_both(&world.for_provenance().rejects(content, check), &pointer, says);
    }
}

/// One sentence with both values, and what to do.
#[track_caller]
fn names_both(finding: &Finding, pointer: &str, says: &str) {
    let found = finding.found.as_deref().expect("what was found");
    assert_eq!(finding.expected.as_deref(), Some(says), "{pointer}");
    assert!(finding.message.starts_with("the provenance names "), "{finding:?}");
    assert!(finding.message.ends_with(&format!(" {found}, and the certificate says {says}")), "{finding:?}");
    assert!(finding.next.is_some(), "{finding:?}");
}

/// Fulcio's claims `.2` to `.6` are all that certificates of before 2023 have.
#[test]
fn a207_older_certificates_are_compared_as_far_as_they_go() {
    let world = World::new();
    let older = (9..=24).fold(world.identity.clone(), Identity::without_claim);
    let signed = |statement: &Value| bundle(&world.instance.signer(&older).attest(statement).bundle(Version::V03));
    let accepted = world.for_provenance().accepts(signed(&world.provenance()));
    let alone: Vec<&str> =
        accepted.findings.iter().filter(|one| one.outcome == Outcome::Skip).map(|one| one.check.as_str()).collect();
    assert_eq!(
        alone,
        ["provenance-workflow", "provenance-run", "provenance-runner", "provenance-repository-id"],
        "what the provenance alone states"
    );
    for (pointer, lie, check) in [
        ("/buildDefinition/externalParameters/workflow/ref", "refs/heads/main", CheckId::ProvenanceRef),
        ("/buildDefinition/resolvedDependencies/0/digest/gitCommit", OTHER_COMMIT, CheckId::ProvenanceCommit),
        ("/buildDefinition/internalParameters/github/event_name", "release", CheckId::ProvenanceEvent),
    ] {
        let mut statement = world.provenance();
        *statement["predicate"].pointer_mut(pointer).expect("a place") = json!(lie);
        world.for_provenance().rejects(signed(&statement), check);
    }
}

/// Provenance by a reusable workflow is about its caller, in the certificate as in the predicate.
#[test]
fn a206_a219_a_reusable_workflow_is_the_builder_and_its_caller_is_the_source() {
    let generator = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v1.10.0";
    let world = World::new();
    let caller = format!("{SOURCE}/{WORKFLOW}@{REFERENCE}");
    let identity = Identity::github_reusable_workflow(generator, REPOSITORY, &caller, REFERENCE);
    let signer =
        Signer::from_flags(Some(generator), Some(GITHUB_ACTIONS), Some(REPOSITORY), None, None).expect("a signer");
    let attested = |build: &Build| {
        let statement = slsa_v02(&world.subject, build);
        bundle(&world.instance.signer(&identity).attest(&statement).bundle(Version::V03))
    };
    let build = Build { builder: generator.to_owned(), ..world.build.clone() };
    let accepted = world.for_provenance().signed_by(signer.clone()).accepts(attested(&build));
    let provenance = accepted.says::<ProvenanceReport>().expect("a provenance");
    assert_eq!(provenance.workflow.as_ref().expect("a workflow").path, WORKFLOW);
    for builder in [
        caller.as_str(),
        "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0",
        "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/builder_go_slsa3.yml@refs/tags/v1.10.0",
        "https://github.com/slsa-framework/slsa-github-generator-evil/.github/workflows/generator_container_slsa3.yml@refs/tags/v1.10.0",
    ] {
        let build = Build { builder: builder.to_owned(), ..world.build.clone() };
        world.for_provenance().signed_by(signer.clone()).rejects(attested(&build), CheckId::ProvenanceBuilder);
    }
}

/// A delegator of slsa-github-generator signs for the builder that called it; nobody else does.
#[test]
fn a206_only_a_delegator_signs_for_another_builder() {
    const DELEGATED: &str = "https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0";
    let world = World::new();
    let brought =
        "https://github.com/jreleaser/release-action/.github/workflows/builder_slsa3.yml@refs/tags/v1.1.0-java";
    let judge = |workflow: &str, build_type: &str| {
        let name = format!("https://github.com/slsa-framework/{workflow}@refs/tags/v1.10.0");
        let caller = format!("{SOURCE}/{WORKFLOW}@{REFERENCE}");
        let identity = Identity::github_reusable_workflow(&name, REPOSITORY, &caller, REFERENCE);
        let signer =
            Signer::from_flags(Some(&name), Some(GITHUB_ACTIONS), Some(REPOSITORY), None, None).expect("a signer");
        let build = Build { builder: brought.to_owned(), ..world.build.clone() };
        let mut statement = slsa_v02(&world.subject, &build);
        statement["predicate"]["buildType"] = json!(build_type);
        statement["predicate"]["invocation"]["environment"] = json!({});
        let content = bundle(&world.instance.signer(&identity).attest(&statement).bundle(Version::V03));
        let report = world.for_provenance().signed_by(signer).judge([content]);
        let stands = |one: &&Finding| one.is_blocking();
        report.candidates[0].findings.iter().find(stands).map(|finding| finding.check)
    };
    let delegator = "slsa-github-generator/.github/workflows/delegator_generic_slsa3.yml";
    assert_eq!(judge(delegator, DELEGATED), None);
    let refused = Some(CheckId::ProvenanceBuilder);
    assert_eq!(judge(delegator, "https://github.com/slsa-framework/slsa-github-generator/generic@v1"), refused);
    assert_eq!(judge("slsa-github-generator/.github/workflows/generator_generic_slsa3.yml", DELEGATED), refused);
    assert_eq!(judge("slsa-github-generator-evil/.github/workflows/delegator_generic_slsa3.yml", DELEGATED), refused);
}

/// Without a certificate there is nothing to compare with, but a provenance must not contradict itself.
#[test]
fn a209_a_provenance_that_contradicts_itself_is_refused_whoever_signed_it() {
    let world = World::new();
    let nobody = Identity::email("release@acme.example", "https://accounts.example.com");
    let judge = || {
        world.for_provenance().signed_by(crate::world::signer("release@acme.example", "https://accounts.example.com"))
    };
    let mut statement = slsa_v02(&world.subject, &world.build);
    let signed = |statement: &Value| bundle(&world.instance.signer(&nobody).attest(statement).bundle(Version::V03));
    judge().accepts(signed(&statement));
    statement["predicate"]["materials"][0]["digest"]["sha1"] = json!(OTHER_COMMIT);
    let finding = judge().rejects(signed(&statement), CheckId::ProvenanceCommit);
    assert_eq!(
        finding.message,
        format!("the provenance names commit {COMMIT} in one place and {OTHER_COMMIT} in another")
    );
    assert_eq!(finding.expected.as_deref(), Some("the same in /invocation/configSource/digest and /materials"));
    statement["predicate"]["materials"][0]["uri"] = json!("git+https://github.com/fork/shop@refs/tags/v1.0.0");
    judge().rejects(signed(&statement), CheckId::ProvenanceSource);
}

/// The source stands among the dependencies once or several times, in one of several spellings; none may lie.
#[test]
fn a209_every_dependency_that_is_the_source_is_compared() {
    let world = World::new();
    let source = |uri: &str, commit: &str| json!({"uri": uri, "digest": {"gitCommit": commit}});
    let with = |dependencies: Value| {
        let mut statement = world.provenance();
        statement["predicate"]["buildDefinition"]["resolvedDependencies"] = dependencies;
        attested(&world, &statement)
    };
    let truth = source("git+https://github.com/acme/shop@refs/tags/v1.0.0", COMMIT);
    let tool = source("git+https://github.com/acme/tools@refs/heads/main", OTHER_COMMIT);
    world.for_provenance().accepts(with(json!([truth, tool, truth])));
    world.for_provenance().accepts(with(json!([source(SOURCE, COMMIT)])));
    for (dependencies, check) in [
        (json!([truth, source("git+https://github.com/acme/shop@refs/tags/v1.0.0", OTHER_COMMIT)]), "commit"),
        (json!([truth, source("git+https://github.com/Acme/shop.git@refs/heads/main", COMMIT)]), "ref"),
        (json!([source(SOURCE, OTHER_COMMIT)]), "commit"),
        (json!([source("git@github.com:acme/shop.git", OTHER_COMMIT)]), "commit"),
        (json!([source("https://github.com/fork/shop", COMMIT)]), "source repository"),
        (json!([{"uri": "git@github.com:fork/shop.git"}]), "source repository"),
    ] {
        let report = world.for_provenance().judge([with(dependencies.clone())]);
        let finding = report.candidates[0].findings.iter().find(|one| one.is_blocking());
        let message = &finding.unwrap_or_else(|| panic!("{dependencies} was accepted")).message;
        assert!(message.starts_with(&format!("the provenance names {check} ")), "{dependencies}: {message}");
    }
}

/// The build type is in the hands of whoever writes the statement: no name of one lifts the comparison with the certificate.
#[test]
fn a209_only_a_delegator_says_that_another_commit_was_built() {
    let world = World::new();
    let delegated = json!("https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0");
    let mut v02 = slsa_v02(&world.subject, &world.build);
    v02["predicate"]["buildType"] = delegated.clone();
    v02["predicate"]["materials"][0]["digest"]["sha1"] = json!(OTHER_COMMIT);
    let mut v1 = world.provenance();
    let definition = &mut v1["predicate"]["buildDefinition"];
    definition["buildType"] = delegated;
    definition["externalParameters"] = json!({"inputs": {}});
    definition["internalParameters"] = json!({"GITHUB_REPOSITORY": "acme/shop", "GITHUB_SHA": COMMIT});
    definition["resolvedDependencies"][0]["digest"]["gitCommit"] = json!(OTHER_COMMIT);
    for statement in [v02, v1] {
        let finding = world.for_provenance().rejects(attested(&world, &statement), CheckId::ProvenanceCommit);
        assert_eq!((finding.expected.as_deref(), finding.found.as_deref()), (Some(COMMIT), Some(OTHER_COMMIT)));
    }
}

/// What is stated in part is compared as far as it is stated.
#[test]
fn a207_a_run_without_its_attempt_and_the_repository_of_a_workflow_are_compared() {
    let world = World::new();
    let with = |key: &str, value: &str| {
        let mut statement = slsa_v02(&world.subject, &world.build);
        statement["predicate"]["invocation"]["environment"][key] = json!(value);
        attested(&world, &statement)
    };
    world.for_provenance().accepts(with("github_run_id", "7012345678"));
    world.for_provenance().rejects(with("github_run_id", "1"), CheckId::ProvenanceRun);
    world.for_provenance().accepts(with("github_workflow_ref", &format!("{REPOSITORY}/{WORKFLOW}@{REFERENCE}")));
    let fork = format!("fork/shop/{WORKFLOW}@{REFERENCE}");
    world.for_provenance().rejects(with("github_workflow_ref", &fork), CheckId::ProvenanceSource);
    let mut statement = slsa_v02(&world.subject, &world.build);
    for (run, is_true) in [("7012345678", true), ("1", false)] {
        statement["predicate"]["metadata"]["buildInvocationID"] = json!(run);
        let report = world.for_provenance().judge([attested(&world, &statement)]);
        assert_eq!(report.verdict == Verdict::Verified, is_true, "{run}");
    }
}

#[test]
fn a217_times_are_the_builders_word_and_decide_nothing() {
    let world = World::new();
    let mut statement = world.provenance();
    statement["predicate"]["runDetails"]["metadata"]["startedOn"] = json!("2999-01-01T00:00:00Z");
    statement["predicate"]["runDetails"]["metadata"]["finishedOn"] = json!("not a time at all");
    let accepted = world.for_provenance().accepts(attested(&world, &statement));
    let provenance = accepted.says::<ProvenanceReport>().expect("a provenance");
    assert_eq!(provenance.started_on.as_deref(), Some("2999-01-01T00:00:00Z"));
    assert_eq!(provenance.finished_on.as_deref(), Some("not a time at all"));
}

#[test]
fn a211_unknown_external_parameters_are_refused_and_named() {
    let world = World::new();
    let mut statement = world.provenance();
    let parameters = &mut statement["predicate"]["buildDefinition"]["externalParameters"];
    parameters["inputs"] = json!({"target": "production"});
    parameters["workflow"]["shell"] = json!("bash");
    parameters["vars"] = json!({});
    let finding = world.for_provenance().rejects(attested(&world, &statement), CheckId::ProvenanceParameters);
    assert_eq!(finding.found.as_deref(), Some("/inputs, /workflow/shell"));
    let allowed = asking("{github: acme/shop}", "{unknown-parameters: allow}");
    let report = judge(&world, &allowed, [attested(&world, &statement)]);
    assert_eq!(report.verdict, Verdict::Verified);
    let provenance = report.candidates[0].says::<ProvenanceReport>().expect("a provenance");
    assert_eq!(provenance.unknown_parameters, ["/inputs", "/workflow/shell"]);
    assert!(provenance.known_build_type);
}

/// What is no text is not compared with the certificate, so it is not passed over either.
#[test]
fn a211_a_parameter_of_another_form_than_described_is_refused() {
    let world = World::new();
    for (name, value) in [
        ("repository", json!(["https://github.com/mallory/shop"])),
        ("path", json!({"path": ".github/workflows/evil.yml"})),
        ("ref", json!(7)),
    ] {
        let mut statement = world.provenance();
        statement["predicate"]["buildDefinition"]["externalParameters"]["workflow"][name] = value;
        let finding = world.for_provenance().rejects(attested(&world, &statement), CheckId::ProvenanceParameters);
        assert_eq!(finding.found, Some(format!("/workflow/{name}")));
    }
}

#[test]
fn a094_drafts_are_refused_by_name() {
    let world = World::new();
    for draft in [
        "https://slsa.dev/provenance/v0.1",
        "https://slsa.dev/provenance/v1-rc1",
        "https://slsa.dev/provenance/v1-rc2",
        "https://in-toto.io/Provenance/v0.1",
    ] {
        let mut statement = slsa_v02(&world.subject, &world.build);
        assert_eq!(statement["predicateType"], SLSA_V02);
        statement["predicateType"] = json!(draft);
        let finding = world.for_provenance().cannot_decide(attested(&world, &statement), CheckId::ProvenanceFormat);
        assert_eq!(finding.found.as_deref(), Some(draft));
    }
}

/// What the signer writes may be of any length; a sentence is not.
#[test]
fn a_long_lie_does_not_fill_the_report() {
    let world = World::new();
    let long = "é".repeat(100_000);
    let content =
        lying(&world, world.provenance(), "/buildDefinition/internalParameters/github/event_name", &json!(long));
    let finding = world.for_provenance().rejects(content, CheckId::ProvenanceEvent);
    assert!(finding.message.len() < 1000, "{} bytes", finding.message.len());
    assert!(finding.message.contains("… (200000 bytes)"), "{}", finding.message);
}
