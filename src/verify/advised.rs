//! The advisories that one candidate is compared with, and the results.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::check::ClosingReport;
use crate::packages::{Advisories, Examined, Unreadable, Vulnerable};

/// The advisories of a run, and their first result for the candidate.
#[derive(Clone, Copy)]
pub(crate) struct Advised<'a> {
    pub(super) advisories: Option<&'a Advisories>,
    pub(super) examined: &'a OnceCell<Examined>,
    /// The vulnerabilities that VEX closes, by statements of signers that one requirement trusts.
    pub(super) closed: &'a OnceCell<Closed>,
}

impl Advised<'_> {
    /// The advisories that could not be read, if any.
    pub(super) fn unreadable(&self) -> Option<&Unreadable> {
        self.advisories.map(Advisories::unreadable).filter(|unreadable| unreadable.count > 0)
    }
}

/// Why vulnerabilities are closed, by their places among those that were found.
#[derive(Debug, Clone, Default)]
pub(super) struct Closed(pub(super) BTreeMap<usize, Vec<ClosingReport>>);

impl Closed {
    /// Returns the open vulnerabilities.
    pub(super) fn leave<'e>(&self, examined: &'e Examined) -> Vec<&'e Vulnerable> {
        let listed = examined.vulnerable.iter().enumerate();
        listed.filter(|(place, _)| !self.0.contains_key(place)).map(|(_, one)| one).collect()
    }
}
