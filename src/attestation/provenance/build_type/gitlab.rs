//! GitLab CI/CD job.
//!
//! <https://gitlab.com/gitlab-org/gitlab-runner/-/blob/{GITLAB_RUNNER_VERSION}/PROVENANCE.md>, written by the runner,
//! and <https://docs.gitlab.com/ci/pipeline_security/slsa/provenance_v1>: "`source`: The URL of the project.
//! `entryPoint`: The name of the CI/CD job that triggered the build." Everything else are "the names and values of any
//! CI/CD or environment variables". "Consumers should ignore unrecognized external parameters", which is the opposite
//! of SLSA's rule and holds here. "`resolvedDependencies[0].uri`: The URL of the project.
//! `resolvedDependencies[0].digest.sha256`: The commit revision of the project." A commit is not a SHA-256, and newer
//! statements write `gitCommit`; all are read. "`internalParameters.job`: The ID of the CI/CD job that triggered the
//! build." In v0.2 the project stands in `configSource`.

use std::collections::BTreeMap;

use super::BuildType;
use super::parameters::Known;
use crate::attestation::provenance::claims::{Claims, Property, is_commit};
use crate::attestation::provenance::model::commit;
use crate::attestation::provenance::predicate::Predicate;
use crate::attestation::provenance::source::Source;

/// The runner, and GitLab itself.
pub(super) const RUNNER: BuildType = BuildType {
    is: |_, uri| {
        is_runner(uri) || uri.trim_end_matches('/') == "https://docs.gitlab.com/ci/pipeline_security/slsa/provenance_v1"
    },
    add_claims,
    parameters: Known::Anything,
};

/// The version stands in the middle, and is that of the runner.
fn is_runner(uri: &str) -> bool {
    let version = uri
        .strip_prefix("https://gitlab.com/gitlab-org/gitlab-runner/-/blob/")
        .and_then(|rest| rest.strip_suffix("/PROVENANCE.md"));
    version.is_some_and(|version| !version.is_empty() && !version.contains('/'))
}

fn add_claims(predicate: &Predicate, claims: &mut Claims) {
    claims.add_source("/buildDefinition/externalParameters/source", predicate.external_text("/source"));
    claims.add_source("/invocation/configSource/uri", predicate.config_source.uri.as_deref());
    claims.add(Property::Commit, "/invocation/configSource/digest", revision(&predicate.config_source.digests));
    if let Some(project) = predicate.dependencies.first() {
        claims.add_source("/buildDefinition/resolvedDependencies/0/uri", project.uri.as_deref());
        claims.add(Property::Commit, "/buildDefinition/resolvedDependencies/0/digest", revision(&project.digests));
    }
    let job = predicate.internal.text("job").or_else(|| predicate.internal.object("job").text("id"));
    let project = claims.first(Property::Repository).and_then(Source::parse).map(|source| source.repository);
    let run = project.zip(job).map(|(project, job)| format!("{project}/-/jobs/{job}"));
    claims.add(Property::Run, "/buildDefinition/internalParameters/job", run);
}

fn revision(digests: &BTreeMap<String, String>) -> Option<&str> {
    let mislabelled = || digests.get("sha256").map(String::as_str).filter(|text| text.len() == 40 && is_commit(text));
    commit(digests).or_else(mislabelled)
}
