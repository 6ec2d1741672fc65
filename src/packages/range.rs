//! Ranges of versions in the `vers` notation (`package-url/vers-spec`).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use super::version::{Scheme, Version, VersionError};

/// A range in one ecosystem's order of versions: `vers:npm/>=1.0.0|<2.0.0`.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    kind: String,
    what: What,
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    /// `vers:npm/*`.
    Every,
    /// `vers:none/*`.
    None,
    /// In the order of their versions, each version once.
    Constraints(Scheme, Vec<Constraint>),
}

#[derive(Debug, Clone, PartialEq)]
struct Constraint {
    comparator: Comparator,
    version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Why a text is not a range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// It has not the form `vers:TYPE/CONSTRAINTS`.
    #[error("a range is written `vers:TYPE/CONSTRAINTS`, as in `vers:npm/>=1.0.0|<2.0.0`")]
    Form,
    /// "ASCII whitespace is not permitted in a VERS string."
    #[error("a range has no white space and nothing but ASCII")]
    Character,
    /// The type is none whose versions can be ordered.
    #[error("the versions of the type `{kind}` cannot be ordered")]
    Kind {
        /// The type.
        kind: String,
    },
    /// A constraint without a version: `||`, `>=`, or nothing at all.
    #[error("a constraint of the range has no version")]
    Empty,
    /// `*` beside other constraints.
    #[error("`*` must be the only constraint")]
    Star,
    /// A `%` that is not followed by two hexadecimal digits, or that encodes what need not be.
    #[error("`{version}` has a `%` that encodes nothing")]
    Encoding {
        /// The version, as written.
        version: String,
    },
    /// A version that its type does not have.
    #[error("the range has a version that is none")]
    Version(#[source] VersionError),
    /// "Tools shall report an error for non-canonical ordering … for duplicated versions."
    #[error("`{before}` comes before `{after}`, which is not greater")]
    Order {
        /// The version that stands first.
        before: String,
        /// The version that stands behind it.
        after: String,
    },
    /// Two constraints, one of them redundant: `>1|>2`.
    #[error("`{first}` cannot be followed by `{second}`: one of them is redundant")]
    Redundant {
        /// The first constraint.
        first: String,
        /// The next one.
        second: String,
    },
}

impl Range {
    /// Reads a range. It must be canonical: "Tools should not correct or normalize non-canonical input".
    pub fn parse(text: &str) -> Result<Self, RangeError> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(RangeError::Character);
        }
        let rest = text.strip_prefix("vers:").ok_or(RangeError::Form)?;
        let (kind, constraints) = rest.split_once('/').ok_or(RangeError::Form)?;
        let is_kind = kind.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'));
        if !is_kind || !kind.starts_with(|c: char| c.is_ascii_lowercase()) {
            return Err(RangeError::Form);
        }
        Ok(Self { kind: kind.to_owned(), what: read(kind, constraints)? })
    }

    /// Returns the type: that of the package URLs that it is for, or `semver`, `generic`, `intdot`, ….
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Whether a version is in the range. One that its type does not have is an error: neither answer would be true.
    pub fn contains(&self, version: &str) -> Result<bool, VersionError> {
        match &self.what {
            What::Every => Ok(true),
            What::None => Ok(false),
            What::Constraints(scheme, constraints) => Ok(holds(constraints, &Version::parse(*scheme, version)?)),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "vers:{}/", self.kind)?;
        let What::Constraints(_, constraints) = &self.what else { return formatter.write_str("*") };
        for (position, constraint) in constraints.iter().enumerate() {
            write!(formatter, "{}{constraint}", if position == 0 { "" } else { "|" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.comparator.as_str())?;
        self.version.as_str().chars().try_for_each(|c| match c {
            '>' | '<' | '=' | '!' | '*' | '|' | '%' => write!(formatter, "%{:02X}", u32::from(c)),
            other => write!(formatter, "{other}"),
        })
    }
}

fn read(kind: &str, constraints: &str) -> Result<What, RangeError> {
    match (kind, constraints) {
        ("none", "*") => return Ok(What::None),
        (_, "*") => return Ok(What::Every),
        _ => {}
    }
    let scheme = Scheme::of(kind).ok_or_else(|| RangeError::Kind { kind: kind.to_owned() })?;
    let constraints: Vec<Constraint> =
        constraints.split('|').map(|constraint| Constraint::parse(scheme, constraint)).collect::<Result<_, _>>()?;
    check_order(&constraints)?;
    check_alternation(&constraints)?;
    Ok(What::Constraints(scheme, constraints))
}

impl Constraint {
    fn parse(scheme: Scheme, text: &str) -> Result<Self, RangeError> {
        let (comparator, version) = Comparator::split(text);
        match version {
            "" => Err(RangeError::Empty),
            "*" => Err(RangeError::Star),
            version => {
                let version = Version::parse(scheme, &decode(version)?).map_err(RangeError::Version)?;
                Ok(Self { comparator, version })
            }
        }
    }
}

impl Comparator {
    fn split(text: &str) -> (Self, &str) {
        let all = [Self::GreaterOrEqual, Self::LessOrEqual, Self::NotEqual, Self::Less, Self::Greater];
        let found = all.into_iter().find_map(|one| Some((one, text.strip_prefix(one.as_str())?)));
        found.unwrap_or((Self::Equal, text))
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    const fn is_greater(self) -> bool {
        matches!(self, Self::Greater | Self::GreaterOrEqual)
    }

    const fn is_less(self) -> bool {
        matches!(self, Self::Less | Self::LessOrEqual)
    }

    const fn holds_when_equal(self) -> bool {
        matches!(self, Self::Equal | Self::LessOrEqual | Self::GreaterOrEqual)
    }
}

/// "If a version … contains any of these characters: '>', '<', '=', '!', '*', '|', '%', these characters shall be
/// percent-encoded", once, and no others.
fn decode(version: &str) -> Result<Cow<'_, str>, RangeError> {
    if version.contains(['>', '<', '=', '!', '*']) {
        return Err(RangeError::Encoding { version: version.to_owned() });
    }
    if !version.contains('%') {
        return Ok(Cow::Borrowed(version));
    }
    let mut parts = version.split('%');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).map(char::from);
        match code.filter(|c| matches!(c, '>' | '<' | '=' | '!' | '*' | '|' | '%')) {
            Some(c) => decoded.extend([c].into_iter().chain(part[2..].chars())),
            None => return Err(RangeError::Encoding { version: version.to_owned() }),
        }
    }
    Ok(Cow::Owned(decoded))
}

