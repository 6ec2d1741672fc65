//! The JSON report of trivy (trivy `pkg/types/report.go`, schema version 2).

use serde::Deserialize;

use crate::json;
use crate::packages::Severity;

use super::model::{Findings, Rating, Vulnerability};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Report {
    #[serde(default)]
    artifact_name: Option<String>,
    #[serde(default)]
    artifact_type: Option<String>,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default)]
    results: Option<Vec<Target>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    #[serde(default)]
    repo_digests: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    #[serde(default, rename = "Target")]
    name: Option<String>,
    #[serde(default)]
    class: Option<String>,
    /// Left out where nothing was found.
    #[serde(default)]
    vulnerabilities: Option<Vec<Detected>>,
    /// What was left out of the list, by `.trivyignore` or by VEX (`pkg/types/finding.go`).
    #[serde(default, rename = "ExperimentalModifiedFindings")]
    modified: Option<Vec<Modified>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Modified {
    #[serde(default, rename = "Type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Detected {
    #[serde(rename = "VulnerabilityID")]
    id: String,
    #[serde(default, rename = "VendorIDs")]
    vendor_ids: Option<Vec<String>>,
    #[serde(default, rename = "PkgName")]
    package: Option<String>,
    #[serde(default, rename = "PkgIdentifier")]
    identifier: Option<Identifier>,
    #[serde(default, rename = "InstalledVersion")]
    version: Option<String>,
    #[serde(default, rename = "FixedVersion")]
    fixed: Option<String>,
    #[serde(default, rename = "Severity")]
    severity: Option<String>,
}

#[derive(Deserialize)]
struct Identifier {
    #[serde(default, rename = "PURL")]
    purl: Option<String>,
}

/// Reads a report.
pub(super) fn read(text: &str) -> Result<Findings, String> {
    let report: Report = json::from_part(text).map_err(|error| error.to_string())?;
    let results = report.results.unwrap_or_default();
    let images = report.metadata.and_then(|metadata| metadata.repo_digests).unwrap_or_default();
    let names_artifact = |text: Option<String>| text.is_some_and(|text| !text.is_empty());
    // trivy leaves `Results` out where there are none; a report by it still says what it is about.
    if results.is_empty() && names_artifact(report.artifact_name) && names_artifact(report.artifact_type) {
        return Ok(Findings { images, ..Findings::default() });
    }
    findings(results).map(|found| Findings { images, ..found })
}

/// Reads the list of targets that older versions write alone.
pub(super) fn read_targets(text: &str) -> Result<Findings, String> {
    findings(json::from_part(text).map_err(|error| error.to_string())?)
}

/// Of a scan for vulnerabilities each target is there, whether something was found or not. A report without one, or of
/// secrets and misconfigurations alone, is of another scan, or of an image that trivy does not know.
fn findings(targets: Vec<Target>) -> Result<Findings, String> {
    let looked_at = |target: &Target| {
        let has_packages = matches!(target.class.as_deref(), None | Some("" | "os-pkgs" | "lang-pkgs"));
        target.name.is_some() && (has_packages || target.vulnerabilities.is_some())
    };
    let targets: Vec<Target> = targets.into_iter().filter(looked_at).collect();
    if targets.is_empty() {
        return Err("a report of trivy about no packages".to_owned());
    }
    // Misconfigurations, secrets and licences are in the same list under their own type.
    let modified = targets.iter().flat_map(|target| target.modified.iter().flatten());
    let ignored = modified.filter(|one| one.kind.as_deref().is_none_or(|kind| kind == "vulnerability")).count() as u64;
    let detected = targets.into_iter().flat_map(|target| target.vulnerabilities.unwrap_or_default());
    Ok(Findings { vulnerabilities: detected.map(vulnerability).collect(), ignored, ..Findings::default() })
}

fn vulnerability(one: Detected) -> Vulnerability {
    let stated = |text: Option<String>| text.filter(|text| !text.is_empty());
    let version = stated(one.version).map(|version| format!(" {version}")).unwrap_or_default();
    Vulnerability {
        ids: std::iter::once(one.id).chain(one.vendor_ids.unwrap_or_default()).collect(),
        rating: Rating::of(one.severity.as_deref().and_then(Severity::of)),
        package: stated(one.package).map(|name| format!("{name}{version}")),
        purl: one.identifier.and_then(|identifier| stated(identifier.purl)),
        fixed_in: stated(one.fixed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_of_packages_are_read_and_others_are_not() {
        let report = r#"{"SchemaVersion":2,"Results":[
            {"Target":"app (alpine 3.12.9)","Class":"os-pkgs","Vulnerabilities":[
                {"VulnerabilityID":"CVE-2021-28831","VendorIDs":["DSA-1"],"PkgName":"busybox","InstalledVersion":"1.31.1-r21",
                 "PkgIdentifier":{"PURL":"pkg:apk/alpine/busybox@1.31.1-r21"},"FixedVersion":"1.32.1-r4","Severity":"HIGH"},
                {"VulnerabilityID":"CVE-2","PkgName":"zlib","Severity":"UNKNOWN"}]},
            {"Target":"Node.js","Class":"lang-pkgs"},
            {"Target":"secrets","Class":"secret"}]}"#;
        let found = read(report).expect("a report").vulnerabilities;
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].ids, ["CVE-2021-28831", "DSA-1"]);
        assert_eq!(found[0].rating.severity, Some(Severity::High));
        assert_eq!(found[0].describe(), "CVE-2021-28831 in busybox 1.31.1-r21 (high, fixed in 1.32.1-r4)");
        assert_eq!(found[0].purl.as_deref(), Some("pkg:apk/alpine/busybox@1.31.1-r21"));
        assert_eq!((found[1].rating.severity, found[1].package.as_deref()), (None, Some("zlib")));
    }

    #[test]
    fn a_scan_that_looked_at_no_packages_is_not_clean() {
        for report in [
            r#"{"SchemaVersion":2}"#,
            r#"{"SchemaVersion":2,"Results":null}"#,
            r#"{"SchemaVersion":2,"Results":[]}"#,
            r#"{"SchemaVersion":2,"Results":[{"Target":"x","Class":"secret"},{"Target":"y","Class":"config"}]}"#,
            r#"{"SchemaVersion":2,"Results":[{}]}"#,
        ] {
            assert!(read(report).is_err(), "{report}");
        }
        for clean in [
            r#"{"SchemaVersion":2,"Results":[{"Target":"x","Class":"os-pkgs"}]}"#,
            r#"{"SchemaVersion":2,"ArtifactName":"app","ArtifactType":"container_image"}"#,
            r#"{"SchemaVersion":2,"ArtifactName":"app","ArtifactType":"container_image","Results":null}"#,
        ] {
            assert_eq!(read(clean).expect("a clean one").vulnerabilities, []);
        }
        let secrets = r#"{"SchemaVersion":2,"ArtifactName":"app","ArtifactType":"container_image","Results":[{"Target":"x","Class":"secret"}]}"#;
        assert!(read(secrets).is_err());
        assert!(read(r#"{"SchemaVersion":2,"ArtifactName":"app"}"#).is_err());
    }
}
