//! GitHub Actions workflow, as GitHub's attest action and the npm CLI write it.
//!
//! <https://actions.github.io/buildtypes/workflow/v1>: "This is a GitHub-maintained SLSA Provenance `buildType` that describes
//! the execution of a GitHub Actions workflow." External parameters: `workflow.ref`, "a git reference to the commit containing
//! the workflow"; `workflow.repository`, "HTTPS URI of the git repository"; `workflow.path`, "the path to the workflow YAML file
//! within the commit … the path and/or ref MAY contain `@` symbols". Internal: `github.event_name`, `.repository_id`,
//! `.repository_owner_id`, `.runner_environment`. "The `resolvedDependencies` MUST contain an entry identifying the resolved git
//! commit ID corresponding to `externalParameters.workflow`." The `invocationId` is the URL of the attempt.
//!
//! <https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1>, by the SLSA community, is the older one and
//! has three more parameters: `inputs` of `workflow_dispatch`, `release` ("`body`, `draft`, `name`, `prerelease`,
//! `target_commitish`") and `vars`.

use super::BuildType;
use super::actions;
use super::parameters::Known;
use crate::attestation::provenance::claims::{Claims, Property};
use crate::attestation::provenance::predicate::Predicate;

/// Maintained by GitHub.
pub(super) const BY_GITHUB: BuildType = BuildType {
    is: |version, uri| version == "v1" && uri == "https://actions.github.io/buildtypes/workflow/v1",
    add_claims,
    parameters: Known::Members(&[("workflow", WORKFLOW)]),
};

/// Maintained by the SLSA community.
pub(super) const BY_COMMUNITY: BuildType = BuildType {
    is: |version, uri| {
        version == "v1" && uri == "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1"
    },
    add_claims,
    parameters: Known::Members(&[
        ("workflow", WORKFLOW),
        ("inputs", Known::Anything),
        ("release", RELEASE),
        ("vars", Known::Anything),
    ]),
};

const WORKFLOW: Known = Known::Members(&[("ref", Known::Text), ("repository", Known::Text), ("path", Known::Text)]);
const RELEASE: Known = Known::Members(&[
    ("body", Known::Anything),
    ("draft", Known::Anything),
    ("name", Known::Anything),
    ("prerelease", Known::Anything),
    ("target_commitish", Known::Anything),
]);

fn add_claims(predicate: &Predicate, claims: &mut Claims) {
    const EXTERNAL: &str = "/buildDefinition/externalParameters";
    const INTERNAL: &str = "/buildDefinition/internalParameters/github";
    let repository = predicate.external_text("/workflow/repository");
    claims.add(Property::Repository, format!("{EXTERNAL}/workflow/repository"), repository);
    claims.add(Property::WorkflowRef, format!("{EXTERNAL}/workflow/ref"), predicate.external_text("/workflow/ref"));
    claims.add(Property::Workflow, format!("{EXTERNAL}/workflow/path"), predicate.external_text("/workflow/path"));
    actions::add_dependency(claims, "/buildDefinition/resolvedDependencies", predicate);
    let github = predicate.internal.object("github");
    for (property, name) in [
        (Property::Event, "event_name"),
        (Property::RepositoryId, "repository_id"),
        (Property::OwnerId, "repository_owner_id"),
        (Property::Runner, "runner_environment"),
    ] {
        claims.add(property, format!("{INTERNAL}/{name}"), github.text(name));
    }
    actions::add_runner(claims, "/runDetails/builder/id", predicate.builder.as_deref());
    claims.add(Property::Run, "/runDetails/metadata/invocationId", predicate.invocation.as_deref());
}
