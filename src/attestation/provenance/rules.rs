//! What a provenance must say, and the fields of a `provenance` requirement.
//!
//! Every rule is about one provenance by itself: what one attestation lacks, another cannot lend it.

mod dependency;
mod flags;
mod hash;
mod level;
mod parameter;
mod source;

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::attestation::keys::{Key, declare, lines, set, set_some, some_line};
use crate::attestation::rules::{Incomplete, Keys, Missing, Rules, warning_of_all};
use crate::check::CheckId;
use crate::policy::age::MaxAge;
use crate::policy::builder::BuilderRule;
use crate::policy::document::fields::{
    Fields, each, glob, guess, max_age, optional, or_default, pattern, switch, text,
};
use crate::policy::document::problem::Problems;
use crate::policy::document::yaml::{self, Node};
use crate::policy::document::{builders, schema, shorthand};
use crate::policy::text::TextRule;

pub use dependency::{DependencyRule, DependencyRules};
pub use flags::ProvenanceFlags;
use hash::{hash_each, hash_switch};
pub use level::BuildLevel;
pub use parameter::{ExpectedValue, ParameterError, ParameterPath, ParameterRule, UnknownParameters};
pub(crate) use source::repository;
pub use source::{ProvenanceSourceRule, RepositoryError};

const SOURCE: [&str; 5] = ["repository", "ref", "commit", "tag", "repository-id"];
const DEPENDENCIES: [&str; 4] = ["pinned", "allow", "deny", "required"];
const EXPECTED: [&str; 3] = ["equals", "one-of", "absent"];

