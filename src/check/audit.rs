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
    /// How it differs from the repository that it must be a mirror of, if one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<MirrorReport>,
    /// What could not be read of the list, or of the repository that it is compared with.
    pub gaps: Vec<GapReport>,
}

impl RepositoryReport {
    /// Returns how it differs from the repository that it must be a mirror of.
    pub fn mirror_differences(&self) -> &[MirrorDifference] {
        self.mirror.as_ref().map_or(&[], |mirror| &mirror.differences)
    }
}

/// A repository, held against the one that it must be a mirror of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MirrorReport {
    /// The repository that it must equal.
    pub of: String,
    /// How many digests both have under the same tag, so that their evidence was compared.
    pub digests: usize,
    /// How many manifests of evidence both have.
    pub evidence: usize,
    /// Each difference.
    pub differences: Vec<MirrorDifference>,
}

/// A difference between a repository and the one that it must be a mirror of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MirrorDifference {
    /// The tag, or the first of those that name the image.
    pub tag: String,
    /// What differs.
    pub difference: Unlike,
    /// The manifest that the evidence is attached to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Where the evidence is: `referrers`, or the tag that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The digest that the other repository has there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The digest that this repository has there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

/// In what a repository differs from the one that it must be a mirror of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unlike {
    /// It lacks a tag.
    MissingTag,
    /// It has a tag that the other has not.
    ExtraTag,
    /// Its tag names another digest.
    OtherDigest,
    /// It lacks evidence of an image.
    MissingEvidence,
    /// It has evidence of an image that the other has not.
    ExtraEvidence,
}

impl Unlike {
    /// Returns the word for reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissingTag => "missing-tag",
            Self::ExtraTag => "extra-tag",
            Self::OtherDigest => "other-digest",
            Self::MissingEvidence => "missing-evidence",
            Self::ExtraEvidence => "extra-evidence",
        }
    }
}

impl MirrorDifference {
    /// Reports the difference from the repository of this name.
    pub fn finding(&self, of: &str) -> Finding {
        let attached = || {
            let (subject, place) = (self.subject.as_deref(), self.place.as_deref());
            format!("{} ({})", subject.unwrap_or("the image"), place.unwrap_or("referrers"))
        };
        let (message, next) = match self.difference {
            Unlike::MissingTag => (format!("{of} has the tag, and it is missing here"), "copy it again"),
            Unlike::ExtraTag => (
                format!("the tag is not in {of}"),
                "find out who pushed it: a mirror has nothing of its own, and a deleted release is still served here",
            ),
            Unlike::OtherDigest => (
                format!("the tag names another digest than in {of}"),
                "find out which of both moved and who moved it, before you copy it again",
            ),
            Unlike::MissingEvidence => (
                format!("evidence that {of} has is missing for {}", attached()),
                "copy the image again with its evidence: `oras copy -r` or `regctl image copy --referrers --digest-tags`",
            ),
            Unlike::ExtraEvidence => (
                format!("evidence for {} is not in {of}", attached()),
                "find out who attached it: a mirror has nothing of its own",
            ),
        };
        Finding {
            expected: self.expected.clone(),
            found: self.found.clone(),
            ..Finding::fail(CheckId::Mirrored, message).next(next)
        }
    }
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
