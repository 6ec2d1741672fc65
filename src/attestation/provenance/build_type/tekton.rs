//! Tekton Chains.
//!
//! `https://tekton.dev/chains/v2/slsa` (<https://github.com/tektoncd/chains/blob/main/docs/predicate/slsa/v2.md>): "describes the
//! execution of a build via a `PipelineRun` or a `TaskRun`". External parameters: "`runSpec`: complete pipelineRunSpec/taskRunSpec",
//! "`buildConfigSource`: The resolved reference to the external build config source", with `ref`, `repository` and `path`. Of
//! the resolved dependencies, those named `inputs/result` are "Input Artifacts used for the build, e.g. Source code. These are
//! type-hinted results emitted by the task." `…/slsa-tekton` has the same parameters, and labels and annotations among the
//! internal ones. The build configuration is not the source.
//!
//! In v0.2 (`docs/slsa-provenance.md`, formatters `slsa/v1` and `in-toto`) the build type is the kind of the run, such as
//! `tekton.dev/v1/PipelineRun`, `configSource` is where its definition came from, the parameters are those of the pipeline, and
//! the source is a material: the "Input Artifacts". With materials of several repositories, which one was the source would be a
//! guess.

use super::BuildType;
use super::parameters::Known;
use crate::attestation::provenance::claims::{Claims, Property};
use crate::attestation::provenance::model::Dependency;
use crate::attestation::provenance::predicate::Predicate;
use crate::attestation::provenance::source::{Source, same_place};

/// v1.
pub(super) const V1: BuildType = BuildType {
    is: |version, uri| {
        version == "v1"
            && matches!(uri, "https://tekton.dev/chains/v2/slsa" | "https://tekton.dev/chains/v2/slsa-tekton")
    },
    add_claims: add_v1,
    parameters: Known::Members(&[
        ("runSpec", Known::Anything),
        (
            "buildConfigSource",
            Known::Members(&[("ref", Known::Anything), ("repository", Known::Anything), ("path", Known::Anything)]),
        ),
    ]),
};

/// v0.2.
pub(super) const V02: BuildType = BuildType {
    is: |version, uri| {
        let kinds = ["v1/PipelineRun", "v1/TaskRun", "v1beta1/PipelineRun", "v1beta1/TaskRun"];
        version == "v0.2" && uri.strip_prefix("tekton.dev/").is_some_and(|kind| kinds.contains(&kind))
    },
    add_claims: add_v02,
    parameters: Known::Anything,
};

fn add_v1(predicate: &Predicate, claims: &mut Claims) {
    let is_input = |dependency: &&Dependency| dependency.name.as_deref() == Some("inputs/result");
    let inputs: Vec<&Dependency> = predicate.git_dependencies().filter(is_input).collect();
    add_only(claims, "/buildDefinition/resolvedDependencies", &inputs);
}

fn add_v02(predicate: &Predicate, claims: &mut Claims) {
    let materials: Vec<&Dependency> = predicate.git_dependencies().collect();
    if is_one_repository(&materials) {
        return add_only(claims, "/materials", &materials);
    }
    let is_definition = |material: &&Dependency| material.uri == predicate.config_source.uri;
    let others: Vec<&Dependency> = materials.into_iter().filter(|material| !is_definition(material)).collect();
    add_only(claims, "/materials", &others);
}

/// Adds the source if all are of one repository, with what they agree on: of several commits, which one was built would be
/// a guess.
fn add_only(claims: &mut Claims, place: &str, dependencies: &[&Dependency]) {
    let Some(first) = dependencies.first().filter(|_| is_one_repository(dependencies)) else { return };
    let source = |one: &&Dependency| one.uri.as_deref().and_then(Source::parse);
    match agreed(dependencies.iter().map(|one| source(one).and_then(|source| source.reference))) {
        Some(_) => claims.add_source(place, first.uri.as_deref()),
        None => claims.add(Property::Repository, place, source(first).map(|source| source.repository)),
    }
    claims.add(Property::Commit, place, agreed(dependencies.iter().filter_map(|one| one.commit())));
}

fn agreed<T: PartialEq>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let first = values.next()?;
    values.all(|other| other == first).then_some(first)
}

fn is_one_repository(dependencies: &[&Dependency]) -> bool {
    let repository = |one: &&Dependency| one.uri.as_deref().and_then(Source::parse).map(|source| source.repository);
    let Some(first) = dependencies.first() else { return false };
    match repository(first) {
        Some(first) => dependencies.iter().all(|one| repository(one).is_some_and(|other| same_place(&first, &other))),
        None => dependencies.len() == 1,
    }
}
