//! The JSON report of osv-scanner (osv-scanner `pkg/models/results.go`).

use std::collections::{BTreeSet, HashSet};

use serde::Deserialize;

use crate::json;
use crate::packages::Severity;

use super::model::{Findings, Rating, Vulnerability};

#[derive(Deserialize)]
struct Report {
    results: Vec<Source>,
}

#[derive(Deserialize)]
struct Source {
    packages: Vec<Scanned>,
}

#[derive(Deserialize)]
struct Scanned {
    package: Package,
    #[serde(default)]
    vulnerabilities: Option<Vec<Record>>,
    /// Records about one vulnerability, under one rating.
    #[serde(default)]
    groups: Option<Vec<Group>>,
}

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
}

#[derive(Deserialize)]
struct Record {
    id: String,
}

#[derive(Deserialize)]
struct Group {
    ids: Vec<String>,
    #[serde(default)]
    aliases: Option<Vec<String>>,
    /// Empty where no record has a score.
    #[serde(default)]
    max_severity: Option<String>,
}

/// Reads a report. Packages without a finding are left out of it.
pub(super) fn read(text: &str) -> Result<Findings, String> {
    let report: Report = json::from_part(text).map_err(|error| error.to_string())?;
    let packages = report.results.into_iter().flat_map(|source| source.packages);
    Ok(Findings { vulnerabilities: packages.flat_map(vulnerabilities).collect(), ..Findings::default() })
}

fn vulnerabilities(scanned: Scanned) -> Vec<Vulnerability> {
    let name = format!("{} {}", scanned.package.name, scanned.package.version);
    let package = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
    let groups = scanned.groups.unwrap_or_default();
    let grouped: BTreeSet<String> = groups.iter().flat_map(|group| group.ids.iter().cloned()).collect();
    let found = |ids: Vec<String>, rating| {
        // Malware has no score, and nothing is worse.
        let is_malware = ids.iter().any(|id| id.starts_with("MAL-"));
        let rating = if is_malware { Rating::of(Some(Severity::Critical)) } else { rating };
        Vulnerability { ids, rating, package: package.clone(), ..Vulnerability::default() }
    };
    let alone = scanned.vulnerabilities.unwrap_or_default().into_iter().filter(|record| !grouped.contains(&record.id));
    let alone: Vec<Vulnerability> = alone.map(|record| found(vec![record.id], Rating::UNKNOWN)).collect();
    let rated = groups.into_iter().map(|group| {
        let known: HashSet<&String> = group.ids.iter().collect();
        let aliases = group.aliases.unwrap_or_default().into_iter().filter(|alias| !known.contains(alias));
        let aliases: Vec<String> = aliases.collect();
        let rating = Rating::of(group.max_severity.as_deref().and_then(Severity::of));
        found(group.ids.into_iter().chain(aliases).collect(), rating)
    });
    rated.chain(alone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_vulnerabilities_and_what_is_in_none_is_of_unknown_severity() {
        let report = r#"{"results":[{"source":{"path":"/app","type":"docker"},"packages":[{"package":{"name":"lodash","version":"4.17.20",
            "ecosystem":"npm"},"vulnerabilities":[{"id":"GHSA-1"},{"id":"GHSA-2"},{"id":"MAL-1"}],
            "groups":[{"ids":["GHSA-1"],"aliases":["CVE-1","GHSA-1"],"max_severity":"7.2"},{"ids":["MAL-1"],"max_severity":""}]}]}],
            "experimental_config":{}}"#;
        let found = read(report).expect("a report").vulnerabilities;
        let said: Vec<String> = found.iter().map(Vulnerability::describe).collect();
        assert_eq!(
            said,
            [
                "GHSA-1 in lodash 4.17.20 (high)",
                "MAL-1 in lodash 4.17.20 (critical)",
                "GHSA-2 in lodash 4.17.20 (unknown severity)"
            ]
        );
        assert_eq!(found[0].ids, ["GHSA-1", "CVE-1"]);
        assert_eq!(read(r#"{"results":[],"experimental_config":{}}"#).expect("a clean one").vulnerabilities, []);
        assert!(read(r#"{"results":null,"experimental_config":{}}"#).is_err());
    }
}
