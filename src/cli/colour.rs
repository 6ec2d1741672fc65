//! When to use colour.

use std::env;
use std::io::IsTerminal;

use clap::ValueEnum;

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Colour {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Colour {
    /// Whether what goes there is in colour.
    pub(super) fn is_for(self, stream: &impl IsTerminal) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => stream.is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        }
    }
}
