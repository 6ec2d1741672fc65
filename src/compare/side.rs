//! One side of a comparison: an image with the evidence that counts for it.

use crate::check::{AttestationKind, CandidateReport, Contents, ImageReport, ProvenanceReport};

use super::facts::Facts;

/// The most changes of a kind that a report lists.
pub(super) const MOST: usize = 10_000;
/// The most values of one fact, and the most characters of one.
pub(super) const MOST_VALUES: usize = 50;
const LONGEST: usize = 2000;

/// An image, as this run judged it or a report says.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The report on it.
    pub report: &'a ImageReport,
    /// The file with that report, if it is not of this run.
    pub file: Option<&'a str>,
    /// What its documents say, if they were read.
    pub contents: Option<&'a Contents>,
}

/// One side, with the evidence that counts for it.
pub(super) struct Seen<'a> {
    pub(super) side: Side<'a>,
    pub(super) facts: &'a Facts,
    /// Each piece once, in the order of the report.
    pub(super) counted: Vec<&'a CandidateReport>,
}

impl<'a> Seen<'a> {
    pub(super) fn of(side: Side<'a>, facts: &'a Facts) -> Self {
        let counts = |one: &&CandidateReport| {
            one.accepted
                && one.signer.is_some()
                && facts.platforms.iter().any(|platform| platform.counted.contains(&one.id))
        };
        Self { side, facts, counted: side.report.candidates.iter().filter(counts).collect() }
    }

    /// The evidence of a kind.
    pub(super) fn of_kind(&self, kind: AttestationKind) -> impl Iterator<Item = &'a CandidateReport> + '_ {
        self.counted.iter().copied().filter(move |one| one.kind.to_string() == kind.as_str())
    }

    /// What the provenances say.
    pub(super) fn provenances(&self) -> impl Iterator<Item = &'a ProvenanceReport> + '_ {
        self.counted.iter().filter_map(|one| one.says::<ProvenanceReport>())
    }
}

/// Shortens a text that an SBOM or a builder chose.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
