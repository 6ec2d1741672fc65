//! Texts from outside, made fit for messages.

use std::fmt;

/// What a server said about an error, shortened and escaped; may be nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said(String);

impl Said {
    /// Takes a text from outside.
    pub(super) fn from_outside(text: &str) -> Self {
        Self(printable(text))
    }
}

impl fmt::Display for Said {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(formatter, " (\"{}\")", self.0) }
    }
}

/// Shortens a text from outside and escapes everything that is not plain ASCII.
pub(super) fn printable(text: &str) -> String {
    const LONGEST: usize = 200;
    let text = text.trim();
    let mut shown: String = text.chars().take(LONGEST).flat_map(escape).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push_str("...");
    }
    shown
}

fn escape(character: char) -> Vec<char> {
    if character.is_ascii_graphic() || character == ' ' {
        vec![character]
    } else {
        character.escape_default().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_escaped_and_short() {
        let said = Said::from_outside(&format!("\n::error::\u{202e}\x1b[31m{}", "x".repeat(10_000)));
        let text = said.to_string();
        assert!(text.starts_with(" (\"::error::\\u{202e}\\u{1b}[31mxxx") && text.len() < 260, "{text}");
        assert_eq!(Said::default().to_string(), "");
    }
}
