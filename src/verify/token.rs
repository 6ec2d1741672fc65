//! RFC 3161 timestamps: checks that the Sigstore crate omits, and tokens that it cannot read.
//!
//! The crate supports authorities with elliptic keys and SHA-256 or SHA-384, whole seconds, and chains in which every certificate
//! states its purpose. RFC 3161 requires none of that. This module reads the tokens that the crate refuses: the stamped content,
//! the authority, its certificate, and the time.
//!
//! `super::authorities` checks that the certificate of an authority is for timestamps alone (A169). Certificates inside a token
//! are never used (A167).

use cms::signed_data::{SignerIdentifier, SignerInfo};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::ID_KP_TIME_STAMPING;
use const_oid::db::rfc5911::{ID_CONTENT_TYPE, ID_MESSAGE_DIGEST};
use const_oid::db::rfc5912::{
    ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ECDSA_WITH_SHA_512, ID_SHA_1, ID_SHA_256, ID_SHA_384, ID_SHA_512,
    RSA_ENCRYPTION, SHA_256_WITH_RSA_ENCRYPTION, SHA_384_WITH_RSA_ENCRYPTION, SHA_512_WITH_RSA_ENCRYPTION,
};
use const_oid::db::rfc8410::ID_ED_25519;
use der::asn1::OctetString;
use der::{Any, Decode, Encode, Tag, Tagged};
use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage};
use x509_cert::Certificate;
use x509_cert::ext::pkix::SubjectKeyIdentifier;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::check::{CheckId, Finding};
use crate::oci::{Algorithm, Digest};

use super::bundle::{VerifyingKey, algorithms, key_in_certificate};
use super::untrusted_der;

/// id-ct-TSTInfo (RFC 3161 §2.4.2).
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");

/// Why a token gives no time by an authority.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoTime {
    /// Another authority made it.
    AnotherSigner,
    /// It does not hold.
    Refused(String),
    /// It is made in a way that is not known here, which says nothing against it.
    Unknown(String),
}

fn refused(reason: impl Into<String>) -> NoTime {
    NoTime::Refused(reason.into())
}

/// Checks two things in a token that the crate leaves open: one signer, whose attributes name the type of the content
/// (A170).
pub(super) fn check_token(token: &[u8]) -> Result<(), Finding> {
    let refused = |found: &str| Finding::fail(CheckId::SignedTime, "the signature has no trusted time").found(found);
    let content = untrusted_der::signed_data(token).ok_or_else(|| refused("the timestamp is not signed data"))?;
    let [signer] = content.signer_infos.0.as_slice() else {
        return Err(refused("the timestamp does not have exactly one signer"));
    };
    let mut types = signer.signed_attrs.iter().flat_map(|all| all.iter()).filter(|one| one.oid == ID_CONTENT_TYPE);
    let named = types.next().and_then(|one| one.values.get(0)?.decode_as::<ObjectIdentifier>().ok());
    if named != Some(content.encap_content_info.econtent_type) || types.next().is_some() {
        return Err(refused("the timestamp's attributes name another type than its content has"));
    }
    Ok(())
}

/// Returns the time that a token gives to one of the texts that it may be over, if the authority with this chain made it: the
/// signer's certificate first, the root last. Whether the authority was trusted then is for the caller to compare.
pub(super) fn time_of(token: &[u8], stamped: &[&[u8]], chain: &[&[u8]]) -> Result<Timestamp, NoTime> {
    check_status(token)?;
    let content = untrusted_der::signed_data(token).ok_or_else(|| refused("the timestamp is not signed data"))?;
    let [signer] = content.signer_infos.0.as_slice() else {
        return Err(refused("the timestamp does not have exactly one signer"));
    };
    let leaf = chain.first().and_then(|der| untrusted_der::certificate(der).ok()).ok_or(NoTime::AnotherSigner)?;
    if !is_signer(&signer.sid, &leaf) {
        return Err(NoTime::AnotherSigner);
    }
    let encapsulated = &content.encap_content_info;
    let info = encapsulated
        .econtent
        .as_ref()
        .filter(|_| encapsulated.econtent_type == TST_INFO)
        .and_then(|octets| octets.decode_as::<OctetString>().ok())
        .ok_or_else(|| refused("the timestamp holds no time"))?;
    let info = info.as_bytes();
    let (imprint, time) = read_info(info)?;
    if !stamped.iter().any(|bytes| imprint == Digest::of(imprint.algorithm(), bytes)) {
        return Err(refused("the timestamp is over something else"));
    }
    verify_signer(signer, info, chain[0])?;
    verify_chain(chain, time)?;
    Ok(time)
}

