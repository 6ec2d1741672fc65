//! SLSA provenance v1 (<https://slsa.dev/provenance/v1>).
//!
//! Where the source stands among the external parameters is for the build type to say. The places of the build types in
//! use are tried in turn; what none of them explains is kept as it is.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Build, Provenance, Source, Stated, required};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Predicate {
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
    resolved_dependencies: Option<Vec<ResourceDescriptor>>,
}

#[derive(Deserialize)]
struct ResourceDescriptor {
    #[serde(default)]
    uri: Option<String>,
    #[serde(default)]
    digest: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct RunDetails {
    #[serde(default)]
    builder: Option<Builder>,
}

#[derive(Deserialize)]
struct Builder {
    #[serde(default)]
    id: Option<String>,
}

/// Where build types state the source: the repository's path, and the ref's if it stands apart.
const PLACES: [(&str, Option<&str>); 4] = [
    // actions.github.io/buildtypes/workflow/v1 and slsa-framework.github.io/github-actions-buildtypes/workflow/v1
    ("/workflow/repository", Some("/workflow/ref")),
    // slsa-github-generator, delegated builders
    ("/source/uri", None),
    // Google Cloud Build
    ("/buildConfigSource/repository", Some("/buildConfigSource/ref")),
    // BuildKit
    ("/configSource/uri", None),
];

/// Build types whose descriptions say all that their parameters may be.
const DESCRIBED: [&str; 2] = [
    "https://actions.github.io/buildtypes/workflow/v1",
    "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1",
];

/// Reads a predicate.
pub(super) fn read(text: &str) -> Result<Provenance, String> {
    let predicate: Option<Predicate> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let predicate = predicate.ok_or("there is no predicate")?;
    let definition = predicate.build_definition.ok_or("`buildDefinition` is missing")?;
    let builder = predicate.run_details.and_then(|details| details.builder).and_then(|builder| builder.id);
    let parameters = definition.external_parameters.unwrap_or_default();
    let source = source(&parameters);
    let dependencies = definition.resolved_dependencies.unwrap_or_default();
    Ok(Provenance {
        version: "v1",
        builder: required(builder, "runDetails.builder.id")?,
        known: definition.build_type.as_deref().is_some_and(|build_type| DESCRIBED.contains(&build_type)),
        build_type: required(definition.build_type, "buildDefinition.buildType")?,
        commit: source.source().and_then(|source| commit(source, &dependencies)),
        source,
        parameters,
        build: Build::default(),
        unknown_parameters: Vec::new(),
        dependencies: Vec::new(),
        started_on: None,
        finished_on: None,
    })
}

/// Reads the first place that holds anything: what stands there is what the build type means, readable or not.
fn source(parameters: &Value) -> Stated {
    let text = |path: &str| parameters.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
    let Some((repository, reference)) =
        PLACES.iter().find_map(|(repository, reference)| Some((text(repository)?, *reference)))
    else {
        return Stated::Nothing;
    };
    let mut stated = Stated::read(Some(repository));
    if let (Stated::Source(source), Some(reference)) = (&mut stated, reference.and_then(text)) {
        source.reference = Some(reference.to_owned());
    }
    stated
}

/// Returns the commit of the dependency that is the source itself.
fn commit(source: &Source, dependencies: &[ResourceDescriptor]) -> Option<String> {
    dependencies
        .iter()
        .filter(|dependency| {
            let found = dependency.uri.as_deref().and_then(Source::parse);
            found.is_some_and(|found| found.repository == source.repository)
        })
        .find_map(|dependency| {
            let digest = dependency.digest.as_ref()?;
            digest.get("gitCommit").or_else(|| digest.get("sha1")).cloned()
        })
}
