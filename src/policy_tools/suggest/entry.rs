//! A signer as an entry of a policy, as narrow as its certificate allows.

use crate::check::{SignerKind, SignerReport, WorkflowName};
use crate::policy::emit::{bare_or_scalar, scalar};
use crate::policy::{Claim, GITHUB_ISSUER};

/// One entry of the list of signers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    kind: &'static str,
    /// The value if it is one text, else its fields, each with what it keeps out.
    value: Option<String>,
    fields: Vec<Field>,
    pub(super) doubts: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    name: &'static str,
    value: String,
    comment: &'static str,
}

impl Entry {
    pub(super) fn of(signer: &SignerReport, keys: &[(String, String)]) -> Option<Self> {
        let issuer = signer.issuer.as_str();
        // An asterisk of a certificate would become one of the policy, which lets others through.
        let values = signer.claims.iter().map(|claim| claim.value.as_str());
        if values.chain([issuer, &signer.identity]).any(|value| value.contains('*')) {
            return None;
        }
        if signer.identity_kind == SignerKind::Key {
            let file = keys.iter().find(|(fingerprint, _)| *fingerprint == signer.identity)?;
            return Some(Self::text("key", file.1.clone()));
        }
        let special = if WorkflowName::of_github(&signer.identity).is_some() {
            github(signer)
        } else if let Some((project, _)) = gitlab_parts(signer) {
            Some(gitlab(signer, &project))
        } else if let Some(pipeline) = signer.identity.strip_prefix("https://buildkite.com/") {
            (issuer == "https://agent.buildkite.com").then(|| Self::text("buildkite", pipeline.to_owned()))
        } else if let Some(rest) = signer.identity.strip_prefix("https://kubernetes.io/namespaces/") {
            kubernetes(rest, issuer)
        } else if signer.identity_kind == SignerKind::Email {
            Some(email(signer))
        } else {
            None
        };
        Some(special.unwrap_or_else(|| exactly(signer)))
    }

    fn text(kind: &'static str, value: String) -> Self {
        Self { kind, value: Some(value), fields: Vec::new(), doubts: Vec::new() }
    }

    fn with(kind: &'static str, fields: Vec<Field>) -> Self {
        Self { kind, value: None, fields, doubts: Vec::new() }
    }

    pub(super) fn draw(&self, indent: usize) -> String {
        let margin = " ".repeat(indent);
        let draw_field = |field: &Field, margin: &str| {
            let value = match field.name {
                "claims" => format!("{{{}: {}}}", Claim::SourceRepositoryUri, scalar(&field.value)),
                _ => bare_or_scalar(&field.value),
            };
            let line = format!("{margin}{}: {value}", field.name);
            if field.comment.is_empty() { format!("{line}\n") } else { format!("{line}  # {}\n", field.comment) }
        };
        match (&self.value, self.kind) {
            (Some(value), kind) => format!("{margin}- {kind}: {}\n", bare_or_scalar(value)),
            // `identity` and `issuer` stand side by side in the entry itself.
            (None, "identity") => {
                let lines: String = self.fields.iter().map(|field| draw_field(field, &format!("{margin}  "))).collect();
                format!("{margin}- {}", lines.trim_start())
            }
            (None, kind) => {
                let lines: String =
                    self.fields.iter().map(|field| draw_field(field, &format!("{margin}    "))).collect();
                format!("{margin}- {kind}:\n{lines}")
            }
        }
    }
}

/// The value of a claim, or of its predecessor in older certificates; `.5` is `owner/name` without GitHub's address.
fn claim(signer: &SignerReport, claim: Claim) -> Option<String> {
    let value = |wanted: Claim| {
        let found = signer.claims.iter().find(|one| one.name == wanted.name() && !one.value.is_empty());
        found.map(|one| one.value.clone())
    };
    let older = |legacy: Claim| match legacy {
        Claim::WorkflowRepository => value(legacy).map(|name| format!("https://github.com/{name}")),
        _ => value(legacy),
    };
    value(claim).or_else(|| claim.legacy().and_then(older))
}

