//! What may and must have gone into a build.

use crate::policy::text::{PatternError, TextRule};

use super::lines;
use super::source::is_on_forge;

/// Rules for the dependencies that a provenance lists. Builders list what they know of: SLSA calls the list best effort
/// (build-provenance.md, `resolvedDependencies`), so what is not listed is not denied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DependencyRules {
    /// Whether each must be named by its digest.
    pub pinned: bool,
    /// What they may be; anything without one. The source itself is allowed.
    pub allow: Vec<TextRule>,
    /// What none may be.
    pub deny: Vec<TextRule>,
    /// What must be among them, each.
    pub required: Vec<TextRule>,
}

/// Reads a pattern for dependencies. A repository on a host that ignores the case of letters is meant in every spelling: one
/// that is denied does not become another one by a capital.
pub(in crate::policy) fn dependency(text: &str) -> Result<TextRule, PatternError> {
    if is_on_forge(text) { TextRule::glob_ignoring_case(text) } else { TextRule::glob(text) }
}

impl DependencyRules {
    /// Whether nothing is demanded.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn canonical_text(&self) -> String {
        let Self { pinned, allow, deny, required } = self;
        let mut text = String::new();
        lines(&mut text, "dependencies", pinned.then(|| "pinned".to_owned()).into_iter());
        for (what, rules) in [("allow", allow), ("deny", deny), ("required", required)] {
            lines(&mut text, "dependency", rules.iter().map(|rule| format!("{what} {}", rule.canonical_text())));
        }
        text
    }

    pub(super) fn describe(&self) -> Vec<String> {
        let pinned = self.pinned.then(|| "every dependency pinned by digest".to_owned());
        let listed =
            |rules: &[TextRule], separator| rules.iter().map(TextRule::to_string).collect::<Vec<_>>().join(separator);
        let lists = [
            ("dependencies only of", listed(&self.allow, " or ")),
            ("no dependency", listed(&self.deny, " or ")),
            ("the dependency", listed(&self.required, " and ")),
        ];
        let lists = lists.into_iter().filter(|(_, rules)| !rules.is_empty());
        pinned.into_iter().chain(lists.map(|(what, rules)| format!("{what} {rules}"))).collect()
    }
}
