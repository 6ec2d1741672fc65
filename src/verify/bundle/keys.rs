//! Certificates and public keys out of PEM.

use der::Encode;
use sigstore_verify::types::{DerCertificate, DerPublicKey};

use crate::verify::untrusted_der;

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
    let certificate = untrusted_der::certificate(certificate).ok()?;
    certificate.tbs_certificate.subject_public_key_info.to_der().ok()
}
