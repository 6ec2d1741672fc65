//! A signed entity in the Sigstore crate's own types.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sigstore_verify::rekor::body::{HashedRekordV001Body, HashedRekordV002Body};
use sigstore_verify::types::bundle::{
    CertificateContent, CheckpointData, InclusionPromise, InclusionProof, LogId, MessageSignature, PublicKeyIdentifier,
    Rfc3161Timestamp, TimestampVerificationData, TransparencyLogEntry, VerificationMaterial,
    VerificationMaterialContent, X509Certificate,
};
use sigstore_verify::types::{
    Bundle, CanonicalizedBody, DerCertificate, HashAlgorithm, KindVersion, LogIndex, LogKeyId, MediaType, Sha256Hash,
    SignatureBytes, SignatureContent, SignedTimestamp, TimestampToken,
};

use crate::check::{CheckId, Finding};
use crate::json;
use crate::oci::Algorithm;
use crate::verify::entity::{self, KeyMaterial, LogEntry, SignedContent, SignedEntity, Version, log_failure};

/// Writes the signed entity in the crate's own types.
pub(super) fn to_bundle(entity: &SignedEntity, entries: &[&LogEntry], timestamps: &[&[u8]]) -> Result<Bundle, Finding> {
    let media_type = match entity.version {
        Version::V01 => MediaType::Bundle0_1,
        Version::V02 => MediaType::Bundle0_2,
        Version::V03 => MediaType::Bundle0_3,
    };
    let key = match (&entity.key, entity.version) {
        // The hint is the signer's text: the key comes from the policy.
        (KeyMaterial::PublicKey, _) => VerificationMaterialContent::PublicKey(PublicKeyIdentifier::new("")),
        (KeyMaterial::Certificate(leaf), Version::V03) => {
            VerificationMaterialContent::Certificate(CertificateContent::new(DerCertificate::from_bytes(leaf)))
        }
        (KeyMaterial::Certificate(leaf), Version::V01 | Version::V02) => {
            VerificationMaterialContent::X509CertificateChain {
                certificates: vec![X509Certificate::new(DerCertificate::from_bytes(leaf))],
            }
        }
    };
    let stamps = timestamps.iter().map(|token| Rfc3161Timestamp::new(TimestampToken::from_bytes(token))).collect();
    let verification_material = VerificationMaterial::new(key)
        .with_tlog_entries(entries.iter().map(|entry| to_log_entry(entry)).collect::<Result<_, _>>()?)
        .with_timestamp_verification_data(TimestampVerificationData::new(stamps));
    Ok(Bundle::new(media_type, verification_material, to_content(&entity.content)?))
}

fn to_content(content: &SignedContent) -> Result<SignatureContent, Finding> {
    Ok(match content {
        SignedContent::Message(message) => {
            let mut signature = MessageSignature::new(SignatureBytes::from_bytes(&message.signature));
            if let Some(digest) = &message.digest {
                signature = signature.with_message_digest(to_message_digest(digest)?);
            }
            SignatureContent::MessageSignature(signature)
        }
        // Without a digest beside it: the crate hashes what was signed as the kind of key requires.
        SignedContent::Envelope(envelope) => {
            SignatureContent::MessageSignature(MessageSignature::new(SignatureBytes::from_bytes(&envelope.signature)))
        }
    })
}

/// The crate is asked about P-256, with which SHA-256 goes alone.
fn to_message_digest(digest: &entity::MessageDigest) -> Result<sigstore_verify::types::MessageDigest, Finding> {
    if digest.hash() != Some(Algorithm::Sha256) {
        return Err(Finding::fail(
            CheckId::BundleFormat,
            "the message digest is of another algorithm than the signature",
        ));
    }
    Ok(sigstore_verify::types::MessageDigest::new(HashAlgorithm::Sha2256, digest.digest.clone().into()))
}

fn to_log_entry(entry: &LogEntry) -> Result<TransparencyLogEntry, Finding> {
    let index = |value| LogIndex::new(value).map_err(|error| log_failure(error.to_string()));
    let mut wire = TransparencyLogEntry::new(
        index(entry.log_index)?,
        LogId::new(LogKeyId::from_bytes(&entry.log_id)),
        to_kind(entry)?,
        CanonicalizedBody::from_bytes(&entry.body),
    );
    if let Some(time) = entry.integrated_time.filter(|_| !entry.is_rekor_v2()) {
        let time = Timestamp::from_second(time).map_err(|_| log_failure("the integrated time is out of range"))?;
        wire = wire.with_integrated_time(time);
    }
    if let Some(promise) = &entry.promise {
        wire = wire.with_inclusion_promise(InclusionPromise::new(SignedTimestamp::from_bytes(promise)));
    }
    if let Some(proof) = &entry.proof {
        let checkpoint = CheckpointData::new(proof.checkpoint.as_str())
            .map_err(|error| log_failure("the checkpoint cannot be read").found(error.to_string()))?;
        let hash = |bytes: &[u8]| sha256(bytes).map_err(log_failure);
        let hashes = proof.hashes.iter().map(|bytes| hash(bytes)).collect::<Result<_, _>>()?;
        wire = wire.with_inclusion_proof(InclusionProof::new(
            index(proof.log_index)?,
            // Rekor v2 leaves the duplicated fields of the proof to the checkpoint (rekor-tiles `CLIENTS.md`).
            if proof.root_hash.is_empty() && entry.is_rekor_v2() {
                Sha256Hash::new([0; 32])
            } else {
                hash(&proof.root_hash)?
            },
            proof.tree_size,
            hashes,
            checkpoint,
        ));
    }
    Ok(wire)
}

/// The crate is given no other kinds ([`crate::verify::rekor1::is_needed`]); to it both contents look alike here.
fn to_kind(entry: &LogEntry) -> Result<KindVersion, Finding> {
    if entry.is_rekor_v2() {
        return check_body::<HashedRekordV002Body>(entry).map(|()| KindVersion::HashedRekordV002);
    }
    check_body::<HashedRekordV001Body>(entry).map(|()| KindVersion::HashedRekordV001)
}

/// The crate reads the body of an entry once more, by itself, and takes arrays for objects (A291).
fn check_body<T: DeserializeOwned>(entry: &LogEntry) -> Result<(), Finding> {
    json::from_slice::<T>(&entry.body)
        .map(drop)
        .map_err(|error| log_failure("the body of the log entry cannot be read").found(error.to_string()))
}

/// A hash in the crate's own type.
pub(super) fn sha256(bytes: &[u8]) -> Result<Sha256Hash, String> {
    Sha256Hash::try_from(bytes).map_err(|error| error.to_string())
}
