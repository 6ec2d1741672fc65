//! The content of a log entry, compared with the evidence: digest, envelope or payload, signature, certificate or key.
//!
//! Every kind of entry must be about this signature. Otherwise an entry for another signature would prove its time
//! (CVE-2022-36056). `hashedrekord`, `dsse` 0.0.1 and `intoto` 0.0.2 hold the signature; `intoto` 0.0.1 holds the hash of the
//! envelope with the signature (rekor `pkg/types`; rekor-tiles `pkg/types/hashedrekord`).

use std::cell::OnceCell;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::check::{CheckId, Finding};
use crate::json;
use crate::oci::{Algorithm, Digest, Hasher, decode_hex};
use crate::policy::KeyKind;
use crate::verify::bundle::{Scheme, Signed, certificate_in_pem, key_in_certificate, key_in_pem};
use crate::verify::entity::{Envelope, LogEntry, SignedContent, decode_base64, hash_named, log_failure};
use crate::verify::newer;

/// The certificate or key that verified the signature.
pub(super) enum Verifier<'a> {
    /// A certificate in DER, and the key in it.
    Certificate {
        der: &'a [u8],
        key: &'a [u8],
    },
    Key(&'a [u8]),
}

/// A signature as a log may have recorded it. What was signed is hashed once, however many entries there are.
pub(super) struct Recorded<'a> {
    content: &'a SignedContent,
    signed: Signed<'a>,
    scheme: Scheme,
    kind: KeyKind,
    payload: OnceCell<Digest>,
    digest: OnceCell<Option<Digest>>,
}

#[derive(Deserialize)]
struct Body<T> {
    spec: T,
}

#[derive(Deserialize)]
struct HashedRekord1 {
    data: HashedRekord1Data,
    signature: HashedRekord1Signature,
}

