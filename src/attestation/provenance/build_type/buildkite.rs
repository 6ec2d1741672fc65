//! Buildkite job.
//!
//! `https://buildkite.github.io/slsa-buildtypes/job/v1`, as
//! <https://github.com/buildkite-plugins/generate-provenance-attestation-buildkite-plugin> writes it (`examples/statement.json`):
//! `pipeline`, `repository`, `build` with `branch`, `commit` and `tag`, `step` with `id`, `command` and `key`, `job` with `id`. The
//! one dependency is the repository at the branch, with the commit; the `invocationId` is the URL of the job.

use super::BuildType;
use super::actions;
use super::parameters::Known;
use crate::attestation::provenance::account::{Account, Topic, is_commit};
use crate::attestation::provenance::outline::Outline;

/// A job.
pub(super) const JOB: BuildType = BuildType {
    is: |version, uri| version == "v1" && uri == "https://buildkite.github.io/slsa-buildtypes/job/v1",
    tell,
    parameters: Known::Members(&[
        ("pipeline", Known::Anything),
        ("repository", Known::Text),
        ("build", Known::Members(&[("branch", Known::Text), ("commit", Known::Text), ("tag", Known::Text)])),
        ("step", Known::Members(&[("id", Known::Anything), ("command", Known::Anything), ("key", Known::Anything)])),
        ("job", Known::Members(&[("id", Known::Anything)])),
    ]),
};

fn tell(outline: &Outline, account: &mut Account) {
    const EXTERNAL: &str = "/buildDefinition/externalParameters";
    account.tell_source(&format!("{EXTERNAL}/repository"), outline.external_text("/repository"));
    let branch = outline.external_text("/build/branch").map(|branch| format!("refs/heads/{branch}"));
    account.tell(Topic::Ref, format!("{EXTERNAL}/build/branch"), branch);
    // A build that was started by hand has `HEAD` there.
    let commit = outline.external_text("/build/commit").filter(|commit| is_commit(commit));
    account.tell(Topic::Commit, format!("{EXTERNAL}/build/commit"), commit);
    actions::tell_dependency(account, "/buildDefinition/resolvedDependencies", outline);
    account.tell(Topic::Run, "/runDetails/metadata/invocationId", outline.invocation.as_deref());
}
