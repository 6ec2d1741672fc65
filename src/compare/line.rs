//! Finds the release before another in its line. Back-ported releases belong to older lines.

use std::cmp::Ordering;

use jiff::Timestamp;

use crate::check::Verdict;
use crate::packages::{Scheme, Version};

/// Reads a tag such as `v1.4.2` as a version. A hash, or a word that begins with a digit, is not a version.
pub fn version(tag: &str) -> Option<Version> {
    let number = tag.strip_prefix(['v', 'V']).unwrap_or(tag);
    let numbers = number.split(['-', '+']).next().unwrap_or_default();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    numbers.split('.').all(is_number).then(|| Version::parse(Scheme::Semver, tag).ok()).flatten()
}

/// A release among those of its repository.
#[derive(Debug, Clone)]
pub struct Release {
    version: Version,
    /// Its major and minor number, if it has further ones: its patches follow each other.
    line: Option<(String, String)>,
    /// What stands behind the numbers, without digits: `alpine`, `rc.`. Each variant has releases of its own.
    variant: String,
    verdict: Verdict,
    signed: Option<Timestamp>,
}

impl Release {
    /// Takes a release by its tag, if that is a version. `signed` is the time when it was signed first.
    pub fn of(tag: &str, verdict: Verdict, signed: Option<Timestamp>) -> Option<Self> {
        let number = tag.strip_prefix(['v', 'V']).unwrap_or(tag);
        let (numbers, behind) = number.find(['-', '+']).map_or((number, ""), |place| number.split_at(place));
        let mut parts = numbers.split('.').map(|part| part.trim_start_matches('0').to_owned());
        let line = parts.next().zip(parts.next()).filter(|_| parts.next().is_some());
        let variant = behind.chars().filter(|c| !c.is_ascii_digit()).collect();
        Some(Self { version: version(tag)?, line, variant, verdict, signed })
    }

    /// Returns what came of it.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Whether the other release may have come before this one. Patches of a line follow each other. Across lines, a lower
    /// version that was signed later is a back-port.
    fn may_follow(&self, other: &Self) -> bool {
        let is_higher = self.version.compare(&other.version) == Some(Ordering::Greater);
        let is_same_line = self.line.is_some() && self.line == other.line;
        let was_before = || self.signed.zip(other.signed).is_none_or(|(own, other)| other <= own);
        is_higher && self.variant == other.variant && (is_same_line || was_before())
    }

    /// Returns the index of the release before this one: the highest lower version of its line, among the releases for which
    /// `counts` is true.
    pub fn before(&self, all: &[Option<Self>], counts: impl Fn(Verdict) -> bool) -> Option<usize> {
        let lower = all.iter().enumerate().filter_map(|(place, one)| Some((place, one.as_ref()?)));
        let lower = lower.filter(|(_, one)| counts(one.verdict) && self.may_follow(one));
        let highest =
            lower.max_by(|(_, one), (_, other)| one.version.compare(&other.version).unwrap_or(Ordering::Equal));
        highest.map(|(place, _)| place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tag before each, as `tag@hour` says when it was signed.
    fn history(tags: &[&str]) -> Vec<String> {
        let parts: Vec<(&str, Option<i64>)> = tags
            .iter()
            .map(|one| one.split_once('@').map_or((*one, None), |(tag, hour)| (tag, hour.parse().ok())))
            .collect();
        let time = |hour: i64| Timestamp::from_second(hour * 3600).expect("a time");
        let all: Vec<Option<Release>> =
            parts.iter().map(|(tag, hour)| Release::of(tag, Verdict::Verified, hour.map(time))).collect();
        let before = |one: &Option<Release>| one.as_ref()?.before(&all, |verdict| verdict == Verdict::Verified);
        let name = |(one, (tag, _)): (&Option<Release>, &(&str, _))| {
            format!("{tag} after {}", before(one).map_or("none", |place| parts[place].0))
        };
        all.iter().zip(&parts).map(name).collect()
    }

    #[test]
    fn a_release_follows_the_highest_lower_one() {
        assert_eq!(
            history(&["2.0.0@9", "1.10.0@8", "1.9.1@7", "v1.9.0@6", "latest", "1"]),
            [
                "2.0.0 after 1.10.0",
                "1.10.0 after 1.9.1",
                "1.9.1 after v1.9.0",
                "v1.9.0 after 1",
                "latest after none",
                "1 after none"
            ]
        );
    }

    #[test]
    fn back_ported_releases_follow_their_own_line() {
        // 1.3.9 came after 1.4.0, which therefore did not follow it.
        assert_eq!(
            history(&["2.0.0@5", "1.4.0@3", "1.3.9@4", "1.3.8@2"]),
            ["2.0.0 after 1.4.0", "1.4.0 after 1.3.8", "1.3.9 after 1.3.8", "1.3.8 after none"]
        );
        assert_eq!(history(&["2.0.0@1", "1.9.0@2"])[0], "2.0.0 after none");
        // A patch cannot hide behind its time: it follows the one before.
        assert_eq!(history(&["1.4.2@1", "1.4.1@9"])[0], "1.4.2 after 1.4.1");
    }

    #[test]
    fn each_variant_has_releases_of_its_own() {
        assert_eq!(
            history(&["1.5.0", "1.5.0-rc.2", "1.5.0-rc.1", "1.4.0-alpine3.20", "1.4.0", "1.3.0-alpine3.19"]),
            [
                "1.5.0 after 1.4.0",
                "1.5.0-rc.2 after 1.5.0-rc.1",
                "1.5.0-rc.1 after none",
                "1.4.0-alpine3.20 after 1.3.0-alpine3.19",
                "1.4.0 after none",
                "1.3.0-alpine3.19 after none"
            ]
        );
    }
}
