//! Rules for one text: an exact text, a glob, or a regular expression. Each must match the whole text.

use std::fmt;

use regex::{Regex, RegexBuilder};

/// Bytes that a pattern may have, and that its compiled form may take (A187).
const MAX_PATTERN: usize = 4 * 1024;
const MAX_COMPILED: usize = 1024 * 1024;

/// What a text must be.
#[derive(Debug, Clone)]
pub struct TextRule {
    form: Form,
    text: String,
    /// Names on github.com do not distinguish upper and lower case.
    ignores_case: bool,
}

#[derive(Debug, Clone)]
enum Form {
    Exact,
    OneOf(Vec<String>),
    Glob(Regex),
    Regexp(Regex),
}

/// Why a pattern is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is longer than any that a person writes.
    #[error("the pattern is longer than {MAX_PATTERN} bytes")]
    TooLong,
    /// It is not a regular expression, or one that is too large to compile.
    #[error("the regular expression cannot be used: {reason}")]
    Regexp {
        /// The fault, in one line.
        reason: String,
    },
}

impl TextRule {
    /// Exactly this text, byte for byte.
    pub fn exact(text: impl Into<String>) -> Self {
        Self { form: Form::Exact, text: text.into(), ignores_case: false }
    }

    /// The same, where the case of ASCII letters does not count.
    pub fn exact_ignoring_case(text: impl Into<String>) -> Self {
        Self { ignores_case: true, ..Self::exact(text) }
    }

    /// Exactly one of these texts, byte for byte.
    pub fn one_of(texts: Vec<String>) -> Self {
        match <[String; 1]>::try_from(texts) {
            Ok([only]) => Self::exact(only),
            Err(texts) => Self { text: texts.join(" or "), form: Form::OneOf(texts), ignores_case: false },
        }
    }

    /// A glob over the whole text: `*` stays inside a path segment, `**` crosses, and every other character is itself (A257).
    /// Without an asterisk it is exact.
    pub fn glob(text: &str) -> Result<Self, PatternError> {
        Self::glob_with_case(text, false)
    }

    /// The same, where the case of ASCII letters does not count.
    pub fn glob_ignoring_case(text: &str) -> Result<Self, PatternError> {
        Self::glob_with_case(text, true)
    }

    fn glob_with_case(text: &str, ignores_case: bool) -> Result<Self, PatternError> {
        if !text.contains('*') {
            return Ok(Self { form: Form::Exact, text: text.to_owned(), ignores_case });
        }
        let pattern = compile(text, &glob_to_regexp(text), ignores_case)?;
        Ok(Self { form: Form::Glob(pattern), text: text.to_owned(), ignores_case })
    }

    /// A regular expression for the whole text, in the syntax of the `regex` crate. It is always anchored at both ends:
    /// `https://github.com/acme/app` does not match `https://github.com/acme/app-evil` (A183, A186).
    pub fn regexp(text: &str) -> Result<Self, PatternError> {
        // Alone first, so that no parenthesis of it can close the group around it.
        compile(text, text, false)?;
        let pattern = compile(text, &format!(r"\A(?:{text})\z"), false)?;
        Ok(Self { form: Form::Regexp(pattern), text: text.to_owned(), ignores_case: false })
    }

    /// Whether a text matches the rule.
    pub fn matches(&self, text: &str) -> bool {
        match &self.form {
            Form::Exact if self.ignores_case => text.eq_ignore_ascii_case(&self.text),
            Form::Exact => text == self.text,
            Form::OneOf(texts) => texts.iter().any(|one| one == text),
            Form::Glob(pattern) | Form::Regexp(pattern) => pattern.is_match(text),
        }
    }

    /// Whether it is a regular expression that matches a part of the text alone: what other tools take for a match.
    pub fn matches_within(&self, text: &str) -> bool {
        let within = || compile(&self.text, &self.text, false).is_ok_and(|pattern| pattern.is_match(text));
        self.is_regexp() && !self.matches(text) && within()
    }

    /// Returns a regular expression that matches the same texts, but for the case of letters.
    pub(crate) fn expression(&self) -> String {
        match &self.form {
            Form::Exact => regex::escape(&self.text),
            Form::OneOf(texts) => texts.iter().map(|text| regex::escape(text)).collect::<Vec<_>>().join("|"),
            Form::Glob(pattern) | Form::Regexp(pattern) => pattern.as_str().to_owned(),
        }
    }

    /// Whether only one text matches.
    pub fn is_exact(&self) -> bool {
        matches!(self.form, Form::Exact)
    }

    /// Whether it is a glob with an asterisk.
    pub fn is_glob(&self) -> bool {
        matches!(self.form, Form::Glob(_))
    }

    /// Whether it is a regular expression.
    pub fn is_regexp(&self) -> bool {
        matches!(self.form, Form::Regexp(_))
    }

    /// Returns the rule as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for TextRule {
    fn eq(&self, other: &Self) -> bool {
        self.canonical_text() == other.canonical_text()
    }
}