/// "Constraints are sorted by version. … Each version shall be unique in a range."
fn check_order(constraints: &[Constraint]) -> Result<(), RangeError> {
    let out_of_order = |pair: &&[Constraint]| pair[0].version.compare(&pair[1].version) != Some(Ordering::Less);
    constraints.windows(2).find(out_of_order).map_or(Ok(()), |pair| {
        let [before, after] = [&pair[0], &pair[1]].map(|one| one.version.as_str().to_owned());
        Err(RangeError::Order { before, after })
    })
}

/// "Ignoring all constraints with the '!=' comparator: '=' shall be followed only by … '=', '>', or '>='. … Ignoring all
/// constraints with a '=' or '!=' comparator, the sequence of constraints shall be an alternation."
fn check_alternation(constraints: &[Constraint]) -> Result<(), RangeError> {
    let counting: Vec<&Constraint> =
        constraints.iter().filter(|constraint| constraint.comparator != Comparator::NotEqual).collect();
    let repeats = |pair: &&[&Constraint]| {
        let [first, second] = [pair[0].comparator, pair[1].comparator];
        (!first.is_greater() && second.is_less()) || (first.is_greater() && !second.is_less())
    };
    counting
        .windows(2)
        .find(repeats)
        .map_or(Ok(()), |pair| Err(RangeError::Redundant { first: pair[0].to_string(), second: pair[1].to_string() }))
}

