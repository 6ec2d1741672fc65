//! What is attached to images, without a policy: data before it is text, as the report is.

use jiff::Timestamp;
use serde::Serialize;

use super::{CandidateReport, GapReport, Network, Tool, TrustReport};

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
    /// One entry per reference, in the order given.
    pub images: Vec<InspectedImage>,
    /// What was asked of the network.
    pub network: Network,
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
    /// Everything that was found attached. Here `accepted` says that it verifies and can be read, whoever signed it.
    pub candidates: Vec<CandidateReport>,
    /// What could not be read.
    pub gaps: Vec<GapReport>,
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
    /// Whether what is attached to a digest is about this platform too.
    pub fn is_covered_by(&self, subject: &str) -> bool {
        self.digest == subject || self.reached_through.iter().any(|index| index == subject)
    }
}
