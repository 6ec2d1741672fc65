//! What must hold for an image to be verified.
//!
//! A [`Policy`] is proved when it exists: it demands at least one requirement, and every signer in it names an identity
//! and an issuer, or a source repository that implies both, or public keys. There is no policy that accepts anybody (A181, A182).

mod key;
mod signer;

use std::fmt;

use crate::oci::{Algorithm, Digest};

pub use key::{KeyError, KeyRule, LogDemand, PublicKey};
pub use signer::{CertificateRule, GITHUB_ISSUER, IdentityKind, IdentityRule, Signer, SourceRule};

/// One thing that must be attached to the image and be good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Requirement {
    /// A signature on the image: a cosign signature bundle, a message signature or legacy simple signing. An
    /// attestation is not a signature.
    Signature,
    /// A signed SLSA provenance.
    Provenance,
    /// A signed SPDX SBOM.
    Sbom,
}

impl Requirement {
    /// Every requirement, in the order of reports.
    pub const ALL: [Self; 3] = [Self::Signature, Self::Provenance, Self::Sbom];

    /// Returns the word used on the command line and in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Provenance => "provenance",
            Self::Sbom => "sbom",
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// A proved policy.
#[derive(Debug, Clone)]
pub struct Policy {
    source: String,
    sha256: String,
    signer: Signer,
    requirements: Vec<Requirement>,
    expected_digest: Option<Digest>,
}

/// Why a policy cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Nothing is required.
    #[error("the policy requires nothing, and an empty policy is never a pass")]
    NothingRequired,
    /// Nobody in particular may sign.
    #[error("no signer is named: anybody with an account could have signed the image")]
    NoSigner,
    /// An identity without the issuer that must vouch for it.
    #[error("an identity without an issuer: any issuer could vouch for `{identity}`")]
    NoIssuer {
        /// The identity that was given.
        identity: String,
    },
    /// An issuer without an identity.
    #[error("an issuer without an identity: anybody with an account at `{issuer}` could have signed the image")]
    NoIdentity {
        /// The issuer that was given.
        issuer: String,
    },
    /// The source repository is not `owner/name`.
    #[error("`{0}` is not a repository: expected OWNER/NAME, such as acme/app")]
    Repository(String),
    /// A rule for the source without a repository it belongs to.
    #[error("{flag} needs a repository: a ref or commit alone exists in every fork")]
    SourceWithoutRepository {
        /// The flag that was given.
        flag: &'static str,
    },
    /// Two kinds of signer at once: which of them must have signed?
    #[error(
        "a key and {flag} are both given, and a signature is made with a key or with a certificate, never with both"
    )]
    KeyWithIdentity {
        /// The flag that names a certificate.
        flag: &'static str,
    },
    /// No log is wanted, and no key is given that could do without one.
    #[error("without a key there is nothing to do without the log for: certificates live for minutes")]
    NoLogWithoutKey,
    /// A value that no certificate can ever have.
    #[error("{what} is empty: no certificate can match it")]
    Empty {
        /// The field.
        what: &'static str,
    },
}

impl Policy {
    /// Builds a policy from what the command line says.
    pub fn from_flags(
        signer: Signer,
        requirements: impl IntoIterator<Item = Requirement>,
        expected_digest: Option<Digest>,
    ) -> Result<Self, PolicyError> {
        let mut requirements: Vec<Requirement> = requirements.into_iter().collect();
        requirements.sort_unstable();
        requirements.dedup();
        if requirements.is_empty() {
            return Err(PolicyError::NothingRequired);
        }
        let text = canonical_text(&requirements, &signer, expected_digest.as_ref());
        let sha256 = Digest::of(Algorithm::Sha256, text.as_bytes()).hex().to_owned();
        Ok(Self { source: "flags".to_owned(), sha256, signer, requirements, expected_digest })
    }

    /// Returns where the policy came from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the SHA-256 that names this policy in reports, as hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Returns who may sign.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Returns what is required, without duplicates, in a fixed order.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// Returns the digest that the reference must resolve to, if one is demanded.
    pub fn expected_digest(&self) -> Option<&Digest> {
        self.expected_digest.as_ref()
    }
}

/// One line per rule: what the hash of a policy made of flags is over.
fn canonical_text(requirements: &[Requirement], signer: &Signer, expected_digest: Option<&Digest>) -> String {
    let required: Vec<&str> = requirements.iter().map(|requirement| requirement.as_str()).collect();
    let digest = expected_digest.map_or_else(String::new, |digest| format!("digest {digest}\n"));
    format!("bonafide policy 1\nrequire {}\n{}{digest}", required.join(","), signer.canonical_text())
}
