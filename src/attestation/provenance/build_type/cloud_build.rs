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
use crate::attestation::provenance::account::{Account, Topic};
use crate::attestation::provenance::model::commit;
use crate::attestation::provenance::outline::Outline;
use crate::attestation::provenance::source::Source;

/// Written by Google.
pub(super) const WORKER: BuildType = BuildType {
    is: |version, uri| version == "v1" && uri == "https://cloud.google.com/build/gcb-buildtypes/google-worker/v1",
    tell: |outline, account| tell_v1(outline, account, "buildConfigSource"),
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
    tell: |outline, account| tell_v1(outline, account, "configSource"),
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
    tell: tell_v02,
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

fn tell_v1(outline: &Outline, account: &mut Account, config_source: &str) {
    const EXTERNAL: &str = "/buildDefinition/externalParameters";
    let is_apart = outline.external_text("/sourceToBuild/repository").is_some();
    let source = if is_apart { "sourceToBuild" } else { config_source };
    let (repository, reference) = (format!("/{source}/repository"), format!("/{source}/ref"));
    account.tell_source(&format!("{EXTERNAL}{repository}"), outline.external_text(&repository));
    account.tell_ref(format!("{EXTERNAL}{reference}"), outline.external_text(&reference));
    account.tell(Topic::Commit, "/buildDefinition/resolvedDependencies", resolved(outline, account).as_deref());
    account.tell(Topic::Run, "/runDetails/metadata/invocationId", outline.invocation.as_deref());
}

/// The commit of the dependency that is the source.
fn resolved(outline: &Outline, account: &Account) -> Option<String> {
    let told = Source::parse(account.first(Topic::Repository)?)?;
    let mut dependencies = outline.git_dependencies();
    let found = dependencies.find(|dependency| {
        let source = dependency.uri.as_deref().and_then(Source::parse);
        source.is_some_and(|source| source.is_at(&told.repository))
    })?;
    found.commit().map(str::to_owned)
}

fn tell_v02(outline: &Outline, account: &mut Account) {
    account.tell_source("/invocation/configSource/uri", outline.config_source.uri.as_deref());
    account.tell(Topic::Commit, "/invocation/configSource/digest", commit(&outline.config_source.digests));
}
