//! SARIF 2.1.0, as trivy, grype and others write it for vulnerabilities.

use std::collections::HashMap;

use serde::Deserialize;

use crate::json;
use crate::packages::Severity;

use super::model::{Findings, Scan, Scanner, Vulnerability};
use super::predicate::time;

#[derive(Deserialize)]
struct Document {
    version: String,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    tool: Tool,
    #[serde(default)]
    invocations: Option<Vec<Invocation>>,
    /// §3.14.23: absent or null where the tool did not run to its end.
    #[serde(default)]
    results: Option<Vec<Reported>>,
}

#[derive(Deserialize)]
struct Tool {
    driver: Driver,
}

#[derive(Deserialize)]
struct Driver {
    name: String,
    #[serde(default, rename = "informationUri")]
    uri: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    rules: Option<Vec<Rule>>,
}

#[derive(Deserialize)]
struct Rule {
    id: String,
    #[serde(default)]
    properties: Option<Properties>,
}

#[derive(Deserialize)]
struct Properties {
    /// GitHub's code scanning: a score of CVSS as a text.
    #[serde(default, rename = "security-severity")]
    severity: Option<String>,
}

#[derive(Deserialize)]
struct Invocation {
    #[serde(default, rename = "endTimeUtc")]
    ended: Option<String>,
    /// §3.20.14: whether the tool did what it was started for. Required, and left out by some.
    #[serde(default, rename = "executionSuccessful")]
    is_successful: Option<bool>,
}

#[derive(Deserialize)]
struct Reported {
    #[serde(default, rename = "ruleId")]
    rule_id: Option<String>,
    #[serde(default, rename = "ruleIndex")]
    rule_index: Option<i64>,
    /// §3.27.9: `fail` where it is absent.
    #[serde(default)]
    kind: Option<String>,
}

/// Reads a report inside of another predicate.
pub(super) fn read(text: &str) -> Result<Findings, String> {
    let mut all = Findings::default();
    for run in document(text)?.runs {
        all.vulnerabilities.extend(findings(run)?.vulnerabilities);
    }
    Ok(all)
}

/// Reads a report that is the predicate.
pub(super) fn read_document(text: &str) -> Result<Scan, String> {
    let mut scan = Scan::default();
    for run in document(text)?.runs {
        let ended = run.invocations.iter().flatten().filter_map(|one| one.ended.clone()).max();
        // Of several runs the first to end is the oldest knowledge.
        let ended = time("endTimeUtc", ended)?;
        scan.finished = if scan.scanners.is_empty() { ended } else { scan.finished.min(ended) };
        let driver = &run.tool.driver;
        scan.scanners.push(Scanner {
            uri: driver.uri.clone().unwrap_or_else(|| driver.name.clone()),
            version: driver.version.clone(),
            database: None,
            stated_update: None,
            result: findings(run),
        });
    }
    Ok(scan)
}

fn document(text: &str) -> Result<Document, String> {
    let document: Document = json::from_part(text).map_err(|error| error.to_string())?;
    match (document.version.as_str(), document.runs.is_empty()) {
        ("2.1.0", false) => Ok(document),
        ("2.1.0", true) => Err("a SARIF report without a run".to_owned()),
        (other, _) => Err(format!("SARIF {other}, of which only 2.1.0 is read")),
    }
}

fn findings(run: Run) -> Result<Findings, String> {
    if run.invocations.iter().flatten().any(|one| one.is_successful == Some(false)) {
        return Err("a SARIF report of a run that failed".to_owned());
    }
    let rules = Rules::of(run.tool.driver.rules.unwrap_or_default());
    let results = run.results.ok_or("a SARIF report of a run without results")?;
    let failed = results.into_iter().filter(|one| !matches!(one.kind.as_deref(), Some("pass" | "notApplicable")));
    let vulnerabilities = failed.map(|one| vulnerability(one, &rules)).collect::<Result<_, _>>()?;
    Ok(Findings { vulnerabilities, database_built: None })
}

/// The rules of a tool, found by place and by id: there may be as many as there are results.
struct Rules {
    listed: Vec<Rule>,
    by_id: HashMap<String, usize>,
}

impl Rules {
    fn of(listed: Vec<Rule>) -> Self {
        let by_id = listed.iter().enumerate().rev().map(|(place, rule)| (rule.id.clone(), place)).collect();
        Self { listed, by_id }
    }

    fn get(&self, place: Option<i64>, id: Option<&String>) -> Option<&Rule> {
        let by_place = place.and_then(|place| self.listed.get(usize::try_from(place).ok()?));
        by_place.or_else(|| self.listed.get(*self.by_id.get(id?)?))
    }
}

fn vulnerability(one: Reported, rules: &Rules) -> Result<Vulnerability, String> {
    let rule = rules.get(one.rule_index, one.rule_id.as_ref());
    let id = one.rule_id.or_else(|| rule.map(|rule| rule.id.clone())).ok_or("a SARIF result without a rule")?;
    let severity = rule.and_then(|rule| rule.properties.as_ref()?.severity.as_deref()).and_then(Severity::of);
    let known = known_id(&id).filter(|known| *known != id).map(str::to_owned);
    Ok(Vulnerability { ids: known.into_iter().chain([id]).collect(), severity, ..Vulnerability::default() })
}

/// grype's rules are called by vulnerability and package: `CVE-2021-28831-busybox`.
fn known_id(rule: &str) -> Option<&str> {
    let parts = if rule.starts_with("CVE-") {
        3
    } else if rule.starts_with("GHSA-") {
        4
    } else {
        return None;
    };
    let end = rule.match_indices('-').nth(parts - 1).map_or(rule.len(), |(position, _)| position);
    Some(&rule[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"Grype","informationUri":"https://github.com/anchore/grype",
        "version":"0.80.0","rules":[{"id":"CVE-2021-28831-busybox","properties":{"security-severity":"7.5"}},{"id":"GHSA-aaaa-bbbb-cccc-x"}]}},
        "invocations":[{"endTimeUtc":"2026-03-01T11:00:00Z"}],
        "results":[{"ruleId":"CVE-2021-28831-busybox","ruleIndex":0},{"ruleId":"GHSA-aaaa-bbbb-cccc-x"},{"ruleId":"ok","kind":"pass"}]}]}"#;

    #[test]
    fn results_have_the_severity_of_their_rule_and_the_id_in_its_name() {
        let scan = read_document(REPORT).expect("a report");
        assert_eq!(scan.finished.map(|time| time.to_string()).as_deref(), Some("2026-03-01T11:00:00Z"));
        assert_eq!(scan.scanners[0].uri, "https://github.com/anchore/grype");
        let found = &scan.scanners[0].result.as_ref().expect("results").vulnerabilities;
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].ids[0].as_str(), found[0].severity), ("CVE-2021-28831", Some(Severity::High)));
        assert_eq!((found[1].ids[0].as_str(), found[1].severity), ("GHSA-aaaa-bbbb-cccc", None));
    }

    #[test]
    fn a_run_that_did_not_end_or_never_began_is_not_clean() {
        for report in [
            r#"{"version":"2.1.0","runs":[]}"#,
            r#"{"version":"2.0.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[]}]}"#,
            r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}}}]}"#,
            r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":null}]}"#,
            r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[{}]}]}"#,
            r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[],"invocations":[{"executionSuccessful":false}]}]}"#,
        ] {
            assert!(read(report).is_err(), "{report}");
        }
    }
}
