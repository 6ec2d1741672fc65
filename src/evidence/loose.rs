//! Evidence in files, attached to no image: bundles (one for each file, or one on each line), and the older forms: envelopes, and
//! signatures with or without a certificate beside them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Candidate, Content, Opened, Origin, Payload};
use crate::json;
use crate::oci::{Algorithm, Blob, Digest};

/// Bundles that one file may have.
pub const MAX_BUNDLES: usize = 1024;
/// The names that cosign gives the parts of a signature where they are annotations of a layer.
const SIGNATURE_PART: &str = "dev.cosignproject.cosign/signature";
const CERTIFICATE_PART: &str = "dev.sigstore.cosign/certificate";
const LOG_PART: &str = "dev.sigstore.cosign/bundle";
/// What a signature of minisign or signify begins with.
const MINISIGN: &[u8] = b"untrusted comment:";
/// What an OpenPGP signature in letters begins with (RFC 9580 §6.2).
const OPENPGP: &[u8] = b"-----BEGIN PGP";

/// A file with more bundles than are judged.
#[derive(Debug, thiserror::Error)]
#[error("it has {found} bundles; the limit is {MAX_BUNDLES}")]
pub struct TooManyBundles {
    /// How many it has.
    pub found: usize,
}

/// A signature or attestation in a file, before it is known what it is about.
#[derive(Debug, Clone)]
pub struct Loose {
    origin: Origin,
    digest: Digest,
    content: Content,
}

impl Loose {
    /// Takes a file of this name apart into its documents, each by its form.
    pub fn read(file: &Path, bytes: &[u8]) -> Result<Vec<Self>, TooManyBundles> {
        let documents = documents(bytes);
        if documents.len() > MAX_BUNDLES {
            return Err(TooManyBundles { found: documents.len() });
        }
        let name = file.display().to_string();
        let read = |(line, text): (Option<usize>, &[u8])| {
            let blob = Blob::of(Algorithm::Sha256, text.to_vec());
            let (origin, digest) = (Origin::File { file: name.clone(), line }, blob.digest().clone());
            Self { origin, digest, content: content(blob) }
        };
        Ok(documents.into_iter().map(read).collect())
    }

    /// Returns where it was found.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns what it is.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Takes it as evidence about this file.
    pub fn about(&self, subject: &Digest) -> Candidate {
        Candidate {
            subject: subject.clone(),
            origin: self.origin.clone(),
            digest: self.digest.clone(),
            content: self.content.clone(),
        }
    }

    /// Returns the statement in it, if it is an envelope with one.
    fn statement(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Bundle(opened) | Content::LegacyAttestation { envelope: opened, .. } => {
                opened.payload().map(Payload::bytes)
            }
            _ => None,
        }
    }

    /// Whether it may be a signature on the very content of a file, by any hash or by none.
    pub fn may_sign_content(&self) -> bool {
        self.statement().is_none() && !matches!(self.content, Content::Ignored { .. })
    }

    /// Whether its statement names a subject by a digest of this algorithm. This selects the digests to compute and decides no
    /// verdict.
    pub fn names_by(&self, algorithm: Algorithm) -> bool {
        #[derive(Deserialize)]
        struct Statement {
            subject: Vec<Subject>,
        }
        #[derive(Deserialize)]
        struct Subject {
            digest: serde_json::Map<String, serde_json::Value>,
        }
        let statement: Option<Statement> = self.statement().and_then(|bytes| json::from_slice(bytes).ok());
        statement.is_some_and(|statement| statement.subject.iter().any(|one| one.digest.contains_key(algorithm.name())))
    }
}

/// PEM as it stands, or in base64, as cosign writes it.
fn pem(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let decoded = json::base64::decode(text.trim()).and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.unwrap_or_else(|| text.into_owned())
}

/// Takes a signature that stands alone: base64, as cosign writes it, or its bytes.
pub fn detached(file: &Path, bytes: &[u8], certificate: Option<&[u8]>) -> Loose {
    let digest = Digest::of(Algorithm::Sha256, bytes);
    let origin = Origin::File { file: file.display().to_string(), line: None };
    let other = match bytes {
        _ if is_openpgp(bytes) => Some("an OpenPGP signature"),
        _ if bytes.starts_with(MINISIGN) => Some("a signature of minisign or signify"),
        _ => None,
    };
    if let Some(name) = other {
        let reason = "signatures of Sigstore are read, and no others".to_owned();
        return Loose { origin, digest, content: Content::Ignored { artifact_type: name.to_owned(), reason } };
    }
    let text = std::str::from_utf8(bytes).ok().map(str::trim).filter(|text| json::base64::decode(text).is_some());
    let signature = text.map_or_else(|| json::base64::STANDARD.encode(bytes), str::to_owned);
    let parts = [(SIGNATURE_PART, Some(signature)), (CERTIFICATE_PART, certificate.map(pem))];
    Loose { origin, digest, content: Content::Detached { annotations: annotations(parts) } }
}

