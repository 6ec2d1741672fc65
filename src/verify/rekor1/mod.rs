//! Rekor `intoto` 0.0.1 entries, which most attestations of 2021 to 2023 have and the Sigstore crate does not read.
//!
//! The same checks as for every other entry, in the same order, spelled out: the log's promise (and proof, if there is one),
//! the chain at the integrated time, the SCT, the DSSE signature, and that the entry is about this very envelope and
//! certificate. Such an entry holds no signature, only the hash of the envelope that was uploaded, so the
//! binding is that hash (rekor `pkg/types/intoto/v0.0.1`).

use der::{Decode, Encode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tls_codec::SerializeBytes;
use x509_cert::Certificate;
use x509_cert::ext::pkix::SignedCertificateTimestampList;

use crate::check::{CheckId, Finding, LogEntryReport, TimestampReport};
use crate::json;
use crate::oci::{Algorithm, Digest, encode_hex};
use crate::policy::PublicKey;

use super::bundle::{Domain, SctSignature, pae, verify_signature};
use super::certificate::Leaf;
use super::material::{Envelope, KeyMaterial, LogEntry, Material, SignedContent, decode_base64, log_failure};

/// 1.3.6.1.4.1.11129.2.4.2, the extension that embeds SCTs (RFC 6962 §3.3).
const SCT_LIST: der::asn1::ObjectIdentifier = const_oid::db::rfc6962::CT_PRECERT_SCTS;

/// Whether an entry takes this way.
pub(super) fn is_for(entry: &LogEntry) -> bool {
    entry.kind == "intoto" && entry.version == "0.0.1"
}

/// Verifies an envelope whose log entry is `intoto` 0.0.1. What the statement is about is for the caller to compare.
pub(super) fn verify(
    domain: &Domain,
    material: &Material,
    entries: &[&LogEntry],
    leaf: &Leaf,
) -> Result<(Vec<LogEntryReport>, Vec<TimestampReport>), Finding> {
    let (entry, envelope) = entry_and_envelope(material, entries)?;
    let KeyMaterial::Certificates(certificates) = &material.key else {
        return Err(log_failure("there is no certificate to verify"));
    };
    let time = verify_log(domain, entry)?;
    let issuer_key = domain.issuer_key(certificates, time).map_err(|reason| {
        Finding::fail(CheckId::CertificateChain, "the certificate was not issued by a trusted authority").found(reason)
    })?;
    if domain.demands_sct() {
        verify_sct(domain, &certificates[0], &issuer_key)?;
    }
    verify_envelope(envelope, &leaf.public_key)?;
    verify_body(&entry.body, envelope, ("CERTIFICATE", &certificates[0]))?;
    let mut times = domain.verify_timestamps(material, Some(leaf))?;
    times.push(TimestampReport { source: "log".to_owned(), time });
    Ok((vec![entry.report()], times))
}

/// Verifies an envelope that was signed with `key`: everything but the certificate, which there is none of.
pub(super) fn verify_with_key(
    domain: &Domain,
    material: &Material,
    entries: &[&LogEntry],
    key: &PublicKey,
) -> Result<(Vec<LogEntryReport>, Vec<TimestampReport>), Finding> {
    let (entry, envelope) = entry_and_envelope(material, entries)?;
    let time = verify_log(domain, entry)?;
    verify_envelope(envelope, key.der())?;
    verify_body(&entry.body, envelope, ("PUBLIC KEY", key.der()))?;
    let mut times = domain.verify_timestamps(material, None)?;
    times.push(TimestampReport { source: "log".to_owned(), time });
    Ok((vec![entry.report()], times))
}

fn entry_and_envelope<'a>(
    material: &'a Material,
    entries: &[&'a LogEntry],
) -> Result<(&'a LogEntry, &'a Envelope), Finding> {
    let [entry] = entries else {
        return Err(log_failure("an intoto 0.0.1 entry stands beside other entries")
            .expected("one log entry")
            .found(format!("{} entries", entries.len())));
    };
    match &material.content {
        SignedContent::Envelope(envelope) => Ok((entry, envelope)),
        SignedContent::Message(_) => Err(log_failure("an intoto entry is about a DSSE envelope, and this is none")),
    }
}

fn verify_envelope(envelope: &Envelope, public_key: &[u8]) -> Result<(), Finding> {
    verify_signature(public_key, &pae(&envelope.payload_type, &envelope.payload), &envelope.signature)
        .map_err(|reason| Finding::fail(CheckId::Signature, "the signature does not verify").found(reason))
}

/// Verifies the promise, which alone authenticates the integrated time, and the proof if there is one.
fn verify_log(domain: &Domain, entry: &LogEntry) -> Result<Timestamp, Finding> {
    let (Some(promise), Some(time)) = (&entry.promise, entry.promised_time()) else {
        return Err(Finding::fail(CheckId::SignedTime, "no trusted party vouches for the time of the signature")
            .expected("a signed entry timestamp (SET)"));
    };
    domain
        .verify_log_signature(&entry.log_id, time, &promised(entry)?, promise)
        .map_err(|reason| log_failure("the log's promise (SET) does not verify").found(reason))?;
    if let Some(proof) = &entry.proof {
        domain
            .verify_inclusion(entry, proof)
            .map_err(|reason| log_failure("the inclusion proof does not verify").found(reason))?;
    }
    Ok(time)
}

/// rekor-spec: the SET is over the RFC 8785 form of these four fields, which are in its order as they stand.
fn promised(entry: &LogEntry) -> Result<Vec<u8>, Finding> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Promised {
        body: String,
        integrated_time: i64,
        #[serde(rename = "logID")]
        log_id: String,
        log_index: u64,
    }
    serde_json::to_vec(&Promised {
        body: base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &entry.body),
        integrated_time: entry.integrated_time.unwrap_or_default(),
        log_id: encode_hex(&entry.log_id),
        log_index: entry.log_index,
    })
    .map_err(|error| log_failure(error.to_string()))
}

