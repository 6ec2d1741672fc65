//! The fields of a `provenance` requirement.

use crate::attestation::provenance::rules::{is_event, repository};
use crate::attestation::rules::{Incomplete, Keys};
use crate::check::CheckId;
use crate::policy::document::signers::ReadFile;
use crate::policy::text::TextRule;
use crate::policy::{
    DependencyRule, DependencyRules, ExpectedValue, ParameterError, ParameterPath, ParameterRule, ProvenanceRules,
    ProvenanceSourceRule, RepositoryError, UnknownParameters, UnknownType,
};

use crate::policy::document::fields::{
    Fields, each, glob, guess, max_age, optional, or_default, pattern, switch, text,
};
use crate::policy::document::problem::Problems;
use crate::policy::document::yaml::{Node, Value};
use crate::policy::document::{builders, shorthand};

const SOURCE: [&str; 5] = ["repository", "ref", "commit", "tag", "repository-id"];
const DEPENDENCIES: [&str; 4] = ["pinned", "allow", "deny", "required"];
const EXPECTED: [&str; 3] = ["equals", "one-of", "absent"];

impl Keys for ProvenanceRules {
    const KEYS: &'static [&'static str] = &[
        "builders",
        "build-types",
        "source",
        "level",
        "parameters",
        "unknown-parameters",
        "dependencies",
        "max-age",
        "denied-events",
        "hosted-runners-only",
        "builder-ref",
        "all",
    ];
    const OTHERS: Option<(CheckId, &'static str)> = Some((CheckId::ProvenanceOthers, "provenance"));

    fn read(fields: &Fields<'_>, _: ReadFile<'_>, problems: &mut Problems) -> Option<Self> {
        let builders = or_default(fields.get("builders"), |node| each(node, "builders", problems, glob));
        let build_types = or_default(fields.get("build-types"), |node| each(node, "build types", problems, glob));
        let source = or_default(fields.get("source"), |node| source(node, problems));
        let level = optional(fields.get("level"), |node| builders::level(node, problems));
        let parameters = or_default(fields.get("parameters"), |node| parameters(node, problems));
        let unknown_parameters =
            or_default(fields.get("unknown-parameters"), |node| unknown_parameters(node, problems));
        let dependencies = or_default(fields.get("dependencies"), |node| dependencies(node, problems));
        let max_age = optional(fields.get("max-age"), |node| max_age(node, problems));
        let denied_events = or_default(fields.get("denied-events"), |node| each(node, "events", problems, event));
        let hosted_runners_only = or_default(fields.get("hosted-runners-only"), |node| switch(node, problems));
        let allows_any_builder_ref =
            or_default(fields.get("builder-ref"), |node| is_word(node, "any", "release", problems));
        let all = or_default(fields.get("all"), |node| switch(node, problems));
        Some(ProvenanceRules {
            unknown_type: UnknownType::Refuse,
            builders: builders?,
            build_types: build_types?,
            source: source?,
            level: level?,
            parameters: parameters?,
            unknown_parameters: unknown_parameters?,
            dependencies: dependencies?,
            max_age: max_age?,
            denied_events: denied_events?,
            hosted_runners_only: hosted_runners_only?,
            allows_any_builder_ref: allows_any_builder_ref?,
            all: all?,
            known_builders: Vec::new(),
        })
    }

    fn plain() -> Result<Self, Incomplete> {
        Ok(Self::default())
    }
}

fn unknown_parameters(node: &Node, problems: &mut Problems) -> Option<UnknownParameters> {
    is_word(node, "allow", "refuse", problems)
        .map(|allows| if allows { UnknownParameters::Allow } else { UnknownParameters::Refuse })
}

/// One of two words; the second is the default.
fn is_word(node: &Node, word: &'static str, default: &'static str, problems: &mut Problems) -> Option<bool> {
    let (message, hint) = match &node.value {
        Value::Text(written) if written == word || written == default => return Some(written == word),
        Value::Text(written) => (format!("`{written}` is not known here"), guess(written, &[word, default])),
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
    let Value::Map(entries) = &node.value else {
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
    let Value::Map(_) = &node.value else {
        return value(node, problems).map(|value| ExpectedValue::OneOf(vec![value]));
    };
    let fields = Fields::of(node, "a parameter", &EXPECTED, problems)?;
    let hint = "write `equals: VALUE`, `one-of: [VALUE, …]` or `absent: true`";
    match (fields.get("equals"), fields.get("one-of"), fields.get("absent")) {
        (Some(node), None, None) => value(node, problems).map(|value| ExpectedValue::OneOf(vec![value])),
        (None, Some(node), None) => each(node, "values", problems, value).map(ExpectedValue::OneOf),
        (None, None, Some(Node { value: Value::Bool(true), .. })) => Some(ExpectedValue::Absent),
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
        Value::Bool(truth) => Some(truth.to_string()),
        Value::List(_) => {
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
        problems.add(node.place, "nothing is demanded of the dependencies", hint);
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
