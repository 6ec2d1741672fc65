//! Replaces variables in the names of images by the values that the file states.

/// The name of an image after replacement: one or several references, or the unresolved variables.
pub(super) type Expanded = Result<Vec<String>, Vec<String>>;

/// Looks up the possible values of a variable, such as each value of a matrix. `None` if the file states none.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<Vec<String>>;

/// How deep the defaults of variables may be nested.
const MAX_DEPTH: usize = 8;
/// References that one text may become.
const MOST: usize = 256;
/// Bytes of one. A reference has at most a quarter of it.
const LONGEST: usize = 4096;

/// How a format spells variables with a dollar.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spelling {
    /// Whether `$$` is a dollar.
    pub(super) doubles: bool,
    /// Whether quotes and this character before another are those of a shell.
    pub(super) shell: Option<char>,
}

/// Replaces `$NAME`, `${NAME}`, and with a default `${NAME:-default}` and its kin.
pub(super) fn expand(text: &str, spelling: Spelling, lookup: Lookup<'_>) -> Expanded {
    expand_at(text, spelling, lookup, 0)
}

fn expand_at(text: &str, spelling: Spelling, lookup: Lookup<'_>, depth: usize) -> Expanded {
    if depth > MAX_DEPTH {
        return Err(vec![text.chars().take(80).collect()]);
    }
    let mut made = Made::default();
    let mut rest = text;
    // The quote that is open.
    let mut quote = None;
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        match first {
            '\'' | '"' if spelling.shell.is_some() && quote.is_none_or(|open| open == first) => {
                quote = if quote.is_some() { None } else { Some(first) };
                rest = after;
            }
            _ if spelling.shell == Some(first) && quote != Some('\'') => {
                let escaped = after.chars().next().unwrap_or(first);
                made.text(escaped.encode_utf8(&mut [0; 4]));
                rest = after.get(escaped.len_utf8()..).unwrap_or_default();
            }
            '$' if spelling.doubles && after.starts_with('$') => {
                made.text("$");
                rest = &after[1..];
            }
            '$' if quote != Some('\'') => rest = variable(after, &mut made, (spelling, lookup, depth)),
            other => {
                made.text(other.encode_utf8(&mut [0; 4]));
                rest = after;
            }
        }
    }
    made.finish()
}

/// Reads the variable after a dollar sign, and returns the rest of the text.
fn variable<'t>(after: &'t str, made: &mut Made, within: (Spelling, Lookup<'_>, usize)) -> &'t str {
    let (spelling, lookup, depth) = within;
    if let Some(inner) = after.strip_prefix('{') {
        let Some(end) = closing(inner) else {
            made.open(after);
            return "";
        };
        braced(&inner[..end], made, &|word| expand_at(word, spelling, lookup, depth + 1), lookup);
        return &inner[end + 1..];
    }
    let length = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
    let (name, rest) = after.split_at(length);
    match (name, lookup(name)) {
        ("", _) => made.text("$"),
        (_, Some(values)) => made.values(&values),
        (name, None) => made.open(name),
    }
    rest
}

/// The position of the brace that closes this expression.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn braced(inner: &str, made: &mut Made, expand: &dyn Fn(&str) -> Expanded, lookup: Lookup<'_>) {
    let length = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
    let (name, operation) = inner.split_at(length);
    if name.is_empty() {
        return made.open(inner);
    }
    let known = lookup(name);
    let is_set = known.as_ref().is_some_and(|values| values.iter().all(|value| !value.is_empty()));
    match (operation, known) {
        ("", Some(values)) => made.values(&values),
        ("", None) => made.open(name),
        (operation, known) => {
            let (word, counts_empty) = match operation.strip_prefix(':') {
                Some(word) => (word, false),
                None => (operation, true),
            };
            let has_value = if counts_empty { known.is_some() } else { is_set };
            match (word.chars().next(), known) {
                (Some('-' | '?'), Some(values)) if has_value => made.values(&values),
                (Some('-'), _) => made.expanded(expand(&word[1..])),
                (Some('+'), _) if has_value => made.expanded(expand(&word[1..])),
                (Some('+'), _) => {}
                // An error if it is empty, or a way of cutting texts that is not read here.
                _ => made.open(name),
            }
        }
    }
}

