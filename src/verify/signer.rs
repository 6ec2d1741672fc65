//! The signer of a verified entity against the policy.

use crate::check::{CheckId, Finding, WorkflowName};
use crate::policy::{
    Caller, CertificateRule, Claim, ClaimRule, IdentityRule, LogRule, Signer, SourceRule, TextRule, WrittenIn,
};

use super::certificate::Leaf;
use super::difference::{Difference, issuer_hint};
use super::near_miss;
use super::repository::belongs_to;
use super::shell::quoted;
use super::signature::{SignedBy, Verified};

/// Checks the certificate or key against the signer rule. Returns every finding, not only the first.
pub(crate) fn check(verified: &Verified, signer: &Signer, written_in: WrittenIn) -> Vec<Finding> {
    match (&verified.signed_by, signer) {
        (SignedBy::Certificate(leaf), Signer::Certificate(rule)) => check_certificate(leaf, rule, written_in),
        (SignedBy::Key(key), Signer::Keys(rule)) if rule.keys().contains(key) => {
            let made = Finding::pass(CheckId::SignerKey, format!("signed with the key {}", key.fingerprint()));
            let log = (rule.log() == LogRule::NotRequired && verified.log_entries.is_empty()).then(|| {
                let message = "log not required: only the key proves the signature, and its time is unproven";
                Finding::skip(CheckId::TransparencyLog, message)
            });
            std::iter::once(made).chain(log).collect()
        }
        // Verification never mixes the two; if it ever did, nothing would be known of the signer.
        _ => vec![Finding::error(CheckId::SignerKey, "a certificate and a key were mixed up")],
    }
}

pub(crate) fn check_certificate(leaf: &Leaf, signer: &CertificateRule, written_in: WrittenIn) -> Vec<Finding> {
    let mut findings = vec![check_identity(leaf, signer, written_in), check_issuer(leaf, signer, written_in)];
    findings.extend(check_source(leaf, signer, written_in));
    findings.extend(signer.claims.iter().map(|rule| check_claim(leaf, rule)));
    findings
}

fn check_identity(leaf: &Leaf, signer: &CertificateRule, written_in: WrittenIn) -> Finding {
    if signer.identity.matches(leaf.identity_kind, &leaf.identity) {
        return Finding::pass(CheckId::SignerIdentity, format!("signed by {}", leaf.identity));
    }
    let difference = Difference::between(signer, leaf);
    Finding::fail(CheckId::SignerIdentity, difference.headline())
        .expected(signer.identity.describe())
        .found(&leaf.identity)
        .next(difference.hint(leaf, signer, written_in))
}

fn check_issuer(leaf: &Leaf, signer: &CertificateRule, written_in: WrittenIn) -> Finding {
    if signer.issuer.matches(&leaf.issuer) {
        return Finding::pass(CheckId::SignerIssuer, format!("vouched for by {}", leaf.issuer));
    }
    Finding::fail(CheckId::SignerIssuer, "the signer's issuer is another one")
        .expected(signer.issuer.to_string())
        .found(&leaf.issuer)
        .next(issuer_hint(&signer.issuer, &leaf.issuer, written_in))
}

fn check_source(leaf: &Leaf, signer: &CertificateRule, written_in: WrittenIn) -> Vec<Finding> {
    let mut findings = signer.source.as_ref().map_or_else(Vec::new, |rule| check_pinned_source(leaf, rule, written_in));
    // Of a workflow that is refused by its name there is nothing more to say.
    let own_workflow = matches!(signer.identity, IdentityRule::Workflow { caller: Caller::Itself, .. })
        && signer.identity.matches(leaf.identity_kind, &leaf.identity);
    if own_workflow || !signer.pins_source() {
        findings.push(check_unpinned_source(leaf, written_in));
    }
    findings
}

/// Each rule of a pinned source against its claim. A claim that is asked for and absent fails (A202).
fn check_pinned_source(leaf: &Leaf, rule: &SourceRule, written_in: WrittenIn) -> Vec<Finding> {
    let repository = leaf.source_repository();
    let compared = [
        (SourcePart::Repository, Some(&rule.repository), repository.as_deref()),
        (SourcePart::Ref, rule.reference.as_ref(), leaf.source_ref()),
        (SourcePart::Commit, rule.digest.as_ref(), leaf.source_digest()),
    ];
    compared
        .into_iter()
        .filter_map(|(part, expected, found)| Some(compare(part, written_in, expected?, found)))
        .collect()
}

/// A part of what a certificate says of its source.
#[derive(Clone, Copy)]
enum SourcePart {
    Repository,
    Ref,
    Commit,
}

impl SourcePart {
    fn name(self) -> &'static str {
        match self {
            Self::Repository => "source repository",
            Self::Ref => "source ref",
            Self::Commit => "source commit",
        }
    }

    /// The flag or the policy key with the expectation.
    fn place(self, written_in: WrittenIn) -> &'static str {
        match (self, written_in) {
            (Self::Repository, WrittenIn::Flags) => "--repo",
            (Self::Repository, WrittenIn::File) => "repository",
            (Self::Ref, WrittenIn::Flags) => "--source-ref",
            (Self::Ref, WrittenIn::File) => "ref",
            (Self::Commit, WrittenIn::Flags) => "--source-digest",
            (Self::Commit, WrittenIn::File) => "commit",
        }
    }
}

