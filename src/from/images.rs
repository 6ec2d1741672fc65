//! What formats have in common: how one is declared, and the images of a file as they are found.

use std::collections::HashSet;

use crate::oci::Platform;
use crate::policy::lines;
use crate::policy::yaml::{Node, Value};

use super::model::{Found, MOST_IMAGES, Named, Open, Position};
use super::variables::Expanded;

/// A format whose documents are YAML (or JSON, a subset).
pub(super) struct Format {
    /// Its name in messages.
    pub(super) name: &'static str,
    /// Whether a document, in a file of this path, has this format.
    pub(super) is: fn(&str, &Node) -> bool,
    /// Finds the images of a document.
    pub(super) read: fn(&Node, &mut Images<'_>),
}

/// Collects images, each once for each place.
pub(super) struct Images<'a> {
    text: &'a str,
    found: Vec<Found>,
    seen: HashSet<(Named, Position)>,
}

impl<'a> Images<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, found: Vec::new(), seen: HashSet::new() }
    }

    /// Adds the image that a value names. An empty value names none.
    pub(super) fn value(&mut self, value: &Node, role: &str, expand: impl FnOnce(&str) -> Expanded) {
        match &value.value {
            Value::Null => {}
            Value::Text(text) => self.expanded(text, expand(text), position(value), role),
            other => self.open(other.kind().to_owned(), Open::Form("it is not a text"), position(value), role),
        }
    }

    /// Adds what the name of an image became.
    pub(super) fn expanded(&mut self, text: &str, expanded: Expanded, place: Position, role: &str) {
        self.on_platform(text, expanded, (place, role), None);
    }

    /// Adds the same, on the platform that the file asks for.
    pub(super) fn on_platform(
        &mut self,
        text: &str,
        expanded: Expanded,
        (place, role): (Position, &str),
        platform: Option<&Platform>,
    ) {
        match expanded {
            Ok(references) => {
                for reference in references {
                    self.add(Named::Reference(reference), place, role, platform.cloned());
                }
            }
            Err(variables) => self.open(text.to_owned(), Open::Variables(variables), place, role),
        }
    }

    /// Adds an image that the file leaves open.
    pub(super) fn open(&mut self, text: String, why: Open, place: Position, role: &str) {
        self.add(Named::Open { text, why }, place, role, None);
    }

    /// One more than are verified is enough to refuse the file.
    fn add(&mut self, image: Named, place: Position, role: &str, platform: Option<Platform>) {
        if self.found.len() <= MOST_IMAGES && self.seen.insert((image.clone(), place)) {
            self.found.push(Found { image, place, platform, role: role.to_owned() });
        }
    }

    /// Adds an image of a file within this one.
    pub(super) fn found_within(&mut self, found: Found, place: Position, role: &str) {
        self.add(found.image, place, role, found.platform);
    }

    /// Whether an image was found at a place.
    pub(super) fn have(&self, place: Position) -> bool {
        self.found.iter().any(|found| found.place == place)
    }

    /// The text of a line.
    pub(super) fn line(&self, number: usize) -> &'a str {
        lines(self.text).nth(number.saturating_sub(1)).unwrap_or_default()
    }

    /// Returns all of them in the order of the file.
    pub(super) fn finish(mut self) -> Vec<Found> {
        self.found.sort_by_key(|found| found.place);
        self.found
    }
}

pub(super) fn position(node: &Node) -> Position {
    Position { line: node.place.line, column: node.place.column }
}
