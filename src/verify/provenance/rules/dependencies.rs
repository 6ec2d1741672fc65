//! What went into the build, as far as its builder lists it.

use crate::check::{CheckId, Finding};
use crate::packages::Purl;
use crate::policy::{DependencyRules, TextRule};

use super::super::model::Dependency;
use super::super::{Provenance, Source};

/// Names that are listed of many.
const LISTED: usize = 5;
/// Digests that name content for certain. SHA-1 does so for git alone, which finds the known collisions.
const SECURE: [&str; 9] =
    ["sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "gitCommit", "gitTree", "dirHash"];

/// Returns nothing if nothing is asked, one pass if all holds, or what does not.
pub(super) fn check(provenance: &Provenance, rules: &DependencyRules) -> Vec<Finding> {
    if rules.is_empty() {
        return Vec::new();
    }
    let listed = &provenance.dependencies;
    let matches_one = |dependency: &Dependency, patterns: &[TextRule]| {
        let names = names(dependency);
        patterns.iter().any(|pattern| names.iter().any(|name| pattern.matches(name)))
    };
    let is_denied = |dependency: &&Dependency| matches_one(dependency, &rules.deny);
    let is_stranger = |dependency: &&Dependency| {
        !rules.allow.is_empty() && !matches_one(dependency, &rules.allow) && !is_source(dependency, provenance)
    };
    let is_floating = |dependency: &&Dependency| rules.pinned && !is_pinned(dependency);
    let mut failed = Vec::new();
    failed.extend(of_those(listed, is_denied, "something that the policy denies went into the build", || {
        format!("none of {}", super::listed(&rules.deny))
    }));
    failed.extend(of_those(
        listed,
        is_stranger,
        "something that the policy does not allow went into the build",
        || super::listed(&rules.allow),
    ));
    failed.extend(of_those(listed, is_floating, "what went into the build is not all pinned by digest", || {
        "a digest of every dependency".to_owned()
    }));
    if rules.pinned && listed.is_empty() {
        failed.push(
            finding("the provenance lists nothing that went into the build", "dependencies with their digests")
                .found("no dependency"),
        );
    }
    failed.extend(rules.required.iter().filter_map(|pattern| {
        let is_there = listed.iter().any(|dependency| matches_one(dependency, std::slice::from_ref(pattern)));
        let found = || format!("{} others", listed.len());
        (!is_there)
            .then(|| finding("what must have gone into the build is not listed", &pattern.to_string()).found(found()))
    }));
    if failed.is_empty() {
        let message = format!("{} listed, as the policy asks", listed.len());
        failed.push(Finding::pass(CheckId::ProvenanceDependencies, message));
    }
    failed
}

fn of_those(
    listed: &[Dependency],
    is_wrong: impl Fn(&&Dependency) -> bool,
    message: &str,
    expected: impl Fn() -> String,
) -> Option<Finding> {
    let wrong: Vec<String> = listed.iter().filter(is_wrong).map(described).collect();
    let more = wrong.len().saturating_sub(LISTED);
    let mut found = wrong.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 {
        found = format!("{found} and {more} more");
    }
    (!wrong.is_empty()).then(|| finding(message, &expected()).found(found))
}

fn finding(message: &str, expected: &str) -> Finding {
    Finding::fail(CheckId::ProvenanceDependencies, message)
        .expected(expected)
        .next("change what the image is built from, or the rule in `dependencies`")
}

fn described(dependency: &Dependency) -> String {
    let name = dependency.uri.as_ref().or(dependency.name.as_ref());
    name.filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| "one without a name".to_owned())
}

/// Everything by which a rule may mean it: its address, the same without what qualifies it, without its version, and the
/// repository in its normal form.
fn names(dependency: &Dependency) -> Vec<String> {
    let mut names: Vec<String> = dependency.name.iter().cloned().collect();
    if let Some(uri) = &dependency.uri {
        let bare = uri.split(['?', '#']).next().unwrap_or(uri);
        names.extend([uri.clone(), bare.to_owned()]);
        // The version of a purl stands after the last `@` (purl-spec); in other addresses a user name may stand before one.
        if let Some((package, _)) = bare.strip_prefix("pkg:").and_then(|package| package.rsplit_once('@')) {
            names.push(format!("pkg:{package}"));
        }
        names.extend(Purl::parse(uri).ok().into_iter().flat_map(|purl| in_normal_form(&purl)));
        names.extend(Source::parse(uri).map(|source| source.repository));
    }
    names
}

/// A package by its decoded name, without its version and with it: `pkg:Docker/acme%2Fevil@1` is `pkg:docker/acme/evil`.
fn in_normal_form(purl: &Purl<'_>) -> Vec<String> {
    let name = format!("pkg:{}/{}", purl.kind, purl.full_name());
    let versioned = purl.version.as_ref().map(|version| format!("{name}@{version}"));
    std::iter::once(name).chain(versioned).collect()
}

fn is_source(dependency: &Dependency, provenance: &Provenance) -> bool {
    let repository = dependency.uri.as_deref().and_then(Source::parse).map(|source| source.repository);
    repository.is_some_and(|found| provenance.source.source().is_some_and(|source| source.repository == found))
}

