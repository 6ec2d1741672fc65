//! What a provenance must say.
//!
//! Every rule is about one provenance by itself: what one attestation lacks, another cannot lend it.

mod dependency;
mod flags;
mod level;
mod parameter;
mod source;

use std::fmt::Write as _;

use jiff::civil::Date;

use crate::attestation::rules::{Missing, Rules, warning_of_all};
use crate::policy::age::MaxAge;
use crate::policy::builder::BuilderRule;
use crate::policy::text::TextRule;

pub use dependency::{DependencyRule, DependencyRules};
pub use flags::ProvenanceFlags;
pub use level::BuildLevel;
pub use parameter::{ExpectedValue, ParameterError, ParameterPath, ParameterRule, UnknownParameters};
pub(crate) use source::repository;
pub use source::{ProvenanceSourceRule, RepositoryError};

/// The rules for a provenance, beyond those that hold for every one.
#[derive(Debug, Clone, Default)]
pub struct ProvenanceRules {
    /// The builder's id is one of these; any without one.
    pub builders: Vec<TextRule>,
    /// The build type is one of these; without one, any whose description is known.
    pub build_types: Vec<TextRule>,
    /// What becomes of one that is not known and not named.
    pub unknown_type: UnknownType,
    /// What it was built from.
    pub source: ProvenanceSourceRule,
    /// The SLSA build level that builder and signer together reach.
    pub level: Option<BuildLevel>,
    /// What the external parameters are.
    pub parameters: Vec<ParameterRule>,
    /// Whether external parameters that the build type does not describe are allowed.
    pub unknown_parameters: UnknownParameters,
    /// What went into the build.
    pub dependencies: DependencyRules,
    /// How long ago it was signed at most.
    pub max_age: Option<MaxAge>,
    /// The events that must not have started the build.
    pub denied_events: Vec<String>,
    /// Whether the certificate must say that a runner of the service ran the build.
    pub hosted_runners_only: bool,
    /// Whether builders that are released may be used at any ref, not at a release alone.
    pub allows_any_builder_ref: bool,
    /// Whether every provenance by an expected signer must satisfy these rules, not one alone.
    pub all: bool,
    /// The builders that the policy vouches for, beside those that are known.
    pub known_builders: Vec<BuilderRule>,
}

/// What becomes of a build type that is not known here and that no rule names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnknownType {
    /// It is refused: what its parameters mean is not known.
    #[default]
    Refuse,
    /// It is reported. Only where no rule is about what a provenance says.
    Accept,
}

