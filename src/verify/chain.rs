//! Certificate paths: from a leaf to an authority that was trusted at the time.

use der::Encode;
use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage};

/// Builds a path from the first certificate to one of the anchors, all of it valid at `time` and fit for code signing;
/// returns the public key of the leaf's issuer. The other certificates may help, and are not trusted.
pub(super) fn issuer_key(
    certificates: &[Vec<u8>],
    anchors: &[TrustAnchor<'static>],
    algorithms: &[&dyn SignatureVerificationAlgorithm],
    time: Timestamp,
) -> Result<Vec<u8>, String> {
    let (leaf, between) = certificates.split_first().ok_or("there is no certificate")?;
    let leaf = CertificateDer::from(leaf.as_slice());
    let between: Vec<CertificateDer<'_>> = between.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let seconds = u64::try_from(time.as_second()).map_err(|_| "a time before 1970")?;
    let end_entity = EndEntityCert::try_from(&leaf).map_err(|error| error.to_string())?;
    let path = end_entity
        .verify_for_usage(
            algorithms,
            anchors,
            &between,
            UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)),
            KeyUsage::required_if_present(const_oid::db::rfc5912::ID_KP_CODE_SIGNING.as_bytes()),
            None,
            None,
        )
        .map_err(|error| error.to_string())?;
    match path.intermediate_certificates().next() {
        Some(issuer) => Ok(issuer.subject_public_key_info().as_ref().to_vec()),
        // The path keeps an anchor's key without its outer SEQUENCE.
        None => der::Any::new(der::Tag::Sequence, path.anchor().subject_public_key_info.as_ref())
            .and_then(|key| key.to_der())
            .map_err(|error| error.to_string()),
    }
}
