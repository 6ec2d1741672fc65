//! The lines of a report of `bonafide doctor`.

use serde::Serialize;

use crate::cli::diagnostics::{Diagnostic, Warning};

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Ok,
    Warning,
    Error,
}

impl State {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) topic: &'static str,
    pub(super) state: State,
    pub(super) message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

impl Line {
    pub(super) fn ok(topic: &'static str, message: impl Into<String>) -> Self {
        Self { topic, state: State::Ok, message: message.into(), next: None }
    }

    pub(super) fn warning(topic: &'static str, message: impl Into<String>, next: impl Into<String>) -> Self {
        Self { topic, state: State::Warning, message: message.into(), next: Some(next.into()) }
    }

    pub(super) fn of_warning(topic: &'static str, warning: &Warning) -> Self {
        Self::warning(topic, warning.message(), warning.hint())
    }

    pub(super) fn error(topic: &'static str, message: impl Into<String>, next: impl Into<String>) -> Self {
        Self { topic, state: State::Error, message: message.into(), next: Some(next.into()) }
    }

    pub(super) fn of(topic: &'static str, diagnostic: &Diagnostic) -> Self {
        Self { topic, state: State::Error, message: diagnostic.summary(), next: diagnostic.hint().map(str::to_owned) }
    }
}
