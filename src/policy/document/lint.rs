//! Warnings about valid policies that allow more than they seem to.

use jiff::civil::Date;

use crate::policy::claim::Claim;
use crate::policy::key::LogRule;
use crate::policy::signer::{Caller, CertificateRule, IdentityRule, Signer, Signers};
use crate::policy::tenancy::{is_open_issuer, is_open_name, overlap};
use crate::policy::text::TextRule;

use super::problem::Problem;
use super::rule::{Rule, RuleException};

/// Returns every warning, each at the place of its rule.
pub(super) fn warnings(rules: &[Rule], today: Date) -> Vec<Problem> {
    rules.iter().flat_map(|rule| of_rule(rule, today)).collect()
}

fn of_rule(rule: &Rule, today: Date) -> Vec<Problem> {
    let at_rule = |(message, hint): (String, &str)| Problem { place: rule.place, message, hint: Some(hint.to_owned()) };
    let mut warnings: Vec<Problem> = Vec::new();
    for required in &rule.requirements {
        let of_rules = required.asked.rules().warnings(today);
        let signers = required.signers.listed().iter().chain(required.asked.vex_signers());
        let of_signers = signers.flat_map(of_signer).chain(overlapping(&required.signers));
        for warning in of_rules.into_iter().chain(of_signers).map(at_rule) {
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
    }
    let run_out = rule.exceptions.iter().filter_map(|exception| {
        let (message, hint) = exception.exception.warning(&exception.requirement, today)?;
        Some(Problem { place: exception.place, message, hint: Some(hint.to_owned()) })
    });
    warnings.extend(run_out);
    let is_excepted = |requirement| {
        rule.exceptions.iter().any(|exception| exception.images.is_empty() && exception.requirement == requirement)
    };
    if rule.requirements.iter().all(|required| is_excepted(required.asked.requirement())) {
        warnings.push(Problem {
            place: rule.place,
            message: "exceptions cover everything that this rule requires".to_owned(),
            hint: Some(
                "an image that no other rule is about is then an error: leave one requirement without one".to_owned(),
            ),
        });
    }
    let is_required = |exception: &&RuleException| {
        rule.requirements.iter().any(|required| required.asked.requirement() == exception.requirement)
    };
    let idle = rule.exceptions.iter().filter(|exception| !is_required(exception)).map(|exception| Problem {
        place: exception.place,
        message: format!("the exception for {} excepts nothing: the rule does not require it", exception.requirement),
        hint: Some("remove it, or make it in the rule that requires it".to_owned()),
    });
    warnings.extend(idle);
    warnings
}

fn of_signer(signer: &Signer) -> Vec<(String, &'static str)> {
    match signer {
        Signer::Certificate(rule) => of_certificate(rule),
        Signer::Keys(rule) if rule.log() == LogRule::NotRequired => vec![(
            format!("signatures of the key {} need no log entry", rule.describe()),
            "a stolen key can sign in secret, with any date: leave `log: not-required` out",
        )],
        Signer::Keys(_) => Vec::new(),
    }
}

fn of_certificate(rule: &CertificateRule) -> Vec<(String, &'static str)> {
    let mut warnings = Vec::new();
    let name = match &rule.identity {
        IdentityRule::Name(name) => Some(name),
        IdentityRule::Workflow { .. } => None,
    };
    warnings.extend(of_patterns(rule, name));
    warnings.extend(of_workflow(rule));
    let events = rule.claims.iter().filter(|one| one.claim == Claim::BuildTrigger);
    if events.into_iter().any(|one| one.value.matches("pull_request_target")) {
        warnings.push((
            "builds started by pull_request_target may sign".to_owned(),
            "it runs strangers' changes with the repository's rights: leave it out of `event`",
        ));
    }
    warnings
}

/// Of several signers that must have signed, one that stands for what another names too: neither place of the list tells who
/// signs it (A296).
fn overlapping(signers: &Signers) -> Option<(String, &'static str)> {
    let listed = signers.listed();
    let pairs = (0..listed.len()).flat_map(|one| (one + 1..listed.len()).map(move |other| (one, other)));
    let (one, other) = (signers.at_least() > 1)
        .then_some(pairs)
        .and_then(|mut pairs| pairs.find(|(one, other)| overlap(&listed[*one], &listed[*other])))?;
    Some((
        format!(
            "{} different signers must have signed, and one signature can be by both {} and {}",
            signers.at_least(),
            listed[one].describe(),
            listed[other].describe()
        ),
        "each signature counts once: name signers that have nothing in common",
    ))
}

/// An issuer that may be any of several, and a name that may be of anyone there.
fn of_patterns(rule: &CertificateRule, name: Option<&TextRule>) -> Vec<(String, &'static str)> {
    let mut warnings = Vec::new();
    if is_open_issuer(&rule.issuer) {
        warnings.push((
            format!("{} can be any of several issuers, and anyone can have an account at some", rule.issuer),
            "each issuer has other accounts: name the right one in full",
        ));
    }
    if let Some(name) = name.filter(|name| is_open_name(name)) {
        warnings.push(if rule.pins_source() {
            (format!("every workflow that runs for the pinned source may sign: {name}"), "name the workflow")
        } else {
            (
                format!("everyone with an account at {} whose name matches {name} may sign", rule.issuer),
                "name the signers, or a part of their names that others there cannot have",
            )
        });
    }
    let has_dot = |text: &&TextRule| text.is_regexp() && has_bare_dot(text.as_str());
    warnings.extend(name.into_iter().chain([&rule.issuer]).filter(has_dot).map(|text| {
        (
            format!("a dot in {text} matches any character"),
            r"write `\.` for a dot: `github.com` also matches `githubXcom`",
        )
    }));
    warnings
}

/// Whether a dot of a regular expression is neither escaped nor followed by a repetition nor inside of brackets.
fn has_bare_dot(pattern: &str) -> bool {
    let mut characters = pattern.chars().peekable();
    let mut in_brackets = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            '.' if !in_brackets && !matches!(characters.peek(), Some('*' | '+' | '?' | '{')) => return true,
            _ => {}
        }
    }
    false
}

