//! Packages that are denied, not allowed, or missing.

use std::collections::BTreeSet;

use crate::check::{CheckId, Finding};
use crate::policy::{Match, SbomRules};
use crate::time_limit::TimeLimit;

use super::complaint::{Complaints, Offenders, few, of_packages, shortened};
use super::exceptions::Exceptions;
use super::judged::Judged;

/// The rules for packages, and what came of them so far.
pub(super) struct Check<'a> {
    rules: &'a SbomRules,
    denied: Offenders,
    /// The rules that denied something.
    denied_by: BTreeSet<usize>,
    untold: Offenders,
    not_allowed: Offenders,
    without_purl: u64,
    /// How many are no part of the product.
    excluded: u64,
    missing: BTreeSet<usize>,
    time: TimeLimit<'a>,
}

impl<'a> Check<'a> {
    pub(super) fn of(rules: &'a SbomRules, time: TimeLimit<'a>) -> Option<Self> {
        let asks = !rules.deny.packages.is_empty()
            || !rules.allow.packages.is_empty()
            || !rules.required_packages.is_empty()
            || rules.min_packages.is_some();
        asks.then(|| Self {
            rules,
            denied: Offenders::default(),
            denied_by: BTreeSet::new(),
            untold: Offenders::default(),
            not_allowed: Offenders::default(),
            without_purl: 0,
            excluded: 0,
            missing: (0..rules.required_packages.rules().len()).collect(),
            time,
        })
    }

    pub(super) fn look_at(&mut self, judged: &Judged<'_>, exceptions: &mut Exceptions<'_>) {
        self.without_purl += u64::from(judged.package.purls.is_empty());
        self.excluded += u64::from(judged.package.is_excluded);
        // A package outside the product does not satisfy a requirement, but can be denied.
        if !self.missing.is_empty() && !judged.package.is_excluded {
            let missing = &mut self.missing;
            self.rules.required_packages.matches(&judged.component, self.time, &mut |rule, _, matched| {
                if matched == Match::Yes {
                    missing.remove(&rule);
                }
            });
        }
        match self.denial(judged) {
            Denial::By(rule) if !exceptions.cover_package(&judged.component) => {
                self.denied.add(|| judged.describe());
                self.denied_by.insert(rule);
            }
            Denial::Untold(reason) if !exceptions.cover_package(&judged.component) => {
                self.untold.add(|| format!("{} ({})", judged.describe(), shortened(&reason)));
            }
            Denial::No if self.is_not_allowed(judged) && !exceptions.cover_package(&judged.component) => {
                self.not_allowed.add(|| judged.describe());
            }
            _ => {}
        }
    }

    fn denial(&self, judged: &Judged<'_>) -> Denial {
        // The unreadable field could hold a denied value (A295).
        let unread = judged.package.unread.filter(|_| !self.rules.deny.packages.is_empty());
        let unread = unread.map(|field| format!("its `{field}` cannot be read"));
        match self.rules.deny.packages.first(&judged.component, self.time) {
            Some((rule, Match::Yes)) => Denial::By(rule),
            Some((_, Match::Unknown(reason))) => Denial::Untold(reason),
            Some((_, Match::No)) | None => match &judged.unreadable {
                Some(reason) if self.rules.deny.packages.are_about_purls() => Denial::Untold(reason.clone()),
                _ => unread.map_or(Denial::No, Denial::Untold),
            },
        }
    }

    /// The image itself is none of its parts.
    fn is_not_allowed(&self, judged: &Judged<'_>) -> bool {
        let allowed = &self.rules.allow.packages;
        if allowed.is_empty() || judged.is_root {
            return false;
        }
        judged.unreadable.is_some() || judged.package.unread.is_some() || !allowed.cover(&judged.component, self.time)
    }

    pub(super) fn finding(self, count: u64, ran_out: Option<&str>) -> Finding {
        let mut complaints = Complaints::of(CheckId::SbomPackages);
        let rules = self.rules;
        if !self.denied.is_empty() {
            let denied = rules.deny.packages.rules();
            complaints.refuse(
                of_packages(self.denied.count(), count, "denied"),
                format!("none of {}", few(self.denied_by.iter().map(|rule| &denied[*rule]))),
                self.denied.to_string(),
                "update or remove the denied packages and build again, or give it an exception with an end date in the policy",
            );
        }
        if !self.not_allowed.is_empty() {
            complaints.refuse(
                of_packages(self.not_allowed.count(), count, "not allowed"),
                format!("only {}", few(rules.allow.packages.rules())),
                self.not_allowed.to_string(),
                "remove the other packages and build again, or add it to `allow` in the policy",
            );
        }
        if !self.missing.is_empty() {
            let required = rules.required_packages.rules();
            let missing = few(self.missing.iter().map(|rule| &required[*rule]));
            let message = match self.missing.len() {
                1 => "a required package is not listed".to_owned(),
                several => format!("{several} required packages are not listed"),
            };
            complaints.refuse(
                message,
                missing,
                "no such package among those that are listed".to_owned(),
                "generate the SBOM from the whole image, or see whether the package is called otherwise in it",
            );
        }
        let counted = count - self.excluded;
        if let Some(least) = rules.min_packages.filter(|least| *least > counted) {
            let excluded = match self.excluded {
                0 => String::new(),
                some => format!(", and {some} of scope excluded"),
            };
            complaints.refuse(
                "the SBOM lists fewer packages than the policy asks for".to_owned(),
                format!("at least {least}"),
                format!("{counted}{excluded}"),
                "generate the SBOM from the whole image: the generator may have missed a part of it",
            );
        }
        if !self.untold.is_empty() {
            complaints.doubt(
                format!("of {} of {count} packages it cannot be told whether they are denied", self.untold.count()),
                "package URLs that can be read, with versions that can be compared".to_owned(),
                self.untold.to_string(),
                "have the generator write the version as the ecosystem does, or deny the package by name",
            );
        }
        let denies_purls = rules.deny.packages.are_about_purls();
        let unnamed = if denies_purls { self.without_purl } else { 0 };
        complaints.finding(|| praise(rules, count, counted, unnamed), ran_out)
    }
}

enum Denial {
    By(usize),
    Untold(String),
    No,
}

/// What holds, and what was not looked at. Of those that are listed, `counted` are part of the product.
fn praise(rules: &SbomRules, count: u64, counted: u64, without_purl: u64) -> String {
    let mut said = Vec::new();
    if !rules.deny.packages.is_empty() {
        said.push(match without_purl {
            0 => format!("none of {count} packages is denied"),
            some => format!("none of {count} packages is denied, as far as {some} of them can be told by name alone"),
        });
    }
    if !rules.allow.packages.is_empty() {
        said.push(format!("all of {count} packages are allowed"));
    }
    if !rules.required_packages.is_empty() {
        said.push("every required package is listed".to_owned());
    }
    if let Some(least) = rules.min_packages {
        said.push(format!("{counted} packages are listed, at least {least} are asked for"));
    }
    said.join(", ")
}
