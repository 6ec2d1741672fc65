//! Buildkite job.
//!
//! `https://buildkite.github.io/slsa-buildtypes/job/v1`, as
//! <https://github.com/buildkite-plugins/generate-provenance-attestation-buildkite-plugin> writes it (`examples/statement.json`):
//! `pipeline`, `repository`, `build` with `branch`, `commit` and `tag`, `step` with `id`, `command` and `key`, `job` with `id`. The
//! one dependency is the repository at the branch, with the commit; the `invocationId` is the URL of the job.

use super::BuildType;
use super::actions;
use super::parameters::Known;
use crate::attestation::provenance::claims::{Claims, Property, is_commit};
use crate::attestation::provenance::predicate::Predicate;

/// A job.
pub(super) const JOB: BuildType = BuildType {
    is: |version, uri| version == "v1" && uri == "https://buildkite.github.io/slsa-buildtypes/job/v1",
    add_claims,
    parameters: Known::Members(&[
        ("pipeline", Known::Anything),
        ("repository", Known::Text),
        ("build", Known::Members(&[("branch", Known::Text), ("commit", Known::Text), ("tag", Known::Text)])),
        ("step", Known::Members(&[("id", Known::Anything), ("command", Known::Anything), ("key", Known::Anything)])),
        ("job", Known::Members(&[("id", Known::Anything)])),
    ]),
};

fn add_claims(predicate: &Predicate, claims: &mut Claims) {
    const EXTERNAL: &str = "/buildDefinition/externalParameters";
    claims.add_source(&format!("{EXTERNAL}/repository"), predicate.external_text("/repository"));
    let branch = predicate.external_text("/build/branch").map(|branch| format!("refs/heads/{branch}"));
    claims.add(Property::Ref, format!("{EXTERNAL}/build/branch"), branch);
    // A build that was started by hand has `HEAD` there.
    let commit = predicate.external_text("/build/commit").filter(|commit| is_commit(commit));
    claims.add(Property::Commit, format!("{EXTERNAL}/build/commit"), commit);
    actions::add_dependency(claims, "/buildDefinition/resolvedDependencies", predicate);
    claims.add(Property::Run, "/runDetails/metadata/invocationId", predicate.invocation.as_deref());
}
