//! Maven: `ComparableVersion` (Maven POM reference, "Version Order Specification"; maven-artifact
//! `org.apache.maven.artifact.versioning.ComparableVersion`).

use std::cmp::Ordering;

use super::digits;

/// Qualifiers in their order; the empty one is the release itself.
const QUALIFIERS: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
const RELEASE: usize = 5;

/// A version, taken apart.
#[derive(Debug, Clone)]
pub(super) struct Items(Vec<Item>);

#[derive(Debug, Clone)]
enum Item {
    Number(Box<str>),
    Qualifier(Box<str>),
    /// A qualifier with a number behind it: `rc1`, `rc-1`.
    Combination(Box<str>, Box<str>),
    /// What follows a dash, or a change between digits and letters. Always the last of its list.
    List(Vec<Item>),
}

impl Items {
    pub(super) fn read(text: &str) -> Self {
        let text = text.to_lowercase();
        let mut lists = Reader::default().read(&text);
        let mut inner = lists.pop().unwrap_or_default();
        normalize(&mut inner);
        while let Some(mut outer) = lists.pop() {
            outer.push(Item::List(inner));
            normalize(&mut outer);
            inner = outer;
        }
        Self(inner)
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        compare_lists(&self.0, &other.0)
    }
}

/// Takes a version apart from left to right. Each list is the end of the one before it.
struct Reader {
    lists: Vec<Vec<Item>>,
    start: usize,
    in_digits: bool,
    combines: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self { lists: vec![Vec::new()], start: 0, in_digits: false, combines: false }
    }
}

impl Reader {
    fn read(mut self, text: &str) -> Vec<Vec<Item>> {
        let next = |place: usize| text.as_bytes().get(place + 1).copied();
        for (place, c) in text.char_indices() {
            match c {
                '.' => {
                    self.end(text, place, 1);
                    self.combines = false;
                }
                // "X-1 is going to be treated as X1."
                '-' if place > self.start && !self.in_digits && next(place).is_some_and(|b| b.is_ascii_digit()) => {}
                '-' => {
                    self.end(text, place, 1);
                    self.open();
                    self.combines = false;
                }
                digit if digit.is_ascii_digit() => {
                    if !self.in_digits && place > self.start {
                        self.combines = true;
                        self.open();
                    }
                    self.in_digits = true;
                }
                _ => {
                    if self.in_digits && place > self.start {
                        self.end(text, place, 0);
                        self.lists.push(Vec::new());
                        self.combines = false;
                    }
                    self.in_digits = false;
                }
            }
        }
        if text.len() > self.start {
            // "Treat .X as -X for any string qualifier X."
            if !self.in_digits {
                self.open();
            }
            self.end(text, text.len(), 0);
        }
        self.lists
    }

    /// Begins a list within the last one, unless that is empty.
    fn open(&mut self) {
        if self.last().is_empty() {
            return;
        }
        self.lists.push(Vec::new());
    }

    fn last(&mut self) -> &mut Vec<Item> {
        if self.lists.is_empty() {
            self.lists.push(Vec::new());
        }
        let last = self.lists.len() - 1;
        &mut self.lists[last]
    }

    /// Adds what stands before `place`, and goes on `skip` bytes behind it.
    fn end(&mut self, text: &str, place: usize, skip: usize) {
        let item = match &text[self.start..place] {
            "" => Item::Number("0".into()),
            part if self.combines => combination(&part.replace('-', "")),
            part if self.in_digits => Item::Number(part.trim_start_matches('0').into()),
            part => Item::Qualifier(qualifier(part, false)),
        };
        self.last().push(item);
        self.start = place + skip;
    }
}

fn combination(part: &str) -> Item {
    let (name, number) = part.split_at(part.find(|c: char| c.is_ascii_digit()).unwrap_or(part.len()));
    Item::Combination(qualifier(name, true), number.trim_start_matches('0').into())
}

/// "The strings … `a`, `b`, `m` directly followed by a digit" are alpha, beta, milestone; `cr` is `rc`.
fn qualifier(part: &str, before_digit: bool) -> Box<str> {
    match part {
        "a" if before_digit => "alpha",
        "b" if before_digit => "beta",
        "m" if before_digit => "milestone",
        "cr" => "rc",
        other => other,
    }
    .into()
}

/// Drops null items ("0", "") at the end and before qualifiers: "1.0.0" is "1", "1.0-rc" is "1-rc".
fn normalize(items: &mut Vec<Item>) {
    for place in (0..items.len()).rev() {
        let may_go = match items.get(place + 1) {
            None | Some(Item::Qualifier(_)) => true,
            Some(Item::List(inner)) => matches!(inner.first(), Some(Item::Qualifier(_) | Item::Combination(..))),
            Some(_) => false,
        };
        if may_go && items[place].is_nothing() {
            items.remove(place);
        }
    }
}

