//! The claims of a provenance that a certificate may make too, each with its place.
//!
//! A predicate may state a property in several places. All of them are kept and compared.

use super::source::Source;

/// A property that both a provenance and a certificate may state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Property {
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

/// One claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StatedClaim {
    pub(crate) property: Property,
    /// Where it stands in the predicate.
    pub(crate) place: String,
    /// As written.
    pub(crate) value: String,
}

/// All claims, in the order in which the build type finds them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Claims {
    stated: Vec<StatedClaim>,
    built: Option<StatedClaim>,
}

impl Claims {
    /// Adds a claim, if there is a value.
    pub(super) fn add(&mut self, property: Property, place: impl Into<String>, value: Option<impl Into<String>>) {
        if let Some(value) = value.map(Into::into).filter(|value| !value.is_empty()) {
            self.stated.push(StatedClaim { property, place: place.into(), value });
        }
    }

    /// Adds the claims of a source reference: the repository, and the ref or the commit behind it.
    pub(super) fn add_source(&mut self, place: &str, uri: Option<&str>) {
        self.add(Property::Repository, place, uri);
        if let Some(reference) = uri.and_then(Source::parse).and_then(|source| source.reference) {
            self.add_ref(place, Some(&reference));
        }
    }

    /// Adds a ref, which some builders let a commit stand in for.
    pub(super) fn add_ref(&mut self, place: impl Into<String>, reference: Option<&str>) {
        let is_commit = reference.is_some_and(is_commit);
        self.add(if is_commit { Property::Commit } else { Property::Ref }, place, reference);
    }

    /// Records the built commit, which may differ from the commit that the run was started for.
    pub(super) fn built(&mut self, place: &str, commit: Option<&str>) {
        let stated = |commit: &str| StatedClaim {
            property: Property::Commit,
            place: place.to_owned(),
            value: commit.to_owned(),
        };
        self.built = commit.map(stated);
    }

    /// Returns the commit that was built.
    pub(super) fn commit(&self) -> Option<&str> {
        self.built.as_ref().map(|stated| stated.value.as_str()).or_else(|| self.first(Property::Commit))
    }

    /// Returns the claim about the built commit, if that may differ from the commit that the run was started for.
    pub(crate) fn other_commit(&self) -> Option<&StatedClaim> {
        self.built.as_ref()
    }

    /// Returns the first claim about a property.
    pub(crate) fn first(&self, property: Property) -> Option<&str> {
        self.all(property).next().map(|stated| stated.value.as_str())
    }

    /// Returns every claim about a property.
    pub(crate) fn all(&self, property: Property) -> impl Iterator<Item = &StatedClaim> {
        self.stated.iter().filter(move |stated| stated.property == property)
    }
}

/// Whether a text is the whole name of a git commit, in SHA-1 or SHA-256.
pub(super) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}
