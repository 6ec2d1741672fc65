//! Finds the release before another in its line. Back-ported releases belong to older lines.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

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

    fn order(&self, other: &Self) -> Ordering {
        self.version.compare(&other.version).unwrap_or(Ordering::Equal)
    }
}

/// Returns for each release the index of the one before it: the highest lower version of its line, among the releases for which
/// `counts` is true.
///
/// Patches of a line follow each other. Across lines, a lower version that was signed later is a back-port, and did not come before.
pub(super) fn before_each(all: &[Option<Release>], counts: impl Fn(Verdict) -> bool) -> Vec<Option<usize>> {
    let mut places: Vec<(usize, &Release)> =
        all.iter().enumerate().filter_map(|(place, one)| Some((place, one.as_ref()?))).collect();
    places.sort_by(|(_, one), (_, other)| one.order(other));
    // Equal versions have one rank.
    let mut ranked: Vec<Ranked<'_>> = Vec::new();
    for (place, release) in places {
        let is_equal = |last: &Ranked<'_>| last.release.order(release) == Ordering::Equal;
        let rank = ranked.last().map_or(0, |last| last.rank + usize::from(!is_equal(last)));
        ranked.push(Ranked { rank, place, release, counts: counts(release.verdict) });
    }
    // Of one that was signed at a time that is not known, nothing is known to be later.
    ranked.sort_by_key(|one| one.release.signed);
    let (untimed, timed) = ranked.split_at(ranked.partition_point(|one| one.release.signed.is_none()));
    let mut lines: BTreeMap<_, Ranks> = BTreeMap::new();
    let mut variants = Variants::new();
    for one in ranked.iter().filter(|one| one.counts) {
        if let Some(line) = &one.release.line {
            lines.entry((one.release.variant.as_str(), line)).or_default().insert((one.rank, one.place));
        }
    }
    let mut before = vec![None; all.len()];
    let mut set = |one: &Ranked<'_>, variants: &Variants<'_>| {
        let lower = |set: &Ranks| set.range(..(one.rank, 0)).next_back().copied();
        let variant = one.release.variant.as_str();
        let of_line = one.release.line.as_ref().and_then(|line| lower(lines.get(&(variant, line))?));
        let of_variant = variants.get(variant).and_then(lower);
        before[one.place] = of_line.max(of_variant).map(|(_, place)| place);
    };
    for one in untimed {
        one.add_to(&mut variants);
    }
    for at_once in timed.chunk_by(|one, other| one.release.signed == other.release.signed) {
        for one in at_once {
            one.add_to(&mut variants);
        }
        for one in at_once {
            set(one, &variants);
        }
    }
    for one in untimed {
        set(one, &variants);
    }
    before
}

/// A release, and its place among all versions.
struct Ranked<'a> {
    rank: usize,
    place: usize,
    release: &'a Release,
    counts: bool,
}

/// Ranks, each with its place.
type Ranks = BTreeSet<(usize, usize)>;

/// The ranks of each variant.
type Variants<'a> = BTreeMap<&'a str, Ranks>;

impl<'a> Ranked<'a> {
    fn add_to(&self, variants: &mut Variants<'a>) {
        if self.counts {
            variants.entry(self.release.variant.as_str()).or_default().insert((self.rank, self.place));
        }
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
        let before = before_each(&all, |verdict| verdict == Verdict::Verified);
        let name = |(before, (tag, _)): (Option<usize>, &(&str, _))| {
            format!("{tag} after {}", before.map_or("none", |place| parts[place].0))
        };
        before.into_iter().zip(&parts).map(name).collect()
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

    /// As the rule reads: each is held against each.
    fn one_by_one(all: &[Option<Release>], counts: impl Fn(Verdict) -> bool) -> Vec<Option<usize>> {
        let may_follow = |one: &Release, other: &Release| {
            let is_higher = one.version.compare(&other.version) == Some(Ordering::Greater);
            let is_same_line = one.line.is_some() && one.line == other.line;
            let was_before = one.signed.zip(other.signed).is_none_or(|(own, other)| other <= own);
            is_higher && one.variant == other.variant && (is_same_line || was_before)
        };
        let before = |one: &Option<Release>| {
            let one = one.as_ref()?;
            let lower = all.iter().enumerate().filter_map(|(place, other)| Some((place, other.as_ref()?)));
            let lower = lower.filter(|(_, other)| counts(other.verdict) && may_follow(one, other));
            lower.max_by(|(_, one), (_, other)| one.order(other)).map(|(place, _)| place)
        };
        all.iter().map(before).collect()
    }

    #[test]
    fn any_history_is_as_the_rule_reads() {
        // xorshift64: the same histories each time.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move |below: u32| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            u32::try_from(state % u64::from(below)).expect("below it")
        };
        let verdicts = [Verdict::Verified, Verdict::Undecided, Verdict::Rejected, Verdict::Absent];
        for _ in 0..300 {
            let count = random(40);
            let mut one = || {
                let variant = ["", "-rc.1", "-alpine3", "+7"][random(4) as usize];
                let tag = match random(8) {
                    0 => "latest".to_owned(),
                    1 => format!("{}.{}{variant}", random(3), random(3)),
                    2 => format!("v{}.{}.{}{variant}", random(3), random(3), random(3)),
                    _ => format!("{}.{}.{}{variant}", random(3), random(3), random(3)),
                };
                let signed = (random(4) > 0).then(|| Timestamp::from_second(random(6).into()).expect("a time"));
                Release::of(&tag, verdicts[random(4) as usize], signed)
            };
            let all: Vec<Option<Release>> = (0..count).map(|_| one()).collect();
            let counts = |verdict| matches!(verdict, Verdict::Verified | Verdict::Undecided);
            assert_eq!(before_each(&all, counts), one_by_one(&all, counts), "{all:?}");
        }
    }

    /// Each against each would take minutes.
    #[test]
    fn a_long_history_takes_little_more_time_than_a_short_one() {
        let one = |number: u32| {
            let signed = Timestamp::from_second(i64::from(number)).ok();
            // The lower the version, the later it was signed.
            Release::of(&format!("1.{}", 50_000 - number), Verdict::Verified, signed)
        };
        let all: Vec<Option<Release>> = (0..50_000).map(one).collect();
        assert!(before_each(&all, |_| true).iter().all(Option::is_none));
    }
}
