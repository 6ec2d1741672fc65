//! What a provenance tells of its build that a certificate may tell too, each statement with its place.
//!
//! The same thing may stand in several places. All of them are kept, so that none can say something else unseen.

use super::source::Source;

/// A property that both a provenance and a certificate may state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    Repository,
    RepositoryId,
    OwnerId,
    Ref,
    /// The ref that the workflow file was taken from.
    WorkflowRef,
    Commit,
    /// The path of the workflow that was run.
    Workflow,
    Run,
    Event,
    Runner,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) topic: Topic,
    /// Where it stands in the predicate.
    pub(crate) place: String,
    /// As written.
    pub(crate) value: String,
}

/// All statements, in the order in which the build type finds them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Account {
    told: Vec<Told>,
    built: Option<Told>,
}

impl Account {
    /// Adds a statement, if there is a value.
    pub(super) fn tell(&mut self, topic: Topic, place: impl Into<String>, value: Option<impl Into<String>>) {
        if let Some(value) = value.map(Into::into).filter(|value| !value.is_empty()) {
            self.told.push(Told { topic, place: place.into(), value });
        }
    }

    /// Adds what a source reference states: the repository, and the ref or the commit behind it.
    pub(super) fn tell_source(&mut self, place: &str, uri: Option<&str>) {
        self.tell(Topic::Repository, place, uri);
        if let Some(reference) = uri.and_then(Source::parse).and_then(|source| source.reference) {
            self.tell_ref(place, Some(&reference));
        }
    }

    /// Adds a ref, which some builders let a commit stand in for.
    pub(super) fn tell_ref(&mut self, place: impl Into<String>, reference: Option<&str>) {
        let is_commit = reference.is_some_and(is_commit);
        self.tell(if is_commit { Topic::Commit } else { Topic::Ref }, place, reference);
    }

    /// Says that what was built may be another commit than the run was started for.
    pub(super) fn built(&mut self, place: &str, commit: Option<&str>) {
        let told = |commit: &str| Told { topic: Topic::Commit, place: place.to_owned(), value: commit.to_owned() };
        self.built = commit.map(told);
    }

    /// Returns the commit that was built.
    pub(super) fn commit(&self) -> Option<&str> {
        self.built.as_ref().map(|told| told.value.as_str()).or_else(|| self.first(Topic::Commit))
    }

    /// Returns the statement of the built commit, if that may differ from the commit that the run was started for.
    pub(crate) fn other_commit(&self) -> Option<&Told> {
        self.built.as_ref()
    }

    /// Returns the first statement on a topic.
    pub(crate) fn first(&self, topic: Topic) -> Option<&str> {
        self.all(topic).next().map(|told| told.value.as_str())
    }

    /// Returns every statement on a topic.
    pub(crate) fn all(&self, topic: Topic) -> impl Iterator<Item = &Told> {
        self.told.iter().filter(move |told| told.topic == topic)
    }
}

/// Whether a text is the whole name of a git commit, in SHA-1 or SHA-256.
pub(super) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}
