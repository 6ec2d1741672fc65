//! Compares a report with an earlier one about the same images.
//!
//! The earlier report is not trusted. It only names the images to verify and the results of then. A field that only one of the
//! reports has is a difference.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::facts::RecordedError;
use crate::check::{CheckId, Finding, ImageReport, ReasonReport, Report, SCHEMA_VERSION, Verdict};
use crate::json;

/// Texts, names, places and times of a run. The verdict and its reasons do not rest on them.
const NOT_COMPARED: [&str; 16] = [
    "cause",
    "comparison",
    "detail",
    "expected",
    "found",
    "lookedIn",
    "message",
    "next",
    "origin",
    "pinned",
    "place",
    "reference",
    "tags",
    "trustDomain",
    "what",
    "where",
];
/// An image that is named more than once is compared with so many of these.
const MOST_ALIKE: usize = 16;
/// So many differences of one image are named.
const MOST: usize = 20;
/// The most characters that are shown of a value.
const LONGEST: usize = 120;

/// The earlier report.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Replayed {
    schema_version: u32,
    tool: Tool,
    policy: Hash,
    trust: Vec<Hash>,
    judged_at: Option<String>,
    #[serde(default)]
    repositories: Vec<Value>,
    images: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct Tool {
    name: String,
    version: String,
}

#[derive(Debug, Deserialize)]
struct Hash {
    sha256: String,
}

/// An image that the report is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayable {
    /// The reference that it was asked for by.
    pub reference: String,
    /// The digest of what the reference named.
    pub digest: String,
}

/// The key of an image.
#[derive(Deserialize)]
struct Root {
    reference: String,
    index: Option<String>,
    digest: Option<String>,
}

impl Root {
    fn of(image: &Value) -> Option<Replayable> {
        let root: Self = json::from_value(image).ok()?;
        Some(Replayable { reference: root.reference, digest: root.index.or(root.digest)? })
    }
}

impl Replayed {
    /// Reads a JSON report of `verify` or `collect`.
    pub fn read(bytes: &[u8]) -> Result<Self, RecordedError> {
        let report: Self = json::from_slice(bytes)?;
        if report.tool.name != env!("CARGO_PKG_NAME") || report.schema_version != SCHEMA_VERSION {
            return Err(RecordedError::Other { name: report.tool.name, version: report.schema_version });
        }
        // Of an audit, the list of tags would have to be replayed too.
        if report.images.is_empty() || !report.repositories.is_empty() {
            return Err(RecordedError::Empty);
        }
        Ok(report)
    }

    /// Returns the images in the report, or `None` if one of them was never read and so cannot be replayed.
    pub fn images(&self) -> Option<Vec<Replayable>> {
        self.images.iter().map(Root::of).collect()
    }

    /// Says what differs between the runs themselves: it concerns every image.
    pub fn differences_of(&self, run: &Report) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.policy.sha256 != run.policy.sha256 {
            findings.push(differs("the policy is another one", &self.policy.sha256, &run.policy.sha256));
        }
        let hashes = |all: BTreeSet<&str>| all.into_iter().collect::<Vec<_>>().join(", ");
        let before = hashes(self.trust.iter().map(|one| one.sha256.as_str()).collect());
        let after = hashes(run.trust.iter().map(|one| one.sha256.as_str()).collect());
        if before != after {
            findings.push(differs("the trusted roots are other ones", &before, &after));
        }
        // A report of then may be replayed as of then.
        if let Some(before) = &self.judged_at {
            let after = run.judged_at.map_or_else(|| "now".to_owned(), |at| at.to_string());
            if *before != after {
                findings.push(differs("it was judged as of another time", before, &after));
            }
        }
        findings
    }

    /// Compares the report on an image with the earlier one. An image with differences is rejected, unless it is undecided
    /// anyway.
    pub fn hold(&self, report: ImageReport, of_run: &[Finding]) -> ImageReport {
        let Ok(now) = serde_json::to_value(&report) else { return report };
        let root = Root::of(&now).map(|root| root.digest);
        let same = self.images.iter().filter(|image| Root::of(image).map(|root| root.digest) == root);
        let compared = same.take(MOST_ALIKE).map(|image| self.differences(image, &now)).min_by_key(Vec::len);
        let not_there = || vec![Finding::fail(CheckId::Replayed, "the report says nothing of this image")];
        let found: Vec<Finding> = of_run.iter().cloned().chain(compared.unwrap_or_else(not_there)).collect();
        if found.is_empty() {
            return report;
        }
        let verdict = if report.verdict == Verdict::Undecided { Verdict::Undecided } else { Verdict::Rejected };
        let findings: Vec<Finding> = report.findings.iter().cloned().chain(found).collect();
        let reason = ReasonReport::of(verdict, &findings, &report.requirements);
        ImageReport { verdict, reason, findings, ..report }
    }

    fn differences(&self, before: &Value, now: &Value) -> Vec<Finding> {
        let is_other_version = self.tool.version != env!("CARGO_PKG_VERSION");
        let mut differences = Differences { is_other_version, found: Vec::new(), more: 0 };
        differences.compare("", &by_content(before), &by_content(now));
        let Differences { mut found, more, .. } = differences;
        if more > 0 {
            found.push(Finding::fail(CheckId::Replayed, format!("it differs from the report in {more} more places")));
        }
        found
    }
}

