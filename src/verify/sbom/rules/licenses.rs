//! Licences that are denied or not allowed, that cannot be read, or that nobody asserts.

use std::collections::HashMap;

use crate::check::{CheckId, Finding};
use crate::policy::{LicenseExpression, LicenseRule, LicenseTerm, SbomRules};

use super::Judged;
use super::complaint::{Complaints, Offenders, few, of_packages, shortened};
use super::exceptions::{Exceptions, except_term, except_text};

/// Octets of an expression: the longest that distributions write have a few thousand.
const LONG: usize = 64 * 1024;

/// The rules for licences, and what came of them so far. An expression is read once, however many packages have it.
pub(super) struct Check<'a, 'd> {
    rules: &'a SbomRules,
    known: HashMap<&'d str, Standing>,
    denied: Offenders,
    not_allowed: Offenders,
    unreadable: Offenders,
    not_asserted: u64,
    refused_without: Offenders,
}

/// How an expression stands to the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Fine,
    Denied,
    NotAllowed,
    Unreadable,
}

impl<'a, 'd> Check<'a, 'd> {
    pub(super) fn of(rules: &'a SbomRules) -> Option<Self> {
        let asks = !rules.deny.licenses.is_empty() || !rules.allow.licenses.is_empty() || rules.no_assertion.is_some();
        asks.then(|| Self {
            rules,
            known: HashMap::new(),
            denied: Offenders::default(),
            not_allowed: Offenders::default(),
            unreadable: Offenders::default(),
            not_asserted: 0,
            refused_without: Offenders::default(),
        })
    }

    pub(super) fn look_at(&mut self, judged: &Judged<'d>, exceptions: &mut Exceptions<'_>) {
        let Some(text) = judged.package.license() else {
            self.not_asserted += 1;
            // Nobody states the licence of the image itself: its parts have theirs.
            if !self.rules.allows_no_assertion() && !judged.is_root && !exceptions.cover_no_assertion(&judged.component)
            {
                self.refused_without.add(|| judged.describe());
            }
            return;
        };
        let rules = self.rules;
        let standing = *self.known.entry(text).or_insert_with(|| standing(rules, text, &|_| false));
        let holds = |these: &[&_]| {
            except_text(these, text) || self::standing(rules, text, &|term| except_term(these, term)) == Standing::Fine
        };
        if standing == Standing::Fine || exceptions.cover_license(&judged.component, holds) {
            return;
        }
        let offenders = match standing {
            Standing::Denied => &mut self.denied,
            Standing::NotAllowed => &mut self.not_allowed,
            Standing::Fine | Standing::Unreadable => &mut self.unreadable,
        };
        offenders.add(|| format!("{}: {}", judged.package.describe(), shortened(text)));
    }

    pub(super) fn finding(self, count: u64, ran_out: Option<&str>) -> Finding {
        let mut complaints = Complaints::of(CheckId::SbomLicenses);
        let rules = self.rules;
        if !self.denied.is_empty() {
            complaints.refuse(
                of_packages(self.denied.count(), count, "under a licence that is denied"),
                format!("none of {}", few(&rules.deny.licenses)),
                self.denied.to_string(),
                "replace the package, or give it an exception with an end date in the policy",
            );
        }
        if !self.not_allowed.is_empty() {
            complaints.refuse(
                of_packages(self.not_allowed.count(), count, "under a licence that is not allowed"),
                format!("only {}", few(&rules.allow.licenses)),
                self.not_allowed.to_string(),
                "replace the package, add the licence to `allow` in the policy, or give it an exception with an end date",
            );
        }
        if !self.refused_without.is_empty() {
            complaints.refuse(
                of_packages(self.refused_without.count(), count, "without an asserted licence"),
                "a licence for every package (`no-assertion`)".to_owned(),
                self.refused_without.to_string(),
                "have the generator look licences up, or allow packages without one: `no-assertion: allow` in the policy",
            );
        }
        if !self.unreadable.is_empty() {
            complaints.doubt(
                of_packages(self.unreadable.count(), count, "under a licence that is no SPDX expression"),
                "identifiers of the SPDX License List or LicenseRef-…, joined by AND, OR and WITH".to_owned(),
                self.unreadable.to_string(),
                "have the generator write expressions, or add `text: …` with these words to `allow` or `deny` in the policy",
            );
        }
        let without = self.not_asserted;
        complaints.finding(|| praise(rules, count, without), ran_out)
    }
}

fn praise(rules: &SbomRules, count: u64, without: u64) -> String {
    let held = match (rules.deny.licenses.is_empty(), rules.allow.licenses.is_empty()) {
        (_, false) => "allowed",
        (false, true) => "denied by none of the rules",
        (true, true) => "asserted",
    };
    match without {
        0 => format!("the licences of {count} packages are {held}"),
        some => format!("the licences of {} of {count} packages are {held}, {some} assert none", count - some),
    }
}

/// Holds an expression against the rules, without the licences that are excepted.
fn standing(rules: &SbomRules, text: &str, is_excepted: &dyn Fn(&LicenseTerm) -> bool) -> Standing {
    let (deny, allow) = (&rules.deny.licenses, &rules.allow.licenses);
    if deny.iter().any(|rule| rule.is_about_text(text)) {
        return Standing::Denied;
    }
    if allow.iter().any(|rule| rule.is_about_text(text)) {
        return Standing::Fine;
    }
    let expression = (text.len() <= LONG).then(|| LicenseExpression::parse(text));
    let Some(Ok(expression)) = expression else { return Standing::Unreadable };
    let is_denied = |term: &LicenseTerm| LicenseRule::list_denies(deny, term);
    let is_allowed = |term: &LicenseTerm| allow.is_empty() || LicenseRule::list_allows(allow, term);
    // One choice of licences must be allowed and not denied, all of it.
    if expression.holds_where(|term| is_excepted(term) || (!is_denied(term) && is_allowed(term))) {
        Standing::Fine
    } else if expression.holds_where(|term| is_excepted(term) || !is_denied(term)) {
        Standing::NotAllowed
    } else {
        Standing::Denied
    }
}
