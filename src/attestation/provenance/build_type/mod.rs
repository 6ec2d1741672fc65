//! Build types, which define the meaning of a predicate.
//!
//! build-provenance.md, `buildType`: "Identifies the template for how to perform the build and interpret the parameters and
//! dependencies." There is one file for each maker of published descriptions; a build type that none of them describes is read
//! as far as its source is unmistakable, and called unknown.

mod actions;
mod buildkit;
mod buildkite;
mod cloud_build;
mod github;
mod gitlab;
mod jenkins;
mod npm;
mod parameters;
mod slsa_generator;
mod tekton;
#[cfg(test)]
mod tests;
mod unknown;
mod witness;

use super::claims::Claims;
use super::predicate::Predicate;

use parameters::Known;

/// A build type with a published description, or several that differ in name only.
struct BuildType {
    /// Whether a predicate is of it: by the version of SLSA and the whole URI.
    is: fn(version: &str, uri: &str) -> bool,
    /// Adds the claims of a predicate.
    add_claims: fn(&Predicate, &mut Claims),
    /// The external parameters that the description knows.
    parameters: Known,
}

const PUBLISHED: [&BuildType; 19] = [
    &github::BY_GITHUB,
    &github::BY_COMMUNITY,
    &slsa_generator::GENERATOR,
    &slsa_generator::DELEGATOR_V02,
    &slsa_generator::DELEGATOR_V1,
    &slsa_generator::CONTAINER_BASED,
    &cloud_build::WORKER,
    &cloud_build::TRIGGERED,
    &cloud_build::V02,
    &tekton::V1,
    &tekton::V02,
    &buildkit::V1,
    &buildkit::V02,
    &gitlab::RUNNER,
    &npm::GITHUB,
    &npm::GITLAB,
    &buildkite::JOB,
    &witness::SLSA,
    &jenkins::PLUGIN,
];

/// What a predicate means.
#[derive(Debug, Default)]
pub(super) struct Meaning {
    /// Whether the description of its build type is known.
    pub(super) known: bool,
    pub(super) claims: Claims,
    /// JSON pointers to the external parameters that the description does not know.
    pub(super) unknown_parameters: Vec<String>,
}

/// Reads a predicate by its build type.
pub(super) fn read(predicate: &Predicate) -> Meaning {
    let published = PUBLISHED.into_iter().find(|one| (one.is)(predicate.version, &predicate.build_type));
    let build_type = published.unwrap_or(&unknown::UNKNOWN);
    let mut claims = Claims::default();
    (build_type.add_claims)(predicate, &mut claims);
    let unknown_parameters = parameters::unknown(&predicate.external, &build_type.parameters);
    Meaning { known: published.is_some(), claims, unknown_parameters }
}

/// Whether the provenance was written by the delegator of slsa-github-generator, which signs for the builders that call it.
pub(super) fn is_delegated(build_type: &str) -> bool {
    build_type == slsa_generator::DELEGATOR
}
