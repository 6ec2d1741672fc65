//! The rules for an attestation of any type, and the fields of an `attestation` requirement.

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::attestation::keys::{Key, declare, lines, set};
use crate::attestation::rules::{Incomplete, Keys, Missing, Rules};
use crate::attestation::types::Kind;
use crate::policy::document::fields::{Fields, each, guess, pattern, text};
use crate::policy::document::problem::Problems;
use crate::policy::document::schema;
use crate::policy::document::yaml::{self, Node};
use crate::policy::path::FieldPath;
use crate::policy::text::TextRule;

/// The short names of `cosign attest --type` (cosign `cmd/cosign/cli/options/predicate.go`), and what they stand for.
pub const COSIGN_TYPES: [(&str, &str); 10] = [
    ("custom", "https://cosign.sigstore.dev/attestation/v1"),
    ("cyclonedx", "https://cyclonedx.org/bom"),
    ("link", "https://in-toto.io/Link/v1"),
    ("openvex", "https://openvex.dev/ns"),
    ("slsaprovenance", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance02", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance1", "https://slsa.dev/provenance/v1"),
    ("spdx", "https://spdx.dev/Document"),
    ("spdxjson", "https://spdx.dev/Document"),
    ("vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"),
];

declare! {
    /// The type of an attestation, and what must stand in it.
    #[derive(Debug, Clone)]
    pub struct AttestationRules {
        /// The predicate type, compared exactly.
        pub predicate_type: String => Key {
            name: "type",
            required: Some("add `type: URI`: the predicate type, or cosign's short name for it"),
            schema: || {
                let forms = json!([schema::words(&short_names()), schema::matching(r"^\S*[:/]\S*$")]);
                let forms = schema::such_as("https://acme.example/review/v1", json!({"anyOf": forms}));
                schema::about("The predicate type, compared exactly, or cosign's short name for it.", forms)
            },
            example: || json!({"type": "https://acme.example/other/v1"}),
            read: |rules, node, at| set(&mut rules.predicate_type, predicate_type(node, at.problems)),
            describe: |rules| vec![format!("of type {}", rules.predicate_type)],
            hash: Some(|rules| format!("type {:?}\n", rules.predicate_type)),
        },
        /// What reports call it.
        pub name: String => Key {
            name: "name",
            required: None,
            schema: || schema::about("What reports call it [default: the type].", schema::text()),
            example: || json!({"name": "review"}),
            read: |rules, node, at| set(&mut rules.name, text(node, at.problems)),
            // The name of the requirement says it, and is in the hash.
            describe: |_| Vec::new(),
            hash: None,
        },
        /// Every one of them must hold.
        pub fields: Vec<FieldRule> => Key {
            name: "fields",
            required: None,
            schema: fields_schema,
            example: || json!({"fields": {"result": "PASSED"}}),
            read: |rules, node, at| set(&mut rules.fields, field_rules(node, at.problems)),
            describe: |rules| lines(&rules.fields, |field| match &field.value {
                FieldValue::Text(rule) => format!("{}: {rule}", field.path),
                FieldValue::Absent => format!("{}: absent", field.path),
            }),
            hash: Some(|rules| {
                let value = |field: &FieldRule| match &field.value {
                    FieldValue::Text(rule) => rule.canonical_text(),
                    FieldValue::Absent => "absent".to_owned(),
                };
                lines(&rules.fields, |field| format!("field {:?} {}\n", field.path.as_str(), value(field))).concat()
            }),
        },
    }
}

/// What must stand in one place of the predicate.
#[derive(Debug, Clone)]
pub struct FieldRule {
    /// The place.
    pub path: FieldPath,
    /// What must stand there.
    pub value: FieldValue,
}

/// What must stand in a field.
#[derive(Debug, Clone)]
pub enum FieldValue {
    /// A text, a number or a truth value whose text matches this.
    Text(TextRule),
    /// Nothing at all.
    Absent,
}

impl AttestationRules {
    /// Rules that ask for the type alone.
    pub fn of_type(predicate_type: &str) -> Self {
        Self { predicate_type: predicate_type.to_owned(), name: predicate_type.to_owned(), fields: Vec::new() }
    }

    /// Returns the predicate type: a URI, or one of cosign's short names. `None` for other texts.
    pub fn predicate_type_of(written: &str) -> Option<&str> {
        let short = COSIGN_TYPES.iter().find(|(short, _)| *short == written).map(|(_, full)| *full);
        let is_uri = written.contains([':', '/']) && !written.contains(char::is_whitespace);
        short.or_else(|| is_uri.then_some(written))
    }
}

impl Keys for AttestationRules {
    const SEVERAL: bool = true;

    /// The type is a key that must be there.
    fn start() -> Self {
        Self::of_type("")
    }

    fn finish(self) -> Self {
        let name = if self.name.is_empty() { self.predicate_type.clone() } else { self.name };
        Self { name, ..self }
    }

