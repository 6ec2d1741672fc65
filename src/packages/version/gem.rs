//! RubyGems: `Gem::Version` (rubygems `lib/rubygems/version.rb`).

use std::cmp::Ordering;

use super::digits;

/// What precompiled gems have behind their version: `1.15.4-x86_64-linux`. It is a platform and no pre-release.
const PLATFORMS: [&str; 9] = ["x86_64", "x86", "x64", "aarch64", "arm64", "arm", "java", "universal", "ruby"];

/// `[0-9]+(?>\.[0-9a-zA-Z]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?`
pub(super) fn is_valid(text: &str) -> bool {
    let (numbers, pre_release) = text.split_once('-').map_or((text, None), |(a, b)| (a, Some(b)));
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let mut parts = numbers.split('.');
    // A platform may have an underscore: `x86_64`.
    let is_behind_dash = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let has_pre_release = |text: &str| text.split('.').all(|part| !part.is_empty() && part.bytes().all(is_behind_dash));
    parts.next().is_some_and(digits::are_all) && parts.all(is_part) && pre_release.is_none_or(has_pre_release)
}

/// Compares segments from left to right, without the trailing zeros of the numbers and of the pre-release. A missing
/// segment is zero; letters come before numbers.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let (one, other) = (without_platform(one).replace('-', ".pre."), without_platform(other).replace('-', ".pre."));
    let (ones, others) = (segments(&one), segments(&other));
    (0..ones.len().max(others.len()))
        .map(|position| {
            let at = |segments: &[&str]| segments.get(position).copied().unwrap_or("0").to_owned();
            compare_segments(&at(&ones), &at(&others))
        })
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn without_platform(text: &str) -> &str {
    match text.split_once('-') {
        Some((version, rest)) if PLATFORMS.iter().any(|platform| is_of(rest, platform)) => version,
        _ => text,
    }
}

fn is_of(text: &str, platform: &str) -> bool {
    text.strip_prefix(platform).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// `canonical_segments`: runs of digits and runs of letters, without trailing zeros before the first letters and at the end.
fn segments(text: &str) -> Vec<&str> {
    let mut segments: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let belongs = |c: char| if is_digit { c.is_ascii_digit() } else { c.is_ascii_alphabetic() };
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len()).max(1);
        if first.is_ascii_alphabetic() && !segments.iter().any(|segment| is_letters(segment)) {
            drop_zeros(&mut segments);
        }
        if first.is_ascii_alphanumeric() {
            segments.push(&rest[..end]);
        }
        rest = &rest[end..];
    }
    drop_zeros(&mut segments);
    segments
}

fn drop_zeros(segments: &mut Vec<&str>) {
    while segments.last().is_some_and(|last| last.bytes().all(|byte| byte == b'0')) {
        segments.pop();
    }
}

fn is_letters(segment: &str) -> bool {
    segment.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn compare_segments(one: &str, other: &str) -> Ordering {
    match (is_letters(one), is_letters(other)) {
        (true, true) => one.cmp(other),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => digits::compare(one, other),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ascending, refused};

    #[test]
    fn versions_have_the_order_of_rubygems() {
        ascending(
            "gem",
            &[
                &["1.0.a"],
                &["1.0.a.2", "1.0.0.a2"],
                &["1.0.b1"],
                &["1.0.0-1"],
                &["1.0.rc1"],
                &["1", "1.0", "1.0.0"],
                &["1.0.1"],
                &["1.2.10", "1.2.10-x86_64-linux", "1.2.10-java"],
                &["1.10.0"],
            ],
        );
        refused("gem", &["", "a", "1..2", "1.0-", "1.0-a..b", "junk", "1.0\n2.0"]);
    }

    // `Gem::Version::VERSION_PATTERN`: behind the first hyphen more may follow anywhere, and each is `.pre.`.
    #[test]
    fn each_hyphen_is_a_pre_release() {
        ascending(
            "gem",
            &[&["1.0-a-", "1.0-a.pre"], &["1.0-a", "1.0.pre.a"], &["1.0--1", "1.0.pre.pre.1"], &["1.0-1"]],
        );
    }
}
