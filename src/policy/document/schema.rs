//! JSON Schemas of values, each beside the function of [`super::fields`] that reads such a value.

use serde_json::{Value, json};

/// A part of the schema that has a name.
pub(crate) fn named(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

/// The same schema, with what it is about.
pub(crate) fn about(description: &str, mut schema: Value) -> Value {
    schema["description"] = json!(description);
    schema
}

/// The same schema, with an example.
pub(crate) fn such_as(example: &str, mut schema: Value) -> Value {
    schema["examples"] = json!([example]);
    schema
}

/// A text, which may be written as a whole number: `text`, `glob`.
pub(crate) fn text() -> Value {
    json!({"type": ["string", "integer"], "pattern": r"\S"})
}

/// A text or a truth value.
pub(crate) fn scalar() -> Value {
    json!({"type": ["string", "integer", "boolean"], "pattern": r"\S"})
}

/// A text of this form.
pub(crate) fn matching(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

/// One of these words: `word`.
pub(crate) fn words(known: &[&str]) -> Value {
    json!({"enum": known})
}

/// `true` or `false`: `switch`.
pub(crate) fn switch(description: &str) -> Value {
    about(description, json!({"type": "boolean"}))
}

/// An age: `max_age`.
pub(crate) fn age(description: &str) -> Value {
    about(description, named("age"))
}

/// One value, or a list of them: `each`.
pub(crate) fn list(description: &str, item: &Value) -> Value {
    json!({"description": description, "anyOf": [item, {"type": "array", "minItems": 1, "items": item}]})
}

/// A mapping with these keys and no others.
pub(crate) fn mapping(description: &str, required: &[&str], keys: &Value) -> Value {
    let schema =
        json!({"description": description, "type": "object", "additionalProperties": false, "properties": keys});
    with_required(schema, required)
}

/// The same mapping, with the keys that it must have.
pub(crate) fn with_required(mut schema: Value, required: &[&str]) -> Value {
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// A mapping that must have at least one of these keys.
pub(crate) fn some_of(description: &str, keys: &Value) -> Value {
    let mut schema = mapping(description, &[], keys);
    schema["minProperties"] = json!(1);
    schema
}

/// A day: `date`.
pub(crate) fn last_day() -> Value {
    let day = matching("^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$");
    about("The last day on which it works, in UTC: YYYY-MM-DD.", such_as("2027-01-31", day))
}
