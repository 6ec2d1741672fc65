//! What the policy asks of a provenance, beyond that it agrees with its certificate.

mod dependencies;
mod parameters;
mod source;
mod words;

use crate::attestation::judging::Judging;
use crate::attestation::section::Section;
use crate::check::{CheckId, Finding};
use crate::policy::{Asked, BuildLevel, Claim, ProvenanceRules, TextRule, UnknownType, is_of_generator, is_release};

use super::Provenance;
use super::builders;
use crate::verify::certificate::Leaf;
use crate::verify::question::Question;

impl Judging for Provenance {
    fn format(&self) -> CheckId {
        CheckId::ProvenanceFormat
    }

    fn judge(&self, question: &Question<'_>) -> Vec<Finding> {
        let leaf = question.verified.leaf();
        let pinned = question.expected.and_then(|expected| expected.signer.source());
        let mut findings = vec![
            Finding::pass(CheckId::ProvenanceFormat, format!("SLSA {}", self.version)),
            self.check_builder(leaf),
            self.check_source(leaf, pinned),
        ];
        findings.extend(self.check_certificate(leaf));
        findings.extend(by_rules(self, question));
        findings
    }

    fn section(&self) -> Section {
        Section::Provenance(self.report())
    }

    fn made(&self) -> Option<String> {
        self.finished_on.clone().or_else(|| self.started_on.clone())
    }

    fn build_level(&self, question: &Question<'_>) -> Option<BuildLevel> {
        Some(build_level(&self.builder, question))
    }
}

/// Judges a provenance by the rules of the requirement. Without an expected signer no rule applies.
fn by_rules(provenance: &Provenance, question: &Question<'_>) -> Vec<Finding> {
    let Some(expected) = question.expected else { return Vec::new() };
    let pair = |rules| {
        let trust = builders::trust(&provenance.builder, question.verified, Some(expected.signer), rules);
        let finding = builders::check_pair(&provenance.builder, &trust, question.verified);
        (trust, finding)
    };
    let rules = match expected.asked {
        Asked::Provenance(rules) => rules,
        // Asked for by its type: its signer must be able to speak for the builder, and nothing else is asked.
        Asked::Attestation(_) => return pair(&ProvenanceRules::default()).1.into_iter().collect(),
        _ => return Vec::new(),
    };
    let leaf = question.verified.leaf();
    let (trust, contradicted) = pair(rules);
    let mut findings: Vec<Finding> = contradicted.into_iter().collect();
    findings.extend(check_builder_id(provenance, leaf, rules));
    findings.push(builders::check_level(&trust, rules));
    findings.push(check_build_type(provenance, rules));
    findings.extend(source::check(provenance, leaf, &rules.source));
    findings.extend(parameters::check(provenance, rules, question.time));
    findings.extend(dependencies::check(provenance, &rules.dependencies, question.time));
    findings.extend(check_age(question, rules));
    findings.extend(check_trigger(provenance, leaf, rules));
    findings.extend(check_hosted_runner(leaf, rules));
    findings
}

/// Looks up the level, by the rules of the requirement if there is one.
fn build_level(builder: &str, question: &Question<'_>) -> BuildLevel {
    let asked = question.expected.map(|expected| (expected.signer, expected.asked));
    let trust = match asked {
        Some((signer, Asked::Provenance(rules))) => builders::trust(builder, question.verified, Some(signer), rules),
        Some((signer, _)) => builders::trust(builder, question.verified, Some(signer), &ProvenanceRules::default()),
        None => builders::trust(builder, question.verified, None, &ProvenanceRules::default()),
    };
    trust.level
}

