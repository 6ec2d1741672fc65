//! The parts of a signed entity.

use jiff::Timestamp;
use serde::Deserialize;

use crate::check::{CheckId, Finding, LogEntryReport, LogEvidence};
use crate::evidence::{Opened, Payload};
use crate::json;
use crate::oci::{Algorithm, encode_hex};
use crate::verify::untrusted_der::{self, Encoding};

/// The version of the bundle format, which determines the required parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::verify) enum Version {
    V01,
    V02,
    V03,
}

/// A signature and everything that came along to verify it; nothing in it has been verified.
#[derive(Debug, Clone)]
pub(in crate::verify) struct SignedEntity {
    pub(in crate::verify) version: Version,
    pub(in crate::verify) key: KeyMaterial,
    pub(in crate::verify) entries: Vec<LogEntry>,
    pub(in crate::verify) timestamps: Vec<Vec<u8>>,
    pub(in crate::verify) content: SignedContent,
    /// Content that a timestamp may cover instead of the signature: cosign before version 3 stamped the whole envelope of a
    /// legacy attestation.
    pub(in crate::verify) stamped: Option<Opened>,
    /// Whether it came in a form that has no place for its log entry, so that it may have one elsewhere.
    pub(in crate::verify) is_bare: bool,
}

impl SignedEntity {
    /// Checks that certificates and timestamps are within the decoder's limits (A310).
    pub(in crate::verify) fn check_limits(&self) -> Result<(), Finding> {
        let certificates = self.key.leaf().into_iter().map(|der| (Encoding::Certificate, der));
        let timestamps = self.timestamps.iter().map(|token| (Encoding::Timestamp, token.as_slice()));
        certificates
            .chain(timestamps)
            .try_for_each(|(what, der)| untrusted_der::check(what, der))
            // These limits are this program's own, so exceeding them does not speak against the evidence.
            .map_err(|excess| Finding::error(CheckId::BundleFormat, excess.to_string()))
    }
}

/// The certificate or key for verifying the signature.
#[derive(Debug, Clone)]
pub(in crate::verify) enum KeyMaterial {
    /// A leaf certificate in DER. Certificates that were sent along are not kept: they are not trusted.
    Certificate(Vec<u8>),
    /// A public key that the bundle only hints at.
    PublicKey,
}

impl KeyMaterial {
    /// Returns the leaf certificate.
    pub(in crate::verify) fn leaf(&self) -> Option<&[u8]> {
        match self {
            Self::Certificate(leaf) => Some(leaf),
            Self::PublicKey => None,
        }
    }
}

/// The signed content.
#[derive(Debug, Clone)]
pub(in crate::verify) enum SignedContent {
    /// A signature over the artifact itself.
    Message(MessageSignature),
    /// A DSSE envelope.
    Envelope(Envelope),
}

/// A signature over bytes that are not in the bundle.
#[derive(Debug, Clone)]
pub(in crate::verify) struct MessageSignature {
    /// An unauthenticated hint: compared for consistency, never believed.
    pub(in crate::verify) digest: Option<MessageDigest>,
    pub(in crate::verify) signature: Vec<u8>,
}

/// The digest a message signature says it is over.
#[derive(Debug, Clone)]
pub(in crate::verify) struct MessageDigest {
    pub(in crate::verify) algorithm: String,
    pub(in crate::verify) digest: Vec<u8>,
}

/// A DSSE envelope with exactly one signature.
#[derive(Debug, Clone)]
pub(in crate::verify) struct Envelope {
    pub(in crate::verify) payload_type: String,
    pub(super) payload: Payload,
    pub(in crate::verify) signature: Vec<u8>,
    pub(in crate::verify) key_id: String,
    /// The envelope as it was kept, where it was kept by itself (legacy layers).
    pub(in crate::verify) stored: Option<Opened>,
}

impl MessageDigest {
    /// Returns the algorithm, if it is known here.
    pub(in crate::verify) fn hash(&self) -> Option<Algorithm> {
        hash_named(&self.algorithm)
    }
}

/// Reads the name that sigstore_common.proto gives a hash.
pub(in crate::verify) fn hash_named(name: &str) -> Option<Algorithm> {
    match name {
        "SHA2_256" => Some(Algorithm::Sha256),
        "SHA2_384" => Some(Algorithm::Sha384),
        "SHA2_512" => Some(Algorithm::Sha512),
        _ => None,
    }
}

