//! Whether the signer may speak for the builder, and which SLSA build level the two reach together.
//!
//! SLSA verifying-artifacts.md, step 1: the level is looked up by signer and builder id, "defaulting to SLSA Build L1 if not
//! found". It is never read from the statement (A207).

use crate::check::{CheckId, Finding, WorkflowName};
use crate::policy::{
    BuildLevel, BuilderRule, CertificateRule, Claim, GITHUB_ISSUER, IdentityRule, KnownBuilder, KnownSigner,
    ProvenanceRules, Signer, TextRule, WrittenIn, is_delegator,
};

use crate::verify::certificate::Leaf;
use crate::verify::signature::Verified;
use crate::verify::signer;

const GITLAB_ISSUER: &str = "https://gitlab.com";

/// What a builder and its signer are worth together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BuilderTrust {
    pub(super) level: BuildLevel,
    /// The reason for it.
    pub(super) reason: String,
    /// The signers of this builder, if the actual signer is not one of them.
    pub(super) contradicted_by: Option<String>,
}

/// Looks a builder and its signer up: in the policy, and where that says nothing among the builders that are known.
pub(super) fn trust(
    builder: &str,
    verified: &Verified,
    signer: Option<&Signer>,
    rules: &ProvenanceRules,
) -> BuilderTrust {
    let of_policy: Vec<&BuilderRule> = rules.known_builders.iter().filter(|known| known.id.matches(builder)).collect();
    if !of_policy.is_empty() {
        return by_policy(&of_policy, verified);
    }
    let known = KnownBuilder::rows_of(builder);
    let pairs = known.iter().map(|known| pair(known, builder, verified, signer, rules));
    let best = pairs.filter_map(Result::ok).max_by_key(|(level, _)| *level);
    if let Some((level, reason)) = best {
        return BuilderTrust { level, reason, contradicted_by: None };
    }
    let reason = match known.first() {
        Some(known) => match pair(known, builder, verified, signer, rules) {
            Ok((_, reason)) | Err(reason) => reason,
        },
        None => "no known source states a level for this builder with this signer".to_owned(),
    };
    BuilderTrust { level: BuildLevel::One, reason, contradicted_by: contradiction(&known, verified) }
}

/// Of a builder that the policy vouches for, the policy alone says who signs (A221).
fn by_policy(of_policy: &[&BuilderRule], verified: &Verified) -> BuilderTrust {
    let signed = |known: &&&BuilderRule| {
        !signer::check(verified, &known.signer, WrittenIn::File).iter().any(Finding::is_blocking)
    };
    if let Some(known) = of_policy.iter().filter(signed).max_by_key(|known| known.level) {
        let source = known.source.as_ref().map_or_else(String::new, |source| format!(" ({source})"));
        let reason = format!("the policy vouches for this builder{source}");
        return BuilderTrust { level: known.level, reason, contradicted_by: None };
    }
    let expected: Vec<String> = of_policy.iter().map(|known| known.signer.describe()).collect();
    BuilderTrust {
        level: BuildLevel::One,
        reason: "the policy names other signers for this builder".to_owned(),
        contradicted_by: Some(expected.join(" or ")),
    }
}

/// The level of one pair that is known, or why it is not this one.
fn pair(
    known: &KnownBuilder,
    builder: &str,
    verified: &Verified,
    signer: Option<&Signer>,
    rules: &ProvenanceRules,
) -> Result<(BuildLevel, String), String> {
    let claimed = || Ok((known.level, format!("{} with {} ({})", known.name, known.signer.describe(), known.source)));
    let Some(leaf) = verified.leaf() else {
        return match known.signer {
            KnownSigner::Named if is_named(builder, rules) => claimed(),
            KnownSigner::Named => Err(unnamed(known)),
            _ => Err(format!("{} signs with a certificate, and a key signed this", known.name)),
        };
    };
    let is_github = platform(leaf) == Some(Platform::GitHub);
    let is_workflow = is_github && WorkflowName::of_github(&leaf.identity).is_some();
    match known.signer {
        KnownSigner::Itself { hosted: false } if is_workflow && leaf.identity == builder => {
            on_their_runner(known, leaf)
        }
        KnownSigner::Delegators if is_github && is_delegator(&leaf.identity) => on_their_runner(known, leaf),
        KnownSigner::Itself { hosted: true } if is_workflow && leaf.identity == builder => {
            hosted(known, leaf, "github-hosted")?;
            if is_vetted(leaf, signer, rules) {
                let reason =
                    "the policy names the reusable workflow that built and signed it, on a runner that GitHub hosts";
                return Ok((BuildLevel::Three, format!("{reason} ({})", known.source)));
            }
            claimed()
        }
        KnownSigner::AnyWorkflow if is_workflow => {
            hosted(known, leaf, "github-hosted")?;
            claimed()
        }
        KnownSigner::AnyPipeline if platform(leaf) == Some(Platform::GitLab) => {
            hosted(known, leaf, "gitlab-hosted")?;
            claimed()
        }
        KnownSigner::Named if platform(leaf).is_none() && is_named(builder, rules) => claimed(),
        KnownSigner::Named => Err(unnamed(known)),
        _ => Err(format!("{} signs with {}, and {} signed this", known.name, known.signer.describe(), leaf.identity)),
    }
}

fn unnamed(known: &KnownBuilder) -> String {
    format!("nothing says that this signer is {}: a policy that names its id in `builders` does", known.name)
}

/// Whether the policy says that its signers are this very builder, and not that they may be many.
fn is_named(builder: &str, rules: &ProvenanceRules) -> bool {
    rules.builders.iter().any(|rule| names_one(rule) && rule.matches(builder))
}

