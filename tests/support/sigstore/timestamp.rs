//! A timestamp authority (RFC 3161).

use jiff::{Span, Timestamp};

use super::authority::{CertificateAuthority, TRUSTED_SINCE};
use super::certificate::{Certificate, DIGITAL_SIGNATURE, EXTENDED_KEY_USAGE, KEY_USAGE, Profile, TIME_STAMPING};
use super::der;
use super::key::{Hash, Key, SHA2_512};
use crate::support::digest::sha256;

const SHA_256: &str = "2.16.840.1.101.3.4.2.1";
const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const TIMESTAMP_INFO: &str = "1.2.840.113549.1.9.16.1.4";
const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";
const SIGNING_CERTIFICATE: &str = "1.2.840.113549.1.9.16.2.47";
// The policy Sigstore's own authority puts on its tokens.
const POLICY: &str = "1.3.6.1.4.1.57264.2";

/// A signing certificate under its own root and intermediate.
#[derive(Clone)]
pub struct TimestampAuthority {
    pub signer: Certificate,
    pub authority: CertificateAuthority,
    /// Whether tokens carry the signing certificate, which Sigstore's do not.
    pub embeds_certificate: bool,
}

impl TimestampAuthority {
    pub fn new() -> TimestampAuthority {
        TimestampAuthority::with(|_| {})
    }

    /// Builds an authority whose signing certificate `bend` may change before it is signed.
    pub fn with(bend: impl FnOnce(&mut Profile)) -> TimestampAuthority {
        TimestampAuthority::build(&Key::p256(), true, bend)
    }

    /// Builds an authority that signs with this key; whether its intermediate states what it is for is up to the caller.
    pub fn of(key: &Key, states_purpose: bool) -> TimestampAuthority {
        TimestampAuthority::build(key, states_purpose, |_| {})
    }

    fn build(key: &Key, states_purpose: bool, bend: impl FnOnce(&mut Profile)) -> TimestampAuthority {
        let authority = CertificateAuthority::with(|root, intermediate| {
            root.common_name = Some("sigstore-tsa-root".into());
            intermediate.common_name = Some("sigstore-tsa-intermediate".into());
            intermediate.remove(EXTENDED_KEY_USAGE);
            if states_purpose {
                intermediate.set_usages(false, &[TIME_STAMPING]);
            }
        });
        let mut profile =
            Profile::new(TRUSTED_SINCE, TRUSTED_SINCE + Span::new().hours(9 * 365 * 24)).named("sigstore-tsa");
        profile.set(KEY_USAGE, true, DIGITAL_SIGNATURE.to_vec());
        // RFC 3161 §2.3: the extension "MUST be critical" and hold timeStamping only.
        profile.set_usages(true, &[TIME_STAMPING]);
        bend(&mut profile);
        let signer = authority.intermediate.issue(&profile, key);
        TimestampAuthority { signer, authority, embeds_certificate: false }
    }

    pub fn chain(&self) -> [&Certificate; 3] {
        [&self.signer, &self.authority.intermediate, &self.authority.root]
    }

    /// Returns a `TimeStampResp` that says `message` existed at `time`.
    pub fn stamp(&self, message: &[u8], time: Timestamp) -> Vec<u8> {
        let granted = der::sequence(&[der::integer(&[0])]);
        let signed_data = der::context(0, &self.signed_data(&timestamp_info(message, time), time));
        der::sequence(&[granted, der::sequence(&[der::oid(SIGNED_DATA), signed_data])])
    }

    fn signed_data(&self, info: &[u8], time: Timestamp) -> Vec<u8> {
        let content = der::sequence(&[der::oid(TIMESTAMP_INFO), der::context(0, &der::octet_string(info))]);
        let mut parts = vec![der::integer(&[3]), der::set(&[self.digest_algorithm()]), content];
        if self.embeds_certificate {
            parts.push(der::context(0, &self.signer.der));
        }
        parts.push(der::set(&[self.signer_info(info, time)]));
        der::sequence(&parts)
    }

    fn signer_info(&self, info: &[u8], time: Timestamp) -> Vec<u8> {
        let attributes = [
            attribute(CONTENT_TYPE, der::oid(TIMESTAMP_INFO)),
            attribute(SIGNING_TIME, der::utc_time(time)),
            attribute(MESSAGE_DIGEST, der::octet_string(&self.hash().of(info))),
            attribute(SIGNING_CERTIFICATE, self.signing_certificate()),
        ];
        // RFC 5652 §5.4: the attributes are signed under the tag of a SET, but stored under [0].
        let signature = self.signer.key.sign(&der::set(&attributes));
        der::sequence(&[
            der::integer(&[1]),
            self.issuer_and_serial(self.signer.issuer.clone()),
            self.digest_algorithm(),
            der::context(0, &der::set_content(&attributes)),
            self.signer.key.signature_algorithm(),
            der::octet_string(&signature),
        ])
    }

    // RFC 8419 §3: pure Ed25519 goes with SHA-512 here.
    fn hash(&self) -> Hash {
        match self.signer.key.details() {
            "PKIX_ED25519" => SHA2_512,
            _ => self.signer.key.hash(),
        }
    }

    fn digest_algorithm(&self) -> Vec<u8> {
        der::sequence(&[der::oid(self.hash().oid)])
    }

    // RFC 3161 §2.4.2 wants the signer's certificate named under the signature; RFC 5816 names it by SHA-256.
    fn signing_certificate(&self) -> Vec<u8> {
        let directory_name = der::context(4, &self.signer.issuer);
        let issuer = self.issuer_and_serial(der::sequence(&[directory_name]));
        let identifier = der::sequence(&[der::octet_string(&sha256(&self.signer.der)), issuer]);
        der::sequence(&[der::sequence(&[identifier])])
    }

    fn issuer_and_serial(&self, issuer: Vec<u8>) -> Vec<u8> {
        der::sequence(&[issuer, self.signer.serial.clone()])
    }
}

fn attribute(oid: &str, value: Vec<u8>) -> Vec<u8> {
    der::sequence(&[der::oid(oid), der::set(&[value])])
}

fn timestamp_info(message: &[u8], time: Timestamp) -> Vec<u8> {
    let imprint = sha256(message);
    let algorithm = der::sequence(&[der::oid(SHA_256), der::null()]);
    der::sequence(&[
        der::integer(&[1]),
        der::oid(POLICY),
        der::sequence(&[algorithm, der::octet_string(&imprint)]),
        der::integer(&imprint[..16]),
        der::generalized_time(time),
    ])
}
