//! The claims of a provenance, compared with the certificate of its signer.
//!
//! The predicate is in the hands of the workflow that writes it; the certificate is written by the authority, from the token of
//! the run. So each thing that both state must be the same (SLSA verifying-artifacts.md, step 2; A206, A207, A209).

use crate::check::{CheckId, Finding, WorkflowName};
use crate::policy::{Claim, SourceRule, TextRule};
use crate::verify::certificate::Leaf;
use crate::verify::repository::same_repository;

use super::build_type;
use super::claims::{Claims, Property, StatedClaim};
use super::model::Provenance;
use super::source::{Source, same_place};

/// The properties of each check.
const CHECKS: [(CheckId, &[Property]); 7] = [
    (CheckId::ProvenanceRef, &[Property::Ref, Property::WorkflowRef]),
    (CheckId::ProvenanceCommit, &[Property::Commit]),
    (CheckId::ProvenanceWorkflow, &[Property::Workflow]),
    (CheckId::ProvenanceRun, &[Property::Run]),
    (CheckId::ProvenanceEvent, &[Property::Event]),
    (CheckId::ProvenanceRunner, &[Property::Runner]),
    (CheckId::ProvenanceRepositoryId, &[Property::RepositoryId, Property::OwnerId]),
];

impl Provenance {
    /// Compares everything that both state: at most one finding for each check, none where neither states anything.
    pub(super) fn check_certificate(&self, leaf: Option<&Leaf>) -> impl Iterator<Item = Finding> {
        CHECKS.iter().filter_map(move |(check, properties)| check_properties(*check, properties, &self.claims, leaf))
    }

    /// Checks that the builder matches the signer.
    ///
    /// build-provenance.md: "Consumers MUST accept only specific signer-builder pairs" (A206, A219). A workflow's builder id is
    /// the workflow itself; a workflow can name another one there, and only the certificate says which it was.
    pub(super) fn check_builder(&self, leaf: Option<&Leaf>) -> Finding {
        let Some(leaf) = leaf else {
            let message = "it was signed with a key, which has no name to compare the builder with";
            return Finding::skip(CheckId::ProvenanceBuilder, message);
        };
        let signer = leaf.claim_or_older(Claim::BuildSignerUri);
        let names = [Some(&leaf.identity), signer.as_ref()];
        if names.into_iter().flatten().any(|name| is_same_workflow(&self.builder, name)) {
            return Finding::pass(CheckId::ProvenanceBuilder, format!("built by {}", brief(&self.builder)));
        }
        if !is_workflow(&self.builder) || !is_workflow(&leaf.identity) {
            let message = "builder and signer are not both workflows that could be compared";
            return Finding::skip(CheckId::ProvenanceBuilder, message);
        }
        if build_type::is_delegated(&self.build_type) && is_delegator(&leaf.identity) {
            let message = format!("built by {}, for which the delegator that signed stands", brief(&self.builder));
            return Finding::pass(CheckId::ProvenanceBuilder, message);
        }
        disagreement(CheckId::ProvenanceBuilder, "builder", &self.builder, "the certificate", &leaf.identity)
    }

    /// Compares the source that the provenance states with the policy's and the certificate's.
    pub(super) fn check_source(&self, leaf: Option<&Leaf>, pinned: Option<&SourceRule>) -> Finding {
        let check = CheckId::ProvenanceSource;
        let certified = leaf.and_then(Leaf::source_repository);
        let stated: Vec<&StatedClaim> = self.claims.all(Property::Repository).collect();
        let Some(first) = stated.first() else {
            return Finding::skip(check, "the provenance does not state a source repository");
        };
        // A pattern of the policy may match several repositories; the certificate names the actual one.
        let pinned = pinned.map(|source| &source.repository).filter(|rule| rule.is_exact() || certified.is_none());
        if let Some(finding) = stated.iter().find_map(|one| refute_source(one, pinned, certified.as_deref())) {
            return finding;
        }
        if let Some(other) = stated.iter().find(|other| !is_same(Property::Repository, &first.value, &other.value)) {
            return contradiction(check, "source repository", first, other);
        }
        let repository = Source::parse(&first.value).map_or_else(|| brief(&first.value), |source| source.repository);
        match (pinned, certified) {
            (Some(_), _) => Finding::pass(check, format!("built from {repository}, as the policy says")),
            (None, Some(_)) => Finding::pass(check, format!("built from {repository}, as the certificate says")),
            (None, None) => Finding::skip(check, "neither the policy nor the certificate names a source repository"),
        }
    }
}

/// Returns the finding that a repository is not the one that the policy pins or that the certificate states.
fn refute_source(stated: &StatedClaim, pinned: Option<&TextRule>, certified: Option<&str>) -> Option<Finding> {
    let source = Source::parse(&stated.value);
    let found = source.as_ref().map_or(&stated.value, |source| &source.repository);
    let is_pinned = |rule: &&TextRule| source.as_ref().is_some_and(|source| rule.matches(&source.repository));
    let refuted = |who, says: &str| disagreement(CheckId::ProvenanceSource, "source repository", found, who, says);
    if let Some(rule) = pinned.filter(|rule| !is_pinned(rule)) {
        return Some(refuted("the policy", &rule.to_string()));
    }
    let stranger = certified.filter(|repository| !is_same_source(&stated.value, repository))?;
    Some(refuted("the certificate", stranger))
}

