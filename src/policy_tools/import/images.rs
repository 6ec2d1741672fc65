//! Globs of the policy-controller (`pkg/apis/glob`), turned into patterns for names.
//!
//! There, `*` stays inside a path segment and `**` crosses, as here. But a glob is about the whole reference, tag and digest
//! included, Docker Hub is `index.docker.io`, and `**` may stand for the registry too.

use crate::policy::{TextRule, unreachable};

use super::remark::Effect;

const HUB: &str = "index.docker.io";

/// What a glob means for names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// Patterns that together match the names; none where the glob matches none.
    pub(super) patterns: Vec<String>,
    /// What a person has to know, as effect, message and hint.
    pub(super) remarks: Vec<(Effect, String, String)>,
}

/// Characters of a glob: distribution `reference/reference.go` gives names 255.
const MAX_GLOB: usize = 255;
const MAX_CROSSINGS: usize = 4;

/// Returns the patterns for the names that a glob is about.
pub(super) fn names(glob: &str) -> Names {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_:/*.@".contains(c);
    if glob.is_empty() || !glob.chars().all(allowed) {
        let message = format!("the policy-controller does not accept the glob `{glob}`");
        return Names { patterns: Vec::new(), remarks: vec![(Effect::Lost, message, String::new())] };
    }
    // No name is longer, and each of several `**` is written in two ways.
    if glob.len() > MAX_GLOB || glob.matches("**").count() > MAX_CROSSINGS {
        let message = format!("a glob of more than {MAX_GLOB} characters, or with more than {MAX_CROSSINGS} `**`");
        return Names {
            patterns: Vec::new(),
            remarks: vec![(Effect::Lost, message, "write a shorter one".to_owned())],
        };
    }
    let (name, suffix) = without_suffix(glob);
    let mut remarks: Vec<_> = suffix.remark(glob, name).into_iter().collect();
    if suffix == Suffix::None && !name.ends_with('*') {
        let message = format!(
            "`{glob}` matches no reference with a tag or digest, as the policy-controller sees them; this rule is about all of them"
        );
        remarks.push((Effect::Check, message, "make sure that this was intended".to_owned()));
    }
    let mut patterns = Vec::new();
    for pattern in with_registry(name).iter().flat_map(|pattern| in_our_spelling(pattern)) {
        match unreachable(&pattern) {
            None if patterns.contains(&pattern) => {}
            None => patterns.push(pattern),
            Some((message, hint)) => remarks.push((Effect::Lost, message, hint)),
        }
    }
    Names { patterns, remarks }
}

/// What stands behind the name in a pattern for whole references.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suffix {
    None,
    /// Asterisks alone: any tag, or any digest.
    Any,
    Tags,
    Digest,
}

/// Splits a pattern into the name and the kind of its suffix. A tag or digest can only be in the last segment.
pub(super) fn without_suffix(glob: &str) -> (&str, Suffix) {
    let last = glob.rfind('/').map_or(0, |slash| slash + 1);
    let Some(position) = glob[last..].find(['@', ':']) else { return (glob, Suffix::None) };
    let (name, suffix) = glob.split_at(last + position);
    let is_digest = suffix.starts_with('@');
    let text = &suffix[1..];
    let text = if is_digest { text.strip_prefix("sha256:").unwrap_or(text) } else { text };
    match is_digest {
        _ if text.chars().all(|c| c == '*') => (name, Suffix::Any),
        true => (name, Suffix::Digest),
        false => (name, Suffix::Tags),
    }
}

impl Suffix {
    /// Returns the effect, message and hint about a dropped suffix, because rules match names without tags or digests.
    pub(super) fn remark(self, glob: &str, name: &str) -> Option<(Effect, String, String)> {
        let (message, hint) = match self {
            Self::None | Self::Any => return None,
            Self::Tags => (
                format!(
                    "`{glob}` is about some tags, and rules are about names: this one is about every tag of {name}"
                ),
                "make sure that the signers below may sign every tag",
            ),
            Self::Digest => (
                format!(
                    "`{glob}` is about one digest, and rules are about names: this one is about every digest of {name}"
                ),
                "verify by digest, NAME@sha256:…, or add `--expect-digest`",
            ),
        };
        Some((Effect::Lost, message, hint.to_owned()))
    }
}

/// A name here has a registry. A glob without one is about Docker Hub, and its `**` may stand for registry and slash.
fn with_registry(name: &str) -> Vec<String> {
    let hub = |path: &str| format!("{HUB}/{path}");
    match name.split_once('/') {
        None if name == "**" => vec![name.to_owned()],
        None => {
            let crossing = crossing(name);
            let official = (!name.starts_with("**")).then(|| hub(&format!("library/{name}")));
            let owned = crossing.iter().filter(|_| official.is_some()).map(|pattern| hub(pattern)).collect::<Vec<_>>();
            crossing.into_iter().chain(owned).chain(official).collect()
        }
        Some(("*", "*")) => vec![hub(name)],
        Some((first, _)) if first.contains(['.', ':', '*']) || first == "localhost" => vec![name.to_owned()],
        Some(_) => vec![hub(name)],
    }
}

/// Every way for the slash to lie in one of the `**`.
fn crossing(name: &str) -> Vec<String> {
    let places = name.match_indices("**").map(|(position, _)| position);
    places.map(|position| format!("{}**/{}", &name[..position], &name[position..])).collect()
}

