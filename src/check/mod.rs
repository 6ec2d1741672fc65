//! What can be checked, and what comes of it: the closed table of checks, findings, verdicts and the report.
//!
//! The report is data before it is text. Renderers take it as it is; what two of them need belongs here.

mod advisories;
mod inspection;
mod report;
mod verdict;

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

pub use crate::attestation::provenance::section::{DependencyReport, ProvenanceReport, WorkflowReport};
pub use crate::attestation::sbom::section::{MissingElementsReport, SbomReport, ShortfallReport};
pub use crate::attestation::scan::section::{ScannerReport, VulnerabilitiesReport};
pub use crate::attestation::section::{OfKind, Section, Shown};
pub use crate::attestation::vex::section::VexReport;
pub use crate::attestation::vsa::section::SummaryReport;
pub(crate) use advisories::is_none;
pub use advisories::{AdvisoriesReport, ClosingReport, KnownVulnerabilitiesReport, VulnerabilityReport};
pub use inspection::{
    InspectedFile, InspectedImage, InspectedPlatform, Inspection, ListedDocument, ListedPackage, Listing,
};
pub use report::{
    CandidateReport, ClaimReport, ExceptionReport, GapReport, ImageReport, LogEntryReport, Network, NotDemanded,
    OriginReport, PlatformReport, PolicyReport, Report, RequirementReport, SCHEMA_VERSION, SignatureReport,
    SignerReport, TimestampReport, Tool, TrustReport,
};
pub use verdict::Verdict;

/// Declares the closed table of checks: variant, id, title. The page of each is `pages/<id>.md`.
macro_rules! checks {
    ($($variant:ident $id:literal $title:literal)+) => {
        /// One named property that a run may prove or refute. Ids are stable and never change meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum CheckId {
            $(#[doc = $title] $variant,)+
        }

        impl CheckId {
            /// Every check, in the order in which a bundle meets them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Returns the stable id, as written in reports.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $id,)+ }
            }

            /// Returns the property in one sentence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// Returns the page that says what the check proves, why it fails and what to do.
            pub const fn page(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("pages/", $id, ".md")),)+ }
            }
        }
    };
}

checks! {
    ImageResolved "image-resolved" "The reference names an image that could be read."
    ImagePinned "image-pinned" "The reference resolves to the digest that was expected."
    PolicyException "policy-exception" "No exception of the policy has run out."
    EvidenceComplete "evidence-complete" "Everything that could hold evidence was read."
    EvidencePresent "evidence-present" "Something of the required kind is attached."
    BundleFormat "bundle-format" "The evidence is a well-formed Sigstore bundle or legacy cosign layer."
    CertificateProfile "certificate-profile" "The signing certificate follows the Fulcio profile."
    CertificateChain "certificate-chain" "A certificate authority of a trusted root issued the signing certificate."
    CertificateTransparency "certificate-transparency" "A trusted certificate transparency log promised to include the certificate."
    SignedTime "signed-time" "A trusted time proves that the signature was made while the certificate was valid."
    TransparencyLog "transparency-log" "A trusted transparency log holds an entry for this very signature."
    Signature "signature" "The signature verifies with the key of its certificate, or with a key of the policy."
    PayloadFormat "payload-format" "The signed content has a known form."
    SubjectDigest "subject-digest" "The signed content is about this image."
    AttestationManifest "attestation-manifest" "The attestation manifest that lists the statement belongs to this image."
    SignerIdentity "signer-identity" "The certificate names the expected signer."
    SignerKey "signer-key" "One of the expected keys made the signature."
    SignerIssuer "signer-issuer" "The signer's OpenID Connect issuer is the expected one."
    SignerSource "signer-source" "The workflow that signed ran for the expected source repository."
    SignerClaims "signer-claims" "The certificate's other claims match the policy."
    SignerCount "signer-count" "Enough different signers signed."
    ProvenanceFormat "provenance-format" "The provenance is SLSA v0.2 or v1 and can be read."
    ProvenanceBuilder "provenance-builder" "The provenance's builder matches its signer."
    ProvenanceSource "provenance-source" "The provenance names the source repository that the certificate and the policy name."
    ProvenanceRef "provenance-ref" "The provenance names the git ref that the certificate names."
    ProvenanceCommit "provenance-commit" "The provenance names the commit that the certificate names."
    ProvenanceWorkflow "provenance-workflow" "The provenance names the workflow that the certificate names."
    ProvenanceRun "provenance-run" "The provenance names the run that the certificate names."
    ProvenanceEvent "provenance-event" "The provenance names the event that the certificate names."
    ProvenanceRunner "provenance-runner" "The provenance names the kind of runner that the certificate names."
    ProvenanceRepositoryId "provenance-repository-id" "The provenance names the numbers of repository and owner that the certificate names."
    ProvenanceBuildType "provenance-build-type" "The build type is one that the policy names, or one whose parameters are known."
    ProvenanceBuilderId "provenance-builder-id" "The builder is one that the policy names, at a release where it has releases."
    ProvenanceLevel "provenance-level" "Builder and signer together reach the required SLSA build level."
    ProvenanceExpectedSource "provenance-expected-source" "The build's source matches the policy."
    ProvenanceParameters "provenance-parameters" "The external parameters match the policy, and all of them are known."
    ProvenanceDependencies "provenance-dependencies" "The build's dependencies match the policy."
    ProvenanceAge "provenance-age" "The provenance was signed no longer ago than the policy allows."
    ProvenanceTrigger "provenance-trigger" "No event started the build that the policy denies."
    ProvenanceHostedRunner "provenance-hosted-runner" "The certificate says that a runner of the service ran the build."
    ProvenanceOthers "provenance-others" "No other provenance of an expected signer contradicts the ones that count."
    VsaFormat "vsa-format" "The verification summary is SLSA v1 and can be read."
    VsaVerifier "vsa-verifier" "The verification summary is of the verifier that the policy names."
    VsaResource "vsa-resource" "The verification summary was made for this image by its name."
    VsaResult "vsa-result" "The verifier let the image through."
    VsaLevels "vsa-levels" "The verifier found the required levels."
    VsaPolicy "vsa-policy" "The verifier applied the policy that it should have."
    VsaAge "vsa-age" "The verifier looked at the image not too long ago."
    ScanFormat "scan-format" "The vulnerability scan can be read."
    ScanSubject "scan-subject" "The scan is of this image, as far as the scanner's report names one by digest."
    ScanScanner "scan-scanner" "The scanner is one that the policy names."
    ScanAge "scan-age" "The scan and the scanner's database are not too old."
    ScanFindings "scan-findings" "Nothing is open that is as severe as the policy denies."
    ScanOthers "scan-others" "No other scan of an expected signer is refused beside the one that counts."
    VexFormat "vex-format" "The VEX document can be read."
    AttestationFields "attestation-fields" "The attestation's type and fields match the policy."
    SbomFormat "sbom-format" "The SBOM is SPDX 2.2, 2.3 or 3.0 or CycloneDX 1.2 to 1.7 in JSON and can be read."
    SbomContent "sbom-content" "The SBOM lists packages beside the image itself."
    SbomSubject "sbom-subject" "The SBOM does not say that it describes another image."
    SbomPackages "sbom-packages" "The SBOM lists the packages that the policy requires, and none that it denies or does not allow."
    SbomLicenses "sbom-licenses" "The licences of the packages are the ones that the policy allows, and none that it denies."
    SbomSuppliers "sbom-suppliers" "The suppliers of the packages are the ones that the policy allows, and none that it denies."
    SbomCreators "sbom-creators" "The tools and people that made the SBOM are the ones that the policy allows."
    SbomAge "sbom-age" "The SBOM was made shortly before it was signed."
    SbomCompleteness "sbom-completeness" "Every package of the SBOM has the required minimum elements."
    SbomAdvisories "sbom-advisories" "No package of the SBOM has a known vulnerability as bad as the policy denies."
    SbomOthers "sbom-others" "No other SBOM of an expected signer is refused beside the one that counts."
}