    fn plain() -> Result<Self, Incomplete> {
        Err(Incomplete {
            in_file: "write the type: `attestation: {type: https://…}`",
            as_flag: "name the attestation's type instead: https://…",
        })
    }
}

impl Rules for AttestationRules {
    fn missing(&self) -> Missing {
        Missing {
            what: "attestation of the type",
            expected: format!("a signed attestation of type {}", self.predicate_type),
            make: format!("`cosign attest --type {} --predicate FILE IMAGE@DIGEST`", self.predicate_type),
        }
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    /// A kind that is known and asked for by its type alone (A292).
    fn warnings(&self, _: Date) -> Vec<(String, &'static str)> {
        let known = Kind::of_family(&self.predicate_type).and_then(|kind| kind.types().by_type);
        let warning = |(missing, hint)| (format!("`attestation` of type {} {missing}", self.predicate_type), hint);
        known.map(warning).into_iter().collect()
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
    let yaml::Value::Map(entries) = &node.value else {
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

fn field_rule(key: &yaml::Key, node: &Node, problems: &mut Problems) -> Option<FieldRule> {
    let path = FieldPath::parse(&key.name);
    if path.is_none() {
        let hint =
            "write names with dots between them, such as review.result, or a JSON pointer such as /review/result";
        problems.add(key.place, format!("`{}` is not a path", key.name), hint);
    }
    let value = if matches!(node.value, yaml::Value::Map(_)) {
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
    let fields = Fields::of(node, "a field", &["equals", "one-of", "absent"], problems)?;
    match (fields.get("equals"), fields.get("one-of"), fields.get("absent")) {
        (Some(node), None, None) => scalar(node, problems).map(|text| FieldValue::Text(TextRule::exact(text))),
        (None, Some(node), None) => {
            each(node, "values", problems, scalar).map(|values| FieldValue::Text(TextRule::one_of(values)))
        }
        (None, None, Some(node)) => {
            if matches!(node.value, yaml::Value::Bool(true)) {
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
        yaml::Value::Bool(value) => Some(value.to_string()),
        _ => text(node, problems),
    }
}

fn fields_schema() -> Value {
    let about = "A text with the wildcards `*` and `**`, a number, true or false.";
    let keys = json!({
        "equals": schema::about("Exactly this.", schema::scalar()),
        "one-of": schema::list("Exactly one of these.", &schema::scalar()),
        "absent": {"description": "Nothing may be there.", "const": true},
    });
    let mut condition = schema::some_of("One condition.", &keys);
    condition["maxProperties"] = json!(1);
    json!({
        "description": "What must stand where in the predicate. Paths are names with dots between them, or JSON pointers.",
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": r"^(?:/(?:[^~]|~[01])*|[^./][^.]*(?:\.[^.]+)*)$"},
        "additionalProperties": {"anyOf": [schema::about(about, schema::scalar()), condition]},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_a_uri_or_a_name_that_cosign_knows() {
        let meant = AttestationRules::predicate_type_of;
        assert_eq!(meant("slsaprovenance"), Some("https://slsa.dev/provenance/v0.2"));
        assert_eq!(meant("custom"), Some("https://cosign.sigstore.dev/attestation/v1"));
        assert_eq!(meant("https://acme.example/review/v1"), Some("https://acme.example/review/v1"));
        assert_eq!(meant("cosign.sigstore.dev/attestation/vuln/v1"), Some("cosign.sigstore.dev/attestation/vuln/v1"));
        for text in ["review", "", "https://acme.example/ review", "SPDX"] {
            assert_eq!(meant(text), None, "{text:?}");
        }
    }

    /// What a policy calls a kind is what a statement of that type is judged as.
    #[test]
    fn a292_policies_and_statements_know_the_same_kinds() {
        let types = [
            "https://slsa.dev/provenance/v0.1",
            "https://in-toto.io/Provenance/v0.1",
            "https://spdx.dev/Document/v2.3",
            "https://spdx.dev/Document/v3.0.1",
            "https://cyclonedx.org/bom/v1.6",
            "https://cyclonedx.org/schema",
            "https://slsa.dev/verification_summary/v0.2",
            "https://slsa.dev/verification_summary/v1",
            "cosign.sigstore.dev/attestation/vuln/v1",
            "https://in-toto.io/attestation/vulns/v0.1",
            "https://in-toto.io/attestation/vulns/v0.2",
            "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "https://json.schemastore.org/sarif-2.1.0.json",
            "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json",
            "https://openvex.dev/ns/v0.2.0",
            "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json",
            "https://acme.example/review/v1",
            "https://in-toto.io/attestation/link/v0.3",
            "https://sigstore.dev/cosign/sign/v1",
        ];
        for predicate_type in types.into_iter().chain(COSIGN_TYPES.map(|(_, full)| full)) {
            let kind = Kind::of_type(predicate_type);
            let expected = Some(kind).filter(|kind| !matches!(kind, Kind::Signature | Kind::Attestation));
            assert_eq!(Kind::of_family(predicate_type), expected, "{predicate_type}");
        }
    }
}