#[derive(Deserialize)]
struct HashedRekord1Data {
    hash: Hash,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HashedRekord1Signature {
    content: String,
    public_key: HashedRekord1Key,
}

#[derive(Deserialize)]
struct HashedRekord1Key {
    content: String,
}

#[derive(Deserialize)]
struct HashedRekord2 {
    #[serde(rename = "hashedRekordV002")]
    rekord: HashedRekord2Content,
}

#[derive(Deserialize)]
struct HashedRekord2Content {
    data: HashedRekord2Data,
    signature: HashedRekord2Signature,
}

#[derive(Deserialize)]
struct HashedRekord2Data {
    algorithm: String,
    digest: String,
}

#[derive(Deserialize)]
struct HashedRekord2Signature {
    content: String,
    verifier: HashedRekord2Verifier,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HashedRekord2Verifier {
    key_details: String,
    #[serde(default)]
    public_key: Option<RawBytes>,
    #[serde(default)]
    x509_certificate: Option<RawBytes>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawBytes {
    raw_bytes: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dsse {
    payload_hash: Hash,
    signatures: Vec<DsseSignature>,
}

#[derive(Deserialize)]
struct DsseSignature {
    signature: String,
    verifier: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Intoto1 {
    content: Intoto1Content,
    public_key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Intoto1Content {
    hash: Hash,
    #[serde(default)]
    payload_hash: Option<Hash>,
}

#[derive(Deserialize)]
struct Intoto2 {
    content: Intoto2Content,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Intoto2Content {
    envelope: Intoto2Envelope,
    payload_hash: Hash,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Intoto2Envelope {
    payload_type: String,
    signatures: Vec<Intoto2Signature>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Intoto2Signature {
    sig: String,
    public_key: String,
}

#[derive(Deserialize)]
struct Hash {
    algorithm: String,
    value: String,
}

impl Hash {
    fn is(&self, digest: &Digest) -> bool {
        self.algorithm == digest.algorithm().name() && self.value == digest.hex()
    }
}

impl<'a> Recorded<'a> {
    pub(super) fn of(content: &'a SignedContent, signed: Signed<'a>, scheme: Scheme, kind: KeyKind) -> Self {
        Self { content, signed, scheme, kind, payload: OnceCell::new(), digest: OnceCell::new() }
    }

    /// Verifies that an entry is about this signature and this certificate or key.
    pub(super) fn verify_body(&self, entry: &LogEntry, verifier: &Verifier<'_>) -> Result<(), Finding> {
        match (entry.kind.as_str(), entry.version.as_str(), self.content) {
            ("hashedrekord", "0.0.2", _) => self.verify_hashedrekord_2(&read(entry)?, verifier),
            ("hashedrekord", "0.0.1", SignedContent::Message(_)) => self.verify_hashedrekord_1(&read(entry)?, verifier),
            ("hashedrekord", "0.0.1", SignedContent::Envelope(_)) => {
                Err(log_failure("log entries of kind hashedrekord 0.0.1 are not about DSSE envelopes")
                    .expected("hashedrekord 0.0.2, dsse 0.0.1, intoto 0.0.1 or 0.0.2"))
            }
            (_, _, SignedContent::Message(_)) => {
                Err(log_failure("the log entry is about a DSSE envelope, and this is none"))
            }
            (kind, version, SignedContent::Envelope(envelope)) => {
                let recorded = RecordedEnvelope { recorded: self, envelope };
                match (kind, version) {
                    ("dsse", "0.0.1") => recorded.verify_dsse(&read(entry)?, verifier),
                    ("intoto", "0.0.1") => recorded.verify_intoto_1(&read(entry)?, verifier),
                    ("intoto", "0.0.2") => recorded.verify_intoto_2(&read(entry)?, verifier),
                    _ => Err(log_failure("the log entry is of a kind that is not about an envelope")),
                }
            }
        }
    }

    fn verify_hashedrekord_1(&self, recorded: &HashedRekord1, verifier: &Verifier<'_>) -> Result<(), Finding> {
        let hash = &recorded.data.hash;
        self.check_digest(Algorithm::named(&hash.algorithm), decode_hex(&hash.value).as_deref())?;
        self.check_signature(decode_base64(&recorded.signature.content).as_deref())?;
        check_verifier(verifier.is_pem(&recorded.signature.public_key.content))
    }

    fn verify_hashedrekord_2(&self, recorded: &HashedRekord2, verifier: &Verifier<'_>) -> Result<(), Finding> {
        let HashedRekord2Content { data, signature } = &recorded.rekord;
        self.check_digest(hash_named(&data.algorithm), decode_base64(&data.digest).as_deref())?;
        self.check_signature(decode_base64(&signature.content).as_deref())?;
        let details = &signature.verifier.key_details;
        if self.scheme.details(self.kind) != Some(details) {
            return Err(log_failure("the log entry is about another kind of key")
                .expected(self.scheme.details(self.kind).unwrap_or("a kind of key in the registry"))
                .found(details));
        }
        check_verifier(verifier.is_recorded_as(&signature.verifier))
    }

    /// The digest must be by the hash of the scheme: an entry never chooses another for it.
    fn check_digest(&self, algorithm: Option<Algorithm>, recorded: Option<&[u8]>) -> Result<(), Finding> {
        let digest = self.digest.get_or_init(|| self.digest_of_signed()).as_ref();
        let Some(digest) = digest else {
            return Err(log_failure("the log entry is about a digest, and this signature is over none"));
        };
        if algorithm != Some(digest.algorithm()) {
            return Err(log_failure("the log entry is about a digest by another hash than the signature's")
                .expected(digest.algorithm().name())
                .found(algorithm.map_or("another", Algorithm::name)));
        }
        if recorded == Some(digest.bytes().as_slice()) {
            return Ok(());
        }
        Err(log_failure("the log entry is about something else").expected(digest.to_string()))
    }

    fn digest_of_signed(&self) -> Option<Digest> {
        let hash = self.scheme.hash()?;
        match (self.content, self.signed) {
            (SignedContent::Envelope(envelope), _) => Some(Digest::of(hash, envelope.signed())),
            (SignedContent::Message(_), Signed::Bytes(bytes)) => Some(Digest::of(hash, bytes)),
            (SignedContent::Message(_), Signed::Digest(digest)) => {
                Some(digest.clone()).filter(|digest| digest.algorithm() == hash)
            }
        }
    }

    fn check_signature(&self, recorded: Option<&[u8]>) -> Result<(), Finding> {
        if recorded == Some(self.content.signature()) {
            return Ok(());
        }
        Err(log_failure("the log entry is about another signature"))
    }
}

/// The same, for entries that are about envelopes.
struct RecordedEnvelope<'a> {
    recorded: &'a Recorded<'a>,
    envelope: &'a Envelope,
}

impl RecordedEnvelope<'_> {
    /// The hash of the envelope is not compared: it is over the JSON that was sent to the log, which cannot be
    /// reproduced.
    fn verify_dsse(&self, recorded: &Dsse, verifier: &Verifier<'_>) -> Result<(), Finding> {
        let [signature] = recorded.signatures.as_slice() else {
            return Err(another_count(recorded.signatures.len()));
        };
        self.check_payload(&recorded.payload_hash)?;
        self.check_signature(decode_base64(&signature.signature).as_deref())?;
        check_verifier(verifier.is_pem(&signature.verifier))
    }

    /// Such an entry holds no signature, only the hash of the envelope that was uploaded, so the binding is that hash.
    fn verify_intoto_1(&self, recorded: &Intoto1, verifier: &Verifier<'_>) -> Result<(), Finding> {
        if !self.is_envelope(&recorded.content.hash) {
            let hash = &recorded.content.hash.value;
            return Err(log_failure("the log entry is about another envelope").expected(format!("sha256:{hash}")));
        }
        recorded.content.payload_hash.as_ref().map_or(Ok(()), |hash| self.check_payload(hash))?;
        check_verifier(verifier.is_only_pem(&recorded.public_key))
    }

    /// The one kind that records a key where there is a certificate, so it is the key that is compared.
    fn verify_intoto_2(&self, recorded: &Intoto2, verifier: &Verifier<'_>) -> Result<(), Finding> {
        let envelope = &recorded.content.envelope;
        let [signature] = envelope.signatures.as_slice() else {
            return Err(another_count(envelope.signatures.len()));
        };
        self.check_payload(&recorded.content.payload_hash)?;
        if envelope.payload_type != self.envelope.payload_type {
            return Err(log_failure("the log entry is about a payload of another type")
                .expected(&self.envelope.payload_type)
                .found(&envelope.payload_type));
        }
        // rekor `pkg/types/intoto/v0.0.2`: base64 of the base64 that is in the envelope.
        let twice = decode_base64(&signature.sig).and_then(|text| decode_base64(&String::from_utf8(text).ok()?));
        self.check_signature(twice.as_deref())?;
        check_verifier(verifier.has_key_in_pem(&signature.public_key))
    }

    fn check_payload(&self, recorded: &Hash) -> Result<(), Finding> {
        let payload = self.recorded.payload.get_or_init(|| Digest::of(Algorithm::Sha256, self.envelope.payload()));
        if recorded.is(payload) {
            return Ok(());
        }
        Err(log_failure("the log entry is about another payload").found(payload.to_string()))
    }

    fn check_signature(&self, recorded: Option<&[u8]>) -> Result<(), Finding> {
        self.recorded.check_signature(recorded)
    }

    /// Whether the recorded hash is that of the envelope as stored, or as cosign wrote it to the log.
    fn is_envelope(&self, recorded: &Hash) -> bool {
        let is_stored = self.envelope.stored.as_ref().is_some_and(|stored| match stored.digest().algorithm() {
            Algorithm::Sha256 => recorded.is(stored.digest()),
            Algorithm::Sha384 | Algorithm::Sha512 => recorded.is(&Digest::of(Algorithm::Sha256, &stored.original())),
        });
        is_stored || recorded.is(&self.as_written_by_cosign())
    }

    /// A bundle does not keep the envelope's bytes. What was uploaded is the output of Go's `encoding/json` for
    /// go-securesystemslib's `dsse.Envelope`, which can be written again, piece by piece, for the payload may be large.
    fn as_written_by_cosign(&self) -> Digest {
        /// A multiple of three bytes, so that only the last piece is padded.
        const PIECE: usize = 3 * 4096;
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut hasher = Hasher::new(Algorithm::Sha256);
        hasher.update(format!(r#"{{"payloadType":{},"payload":""#, quoted(&self.envelope.payload_type)).as_bytes());
        for piece in self.envelope.payload().chunks(PIECE) {
            hasher.update(STANDARD.encode(piece).as_bytes());
        }
        let (key_id, signature) = (quoted(&self.envelope.key_id), STANDARD.encode(&self.envelope.signature));
        hasher.update(format!(r#"","signatures":[{{"keyid":{key_id},"sig":"{signature}"}}]}}"#).as_bytes());
        hasher.finish()
    }
}

impl Verifier<'_> {
    /// Whether it is the one key or certificate that an entry of Rekor v2 recorded.
    fn is_recorded_as(&self, recorded: &HashedRekord2Verifier) -> bool {
        let is = |raw: &RawBytes, der: &[u8]| decode_base64(&raw.raw_bytes).as_deref() == Some(der);
        match (self, &recorded.x509_certificate, &recorded.public_key) {
            (Self::Certificate { der, .. }, Some(certificate), None) => is(certificate, der),
            (Self::Key(key), None, Some(public_key)) => is(public_key, key),
            _ => false,
        }
    }

    /// Whether it is the recorded one: base64 of PEM. A certificate must be the same one, and not another with the same
    /// key.
    fn is_pem(&self, recorded: &str) -> bool {
        match self {
            Self::Certificate { der, .. } => {
                pem(recorded).and_then(|pem| certificate_in_pem(&pem)).is_some_and(|recorded| recorded == *der)
            }
            Self::Key(_) => self.has_key_in_pem(recorded),
        }
    }

    /// Whether it is all that an entry recorded: base64 of one PEM block.
    fn is_only_pem(&self, recorded: &str) -> bool {
        let (label, verifier) = match self {
            Self::Certificate { der, .. } => ("CERTIFICATE", *der),
            Self::Key(key) => ("PUBLIC KEY", *key),
        };
        let read = pem(recorded).and_then(|pem| {
            let block = pem.trim().strip_prefix(&format!("-----BEGIN {label}-----"))?;
            let base64 = block.strip_suffix(&format!("-----END {label}-----"))?;
            decode_base64(&base64.split_ascii_whitespace().collect::<String>())
        });
        read.is_some_and(|read| read == verifier)
    }

    /// Whether its key is that of the certificate, or the key, that an entry recorded.
    fn has_key_in_pem(&self, recorded: &str) -> bool {
        let (Self::Key(key) | Self::Certificate { key, .. }) = self;
        let recorded = pem(recorded).and_then(|pem| match certificate_in_pem(&pem) {
            Some(certificate) => key_in_certificate(&certificate),
            None => key_in_pem(&pem),
        });
        recorded.is_some_and(|recorded| recorded == *key)
    }
}

fn pem(recorded: &str) -> Option<String> {
    String::from_utf8(decode_base64(recorded)?).ok()
}

fn check_verifier(is_the_same: bool) -> Result<(), Finding> {
    if is_the_same { Ok(()) } else { Err(log_failure("the log entry is about another certificate or key")) }
}

/// Checks that an entry is of a kind that can be read.
pub(super) fn check_kind(entry: &LogEntry) -> Result<(), Finding> {
    let LogEntry { kind, version, .. } = entry;
    let is_digest = kind == "hashedrekord" && matches!(version.as_str(), "0.0.1" | "0.0.2");
    if is_digest || entry.is_envelope_of_rekor_v1() {
        return Ok(());
    }
    let message = format!("log entries of kind {kind} {version} are not supported");
    // A newer version does not speak against the evidence.
    let finding = if newer::is_log_entry(kind, version) {
        Finding::error(CheckId::TransparencyLog, message).next("a newer version of this program may read them")
    } else {
        log_failure(message).next("sign the image again with a current cosign")
    };
    Err(finding.expected("hashedrekord 0.0.1 or 0.0.2, dsse 0.0.1, intoto 0.0.1 or 0.0.2"))
}

fn another_count(found: usize) -> Finding {
    log_failure("the log entry is about an envelope with another number of signatures")
        .expected("one signature")
        .found(format!("{found} signatures"))
}

fn read<T: DeserializeOwned>(entry: &LogEntry) -> Result<T, Finding> {
    json::from_slice::<Body<T>>(&entry.body)
        .map(|body| body.spec)
        .map_err(|error| log_failure("the body of the log entry cannot be read").found(error.to_string()))
}
