//! The evidence attached to images, without a policy: structured data first, as in the report.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    AdvisoriesReport, CandidateReport, GapReport, KnownVulnerabilitiesReport, Network, SbomReport, SignerReport, Tool,
    TrustReport, VariableReport,
};

/// What was found attached to the images of a run.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// The version of this shape, which goes with that of the report.
    pub schema_version: u32,
    /// The program that wrote it.
    pub tool: Tool,
    /// When the run began.
    pub started_at: Timestamp,
    /// The trust domains that evidence could verify in.
    pub trust: Vec<TrustReport>,
    /// The advisories that SBOMs were held against, if any were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advisories: Option<AdvisoriesReport>,
    /// One entry per reference, in the order given.
    pub images: Vec<InspectedImage>,
    /// One entry per file of this machine, in the order given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<InspectedFile>,
    /// What was asked of the network.
    pub network: Network,
    /// The variables of the environment that the run used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<VariableReport>,
}

/// What was found attached to one image.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InspectedImage {
    /// The reference as typed.
    pub reference: String,
    /// Name and digest, as another tool can pull it; absent for a layout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned: Option<String>,
    /// The digest that the reference resolved to; absent where it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The media type of what it resolved to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The image's platforms.
    pub platforms: Vec<InspectedPlatform>,
    /// Every attached piece of evidence. Here `accepted` means that it verifies and can be read, with any signer.
    pub candidates: Vec<CandidateReport>,
    /// What could not be read.
    pub gaps: Vec<GapReport>,
}

/// An SBOM that was read from a local file. No signature covers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InspectedFile {
    /// The file as typed.
    pub file: String,
    /// The SHA-256 of its bytes.
    pub digest: String,
    /// Its content.
    pub sbom: SbomReport,
    /// What the advisories of the run say of its packages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_vulnerabilities: Option<KnownVulnerabilitiesReport>,
}

/// One image manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InspectedPlatform {
    /// `os/architecture[/variant]`; absent where the image does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// The digest of its manifest.
    pub digest: String,
    /// The indexes that bind it.
    pub reached_through: Vec<String>,
}

impl InspectedPlatform {
    /// Whether evidence attached to a digest is also about this platform.
    pub fn is_covered_by(&self, subject: &str) -> bool {
        self.digest == subject || self.reached_through.iter().any(|index| index == subject)
    }
}

/// The packages of the SBOMs that were found attached to the images of a run, verified and readable.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listing {
    /// The version of this shape, which goes with that of the report.
    pub schema_version: u32,
    /// The program that wrote it.
    pub tool: Tool,
    /// One entry per SBOM.
    pub documents: Vec<ListedDocument>,
}

/// One verified SBOM, with any signer: no other is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedDocument {
    /// The reference of the image, as typed.
    pub reference: String,
    /// The name used for it in the inspection.
    pub candidate: String,
    /// The digest it is attached to.
    pub subject: String,
    /// Who signed it.
    pub signer: SignerReport,
    /// Family and version: `SPDX-2.3`.
    pub format: String,
    /// The document's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it lists, in its order.
    pub packages: Vec<ListedPackage>,
}

/// One package, as the document says. What it does not say is not written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Who supplies it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// The concluded licence, or else the declared one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Package URLs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub purls: Vec<String>,
    /// Checksums as `ALGORITHM:DIGITS`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checksums: Vec<String>,
}
