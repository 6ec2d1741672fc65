//! The builders of <https://github.com/slsa-framework/slsa-github-generator>, reusable workflows on GitHub.
//!
//! `PROVENANCE_FORMAT.md` there, for `…/container@v1`, `…/generic@v1` and `…/go@v1` in v0.2: "`invocation.configSource`: This
//! describes the calling workflow's source (`uri` and `digest`) and the `entryPoint` of the build." "`invocation.parameters`: This
//! describes any parameters from trigger events." "`invocation.environment`: This describes the GitHub workflow
//! builder-controlled environment variables". "`BuildInvocationID` … is the unique `RunID` and `RunAttempt` separated by a '-'."
//! `slsa/buildtype.go` writes two parameters: `event_inputs` and `vars`.
//!
//! `…/delegator-generic@v0` (`.github/actions/verify-token/src/predicate02.ts` and `predicate1.ts`) is that of builders which
//! others bring: `inputs` are those "to the TRW, which define the interface of the builder", `vars` "are always empty". The
//! delegator signs, and names the builder that called it. "TRW may overwrite the commit sha to build": then the material states
//! that commit, and the environment the one that the run was started for.
//!
//! `https://slsa.dev/container-based-build/v0.1?draft` (`internal/builders/docker/README.md`), in v1: `source`, `builderImage`,
//! `configPath`, `buildConfig` ("`ArtifactPath`", "`Command`") and, in a few releases, `resolvedDependencies`; the run stands in
//! the internal parameters.

use super::BuildType;
use super::actions::{self, Spelling};
use super::parameters::Known;
use crate::attestation::provenance::claims::{Claims, Property};
use crate::attestation::provenance::model::commit;
use crate::attestation::provenance::predicate::Predicate;

/// The build type of delegated builders, in both versions.
pub(super) const DELEGATOR: &str = "https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0";

/// The generators and builders that write v0.2. The two last spellings are those of the first releases.
const URIS: [&str; 5] = [
    "https://github.com/slsa-framework/slsa-github-generator/container@v1",
    "https://github.com/slsa-framework/slsa-github-generator/generic@v1",
    "https://github.com/slsa-framework/slsa-github-generator/go@v1",
    "https://github.com/slsa-framework/slsa-github-generator@v1",
    "https://github.com/slsa-framework/slsa-github-generator-go@v1",
];

/// Container, generic and Go.
pub(super) const GENERATOR: BuildType = BuildType {
    is: |version, uri| version == "v0.2" && URIS.contains(&uri),
    add_claims: add_generator,
    parameters: Known::Members(&[("event_inputs", Known::Anything), ("vars", Known::Anything)]),
};

/// Delegated builders, in v0.2.
pub(super) const DELEGATOR_V02: BuildType = BuildType {
    is: |version, uri| version == "v0.2" && uri == DELEGATOR,
    add_claims: add_delegator_v02,
    parameters: DELEGATED,
};

/// Delegated builders, in v1.
pub(super) const DELEGATOR_V1: BuildType = BuildType {
    is: |version, uri| version == "v1" && uri == DELEGATOR,
    add_claims: add_delegator_v1,
    parameters: DELEGATED,
};

/// Builds in a container.
pub(super) const CONTAINER_BASED: BuildType = BuildType {
    is: |version, uri| version == "v1" && uri == "https://slsa.dev/container-based-build/v0.1?draft",
    add_claims: add_container_based,
    parameters: Known::Members(&[
        ("source", Known::Members(&[("uri", Known::Text), ("digest", Known::Anything)])),
        ("builderImage", Known::Anything),
        ("configPath", Known::Anything),
        ("buildConfig", Known::Members(&[("ArtifactPath", Known::Anything), ("Command", Known::Anything)])),
        ("resolvedDependencies", Known::Anything),
    ]),
};

const DELEGATED: Known = Known::Members(&[("inputs", Known::Anything), ("vars", Known::Anything)]);
const ENVIRONMENT: &str = "/invocation/environment";
const INTERNAL: &str = "/buildDefinition/internalParameters";

fn add_generator(predicate: &Predicate, claims: &mut Claims) {
    add_config_source(predicate, claims);
    actions::add_dependency(claims, "/materials", predicate);
    actions::add_variables(claims, ENVIRONMENT, &predicate.internal, Spelling::Lower);
    actions::add_invocation(claims, predicate);
}

fn add_delegator_v02(predicate: &Predicate, claims: &mut Claims) {
    add_config_source(predicate, claims);
    add_built(predicate, claims, "/materials");
    actions::add_variables(claims, ENVIRONMENT, &predicate.internal, Spelling::Upper);
    actions::add_invocation(claims, predicate);
}

fn add_delegator_v1(predicate: &Predicate, claims: &mut Claims) {
    actions::add_variables(claims, INTERNAL, &predicate.internal, Spelling::Upper);
    add_built(predicate, claims, "/buildDefinition/resolvedDependencies");
    claims.add(Property::Run, "/runDetails/metadata/invocationId", predicate.invocation.as_deref());
}

fn add_container_based(predicate: &Predicate, claims: &mut Claims) {
    const SOURCE: &str = "/buildDefinition/externalParameters/source";
    claims.add_source(&format!("{SOURCE}/uri"), predicate.external_text("/source/uri"));
    for algorithm in ["gitCommit", "sha1"] {
        let pointer = format!("/source/digest/{algorithm}");
        claims.add(Property::Commit, format!("{SOURCE}/digest/{algorithm}"), predicate.external_text(&pointer));
    }
    actions::add_dependency(claims, "/buildDefinition/resolvedDependencies", predicate);
    actions::add_variables(claims, INTERNAL, &predicate.internal, Spelling::Upper);
    claims.add(Property::Run, "/runDetails/metadata/invocationId", predicate.invocation.as_deref());
}

fn add_config_source(predicate: &Predicate, claims: &mut Claims) {
    let source = &predicate.config_source;
    claims.add_source("/invocation/configSource/uri", source.uri.as_deref());
    claims.add(Property::Commit, "/invocation/configSource/digest", commit(&source.digests));
    actions::add_workflow(claims, "/invocation/configSource/entryPoint", source.entry_point.as_deref());
}

/// The commit that was built may be another than the run was started for, in the same repository.
fn add_built(predicate: &Predicate, claims: &mut Claims, place: &str) {
    let Some(dependency) = actions::source_dependencies(claims, predicate).into_iter().next() else { return };
    claims.add_source(place, dependency.uri.as_deref());
    claims.built(place, dependency.commit());
}
