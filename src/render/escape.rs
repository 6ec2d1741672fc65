//! Text from outside, made safe for a terminal.
//!
//! Identities, annotations and error texts are written by signers and servers. On a terminal they could move the
//! cursor, recolour a verdict, or start a workflow command in CI (A269, A270).

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character must not reach a terminal as it is: controls, line separators, direction overrides, invisible ones.
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

/// Replaces unsafe characters by their code points, such as `\u{202e}`.
pub fn terminal(text: &str) -> Cow<'_, str> {
    // The runners of GitHub and Azure take this for a command wherever it stands in a line.
    if text.contains("##[") {
        return Cow::Owned(terminal(&text.replace("##[", "# #[")).into_owned());
    }
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unsafe(character) {
            safe.extend(character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// The most characters of a text that a report for another program takes over.
const LONGEST: usize = 2000;

/// Makes a text safe for a terminal, and shortens it for reading.
pub(super) fn clipped(text: &str) -> String {
    clipped_to(LONGEST, text)
}

/// Makes a text safe for a terminal, and shortens it to so many characters.
pub(super) fn clipped_to(longest: usize, text: &str) -> String {
    let text = terminal(text);
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

/// Quotes a cell of CSV (RFC 4180) that no spreadsheet takes for a formula: what begins like one gets an apostrophe in front.
pub(super) fn csv(cell: &str) -> String {
    let safe = terminal(cell);
    let is_formula = safe.trim_start().starts_with(['=', '+', '-', '@', '|', '%']);
    let apostrophe = if is_formula { "'" } else { "" };
    format!("\"{apostrophe}{}\"", safe.replace('"', "\"\""))
}

/// Shows text from outside literally in Markdown. Code contains no mentions and no links, and character references are never
/// markup: CommonMark 0.31 §2.5, "Entity and numeric character references cannot be used in place of symbols indicating
/// structure".
pub(super) fn code(text: &str) -> String {
    let mut code = "<code>".to_owned();
    for character in clipped(text).chars() {
        if character.is_alphanumeric() || character == ' ' {
            code.push(character);
        } else {
            let _ = write!(code, "&#{};", u32::from(character));
        }
    }
    code + "</code>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a270_direction_overrides_and_invisible_characters_are_shown() {
        assert_eq!(terminal("a\u{202e}b\u{200b}c"), "a\\u{202e}b\\u{200b}c");
    }

    #[test]
    fn a269_line_feeds_and_escape_sequences_are_shown() {
        assert_eq!(terminal("x\n::error::y"), "x\\u{a}::error::y");
        assert_eq!(terminal("\u{1b}[2J"), "\\u{1b}[2J");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "|cmd", "%1"] {
            assert_eq!(csv(formula), format!("\"'{formula}\""));
        }
        for control in ["\t=1", "\r=1", "\n=1"] {
            assert!(csv(control).starts_with("\"\\u{"), "{}", csv(control));
        }
        assert_eq!(csv("a,\"b\""), "\"a,\"\"b\"\"\"");
    }

    #[test]
    fn ordinary_text_is_not_copied() {
        assert!(matches!(terminal("https://github.com/acme/app – ünïcode"), Cow::Borrowed(_)));
    }
}
