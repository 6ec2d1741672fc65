//! Numbers between dots: CRAN (with dashes too), Hackage, `vers:intdot`.

use std::cmp::Ordering;

use super::digits;

pub(super) fn is_valid(text: &str) -> bool {
    text.split(['.', '-']).all(digits::are_all)
}

/// R `package_version`: "Numeric versions are sequences of one or more non-negative integers". If two begin alike, the
/// longer one is greater.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let (mut ones, mut others) = (one.split(['.', '-']), other.split(['.', '-']));
    loop {
        let order = match (ones.next(), others.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(one), Some(other)) => digits::compare(one, other),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ascending, refused};

    #[test]
    fn numbers_are_compared_from_the_left() {
        ascending("cran", &[&["1.2"], &["1.2-1", "1.2.1"], &["1.2.10"], &["1.10"], &["10.234.5.12"]]);
        refused("intdot", &["", "1..2", "1.a", ".1"]);
    }
}
