//! Formats newer than this program: versions after those known here.
//!
//! This program cannot judge a newer version, so such evidence is an error (undecided), never a failure (A309). A text that is
//! not a version, or names one that never existed, is malformed.

use crate::attestation::types::Kind;

/// Log entries about signatures, and the newest version of each kind that is known here.
const ENTRIES: [(&str, &[u32]); 3] = [("hashedrekord", &[0, 0, 2]), ("dsse", &[0, 0, 1]), ("intoto", &[0, 0, 2])];

/// The other kinds of Rekor v1 (rekor `pkg/types`), which are about something else than signatures on images.
const OTHER_ENTRIES: [&str; 8] = ["rekord", "rpm", "jar", "alpine", "helm", "tuf", "cose", "rfc3161"];

/// Returns the kind of a predicate type that differs from a known one in a newer version.
pub(super) fn predicate(predicate_type: &str) -> Option<Kind> {
    let is_newer = |(family, known): &(&str, &[u32])| {
        predicate_type.strip_prefix(family).is_some_and(|version| is_newer(version, known))
    };
    Kind::ALL.iter().copied().find(|kind| kind.types().newest.iter().any(is_newer))
}

/// Whether an in-toto statement is of a newer version (`spec/v1/statement.md`, `_type`).
pub(super) fn is_statement(kind: &str) -> bool {
    kind.strip_prefix("https://in-toto.io/Statement/v").is_some_and(|version| is_newer(version, &[1]))
}

/// Whether a media type names a newer version of the Sigstore bundle, in one of the two spellings that bundles have.
pub(super) fn is_bundle(media_type: &str) -> bool {
    let Some(rest) = media_type.strip_prefix("application/vnd.dev.sigstore.bundle") else { return false };
    let version = rest
        .strip_prefix(".v")
        .and_then(|rest| rest.strip_suffix("+json"))
        .or_else(|| rest.strip_prefix("+json;version="));
    version.is_some_and(|version| is_newer(version, &[0, 3]))
}

/// Whether a log entry is of a kind or version that came later.
pub(super) fn is_log_entry(kind: &str, version: &str) -> bool {
    match ENTRIES.iter().find(|(known, _)| *known == kind) {
        Some((_, known)) => is_newer(version, known),
        None => !OTHER_ENTRIES.contains(&kind) && numbers(version).is_some() && !kind.is_empty(),
    }
}

/// Whether a text such as `2`, `1.1` or `2.0-rc1` is a version after a known one. `1.0` is none after `1`.
fn is_newer(found: &str, known: &[u32]) -> bool {
    let Some(found) = numbers(found) else { return false };
    let at = |numbers: &[u32], place: usize| numbers.get(place).copied().unwrap_or_default();
    let places = 0..found.len().max(known.len());
    places
        .map(|place| at(&found, place).cmp(&at(known, place)))
        .find(|order| order.is_ne())
        .is_some_and(std::cmp::Ordering::is_gt)
}

fn numbers(version: &str) -> Option<Vec<u32>> {
    let plain = version.split_once('-').map_or(version, |(plain, _)| plain);
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    plain.split('.').map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a309_what_comes_after_a_known_version_is_newer_and_nothing_else_is() {
        for version in ["2", "1.1", "1.0.1", "2.0-rc1", "10"] {
            assert!(is_newer(version, &[1]), "{version}");
        }
        for version in ["1", "1.0", "1.0.0", "0.9", "", "x", "1.x", "2/", "2 ", "+2", "2.", "99999999999999999999"] {
            assert!(!is_newer(version, &[1]), "{version}");
        }
    }

    #[test]
    fn a309_bundles_have_two_spellings_of_a_version() {
        let newer = [".v0.4+json", ".v0.9+json", ".v1+json", ".v1.0+json", ".v0.3.1+json", "+json;version=0.4"];
        for rest in newer {
            assert!(is_bundle(&format!("application/vnd.dev.sigstore.bundle{rest}")), "{rest}");
        }
        for rest in [".v0.3+json", "+json;version=0.3", "+json;version=0.3;foo", ".v0.0+json", "+json", ".v9+xml", ""] {
            assert!(!is_bundle(&format!("application/vnd.dev.sigstore.bundle{rest}")), "{rest}");
        }
        assert!(!is_bundle("text/plain"));
    }

    #[test]
    fn a309_a_kind_of_log_entry_that_is_not_known_came_later() {
        assert!(
            is_log_entry("dsse", "0.0.2") && is_log_entry("hashedrekord", "1.0.0") && is_log_entry("minisign", "0.0.1")
        );
        assert!(!is_log_entry("dsse", "0.0.1") && !is_log_entry("rekord", "0.0.1") && !is_log_entry("", ""));
        assert!(!is_log_entry("minisign", "new"));
    }
}
