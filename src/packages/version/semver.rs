//! Semantic Versioning 2.0.0 §11, as loosely as registries have it.
//!
//! The `semver` crate reads what Cargo takes: three numbers below 2⁶⁴. npm, Go, Hex and advisories of all of them have versions
//! beside that (`v1.2`, `1.2.3.4`, `go1.21rc2`), and a package with one must not be out of reach.

use std::cmp::Ordering;

use super::digits;

/// Whether upper and lower case differ in a pre-release: NuGet compares without case.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Counts,
    Ignored,
}

/// Its numbers, and its pre-release, which a release does not have.
struct Parts<'a> {
    numbers: &'a str,
    pre_release: Option<&'a str>,
}

/// §10: "Build metadata MUST be ignored when determining version precedence." Go's `+incompatible` is written as such.
fn parts(text: &str) -> Parts<'_> {
    let text = text.strip_prefix("go").unwrap_or(text).trim_start_matches(['v', 'V']);
    let text = text.split_once('+').map_or(text, |(version, _)| version);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (numbers, pre_release) = text.split_at(end);
    let pre_release = Some(pre_release).filter(|text| !text.is_empty());
    Parts { numbers, pre_release: pre_release.map(|text| text.strip_prefix('-').unwrap_or(text)) }
}

/// The hash of a commit in the place of a version may look like one, and has no order.
fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

pub(super) fn is_valid(text: &str) -> bool {
    let Parts { numbers, pre_release } = parts(text);
    let is_identifier = |identifier: &str| {
        !identifier.is_empty() && identifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    !is_commit(text)
        && numbers.split('.').all(digits::are_all)
        && pre_release.is_none_or(|text| text.split('.').all(is_identifier))
}

pub(super) fn compare(one: &str, other: &str, case: Case) -> Ordering {
    let (one, other) = (parts(one), parts(other));
    compare_numbers(one.numbers, other.numbers)
        .then_with(|| compare_pre_releases(one.pre_release, other.pre_release, case))
}

/// Compares number by number, from the left; missing numbers are zero.
pub(super) fn compare_numbers(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.split('.'), other.split('.'));
    loop {
        match (one.next(), other.next()) {
            (None, None) => return Ordering::Equal,
            (one, other) => match digits::compare(one.unwrap_or_default(), other.unwrap_or_default()) {
                Ordering::Equal => {}
                order => return order,
            },
        }
    }
}

/// §11.3: "a pre-release version has lower precedence than a normal version". §11.4: identifiers from left to right, "a larger
/// set of pre-release fields has a higher precedence than a smaller set".
fn compare_pre_releases(one: Option<&str>, other: Option<&str>, case: Case) -> Ordering {
    let (mut ones, mut others) = match (one, other) {
        (None, None) => return Ordering::Equal,
        (None, Some(_)) => return Ordering::Greater,
        (Some(_), None) => return Ordering::Less,
        (Some(one), Some(other)) => (one.split('.'), other.split('.')),
    };
    loop {
        let order = match (ones.next(), others.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(one), Some(other)) => compare_identifiers(one, other, case),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// §11.4: "Identifiers consisting of only digits are compared numerically", others "lexically in ASCII sort order", and
/// "numeric identifiers always have lower precedence than non-numeric identifiers".
fn compare_identifiers(one: &str, other: &str, case: Case) -> Ordering {
    match (digits::are_all(one), digits::are_all(other)) {
        (true, true) => digits::compare(one, other),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) if case == Case::Ignored => one.to_ascii_lowercase().cmp(&other.to_ascii_lowercase()),
        (false, false) => one.cmp(other),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ascending, refused};

    #[test]
    fn versions_have_the_order_of_semantic_versioning() {
        // The example of §11.4.4.
        ascending(
            "npm",
            &[
                &["1.0.0-alpha"],
                &["1.0.0-alpha.1"],
                &["1.0.0-alpha.beta"],
                &["1.0.0-beta"],
                &["1.0.0-beta.2"],
                &["1.0.0-beta.11"],
                &["1.0.0-rc.1"],
                &["1.0.0", "v1.0.0", "1.0.0+build.7", "1", "1.0"],
                &["1.0.0.1"],
                &["1.2.0"],
                &["1.10.0"],
                &["2.0.0"],
                &["99999999999999999999999.0.0"],
            ],
        );
        refused("npm", &["", "v", "latest", "1..0", "1.0.0-", "1.0.0-+b", "1.0.0-a..b", "1.0.0-ä", "^1.0.0", "1.x"]);
    }

    // Semantic Versioning §9 and §10: "Identifiers MUST comprise only ASCII alphanumerics and hyphens [0-9A-Za-z-]."
    #[test]
    fn a_hyphen_is_an_identifier_of_its_own() {
        ascending(
            "npm",
            &[&["1.0.0--"], &["1.0.0--.-"], &["1.0.0-a"], &["1.0.0-a-"], &["1.0.0", "1.0.0+-", "1.0.0+a-"]],
        );
    }

    #[test]
    fn go_has_pseudo_versions_incompatible_ones_and_those_of_its_toolchain() {
        ascending(
            "golang",
            &[
                &["v0.0.0-20190101000000-aaaaaaaaaaaa"],
                &["v0.0.0-20200101000000-0123456789ab"],
                &["v1.2.3-0.20200101000000-0123456789ab"],
                &["v1.2.3-pre"],
                &["v1.2.3"],
                &["v2.0.0+incompatible", "2.0.0"],
            ],
        );
        ascending("golang", &[&["1.21.0-0"], &["go1.21rc2"], &["go1.21", "1.21.0"], &["1.21.1"]]);
    }

    #[test]
    fn nuget_has_four_numbers_and_no_case() {
        ascending(
            "nuget",
            &[&["1.0.0-ALPHA", "1.0-alpha"], &["1.0.0-Beta"], &["1", "1.0.0.0"], &["1.0.0.1"], &["1.0.1"]],
        );
    }
}
