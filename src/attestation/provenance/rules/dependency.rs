//! What may and must have gone into a build.

use std::fmt;

use crate::packages::Purl;
use crate::policy::package::{Match, PackageRule};
use crate::policy::text::{PatternError, TextRule};

use super::hash::{hash_each, hash_switch};
use super::source::is_on_forge;

/// Rules for the dependencies that a provenance lists. Builders list the dependencies they know: SLSA calls the list
/// best effort (build-provenance.md, `resolvedDependencies`), so an unlisted dependency is not denied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DependencyRules {
    /// Whether each must be named by its digest.
    pub pinned: bool,
    /// What they may be; anything without one. The source itself is allowed.
    pub allow: Vec<DependencyRule>,
    /// What none may be.
    pub deny: Vec<DependencyRule>,
    /// What must be among them, each.
    pub required: Vec<DependencyRule>,
}

/// A pattern for dependencies: of their addresses, or of packages.
#[derive(Debug, Clone, PartialEq)]
pub struct DependencyRule {
    text: TextRule,
    /// The same pattern as a rule for packages, if it is a package URL: every spelling of a package is that package.
    package: Option<PackageRule>,
}

impl Eq for DependencyRule {}

impl DependencyRule {
    /// Reads a pattern. A repository on a host that ignores the case of letters is meant in every spelling: one that is denied
    /// does not become another one by a capital.
    pub fn parse(written: &str) -> Result<Self, PatternError> {
        let text = if is_on_forge(written) { TextRule::glob_ignoring_case(written) } else { TextRule::glob(written) };
        let is_purl = written.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("pkg:"));
        let package = is_purl.then(|| PackageRule::purl(written).ok()).flatten();
        Ok(Self { text: text?, package })
    }

    /// Whether it means an address or a name.
    pub fn matches(&self, name: &str) -> bool {
        self.text.matches(name)
    }

    /// Whether it means a package.
    pub fn is_about(&self, purl: &Purl<'_>) -> Match {
        self.package.as_ref().map_or(Match::No, |rule| rule.is_about(purl))
    }

    fn canonical_text(&self) -> String {
        self.text.canonical_text()
    }
}

impl fmt::Display for DependencyRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(formatter)
    }
}

impl DependencyRules {
    /// Whether nothing is required.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn canonical_text(&self) -> String {
        let Self { pinned, allow, deny, required } = self;
        let lists = [("allow", allow), ("deny", deny), ("required", required)]
            .map(|(what, rules)| hash_each("dependency", rules, |rule| format!("{what} {}", rule.canonical_text())));
        hash_switch("dependencies pinned", *pinned) + &lists.concat()
    }

    pub(super) fn describe(&self) -> Vec<String> {
        let pinned = self.pinned.then(|| "every dependency pinned by digest".to_owned());
        let listed = |rules: &[DependencyRule], separator| {
            rules.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
        };
        let lists = [
            ("dependencies only of", listed(&self.allow, " or ")),
            ("no dependency", listed(&self.deny, " or ")),
            ("the dependency", listed(&self.required, " and ")),
        ];
        let lists = lists.into_iter().filter(|(_, rules)| !rules.is_empty());
        pinned.into_iter().chain(lists.map(|(what, rules)| format!("{what} {rules}"))).collect()
    }
}
