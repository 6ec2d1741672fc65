//! Google Cloud Build.
//!
//! <https://cloud.google.com/build/gcb-buildtypes/google-worker/v1>: "`buildConfigSource`: Location from which the build
//! configuration was read", with `ref` ("either a fully qualified git ref (starting with `refs/`) or a commit SHA"),
//! `repository` ("prefixed with a `git+`"), `path` and `pathAutoDetect`; "`sourceToBuild`: Source code that was checked out
//! and built. Normally this is the same as `buildConfigSource`", with `ref`, `repository` and `dir`; `substitutions`;
//! "Either `buildConfigSource` OR `buildConfig` (in the case of inline build config) will be set."
//!
//! <https://slsa-framework.github.io/gcb-buildtypes/triggered-build/v1>, by the SLSA community and deprecated, calls the first
//! one `configSource`.
//!
//! `https://cloudbuild.googleapis.com/CloudBuildYaml@v0.1`, `…/CloudBuildSteps@v0.1` and `…/GoogleHostedWorker@v0.x` are recipe
//! types of SLSA v0.1, which is not read. They are known here for those who write them into v0.2, where `configSource` and the
//! parameters have their places; Google publishes no description of that.

use super::BuildType;
use super::parameters::Known;
use crate::attestation::provenance::claims::{Claims, Property};
use crate::attestation::provenance::model::commit;
use crate::attestation::provenance::predicate::Predicate;
use crate::attestation::provenance::source::Source;

/// Written by Google.
pub(super) const WORKER: BuildType = BuildType {
    is: |version, uri| version == "v1" && uri == "https://cloud.google.com/build/gcb-buildtypes/google-worker/v1",
    add_claims: |predicate, claims| add_v1(predicate, claims, "buildConfigSource"),
    parameters: Known::Members(&[
        ("buildConfigSource", CONFIG_SOURCE),
        ("buildConfig", Known::Anything),
        ("sourceToBuild", SOURCE_TO_BUILD),
        ("substitutions", Known::Anything),
    ]),
};

/// Written by tools that run on it.
pub(super) const TRIGGERED: BuildType = BuildType {
    is: |version, uri| version == "v1" && uri == "https://slsa-framework.github.io/gcb-buildtypes/triggered-build/v1",
    add_claims: |predicate, claims| add_v1(predicate, claims, "configSource"),
    parameters: Known::Members(&[
        ("configSource", CONFIG_SOURCE),
        ("sourceToBuild", SOURCE_TO_BUILD),
        ("substitutions", Known::Anything),
    ]),
};

/// The older names.
pub(super) const V02: BuildType = BuildType {
    is: |version, uri| {
        let kind = uri.strip_prefix("https://cloudbuild.googleapis.com/");
        version == "v0.2"
            && matches!(
                kind,
                Some(
                    "CloudBuildYaml@v0.1"
                        | "CloudBuildSteps@v0.1"
                        | "GoogleHostedWorker@v0.2"
                        | "GoogleHostedWorker@v0.3"
                )
            )
    },
    add_claims: add_v02,
    parameters: Known::Anything,
};

const CONFIG_SOURCE: Known = Known::Members(&[
    ("ref", Known::Text),
    ("repository", Known::Text),
    ("path", Known::Anything),
    ("pathAutoDetect", Known::Anything),
    ("pathAutodetect", Known::Anything),
]);
const SOURCE_TO_BUILD: Known =
    Known::Members(&[("ref", Known::Text), ("repository", Known::Text), ("dir", Known::Anything)]);

fn add_v1(predicate: &Predicate, claims: &mut Claims, config_source: &str) {
    const EXTERNAL: &str = "/buildDefinition/externalParameters";
    let is_apart = predicate.external_text("/sourceToBuild/repository").is_some();
    let source = if is_apart { "sourceToBuild" } else { config_source };
    let (repository, reference) = (format!("/{source}/repository"), format!("/{source}/ref"));
    claims.add_source(&format!("{EXTERNAL}{repository}"), predicate.external_text(&repository));
    claims.add_ref(format!("{EXTERNAL}{reference}"), predicate.external_text(&reference));
    claims.add(Property::Commit, "/buildDefinition/resolvedDependencies", resolved(predicate, claims).as_deref());
    claims.add(Property::Run, "/runDetails/metadata/invocationId", predicate.invocation.as_deref());
}

/// The commit of the dependency that is the source.
fn resolved(predicate: &Predicate, claims: &Claims) -> Option<String> {
    let stated = Source::parse(claims.first(Property::Repository)?)?;
    let mut dependencies = predicate.git_dependencies();
    let found = dependencies.find(|dependency| {
        let source = dependency.uri.as_deref().and_then(Source::parse);
        source.is_some_and(|source| source.is_at(&stated.repository))
    })?;
    found.commit().map(str::to_owned)
}

fn add_v02(predicate: &Predicate, claims: &mut Claims) {
    claims.add_source("/invocation/configSource/uri", predicate.config_source.uri.as_deref());
    claims.add(Property::Commit, "/invocation/configSource/digest", commit(&predicate.config_source.digests));
}