fn differs(what: &str, before: &str, after: &str) -> Finding {
    Finding::fail(CheckId::Replayed, format!("{what} than in the report")).expected(before).found(after)
}

/// Names evidence by its properties. Its index in a list would change with the place where it is found.
fn by_content(image: &Value) -> Value {
    let mut image = image.clone();
    let text = |candidate: &Value, name: &str| candidate.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
    let candidates = image.get("candidates").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut named: Vec<(String, String, Value)> = candidates
        .into_iter()
        .map(|candidate| {
            let parts = ["kind", "digest", "subject"].map(|name| text(&candidate, name));
            (parts.join(" "), text(&candidate, "id"), candidate)
        })
        .collect();
    named.sort_by(|one, other| one.0.cmp(&other.0));
    let by_id: BTreeMap<String, String> = named.iter().map(|(name, id, _)| (id.clone(), name.clone())).collect();
    image["candidates"] = named.into_iter().map(|(_, _, candidate)| candidate).collect();
    rename(&mut image, &by_id);
    // Passes that only tell of the run.
    let tells = |finding: &Value| {
        let is = |name: &str, word: Value| finding.get(name) == Some(&word);
        is("check", CheckId::ImageResolved.as_str().into()) && is("outcome", "pass".into())
    };
    if let Some(findings) = image.get_mut("findings").and_then(Value::as_array_mut) {
        findings.retain(|finding| !tells(finding));
        if findings.is_empty() {
            image["findings"] = Value::Null;
        }
    }
    image
}

/// Replaces ids of candidates by these names, and sorts lists of them.
fn rename(value: &mut Value, by_id: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(name) = by_id.get(text) {
                text.clone_from(name);
            }
        }
        Value::Array(all) => {
            let is_of_evidence = all.iter().all(|one| one.as_str().is_some_and(|id| by_id.contains_key(id)));
            for one in all.iter_mut() {
                rename(one, by_id);
            }
            if is_of_evidence {
                all.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
            }
        }
        Value::Object(map) => {
            for one in map.values_mut() {
                rename(one, by_id);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What differs, while it is found.
struct Differences {
    /// Whether another version wrote the report, which may have fewer fields.
    is_other_version: bool,
    found: Vec<Finding>,
    more: usize,
}

impl Differences {
    fn compare(&mut self, place: &str, before: &Value, now: &Value) {
        match (before, now) {
            (Value::Object(before), Value::Object(now)) => self.compare_maps(place, before, now),
            (Value::Array(before), Value::Array(now)) if before.len() == now.len() => {
                for (number, (before, now)) in before.iter().zip(now).enumerate() {
                    self.compare(&format!("{place}/{number}"), before, now);
                }
            }
            (before, now) if before == now => {}
            _ if self.found.len() >= MOST => self.more += 1,
            _ => {
                let finding = Finding::fail(CheckId::Replayed, format!("it differs from the report in {place}"));
                self.found.push(finding.expected(shown(before)).found(shown(now)));
            }
        }
    }

    fn compare_maps(&mut self, place: &str, before: &Map<String, Value>, now: &Map<String, Value>) {
        let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        // Of a gap the reason is a word of its own, and of everything else a text.
        let is_compared =
            |name: &str| !NOT_COMPARED.contains(&name) && (name != "reason" || place.starts_with("/gaps/"));
        for name in names.into_iter().filter(|name| is_compared(name)) {
            let old = before.get(name).unwrap_or(&Value::Null);
            if old.is_null() && self.is_other_version {
                continue;
            }
            let shown: String = name.chars().take(LONGEST).collect();
            self.compare(&format!("{place}/{shown}"), old, now.get(name).unwrap_or(&Value::Null));
        }
    }
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => "nothing".to_owned(),
        Value::Array(all) => format!("{} entries", all.len()),
        Value::Object(_) => "an object".to_owned(),
        other => other.to_string(),
    };
    text.chars().take(LONGEST).collect()
}