/// The builder that the policy names, at a release where it has releases.
fn check_builder_id(provenance: &Provenance, leaf: Option<&Leaf>, rules: &ProvenanceRules) -> Option<Finding> {
    let builder = &provenance.builder;
    if !rules.builders.is_empty() && !rules.builders.iter().any(|rule| rule.matches(builder)) {
        return Some(
            Finding::fail(CheckId::ProvenanceBuilderId, "another builder than the policy names built it")
                .expected(words::listed(&rules.builders))
                .found(builder)
                .next(builder_hint(builder, &rules.builders)),
        );
    }
    let unreleased = [Some(builder.as_str()), leaf.map(|leaf| leaf.identity.as_str())]
        .into_iter()
        .flatten()
        .find(|name| is_of_generator(name) && !is_release(reference(name)));
    if let Some(name) = unreleased.filter(|_| !rules.allows_any_builder_ref) {
        return Some(
            Finding::fail(CheckId::ProvenanceBuilderId, "slsa-github-generator was not used at a release")
                .expected("a tag of the form refs/tags/vX.Y.Z")
                .found(name)
                .next("its maker: use a release in the workflow, such as @v2.1.0; if you know why not, `builder-ref: any` or `--allow-any-builder-ref`"),
        );
    }
    (!rules.builders.is_empty() || is_of_generator(builder))
        .then(|| Finding::pass(CheckId::ProvenanceBuilderId, format!("built by {builder}")))
}

fn reference(name: &str) -> &str {
    name.split_once('@').map_or("", |(_, reference)| reference)
}

const ONE_SEGMENT: &str = "one `*` stays inside a path segment: write `**` to cross them, if you mean all of those";

/// Whether a pattern would match if its asterisks crossed from one path segment to another.
fn would_match_across(text: &str, rules: &[TextRule]) -> bool {
    let crossing = |rule: &TextRule| TextRule::glob(&rule.as_str().replace("**", "*").replace('*', "**")).ok();
    rules.iter().filter_map(crossing).any(|rule| rule.matches(text))
}

/// Patterns are about whole ids: a builder without its ref is the commonest mistake.
fn builder_hint(builder: &str, rules: &[TextRule]) -> &'static str {
    let name = builder.split('@').next().unwrap_or(builder);
    if rules.iter().any(|rule| rule.matches(name)) {
        "the right builder, and an id is compared whole: add the ref, such as `@refs/tags/v*`"
    } else if rules.iter().any(|rule| rule.as_str().eq_ignore_ascii_case(builder)) {
        "the ids differ in upper and lower case alone: they are compared exactly"
    } else if would_match_across(builder, rules) {
        ONE_SEGMENT
    } else {
        "if you trust this builder, and only then, add it: `builders` in the policy, or `--builder-id`"
    }
}

/// verifying-artifacts.md, step 2: the build type is compared with the expected one. The parameters of an unknown one
/// have no meaning here, so only a policy that names it accepts it. If the policy has no rules for the content, nothing
/// can be misread: then it is reported as unknown, and rests on the signer alone.
fn check_build_type(provenance: &Provenance, rules: &ProvenanceRules) -> Finding {
    let build_type = &provenance.build_type;
    match (rules.build_types.is_empty(), provenance.known) {
        (false, _) if rules.build_types.iter().any(|rule| rule.matches(build_type)) => {
            Finding::pass(CheckId::ProvenanceBuildType, format!("{build_type}, as the policy says"))
        }
        (false, _) => Finding::fail(CheckId::ProvenanceBuildType, "it is of another build type than the policy names")
            .expected(words::listed(&rules.build_types))
            .found(build_type)
            .next(if would_match_across(build_type, &rules.build_types) {
                ONE_SEGMENT
            } else {
                "ask its maker how it is built now; if that is right, add it to `build-types` or `--build-type`"
            }),
        (true, true) => Finding::pass(CheckId::ProvenanceBuildType, build_type.clone()),
        (true, false) if rules.unknown_type == UnknownType::Accept => {
            let message = format!("{build_type} is not known here, and nothing is asked of what it says");
            Finding::skip(CheckId::ProvenanceBuildType, message)
                .next("if you know what it means, name it: `--build-type`, or `build-types` in a policy file")
        }
        (true, false) => Finding::fail(CheckId::ProvenanceBuildType, "what the build type means is not known here")
            .expected("a build type whose parameters are known, or one that the policy names")
            .found(build_type)
            .next(format!(
                "if you know what it means, name it: `build-types: [{}]` in the policy, or `--build-type`",
                serde_json::Value::from(build_type.as_str())
            )),
    }
}

