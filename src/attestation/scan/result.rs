//! A scanner's result, by its shape: no predicate says which one it is.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::json::{self, OneOrMore};

use super::model::{Findings, Rating, Vulnerability};
use super::{gitlab, grype, osv_scanner, sarif, trivy};

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
    /// osv-scanner's; `experimental_config` is there whether anything was found or not.
    #[serde(default)]
    results: Option<IgnoredAny>,
    #[serde(default)]
    experimental_config: Option<IgnoredAny>,
    /// GitLab's, which Docker Scout writes too.
    #[serde(default)]
    scan: Option<IgnoredAny>,
    #[serde(default)]
    vulnerabilities: Option<IgnoredAny>,
}

/// Reads a result, or says why it cannot be.
pub(super) fn read(text: &str, is_intoto: bool) -> Result<Findings, String> {
    let text = text.trim();
    match text.as_bytes().first() {
        // cosign `COSIGN_VULN_ATTESTATION_SPEC.md`: the scanner's report as it is, not a text of it.
        Some(b'"') => Err("a text where the report belongs".to_owned()),
        Some(b'[') if is_intoto => listed(text),
        Some(b'[') => trivy::read_targets(text),
        Some(b'{') => {
            let shape: Shape = json::from_part(text).map_err(|error| error.to_string())?;
            let osv_scanner = shape.results.and(shape.experimental_config);
            let gitlab = shape.scan.and(shape.vulnerabilities);
            match (shape.schema_version, shape.matches, shape.runs, osv_scanner, gitlab) {
                // Another version may list elsewhere what it found.
                (Some(version), None, None, None, None) if version == 2 => trivy::read(text),
                (Some(_), None, None, None, None) => {
                    Err("a report of trivy of another `SchemaVersion` than 2".to_owned())
                }
                (None, Some(_), None, None, None) => grype::read(text),
                (None, None, Some(_), None, None) => sarif::read(text),
                (None, None, None, Some(_), None) => osv_scanner::read(text),
                (None, None, None, None, Some(_)) => gitlab::read(text),
                (None, None, None, None, None) => Err("an object of no known shape".to_owned()),
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
    Ok(Findings { vulnerabilities, ..Findings::default() })
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
    score: Value,
}

impl Item {
    fn vulnerability(self) -> Result<Vulnerability, String> {
        let inner = self.vulnerability.map(|inner| (inner.id, inner.severity));
        let parts: Vec<(Option<String>, Option<OneOrMore<Score>>)> =
            std::iter::once((self.id, self.severity)).chain(inner).collect();
        let ids: Vec<String> = parts.iter().filter_map(|(id, _)| id.clone()).collect();
        if ids.is_empty() {
            return Err("a vulnerability without an `id`".to_owned());
        }
        // Several methods may differ: the worst counts, and one that cannot be read may be worse (A294).
        let scores = parts.iter().flat_map(|(_, severity)| severity.iter().flat_map(|OneOrMore(scores)| scores));
        let rating = Rating::worst(scores.map(|score| Rating::of_value(&score.score)));
        Ok(Vulnerability { ids, rating, ..Vulnerability::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packages::Severity;

    #[test]
    fn the_lists_of_in_toto_are_read_in_both_versions() {
        let v02 =
            r#"[{"id":"CVE-1","severity":[{"method":"nvd","score":"medium"},{"method":"cvss_score","score":"9.1"}]}]"#;
        let v01 = r#"[{"vulnerability":{"id":"CVE-1","severity":{"method":"nvd","score":"CRITICAL"}}}]"#;
        for text in [v02, v01] {
            let found = read(text, true).expect("a list").vulnerabilities;
            assert_eq!(
                (found[0].ids.as_slice(), found[0].rating.severity),
                (["CVE-1".to_owned()].as_slice(), Some(Severity::Critical))
            );
        }
        assert_eq!(read("[]", true).expect("an empty list").vulnerabilities, []);
        let unknown = read(r#"[{"id":"CVE-1","severity":[]}]"#, true).expect("a list").vulnerabilities;
        assert_eq!(unknown[0].rating, Rating::UNKNOWN);
    }

    #[test]
    fn a294_a_score_that_cannot_be_read_may_be_worse_than_one_that_can() {
        let rating = |severity: &str| {
            let text = format!(r#"[{{"id":"CVE-1","severity":{severity}}}]"#);
            read(&text, true).expect("a list").vulnerabilities[0].rating
        };
        let high = Rating::of(Some(Severity::High));
        for known in [
            r#"[{"score":"7.5"}]"#,
            r#"[{"score":7.5}]"#,
            r#"[{"score":"low"},{"score":"HIGH"}]"#,
            r#"{"score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}"#,
        ] {
            assert_eq!(rating(known), high, "{known}");
        }
        for open in [
            r#"[{"score":"2.0"},{"score":"?"}]"#,
            r#"[{"score":"2.0"},{"score":"11.0"}]"#,
            r#"[{"score":"2.0"},{"score":null}]"#,
            r#"[{"score":"2.0"},{}]"#,
            r#"[{"score":"2.0"},{"score":["9.8"]}]"#,
        ] {
            assert_eq!(rating(open), Rating { severity: Some(Severity::Low), is_open: true }, "{open}");
        }
        let both = r#"[{"id":"CVE-1","severity":[{"score":"9.8"}],"vulnerability":{"id":"CVE-2","severity":{"score":"low"}}}]"#;
        let one = &read(both, true).expect("a list").vulnerabilities[0];
        assert_eq!((one.ids.len(), one.rating.severity), (2, Some(Severity::Critical)));
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
    fn a_report_in_a_text_is_no_report() {
        for text in [r#""{\"matches\":[]}""#, r#""[]""#, r#""{\"SchemaVersion\":2}""#] {
            assert!(read(text, false).is_err() && read(text, true).is_err(), "{text}");
        }
    }
}
