//! The mistakes in a policy file, with their places.

use std::borrow::Cow;
use std::fmt;

/// Problems that are listed: who wrote more has made one mistake many times.
const MAX_PROBLEMS: usize = 50;
/// Characters of a message that are shown.
const MAX_MESSAGE: usize = 600;

/// Signers that one document may list, those that aliases repeat counted each time.
pub(crate) const MAX_SIGNERS: usize = 256;
/// Patterns with asterisks for what SBOMs list, likewise. Rules without one are not counted.
pub(crate) const MAX_PATTERNS: usize = 1_000;

/// A place in a file: lines and columns count from one, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column of its first character.
    pub column: usize,
    /// How many characters it has on that line, at least one.
    pub length: usize,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Everything that is wrong with a file, with its text to show where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct DocumentError {
    source_name: String,
    text: String,
    problems: Vec<Problem>,
    /// Warnings: not errors, but seldom intended.
    warnings: Vec<Problem>,
}

impl DocumentError {
    pub(crate) fn new(source_name: &str, text: &str, problems: Vec<Problem>) -> Self {
        Self { source_name: source_name.to_owned(), text: text.to_owned(), problems, warnings: Vec::new() }
    }

    pub(super) fn with_warnings(mut self, warnings: Vec<Problem>) -> Self {
        self.warnings = warnings;
        self
    }

    /// Returns the mistakes, in the order of the file.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Returns what deserves a warning beside them, in the order of the file.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A warning stands beside the errors of its place: it may be why they are there.
        let errors = self.problems.iter().take(MAX_PROBLEMS).map(|problem| (problem, ""));
        let mut shown: Vec<(&Problem, &str)> =
            errors.chain(self.warnings.iter().take(MAX_PROBLEMS).map(|problem| (problem, "warning: "))).collect();
        shown.sort_by_key(|(problem, kind)| (problem.place, *kind));
        for (position, (problem, kind)) in shown.into_iter().enumerate() {
            if position > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{kind}{}", problem.draw(&self.source_name, &self.text))?;
        }
        match self.problems.len().saturating_sub(MAX_PROBLEMS) {
            0 => Ok(()),
            more => write!(formatter, "\nand {more} more"),
        }
    }
}

impl Problem {
    /// Draws it: file, line and column, the line with the offending text underlined, and what to do.
    pub fn draw(&self, source_name: &str, text: &str) -> String {
        let Place { line, column, length } = self.place;
        let mut drawn = format!("{source_name}:{line}:{column}: {}", short(&self.message));
        let shown = lines(text).nth(line.saturating_sub(1)).filter(|shown| !shown.trim().is_empty());
        if let Some(shown) = shown.filter(|shown| shown.chars().count() <= 200) {
            let margin = " ".repeat(line.to_string().len());
            // A tab counts as one character here; terminals vary.
            let shown = shown.replace('\t', " ");
            let rest = shown.chars().count().saturating_sub(column - 1).max(1);
            let under = format!("{}{}", " ".repeat(column - 1), "^".repeat(length.clamp(1, rest)));
            drawn = format!("{drawn}\n  {line} | {shown}\n  {margin} | {under}");
        }
        match &self.hint {
            Some(hint) => format!("{drawn}\n  → {}", short(hint)),
            None => drawn,
        }
    }
}

/// Messages quote the written text, which may be as long as the file.
fn short(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// Problems as they are found, each once: what an alias repeats is wrong in one place.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: Vec<Problem>,
    warnings: Vec<Problem>,
    signers: usize,
    patterns: usize,
}

impl Problems {
    pub(crate) fn add(&mut self, place: Place, message: impl Into<String>, hint: impl Into<String>) {
        let hint = Some(hint.into()).filter(|hint| !hint.is_empty());
        let problem = Problem { place, message: message.into(), hint };
        if !self.found.contains(&problem) {
            self.found.push(problem);
        }
    }

    /// Notes what can be read, and can never mean what it seems to.
    pub(super) fn warn(&mut self, place: Place, message: impl Into<String>, hint: impl Into<String>) {
        let problem = Problem { place, message: message.into(), hint: Some(hint.into()) };
        if !self.warnings.contains(&problem) {
            self.warnings.push(problem);
        }
    }

    /// Takes the warnings, in the order of the file.
    pub(super) fn take_warnings(&mut self) -> Vec<Problem> {
        self.warnings.sort();
        std::mem::take(&mut self.warnings)
    }

    /// Counts one signer more, and returns whether there are not too many: each has patterns that take time and room.
    pub(crate) fn may_read_signer(&mut self) -> bool {
        self.signers += 1;
        self.signers <= MAX_SIGNERS
    }

    /// Counts one pattern more, and returns whether there are not too many.
    pub(crate) fn may_read_pattern(&mut self) -> bool {
        self.patterns += 1;
        self.patterns <= MAX_PATTERNS
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Returns them in the order of the file.
    pub(crate) fn sorted(mut self) -> Vec<Problem> {
        self.found.sort();
        self.found
    }
}

/// The lines of a text, as places count them (YAML 1.2.2 §5.4): each ends with a line feed, a carriage return, or both.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let (line, after) = rest.split_at_checked(end).filter(|_| !rest.is_empty())?;
        rest = after.strip_prefix("\r\n").or_else(|| after.strip_prefix(['\n', '\r'])).unwrap_or_default();
        Some(line)
    })
}
