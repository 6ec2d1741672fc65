//! Checks the authorities of a trusted root against their own certificates.
//!
//! Path building trusts the certificates of a root as they are. It ignores the dates and path length of the anchor, and the key
//! usage of every certificate. This module checks them once, when the root is prepared.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ID_KP_CODE_SIGNING, ID_KP_TIME_STAMPING};
use der::Encode;
use jiff::Timestamp;
use serde_json::{Value, json};
use x509_cert::Certificate;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages};

use crate::policy::{KeyError, KeyKind, broken_hash};

use super::entity::decode_base64;
use super::logs;
use super::untrusted_der::{self, Encoding};

/// Checks that every key of a log is within the decoder's limits (A310). Certificates are checked where they are
/// decoded.
pub(super) fn check_key_limits(document: &Value) -> Result<(), String> {
    for list in logs::LISTS {
        for (position, log) in document[list].as_array().into_iter().flatten().enumerate() {
            let der = log["publicKey"]["rawBytes"].as_str().and_then(decode_base64).unwrap_or_default();
            untrusted_der::check(Encoding::Key, &der).map_err(|excess| format!("{list}[{position}]: {excess}"))?;
        }
    }
    Ok(())
}

/// Both lists of authorities, with the usage that each is for and how many of the first certificates issue nothing.
const LISTS: [(&str, ObjectIdentifier, usize); 2] =
    [("certificateAuthorities", ID_KP_CODE_SIGNING, 0), ("timestampAuthorities", ID_KP_TIME_STAMPING, 1)];

/// Returns the certificates of an authority in DER, the issuing one first, the anchor last.
pub(super) fn certificates(authority: &Value) -> impl Iterator<Item = Vec<u8>> {
    let entries = authority["certChain"]["certificates"].as_array().into_iter().flatten();
    entries.map(|entry| entry["rawBytes"].as_str().and_then(decode_base64).unwrap_or_default())
}

/// Returns when an authority counts, both ends included. sigstore_trustroot.proto makes the window optional: without one it is
/// the time of the certificates.
pub(super) fn window(authority: &Value) -> (Timestamp, Timestamp) {
    let time = |name: &str| authority["validFor"][name].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    (time("start").unwrap_or(Timestamp::MIN), time("end").unwrap_or(Timestamp::MAX))
}

/// Narrows the window of every authority to the time in which its whole chain was valid.
///
/// sigstore_trustroot.proto: "Clients MUST check timestamps against *both* the `valid_for` time range *and* the entire
/// certificate chain" (A113, CVE-2026-24122). Path building takes anchors as they are and never looks at their dates.
pub(super) fn narrow_authorities(document: &mut Value) -> Result<(), String> {
    for (list, ..) in LISTS {
        // A list that is not there stays so: indexing would put a `null` in its place.
        let authorities = document.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        for (position, authority) in authorities.enumerate() {
            let (mut start, mut end) = window(authority);
            for der in certificates(authority) {
                let (not_before, not_after) = validity(&der)
                    .ok_or_else(|| format!("{list}[{position}] has a certificate that cannot be read"))?;
                start = start.max(not_before);
                end = end.min(not_after);
            }
            authority["validFor"] = json!({"start": start.to_string(), "end": end.to_string()});
        }
    }
    Ok(())
}

/// Refuses a root whose authorities could not issue (A117; RFC 5280 §4.2.1.3, §4.2.1.9), or for which others could
/// (A318). Returns the warnings.
pub(super) fn check_authorities(document: &Value) -> Result<Vec<String>, String> {
    let mut warnings = Vec::new();
    for (list, usage, leaves) in LISTS {
        for (position, authority) in document[list].as_array().into_iter().flatten().enumerate() {
            let place = format!("{list}[{position}]");
            let chain: Vec<Certificate> = certificates(authority)
                .map(|der| untrusted_der::certificate(&der).map_err(|error| format!("{place}: {error}")))
                .collect::<Result<_, _>>()?;
            if chain.is_empty() {
                return Err(format!("{place} has no certificate"));
            }
            check_chain(&chain, usage, leaves).map_err(|what| format!("{place} has a certificate {what}"))?;
            for (above, certificate) in chain.iter().rev().enumerate() {
                let warning = check_strength(certificate, above == 0);
                let warning = warning.map_err(|what| format!("{place} has a certificate {what}"))?;
                warnings.extend(warning.map(|what| format!("{place} has a certificate {what}")));
            }
        }
    }
    Ok(warnings)
}

/// Refuses a certificate whose key protects nothing, or that others could have made. Keys that are not known here verify nothing.
fn check_strength(certificate: &Certificate, is_anchor: bool) -> Result<Option<String>, String> {
    let key = certificate.tbs_certificate.subject_public_key_info.to_der().map_err(|error| error.to_string())?;
    let unknown = match KeyKind::of(&key) {
        Err(error @ (KeyError::Weak { .. } | KeyError::TooShort { .. })) => {
            return Err(format!("with a key that proves nothing: {error}"));
        }
        other => other.err(),
    };
    Ok(match (broken_hash(certificate.signature_algorithm.oid), unknown) {
        (Some(hash), _) if !is_anchor => return Err(format!("that is signed with {hash}")),
        // An anchor is trusted because it stands in the root, and its signature on itself is never looked at.
        (Some(hash), _) => Some(format!("that is signed with {hash}; it counts because it is the last of its chain")),
        (None, Some(error)) => Some(format!("with a key that cannot be verified with: {error}")),
        (None, None) => None,
    })
}

fn check_chain(chain: &[Certificate], usage: ObjectIdentifier, leaves: usize) -> Result<(), &'static str> {
    // An authority of timestamps may be one certificate, its own root.
    let issuing = chain.get(leaves..).unwrap_or_default();
    for (below, certificate) in issuing.iter().enumerate() {
        if !may_issue(certificate, usage) {
            return Err("that may not issue others");
        }
        // §4.2.1.9: "the maximum number of non-self-issued intermediate certificates that may follow this certificate".
        let constraints = certificate.tbs_certificate.get::<BasicConstraints>().ok().flatten();
        let limit = constraints.and_then(|(_, constraints)| constraints.path_len_constraint);
        let follow = issuing[..below].iter().filter(|one| one.tbs_certificate.issuer != one.tbs_certificate.subject);
        if limit.is_some_and(|limit| follow.count() > usize::from(limit)) {
            return Err("with more authorities below it than it allows");
        }
    }
    Ok(())
}

/// Whether a certificate is one of an authority: so marked, and with the usages to issue for this purpose if it states any.
fn may_issue(certificate: &Certificate, usage: ObjectIdentifier) -> bool {
    let tbs = &certificate.tbs_certificate;
    let is_authority = matches!(tbs.get::<BasicConstraints>(), Ok(Some((_, constraints))) if constraints.ca);
    let signs_certificates = match tbs.get::<KeyUsage>() {
        Ok(Some((_, usage))) => usage.0.contains(KeyUsages::KeyCertSign),
        Ok(None) => true,
        Err(_) => false,
    };
    let for_purpose = match tbs.get::<ExtendedKeyUsage>() {
        Ok(Some((_, usages))) => usages.0.contains(&usage),
        Ok(None) => true,
        Err(_) => false,
    };
    is_authority && signs_certificates && for_purpose
}

/// Returns the first and the last moment of a certificate.
pub(super) fn validity(der: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let validity = untrusted_der::certificate(der).ok()?.tbs_certificate.validity;
    let time = |time: x509_cert::time::Time| Timestamp::try_from(time.to_system_time()).ok();
    Some((time(validity.not_before)?, time(validity.not_after)?))
}
