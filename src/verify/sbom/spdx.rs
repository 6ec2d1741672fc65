//! SPDX 2.2 and 2.3 JSON, read as tolerantly as generators write it.
//!
//! Real documents leave out fields that the specification demands, so every field but the version is optional, a null is
//! a missing field, and values of another type are passed over. Whether a document is strictly valid is another question.

use std::collections::HashMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::check::Finding;

use super::model::{self, Package, Sbom};
use super::{malformed, unsupported};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default, deserialize_with = "text")]
    spdx_version: Option<String>,
    #[serde(default, deserialize_with = "text")]
    name: Option<String>,
    #[serde(default)]
    creation_info: Option<CreationInfo>,
    #[serde(rename = "documentDescribes", default)]
    describes: Option<Vec<Text>>,
    #[serde(default)]
    packages: Option<Vec<WirePackage>>,
    #[serde(default)]
    relationships: Option<Vec<Relationship>>,
    #[serde(rename = "@graph", default)]
    graph: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct CreationInfo {
    #[serde(default, deserialize_with = "text")]
    created: Option<String>,
    #[serde(default)]
    creators: Option<Vec<Text>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePackage {
    #[serde(rename = "SPDXID", default, deserialize_with = "text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    version_info: Option<String>,
    #[serde(default, deserialize_with = "text")]
    supplier: Option<String>,
    #[serde(default, deserialize_with = "text")]
    license_concluded: Option<String>,
    #[serde(default, deserialize_with = "text")]
    license_declared: Option<String>,
    #[serde(default)]
    external_refs: Option<Vec<ExternalRef>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExternalRef {
    #[serde(default, deserialize_with = "text")]
    reference_type: Option<String>,
    #[serde(default, deserialize_with = "text")]
    reference_locator: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    #[serde(default, deserialize_with = "text")]
    spdx_element_id: Option<String>,
    #[serde(rename = "relationshipType", default, deserialize_with = "text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "text")]
    related_spdx_element: Option<String>,
}

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Sbom<'static>, Finding> {
    let document: Document = serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
    let version = match document.spdx_version.as_deref() {
        Some(version @ ("SPDX-2.2" | "SPDX-2.3")) => version.to_owned(),
        Some(other) if other.starts_with("SPDX-") => return Err(unsupported(other)),
        Some(other) => return Err(malformed(format!("`spdxVersion` is `{}`", other.escape_debug()))),
        None if document.graph.is_some() => return Err(unsupported("SPDX 3")),
        None => return Err(malformed("`spdxVersion` is missing".to_owned())),
    };
    let described = describes(&document);
    let creation = document.creation_info;
    let packages: Vec<Package<'static>> =
        document.packages.unwrap_or_default().into_iter().map(Package::from).collect();
    let places: HashMap<&str, usize> =
        packages.iter().enumerate().map(|(place, package)| (package.id.as_ref(), place)).collect();
    Ok(Sbom {
        format: version,
        name: document.name.map(Into::into),
        created: creation.as_ref().and_then(|creation| creation.created.clone()).map(Into::into),
        creators: creation.and_then(|creation| creation.creators).map(texts).unwrap_or_default(),
        describes: described.iter().filter_map(|id| places.get(id.as_str()).copied()).collect(),
        packages,
    })
}

impl From<WirePackage> for Package<'static> {
    fn from(wire: WirePackage) -> Self {
        let purls = wire
            .external_refs
            .unwrap_or_default()
            .into_iter()
            .filter(|reference| reference.reference_type.as_deref() == Some("purl"))
            .filter_map(|reference| reference.reference_locator)
            .map(Into::into)
            .collect();
        Self {
            id: wire.id.unwrap_or_default().into(),
            name: wire.name.unwrap_or_default().into(),
            version: stated(wire.version_info).map(Into::into),
            supplier: stated(wire.supplier).map(Into::into),
            purls,
            checksums: Vec::new(),
            license_concluded: stated(wire.license_concluded).map(Into::into),
            license_declared: stated(wire.license_declared).map(Into::into),
        }
    }
}

/// SPDX 2.3 §3: `NOASSERTION` and `NONE` say that nothing is said.
fn stated(text: Option<String>) -> Option<String> {
    text.filter(|text| !matches!(text.as_str(), "" | "NOASSERTION" | "NONE"))
}

/// The ids of what the document describes: `documentDescribes`, and `DESCRIBES` relationships of the document.
fn describes(document: &Document) -> Vec<String> {
    const DOCUMENT: &str = "SPDXRef-DOCUMENT";
    let listed = document.describes.iter().flatten().filter_map(|id| id.0.clone());
    let related = document.relationships.iter().flatten().filter_map(|relationship| {
        let (one, kind, other) = (
            relationship.spdx_element_id.as_deref()?,
            relationship.kind.as_deref()?,
            relationship.related_spdx_element.as_deref()?,
        );
        match kind {
            "DESCRIBES" if one == DOCUMENT => Some(other.to_owned()),
            "DESCRIBED_BY" if other == DOCUMENT => Some(one.to_owned()),
            _ => None,
        }
    });
    let mut ids: Vec<String> = listed.chain(related).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn texts(list: Vec<Text>) -> Vec<model::Text<'static>> {
    list.into_iter().filter_map(|text| text.0).map(Into::into).collect()
}

/// A text, or nothing where a value of another type stands.
struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer).map(Self)
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Any {
        Text(String),
        Other(IgnoredAny),
    }
    Ok(match Any::deserialize(deserializer)? {
        Any::Text(text) => Some(text),
        Any::Other(IgnoredAny) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Outcome;

    #[test]
    fn a_document_is_read_with_what_it_describes() {
        let sbom = read(r#"{
            "spdxVersion": "SPDX-2.3", "name": "shop", "documentDescribes": ["SPDXRef-a"],
            "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: syft-1.0"]},
            "packages": [
                {"SPDXID": "SPDXRef-a", "name": "shop", "versionInfo": "1.0", "supplier": "Organization: Acme", "licenseConcluded": "NOASSERTION", "licenseDeclared": "MIT",
                 "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:npm/shop@1.0"}]},
                {"SPDXID": "SPDXRef-b", "name": "left-pad", "versionInfo": "", "supplier": "NOASSERTION", "externalRefs": null}
            ],
            "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-a"}]
        }"#).expect("a document");
        assert_eq!(sbom.report().describes, ["shop 1.0"]);
        let report = sbom.report();
        assert_eq!(
            (report.packages, report.with_purl, report.with_version, report.with_supplier, report.with_license),
            (2, 1, 1, 1, 1)
        );
    }

    #[test]
    fn nulls_and_values_of_other_types_are_passed_over() {
        let sbom = read(
            r#"{"spdxVersion":"SPDX-2.2","name":7,"creationInfo":null,"relationships":null,"packages":[{"name":"x","versionInfo":1.0,"licenseDeclared":["MIT"]}]}"#,
        );
        assert_eq!(sbom.expect("a document").packages.len(), 1);
    }

    #[test]
    fn other_versions_are_unsupported_and_other_documents_malformed() {
        assert_eq!(read(r#"{"spdxVersion":"SPDX-2.1"}"#).expect_err("2.1").outcome, Outcome::Error);
        assert_eq!(
            read(r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[]}"#)
                .expect_err("3")
                .outcome,
            Outcome::Error
        );
        assert_eq!(read(r#"{"bomFormat":"CycloneDX"}"#).expect_err("CycloneDX").outcome, Outcome::Fail);
        assert_eq!(read("null").expect_err("nothing").outcome, Outcome::Fail);
    }
}
