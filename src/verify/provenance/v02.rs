//! SLSA provenance v0.2 (<https://slsa.dev/provenance/v0.2>): what slsa-github-generator and Tekton Chains write.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Build, Provenance, Stated, required};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Predicate {
    #[serde(default)]
    builder: Option<Builder>,
    #[serde(default)]
    build_type: Option<String>,
    #[serde(default)]
    invocation: Option<Invocation>,
    #[serde(default)]
    materials: Option<Vec<Material>>,
}

#[derive(Deserialize)]
struct Builder {
    #[serde(default)]
    id: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    #[serde(default)]
    config_source: Option<Material>,
    #[serde(default)]
    parameters: Option<Value>,
}

#[derive(Deserialize, Clone)]
struct Material {
    #[serde(default)]
    uri: Option<String>,
    #[serde(default)]
    digest: Option<BTreeMap<String, String>>,
}

impl Material {
    fn source(&self) -> Stated {
        Stated::read(self.uri.as_deref())
    }

    fn commit(&self) -> Option<String> {
        self.digest.as_ref()?.get("sha1").cloned()
    }

    fn is_git(&self) -> bool {
        self.uri.as_deref().is_some_and(|uri| uri.starts_with("git+"))
    }
}

/// Build types whose descriptions say all that their parameters may be.
const DESCRIBED: [&str; 2] = [
    "https://github.com/slsa-framework/slsa-github-generator/container@v1",
    "https://github.com/slsa-framework/slsa-github-generator/generic@v1",
];

/// Reads a predicate.
pub(super) fn read(text: &str) -> Result<Provenance, String> {
    let predicate: Option<Predicate> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let predicate = predicate.ok_or("there is no predicate")?;
    let invocation = predicate.invocation.unwrap_or_default();
    let stated = invocation
        .config_source
        .filter(|source| source.source() != Stated::Nothing)
        .or_else(|| only_git_material(predicate.materials.unwrap_or_default()));
    Ok(Provenance {
        version: "v0.2",
        builder: required(predicate.builder.and_then(|builder| builder.id), "builder.id")?,
        known: predicate.build_type.as_deref().is_some_and(|build_type| DESCRIBED.contains(&build_type)),
        build_type: required(predicate.build_type, "buildType")?,
        source: stated.as_ref().map_or(Stated::Nothing, Material::source),
        commit: stated.as_ref().and_then(Material::commit),
        parameters: invocation.parameters.unwrap_or_default(),
        build: Build::default(),
        unknown_parameters: Vec::new(),
        dependencies: Vec::new(),
        started_on: None,
        finished_on: None,
    })
}

/// Tekton states the source as a material. With several, which one was the source would be a guess.
fn only_git_material(materials: Vec<Material>) -> Option<Material> {
    let mut git = materials.into_iter().filter(Material::is_git);
    git.next().filter(|_| git.next().is_none())
}
