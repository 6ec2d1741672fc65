//! The policy file, as text. Everything from the source stands between quotes or, in comments, on one line.

use std::fmt::Write as _;

use super::Remark;
use super::authority::{Demand, Pattern, Signer};
use super::policy::Rule;

/// Bytes of a remark in a comment: a pattern in it may be long.
const MAX_COMMENT: usize = 400;

/// Writes the file: the rules that can be written, and of the others what became of them.
pub(super) fn document(source_name: &str, rules: &[Rule], others: &[Remark]) -> String {
    let mut text = format!("# Imported from {} by `bonafide policy import`.\n", one_line(source_name));
    text.push_str(
        "# `lost`: this made the original stricter. `left out`: this let more images pass, or decided nothing.\n",
    );
    text.push_str("# `check`: it is carried over, and there is something to look at.\n");
    remarks(&mut text, "", others);
    text.push_str("version: 1\n\nimages:\n");
    for one in rules {
        rule(&mut text, one);
    }
    text
}

fn rule(text: &mut String, rule: &Rule) {
    remarks(text, "  ", &rule.remarks);
    let Some(demand) = rule.demand.as_ref().filter(|_| rule.is_complete()) else {
        let _ = writeln!(text, "  # No rule is left of {}.\n", one_line(&rule.name));
        return;
    };
    let _ = writeln!(text, "  - name: {}\n    match:", scalar(&rule.name));
    for image in &rule.images {
        let _ = writeln!(text, "      - {}", scalar(image));
    }
    if let Some(trust) = &demand.trust {
        let _ = writeln!(text, "    trust: [{}]", scalar(trust));
    }
    self::demand(text, demand);
}

fn demand(text: &mut String, demand: &Demand) {
    text.push_str("    signers:\n");
    for signer in &demand.signers {
        match signer {
            Signer::Certificate { identity, issuer } => {
                let _ =
                    writeln!(text, "      - {}\n        {}", pattern("identity", identity), pattern("issuer", issuer));
            }
            Signer::Key { base64, log_is_required } => key(text, base64, *log_is_required),
        }
    }
    let words: Vec<&str> = demand.requirements.iter().map(|requirement| requirement.as_str()).collect();
    let _ = writeln!(text, "    require: [{}]\n", words.join(", "));
}

/// An asterisk in an exact text would be one of a glob.
fn pattern(key: &str, pattern: &Pattern) -> String {
    match pattern {
        Pattern::Exact(text) if !text.contains('*') => format!("{key}: {}", scalar(text)),
        Pattern::Exact(text) => format!("{key}-regexp: {}", scalar(&regex::escape(text))),
        Pattern::Expression(text) => format!("{key}-regexp: {}", scalar(text)),
    }
}

/// RFC 7468 §3: lines of 64 characters.
fn key(text: &mut String, base64: &str, log_is_required: bool) {
    text.push_str("      - key:\n          pem: |\n            -----BEGIN PUBLIC KEY-----\n");
    let mut rest = base64;
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        let _ = writeln!(text, "            {line}");
        rest = more;
    }
    text.push_str("            -----END PUBLIC KEY-----\n");
    if !log_is_required {
        text.push_str("          log: not-required\n");
    }
}

fn remarks(text: &mut String, margin: &str, remarks: &[Remark]) {
    for remark in remarks {
        let _ = writeln!(
            text,
            "{margin}# {}: {} (line {}): {}",
            remark.effect.as_str(),
            one_line(&remark.field),
            remark.place.line,
            one_line(&remark.message)
        );
        if !remark.hint.is_empty() {
            let _ = writeln!(text, "{margin}#   → {}", one_line(&remark.hint));
        }
    }
}

/// A text that ends no comment and hides nothing in it.
fn one_line(text: &str) -> String {
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
fn scalar(text: &str) -> String {
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
    fn a_comment_stays_on_its_line() {
        assert_eq!(one_line("a\nimages: []\r\u{2028}\u{85}\u{202e}b"), r"a\nimages: []\r\u{2028}\u{85}\u{202e}b");
        assert!(one_line(&"a".repeat(10_000)).len() < 500);
    }
}
