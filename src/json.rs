//! Strict JSON, the only way bytes from outside become values.
//!
//! Signed documents are read by several programs, and an attacker's hope is that two of them read the same bytes
//! differently: Go takes the last of two equal keys, others the first. So a document with a duplicate key anywhere,
//! with bytes after its end, or nested deeper than [`MAX_DEPTH`] is refused before anything in it is believed
//! (the duplicate keys of `gitsign` and of the OCI "ambiguous manifest" advisories are this bug).
//!
//! A struct is read from an object and never from an array, at any depth (`objects`).

pub mod base64;
mod dates;
mod objects;
mod shapes;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};

pub use dates::stated_date;
use objects::Objects;
pub use shapes::{OneOrMore, TextOr};

/// Nesting that a document may have, in levels of objects and arrays.
pub const MAX_DEPTH: usize = 64;

/// Why a document was not read.
#[derive(Debug, thiserror::Error)]
#[error("{reason}{}", place(*line, *column))]
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
        let reason = text.strip_suffix(&place(line, column)).unwrap_or(&text).to_owned();
        Self { reason, line, column, is_syntax: !error.is_data() }
    }
}

/// Lines are counted from 1. An error in a value read earlier has no place.
fn place(line: usize, column: usize) -> String {
    if line == 0 { String::new() } else { format!(" at line {line} column {column}") }
}

/// Reads one JSON document of the type `T`, refusing duplicate keys, trailing bytes and excessive depth. Borrowed texts
/// of `T` point into `bytes`.
pub fn from_slice<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Error> {
    let text = utf8(bytes)?;
    check_text(text)?;
    from_part(text)
}

/// Reads a part of a document that was checked as a whole, or a text that nothing rests on: duplicate keys are not looked for.
pub fn from_part<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Error> {
    read_part(text, PhantomData)
}

/// Reads a part of a document as [`from_part`] does, into an existing value.
pub fn read_part<'de, S: DeserializeSeed<'de>>(text: &'de str, seed: S) -> Result<S::Value, Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = seed.deserialize(Objects(&mut deserializer))?;
    deserializer.end()?;
    Ok(read)
}

/// Reads a value that was read before as the type `T`.
pub fn from_value<'de, T: Deserialize<'de>>(value: &'de serde_json::Value) -> Result<T, Error> {
    Ok(T::deserialize(Objects(value))?)
}

/// Checks the form of one JSON document without keeping any of it.
pub fn check(bytes: &[u8]) -> Result<(), Error> {
    check_text(utf8(bytes)?)
}

fn check_text(text: &str) -> Result<(), Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Strict { depth: 0, keys: &mut Vec::new() }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(())
}

/// RFC 8259 §8.1: "JSON text … MUST be encoded using UTF-8". Looked at once for the whole text, not string by string.
fn utf8(bytes: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        Error {
            reason: "text that is not UTF-8".to_owned(),
            line: before.split(|byte| *byte == b'\n').count(),
            column: before.len() - line_start + 1,
            is_syntax: true,
        }
    })
}

/// Walks a document and keeps nothing but the keys of the objects it is inside of.
struct Strict<'keys, 'de> {
    depth: usize,
    /// Those keys, borrowed wherever they have no escapes: one list for all objects, so that an object costs no memory.
    keys: &'keys mut Vec<Cow<'de, str>>,
}

/// How the keys begin by which `serde_json` finds its own raw values. In a document such a key would make its reader parse the
/// text beside it as JSON, which is checked by nothing.
const RESERVED: &str = "$serde_json::private::";

/// Keys of one object that are compared one by one: nearly all objects are small, and that is cheaper than hashing.
const FEW: usize = 16;

impl<'de> Strict<'_, 'de> {
    fn deeper<E: de::Error>(&mut self) -> Result<Strict<'_, 'de>, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format_args!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(Strict { depth: self.depth + 1, keys: self.keys })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_, 'de> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_, 'de> {
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

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self.deeper()?)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let first = inner.keys.len();
        let mut many = HashSet::new();
        while let Some(key) = entries.next_key_seed(Key)? {
            let few = &inner.keys[first..];
            if few.contains(&key) || many.contains(&key) {
                return Err(de::Error::custom(format_args!("duplicate key `{}`", key.escape_debug())));
            }
            if key.starts_with(RESERVED) {
                return Err(de::Error::custom(format_args!("reserved key `{}`", key.escape_debug())));
            }
            if few.len() < FEW {
                inner.keys.push(key);
            } else {
                many.insert(key);
            }
            entries.next_value_seed(Strict { depth: inner.depth, keys: &mut *inner.keys })?;
        }
        inner.keys.truncate(first);
        Ok(())
    }
}

