//! What a test result must say.

use std::fmt;

use crate::attestation::rules::{Missing, Rules};
use crate::policy::text::TextRule;

/// The rules for a test result.
#[derive(Debug, Clone, Default)]
pub struct TestResultRules {
    /// The worst result that satisfies the policy.
    pub result: TestOutcome,
    /// Tests that must have passed. Each rule needs a test that it matches, and none of those may have failed.
    pub tests: Vec<TextRule>,
    /// What must be among the configuration of the run, each of these.
    pub configuration: Vec<ConfigurationRule>,
}

/// The result of a test run, the best first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TestOutcome {
    /// Every test passed.
    #[default]
    Passed,
    /// Some tests passed with warnings.
    Warned,
    /// Some tests failed.
    Failed,
}

impl TestOutcome {
    /// Every result, as predicates and policies write it.
    pub const WORDS: [&'static str; 3] = ["PASSED", "WARNED", "FAILED"];

    /// Returns the result of this name. Case matters.
    pub fn named(word: &str) -> Option<Self> {
        [Self::Passed, Self::Warned, Self::Failed].into_iter().find(|outcome| outcome.as_str() == word)
    }

    /// Returns its name.
    pub const fn as_str(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// Returns this result and every better one, in words.
    pub(super) fn or_better(self) -> String {
        Self::WORDS[..=self as usize].join(" or ")
    }
}

impl fmt::Display for TestOutcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A part of the configuration of a test run.
#[derive(Debug, Clone)]
pub struct ConfigurationRule {
    /// Its name, URI or download location.
    pub name: TextRule,
    /// Its digest: the algorithm as in-toto names it, and lower-case hexadecimal digits.
    pub digest: Option<(String, String)>,
}

impl fmt::Display for ConfigurationRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.name)?;
        match &self.digest {
            Some((algorithm, digits)) => write!(formatter, " @ {algorithm}:{digits}"),
            None => Ok(()),
        }
    }
}

impl Rules for TestResultRules {
    fn describe(&self) -> Vec<String> {
        let result = format!("result {}", self.result.or_better());
        let tests = self.tests.iter().map(|test| format!("the test {test} passed"));
        let configuration = self.configuration.iter().map(|part| format!("configured by {part}"));
        std::iter::once(result).chain(tests).chain(configuration).collect()
    }

    fn canonical_text(&self) -> String {
        let Self { result, tests, configuration } = self;
        let tests: Vec<String> = tests.iter().map(TextRule::canonical_text).collect();
        let configuration: Vec<_> =
            configuration.iter().map(|part| (part.name.canonical_text(), part.digest.as_ref())).collect();
        format!("result {result}\ntests {tests:?}\nconfiguration {configuration:?}\n")
    }

    fn missing(&self) -> Missing {
        Missing {
            what: "test result",
            expected: "a signed test result (https://in-toto.io/attestation/test-result/v0.1)".to_owned(),
            make:
                "`cosign attest --type https://in-toto.io/attestation/test-result/v0.1 --predicate RESULT IMAGE@DIGEST`"
                    .to_owned(),
        }
    }
}
