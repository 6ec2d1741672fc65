//! External parameters: the policy's rules for them, and unexpected ones.

use serde_json::Value;

use crate::check::{CheckId, Finding};
use crate::policy::{ExpectedValue, ParameterRule, ProvenanceRules, UnknownParameters};
use crate::time_limit::TimeLimit;

use super::Provenance;

/// Names that are listed of many.
const LISTED: usize = 5;
/// Characters that are shown of a value.
const SHOWN: usize = 200;

/// Returns what does not hold, or one pass.
pub(super) fn check(provenance: &Provenance, rules: &ProvenanceRules, time: TimeLimit<'_>) -> Vec<Finding> {
    let wrong = rules.parameters.iter().filter_map(|rule| check_one(provenance, rule));
    let mut failed: Vec<Finding> = wrong.collect();
    failed.extend(check_unknown(provenance, rules, time));
    if failed.is_empty() {
        let check = CheckId::ProvenanceParameters;
        failed.push(match (rules.parameters.is_empty(), provenance.known) {
            (false, _) => Finding::pass(check, "as the policy asks"),
            (true, true) if provenance.unknown_parameters.is_empty() => Finding::pass(check, "all of them are known"),
            (true, true) => Finding::pass(check, "the policy allows those that are not known"),
            (true, false) => {
                Finding::skip(check, "the build type is not known here, and the policy has no rule for them")
            }
        });
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
        Finding::fail(CheckId::ProvenanceParameters, format!("the parameter {} does not match the policy", rule.path))
            .expected(rule.expected.to_string())
            .found(found.map_or_else(|| "nothing".to_owned(), |found| shortened(&found.to_string())))
            .next(next),
    )
}

/// verifying-artifacts.md, step 2: "Verifiers SHOULD reject unrecognized external parameters" (A211). A parameter with
/// a rule in the policy is recognised. The parameters of an unknown build type cannot be recognised: naming the type in
/// the policy accepts them.
fn check_unknown(provenance: &Provenance, rules: &ProvenanceRules, time: TimeLimit<'_>) -> Option<Finding> {
    if rules.unknown_parameters == UnknownParameters::Allow || !provenance.known {
        return None;
    }
    let mut unknown = Vec::new();
    for pointer in provenance.unknown_parameters.iter().take_while(|_| !time.is_over()) {
        collect(provenance.parameters.pointer(pointer), pointer, &rules.parameters, time, &mut unknown);
    }
    if unknown.is_empty() {
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
        .next("the caller of a build sets them: add rules to `parameters`, or `unknown-parameters: allow` (`--allow-unknown-parameters`)"),
    )
}

/// A rule about one member of an object says nothing of the others.
fn collect(
    value: Option<&Value>,
    pointer: &str,
    rules: &[ParameterRule],
    time: TimeLimit<'_>,
    unexpected: &mut Vec<String>,
) {
    if rules.iter().any(|rule| rule.path.holds(pointer)) {
        return;
    }
    match value {
        Some(Value::Object(members)) if rules.iter().any(|rule| rule.path.is_inside(pointer)) => {
            let stated = members.iter().filter(|(_, value)| !ExpectedValue::Absent.matches(Some(value)));
            for (key, value) in stated.take_while(|_| !time.is_over()) {
                let below = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                collect(Some(value), &below, rules, time, unexpected);
            }
        }
        _ => unexpected.push(pointer.to_owned()),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attestation::provenance::judge::tests::provenance;

    fn with_unknown(pointers: &[&str]) -> Provenance {
        let mut provenance = provenance();
        provenance.unknown_parameters = pointers.iter().map(|pointer| (*pointer).to_owned()).collect();
        provenance
    }

    #[test]
    fn a211_parameters_that_the_build_type_does_not_describe_are_refused() {
        let findings = check(&with_unknown(&["/inputs", "/vars"]), &ProvenanceRules::default(), TimeLimit::NONE);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].is_blocking());
        assert_eq!(findings[0].found.as_deref(), Some("/inputs, /vars"));
        let allowed = ProvenanceRules { unknown_parameters: UnknownParameters::Allow, ..ProvenanceRules::default() };
        assert!(!check(&with_unknown(&["/inputs"]), &allowed, TimeLimit::NONE)[0].is_blocking());
    }

    #[test]
    fn a211_one_that_the_policy_has_a_rule_for_is_expected() {
        let mut provenance = with_unknown(&["/inputs", "/vars"]);
        provenance.parameters = serde_json::json!({"inputs": {"debug": "no"}, "vars": {}});
        let rules = |paths: &[&str]| ProvenanceRules {
            parameters: paths.iter().map(|path| ParameterRule::parse(path).expect("a rule")).collect(),
            ..ProvenanceRules::default()
        };
        let findings = check(&provenance, &rules(&["/inputs/debug=no"]), TimeLimit::NONE);
        assert_eq!(findings[0].found.as_deref(), Some("/vars"));
        provenance.parameters = serde_json::json!({"inputs": {"debug": "no", "flags": "--evil", "none": ""}});
        let findings = check(&provenance, &rules(&["/inputs/debug=no", "/vars/x=y"]), TimeLimit::NONE);
        let found: Vec<_> = findings.iter().filter_map(|finding| finding.found.as_deref()).collect();
        assert_eq!(found, ["nothing", "/inputs/flags, /vars"], "a rule about one input says nothing of the others");
    }

    #[test]
    fn a_build_type_that_the_policy_names_has_parameters_that_it_judges() {
        let provenance = Provenance { known: false, ..with_unknown(&["/inputs"]) };
        let findings = check(&provenance, &ProvenanceRules::default(), TimeLimit::NONE);
        assert_eq!((findings.len(), findings[0].outcome), (1, crate::check::Outcome::Skip));
        let rule = ParameterRule::parse("/inputs/debug=no").expect("a rule");
        let rules = ProvenanceRules { parameters: vec![rule], ..ProvenanceRules::default() };
        assert!(check(&provenance, &rules, TimeLimit::NONE)[0].is_blocking());
    }

    #[test]
    fn many_and_long_names_are_cut_short() {
        let long = format!("/{}", "x".repeat(10_000));
        let many: Vec<&str> = std::iter::repeat_n(long.as_str(), 1_000).collect();
        let finding = check(&with_unknown(&many), &ProvenanceRules::default(), TimeLimit::NONE).remove(0);
        let found = finding.found.expect("what was found");
        assert!(found.len() < 2_000 && found.ends_with(" and 995 more"), "{found}");
    }
}
