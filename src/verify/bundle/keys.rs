//! Signatures and the public keys that made them.

use der::Encode;
use sigstore_verify::crypto::{KeyAlgorithm, VerificationKey};
use sigstore_verify::types::{DerCertificate, DerPublicKey, HashAlgorithm, SignatureBytes};
use x509_cert::der::Decode;

use crate::oci::Algorithm;
use crate::policy::PublicKey;
use crate::verify::material::{Material, SignedContent};

use super::Signed;
use super::wire::hash_algorithm;

/// Verifies a signature over `data` with a public key, by the one scheme that goes with the kind of key.
pub(in crate::verify) fn verify_signature(public_key: &[u8], data: &[u8], signature: &[u8]) -> Result<(), String> {
    let key = VerificationKey::from_spki(&DerPublicKey::from_bytes(public_key)).map_err(|error| error.to_string())?;
    key.verify(data, &SignatureBytes::from_bytes(signature)).map_err(|error| error.to_string())
}

/// Reads a certificate out of PEM, as DER.
pub(in crate::verify) fn certificate_in_pem(pem: &str) -> Option<Vec<u8>> {
    DerCertificate::from_pem(pem).ok().map(|certificate| certificate.as_bytes().to_vec())
}

/// Reads a public key out of PEM, as DER.
pub(in crate::verify) fn key_in_pem(pem: &str) -> Option<Vec<u8>> {
    DerPublicKey::from_pem(pem).ok().map(|key| key.as_bytes().to_vec())
}

/// Returns the public key of a certificate, as DER.
pub(in crate::verify) fn key_in_certificate(certificate: &[u8]) -> Option<Vec<u8>> {
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    certificate.tbs_certificate.subject_public_key_info.to_der().ok()
}

/// What came of trying one key on a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::verify) enum Made {
    /// The key made it.
    Yes,
    /// The key did not make it.
    No,
    /// It cannot be decided from a digest with this kind of key.
    Unknown,
}

/// Whether `key` made the signature in the material; nothing else is looked at.
///
/// algorithm-registry.md: the hash goes with the key. A message signature may state one of the others that the registry
/// pairs with its kind of key, and is verified by that one alone: schemes are never tried until one fits (A087).
pub(in crate::verify) fn is_made_with(key: &PublicKey, material: &Material, signed: Signed<'_>) -> Made {
    let der = DerPublicKey::from_bytes(key.der());
    let made = |result: bool| if result { Made::Yes } else { Made::No };
    let message = match &material.content {
        SignedContent::Envelope(envelope) => {
            return made(verify_signature(key.der(), envelope.signed(), &envelope.signature).is_ok());
        }
        SignedContent::Message(message) => message,
    };
    let scheme = KeyAlgorithm::from_spki(&der).ok().and_then(|kind| match &message.digest {
        Some(digest) => kind.resolve_signing_scheme(hash_algorithm(&digest.algorithm)?).ok(),
        None => Some(kind.default_signing_scheme()),
    });
    let Some(verifier) = scheme.and_then(|scheme| VerificationKey::from_spki_with_scheme(&der, scheme).ok()) else {
        return Made::No;
    };
    let signature = SignatureBytes::from_bytes(&message.signature);
    match signed {
        Signed::Bytes(bytes) => made(verifier.verify(bytes, &signature).is_ok()),
        Signed::Digest(digest) => {
            let hash = match digest.algorithm() {
                Algorithm::Sha256 => HashAlgorithm::Sha2256,
                Algorithm::Sha512 => HashAlgorithm::Sha2512,
            };
            if verifier.scheme().hash_algorithm() != Some(hash) {
                return Made::Unknown;
            }
            made(verifier.verify_prehashed(&digest.bytes(), &signature).is_ok())
        }
    }
}
