//! Bytes in JSON texts: base64 in any of its four usual forms, each of them strictly.
//!
//! The JSON mapping of protobuf: "either standard or URL-safe base64 encoding with/without paddings are accepted"; DSSE
//! `protocol.md` says the same. Each is read as RFC 4648 has it: nothing between, canonical padding, no bits left over.

use base64::Engine;
use base64::engine::general_purpose::{NO_PAD, PAD};

// The same rules as the general engine, eight times as fast: an SBOM may be a hundred million characters long.
#[cfg(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon")))]
use base64::engine::Simd as Fast;

/// One of the four forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    url_safe: bool,
    padded: bool,
}

/// The form that most texts have: the standard alphabet, with padding.
pub const STANDARD: Form = Form { url_safe: false, padded: true };

/// Characters that are decoded at once. A multiple of four, so that no byte lies in two pieces.
const PIECE: usize = 8192;

/// Reads a text in any of the forms.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let form = Form::of(text.as_bytes())?;
    let mut bytes = vec![0; form.decoded_len(text.as_bytes())];
    form.decode_to(text.as_bytes(), &mut bytes);
    Some(bytes)
}

impl Form {
    /// Returns the form of a text, or `None` if it is not base64.
    pub fn of(text: &[u8]) -> Option<Self> {
        // A text that has none of the characters by which the alphabets differ is the same in both.
        [false, true].into_iter().map(|url_safe| Self { url_safe, padded: text.ends_with(b"=") }).find(|form| {
            let mut scratch = [0; PIECE];
            form.pieces(text).all(|(engine, piece)| engine.decode_slice(piece, &mut scratch).is_ok())
        })
    }

    /// Returns how many bytes a text of this form stands for.
    pub fn decoded_len(self, text: &[u8]) -> usize {
        let padding = text.iter().rev().take_while(|character| **character == b'=').count();
        (text.len() - padding) * 3 / 4
    }

    /// Decodes a text of this form into a place that is as long as [`Form::decoded_len`] says.
    ///
    /// # Panics
    ///
    /// If the text is not of this form.
    pub fn decode_to(self, text: &[u8], bytes: &mut [u8]) {
        let mut written = 0;
        for (engine, piece) in self.pieces(text) {
            written += engine.decode_slice(piece, &mut bytes[written..]).expect("a text of this form");
        }
    }

    /// Decodes a text of this form where it lies; the bytes are then at its beginning.
    ///
    /// # Panics
    ///
    /// If the text is not of this form.
    pub fn decode_in_place(self, text: &mut [u8]) {
        let (mut written, mut read) = (0, 0);
        let mut piece = [0; PIECE];
        while read < text.len() {
            let length = PIECE.min(text.len() - read);
            piece[..length].copy_from_slice(&text[read..read + length]);
            read += length;
            let engine = self.engine(read == text.len());
            // Four characters become three bytes, so writing never overtakes reading.
            written += engine.decode_slice(&piece[..length], &mut text[written..read]).expect("a text of this form");
        }
    }

    /// Writes bytes in this form: decoding and encoding again gives the same text.
    pub fn encode(self, bytes: &[u8]) -> String {
        self.engine(true).encode(bytes)
    }

    /// The pieces of a text. Padding is the end of the text: within, it is nothing that may stand there.
    fn pieces(self, text: &[u8]) -> impl Iterator<Item = (impl Engine, &[u8])> {
        let last = text.len().saturating_sub(1) / PIECE;
        text.chunks(PIECE).enumerate().map(move |(position, piece)| (self.engine(position == last), piece))
    }

    fn engine(self, at_end: bool) -> impl Engine {
        let config = if at_end && self.padded { PAD } else { NO_PAD };
        if self.url_safe { Fast::url_safe(config) } else { Fast::standard(config) }
    }
}

/// Processors that the library has nothing faster for.
#[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon"))))]
struct Fast;

#[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon"))))]
impl Fast {
    fn standard(config: base64::engine::GeneralPurposeConfig) -> base64::engine::GeneralPurpose {
        base64::engine::GeneralPurpose::new(&base64::alphabet::STANDARD, config)
    }

    fn url_safe(config: base64::engine::GeneralPurposeConfig) -> base64::engine::GeneralPurpose {
        base64::engine::GeneralPurpose::new(&base64::alphabet::URL_SAFE, config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

    /// The same rules, spelled with the engines that are not fast, on the whole text at once.
    fn expected(text: &str) -> Option<Vec<u8>> {
        let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
        engines.into_iter().find_map(|engine| engine.decode(text).ok())
    }

    fn bytes(length: usize) -> Vec<u8> {
        (0..length).map(|position| (position * 151 + position / 256 * 37).to_le_bytes()[0]).collect()
    }

    #[test]
    fn a074_the_four_forms_are_read_and_written_again() {
        for length in [0, 1, 2, 3, 4, 47, 48, 49, 50, 6143, 6144, 6145, 6146, 20_000] {
            let bytes = bytes(length);
            for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
                let text = engine.encode(&bytes);
                assert_eq!(decode(&text).as_ref(), Some(&bytes), "{length}");
                let form = Form::of(text.as_bytes()).expect("a form");
                assert_eq!(form.encode(&bytes), text);
                let mut in_place = text.into_bytes();
                let decoded = form.decoded_len(&in_place);
                form.decode_in_place(&mut in_place);
                assert_eq!(in_place[..decoded], bytes);
            }
        }
    }

    #[test]
    fn a074_no_other_character_and_no_other_padding_is_read_wherever_it_stands() {
        for (length, places) in [(50, 0..68), (6146, 8180..8196), (12_290, 8180..8200)] {
            for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE] {
                let text = engine.encode(bytes(length));
                for place in places.clone().filter(|place| *place < text.len()) {
                    for other in ["=", "==", " ", "\n", "A", "+", "_", "%", "é", ""] {
                        let changed = format!("{}{other}{}", &text[..place], &text[place + 1..]);
                        assert_eq!(decode(&changed), expected(&changed), "{other:?} at {place} of {length}");
                        let longer = format!("{}{other}{}", &text[..place], &text[place..]);
                        assert_eq!(decode(&longer), expected(&longer), "{other:?} before {place} of {length}");
                    }
                }
            }
        }
        for text in ["+_+_", "AAA=A", "AAA A", "AA\nA=", "A", "=", "====", "AA=", "AAA==", "AB==", "AAF"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
