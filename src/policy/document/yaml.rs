//! YAML as a tree in which every key and value has its place in the file. Size, nodes, depth and aliases are limited.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::options::MergeKeyPolicy;
use serde_saphyr::{Error, Location, Spanned};

use super::problem::{Place, Problem, lines};

/// How much a file may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Bytes.
    pub(crate) bytes: usize,
    /// Values, those that aliases repeat counted each time (A259).
    pub(crate) nodes: usize,
    /// Documents of a stream.
    pub(crate) documents: usize,
    /// How deep values may be nested.
    pub(crate) depth: usize,
    /// Whether merge keys (`<<`) put a mapping into another.
    pub(crate) merges: bool,
}

/// What a policy file may hold.
const POLICY: Bounds = Bounds { bytes: 1024 * 1024, nodes: 20_000, documents: 256, depth: 32, merges: false };

/// A value and its place: of what an alias repeats, the place where it is written.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) place: Place,
}

impl Node {
    /// A mapping has no length of its own: its first key stands for it.
    pub(crate) fn first_place(&self) -> Place {
        match &self.value {
            Value::Map(entries) => entries.first().map_or(self.place, |(key, _)| key.place),
            _ => self.place,
        }
    }
}

/// A value of YAML's core schema.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    /// A number with a fraction, or one that is not a decimal integer.
    Number,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) place: Place,
}

impl Value {
    /// Returns its kind, in words.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Integer(_) | Self::Number => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "fields",
        }
    }
}

/// Reads one document.
pub(crate) fn parse(text: &str) -> Result<Node, Problem> {
    refuse_what_is_no_text(text, &POLICY)?;
    let bounds = Bounds { documents: 1, ..POLICY };
    let tree: Spanned<Tree> = serde_saphyr::from_str_with_options(text, options(&bounds))
        .map_err(|error| tab(text).unwrap_or_else(|| problem(&error, text, &bounds)))?;
    Ok(node(tree, text))
}

/// Reads every document of a stream, all of them together within the bounds of one.
pub(crate) fn parse_stream(text: &str) -> Result<Vec<Node>, Problem> {
    read_stream(text, &POLICY)
}

/// Reads every document of a YAML stream that holds no policy, within these bounds.
pub(crate) fn read_stream(text: &str, bounds: &Bounds) -> Result<Vec<Node>, Problem> {
    refuse_what_is_no_text(text, bounds)?;
    let trees: Vec<Spanned<Tree>> = serde_saphyr::from_str_multiple_with_options(text, options(bounds))
        .map_err(|error| tab(text).unwrap_or_else(|| problem(&error, text, bounds)))?;
    Ok(trees.into_iter().map(|tree| node(tree, text)).collect())
}

fn options(bounds: &Bounds) -> serde_saphyr::Options {
    serde_saphyr::options! {
        merge_keys: if bounds.merges { MergeKeyPolicy::Merge } else { MergeKeyPolicy::Error },
        strict_booleans: true,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_nodes: bounds.nodes,
            max_depth: bounds.depth,
            max_documents: bounds.documents,
        },
    }
}

fn refuse_what_is_no_text(text: &str, bounds: &Bounds) -> Result<(), Problem> {
    if text.len() > bounds.bytes {
        return Err(Problem {
            place: Place { line: 1, column: 1, length: 1 },
            message: format!("the file has more than {} bytes", bounds.bytes),
            hint: Some("is this a policy? if so, split it by image, and give each run the part it needs".to_owned()),
        });
    }
    control_character(text).map_or(Ok(()), Err)
}

/// YAML 1.2.2 §5.1: of the control characters, a document has tab, line feed and carriage return, and no other.
fn control_character(text: &str) -> Option<Problem> {
    lines(text).enumerate().find_map(|(line, content)| {
        let column = content.chars().position(|c| c.is_control() && !matches!(c, '\t' | '\u{85}'))?;
        let found = content.chars().nth(column).map_or(0, u32::from);
        Some(Problem {
            place: Place { line: line + 1, column: column + 1, length: 1 },
            message: format!("a control character (U+{found:04X})"),
            hint: Some("not a text file, or a damaged one: remove the character".to_owned()),
        })
    })
}