/// RFC 3161 §2.4.2: a token is there only "when the PKIStatus contains the value zero … or one".
fn check_status(token: &[u8]) -> Result<(), NoTime> {
    if untrusted_der::is_token(token) {
        return Ok(());
    }
    let response = Vec::<Any>::from_der(token).unwrap_or_default();
    let status = response.first().and_then(|info| info.decode_as::<Vec<Any>>().ok());
    let status = status.as_ref().and_then(|info| info.first()?.decode_as::<u8>().ok());
    match status {
        Some(0 | 1) => Ok(()),
        _ => Err(refused("the authority did not grant the timestamp")),
    }
}

fn is_signer(named: &SignerIdentifier, leaf: &Certificate) -> bool {
    let tbs = &leaf.tbs_certificate;
    match named {
        SignerIdentifier::IssuerAndSerialNumber(named) => {
            named.issuer == tbs.issuer && named.serial_number == tbs.serial_number
        }
        SignerIdentifier::SubjectKeyIdentifier(named) => {
            matches!(tbs.get::<SubjectKeyIdentifier>(), Ok(Some((_, identifier))) if identifier == *named)
        }
    }
}

/// RFC 3161 §2.4.2, `TSTInfo`: version, policy, imprint, serial number, time, and optional fields. Returns imprint and
/// time.
fn read_info(info: &[u8]) -> Result<(Digest, Timestamp), NoTime> {
    let malformed = || refused("the content of the timestamp cannot be read");
    let fields = Vec::<Any>::from_der(info).map_err(|_| malformed())?;
    let [version, _policy, imprint, _serial, time, optional @ ..] = fields.as_slice() else {
        return Err(malformed());
    };
    if version.decode_as::<u8>().ok() != Some(1) {
        return Err(NoTime::Unknown("a timestamp of another version than 1".to_owned()));
    }
    // The context tag [1]: extensions. A critical one changes the token's meaning (RFC 5280 §4.2).
    if optional.iter().any(|field| field.tag().number() == der::TagNumber::N1 && field.tag().is_context_specific()) {
        return Err(NoTime::Unknown("a timestamp with extensions".to_owned()));
    }
    let imprint = imprint.decode_as::<Vec<Any>>().map_err(|_| malformed())?;
    let [algorithm, hashed] = imprint.as_slice() else { return Err(malformed()) };
    let algorithm = algorithm.decode_as::<AlgorithmIdentifierOwned>().map_err(|_| malformed())?;
    let hashed = hashed.decode_as::<OctetString>().map_err(|_| malformed())?;
    let imprint = Digest::from_bytes(hash(algorithm.oid)?, hashed.as_bytes()).ok_or_else(malformed)?;
    let time = (time.tag() == Tag::GeneralizedTime).then(|| std::str::from_utf8(time.value()).ok()).flatten();
    Ok((imprint, time.and_then(generalized_time).ok_or_else(malformed)?))
}

/// RFC 3161 §2.4.2: "The syntax is: YYYYMMDDhhmmss[.s...]Z".
fn generalized_time(text: &str) -> Option<Timestamp> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.strip_suffix('Z').map(|text| text.split_once('.').unwrap_or((text, "0")))?;
    if whole.len() != 14 || !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let part = |from: usize, to: usize| &whole[from..to];
    let (date, time) =
        ([part(0, 4), part(4, 6), part(6, 8)].join("-"), [part(8, 10), part(10, 12), part(12, 14)].join(":"));
    format!("{date}T{time}.{fraction}Z").parse().ok().filter(|time| *time >= Timestamp::UNIX_EPOCH)
}

fn hash(oid: ObjectIdentifier) -> Result<Algorithm, NoTime> {
    match oid {
        ID_SHA_256 => Ok(Algorithm::Sha256),
        ID_SHA_384 => Ok(Algorithm::Sha384),
        ID_SHA_512 => Ok(Algorithm::Sha512),
        ID_SHA_1 => Err(refused("the timestamp is made with SHA-1")),
        other => Err(NoTime::Unknown(format!("a timestamp made with the hash {other}"))),
    }
}

