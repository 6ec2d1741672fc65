//! Describes how a signer differs from the expected one, with a hint.
//!
//! A hint names a ready-to-use flag only for another spelling of the same repository. No hint says how to trust another signer,
//! because an attacker's signature would lead to that hint.

use crate::check::WorkflowName;
use crate::policy::{CertificateRule, IdentityKind, IdentityRule, TextRule, WrittenIn};

use super::certificate::Leaf;
use super::near_miss;
use super::repository::{belongs_to, same_repository};
use super::shell::quoted;

/// How the name of a certificate differs from the one that was expected.
pub(super) enum Difference {
    /// It is another spelling of the same name.
    Spelling(&'static str),
    /// It is the expected workflow at another ref.
    Ref,
    /// A regular expression matches a part of it.
    PartOfPattern,
    /// It is another workflow of the expected repository.
    Workflow,
    /// It is a workflow of another repository, which ran for the expected one.
    Reusable,
    /// It is a workflow of another repository.
    Repository {
        /// The expected repository.
        expected: String,
        /// The repository of the workflow.
        found: String,
    },
    /// It is another signer.
    Stranger,
}

impl Difference {
    pub(super) fn between(signer: &CertificateRule, leaf: &Leaf) -> Self {
        let name = match &signer.identity {
            IdentityRule::Name(name) => Some(name),
            IdentityRule::Workflow { .. } => None,
        };
        let near =
            name.filter(|name| name.is_exact()).and_then(|name| near_miss::identity(name.as_str(), &leaf.identity));
        if let Some(difference) = near {
            return Self::Spelling(difference);
        }
        let expected = signer.identity.describe();
        let without_ref = |text: &str| text.split_once('@').map(|(before, _)| before.to_owned());
        if leaf.identity_kind == IdentityKind::Uri
            && without_ref(&expected).is_some_and(|one| without_ref(&leaf.identity) == Some(one))
        {
            return Self::Ref;
        }
        if name.is_some_and(|name| name.matches_within(&leaf.identity)) {
            return Self::PartOfPattern;
        }
        if let Some(rule) = &signer.source
            && let Some(source) = leaf.source_repository().filter(|found| rule.repository.matches(found))
        {
            return if belongs_to(&leaf.identity, &source) { Self::Workflow } else { Self::Reusable };
        }
        match (repository_of(&expected), repository_of(&leaf.identity)) {
            (Some(expected), Some(found)) if same_repository(expected, found) => Self::Workflow,
            (Some(expected), Some(found)) => {
                Self::Repository { expected: short(expected).to_owned(), found: short(found).to_owned() }
            }
            _ => Self::Stranger,
        }
    }

    /// Returns the first part of the finding's message.
    pub(super) fn headline(&self) -> &'static str {
        match self {
            Self::Spelling(_) => "the signer's name is written another way",
            Self::Ref => "the right workflow signed it, at another ref",
            Self::PartOfPattern => "the pattern matches a part of the signer's name alone",
            Self::Workflow => "another workflow of the right repository signed it",
            Self::Reusable => "a reusable workflow signed it for the right repository",
            Self::Repository { .. } => "a workflow of another repository signed it",
            Self::Stranger => "the signer is not the expected one",
        }
    }

    /// Returns what to do about it.
    pub(super) fn hint(&self, leaf: &Leaf, signer: &CertificateRule, written_in: WrittenIn) -> String {
        match self {
            Self::Spelling(difference) => match written_in {
                WrittenIn::Flags => format!("{difference}: `--certificate-identity {}`", quoted(&leaf.identity)),
                WrittenIn::File => format!("{difference}: `identity: {}`", as_json(&leaf.identity)),
            },
            Self::Ref => ref_hint(leaf, signer, written_in),
            Self::PartOfPattern => "a pattern must match the whole name: end it with `.*` if that is meant".to_owned(),
            Self::Workflow | Self::Reusable => workflow_hint(leaf, written_in),
            Self::Repository { expected, found } => format!(
                "{found} is not {expected}: perhaps a fork. Do not use this image; ask the owners of {expected} for theirs"
            ),
            Self::Stranger => {
                "anyone can sign: ask the image's maker who signs it, and do not use the image until then".to_owned()
            }
        }
    }
}

/// The repository that a workflow lies in.
fn repository_of(identity: &str) -> Option<&str> {
    WorkflowName::of_github(identity).map(|name| name.repository)
}

fn short(text: &str) -> &str {
    text.strip_prefix("https://github.com/").unwrap_or(text)
}

fn as_json(text: &str) -> serde_json::Value {
    serde_json::Value::from(text)
}

/// The right workflow, which ran for something else: another release, or a branch.
fn ref_hint(leaf: &Leaf, signer: &CertificateRule, written_in: WrittenIn) -> String {
    let found = leaf.identity.split_once('@').map_or("", |(_, reference)| reference);
    if found.starts_with("refs/pull/") {
        return "a build of a pull request, which anyone can open: do not use this image as a release".to_owned();
    }
    let meant = match (&signer.identity, written_in) {
        (IdentityRule::Name(name), WrittenIn::Flags) if name.is_exact() => {
            format!("`--certificate-identity {}`", quoted(&leaf.identity))
        }
        (IdentityRule::Workflow { .. }, WrittenIn::Flags) => {
            format!("`--signer-workflow {}`", quoted(short(&leaf.identity)))
        }
        (_, WrittenIn::Flags) => format!("let the pattern match {found}"),
        (_, WrittenIn::File) => format!("name {found} in the policy"),
    };
    format!("another release, or a branch build under a release tag: find out which; if you mean this one, {meant}")
}

/// Another workflow signed it for the right repository: its own, or a reusable one of another.
fn workflow_hint(leaf: &Leaf, written_in: WrittenIn) -> String {
    let source = leaf.source_repository();
    let is_own =
        source.as_deref().or(repository_of(&leaf.identity)).is_some_and(|source| belongs_to(&leaf.identity, source));
    let workflow = short(&leaf.identity);
    match (is_own, written_in) {
        (true, WrittenIn::Flags) => {
            let file = workflow.split('@').next().unwrap_or(workflow);
            format!("if that workflow may release the image, name it: `--signer-workflow {}`", quoted(file))
        }
        (true, WrittenIn::File) => "if that workflow may release the image, change `workflow`".to_owned(),
        (false, WrittenIn::Flags) => {
            format!("if you trust that reusable workflow, add `--signer-workflow {}`", quoted(workflow))
        }
        (false, WrittenIn::File) => {
            format!("if you trust that reusable workflow, add `reusable-workflow: {}`", as_json(workflow))
        }
    }
}

/// The hint about an unexpected issuer. Any issuer can certify any name, so only another spelling of the expected issuer gets a
/// flag.
pub(super) fn issuer_hint(expected: &TextRule, found: &str, written_in: WrittenIn) -> String {
    let near = expected.is_exact().then(|| near_miss::issuer(expected.as_str(), found)).flatten();
    match (near, written_in) {
        (Some(difference), WrittenIn::Flags) => {
            format!("{difference}: `--certificate-oidc-issuer {}`", quoted(found))
        }
        (Some(difference), WrittenIn::File) => format!("{difference}: `issuer: {}`", as_json(found)),
        (None, _) => format!(
            "the same name at another issuer may be another person: ask the image's maker whether it signs through {found}, \
             and do not use the image until then"
        ),
    }
}
