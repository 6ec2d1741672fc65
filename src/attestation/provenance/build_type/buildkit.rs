//! BuildKit, in an index or signed by its user.
//!
//! <https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md>, which is the build type of v1:
//! "`configSource`: Describes the config that initialized the build. For builds initialized from a remote context, like a Git
//! or HTTP URL, this object defines the context URL and its immutable digest in the `uri` and `digest` fields. For builds
//! using a local frontend, such as a Dockerfile, the `path` field defines the path for the frontend file". "`request`: Describes
//! build inputs passed to the build", with `frontend`, `args`, `locals`, `secrets`, `ssh`; `solver/llbsolver/provenance/types` adds
//! `inputs`, `root` and `compatibilityVersion`. "`builder.id`: The field is set to the URL of the build, if available."
//! "BuildKit doesn't verify the `vcs` values, and as such they can't be trusted": they are not read.
//!
//! v0.2 is `https://mobyproject.org/buildkit@v1`, where the parameters are what v1 calls `request`, and `entryPoint` is `path`.

use super::BuildType;
use super::parameters::Known;
use crate::attestation::provenance::claims::{Claims, Property};
use crate::attestation::provenance::model::commit;
use crate::attestation::provenance::predicate::Predicate;
use crate::attestation::provenance::source::Source;

/// v1.
pub(super) const V1: BuildType = BuildType {
    is: |version, uri| {
        version == "v1" && uri == "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md"
    },
    add_claims: add_v1,
    parameters: Known::Members(&[
        (
            "configSource",
            Known::Members(&[("uri", Known::Text), ("digest", Known::Anything), ("path", Known::Anything)]),
        ),
        ("request", REQUEST),
    ]),
};

/// v0.2.
pub(super) const V02: BuildType = BuildType {
    is: |version, uri| version == "v0.2" && uri == "https://mobyproject.org/buildkit@v1",
    add_claims: add_v02,
    parameters: REQUEST,
};

const REQUEST: Known = Known::Members(&[
    ("frontend", Known::Anything),
    ("args", Known::Anything),
    ("locals", Known::Anything),
    ("secrets", Known::Anything),
    ("ssh", Known::Anything),
    ("inputs", Known::Anything),
    ("root", Known::Anything),
    ("compatibilityVersion", Known::Anything),
]);

fn add_v1(predicate: &Predicate, claims: &mut Claims) {
    const SOURCE: &str = "/buildDefinition/externalParameters/configSource";
    let digest = ["gitCommit", "sha1"].map(|algorithm| format!("/configSource/digest/{algorithm}"));
    let commit = digest.iter().find_map(|pointer| predicate.external_text(pointer));
    add_context(claims, SOURCE, predicate.external_text("/configSource/uri"), commit);
    add_build(claims, "/runDetails/builder/id", predicate);
}

fn add_v02(predicate: &Predicate, claims: &mut Claims) {
    let source = &predicate.config_source;
    add_context(claims, "/invocation/configSource", source.uri.as_deref(), commit(&source.digests));
    add_build(claims, "/builder/id", predicate);
}

/// A context is a git repository, or an archive at a URL, which is not a repository.
fn add_context(claims: &mut Claims, place: &str, uri: Option<&str>, commit: Option<&str>) {
    let Some(uri) = uri.filter(|uri| is_git(uri)) else { return };
    let (repository, queried) = without_query(uri).unwrap_or((uri, None));
    let reference = queried.or_else(|| Source::parse(repository).and_then(|source| source.reference));
    // The commit may stand there, cut short as people write it.
    let is_cut = |reference: &String| reference.len() >= 7 && commit.is_some_and(|whole| whole.starts_with(reference));
    claims.add(Property::Repository, format!("{place}/uri"), Some(repository));
    claims.add_ref(format!("{place}/uri"), reference.filter(|reference| !is_cut(reference)).as_deref());
    claims.add(Property::Commit, format!("{place}/digest"), commit);
}

fn is_git(uri: &str) -> bool {
    let path = uri.split(['#', '?']).next().unwrap_or(uri).trim_end_matches('/');
    path.strip_suffix(".git").is_some() || uri.starts_with("git") || uri.contains('#')
}

/// Takes the query off a git repository, with the ref that it names (docs.docker.com, "Build context", "URL queries"). `None`
/// without a query, and for one that cannot be read in one way.
fn without_query(uri: &str) -> Option<(&str, Option<String>)> {
    let (repository, query) = uri.split_once('?').filter(|_| !uri.contains('#'))?;
    let mut reference = None;
    for (key, value) in query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))) {
        let named = match key {
            "branch" => format!("refs/heads/{value}"),
            "tag" => format!("refs/tags/{value}"),
            "ref" => value.to_owned(),
            "checksum" | "commit" | "subdir" | "keep-git-dir" | "submodules" => continue,
            _ => return None,
        };
        if value.is_empty() || value.contains(['%', '+']) || reference.replace(named).is_some() {
            return None;
        }
    }
    Some((repository, reference))
}

fn add_build(claims: &mut Claims, place: &str, predicate: &Predicate) {
    let is_run = |id: &&str| id.starts_with("https://github.com/") && id.contains("/actions/runs/");
    claims.add(Property::Run, place, predicate.builder.as_deref().filter(is_run));
}
