//! OpenVEX (openvex/spec `OPENVEX-SPEC.md`).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use crate::json::{self, TextOr};

use super::model::{Document, Statement, Status, time};
use super::product::{Component, Product};

/// "Status Justifications".
const JUSTIFICATIONS: [&str; 5] = [
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
];

#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "@context")]
    context: String,
    author: String,
    #[serde(default)]
    timestamp: Option<String>,
    /// A number, and a text in the first drafts.
    #[serde(default)]
    version: serde_json::Value,
    statements: Vec<WireStatement>,
}

#[derive(Deserialize)]
struct WireStatement {
    vulnerability: TextOr<WireVulnerability>,
    #[serde(default)]
    products: Option<Vec<TextOr<WireComponent>>>,
    status: String,
    #[serde(default)]
    justification: Option<String>,
    #[serde(default)]
    impact_statement: Option<String>,
    #[serde(default)]
    timestamp: Option<String>,
}

/// The first draft has texts where later versions have objects.
#[derive(Deserialize)]
struct WireVulnerability {
    #[serde(default)]
    name: Option<String>,
    #[serde(default, rename = "@id")]
    id: Option<String>,
    #[serde(default)]
    aliases: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct WireComponent {
    #[serde(default, rename = "@id")]
    id: Option<String>,
    #[serde(default)]
    identifiers: Option<BTreeMap<String, String>>,
    #[serde(default)]
    hashes: Option<BTreeMap<String, String>>,
    #[serde(default)]
    subcomponents: Option<Vec<TextOr<WireComponent>>>,
}

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Document, String> {
    let wire: Wire = json::from_part(text).map_err(|error| error.to_string())?;
    if !super::types::is_openvex(&wire.context) {
        return Err(format!("`@context` is `{}`, which is not that of OpenVEX", wire.context));
    }
    let issued = time(wire.timestamp.as_deref())?;
    let statements = wire.statements.into_iter().map(|one| statement(one, issued)).collect::<Result<_, _>>()?;
    let edition = wire.version.as_u64().or_else(|| wire.version.as_str()?.parse().ok()).unwrap_or_default();
    Ok(Document { form: "OpenVEX", author: wire.author, edition, statements, ..Document::default() })
}

/// "A timestamp in a `statement` entry overrides a timestamp defined at the document level."
fn statement(wire: WireStatement, issued: Option<Timestamp>) -> Result<Statement, String> {
    let ids = match wire.vulnerability {
        TextOr::Text(name) => vec![name],
        TextOr::Object(named) => {
            let name = named.name.filter(|name| !name.is_empty());
            let by_address = || named.id.as_deref().map(id_of_address);
            name.or_else(by_address).into_iter().chain(named.aliases.unwrap_or_default()).collect::<Vec<_>>()
        }
    };
    let label = wire.justification.filter(|label| JUSTIFICATIONS.contains(&label.as_str()));
    let text = wire.impact_statement.filter(|text| !text.trim().is_empty());
    Ok(Statement {
        ids: ids.into(),
        products: wire.products.unwrap_or_default().into_iter().map(product).map(Arc::new).collect(),
        status: status(&wire.status),
        because: label.or(text).map(Arc::from),
        time: time(wire.timestamp.as_deref())?.or(issued),
    })
}

/// `https://nvd.nist.gov/vuln/detail/CVE-2024-1` is about CVE-2024-1: without a name, the last part of the address is
/// used.
fn id_of_address(address: &str) -> String {
    let path = address.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

fn status(word: &str) -> Status {
    match word {
        "not_affected" => Status::NotAffected,
        "fixed" => Status::Fixed,
        "affected" => Status::Affected,
        "under_investigation" => Status::UnderInvestigation,
        _ => Status::Unknown,
    }
}

fn product(wire: TextOr<WireComponent>) -> Product {
    match wire {
        TextOr::Text(name) => Product { component: Component::named(name).into(), parts: Vec::new() },
        TextOr::Object(mut wire) => {
            let parts = wire.subcomponents.take().unwrap_or_default().into_iter().map(|part| product(part).component);
            let parts = parts.collect();
            Product { component: component(wire).into(), parts }
        }
    }
}

fn component(wire: WireComponent) -> Component {
    let purl = wire.identifiers.and_then(|mut identifiers| identifiers.remove("purl"));
    let sha256 = wire.hashes.and_then(|mut hashes| hashes.remove("sha-256"));
    Component { names: wire.id.into_iter().chain(purl).collect(), sha256: sha256.into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_this_version_and_of_the_first_draft_are_read() {
        let current = r#"{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x","author":"Acme","timestamp":"2026-03-01T10:00:00Z","version":1,
            "statements":[{"vulnerability":{"@id":"y","name":"CVE-1","aliases":["GHSA-1"]},
            "products":[{"@id":"pkg:oci/app@sha256%3Aab","subcomponents":[{"@id":"pkg:apk/alpine/busybox@1.31"}]}],
            "status":"not_affected","justification":"vulnerable_code_not_present"}]}"#;
        let document = read(current).expect("a document");
        let one = &document.statements[0];
        assert_eq!(one.ids[..], ["CVE-1", "GHSA-1"]);
        assert!(one.is_closing());
        assert_eq!(one.products[0].parts[0].names, ["pkg:apk/alpine/busybox@1.31"]);
        assert_eq!(one.time.map(|time| time.to_string()).as_deref(), Some("2026-03-01T10:00:00Z"));
        let draft = r#"{"@context":"https://openvex.dev/ns","author":"Acme","statements":[
            {"vulnerability":"CVE-1","products":["pkg:oci/app@sha256%3Aab"],"status":"fixed"}]}"#;
        assert!(read(draft).expect("a draft").statements[0].is_closing());
    }