fn github(signer: &SignerReport) -> Option<Entry> {
    let name = WorkflowName::of_github(&signer.identity)?;
    name.reference()?;
    let (location, file) = (name.repository, name.file());
    let source = claim(signer, Claim::SourceRepositoryUri)?;
    let (server, repository) = server_and_name(&source)?;
    let mut fields = vec![field("repository", repository, "keeps out forks and every other repository")];
    let mut doubts = Vec::new();
    if location.eq_ignore_ascii_case(&source) {
        fields.push(field("workflow", file, "keeps out its other workflows"));
    } else {
        let called = signer.identity.strip_prefix(&format!("{server}/"))?;
        let (path, at) = called.split_once('@')?;
        let at = versions_of(at);
        fields.push(field("reusable-workflow", format!("{path}@{at}"), "keeps out builds that others than it made"));
        if let Some(own) = claim(signer, Claim::BuildConfigUri).and_then(|uri| own_workflow(&uri, &source)) {
            fields.push(field("workflow", own, "keeps out other workflows that call it"));
        }
    }
    match claim(signer, Claim::SourceRepositoryRef) {
        Some(reference) => {
            fields.push(field(
                "ref",
                versions_of(&reference),
                "keeps out builds of other branches and of pull requests",
            ));
        }
        None => doubts.push(format!("the certificate of {} states no ref: any branch may sign", signer.identity)),
    }
    push_claims(signer, &mut fields, &mut doubts);
    if server != "https://github.com" {
        fields.push(field("server", server, "the server that the repository lies on"));
    }
    if signer.issuer != GITHUB_ISSUER {
        fields.push(field("issuer", &signer.issuer, "keeps out the tokens of other issuers"));
    }
    Some(Entry { doubts, ..Entry::with("github", fields) })
}

fn push_claims(signer: &SignerReport, fields: &mut Vec<Field>, doubts: &mut Vec<String>) {
    match claim(signer, Claim::BuildTrigger) {
        Some(event) if event.starts_with("pull_request") => {
            doubts.push(format!(
                "a build for {event} signed it, which may run strangers' changes: sign on release instead"
            ));
        }
        Some(event) => fields.push(field("event", event, "keeps out builds that other events start")),
        None => {}
    }
    match claim(signer, Claim::RunnerEnvironment).as_deref() {
        Some("github-hosted") => {
            fields.push(field("runner-environment", "github-hosted", "keeps out machines that GitHub does not run"));
        }
        Some(_) => {
            doubts.push("it was signed on a self-hosted runner: anyone who can log in there can sign".to_owned());
        }
        None => {}
    }
    let ids = [
        (Claim::SourceRepositoryIdentifier, "repository-id", "keeps out a new owner of a released name"),
        (Claim::SourceRepositoryOwnerIdentifier, "owner-id", "keeps out a new holder of the owner's name"),
    ];
    for (number, name, comment) in ids {
        if let Some(value) = claim(signer, number).filter(|value| value.bytes().all(|b| b.is_ascii_digit())) {
            fields.push(field(name, value, comment));
        }
    }
}

fn server_and_name(source: &str) -> Option<(String, String)> {
    let (scheme, rest) = source.split_once("://")?;
    let (host, name) = rest.split_once('/')?;
    (name.split('/').count() == 2).then(|| (format!("{scheme}://{host}"), name.to_owned()))
}

/// The file of a workflow that lies in the repository itself.
fn own_workflow(uri: &str, source: &str) -> Option<String> {
    let name = WorkflowName::of_github(uri)?;
    name.reference()?;
    name.repository.eq_ignore_ascii_case(source).then(|| name.file().to_owned())
}

/// A version's tag stands for the versions to come: `refs/tags/v1.2.3` for `refs/tags/v*`. If only the number marks it
/// as a version, the first number stays. A tag that does not end in a version stays as it is.
fn versions_of(reference: &str) -> String {
    let Some(tag) = reference.strip_prefix("refs/tags/") else { return reference.to_owned() };
    let last = tag.rfind('/').map_or(0, |slash| slash + 1);
    let (folder, name) = tag.split_at(last);
    let Some(start) = version_start(name) else { return reference.to_owned() };
    let (prefix, version) = name.split_at(start);
    match (prefix, version.split_once('.')) {
        ("", Some((major, _))) => format!("refs/tags/{folder}{major}.*"),
        ("", None) => reference.to_owned(),
        (prefix, _) => format!("refs/tags/{folder}{prefix}*"),
    }
}

