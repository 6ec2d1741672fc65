//! SBOMs: the predicate types that are one, and what the document says.

mod model;
mod spdx;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::check::{CheckId, Finding, SbomReport};

use super::predicate::Question;

pub(super) use model::{Package, Sbom};

/// in-toto `spec/predicates/spdx2.md`: `https://spdx.dev/Document/v2.3`; cosign writes it without a version.
const SPDX_2: [&str; 3] =
    ["https://spdx.dev/Document", "https://spdx.dev/Document/v2.2", "https://spdx.dev/Document/v2.3"];
/// in-toto `spec/predicates/spdx3.md`: recognised, and said to be unsupported.
const SPDX_3: [&str; 3] =
    ["https://spdx.dev/Document/v3", "https://spdx.dev/Document/v3.0", "https://spdx.dev/Document/v3.0.1"];

/// Whether a predicate type is an SPDX document, readable or not.
pub(super) fn is_sbom(predicate_type: &str) -> bool {
    SPDX_2.contains(&predicate_type) || SPDX_3.contains(&predicate_type)
}

impl<'a> Sbom<'a> {
    /// Reads a predicate of an SBOM type.
    pub(super) fn read(predicate_type: &str, predicate: Option<&'a RawValue>) -> Result<Self, Finding> {
        if SPDX_3.contains(&predicate_type) {
            return Err(unsupported("SPDX 3"));
        }
        let text = unwrapped(predicate.map_or("null", RawValue::get));
        // `cosign attest --type spdx` wraps the document in a JSON string, whatever format it has (A106).
        if text.starts_with('"') {
            let inner: String = serde_json::from_str(text).unwrap_or_default();
            return if inner.trim_start().starts_with('{') {
                crate::json::check(inner.as_bytes()).map_err(|error| malformed(error.to_string()))?;
                spdx::read(&inner)
            } else {
                Err(unsupported("SPDX tag-value or another form that is no JSON"))
            };
        }
        spdx::read(text)
    }

    /// Judges it: by itself, and by what is asked.
    pub(super) fn judge(&self, _question: &Question<'_>) -> Vec<Finding> {
        vec![Finding::pass(CheckId::SbomFormat, self.format.clone()), self.check_content()]
    }

    /// Checks that the document lists anything at all.
    fn check_content(&self) -> Finding {
        if self.packages.is_empty() {
            return Finding::fail(CheckId::SbomContent, "the SBOM lists no package")
                .expected("at least one package")
                .found("0 packages")
                .next("generate the SBOM from the image that was built, not from an empty folder");
        }
        Finding::pass(CheckId::SbomContent, format!("the SBOM lists {} packages", self.packages.len()))
    }

    /// Returns what a report says of it.
    pub(super) fn report(&self) -> SbomReport {
        let count = |has: fn(&Package<'_>) -> bool| self.packages.iter().filter(|package| has(package)).count() as u64;
        SbomReport {
            format: self.format.clone(),
            name: self.name.as_deref().map(str::to_owned),
            created: self.created.as_deref().map(str::to_owned),
            creators: self.creators.iter().map(ToString::to_string).collect(),
            describes: self.describes.iter().map(|place| self.packages[*place].describe()).collect(),
            packages: self.packages.len() as u64,
            with_purl: count(|package| !package.purls.is_empty()),
            with_version: count(|package| package.version.is_some()),
            with_supplier: count(|package| package.supplier.is_some()),
            with_license: count(|package| package.license().is_some()),
            vulnerabilities: None,
        }
    }
}

/// cosign 1.x wrapped a predicate as `{"Data": …}`; the document is what is inside.
fn unwrapped(text: &str) -> &str {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wrapped<'a> {
        #[serde(rename = "Data", borrow)]
        data: &'a RawValue,
        #[serde(rename = "Timestamp", default)]
        _timestamp: serde::de::IgnoredAny,
    }
    serde_json::from_str::<Wrapped<'_>>(text).map_or(text, |wrapped| wrapped.data.get())
}

fn unsupported(found: &str) -> Finding {
    Finding::error(CheckId::SbomFormat, "this form of SBOM is not supported")
        .expected("SPDX 2.2 or 2.3 JSON")
        .found(found)
        .next("attest SPDX 2.3 JSON: `cosign attest --type spdxjson`")
}

fn malformed(reason: String) -> Finding {
    Finding::fail(CheckId::SbomFormat, "the SBOM cannot be read")
        .expected("an SPDX 2.2 or 2.3 JSON document")
        .found(reason)
        .next("generate and attest the SBOM again")
}
