//! The npm command line, before it wrote GitHub's build type.
//!
//! <https://github.com/npm/cli>, `workspaces/libnpmpublish/lib/provenance.js`: `https://github.com/npm/cli/gha/v2`, and `@v1`
//! before it, describe a publication by GitHub Actions: "`uri: git+${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}@${GITHUB_REF}`",
//! "`entryPoint: workflowPath`", no parameters, `GITHUB_…` in the environment, "`buildInvocationId:
//! ${GITHUB_RUN_ID}-${GITHUB_RUN_ATTEMPT}`". `https://github.com/npm/cli/gitlab/v0alpha1` describes one by GitLab CI/CD, where the
//! parameters are variables of the job and the `buildInvocationId` is `CI_JOB_URL`. On GitHub, npm writes
//! `https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1` today.

use super::BuildType;
use super::actions::{self, Spelling};
use super::parameters::{Known, NOTHING};
use crate::attestation::provenance::account::{Account, Topic};
use crate::attestation::provenance::model::commit;
use crate::attestation::provenance::outline::Outline;

/// On GitHub.
pub(super) const GITHUB: BuildType = BuildType {
    is: |version, uri| {
        version == "v0.2" && matches!(uri, "https://github.com/npm/cli/gha/v2" | "https://github.com/npm/cli/gha@v1")
    },
    tell: tell_github,
    parameters: NOTHING,
};

/// On GitLab.
pub(super) const GITLAB: BuildType = BuildType {
    is: |version, uri| {
        let uris = ["https://github.com/npm/cli/gitlab/v0alpha1", "https://github.com/npm/cli/gitlab/v1alpha1"];
        version == "v0.2" && uris.contains(&uri)
    },
    tell: tell_gitlab,
    parameters: Known::Anything,
};

fn tell_github(outline: &Outline, account: &mut Account) {
    tell_config_source(outline, account);
    actions::tell_workflow(
        account,
        "/invocation/configSource/entryPoint",
        outline.config_source.entry_point.as_deref(),
    );
    actions::tell_dependency(account, "/materials", outline);
    actions::tell_variables(account, "/invocation/environment", &outline.internal, Spelling::Upper);
    actions::tell_runner(account, "/builder/id", outline.builder.as_deref());
    actions::tell_invocation(account, outline);
}

fn tell_gitlab(outline: &Outline, account: &mut Account) {
    tell_config_source(outline, account);
    account.tell(Topic::Run, "/metadata/buildInvocationId", outline.invocation.as_deref());
    account.tell(
        Topic::Event,
        "/invocation/parameters/CI_PIPELINE_SOURCE",
        outline.external_text("/CI_PIPELINE_SOURCE"),
    );
    account.tell(Topic::RepositoryId, "/invocation/parameters/CI_PROJECT_ID", outline.external_text("/CI_PROJECT_ID"));
}

fn tell_config_source(outline: &Outline, account: &mut Account) {
    let source = &outline.config_source;
    account.tell_source("/invocation/configSource/uri", source.uri.as_deref());
    account.tell(Topic::Commit, "/invocation/configSource/digest", commit(&source.digests));
}
