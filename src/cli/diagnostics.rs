//! Errors that end a run, and warnings that do not: message, hint, and how they are printed. The texts are elsewhere: an error of
//! a module has its hint beside it, and commands add the texts about their own arguments.

use std::error::Error;
use std::fmt::{self, Display};
use std::io;
use std::iter::successors;

use crate::render::escape::terminal;

use super::colour::Colour;
use super::exit::{ABSENT, UNDECIDED, USAGE};
use super::streams;

/// An error that ends a run.
#[derive(Debug)]
pub(super) struct Diagnostic {
    /// What failed, with the messages of its causes.
    message: String,
    /// The details below the message, over several lines.
    body: String,
    hint: Option<String>,
    exit_code: u8,
}

/// An error of a module, or a text.
type Cause = Box<dyn Error + Send + Sync>;

impl Diagnostic {
    /// An error of what was given.
    pub(super) fn usage(error: impl Into<Cause>, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..Self::ending_with(USAGE, error) }
    }

    /// Refuses the first given flag of this list. The flags have a meaning for `verify`, but not for the command that shares
    /// them.
    pub(super) fn refuse_flags(flags: &[(&str, bool)], why: &str) -> Result<(), Self> {
        match flags.iter().find(|(_, is_given)| *is_given) {
            Some((flag, _)) => Err(Self::usage(format!("`{flag}` {why}"), "use it with `bonafide verify`")),
            None => Ok(()),
        }
    }

    /// An error that leaves the verdict undecided.
    pub(super) fn undecided(error: impl Into<Cause>, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..Self::ending_with(UNDECIDED, error) }
    }

    /// A lack of what was asked for.
    pub(super) fn absent(error: impl Into<Cause>, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..Self::ending_with(ABSENT, error) }
    }

    /// An error that ends with the exit code of a verdict.
    pub(super) fn of_verdict(exit_code: u8, error: impl Into<Cause>, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..Self::ending_with(exit_code, error) }
    }

    /// An error without a remedy.
    pub(super) fn without_hint(error: impl Into<Cause>) -> Self {
        Self::ending_with(UNDECIDED, error)
    }

    /// An error of what was given that has several parts, each with its hint.
    pub(super) fn of_parts(message: impl Into<Cause>, parts: String) -> Self {
        Self { body: parts, ..Self::ending_with(USAGE, message) }
    }

    fn ending_with(exit_code: u8, error: impl Into<Cause>) -> Self {
        let error = error.into();
        let causes = successors(Some(&*error as &dyn Error), |error| (*error).source());
        let message = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        Self { message, body: String::new(), hint: None, exit_code }
    }

    /// Puts the subject of the error in front of its message.
    pub(super) fn about(self, what: impl Display) -> Self {
        Self { message: format!("{what}: {}", self.message), ..self }
    }

    /// Puts details below the message.
    pub(super) fn with_body(self, body: String) -> Self {
        Self { body, ..self }
    }

    /// Adds a line to the hint.
    pub(super) fn with_hint(self, line: String) -> Self {
        Self { hint: Some(self.hint.into_iter().chain([line]).collect::<Vec<_>>().join("\n    ")), ..self }
    }

    /// Returns the message with those of its causes.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// Returns the message with its details, on one line.
    pub(super) fn summary(&self) -> String {
        let first = self.body.lines().find(|line| !line.trim().is_empty()).map(|line| format!(": {}", line.trim()));
        without_passwords(&format!("{}{}", self.message, first.unwrap_or_default()))
    }

    /// Returns what to do about it.
    pub(super) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Returns the exit code that this error ends the run with.
    pub(super) fn exit_code(&self) -> u8 {
        self.exit_code
    }

    /// Writes the error to standard error.
    pub(super) fn print(&self, colour: Colour) {
        let (start, end) = if colour.is_for(&io::stderr()) { ("\u{1b}[1;31m", "\u{1b}[0m") } else { ("", "") };
        streams::to_stderr(&format!("{start}error{end}: {self}\n"));
    }
}

/// A warning about this machine. It does not affect the verdict.
#[derive(Debug)]
pub(super) struct Warning {
    message: String,
    hint: String,
}

