//! Test results: the outcome of one run of a test suite (in-toto `spec/predicates/test-result.md`).
//!
//! A missing, unknown or mistyped result is not a result, and satisfies nothing.

pub(crate) mod checks;
pub(crate) mod rules;
pub(crate) mod section;
pub(crate) mod types;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::attestation::judging::{Judging, first_of};
use crate::attestation::section::Section;
use crate::attestation::wire;
use crate::check::{CheckId, Finding};
use crate::policy::{Asked, TextRule};
use crate::time_limit::TimeLimit;
use crate::verify::question::Question;

use rules::{ConfigurationRule, TestOutcome, TestResultRules};
use section::TestResultReport;

/// Tests that a message names, and a report.
const SHOWN: usize = 10;

/// A test result, read.
#[derive(Debug)]
pub(crate) struct TestResult {
    result: TestOutcome,
    configuration: Vec<Resource>,
    url: Option<String>,
    passed: Vec<String>,
    warned: Vec<String>,
    failed: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(default)]
    result: Option<String>,
    #[serde(default)]
    configuration: Option<Vec<Resource>>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    passed_tests: Option<Vec<String>>,
    #[serde(default)]
    warned_tests: Option<Vec<String>>,
    #[serde(default)]
    failed_tests: Option<Vec<String>>,
}

/// in-toto `spec/v1/resource_descriptor.md`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    uri: Option<String>,
    #[serde(default)]
    download_location: Option<String>,
    #[serde(default)]
    digest: Option<BTreeMap<String, String>>,
}

impl Resource {
    fn names(&self) -> impl Iterator<Item = &String> {
        [&self.name, &self.uri, &self.download_location].into_iter().flatten()
    }

    fn satisfies(&self, rule: &ConfigurationRule) -> bool {
        let has = |(algorithm, digits): &(String, String)| {
            self.digest.as_ref().and_then(|stated| stated.get(algorithm)).is_some_and(|stated| stated == digits)
        };
        self.names().any(|name| rule.name.matches(name)) && rule.digest.as_ref().is_none_or(has)
    }

    fn describe(&self) -> String {
        let digest = || self.digest.as_ref()?.iter().next().map(|(algorithm, digits)| format!("{algorithm}:{digits}"));
        self.names().next().cloned().or_else(digest).unwrap_or_else(|| "unnamed".to_owned())
    }
}

impl TestResult {
    /// Reads a predicate of a test result's type.
    pub(crate) fn read(_: &str, predicate: &str) -> Result<Self, Finding> {
        let wire: Wire = wire::read(predicate).map_err(malformed)?;
        let result = wire.result.ok_or_else(|| malformed("`result` is missing"))?;
        let known = TestOutcome::named(&result);
        Ok(Self {
            result: known.ok_or_else(|| malformed(format!("`result` is `{}`", result.escape_debug())))?,
            configuration: wire.configuration.ok_or_else(|| malformed("`configuration` is missing"))?,
            url: wire.url,
            passed: wire.passed_tests.unwrap_or_default(),
            warned: wire.warned_tests.unwrap_or_default(),
            failed: wire.failed_tests.unwrap_or_default(),
        })
    }

    /// The result that the lists of tests leave possible at best.
    fn listed(&self) -> TestOutcome {
        match (self.failed.is_empty(), self.warned.is_empty()) {
            (false, _) => TestOutcome::Failed,
            (true, false) => TestOutcome::Warned,
            (true, true) => TestOutcome::Passed,
        }
    }

    /// "In the simplest case, the policy applies to all tests. Therefore, it asserts the contents of `result` and that
    /// `failedTests` is empty."
    fn check_agreement(&self) -> Option<Finding> {
        let listed = self.listed();
        (listed > self.result).then(|| {
            Finding::fail(CheckId::TestResultOutcome, "the test result contradicts its own lists of tests")
                .expected(listed.as_str())
                .found(format!("{}, with {}", self.result, self.counts()))
                .next("have the tests run and attested again: either the result or a list is wrong")
        })
    }

