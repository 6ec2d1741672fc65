//! Lint warnings about the rules for an SBOM.

use jiff::SignedDuration;
use jiff::civil::Date;

use crate::attestation::sbom::rules::{SbomList, SbomRules};
use crate::policy::license::{LicenseExpression, LicenseRule};
use crate::policy::package::PackageRules;
use crate::policy::text::TextRule;

/// Longer, and images outlive the SBOM.
const LONG_AGE: SignedDuration = SignedDuration::from_hours(365 * 24);

impl SbomRules {
    /// Returns every warning, with what to do about it.
    pub(super) fn doubtful(&self, today: Date) -> Vec<(String, &'static str)> {
        let mut warnings = Vec::new();
        warnings.extend(about_all(&self.deny).map(|what| {
            (format!("{what} denies everything"), "name the denied ones; to allow only some, write `allow`")
        }));
        warnings.extend(
            about_all(&self.allow)
                .map(|what| (format!("{what} allows everything"), "name the allowed ones, or remove the list")),
        );
        for packages in [&self.deny.packages, &self.allow.packages, &self.required_packages] {
            warnings.extend(without_namespace(packages));
        }
        warnings.extend(self.deny.licenses.iter().filter_map(|rule| leaves_or_later(rule, &self.deny.licenses)));
        if !self.deny.licenses.is_empty() && self.allow.licenses.is_empty() && self.no_assertion.is_none() {
            warnings.push((
                "licences are denied, and packages that assert none pass".to_owned(),
                "say what they are: `no-assertion: deny` or `no-assertion: allow`",
            ));
        }
        warnings.extend(self.max_age.iter().filter(|age| age.duration() >= LONG_AGE).map(|age| {
            (
                format!("an SBOM may be {age} old when it is signed"),
                "one that is made in the build that signs is minutes old: write `max-age: 1d`",
            )
        }));
        warnings.extend(of_exceptions(self, today));
        warnings
    }
}

/// A rule of a list that is about everything.
fn about_all(list: &SbomList) -> Option<String> {
    let is_all = |rule: &&TextRule| rule.as_str().trim_matches('*').is_empty();
    let package = list.packages.rules().iter().find(|rule| rule.is_about_all()).map(ToString::to_string);
    let license = || list.licenses.iter().find(|rule| rule.is_about_all()).map(ToString::to_string);
    let supplier = || list.suppliers.iter().find(is_all).map(ToString::to_string);
    package.or_else(license).or_else(supplier)
}

fn without_namespace(packages: &PackageRules) -> Vec<(String, &'static str)> {
    let warning = |kind: &str, rule: &dyn std::fmt::Display| {
        (
            format!("{rule} matches nothing: every package of the type {kind} has a namespace"),
            "write the namespace before the name, such as pkg:deb/debian/openssl, or `*` for any",
        )
    };
    packages.rules().iter().filter_map(|rule| rule.misses_namespace().map(|kind| warning(kind, rule))).collect()
}

/// `GPL-2.0-only` is denied, and `GPL-2.0-or-later` lets one choose a version that is not.
fn leaves_or_later(rule: &LicenseRule, all: &[LicenseRule]) -> Option<(String, &'static str)> {
    let stem = rule.to_string().strip_suffix("-only")?.to_owned();
    let or_later = LicenseExpression::parse(&format!("{stem}-or-later")).ok()?;
    let is_left = or_later.holds_where(|term| !LicenseRule::list_denies(all, term));
    is_left.then(|| {
        (
            format!("{stem}-only is denied, and {stem}-or-later is not"),
            "who offers later versions too offers a choice: deny `-or-later` as well if it is none for you",
        )
    })
}

fn of_exceptions(rules: &SbomRules, today: Date) -> Vec<(String, &'static str)> {
    let judges_licenses =
        !rules.deny.licenses.is_empty() || !rules.allow.licenses.is_empty() || rules.no_assertion.is_some();
    let lists = [&rules.deny, &rules.allow];
    let judges_packages = lists.iter().any(|list| !list.packages.is_empty() || !list.suppliers.is_empty());
    let mut warnings = Vec::new();
    for one in &rules.exceptions {
        warnings.extend(one.exception.warning(one, today));
        let is_judged = if one.license.is_some() { judges_licenses } else { judges_packages };
        if !is_judged {
            warnings.push((
                format!("the exception for {one} excepts nothing: no rule of the SBOM is about that"),
                "remove it, or make it where the rule is",
            ));
        }
    }
    warnings
}
