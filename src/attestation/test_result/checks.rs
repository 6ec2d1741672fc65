//! The checks of a test result.

use crate::check::id::checks;

checks! {
    TestResultFormat "test-result-format" "The test result is in-toto v0.1 and can be read."
    TestResultOutcome "test-result-outcome" "The test run ended as the policy requires, and its lists agree with its result."
    TestResultTests "test-result-tests" "The tests that the policy names passed."
    TestResultConfiguration "test-result-configuration" "The test run used the configuration that the policy names."
}
