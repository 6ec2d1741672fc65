//! A predicate of either version, before its build type gives it a meaning.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::json;

use super::model::Dependency;

/// The parts that both versions of SLSA have. Missing, null and empty are the same (build-provenance.md, "Parsing rules"; A214).
#[derive(Debug, Default)]
pub(super) struct Predicate {
    /// `v0.2` or `v1`.
    pub(super) version: &'static str,
    pub(super) builder: Option<String>,
    pub(super) build_type: String,
    /// The parameters under external control: v1 `externalParameters`, v0.2 `invocation.parameters`.
    pub(super) external: Value,
    /// What the builder added: v1 `internalParameters`, v0.2 `invocation.environment`.
    pub(super) internal: Members,
    /// v0.2 alone has one.
    pub(super) config_source: ConfigSource,
    pub(super) dependencies: Vec<Dependency>,
    /// The name of the run.
    pub(super) invocation: Option<String>,
    pub(super) started_on: Option<String>,
    pub(super) finished_on: Option<String>,
}

/// v0.2 `invocation.configSource`.
#[derive(Debug, Default)]
pub(super) struct ConfigSource {
    pub(super) uri: Option<String>,
    pub(super) digests: BTreeMap<String, String>,
    pub(super) entry_point: Option<String>,
}

impl Predicate {
    /// Returns the text at a JSON pointer below the external parameters.
    pub(super) fn external_text(&self, pointer: &str) -> Option<&str> {
        self.external.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// Says which of the parts that it must have is missing, if one is.
    pub(super) fn missing(&self) -> Option<&'static str> {
        let is_v1 = self.version == "v1";
        if self.builder.is_none() {
            return Some(if is_v1 { "runDetails.builder.id" } else { "builder.id" });
        }
        self.build_type.is_empty().then_some(if is_v1 { "buildDefinition.buildType" } else { "buildType" })
    }

    /// Returns the dependencies that are git repositories by their spelling, or by the name of their digest.
    pub(super) fn git_dependencies(&self) -> impl Iterator<Item = &Dependency> {
        let is_git = |uri: &String| ["git+", "git@", "ssh://"].iter().any(|start| uri.starts_with(start));
        self.dependencies.iter().filter(move |dependency| {
            dependency.uri.as_ref().is_some_and(is_git) || dependency.digests.contains_key("gitCommit")
        })
    }
}

/// The members of an object, each read when it is asked for: builders put whole build graphs beside the one text that matters.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Members(BTreeMap<String, Box<RawValue>>);

impl Members {
    /// Returns a member that is a text, or a whole number as a text.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        match json::from_part(self.0.get(key)?.get()).ok()? {
            Value::String(text) => Some(text).filter(|text| !text.is_empty()),
            Value::Number(number) => number.as_u64().map(|number| number.to_string()),
            _ => None,
        }
    }

    /// Returns the members of a member that is an object.
    pub(super) fn object(&self, key: &str) -> Self {
        self.0.get(key).and_then(|raw| json::from_part(raw.get()).ok()).unwrap_or_default()
    }
}

/// v1 `runDetails.builder` and v0.2 `builder`.
#[derive(Deserialize)]
pub(super) struct Builder {
    #[serde(default)]
    id: Option<String>,
}

impl Builder {
    /// Returns its id, unless it is empty.
    pub(super) fn id(self) -> Option<String> {
        present(self.id)
    }
}

/// v1 `ResourceDescriptor` and v0.2 material: what a digest was taken of.
#[derive(Deserialize)]
pub(super) struct Resource {
    #[serde(default)]
    uri: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    digest: Option<Digests>,
}

/// Digests by algorithm.
pub(super) type Digests = BTreeMap<String, Option<String>>;

impl Resource {
    fn dependency(self) -> Dependency {
        Dependency { uri: present(self.uri), name: present(self.name), digests: stated(self.digest) }
    }
}

/// Returns the dependencies that a list states.
pub(super) fn dependencies(resources: Option<Vec<Option<Resource>>>) -> Vec<Dependency> {
    resources.unwrap_or_default().into_iter().flatten().map(Resource::dependency).collect()
}

/// Returns the digests that are stated.
pub(super) fn stated(digests: Option<Digests>) -> BTreeMap<String, String> {
    let digests = digests.unwrap_or_default().into_iter();
    digests.filter_map(|(algorithm, value)| Some((algorithm, present(value)?))).collect()
}

/// Returns a text unless it is empty.
pub(super) fn present(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Returns a date, unless none is stated.
pub(super) fn date(text: Option<String>) -> Option<String> {
    text.filter(|text| json::stated_date(text).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_texts_or_whole_numbers() {
        let text = r#"{"text":"a","number":10340684631,"empty":"","null":null,"list":[1],"object":{"key":"b"}}"#;
        let members: Members = json::from_part(text).expect("an object");
        assert_eq!(members.text("text").as_deref(), Some("a"));
        assert_eq!(members.text("number").as_deref(), Some("10340684631"));
        for nothing in ["empty", "null", "list", "object", "other"] {
            assert_eq!(members.text(nothing), None, "{nothing}");
        }
        assert_eq!(members.object("object").text("key").as_deref(), Some("b"));
        assert_eq!(members.object("list").text("key"), None);
    }
}
