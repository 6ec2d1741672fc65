//! SLSA provenance v1 (<https://slsa.dev/provenance/v1>).

use serde::Deserialize;
use serde_json::Value;

use crate::attestation::wire;

use super::predicate::{Builder, Members, Predicate, Resource, date, dependencies, present};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(default)]
    build_definition: Option<BuildDefinition>,
    #[serde(default)]
    run_details: Option<RunDetails>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BuildDefinition {
    #[serde(default)]
    build_type: Option<String>,
    #[serde(default)]
    external_parameters: Option<Value>,
    #[serde(default)]
    internal_parameters: Option<Members>,
    #[serde(default)]
    resolved_dependencies: Option<Vec<Option<Resource>>>,
}

#[derive(Deserialize, Default)]
struct RunDetails {
    #[serde(default)]
    builder: Option<Builder>,
    #[serde(default)]
    metadata: Option<Metadata>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    // BuildKit writes the older spelling into v1 too.
    #[serde(default, alias = "invocationID")]
    invocation_id: Option<String>,
    #[serde(default)]
    started_on: Option<String>,
    #[serde(default)]
    finished_on: Option<String>,
}

/// Reads a predicate.
pub(super) fn read(text: &str) -> Result<Predicate, String> {
    let predicate: Wire = wire::read(text)?;
    let definition = predicate.build_definition.ok_or("`buildDefinition` is missing")?;
    let details = predicate.run_details.unwrap_or_default();
    let metadata = details.metadata.unwrap_or_default();
    Ok(Predicate {
        version: "v1",
        builder: details.builder.and_then(Builder::id),
        build_type: definition.build_type.unwrap_or_default(),
        external: definition.external_parameters.unwrap_or_default(),
        internal: definition.internal_parameters.unwrap_or_default(),
        dependencies: dependencies(definition.resolved_dependencies),
        invocation: present(metadata.invocation_id),
        started_on: date(metadata.started_on),
        finished_on: date(metadata.finished_on),
        ..Predicate::default()
    })
}
