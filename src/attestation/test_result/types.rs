//! The predicate type of test results.

use crate::attestation::types::Types;

/// in-toto `spec/predicates/test-result.md`.
const V0_1: &str = "https://in-toto.io/attestation/test-result/v0.1";

fn is_test_result(predicate_type: &str) -> bool {
    predicate_type == V0_1
}

pub(crate) const TYPES: Types = Types {
    title: "Test result",
    is: is_test_result,
    starts: &["https://in-toto.io/attestation/test-result/"],
    newest: &[("https://in-toto.io/attestation/test-result/v", &[0, 1])],
    by_type: Some((
        "does not say which tests must have passed",
        "write `test-result: {tests: [NAME]}` instead: a run that failed satisfies its type",
    )),
};
