//! A policy written for an image as it is: as narrow as what is attached to it justifies, with a comment for what each line
//! keeps out, and with a list of what could not be justified.

use std::fmt::Write as _;

use crate::check::{CandidateReport, InspectedImage, SignerReport};

use super::Requirement;
use super::claim::Claim;
use super::signer::GITHUB_ISSUER;

/// A suggested policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The policy file.
    pub text: String,
    /// What a person must decide, or get attached.
    pub open: Vec<String>,
}

/// Writes a policy for an image under `name`.
///
/// `keys` are the files of keys by their fingerprints. `None` if nothing that could be required is attached, signed, and good for
/// every platform: a policy that requires nothing is none.
pub fn suggest(name: &str, image: &InspectedImage, keys: &[(String, String)]) -> Option<Suggestion> {
    let mut open = Vec::new();
    let chosen: Vec<Chosen> =
        Requirement::ALL.into_iter().filter_map(|requirement| choose(requirement, image, keys, &mut open)).collect();
    let first = chosen.first()?;
    let common = chosen.iter().all(|one| one.signers == first.signers).then(|| first.signers.clone());
    let mut text = head(name, image);
    text.push_str(&trust(&chosen));
    let proof = chosen.iter().all(|one| one.proof);
    if proof {
        text.push_str(
            "    # A promise of the log is not enough: it must prove that it holds the signature.\n    log: proof\n",
        );
    }
    if let Some(signers) = &common {
        text.push_str("    # Nobody else counts, whatever they signed.\n    signers:\n");
        text.extend(signers.iter().map(|signer| signer.draw(6)));
    }
    text.push_str("    require:\n");
    text.extend(chosen.iter().map(|one| one.draw(common.is_none(), one.proof && !proof)));
    for signer in chosen.iter().flat_map(|one| &one.signers) {
        open.extend(signer.doubts.iter().cloned());
    }
    open.sort();
    open.dedup();
    text.extend(open.iter().map(|line| format!("# to decide: {}\n", one_line(line))));
    Some(Suggestion { text, open })
}

fn head(name: &str, image: &InspectedImage) -> String {
    let digest = image.digest.as_deref().unwrap_or_default();
    format!(
        "# Written for {} @ {digest}.\n# It lets through whoever signed this image. That they are the right ones is for a person to say.\nversion: 1\n\nimages:\n  - match: {}\n",
        one_line(&image.reference),
        quoted(name)
    )
}

/// A requirement that the image satisfies, and by whom.
struct Chosen {
    requirement: Requirement,
    signers: Vec<Entry>,
    domains: Vec<String>,
    proof: bool,
}

impl Chosen {
    fn draw(&self, own_signers: bool, own_log: bool) -> String {
        let mut lines = String::new();
        if own_log {
            lines.push_str("        log: proof\n");
        }
        if own_signers {
            lines.push_str("        signers:\n");
            lines.extend(self.signers.iter().map(|signer| signer.draw(10)));
        }
        if lines.is_empty() {
            return format!("      {}: {{}}\n", self.requirement);
        }
        format!("      {}:\n{lines}", self.requirement)
    }
}

/// Finds whose attachments of a kind are good for every platform: one signer's if they are enough, else all.
fn choose(
    requirement: Requirement,
    image: &InspectedImage,
    keys: &[(String, String)],
    open: &mut Vec<String>,
) -> Option<Chosen> {
    let good: Vec<(&CandidateReport, Entry)> = image
        .candidates
        .iter()
        .filter(|candidate| candidate.accepted && candidate.kind == requirement.as_str())
        .filter_map(|candidate| Some((candidate, Entry::of(candidate.signer.as_ref()?, keys)?)))
        .collect();
    if good.is_empty() {
        open.push(format!("{requirement} is not required: nothing signed of that kind is attached"));
        return None;
    }
    let covers = |used: &[&(&CandidateReport, Entry)]| {
        let is_covered = |platform: &crate::check::InspectedPlatform| {
            used.iter().any(|(candidate, _)| platform.is_covered_by(&candidate.subject))
        };
        image.platforms.iter().all(is_covered)
    };
    let by_one = good.iter().map(|(_, entry)| entry).find_map(|entry| {
        let used: Vec<_> = good.iter().filter(|(_, other)| other == entry).collect();
        covers(&used).then_some(used)
    });
    let used = by_one.or_else(|| Some(good.iter().collect::<Vec<_>>()).filter(|used| covers(used)));
    let Some(used) = used else {
        open.push(format!("{requirement} is not required: it is attached to some platforms and not to all"));
        return None;
    };
    let mut signers: Vec<Entry> = Vec::new();
    for (_, entry) in &used {
        if !signers.contains(entry) {
            signers.push(entry.clone());
        }
    }
    name_others(requirement, &good, &signers, open);
    let mut domains: Vec<String> = used.iter().filter_map(|(candidate, _)| candidate.trust_domain.clone()).collect();
    domains.sort();
    domains.dedup();
    let has_proof = |candidate: &CandidateReport| candidate.log_entries.iter().any(|entry| entry.evidence == "proof");
    let proof = used.iter().all(|(candidate, _)| has_proof(candidate));
    Some(Chosen { requirement, signers, domains, proof })
}