/// RFC 5652 §5.4: the signature is over the attributes, encoded as a SET, and one of them is the digest of the content.
fn verify_signer(signer: &SignerInfo, info: &[u8], certificate: &[u8]) -> Result<(), NoTime> {
    let hash = hash(signer.digest_alg.oid)?;
    let attributes = signer.signed_attrs.as_ref().ok_or_else(|| refused("the timestamp has no signed attributes"))?;
    let mut digests = attributes.iter().filter(|one| one.oid == ID_MESSAGE_DIGEST);
    let digest = match (digests.next().map(|one| one.values.as_slice()), digests.next()) {
        (Some([digest]), None) => digest.decode_as::<OctetString>().ok(),
        _ => None,
    };
    if digest.is_none_or(|digest| digest.as_bytes() != Digest::of(hash, info).bytes()) {
        return Err(refused("the timestamp's attributes are about another content"));
    }
    let covered = attributes.to_der().map_err(|error| refused(error.to_string()))?;
    let public_key = key_in_certificate(certificate).ok_or(NoTime::AnotherSigner)?;
    let key = VerifyingKey::read(&public_key).map_err(|error| NoTime::Unknown(error.to_string()))?;
    let signing_hash = match signer.signature_algorithm.oid {
        ECDSA_WITH_SHA_256 | SHA_256_WITH_RSA_ENCRYPTION => Algorithm::Sha256,
        ECDSA_WITH_SHA_384 | SHA_384_WITH_RSA_ENCRYPTION => Algorithm::Sha384,
        ECDSA_WITH_SHA_512 | SHA_512_WITH_RSA_ENCRYPTION => Algorithm::Sha512,
        // RFC 3370 §3.2: the hash is then that of the digest. RFC 8419 §3: Ed25519 has its own.
        RSA_ENCRYPTION | ID_ED_25519 => hash,
        other => return Err(NoTime::Unknown(format!("a timestamp signed with the algorithm {other}"))),
    };
    // RFC 5754 §3 wants one hash for both. Where two are named, some authorities sign by the one and some by the other.
    let verifies = |hash| key.verifies(hash, &covered, signer.signature.as_bytes());
    match (verifies(signing_hash), verifies(hash)) {
        (Some(true), _) | (_, Some(true)) => Ok(()),
        (None, None) => {
            Err(NoTime::Unknown("a timestamp signed by a kind of key and a hash that do not go together".to_owned()))
        }
        _ => Err(refused("the authority's signature does not verify")),
    }
}

/// Builds the path from the signer's certificate to the root, all of it valid at the time. Certificates between the two may leave
/// their purpose open (RFC 5280 §4.2.1.12); what they state must be timestamps.
fn verify_chain(chain: &[&[u8]], time: Timestamp) -> Result<(), NoTime> {
    let [leaf, between @ ..] = chain else { return Err(NoTime::AnotherSigner) };
    let (root, between) = between.split_last().unwrap_or((leaf, &[]));
    let seconds = u64::try_from(time.as_second()).map_err(|_| refused("a time before 1970"))?;
    let root = CertificateDer::from(*root);
    let anchor = webpki::anchor_from_trusted_cert(&root).map_err(path_refusal)?;
    let between: Vec<CertificateDer<'_>> = between.iter().map(|der| CertificateDer::from(*der)).collect();
    let leaf = CertificateDer::from(*leaf);
    EndEntityCert::try_from(&leaf)
        .and_then(|leaf| {
            leaf.verify_for_usage(
                &algorithms(),
                &[anchor],
                &between,
                UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)),
                KeyUsage::required_if_present(ID_KP_TIME_STAMPING.as_bytes()),
                None,
                None,
            )
            .map(drop)
        })
        .map_err(path_refusal)
}

fn path_refusal(error: Error) -> NoTime {
    match error {
        Error::CertExpired { .. } | Error::CertNotValidYet { .. } => {
            refused("a certificate of the authority was not valid then")
        }
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => {
            refused("a certificate above the authority's is for other purposes than timestamps")
        }
        Error::UnsupportedSignatureAlgorithmContext(_) | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            NoTime::Unknown(
                "an authority whose certificates are signed with an algorithm that is not known here".to_owned(),
            )
        }
        Error::UnknownIssuer => refused("the authority's certificate does not lead to its root"),
        other => refused(format!("the authority's certificates do not verify: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a316_times_may_have_fractions() {
        let time = |text: &str| generalized_time(text).map(|time| time.to_string());
        assert_eq!(time("20260301120000Z").as_deref(), Some("2026-03-01T12:00:00Z"));
        assert_eq!(time("20260301120000.5Z").as_deref(), Some("2026-03-01T12:00:00.5Z"));
        for wrong in [
            "20260301120000",
            "202603011200Z",
            "20260301120000.Z",
            "20260301120000,5Z",
            "20261301120000Z",
            "20260301120000+0100",
            "+0260301120000Z",
            "19690301120000Z",
        ] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
    }
}
