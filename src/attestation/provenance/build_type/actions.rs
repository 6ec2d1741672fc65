//! What GitHub Actions puts into every run, wherever a build type writes it down
//! (<https://docs.github.com/en/actions/learn-github-actions/contexts#github-context>).

use crate::attestation::provenance::claims::{Claims, Property};
use crate::attestation::provenance::model::Dependency;
use crate::attestation::provenance::predicate::{Members, Predicate};
use crate::attestation::provenance::source::Source;

/// Adds the workflow, unless the text is the name that its author gave it.
pub(super) fn add_workflow(claims: &mut Claims, place: &str, path: Option<&str>) {
    claims.add(Property::Workflow, place, path.filter(|path| path.starts_with(".github/workflows/")));
}

/// Adds `github.workflow_ref`, which is `owner/name/.github/workflows/file.yml@ref`.
pub(super) fn add_workflow_ref(claims: &mut Claims, place: &str, workflow_ref: Option<&str>) {
    let Some((repository, file)) = workflow_ref.and_then(|text| text.split_once("/.github/workflows/")) else { return };
    claims.add(Property::Repository, place, Some(format!("{}/{repository}", server(claims))));
    // The path may hold an `@` as well as the ref: the ref is whole, and begins with `refs/`.
    let (file, reference) = file.split_once("@refs/").unwrap_or((file, ""));
    add_workflow(claims, place, Some(&format!(".github/workflows/{file}")));
    claims.add(Property::WorkflowRef, place, (!reference.is_empty()).then(|| format!("refs/{reference}")));
}

/// The server of the stated repository: GitHub's own, or one of an enterprise.
fn server(claims: &Claims) -> String {
    let stated = claims.first(Property::Repository).and_then(Source::parse).map(|source| source.repository);
    let server = stated.as_deref().and_then(|url| url.rsplitn(3, '/').nth(2)).filter(|url| url.starts_with("https://"));
    server.unwrap_or("https://github.com").to_owned()
}

/// How a builder spells the variables of the run.
#[derive(Clone, Copy)]
pub(super) enum Spelling {
    /// `github_event_name`
    Lower,
    /// `GITHUB_EVENT_NAME`
    Upper,
}

/// Adds the variables of the run at a place.
pub(super) fn add_variables(claims: &mut Claims, place: &str, variables: &Members, spelling: Spelling) {
    let key = |name: &str| match spelling {
        Spelling::Lower => format!("github_{name}"),
        Spelling::Upper => format!("GITHUB_{}", name.to_ascii_uppercase()),
    };
    let at = |name: &str| format!("{place}/{}", key(name));
    let value = |name: &str| variables.text(&key(name));
    claims.add(Property::Event, at("event_name"), value("event_name"));
    claims.add(Property::Ref, at("ref"), value("ref"));
    let sha = if matches!(spelling, Spelling::Lower) { "sha1" } else { "sha" };
    claims.add(Property::Commit, at(sha), value(sha));
    claims.add(Property::RepositoryId, at("repository_id"), value("repository_id"));
    claims.add(Property::OwnerId, at("repository_owner_id"), value("repository_owner_id"));
    let repository = value("repository").map(|name| format!("https://github.com/{name}"));
    claims.add(Property::Repository, at("repository"), repository);
    add_workflow_ref(claims, &at("workflow_ref"), value("workflow_ref").as_deref());
    add_run(claims, &at("run_id"), value("run_id"), value("run_attempt"));
}

/// Adds the run by its number, and by its attempt if that is stated, in the stated repository.
fn add_run(claims: &mut Claims, place: &str, id: Option<String>, attempt: Option<String>) {
    let repository = claims.first(Property::Repository).and_then(Source::parse).map(|source| source.repository);
    let attempt = attempt.map_or_else(String::new, |attempt| format!("/attempts/{attempt}"));
    let url = repository.zip(id).map(|(repository, id)| format!("{repository}/actions/runs/{id}{attempt}"));
    claims.add(Property::Run, place, url);
}

/// Adds the run by `ID-ATTEMPT`, as v0.2 names it.
pub(super) fn add_invocation(claims: &mut Claims, predicate: &Predicate) {
    let mut run = predicate.invocation.iter().flat_map(|text| text.splitn(2, '-')).map(str::to_owned);
    let (id, attempt) = (run.next(), run.next());
    add_run(claims, "/metadata/buildInvocationId", id, attempt);
}

/// Adds `builder.id` if it only names the kind of machine.
pub(super) fn add_runner(claims: &mut Claims, place: &str, builder: Option<&str>) {
    claims.add(Property::Runner, place, builder.and_then(|id| id.strip_prefix("https://github.com/actions/runner/")));
}

/// Adds the source dependencies: those of the stated repository, else the first one in git.
///
/// If it is another repository, it is recorded all the same: another source was checked out than expected (A209).
pub(super) fn add_dependency(claims: &mut Claims, place: &str, predicate: &Predicate) {
    for dependency in source_dependencies(claims, predicate) {
        claims.add_source(place, dependency.uri.as_deref());
        claims.add(Property::Commit, place, dependency.commit());
    }
}

/// Returns the dependencies that are the source, in any spelling of the stated repository.
pub(super) fn source_dependencies<'a>(claims: &Claims, predicate: &'a Predicate) -> Vec<&'a Dependency> {
    let stated = claims.first(Property::Repository).and_then(Source::parse);
    let is_stated = |dependency: &&Dependency| {
        let found = dependency.uri.as_deref().and_then(Source::parse);
        found.zip(stated.as_ref()).is_some_and(|(found, stated)| found.is_at(&stated.repository))
    };
    let found: Vec<&Dependency> = predicate.dependencies.iter().filter(is_stated).collect();
    if found.is_empty() { predicate.git_dependencies().take(1).collect() } else { found }
}
