//! Strict JSON, the only way bytes from outside become values.
//!
//! Signed documents are read by several programs, and an attacker's hope is that two of them read the same bytes
//! differently: Go takes the last of two equal keys, others the first. So a document with a duplicate key anywhere,
//! with bytes after its end, or nested deeper than [`MAX_DEPTH`] is refused before anything in it is believed
//! (the duplicate keys of `gitsign` and of the OCI "ambiguous manifest" advisories are this bug).

use std::collections::HashSet;
use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};

/// Nesting that a document may have, in levels of objects and arrays.
pub const MAX_DEPTH: usize = 64;

/// Why a document was not read.
#[derive(Debug, thiserror::Error)]
#[error("{reason} at line {line} column {column}")]
pub struct Error {
    reason: String,
    line: usize,
    column: usize,
    is_syntax: bool,
}

impl Error {
    /// Whether the bytes are no JSON at all, as what was cut off or garbled on its way is not; otherwise they are JSON that
    /// could be read in two ways, or of another form than was expected.
    pub fn is_syntax(&self) -> bool {
        self.is_syntax
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let place = format!(" at line {line} column {column}");
        let reason = text.strip_suffix(&place).unwrap_or(&text).to_owned();
        Self { reason, line, column, is_syntax: !error.is_data() }
    }
}

/// Reads one JSON document of the type `T`, refusing duplicate keys, trailing bytes and excessive depth.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    check(bytes)?;
    Ok(serde_json::from_slice(bytes)?)
}

/// Checks the form of one JSON document without keeping any of it.
pub fn check(bytes: &[u8]) -> Result<(), Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    Strict { depth: 0 }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(())
}

/// Walks a document and keeps nothing but the keys of the objects it is inside of.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format_args!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut keys = Keys::default();
        while let Some(key) = entries.next_key::<std::borrow::Cow<'de, str>>()? {
            if let Some(duplicate) = keys.insert(key) {
                return Err(de::Error::custom(format_args!("duplicate key `{}`", duplicate.escape_debug())));
            }
            entries.next_value_seed(inner)?;
        }
        Ok(())
    }
}

/// The keys of one object. Nearly all objects are small, and comparing a few strings is cheaper than hashing them.
#[derive(Default)]
struct Keys<'de> {
    few: Vec<std::borrow::Cow<'de, str>>,
    many: HashSet<std::borrow::Cow<'de, str>>,
}

impl<'de> Keys<'de> {
    const FEW: usize = 16;

    /// Adds a key; returns it when it was there already.
    fn insert(&mut self, key: std::borrow::Cow<'de, str>) -> Option<std::borrow::Cow<'de, str>> {
        if self.few.contains(&key) || self.many.contains(&key) {
            return Some(key);
        }
        if self.few.len() < Self::FEW {
            self.few.push(key);
        } else {
            self.many.insert(key);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        check(text.as_bytes()).expect_err("the document must be refused").to_string()
    }

    #[test]
    fn an_ordinary_document_is_read() {
        let value: serde_json::Value = from_slice(br#"{"a": [1, -2, 3.5, true, null, "x"], "b": {}}"#).expect("valid");
        assert_eq!(value["a"][5], "x");
    }

    #[test]
    fn a107_duplicate_keys_are_refused_at_any_level() {
        assert!(refusal(r#"{"a":1,"a":2}"#).contains("duplicate key `a`"));
        assert!(refusal(r#"[{"x":{"b":1,"b":1}}]"#).contains("duplicate key `b`"));
        // The same key, spelled with an escape: parsers that compare raw text miss it.
        assert!(refusal(r#"{"a":1,"\u0061":2}"#).contains("duplicate key `a`"));
    }

    #[test]
    fn duplicate_keys_beyond_the_first_few_are_refused() {
        let mut keys: Vec<String> = (0..40).map(|n| format!("\"k{n}\":0")).collect();
        keys.push("\"k33\":1".to_owned());
        assert!(refusal(&format!("{{{}}}", keys.join(","))).contains("duplicate key `k33`"));
    }

    #[test]
    fn trailing_bytes_and_depth_bombs_are_refused() {
        assert!(refusal("{} {}").contains("trailing"));
        assert!(refusal(&"[".repeat(100_000)).contains("nested deeper than 64"));
    }

    #[test]
    fn text_that_is_not_utf8_is_refused() {
        assert!(check(b"{\"a\":\"\xff\"}").is_err());
    }
}
