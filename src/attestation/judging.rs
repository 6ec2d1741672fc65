//! How a predicate of each kind is judged.

use crate::check::{CheckId, Finding};
use crate::oci::Digest;
use crate::policy::BuildLevel;
use crate::verify::question::Question;

use super::section::Section;

/// A predicate of one kind that could be read.
pub(crate) trait Judging {
    /// Returns the check that it can be read.
    fn format(&self) -> CheckId;

    /// Judges it by the rules; without rules, by its content alone.
    fn judge(&self, question: &Question<'_>) -> Vec<Finding>;

    /// Returns what a report says of it.
    fn section(&self) -> Section;

    /// Returns when it was made, as it says itself.
    fn made(&self) -> Option<String> {
        None
    }

    /// Returns the manifests that it is about, where that is not everything that its subject binds.
    fn only_about(&self, question: &Question<'_>) -> Option<Vec<Digest>> {
        let _ = question;
        None
    }

    /// Returns the SLSA build level that it and its signer reach.
    fn build_level(&self, question: &Question<'_>) -> Option<BuildLevel> {
        let _ = question;
        None
    }
}

/// Names the first of them, and how many more there are.
pub(super) fn first_of(all: &[String], shown: usize) -> String {
    let more = all.len().saturating_sub(shown);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", all[..all.len() - more].join(", "))
}
