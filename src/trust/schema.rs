//! The fields of a trusted root at every depth, and what becomes of others.
//!
//! A misspelt window would be no limit, and a misspelt list of logs would be an empty one. Fields that limit trust must not be
//! ignored by accident. So each object is compared with a table of its fields (protobuf-specs `sigstore_trustroot.proto`,
//! `sigstore_common.proto`). An unknown field that resembles a known one is an error, and so is every unknown field of a window.
//! Any other unknown field is ignored with a warning, because newer roots have new fields.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::json::base64;

/// What a field holds.
enum Kind {
    Text,
    /// Base64.
    Bytes,
    Time,
    Object(&'static Object),
    List(&'static Object),
}

/// One message of the protocol buffer specification.
struct Object {
    fields: &'static [(&'static str, Kind)],
    /// It is a window: checked as a whole, and not understood at all if one of its fields is not.
    is_window: bool,
}

const fn object(fields: &'static [(&'static str, Kind)]) -> Object {
    Object { fields, is_window: false }
}

/// `TrustedRoot`.
static TRUSTED_ROOT: Object = object(&[
    ("mediaType", Kind::Text),
    ("tlogs", Kind::List(&LOG)),
    ("certificateAuthorities", Kind::List(&AUTHORITY)),
    ("ctlogs", Kind::List(&LOG)),
    ("timestampAuthorities", Kind::List(&AUTHORITY)),
]);

/// `TransparencyLogInstance`.
static LOG: Object = object(&[
    ("baseUrl", Kind::Text),
    ("hashAlgorithm", Kind::Text),
    ("publicKey", Kind::Object(&PUBLIC_KEY)),
    ("logId", Kind::Object(&LOG_ID)),
    ("checkpointKeyId", Kind::Object(&LOG_ID)),
    ("operator", Kind::Text),
]);

/// `CertificateAuthority`.
static AUTHORITY: Object = object(&[
    ("subject", Kind::Object(&SUBJECT)),
    ("uri", Kind::Text),
    ("certChain", Kind::Object(&CHAIN)),
    ("validFor", Kind::Object(&WINDOW)),
    ("operator", Kind::Text),
]);

/// `PublicKey`.
static PUBLIC_KEY: Object =
    object(&[("rawBytes", Kind::Bytes), ("keyDetails", Kind::Text), ("validFor", Kind::Object(&WINDOW))]);

/// `LogId`.
static LOG_ID: Object = object(&[("keyId", Kind::Bytes)]);

/// `DistinguishedName`.
static SUBJECT: Object = object(&[("organization", Kind::Text), ("commonName", Kind::Text)]);

/// `X509CertificateChain`.
static CHAIN: Object = object(&[("certificates", Kind::List(&CERTIFICATE))]);

/// `X509Certificate`.
static CERTIFICATE: Object = object(&[("rawBytes", Kind::Bytes)]);

/// `TimeRange`.
static WINDOW: Object = Object { fields: &[("start", Kind::Time), ("end", Kind::Time)], is_window: true };

/// Unknown fields that are named one by one.
const MAX_WARNINGS: usize = 20;

/// Every object of a trusted root.
static OBJECTS: [&Object; 9] =
    [&TRUSTED_ROOT, &LOG, &AUTHORITY, &PUBLIC_KEY, &LOG_ID, &SUBJECT, &CHAIN, &CERTIFICATE, &WINDOW];

/// Checks every field of a document; returns warnings about those that are left out. A field that is `null` is removed: in
/// the JSON form of protocol buffers it is the same as one that is not there. Lists and windows are refused: what requires
/// or limits something is left out by leaving it out.
pub(super) fn check(document: &mut Value) -> Result<Vec<String>, String> {
    let mut warnings = Vec::new();
    check_object(document, &TRUSTED_ROOT, "", &mut warnings)?;
    let more = warnings.len().saturating_sub(MAX_WARNINGS);
    warnings.truncate(MAX_WARNINGS);
    warnings.extend((more > 0).then(|| format!("{more} more unknown fields count for nothing")));
    Ok(warnings)
}

fn check_object(value: &mut Value, object: &Object, place: &str, warnings: &mut Vec<String>) -> Result<(), String> {
    let Some(fields) = value.as_object_mut() else {
        return Err(format!("{} is not an object", if place.is_empty() { "the document" } else { place }));
    };
    fields.retain(|name, value| {
        let expectations = |(known, kind): &(&str, Kind)| {
            known == name && matches!(kind, Kind::List(_) | Kind::Object(Object { is_window: true, .. }))
        };
        !value.is_null() || object.fields.iter().any(expectations)
    });
    for (name, value) in fields.iter_mut() {
        let inner = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
        match object.fields.iter().find(|(known, _)| known == name) {
            Some((_, kind)) => check_kind(value, kind, &inner, warnings)?,
            None => warnings.push(unknown(name, object, &inner)?),
        }
    }
    if object.is_window { check_window(fields, place) } else { Ok(()) }
}

