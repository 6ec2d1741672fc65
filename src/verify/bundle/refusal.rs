//! Turns refusals of the Sigstore crate into findings.

use sigstore_verify::bundle::Error as BundleError;
use sigstore_verify::{CertificateError, Error};

use crate::check::{CheckId, Finding};

/// Why the crate does not accept.
pub(in crate::verify) enum Refusal {
    /// No timestamp that it can read gives a time. It reads authorities with elliptic keys alone, whole seconds, and chains
    /// in which every certificate states its purpose.
    Timestamp,
    /// Everything else.
    Found(Finding),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Timestamp(_) => Self::Timestamp,
            other => Self::Found(refusal(&other)),
        }
    }
}

impl From<Finding> for Refusal {
    fn from(finding: Finding) -> Self {
        Self::Found(finding)
    }
}

/// Says which check the crate's refusal belongs to.
fn refusal(error: &Error) -> Finding {
    let text = error.to_string();
    let (check, message) = match error {
        Error::SignatureInvalid(_) | Error::Crypto(_) => (CheckId::Signature, "the signature does not verify"),
        // The subject was compared before, so the entry is about other content.
        Error::ArtifactMismatch(_) => (CheckId::TransparencyLog, "the log entry is about something else"),
        Error::Certificate(CertificateError::Malformed(_)) => {
            (CheckId::CertificateProfile, "the certificate cannot be read")
        }
        Error::Certificate(CertificateError::NotYetValid { .. } | CertificateError::Expired { .. }) => {
            (CheckId::SignedTime, "the certificate was not valid when the signature was made")
        }
        Error::Certificate(CertificateError::Sct(_)) => {
            (CheckId::CertificateTransparency, "the certificate has no valid SCT of a trusted log")
        }
        Error::Certificate(_) => (CheckId::CertificateChain, "the certificate was not issued by a trusted authority"),
        Error::TransparencyLog(sigstore_verify::TransparencyLogError::IntegratedTime(_)) => {
            (CheckId::SignedTime, "the log entry's time does not fit")
        }
        Error::TransparencyLog(_)
        | Error::Bundle(
            BundleError::MissingInclusionProof(_)
            | BundleError::MissingInclusionPromise(_)
            | BundleError::MissingCheckpoint
            | BundleError::LogIndexOutOfRange { .. }
            | BundleError::CheckpointRootMismatch,
        ) => (CheckId::TransparencyLog, "the log entry does not verify"),
        Error::Bundle(BundleError::MissingSigningTimeEvidence | BundleError::MissingTimestamp) => {
            (CheckId::SignedTime, "the signature has no trusted time")
        }
        Error::UnsupportedArtifact(_) => {
            return Finding::error(CheckId::Signature, "a signature of this kind cannot be verified from a digest")
                .found(text)
                .next("sign the image again with a current cosign, which signs a statement instead");
        }
        _ => (CheckId::BundleFormat, "the bundle is not one that can be verified"),
    };
    Finding::fail(check, message).found(text)
}
