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
use crate::attestation::provenance::account::{Account, Topic};
use crate::attestation::provenance::model::commit;
use crate::attestation::provenance::outline::Outline;

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
    tell: tell_generator,
    parameters: Known::Members(&[("event_inputs", Known::Anything), ("vars", Known::Anything)]),
};

/// Delegated builders, in v0.2.
pub(super) const DELEGATOR_V02: BuildType = BuildType {
    is: |version, uri| version == "v0.2" && uri == DELEGATOR,
    tell: tell_delegator_v02,
    parameters: DELEGATED,
};

/// Delegated builders, in v1.
pub(super) const DELEGATOR_V1: BuildType = BuildType {
    is: |version, uri| version == "v1" && uri == DELEGATOR,
    tell: tell_delegator_v1,
    parameters: DELEGATED,
};

/// Builds in a container.
pub(super) const CONTAINER_BASED: BuildType = BuildType {
    is: |version, uri| version == "v1" && uri == "https://slsa.dev/container-based-build/v0.1?draft",
    tell: tell_container_based,
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

fn tell_generator(outline: &Outline, account: &mut Account) {
    tell_config_source(outline, account);
    actions::tell_dependency(account, "/materials", outline);
    actions::tell_variables(account, ENVIRONMENT, &outline.internal, Spelling::Lower);
    actions::tell_invocation(account, outline);
}

fn tell_delegator_v02(outline: &Outline, account: &mut Account) {
    tell_config_source(outline, account);
    tell_built(outline, account, "/materials");
    actions::tell_variables(account, ENVIRONMENT, &outline.internal, Spelling::Upper);
    actions::tell_invocation(account, outline);
}

fn tell_delegator_v1(outline: &Outline, account: &mut Account) {
    actions::tell_variables(account, INTERNAL, &outline.internal, Spelling::Upper);
    tell_built(outline, account, "/buildDefinition/resolvedDependencies");
    account.tell(Topic::Run, "/runDetails/metadata/invocationId", outline.invocation.as_deref());
}

fn tell_container_based(outline: &Outline, account: &mut Account) {
    const SOURCE: &str = "/buildDefinition/externalParameters/source";
    account.tell_source(&format!("{SOURCE}/uri"), outline.external_text("/source/uri"));
    for algorithm in ["gitCommit", "sha1"] {
        let pointer = format!("/source/digest/{algorithm}");
        account.tell(Topic::Commit, format!("{SOURCE}/digest/{algorithm}"), outline.external_text(&pointer));
    }
    actions::tell_dependency(account, "/buildDefinition/resolvedDependencies", outline);
    actions::tell_variables(account, INTERNAL, &outline.internal, Spelling::Upper);
    account.tell(Topic::Run, "/runDetails/metadata/invocationId", outline.invocation.as_deref());
}

fn tell_config_source(outline: &Outline, account: &mut Account) {
    let source = &outline.config_source;
    account.tell_source("/invocation/configSource/uri", source.uri.as_deref());
    account.tell(Topic::Commit, "/invocation/configSource/digest", commit(&source.digests));
    actions::tell_workflow(account, "/invocation/configSource/entryPoint", source.entry_point.as_deref());
}

/// The commit that was built may be another than the run was started for, in the same repository.
fn tell_built(outline: &Outline, account: &mut Account, place: &str) {
    let Some(dependency) = actions::source_dependencies(account, outline).into_iter().next() else { return };
    account.tell_source(place, dependency.uri.as_deref());
    account.built(place, dependency.commit());
}
