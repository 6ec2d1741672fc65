//! The certificate authorities of a trusted root, held to what their own certificates say.
//!
//! Path building takes the certificates of a trusted root as they are: it looks neither at their dates nor at what they may
//! be used for. So both are settled here, once, when the root is prepared.

use const_oid::db::rfc5280::ID_KP_CODE_SIGNING;
use der::Decode;
use jiff::Timestamp;
use serde_json::{Value, json};
use x509_cert::Certificate;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages};

use super::material::decode_base64;

/// Narrows the window of every certificate authority to the time in which its whole chain was valid.
///
/// sigstore_trustroot.proto: "Clients MUST check timestamps against *both* the `valid_for` time range *and* the entire
/// certificate chain" (A113, CVE-2026-24122). Path building takes anchors as they are and never looks at their dates.
pub(super) fn narrow_authorities(document: &mut Value) -> Result<(), String> {
    for list in ["certificateAuthorities", "timestampAuthorities"] {
        narrow_list(document, list)?;
    }
    Ok(())
}

fn narrow_list(document: &mut Value, list: &str) -> Result<(), String> {
    // A list that is not there stays so: indexing would put a `null` in its place.
    let authorities = document.get_mut(list).and_then(Value::as_array_mut).map(Vec::as_mut_slice).unwrap_or_default();
    for (position, authority) in authorities.iter_mut().enumerate() {
        let place = format!("{list}[{position}]");
        let time = |text: &Value| text.as_str().and_then(|text| text.parse::<Timestamp>().ok());
        let mut start = time(&authority["validFor"]["start"]).unwrap_or(Timestamp::MIN);
        let mut end = time(&authority["validFor"]["end"]).unwrap_or(Timestamp::MAX);
        for certificate in authority["certChain"]["certificates"].as_array().map(Vec::as_slice).unwrap_or_default() {
            let der = certificate["rawBytes"].as_str().and_then(decode_base64);
            let (not_before, not_after) = der
                .as_deref()
                .and_then(validity)
                .ok_or_else(|| format!("{place} has a certificate that cannot be read"))?;
            start = start.max(not_before);
            end = end.min(not_after);
        }
        authority["validFor"] = json!({"start": start.to_string(), "end": end.to_string()});
    }
    Ok(())
}

/// Refuses a root whose authorities could not issue: the certificates above the leaf are taken as anchors, and what anchors
/// a path is never looked at (A117; RFC 5280 §4.2.1.3, §4.2.1.9).
pub(super) fn check_authorities(document: &Value) -> Result<(), String> {
    for (position, authority) in document["certificateAuthorities"].as_array().into_iter().flatten().enumerate() {
        for certificate in authority["certChain"]["certificates"].as_array().into_iter().flatten() {
            let der = certificate["rawBytes"].as_str().and_then(decode_base64);
            let may_issue =
                der.as_deref().and_then(|der| Certificate::from_der(der).ok()).is_some_and(|one| may_issue(&one));
            if !may_issue {
                return Err(format!("certificateAuthorities[{position}] has a certificate that may not issue others"));
            }
        }
    }
    Ok(())
}

/// Whether a certificate is one of an authority: so marked, and with the usages to issue for code signing if it states any.
fn may_issue(certificate: &Certificate) -> bool {
    let tbs = &certificate.tbs_certificate;
    let is_authority = matches!(tbs.get::<BasicConstraints>(), Ok(Some((_, constraints))) if constraints.ca);
    let signs_certificates = match tbs.get::<KeyUsage>() {
        Ok(Some((_, usage))) => usage.0.contains(KeyUsages::KeyCertSign),
        Ok(None) => true,
        Err(_) => false,
    };
    let for_code = match tbs.get::<ExtendedKeyUsage>() {
        Ok(Some((_, usages))) => usages.0.contains(&ID_KP_CODE_SIGNING),
        Ok(None) => true,
        Err(_) => false,
    };
    is_authority && signs_certificates && for_code
}

/// Returns the first and the last moment of a certificate.
fn validity(der: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let validity = Certificate::from_der(der).ok()?.tbs_certificate.validity;
    let time = |time: x509_cert::time::Time| Timestamp::try_from(time.to_system_time()).ok();
    Some((time(validity.not_before)?, time(validity.not_after)?))
}
