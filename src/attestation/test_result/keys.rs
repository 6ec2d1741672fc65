//! The fields of a `test-result` requirement.

use crate::attestation::rules::{Incomplete, Keys};
use crate::policy::document::fields::{Fields, each, glob, optional, or_default, text, word};
use crate::policy::document::problem::Problems;
use crate::policy::document::signers::ReadFile;
use crate::policy::document::yaml::{Node, Value};

use super::rules::{ConfigurationRule, TestOutcome, TestResultRules};

impl Keys for TestResultRules {
    const KEYS: &'static [&'static str] = &["result", "tests", "configuration"];

    fn read(fields: &Fields<'_>, _: ReadFile<'_>, problems: &mut Problems) -> Option<Self> {
        let result = or_default(fields.get("result"), |node| outcome(node, problems));
        let tests = or_default(fields.get("tests"), |node| each(node, "tests", problems, glob));
        let configuration =
            or_default(fields.get("configuration"), |node| each(node, "configurations", problems, configuration));
        if result == Some(TestOutcome::Failed) && fields.get("tests").is_none() && !fields.likely_means("tests") {
            let hint = "name the tests that must have passed: `tests: [NAME]`";
            problems.add(fields.first_place(), "`result: FAILED` needs `tests`: it accepts every test run", hint);
        }
        Some(Self { result: result?, tests: tests?, configuration: configuration? })
    }

    fn plain() -> Result<Self, Incomplete> {
        Ok(Self::default())
    }
}

fn outcome(node: &Node, problems: &mut Problems) -> Option<TestOutcome> {
    TestOutcome::named(&word(node, "test result", &TestOutcome::WORDS, problems)?)
}

/// A name alone, or `{name, digest}`.
fn configuration(node: &Node, problems: &mut Problems) -> Option<ConfigurationRule> {
    if !matches!(node.value, Value::Map(_)) {
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