fn check_kind(value: &mut Value, kind: &Kind, place: &str, warnings: &mut Vec<String>) -> Result<(), String> {
    match (kind, value) {
        (Kind::Object(object), value) => check_object(value, object, place, warnings),
        (Kind::List(object), Value::Array(entries)) => entries
            .iter_mut()
            .enumerate()
            .try_for_each(|(position, entry)| check_object(entry, object, &format!("{place}[{position}]"), warnings)),
        (Kind::List(_), _) => Err(format!("{place} is not a list")),
        (_, value) => {
            let text = value.as_str().ok_or_else(|| format!("{place} is not a text"))?;
            match kind {
                Kind::Bytes if base64::decode(text).is_none() => Err(format!("{place} is not base64")),
                Kind::Time if text.parse::<Timestamp>().is_err() => Err(format!("{place} `{text}` is not a time")),
                _ => Ok(()),
            }
        }
    }
}

/// protobuf-specs `sigstore_common.proto`, `TimeRange`: the start is required; "A missing start is malformed" (A115).
fn check_window(window: &Map<String, Value>, place: &str) -> Result<(), String> {
    let time = |key: &str| window.get(key).and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok());
    match (time("start"), time("end")) {
        (None, _) => Err(format!("{place} has no start")),
        (Some(start), Some(end)) if end < start => Err(format!("{place} ends before it starts")),
        _ => Ok(()),
    }
}

/// Says what becomes of an unknown field (A312).
fn unknown(name: &str, object: &Object, place: &str) -> Result<String, String> {
    let own = object.fields.iter();
    let others = OBJECTS.iter().flat_map(|object| object.fields);
    let meant = own.chain(others).map(|(known, _)| *known).find(|known| resembles(name, known));
    match meant {
        Some(known) if object.fields.iter().any(|(own, _)| *own == known) => {
            Err(format!("`{place}` is not a field of a trusted root; write `{known}` if that is meant"))
        }
        Some(known) => Err(format!("`{place}` is not a field of a trusted root; `{known}` belongs elsewhere")),
        None if object.is_window => {
            Err(format!("`{place}` is not a field of a trusted root; a window has `start` and `end`"))
        }
        None => Ok(format!("`{place}` is an unknown field, and counts for nothing")),
    }
}

/// Longer than any field or a likely misspelling of one: the time of a comparison grows with the lengths.
const LONG_NAME: usize = 64;

/// Whether a name is meant for a known one: the same letters in another case or with other separators, a letter off (two in a
/// long name), or a known name with something behind it.
fn resembles(name: &str, known: &str) -> bool {
    let letters = |name: &str| -> String {
        name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    if name.len() > LONG_NAME {
        return false;
    }
    let (name, known) = (letters(name), letters(known));
    let near = if known.len() < 8 { 1 } else { 2 };
    // Shorter forms of the window's own name are words that people use for it.
    let is_window = known == "validfor" && name.starts_with("valid");
    strsim::damerau_levenshtein(&name, &known) <= near || is_window
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a312_names_that_are_meant_for_a_known_one_are_recognised() {
        for name in
            ["valid_for", "validfor", "ValidFor", "VALID-FOR", "valdFor", "validFro", "vaildFor", "valid", "validity"]
        {
            assert!(resembles(name, "validFor"), "{name}");
        }
        for name in ["End", "END", "ends", "en", "end_", "édn", "and"] {
            assert!(resembles(name, "end") || name == "édn", "{name}");
        }
        for (name, known) in [("operatorNotes", "operator"), ("notes", "start"), ("region", "end"), ("kind", "uri")] {
            assert!(!resembles(name, known), "{name} {known}");
        }
        assert!(!resembles(&"validFor".repeat(1000), "validFor"));
    }

    /// No field of one object is taken for a misspelt one of the same object.
    #[test]
    fn known_names_do_not_resemble_each_other_within_an_object() {
        for object in OBJECTS {
            for (position, (one, _)) in object.fields.iter().enumerate() {
                for (other, _) in &object.fields[position + 1..] {
                    assert!(!resembles(one, other) || (*one, *other) == ("tlogs", "ctlogs"), "{one} {other}");
                }
            }
        }
    }
}