/// YAML 1.2.2 §6.1: tabs do not indent. The parser says so of the line above, or of something else.
fn tab(text: &str) -> Option<Problem> {
    lines(text).enumerate().find_map(|(line, content)| {
        let indent = &content[..content.len() - content.trim_start().len()];
        let column = indent.chars().position(|character| character == '\t').filter(|_| indent.len() < content.len())?;
        Some(Problem {
            place: Place { line: line + 1, column: column + 1, length: 1 },
            message: "a line is indented with a tab".to_owned(),
            hint: Some("indent with spaces: YAML takes no tabs".to_owned()),
        })
    })
}

fn problem(error: &Error, text: &str, bounds: &Bounds) -> Problem {
    let mut place = error.location().map_or(Place { line: 1, column: 1, length: 1 }, |location| place(location, ""));
    let error = error.without_snippet();
    let (message, hint) = match error {
        Error::UnknownAnchor { .. } => return unknown_anchor(place, text),
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().map_or_else(|| "a key".to_owned(), |key| format!("the key `{key}`"));
            (format!("{key} occurs twice"), "remove one of the two: the policy must say what it means")
        }
        Error::MergeKeyNotAllowed { .. } => {
            ("merge keys (`<<`) are not read".to_owned(), "repeat a whole value with an anchor: `&name` and `*name`")
        }
        Error::Budget { breach: BudgetBreach::Documents { .. }, .. } | Error::MultipleDocuments { .. } => (
            "a second document begins here".to_owned(),
            "a policy is one document: remove `---`, and put all rules below one `images:`",
        ),
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => too_deep(bounds.depth),
        Error::Budget { .. } | Error::AliasReplayLimitExceeded { .. } => too_much(bounds.nodes),
        // Within what an alias repeats, the same error comes wrapped in its text.
        other if other.to_string().contains("recursion limit") => too_deep(bounds.depth),
        other if other.to_string().contains("budget breached") => too_much(bounds.nodes),
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            ("an alias stands inside the value that it repeats".to_owned(), "write out the value instead of the alias")
        }
        other => {
            let said = without_place(&other.to_string());
            let is_quote = ["multiline quoted scalar", "unclosed quote"].iter().any(|known| said.contains(known));
            match open_quote(place.line, text).filter(|_| is_quote) {
                Some(problem) => return problem,
                None => syntax(&said),
            }
        }
    };
    if place.length == 1 {
        place.length = word_at(place, text).chars().count().max(1);
    }
    Problem { place, message, hint: Some(hint.to_owned()) }
}

/// Rewords the parser's error about text that is not YAML for the author of the file.
fn syntax(said: &str) -> (String, &'static str) {
    const KNOWN: [(&str, &str, &str); 2] = [
        (
            "mapping values are not allowed",
            "there cannot be a key and a value here",
            "if this is a key, indent it as the keys beside it; if it is part of a text with `: `, put the text in quotes",
        ),
        (
            "illegal placement of ':'",
            "there cannot be a key and a value here",
            "close the bracket that is open above, or put the text in quotes",
        ),
    ];
    match KNOWN.iter().find(|(pattern, ..)| said.contains(pattern)) {
        Some((_, message, hint)) => ((*message).to_owned(), hint),
        None => (said.to_owned(), "this is not YAML: check the indentation, and quote texts with `: `, `#` or `*`"),
    }
}

