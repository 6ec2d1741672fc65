//! Debian Policy §5.6.12: `[epoch:]upstream_version[-debian_revision]`.
//!
//! `debversion` brings two libraries for big numbers and times with it; the algorithm is one paragraph of the policy.

use std::cmp::Ordering;

use super::digits;

struct Parts<'a> {
    epoch: &'a str,
    upstream: &'a str,
    revision: &'a str,
}

/// "The package management system will break the version number apart at the last hyphen in the string (if there is one)."
fn parts(text: &str) -> Parts<'_> {
    let (epoch, rest) = text.split_once(':').unwrap_or(("0", text));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    Parts { epoch, upstream, revision }
}

pub(super) fn is_valid(text: &str) -> bool {
    let Parts { epoch, upstream, revision } = parts(text);
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'~' | b'-' | b':' | b'_');
    digits::are_all(epoch) && !upstream.is_empty() && upstream.bytes().chain(revision.bytes()).all(is_allowed)
}

pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let (one, other) = (parts(one), parts(other));
    digits::compare(one.epoch, other.epoch)
        .then_with(|| compare_part(one.upstream, other.upstream))
        .then_with(|| compare_part(one.revision, other.revision))
}

/// "First the initial part of each string consisting entirely of non-digit characters is determined. … Then the initial part
/// of the remainder of each string which consists entirely of digit characters is determined. The numerical values of these
/// two parts are compared … These two steps are repeated."
fn compare_part(mut one: &str, mut other: &str) -> Ordering {
    while !one.is_empty() || !other.is_empty() {
        let (one_letters, one_rest) = split_before_digit(one);
        let (other_letters, other_rest) = split_before_digit(other);
        let (one_digits, one_rest) = digits::split(one_rest);
        let (other_digits, other_rest) = digits::split(other_rest);
        match compare_letters(one_letters, other_letters).then_with(|| digits::compare(one_digits, other_digits)) {
            Ordering::Equal => (one, other) = (one_rest, other_rest),
            order => return order,
        }
    }
    Ordering::Equal
}

fn split_before_digit(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len()))
}

/// "The lexical comparison is a comparison of ASCII values modified so that all the letters sort earlier than all the
/// non-letters and so that a tilde sorts before anything, even the end of a part."
fn compare_letters(one: &str, other: &str) -> Ordering {
    let length = one.len().max(other.len());
    let weight = |text: &str, position| match text.as_bytes().get(position) {
        None => 0,
        Some(b'~') => -1,
        Some(letter) if letter.is_ascii_alphabetic() => i32::from(*letter),
        Some(other) => i32::from(*other) + 256,
    };
    let orders = (0..length).map(|position| weight(one, position).cmp(&weight(other, position)));
    orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ascending, refused};

    #[test]
    fn versions_have_the_order_of_the_policy() {
        // The policy's own example: "~~, ~~a, ~, the empty part, a".
        ascending("deb", &[&["1~~"], &["1~~a"], &["1~"], &["1", "1-0", "0:1", "01"], &["1a"], &["1+"]]);
        ascending(
            "deb",
            &[
                &["3.0.11-1~deb12u1"],
                &["3.0.11-1~deb12u2"],
                &["3.0.11-1"],
                &["3.0.11-1+b1"],
                &["3.0.11-1.1"],
                &["3.0.11-10"],
                &["3.0.11.0-1"],
                &["3.0.12-1"],
                &["1:1.0-1"],
            ],
        );
        ascending("deb", &[&["1.0-2"], &["1.0-1-1"], &["1.0-1-2"]]);
        refused("deb", &["", "-1", "a:1", ":1", "1 2", "1.0,2"]);
    }
}
