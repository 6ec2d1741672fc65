//! What one external parameter of a build must be.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

/// What the parameter at a path must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterRule {
    /// Where it stands among the external parameters.
    pub path: ParameterPath,
    /// What must stand there.
    pub expected: ExpectedValue,
}

/// A place among the external parameters, as a JSON pointer (RFC 6901): `/workflow/ref`. A dot is a part of a name, as in
/// many parameters; `~1` is a slash in a name, `~0` a tilde.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ParameterPath(String);

/// The value of a parameter. Texts, numbers and truth values are compared by how they are written: the builders in use write the
/// inputs of a workflow now as `true` and now as `"true"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedValue {
    /// One of these, at least one.
    OneOf(Vec<String>),
    /// Nothing: missing, null and empty are the same (build-provenance.md, "Parsing rules").
    Absent,
}

/// How an external parameter is judged that the build type does not describe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnknownParameters {
    /// It is refused: SLSA verifying-artifacts.md, "Verifiers SHOULD reject unrecognized external parameters".
    #[default]
    Refuse,
    /// It may be there.
    Allow,
}

/// Why a text says nothing about a parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// The place is not a JSON pointer.
    #[error("`{written}` is not the path of a parameter")]
    Path {
        /// What was written.
        written: String,
        /// What was likely meant.
        likely: String,
    },
    /// The value is missing.
    #[error("`{0}` gives no value")]
    NoValue(String),
}

impl ParameterRule {
    /// Reads `PATH=VALUE`.
    pub fn parse(text: &str) -> Result<Self, ParameterError> {
        let no_value = || ParameterError::NoValue(text.to_owned());
        let (path, value) = text.split_once('=').ok_or_else(no_value)?;
        let path = path.parse()?;
        if value.is_empty() {
            return Err(no_value());
        }
        Ok(Self { path, expected: ExpectedValue::OneOf(vec![value.to_owned()]) })
    }

    pub(crate) fn canonical_text(&self) -> String {
        match &self.expected {
            ExpectedValue::OneOf(values) => format!("{:?} one of {values:?}", self.path.0),
            ExpectedValue::Absent => format!("{:?} absent", self.path.0),
        }
    }
}

impl fmt::Display for ParameterRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "parameter {}: {}", self.path, self.expected)
    }
}

impl ParameterPath {
    /// Returns it as a JSON pointer.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether another place is this one, or lies inside of it.
    pub fn holds(&self, pointer: &str) -> bool {
        is_inside(pointer, &self.0)
    }

    /// Whether this is another place, or lies inside of it.
    pub fn is_inside(&self, pointer: &str) -> bool {
        is_inside(&self.0, pointer)
    }
}

fn is_inside(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl FromStr for ParameterPath {
    type Err = ParameterError;

    fn from_str(text: &str) -> Result<Self, ParameterError> {
        let is_escaped = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        if text.len() > 1 && text.starts_with('/') && is_escaped {
            return Ok(Self(text.to_owned()));
        }
        let names: Vec<&str> = text.split(['.', '/']).filter(|name| !name.is_empty()).collect();
        let likely = names.join("/").replace('~', "~0");
        Err(ParameterError::Path { written: text.to_owned(), likely: format!("/{likely}") })
    }
}

impl fmt::Display for ParameterPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl ExpectedValue {
    /// Whether this is what stands at the place.
    pub fn matches(&self, found: Option<&Value>) -> bool {
        match self {
            Self::Absent => found.is_none_or(is_nothing),
            Self::OneOf(values) => found.and_then(scalar).is_some_and(|found| values.contains(&found)),
        }
    }
}

impl fmt::Display for ExpectedValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOf(values) => formatter.write_str(&values.join(" or ")),
            Self::Absent => formatter.write_str("nothing"),
        }
    }
}

/// Missing, null and empty are the same.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_are_json_pointers_and_dotted_ones_are_told_so() {
        for good in ["/a", "/workflow/ref", "/request/args/build-arg:A.B", "/a~1b/~0c", "/0"] {
            assert!(good.parse::<ParameterPath>().is_ok(), "{good}");
        }
        for (wrong, likely) in
            [("workflow.ref", "/workflow/ref"), ("inputs/x", "/inputs/x"), ("/a~2", "/a~02"), ("", "/"), ("/", "/")]
        {
            let error = ParameterError::Path { written: wrong.to_owned(), likely: likely.to_owned() };
            assert_eq!(wrong.parse::<ParameterPath>(), Err(error));
        }
    }

    #[test]
    fn values_are_compared_by_how_they_are_written() {
        let is = |text: &str, value: Value| {
            ParameterRule::parse(&format!("/x={text}")).expect("a rule").expected.matches(Some(&value))
        };
        assert!(is("true", json!(true)) && is("true", json!("true")) && is("7", json!(7)));
        assert!(is("a=b", json!("a=b")), "the first sign of equality ends the path");
        for (text, value) in
            [("true", json!("True")), ("x", json!(["x"])), ("x", json!({"x": 1})), ("null", json!(null))]
        {
            assert!(!is(text, value.clone()), "{text} {value}");
        }
        assert!(!ParameterRule::parse("/x=y").expect("a rule").expected.matches(None));
    }

    #[test]
    fn a214_absent_is_missing_null_or_empty() {
        let absent = ExpectedValue::Absent;
        for nothing in [json!(null), json!(""), json!([]), json!({})] {
            assert!(absent.matches(Some(&nothing)), "{nothing}");
        }
        assert!(absent.matches(None));
        assert!(!absent.matches(Some(&json!(false))) && !absent.matches(Some(&json!(0))));
    }

    #[test]
    fn a_path_holds_what_lies_inside_of_it() {
        let path: ParameterPath = "/inputs/debug".parse().expect("a path");
        assert!(path.holds("/inputs/debug") && path.holds("/inputs/debug/x") && !path.holds("/inputs"));
        assert!(path.is_inside("/inputs") && path.is_inside("/inputs/debug") && !path.is_inside("/inputs/debug/x"));
        for other in ["/inputs/debug2", "/in", "/vars"] {
            assert!(!path.holds(other) && !path.is_inside(other), "{other}");
        }
    }
}
