//! Licences that are denied, not allowed, unreadable or not asserted.

use std::collections::HashMap;

use crate::check::{CheckId, Finding};
use crate::policy::{LicenseExpression, LicenseRule, LicenseTerm, SbomRules};

use super::super::model::ExtractedLicense;
use super::complaint::{Complaints, Offenders, few, of_packages, shortened};
use super::exceptions::{Exceptions, except_term, except_text};
use super::judged::Judged;

/// Bytes of an expression: the longest that distributions write have a few thousand.
const LONG: usize = 64 * 1024;

/// The rules for licences, and what came of them so far. An expression is read once, however many packages have it.
pub(super) struct Check<'a, 'd> {
    rules: &'a SbomRules,
    extracted: &'d [ExtractedLicense<'d>],
    known: HashMap<&'d str, Judgement>,
    denied: Offenders,
    not_allowed: Offenders,
    unreadable: Offenders,
    not_asserted: u64,
    refused_without: Offenders,
}

/// How an expression stands to the rules, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Judgement {
    Fine,
    Unreadable,
    NotAllowed,
    Denied,
}

impl<'a, 'd> Check<'a, 'd> {
    pub(super) fn of(rules: &'a SbomRules, extracted: &'d [ExtractedLicense<'d>]) -> Option<Self> {
        let asks = !rules.deny.licenses.is_empty() || !rules.allow.licenses.is_empty() || rules.no_assertion.is_some();
        asks.then(|| Self {
            rules,
            extracted,
            known: HashMap::new(),
            denied: Offenders::default(),
            not_allowed: Offenders::default(),
            unreadable: Offenders::default(),
            not_asserted: 0,
            refused_without: Offenders::default(),
        })
    }

    pub(super) fn look_at(&mut self, judged: &Judged<'d>, exceptions: &mut Exceptions<'_>) {
        if judged.package.has_unread_license {
            self.unreadable.add(|| format!("{}: a licence that is not text", judged.package.describe()));
        }
        // A licence that was observed and is denied counts, in spite of the declared one.
        let observed =
            judged.package.license_observed.as_deref().filter(|seen| judged.package.license() != Some(*seen));
        if let Some(seen) = observed
            && self.judgement(seen) == Judgement::Denied
            && !exceptions.cover_license(&judged.component, |these| except_text(these, seen))
        {
            self.denied.add(|| format!("{}: {} (seen in it)", judged.package.describe(), shortened(seen)));
        }
        let Some(text) = judged.package.license() else {
            self.not_asserted += 1;
            // The image itself has no stated licence: its parts have theirs.
            if !self.rules.allows_no_assertion() && !judged.is_root && !exceptions.cover_no_assertion(&judged.component)
            {
                self.refused_without.add(|| judged.describe());
            }
            return;
        };
        let rules = self.rules;
        let judgement = self.judgement(text);
        let holds = |these: &[&_]| {
            except_text(these, text)
                || self::judgement(rules, text, &|term| except_term(these, term)) == Judgement::Fine
        };
        if judgement == Judgement::Fine || exceptions.cover_license(&judged.component, holds) {
            return;
        }
        let offenders = match judgement {
            Judgement::Denied => &mut self.denied,
            Judgement::NotAllowed => &mut self.not_allowed,
            Judgement::Fine | Judgement::Unreadable => &mut self.unreadable,
        };
        offenders.add(|| format!("{}: {}", judged.package.describe(), shortened(text)));
    }

    fn judgement(&mut self, text: &'d str) -> Judgement {
        let (rules, extracted) = (self.rules, self.extracted);
        *self.known.entry(text).or_insert_with(|| {
            let by_itself = judgement(rules, text, &|_| false);
            by_itself.max(by_name_and_text(rules, text, extracted))
        })
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
                of_packages(self.unreadable.count(), count, "under a licence that is not an SPDX expression"),
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

/// Titles of licences, and how the identifiers of their families begin.
const TITLES: [(&str, &str); 8] = [
    ("GNU AFFERO GENERAL PUBLIC LICENSE", "AGPL"),
    ("GNU LESSER GENERAL PUBLIC LICENSE", "LGPL"),
    ("GNU LIBRARY GENERAL PUBLIC LICENSE", "LGPL"),
    ("GNU GENERAL PUBLIC LICENSE", "GPL"),
    ("SERVER SIDE PUBLIC LICENSE", "SSPL"),
    ("MOZILLA PUBLIC LICENSE", "MPL"),
    ("ECLIPSE PUBLIC LICENSE", "EPL"),
    ("BUSINESS SOURCE LICENSE", "BUSL"),
];

/// Bytes of an extracted text in which its title is looked for.
const HEAD: usize = 2000;

/// A licence under a name of the document's own (A305): its name may be a denied licence, and so may its text.
/// `LicenseRef-…` alone is never denied.
fn by_name_and_text(rules: &SbomRules, text: &str, extracted: &[ExtractedLicense<'_>]) -> Judgement {
    if rules.deny.licenses.is_empty() || !text.contains("LicenseRef-") {
        return Judgement::Fine;
    }
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':');
    let named: Vec<&str> = text.split(|c| !is_of_word(c)).filter(|word| word.contains("LicenseRef-")).collect();
    let of_one = |one: &ExtractedLicense<'_>| {
        let by_name = one.name.as_deref().map(|name| judgement(rules, name, &|_| false));
        if by_name == Some(Judgement::Denied) {
            return Judgement::Denied;
        }
        let texts = one.name.iter().chain(&one.text).map(|text| text.chars().take(HEAD).collect::<String>());
        let head = texts.collect::<Vec<_>>().join("\n").to_ascii_uppercase();
        let head = head.split_whitespace().collect::<Vec<_>>().join(" ");
        let family = TITLES.iter().find(|(title, _)| head.contains(title)).map(|(_, family)| *family);
        let denies = |family: &str| rules.deny.licenses.iter().any(|rule| rule.to_string().starts_with(family));
        if family.is_some_and(denies) { Judgement::Unreadable } else { Judgement::Fine }
    };
    let meant = extracted.iter().filter(|one| named.contains(&one.id.as_ref()));
    meant.map(of_one).max().unwrap_or(Judgement::Fine)
}

/// Holds an expression against the rules, without the licences that are excepted.
fn judgement(rules: &SbomRules, text: &str, is_excepted: &dyn Fn(&LicenseTerm) -> bool) -> Judgement {
    let (deny, allow) = (&rules.deny.licenses, &rules.allow.licenses);
    if deny.iter().any(|rule| rule.is_about_text(text)) {
        return Judgement::Denied;
    }
    if allow.iter().any(|rule| rule.is_about_text(text)) {
        return Judgement::Fine;
    }
    let expression = (text.len() <= LONG).then(|| LicenseExpression::parse(text));
    let Some(Ok(expression)) = expression else { return Judgement::Unreadable };
    let is_denied = |term: &LicenseTerm| LicenseRule::list_denies(deny, term);
    let is_allowed = |term: &LicenseTerm| allow.is_empty() || LicenseRule::list_allows(allow, term);
    // One choice of licences must be allowed and not denied, all of it.
    if expression.holds_where(|term| is_excepted(term) || (!is_denied(term) && is_allowed(term))) {
        Judgement::Fine
    } else if expression.holds_where(|term| is_excepted(term) || !is_denied(term)) {
        Judgement::NotAllowed
    } else {
        Judgement::Denied
    }
}
