//! The report's section for a verified provenance. Its texts are not escaped here; the renderers escape them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attestation::section::{Line, Shown};

/// What a verified provenance says. These are the builder's words: verified is who said them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvenanceReport {
    /// The SLSA version of the predicate: `v0.2` or `v1`.
    pub version: String,
    /// The builder's id.
    pub builder: String,
    /// The build type.
    pub build_type: String,
    /// The source repository, in its normal form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The git ref.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The parameters under external control, as written.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub parameters: serde_json::Value,
    /// Whether the description of the build type is known, so that its parameters are.
    pub known_build_type: bool,
    /// JSON pointers to the external parameters that the description does not know, the first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_parameters: Vec<String>,
    /// The workflow that was run, which may have called the one that signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowReport>,
    /// The number of the source repository at its host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository_id: Option<String>,
    /// The number of the repository's owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<String>,
    /// The URL of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The event that started the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The kind of machine that the run was on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runner_environment: Option<String>,
    /// When the build began, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_on: Option<String>,
    /// When the build ended, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_on: Option<String>,
    /// How many things went into the build.
    pub dependency_count: u64,
    /// What went into the build, the first of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<DependencyReport>,
}

/// A workflow file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowReport {
    /// Its path in the repository.
    pub path: String,
    /// The ref that it was taken from.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// An input of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DependencyReport {
    /// Where it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its digests by algorithm, as written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digests: BTreeMap<String, String>,
}

impl Shown for ProvenanceReport {
    fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut add = |label, text: Option<String>| lines.extend(text.map(|text| (label, text)));
        add("builder", Some(self.builder.clone()).filter(|builder| !builder.is_empty()));
        add("source", source(self));
        add("workflow", workflow(self));
        add("run", run(self));
        add("numbers", numbers(self));
        add("built", times(self));
        add("used", dependencies(self));
        let known = if self.known_build_type { "" } else { ", a build type that is not known here" };
        add("build type", Some(format!("{} (SLSA {}{known})", self.build_type, self.version)));
        add("unknown", unknown(self));
        lines
    }

    fn brief(&self, signer: Option<&str>) -> Vec<String> {
        vec![built(self, signer)]
    }
}

impl ProvenanceReport {
    /// Returns it in one line, for an unsigned provenance.
    pub fn line(&self) -> String {
        let source = source(self).map(|source| format!("built from {source}"));
        let builder = Some(&self.builder).filter(|builder| !builder.is_empty()).map(|builder| format!("by {builder}"));
        let used = dependencies(self).map(|used| format!("with {used}"));
        let said: Vec<String> = source.into_iter().chain(builder).chain(used).collect();
        if said.is_empty() { "nothing of its source".to_owned() } else { said.join(", ") }
    }
}

fn source(provenance: &ProvenanceReport) -> Option<String> {
    let reference = provenance.reference.as_deref().map(|text| format!(" at {text}")).unwrap_or_default();
    let commit = provenance.commit.as_deref().map(|text| format!(", commit {text}")).unwrap_or_default();
    provenance.source.as_ref().map(|source| format!("{source}{reference}{commit}"))
}

fn workflow(provenance: &ProvenanceReport) -> Option<String> {
    let workflow = provenance.workflow.as_ref()?;
    // The ref is nearly always that of the source, and said there.
    let reference = workflow.reference.as_ref().filter(|reference| Some(*reference) != provenance.reference.as_ref());
    Some(format!("{}{}", workflow.path, reference.map(|text| format!(" at {text}")).unwrap_or_default()))
}

fn run(provenance: &ProvenanceReport) -> Option<String> {
    let event = provenance.event.as_ref().map(|event| format!("event {event}"));
    let said: Vec<String> =
        provenance.run.iter().cloned().chain(event).chain(provenance.runner_environment.clone()).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

fn numbers(provenance: &ProvenanceReport) -> Option<String> {
    let repository = provenance.repository_id.as_ref().map(|number| format!("repository {number}"));
    let owner = provenance.owner_id.as_ref().map(|number| format!("owner {number}"));
    let said: Vec<String> = repository.into_iter().chain(owner).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// The stated times, which are unproven.
fn times(provenance: &ProvenanceReport) -> Option<String> {
    let started = provenance.started_on.as_ref().map(|time| format!("from {time}"));
    let finished = provenance.finished_on.as_ref().map(|time| format!("until {time}"));
    let said: Vec<String> = started.into_iter().chain(finished).collect();
    (!said.is_empty()).then(|| format!("{}, by the builder's clock", said.join(" ")))
}

fn dependencies(provenance: &ProvenanceReport) -> Option<String> {
    match provenance.dependency_count {
        0 => None,
        1 => Some("1 dependency".to_owned()),
        count => Some(format!("{count} dependencies")),
    }
}

fn unknown(provenance: &ProvenanceReport) -> Option<String> {
    const SHOWN: usize = 5;
    let pointers = &provenance.unknown_parameters;
    let shown = pointers.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if pointers.len() > SHOWN { " and more" } else { "" };
    (!pointers.is_empty()).then(|| format!("parameters {shown}{more}"))
}

/// From where, by whom.
fn built(provenance: &ProvenanceReport, signer: Option<&str>) -> String {
    let short = |text: &str| text.strip_prefix("https://github.com/").unwrap_or(text).to_owned();
    let source = provenance.source.as_deref().map_or_else(|| "no stated source".to_owned(), short);
    let reference = provenance.reference.as_deref().map(|text| format!(" @ {text}")).unwrap_or_default();
    let commit = provenance.commit.as_deref().map(|text| format!(" ({})", text.chars().take(12).collect::<String>()));
    let builder = match signer {
        _ if provenance.builder.is_empty() => String::new(),
        Some(signer) if signer == provenance.builder => ", built by that workflow".to_owned(),
        _ => format!(", built by {}", short(&provenance.builder)),
    };
    let unknown = if provenance.known_build_type { "" } else { ", of a build type that is not known here" };
    format!("{source}{reference}{}{builder}{unknown}", commit.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_stated_has_no_line() {
        let bare = ProvenanceReport { version: "v1".to_owned(), build_type: "b".to_owned(), ..Default::default() };
        assert_eq!(bare.lines(), [("build type", "b (SLSA v1, a build type that is not known here)".to_owned())]);
        assert_eq!(bare.line(), "nothing of its source");
    }

    #[test]
    fn a_ref_is_said_once() {
        let workflow = |reference: &str| {
            let workflow = WorkflowReport { path: "p".to_owned(), reference: Some(reference.to_owned()) };
            workflow_line(&ProvenanceReport {
                reference: Some("refs/tags/v1".to_owned()),
                workflow: Some(workflow),
                ..Default::default()
            })
        };
        assert_eq!(workflow("refs/tags/v1"), "p");
        assert_eq!(workflow("refs/heads/main"), "p at refs/heads/main");
    }

    fn workflow_line(provenance: &ProvenanceReport) -> String {
        workflow(provenance).expect("a workflow")
    }
}