impl Eq for TextRule {}

impl TextRule {
    /// Returns the rule as one word and a quoted text, for the policy's hash.
    pub(crate) fn canonical_text(&self) -> String {
        let form = match &self.form {
            Form::Exact => "exact",
            Form::OneOf(texts) => return format!("one of {texts:?}"),
            Form::Glob(_) => "glob",
            Form::Regexp(_) => "regexp",
        };
        let case = if self.ignores_case { " ignoring case" } else { "" };
        format!("{form}{case} {:?}", self.text)
    }
}

impl fmt::Display for TextRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.form {
            Form::Regexp(_) => write!(formatter, "the regular expression {}", self.text),
            Form::Exact | Form::OneOf(_) | Form::Glob(_) => formatter.write_str(&self.text),
        }
    }
}

fn compile(written: &str, pattern: &str, ignores_case: bool) -> Result<Regex, PatternError> {
    if written.len() > MAX_PATTERN {
        return Err(PatternError::TooLong);
    }
    RegexBuilder::new(pattern)
        .size_limit(MAX_COMPILED)
        .dfa_size_limit(MAX_COMPILED)
        .case_insensitive(ignores_case)
        .build()
        .map_err(|error| PatternError::Regexp { reason: one_line(&error.to_string()) })
}

/// The crate draws its errors over several lines; the last one names the fault.
fn one_line(drawn: &str) -> String {
    let last = drawn.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or(drawn);
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

fn glob_to_regexp(glob: &str) -> String {
    let mut pattern = String::from(r"\A");
    let mut rest = glob;
    while let Some(position) = rest.find('*') {
        pattern.push_str(&regex::escape(&rest[..position]));
        let stars = rest[position..].len() - rest[position..].trim_start_matches('*').len();
        pattern.push_str(if stars == 1 { "[^/]*" } else { "(?s:.*)" });
        rest = &rest[position + stars..];
    }
    pattern.push_str(&regex::escape(rest));
    pattern.push_str(r"\z");
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(text: &str) -> TextRule {
        TextRule::glob(text).expect("a glob")
    }

    fn regexp(text: &str) -> TextRule {
        TextRule::regexp(text).expect("a regular expression")
    }

    #[test]
    fn one_asterisk_stays_inside_a_segment_and_two_cross() {
        assert!(glob("refs/tags/v*").matches("refs/tags/v1.2.3"));
        assert!(!glob("refs/tags/v*").matches("refs/tags/v1/evil"));
        assert!(!glob("refs/tags/v*").matches("xrefs/tags/v1"));
        assert!(glob("ghcr.io/acme/**").matches("ghcr.io/acme/a/b"));
        assert!(!glob("ghcr.io/acme/**").matches("ghcr.io/acme-evil/a"));
        assert!(!glob("ghcr.io/*/app").matches("ghcr.io/a/b/app"));
    }

    #[test]
    fn a257_brackets_and_question_marks_are_themselves() {
        assert!(glob("a[!b]*").matches("a[!b]c"));
        assert!(!glob("a[!b]*").matches("ac"));
        assert!(!glob("a?*").matches("abc"));
        assert!(glob("v1.*").matches("v1.2"));
        assert!(!glob("v1.*").matches("v1x2"));
    }

    #[test]
    fn a183_a_regular_expression_is_about_the_whole_text() {
        let rule = regexp("https://github.com/acme/app");
        assert!(rule.matches("https://github.com/acme/app"));
        assert!(!rule.matches("https://github.com/acme/app-evil/x"));
        assert!(!rule.matches("evil https://github.com/acme/app"));
    }

    #[test]
    fn a186_alternatives_and_line_ends_cannot_slip_out_of_the_anchors() {
        assert!(!regexp("^a|b$").matches("ax"));
        assert!(!regexp("^a|b$").matches("xb"));
        assert!(!regexp("(?m)^a$").matches("a\nb"));
        assert!(!regexp("a$").matches("a\n"));
        assert!(TextRule::regexp("a)|(b").is_err(), "its own parentheses must be balanced");
    }

    #[test]
    fn a187_patterns_are_bounded() {
        assert_eq!(TextRule::regexp(&"a".repeat(5000)), Err(PatternError::TooLong));
        assert!(TextRule::regexp("(((a{100}){100}){100}){100}").is_err());
        assert!(!regexp("(a+)+b").matches(&"a".repeat(100_000)));
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        let error = TextRule::regexp("a(").expect_err("no regular expression").to_string();
        assert_eq!(error, "the regular expression cannot be used: unclosed group");
    }

    #[test]
    fn case_counts_unless_it_is_said_not_to() {
        assert!(!glob("Acme/*").matches("acme/app"));
        let rule = TextRule::glob_ignoring_case("https://github.com/Acme/*").expect("a glob");
        assert!(rule.matches("https://github.com/acme/APP"));
        assert!(TextRule::exact_ignoring_case("Acme").matches("aCME"));
    }
}
