//! Signers by the service that they sign on: what fulcio writes into the certificates of each
//! (fulcio `docs/oidc.md`, `docs/oid-info.md`, `config/identity/config.yaml`).

use crate::policy::claim::Claim;
use crate::policy::signer::{Caller, CertificateRule, ClaimRule, GITHUB_ISSUER, IdentityRule, SourceRule};
use crate::policy::text::TextRule;

use super::fields::{Fields, items, pattern, text, word};
use super::problem::Problems;
use super::yaml::{Node, Value};

const GITHUB: &str = "https://github.com";
const GITHUB_FIELDS: [&str; 13] = [
    "repository",
    "workflow",
    "reusable-workflow",
    "ref",
    "commit",
    "event",
    "runner-environment",
    "environment",
    "repository-id",
    "owner-id",
    "visibility",
    "server",
    "issuer",
];

/// `github: OWNER/NAME`, or its fields. Without `reusable-workflow` it is a workflow of the repository itself.
pub(crate) fn github(node: &Node, problems: &mut Problems) -> Option<CertificateRule> {
    if !matches!(node.value, Value::Map(_)) {
        let repository = repository(node, GITHUB, problems)?;
        let source = SourceRule { repository: repository.clone(), reference: None, digest: None };
        let file = pattern(TextRule::glob(".github/workflows/**"), node, problems)?;
        return Some(workflow(repository, file, Caller::Itself, source, TextRule::exact(GITHUB_ISSUER)));
    }
    let fields = Fields::of(node, "a GitHub signer", &GITHUB_FIELDS, problems)?;
    let hint = "a workflow's name alone is the same in every fork: add `repository: OWNER/NAME`";
    let name = fields.required("repository", hint, problems)?;
    let server = server(&fields, GITHUB, problems)?;
    let repository = repository(name, &server, problems)?;
    let source = SourceRule {
        repository: repository.clone(),
        reference: full_ref(&fields, problems),
        digest: fields.get("commit").and_then(|node| commit(node, problems)),
    };
    let issuer = match fields.get("issuer") {
        Some(node) => TextRule::exact(issuer(node, problems)?),
        None if server != GITHUB => {
            problems.add(
                node_place(&fields, "server"),
                "a server of one's own has an issuer of its own",
                "add `issuer: https://…`",
            );
            return None;
        }
        None => TextRule::exact(GITHUB_ISSUER),
    };
    let mut claims = github_claims(&fields, problems);
    let own_file = fields.get("workflow").map(|node| (node, workflow_file(node, problems)));
    let mut rule = match fields.get("reusable-workflow") {
        None => {
            let file = match own_file {
                Some((_, file)) => format!("{}@**", file?),
                None => ".github/workflows/**".to_owned(),
            };
            let file = pattern(TextRule::glob(&file), node, problems)?;
            workflow(repository, file, Caller::Itself, source, issuer)
        }
        Some(called) => {
            if let Some((node, file)) = own_file {
                let uri = format!("{}/{}@**", repository.as_str(), file?);
                let value = pattern(TextRule::glob_ignoring_case(&uri), node, problems)?;
                claims.push(ClaimRule { claim: Claim::BuildConfigUri, value });
            }
            let (repository, file) = reusable(called, &server, problems)?;
            workflow(repository, file, Caller::Pinned, source, issuer)
        }
    };
    rule.claims = claims;
    Some(rule)
}

/// The address of a server, such as `https://gitlab.acme.example:8443`. Without its scheme it is of `https`.
fn server(fields: &Fields<'_>, usual: &str, problems: &mut Problems) -> Option<String> {
    let Some(node) = fields.get("server") else { return Some(usual.to_owned()) };
    let written = text(node, problems)?;
    let (scheme, host) = written.split_once("://").unwrap_or(("https", &written));
    let host = host.trim_end_matches('/');
    let is_host = |text: &str| {
        text.split('/').all(|part| !part.is_empty())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'/' | b'[' | b']'))
    };
    if !matches!(scheme, "https" | "http") || !is_host(host) {
        let hint = "write its address whole, such as https://gitlab.acme.example or gitlab.acme.example:8443";
        problems.add(node.place, format!("`{written}` is not the address of a server"), hint);
        return None;
    }
    Some(format!("{scheme}://{host}"))
}

