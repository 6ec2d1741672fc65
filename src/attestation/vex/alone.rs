//! Whether a CycloneDX document is VEX and nothing else: cosign gives it the predicate type of an SBOM.
//!
//! What could be meant as an SBOM of the image stays one, so that a rule about SBOMs cannot miss it. Only fields that are known
//! here, and that list nothing, may stand beside the vulnerabilities.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::attestation::sbom::document;
use crate::json;

/// A JSON object by its fields.
#[derive(Deserialize)]
#[serde(transparent)]
struct Fields<'a>(#[serde(borrow)] BTreeMap<Cow<'a, str>, &'a RawValue>);

/// Whether each vulnerability is analysed, and no component, service or dependency is listed.
pub(super) fn is_alone(predicate: &str) -> bool {
    // Most SBOMs say nothing of vulnerabilities: they are not read for this.
    if !predicate.contains("vulnerabilities") || !predicate.contains("analysis") {
        return false;
    }
    let Ok(text) = document(predicate) else { return false };
    let Some(fields) = fields(&text) else { return false };
    let is_cyclonedx = fields.get("bomFormat").is_some_and(|value| value.get() == r#""CycloneDX""#);
    let has_analyses = fields.get("vulnerabilities").is_some_and(|list| are_analysed(list));
    let lists_nothing = |(name, value): (&Cow<'_, str>, &&RawValue)| match name.as_ref() {
        "$schema" | "bomFormat" | "specVersion" | "serialNumber" | "version" | "vulnerabilities" | "signature" => true,
        "metadata" => names_an_image_at_most(value),
        "components" | "services" | "dependencies" => is_empty(value),
        _ => false,
    };
    is_cyclonedx && has_analyses && fields.iter().all(lists_nothing)
}

fn fields(text: &str) -> Option<BTreeMap<Cow<'_, str>, &RawValue>> {
    json::from_part::<Fields<'_>>(text).ok().map(|fields| fields.0)
}

/// A vulnerability without `analysis` is what a scanner found in something: the document is more than VEX then.
fn are_analysed(list: &RawValue) -> bool {
    let Ok(list) = json::from_part::<Vec<&RawValue>>(list.get()) else { return false };
    let is_analysed = |one: &&RawValue| {
        let analysis = fields(one.get()).and_then(|fields| fields.get("analysis").copied());
        analysis.and_then(|analysis| fields(analysis.get())).is_some_and(|fields| fields.contains_key("state"))
    };
    !list.is_empty() && list.iter().all(is_analysed)
}

/// Metadata may name the image that the statements are about. An application or a library there could be one that a rule denies.
fn names_an_image_at_most(metadata: &RawValue) -> bool {
    let Some(metadata) = fields(metadata.get()) else { return false };
    let is_known = |name: &str| {
        matches!(
            name,
            "timestamp" | "tools" | "authors" | "manufacturer" | "manufacture" | "supplier" | "component" | "licenses"
        )
    };
    let is_image = |component: &RawValue| {
        let Some(component) = fields(component.get()) else { return false };
        let names_only = |name: &str| matches!(name, "bom-ref" | "type" | "name" | "version" | "group");
        let of_image = |purl: &RawValue| purl.get().starts_with(r#""pkg:oci/"#);
        component.get("type").is_some_and(|value| value.get() == r#""container""#)
            && component.iter().all(|(name, value)| names_only(name) || (name == "purl" && of_image(value)))
    };
    metadata.keys().all(|name| is_known(name)) && metadata.get("component").is_none_or(|component| is_image(component))
}

fn is_empty(list: &RawValue) -> bool {
    json::from_part::<Vec<&RawValue>>(list.get()).is_ok_and(|list| list.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A VEX document with a field more, or a field changed.
    fn with(field: &str, value: &str) -> bool {
        let mut document = serde_json::json!({
            "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
            "vulnerabilities": [{"id": "CVE-1", "analysis": {"state": "resolved"}, "affects": [{"ref": "pkg:npm/a@1"}]}],
        });
        if !field.is_empty() {
            document[field] = json::from_part(value).expect("JSON");
        }
        is_alone(&document.to_string())
    }

    #[test]
    fn statements_alone_are_vex() {
        assert!(with("", ""));
        for (field, value) in [
            ("components", "[]"),
            ("dependencies", "[]"),
            ("metadata", r#"{"timestamp":"2026-03-01T10:00:00Z","authors":[{"name":"Acme"}]}"#),
            ("metadata", r#"{"component":{"bom-ref":"r","type":"container","name":"shop","version":"1"}}"#),
            ("metadata", r#"{"component":{"type":"container","name":"shop","purl":"pkg:oci/shop@sha256%3A00"}}"#),
        ] {
            assert!(with(field, value), "{field}: {value}");
        }
    }

    #[test]
    fn what_could_be_meant_as_an_sbom_stays_one() {
        for (field, value) in [
            ("bomFormat", r#""SPDX""#),
            ("bomFormat", "null"),
            ("components", r#"[{"type":"library","name":"a"}]"#),
            ("components", "null"),
            ("components", "{}"),
            ("services", r#"[{"name":"a"}]"#),
            ("dependencies", r#"[{"ref":"a"}]"#),
            ("compositions", "[]"),
            ("spdxVersion", r#""SPDX-2.3""#),
            ("Components", "[]"),
            ("metadata", "[]"),
            ("metadata", r#"{"component":{"type":"application","name":"shop"}}"#),
            ("metadata", r#"{"component":{"name":"shop"}}"#),
            ("metadata", r#"{"component":{"type":"container","name":"shop","components":[]}}"#),
            ("metadata", r#"{"component":{"type":"container","name":"a","purl":"pkg:npm/a@1"}}"#),
            ("metadata", r#"{"component":{"type":"container","name":"a","licenses":[]}}"#),
            ("metadata", r#"{"properties":[]}"#),
            ("vulnerabilities", "[]"),
            ("vulnerabilities", r#"[{"id":"CVE-1","analysis":{"state":"resolved"}},{"id":"CVE-2"}]"#),
            ("vulnerabilities", r#"[{"id":"CVE-1","analysis":null}]"#),
            ("vulnerabilities", r#"[{"id":"CVE-1","analysis":{"detail":"x"}}]"#),
            ("vulnerabilities", "{}"),
        ] {
            assert!(!with(field, value), "{field}: {value}");
        }
        for text in ["null", r#"{"analysis":"vulnerabilities"}"#, r#""vulnerabilities analysis""#] {
            assert!(!is_alone(text), "{text}");
        }
    }
}
