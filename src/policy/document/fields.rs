//! Reads the fields of a mapping one by one. An unknown key is an error that suggests the nearest known key (A254).

use crate::policy::MaxAge;
use crate::policy::text::{PatternError, TextRule};

use super::problem::{Place, Problems};
use super::yaml::{Key, Node, Value};

/// The fields of one mapping, all of them known.
pub(crate) struct Fields<'a> {
    node: &'a Node,
    /// Its name in messages, such as "a rule".
    what: &'static str,
    /// Known keys that unknown ones are likely meant for: a misspelt key is not reported as missing too.
    meant: Vec<&'static str>,
    unknown: bool,
}

impl<'a> Fields<'a> {
    /// Takes a mapping apart. Keys other than `known` are problems, and so is a value that is not a mapping.
    pub(crate) fn of(
        node: &'a Node,
        what: &'static str,
        known: &[&'static str],
        problems: &mut Problems,
    ) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            let message = format!("{what} needs fields, found {}", node.value.kind());
            problems.add(node.place, message, format!("expected some of: {}", known.join(", ")));
            return None;
        };
        let (mut meant, mut unknown) = (Vec::new(), false);
        for (position, (key, _)) in entries.iter().enumerate() {
            if known.contains(&key.name.as_str()) {
                continue;
            }
            let message = format!("unknown key `{}` in {what}", key.name);
            problems.add(key.place, message, hint_for_unknown(key, &entries[..position], known));
            meant.extend(nearest(&key.name, known));
            unknown = true;
        }
        Some(Self { node, what, meant, unknown })
    }

    /// Whether there is a key that is not known.
    pub(crate) fn has_unknown(&self) -> bool {
        self.unknown
    }

    /// Whether an unknown key is likely a misspelt `name`.
    pub(crate) fn likely_means(&self, name: &str) -> bool {
        self.meant.contains(&name)
    }

    pub(crate) fn place(&self) -> Place {
        self.node.place
    }

    /// Returns the value of a field that is there.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Node> {
        match &self.node.value {
            Value::Map(entries) => entries.iter().find(|(key, _)| key.name == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Returns the value of a field that must be there.
    pub(crate) fn required(&self, name: &str, hint: &str, problems: &mut Problems) -> Option<&'a Node> {
        let found = self.get(name);
        if found.is_none() && !self.likely_means(name) {
            problems.add(self.first_place(), format!("`{name}` is missing in {}", self.what), hint);
        }
        found
    }

    /// Returns the places of the keys that are there among `names`, with the names.
    pub(crate) fn present(&self, names: &[&'static str]) -> Vec<(&'static str, Place)> {
        let Value::Map(entries) = &self.node.value else { return Vec::new() };
        names
            .iter()
            .filter_map(|name| {
                let (key, _) = entries.iter().find(|(key, _)| key.name == *name)?;
                Some((*name, key.place))
            })
            .collect()
    }

    pub(crate) fn first_place(&self) -> Place {
        self.node.first_place()
    }

    /// Returns a text that is there.
    pub(crate) fn text(&self, name: &str, problems: &mut Problems) -> Option<String> {
        text(self.get(name)?, problems)
    }

    /// Returns the glob of a required field; a text without an asterisk is an exact one.
    pub(crate) fn glob(&self, name: &str, problems: &mut Problems) -> Option<TextRule> {
        glob(self.get(name)?, problems)
    }

    /// Returns a regular expression that is there.
    pub(crate) fn regexp(&self, name: &str, problems: &mut Problems) -> Option<TextRule> {
        let node = self.get(name)?;
        let text = text(node, problems)?;
        pattern(TextRule::regexp(&text), node, problems)
    }
}

/// Reports a pattern that cannot be used.
pub(crate) fn pattern<R>(rule: Result<R, PatternError>, node: &Node, problems: &mut Problems) -> Option<R> {
    rule.map_err(|error| {
        let hint =
            "regular expressions are those of Rust's `regex` crate, without look-around, and match the whole text";
        problems.add(node.place, error.to_string(), hint);
    })
    .ok()
}

/// Reads a glob; a text without an asterisk is an exact one.
pub(crate) fn glob(node: &Node, problems: &mut Problems) -> Option<TextRule> {
    let written = text(node, problems)?;
    if is_like_an_expression(&written) {
        let hint = "here `*` stands for text inside a segment and `**` for any text; where a key takes expressions it ends in -regexp";
        problems.warn(
            node.place,
            format!("`{written}` looks like a regular expression, and only asterisks stand for something"),
            hint,
        );
    }
    pattern(TextRule::glob(&written), node, problems)
}

/// Characters of expressions, which no name, address or version of a glob contains.
fn is_like_an_expression(text: &str) -> bool {
    text.starts_with('^')
        || text.ends_with('$')
        || [".*", ".+", "\\.", "[^", "(?", "\\d"].iter().any(|part| text.contains(part))
}

/// Returns a text. A number is one where nothing is lost: an integer.
pub(crate) fn text(node: &Node, problems: &mut Problems) -> Option<String> {
    match &node.value {
        Value::Text(text) if text.trim().is_empty() => {
            problems.add(node.place, "an empty text matches nothing", "write a value, or remove the key");
            None
        }
        Value::Text(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Number | Value::Bool(_) => {
            let message = format!("expected a text, and this is {}", node.value.kind());
            problems.add(node.place, message, "put it in quotes");
            None
        }
        Value::Null => {
            problems.add(node.place, "the key has no value", "write a value, or remove the key");
            None
        }
        other => {
            let message = format!("expected a text, and this is {}", other.kind());
            problems.add(node.place, message, "write one text behind the key");
            None
        }
    }
}

/// Returns whether a switch is on. What stands there is `true` or `false`, and no word that might mean one of them.
pub(crate) fn switch(node: &Node, problems: &mut Problems) -> Option<bool> {
    if let Value::Bool(on) = node.value {
        return Some(on);
    }
    let message = format!("expected true or false, and this is {}", node.value.kind());
    problems.add(node.place, message, "write `true`, or leave the key out");
    None
}

/// Returns the items of a list that must not be empty; one value alone is a list of one.
pub(crate) fn items<'a>(node: &'a Node, what: &str, problems: &mut Problems) -> &'a [Node] {
    match &node.value {
        Value::List(items) if items.is_empty() => {
            problems.add(
                node.place,
                format!("the list of {what} is empty"),
                "an empty list is never taken for everything: name at least one",
            );
            &[]
        }
        Value::List(items) => items,
        Value::Null => {
            problems.add(node.place, format!("the key has no {what}"), "name at least one");
            &[]
        }
        _ => std::slice::from_ref(node),
    }
}

