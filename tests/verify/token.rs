//! Timestamp tokens that no honest authority would write (RFC 3161 §2.4.2, RFC 5652 §5).

use jiff::Timestamp;

use crate::support::digest::sha256;
use crate::support::sigstore::key::SHA2_512;
use crate::support::sigstore::{SIGNING_TIME, TimestampAuthority, der};

pub(crate) const SHA_256: &str = "2.16.840.1.101.3.4.2.1";
pub(crate) const SHA_512: &str = "2.16.840.1.101.3.4.2.3";
pub(crate) const SHA_1: &str = "1.3.14.3.2.26";
pub(crate) const DATA: &str = "1.2.840.113549.1.7.1";
const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const TIMESTAMP_INFO: &str = "1.2.840.113549.1.9.16.1.4";
const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";

/// A token, part by part. As made by [`Token::over`] it is good.
#[derive(Clone)]
pub(crate) struct Token {
    authority: TimestampAuthority,
    pub(crate) time: Timestamp,
    /// `PKIStatus`: 0 is granted, 2 rejection, 3 waiting.
    pub(crate) status: u8,
    pub(crate) imprint_algorithm: &'static str,
    pub(crate) imprint: Vec<u8>,
    pub(crate) digest_algorithm: &'static str,
    /// The type of what is inside, and what the signed attributes say it is.
    pub(crate) content_type: &'static str,
    pub(crate) attributed_type: &'static str,
    pub(crate) attributed_digest: Option<Vec<u8>>,
    pub(crate) has_attributes: bool,
    /// Signs the attributes under the tag they are stored with, instead of that of a SET.
    pub(crate) signs_stored_form: bool,
    pub(crate) signers: usize,
    /// Digest algorithms beside the one that is used, the largest first.
    pub(crate) more_algorithms: u16,
    pub(crate) embedded: Vec<Vec<u8>>,
    /// Leaves out the response around the token.
    pub(crate) bare: bool,
}

impl Token {
    pub(crate) fn over(authority: &TimestampAuthority, message: &[u8]) -> Token {
        Token {
            authority: authority.clone(),
            time: SIGNING_TIME,
            status: 0,
            imprint_algorithm: SHA_256,
            imprint: sha256(message).to_vec(),
            digest_algorithm: SHA_256,
            content_type: TIMESTAMP_INFO,
            attributed_type: TIMESTAMP_INFO,
            attributed_digest: None,
            has_attributes: true,
            signs_stored_form: false,
            signers: 1,
            more_algorithms: 0,
            embedded: Vec::new(),
            bare: false,
        }
    }

    pub(crate) fn with(mut self, bend: impl FnOnce(&mut Token)) -> Vec<u8> {
        bend(&mut self);
        self.der()
    }

    fn der(&self) -> Vec<u8> {
        let content = der::sequence(&[der::oid(SIGNED_DATA), der::context(0, &self.signed_data())]);
        if self.bare {
            return content;
        }
        der::sequence(&[der::sequence(&[der::integer(&[self.status])]), content])
    }

    fn signed_data(&self) -> Vec<u8> {
        let info = self.info();
        let mut parts = vec![
            der::integer(&[3]),
            der::element(0x31, &[self.other_algorithms(), der::sequence(&[der::oid(self.digest_algorithm)])].concat()),
            der::sequence(&[der::oid(self.content_type), der::context(0, &der::octet_string(&info))]),
        ];
        if !self.embedded.is_empty() {
            // Not sorted: which certificate comes first is what some tests are about.
            parts.push(der::context(0, &self.embedded.concat()));
        }
        parts.push(der::set(&vec![self.signer_info(&info); self.signers]));
        der::sequence(&parts)
    }

    fn other_algorithms(&self) -> Vec<u8> {
        let name = |number: u16| der::sequence(&[der::oid(&format!("1.3.6.1.4.1.57264.9.{number}")), der::null()]);
        (0..self.more_algorithms).rev().flat_map(|number| name(30_000 + number)).collect()
    }

    fn info(&self) -> Vec<u8> {
        der::sequence(&[
            der::integer(&[1]),
            der::oid("1.3.6.1.4.1.57264.2"),
            der::sequence(&[
                der::sequence(&[der::oid(self.imprint_algorithm), der::null()]),
                der::octet_string(&self.imprint),
            ]),
            der::integer(&[42]),
            der::generalized_time(self.time),
        ])
    }

    fn signer_info(&self, info: &[u8]) -> Vec<u8> {
        let signer = &self.authority.signer;
        let digest = self.attributed_digest.clone().unwrap_or_else(|| match self.digest_algorithm {
            SHA_512 => SHA2_512.of(info),
            _ => sha256(info).to_vec(),
        });
        let attributes = [
            attribute(CONTENT_TYPE, der::oid(self.attributed_type)),
            attribute(MESSAGE_DIGEST, der::octet_string(&digest)),
        ];
        let stored = der::context(0, &der::set_content(&attributes));
        // RFC 5652 §5.4: the attributes are signed under the tag of a SET, but stored under [0].
        let covered = match (self.has_attributes, self.signs_stored_form) {
            (false, _) => info.to_vec(),
            (true, true) => stored.clone(),
            (true, false) => der::set(&attributes),
        };
        let mut parts = vec![
            der::integer(&[1]),
            der::sequence(&[signer.issuer.clone(), signer.serial.clone()]),
            der::sequence(&[der::oid(self.digest_algorithm)]),
        ];
        if self.has_attributes {
            parts.push(stored);
        }
        parts.push(signer.key.signature_algorithm());
        parts.push(der::octet_string(&signer.key.sign(&covered)));
        der::sequence(&parts)
    }
}

fn attribute(oid: &str, value: Vec<u8>) -> Vec<u8> {
    der::sequence(&[der::oid(oid), der::set(&[value])])
}
