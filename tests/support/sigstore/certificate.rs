//! Certificates, from a profile that tests may bend before it is signed.

use jiff::Timestamp;

use super::ct::{CtLog, tls_vector};
use super::der;
use super::key::Key;
use crate::support::digest::sha256;

pub const KEY_USAGE: &str = "2.5.29.15";
pub const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
pub const BASIC_CONSTRAINTS: &str = "2.5.29.19";
pub const SUBJECT_ALTERNATIVE_NAME: &str = "2.5.29.17";
pub const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
pub const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";
pub const SIGNED_CERTIFICATE_TIMESTAMPS: &str = "1.3.6.1.4.1.11129.2.4.2";
pub const PRECERTIFICATE_POISON: &str = "1.3.6.1.4.1.11129.2.4.3";

pub const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
pub const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";

/// The bits of RFC 5280 §4.2.1.3, ready to be used as the DER content of `KEY_USAGE`.
pub const DIGITAL_SIGNATURE: [u8; 4] = [0x03, 0x02, 0x07, 0x80];
pub const CERTIFICATE_SIGNING: [u8; 4] = [0x03, 0x02, 0x01, 0x06];

/// What a certificate says before it is signed.
#[derive(Clone)]
pub struct Profile {
    pub organization: Option<String>,
    pub common_name: Option<String>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// In the order they are written; duplicates are written twice.
    pub extensions: Vec<Extension>,
    /// The logs whose time stamps are embedded, in this order; none leaves the extension out.
    pub timestamped_by: Vec<CtLog>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Extension {
    pub oid: String,
    pub critical: bool,
    /// What goes inside the extension's OCTET STRING.
    pub value: Vec<u8>,
}

/// A subject alternative name of RFC 5280 §4.2.1.6.
#[derive(Clone, Debug, PartialEq)]
pub enum Name {
    Uri(String),
    Email(String),
    Dns(String),
    /// An `otherName` holding a UTF8String, as Fulcio writes user names under `1.3.6.1.4.1.57264.1.7`.
    Other {
        oid: String,
        text: String,
    },
}

impl Name {
    fn to_der(&self) -> Vec<u8> {
        match self {
            Name::Email(text) => der::context_primitive(1, text.as_bytes()),
            Name::Dns(text) => der::context_primitive(2, text.as_bytes()),
            Name::Uri(text) => der::context_primitive(6, text.as_bytes()),
            Name::Other { oid, text } => {
                let value = der::context(0, &der::utf8_string(text));
                der::context(0, &[der::oid(oid), value].concat())
            }
        }
    }
}

impl Profile {
    pub fn new(not_before: Timestamp, not_after: Timestamp) -> Profile {
        Profile {
            organization: None,
            common_name: None,
            not_before,
            not_after,
            extensions: Vec::new(),
            timestamped_by: Vec::new(),
        }
    }

    pub fn named(mut self, common_name: &str) -> Profile {
        self.organization = Some("sigstore.test".into());
        self.common_name = Some(common_name.into());
        self
    }

    /// Replaces the first extension of this identifier, or adds it at the end.
    pub fn set(&mut self, oid: &str, critical: bool, value: Vec<u8>) {
        let extension = Extension { oid: oid.into(), critical, value };
        match self.extensions.iter_mut().find(|known| known.oid == oid) {
            Some(known) => *known = extension,
            None => self.extensions.push(extension),
        }
    }

    /// Adds an extension even when one of its identifier is there already.
    pub fn add(&mut self, oid: &str, critical: bool, value: Vec<u8>) {
        self.extensions.push(Extension { oid: oid.into(), critical, value });
    }

    pub fn remove(&mut self, oid: &str) {
        self.extensions.retain(|extension| extension.oid != oid);
    }

    /// Replaces the subject alternative names; Fulcio's profile has exactly one.
    pub fn set_names(&mut self, names: &[Name]) {
        let encoded: Vec<_> = names.iter().map(Name::to_der).collect();
        self.set(SUBJECT_ALTERNATIVE_NAME, true, der::sequence(&encoded));
    }

    /// Replaces the extended key usages.
    pub fn set_usages(&mut self, critical: bool, usages: &[&str]) {
        let usages: Vec<_> = usages.iter().map(|usage| der::oid(usage)).collect();
        self.set(EXTENDED_KEY_USAGE, critical, der::sequence(&usages));
    }

    /// Makes this a certificate authority with at most `path_length` authorities below it.
    pub fn set_authority(&mut self, path_length: u8) {
        self.set(KEY_USAGE, true, CERTIFICATE_SIGNING.to_vec());
        let constraints = der::sequence(&[der::boolean(true), der::integer(&[path_length])]);
        self.set(BASIC_CONSTRAINTS, true, constraints);
    }

    /// Replaces a Fulcio claim of the older kind, whose value is bare text (`.1` to `.6`).
    pub fn set_bare_claim(&mut self, oid: &str, text: &str) {
        self.set(oid, false, text.as_bytes().to_vec());
    }

