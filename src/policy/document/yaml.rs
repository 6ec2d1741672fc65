//! YAML as a tree in which every key and value knows its place. Bounded in size, nodes, depth and aliases.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::MergeKeyPolicy;
use serde_saphyr::{Error, Location, Spanned};

use super::problem::{Place, Problem};

/// Bytes that a policy file may have.
const MAX_BYTES: usize = 1024 * 1024;
/// Values that it may have, those that aliases repeat counted each time (A259).
const MAX_NODES: usize = 20_000;
/// Documents of a stream.
const MAX_DOCUMENTS: usize = 256;
/// How deep they may be nested.
const MAX_DEPTH: usize = 32;

/// A value and its place: of what an alias repeats, the place where it is written.
#[derive(Debug, Clone)]
pub(in crate::policy) struct Node {
    pub(in crate::policy) value: Value,
    pub(in crate::policy) place: Place,
}

/// A value of YAML's core schema.
#[derive(Debug, Clone)]
pub(in crate::policy) enum Value {
    Null,
    Bool,
    Integer(i64),
    /// A number with a fraction, or one that is no decimal integer.
    Number,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Debug, Clone)]
pub(in crate::policy) struct Key {
    pub(in crate::policy) name: String,
    pub(in crate::policy) place: Place,
}

impl Value {
    /// Returns what it is, in a person's words.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool => "true or false",
            Self::Integer(_) | Self::Number => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "fields",
        }
    }
}

/// Reads one document.
pub(super) fn parse(text: &str) -> Result<Node, Problem> {
    refuse_too_long(text)?;
    let options = serde_saphyr::options! {
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_nodes: MAX_NODES,
            max_depth: MAX_DEPTH,
            max_documents: 1,
        },
    };
    let tree: Spanned<Tree> = serde_saphyr::from_str_with_options(text, options).map_err(|error| problem(&error))?;
    Ok(node(tree, text))
}

/// Reads every document of a stream, all of them together within the bounds of one.
pub(in crate::policy) fn parse_stream(text: &str) -> Result<Vec<Node>, Problem> {
    refuse_too_long(text)?;
    let options = serde_saphyr::options! {
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_nodes: MAX_NODES,
            max_depth: MAX_DEPTH,
            max_documents: MAX_DOCUMENTS,
        },
    };
    let trees: Vec<Spanned<Tree>> =
        serde_saphyr::from_str_multiple_with_options(text, options).map_err(|error| problem(&error))?;
    Ok(trees.into_iter().map(|tree| node(tree, text)).collect())
}

fn refuse_too_long(text: &str) -> Result<(), Problem> {
    if text.len() <= MAX_BYTES {
        return Ok(());
    }
    Err(Problem {
        place: Place { line: 1, column: 1, length: 1 },
        message: format!("the file has {} bytes; a policy may have {MAX_BYTES}", text.len()),
        hint: Some("split the policy by what it is about, and give each run the one it needs".to_owned()),
    })
}

fn problem(error: &Error) -> Problem {
    let place = error.location().map_or(Place { line: 1, column: 1, length: 1 }, |location| place(location, ""));
    let error = error.without_snippet();
    let (message, hint) = match error {
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().map_or_else(|| "a key".to_owned(), |key| format!("the key `{key}`"));
            (format!("{key} is there twice"), "remove one of the two: the policy must say what it means")
        }
        Error::MergeKeyNotAllowed { .. } => {
            ("merge keys (`<<`) are not read".to_owned(), "repeat a whole value with an anchor: `&name` and `*name`")
        }
        Error::Budget { .. } | Error::AliasReplayLimitExceeded { .. } => too_much(),
        // Within what an alias repeats, the same error comes wrapped in its text.
        other if ["budget breached", "recursion limit"].iter().any(|word| other.to_string().contains(word)) => {
            too_much()
        }
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            ("an alias stands inside of what it repeats".to_owned(), "write it out")
        }
        other => (
            without_place(&other.to_string()),
            "this is not YAML: check the indentation, and quote texts with `: `, `#` or `*`",
        ),
    };
    Problem { place, message, hint: Some(hint.to_owned()) }
}

fn too_much() -> (String, &'static str) {
    (
        format!("more than {MAX_NODES} values, more than one document, or nested deeper than {MAX_DEPTH}"),
        "a policy is one short document; aliases count as what they repeat",
    )
}

/// The crate says the place behind its message; here it stands in front.
fn without_place(message: &str) -> String {
    message.split(" at line ").next().unwrap_or(message).replace('\n', " ")
}

fn place(location: Location, text: &str) -> Place {
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX).max(1);
    let span = location.span();
    // A value may go over several lines, of which the first is shown.
    let start = span.byte_offset().and_then(|offset| usize::try_from(offset).ok()).unwrap_or(usize::MAX);
    let length = usize::try_from(span.len()).unwrap_or(1);
    let on_this_line =
        text.get(start..).map_or(length, |rest| rest.lines().next().unwrap_or_default().chars().count().min(length));
    Place { line: number(location.line()), column: number(location.column()), length: on_this_line.max(1) }
}

/// As the parser hands it out.
#[derive(Debug)]
enum Tree {
    Leaf(Value),
    List(Vec<Spanned<Tree>>),
    Map(Vec<(Spanned<String>, Spanned<Tree>)>),
}

fn node(tree: Spanned<Tree>, text: &str) -> Node {
    let place = place(tree.defined, text);
    let value = match tree.value {
        Tree::Leaf(value) => value,
        Tree::List(items) => Value::List(items.into_iter().map(|item| node(item, text)).collect()),
        Tree::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| (Key { place: self::place(key.defined, text), name: key.value }, node(value, text)))
                .collect(),
        ),
    };
    Node { value, place }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf(Value::Bool))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Leaf(Value::Integer(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Leaf(i64::try_from(value).map_or(Value::Number, Value::Integer)))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Tree, E> {
        Ok(Tree::Leaf(Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Leaf(Value::Text(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key()? {
            entries.push((key, access.next_value()?));
        }
        Ok(Tree::Map(entries))
    }
}
