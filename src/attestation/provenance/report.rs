//! What a report says of a provenance: as far as people and scripts read it, however much there is.

use crate::check::{DependencyReport, ProvenanceReport, WorkflowReport};

use super::model::{Dependency, Provenance};

/// How many dependencies and unknown parameters a report lists. Their number is stated whole.
const LISTED: usize = 100;

impl Provenance {
    /// Returns what a report says of it.
    pub(crate) fn report(&self) -> ProvenanceReport {
        let build = self.build.clone();
        ProvenanceReport {
            version: self.version.to_owned(),
            builder: self.builder.clone(),
            build_type: self.build_type.clone(),
            source: self.source.source().map(|source| source.repository.clone()),
            reference: self.source.source().and_then(|source| source.reference.clone()),
            commit: self.commit.clone(),
            parameters: self.parameters.clone(),
            known_build_type: self.known,
            unknown_parameters: self.unknown_parameters.iter().take(LISTED).cloned().collect(),
            workflow: build
                .workflow
                .map(|workflow| WorkflowReport { path: workflow.path, reference: workflow.reference }),
            repository_id: build.repository_id,
            owner_id: build.owner_id,
            run: build.run,
            event: build.event,
            runner_environment: build.runner_environment,
            started_on: self.started_on.clone(),
            finished_on: self.finished_on.clone(),
            dependency_count: self.dependencies.len() as u64,
            dependencies: self.dependencies.iter().take(LISTED).map(Dependency::report).collect(),
        }
    }
}

impl Dependency {
    fn report(&self) -> DependencyReport {
        DependencyReport { uri: self.uri.clone(), name: self.name.clone(), digests: self.digests.clone() }
    }
}
