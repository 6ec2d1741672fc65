//! Documents against the JSON Schemas that describe them: what is written is described, and nothing else is.

use serde_json::{Value, json};

/// What is wrong with a document, a field that the schema does not describe included.
pub fn complaints(schema: &Value, document: &Value) -> Vec<String> {
    let mut closed = schema.clone();
    close(&mut closed);
    let validator = jsonschema::draft202012::new(&closed).expect("the schema is a schema");
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Forbids every field that the schema does not describe, wherever it describes any.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.contains_key("properties") {
                object.insert("additionalProperties".to_owned(), json!(false));
            }
            object.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}