impl SignedContent {
    /// Returns the signature.
    pub(in crate::verify) fn signature(&self) -> &[u8] {
        match self {
            Self::Message(message) => &message.signature,
            Self::Envelope(envelope) => &envelope.signature,
        }
    }
}

impl Envelope {
    /// Returns the signed content.
    pub(in crate::verify) fn payload(&self) -> &[u8] {
        self.payload.bytes()
    }

    /// Returns the signed bytes: payload and payload type (DSSE `protocol.md`, pre-authentication encoding).
    pub(in crate::verify) fn signed(&self) -> &[u8] {
        // An envelope is made only of a payload that is of its type.
        self.payload.signed_as(&self.payload_type).unwrap_or_default()
    }
}

/// An entry of a transparency log.
#[derive(Debug, Clone)]
pub(in crate::verify) struct LogEntry {
    pub(in crate::verify) log_index: u64,
    pub(in crate::verify) log_id: Vec<u8>,
    pub(in crate::verify) kind: String,
    pub(in crate::verify) version: String,
    /// Seconds since 1970; only a promise authenticates it.
    pub(in crate::verify) integrated_time: Option<i64>,
    /// The signed entry timestamp (SET).
    pub(in crate::verify) promise: Option<Vec<u8>>,
    pub(in crate::verify) proof: Option<InclusionProof>,
    pub(in crate::verify) body: Vec<u8>,
}

impl LogEntry {
    /// Whether the entry is of Rekor's second version, which vouches for no time.
    pub(in crate::verify) fn is_rekor_v2(&self) -> bool {
        self.kind == "hashedrekord" && self.version == "0.0.2"
    }

    /// Whether it is one of the kinds in which Rekor v1 logged envelopes.
    pub(in crate::verify) fn is_envelope_of_rekor_v1(&self) -> bool {
        matches!((self.kind.as_str(), self.version.as_str()), ("dsse", "0.0.1") | ("intoto", "0.0.1" | "0.0.2"))
    }

    /// Returns the hash of the digest that the entry records, where an entry of its kind records what was signed.
    pub(in crate::verify) fn recorded_hash(&self) -> Option<Algorithm> {
        #[derive(Deserialize)]
        struct Body {
            spec: Spec,
        }
        #[derive(Deserialize)]
        struct Spec {
            #[serde(default)]
            data: Option<Data>,
            #[serde(default, rename = "hashedRekordV002")]
            second: Option<Second>,
        }
        #[derive(Deserialize)]
        struct Data {
            hash: Named,
        }
        #[derive(Deserialize)]
        struct Second {
            data: Named,
        }
        #[derive(Deserialize)]
        struct Named {
            algorithm: String,
        }
        let body: Body = (self.kind == "hashedrekord").then(|| json::from_slice(&self.body).ok())??;
        match (self.is_rekor_v2(), body.spec.data, body.spec.second) {
            (false, Some(data), _) => Algorithm::named(&data.hash.algorithm),
            (true, _, Some(second)) => hash_named(&second.data.algorithm),
            _ => None,
        }
    }

    /// Returns the time that the log's promise vouches for. Rekor v2 has none: what stands there is ignored (A153).
    pub(in crate::verify) fn promised_time(&self) -> Option<Timestamp> {
        if self.is_rekor_v2() || self.promise.is_none() {
            return None;
        }
        self.integrated_time.and_then(|seconds| Timestamp::from_second(seconds).ok())
    }

    /// Returns what a report says of the entry once it is verified.
    pub(in crate::verify) fn report(&self) -> LogEntryReport {
        LogEntryReport {
            kind: format!("{} {}", self.kind, self.version),
            log_id: encode_hex(&self.log_id),
            log_index: Some(self.log_index).filter(|_| self.is_rekor_v2() || self.promise.is_some()),
            evidence: if self.proof.is_some() { LogEvidence::Proof } else { LogEvidence::Promise },
            integrated_time: self.promised_time(),
        }
    }
}

/// A Merkle inclusion proof with its checkpoint.
#[derive(Debug, Clone)]
pub(in crate::verify) struct InclusionProof {
    pub(in crate::verify) log_index: u64,
    pub(in crate::verify) root_hash: Vec<u8>,
    pub(in crate::verify) tree_size: u64,
    pub(in crate::verify) hashes: Vec<Vec<u8>>,
    pub(in crate::verify) checkpoint: String,
}
