//! SLSA provenance v0.2 (<https://slsa.dev/provenance/v0.2>), which slsa-github-generator and Tekton Chains write.

use serde::Deserialize;
use serde_json::Value;

use crate::attestation::wire;

use super::predicate::{
    Builder, ConfigSource, Digests, Members, Predicate, Resource, date, dependencies, present, stated,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(default)]
    builder: Option<Builder>,
    #[serde(default)]
    build_type: Option<String>,
    #[serde(default)]
    invocation: Option<Invocation>,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default)]
    materials: Option<Vec<Option<Resource>>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    #[serde(default)]
    config_source: Option<Source>,
    #[serde(default)]
    parameters: Option<Value>,
    #[serde(default)]
    environment: Option<Members>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Source {
    #[serde(default)]
    uri: Option<String>,
    #[serde(default)]
    digest: Option<Digests>,
    #[serde(default)]
    entry_point: Option<String>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    // The specification spells it `Id`, the Go library that most builders use `ID`.
    #[serde(default, rename = "buildInvocationId", alias = "buildInvocationID")]
    invocation: Option<String>,
    #[serde(default, rename = "buildStartedOn")]
    started_on: Option<String>,
    #[serde(default, rename = "buildFinishedOn")]
    finished_on: Option<String>,
}

/// Reads a predicate.
pub(super) fn read(text: &str) -> Result<Predicate, String> {
    let predicate: Wire = wire::read(text)?;
    let invocation = predicate.invocation.unwrap_or_default();
    let source = invocation.config_source.unwrap_or_default();
    let metadata = predicate.metadata.unwrap_or_default();
    Ok(Predicate {
        version: "v0.2",
        builder: predicate.builder.and_then(Builder::id),
        build_type: predicate.build_type.unwrap_or_default(),
        external: invocation.parameters.unwrap_or_default(),
        internal: invocation.environment.unwrap_or_default(),
        config_source: ConfigSource {
            uri: present(source.uri),
            digests: stated(source.digest),
            entry_point: present(source.entry_point),
        },
        dependencies: dependencies(predicate.materials),
        invocation: present(metadata.invocation),
        started_on: date(metadata.started_on),
        finished_on: date(metadata.finished_on),
    })
}
