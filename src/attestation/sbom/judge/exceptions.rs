//! Exceptions for an SBOM with an end date, and where they were needed.

use jiff::Timestamp;

use crate::check::{CheckId, Finding};
use crate::policy::{Component, ExceptedLicense, LicenseTerm, SbomException};
use crate::time_limit::TimeLimit;

use super::complaint::{few, shortened};

/// The exceptions of a policy at one time.
pub(super) struct Exceptions<'a> {
    working: Vec<(&'a SbomException, u64)>,
    over: Vec<&'a SbomException>,
    time: TimeLimit<'a>,
}

impl<'a> Exceptions<'a> {
    pub(super) fn at(all: &'a [SbomException], now: Timestamp, time: TimeLimit<'a>) -> Self {
        let (working, over): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.works_at(now));
        Self { working: working.into_iter().map(|one| (one, 0)).collect(), over, time }
    }

    /// Whether a package is excepted from the rules for packages and suppliers.
    pub(super) fn cover_package(&mut self, component: &Component<'_>) -> bool {
        let time = self.time;
        let mut of_packages = self.working.iter_mut().filter(|(one, _)| one.license.is_none());
        let used = of_packages.find(|(one, _)| is_about(one, component, time));
        used.map(|(_, count)| *count += 1).is_some()
    }

    /// Whether a package is excepted from asserting a licence.
    pub(super) fn cover_no_assertion(&mut self, component: &Component<'_>) -> bool {
        let time = self.time;
        let of_none = |one: &SbomException| one.license == Some(ExceptedLicense::NoAssertion);
        let used = self.working.iter_mut().find(|(one, _)| of_none(one) && is_about(one, component, time));
        used.map(|(_, count)| *count += 1).is_some()
    }

    /// Whether the licence of a package is excepted: `holds` says whether it is good where the licences of these exceptions are.
    pub(super) fn cover_license(
        &mut self,
        component: &Component<'_>,
        holds: impl FnOnce(&[&'a SbomException]) -> bool,
    ) -> bool {
        let is_of_license = |one: &SbomException| matches!(one.license, Some(ExceptedLicense::Rule(_)));
        let mut places = Vec::new();
        for (place, (one, _)) in self.working.iter().enumerate() {
            if is_of_license(one) && is_about(one, component, self.time) {
                places.push(place);
            }
        }
        let about: Vec<&'a SbomException> = places.iter().map(|place| self.working[*place].0).collect();
        let is_covered = !about.is_empty() && holds(&about);
        if is_covered {
            for place in places {
                self.working[place].1 += 1;
            }
        }
        is_covered
    }

    /// Says which of them ran out, for who looks for the reason why something counts again.
    pub(super) fn ran_out(&self) -> Option<String> {
        let over = self.over.iter().map(|one| format!("{one} on {}", one.exception.until));
        (!self.over.is_empty()).then(|| format!("exceptions that ran out: {}", few(over)))
    }

    /// Says what was not held against the SBOM: it is in every report while it works.
    pub(super) fn finding(&self) -> Option<Finding> {
        let used = self.working.iter().filter(|(_, count)| *count > 0).map(|(one, count)| {
            let packages = if *count == 1 { "1 package".to_owned() } else { format!("{count} packages") };
            let because = shortened(&one.exception.because);
            format!("{one} ({packages}) until {}: {because}", one.exception.until)
        });
        let used: Vec<String> = used.collect();
        (!used.is_empty())
            .then(|| Finding::skip(CheckId::PolicyException, format!("not held against the SBOM: {}", used.join("; "))))
    }
}

/// Whether an exception is about a package, under each of its names: otherwise one package URL would let in the package
/// of another. If it cannot be decided, the exception does not apply.
fn is_about(exception: &SbomException, component: &Component<'_>, time: TimeLimit<'_>) -> bool {
    exception.package.as_ref().is_none_or(|rules| rules.cover(component, time))
}

/// Whether one of these exceptions is about a licence.
pub(super) fn except_term(exceptions: &[&SbomException], term: &LicenseTerm) -> bool {
    let is_excepted = |one: &&SbomException| match &one.license {
        Some(ExceptedLicense::Rule(rule)) => rule.denies(term),
        Some(ExceptedLicense::NoAssertion) | None => false,
    };
    exceptions.iter().any(is_excepted)
}

/// Whether one of these exceptions is about a whole text.
pub(super) fn except_text(exceptions: &[&SbomException], text: &str) -> bool {
    exceptions.iter().any(|one| matches!(&one.license, Some(ExceptedLicense::Rule(rule)) if rule.is_about_text(text)))
}