    #[test]
    fn a301_a_vulnerability_is_named_by_its_address_alone() {
        let ids = |vulnerability: &str| {
            let text = format!(
                r#"{{"@context":"https://openvex.dev/ns/v0.2.0","author":"a","version":2,"statements":[{{"vulnerability":{vulnerability},"status":"fixed"}}]}}"#
            );
            read(&text).expect("a document").statements[0].ids.to_vec()
        };
        assert_eq!(ids(r#"{"@id":"https://nvd.nist.gov/vuln/detail/CVE-2024-2"}"#), ["CVE-2024-2"]);
        assert_eq!(ids(r#"{"@id":"https://osv.dev/vulnerability/GHSA-1/?x#y"}"#), ["GHSA-1"]);
        assert_eq!(ids(r#"{"@id":"CVE-2024-2"}"#), ["CVE-2024-2"]);
        assert_eq!(ids(r#"{"@id":"https://x.example/CVE-1","name":"CVE-2"}"#), ["CVE-2"], "the name goes first");
        assert_eq!(ids(r#"{"name":"","aliases":["GHSA-1"]}"#), ["GHSA-1"]);
    }

    #[test]
    fn not_affected_needs_a_reason_and_other_words_close_nothing() {
        let closes = |rest: &str| {
            let text = format!(
                r#"{{"@context":"https://openvex.dev/ns","author":"a","statements":[{{"vulnerability":{{"name":"CVE-1"}},{rest}}}]}}"#
            );
            read(&text).expect("a document").statements[0].is_closing()
        };
        assert!(closes(r#""status":"not_affected","impact_statement":"not called""#));
        assert!(closes(r#""status":"fixed""#));
        for rest in [
            r#""status":"not_affected""#,
            r#""status":"not_affected","justification":"we_are_sure""#,
            r#""status":"not_affected","impact_statement":" ""#,
            r#""status":"affected","action_statement":"update""#,
            r#""status":"under_investigation","justification":"component_not_present""#,
            r#""status":"Fixed""#,
        ] {
            assert!(!closes(rest), "{rest}");
        }
    }

    #[test]
    fn dates_of_year_1_are_no_dates() {
        let text = r#"{"@context":"https://openvex.dev/ns","author":"a","timestamp":"2026-03-01T10:00:00Z",
            "statements":[{"vulnerability":{"name":"CVE-1"},"status":"fixed","timestamp":"0001-01-01T00:00:00Z"}]}"#;
        let time = read(text).expect("a document").statements[0].time.map(|time| time.to_string());
        assert_eq!(time.as_deref(), Some("2026-03-01T10:00:00Z"), "the date of the document");
    }

    #[test]
    fn another_document_is_none_of_these() {
        for text in [
            "null",
            "{}",
            r#"{"@context":"https://evil.example/ns","author":"a","statements":[]}"#,
            r#"{"@context":"https://openvex.dev/ns","statements":[]}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