/// A build's own times are its builder's word (A217). What counts is when it was signed, as a log or an authority vouches.
fn check_age(question: &Question<'_>, rules: &ProvenanceRules) -> Option<Finding> {
    let age = rules.max_age.as_ref()?;
    let next = "build it anew, or allow more in `max-age` or `--provenance-max-age`";
    let Some(signed) = question.verified.timestamps.iter().map(|stamp| stamp.time).min() else {
        return Some(
            Finding::fail(CheckId::ProvenanceAge, "the time of its signature is unproven")
                .expected(format!("signed no longer than {age} ago"))
                .found("no time of a log or of a timestamp authority")
                .next("sign it with a time: in a transparency log, or with a timestamp"),
        );
    };
    if question.now.duration_since(signed) <= age.duration() {
        return Some(Finding::pass(CheckId::ProvenanceAge, format!("signed at {signed}")));
    }
    Some(
        Finding::fail(CheckId::ProvenanceAge, "it was signed longer ago than the policy allows")
            .expected(format!("signed no longer than {age} ago"))
            .found(format!("signed at {signed}"))
            .next(next),
    )
}

/// What started the build, as the certificate says, and where it is silent the builder.
fn check_trigger(provenance: &Provenance, leaf: Option<&Leaf>, rules: &ProvenanceRules) -> Option<Finding> {
    if rules.denied_events.is_empty() {
        return None;
    }
    let certified = leaf.and_then(|leaf| leaf.claim_or_older(Claim::BuildTrigger));
    let said: Vec<&str> = certified.iter().chain(&provenance.build.event).map(String::as_str).collect();
    let denied = || format!("an event other than {}", rules.denied_events.join(" or "));
    let Some(first) = said.first() else {
        return Some(
            Finding::fail(CheckId::ProvenanceTrigger, "nothing says which event started the build")
                .expected(denied())
                .found("no event in the certificate and none in the provenance")
                .next("leave `denied-events` out for builders that do not state it"),
        );
    };
    Some(match said.iter().find(|event| rules.denied_events.iter().any(|denied| denied == *event)) {
        None => Finding::pass(CheckId::ProvenanceTrigger, format!("started by {first}")),
        Some(event) => Finding::fail(CheckId::ProvenanceTrigger, "an event that the policy denies started the build")
            .expected(denied())
            .found(*event)
            .next("it may have built what a stranger proposed: ask for a build of what was merged"),
    })
}

/// SLSA `verifying-artifacts.md`: "GitHub hosted vs self-hosted must be taken from" the certificate. The build itself
/// fills in a provenance (A201).
fn check_hosted_runner(leaf: Option<&Leaf>, rules: &ProvenanceRules) -> Option<Finding> {
    if !rules.hosted_runners_only {
        return None;
    }
    let found = leaf.and_then(|leaf| leaf.claim_or_older(Claim::RunnerEnvironment));
    Some(match found.as_deref() {
        Some(hosted @ ("github-hosted" | "gitlab-hosted")) => {
            Finding::pass(CheckId::ProvenanceHostedRunner, format!("on a runner that is {hosted}"))
        }
        other => Finding::fail(
            CheckId::ProvenanceHostedRunner,
            "the certificate does not say that a runner of the service ran the build",
        )
        .expected("github-hosted or gitlab-hosted, in the certificate")
        .found(match (other, leaf) {
            (Some(other), _) => other.to_owned(),
            (None, Some(_)) => "no runner environment in the certificate".to_owned(),
            (None, None) => "a key, which says nothing of where it ran".to_owned(),
        })
        .next("build it on a hosted runner: the owner of another runner can change the build"),
    })
}

#[cfg(test)]
pub(super) mod tests {

    use super::Provenance;

    /// A provenance of GitHub's build type without anything that went into it.
    pub(super) fn provenance() -> Provenance {
        let text = r#"{
            "buildDefinition": {
                "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "externalParameters": {"workflow": {"ref": "refs/tags/v1", "repository": "https://github.com/acme/shop", "path": ".github/workflows/r.yml"}}
            },
            "runDetails": {"builder": {"id": "https://github.com/acme/shop/.github/workflows/r.yml@refs/tags/v1"}}
        }"#;
        Provenance::read("https://slsa.dev/provenance/v1", text).expect("provenance")
    }
}