fn is_pinned(dependency: &Dependency) -> bool {
    let is_git = dependency
        .uri
        .as_deref()
        .is_some_and(|uri| uri.starts_with("git+") || uri.starts_with("pkg:github/") || uri.contains(".git#"));
    dependency.digests.iter().any(|(algorithm, value)| {
        !value.is_empty() && (SECURE.contains(&algorithm.as_str()) || (is_git && algorithm == "sha1"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::provenance::rules::tests::provenance;

    fn dependency(uri: &str, digests: &[(&str, &str)]) -> Dependency {
        let digests = digests.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Dependency { uri: Some(uri.to_owned()), name: None, digests }
    }

    /// The source, a base image by digest, and a tool by its tag alone.
    fn built() -> Provenance {
        let mut provenance = provenance();
        provenance.dependencies = vec![
            dependency("git+https://github.com/acme/shop@refs/tags/v1", &[("gitCommit", "aa11")]),
            dependency("pkg:docker/docker.io/library/node@20?platform=linux%2Famd64", &[("sha256", "bb22")]),
            dependency("https://tools.acme.example/lint-2.tar.gz", &[]),
        ];
        provenance
    }

    fn globs(texts: &[&str]) -> Vec<TextRule> {
        texts.iter().map(|text| TextRule::glob(text).expect("a glob")).collect()
    }

    #[track_caller]
    fn refused(provenance: &Provenance, rules: &DependencyRules, found: &str) {
        let findings = check(provenance, rules);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].stands_in_the_way());
        assert_eq!(findings[0].found.as_deref(), Some(found));
    }

    #[track_caller]
    fn accepted(provenance: &Provenance, rules: &DependencyRules) {
        let findings = check(provenance, rules);
        assert!(!findings.is_empty() && !findings.iter().any(Finding::stands_in_the_way), "{findings:?}");
    }

    #[test]
    fn nothing_is_said_where_nothing_is_asked() {
        assert_eq!(check(&built(), &DependencyRules::default()), []);
    }

    #[test]
    fn what_is_not_named_by_digest_is_not_pinned() {
        let pinned = DependencyRules { pinned: true, ..DependencyRules::default() };
        refused(&built(), &pinned, "https://tools.acme.example/lint-2.tar.gz");
        let mut all = built();
        all.dependencies.truncate(2);
        accepted(&all, &pinned);
        for weak in [("md5", "cc33"), ("sha1", "cc33"), ("sha256", "")] {
            let mut one = provenance();
            one.dependencies = vec![dependency("https://tools.acme.example/lint", &[weak])];
            refused(&one, &pinned, "https://tools.acme.example/lint");
        }
        let mut git = provenance();
        git.dependencies = vec![dependency("git+https://github.com/acme/shop", &[("sha1", "aa11")])];
        accepted(&git, &pinned);
        refused(&provenance(), &pinned, "no dependency");
    }

    #[test]
    fn what_is_denied_is_denied_in_every_version_unless_one_is_named() {
        let deny = |pattern: &str| DependencyRules { deny: globs(&[pattern]), ..DependencyRules::default() };
        let node = "pkg:docker/docker.io/library/node@20?platform=linux%2Famd64";
        for pattern in [
            "pkg:docker/docker.io/library/node",
            "pkg:docker/docker.io/library/node@20",
            "pkg:docker/docker.io/*/node*",
            "pkg:docker/**",
        ] {
            refused(&built(), &deny(pattern), node);
        }
        refused(&built(), &deny("https://github.com/acme/shop"), "git+https://github.com/acme/shop@refs/tags/v1");
        for pattern in ["pkg:docker/docker.io/library/node@18", "pkg:docker/docker.io/library/nod", "pkg:docker/*"] {
            accepted(&built(), &deny(pattern));
        }
    }

    #[test]
    fn another_spelling_of_a_denied_package_is_denied() {
        let deny = DependencyRules { deny: globs(&["pkg:docker/docker.io/mallory/*"]), ..DependencyRules::default() };
        for spelling in [
            "pkg:docker/docker.io/mallory/lib@1",
            "pkg:docker/docker.io%2Fmallory%2Flib@1",
            "pkg:Docker/docker.io/mallory/li%62",
            "pkg://docker/docker.io/mallory/lib@1?platform=linux#x",
        ] {
            let mut built = provenance();
            built.dependencies = vec![dependency(spelling, &[])];
            refused(&built, &deny, spelling);
        }
    }

    #[test]
    fn only_what_is_allowed_goes_in_beside_the_source() {
        let allow = |patterns: &[&str]| DependencyRules { allow: globs(patterns), ..DependencyRules::default() };
        accepted(&built(), &allow(&["pkg:docker/docker.io/library/*", "https://tools.acme.example/**"]));
        refused(&built(), &allow(&["pkg:docker/docker.io/library/*"]), "https://tools.acme.example/lint-2.tar.gz");
        let mut nameless = provenance();
        nameless.dependencies = vec![Dependency::default()];
        refused(&nameless, &allow(&["**"]), "one without a name");
    }

    #[test]
    fn what_must_be_there_is_listed() {
        let required = |patterns: &[&str]| DependencyRules { required: globs(patterns), ..DependencyRules::default() };
        accepted(&built(), &required(&["pkg:docker/docker.io/library/node", "https://github.com/acme/*"]));
        refused(&built(), &required(&["pkg:docker/docker.io/library/node", "pkg:docker/**/alpine"]), "3 others");
    }
}
