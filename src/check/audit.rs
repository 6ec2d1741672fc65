//! The part of an audit's report about a repository itself, beside its images.

use serde::{Deserialize, Serialize};

use super::{CheckId, DriftReport, Finding, GapReport, Verdict};

/// One repository of an audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryReport {
    /// Its name, or the layout.
    pub repository: String,
    /// The verdict over its selected tags: undecided where the list of tags is not whole or no tag is selected, rejected where an
    /// expected tag moved or is missing or another one is there.
    pub verdict: Verdict,
    /// Its tags, counted.
    pub tags: TagCounts,
    /// How many digests the selected tags name.
    pub digests: usize,
    /// How the selected tags differ from the ones that were expected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<TagChange>,
    /// What changed from one verified release to the next of its line. It rejects nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<DriftReport>,
    /// What could not be read of the list.
    pub gaps: Vec<GapReport>,
}

/// The tags of a repository, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagCounts {
    /// All that are listed and no evidence.
    pub listed: usize,
    /// Those that were selected.
    pub selected: usize,
    /// Tags of evidence, such as `sha256-….sig`: these are no releases.
    pub evidence: usize,
    /// Tags of evidence for digests that no tag leads to; absent where not all tags and platforms were selected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orphaned_evidence: Option<usize>,
}

/// A tag that is not as it was expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagChange {
    /// The tag.
    pub tag: String,
    /// What happened to it.
    pub change: Change,
    /// The digest that it should name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The digest that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

impl TagChange {
    /// Reports the difference.
    pub fn finding(&self) -> Finding {
        let (message, next) = match self.change {
            Change::Moved => ("the tag moved", "find out who moved it and why, before you expect the new digest"),
            Change::Missing => ("the tag is missing", "find out who deleted it and why, before you expect it no more"),
            Change::Extra => ("the tag was not expected", "find out who pushed it, and add its digest if it is yours"),
        };
        Finding {
            expected: self.expected.clone(),
            found: self.found.clone(),
            ..Finding::fail(CheckId::ImagePinned, message).next(next)
        }
    }
}

/// How a tag differs from what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It names another digest.
    Moved,
    /// It is not listed.
    Missing,
    /// It was not expected.
    Extra,
}

impl Change {
    /// Returns the word for reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::Missing => "missing",
            Self::Extra => "extra",
        }
    }
}
