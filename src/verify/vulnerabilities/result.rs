//! A scanner's result, by its shape: no predicate says which one it is.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::json::{self, OneOrMore};
use crate::packages::Severity;

use super::model::{Findings, Vulnerability};
use super::{grype, sarif, trivy};

/// What tells the shapes apart.
#[derive(Deserialize)]
struct Shape {
    /// trivy's report.
    #[serde(default, rename = "SchemaVersion")]
    schema_version: Option<Value>,
    /// grype's.
    #[serde(default)]
    matches: Option<IgnoredAny>,
    /// SARIF.
    #[serde(default)]
    runs: Option<IgnoredAny>,
}

/// Reads a result, or says why it cannot be.
pub(super) fn read(text: &str, is_intoto: bool) -> Result<Findings, String> {
    let text = text.trim();
    match text.as_bytes().first() {
        Some(b'"') => {
            let inner: String = json::from_part(text).unwrap_or_default();
            json::check(inner.as_bytes()).map_err(|error| format!("a text that is no JSON: {error}"))?;
            if inner.trim_start().starts_with('"') { Err("a text".to_owned()) } else { read(&inner, is_intoto) }
        }
        Some(b'[') if is_intoto => listed(text),
        Some(b'[') => trivy::read_targets(text),
        Some(b'{') => {
            let shape: Shape = json::from_part(text).map_err(|error| error.to_string())?;
            match (shape.schema_version, shape.matches, shape.runs) {
                // Another version may list elsewhere what it found.
                (Some(version), None, None) if version == 2 => trivy::read(text),
                (Some(_), None, None) => Err("a report of trivy of another `SchemaVersion` than 2".to_owned()),
                (None, Some(_), None) => grype::read(text),
                (None, None, Some(_)) => sarif::read(text),
                (None, None, None) => Err("an object of no known shape".to_owned()),
                _ => Err("an object of the shapes of two scanners".to_owned()),
            }
        }
        _ => Err("no result".to_owned()),
    }
}

/// in-toto vulns: "an empty list means the scanner found no vulnerabilities".
fn listed(text: &str) -> Result<Findings, String> {
    let items: Vec<Item> = json::from_part(text).map_err(|error| error.to_string())?;
    let vulnerabilities = items.into_iter().map(Item::vulnerability).collect::<Result<_, _>>()?;
    Ok(Findings { vulnerabilities, database_built: None })
}

/// v0.2 has the fields in the item; v0.1's text has them below `vulnerability`, and its example has not.
#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    vulnerability: Option<Box<Item>>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    severity: Option<OneOrMore<Score>>,
}

#[derive(Deserialize)]
struct Score {
    #[serde(default)]
    score: Option<String>,
}

impl Item {
    fn vulnerability(self) -> Result<Vulnerability, String> {
        let item = self.vulnerability.map_or_else(|| (self.id, self.severity), |inner| (inner.id, inner.severity));
        let (Some(id), severity) = item else { return Err("a vulnerability without an `id`".to_owned()) };
        let scores = severity.map(|OneOrMore(scores)| scores).unwrap_or_default();
        // Several methods may differ: the worst counts.
        let severity = scores.iter().filter_map(|score| Severity::of(score.score.as_deref()?)).max();
        Ok(Vulnerability { ids: vec![id], severity, ..Vulnerability::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_of_in_toto_are_read_in_both_versions() {
        let v02 =
            r#"[{"id":"CVE-1","severity":[{"method":"nvd","score":"medium"},{"method":"cvss_score","score":"9.1"}]}]"#;
        let v01 = r#"[{"vulnerability":{"id":"CVE-1","severity":{"method":"nvd","score":"CRITICAL"}}}]"#;
        for text in [v02, v01] {
            let found = read(text, true).expect("a list").vulnerabilities;
            assert_eq!(
                (found[0].ids.as_slice(), found[0].severity),
                (["CVE-1".to_owned()].as_slice(), Some(Severity::Critical))
            );
        }
        assert_eq!(read("[]", true).expect("an empty list").vulnerabilities, []);
        let unknown = read(r#"[{"id":"CVE-1","severity":[]}]"#, true).expect("a list").vulnerabilities;
        assert_eq!(unknown[0].severity, None);
    }

    #[test]
    fn what_is_no_result_is_not_a_clean_one() {
        for text in [
            "null",
            "{}",
            "\"\"",
            "7",
            "true",
            r#""clean""#,
            r#"{"Results":[]}"#,
            r#"{"SchemaVersion":2,"matches":[]}"#,
            r#"{"SchemaVersion":3,"Results":[{"Target":"x","Class":"os-pkgs"}]}"#,
            "[]",
        ] {
            assert!(read(text, false).is_err(), "{text}");
        }
        for text in [r"[{}]", r"[7]", r#"[{"severity":[]}]"#, r#"{"vulnerabilities":[]}"#] {
            assert!(read(text, true).is_err(), "{text}");
        }
    }

    #[test]
    fn a_report_in_a_text_is_read_once() {
        let grype = r#"{\"matches\":[]}"#;
        assert!(read(&format!("\"{grype}\""), false).is_ok());
        assert!(read(r#""\"{}\"""#, false).is_err());
        assert!(read(r#""{\"matches\":[],\"matches\":[]}""#, false).is_err(), "read in two ways");
    }
}