/// Who vouches for the signer: compared exactly, for another one may be the tenant's beside it (A293).
fn issuer(node: &Node, problems: &mut Problems) -> Option<String> {
    let written = text(node, problems)?;
    if written.contains('*') {
        let hint = "write it whole, as the certificate has it; for a pattern write `identity` and `issuer`";
        problems.add(node.place, format!("`{written}` is a pattern, and this issuer is compared exactly"), hint);
        return None;
    }
    Some(written)
}

fn node_place(fields: &Fields<'_>, name: &str) -> super::problem::Place {
    fields.get(name).map_or(fields.place(), |node| node.place)
}

/// `OWNER/NAME`, where each may have asterisks; names on GitHub do not distinguish upper and lower case.
fn repository(node: &Node, server: &str, problems: &mut Problems) -> Option<TextRule> {
    let written = text(node, problems)?;
    let name = below(server, &written);
    // As git's remotes are written; no repository has a name that ends so.
    let name = name.strip_suffix(".git").unwrap_or(name);
    let parts: Vec<&str> = name.split('/').collect();
    let is_name = |part: &&str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'*'))
    };
    if parts.len() != 2 || !parts.iter().all(is_name) || name.contains("**") {
        let hint = "write OWNER/NAME, such as acme/app, or acme/* for all of an owner";
        problems.add(node.place, format!("`{written}` is not a repository"), hint);
        return None;
    }
    if parts[0].contains('*') {
        let hint = "anyone can create an owner with a similar name: name the owner in full";
        problems.add(node.place, format!("the owner in `{written}` is a pattern"), hint);
        return None;
    }
    pattern(TextRule::glob_ignoring_case(&format!("{server}/{name}")), node, problems)
}

/// `release.yml` or `.github/workflows/release.yml`.
fn workflow_file(node: &Node, problems: &mut Problems) -> Option<String> {
    let written = text(node, problems)?;
    let file = written.strip_prefix(".github/workflows/").unwrap_or(&written);
    if file.is_empty() || file.contains(['/', '@']) || file.contains("**") {
        let hint = "write the file alone, such as release.yml; a workflow of another repository is a `reusable-workflow`, and its ref is `ref`";
        problems.add(node.place, format!("`{written}` is not a file in .github/workflows"), hint);
        return None;
    }
    if !file.contains('*') && !has_workflow_ending(file) {
        let hint = "write the file's name with its ending, such as release.yml";
        problems.warn(node.place, format!("no workflow is called `{file}`: each ends in .yml or .yaml"), hint);
    }
    Some(format!(".github/workflows/{file}"))
}

/// GitHub runs no other file (docs.github.com, "Workflow syntax": "You must store workflow files in the `.github/workflows`
/// directory", with "either a `.yml` or `.yaml` file extension").
fn has_workflow_ending(file: &str) -> bool {
    [".yml", ".yaml"].iter().any(|ending| file.len() > ending.len() && file.ends_with(ending))
}

/// The text behind the server's name, if there is any.
fn below<'a>(server: &str, written: &'a str) -> &'a str {
    let rest = written.strip_prefix(server).filter(|rest| rest.starts_with('/'));
    rest.map_or(written, |rest| rest.trim_start_matches('/'))
}

/// `OWNER/NAME/.github/workflows/FILE@REF`; the ref may be a glob.
fn reusable(node: &Node, server: &str, problems: &mut Problems) -> Option<(TextRule, TextRule)> {
    let written = text(node, problems)?;
    let bare = below(server, &written);
    let parts = bare.split_once("/.github/workflows/").and_then(|(name, rest)| Some((name, rest.split_once('@')?)));
    let Some((name, (file, reference))) = parts.filter(|(name, (file, reference))| {
        name.split('/').count() == 2
            && !name.contains('*')
            && !file.is_empty()
            && !file.contains(['/', '*'])
            && (reference.starts_with("refs/") || *reference == "**" || is_commit(reference))
    }) else {
        let hint = "write OWNER/NAME/.github/workflows/FILE@REF, with the full ref or a commit, such as acme/ci/.github/workflows/release.yml@refs/tags/v*";
        problems.add(node.place, format!("`{written}` is not a reusable workflow at a ref"), hint);
        return None;
    };
    let repository = TextRule::exact_ignoring_case(format!("{server}/{name}"));
    let file = pattern(TextRule::glob(&format!(".github/workflows/{file}@{reference}")), node, problems)?;
    Some((repository, file))
}

