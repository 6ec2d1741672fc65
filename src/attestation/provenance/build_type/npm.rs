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
use crate::attestation::provenance::claims::{Claims, Property};
use crate::attestation::provenance::model::commit;
use crate::attestation::provenance::predicate::Predicate;

/// On GitHub.
pub(super) const GITHUB: BuildType = BuildType {
    is: |version, uri| {
        version == "v0.2" && matches!(uri, "https://github.com/npm/cli/gha/v2" | "https://github.com/npm/cli/gha@v1")
    },
    add_claims: add_github,
    parameters: NOTHING,
};

/// On GitLab.
pub(super) const GITLAB: BuildType = BuildType {
    is: |version, uri| {
        let uris = ["https://github.com/npm/cli/gitlab/v0alpha1", "https://github.com/npm/cli/gitlab/v1alpha1"];
        version == "v0.2" && uris.contains(&uri)
    },
    add_claims: add_gitlab,
    parameters: Known::Anything,
};

fn add_github(predicate: &Predicate, claims: &mut Claims) {
    add_config_source(predicate, claims);
    actions::add_workflow(
        claims,
        "/invocation/configSource/entryPoint",
        predicate.config_source.entry_point.as_deref(),
    );
    actions::add_dependency(claims, "/materials", predicate);
    actions::add_variables(claims, "/invocation/environment", &predicate.internal, Spelling::Upper);
    actions::add_runner(claims, "/builder/id", predicate.builder.as_deref());
    actions::add_invocation(claims, predicate);
}

fn add_gitlab(predicate: &Predicate, claims: &mut Claims) {
    add_config_source(predicate, claims);
    claims.add(Property::Run, "/metadata/buildInvocationId", predicate.invocation.as_deref());
    claims.add(
        Property::Event,
        "/invocation/parameters/CI_PIPELINE_SOURCE",
        predicate.external_text("/CI_PIPELINE_SOURCE"),
    );
    claims.add(
        Property::RepositoryId,
        "/invocation/parameters/CI_PROJECT_ID",
        predicate.external_text("/CI_PROJECT_ID"),
    );
}

fn add_config_source(predicate: &Predicate, claims: &mut Claims) {
    let source = &predicate.config_source;
    claims.add_source("/invocation/configSource/uri", source.uri.as_deref());
    claims.add(Property::Commit, "/invocation/configSource/digest", commit(&source.digests));
}