/// Whether a file is an OpenPGP signature: in letters, or a packet for one with a version of it (RFC 9580 §4.2, §5.2).
fn is_openpgp(bytes: &[u8]) -> bool {
    let version = match bytes {
        [0x88, _, version, ..]
        | [0x89, _, _, version, ..]
        | [0x8a, _, _, _, _, version, ..]
        | [0xc2, 0..=191, version, ..]
        | [0xc2, 192..=223, _, version, ..] => Some(*version),
        _ => None,
    };
    bytes.starts_with(OPENPGP) || version.is_some_and(|version| (3..=6).contains(&version))
}

/// The parts of a signature that are there.
fn annotations<const N: usize>(parts: [(&str, Option<String>); N]) -> BTreeMap<String, String> {
    parts.into_iter().filter_map(|(name, part)| Some((name.to_owned(), part?))).collect()
}

/// What cosign writes with `--bundle` unless it is told to write a Sigstore bundle.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CosignBundle {
    base64_signature: String,
    /// A certificate or a public key.
    #[serde(default)]
    cert: Option<String>,
    #[serde(default)]
    rekor_bundle: Option<Box<serde_json::value::RawValue>>,
}

/// Recognises a document by its form. A document of no other form is a bundle, good or broken.
fn content(blob: Blob) -> Content {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Form {
        #[serde(default)]
        media_type: Option<IgnoredAny>,
        #[serde(default)]
        verification_material: Option<IgnoredAny>,
        #[serde(default)]
        payload_type: Option<IgnoredAny>,
        #[serde(default)]
        base64_signature: Option<IgnoredAny>,
    }
    match json::from_slice(blob.bytes()) {
        Ok(Form { media_type: None, verification_material: None, payload_type: Some(_), base64_signature: None }) => {
            attestation(blob)
        }
        Ok(Form { media_type: None, verification_material: None, payload_type: None, base64_signature: Some(_) }) => {
            match json::from_slice::<CosignBundle>(blob.bytes()) {
                Ok(bundle) => bundle.content(),
                Err(_) => Content::Bundle(Opened::bundle(blob)),
            }
        }
        _ => Content::Bundle(Opened::bundle(blob)),
    }
}

impl CosignBundle {
    fn content(self) -> Content {
        let certificate = self.cert.map(|text| pem(text.as_bytes())).filter(|pem| pem.contains("CERTIFICATE"));
        let log_entry = self.rekor_bundle.map(|text| String::from(Box::<str>::from(text)));
        let parts =
            [(SIGNATURE_PART, Some(self.base64_signature)), (CERTIFICATE_PART, certificate), (LOG_PART, log_entry)];
        Content::Detached { annotations: annotations(parts) }
    }
}

/// An envelope without a bundle around it. slsa-github-generator puts the certificate beside the signature.
fn attestation(blob: Blob) -> Content {
    #[derive(Deserialize)]
    struct Envelope {
        signatures: Vec<Signature>,
    }
    #[derive(Deserialize)]
    struct Signature {
        #[serde(default)]
        cert: Option<String>,
    }
    let envelope: Option<Envelope> = json::from_slice(blob.bytes()).ok();
    let signature = envelope.and_then(|envelope| envelope.signatures.into_iter().next());
    let certificate = signature.and_then(|signature| signature.cert).filter(|pem| !pem.is_empty());
    let annotations = annotations([(CERTIFICATE_PART, certificate)]);
    Content::LegacyAttestation { envelope: Opened::envelope(blob), annotations }
}

/// Splits a file of one bundle per line (client-spec §5). A file that is one document, or has no line that is one, is
/// one bundle, good or broken; otherwise every line that is not empty is a bundle (A090).
pub fn documents(bytes: &[u8]) -> Vec<(Option<usize>, &[u8])> {
    // RFC 8259 §8.1: a byte order mark may be ignored. Windows editors and shells write it.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let is_document = |text: &[u8]| text.starts_with(b"{") && json::from_slice::<IgnoredAny>(text).is_ok();
    let lines: Vec<(Option<usize>, &[u8])> = bytes
        .split(|byte| *byte == b'\n')
        .enumerate()
        .map(|(position, line)| (Some(position + 1), line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty())
        .collect();
    if lines.len() > 1 && !is_document(bytes.trim_ascii()) && lines.iter().any(|(_, line)| is_document(line)) {
        lines
    } else {
        vec![(None, bytes)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Option<usize>> {
        documents(text.as_bytes()).into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn a090_one_document_is_one_bundle_however_it_is_written() {
        for text in ["{}", "{}\n", "{\n  \"a\": {}\n}\n", "\u{feff}{}\r\n", "", "rubbish", "{\n  \"a\":\n"] {
            assert_eq!(lines(text), [None], "{text:?}");
        }
    }

    #[test]
    fn a090_each_line_is_a_bundle_of_its_own_also_the_broken_ones() {
        assert_eq!(lines("{}\n{}\n"), [Some(1), Some(2)]);
        assert_eq!(lines("\u{feff}{}\r\n\r\n{\"a\":\r\n{}"), [Some(1), Some(3), Some(4)]);
        assert_eq!(lines("rubbish\n{}"), [Some(1), Some(2)]);
    }
}
