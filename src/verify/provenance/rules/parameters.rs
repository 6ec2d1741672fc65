//! External parameters: what the policy asks of them, and those that nobody expects.

use crate::check::{CheckId, Finding};
use crate::policy::{ExpectedValue, ParameterRule, ProvenanceRules};

use super::Provenance;

/// Names that are listed of many.
const LISTED: usize = 5;
/// Characters that are shown of a value.
const SHOWN: usize = 200;

/// Returns what does not hold, or one pass.
pub(super) fn check(provenance: &Provenance, rules: &ProvenanceRules) -> Vec<Finding> {
    let wrong = rules.parameters.iter().filter_map(|rule| check_one(provenance, rule));
    let mut failed: Vec<Finding> = wrong.collect();
    failed.extend(check_unknown(provenance, rules));
    if failed.is_empty() && (provenance.known || !rules.parameters.is_empty()) {
        let message = match rules.parameters.len() {
            0 => "all of them are known",
            _ => "as the policy asks",
        };
        failed.push(Finding::pass(CheckId::ProvenanceParameters, message));
    }
    failed
}

fn check_one(provenance: &Provenance, rule: &ParameterRule) -> Option<Finding> {
    let found = provenance.parameters.pointer(rule.path.as_str());
    if rule.expected.matches(found) {
        return None;
    }
    let next = match rule.expected {
        ExpectedValue::Absent => "it was built in another way than the policy expects: ask its maker why",
        ExpectedValue::OneOf(_) => {
            "it was built in another way than the policy expects; `bonafide inspect --output json` shows all parameters"
        }
    };
    Some(
        Finding::fail(CheckId::ProvenanceParameters, format!("the parameter {} is another", rule.path))
            .expected(rule.expected.to_string())
            .found(found.map_or_else(|| "nothing".to_owned(), |found| shortened(&found.to_string())))
            .next(next),
    )
}

/// verifying-artifacts.md, step 2: "Verifiers SHOULD reject unrecognized external parameters" (A211). One that the policy has a
/// rule for is recognised.
fn check_unknown(provenance: &Provenance, rules: &ProvenanceRules) -> Option<Finding> {
    let is_expected = |pointer: &str| rules.parameters.iter().any(|rule| rule.path.touches(pointer));
    let unknown: Vec<&str> =
        provenance.unknown_parameters.iter().map(String::as_str).filter(|pointer| !is_expected(pointer)).collect();
    if unknown.is_empty() || rules.allows_unknown_parameters {
        return None;
    }
    let mut found = unknown.iter().take(LISTED).map(|name| shortened(name)).collect::<Vec<_>>().join(", ");
    if unknown.len() > LISTED {
        found = format!("{found} and {} more", unknown.len() - LISTED);
    }
    Some(
        Finding::fail(
            CheckId::ProvenanceParameters,
            "there are external parameters that the description of the build type does not know",
        )
        .expected("parameters that it knows, or that the policy has a rule for")
        .found(found)
        .next("whoever starts a build sets them: say what they must be in `parameters`, or `unknown-parameters: allow` (`--allow-unknown-parameters`)"),
    )
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