/// Verifies that a trusted CT log signed the certificate as it was before the SCT was put in (RFC 6962 §3.2).
fn verify_sct(domain: &Domain, leaf: &[u8], issuer_key: &[u8]) -> Result<(), Finding> {
    let refused = |reason: String| {
        Finding::fail(CheckId::CertificateTransparency, "no trusted log vouches for the certificate").found(reason)
    };
    let certificate = Certificate::from_der(leaf).map_err(|error| refused(error.to_string()))?;
    let list: SignedCertificateTimestampList = match certificate.tbs_certificate.get() {
        Ok(Some((_, list))) => list,
        Ok(None) => return Err(refused("the certificate has no SCT".to_owned())),
        Err(error) => return Err(refused(error.to_string())),
    };
    let scts = list.parse_timestamps().map_err(|error| refused(format!("{error:?}")))?;
    let [serialized] = scts.as_slice() else {
        return Err(refused(format!("expected one SCT, found {}", scts.len())));
    };
    let sct = serialized.parse_timestamp().map_err(|error| refused(format!("{error:?}")))?;
    let algorithm = sct.signature.algorithm.tls_serialize().map_err(|error| refused(error.to_string()))?;
    let milliseconds = i64::try_from(sct.timestamp).map_err(|_| refused("its time is out of range".to_owned()))?;
    let data = sct_signed_data(&certificate, sct.timestamp, sct.extensions.as_slice(), issuer_key)
        .map_err(|error| refused(error.to_string()))?;
    domain
        .verify_ct_signature(&SctSignature {
            log_id: sct.log_id.key_id,
            time: Timestamp::from_millisecond(milliseconds).map_err(|error| refused(error.to_string()))?,
            hash: algorithm.first().copied().unwrap_or_default(),
            algorithm: algorithm.get(1).copied().unwrap_or_default(),
            data: &data,
            signature: sct.signature.signature.as_slice(),
        })
        .map_err(refused)
}

