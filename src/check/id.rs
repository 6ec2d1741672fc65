//! Check ids, and the checks that apply to every kind of evidence.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One named property that a run may prove or refute, by its id. Ids are stable and never change meaning.
///
/// The checks of a kind of attestation are declared in its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckId(pub(crate) &'static str);

/// A check, as `bonafide explain` shows it.
#[derive(Debug)]
pub struct Check {
    /// Its id.
    pub id: CheckId,
    /// The property in one sentence.
    pub title: &'static str,
    /// The page that says what the check proves, why it fails and what to do.
    pub page: &'static str,
}

impl CheckId {
    /// Returns the stable id, as written in reports.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
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

impl<'de> Deserialize<'de> for CheckId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Declares checks: name in the code, id, title. The page of each is `pages/<id>.md` beside the file.
macro_rules! checks {
    ($($name:ident $id:literal $title:literal)*) => {
        #[allow(non_upper_case_globals, reason = "they are read like the variants of an enum")]
        impl crate::check::CheckId {
            $(#[doc = $title] pub const $name: Self = Self($id);)*
        }

        /// These checks, in the order in which evidence meets them.
        pub(crate) const CHECKS: &[crate::check::Check] = &[$(crate::check::Check {
            id: crate::check::CheckId::$name,
            title: $title,
            page: include_str!(concat!("pages/", $id, ".md")),
        },)*];
    };
}
pub(crate) use checks;

checks! {
    ImageResolved "image-resolved" "The reference names an image that could be read."
    ImagePinned "image-pinned" "The reference resolves to the digest that was expected."
    NotWeaker "not-weaker" "The evidence is not weaker than that of an earlier release."
    Mirrored "mirrored" "The repository has the tags, digests and evidence of the one that it mirrors."
    Replayed "replayed" "The image gets the report that it got before."
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
    SubjectName "subject-name" "The signed content names this very package and version."
    AttestationManifest "attestation-manifest" "The attestation manifest that lists the statement belongs to this image."
    SignerIdentity "signer-identity" "The certificate names the expected signer."
    SignerKey "signer-key" "One of the expected keys made the signature."
    SignerIssuer "signer-issuer" "The signer's OpenID Connect issuer is the expected one."
    SignerSource "signer-source" "The workflow that signed ran for the expected source repository."
    SignerClaims "signer-claims" "The certificate's other claims match the policy."
    SignerCount "signer-count" "Enough different signers signed."
}
