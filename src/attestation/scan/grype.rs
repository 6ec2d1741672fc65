//! The JSON report of grype (grype `grype/presenter/models/document.go`).

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::json;
use crate::packages::Severity;

use super::model::{Findings, Rating, Vulnerability, time};

#[derive(Deserialize)]
struct Document {
    matches: Vec<Match>,
    /// What grype was told to ignore, by its configuration or by VEX.
    #[serde(default, rename = "ignoredMatches")]
    ignored: Option<Vec<IgnoredAny>>,
    #[serde(default)]
    source: Option<Source>,
    #[serde(default)]
    descriptor: Option<Descriptor>,
}

/// What was scanned: an image is an object, a folder is a text.
#[derive(Deserialize)]
struct Source {
    #[serde(default)]
    target: Option<json::TextOr<Target>>,
}

#[derive(Deserialize)]
struct Target {
    #[serde(default, rename = "repoDigests")]
    repo_digests: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Match {
    vulnerability: Named,
    #[serde(default, rename = "relatedVulnerabilities")]
    related: Option<Vec<Named>>,
    #[serde(default)]
    artifact: Option<Artifact>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
    #[serde(default)]
    severity: Option<String>,
    #[serde(default)]
    fix: Option<Fix>,
}

#[derive(Deserialize)]
struct Fix {
    #[serde(default)]
    versions: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Artifact {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    purl: Option<String>,
}

#[derive(Deserialize)]
struct Descriptor {
    #[serde(default)]
    db: Option<Database>,
}

/// The date stands in `db` itself, or in its `status` since version 6 of the database.
#[derive(Deserialize)]
struct Database {
    #[serde(default)]
    built: Option<String>,
    #[serde(default)]
    status: Option<Status>,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    built: Option<String>,
}

/// Reads a report. Findings that grype was told to ignore are in another list; only its length is kept.
pub(super) fn read(text: &str) -> Result<Findings, String> {
    let document: Document = json::from_part(text).map_err(|error| error.to_string())?;
    Ok(Findings {
        images: match document.source.and_then(|source| source.target) {
            Some(json::TextOr::Object(target)) => target.repo_digests.unwrap_or_default(),
            _ => Vec::new(),
        },
        database_built: built(document.descriptor)?,
        ignored: document.ignored.map_or(0, |ignored| ignored.len() as u64),
        vulnerabilities: document.matches.into_iter().map(vulnerability).collect(),
    })
}

fn built(descriptor: Option<Descriptor>) -> Result<Option<Timestamp>, String> {
    let Some(database) = descriptor.and_then(|descriptor| descriptor.db) else { return Ok(None) };
    time("descriptor.db.built", database.built.or_else(|| database.status?.built).as_deref())
}

/// An advisory of a distribution is related to every vulnerability that it mends: it has another name only where that is one
/// alone, or who answers one of them would answer all.
fn vulnerability(one: Match) -> Vulnerability {
    let related: BTreeSet<String> = one.related.into_iter().flatten().map(|named| named.id).collect();
    let others: Vec<String> = related.into_iter().filter(|id| *id != one.vulnerability.id).collect();
    let alias = <[String; 1]>::try_from(others).ok().into_iter().flatten();
    let artifact = one.artifact.unwrap_or(Artifact { name: None, version: None, purl: None });
    let version = artifact.version.map(|version| format!(" {version}")).unwrap_or_default();
    Vulnerability {
        ids: std::iter::once(one.vulnerability.id).chain(alias).collect(),
        rating: Rating::of(one.vulnerability.severity.as_deref().and_then(Severity::of)),
        package: artifact.name.map(|name| format!("{name}{version}")),
        purl: artifact.purl.filter(|purl| !purl.is_empty()),
        fixed_in: one.vulnerability.fix.and_then(|fix| fix.versions?.into_iter().next()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_read_with_their_aliases_and_the_age_of_the_database() {
        let report = |db: &str| {
            format!(
                r#"{{"matches":[{{"vulnerability":{{"id":"GHSA-1","severity":"Critical","fix":{{"versions":["2.0"],"state":"fixed"}}}},
                "relatedVulnerabilities":[{{"id":"CVE-1"}}],"artifact":{{"name":"log4j","version":"1.0","purl":"pkg:maven/log4j/log4j@1.0"}}}}],
                "ignoredMatches":[{{"vulnerability":{{"id":"CVE-9"}}}}],"descriptor":{{"name":"grype","db":{db}}}}}"#
            )
        };
        for db in [r#"{"built":"2026-03-01T08:00:00Z"}"#, r#"{"status":{"built":"2026-03-01T08:00:00Z"}}"#] {
            let found = read(&report(db)).expect("a report");
            assert_eq!(found.database_built.map(|time| time.to_string()).as_deref(), Some("2026-03-01T08:00:00Z"));
            assert_eq!((found.vulnerabilities.len(), found.ignored), (1, 1));
            let one = &found.vulnerabilities[0];
            assert_eq!(
                (one.ids.as_slice(), one.rating.severity),
                (["GHSA-1".to_owned(), "CVE-1".to_owned()].as_slice(), Some(Severity::Critical))
            );
            assert_eq!(one.describe(), "GHSA-1 in log4j 1.0 (critical, fixed in 2.0)");
        }
        assert!(read(r#"{"matches":null}"#).is_err());
        assert_eq!(read(r#"{"matches":[]}"#).expect("nothing found").vulnerabilities, []);
    }

    #[test]
    fn an_advisory_about_several_vulnerabilities_has_the_name_of_none_of_them() {
        let ids = |related: &str| {
            let report = format!(
                r#"{{"matches":[{{"vulnerability":{{"id":"ELSA-1"}},"relatedVulnerabilities":[{related}]}}]}}"#
            );
            read(&report).expect("a report").vulnerabilities[0].ids.clone()
        };
        assert_eq!(ids(r#"{"id":"CVE-1"},{"id":"CVE-1"},{"id":"ELSA-1"}"#), ["ELSA-1", "CVE-1"]);
        assert_eq!(ids(r#"{"id":"CVE-1"},{"id":"CVE-2"}"#), ["ELSA-1"]);
        assert_eq!(ids(""), ["ELSA-1"]);
    }
}