    /// Replaces a Fulcio claim of the newer kind, whose value is a DER UTF8String (`.8` and up).
    pub fn set_claim(&mut self, oid: &str, text: &str) {
        self.set(oid, false, der::utf8_string(text));
    }

    fn subject(&self) -> Vec<u8> {
        let attributes = [("2.5.4.10", &self.organization), ("2.5.4.3", &self.common_name)];
        let relative_names: Vec<_> = attributes
            .into_iter()
            .filter_map(|(oid, text)| text.as_ref().map(|text| (oid, text)))
            .map(|(oid, text)| der::set(&[der::sequence(&[der::oid(oid), der::utf8_string(text)])]))
            .collect();
        der::sequence(&relative_names)
    }
}

/// A signed certificate with what is needed to issue others below it.
#[derive(Clone)]
pub struct Certificate {
    pub der: Vec<u8>,
    pub key: Key,
    pub subject: Vec<u8>,
    pub issuer: Vec<u8>,
    pub serial: Vec<u8>,
}

impl Certificate {
    pub fn self_signed(profile: &Profile, key: &Key) -> Certificate {
        sign(profile, key, &profile.subject(), key)
    }

    /// Issues a certificate for `key`, with the time stamps the profile asks for.
    pub fn issue(&self, profile: &Profile, key: &Key) -> Certificate {
        sign(profile, key, &self.subject, &self.key)
    }

    pub fn pem(&self) -> String {
        der::pem("CERTIFICATE", &self.der)
    }
}

fn sign(profile: &Profile, key: &Key, issuer: &[u8], issuer_key: &Key) -> Certificate {
    let mut extensions = profile.extensions.clone();
    extensions.extend(key_identifiers(key, issuer_key));
    // RFC 6962 §3.2: the log signs the certificate as it will be, without the extension that carries its own answer.
    let precertificate = to_be_signed(profile, key, issuer, issuer_key, &extensions);
    extensions.extend(embedded_timestamps(profile, issuer_key, &precertificate));
    let body = to_be_signed(profile, key, issuer, issuer_key, &extensions);
    let signature = der::bit_string(&issuer_key.sign(&body));
    Certificate {
        der: der::sequence(&[body, issuer_key.signature_algorithm(), signature]),
        key: key.clone(),
        subject: profile.subject(),
        issuer: issuer.to_vec(),
        serial: serial(key),
    }
}

fn to_be_signed(profile: &Profile, key: &Key, issuer: &[u8], issuer_key: &Key, extensions: &[Extension]) -> Vec<u8> {
    let extensions: Vec<_> = extensions.iter().map(extension_der).collect();
    der::sequence(&[
        der::context(0, &der::integer(&[2])),
        serial(key),
        issuer_key.signature_algorithm(),
        issuer.to_vec(),
        der::sequence(&[der::validity_time(profile.not_before), der::validity_time(profile.not_after)]),
        profile.subject(),
        key.public_der(),
        der::context(3, &der::sequence(&extensions)),
    ])
}

// Serials need only differ, and keys do; the leading byte keeps them positive and of even length.
fn serial(key: &Key) -> Vec<u8> {
    der::integer(&[&[0x1f], &sha256(&key.public_der())[..18]].concat())
}

fn extension_der(extension: &Extension) -> Vec<u8> {
    let mut parts = vec![der::oid(&extension.oid)];
    // X.690 §11.5: a value equal to its default is not encoded.
    if extension.critical {
        parts.push(der::boolean(true));
    }
    parts.push(der::octet_string(&extension.value));
    der::sequence(&parts)
}

fn key_identifiers(key: &Key, issuer_key: &Key) -> [Extension; 2] {
    let identifier = |key: &Key| sha256(&key.public_bytes())[..20].to_vec();
    let authority = der::sequence(&[der::context_primitive(0, &identifier(issuer_key))]);
    [
        Extension { oid: SUBJECT_KEY_IDENTIFIER.into(), critical: false, value: der::octet_string(&identifier(key)) },
        Extension { oid: AUTHORITY_KEY_IDENTIFIER.into(), critical: false, value: authority },
    ]
}

fn embedded_timestamps(profile: &Profile, issuer_key: &Key, precertificate: &[u8]) -> Option<Extension> {
    if profile.timestamped_by.is_empty() {
        return None;
    }
    let issuer_key_hash = sha256(&issuer_key.public_der());
    let list: Vec<u8> = profile
        .timestamped_by
        .iter()
        .map(|log| log.timestamp(profile.not_before, &issuer_key_hash, precertificate))
        .flat_map(|timestamp| tls_vector(&timestamp))
        .collect();
    Some(Extension {
        oid: SIGNED_CERTIFICATE_TIMESTAMPS.into(),
        critical: false,
        value: der::octet_string(&tls_vector(&list)),
    })
}
