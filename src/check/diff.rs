//! Two images beside each other, by the evidence that counts for each.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::words::words;
use super::{Difference, ListedPackage, PolicyReport, Tool, Verdict};

/// What `bonafide diff` shows.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DiffReport {
    /// The version of this shape, which goes with that of the report.
    pub schema_version: u32,
    /// The program that wrote it.
    pub tool: Tool,
    /// The verdict over both images. Differences do not change it.
    pub verdict: Verdict,
    /// The exit code of the run.
    pub exit_code: u8,
    /// The policy by which images were judged; absent where both sides are reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyReport>,
    /// The older image.
    pub old: SideReport,
    /// The newer image.
    pub new: SideReport,
    /// The weaker, different and stronger properties, in that order.
    pub differences: Vec<Difference>,
    /// The evidence side by side.
    pub facts: Vec<FactReport>,
    /// The page on which the source's host compares both commits. Whether one commit follows the other is not checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compare_url: Option<String>,
    /// Parameters of the build that changed.
    pub parameters: Changes<ValueChange>,
    /// Inputs of the build that changed: base images and others, without the source.
    pub inputs: Changes<ValueChange>,
    /// Packages that changed; absent where they are not known of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packages: Option<Changes<PackageChange>>,
    /// Licences of packages of the newer image that no package of the older one has; absent where packages are not known of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licenses: Option<Changes<LicenseChange>>,
    /// Vulnerabilities that advisories or verified scans know of one image and not of the other.
    pub vulnerabilities: Changes<VulnerabilityChange>,
    /// What could not be compared, and why.
    pub not_compared: Vec<NotCompared>,
}

/// One of the two images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SideReport {
    /// The reference as typed, or as the report has it.
    pub reference: String,
    /// The file with the report, if the image was not judged in this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// The digest that the verdict is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is not verified, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether everything that is attached was read and judged.
    pub read_in_full: bool,
    /// How many pieces of evidence do not count, and are not compared: they do not verify, or another signer signed them.
    pub set_aside: usize,
}

/// A list of changes, as far as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changes<T> {
    /// The changes.
    pub listed: Vec<T>,
    /// How many more there are.
    pub more: usize,
}

impl<T> Changes<T> {
    /// Keeps so many.
    pub fn of(mut all: Vec<T>, most: usize) -> Self {
        let more = all.len().saturating_sub(most);
        all.truncate(most);
        Self { listed: all, more }
    }
}

words! {
    /// What evidence says.
    Fact {
        /// Who signed.
        Signer "signer"
        /// The OpenID Connect issuer of the signer.
        Issuer "issuer"
        /// The Sigstore instance.
        TrustDomain "trust-domain"
        /// The first time that a trusted party vouches for.
        Signed "signed"
        /// The builder.
        Builder "builder"
        /// The build type.
        BuildType "build-type"
        /// The SLSA build level.
        BuildLevel "build-level"
        /// The source repository.
        Source "source"
        /// The git ref.
        Ref "ref"
        /// The commit.
        Commit "commit"
        /// The run of the build.
        Run "run"
        /// When the build ended, by the builder's clock.
        Built "built"
        /// The format of an SBOM.
        Format "format"
        /// How many packages an SBOM lists.
        Packages "packages"
    }
}

/// One fact on both sides: every value that some platform has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactReport {
    /// The kind of evidence.
    pub kind: String,
    /// What it says.
    pub fact: Fact,
    /// Of the older image.
    pub old: Vec<String>,
    /// Of the newer image.
    pub new: Vec<String>,
}

/// A named value that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValueChange {
    /// Its name: of a parameter the JSON pointer.
    pub name: String,
    /// Of the older image.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub old: Vec<String>,
    /// Of the newer image.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub new: Vec<String>,
}

words! {
    /// What became of a package. The order is the one in which changes are shown.
    PackageEffect {
        /// An older version took its place.
        Downgraded "downgraded"
        /// It is gone.
        Removed "removed"
        /// It is new.
        Added "added"
        /// Another version took its place, and which of them is newer is not known.
        Changed "changed"
        /// A newer version took its place.
        Upgraded "upgraded"
    }
}

/// A package that changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PackageChange {
    /// What became of it.
    pub effect: PackageEffect,
    /// Its name, with its type where that is known: `npm/left-pad`.
    pub name: String,
    /// Versions of the older image that the newer one does not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub old: Vec<String>,
    /// Versions of the newer image that the older one does not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub new: Vec<String>,
    /// The platforms on which it changed so, where that is not all of both images.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<String>,
}

/// A licence that appeared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LicenseChange {
    /// The licence, as the SBOM has it.
    pub license: String,
    /// How many packages have it.
    pub packages: usize,
    /// The first of them.
    pub first: Vec<String>,
}

words! {
    /// What became of a vulnerability.
    VulnerabilityEffect {
        /// The newer image has it, and the older had not.
        Appeared "appeared"
        /// The older image had it, and the newer has not.
        Gone "gone"
    }
}

words! {
    /// Who knows of a vulnerability.
    KnownBy {
        /// The advisories of the run.
        Advisories "advisories"
        /// A verified scan.
        Scan "scan"
    }
}

/// A vulnerability of one of the images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VulnerabilityChange {
    /// What became of it.
    pub effect: VulnerabilityEffect,
    /// Who knows of it.
    pub known_by: KnownBy,
    /// Its id.
    pub id: String,
    /// `critical`, `high`, `medium`, `low` or `none`; absent where nothing rates it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// The package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
}

/// Something that could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotCompared {
    /// What.
    pub what: &'static str,
    /// Why.
    pub why: String,
}

/// What the documents say that count for an image, by the names of their candidates. A report has only counts of it.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// The packages of SBOMs.
    pub packages: BTreeMap<String, Vec<ListedPackage>>,
    /// The findings of scans.
    pub scans: BTreeMap<String, Vec<ScannedVulnerability>>,
}

/// A vulnerability, as a scan lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedVulnerability {
    /// Its id first, then aliases.
    pub ids: Vec<String>,
    /// How bad it is, where the scan says.
    pub severity: Option<String>,
    /// The package.
    pub package: Option<String>,
}