fn compare(part: SourcePart, written_in: WrittenIn, expected: &TextRule, found: Option<&str>) -> Finding {
    let what = part.name();
    match found {
        Some(found) if expected.matches(found) => Finding::pass(CheckId::SignerSource, format!("{what} is {found}")),
        Some(found) => Finding::fail(CheckId::SignerSource, format!("it was signed for another {what}"))
            .expected(expected.to_string())
            .found(found)
            .next(source_hint(part, written_in, expected, found)),
        None => Finding::fail(CheckId::SignerSource, format!("the certificate does not state the {what}"))
            .expected(expected.to_string())
            .next("the signer is not a workflow that states it: ask the image's maker who signs it, and how"),
    }
}

fn source_hint(part: SourcePart, written_in: WrittenIn, expected: &TextRule, found: &str) -> String {
    let (what, place) = (part.name(), part.place(written_in));
    if expected.is_exact() && near_miss::is_short_for(expected.as_str(), found) {
        return format!("refs are compared whole: `{place}` {}", quoted(found));
    }
    match part {
        SourcePart::Repository => format!(
            "perhaps a fork, which can run the same workflow: do not use this image; ask the owners of {} for theirs",
            expected.as_str().trim_start_matches("https://github.com/")
        ),
        _ if found.starts_with("refs/pull/") => {
            "a build of a pull request, which anyone can open: do not use this image as a release".to_owned()
        }
        _ => format!(
            "the right repository, at another {what}: another release, or a branch build under a release tag; if you mean this one, \
             `{place}` {}",
            quoted(found)
        ),
    }
}

/// One claim of the certificate. One that is asked for and absent fails (A202).
fn check_claim(leaf: &Leaf, rule: &ClaimRule) -> Finding {
    let claim = rule.claim;
    match leaf.claim_or_older(claim) {
        Some(found) if rule.value.matches(&found) => {
            Finding::pass(CheckId::SignerClaims, format!("the claim {claim} is {found}"))
        }
        Some(found) => {
            Finding::fail(CheckId::SignerClaims, format!("the claim {} of the certificate is another", named(claim)))
                .expected(rule.value.to_string())
                .found(found)
                .next(claim_hint(claim))
        }
        None => Finding::fail(CheckId::SignerClaims, format!("the certificate has no claim {}", named(claim)))
            .expected(rule.value.to_string())
            .found("nothing")
            .next("its issuer does not state it: sign from a workflow that does, or remove the rule"),
    }
}

/// A claim, and the key of a policy that is short for it.
fn named(claim: Claim) -> String {
    match claim.shorthand() {
        Some(key) => format!("{claim} (`{key}`)"),
        None => claim.to_string(),
    }
}

fn claim_hint(claim: Claim) -> &'static str {
    match claim {
        Claim::RunnerEnvironment => "the workflow ran on another kind of machine than is allowed: find out why",
        Claim::BuildTrigger | Claim::WorkflowTrigger => {
            "another event than allowed started the workflow: events such as pull_request_target run others' code"
        }
        _ => "the right workflow may have run for another purpose: if this value is correct, change the rule",
    }
}

/// Without a pinned source, the workflow must belong to the repository that it ran for.
///
/// A reusable workflow can be called by anyone. Its own repository is in the name, the caller's only in the claims, so
/// the name alone says nothing about whose software was signed (A198; fulcio `oid-info.md`, `.9` and `.12`).
fn check_unpinned_source(leaf: &Leaf, written_in: WrittenIn) -> Finding {
    let Some(source) = leaf.source_repository() else {
        return Finding::skip(CheckId::SignerSource, "the certificate states no source repository");
    };
    if belongs_to(&leaf.identity, &source) {
        return Finding::pass(CheckId::SignerSource, format!("the workflow belongs to {source}"));
    }
    if !can_be_reusable(&leaf.identity) {
        let message = format!("the signer is not a reusable workflow; it ran for {source}");
        return Finding::skip(CheckId::SignerSource, message);
    }
    let pin = pin_hint(&source, written_in);
    Finding::fail(
        CheckId::SignerSource,
        "a reusable workflow signed it, which anyone may call, and the source is not pinned",
    )
    .expected(format!("a workflow of {source}, or that repository pinned"))
    .found(format!("{} called from {source}", leaf.identity))
    .next(pin)
}

fn pin_hint(source: &str, written_in: WrittenIn) -> String {
    let on_github = source.strip_prefix("https://github.com/");
    match (written_in, on_github) {
        (WrittenIn::Flags, Some(name)) => format!("if {name} is the source you mean, add `--repo {}`", quoted(name)),
        (WrittenIn::Flags, None) => {
            "write a policy file, in which `claims: {source-repository-uri: …}` pins any source".to_owned()
        }
        (WrittenIn::File, _) => format!(
            "if that is the source you mean, add `claims: {{source-repository-uri: {}}}`",
            serde_json::Value::from(source)
        ),
    }
}

/// Whether a name is of the form that workflows have which other repositories may call: those of GitHub, and of GitLab, which
/// puts two slashes in front of the configuration file. The names of other builders are of the build itself.
fn can_be_reusable(identity: &str) -> bool {
    let path = identity.split_once("://").map_or(identity, |(_, path)| path);
    WorkflowName::of_github(identity).is_some() || path.contains("//")
}
