//! Bitnami: a semantic version and the revision of the package, `6.6.2-14` (bitnami/vulndb, purl-spec `bitnami-definition.json`).
//!
//! The revision is not a pre-release: `6.6.2-14` comes after `6.6.2`.

use std::cmp::Ordering;

use super::digits;
use super::semver::{self, Case};

/// Version and revision; a version without one is the revision zero.
fn parts(text: &str) -> (&str, &str) {
    match text.rsplit_once('-') {
        Some((version, revision)) if digits::are_all(revision.strip_prefix('r').unwrap_or(revision)) => {
            (version, revision.strip_prefix('r').unwrap_or(revision))
        }
        _ => (text, "0"),
    }
}

/// Returns the version without its revision, if it has one.
pub(super) fn without_revision(text: &str) -> Option<&str> {
    let (version, _) = parts(text);
    (version.len() < text.len()).then_some(version)
}

pub(super) fn is_valid(text: &str) -> bool {
    semver::is_valid(parts(text).0)
}

pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let ((one, one_revision), (other, other_revision)) = (parts(one), parts(other));
    semver::compare(one, other, Case::Counts).then_with(|| digits::compare(one_revision, other_revision))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ascending, refused};

    #[test]
    fn a303_a_revision_comes_after_its_version() {
        ascending(
            "bitnami",
            &[&["6.6.1-99"], &["6.6.2-rc.1"], &["6.6.2", "6.6.2-0"], &["6.6.2-14", "6.6.2-r14"], &["6.6.3"]],
        );
        refused("bitnami", &["", "latest", "6.6.2-", "^6.6.2"]);
    }
}