/// Whether a text can be an event: GitHub and GitLab write all of them with small letters and `_`.
pub(crate) fn is_event(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// Adds a line for each value. Values are quoted, so that none can look like another line.
fn lines(text: &mut String, what: &str, values: impl Iterator<Item = String>) {
    for value in values {
        let _ = writeln!(text, "provenance {what} {value}");
    }
}

impl Rules for ProvenanceRules {
    fn describe(&self) -> Vec<String> {
        let mut said = Vec::new();
        let listed = |rules: &[TextRule]| rules.iter().map(TextRule::to_string).collect::<Vec<_>>().join(" or ");
        if !self.builders.is_empty() {
            said.push(format!("builder {}", listed(&self.builders)));
        }
        said.push(match self.build_types.as_slice() {
            [] if self.unknown_type == UnknownType::Accept => "any build type".to_owned(),
            [] => "a build type whose parameters are known".to_owned(),
            types => format!("build type {}", listed(types)),
        });
        said.extend(self.source.describe());
        said.extend(self.level.map(|level| format!("at least {level}, by builder and signer together")));
        said.extend(self.parameters.iter().map(ToString::to_string));
        let unknown = match self.unknown_parameters {
            UnknownParameters::Allow => "external parameters that the build type does not describe are allowed",
            UnknownParameters::Refuse => "no external parameter that the build type does not describe",
        };
        said.push(unknown.to_owned());
        said.extend(self.dependencies.describe());
        said.extend(self.max_age.as_ref().map(|age| format!("signed no longer than {age} ago")));
        if !self.denied_events.is_empty() {
            said.push(format!("not started by {}", self.denied_events.join(" or ")));
        }
        if self.hosted_runners_only {
            said.push("on a runner of the service, as the certificate says".to_owned());
        }
        if self.allows_any_builder_ref {
            said.push("by any ref of a builder that is released".to_owned());
        }
        if self.all {
            said.push("every provenance of these signers that is attached".to_owned());
        }
        said
    }

    fn canonical_text(&self) -> String {
        let Self {
            builders,
            build_types,
            unknown_type,
            source,
            level,
            parameters,
            unknown_parameters,
            dependencies,
            max_age,
            denied_events,
            hosted_runners_only,
            allows_any_builder_ref,
            all,
            known_builders,
        } = self;
        let mut text = String::new();
        lines(&mut text, "builder", builders.iter().map(TextRule::canonical_text));
        lines(&mut text, "build-type", build_types.iter().map(TextRule::canonical_text));
        text.push_str(&source.canonical_text());
        lines(&mut text, "level", level.iter().map(|level| level.number().to_string()));
        lines(&mut text, "parameter", parameters.iter().map(ParameterRule::canonical_text));
        text.push_str(&dependencies.canonical_text());
        lines(&mut text, "max-age", max_age.iter().map(|age| age.duration().as_secs().to_string()));
        lines(&mut text, "denied-event", denied_events.iter().map(|event| format!("{event:?}")));
        let switches = [
            (*unknown_type == UnknownType::Accept, "any build type"),
            (*unknown_parameters == UnknownParameters::Allow, "unknown-parameters allow"),
            (*hosted_runners_only, "hosted-runners-only"),
            (*allows_any_builder_ref, "builder-ref any"),
            (*all, "all"),
        ];
        for (_, switch) in switches.into_iter().filter(|(given, _)| *given) {
            let _ = writeln!(text, "provenance {switch}");
        }
        lines(&mut text, "known-builder", known_builders.iter().map(BuilderRule::canonical_text));
        text
    }

    fn missing(&self) -> Missing {
        Missing {
            what: "provenance",
            expected: "a signed attestation of SLSA provenance v0.2 or v1".to_owned(),
            make: "`actions/attest-build-provenance` with `push-to-registry: true`, or another builder that signs"
                .to_owned(),
        }
    }

    fn all(&self) -> bool {
        self.all
    }

    fn warnings(&self, _: Date) -> Vec<(String, &'static str)> {
        self.all.then(warning_of_all).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Signer, TextRule};

    #[test]
    fn rules_that_say_nothing_leave_the_hash_as_it_was() {
        assert_eq!(ProvenanceRules::default().canonical_text(), "");
    }

    fn dependencies() -> Vec<DependencyRule> {
        vec![DependencyRule::parse("x").expect("a pattern")]
    }

    #[test]
    fn every_rule_changes_the_hash() {
        let exact = || vec![TextRule::exact("x")];
        let changes: [fn(&mut ProvenanceRules, Vec<TextRule>); 21] = [
            |rules, text| rules.builders = text,
            |rules, text| rules.build_types = text,
            |rules, _| rules.unknown_type = UnknownType::Accept,
            |rules, text| rules.source.repository = text.into_iter().next(),
            |rules, text| rules.source.reference = text.into_iter().next(),
            |rules, text| rules.source.commit = text.into_iter().next(),
            |rules, text| rules.source.tag = text.into_iter().next(),
            |rules, text| rules.source.repository_id = text.into_iter().next(),
            |rules, _| rules.level = Some(BuildLevel::Two),
            |rules, _| rules.parameters = vec![ParameterRule::parse("/a=b").expect("a rule")],
            |rules, _| rules.unknown_parameters = UnknownParameters::Allow,
            |rules, _| rules.dependencies.pinned = true,
            |rules, _| rules.dependencies.allow = dependencies(),
            |rules, _| rules.dependencies.deny = dependencies(),
            |rules, _| rules.dependencies.required = dependencies(),
            |rules, _| rules.max_age = Some("30d".parse().expect("an age")),
            |rules, _| rules.denied_events = vec!["push".to_owned()],
            |rules, _| rules.hosted_runners_only = true,
            |rules, _| rules.allows_any_builder_ref = true,
            |rules, _| rules.all = true,
            |rules, text| {
                let signer = Signer::from_flags(None, None, Some("acme/app"), None, None).expect("a signer");
                let id = text.into_iter().next().expect("a text");
                rules.known_builders = vec![BuilderRule { id, signer, level: BuildLevel::Three, source: None }];
            },
        ];
        let mut seen = std::collections::BTreeSet::from([String::new()]);
        for change in changes {
            let mut rules = ProvenanceRules::default();
            change(&mut rules, exact());
            let text = rules.canonical_text();
            assert!(text.lines().all(|line| line.starts_with("provenance ")), "{text}");
            assert!(seen.insert(text), "{rules:?}");
        }
    }
}