/// Reads a key as it stands in the text. (`Cow` alone would copy it.)
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
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
    fn text_that_is_not_utf8_is_refused_where_it_is_not() {
        let error = check(b"{\"a\":\n \"\xff\"}").expect_err("no UTF-8");
        assert_eq!(error.to_string(), "text that is not UTF-8 at line 2 column 3");
        assert!(error.is_syntax());
    }

    #[test]
    fn the_same_key_in_different_objects_is_no_duplicate() {
        for text in [r#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}"#, r#"[{"a":1},{"a":1}]"#] {
            assert!(check(text.as_bytes()).is_ok(), "{text}");
        }
        // Also where a key follows objects that had it.
        assert!(refusal(r#"{"b":{"a":1},"a":1,"c":[{"a":1}],"a":2}"#).contains("duplicate key `a`"));
    }

    #[test]
    fn a291_a_struct_is_read_from_an_object_alone_at_any_depth() {
        #[derive(Debug, Deserialize)]
        #[allow(dead_code)]
        struct Inner {
            a: u8,
        }
        #[derive(Debug, Deserialize)]
        #[allow(dead_code)]
        struct Newtype(Inner);
        #[derive(Debug, Deserialize)]
        #[allow(dead_code)]
        enum Choice {
            Named { a: u8 },
            Pair(u8, u8),
            Inside(Inner),
        }
        #[derive(Debug, Default, Deserialize)]
        #[allow(dead_code)]
        #[serde(default)]
        struct Outer<'a> {
            one: Option<Inner>,
            more: Vec<Inner>,
            map: std::collections::BTreeMap<String, Newtype>,
            pair: (u8, Option<Inner>),
            choice: Option<Choice>,
            boxed: Option<Box<Inner>>,
            text: Cow<'a, str>,
            #[serde(borrow)]
            raw: Option<&'a serde_json::value::RawValue>,
            lists: Vec<[u8; 2]>,
        }
        let read = |text: &str| from_slice::<Outer<'_>>(text.as_bytes()).map(|_| ()).map_err(|error| error.to_string());
        for text in [
            r#"{"one":{"a":1},"more":[{"a":1}],"map":{"x":{"a":1}},"pair":[1,{"a":1}],"boxed":{"a":1},"text":"x","raw":[1],"lists":[[1,2]]}"#,
            r#"{"choice":{"Named":{"a":1}}}"#,
            r#"{"choice":{"Pair":[1,2]}}"#,
            r#"{"choice":{"Inside":{"a":1}}}"#,
            r#"{"one":null,"raw":null}"#,
            "{}",
        ] {
            assert_eq!(read(text), Ok(()), "{text}");
        }
        for text in [
            "[]",
            r#"[{"a":1}]"#,
            r#"{"one":[1]}"#,
            r#"{"more":[[1]]}"#,
            r#"{"map":{"x":[1]}}"#,
            r#"{"pair":[1,[1]]}"#,
            r#"{"boxed":[1]}"#,
            r#"{"choice":{"Named":[1]}}"#,
            r#"{"choice":{"Inside":[1]}}"#,
        ] {
            let error = read(text).expect_err(text);
            assert!(error.starts_with("an array where an object belongs at line 1 column "), "{text}: {error}");
        }
        assert!(from_value::<Inner>(&serde_json::json!({"a": 1})).is_ok());
        assert!(from_value::<Vec<Inner>>(&serde_json::json!([[1]])).is_err());
    }

    #[test]
    fn a291_no_key_makes_the_reader_parse_a_text_that_was_not_checked() {
        // What `serde_json` reads in a value is then `{"a":2}`.
        let text = r#"{"digest":{"$serde_json::private::RawValue":"{\"a\":1,\"a\":2}"}}"#;
        assert!(refusal(text).contains("reserved key"));
        assert!(refusal(&text.replace("$serde", "\\u0024serde")).contains("reserved key"));
    }

    #[test]
    fn what_is_read_may_borrow() {
        let read: std::collections::BTreeMap<&str, &str> = from_slice(br#"{"a":"b"}"#).expect("a map");
        assert_eq!(read["a"], "b");
    }
}