/// Replaces what stands between two marks, such as `${{` and `}}`.
pub(super) fn fill(text: &str, (begin, end): (&str, &str), lookup: Lookup<'_>) -> Expanded {
    let mut made = Made::default();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(begin) {
        made.text(before);
        let Some((name, behind)) = after.split_once(end) else {
            made.open(after);
            return made.finish();
        };
        match lookup(name.trim()) {
            Some(values) => made.values(&values),
            None => made.open(name.trim()),
        }
        rest = behind;
    }
    made.text(rest);
    made.finish()
}

/// A text without variables. References never contain a dollar or a brace, so a text with one is unresolved.
pub(super) fn rendered(text: &str) -> Expanded {
    match text.find(['$', '{']) {
        None => Ok(vec![text.to_owned()]),
        Some(at) => {
            let end = text[at..].rfind(['}', ')']).map_or(text.len(), |end| at + end + 1);
            Err(vec![text[at..end].to_owned()])
        }
    }
}

/// What a text became so far.
struct Made {
    texts: Vec<String>,
    open: Vec<String>,
}

impl Default for Made {
    fn default() -> Self {
        Self { texts: vec![String::new()], open: Vec::new() }
    }
}

impl Made {
    fn text(&mut self, text: &str) {
        if self.texts.iter().any(|made| made.len() + text.len() > LONGEST) {
            return self.open("a longer name than is read");
        }
        self.texts.iter_mut().for_each(|made| made.push_str(text));
    }

    fn values(&mut self, values: &[String]) {
        if self.texts.len().saturating_mul(values.len()) > MOST {
            return self.open("more values than are verified");
        }
        let longest = |texts: &[String]| texts.iter().map(String::len).max().unwrap_or_default();
        if longest(&self.texts) + longest(values) > LONGEST {
            return self.open("a longer name than is read");
        }
        let each = self.texts.iter().flat_map(|made| values.iter().map(move |value| format!("{made}{value}")));
        self.texts = each.collect();
    }

    fn expanded(&mut self, expanded: Expanded) {
        match expanded {
            Ok(values) => self.values(&values),
            Err(names) => self.open.extend(names),
        }
    }

    fn open(&mut self, name: &str) {
        let name: String = name.chars().take(120).collect();
        if !self.open.contains(&name) {
            self.open.push(name);
        }
    }

    fn finish(mut self) -> Expanded {
        if !self.open.is_empty() {
            return Err(self.open);
        }
        self.texts.dedup();
        Ok(self.texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPOSE: Spelling = Spelling { doubles: true, shell: None };

    fn known(name: &str) -> Option<Vec<String>> {
        match name {
            "TAG" => Some(vec!["1.4".to_owned()]),
            "EMPTY" => Some(vec![String::new()]),
            "MANY" => Some(vec!["a".to_owned(), "b".to_owned()]),
            _ => None,
        }
    }

    #[track_caller]
    fn is(text: &str, expected: Result<&[&str], &[&str]>) {
        let expected = match expected {
            Ok(texts) => Ok(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()),
            Err(names) => Err(names.iter().map(|name| (*name).to_owned()).collect()),
        };
        assert_eq!(expand(text, COMPOSE, &known), expected, "{text}");
    }

    #[test]
    fn variables_have_values_defaults_or_are_named() {
        is("app:$TAG-x", Ok(&["app:1.4-x"]));
        is("app:${TAG}", Ok(&["app:1.4"]));
        is("app:${NONE:-2}", Ok(&["app:2"]));
        is("app:${EMPTY:-2}", Ok(&["app:2"]));
        is("app:${EMPTY-2}", Ok(&["app:"]));
        is("app:${NONE:-${TAG}}", Ok(&["app:1.4"]));
        is("app${NONE:+:x}${TAG:+:y}", Ok(&["app:y"]));
        is("app:${TAG:?needed}", Ok(&["app:1.4"]));
        is("app:${NONE:?needed}", Err(&["NONE"]));
        is("$NONE/${OTHER}", Err(&["NONE", "OTHER"]));
        is("app:${NONE:-$OTHER}", Err(&["OTHER"]));
        is("app:${TAG%.4}", Err(&["TAG"]));
        is("app:$$TAG", Ok(&["app:$TAG"]));
        is("app:${TAG", Err(&["{TAG"]));
        is("app:$MANY", Ok(&["app:a", "app:b"]));
    }

    #[test]
    fn what_a_variable_can_become_is_bounded() {
        let text = "$MANY".repeat(20);
        assert!(expand(&text, COMPOSE, &known).is_err());
        let text = format!("{}x{}", "${NONE:-".repeat(2_000), "}".repeat(2_000));
        assert!(expand(&text, COMPOSE, &known).is_err());
    }
}
