//! The trusted root: what a verifier is told about an instance.

use serde_json::{Value, json};

use super::authority::{CertificateAuthority, TRUSTED_SINCE};
use super::key::Key;
use super::rekor::Rekor;
use super::{CtLog, Sigstore, TimestampAuthority};
use crate::support::json::base64;

impl Sigstore {
    /// Returns the instance's `trusted_root.json`.
    pub fn trusted_root(&self) -> String {
        self.trusted_root_with(|_| {})
    }

    /// Returns the trusted root after `bend` had its way with the JSON.
    pub fn trusted_root_with(&self, bend: impl FnOnce(&mut Value)) -> String {
        let mut root = json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [transparency_log(&self.rekor), transparency_log(&self.rekor_v2)],
            "certificateAuthorities": [certificate_authority(&self.authority)],
            "ctlogs": [certificate_log(&self.ct)],
            "timestampAuthorities": [timestamp_authority(&self.timestamp_authority)],
        });
        bend(&mut root);
        root.to_string()
    }
}

fn since() -> Value {
    json!({"start": TRUSTED_SINCE.to_string()})
}

fn transparency_log(log: &Rekor) -> Value {
    log_instance(&format!("https://{}", log.name), &log.key, &log.log_id)
}

fn certificate_log(log: &CtLog) -> Value {
    log_instance("https://ctfe.sigstore.test/2026", &log.key, &log.log_id)
}

fn log_instance(url: &str, key: &Key, log_id: &[u8; 32]) -> Value {
    json!({
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {"rawBytes": base64(key.public_der()), "keyDetails": key.details(), "validFor": since()},
        "logId": {"keyId": base64(log_id)},
    })
}

fn certificate_authority(authority: &CertificateAuthority) -> Value {
    let certificates: Vec<_> =
        authority.chain().map(|certificate| json!({"rawBytes": base64(&certificate.der)})).to_vec();
    json!({
        "subject": {"organization": "sigstore.test", "commonName": "sigstore"},
        "uri": "https://fulcio.sigstore.test",
        "certChain": {"certificates": certificates},
        "validFor": since(),
    })
}

fn timestamp_authority(authority: &TimestampAuthority) -> Value {
    let certificates: Vec<_> =
        authority.chain().map(|certificate| json!({"rawBytes": base64(&certificate.der)})).to_vec();
    json!({
        "subject": {"organization": "sigstore.test", "commonName": "sigstore-tsa"},
        "uri": "https://timestamp.sigstore.test/api/v1/timestamp",
        "certChain": {"certificates": certificates},
        "validFor": since(),
    })
}