/// Reads every item of a list that must not be empty; a single value is a list of one. Every problem is found, not only
/// the first, and with one the list is refused: the readable items alone must not be enough.
pub(crate) fn each<T>(
    node: &Node,
    what: &str,
    problems: &mut Problems,
    mut read: impl FnMut(&Node, &mut Problems) -> Option<T>,
) -> Option<Vec<T>> {
    let read: Vec<Option<T>> = items(node, what, problems).iter().map(|item| read(item, problems)).collect();
    read.into_iter().collect::<Option<Vec<T>>>().filter(|read| !read.is_empty())
}

/// Returns one of the words that are known for something.
pub(crate) fn word(node: &Node, what: &str, known: &[&'static str], problems: &mut Problems) -> Option<String> {
    let written = text(node, problems)?;
    if known.contains(&written.as_str()) {
        return Some(written);
    }
    problems.add(node.place, format!("`{written}` is not a {what}"), guess(&written, known));
    None
}

/// Reads what may be left out: the outer `None` is a problem, the inner one a field that is not there.
#[expect(clippy::option_option, reason = "whether it is there, and whether it can be read")]
pub(crate) fn optional<T>(node: Option<&Node>, read: impl FnOnce(&Node) -> Option<T>) -> Option<Option<T>> {
    node.map_or(Some(None), |node| read(node).map(Some))
}

/// The same of what has a value where nothing is written.
pub(crate) fn or_default<T: Default>(node: Option<&Node>, read: impl FnOnce(&Node) -> Option<T>) -> Option<T> {
    node.map_or_else(|| Some(T::default()), read)
}

/// `max-age: 7d`.
pub(crate) fn max_age(node: &Node, problems: &mut Problems) -> Option<MaxAge> {
    let written = text(node, problems)?;
    let age = written.parse::<MaxAge>().ok();
    if age.is_none() {
        problems.add(node.place, format!("`{written}` is not an age"), "write a number and a unit: 30m, 12h, 7d or 4w");
    }
    age
}

/// What to do about a key that there is not, after the keys that stand before it.
fn hint_for_unknown(key: &Key, before: &[(Key, Node)], known: &[&'static str]) -> String {
    if let Some(name) = key.name.strip_prefix('-').filter(|name| known.contains(name)) {
        return format!("write a space behind the dash: `- {name}: …`");
    }
    match before.iter().rfind(|(_, value)| matches!(value.value, Value::Null)) {
        Some((above, _)) if nearest(&key.name, known).is_none() => {
            format!("if it belongs to `{}` above, indent it deeper than that; {}", above.name, guess(&key.name, known))
        }
        _ => guess(&key.name, known),
    }
}

/// Known words beyond which a guess alone is more useful than the list of all.
const LONG_LIST: usize = 13;

/// Returns the nearest known word, if it is near, and all of them.
pub(crate) fn guess(word: &str, known: &[&'static str]) -> String {
    let all = format!("expected one of: {}", known.join(", "));
    match nearest(word, known) {
        Some(near) if known.len() > LONG_LIST => format!("did you mean `{near}`?"),
        Some(near) => format!("did you mean `{near}`? {all}"),
        None => all,
    }
}

/// What other tools, and people, call things that have another name here.
const OTHER_NAMES: [(&str, &str); 24] = [
    ("repo", "repository"),
    ("branch", "ref"),
    ("tag", "ref"),
    ("sha", "commit"),
    ("revision", "commit"),
    ("trigger", "event"),
    ("runner", "runner-environment"),
    ("subject", "identity"),
    ("san", "identity"),
    ("certificate-identity", "identity"),
    ("certificate-identity-regexp", "identity-regexp"),
    ("certificate-oidc-issuer", "issuer"),
    ("subjectRegExp", "identity-regexp"),
    ("issuerRegExp", "issuer-regexp"),
    ("image", "match"),
    ("glob", "match"),
    ("authorities", "signers"),
    ("requires", "require"),
    ("spdx-json", "sbom"),
    ("spdx-json", "spdx"),
    ("spdx", "sbom"),
    ("spdxjson", "sbom"),
    ("cyclonedx", "sbom"),
    ("slsaprovenance", "provenance"),
];

/// Longer than any known word or a likely misspelling of one: a comparison takes time and memory by the lengths.
const LONG_WORD: usize = 64;

pub(crate) fn nearest(word: &str, known: &[&'static str]) -> Option<&'static str> {
    if word.len() > LONG_WORD {
        return None;
    }
    let called = OTHER_NAMES.iter().find(|(other, ours)| *other == word && known.contains(ours));
    if let Some((_, ours)) = called {
        return Some(ours);
    }
    known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(word, known), *known))
        .min()
        .filter(|(distance, known)| *distance <= known.len().min(word.len()).div_ceil(3))
        .map(|(_, known)| known)
}
