//! What a provenance says, a line each, for every format that people read. Nothing here is escaped: who writes it does.

use crate::check::ProvenanceReport;

/// Returns labels and texts, in the order in which to show them.
pub(super) fn lines(provenance: &ProvenanceReport) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    let mut add = |label, text: Option<String>| lines.extend(text.map(|text| (label, text)));
    add("builder", Some(provenance.builder.clone()).filter(|builder| !builder.is_empty()));
    add("source", source(provenance));
    add("workflow", workflow(provenance));
    add("run", run(provenance));
    add("numbers", numbers(provenance));
    add("built", times(provenance));
    add("used", dependencies(provenance));
    let known = if provenance.known_build_type { "" } else { ", a build type that is not known here" };
    add("build type", Some(format!("{} (SLSA {}{known})", provenance.build_type, provenance.version)));
    add("unknown", unknown(provenance));
    lines
}

/// Returns the same in one line, for an unsigned provenance.
pub(super) fn line(provenance: &ProvenanceReport) -> String {
    let source = source(provenance).map(|source| format!("built from {source}"));
    let builder =
        Some(&provenance.builder).filter(|builder| !builder.is_empty()).map(|builder| format!("by {builder}"));
    let used = dependencies(provenance).map(|used| format!("with {used}"));
    let said: Vec<String> = source.into_iter().chain(builder).chain(used).collect();
    if said.is_empty() { "nothing of its source".to_owned() } else { said.join(", ") }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_stated_has_no_line() {
        let bare = ProvenanceReport { version: "v1".to_owned(), build_type: "b".to_owned(), ..Default::default() };
        assert_eq!(lines(&bare), [("build type", "b (SLSA v1, a build type that is not known here)".to_owned())]);
        assert_eq!(line(&bare), "nothing of its source");
    }

    #[test]
    fn a_ref_is_said_once() {
        let workflow = |reference: &str| {
            let workflow = crate::check::WorkflowReport { path: "p".to_owned(), reference: Some(reference.to_owned()) };
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
