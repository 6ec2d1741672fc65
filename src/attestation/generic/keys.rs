//! The fields of an `attestation` requirement.

use crate::attestation::rules::{Incomplete, Keys};
use crate::policy::document::signers::ReadFile;
use crate::policy::text::TextRule;
use crate::policy::{AttestationRules, COSIGN_TYPES, FieldPath, FieldRule, FieldValue};

use crate::policy::document::fields::{Fields, each, guess, optional, or_default, pattern, text};
use crate::policy::document::problem::Problems;
use crate::policy::document::yaml::{Key, Node, Value};

const CONDITIONS: [&str; 3] = ["equals", "one-of", "absent"];

impl Keys for AttestationRules {
    const KEYS: &'static [&'static str] = &["type", "name", "fields"];
    const SEVERAL: bool = true;

    fn read(fields: &Fields<'_>, _: ReadFile<'_>, problems: &mut Problems) -> Option<Self> {
        let hint = "add `type: URI`: the predicate type, or cosign's short name for it";
        let predicate_type = fields.required("type", hint, problems).and_then(|node| predicate_type(node, problems));
        let name = optional(fields.get("name"), |node| text(node, problems));
        let rules = or_default(fields.get("fields"), |node| field_rules(node, problems));
        let predicate_type = predicate_type?;
        let name = name?.unwrap_or_else(|| predicate_type.clone());
        Some(AttestationRules { predicate_type, name, fields: rules? })
    }

    fn plain() -> Result<Self, Incomplete> {
        Err(Incomplete {
            in_file: "write the type: `attestation: {type: https://…}`",
            as_flag: "name the attestation's type instead: https://…",
        })
    }
}

fn predicate_type(node: &Node, problems: &mut Problems) -> Option<String> {
    let written = text(node, problems)?;
    let meant = AttestationRules::predicate_type_of(&written).map(str::to_owned);
    if meant.is_none() {
        let hint = format!("write the whole predicate type, such as https://…; {}", guess(&written, &short_names()));
        problems.add(node.place, format!("`{written}` is not a predicate type"), hint);
    }
    meant
}

fn short_names() -> [&'static str; COSIGN_TYPES.len()] {
    COSIGN_TYPES.map(|(short, _)| short)
}

fn field_rules(node: &Node, problems: &mut Problems) -> Option<Vec<FieldRule>> {
    let hint = "write what must stand where: `fields: {result: PASSED}`";
    let Value::Map(entries) = &node.value else {
        problems.add(node.place, format!("fields are paths with values, and this is {}", node.value.kind()), hint);
        return None;
    };
    if entries.is_empty() {
        problems.add(node.place, "there are no fields", hint);
        return None;
    }
    let read: Vec<Option<FieldRule>> = entries.iter().map(|(key, value)| field_rule(key, value, problems)).collect();
    read.into_iter().collect()
}

fn field_rule(key: &Key, node: &Node, problems: &mut Problems) -> Option<FieldRule> {
    let path = FieldPath::parse(&key.name);
    if path.is_none() {
        let hint =
            "write names with dots between them, such as review.result, or a JSON pointer such as /review/result";
        problems.add(key.place, format!("`{}` is not a path", key.name), hint);
    }
    let value = if matches!(node.value, Value::Map(_)) {
        condition(node, problems)
    } else {
        let written = scalar(node, problems);
        written.and_then(|text| pattern(TextRule::glob(&text), node, problems)).map(FieldValue::Text)
    };
    let (path, value) = (path?, value?);
    if matches!(value, FieldValue::Absent) && path.is_dotted() {
        // A dot may be a part of a name, and then the place that is empty is another one than was meant.
        let pointer = format!("/{}", path.steps().join("/"));
        let message = format!("what must be absent at `{path}` may be there under a name with a dot in it");
        problems.add(key.place, message, format!("write the place as a JSON pointer, such as {pointer}"));
        return None;
    }
    Some(FieldRule { path, value })
}

/// `{equals: …}`, `{one-of: […]}` or `{absent: true}`.
fn condition(node: &Node, problems: &mut Problems) -> Option<FieldValue> {
    let fields = Fields::of(node, "a field", &CONDITIONS, problems)?;
    match (fields.get("equals"), fields.get("one-of"), fields.get("absent")) {
        (Some(node), None, None) => scalar(node, problems).map(|text| FieldValue::Text(TextRule::exact(text))),
        (None, Some(node), None) => {
            each(node, "values", problems, scalar).map(|values| FieldValue::Text(TextRule::one_of(values)))
        }
        (None, None, Some(node)) => {
            if matches!(node.value, Value::Bool(true)) {
                return Some(FieldValue::Absent);
            }
            problems.add(
                node.place,
                "`absent` is true or not there",
                "write `{absent: true}`, or what must stand there",
            );
            None
        }
        _ if fields.has_unknown() => None,
        _ => {
            let hint =
                "write one of `{equals: VALUE}`, `{one-of: [VALUE, VALUE]}`, `{absent: true}`, or the value alone";
            problems.add(fields.first_place(), "a field must be one thing", hint);
            None
        }
    }
}

/// A text, or a number or truth value by its text.
fn scalar(node: &Node, problems: &mut Problems) -> Option<String> {
    match node.value {
        Value::Bool(value) => Some(value.to_string()),
        _ => text(node, problems),
    }
}