    fn check_outcome(&self, rules: &TestResultRules) -> Finding {
        if self.result <= rules.result {
            return Finding::pass(CheckId::TestResultOutcome, format!("the test run ended as {}", self.result));
        }
        let failed =
            if self.failed.is_empty() { String::new() } else { format!(": {}", first_of(&self.failed, SHOWN)) };
        Finding::fail(CheckId::TestResultOutcome, format!("the test run ended as {}", self.result))
            .expected(rules.result.or_better())
            .found(format!("{}{failed}", self.counts()))
            .next("read the log of the test run; release an image whose tests pass")
    }

    fn check_test(&self, rule: &TextRule, rules: &TestResultRules, time: TimeLimit<'_>) -> Finding {
        let matched = |tests: &[String]| -> Vec<String> {
            tests.iter().take_while(|_| !time.is_over()).filter(|test| rule.matches(test)).cloned().collect()
        };
        let warnings_pass = rules.result > TestOutcome::Passed;
        let (failed, warned) = (matched(&self.failed), matched(&self.warned));
        let expected = format!("{rule}, {}", if warnings_pass { "passed, perhaps with warnings" } else { "passed" });
        let problem = if !failed.is_empty() {
            Some(("a required test failed", first_of(&failed, SHOWN)))
        } else if !warned.is_empty() && !warnings_pass {
            Some(("a required test passed with warnings", first_of(&warned, SHOWN)))
        } else if warned.is_empty() && matched(&self.passed).is_empty() {
            Some(("a required test is not in the test result", self.counts()))
        } else {
            None
        };
        match problem {
            None => Finding::pass(CheckId::TestResultTests, format!("the test {rule} passed")),
            Some((message, found)) => Finding::fail(CheckId::TestResultTests, message)
                .expected(expected)
                .found(found)
                .next("have the test run on this image, or correct its name in the policy"),
        }
    }

    fn check_configuration(&self, rule: &ConfigurationRule) -> Finding {
        if self.configuration.iter().any(|resource| resource.satisfies(rule)) {
            return Finding::pass(CheckId::TestResultConfiguration, format!("the run was configured by {rule}"));
        }
        let names: Vec<String> = self.configuration.iter().map(Resource::describe).collect();
        Finding::fail(CheckId::TestResultConfiguration, "the test run used another configuration")
            .expected(rule.to_string())
            .found(if names.is_empty() { "no configuration".to_owned() } else { first_of(&names, SHOWN) })
            .next("find out who changed the configuration of the tests, or name the new one in the policy")
    }

    fn counts(&self) -> String {
        let (passed, warned, failed) = (self.passed.len(), self.warned.len(), self.failed.len());
        format!("{passed} tests passed, {warned} with warnings, {failed} failed")
    }
}

impl Judging for TestResult {
    fn format(&self) -> CheckId {
        CheckId::TestResultFormat
    }

    fn judge(&self, question: &Question<'_>) -> Vec<Finding> {
        let read = Finding::pass(CheckId::TestResultFormat, format!("a test run that ended as {}", self.result));
        let mut findings: Vec<Finding> = [read].into_iter().chain(self.check_agreement()).collect();
        if let Some(Asked::TestResult(rules)) = question.expected.map(|expected| expected.asked) {
            findings.push(self.check_outcome(rules));
            findings.extend(rules.tests.iter().map(|rule| self.check_test(rule, rules, question.time)));
            findings.extend(rules.configuration.iter().map(|rule| self.check_configuration(rule)));
        }
        findings
    }

    fn section(&self) -> Section {
        Section::TestResult(TestResultReport {
            result: self.result.to_string(),
            url: self.url.clone(),
            configuration: self.configuration.iter().map(Resource::describe).collect(),
            passed: self.passed.len() as u64,
            warned: self.warned.len() as u64,
            failed: self.failed.len() as u64,
            failed_tests: self.failed.iter().take(SHOWN).cloned().collect(),
        })
    }
}

fn malformed(reason: impl Into<String>) -> Finding {
    Finding::fail(CheckId::TestResultFormat, "the test result cannot be read")
        .expected("an in-toto test result v0.1: `result` is PASSED, WARNED or FAILED, `configuration` is a list")
        .found(reason)
        .next("attest the result again, with every field that the specification requires")
}
