//! A value of the source that knows the way to it.

use crate::policy::Place;
use crate::policy::yaml::{Node, Value};

use super::remark::{Effect, Remark};

/// A value, and the way to it from the document's root, such as `spec.images[0].glob`.
#[derive(Debug, Clone)]
pub(super) struct Field<'a> {
    node: &'a Node,
    /// Of its key, where it has one.
    place: Place,
    path: String,
}

impl<'a> Field<'a> {
    pub(super) fn root(node: &'a Node) -> Self {
        Self { node, place: node.place, path: String::new() }
    }

    /// Returns the value behind a key. Kubernetes reads a null as no value.
    pub(super) fn field(&self, name: &str) -> Option<Self> {
        let Value::Map(entries) = &self.node.value else { return None };
        let (key, node) = entries.iter().find(|(key, _)| key.name == name)?;
        (!matches!(node.value, Value::Null)).then(|| Self { node, place: key.place, path: self.below(name) })
    }

    /// Returns the value behind a key, unless it is an empty one, which Kubernetes reads as no value.
    pub(super) fn present(&self, name: &str) -> Option<Self> {
        self.field(name).filter(|field| !field.is_empty())
    }

    /// Returns the items of a list.
    pub(super) fn items(&self) -> Option<Vec<Self>> {
        let Value::List(items) = &self.node.value else { return None };
        let item = |(position, node)| Self { node, place: node.place, path: format!("{}[{position}]", self.path) };
        Some(items.iter().enumerate().map(item).collect())
    }

    /// Returns a text that is not empty: Kubernetes reads an empty one as none.
    pub(super) fn text(&self) -> Option<String> {
        match &self.node.value {
            Value::Text(text) if !text.is_empty() => Some(text.clone()),
            Value::Integer(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// Returns a text behind a key.
    pub(super) fn text_of(&self, name: &str) -> Option<String> {
        self.field(name).and_then(|field| field.text())
    }

    /// Whether it is an empty text, list or mapping, which Kubernetes reads as no value.
    pub(super) fn is_empty(&self) -> bool {
        match &self.node.value {
            Value::Null => true,
            Value::Text(text) => text.is_empty(),
            Value::List(items) => items.is_empty(),
            Value::Map(entries) => entries.is_empty(),
            _ => false,
        }
    }

    /// Whether it is the truth value `false`.
    pub(super) fn is_false(&self) -> bool {
        matches!(self.node.value, Value::Bool(false))
    }

    /// Returns the values of keys other than these. They could mean anything, so they must not be overlooked.
    pub(super) fn unknown(&self, known: &[&str]) -> Vec<Self> {
        let Value::Map(entries) = &self.node.value else { return Vec::new() };
        entries
            .iter()
            .filter(|(key, _)| !known.contains(&key.name.as_str()))
            .map(|(key, node)| Self { node, place: key.place, path: self.below(&key.name) })
            .collect()
    }

    /// Whether a remark is about something in it.
    pub(super) fn holds(&self, remark: &Remark) -> bool {
        remark.field.starts_with(&self.path)
    }

    /// Says what became of it. The policy's name is put in front when it is known.
    pub(super) fn remark(&self, effect: Effect, message: impl Into<String>, hint: impl Into<String>) -> Remark {
        Remark { place: self.place, field: self.path.clone(), effect, message: message.into(), hint: hint.into() }
    }

    fn below(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}