/// Refs are compared in full: `v1` is a tag and a branch.
pub(crate) fn full_ref(fields: &Fields<'_>, problems: &mut Problems) -> Option<TextRule> {
    let node = fields.get("ref")?;
    let written = text(node, problems)?;
    if !written.starts_with("refs/") && written != "**" {
        let hint = format!("write the full ref: refs/tags/{written} or refs/heads/{written}");
        problems.add(node.place, format!("`{written}` may be a tag or a branch"), hint);
        return None;
    }
    pattern(TextRule::glob(&written), node, problems)
}

/// Git names commits by all 40 digits of a SHA-1, or all 64 of a SHA-256, and so do certificates.
pub(crate) fn commit(node: &Node, problems: &mut Problems) -> Option<TextRule> {
    let written = text(node, problems)?;
    if !is_commit(&written) {
        let hint = "write all 40 digits, in lower case, as `git rev-parse` prints them";
        problems.add(node.place, format!("`{written}` is not a whole commit"), hint);
        return None;
    }
    Some(TextRule::exact(written))
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn github_claims(fields: &Fields<'_>, problems: &mut Problems) -> Vec<ClaimRule> {
    let mut claims = Vec::new();
    let mut push = |claim: Claim, value: Option<TextRule>| claims.extend(value.map(|value| ClaimRule { claim, value }));
    push(Claim::BuildTrigger, fields.get("event").and_then(|node| events(node, problems)));
    push(
        Claim::RunnerEnvironment,
        fields.get("runner-environment").and_then(|node| stated(node, &["github-hosted", "self-hosted"], problems)),
    );
    push(Claim::DeploymentEnvironment, fields.glob("environment", problems));
    push(Claim::SourceRepositoryIdentifier, fields.get("repository-id").and_then(|node| id(node, problems)));
    push(Claim::SourceRepositoryOwnerIdentifier, fields.get("owner-id").and_then(|node| id(node, problems)));
    push(
        Claim::SourceRepositoryVisibility,
        fields.get("visibility").and_then(|node| stated(node, &["public", "private", "internal"], problems)),
    );
    claims
}

fn events(node: &Node, problems: &mut Problems) -> Option<TextRule> {
    let names: Vec<String> =
        items(node, "events", problems).iter().map(|item| text(item, problems)).collect::<Option<_>>()?;
    (!names.is_empty()).then(|| TextRule::one_of(names))
}

fn stated(node: &Node, known: &[&'static str], problems: &mut Problems) -> Option<TextRule> {
    word(node, "value that GitHub states here", known, problems).map(TextRule::exact)
}

pub(crate) fn id(node: &Node, problems: &mut Problems) -> Option<TextRule> {
    let written = text(node, problems)?;
    if !written.bytes().all(|b| b.is_ascii_digit()) {
        let hint = "the number is in the report of a verified image (sourceRepositoryIdentifier), and in GitHub's API";
        problems.add(node.place, format!("`{written}` is not a number"), hint);
        return None;
    }
    Some(TextRule::exact(written))
}

/// `gitlab: {project, config, ref, project-id, server}`. A pipeline is named `SERVER/PROJECT//CONFIG@REF`.
pub(crate) fn gitlab(node: &Node, problems: &mut Problems) -> Option<CertificateRule> {
    let known = ["project", "config", "ref", "project-id", "environment", "server"];
    let fields = Fields::of(node, "a GitLab signer", &known, problems)?;
    let hint = "add `project: GROUP/NAME`, with every subgroup";
    let project_node = fields.required("project", hint, problems)?;
    let project = text(project_node, problems)?;
    if !project.contains('/')
        || project.split('/').any(str::is_empty)
        || project.split('/').next().is_some_and(|group| group.contains('*'))
    {
        problems.add(
            project_node.place,
            format!("`{project}` is not a project"),
            "write GROUP/NAME, with every subgroup; the first group in full",
        );
        return None;
    }
    let server = server(&fields, "https://gitlab.com", problems)?;
    let config = fields.text("config", problems).unwrap_or_else(|| ".gitlab-ci.yml".to_owned());
    let name = pattern(TextRule::glob(&format!("{server}/{project}//{config}@**")), node, problems)?;
    let repository = pattern(TextRule::glob(&format!("{server}/{project}")), project_node, problems)?;
    let mut claims = Vec::new();
    if let Some(value) = fields.get("project-id").and_then(|node| id(node, problems)) {
        claims.push(ClaimRule { claim: Claim::SourceRepositoryIdentifier, value });
    }
    if let Some(value) = fields.glob("environment", problems) {
        claims.push(ClaimRule { claim: Claim::DeploymentEnvironment, value });
    }
    Some(CertificateRule {
        identity: IdentityRule::Name(name),
        issuer: TextRule::exact(server),
        source: Some(SourceRule { repository, reference: full_ref(&fields, problems), digest: None }),
        claims,
    })
}

/// `google: NAME@PROJECT.iam.gserviceaccount.com`, a service account or a person.
pub(crate) fn google(node: &Node, problems: &mut Problems) -> Option<CertificateRule> {
    let address = address(node, problems)?;
    Some(plain(TextRule::exact(address), "https://accounts.google.com"))
}

/// `email: {address, issuer}`.
pub(crate) fn email(node: &Node, problems: &mut Problems) -> Option<CertificateRule> {
    if !matches!(node.value, Value::Map(_)) {
        let written = text(node, problems)?;
        let hint = format!("add its issuer: `email: {{address: {written}, issuer: https://…}}`");
        problems.add(node.place, "an e-mail address without an issuer: any issuer could assert it", hint);
        return None;
    }
    let fields = Fields::of(node, "an e-mail signer", &["address", "issuer"], problems)?;
    let address =
        fields.required("address", "add `address: NAME@HOST`", problems).and_then(|node| address(node, problems));
    let hint = "add the issuer, such as https://github.com/login/oauth or https://accounts.google.com";
    let issuer = fields.required("issuer", hint, problems).and_then(|node| issuer(node, problems));
    Some(plain(TextRule::exact(address?), &issuer?))
}

fn address(node: &Node, problems: &mut Problems) -> Option<String> {
    let written = text(node, problems)?;
    let is_address = written.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    if !is_address || written.contains(['*', ' ', '/']) {
        problems.add(
            node.place,
            format!("`{written}` is not an e-mail address"),
            "addresses are compared exactly; for a pattern write `identity` and `issuer`",
        );
        return None;
    }
    Some(written)
}

/// `buildkite: ORGANIZATION/PIPELINE`.
pub(crate) fn buildkite(node: &Node, problems: &mut Problems) -> Option<CertificateRule> {
    let written = text(node, problems)?;
    let parts: Vec<&str> = written.split('/').collect();
    if parts.len() != 2 || parts.iter().any(|part| part.is_empty()) || parts[0].contains('*') {
        problems.add(node.place, format!("`{written}` is not a pipeline"), "write ORGANIZATION/PIPELINE");
        return None;
    }
    let name = pattern(TextRule::glob(&format!("https://buildkite.com/{written}")), node, problems)?;
    Some(plain(name, "https://agent.buildkite.com"))
}

/// `kubernetes: {issuer, namespace, service-account}`.
pub(crate) fn kubernetes(node: &Node, problems: &mut Problems) -> Option<CertificateRule> {
    let fields = Fields::of(node, "a Kubernetes signer", &["issuer", "namespace", "service-account"], problems)?;
    let hint = "add the cluster's OpenID Connect issuer: `kubectl get --raw /.well-known/openid-configuration`";
    let issuer = fields.required("issuer", hint, problems).and_then(|node| issuer(node, problems));
    let mut part = |name: &str, hint: &str| fields.required(name, hint, problems).and_then(|node| text(node, problems));
    let namespace = part("namespace", "add `namespace: NAME`");
    let account = part("service-account", "add `service-account: NAME`");
    let name = format!("https://kubernetes.io/namespaces/{}/serviceaccounts/{}", namespace?, account?);
    Some(plain(pattern(TextRule::glob(&name), node, problems)?, &issuer?))
}

fn plain(name: TextRule, issuer: &str) -> CertificateRule {
    CertificateRule {
        identity: IdentityRule::Name(name),
        issuer: TextRule::exact(issuer),
        source: None,
        claims: Vec::new(),
    }
}

/// A workflow of GitHub and what it ran for, put together by the shorthands.
fn workflow(
    repository: TextRule,
    file: TextRule,
    caller: Caller,
    source: SourceRule,
    issuer: TextRule,
) -> CertificateRule {
    let identity = IdentityRule::Workflow { repository, file, caller };
    CertificateRule { identity, issuer, source: Some(source), claims: Vec::new() }
}
