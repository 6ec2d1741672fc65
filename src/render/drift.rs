//! Changes from one release of an audited repository to the next, for formats that show them beside verdicts. They reject
//! nothing.

use crate::check::{Difference, Direction, DriftReport, Report, RepositoryReport};

/// The two releases of a change, by their tags: in one repository all have the same name.
pub(super) struct Change<'a> {
    pub(super) repository: &'a RepositoryReport,
    pub(super) drift: &'a DriftReport,
}

impl<'a> Change<'a> {
    pub(super) fn release(&self) -> &'a str {
        tag(&self.drift.release)
    }

    pub(super) fn after(&self) -> &'a str {
        tag(&self.drift.after)
    }

    /// Whether someone should look at it: something is weaker, or different.
    pub(super) fn is_alert(&self) -> bool {
        self.drift.differences.iter().any(|one| one.direction != Direction::Stronger)
    }

    /// Each difference in words, weaker ones first.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> + 'a {
        self.drift.differences.iter().map(|one| format!("{}: {}", one.direction, one.in_words()))
    }
}

/// All changes of a report.
pub(super) fn changes(report: &Report) -> impl Iterator<Item = Change<'_>> {
    report.repositories.iter().flat_map(of_repository)
}

/// The changes of one repository.
pub(super) fn of_repository(repository: &RepositoryReport) -> impl Iterator<Item = Change<'_>> {
    repository.drift.iter().map(move |drift| Change { repository, drift })
}

/// All differences of a report, each with its change.
pub(super) fn differences(report: &Report) -> impl Iterator<Item = (Change<'_>, &Difference)> {
    changes(report).flat_map(|change| {
        change
            .drift
            .differences
            .iter()
            .map(move |one| (Change { drift: change.drift, repository: change.repository }, one))
    })
}

/// The tag of a reference.
pub(super) fn tag(reference: &str) -> &str {
    reference.rsplit_once(':').map_or(reference, |(_, tag)| tag)
}
