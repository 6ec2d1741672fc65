//! Bundles and envelopes with the payload decoded.
//!
//! A payload is base64 in JSON, and it may be an SBOM of a hundred million bytes. It is decoded once, in place, when it is
//! collected. The fetched bytes stay in that one buffer, and all later code borrows from it.

use std::borrow::Cow;
use std::ops::Range;

use bytes::{Bytes, BytesMut};
use serde::Deserialize;

use crate::json::{self, base64::Form};
use crate::oci::{Blob, Digest};

/// A Sigstore bundle or a DSSE envelope as it was fetched, with the payload of the envelope decoded.
///
/// Nothing in it has been judged. An envelope that cannot be opened has no payload; a strict read of its text gives the
/// reason.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    digest: Digest,
    text: Bytes,
    payload: Option<Payload>,
    cut: Option<Cut>,
}

/// The payload of a DSSE envelope, within what a signature on it is over.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload {
    signed: Bytes,
    begins: usize,
}

/// Where the payload was in the text before it was decoded there, and how it was written.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Cut {
    at: usize,
    form: Form,
}

impl Opened {
    /// Opens what claims to be a Sigstore bundle, as JSON text.
    pub fn bundle(blob: Blob) -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Bundle<'a> {
            #[serde(borrow)]
            dsse_envelope: Envelope<'a>,
        }
        Self::open(blob, |text| json::from_part(text).ok().map(|bundle: Bundle<'_>| bundle.dsse_envelope))
    }

    /// Opens what claims to be a DSSE envelope, as JSON text.
    pub fn envelope(blob: Blob) -> Self {
        Self::open(blob, |text| json::from_part(text).ok())
    }

    fn open(blob: Blob, find: impl Fn(&str) -> Option<Envelope<'_>>) -> Self {
        let (digest, bytes) = blob.into_parts();
        let found = std::str::from_utf8(&bytes).ok().and_then(|text| Found::in_text(text, &find(text)?));
        match found {
            None => Self { digest, text: bytes, payload: None, cut: None },
            Some(found) => found.decode(digest, bytes),
        }
    }

    /// Returns the digest of what was fetched.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Returns the JSON text. If there is a payload, the text may have nothing in its place.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Returns the payload, if there is one and it is base64.
    pub fn payload(&self) -> Option<&Payload> {
        self.payload.as_ref()
    }

    /// Returns how much there is beside the payload, in bytes.
    pub fn bytes_beside_payload(&self) -> usize {
        match (self.cut, &self.payload) {
            (None, Some(payload)) => self.text.len().saturating_sub(payload.bytes().len().div_ceil(3) * 4),
            _ => self.text.len(),
        }
    }

    /// Returns what was fetched, byte for byte.
    pub fn original(&self) -> Cow<'_, [u8]> {
        match (self.cut, &self.payload) {
            (Some(cut), Some(payload)) => {
                let (before, after) = self.text.split_at(cut.at);
                Cow::Owned([before, cut.form.encode(payload.bytes()).as_bytes(), after].concat())
            }
            _ => Cow::Borrowed(&self.text),
        }
    }
}

impl Payload {
    /// Returns the payload.
    pub fn bytes(&self) -> &[u8] {
        &self.signed[self.begins..]
    }

    /// Returns what a signature is over if the payload is of this type: type and payload in their pre-authentication
    /// encoding (DSSE `protocol.md`). `None`: it is of another type.
    pub fn signed_as(&self, payload_type: &str) -> Option<&[u8]> {
        let header = header(payload_type, self.bytes().len());
        (self.signed[..self.begins] == *header.as_bytes()).then_some(&self.signed)
    }
}

/// DSSE `protocol.md`: `PAE(type, body) = "DSSEv1" + SP + LEN(type) + SP + type + SP + LEN(body) + SP + body`.
fn header(payload_type: &str, length: usize) -> String {
    format!("DSSEv1 {} {payload_type} {length} ", payload_type.len())
}

/// As much of an envelope as is needed to find the payload in it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    payload_type: Cow<'a, str>,
    #[serde(borrow)]
    payload: Cow<'a, str>,
}

/// A payload that can be decoded.
struct Found {
    form: Form,
    length: usize,
    header: String,
    place: Place,
}

/// Where a payload is.
enum Place {
    /// In the text, as it stands there.
    Text(Range<usize>),
    /// Written with escapes, and without them here.
    Apart(String),
}

impl Found {
    fn in_text(text: &str, envelope: &Envelope<'_>) -> Option<Self> {
        let form = Form::of(envelope.payload.as_bytes())?;
        let length = form.decoded_len(envelope.payload.as_bytes());
        let place = match &envelope.payload {
            Cow::Borrowed(payload) => {
                let begins = payload.as_ptr().addr() - text.as_ptr().addr();
                Place::Text(begins..begins + payload.len())
            }
            Cow::Owned(payload) => Place::Apart(payload.clone()),
        };
        Some(Self { form, length, header: header(&envelope.payload_type, length), place })
    }

