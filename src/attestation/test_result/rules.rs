//! The rules for a test result, and the fields of a `test-result` requirement.

use std::fmt;

use serde_json::{Value, json};

use crate::attestation::keys::{Key, declare, lines, set};
use crate::attestation::rules::{Incomplete, Keys, Missing, Rules};
use crate::policy::document::fields::{Fields, each, glob, optional, text, word};
use crate::policy::document::problem::Problems;
use crate::policy::document::schema;
use crate::policy::document::yaml::{self, Node};
use crate::policy::text::TextRule;

declare! {
    /// The rules for a test result.
    #[derive(Debug, Clone, Default)]
    pub struct TestResultRules {
        /// The worst result that satisfies the policy.
        pub result: TestOutcome => Key {
            name: "result",
            required: None,
            schema: || {
                let about = "The worst result that satisfies the policy. FAILED needs `tests` [default: PASSED].";
                schema::about(about, schema::words(&TestOutcome::WORDS))
            },
            example: || json!({"result": "WARNED"}),
            read: |rules, node, at| set(&mut rules.result, outcome(node, at.problems)),
            describe: |rules| vec![format!("result {}", rules.result.or_better())],
            hash: Some(|rules| format!("result {}\n", rules.result)),
        },
        /// Tests that must have passed. Each rule needs a test that it matches, and none of those may have failed.
        pub tests: Vec<TextRule> => Key {
            name: "tests",
            required: None,
            schema: || {
                let name = schema::about("The name of a test; `*` and `**` stand for parts of it.", schema::text());
                let about = "Tests that must have passed. Each of these needs a test that it matches, and none of those may have failed; unless `result` is PASSED, they may have passed with warnings.";
                schema::list(about, &schema::such_as("build (linux/amd64)", name))
            },
            example: || json!({"tests": "unit"}),
            read: |rules, node, at| set(&mut rules.tests, each(node, "tests", at.problems, glob)),
            describe: |rules| lines(&rules.tests, |test| format!("the test {test} passed")),
            hash: Some(|rules| {
                let tests: Vec<String> = rules.tests.iter().map(TextRule::canonical_text).collect();
                format!("tests {tests:?}\n")
            }),
        },
        /// What must be among the configuration of the run, each of these.
        pub configuration: Vec<ConfigurationRule> => Key {
            name: "configuration",
            required: None,
            schema: || {
                let about = "What must be among the configuration of the test run, each of these.";
                schema::list(about, &configuration_schema())
            },
            example: || json!({"configuration": ".github/workflows/ci.yml"}),
            read: |rules, node, at| {
                set(&mut rules.configuration, each(node, "configurations", at.problems, configuration))
            },
            describe: |rules| lines(&rules.configuration, |part| format!("configured by {part}")),
            hash: Some(|rules| {
                let text = |part: &ConfigurationRule| (part.name.canonical_text(), part.digest.clone());
                let configuration: Vec<_> = rules.configuration.iter().map(text).collect();
                format!("configuration {configuration:?}\n")
            }),
        },
    }
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

impl Keys for TestResultRules {
    fn start() -> Self {
        Self::default()
    }

    fn check(&self, fields: &Fields<'_>, problems: &mut Problems) {
        if self.result == TestOutcome::Failed && fields.get("tests").is_none() && !fields.likely_means("tests") {
            let hint = "name the tests that must have passed: `tests: [NAME]`";
            problems.add(fields.first_place(), "`result: FAILED` needs `tests`: it accepts every test run", hint);
        }
    }

    fn plain() -> Result<Self, Incomplete> {
        Ok(Self::default())
    }
}

impl Rules for TestResultRules {
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

fn outcome(node: &Node, problems: &mut Problems) -> Option<TestOutcome> {
    TestOutcome::named(&word(node, "test result", &TestOutcome::WORDS, problems)?)
}

/// A name alone, or `{name, digest}`.
fn configuration(node: &Node, problems: &mut Problems) -> Option<ConfigurationRule> {
    if !matches!(node.value, yaml::Value::Map(_)) {
        return Some(ConfigurationRule { name: glob(node, problems)?, digest: None });
    }
    let fields = Fields::of(node, "a configuration", &["name", "digest"], problems)?;
    let hint = "add `name: …`: the name, URI or download location in the test result";
    let name = fields.required("name", hint, problems).and_then(|node| glob(node, problems));
    let digest = optional(fields.get("digest"), |node| digest(node, problems));
    Some(ConfigurationRule { name: name?, digest: digest? })
}

/// `sha256:…`, or another algorithm of in-toto, such as `gitBlob:…`. Shorter digests than SHA-1 tell nothing apart.
fn digest(node: &Node, problems: &mut Problems) -> Option<(String, String)> {
    let written = text(node, problems)?;
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let is_digits = |text: &str| text.len() >= 40 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let parts = written.split_once(':').filter(|(name, digits)| is_name(name) && is_digits(digits));
    let Some((algorithm, digits)) = parts else {
        let hint = "write the algorithm and all digits in lower case: sha256:… or gitBlob:…";
        problems.add(node.place, format!("`{written}` is not a digest"), hint);
        return None;
    };
    Some((algorithm.to_owned(), digits.to_owned()))
}

fn configuration_schema() -> Value {
    let about = "Its name, URI or download location; `*` stays inside a path segment, `**` crosses.";
    let name = schema::such_as(".github/workflows/ci.yml", schema::about(about, schema::text()));
    let digest = schema::matching("^[A-Za-z0-9_]+:[0-9a-f]{40,}$");
    let digest = schema::such_as("gitBlob:ebe4add40f63c3c98bc9b32ff1e736f04120b023", digest);
    let about = "Its digest: the algorithm as in-toto names it, and all digits in lower case.";
    let keys = json!({"name": name, "digest": schema::about(about, digest)});
    json!({"anyOf": [name, schema::mapping("A configuration, by its name and digest.", &["name"], &keys)]})
}
