//! Composer: its normal form, ordered as PHP's `version_compare` has it.

use std::cmp::Ordering;

use super::digits;
use super::semver::compare_numbers;

/// The place of numbers among the parts.
const NUMBER: u8 = 6;

/// PHP manual, `version_compare`: "any string not found in this list < dev < alpha = a < beta = b < RC = rc < # < pl = p".
fn rank(part: &str) -> u8 {
    match part.to_ascii_lowercase().as_str() {
        "dev" => 1,
        "alpha" | "a" => 2,
        "beta" | "b" => 3,
        "rc" => 4,
        // Composer's `stable`, and a missing part.
        "#" | "stable" => 5,
        "pl" | "p" | "patch" => 7,
        number if digits::are_all(number) => NUMBER,
        _ => 0,
    }
}

/// Composer's normal form has four numbers, so missing ones are zero; the parts behind them are compared one by one.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let ((one_numbers, one_suffix), (other_numbers, other_suffix)) = (split(one), split(other));
    compare_numbers(one_numbers, other_numbers).then_with(|| {
        let (ones, others) = (stability(one_suffix), stability(other_suffix));
        (0..ones.len().max(others.len()))
            .map(|position| compare_parts(at(&ones, position), at(&others, position)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    })
}

/// The numbers, and what stands behind them without build metadata.
/// A branch (`dev-main`, `1.x-dev`) has no place among versions (getcomposer.org, "Versions and constraints").
pub(super) fn is_valid(text: &str) -> bool {
    let (numbers, suffix) = split(text);
    let has_number = numbers.split('.').all(digits::are_all);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '#');
    let is_branch = suffix.trim_start_matches('.').starts_with(['x', 'X', '*']);
    has_number && !is_branch && text.chars().all(is_plain)
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(['v', 'V']);
    let text = text.split_once('+').map_or(text, |(version, _)| version);
    let numbers = text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len()));
    (numbers.0.trim_end_matches('.'), numbers.1)
}

/// Composer drops the word `stable` and all that follows it (composer/semver, `VersionParser::normalize`).
fn stability(suffix: &str) -> Vec<&str> {
    let parts = parts(suffix);
    if parts.first() == Some(&"stable") { Vec::new() } else { parts }
}

/// "The function first replaces _, - and + with a dot . in the version strings and also inserts dots . before and after any
/// non number": runs of digits and runs of letters.
fn parts(suffix: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = suffix;
    while let Some(first) = rest.chars().next() {
        let belongs = |c: char| if first.is_ascii_digit() { c.is_ascii_digit() } else { c.is_ascii_alphabetic() };
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len()).max(first.len_utf8());
        if first.is_ascii_alphanumeric() {
            parts.extend(without_dev(&rest[..end]));
        }
        rest = &rest[end..];
    }
    parts
}

/// `dev` may follow a stability without a separator: `1.0-betadev` (composer/semver, `VersionParser::$modifierRegex`).
fn without_dev(part: &str) -> impl Iterator<Item = &str> {
    let end = part.len().checked_sub(3).filter(|end| *end > 0 && part[*end..].eq_ignore_ascii_case("dev"));
    let (stability, dev) = part.split_at(end.unwrap_or(part.len()));
    [stability, dev].into_iter().filter(|part| !part.is_empty())
}

fn at<'a>(parts: &[&'a str], position: usize) -> &'a str {
    parts.get(position).copied().unwrap_or("#")
}

fn compare_parts(one: &str, other: &str) -> Ordering {
    match (rank(one), rank(other)) {
        (NUMBER, NUMBER) => digits::compare(one, other),
        (one, other) => one.cmp(&other),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ascending, refused};

    #[test]
    fn versions_have_the_order_of_composer() {
        ascending(
            "composer",
            &[
                &["1.0.0-dev"],
                &["1.0.0-alpha-dev", "1.0-alphadev"],
                &["1.0.0-alpha1", "1.0-a1"],
                &["1.0.0-beta2"],
                &["1.0.0-RC1", "1.0.0.0-rc1"],
                &["1.0", "v1.0.0", "1.0.0.0", "1.0-stable", "1.0.stable2", "1.0-stable.3-dev"],
                &["1.0.0-patch1", "1.0.0-p1"],
                &["1.0.1"],
                &["1.10"],
            ],
        );
        refused("composer", &["", "dev-master", "master", "1.x-dev", "1.0.x-dev", "1.0.*", "^1.0", "1.0 beta"]);
    }
}
