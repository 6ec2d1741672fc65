//! Recognises the misspelt name of a signer.
//!
//! Only another spelling of the same name is answered with the corrected one. Any other signer is a stranger, and no
//! hint tells how to trust a stranger.

use crate::check::WorkflowName;

/// Returns how the name that was expected should have been written, if the name that was found is that very name.
pub(super) fn identity(expected: &str, found: &str) -> Option<&'static str> {
    let (name, reference) = expected.split_once('@').map_or((expected, None), |(name, rest)| (name, Some(rest)));
    let (found_name, found_ref) = found.split_once('@').map_or((found, None), |(name, rest)| (name, Some(rest)));
    if found.eq_ignore_ascii_case(expected) {
        Some("they differ in upper and lower case alone, and are compared exactly")
    } else if found == expected.trim_end_matches('/') {
        Some("the expected one ends with a slash")
    } else if WorkflowName::of_github(found).is_none() {
        None
    } else if name == found_name && reference.is_none() {
        Some(
            "the expected one lacks the ref behind `@`; to allow every ref, name the workflow with `--signer-workflow`",
        )
    } else if name == found_name && reference.is_some_and(|short| is_short_for(short, found_ref.unwrap_or_default())) {
        Some("the expected one has the short name of its ref, and certificates have the full one")
    } else if found_name.strip_prefix("https://") == Some(name)
        || found_name.strip_prefix("https://github.com/") == Some(name)
    {
        Some("the expected one lacks its beginning, and perhaps its ref")
    } else {
        None
    }
}

/// Whether a text is the short name of a git ref: `v1.2.3` of `refs/tags/v1.2.3`.
pub(super) fn is_short_for(short: &str, reference: &str) -> bool {
    ["refs/tags/", "refs/heads/"].into_iter().any(|folder| reference.strip_prefix(folder) == Some(short))
}

/// Returns how the issuer that was expected should have been written, if the one that was found may be meant.
pub(super) fn issuer(expected: &str, found: &str) -> Option<&'static str> {
    const GITHUB: &str = "https://token.actions.githubusercontent.com";
    let slug = found.strip_prefix(GITHUB).and_then(|rest| rest.strip_prefix('/'));
    if found.eq_ignore_ascii_case(expected) {
        Some("they differ in upper and lower case alone, and are compared exactly")
    } else if found == expected.trim_end_matches('/') || found.trim_end_matches('/') == expected {
        Some("they differ in a slash at the end, and are compared exactly")
    } else if found.strip_prefix("https://") == Some(expected) {
        Some("the expected one lacks `https://`")
    } else if expected == GITHUB && slug.is_some_and(|slug| !slug.is_empty() && !slug.contains('/')) {
        Some(
            "an enterprise on GitHub may have an issuer of its own, with its name at the end: use it only if that enterprise is yours",
        )
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKFLOW: &str = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.2.3";

    #[test]
    fn another_spelling_of_the_same_name_is_recognised() {
        for expected in [
            "https://github.com/acme/app/.github/workflows/release.yml",
            "https://github.com/acme/app/.github/workflows/release.yml@v1.2.3",
            "github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.2.3",
            "acme/app/.github/workflows/release.yml",
            "https://github.com/Acme/App/.github/workflows/release.yml@refs/tags/v1.2.3",
            "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.2.3/",
        ] {
            assert!(identity(expected, WORKFLOW).is_some(), "{expected}");
        }
        assert!(identity("Release@Acme.example", "release@acme.example").is_some());
    }

    #[test]
    fn a_stranger_is_no_near_miss() {
        for expected in [
            "https://github.com/acme/app/.github/workflows/ci.yml",
            "https://github.com/acme/app-2/.github/workflows/release.yml",
            "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.2.4",
            "https://github.com/acme/app/.github/workflows/release.yml@1.2.3",
            "release@acme.example",
            "acme/app",
            "",
        ] {
            assert_eq!(identity(expected, WORKFLOW), None, "{expected}");
        }
        assert_eq!(identity("release@acme.example", "release@evil.example"), None);
        assert_eq!(identity("release", "release@acme.example"), None);
    }

    #[test]
    fn issuers_are_recognised_in_their_other_spellings() {
        let github = "https://token.actions.githubusercontent.com";
        assert!(issuer("https://token.actions.githubusercontent.com/", github).is_some());
        assert!(issuer("token.actions.githubusercontent.com", github).is_some());
        assert!(issuer(github, "https://token.actions.githubusercontent.com/acme-inc").is_some());
        assert_eq!(issuer(github, "https://token.actions.githubusercontent.com.evil.example"), None);
        assert_eq!(issuer(github, "https://accounts.evil.example"), None);
        assert_eq!(issuer("https://accounts.acme.example", "https://accounts.evil.example"), None);
    }
}
