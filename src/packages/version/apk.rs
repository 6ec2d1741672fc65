//! apk-tools: `digit{.digit}...{letter}{digit}{_suffix{#}}...{~hash}{-r#}` (apk-tools `src/version.c`, apk-package(5)).

use std::cmp::Ordering;

use super::digits;

/// Suffixes in their order; a version without one stands between `rc` and `cvs`.
const SUFFIXES: [&str; 10] = ["alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p"];
const NO_SUFFIX: usize = 4;

/// One part of a version. Of two versions that are equal so far, the one whose next part stands first here is the greater one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    First,
    Number,
    Letter,
    LetterNumber,
    Suffix,
    SuffixNumber,
    Hash,
    Revision,
    End,
}

/// Walks over the parts of a version.
struct Parts<'a> {
    rest: &'a str,
    last: Option<Kind>,
}

/// The next part, or `None` if the rest does not start with an allowed part.
impl<'a> Iterator for Parts<'a> {
    type Item = Option<(Kind, &'a str)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.last == Some(Kind::End) {
            return None;
        }
        let part = self.take();
        self.last = part.map_or(Some(Kind::End), |(kind, _)| Some(kind));
        Some(part)
    }
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        Self { rest: text, last: None }
    }

    fn take(&mut self) -> Option<(Kind, &'a str)> {
        let Some(last) = self.last else { return self.digits(0, Kind::First) };
        let mut next = self.rest.bytes();
        let (first, second) = (next.next(), next.next());
        match first {
            None => Some((Kind::End, "")),
            Some(b'.') if last <= Kind::Number => self.digits(1, Kind::Number),
            Some(b'a'..=b'z') if last <= Kind::Number => Some((Kind::Letter, self.split(0, 1))),
            // apk-tools 2 has these, as in libretls 3.3.3p1-r3; apk-tools 3 does not.
            Some(b'0'..=b'9') if last == Kind::Letter => self.digits(0, Kind::LetterNumber),
            Some(b'_') if last <= Kind::SuffixNumber => self.suffix(),
            Some(b'0'..=b'9') if last == Kind::Suffix => self.digits(0, Kind::SuffixNumber),
            Some(b'~') if last <= Kind::SuffixNumber => self.run(1, Kind::Hash, |c| c.is_ascii_hexdigit()),
            Some(b'-') if second == Some(b'r') && last <= Kind::Hash => self.digits(2, Kind::Revision),
            Some(_) => None,
        }
    }

    fn split(&mut self, from: usize, to: usize) -> &'a str {
        let part = &self.rest[from..to];
        self.rest = &self.rest[to..];
        part
    }

    fn digits(&mut self, from: usize, kind: Kind) -> Option<(Kind, &'a str)> {
        self.run(from, kind, |c| c.is_ascii_digit())
    }

    fn run(&mut self, from: usize, kind: Kind, belongs: fn(char) -> bool) -> Option<(Kind, &'a str)> {
        let tail = self.rest.get(from..)?;
        let length = tail.find(|c| !belongs(c)).unwrap_or(tail.len());
        (length > 0).then(|| (kind, self.split(from, from + length)))
    }

    fn suffix(&mut self) -> Option<(Kind, &'a str)> {
        self.run(1, Kind::Suffix, |c| c.is_ascii_lowercase()).filter(|(_, name)| rank(name).is_some())
    }
}

fn rank(suffix: &str) -> Option<usize> {
    SUFFIXES.iter().position(|known| *known == suffix)
}

pub(super) fn is_valid(text: &str) -> bool {
    Parts::of(text).all(|part| part.is_some())
}

pub(super) fn compare(one: &str, other: &str) -> Ordering {
    for (one, other) in Parts::of(one).zip(Parts::of(other)) {
        let (Some((one_kind, one)), Some((other_kind, other))) = (one, other) else { break };
        let order = if one_kind == other_kind {
            compare_parts(one_kind, one, other)
        } else {
            compare_kinds((one_kind, one), (other_kind, other))
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

fn compare_parts(kind: Kind, one: &str, other: &str) -> Ordering {
    match kind {
        // A number with a leading zero is a decimal fraction, as in Gentoo: 1.01 is before 1.1.
        Kind::Number if one.starts_with('0') || other.starts_with('0') => one.cmp(other),
        Kind::Letter | Kind::Hash | Kind::End => one.cmp(other),
        Kind::Suffix => rank(one).cmp(&rank(other)),
        Kind::First | Kind::Number | Kind::LetterNumber | Kind::SuffixNumber | Kind::Revision => {
            digits::compare(one, other)
        }
    }
}

/// A pre-release suffix makes a version less than one that does not have it; anything else that one has more makes it greater.
fn compare_kinds(one: (Kind, &str), other: (Kind, &str)) -> Ordering {
    let is_before = |(kind, name): (Kind, &str)| kind == Kind::Suffix && rank(name) < Some(NO_SUFFIX);
    match (is_before(one), is_before(other)) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ => other.0.cmp(&one.0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ascending, refused};

    #[test]
    fn versions_have_the_order_of_apk() {
        ascending(
            "apk",
            &[
                &["1.2.3_alpha1"],
                &["1.2.3_alpha1-r1"],
                &["1.2.3_beta"],
                &["1.2.3_pre2"],
                &["1.2.3_rc1"],
                &["1.2.3"],
                &["1.2.3-r0"],
                &["1.2.3-r10"],
                &["1.2.3_git20240101"],
                &["1.2.3_p1"],
                &["1.2.3a"],
                &["1.2.3b"],
                &["1.2.3.1"],
                &["1.2.10"],
                &["1.10"],
                &["2"],
            ],
        );
        ascending("apk", &[&["1.01"], &["1.1"], &["1.2"]]);
        ascending("apk", &[&["3.3.3p1-r2"], &["3.3.3p1-r3"], &["3.3.3p2-r0"]]);
        refused("apk", &["", "a1", "1.", "1.2-1", "1.2_foo", "1.2-r", "1..2", "1.2ab", "1.2-r1-r2", "1.2 "]);
    }
}