/// Docker Hub is `docker.io` here: a pattern for its other name is about this one too.
fn in_our_spelling(pattern: &str) -> Vec<String> {
    let Some((registry, rest)) = pattern.split_once('/') else { return vec![pattern.to_owned()] };
    let matches = |name: &str| TextRule::glob(registry).is_ok_and(|rule| rule.matches(name));
    let ours = format!("docker.io/{rest}");
    match (matches(HUB), matches("docker.io")) {
        (true, false) if registry == HUB => vec![ours],
        (true, false) => vec![pattern.to_owned(), ours],
        _ => vec![pattern.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(glob: &str) -> Vec<String> {
        names(glob).patterns
    }

    fn effects(glob: &str) -> Vec<Effect> {
        names(glob).remarks.into_iter().map(|(effect, _, _)| effect).collect()
    }

    /// Whether any of the patterns matches.
    fn matches(glob: &str, name: &str) -> bool {
        patterns(glob).iter().any(|pattern| TextRule::glob(pattern).expect("a pattern").matches(name))
    }

    /// The table of the policy-controller's own `pkg/apis/glob/glob_test.go`, with names as they are spelled here.
    #[test]
    fn a_glob_that_costs_without_end_is_lost() {
        for glob in ["a**".repeat(5), "a".repeat(256), "a**".repeat(3000)] {
            assert_eq!(effects(&glob), [Effect::Lost], "{} characters", glob.len());
            assert!(patterns(&glob).is_empty());
        }
    }

    #[test]
    fn globs_match_the_names_that_the_policy_controller_says() {
        for (name, glob, expected) in [
            ("docker.io/library/foo", "index.docker.io/library/foo:latest", true),
            ("docker.io/library/foo", "index.docker.io/library/foo:*", true),
            ("docker.io/library/foo", "index.docker.io/library/*", true),
            ("docker.io/library/foo", "index.docker.io/*/*", true),
            ("docker.io/library/foo", "index.docker.io/**", true),
            ("docker.io/library/foo", "index.docker.**", true),
            ("docker.io/library/foo", "inde**", true),
            ("docker.io/library/foo", "**", true),
            ("docker.io/library/foo", "foo", true),
            ("docker.io/library/foo", "foo*", true),
            ("docker.io/library/foo", "foo**", true),
            ("docker.io/myuser/myapp", "index.docker.io/myuser/*:latest", true),
            ("docker.io/myuser/myapp", "myuser/myapp", true),
            ("docker.io/myuser/myapp", "myuser/myapp**", true),
            ("docker.io/myuser/myapp", "inde**", true),
            ("docker.io/library/foo", "*", true),
            ("docker.io/myuser/myapp", "*/*", true),
            ("ghcr.io/foo/bar", "ghcr.io/*/*", true),
            ("ghcr.io/foo/bar", "ghcr.io/**", true),
            ("ghcr.io/foo", "ghcr.io/*/*", false),
            ("ghcr.io/foo", "ghc**", true),
            ("ghcr.io/foo", "*/**", true),
            ("ghcr.io/foo", "ghcr.io/foo*", true),
            ("ghcr.io/foo-suffix", "ghcr.io/foo", false),
            ("ghcrxio/foo", "ghcr.io/**", false),
            ("ghcr.io/a/demo-image", "**demo**", true),
            ("demo.example/a", "**demo**", true),
            ("ghcr.io/a/b", "**demo**", false),
            ("localhost:5000/a", "localhost:5000/*", true),
        ] {
            assert_eq!(matches(glob, name), expected, "{glob} and {name}");
        }
    }

    #[test]
    fn a_pinned_digest_or_tag_is_lost_and_any_of_them_is_not() {
        assert_eq!(patterns("ghcr.io/acme/app@sha256:d1e7"), ["ghcr.io/acme/app"]);
        assert_eq!(effects("ghcr.io/acme/app@sha256:d1e7"), [Effect::Lost]);
        assert_eq!(patterns("ghcr.io/acme/app:v1*"), ["ghcr.io/acme/app"]);
        assert_eq!(effects("ghcr.io/acme/app:v1*"), [Effect::Lost]);
        for any in ["ghcr.io/acme/app:*", "ghcr.io/acme/app@**", "ghcr.io/acme/app@sha256:*"] {
            assert_eq!((patterns(any), effects(any)), (vec!["ghcr.io/acme/app".to_owned()], vec![]), "{any}");
        }
        assert_eq!(effects("ghcr.io/acme/app"), [Effect::Check]);
    }

    #[test]
    fn what_matches_no_name_is_not_written() {
        for glob in ["", "index.docker.io/foo:*", "ghcr.io/Acme/*", ".+", "[a-z]*", "ghcr.io/a\nb*"] {
            assert_eq!((patterns(glob), effects(glob)), (vec![], vec![Effect::Lost]), "{glob}");
        }
    }
}