/// Compares the properties of one check.
fn check_properties(check: CheckId, properties: &[Property], claims: &Claims, leaf: Option<&Leaf>) -> Option<Finding> {
    let mut agreed = Vec::new();
    let mut alone = Vec::new();
    for property in properties {
        let certified = leaf.and_then(|leaf| certified(leaf, *property));
        // A delegator alone may vouch for a build of another commit than its run was started for.
        let is_bound = *property == Property::Commit && leaf.is_some_and(|leaf| !is_delegator(&leaf.identity));
        let stated: Vec<&StatedClaim> =
            claims.all(*property).chain(claims.other_commit().filter(|_| is_bound)).collect();
        if let Some(finding) = refute(check, *property, &stated, certified.as_ref()) {
            return Some(finding);
        }
        match (stated.first(), certified) {
            (Some(stated), Some(_)) => agreed.push(format!("{} {}", name(*property), brief(&stated.value))),
            (Some(stated), None) => {
                alone.push(format!("the provenance alone names {} {}", name(*property), brief(&stated.value)));
            }
            // A missing workflow ref is not worth a remark if the ref is stated.
            (None, Some(_)) if *property == Property::WorkflowRef => {}
            (None, Some(certified)) => {
                alone.push(format!("the certificate alone names {} {}", name(*property), certified.says));
            }
            (None, None) => {}
        }
    }
    match (agreed.is_empty(), alone.is_empty(), leaf) {
        (false, _, _) => {
            let both = format!("{}, as the certificate says", agreed.join(" and "));
            Some(Finding::pass(check, std::iter::once(both).chain(alone).collect::<Vec<_>>().join("; ")))
        }
        // A key has nothing to compare with: one finding tells that for all.
        (true, false, Some(_)) => Some(Finding::skip(check, alone.join("; "))),
        (true, _, _) => None,
    }
}

/// Returns the finding that one statement contradicts the certificate or another statement.
fn refute(
    check: CheckId,
    property: Property,
    stated: &[&StatedClaim],
    certified: Option<&Certified>,
) -> Option<Finding> {
    if let Some(certified) = certified
        && let Some(wrong) = stated.iter().find(|stated| !certified.allows(property, &stated.value))
    {
        return Some(disagreement(check, name(property), &wrong.value, "the certificate", &certified.says));
    }
    let first = stated.first()?;
    let other = stated.iter().find(|other| !is_same(property, &first.value, &other.value))?;
    Some(contradiction(check, name(property), first, other))
}

fn disagreement(check: CheckId, what: &str, found: &str, who: &str, says: &str) -> Finding {
    let (found, says) = (brief(found), brief(says));
    Finding::fail(check, format!("the provenance names {what} {found}, and {who} says {says}"))
        .expected(says)
        .found(found)
        .next(hint(check))
}

fn contradiction(check: CheckId, what: &str, one: &StatedClaim, other: &StatedClaim) -> Finding {
    let values = (brief(&one.value), brief(&other.value));
    Finding::fail(check, format!("the provenance names {what} {} in one place and {} in another", values.0, values.1))
        .expected(format!("the same in {} and {}", one.place, other.place))
        .found(format!("{} and {}", values.0, values.1))
        .next(hint(check))
}

fn hint(check: CheckId) -> &'static str {
    match check {
        CheckId::ProvenanceBuilder => "the signer claims to be that builder: do not trust this provenance",
        CheckId::ProvenanceSource => {
            "the image was built from something else than its signer's repository: ask its maker why"
        }
        CheckId::ProvenanceRef | CheckId::ProvenanceCommit => {
            "the workflow built something else than it ran for, or says so: ask its maker why"
        }
        CheckId::ProvenanceRepositoryId => {
            "a repository of the same name is another one, or the provenance is of another build: ask its maker"
        }
        _ => "the provenance is not about the run that signed it: ask its maker how it came to be",
    }
}

/// The name of a property in a sentence.
fn name(property: Property) -> &'static str {
    match property {
        Property::Repository => "source repository",
        Property::RepositoryId => "repository id",
        Property::OwnerId => "owner id",
        Property::Ref => "ref",
        Property::WorkflowRef => "workflow ref",
        Property::Commit => "commit",
        Property::Workflow => "workflow",
        Property::Run => "run",
        Property::Event => "event",
        Property::Runner => "runner environment",
    }
}

/// A certificate's statement about a property.
struct Certified {
    says: String,
    /// What it says as well, in other words.
    or: Option<String>,
}

impl Certified {
    fn allows(&self, property: Property, value: &str) -> bool {
        std::iter::once(&self.says).chain(&self.or).any(|says| is_same(property, value, says))
    }
}