/// vers-spec `how-to-parse.md`, "Checking if a version is contained within a range".
fn holds(constraints: &[Constraint], version: &Version) -> bool {
    let order = |constraint: &Constraint| version.compare(&constraint.version);
    if let Some(equal) = constraints.iter().find(|constraint| order(constraint) == Some(Ordering::Equal)) {
        return equal.comparator.holds_when_equal();
    }
    let bounds = || constraints.iter().filter(|one| one.comparator.is_less() || one.comparator.is_greater());
    let below = bounds().rfind(|bound| order(bound) == Some(Ordering::Greater));
    let above = bounds().find(|bound| order(bound) == Some(Ordering::Less));
    match (below, above) {
        (Some(below), Some(above)) => below.comparator.is_greater() && above.comparator.is_less(),
        (Some(last), None) => last.comparator.is_greater(),
        (None, Some(first)) => first.comparator.is_less(),
        // Nothing but exclusions leaves everything else.
        (None, None) => constraints.iter().all(|constraint| constraint.comparator == Comparator::NotEqual),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Range {
        Range::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn inside(text: &str, version: &str) -> bool {
        range(text).contains(version).expect("a version")
    }

    #[test]
    fn a_version_is_in_a_range_by_the_order_of_its_ecosystem() {
        // The example of the specification.
        let example = "vers:npm/1.2.3|>=2.0.0|<5.0.0";
        for (version, expected) in
            [("1.2.3", true), ("1.2.4", false), ("2.0.0", true), ("4.9.9", true), ("5.0.0", false)]
        {
            assert_eq!(inside(example, version), expected, "{version}");
        }
        assert!(inside("vers:npm/<2.0.0-alpha", "1.10.0"));
        assert!(inside("vers:deb/>=1.0|<1.0-2", "1.0-1"));
        assert!(!inside("vers:gem/>=2.2.0|!=2.2.1|<2.3.0", "2.2.1"));
        assert!(inside("vers:gem/>=2.2.0|!=2.2.1|<2.3.0", "2.2.2"));
        let branches = "vers:maven/>=1.0.0-beta1|<=1.7.5|>=7.0.0-M1|<=7.0.7|>=7.1.0|<=7.1.2|>=8.0.0-M1|<=8.0.1";
        for (version, expected) in
            [("1.0.0-alpha1", false), ("1.7.5", true), ("2", false), ("7.0.0-M2", true), ("9", false)]
        {
            assert_eq!(inside(branches, version), expected, "{version}");
        }
    }

    #[test]
    fn single_bounds_exclusions_and_stars_stand_for_all_that_they_leave() {
        assert!(inside("vers:pypi/>0.0.2", "0.0.3") && !inside("vers:pypi/>0.0.2", "0.0.2"));
        assert!(inside("vers:pypi/<=0.0.2", "0.0.2") && !inside("vers:pypi/<=0.0.2", "0.0.3"));
        assert!(inside("vers:pypi/!=5", "4") && !inside("vers:pypi/!=5", "5.0"));
        assert!(
            inside("vers:pypi/<1|>=2", "0.9") && inside("vers:pypi/<1|>=2", "3") && !inside("vers:pypi/<1|>=2", "1.5")
        );
        assert!(inside("vers:cpan/*", "any text") && inside("vers:all/*", "x") && !inside("vers:none/*", "x"));
    }

    #[test]
    fn a_version_that_is_none_is_neither_in_nor_out() {
        assert!(range("vers:npm/>=1").contains("latest").is_err());
        assert!(range("vers:npm/>=1").contains("").is_err());
    }

    #[test]
    fn versions_with_characters_of_the_notation_are_encoded() {
        let excluded = range("vers:generic/!=1.0%3E2");
        assert_eq!(excluded.contains("1.0>2"), Ok(false));
        assert_eq!(excluded.to_string(), "vers:generic/!=1.0%3E2");
        let error = |text| matches!(Range::parse(text), Err(RangeError::Encoding { .. }));
        assert!(error("vers:generic/1%2E0") && error("vers:generic/1%3") && error("vers:generic/>=1=2"));
    }

    #[test]
    fn what_is_not_canonical_is_refused_and_says_why() {
        let error = |text: &str| Range::parse(text).expect_err(text);
        for text in ["npm/1", "vers:npm", "vers:NPM/1", "VERS:npm/1", "vers:/1", "vers:1npm/1"] {
            assert_eq!(error(text), RangeError::Form, "{text}");
        }
        assert_eq!(error("vers:npm/>=1.0.0| <2.0.0"), RangeError::Character);
        for text in ["vers:npm/", "vers:npm/|>=1", "vers:npm/>=1|", "vers:npm/>=1||<2", "vers:npm/>="] {
            assert_eq!(error(text), RangeError::Empty, "{text}");
        }
        assert_eq!(error("vers:npm/1|*"), RangeError::Star);
        assert_eq!(error("vers:swid/>=1"), RangeError::Kind { kind: "swid".to_owned() });
        assert!(matches!(error("vers:npm/>=latest"), RangeError::Version(_)));
        assert!(matches!(error("vers:npm/<2.0.0|>=1.0.0"), RangeError::Order { .. }));
        assert!(matches!(error("vers:npm/>=1.0|<=1.0.0"), RangeError::Order { .. }), "the same version twice");
        for text in ["vers:npm/>1|>=2", "vers:npm/<1|<2", "vers:npm/1|<2", "vers:npm/>1|2", "vers:npm/>1|!=2|>3"] {
            assert!(matches!(error(text), RangeError::Redundant { .. }), "{text}");
        }
    }
}
