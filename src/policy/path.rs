//! A place in a JSON document, as a policy writes it.

use std::fmt;

/// A path to a field: a JSON pointer (RFC 6901) where it begins with `/`, and otherwise names with dots between them.
///
/// A step into a list is the position of the item, from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPath {
    written: String,
    steps: Vec<String>,
}

impl FieldPath {
    /// Reads a path; `None` if a step of it is empty between dots, or a `~` of a pointer is not an escape.
    pub fn parse(text: &str) -> Option<Self> {
        let steps = match text.strip_prefix('/') {
            Some(pointer) => pointer.split('/').map(unescaped).collect::<Option<Vec<_>>>()?,
            None => text.split('.').map(|step| (!step.is_empty()).then(|| step.to_owned())).collect::<Option<_>>()?,
        };
        Some(Self { written: text.to_owned(), steps })
    }

    /// Returns the names and positions to follow, at least one.
    pub fn steps(&self) -> &[String] {
        &self.steps
    }

    /// Whether it has dots between names, and so could mean a name with a dot in it.
    pub fn is_dotted(&self) -> bool {
        self.steps.len() > 1 && !self.written.starts_with('/')
    }

    /// Returns it as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)
    }
}

/// RFC 6901 §4: `~1` is `/` and `~0` is `~`, in this order.
fn unescaped(step: &str) -> Option<String> {
    let is_escape = |rest: &str| rest.starts_with(['0', '1']);
    step.split('~').skip(1).all(is_escape).then(|| step.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> Option<Vec<String>> {
        FieldPath::parse(text).map(|path| path.steps)
    }

    #[test]
    fn dots_part_names_and_a_slash_in_front_makes_a_pointer() {
        assert_eq!(steps("review.by"), Some(vec!["review".to_owned(), "by".to_owned()]));
        assert_eq!(steps("/review/by"), steps("review.by"));
        assert_eq!(steps("/builder.id"), Some(vec!["builder.id".to_owned()]));
        assert_eq!(steps("/a~1b/m~0n/~01"), Some(vec!["a/b".to_owned(), "m~n".to_owned(), "~1".to_owned()]));
    }

    #[test]
    fn what_has_two_meanings_or_none_is_no_path() {
        for text in ["", ".a", "a.", "a..b", "/a~b", "/a~", "/~2"] {
            assert_eq!(steps(text), None, "{text:?}");
        }
        assert_eq!(steps("/"), Some(vec![String::new()]), "RFC 6901 §5: the member whose name is empty");
    }
}
