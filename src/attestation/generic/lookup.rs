//! One value of a JSON document by its path, without a tree of the rest: documents are large and written by strangers.

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::json;

/// What stands at a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// No such field, or `null`, which says as much.
    Nothing,
    /// A text, or the text of a number or truth value.
    Scalar(String),
    List,
    Object,
}

impl Found {
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Nothing => "nothing there".to_owned(),
            Self::Scalar(text) => text.clone(),
            Self::List => "a list".to_owned(),
            Self::Object => "an object".to_owned(),
        }
    }
}

/// Follows a path. With `unwrap`, a text at `Data` that is itself a JSON document is followed into: `cosign attest` without a
/// type stores what it is given so.
pub(super) fn at(document: &str, steps: &[String], unwrap: bool) -> Found {
    let Some((first, rest)) = steps.split_first() else { return value(document) };
    let Some(inside) = step(document, first) else { return Found::Nothing };
    if unwrap && first == "Data" && !rest.is_empty() && inside.starts_with('"') {
        let text: String = json::from_part(inside).unwrap_or_default();
        return if json::check(text.as_bytes()).is_ok() { at(&text, rest, false) } else { Found::Nothing };
    }
    at(inside, rest, false)
}

/// The text of one member or item.
fn step<'a>(document: &'a str, name: &str) -> Option<&'a str> {
    json::read_part(document, Step(name)).ok().flatten().map(RawValue::get)
}

fn value(text: &str) -> Found {
    let text = text.trim();
    match text.as_bytes().first() {
        Some(b'{') => Found::Object,
        Some(b'[') => Found::List,
        Some(b'"') => json::from_part(text).map_or(Found::Nothing, Found::Scalar),
        Some(b'n') | None => Found::Nothing,
        Some(_) => Found::Scalar(text.to_owned()),
    }
}

/// Keeps one member or item and passes over the others.
struct Step<'s>(&'s str);

impl<'de> DeserializeSeed<'de> for Step<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Step<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = entries.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == self.0 {
                found = Some(entries.next_value()?);
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        // RFC 6901 §4: a position has no zero in front.
        let wanted: Option<usize> = self.0.parse().ok().filter(|number: &usize| number.to_string() == self.0);
        let (mut position, mut found) = (0, None);
        while let Some(item) = items.next_element::<&'de RawValue>()? {
            if Some(position) == wanted {
                found = Some(item);
            }
            position += 1;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str =
        r#"{"a": {"b": [{"c": "x"}, 1.10, true]}, "e/f": "y", "Data": "{\"r\": {\"s\": 1}}", "k\u0065y": "z"}"#;

    fn found(path: &[&str]) -> Found {
        at(DOCUMENT, &path.iter().map(|step| (*step).to_owned()).collect::<Vec<_>>(), true)
    }

    fn scalar(text: &str) -> Found {
        Found::Scalar(text.to_owned())
    }

    #[test]
    fn members_and_items_are_followed() {
        assert_eq!(found(&["a", "b", "0", "c"]), scalar("x"));
        assert_eq!(found(&["a", "b", "1"]), scalar("1.10"), "a number keeps its spelling");
        assert_eq!(found(&["a", "b", "2"]), scalar("true"));
        assert_eq!(found(&["e/f"]), scalar("y"));
        assert_eq!(found(&["key"]), scalar("z"), "a key may be written with escapes");
        assert_eq!((found(&["a"]), found(&["a", "b"])), (Found::Object, Found::List));
    }

    #[test]
    fn what_is_not_there_is_nothing() {
        for path in
            [&["b"] as &[&str], &["a", "b", "3"], &["a", "b", "00"], &["a", "b", "-1"], &["e/f", "0"], &["a", ""]]
        {
            assert_eq!(found(path), Found::Nothing, "{path:?}");
        }
    }

    #[test]
    fn a_document_in_a_text_is_followed_into_where_cosign_puts_one() {
        assert_eq!(found(&["Data", "r", "s"]), scalar("1"));
        assert_eq!(found(&["Data"]), scalar(r#"{"r": {"s": 1}}"#));
        let path = ["Data".to_owned(), "r".to_owned()];
        assert_eq!(at(DOCUMENT, &path, false), Found::Nothing);
        assert_eq!(at(r#"{"Data": "{\"r\": 1, \"r\": 2}"}"#, &path, true), Found::Nothing, "read in two ways");
    }
}