/// RFC 6962 §3.2, `digitally-signed struct` with a `PreCert` entry: version, signature type, timestamp, entry type, hash
/// of the issuer's key, the TBSCertificate without its SCT list, extensions.
fn sct_signed_data(
    certificate: &Certificate,
    timestamp: u64,
    extensions: &[u8],
    issuer_key: &[u8],
) -> der::Result<Vec<u8>> {
    let mut tbs = certificate.tbs_certificate.clone();
    if let Some(list) = &mut tbs.extensions {
        list.retain(|extension| extension.extn_id != SCT_LIST);
    }
    let tbs = tbs.to_der()?;
    let length = u32::try_from(tbs.len()).map_err(|_| der::ErrorKind::Overflow)?.to_be_bytes();
    let extensions_length = u16::try_from(extensions.len()).map_err(|_| der::ErrorKind::Overflow)?.to_be_bytes();
    let mut data = vec![0, 0];
    data.extend(timestamp.to_be_bytes());
    data.extend([0, 1]);
    data.extend(Digest::of(Algorithm::Sha256, issuer_key).bytes());
    data.extend(&length[1..]);
    data.extend(tbs);
    data.extend(extensions_length);
    data.extend(extensions);
    Ok(data)
}

#[derive(Deserialize)]
struct Body {
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    content: EnvelopeHashes,
    public_key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnvelopeHashes {
    hash: Hash,
    #[serde(default)]
    payload_hash: Option<Hash>,
}

#[derive(Deserialize)]
struct Hash {
    algorithm: String,
    value: String,
}

impl Hash {
    fn is_sha256(&self, expected: &str) -> bool {
        self.algorithm == "sha256" && self.value == expected
    }
}

/// Compares what the log recorded with what is here: envelope, payload, certificate or key.
fn verify_body(body: &[u8], envelope: &Envelope, (label, verifier): (&str, &[u8])) -> Result<(), Finding> {
    let body: Body = json::from_slice(body)
        .map_err(|error| log_failure("the body of the log entry cannot be read").found(error.to_string()))?;
    let content = &body.spec.content;
    if !is_recorded_envelope(&content.hash, envelope) {
        return Err(
            log_failure("the log entry is about another envelope").expected(format!("sha256:{}", content.hash.value))
        );
    }
    let payload = Digest::of(Algorithm::Sha256, &envelope.payload);
    if content.payload_hash.as_ref().is_some_and(|recorded| !recorded.is_sha256(payload.hex())) {
        return Err(log_failure("the log entry is about another payload").found(payload.to_string()));
    }
    if recorded_verifier(label, &body.spec.public_key).as_deref() != Some(verifier) {
        return Err(log_failure("the log entry is about another certificate or key"));
    }
    Ok(())
}

/// Whether the recorded hash is that of the envelope as stored, or as cosign wrote it to the log.
///
/// A bundle does not keep the envelope's bytes. What was uploaded is the output of Go's `encoding/json` for
/// go-securesystemslib's `dsse.Envelope`, which can be written again.
fn is_recorded_envelope(recorded: &Hash, envelope: &Envelope) -> bool {
    if envelope.stored_sha256.as_deref().is_some_and(|stored| recorded.is_sha256(stored)) {
        return true;
    }
    let base64 = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    let written = format!(
        r#"{{"payloadType":{},"payload":"{}","signatures":[{{"keyid":{},"sig":"{}"}}]}}"#,
        serde_json::Value::from(envelope.payload_type.as_str()),
        base64(&envelope.payload),
        serde_json::Value::from(envelope.key_id.as_str()),
        base64(&envelope.signature),
    );
    recorded.is_sha256(Digest::of(Algorithm::Sha256, written.as_bytes()).hex())
}

/// Reads the certificate or key out of `spec.publicKey`: base64 of one PEM block with this label.
fn recorded_verifier(label: &str, public_key: &str) -> Option<Vec<u8>> {
    let pem = String::from_utf8(decode_base64(public_key)?).ok()?;
    let body = pem
        .trim()
        .strip_prefix(&format!("-----BEGIN {label}-----"))?
        .strip_suffix(&format!("-----END {label}-----"))?;
    decode_base64(&body.split_ascii_whitespace().collect::<String>())
}
