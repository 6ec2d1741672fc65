//! The policy file, as text.

use std::fmt::Write as _;

use crate::policy::emit::{one_line, scalar};

use super::authority::{Expectation, Pattern, Required, Signer};
use super::policy::Rule;
use super::remark::Remark;

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
    let Some(expectation) = rule.expectation.as_ref().filter(|_| rule.is_complete()) else {
        let _ = writeln!(text, "  # No rule is left of {}.\n", one_line(&rule.name));
        return;
    };
    let _ = writeln!(text, "  - name: {}\n    match:", scalar(&rule.name));
    for image in &rule.images {
        let _ = writeln!(text, "      - {}", scalar(image));
    }
    if let Some(trust) = &expectation.trust {
        let _ = writeln!(text, "    trust: [{}]", scalar(trust));
    }
    self::expectation(text, expectation);
}

fn expectation(text: &mut String, expectation: &Expectation) {
    // Any one of a list is enough; of more, how many is said first.
    let margin = if expectation.at_least > 1 {
        let _ = write!(text, "    signers:\n      at-least: {}\n      of:\n", expectation.at_least);
        "        "
    } else {
        text.push_str("    signers:\n");
        "      "
    };
    for signer in &expectation.signers {
        match signer {
            Signer::Certificate { identity, issuer } => {
                let _ = writeln!(
                    text,
                    "{margin}- {}\n{margin}  {}",
                    pattern("identity", identity),
                    pattern("issuer", issuer)
                );
            }
            Signer::Key { base64, log_is_required } => key(text, base64, *log_is_required, margin),
        }
    }
    require(text, &expectation.requirements);
}

/// Words alone, unless there is one that needs more.
fn require(text: &mut String, required: &[Required]) {
    let words = || required.iter().filter(|one| matches!(one, Required::Kind(_))).map(Required::as_str);
    let types: Vec<&str> =
        required.iter().filter(|one| matches!(one, Required::Type(_))).map(Required::as_str).collect();
    if types.is_empty() {
        let _ = writeln!(text, "    require: [{}]\n", words().collect::<Vec<_>>().join(", "));
        return;
    }
    text.push_str("    require:\n");
    for word in words() {
        let _ = writeln!(text, "      {word}: {{}}");
    }
    text.push_str("      attestation:\n");
    for predicate_type in types {
        let _ = writeln!(text, "        - type: {}", scalar(predicate_type));
    }
    text.push('\n');
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
fn key(text: &mut String, base64: &str, log_is_required: bool, margin: &str) {
    let _ = write!(text, "{margin}- key:\n{margin}    pem: |\n{margin}      -----BEGIN PUBLIC KEY-----\n");
    let mut rest = base64;
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        let _ = writeln!(text, "{margin}      {line}");
        rest = more;
    }
    let _ = writeln!(text, "{margin}      -----END PUBLIC KEY-----");
    if !log_is_required {
        let _ = writeln!(text, "{margin}    log: not-required");
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
