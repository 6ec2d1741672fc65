//! Numbers of any length, as digits.

use std::cmp::Ordering;

/// Compares two runs of digits as numbers; nothing is zero.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let [one, other] = [one, other].map(|digits| digits.trim_start_matches('0'));
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

/// Splits after the digits that a text begins with.
pub(super) fn split(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// Whether it is one digit or more and nothing else.
pub(super) fn are_all(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