fn name_others(requirement: Requirement, good: &[(&CandidateReport, Entry)], chosen: &[Entry], open: &mut Vec<String>) {
    for (candidate, entry) in good {
        if let Some(signer) = candidate.signer.as_ref().filter(|_| !chosen.contains(entry)) {
            open.push(format!("{requirement} was signed by {} too, who is not needed and not named", signer.identity));
        }
    }
}

fn trust(chosen: &[Chosen]) -> String {
    let mut names: Vec<&String> = chosen.iter().flat_map(|one| &one.domains).collect();
    names.sort();
    names.dedup();
    if names.is_empty() || names.iter().all(|name| *name == "public-good") {
        return String::new();
    }
    let names: Vec<String> =
        names
            .into_iter()
            // A file is told from an instance by a slash or an ending, and every instance has neither.
            .map(|name| {
                if name.contains(['/', '.']) || is_instance(name) { quoted(name) } else { quoted(&format!("./{name}")) }
            })
            .collect();
    format!("    trust: [{}]\n", names.join(", "))
}

fn is_instance(name: &str) -> bool {
    matches!(name, "public-good" | "github" | "staging")
}

/// One entry of the list of signers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    kind: &'static str,
    /// The value if it is one text, else its fields, each with what it keeps out.
    value: Option<String>,
    fields: Vec<Field>,
    doubts: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    name: &'static str,
    value: String,
    comment: &'static str,
}

