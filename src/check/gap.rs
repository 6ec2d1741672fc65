//! The part of a report about failed reads.

use serde::{Deserialize, Serialize};

use crate::evidence::{GapReason, Obstacle};

use super::{CheckId, Finding};

/// A failed read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapReport {
    /// What was to be read.
    pub what: String,
    /// Why it was not.
    pub reason: GapReason,
    /// The cause, where it is known: the same for everything that failed for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What would have been right, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What happened.
    pub detail: String,
    /// What to do about it.
    pub next: String,
    /// The digest whose evidence is incomplete; absent where the image itself could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

impl GapReport {
    /// Reports what was to be read, and why it was not.
    pub fn new(what: impl Into<String>, obstacle: Obstacle, subject: Option<String>) -> Self {
        let Obstacle { reason, cause, expected, detail, next } = obstacle;
        Self { what: what.into(), reason, cause, expected, detail, next, subject }
    }

    /// Reports an image, or the tags of a repository, that could not be read at all.
    pub fn unresolved(&self) -> Finding {
        let message = self.cause.clone().unwrap_or_else(|| format!("{} could not be read", self.what));
        self.explained(Finding::error(CheckId::ImageResolved, message))
    }

    /// Adds what was expected, what happened and what to do to a finding that the gap caused.
    pub fn explained(&self, finding: Finding) -> Finding {
        let finding = finding.found(self.detail.clone()).next(self.next.clone());
        match &self.expected {
            Some(expected) => finding.expected(expected.clone()),
            None => finding,
        }
    }

    /// Returns the cause, if it is known, and what happened.
    pub fn in_words(&self) -> String {
        self.cause.iter().map(String::as_str).chain([self.detail.as_str()]).collect::<Vec<_>>().join(": ")
    }
}