impl Item {
    fn is_nothing(&self) -> bool {
        match self {
            Self::Number(digits) => is_zero(digits),
            Self::Qualifier(name) => name.is_empty(),
            Self::Combination(..) => false,
            Self::List(items) => items.is_empty(),
        }
    }

    /// Compares with a missing item: a number above zero is greater, a qualifier compares as it does with a release.
    fn compare_with_nothing(&self) -> Ordering {
        match self {
            Self::Number(digits) if is_zero(digits) => Ordering::Equal,
            Self::Number(_) => Ordering::Greater,
            Self::Qualifier(name) | Self::Combination(name, _) => compare_qualifiers(name, ""),
            Self::List(items) => {
                items.iter().map(Self::compare_with_nothing).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
            }
        }
    }

    /// Numbers are more than lists, lists more than qualifiers.
    fn rank(&self) -> u8 {
        match self {
            Self::Qualifier(_) | Self::Combination(..) => 0,
            Self::List(_) => 1,
            Self::Number(_) => 2,
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => digits::compare(one, other),
            (Self::List(one), Self::List(other)) => compare_lists(one, other),
            (Self::Qualifier(one), Self::Qualifier(other)) => compare_qualifiers(one, other),
            (Self::Qualifier(one), Self::Combination(other, _)) => compare_qualifiers(one, other).then(Ordering::Less),
            (Self::Combination(one, _), Self::Qualifier(other)) => {
                compare_qualifiers(one, other).then(Ordering::Greater)
            }
            (Self::Combination(one, one_number), Self::Combination(other, other_number)) => {
                compare_qualifiers(one, other).then_with(|| digits::compare(one_number, other_number))
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

fn is_zero(digits: &str) -> bool {
    digits.bytes().all(|byte| byte == b'0')
}

fn compare_lists(ones: &[Item], others: &[Item]) -> Ordering {
    let pairs = (0..ones.len().max(others.len())).map(|place| (ones.get(place), others.get(place)));
    let orders = pairs.map(|pair| match pair {
        (Some(one), Some(other)) => one.compare(other),
        (Some(one), None) => one.compare_with_nothing(),
        (None, Some(other)) => other.compare_with_nothing().reverse(),
        (None, None) => Ordering::Equal,
    });
    orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Known ones in their order, then unknown ones in theirs. `ga`, `final` and `release` are the release.
fn compare_qualifiers(one: &str, other: &str) -> Ordering {
    let place = |name: &str| match name {
        "ga" | "final" | "release" => RELEASE,
        name => QUALIFIERS.iter().position(|known| *known == name).unwrap_or(QUALIFIERS.len()),
    };
    let (one_place, other_place) = (place(one), place(other));
    one_place.cmp(&other_place).then_with(
        || {
            if one_place == QUALIFIERS.len() { one.cmp(other) } else { Ordering::Equal }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::ascending;

    #[test]
    fn versions_have_the_order_of_maven() {
        // The lists of Maven's own ComparableVersionTest.
        ascending(
            "maven",
            &[
                &["1-alpha2snapshot"],
                &["1-alpha2"],
                &["1-alpha-123"],
                &["1-beta-2"],
                &["1-beta123"],
                &["1-m2"],
                &["1-m11"],
                &["1-rc", "1-cr"],
                &["1-rc2", "1-cr2"],
                &["1-rc123"],
                &["1-SNAPSHOT"],
                &["1", "1-ga", "1.0.0", "1-final", "1.release"],
                &["1-sp"],
                &["1-sp2"],
                &["1-abc"],
                &["1-def"],
                &["1-pom-1"],
                &["1-1-snapshot"],
                &["1-1"],
                &["1-2"],
            ],
        );
        ascending(
            "maven",
            &[
                &["2.0"],
                &["2.0.a"],
                &["2-1"],
                &["2.0.2"],
                &["2.0.123"],
                &["2.1.0"],
                &["2.1-a"],
                &["2.1b"],
                &["2.1-1"],
                &["2.1.0.1"],
                &["2.2"],
                &["2.123"],
                &["11"],
            ],
        );
        ascending("maven", &[&["1.0.0.RC1"], &["1.0.0.Final", "1.0"], &["1.0.1.Final"]]);
    }

    #[test]
    fn the_deepest_version_there_can_be_is_compared() {
        let deep = "1-".repeat(255) + "1";
        let deeper = "1-".repeat(255) + "2";
        ascending("maven", &[&[&deep], &[&deeper]]);
    }
}