fn of_workflow(rule: &CertificateRule) -> Vec<(String, &'static str)> {
    let IdentityRule::Workflow { file, caller, repository } = &rule.identity else { return Vec::new() };
    let mut warnings = Vec::new();
    if *caller == Caller::Pinned && !file.as_str().contains("@refs/tags/") && !pins_commit(file.as_str()) {
        warnings.push((
            format!("the reusable workflow {repository}/{file} is not at a tag"),
            "a branch changes with every push: name a tag, such as @refs/tags/v2.*",
        ));
    }
    let has_ref = rule.source.as_ref().is_some_and(|source| source.reference.is_some() || source.digest.is_some());
    let has_event_or_environment =
        rule.claims.iter().any(|one| matches!(one.claim, Claim::BuildTrigger | Claim::DeploymentEnvironment));
    if !has_ref && !has_event_or_environment {
        warnings.push((
            format!(
                "every branch and pull request of {} may sign",
                rule.source.as_ref().map_or(repository, |source| &source.repository)
            ),
            "anyone with push access to a branch can sign: add `ref: refs/tags/v*` or `ref: refs/heads/main`",
        ));
    }
    warnings
}

fn pins_commit(file: &str) -> bool {
    file.rsplit_once('@').is_some_and(|(_, at)| at.len() >= 40 && at.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a185_an_unescaped_dot_is_warned_of_and_one_with_a_repetition_is_not() {
        assert!(has_bare_dot("https://github.com/acme"));
        assert!(!has_bare_dot(r"https://github\.com/acme/.*"));
        assert!(!has_bare_dot(r"v[0-9.]+"));
    }
}