declare! {
    /// The rules for a provenance, beyond those that hold for every one.
    #[derive(Debug, Clone, Default)]
    pub struct ProvenanceRules {
        /// The builder's id is one of these; any without one.
        pub builders: Vec<TextRule> => Key {
            name: "builders",
            required: None,
            schema: || {
                let example = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v*";
                let id = schema::such_as(example, schema::about("A builder's id.", schema::text()));
                let about = "The builder is one of these, by its id: globs over the whole id, in which `*` stays inside a path segment.";
                schema::list(about, &id)
            },
            example: || json!({"builders": "https://builder.acme.example/*"}),
            read: |rules, node, at| set(&mut rules.builders, each(node, "builders", at.problems, glob)),
            describe: |rules| some_line(!rules.builders.is_empty(), || format!("builder {}", joined(&rules.builders))),
            hash: Some(|rules| hash_each("builder", &rules.builders, TextRule::canonical_text)),
        },
        /// The build type is one of these; without one, any whose description is known.
        pub build_types: Vec<TextRule> => Key {
            name: "build-types",
            required: None,
            schema: || {
                let one = schema::about("A build type.", schema::text());
                let one = schema::such_as("https://actions.github.io/buildtypes/workflow/v1", one);
                schema::list("The build type is one of these [default: any whose parameters are known].", &one)
            },
            example: || json!({"build-types": "https://acme.example/type"}),
            read: |rules, node, at| set(&mut rules.build_types, each(node, "build types", at.problems, glob)),
            describe: |rules| vec![match rules.build_types.as_slice() {
                [] if rules.unknown_type == UnknownType::Accept => "any build type".to_owned(),
                [] => "a build type whose parameters are known".to_owned(),
                types => format!("build type {}", joined(types)),
            }],
            hash: Some(|rules| hash_each("build-type", &rules.build_types, TextRule::canonical_text)),
        },
        /// What becomes of one that is not known and not named.
        pub unknown_type: UnknownType,
        /// What it was built from.
        pub source: ProvenanceSourceRule => Key {
            name: "source",
            required: None,
            schema: source_schema,
            example: || json!({"source": {"repository": "https://github.com/acme/app"}}),
            read: |rules, node, at| set(&mut rules.source, source(node, at.problems)),
            describe: |rules| rules.source.describe(),
            hash: Some(|rules| rules.source.canonical_text()),
        },
        /// The SLSA build level that builder and signer together reach.
        pub level: Option<BuildLevel> => Key {
            name: "level",
            required: None,
            schema: || {
                let about = "The SLSA build level that builder and signer together reach: `bonafide explain builders` lists the known builders.";
                schema::about(about, json!({"type": "integer", "minimum": 1, "maximum": 3}))
            },
            example: || json!({"level": 2}),
            read: |rules, node, at| set_some(&mut rules.level, builders::level(node, at.problems)),
            describe: |rules| {
                lines(&rules.level, |level| format!("at least {level}, by builder and signer together"))
            },
            hash: Some(|rules| hash_each("level", &rules.level, |level| level.number().to_string())),
        },
        /// What the external parameters are.
        pub parameters: Vec<ParameterRule> => Key {
            name: "parameters",
            required: None,
            schema: parameters_schema,
            example: || json!({"parameters": {"/workflow/ref": "refs/heads/main"}}),
            read: |rules, node, at| set(&mut rules.parameters, parameters(node, at.problems)),
            describe: |rules| lines(&rules.parameters, ToString::to_string),
            hash: Some(|rules| hash_each("parameter", &rules.parameters, ParameterRule::canonical_text)),
        },
        /// Whether external parameters that the build type does not describe are allowed.
        pub unknown_parameters: UnknownParameters => Key {
            name: "unknown-parameters",
            required: None,
            schema: || {
                let about = "Whether external parameters that the build type does not describe are allowed [default: refuse].";
                schema::about(about, schema::words(&["allow", "refuse"]))
            },
            example: || json!({"unknown-parameters": "allow"}),
            read: |rules, node, at| set(&mut rules.unknown_parameters, unknown_parameters(node, at.problems)),
            describe: |rules| vec![match rules.unknown_parameters {
                UnknownParameters::Allow => "external parameters that the build type does not describe are allowed",
                UnknownParameters::Refuse => "no external parameter that the build type does not describe",
            }.to_owned()],
            hash: Some(|rules| {
                hash_switch("unknown-parameters allow", rules.unknown_parameters == UnknownParameters::Allow)
            }),
        },
        /// What went into the build.
        pub dependencies: DependencyRules => Key {
            name: "dependencies",
            required: None,
            schema: dependencies_schema,
            example: || json!({"dependencies": {"pinned": true}}),
            read: |rules, node, at| set(&mut rules.dependencies, dependencies(node, at.problems)),
            describe: |rules| rules.dependencies.describe(),
            hash: Some(|rules| rules.dependencies.canonical_text()),
        },
        /// How long ago it was signed at most.
        pub max_age: Option<MaxAge> => Key {
            name: "max-age",
            required: None,
            schema: || schema::age("How long ago it was signed at most."),
            example: || json!({"max-age": "30d"}),
            read: |rules, node, at| set_some(&mut rules.max_age, max_age(node, at.problems)),
            describe: |rules| lines(&rules.max_age, |age| format!("signed no longer than {age} ago")),
            hash: Some(|rules| hash_each("max-age", &rules.max_age, |age| age.duration().as_secs().to_string())),
        },
        /// The events that must not have started the build.
        pub denied_events: Vec<String> => Key {
            name: "denied-events",
            required: None,
            schema: || {
                let event = schema::about("An event.", schema::matching("^[a-z_]+$"));
                let event = schema::such_as("pull_request_target", event);
                schema::list("The events that must not have started the build.", &event)
            },
            example: || json!({"denied-events": "pull_request"}),
            read: |rules, node, at| set(&mut rules.denied_events, each(node, "events", at.problems, event)),
            describe: |rules| {
                let line = || format!("not started by {}", rules.denied_events.join(" or "));
                some_line(!rules.denied_events.is_empty(), line)
            },
            hash: Some(|rules| hash_each("denied-event", &rules.denied_events, |event| format!("{event:?}"))),
        },
        /// Whether the certificate must say that a runner of the service ran the build.
        pub hosted_runners_only: bool => Key {
            name: "hosted-runners-only",
            required: None,
            schema: || {
                schema::switch("Whether the certificate must say that a runner of the service ran the build, and not one of its user.")
            },
            example: || json!({"hosted-runners-only": true}),
            read: |rules, node, at| set(&mut rules.hosted_runners_only, switch(node, at.problems)),
            describe: |rules| {
                let line = || "on a runner of the service, as the certificate says".to_owned();
                some_line(rules.hosted_runners_only, line)
            },
            hash: Some(|rules| hash_switch("hosted-runners-only", rules.hosted_runners_only)),
        },
        /// Whether builders that are released may be used at any ref, not at a release alone.
        pub allows_any_builder_ref: bool => Key {
            name: "builder-ref",
            required: None,
            schema: || {
                let about = "Whether slsa-github-generator may be used at any ref, not at a release alone [default: release].";
                schema::about(about, schema::words(&["any", "release"]))
            },
            example: || json!({"builder-ref": "any"}),
            read: |rules, node, at| {
                set(&mut rules.allows_any_builder_ref, is_word(node, "any", "release", at.problems))
            },
            describe: |rules| {
                some_line(rules.allows_any_builder_ref, || "by any ref of a builder that is released".to_owned())
            },
            hash: Some(|rules| hash_switch("builder-ref any", rules.allows_any_builder_ref)),
        },
        /// Whether every provenance by an expected signer must satisfy these rules, not one alone.
        pub all: bool => Key {
            name: "all",
            required: None,
            schema: || {
                schema::switch("Whether every provenance of an expected signer that is attached must satisfy this, not one alone.")
            },
            example: || json!({"all": true}),
            read: |rules, node, at| set(&mut rules.all, switch(node, at.problems)),
            describe: |rules| some_line(rules.all, || "every provenance of these signers that is attached".to_owned()),
            hash: Some(|rules| hash_switch("all", rules.all)),
        },
        /// The builders that the policy vouches for, beside those that are known.
        pub known_builders: Vec<BuilderRule>,
    }
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

impl Keys for ProvenanceRules {
    const OTHERS: Option<(CheckId, &'static str)> = Some((CheckId::ProvenanceOthers, "provenance"));

    fn start() -> Self {
        Self::default()
    }

    fn hash_beside(&self) -> String {
        let known = hash_each("known-builder", &self.known_builders, BuilderRule::canonical_text);
        hash_switch("any build type", self.unknown_type == UnknownType::Accept) + &known
    }

    fn plain() -> Result<Self, Incomplete> {
        Ok(Self::default())
    }
}

fn joined(rules: &[TextRule]) -> String {
    rules.iter().map(TextRule::to_string).collect::<Vec<_>>().join(" or ")
}

impl Rules for ProvenanceRules {
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

fn unknown_parameters(node: &Node, problems: &mut Problems) -> Option<UnknownParameters> {
    is_word(node, "allow", "refuse", problems)
        .map(|allows| if allows { UnknownParameters::Allow } else { UnknownParameters::Refuse })
}

/// One of two words; the second is the default.
fn is_word(node: &Node, word: &'static str, default: &'static str, problems: &mut Problems) -> Option<bool> {
    let (message, hint) = match &node.value {
        yaml::Value::Text(written) if written == word || written == default => return Some(written == word),
        yaml::Value::Text(written) => (format!("`{written}` is not known here"), guess(written, &[word, default])),
        other => (format!("expected a word, and this is {}", other.kind()), guess("", &[word, default])),
    };
    problems.add(node.place, message, hint);
    None
}

fn source(node: &Node, problems: &mut Problems) -> Option<ProvenanceSourceRule> {
    let fields = Fields::of(node, "a source", &SOURCE, problems)?;
    let nothing_there = fields.present(&SOURCE).is_empty() && !fields.has_unknown();
    if nothing_there {
        problems.add(node.place, "the source is not said", format!("expected some of: {}", SOURCE.join(", ")));
    }
    let repository = optional(fields.get("repository"), |node| source_repository(node, problems));
    let reference = optional(fields.get("ref"), |_| shorthand::full_ref(&fields, problems));
    let commit = optional(fields.get("commit"), |node| shorthand::commit(node, problems));
    let tag = optional(fields.get("tag"), |node| tag(node, problems));
    let id = optional(fields.get("repository-id"), |node| shorthand::id(node, problems));
    let rule = ProvenanceSourceRule {
        repository: repository?,
        reference: reference?,
        commit: commit?,
        tag: tag?,
        repository_id: id?,
    };
    (!nothing_there).then_some(rule)
}

fn source_repository(node: &Node, problems: &mut Problems) -> Option<TextRule> {
    let written = text(node, problems)?;
    repository(&written)
        .map_err(|error| {
            let hint = match &error {
                RepositoryError::Spelling { normal, .. } => format!("write {normal}: every spelling is brought to it"),
                RepositoryError::NoRepository(_) => {
                    "write https://HOST/OWNER/NAME; `*` may stand below the owner".to_owned()
                }
                RepositoryError::Pattern(_) => "shorten the pattern".to_owned(),
            };
            problems.add(node.place, error.to_string(), hint);
        })
        .ok()
}

/// The name of a tag, without `refs/tags/`.
fn tag(node: &Node, problems: &mut Problems) -> Option<TextRule> {
    let written = text(node, problems)?;
    if written.starts_with("refs/") {
        let hint = match written.strip_prefix("refs/tags/") {
            Some(name) => format!("write `tag: {name}`, or `ref: {written}`"),
            None => format!("write `ref: {written}`"),
        };
        problems.add(node.place, format!("`{written}` is a ref, and a tag is its last part alone"), hint);
        return None;
    }
    pattern(TextRule::glob(&written), node, problems)
}

fn parameters(node: &Node, problems: &mut Problems) -> Option<Vec<ParameterRule>> {
    let yaml::Value::Map(entries) = &node.value else {
        let message = format!("parameters are paths with what stands there, and this is {}", node.value.kind());
        problems.add(node.place, message, "write `/workflow/ref: refs/heads/main`");
        return None;
    };
    if entries.is_empty() {
        problems.add(node.place, "no parameter is named", "name at least one, or leave `parameters` out");
        return None;
    }
    let read: Vec<Option<ParameterRule>> = entries
        .iter()
        .map(|(key, value)| {
            let path = key.name.parse::<ParameterPath>().map_err(|error| {
                let ParameterError::Path { likely, .. } = &error else { return };
                let hint = format!("write it as a JSON pointer: `{likely}`");
                problems.add(key.place, error.to_string(), hint);
            });
            let expected = expected(value, problems);
            Some(ParameterRule { path: path.ok()?, expected: expected? })
        })
        .collect();
    read.into_iter().collect()
}

/// A value alone is short for `equals`.
fn expected(node: &Node, problems: &mut Problems) -> Option<ExpectedValue> {
    let yaml::Value::Map(_) = &node.value else {
        return value(node, problems).map(|value| ExpectedValue::OneOf(vec![value]));
    };
    let fields = Fields::of(node, "a parameter", &EXPECTED, problems)?;
    let hint = "write `equals: VALUE`, `one-of: [VALUE, …]` or `absent: true`";
    match (fields.get("equals"), fields.get("one-of"), fields.get("absent")) {
        (Some(node), None, None) => value(node, problems).map(|value| ExpectedValue::OneOf(vec![value])),
        (None, Some(node), None) => each(node, "values", problems, value).map(ExpectedValue::OneOf),
        (None, None, Some(Node { value: yaml::Value::Bool(true), .. })) => Some(ExpectedValue::Absent),
        (None, None, Some(node)) => {
            problems.add(node.place, "`absent: false` has no meaning", hint);
            None
        }
        (None, None, None) if fields.has_unknown() => None,
        _ => {
            problems.add(fields.first_place(), "it does not say in one way what the parameter must be", hint);
            None
        }
    }
}

/// A text, a number or a truth value, compared by how it is written.
fn value(node: &Node, problems: &mut Problems) -> Option<String> {
    match &node.value {
        yaml::Value::Bool(truth) => Some(truth.to_string()),
        yaml::Value::List(_) => {
            problems.add(node.place, "a parameter has one value, and this is a list", "write `one-of: [VALUE, …]`");
            None
        }
        _ => text(node, problems),
    }
}

fn dependencies(node: &Node, problems: &mut Problems) -> Option<DependencyRules> {
    let fields = Fields::of(node, "a rule for dependencies", &DEPENDENCIES, problems)?;
    let nothing_there = fields.present(&DEPENDENCIES).is_empty() && !fields.has_unknown();
    if nothing_there {
        let hint = format!("expected some of: {}", DEPENDENCIES.join(", "));
        problems.add(node.place, "nothing is required of the dependencies", hint);
    }
    let pinned = or_default(fields.get("pinned"), |node| switch(node, problems));
    let mut list = |name| or_default(fields.get(name), |node| each(node, "dependencies", problems, dependency_rule));
    let (allow, deny, required) = (list("allow"), list("deny"), list("required"));
    let rules = DependencyRules { pinned: pinned?, allow: allow?, deny: deny?, required: required? };
    (!nothing_there).then_some(rules)
}

fn dependency_rule(node: &Node, problems: &mut Problems) -> Option<DependencyRule> {
    let written = text(node, problems)?;
    pattern(DependencyRule::parse(&written), node, problems)
}

/// An event in the words of GitHub and GitLab, such as `pull_request_target`.
fn event(node: &Node, problems: &mut Problems) -> Option<String> {
    let written = text(node, problems)?;
    if !is_event(&written) {
        let hint = format!("write {}", written.to_lowercase().replace(['-', ' '], "_"));
        problems.add(
            node.place,
            format!("`{written}` is not an event: they are written with small letters and `_`"),
            hint,
        );
        return None;
    }
    Some(written)
}

fn source_schema() -> Value {
    let repository = "^(?!.*/\\.{1,2}(?:/|$))(?!.*\\.git$)(?!(?:https://)?git(?:hub|lab)\\.com/[^/]*$)(?:https://)?[a-z0-9-]+(?:\\.[a-z0-9-]+)+(?::[0-9]+)?/[A-Za-z0-9._~+-]+(?:/[A-Za-z0-9._~+*-]+)*$";
    let repository = schema::such_as("https://github.com/acme/app", schema::matching(repository));
    let of_repository = "The repository: https://HOST/OWNER/NAME, with `*` or `**` below the owner for several. Every spelling in a provenance is brought to this form.";
    let reference = schema::such_as("refs/tags/v*", schema::matching(r"^(?:refs/|\*\*$)"));
    let of_reference = "The git ref in full: `refs/tags/v*`, `refs/heads/main`. `*` stays inside a path segment.";
    let commit = schema::matching("^(?:[0-9a-f]{40}|[0-9a-f]{64})$");
    let tag = json!({"type": ["string", "integer"], "pattern": r"^(?!refs/)[\s\S]*\S"});
    let of_tag = "The tag, without refs/tags/: the ref is a tag, and no branch.";
    let id = json!({"anyOf": [{"type": "integer", "minimum": 0}, schema::matching("^[0-9]+$")]});
    let of_id = "The repository's number, which survives renaming and is never given to another.";
    let keys = json!({
        "repository": schema::about(of_repository, repository),
        "ref": schema::about(of_reference, reference),
        "commit": schema::about("The commit, in full.", commit),
        "tag": schema::about(of_tag, schema::such_as("v1.*", tag)),
        "repository-id": schema::about(of_id, id),
    });
    let about = "The source of the build. A property that neither the provenance nor the certificate states fails.";
    schema::some_of(about, &keys)
}

fn parameters_schema() -> Value {
    let value = |about: &str| json!({"description": about, "anyOf": [schema::text(), {"type": "boolean"}]});
    let keys = json!({
        "equals": value("The value."),
        "one-of": schema::list("One of these values.", &value("A value.")),
        "absent": {"description": "Nothing is there: missing, null and empty are the same.", "const": true},
    });
    let mut rule = schema::some_of("What the parameter must be.", &keys);
    rule["maxProperties"] = json!(1);
    json!({
        "description": "External parameters, each by its JSON pointer, such as /workflow/ref: a value, or a rule for it.",
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": "^/(?:[^~]|~[01])+$"},
        "additionalProperties": {
            "anyOf": [value("The value, compared by how it is written: true is also \"true\"."), rule],
        },
    })
}

fn dependencies_schema() -> Value {
    let about = "A dependency: a purl, an address or a repository, with `*` and `**`.";
    let allowed = schema::such_as("pkg:docker/docker.io/library/*", schema::about(about, schema::text()));
    let dependency = schema::about("A dependency.", schema::text());
    let keys = json!({
        "pinned": schema::switch("Each is named by its digest, and at least one is listed."),
        "allow": schema::list("What they may be; the source itself may always be.", &allowed),
        "deny": schema::list("What none may be.", &dependency),
        "required": schema::list("What must be among them, each of these.", &dependency),
    });
    schema::some_of("What went into the build, as far as its builder lists it.", &keys)
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
