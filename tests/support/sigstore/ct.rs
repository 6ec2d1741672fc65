//! A certificate transparency log that answers with signed certificate timestamps (RFC 6962).

use jiff::Timestamp;

use super::key::Key;
use crate::support::digest::sha256;

/// A log's name and key. The two are separate fields so that a test can pair one log's name with another's key.
#[derive(Clone)]
pub struct CtLog {
    pub log_id: [u8; 32],
    pub key: Key,
    /// Overrides the time the log claims, which otherwise is the certificate's `notBefore`.
    pub clock: Option<Timestamp>,
    /// The `CtExtensions`; Static CT logs put the leaf index here, and the signature covers them.
    pub extensions: Vec<u8>,
}

impl CtLog {
    pub fn new() -> CtLog {
        let key = Key::p256();
        // RFC 6962 §3.2: "The LogID is the SHA-256 hash of the log's public key, calculated over the DER encoding".
        CtLog { log_id: sha256(&key.public_der()), key, clock: None, extensions: Vec::new() }
    }

    /// Returns a `SignedCertificateTimestamp` for a precertificate's `tbsCertificate`.
    pub fn timestamp(&self, issued_at: Timestamp, issuer_key_hash: &[u8; 32], precertificate: &[u8]) -> Vec<u8> {
        const VERSION_1: u8 = 0;
        const CERTIFICATE_TIMESTAMP: u8 = 0;
        const PRECERT_ENTRY: [u8; 2] = [0, 1];
        const SHA256_ECDSA: [u8; 2] = [4, 3];

        let milliseconds = self.clock.unwrap_or(issued_at).as_millisecond().to_be_bytes();
        let extensions = tls_vector(&self.extensions);
        let signed = [
            &[VERSION_1, CERTIFICATE_TIMESTAMP],
            milliseconds.as_slice(),
            &PRECERT_ENTRY,
            issuer_key_hash,
            // This one vector has a length of three bytes; a certificate never needs the first.
            &[0],
            &tls_vector(precertificate),
            &extensions,
        ]
        .concat();
        [
            &[VERSION_1],
            self.log_id.as_slice(),
            &milliseconds,
            &extensions,
            &SHA256_ECDSA,
            &tls_vector(&self.key.sign(&signed)),
        ]
        .concat()
    }
}

/// Writes a variable-length vector of RFC 5246 §4.3 whose length has two bytes.
pub fn tls_vector(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("certificates and their parts are below 64 KiB");
    [&length.to_be_bytes(), content].concat()
}
