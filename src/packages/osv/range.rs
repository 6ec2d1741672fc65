//! The events of a range, and whether a version is affected by them (OSV schema, "Evaluation").

use std::cmp::Ordering;

use crate::packages::version::{Scheme, Version};

use super::pack::{Reader, Writer};

/// A range, in one of two orders. Ranges of commits are not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Range<'a> {
    Semver(Vec<Event<'a>>),
    Ecosystem(Vec<Event<'a>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event<'a> {
    Introduced(&'a str),
    Fixed(&'a str),
    LastAffected(&'a str),
    Limit(&'a str),
}

/// What comes of holding a version against a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Status<'a> {
    /// It is affected; the version that is not any more, if one is named.
    Affected {
        fixed: Option<&'a str>,
    },
    NotAffected,
    /// A version in question cannot be ordered.
    Undecided,
}

/// An event's version: "`introduced` allows a version of the value `0` to represent a version that sorts before any other".
#[derive(PartialEq, PartialOrd)]
enum Bound {
    Lowest,
    At(Version),
}

impl<'a> Range<'a> {
    pub(super) fn pack(&self, writer: &mut Writer) {
        writer.number(u64::from(matches!(self, Self::Semver(_))));
        writer.number(self.events().len() as u64);
        for event in self.events() {
            let kind = match event {
                Event::Introduced(_) => 0,
                Event::Fixed(_) => 1,
                Event::LastAffected(_) => 2,
                Event::Limit(_) => 3,
            };
            writer.number(kind);
            writer.text(event.version());
        }
    }

    pub(super) fn unpack(reader: &mut Reader<'a>) -> Self {
        let is_semver = reader.number() != 0;
        let count = reader.number();
        let event = |_| match (reader.number(), reader.text()) {
            (0, version) => Event::Introduced(version),
            (1, version) => Event::Fixed(version),
            (2, version) => Event::LastAffected(version),
            (_, version) => Event::Limit(version),
        };
        let events = (0..count).map(event).collect();
        if is_semver { Self::Semver(events) } else { Self::Ecosystem(events) }
    }

    /// How many comparisons a version costs.
    pub(super) fn events(&self) -> &[Event<'a>] {
        match self {
            Self::Semver(events) | Self::Ecosystem(events) => events,
        }
    }

    /// Holds a version against the range. What semantic versioning does not have is ordered as the ecosystem orders it.
    pub(super) fn holds(&self, version: &str, ecosystem: Option<Scheme>) -> Status<'a> {
        let schemes = match (self, ecosystem) {
            // A Bitnami revision is not a pre-release, in any type of range.
            (Self::Semver(_), Some(Scheme::Bitnami)) | (Self::Ecosystem(_), _) => [ecosystem, None],
            (Self::Semver(_), _) => [Some(Scheme::Semver), ecosystem],
        };
        let mut schemes = schemes.into_iter().flatten();
        schemes.find_map(|scheme| evaluate(self.events(), version, scheme)).unwrap_or(Status::Undecided)
    }

    /// Whether every version is in the range: it begins before the first one and has no end.
    pub(super) fn is_unlimited(&self) -> bool {
        let mut events = self.events().iter();
        let begins = events.clone().any(|event| matches!(event, Event::Introduced(version) if *version == "0"));
        begins
            && events.all(|event| match event {
                Event::Introduced(_) => true,
                Event::Limit(limit) => *limit == "*",
                Event::Fixed(_) | Event::LastAffected(_) => false,
            })
    }
}

/// RPM's builds for a module stream, by the number that the version begins with: `1:18.17.1-1.module_el8` is of `18`. Streams of
/// one module have versions beside each other, and an advisory does not say which stream it is about.
fn module_version(version: &str) -> Option<&str> {
    let is_modular = version.contains(".module_el") || version.contains(".module+el");
    let upstream = version.split_once(':').map_or(version, |(_, rest)| rest);
    is_modular.then(|| upstream.split(['.', '-']).next().unwrap_or_default())
}

/// Whether a package and the fix of an advisory may be of different module streams, so that their order says nothing.
fn is_of_another_stream(version: &str, fixed: &str, scheme: Scheme) -> bool {
    scheme == Scheme::Rpm && module_version(fixed).is_some_and(|stream| module_version(version) != Some(stream))
}

/// `IncludedInRanges` of the specification for one range; `None` if a version cannot be ordered.
///
/// The specification walks over sorted events, and the last one that a version has reached decides. That one is found
/// without sorting: not every order of versions is transitive, and a sort may panic then. A version at which a flaw is
/// both fixed and introduced again is affected. If it is both introduced and last affected at one version, only that
/// version is affected.
fn evaluate<'a>(events: &[Event<'a>], written: &str, scheme: Scheme) -> Option<Status<'a>> {
    let version = Version::parse(scheme, written).ok()?;
    // PEP 440: a local label counts only against a version that has one.
    let has_label = events.iter().any(|event| event.version().contains('+'));
    let version = if has_label { version } else { version.public() };
    if !is_before_limits(events, &version, scheme)? {
        return Some(Status::NotAffected);
    }
    let (mut introduced, mut closed, mut is_affected) = (None, None, false);
    let mut fixed: Option<(Bound, &'a str)> = None;
    for event in events {
        let bound = event.bound(scheme)?;
        match (event, bound.compare_version(&version)) {
            (Event::Introduced(_), Ordering::Less | Ordering::Equal) => latest(&mut introduced, bound),
            (Event::Fixed(_), Ordering::Less | Ordering::Equal) => latest(&mut closed, (bound, false)),
            (Event::LastAffected(_), Ordering::Less) => latest(&mut closed, (bound, true)),
            (Event::Fixed(text), Ordering::Greater) if fixed.as_ref().is_none_or(|(next, _)| bound < *next) => {
                fixed = Some((bound, text));
            }
            _ => {}
        }
    }
    if let Some(introduced) = introduced {
        is_affected = closed.is_none_or(|closed| (introduced, false) >= closed);
    }
    let fixed = fixed.map(|(_, text)| text);
    if is_affected && fixed.is_some_and(|fixed| is_of_another_stream(written, fixed, scheme)) {
        return None;
    }
    Some(if is_affected { Status::Affected { fixed } } else { Status::NotAffected })
}

/// Keeps the greater one.
fn latest<T: PartialOrd>(known: &mut Option<T>, other: T) {
    if known.as_ref().is_none_or(|known| *known < other) {
        *known = Some(other);
    }
}

/// `BeforeLimits` of the specification.
fn is_before_limits(events: &[Event<'_>], version: &Version, scheme: Scheme) -> Option<bool> {
    let mut limits = events.iter().filter_map(|event| match event {
        Event::Limit(limit) => Some(limit),
        _ => None,
    });
    let mut any = false;
    let below = limits.try_fold(false, |below, limit| {
        any = true;
        // "`limit` allows versions containing the string `*` to represent infinity."
        let is_below = *limit == "*" || version.compare(&Version::parse(scheme, limit).ok()?) == Some(Ordering::Less);
        Some(below || is_below)
    })?;
    Some(below || !any)
}

impl Bound {
    fn compare_version(&self, version: &Version) -> Ordering {
        match self {
            Self::Lowest => Ordering::Less,
            Self::At(bound) => bound.compare(version).unwrap_or(Ordering::Equal),
        }
    }
}

impl<'a> Event<'a> {
    fn version(self) -> &'a str {
        match self {
            Self::Introduced(text) | Self::Fixed(text) | Self::LastAffected(text) | Self::Limit(text) => text,
        }
    }

    /// Its position in the order. Limits may be `*`, and their position is never compared here.
    fn bound(self, scheme: Scheme) -> Option<Bound> {
        match (self, self.version()) {
            (Self::Limit(_), _) | (_, "0") => Some(Bound::Lowest),
            (_, text) => Version::parse(scheme, text).ok().map(Bound::At),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events<'a>(texts: &[(&str, &'a str)]) -> Vec<Event<'a>> {
        let read = |(kind, version): &(&str, &'a str)| match *kind {
            "introduced" => Event::Introduced(version),
            "fixed" => Event::Fixed(version),
            "last_affected" => Event::LastAffected(version),
            _ => Event::Limit(version),
        };
        texts.iter().map(read).collect()
    }

    fn is_affected(range: &[(&str, &str)], version: &str) -> bool {
        matches!(Range::Semver(events(range)).holds(version, None), Status::Affected { .. })
    }

    #[test]
    fn the_examples_of_the_specification_hold() {
        let unfixed = [("introduced", "0")];
        assert!(is_affected(&unfixed, "0.0.0-a") && is_affected(&unfixed, "99.0.0"));
        let fixed = [("introduced", "0"), ("fixed", "1.0.2")];
        assert!(is_affected(&fixed, "1.0.1") && is_affected(&fixed, "1.0.2-rc1") && !is_affected(&fixed, "1.0.2"));
        let last = [("introduced", "0"), ("last_affected", "2.1.214")];
        assert!(is_affected(&last, "2.1.214") && !is_affected(&last, "2.1.215"));
    }

    #[test]
    fn events_need_not_be_sorted_and_branches_are_apart() {
        let branches = [("fixed", "3.0.5"), ("introduced", "3.0.0"), ("introduced", "1.0.0"), ("fixed", "1.9.0")];
        for (version, expected) in [
            ("0.9.0", false),
            ("1.0.0", true),
            ("1.8.9", true),
            ("1.9.0", false),
            ("2.0.0", false),
            ("3.0.0", true),
            ("3.0.5", false),
        ] {
            assert_eq!(is_affected(&branches, version), expected, "{version}");
        }
        assert!(is_affected(&[("introduced", "0"), ("fixed", "1.0.0"), ("introduced", "1.0.0")], "1.0.0"));
        let only = [("introduced", "1.2.3"), ("last_affected", "1.2.3")];
        assert!(is_affected(&only, "1.2.3") && !is_affected(&only, "1.2.4") && !is_affected(&only, "1.2.2"));
        assert!(!is_affected(&[("introduced", "0"), ("limit", "2.0.0")], "2.0.0"));
        assert!(is_affected(&[("introduced", "0"), ("limit", "2.0.0"), ("limit", "*")], "2.0.0"));
        assert!(!is_affected(&[], "1.0.0"));
    }

    #[test]
    fn the_fix_that_is_named_is_the_next_one() {
        let range = Range::Semver(events(&[
            ("introduced", "0"),
            ("fixed", "1.9.0"),
            ("introduced", "3.0.0"),
            ("fixed", "3.0.5"),
        ]));
        assert_eq!(range.holds("3.0.1", None), Status::Affected { fixed: Some("3.0.5") });
        assert_eq!(range.holds("1.0.0", None), Status::Affected { fixed: Some("1.9.0") });
    }

    #[test]
    fn the_order_is_that_of_the_ecosystem_and_what_has_none_is_undecided() {
        let range = Range::Ecosystem(events(&[("introduced", "0"), ("fixed", "3.0.11-1~deb12u2")]));
        assert_eq!(range.holds("3.0.11-1", Scheme::of("deb")), Status::NotAffected);
        assert!(matches!(range.holds("3.0.11-1~deb12u1", Scheme::of("deb")), Status::Affected { .. }));
        assert_eq!(range.holds("latest version", Scheme::of("deb")), Status::Undecided);
        assert_eq!(range.holds("1.0", None), Status::Undecided);
        let odd = Range::Ecosystem(events(&[("introduced", "0"), ("fixed", "next one")]));
        assert_eq!(odd.holds("1.0", Scheme::of("deb")), Status::Undecided);
    }
}