impl fmt::Display for CheckId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for CheckId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Not the name of a check.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a check")]
pub struct UnknownCheck(pub String);

impl FromStr for CheckId {
    type Err = UnknownCheck;

    fn from_str(text: &str) -> Result<Self, UnknownCheck> {
        Self::ALL.iter().copied().find(|check| check.as_str() == text).ok_or_else(|| UnknownCheck(text.to_owned()))
    }
}

/// What came of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The property holds.
    Pass,
    /// The property does not hold.
    Fail,
    /// The check does not apply, or there was nothing to apply it to.
    Skip,
    /// It could not be decided. Never counts as a pass.
    Error,
}

/// The outcome of one check on one candidate or one image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The property that was checked.
    pub check: CheckId,
    /// What came of it.
    pub outcome: Outcome,
    /// The digest it is about, if one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The candidate it is about, if one; see [`CandidateReport::id`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate: Option<String>,
    /// What would have passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// The outcome in one sentence fragment.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Finding {
    fn new(check: CheckId, outcome: Outcome, message: impl Into<String>) -> Self {
        Self {
            check,
            outcome,
            subject: None,
            candidate: None,
            expected: None,
            found: None,
            message: message.into(),
            next: None,
        }
    }

    /// A property that holds.
    pub fn pass(check: CheckId, message: impl Into<String>) -> Self {
        Self::new(check, Outcome::Pass, message)
    }

    /// A property that does not hold.
    pub fn fail(check: CheckId, message: impl Into<String>) -> Self {
        Self::new(check, Outcome::Fail, message)
    }

    /// A check that does not apply.
    pub fn skip(check: CheckId, message: impl Into<String>) -> Self {
        Self::new(check, Outcome::Skip, message)
    }

    /// A check that could not be decided.
    pub fn error(check: CheckId, message: impl Into<String>) -> Self {
        Self::new(check, Outcome::Error, message)
    }

    /// Adds what would have passed.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Adds what was there.
    #[must_use]
    pub fn found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// Adds the digest it is about.
    #[must_use]
    pub fn about(mut self, subject: impl fmt::Display) -> Self {
        self.subject = Some(subject.to_string());
        self
    }

    /// Whether the check blocks the acceptance of its candidate.
    pub fn is_blocking(&self) -> bool {
        matches!(self.outcome, Outcome::Fail | Outcome::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_a_page_that_says_what_it_proves_and_how_to_fix_it() {
        for check in CheckId::ALL {
            let page = check.page();
            assert!(page.starts_with(&format!("# {check}\n")), "{check}: the page begins with its id");
            for part in ["## Proves", "## Does not prove", "## Fails when", "## What to do"] {
                assert!(page.contains(part), "{check}: `{part}` is missing");
            }
        }
    }

    #[test]
    fn ids_are_kebab_case_and_read_back() {
        for check in CheckId::ALL {
            assert!(check.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{check}");
            assert_eq!(check.as_str().parse(), Ok(*check));
        }
        assert!("no-such-check".parse::<CheckId>().is_err());
    }
}
