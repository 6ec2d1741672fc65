//! What GitHub Actions puts into every run, wherever a build type writes it down
//! (<https://docs.github.com/en/actions/learn-github-actions/contexts#github-context>).

use crate::attestation::provenance::account::{Account, Topic};
use crate::attestation::provenance::model::Dependency;
use crate::attestation::provenance::outline::{Members, Outline};
use crate::attestation::provenance::source::Source;

/// Tells the workflow, unless the text is the name that its author gave it.
pub(super) fn tell_workflow(account: &mut Account, place: &str, path: Option<&str>) {
    account.tell(Topic::Workflow, place, path.filter(|path| path.starts_with(".github/workflows/")));
}

/// Tells `github.workflow_ref`, which is `owner/name/.github/workflows/file.yml@ref`.
pub(super) fn tell_workflow_ref(account: &mut Account, place: &str, workflow_ref: Option<&str>) {
    let Some((repository, file)) = workflow_ref.and_then(|text| text.split_once("/.github/workflows/")) else { return };
    account.tell(Topic::Repository, place, Some(format!("{}/{repository}", server(account))));
    // The path may hold an `@` as well as the ref: the ref is whole, and begins with `refs/`.
    let (file, reference) = file.split_once("@refs/").unwrap_or((file, ""));
    tell_workflow(account, place, Some(&format!(".github/workflows/{file}")));
    account.tell(Topic::WorkflowRef, place, (!reference.is_empty()).then(|| format!("refs/{reference}")));
}

/// The server that the repository was told to be on: GitHub's own, or one of an enterprise.
fn server(account: &Account) -> String {
    let told = account.first(Topic::Repository).and_then(Source::parse).map(|source| source.repository);
    let server = told.as_deref().and_then(|url| url.rsplitn(3, '/').nth(2)).filter(|url| url.starts_with("https://"));
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

/// Tells the variables of the run that stand at a place.
pub(super) fn tell_variables(account: &mut Account, place: &str, variables: &Members, spelling: Spelling) {
    let key = |name: &str| match spelling {
        Spelling::Lower => format!("github_{name}"),
        Spelling::Upper => format!("GITHUB_{}", name.to_ascii_uppercase()),
    };
    let at = |name: &str| format!("{place}/{}", key(name));
    let value = |name: &str| variables.text(&key(name));
    account.tell(Topic::Event, at("event_name"), value("event_name"));
    account.tell(Topic::Ref, at("ref"), value("ref"));
    let sha = if matches!(spelling, Spelling::Lower) { "sha1" } else { "sha" };
    account.tell(Topic::Commit, at(sha), value(sha));
    account.tell(Topic::RepositoryId, at("repository_id"), value("repository_id"));
    account.tell(Topic::OwnerId, at("repository_owner_id"), value("repository_owner_id"));
    let repository = value("repository").map(|name| format!("https://github.com/{name}"));
    account.tell(Topic::Repository, at("repository"), repository);
    tell_workflow_ref(account, &at("workflow_ref"), value("workflow_ref").as_deref());
    tell_run(account, &at("run_id"), value("run_id"), value("run_attempt"));
}

/// Tells the run by its number, and by its attempt where that is stated, in the repository that was told.
fn tell_run(account: &mut Account, place: &str, id: Option<String>, attempt: Option<String>) {
    let repository = account.first(Topic::Repository).and_then(Source::parse).map(|source| source.repository);
    let attempt = attempt.map_or_else(String::new, |attempt| format!("/attempts/{attempt}"));
    let url = repository.zip(id).map(|(repository, id)| format!("{repository}/actions/runs/{id}{attempt}"));
    account.tell(Topic::Run, place, url);
}

/// Tells the run by `ID-ATTEMPT`, as v0.2 names it.
pub(super) fn tell_invocation(account: &mut Account, outline: &Outline) {
    let mut run = outline.invocation.iter().flat_map(|text| text.splitn(2, '-')).map(str::to_owned);
    let (id, attempt) = (run.next(), run.next());
    tell_run(account, "/metadata/buildInvocationId", id, attempt);
}

/// Tells `builder.id` where it says nothing but what kind of machine the workflow ran on.
pub(super) fn tell_runner(account: &mut Account, place: &str, builder: Option<&str>) {
    account.tell(Topic::Runner, place, builder.and_then(|id| id.strip_prefix("https://github.com/actions/runner/")));
}

/// Tells the dependency that is the source: every one that is the repository that was told, else the first in git.
///
/// If it is another repository, it is recorded all the same: another source was checked out than expected (A209).
pub(super) fn tell_dependency(account: &mut Account, place: &str, outline: &Outline) {
    for dependency in source_dependencies(account, outline) {
        account.tell_source(place, dependency.uri.as_deref());
        account.tell(Topic::Commit, place, dependency.commit());
    }
}

/// Returns the dependencies that are the source, in any spelling of the stated repository.
pub(super) fn source_dependencies<'a>(account: &Account, outline: &'a Outline) -> Vec<&'a Dependency> {
    let told = account.first(Topic::Repository).and_then(Source::parse);
    let is_told = |dependency: &&Dependency| {
        let found = dependency.uri.as_deref().and_then(Source::parse);
        found.zip(told.as_ref()).is_some_and(|(found, told)| found.is_at(&told.repository))
    };
    let found: Vec<&Dependency> = outline.dependencies.iter().filter(is_told).collect();
    if found.is_empty() { outline.git_dependencies().take(1).collect() } else { found }
}
