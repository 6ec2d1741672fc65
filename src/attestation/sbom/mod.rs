//! SBOMs: their predicate types, and the content of the document.

mod about;
mod builder;
pub(crate) mod checks;
mod cyclonedx;
mod families;
mod form;
mod judge;
mod lenient;
mod license;
mod lint;
mod listed;
mod locators;
mod model;
mod quality;
mod refusal;
pub(crate) mod rules;
pub(crate) mod section;
mod spdx2;
mod spdx3;
mod strict;
pub(crate) mod types;

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::check::{Finding, ListedDocument, ListedPackage, MissingElementsReport, SbomReport, SignerReport};
use crate::json;

pub(crate) use about::{Image, may_be_of};
use model::Package;
pub(crate) use model::clipped;
pub(crate) use model::{Purpose, Sbom};
use quality::{Shortfall, Standard};
use refusal::malformed;

impl<'a> Sbom<'a> {
    /// Reads a predicate of an SBOM type.
    pub(crate) fn read(predicate_type: &str, predicate: &'a str) -> Result<Self, Finding> {
        let sbom = match document(predicate)? {
            Cow::Borrowed(text) => read(text)?,
            Cow::Owned(text) => read(&text)?.into_owned(),
        };
        let remarks = families::check(predicate_type, sbom.format)?;
        Ok(Self { source: predicate, remarks, ..sbom })
    }

    /// Reads a file of this machine.
    pub(crate) fn of_file(bytes: &'a [u8]) -> Result<Self, Finding> {
        let document: &RawValue = json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
        read(document.get())
    }

    /// Returns what a report says of it.
    pub(crate) fn report(&self) -> SbomReport {
        let count = |has: fn(&Package<'_>) -> bool| self.packages.iter().filter(|package| has(package)).count() as u64;
        let missing = |standard| quality::shortfalls(self, standard).into_iter().map(Shortfall::report).collect();
        SbomReport {
            format: self.format.to_string(),
            name: self.name.as_deref().map(str::to_owned),
            namespace: self.namespace.as_deref().map(str::to_owned),
            created: self.created.as_deref().map(str::to_owned),
            creators: self.creators.iter().map(ToString::to_string).collect(),
            describes: self.describes.iter().map(|place| self.packages[*place].describe()).collect(),
            packages: self.packages.len() as u64,
            with_purl: count(|package| !package.purls.is_empty()),
            with_version: count(|package| package.version.is_some()),
            with_supplier: count(|package| package.supplier.is_some()),
            with_license: count(|package| package.license().is_some()),
            files: self.counts.files,
            relationships: self.counts.relationships,
            dangling: self.counts.dangling,
            missing_elements: MissingElementsReport {
                ntia_2021: missing(Standard::Ntia2021),
                cisa_2025: missing(Standard::Cisa2025),
            },
        }
    }
}

/// Takes the document out of what wraps it in a predicate.
pub(crate) fn document(predicate: &str) -> Result<Cow<'_, str>, Finding> {
    form::document(predicate)
}

impl Sbom<'_> {
    /// Lists its packages. Where the document is, is for the caller to say.
    pub(crate) fn list(&self, signer: SignerReport) -> ListedDocument {
        ListedDocument {
            reference: String::new(),
            candidate: String::new(),
            subject: String::new(),
            signer,
            format: self.format.to_string(),
            name: self.name.as_deref().map(str::to_owned),
            packages: self.packages(),
        }
    }

    /// Lists its packages alone.
    pub(crate) fn packages(&self) -> Vec<ListedPackage> {
        self.packages.iter().map(Package::list).collect()
    }
}

impl Package<'_> {
    fn list(&self) -> ListedPackage {
        ListedPackage {
            name: self.name.to_string(),
            version: self.version.as_deref().map(str::to_owned),
            supplier: self.supplier.as_deref().map(str::to_owned),
            license: self.license().map(str::to_owned),
            purls: self.purls.iter().map(ToString::to_string).collect(),
            checksums: self.checksums.iter().map(|(algorithm, digits)| format!("{algorithm}:{digits}")).collect(),
        }
    }
}

/// Reads a document; its content decides its format.
fn read(text: &str) -> Result<Sbom<'_>, Finding> {
    match form::sniff(text) {
        Some(form::Form::Spdx2) | None => spdx2::read(text),
        Some(form::Form::Spdx3) => spdx3::read(text),
        Some(form::Form::CycloneDx) => cyclonedx::read(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_year_1_are_no_dates_in_any_format() {
        for text in [
            r#"{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","creationInfo":{"created":"0001-01-01T00:00:00Z"},"packages":[]}"#,
            r#"{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"timestamp":"0001-01-01T00:00:00Z"}}"#,
            r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[
                {"type":"CreationInfo","@id":"_:c","specVersion":"3.0.1","created":"0001-01-01T00:00:00Z","createdBy":["a"]},
                {"type":"SpdxDocument","spdxId":"d","creationInfo":"_:c"}]}"#,
        ] {
            assert_eq!(Sbom::of_file(text.as_bytes()).expect("an SBOM").created, None, "{text}");
            let dated = text.replace("0001-", "2026-");
            assert!(Sbom::of_file(dated.as_bytes()).expect("an SBOM").created.is_some(), "{dated}");
        }
    }
}
