//! The results of a search: the found offers, and the failed reads.

use std::cmp::Ordering;

use super::attestation::Attestation;
use super::offer::Offered;
use crate::collect::error::SourceError;
use crate::evidence::{Candidate, Gap, GapReason, Obstacle};
use crate::oci::Digest;

/// What was found, in the order of the subjects.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) candidates: Vec<Candidate>,
    pub(super) gaps: Vec<Gap>,
    /// Large evidence, fetched last.
    pub(super) later: Vec<Offered>,
    /// The attestation manifests among the referrers that were searched too.
    pub(super) searched: Vec<Attestation>,
    /// The attestation manifests among the referrers that were not searched.
    pub(super) unsearched: Vec<Attestation>,
}

/// The gaps of one subject that are told one by one.
const MOST_GAPS: usize = 20;

impl Found {
    pub(super) fn merge(&mut self, other: Self) {
        self.candidates.extend(other.candidates);
        self.gaps.extend(other.gaps);
        self.later.extend(other.later);
        self.searched.extend(other.searched);
        self.unsearched.extend(other.unsearched);
    }

    pub(super) fn gap(&mut self, subject: &Digest, what: String, error: &SourceError) {
        let known = self.gaps.iter().rev().take_while(|gap| gap.subject == *subject).count();
        match known.cmp(&MOST_GAPS) {
            Ordering::Less => {
                self.gaps.push(Gap { subject: subject.clone(), what, obstacle: error.obstacle_of_listed() });
            }
            // More of them say no more: one is enough that the subject is never taken for searched.
            Ordering::Equal => self.gaps.push(Gap {
                subject: subject.clone(),
                what: format!("more evidence on {subject}"),
                obstacle: Obstacle::new(GapReason::Limit, format!("more than {MOST_GAPS} things could not be read")),
            }),
            Ordering::Greater => {}
        }
    }
}

/// Says that there is more of something than is read.
pub(super) fn too_many(subject: &Digest, limit: &'static str, allowed: usize) -> SourceError {
    SourceError::Limit { at: subject.to_string(), limit, allowed: allowed as u64, found: "more".to_owned() }
}
