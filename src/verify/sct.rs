//! The signed certificate timestamp in a certificate (RFC 6962).

use der::Encode;
use jiff::{SignedDuration, Timestamp};
use tls_codec::SerializeBytes;
use x509_cert::Certificate;
use x509_cert::ext::pkix::SignedCertificateTimestampList;

use crate::check::{CheckId, Finding};
use crate::oci::{Algorithm, Digest};

use super::bundle::{SctSignature, TrustDomain};
use super::certificate::Leaf;
use super::untrusted_der;

/// 1.3.6.1.4.1.11129.2.4.2, the extension that embeds SCTs (RFC 6962 §3.3).
const SCT_LIST: der::asn1::ObjectIdentifier = const_oid::db::rfc6962::CT_PRECERT_SCTS;

/// How far the clock of a log may be behind that of the authority.
const CLOCKS: SignedDuration = SignedDuration::from_mins(1);

/// Verifies that a trusted CT log signed the certificate as it was before the SCT was put in (RFC 6962 §3.2).
///
/// A log promises at the time when it gets the certificate: a promise of another time was not made for it.
pub(super) fn verify_sct(
    domain: &TrustDomain,
    der: &[u8],
    leaf: &Leaf,
    issuer_key: &[u8],
    now: Timestamp,
) -> Result<(), Finding> {
    let refused = |reason: String| {
        Finding::fail(CheckId::CertificateTransparency, "the certificate has no valid SCT of a trusted log")
            .found(reason)
    };
    let certificate = untrusted_der::certificate(der).map_err(|error| refused(error.to_string()))?;
    let list: SignedCertificateTimestampList = match certificate.tbs_certificate.get() {
        Ok(Some((_, list))) => list,
        Ok(None) => return Err(refused("the certificate has no SCT".to_owned())),
        Err(error) => return Err(refused(error.to_string())),
    };
    let scts = list.parse_timestamps().map_err(|error| refused(format!("{error:?}")))?;
    let [serialized] = scts.as_slice() else {
        return Err(refused(format!("expected one SCT, found {}", scts.len())));
    };
    let sct = serialized.parse_timestamp().map_err(|error| refused(format!("{error:?}")))?;
    let algorithm = sct.signature.algorithm.tls_serialize().map_err(|error| refused(error.to_string()))?;
    let time = i64::try_from(sct.timestamp).ok().and_then(|time| Timestamp::from_millisecond(time).ok());
    let time = time.ok_or_else(|| refused("its time is out of range".to_owned()))?;
    let data = sct_signed_data(&certificate, sct.timestamp, sct.extensions.as_slice(), issuer_key)
        .map_err(|error| refused(error.to_string()))?;
    domain
        .verify_ct_signature(&SctSignature {
            log_id: sct.log_id.key_id,
            time,
            hash: algorithm.first().copied().unwrap_or_default(),
            algorithm: algorithm.get(1).copied().unwrap_or_default(),
            data: &data,
            signature: sct.signature.signature.as_slice(),
        })
        .map_err(refused)?;
    // RFC 6962 §5.2: "TLS clients MUST reject SCTs whose timestamp is in the future" (A318).
    if time > now {
        return Err(refused(format!("its SCT is of {time}, which is in the future")));
    }
    if time + CLOCKS < leaf.not_before || time > leaf.not_after {
        return Err(refused(format!(
            "its SCT is of {time}; the certificate is valid from {} to {}",
            leaf.not_before, leaf.not_after
        )));
    }
    Ok(())
}

/// RFC 6962 §3.2, `digitally-signed struct` with a `PreCert` entry: version, signature type, timestamp, entry type, hash
/// of the issuer's key, the TBSCertificate without its SCT list, extensions.
fn sct_signed_data(
    certificate: &Certificate,
    timestamp: u64,
    extensions: &[u8],
    issuer_key: &[u8],
) -> der::Result<Vec<u8>> {
    let mut tbs = certificate.tbs_certificate.clone();
    if let Some(list) = &mut tbs.extensions {
        list.retain(|extension| extension.extn_id != SCT_LIST);
    }
    let tbs = tbs.to_der()?;
    let length = u32::try_from(tbs.len()).map_err(|_| der::ErrorKind::Overflow)?.to_be_bytes();
    let extensions_length = u16::try_from(extensions.len()).map_err(|_| der::ErrorKind::Overflow)?.to_be_bytes();
    let mut data = vec![0, 0];
    data.extend(timestamp.to_be_bytes());
    data.extend([0, 1]);
    data.extend(Digest::of(Algorithm::Sha256, issuer_key).bytes());
    data.extend(&length[1..]);
    data.extend(tbs);
    data.extend(extensions_length);
    data.extend(extensions);
    Ok(data)
}
