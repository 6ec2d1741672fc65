//! The report's section for a verified SBOM.

use serde::{Deserialize, Serialize};

use crate::attestation::section::{Line, Shown};

/// What a verified SBOM says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SbomReport {
    /// Family and version: `SPDX-2.3`, `SPDX-3.0.1`, `CycloneDX-1.6`.
    pub format: String,
    /// The document's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The document's own name in the world: SPDX 2 `documentNamespace`, SPDX 3 `spdxId`, CycloneDX `serialNumber`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// When it was made, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Who or what made it, as written.
    pub creators: Vec<String>,
    /// The packages that the document says it describes.
    pub describes: Vec<String>,
    /// How many packages it lists.
    pub packages: u64,
    /// How many of them have a package URL.
    pub with_purl: u64,
    /// How many of them have a version.
    pub with_version: u64,
    /// How many of them have a supplier.
    pub with_supplier: u64,
    /// How many of them have a concluded or declared licence.
    pub with_license: u64,
    /// How many files it lists.
    pub files: u64,
    /// How many relationships it states.
    pub relationships: u64,
    /// How many ends of relationships name nothing that is in the document.
    pub dangling: u64,
    /// What standards of what an SBOM should hold ask for and it does not hold. How complete it is says nothing of whether
    /// it is true.
    pub missing_elements: MissingElementsReport,
}

/// Which minimum elements an SBOM does not hold, by standard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingElementsReport {
    /// NTIA, The Minimum Elements For a Software Bill of Materials (2021).
    #[serde(rename = "ntia-2021")]
    pub ntia_2021: Vec<ShortfallReport>,
    /// CISA, 2025 Minimum Elements for a Software Bill of Materials (draft of 2025-08-22).
    #[serde(rename = "cisa-2025")]
    pub cisa_2025: Vec<ShortfallReport>,
}

impl MissingElementsReport {
    /// Returns each standard by its name, with its missing elements in words.
    pub fn in_words(&self) -> impl Iterator<Item = (&'static str, String)> {
        [("NTIA 2021", &self.ntia_2021), ("CISA 2025", &self.cisa_2025)].into_iter().map(|(standard, missing)| {
            let words: Vec<String> = missing.iter().map(ShortfallReport::in_words).collect();
            (standard, if words.is_empty() { "nothing".to_owned() } else { words.join(", ") })
        })
    }
}

/// A minimum element that is missing somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShortfallReport {
    /// The element in the words of its standard.
    pub element: String,
    /// How many packages lack it; 1 of 1 where the document as a whole does.
    pub missing: u64,
    /// How many packages there are.
    pub of: u64,
    /// The first of the packages that lack it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<String>,
}

impl ShortfallReport {
    /// Returns it as a person would say it: `supplier name (2 of 6)`, or `timestamp` for the document as a whole.
    pub fn in_words(&self) -> String {
        if self.first.is_empty() {
            self.element.clone()
        } else {
            format!("{} ({} of {})", self.element, self.missing, self.of)
        }
    }
}

impl Shown for SbomReport {
    fn lines(&self) -> Vec<Line> {
        let Self { format, packages, with_purl, with_version, with_supplier, with_license, .. } = self;
        let counts = format!(
            "{format}, {packages} packages ({with_purl} with purl, {with_version} with version, {with_supplier} with supplier, {with_license} with licence)"
        );
        let described = (!self.describes.is_empty()).then(|| ("describes", few(&self.describes)));
        [("document", counts)].into_iter().chain(described).chain(self.missing()).collect()
    }

    fn inspected(&self) -> Vec<Line> {
        let mut lines = vec![("document", format!("{}, {} packages", self.format, self.packages))];
        lines.extend(self.created.as_ref().map(|created| ("created", created.clone())));
        lines.extend((!self.creators.is_empty()).then(|| ("creators", self.creators.join(", "))));
        lines.extend((!self.describes.is_empty()).then(|| ("describes", few(&self.describes))));
        lines.extend(self.missing());
        lines
    }

    fn brief(&self, _: Option<&str>) -> Vec<String> {
        vec![self.format.replacen('-', " ", 1), format!("{} packages", self.packages)]
    }
}

impl SbomReport {
    fn missing(&self) -> impl Iterator<Item = Line> {
        let missing = self.missing_elements.in_words();
        missing.map(|(standard, missing)| ("missing", format!("{missing} of {standard}")))
    }
}

fn few(names: &[String]) -> String {
    let more = if names.len() > 3 { format!(" and {} more", names.len() - 3) } else { String::new() };
    format!("{}{more}", names[..names.len().min(3)].join(", "))
}