/// Where the version begins: at the start, behind a leading `v`, or behind the last `-`, `_`, `-v` or `_v` that has nothing but
/// the version behind it.
fn version_start(name: &str) -> Option<usize> {
    let starts = std::iter::once(0).chain(name.match_indices(['-', '_']).map(|(position, _)| position + 1));
    let behind_v = |start: usize| start + usize::from(name[start..].starts_with('v'));
    starts.map(behind_v).find(|start| is_version(&name[*start..]))
}

/// `1.2.3`, with what semver puts behind it.
fn is_version(text: &str) -> bool {
    let number = text.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = number.split('.').collect();
    (1..=4).contains(&parts.len())
        && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// `https://HOST/PROJECT//CONFIG@REF`: returns the project and the configuration.
fn gitlab_parts(signer: &SignerReport) -> Option<(String, String)> {
    let rest = signer.identity.strip_prefix(&signer.issuer)?.strip_prefix('/')?;
    let (project, config) = rest.split_once("//")?;
    let (config, _) = config.split_once('@')?;
    (project.contains('/')).then(|| (project.to_owned(), config.to_owned()))
}

fn gitlab(signer: &SignerReport, project: &str) -> Entry {
    let config = gitlab_parts(signer).map(|(_, config)| config).unwrap_or_default();
    let own = claim(signer, Claim::SourceRepositoryUri) == Some(format!("{}/{project}", signer.issuer));
    if !own {
        return exactly(signer);
    }
    let mut fields = vec![
        field("project", project, "keeps out forks and every other project"),
        field("config", config, "keeps out its other pipelines"),
    ];
    if let Some(reference) = claim(signer, Claim::SourceRepositoryRef) {
        fields.push(field("ref", versions_of(&reference), "keeps out builds of other branches"));
    }
    if let Some(id) =
        claim(signer, Claim::SourceRepositoryIdentifier).filter(|id| id.bytes().all(|b| b.is_ascii_digit()))
    {
        fields.push(field("project-id", id, "keeps out a new owner of a released name"));
    }
    if signer.issuer != "https://gitlab.com" {
        fields.push(field("server", &signer.issuer, "the server that the project lies on"));
    }
    Entry::with("gitlab", fields)
}

fn kubernetes(rest: &str, issuer: &str) -> Option<Entry> {
    let (namespace, account) = rest.split_once("/serviceaccounts/")?;
    Some(Entry::with(
        "kubernetes",
        vec![
            field("issuer", issuer, "keeps out other clusters"),
            field("namespace", namespace, ""),
            field("service-account", account, ""),
        ],
    ))
}

fn email(signer: &SignerReport) -> Entry {
    Entry::with(
        "email",
        vec![
            field("address", &signer.identity, ""),
            field("issuer", &signer.issuer, "keeps out the same address at other issuers"),
        ],
    )
}

/// The whole name, with the source it was signed for: a reusable workflow has the same name for all its callers.
fn exactly(signer: &SignerReport) -> Entry {
    let mut fields = vec![field("identity", &signer.identity, ""), field("issuer", &signer.issuer, "")];
    if let Some(source) = claim(signer, Claim::SourceRepositoryUri) {
        fields.push(field("claims", source, "keeps out every other repository"));
    }
    Entry::with("identity", fields)
}

fn field(name: &'static str, value: impl Into<String>, comment: &'static str) -> Field {
    Field { name, value: value.into(), comment }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stand_for_versions_and_everything_else_for_itself() {
        for (reference, expected) in [
            ("refs/tags/v1.2.3", "refs/tags/v*"),
            ("refs/tags/v1.2.3-rc.1", "refs/tags/v*"),
            ("refs/tags/release-2024", "refs/tags/release-*"),
            ("refs/tags/1.2.3", "refs/tags/1.*"),
            ("refs/tags/7", "refs/tags/7"),
            ("refs/tags/nightly", "refs/tags/nightly"),
            ("refs/tags/v1.x", "refs/tags/v1.x"),
            ("refs/tags/s3-gateway-1.2.0", "refs/tags/s3-gateway-*"),
            ("refs/tags/py3-v1.0.0", "refs/tags/py3-v*"),
            ("refs/tags/oauth2-proxy/v7.1.0", "refs/tags/oauth2-proxy/v*"),
            ("refs/tags/v1.0.0-rc/1", "refs/tags/v1.0.0-rc/1"),
            ("refs/tags/h2", "refs/tags/h2"),
            ("refs/heads/v1.2.3", "refs/heads/v1.2.3"),
        ] {
            assert_eq!(versions_of(reference), expected, "{reference}");
        }
    }
}
