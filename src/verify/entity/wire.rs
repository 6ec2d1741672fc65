//! The JSON of bundles and envelopes, read strictly.

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use super::model::{
    Envelope, InclusionProof, KeyMaterial, LogEntry, MessageDigest, MessageSignature, SignedContent, SignedEntity,
    Version,
};
use crate::evidence::Payload;
use crate::json::base64::decode as decode_base64;

/// Log entries that one bundle may have.
const MAX_LOG_ENTRIES: usize = 32;
/// Timestamps that one bundle may have.
const MAX_TIMESTAMPS: usize = 32;
/// Certificates that one chain may have.
const MAX_CERTIFICATES: usize = 8;
/// Hashes that one inclusion proof may have: a tree of 2^64 leaves is not deeper (RFC 9162 §2.1.3.2).
const MAX_PROOF_HASHES: usize = 64;

/// The media type of the bundle format in all spellings that are or were written.
fn version_of(media_type: &str) -> Result<Version, String> {
    match media_type {
        "application/vnd.dev.sigstore.bundle+json;version=0.1" => Ok(Version::V01),
        "application/vnd.dev.sigstore.bundle+json;version=0.2" => Ok(Version::V02),
        "application/vnd.dev.sigstore.bundle.v0.3+json" | "application/vnd.dev.sigstore.bundle+json;version=0.3" => {
            Ok(Version::V03)
        }
        "" => Err("`mediaType` is missing, so its version is unknown".to_owned()),
        other => {
            Err(format!("media type `{}` is not a bundle version known here (0.1, 0.2, 0.3)", other.escape_debug()))
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireBundle {
    #[serde(default)]
    media_type: String,
    verification_material: WireMaterial,
    #[serde(default)]
    message_signature: Option<WireMessageSignature>,
    #[serde(default)]
    dsse_envelope: Option<WireEnvelope>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireMaterial {
    #[serde(default)]
    certificate: Option<WireCertificate>,
    #[serde(default)]
    x509_certificate_chain: Option<WireChain>,
    #[serde(default)]
    public_key: Option<WirePublicKey>,
    #[serde(default, deserialize_with = "null_as_default")]
    tlog_entries: Vec<WireLogEntry>,
    #[serde(default, deserialize_with = "null_as_default")]
    timestamp_verification_data: WireTimestamps,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireCertificate {
    raw_bytes: Bytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireChain {
    #[serde(default, deserialize_with = "null_as_default")]
    certificates: Vec<WireCertificate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WirePublicKey {
    #[serde(default, deserialize_with = "null_as_default")]
    hint: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireLogEntry {
    #[serde(default, deserialize_with = "integer")]
    log_index: u64,
    log_id: WireLogId,
    kind_version: WireKindVersion,
    #[serde(default, deserialize_with = "integer")]
    integrated_time: u64,
    #[serde(default)]
    inclusion_promise: Option<WirePromise>,
    #[serde(default)]
    inclusion_proof: Option<WireProof>,
    canonicalized_body: Bytes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireLogId {
    key_id: Bytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireKindVersion {
    kind: String,
    version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WirePromise {
    signed_entry_timestamp: Bytes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireProof {
    #[serde(default, deserialize_with = "integer")]
    log_index: u64,
    // proto3 omits empty and zero values, and Rekor v2 leaves both to the checkpoint.
    #[serde(default)]
    root_hash: Bytes,
    #[serde(default, deserialize_with = "integer")]
    tree_size: u64,
    #[serde(default, deserialize_with = "null_as_default")]
    hashes: Vec<Bytes>,
    #[serde(default)]
    checkpoint: Option<WireCheckpoint>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireCheckpoint {
    #[serde(default, deserialize_with = "null_as_default")]
    envelope: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireTimestamps {
    #[serde(default, deserialize_with = "null_as_default")]
    rfc3161_timestamps: Vec<WireTimestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireTimestamp {
    signed_timestamp: Bytes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireMessageSignature {
    #[serde(default)]
    message_digest: Option<WireMessageDigest>,
    signature: Bytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireMessageDigest {
    #[serde(default, deserialize_with = "null_as_default")]
    algorithm: String,
    #[serde(default, deserialize_with = "null_as_default")]
    digest: Bytes,
}

/// DSSE `envelope.md`: "consumers MUST ignore unrecognised fields", so unknown fields are allowed here and only here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireEnvelope {
    payload_type: String,
    #[serde(rename = "payload")]
    _payload: Text,
    signatures: Vec<WireEnvelopeSignature>,
}

#[derive(Deserialize)]
struct WireEnvelopeSignature {
    sig: Bytes,
    #[serde(default, deserialize_with = "null_as_default")]
    keyid: String,
}

impl WireBundle {
    pub(super) fn beyond_a_limit(&self) -> Option<String> {
        let entity = &self.verification_material;
        let certificates = entity.x509_certificate_chain.as_ref().map_or(0, |chain| chain.certificates.len());
        [
            at_most("timestamps", entity.timestamp_verification_data.rfc3161_timestamps.len(), MAX_TIMESTAMPS),
            at_most("log entries", entity.tlog_entries.len(), MAX_LOG_ENTRIES),
            at_most("certificates", certificates, MAX_CERTIFICATES),
        ]
        .into_iter()
        .find_map(Result::err)
    }

    pub(super) fn into_entity(self, payload: Option<&Payload>) -> Result<SignedEntity, String> {
        let version = version_of(&self.media_type)?;
        let hint = self.verification_material.public_key.as_ref().map(|key| key.hint.clone());
        let content = match (self.message_signature, self.dsse_envelope) {
            (Some(message), None) => SignedContent::Message(message.into()),
            (None, Some(envelope)) => SignedContent::Envelope(envelope.into_envelope(payload)?),
            (None, None) => return Err("it holds neither a message signature nor a DSSE envelope".to_owned()),
            (Some(_), Some(_)) => return Err("it holds both a message signature and a DSSE envelope".to_owned()),
        };
        // sigstore_bundle.proto: "the `hint` and the DSSE `keyid` MUST be equal when both are present" (A083).
        if let (Some(hint), SignedContent::Envelope(envelope)) = (&hint, &content)
            && !hint.is_empty()
            && !envelope.key_id.is_empty()
            && *hint != envelope.key_id
        {
            return Err("the public key hint and the DSSE key id differ".to_owned());
        }
        let entity = self.verification_material;
        let key = key_material(version, entity.certificate, entity.x509_certificate_chain, entity.public_key)?;
        let timestamps = entity.timestamp_verification_data.rfc3161_timestamps;
        Ok(SignedEntity {
            version,
            key,
            entries: entity.tlog_entries.into_iter().map(WireLogEntry::into_entry).collect::<Result<_, _>>()?,
            timestamps: timestamps.into_iter().map(|timestamp| timestamp.signed_timestamp.0).collect(),
            content,
            stamped: None,
            is_bare: false,
        })
    }
}

fn key_material(
    version: Version,
    certificate: Option<WireCertificate>,
    chain: Option<WireChain>,
    public_key: Option<WirePublicKey>,
) -> Result<KeyMaterial, String> {
    match (certificate, chain, public_key) {
        (Some(certificate), None, None) => Ok(KeyMaterial::Certificate(certificate.raw_bytes.0)),
        // sigstore_bundle.proto: "in a v0.3 bundle … MUST be a single certificate" (A069).
        (None, Some(_), None) if version == Version::V03 => {
            Err("a version 0.3 bundle holds a certificate chain; it must hold the leaf certificate alone".to_owned())
        }
        (None, Some(chain), None) => {
            // The signer writes the others: the trusted root alone says who issues (A311).
            let leaf = chain.certificates.into_iter().next().ok_or("its certificate chain is empty")?;
            Ok(KeyMaterial::Certificate(leaf.raw_bytes.0))
        }
        (None, None, Some(_)) => Ok(KeyMaterial::PublicKey),
        (None, None, None) => Err("it holds neither a certificate nor a public key".to_owned()),
        _ => Err("it holds more than one kind of verification material".to_owned()),
    }
}

impl From<WireMessageSignature> for MessageSignature {
    fn from(wire: WireMessageSignature) -> Self {
        let digest = wire
            .message_digest
            .map(|digest| MessageDigest { algorithm: digest.algorithm, digest: digest.digest.0 })
            // proto3: a message without any field set says nothing.
            .filter(|digest| !(digest.algorithm.is_empty() && digest.digest.is_empty()));
        Self { digest, signature: wire.signature.0 }
    }
}

impl WireEnvelope {
    /// `payload` is the one that was decoded out of the text that this was read from.
    pub(super) fn into_envelope(self, payload: Option<&Payload>) -> Result<Envelope, String> {
        // sigstore_bundle.proto: "DSSE envelopes in a bundle MUST have exactly one signature" (A072).
        let [signature] = <[WireEnvelopeSignature; 1]>::try_from(self.signatures)
            .map_err(|all| format!("the DSSE envelope has {} signatures; it must have exactly one", all.len()))?;
        let payload = payload.ok_or("its payload is not base64")?;
        if payload.signed_as(&self.payload_type).is_none() {
            return Err("its payload type can be read in two ways".to_owned());
        }
        Ok(Envelope {
            payload_type: self.payload_type,
            payload: payload.clone(),
            signature: signature.sig.0,
            key_id: signature.keyid,
            stored: None,
        })
    }
}

impl WireLogEntry {
    fn into_entry(self) -> Result<LogEntry, String> {
        let integrated_time = match i64::try_from(self.integrated_time) {
            // proto3: zero and absent are the same. Rekor v2 has no integrated time.
            Ok(0) => None,
            Ok(seconds) => Some(seconds),
            Err(_) => return Err("an integrated time is out of range".to_owned()),
        };
        Ok(LogEntry {
            log_index: self.log_index,
            log_id: self.log_id.key_id.0,
            kind: self.kind_version.kind,
            version: self.kind_version.version,
            integrated_time,
            promise: self.inclusion_promise.map(|promise| promise.signed_entry_timestamp.0),
            proof: self.inclusion_proof.map(WireProof::into_proof).transpose()?,
            body: self.canonicalized_body.0,
        })
    }
}

impl WireProof {
    fn into_proof(self) -> Result<InclusionProof, String> {
        at_most("hashes in an inclusion proof", self.hashes.len(), MAX_PROOF_HASHES)?;
        Ok(InclusionProof {
            log_index: self.log_index,
            root_hash: self.root_hash.0,
            tree_size: self.tree_size,
            hashes: self.hashes.into_iter().map(|hash| hash.0).collect(),
            checkpoint: self.checkpoint.map(|checkpoint| checkpoint.envelope).unwrap_or_default(),
        })
    }
}

fn at_most(what: &str, found: usize, limit: usize) -> Result<(), String> {
    if found > limit { Err(format!("it has {found} {what}; the limit is {limit}")) } else { Ok(()) }
}

/// A protobuf `bytes` field: base64, standard or URL-safe, padded or not (protobuf JSON mapping; DSSE `protocol.md`).
#[derive(Default)]
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        decode_base64(&text).map(Self).ok_or_else(|| de::Error::custom("a value is not base64"))
    }
}

/// A text that was read before, however long it is.
struct Text;

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Self)
    }
}

impl de::Visitor<'_> for Text {
    type Value = Self;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }
}

/// A protobuf 64-bit integer: a string of digits, or a number (protobuf JSON mapping).
fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64().ok_or_else(|| de::Error::custom("an integer is out of range")),
        Value::String(text) if text.bytes().all(|b| b.is_ascii_digit()) => {
            text.parse().map_err(|_| de::Error::custom("an integer is out of range"))
        }
        Value::String(_) => Err(de::Error::custom("an integer has other characters than digits")),
        Value::Null => Ok(0),
        _ => Err(de::Error::custom("an integer is of another type")),
    }
}

fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
