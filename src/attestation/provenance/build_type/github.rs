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
use crate::attestation::provenance::account::{Account, Topic};
use crate::attestation::provenance::outline::Outline;

/// Maintained by GitHub.
pub(super) const BY_GITHUB: BuildType = BuildType {
    is: |version, uri| version == "v1" && uri == "https://actions.github.io/buildtypes/workflow/v1",
    tell,
    parameters: Known::Members(&[("workflow", WORKFLOW)]),
};

/// Maintained by the SLSA community.
pub(super) const BY_COMMUNITY: BuildType = BuildType {
    is: |version, uri| {
        version == "v1" && uri == "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1"
    },
    tell,
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

fn tell(outline: &Outline, account: &mut Account) {
    const EXTERNAL: &str = "/buildDefinition/externalParameters";
    const INTERNAL: &str = "/buildDefinition/internalParameters/github";
    let repository = outline.external_text("/workflow/repository");
    account.tell(Topic::Repository, format!("{EXTERNAL}/workflow/repository"), repository);
    account.tell(Topic::WorkflowRef, format!("{EXTERNAL}/workflow/ref"), outline.external_text("/workflow/ref"));
    account.tell(Topic::Workflow, format!("{EXTERNAL}/workflow/path"), outline.external_text("/workflow/path"));
    actions::tell_dependency(account, "/buildDefinition/resolvedDependencies", outline);
    let github = outline.internal.object("github");
    for (topic, name) in [
        (Topic::Event, "event_name"),
        (Topic::RepositoryId, "repository_id"),
        (Topic::OwnerId, "repository_owner_id"),
        (Topic::Runner, "runner_environment"),
    ] {
        account.tell(topic, format!("{INTERNAL}/{name}"), github.text(name));
    }
    actions::tell_runner(account, "/runDetails/builder/id", outline.builder.as_deref());
    account.tell(Topic::Run, "/runDetails/metadata/invocationId", outline.invocation.as_deref());
}