/// Finds the unclosed quote: the last one on or above the line of the parser's error.
fn open_quote(line: usize, text: &str) -> Option<Problem> {
    let lines: Vec<&str> = lines(text).take(line).collect();
    lines.into_iter().enumerate().rev().find_map(|(position, content)| {
        let (column, quote) = opened(content)?;
        let shown: String = content.chars().skip(column).take(80).collect();
        let shown = shown.trim_end();
        Some(Problem {
            place: Place { line: position + 1, column: column + 1, length: shown.chars().count() },
            message: "a text in quotes begins here and does not end on this line".to_owned(),
            hint: Some(format!("close the quote: {shown}{quote}")),
        })
    })
}

/// Returns where a quote begins that does not end on the same line, and which quote it is (YAML 1.2.2 §7.3).
fn opened(line: &str) -> Option<(usize, char)> {
    let mut open: Option<(usize, char)> = None;
    let mut before = ' ';
    let mut is_escaped = false;
    for (column, character) in line.chars().enumerate() {
        match open {
            Some(_) if is_escaped => is_escaped = false,
            Some((_, '"')) if character == '\\' => is_escaped = true,
            Some((_, quote)) if character == quote => open = None,
            None if character == '#' && before == ' ' => return None,
            None if matches!(character, '"' | '\'') && matches!(before, ' ' | '[' | '{' | ',') => {
                open = Some((column, character));
            }
            _ => {}
        }
        before = character;
    }
    open
}

/// An asterisk begins an alias, often unintentionally.
fn unknown_anchor(place: Place, text: &str) -> Problem {
    let word = word_at(place, text);
    let length = word.chars().count().max(1);
    let hint = if word.trim_matches('*').is_empty() || word.contains(['/', '.', '@']) {
        format!("a text that begins with an asterisk needs quotes: \"{word}\"")
    } else {
        let name = word.trim_start_matches('*');
        format!("mark the repeated value above with `&{name}`; a text that begins with an asterisk needs quotes")
    };
    let message = format!("`{word}` repeats a value that is not defined above");
    Problem { place: Place { length, ..place }, message, hint: Some(hint) }
}

/// The word that begins at a place.
fn word_at(place: Place, text: &str) -> String {
    let line = lines(text).nth(place.line - 1).unwrap_or_default();
    let rest = line.chars().skip(place.column - 1);
    rest.take_while(|character| !character.is_whitespace() && !matches!(character, ',' | ']' | '}')).take(80).collect()
}

fn too_much(nodes: usize) -> (String, &'static str) {
    (
        format!("there are more than {nodes} values"),
        "a policy is one short document; an alias counts as a copy of its value",
    )
}

fn too_deep(depth: usize) -> (String, &'static str) {
    (format!("this is nested deeper than {depth} levels"), "no policy needs that: check the brackets")
}

/// The crate says the place behind its message; here it stands in front.
fn without_place(message: &str) -> String {
    message.split(" at line ").next().unwrap_or(message).replace('\n', " ")
}

fn place(location: Location, text: &str) -> Place {
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX).max(1);
    let span = location.span();
    // A value may take several lines; the first is shown.
    let start = span.byte_offset().and_then(|offset| usize::try_from(offset).ok()).unwrap_or(usize::MAX);
    let length = usize::try_from(span.len()).unwrap_or(1);
    let on_this_line =
        text.get(start..).map_or(length, |rest| lines(rest).next().unwrap_or_default().chars().count().min(length));
    Place { line: number(location.line()), column: number(location.column()), length: on_this_line.max(1) }
}

fn is_written(number: i64, location: Location, text: &str) -> bool {
    let start = location.span().byte_offset().and_then(|offset| usize::try_from(offset).ok());
    let rest = start.and_then(|start| text.get(start..)).unwrap_or_default();
    rest.strip_prefix(&number.to_string()).is_some_and(|rest| {
        !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || matches!(next, '_' | '.' | '-' | '+'))
    })
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
        // `0o17` and `+7` are integers in YAML, but texts other than `15` and `7` in a comparison.
        Tree::Leaf(Value::Integer(number)) if !is_written(number, tree.defined, text) => Value::Number,
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

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf(Value::Bool(value)))
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