impl Entry {
    fn of(signer: &SignerReport, keys: &[(String, String)]) -> Option<Self> {
        let issuer = signer.issuer.as_str();
        // An asterisk of a certificate would become one of the policy, which lets others through.
        let values = signer.claims.iter().map(|claim| claim.value.as_str());
        if values.chain([issuer, &signer.identity]).any(|value| value.contains('*')) {
            return None;
        }
        if signer.identity_kind == "key" {
            let file = keys.iter().find(|(fingerprint, _)| *fingerprint == signer.identity)?;
            return Some(Self::text("key", file.1.clone()));
        }
        let special = if signer.identity.contains("/.github/workflows/") {
            github(signer)
        } else if let Some((project, _)) = gitlab_parts(signer) {
            Some(gitlab(signer, &project))
        } else if let Some(pipeline) = signer.identity.strip_prefix("https://buildkite.com/") {
            (issuer == "https://agent.buildkite.com").then(|| Self::text("buildkite", pipeline.to_owned()))
        } else if let Some(rest) = signer.identity.strip_prefix("https://kubernetes.io/namespaces/") {
            kubernetes(rest, issuer)
        } else if signer.identity_kind == "email" {
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

    fn draw(&self, indent: usize) -> String {
        let margin = " ".repeat(indent);
        let draw_field = |field: &Field, margin: &str| {
            let value = match field.name {
                "claims" => format!("{{{}: {}}}", Claim::SourceRepositoryUri, in_flow(&field.value)),
                _ => quoted(&field.value),
            };
            let line = format!("{margin}{}: {value}", field.name);
            if field.comment.is_empty() { format!("{line}\n") } else { format!("{line}  # {}\n", field.comment) }
        };
        match (&self.value, self.kind) {
            (Some(value), kind) => format!("{margin}- {kind}: {}\n", quoted(value)),
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

/// What a claim says, or in its place the claim of older certificates, of which `.5` is `owner/name` without GitHub's address.
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
    let (location, rest) = signer.identity.split_once("/.github/workflows/")?;
    let (file, _) = rest.split_once('@')?;
    let source = claim(signer, Claim::SourceRepositoryUri)?;
    let (server, repository) = server_and_name(&source)?;
    let mut fields = vec![field("repository", repository, "keeps out forks and every other repository")];
    let mut doubts = Vec::new();
    if location.eq_ignore_ascii_case(&source) {
        fields.push(field("workflow", file, "keeps out other workflows of it"));
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
                "a build for {event} signed it, which may run what a stranger proposes: sign on release instead"
            ));
        }
        Some(event) => fields.push(field("event", event, "keeps out builds that other events start")),
        None => {}
    }
    match claim(signer, Claim::RunnerEnvironment).as_deref() {
        Some("github-hosted") => {
            fields.push(field("runner-environment", "github-hosted", "keeps out machines that GitHub does not run"));
        }
        Some(_) => doubts.push("it was signed on a self-hosted runner: who can log in there can sign".to_owned()),
        None => {}
    }
    let ids = [
        (Claim::SourceRepositoryIdentifier, "repository-id", "keeps out whoever takes the name after it was freed"),
        (Claim::SourceRepositoryOwnerIdentifier, "owner-id", "keeps out whoever takes the owner's name"),
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
    let (location, rest) = uri.split_once("/.github/workflows/")?;
    let (file, _) = rest.split_once('@')?;
    location.eq_ignore_ascii_case(source).then(|| file.to_owned())
}

/// A version's tag stands for the versions to come: `refs/tags/v1.2.3` for `refs/tags/v*`. Without a letter in front, the first
/// number stays. Anything else is itself.
fn versions_of(reference: &str) -> String {
    let Some(tag) = reference.strip_prefix("refs/tags/") else { return reference.to_owned() };
    let digits = tag.find(|c: char| c.is_ascii_digit()).unwrap_or(tag.len());
    let (prefix, version) = tag.split_at(digits);
    let number = version.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = number.split('.').collect();
    let is_version = (1..=4).contains(&parts.len())
        && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    match (is_version, prefix, parts.as_slice()) {
        (true, "", [major, _, ..]) => format!("refs/tags/{major}.*"),
        (true, "", _) | (false, _, _) => reference.to_owned(),
        (true, prefix, _) => format!("refs/tags/{prefix}*"),
    }
}

/// `https://HOST/PROJECT//CONFIG@REF`, of which the project and the configuration.
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
        field("config", config, "keeps out other pipelines of it"),
    ];
    if let Some(reference) = claim(signer, Claim::SourceRepositoryRef) {
        fields.push(field("ref", versions_of(&reference), "keeps out builds of other branches"));
    }
    if let Some(id) =
        claim(signer, Claim::SourceRepositoryIdentifier).filter(|id| id.bytes().all(|b| b.is_ascii_digit()))
    {
        fields.push(field("project-id", id, "keeps out whoever takes the name after it was freed"));
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
            field("issuer", &signer.issuer, "keeps out the same address vouched for by others"),
        ],
    )
}

/// The whole name, with the source that it was signed for: whoever can be called by others has the same name for all of them.
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

/// A text as YAML reads it back: bare where nothing in it could be taken for something else.
fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/' | b'@' | b'+');
    let starts_as_text = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    // Within a word a colon or an asterisk means nothing to YAML.
    let bare = starts_as_text && text.bytes().all(|b| plain(b) || matches!(b, b':' | b'*')) && !text.ends_with(':');
    let is_word_of_yaml = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    if bare && !is_word_of_yaml { text.to_owned() } else { format!("\"{}\"", escaped(text)) }
}

/// A text inside of braces, where more characters mean something.
fn in_flow(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// YAML 1.2 §5.7: what a double-quoted text must not hold as it is, and what would not be seen.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_ascii_graphic() || c == ' ' || (c.is_alphanumeric() && !c.is_control()) => out.push(c),
            c => {
                // Writing into a text cannot fail.
                let _ = write!(out, "\\U{:08x}", u32::from(c));
            }
        }
    }
    out
}

/// Comments end with the line, so nothing in them may begin another one.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect()
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
            ("refs/heads/v1.2.3", "refs/heads/v1.2.3"),
        ] {
            assert_eq!(versions_of(reference), expected, "{reference}");
        }
    }

    #[test]
    fn hostile_texts_stay_texts() {
        for text in ["no", "1.20", "a: b", "a #b", "*x", "line\nbreak", "a\"b\\c", "", "\u{202e}", "key:", "- x", "0x1"]
        {
            let quoted = quoted(text);
            assert!(quoted.starts_with('"') && !quoted.contains('\n'), "{text:?} became {quoted}");
        }
        assert_eq!(quoted("ghcr.io/acme/**"), "ghcr.io/acme/**");
        assert_eq!(
            quoted("https://token.actions.githubusercontent.com"),
            "https://token.actions.githubusercontent.com"
        );
        assert_eq!(quoted("refs/tags/v*"), "refs/tags/v*");
    }
}
