//! The report's section for a verified test result.

use serde::{Deserialize, Serialize};

use crate::attestation::section::{Line, Shown};

/// The content of a verified test result. It is the claim of the test runner; only its signer is verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestResultReport {
    /// `PASSED`, `WARNED` or `FAILED`.
    pub result: String,
    /// The test run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The configuration of the run, each by its name, URI, download location or digest.
    pub configuration: Vec<String>,
    /// How many tests passed.
    pub passed: u64,
    /// How many tests passed with warnings.
    pub warned: u64,
    /// How many tests failed.
    pub failed: u64,
    /// The first tests that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_tests: Vec<String>,
}

impl Shown for TestResultReport {
    fn lines(&self) -> Vec<Line> {
        let configuration = (!self.configuration.is_empty()).then(|| ("configured", self.configuration.join(", ")));
        let url = self.url.as_ref().map(|url| ("run", url.clone()));
        let more = if self.failed_tests.len() as u64 == self.failed { "" } else { " and more" };
        let failed = (self.failed > 0).then(|| ("failed", format!("{}{more}", self.failed_tests.join(", "))));
        [("tests", self.counts())].into_iter().chain(configuration).chain(url).chain(failed).collect()
    }

    fn brief(&self, _: Option<&str>) -> Vec<String> {
        vec![self.counts()]
    }
}

impl TestResultReport {
    fn counts(&self) -> String {
        let Self { result, passed, warned, failed, .. } = self;
        format!("{result}: {passed} tests passed, {warned} with warnings, {failed} failed")
    }
}
