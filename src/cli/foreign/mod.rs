//! Translates command lines of cosign, gh and slsa-verifier into ours.
//!
//! A command line is recognised after our own parser has refused it, and it is not run. The answer is the complete command for
//! this program. Restrictions without a counterpart are named, and flags that loosen a check are never translated.

mod flags;
mod translate;
mod words;

#[cfg(test)]
mod tests;

use std::ffi::OsString;

use crate::render::escape::terminal;

use super::diagnostics::Diagnostic;

/// A tool whose command line was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tool {
    Cosign,
    Gh,
    SlsaVerifier,
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::Cosign => "cosign",
            Self::Gh => "gh",
            Self::SlsaVerifier => "slsa-verifier",
        }
    }
}

/// What was asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    /// `cosign verify`
    Signature,
    /// `cosign verify-attestation`
    Attestation,
    /// `cosign verify-blob` and `verify-blob-attestation`
    Blob,
    /// `gh attestation verify`
    GitHub,
    /// `slsa-verifier verify-image`
    SlsaImage,
    /// `slsa-verifier verify-artifact`
    SlsaFile,
    /// Our own `verify`, with flags of others.
    Ours,
}

impl Task {
    fn tool(self) -> Option<Tool> {
        match self {
            Self::Signature | Self::Attestation | Self::Blob => Some(Tool::Cosign),
            Self::GitHub => Some(Tool::Gh),
            Self::SlsaImage | Self::SlsaFile => Some(Tool::SlsaVerifier),
            Self::Ours => None,
        }
    }
}

/// Commands of other tools that are answered in one line: their words, and our command.
const OTHERS: &[(&[&str], &str)] = &[
    (&["tree"], "bonafide inspect IMAGE"),
    (&["triangulate"], "bonafide inspect IMAGE"),
    (&["download"], "bonafide inspect IMAGE --output json"),
    (&["initialize"], "bonafide trust update"),
    (&["attestation", "trusted-root"], "bonafide trust show"),
    (&["attestation", "download"], "bonafide inspect IMAGE --github-api --repo OWNER/NAME"),
];

/// Returns the translation of another tool's command line. `None` if it belongs to none of these tools.
pub(super) fn answer(arguments: &[OsString]) -> Option<Diagnostic> {
    let words: Vec<String> =
        arguments.iter().skip(1).map(|word| word.to_str().map(str::to_owned)).collect::<Option<_>>()?;
    let words = match words.first().map(String::as_str) {
        Some("cosign" | "gh" | "slsa-verifier") => &words[1..],
        _ => &words[..],
    };
    let is_named = words.len() + 1 < arguments.len();
    let (task, command, rest) = task(words, is_named)?;
    if let Some(task) = task {
        let read = words::read(rest, task);
        let is_foreign = |given: &words::Given| matches!(given, words::Given::Foreign(..));
        if task == Task::Ours && !read.flags.iter().any(is_foreign) {
            return None;
        }
        return Some(translate::answer(task, &command, read));
    }
    let (_, ours) = OTHERS.iter().find(|(known, _)| known.iter().zip(words).all(|(known, word)| known == word))?;
    Some(Diagnostic::usage(format!("`{command}` is a command of another tool"), *ours))
}

/// The task, the words that name it, and the words behind it.
fn task(words: &[String], is_named: bool) -> Option<(Option<Task>, String, &[String])> {
    let first = words.first()?.as_str();
    let second = words.get(1).map(String::as_str);
    let one = |task| Some((Some(task), first.to_owned(), &words[1..]));
    match (first, second) {
        ("verify", _) if is_named => one(Task::Signature),
        ("verify", _) => one(Task::Ours),
        ("verify-attestation", _) => one(Task::Attestation),
        ("verify-blob" | "verify-blob-attestation", _) => one(Task::Blob),
        ("verify-image", _) => one(Task::SlsaImage),
        ("verify-artifact", _) => one(Task::SlsaFile),
        ("attestation" | "at", Some("verify")) => Some((Some(Task::GitHub), format!("{first} verify"), &words[2..])),
        ("tree" | "triangulate" | "initialize", _) => Some((None, first.to_owned(), &[])),
        ("download", Some("attestation" | "sbom" | "signature"))
        | ("attestation", Some("trusted-root" | "download")) => {
            Some((None, format!("{first} {}", second.unwrap_or_default()), &[]))
        }
        _ => None,
    }
}

/// Quotes a word for a POSIX shell, unless it means the same without.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:@%+,=-".contains(&byte);
    if !word.is_empty() && !word.starts_with('=') && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Whether a word can be shown, and pasted, as it is.
fn is_shown_whole(word: &str) -> bool {
    terminal(word) == word && !word.contains('\n')
}
