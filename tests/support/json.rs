//! JSON and base64 as the Sigstore formats spell them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Encodes `bytes` in padded standard base64, the only alphabet Sigstore's protobuf JSON writes.
pub fn base64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

/// Decodes padded standard base64.
pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Writes `value` with sorted keys and no white space.
///
/// RFC 8785 also fixes numbers and escapes; log bodies and promises hold only integers and ASCII, where serde's agree with it.
pub fn canonical(value: &Value) -> Vec<u8> {
    sorted(value).to_string().into_bytes()
}

// Whether serde_json keeps insertion order depends on a feature any crate in the build may switch on.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(key, _)| key.as_str());
            members.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect()
        }
        scalar => scalar.clone(),
    }
}
