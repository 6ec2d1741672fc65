//! Which external parameters the description of a build type knows.
//!
//! verifying-artifacts.md, step 2: "Verifiers SHOULD reject unrecognized fields in externalParameters to err on the side of
//! caution." (A211)

use serde_json::Value;

/// What a description knows of one place.
pub(super) enum Known {
    /// Any value, as the user of the build system names it.
    Anything,
    /// A text: anything else there would be passed over when it is compared.
    Text,
    /// An object with these members and no others.
    Members(&'static [(&'static str, Known)]),
}

/// What a description without external parameters knows.
pub(super) const NOTHING: Known = Known::Members(&[]);

/// Returns JSON pointers to all that is not known. Missing, null and empty are the same (build-provenance.md, "Parsing rules").
pub(super) fn unknown(parameters: &Value, known: &Known) -> Vec<String> {
    let mut pointers = Vec::new();
    collect(parameters, known, "", &mut pointers);
    pointers
}

fn collect(value: &Value, known: &Known, pointer: &str, pointers: &mut Vec<String>) {
    if is_empty(value) {
        return;
    }
    let (members, object) = match (known, value) {
        (Known::Anything, _) | (Known::Text, Value::String(_)) => return,
        (Known::Members(members), Value::Object(object)) => (members, object),
        (Known::Text | Known::Members(_), _) => return pointers.push(pointer.to_owned()),
    };
    for (key, value) in object.iter().filter(|(_, value)| !is_empty(value)) {
        let below = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
        match members.iter().find(|(name, _)| name == key) {
            Some((_, known)) => collect(value, known, &below, pointers),
            None => pointers.push(below),
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KNOWN: Known = Known::Members(&[
        ("workflow", Known::Members(&[("ref", Known::Anything), ("path", Known::Anything)])),
        ("inputs", Known::Anything),
    ]);

    #[test]
    fn a211_what_no_description_knows_is_named() {
        let parameters = json!({
            "workflow": {"ref": "r", "path": {"deep": 1}, "extra/~": 1},
            "inputs": {"any": {"thing": true}},
            "vars": {"A": "b"},
        });
        assert_eq!(unknown(&parameters, &KNOWN), ["/vars", "/workflow/extra~1~0"]);
    }

    #[test]
    fn a214_missing_null_and_empty_are_the_same() {
        let parameters = json!({"workflow": null, "vars": {}, "release": null, "list": [], "text": ""});
        assert!(unknown(&parameters, &KNOWN).is_empty());
        for nothing in [json!(null), json!({}), json!([]), json!("")] {
            assert!(unknown(&nothing, &KNOWN).is_empty());
        }
        assert_eq!(unknown(&json!({"vars": false}), &KNOWN), ["/vars"]);
    }

    #[test]
    fn a_value_of_another_form_is_unknown_as_a_whole() {
        const TEXT: Known = Known::Members(&[("ref", Known::Text)]);
        for no_text in [json!(["refs/heads/main"]), json!({"name": "main"}), json!(1), json!(true)] {
            assert_eq!(unknown(&json!({"ref": no_text}), &TEXT), ["/ref"]);
        }
        for text in [json!("refs/heads/main"), json!(""), json!(null)] {
            assert_eq!(unknown(&json!({"ref": text}), &TEXT), Vec::<String>::new());
        }
        assert_eq!(unknown(&json!({"workflow": "release.yml"}), &KNOWN), ["/workflow"]);
        assert_eq!(unknown(&json!("release.yml"), &KNOWN), [""]);
    }
}