/// Reads the claim of a property, or what older certificates have in its place (fulcio `docs/oid-info.md`).
fn certified(leaf: &Leaf, property: Property) -> Option<Certified> {
    let claim = match property {
        Property::Repository => Claim::SourceRepositoryUri,
        Property::RepositoryId => Claim::SourceRepositoryIdentifier,
        Property::OwnerId => Claim::SourceRepositoryOwnerIdentifier,
        Property::Ref | Property::WorkflowRef => Claim::SourceRepositoryRef,
        Property::Commit => Claim::SourceRepositoryDigest,
        Property::Workflow => Claim::BuildConfigUri,
        Property::Run => Claim::RunInvocationUri,
        Property::Event => Claim::BuildTrigger,
        Property::Runner => Claim::RunnerEnvironment,
    };
    let says = leaf.claim_or_older(claim).filter(|says| !says.is_empty())?;
    match property {
        Property::Workflow => Some(Certified { says: config_path(leaf, &says)?.to_owned(), or: None }),
        Property::WorkflowRef => Some(Certified { says, or: config_ref(leaf) }),
        _ => Some(Certified { says, or: None }),
    }
}

/// Returns the path in `https://host/owner/name/PATH@REF`: the caller's workflow, not that of the signer.
fn config_path<'a>(leaf: &Leaf, config: &'a str) -> Option<&'a str> {
    let repository = leaf.source_repository()?;
    let (_, rest) = config.split_at_checked(repository.len()).filter(|(of, _)| same_place(of, &repository))?;
    let rest = rest.trim_start_matches('/');
    let reference = leaf.source_ref().and_then(|reference| rest.strip_suffix(reference)?.strip_suffix('@'));
    reference.or_else(|| rest.rsplit_once('@').map(|(path, _)| path))
}

fn config_ref(leaf: &Leaf) -> Option<String> {
    let config = leaf.claim_or_older(Claim::BuildConfigUri)?;
    config.split_once("@refs/").map(|(_, reference)| format!("refs/{reference}"))
}

/// Whether two claims about a property are the same.
fn is_same(property: Property, one: &str, other: &str) -> bool {
    match property {
        Property::Repository => is_same_source(one, other),
        Property::Ref | Property::WorkflowRef => is_same_ref(one, other),
        Property::Commit => one.eq_ignore_ascii_case(other),
        Property::Workflow => one == other || is_cut(one, other) || is_cut(other, one),
        Property::Run => is_same_run(one, other),
        Property::RepositoryId | Property::OwnerId | Property::Event | Property::Runner => one == other,
    }
}

fn is_same_source(one: &str, other: &str) -> bool {
    Source::parse(one).is_some_and(|source| source.is_at(other))
}

/// A branch or tag without its kind is the same as one with it: Fulcio writes whole refs for GitHub and GitLab alone.
fn is_same_ref(one: &str, other: &str) -> bool {
    let is_short_for = |short: &str, whole: &str| {
        !short.starts_with("refs/")
            && ["refs/heads/", "refs/tags/"].iter().any(|kind| whole.strip_prefix(kind) == Some(short))
    };
    one == other || is_short_for(one, other) || is_short_for(other, one)
}

/// GitHub's own action cuts the path of a workflow at the first `@` in it (actions/toolkit, `packages/attest/src/provenance.ts`).
fn is_cut(short: &str, whole: &str) -> bool {
    !short.is_empty() && whole.strip_prefix(short).is_some_and(|rest| rest.starts_with('@'))
}

/// A run without its attempt is that of any attempt.
fn is_same_run(one: &str, other: &str) -> bool {
    let without_attempt = |run: &str| run.split_once("/attempts/").map(|(run, _)| run.to_owned());
    same_place(one, other)
        || without_attempt(one).is_some_and(|run| same_place(&run, other))
        || without_attempt(other).is_some_and(|run| same_place(one, &run))
}

fn is_workflow(name: &str) -> bool {
    WorkflowName::of_github(name).is_some()
}

/// Whether a builder id is a workflow's name. Only the repository's part ignores case; an id without a ref is that at any ref.
fn is_same_workflow(builder: &str, signer: &str) -> bool {
    let (Some(one), Some(other)) = (WorkflowName::of_github(builder), WorkflowName::of_github(signer)) else {
        return builder == signer;
    };
    same_repository(one.repository, other.repository)
        && one.file() == other.file()
        && (one.reference().is_none() || one.reference() == other.reference())
}

/// The workflows that sign for builders which others bring (slsa-verifier, `common/builders.go`).
fn is_delegator(identity: &str) -> bool {
    const GENERATOR: &str = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/";
    let file = identity.strip_prefix(GENERATOR).and_then(|rest| rest.split_once('@')).map(|(file, _)| file);
    matches!(file, Some("delegator_generic_slsa3.yml" | "delegator_lowperms-generic_slsa3.yml"))
}

/// A text as it fits into a sentence. The predicate may hold any amount of it.
fn brief(text: &str) -> String {
    const LONGEST: usize = 300;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}
