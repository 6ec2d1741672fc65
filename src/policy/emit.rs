//! Text in the YAML that this crate writes. Text from outside is always quoted, or kept on one line in a comment.

use std::fmt::Write as _;

/// Bytes of a comment: what comes from outside may be long.
const MAX_COMMENT: usize = 400;

/// A text that ends no comment and hides nothing in it.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for character in text.chars() {
        if line.len() >= MAX_COMMENT {
            line.push('…');
            break;
        }
        if is_plain(character) {
            line.push(character);
        } else {
            line.extend(character.escape_default());
        }
    }
    line
}

/// YAML 1.2.2 §7.3.2 and §5.7: between single quotes every character is itself and a quote is doubled; what does not print
/// stands between double quotes, escaped.
pub(crate) fn scalar(text: &str) -> String {
    if text.chars().all(is_plain) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if is_plain(character) => quoted.push(character),
            _ => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(character));
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Letters and digits of any script, and the rest of ASCII that prints: nothing that breaks, reorders or hides.
fn is_plain(character: char) -> bool {
    character == ' ' || character.is_ascii_graphic() || matches!(character, '…' | '→') || (character.is_alphanumeric())
}

/// A text without quotes where YAML takes it for nothing but a text, and else as [`scalar`] writes it.
pub(crate) fn bare_or_scalar(text: &str) -> String {
    let starts_as_text = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    // Within a word a colon or an asterisk means nothing to YAML.
    let is_bare = |b: u8| b.is_ascii_alphanumeric() || b"._-/@+:*".contains(&b);
    let is_word_of_yaml = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    if starts_as_text && text.bytes().all(is_bare) && !text.ends_with(':') && !is_word_of_yaml {
        text.to_owned()
    } else {
        scalar(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back(text: &str) -> String {
        let document = format!("key: {}\n", scalar(text));
        let value: std::collections::BTreeMap<String, String> = serde_saphyr::from_str(&document).expect("YAML");
        value["key"].clone()
    }

    #[test]
    fn every_text_comes_back_as_it_was() {
        for text in [
            "",
            " ",
            "a: b",
            "a #b",
            "#",
            "*a",
            "&a",
            "!a",
            "- a",
            "? a",
            "'",
            "''",
            "\"",
            "\\",
            "\\n",
            "a\nb",
            "a\r\n",
            "\t",
            "true",
            "null",
            "~",
            "1e5",
            "0x1F",
            "---",
            "...",
            "%a",
            "@a",
            "`a`",
            "{a: b}",
            "[a]",
            "a\u{85}b",
            "a\u{2028}b",
            "\u{202e}a",
            "\u{feff}a",
            "\u{0}",
            "\u{7f}",
            "é",
            "١",
            "😀",
            "<<",
            "|",
            ">",
            "a\n---\nb",
            "  a",
            "a  ",
        ] {
            assert_eq!(read_back(text), text, "{text:?}");
        }
    }

    #[test]
    fn what_could_be_taken_for_something_else_is_quoted() {
        for text in ["no", "1.20", "a: b", "a #b", "*x", "line\nbreak", "", "\u{202e}", "key:", "- x", "0x1", "~"] {
            assert!(bare_or_scalar(text).starts_with(['"', '\'']), "{text:?}");
        }
        for text in ["ghcr.io/acme/**", "https://token.actions.githubusercontent.com", "refs/tags/v*", "a@acme.example"]
        {
            assert_eq!(bare_or_scalar(text), text);
        }
    }

    #[test]
    fn a_comment_stays_on_its_line() {
        assert_eq!(one_line("a\nimages: []\r\u{2028}\u{85}\u{202e}b"), r"a\nimages: []\r\u{2028}\u{85}\u{202e}b");
        assert!(one_line(&"a".repeat(10_000)).len() < 500);
    }
}
