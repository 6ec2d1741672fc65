//! Attestations of any type: the exact type, and the values of the fields that a policy names.

pub(crate) mod checks;
mod lookup;
pub(crate) mod rules;
pub(crate) mod types;

use crate::check::{CheckId, Finding};
use crate::policy::{AttestationRules, FieldRule, FieldValue};

use crate::verify::statement::Statement;
use lookup::Found;
use types::{COSIGN_CUSTOM, current_spelling};

/// Whether a statement of a type is what the rules are about.
pub(crate) fn is_of_type(found: &str, rules: &AttestationRules) -> bool {
    found == rules.predicate_type || current_spelling(found) == rules.predicate_type
}

/// Judges a statement of the type by the fields of its predicate.
pub(crate) fn judge(statement: &Statement, rules: &AttestationRules) -> Vec<Finding> {
    let custom = current_spelling(&statement.predicate_type) == COSIGN_CUSTOM;
    let said = if statement.predicate_type == rules.predicate_type {
        format!("the attestation is of type {}", rules.predicate_type)
    } else {
        format!("the attestation is of type {}, in the legacy spelling of cosign 1", rules.predicate_type)
    };
    let of_type = Finding::pass(CheckId::AttestationFields, said);
    let fields = rules.fields.iter().map(|field| check(statement.predicate, field, custom));
    std::iter::once(of_type).chain(fields).collect()
}

fn check(predicate: &str, field: &FieldRule, custom: bool) -> Finding {
    let found = lookup::at(predicate, field.path.steps(), custom);
    let path = &field.path;
    let holds = match (&field.value, &found) {
        (FieldValue::Absent, Found::Nothing) => true,
        (FieldValue::Text(rule), Found::Scalar(text)) => rule.matches(text),
        _ => false,
    };
    if holds {
        return Finding::pass(CheckId::AttestationFields, format!("`{path}` is what the policy asks for"));
    }
    let expected = match &field.value {
        FieldValue::Absent => "nothing there".to_owned(),
        FieldValue::Text(rule) => rule.to_string(),
    };
    Finding::fail(CheckId::AttestationFields, format!("`{path}` of the attestation is something else"))
        .expected(expected)
        .found(found.describe())
        .next("the attestation and the policy disagree: read the attestation (`cosign download attestation`), then decide which of the two is wrong")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Outcome;
    use crate::policy::{FieldPath, TextRule};

    fn outcome(predicate: &str, path: &str, value: FieldValue) -> Outcome {
        let path = FieldPath::parse(path).expect("a path");
        check(predicate, &FieldRule { path, value }, false).outcome
    }

    fn is(text: &str) -> FieldValue {
        FieldValue::Text(TextRule::glob(text).expect("a glob"))
    }

    #[test]
    fn a109_what_the_attestation_says_is_read_and_compared() {
        let failed = r#"{"result":"FAILED","passedTests":[]}"#;
        assert_eq!(outcome(failed, "result", is("PASSED")), Outcome::Fail);
        assert_eq!(outcome(failed, "result", is("FAILED")), Outcome::Pass);
    }

    #[test]
    fn a_field_that_is_missing_or_null_or_no_scalar_satisfies_no_pattern() {
        for predicate in ["{}", r#"{"a":null}"#, r#"{"a":{"b":"x"}}"#, r#"{"a":["x"]}"#, "null", r#""a""#, "[]"] {
            assert_eq!(outcome(predicate, "a", is("**")), Outcome::Fail, "{predicate}");
        }
        assert_eq!(outcome(r#"{"a":""}"#, "a", is("**")), Outcome::Pass);
    }

    #[test]
    fn a_field_that_must_be_absent_may_be_null_and_nothing_else() {
        for predicate in ["{}", r#"{"a":null}"#, "null"] {
            assert_eq!(outcome(predicate, "a", FieldValue::Absent), Outcome::Pass, "{predicate}");
        }
        for predicate in [r#"{"a":false}"#, r#"{"a":""}"#, r#"{"a":[]}"#, r#"{"a":{}}"#] {
            assert_eq!(outcome(predicate, "a", FieldValue::Absent), Outcome::Fail, "{predicate}");
        }
    }
}