/// Certificates of before the claim there was do not say where it ran.
fn on_their_runner(known: &KnownBuilder, leaf: &Leaf) -> Result<(BuildLevel, String), String> {
    match leaf.claim_or_older(Claim::RunnerEnvironment).as_deref() {
        None | Some("github-hosted") => Ok((known.level, format!("{} ({})", known.name, known.source))),
        Some(other) => Err(format!("it ran on a runner that is {other}")),
    }
}

/// The claim of the certificate, and nothing that the provenance says (A201).
fn hosted(known: &KnownBuilder, leaf: &Leaf, by_service: &str) -> Result<(), String> {
    match leaf.claim_or_older(Claim::RunnerEnvironment).as_deref() {
        Some(found) if found == by_service => Ok(()),
        Some(other) => Err(format!("{} is a hosted builder, and this ran on a runner that is {other}", known.name)),
        None => Err(format!("{} is a hosted builder, and the certificate does not say where this ran", known.name)),
    }
}

/// Whether a reusable workflow signed that the policy names, by its file and not by a pattern for many.
///
/// GitHub, "Using artifact attestations and reusable workflows to achieve SLSA v1 Build Level 3": "known, vetted build
/// instructions", in a workflow that isolates the build from its caller. A workflow in the same repository as the
/// source isolates nothing (A207).
fn is_vetted(leaf: &Leaf, signer: Option<&Signer>, rules: &ProvenanceRules) -> bool {
    let called = leaf.claim_or_older(Claim::BuildConfigUri);
    let source = leaf.source_repository();
    let is_reusable = called.is_some_and(|called| called != leaf.identity)
        && source
            .is_some_and(|source| !leaf.identity.to_lowercase().starts_with(&format!("{}/", source.to_lowercase())));
    let named_by_signer = signer.is_some_and(|signer| match signer {
        Signer::Certificate(rule) => names_one_workflow(rule, leaf),
        Signer::Keys(_) => false,
    });
    let named_as_builder = rules.builders.iter().any(|rule| names_one(rule) && rule.matches(&leaf.identity));
    is_reusable && (named_by_signer || named_as_builder)
}

fn names_one_workflow(rule: &CertificateRule, leaf: &Leaf) -> bool {
    rule.identity.matches(leaf.identity_kind, &leaf.identity)
        && match &rule.identity {
            IdentityRule::Name(name) => names_one(name),
            IdentityRule::Workflow { repository, file, .. } => repository.is_exact() && names_one(file),
        }
}

/// Whether the part before the ref or version has no asterisk.
fn names_one(rule: &TextRule) -> bool {
    !rule.is_regexp() && rule.as_str().split('@').next().is_some_and(|name| !name.contains('*'))
}

/// A service whose certificates say which build it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Platform {
    GitHub,
    GitLab,
}

fn platform(leaf: &Leaf) -> Option<Platform> {
    // An enterprise of GitHub may have its own issuer: the same host, with the enterprise's name behind it.
    let is_enterprise = leaf.issuer.strip_prefix(GITHUB_ISSUER).is_some_and(|rest| rest.starts_with('/'));
    match leaf.issuer.as_str() {
        GITLAB_ISSUER => Some(Platform::GitLab),
        issuer if issuer == GITHUB_ISSUER || is_enterprise => Some(Platform::GitHub),
        _ => None,
    }
}

/// A build on one service cannot be a build on another: the signer wrote the id of another builder (A221).
fn contradiction(known: &[&KnownBuilder], verified: &Verified) -> Option<String> {
    let signed_on = platform(verified.leaf()?)?;
    let runs_on = |known: &&KnownBuilder| match known.signer {
        KnownSigner::Itself { .. } | KnownSigner::Delegators | KnownSigner::AnyWorkflow => Some(Platform::GitHub),
        KnownSigner::AnyPipeline => Some(Platform::GitLab),
        KnownSigner::Named => None,
    };
    let elsewhere = known.iter().all(|known| runs_on(known) != Some(signed_on));
    known.first().filter(|_| elsewhere).map(|known| format!("{}: {}", known.name, known.signer.describe()))
}

/// The finding for a builder with other signers.
pub(super) fn check_pair(builder: &str, trust: &BuilderTrust, verified: &Verified) -> Option<Finding> {
    let expected = trust.contradicted_by.as_ref()?;
    let found = match verified.leaf() {
        Some(leaf) => leaf.identity.clone(),
        None => "another key".to_owned(),
    };
    Some(
        Finding::fail(
            CheckId::ProvenanceBuilder,
            format!("the signer is not one of those that sign for the builder {builder}"),
        )
        .expected(expected.clone())
        .found(found)
        .next("the signer claims to be that builder: do not trust this provenance"),
    )
}

/// Holds the level that was looked up against the one that is asked for.
pub(super) fn check_level(trust: &BuilderTrust, rules: &ProvenanceRules) -> Finding {
    let found = format!("{}: {}", trust.level, trust.reason);
    match rules.level {
        None => Finding::pass(CheckId::ProvenanceLevel, format!("{found}; none is asked for")),
        Some(asked) if trust.level >= asked => Finding::pass(CheckId::ProvenanceLevel, found),
        Some(asked) => Finding::fail(
            CheckId::ProvenanceLevel,
            "builder and signer together do not reach the level that is asked for",
        )
        .expected(asked.to_string())
        .found(found)
        .next(
            "`bonafide explain builders` lists the pairs that are known; if you have reason to trust this one, \
                     add it to the policy: `builders: [{id: …, signer: …, level: …}]`",
        ),
    }
}