    fn decode(self, digest: Digest, bytes: Bytes) -> Opened {
        let begins = self.header.len();
        let range = match &self.place {
            Place::Text(range) => range.clone(),
            Place::Apart(payload) => {
                let payload = self.decode_apart(payload.as_bytes());
                return Opened { digest, text: bytes, payload: Some(payload), cut: None };
            }
        };
        // The bytes around the payload are copied first, because the header overwrites those in front of it. If that
        // costs more than it saves, or the bytes are shared, they stay as they are.
        let is_most = bytes.len() - range.len() <= range.len() / 8;
        let buffer = if is_most && begins <= range.start { bytes.try_into_mut() } else { Err(bytes) };
        let mut buffer: BytesMut = match buffer {
            Ok(buffer) => buffer,
            Err(bytes) => {
                let payload = self.decode_apart(&bytes[range]);
                return Opened { digest, text: bytes, payload: Some(payload), cut: None };
            }
        };
        let text = [&buffer[..range.start], &buffer[range.end..]].concat();
        self.form.decode_in_place(&mut buffer[range.clone()]);
        let header = range.start - begins;
        buffer[header..range.start].copy_from_slice(self.header.as_bytes());
        // The quarter that base64 was longer is given back: a list that becomes shorter stays where it is.
        let mut buffer = Vec::from(buffer);
        buffer.truncate(range.start + self.length);
        buffer.shrink_to_fit();
        let signed = Bytes::from(buffer).slice(header..);
        let cut = Some(Cut { at: range.start, form: self.form });
        Opened { digest, text: text.into(), payload: Some(Payload { signed, begins }), cut }
    }

    fn decode_apart(&self, payload: &[u8]) -> Payload {
        let begins = self.header.len();
        let mut signed = vec![0; begins + self.length];
        signed[..begins].copy_from_slice(self.header.as_bytes());
        self.form.decode_to(payload, &mut signed[begins..]);
        Payload { signed: signed.into(), begins }
    }
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Payload({} bytes)", self.bytes().len())
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Opened({}, {:?})", self.digest, self.payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::Algorithm;
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    const TYPE: &str = "application/vnd.in-toto+json";

    fn blob(text: &str) -> Blob {
        Blob::of(Algorithm::Sha256, text.as_bytes().to_vec())
    }

    fn bundle(payload: &str) -> String {
        format!(
            r#"{{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","dsseEnvelope":{{"payload":"{payload}","payloadType":"{TYPE}"}}}}"#
        )
    }

    fn large() -> Vec<u8> {
        (0..100_000_u32).map(|number| (number % 251) as u8).collect()
    }

    /// Opened in any way, it is the same payload, and what was fetched can be written again.
    fn assert_opened(opened: &Opened, text: &str, payload: &[u8]) {
        let read = opened.payload().expect("a payload");
        assert_eq!(read.bytes(), payload);
        let signed = [format!("DSSEv1 28 {TYPE} {} ", payload.len()).as_bytes(), payload].concat();
        assert_eq!(read.signed_as(TYPE), Some(signed.as_slice()));
        assert_eq!(read.signed_as("application/vnd.in-toto"), None);
        assert_eq!(opened.original(), text.as_bytes());
        assert_eq!(*opened.digest(), Digest::of(Algorithm::Sha256, text.as_bytes()));
    }

    #[test]
    fn a_large_payload_is_decoded_where_it_lies_and_a_small_one_beside() {
        for form in [&STANDARD, &URL_SAFE_NO_PAD] {
            for (payload, cut) in [(large(), true), (b"small".to_vec(), false), (Vec::new(), false)] {
                let text = bundle(&form.encode(&payload));
                let opened = Opened::bundle(blob(&text));
                assert_eq!(opened.cut.is_some(), cut);
                assert_opened(&opened, &text, &payload);
            }
        }
        let text = bundle(&STANDARD.encode(large()));
        assert_eq!(Opened::bundle(blob(&text)).text(), bundle("").as_bytes());
    }

    #[test]
    fn bytes_that_somebody_else_holds_are_not_written_over() {
        let text = bundle(&STANDARD.encode(large()));
        let held = blob(&text);
        assert_opened(&Opened::bundle(held.clone()), &text, &large());
        assert_eq!(held.bytes(), text.as_bytes());
    }

    #[test]
    fn the_order_of_the_fields_makes_no_difference() {
        let payload = STANDARD.encode(large());
        for text in [
            format!(r#"{{"payload":"{payload}","payloadType":"{TYPE}","signatures":[]}}"#),
            format!(r#"{{"signatures":[],"payloadType":"{TYPE}","x":{{"payload":1}},"payload":"{payload}"}}"#),
        ] {
            assert_opened(&Opened::envelope(blob(&text)), &text, &large());
        }
    }

    #[test]
    fn escapes_are_read_as_what_they_stand_for() {
        let text = bundle("+++\\/").replace("vnd.in", "vnd\\u002ein");
        assert_opened(&Opened::bundle(blob(&text)), &text, &[0xfb, 0xef, 0xbf]);
        let text = bundle(&format!("\\u0041{}", &STANDARD.encode(vec![0; 30_000])[1..]));
        assert_opened(&Opened::bundle(blob(&text)), &text, &vec![0; 30_000]);
    }

    #[test]
    fn what_cannot_be_opened_is_left_as_it_is() {
        let payload = STANDARD.encode(large());
        for text in [
            bundle(&format!("{}%", &payload[1..])),
            bundle(&format!("{payload}=")),
            bundle(&payload).replace("payloadType", "payload"),
            bundle(&payload).replace("}}", "},\"dsseEnvelope\":{}}"),
            bundle(&payload)[..1000].to_owned(),
            bundle(&payload).replace(&format!("\"{payload}\""), "7"),
            "{}".to_owned(),
            "\u{e9}".to_owned(),
            String::new(),
        ] {
            let opened = Opened::bundle(blob(&text));
            assert!(opened.payload().is_none());
            assert_eq!((opened.text(), &*opened.original()), (text.as_bytes(), text.as_bytes()));
        }
    }
}
