//! GitLab's report of a container scan (gitlab-org/security-products `container-scanning-report-format.json`), which Docker Scout
//! and trivy write too.

use serde::Deserialize;

use crate::json;
use crate::packages::Severity;

use super::model::{Findings, Rating, Vulnerability};

#[derive(Deserialize)]
struct Report {
    scan: Scan,
    vulnerabilities: Vec<Reported>,
}

#[derive(Deserialize)]
struct Scan {
    status: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Reported {
    #[serde(default)]
    severity: Option<String>,
    identifiers: Vec<Identifier>,
    #[serde(default)]
    location: Option<Location>,
}

#[derive(Deserialize)]
struct Identifier {
    name: String,
}

#[derive(Deserialize)]
struct Location {
    #[serde(default)]
    dependency: Option<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    #[serde(default)]
    package: Option<Package>,
    #[serde(default)]
    version: Option<String>,
}

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    name: String,
}

/// Reads a report.
pub(super) fn read(text: &str) -> Result<Findings, String> {
    let report: Report = json::from_part(text).map_err(|error| error.to_string())?;
    if report.scan.status != "success" {
        return Err(format!("a GitLab report of a scan whose status is `{}`", report.scan.status.escape_debug()));
    }
    if !matches!(report.scan.kind.as_str(), "container_scanning" | "dependency_scanning") {
        return Err(format!("a GitLab report of a scan of type `{}`", report.scan.kind.escape_debug()));
    }
    let vulnerabilities = report.vulnerabilities.into_iter().map(vulnerability).collect::<Result<_, _>>()?;
    Ok(Findings { vulnerabilities, ..Findings::default() })
}

fn vulnerability(one: Reported) -> Result<Vulnerability, String> {
    let ids: Vec<String> = one.identifiers.into_iter().map(|identifier| identifier.name).collect();
    if ids.is_empty() {
        return Err("a vulnerability without an identifier".to_owned());
    }
    let dependency = one.location.and_then(|location| location.dependency);
    let package = dependency.and_then(|dependency| {
        let version = dependency.version.map(|version| format!(" {version}")).unwrap_or_default();
        Some(format!("{}{version}", dependency.package?.name))
    });
    // `Info` is a severity of its own there, below `Low`.
    let severity = one.severity.as_deref().and_then(|word| match word {
        "Info" => Some(Severity::None),
        other => Severity::of(other),
    });
    Ok(Vulnerability { ids, rating: Rating::of(severity), package, ..Vulnerability::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(status: &str, vulnerabilities: &str) -> String {
        format!(
            r#"{{"version":"15.0.7","scan":{{"type":"container_scanning","status":"{status}","scanner":{{"id":"docker-scout"}}}},"vulnerabilities":[{vulnerabilities}]}}"#
        )
    }

    #[test]
    fn a_scan_that_succeeded_is_read() {
        let one = r#"{"id":"x","severity":"Critical","identifiers":[{"type":"cve","name":"CVE-1","value":"CVE-1"}],
            "location":{"dependency":{"package":{"name":"openssl"},"version":"3.0.1"}}}"#;
        let found = read(&report("success", one)).expect("a report").vulnerabilities;
        assert_eq!(found[0].describe(), "CVE-1 in openssl 3.0.1 (critical)");
        assert_eq!(read(&report("success", "")).expect("a clean one").vulnerabilities, []);
        let unknown = one.replace("Critical", "Unknown");
        assert_eq!(read(&report("success", &unknown)).expect("a report").vulnerabilities[0].rating, Rating::UNKNOWN);
    }

    #[test]
    fn a_scan_that_failed_or_names_nothing_is_not_clean() {
        assert!(read(&report("failure", "")).is_err());
        assert!(read(&report("success", r#"{"identifiers":[]}"#)).is_err());
        assert!(read(&report("success", "").replace("container_scanning", "sast")).is_err());
    }
}
