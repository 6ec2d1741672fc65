//! Statements with any content and a good signature, by a key that the policy trusts without a log.

use std::sync::LazyLock;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use bonafide::check::ImageReport;
use bonafide::evidence::{Content, Opened};
use bonafide::oci::{Algorithm, Digest};
use bonafide::policy::{KeyRule, LogRule, PublicKey, Signer};
use serde_json::json;

use crate::{holds, lab};

/// RFC 8410 §4: the `SubjectPublicKeyInfo` of an Ed25519 key, up to the key.
const ED25519: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The same key in every run, so that every finding can be made again.
static KEY: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("any 32 bytes are a key"));

/// The public key as PEM.
pub static PEM: LazyLock<String> = LazyLock::new(|| {
    let der = [ED25519.as_slice(), KEY.public_key().as_ref()].concat();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lab::encode(&der))
});

/// The key as the one that may sign, without a log.
pub static SIGNER: LazyLock<Signer> = LazyLock::new(|| {
    let key = PublicKey::from_pem(PEM.as_bytes()).expect("a key");
    Signer::Keys(KeyRule::new([key], LogRule::NotRequired).expect("a rule"))
});

/// The image that forged statements are about.
pub static IMAGE: LazyLock<Digest> = LazyLock::new(|| Digest::of(Algorithm::Sha256, b"the manifest of the image"));

/// A statement about the image.
pub fn statement(predicate_type: &str, predicate: &[u8]) -> Vec<u8> {
    statement_about(&IMAGE, predicate_type, predicate)
}

/// A statement about any image.
pub fn statement_about(image: &Digest, predicate_type: &str, predicate: &[u8]) -> Vec<u8> {
    let head = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"a","digest":{{"sha256":"{}"}}}}],"predicateType":"{predicate_type}","predicate":"#,
        image.hex()
    );
    [head.as_bytes(), predicate, b"}"].concat()
}

/// Signs a payload, judges it, and asserts what holds of every report.
pub fn judge(payload: &[u8]) -> ImageReport {
    let report = lab::judge(&IMAGE, sign(payload), &SIGNER, &[]);
    holds::of(&report);
    report
}

/// Signs a payload with the key alone.
pub fn sign(payload: &[u8]) -> Content {
    const TYPE: &str = "application/vnd.in-toto+json";
    // DSSE protocol.md, pre-authentication encoding.
    let head = format!("DSSEv1 {} {TYPE} {} ", TYPE.len(), payload.len());
    let signature = KEY.sign(&[head.as_bytes(), payload].concat());
    let bundle = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": ""}},
        "dsseEnvelope": {
            "payloadType": TYPE,
            "payload": lab::encode(payload),
            "signatures": [{"sig": lab::encode(signature.as_ref())}],
        },
    });
    Content::Bundle(Opened::bundle(lab::blob(bundle.to_string())))
}