impl Warning {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }

    /// Returns the message, without the hint.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// Returns the way out.
    pub(super) fn hint(&self) -> &str {
        &self.hint
    }

    /// Writes the warning to standard error.
    pub(super) fn print(&self) {
        let (message, hint) = (without_passwords(&self.message), without_passwords(&self.hint));
        streams::to_stderr(&format!("warning: {}\n  → {}\n", terminal(&message), terminal(&hint)));
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&terminal(&without_passwords(&self.message)))?;
        for line in without_passwords(&self.body).lines() {
            write!(formatter, "\n{}", terminal(line))?;
        }
        if let Some(hint) = &self.hint {
            let hint = without_passwords(hint);
            let lines: Vec<String> = hint.lines().map(|line| terminal(line).into_owned()).collect();
            write!(formatter, "\n  → {}", lines.join("\n"))?;
        }
        Ok(())
    }
}

/// Takes `user:password@`, query and fragment out of every word that looks like an address: messages quote what was typed, and
/// end up in logs.
fn without_passwords(text: &str) -> String {
    let is_end = |character: char| character.is_whitespace() || matches!(character, '`' | '\'' | '"');
    let text: String = text.split_inclusive(is_end).map(without_query).collect();
    text.split_inclusive(|character: char| character.is_whitespace() || matches!(character, '`' | '\'' | '"' | '='))
        .map(without_password)
        .collect()
}

/// A policy's address may have a token in its query (A315).
fn without_query(word: &str) -> String {
    let Some(scheme) = word.find("://") else { return word.to_owned() };
    let (address, end) = match word.char_indices().last() {
        Some((end, last)) if last.is_whitespace() || matches!(last, '`' | '\'' | '"') => word.split_at(end),
        _ => (word, ""),
    };
    let Some(start) = address[scheme..].find(['?', '#']).map(|start| scheme + start) else { return word.to_owned() };
    // In a regular expression it means something else.
    if address[..start].contains(['(', '[', '*', '\\', '|', '^']) || address.len() == start + 1 {
        return word.to_owned();
    }
    format!("{}…{end}", &address[..=start])
}

fn without_password(word: &str) -> String {
    if is_package(word) {
        return word.to_owned();
    }
    let start = word.find("://").map_or(0, |scheme| scheme + "://".len());
    let end = word[start..].find('/').map_or(word.len(), |slash| start + slash);
    let authority = &word[start..end];
    match authority.rsplit_once('@') {
        // A digest stands behind an `@` too. Behind a scheme all that stands before it is a login.
        Some((before, after))
            if (start > 0 || before.contains(':'))
                && !after.starts_with("sha256:")
                && !after.starts_with("sha512:") =>
        {
            format!("{}…@{after}{}", &word[..start], &word[end..])
        }
        _ => word.to_owned(),
    }
}

/// Whether a word is a package, whose name stands in front of an `@` as a login does. Behind it is a version and no host.
fn is_package(word: &str) -> bool {
    let bare = word.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '`' | '\'' | '"' | ',' | ';' | ':'));
    let Some((_, version)) = bare.strip_prefix("npm:").and_then(|rest| rest.rsplit_once('@')) else { return false };
    let release = version.split('-').next().unwrap_or(version);
    let is_release = release.starts_with(|c: char| c.is_ascii_digit()) && release.split('.').count() == 3;
    !version.contains(['/', ':']) && (is_release || !version.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_taken_out_of_addresses_and_nothing_else_is() {
        assert_eq!(without_passwords("`https://ci:p@ss@ghcr.io/a` is none"), "`https://…@ghcr.io/a` is none");
        assert_eq!(without_passwords("'ghcr.io=ci:pass@ghcr.io/x'"), "'ghcr.io=…@ghcr.io/x'");
        assert_eq!(
            without_passwords("`https://a.example/p.yaml?token=x@sha256:ab` and https://u:p@a.example/#x=1 end"),
            "`https://a.example/p.yaml?…` and https://…@a.example/#… end"
        );
        assert_eq!(without_passwords("`npm:pass@ghcr.io/x` npm:pass@ghcr.io"), "`…@ghcr.io/x` …@ghcr.io");
        for text in [
            "`^https://github.com/acme/(app)?/x$`",
            "is this https://acme.example/?",
            "ghcr.io/acme/app:1@sha256:ab",
            "alpine:3@sha256:ab",
            "https://github.com/acme/app/.github/workflows/x.yml@refs/tags/v1",
            "alice@acme.example",
            "npm:app@1.4.2, npm:@acme/app@1.4.2 and `npm:app@latest`",
            "npm:NAME@VERSION or npm:@SCOPE/NAME@VERSION;",
        ] {
            assert_eq!(without_passwords(text), text);
        }
    }
}
