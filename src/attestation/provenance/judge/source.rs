//! The source that the policy asks for, against what the provenance states and, where that is silent, the certificate.

use crate::check::{CheckId, Finding};
use crate::policy::{Claim, ProvenanceSourceRule, TextRule};

use super::super::{Provenance, Source, Stated};
use crate::verify::certificate::Leaf;

/// Returns nothing if nothing is asked, one pass if all holds, or what does not.
pub(super) fn check(provenance: &Provenance, leaf: Option<&Leaf>, rule: &ProvenanceSourceRule) -> Vec<Finding> {
    if rule.is_empty() {
        return Vec::new();
    }
    let reference = reference(provenance, leaf);
    let checks = [
        rule.repository.as_ref().and_then(|rule| check_repository(provenance, leaf, rule)),
        check_text("ref", rule.reference.as_ref(), reference.clone()),
        rule.tag.as_ref().and_then(|rule| check_tag(rule, reference.as_deref())),
        check_text("commit", rule.commit.as_ref(), commit(provenance, leaf)),
        check_text("repository id", rule.repository_id.as_ref(), repository_id(provenance, leaf)),
    ];
    let failed: Vec<Finding> = checks.into_iter().flatten().collect();
    if failed.is_empty() {
        return vec![Finding::pass(
            CheckId::ProvenanceExpectedSource,
            "built from the source that the policy asks for",
        )];
    }
    failed
}

/// Both are brought to one normal form by the same reader, a pattern is held against it.
fn check_repository(provenance: &Provenance, leaf: Option<&Leaf>, rule: &TextRule) -> Option<Finding> {
    let found = match &provenance.source {
        Stated::Source(source) => Some(source.repository.clone()),
        Stated::Unreadable(text) => return Some(other("repository", rule, text)),
        Stated::Nothing => leaf.and_then(Leaf::source_repository),
    };
    let Some(found) = found else { return Some(unstated("repository", rule)) };
    let normal = |text: &str| Source::parse(text).map(|source| source.repository);
    let is_same = rule.matches(&found) || (rule.is_exact() && normal(rule.as_str()).as_ref() == Some(&found));
    (!is_same).then(|| other("repository", rule, &found))
}

/// A ref that is a tag, and no branch of the same name.
fn check_tag(rule: &TextRule, reference: Option<&str>) -> Option<Finding> {
    let Some(reference) = reference else { return Some(unstated("tag", rule)) };
    let matches = reference.strip_prefix("refs/tags/").is_some_and(|tag| rule.matches(tag));
    (!matches).then(|| other("tag", rule, reference))
}

fn check_text(what: &str, rule: Option<&TextRule>, found: Option<String>) -> Option<Finding> {
    let rule = rule?;
    match found {
        None => Some(unstated(what, rule)),
        Some(found) => (!rule.matches(&found)).then(|| other(what, rule, &found)),
    }
}

fn reference(provenance: &Provenance, leaf: Option<&Leaf>) -> Option<String> {
    let stated = provenance.source.source().and_then(|source| source.reference.clone());
    stated.or_else(|| leaf.and_then(Leaf::source_ref).map(str::to_owned))
}

fn commit(provenance: &Provenance, leaf: Option<&Leaf>) -> Option<String> {
    provenance.commit.clone().or_else(|| leaf.and_then(Leaf::source_digest).map(str::to_owned))
}

fn repository_id(provenance: &Provenance, leaf: Option<&Leaf>) -> Option<String> {
    let certified = leaf.and_then(|leaf| leaf.claim_or_older(Claim::SourceRepositoryIdentifier));
    provenance.build.repository_id.clone().or(certified)
}

fn other(what: &str, rule: &TextRule, found: &str) -> Finding {
    Finding::fail(
        CheckId::ProvenanceExpectedSource,
        format!("it was built from another {what} than the policy asks for"),
    )
    .expected(rule.to_string())
    .found(found)
    .next("it is another build than the one that you mean: ask for the right one, or correct the policy")
}

fn unstated(what: &str, rule: &TextRule) -> Finding {
    Finding::fail(CheckId::ProvenanceExpectedSource, format!("nothing says from which {what} it was built"))
        .expected(rule.to_string())
        .found("nothing in the provenance and nothing in the certificate")
        .next("leave this out for builders that do not state it, or have them state it")
}
