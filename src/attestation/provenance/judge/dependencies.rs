//! What went into the build, as far as its builder lists it.

use crate::check::{CheckId, Finding, Outcome};
use crate::packages::Purl;
use crate::policy::{DependencyRule, DependencyRules, Match};
use crate::time_limit::TimeLimit;

use super::super::model::Dependency;
use super::super::{Provenance, Source};
use super::words;

/// Names that are listed of many.
const LISTED: usize = 5;
/// Digests that name content for certain. SHA-1 does so for git alone, which finds the known collisions.
const SECURE: [&str; 9] =
    ["sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "gitCommit", "gitTree", "dirHash"];

/// Returns nothing if nothing is asked, one pass if all holds, or what does not.
pub(super) fn check(provenance: &Provenance, rules: &DependencyRules, time: TimeLimit<'_>) -> Vec<Finding> {
    if rules.is_empty() {
        return Vec::new();
    }
    let listed = || provenance.dependencies.iter().take_while(|_| !time.is_over());
    let count = provenance.dependencies.len();
    let matches_one = |dependency: &Dependency, rules: &[DependencyRule]| matched(dependency, rules) == Match::Yes;
    let is_open = |dependency: &&Dependency| matches!(matched(dependency, &rules.deny), Match::Unknown(_));
    let is_denied = |dependency: &&Dependency| matches_one(dependency, &rules.deny);
    let is_stranger = |dependency: &&Dependency| {
        !rules.allow.is_empty() && !matches_one(dependency, &rules.allow) && !is_source(dependency, provenance)
    };
    let is_floating = |dependency: &&Dependency| rules.pinned && !is_pinned(dependency);
    let mut failed = Vec::new();
    failed.extend(of_those(listed(), is_denied, "a dependency of the build is denied", || {
        format!("none of {}", words::listed(&rules.deny))
    }));
    let open =
        of_those(listed(), is_open, "whether the policy denies what went into the build cannot be stated", || {
            format!("a version of each package that {} is about", words::listed(&rules.deny))
        });
    failed.extend(open.map(|finding| Finding { outcome: Outcome::Error, ..finding }));
    failed.extend(of_those(listed(), is_stranger, "a dependency of the build is not allowed", || {
        words::listed(&rules.allow)
    }));
    failed.extend(of_those(listed(), is_floating, "what went into the build is not all pinned by digest", || {
        "a digest of every dependency".to_owned()
    }));
    if rules.pinned && count == 0 {
        failed.push(
            finding("the provenance lists nothing that went into the build", "dependencies with their digests")
                .found("no dependency"),
        );
    }
    failed.extend(rules.required.iter().filter_map(|pattern| {
        let is_there = listed().any(|dependency| matches_one(dependency, std::slice::from_ref(pattern)));
        let found = || format!("{count} others");
        (!is_there)
            .then(|| finding("what must have gone into the build is not listed", &pattern.to_string()).found(found()))
    }));
    if failed.is_empty() {
        let message = format!("{count} listed, as the policy asks");
        failed.push(Finding::pass(CheckId::ProvenanceDependencies, message));
    }
    failed
}

fn of_those<'d>(
    listed: impl Iterator<Item = &'d Dependency>,
    is_wrong: impl Fn(&&'d Dependency) -> bool,
    message: &str,
    expected: impl Fn() -> String,
) -> Option<Finding> {
    let wrong: Vec<String> = listed.filter(is_wrong).map(described).collect();
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

/// Whether a rule means a dependency: by its address, or as a package.
fn matched(dependency: &Dependency, rules: &[DependencyRule]) -> Match {
    let names = names(dependency);
    if rules.iter().any(|rule| names.iter().any(|name| rule.matches(name))) {
        return Match::Yes;
    }
    let texts = dependency.uri.iter().chain(&dependency.name);
    let packages: Vec<Purl<'_>> = texts.filter_map(|text| Purl::parse(text).ok()).collect();
    let mut found = Match::No;
    for one in rules.iter().flat_map(|rule| packages.iter().map(|package| rule.is_about(package))) {
        match one {
            Match::Yes => return Match::Yes,
            Match::Unknown(_) => found = one,
            Match::No => {}
        }
    }
    found
}

/// Everything by which a rule may mean it: its address, the same without what qualifies it, without its version, and the
/// repository in its normal form.
fn names(dependency: &Dependency) -> Vec<String> {
    let mut names: Vec<String> = dependency.name.iter().cloned().collect();
    if let Some(uri) = &dependency.uri {
        let bare = uri.split(['?', '#']).next().unwrap_or(uri);
        names.extend([uri.clone(), bare.to_owned()]);
        names.extend(Source::parse(uri).map(|source| source.repository));
    }
    names
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
    use crate::attestation::provenance::judge::tests::provenance;

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

    fn globs(texts: &[&str]) -> Vec<DependencyRule> {
        texts.iter().map(|text| DependencyRule::parse(text).expect("a pattern")).collect()
    }

    #[track_caller]
    fn refused(provenance: &Provenance, rules: &DependencyRules, found: &str) {
        let findings = check(provenance, rules, TimeLimit::NONE);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].is_blocking());
        assert_eq!(findings[0].found.as_deref(), Some(found));
    }

    #[track_caller]
    fn accepted(provenance: &Provenance, rules: &DependencyRules) {
        let findings = check(provenance, rules, TimeLimit::NONE);
        assert!(!findings.is_empty() && !findings.iter().any(Finding::is_blocking), "{findings:?}");
    }

    #[test]
    fn nothing_is_said_where_nothing_is_asked() {
        assert_eq!(check(&built(), &DependencyRules::default(), TimeLimit::NONE), []);
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
        for pattern in ["pkg:docker/docker.io/library/node@18", "pkg:docker/docker.io/library/nod", "pkg:docker/acme/*"]
        {
            accepted(&built(), &deny(pattern));
        }
    }

    #[test]
    fn a302_a_base_image_is_denied_and_allowed_in_every_spelling() {
        let spellings = [
            "pkg:docker/node@18?digest=sha256:aa&platform=linux%2Famd64",
            "pkg:docker/library/node@18",
            "pkg:docker/docker.io/library/node@18",
            "pkg:docker/index.docker.io/library/node@18",
        ];
        for spelling in spellings {
            let mut built = provenance();
            built.dependencies = vec![dependency(spelling, &[("sha256", "bb22")])];
            for rule in
                ["pkg:docker/node@18", "pkg:docker/docker.io/library/node", "pkg:docker/docker.io/library/node@18"]
            {
                refused(&built, &DependencyRules { deny: globs(&[rule]), ..DependencyRules::default() }, spelling);
                accepted(&built, &DependencyRules { allow: globs(&[rule]), ..DependencyRules::default() });
                accepted(&built, &DependencyRules { required: globs(&[rule]), ..DependencyRules::default() });
            }
            for rule in ["pkg:docker/ghcr.io/library/node@18", "pkg:docker/node@20", "pkg:docker/acme/node"] {
                accepted(&built, &DependencyRules { deny: globs(&[rule]), ..DependencyRules::default() });
            }
        }
    }

    #[test]
    fn a_package_without_a_version_may_be_the_denied_one() {
        let mut built = provenance();
        built.dependencies = vec![dependency("pkg:npm/event-stream", &[])];
        let rules = DependencyRules { deny: globs(&["pkg:npm/event-stream@3.3.6"]), ..DependencyRules::default() };
        let findings = check(&built, &rules, TimeLimit::NONE);
        assert_eq!(findings.iter().map(|finding| finding.outcome).collect::<Vec<_>>(), [Outcome::Error]);
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
