//! A DER writer, just large enough for certificates and time stamps.
//!
//! It is written by hand so that the tests share no encoder with the parsers under test, and so that what must not be written
//! (two names, a duplicate extension) can be.

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut encoded = vec![tag];
    encoded.extend(length(content.len()));
    encoded.extend_from_slice(content);
    encoded
}

// X.690 §8.1.3: one byte below 128, otherwise the number of bytes and then the bytes.
fn length(length: usize) -> Vec<u8> {
    let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    match bytes.as_slice() {
        [] => vec![0],
        [short] if *short < 0x80 => vec![*short],
        rest => {
            let count = u8::try_from(rest.len()).expect("a length has at most eight bytes");
            [&[0x80 | count], rest].concat()
        }
    }
}

pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

// X.690 §11.6: the components of a SET OF appear in ascending order of their encodings.
pub fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x31, &set_content(parts))
}

pub fn set_content(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut parts = parts.to_vec();
    parts.sort();
    parts.concat()
}

/// Writes an unsigned integer given in big-endian bytes.
pub fn integer(bytes: &[u8]) -> Vec<u8> {
    let significant: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    match significant.first() {
        None => element(0x02, &[0]),
        Some(first) if *first >= 0x80 => element(0x02, &[&[0], significant.as_slice()].concat()),
        Some(_) => element(0x02, &significant),
    }
}

pub fn boolean(value: bool) -> Vec<u8> {
    element(0x01, &[if value { 0xff } else { 0 }])
}

pub fn null() -> Vec<u8> {
    element(0x05, &[])
}

pub fn octet_string(content: &[u8]) -> Vec<u8> {
    element(0x04, content)
}

pub fn bit_string(content: &[u8]) -> Vec<u8> {
    element(0x03, &[&[0], content].concat())
}

pub fn utf8_string(text: &str) -> Vec<u8> {
    element(0x0c, text.as_bytes())
}

/// Writes a constructed context-specific element, as `[number] EXPLICIT` and implicit sequences need it.
pub fn context(number: u8, content: &[u8]) -> Vec<u8> {
    element(0xa0 | number, content)
}

/// Writes a primitive context-specific element, as an implicit string needs it.
pub fn context_primitive(number: u8, content: &[u8]) -> Vec<u8> {
    element(0x80 | number, content)
}

/// Writes an object identifier given in dots and digits.
pub fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted.split('.').map(|arc| arc.parse().expect("an arc is a number")).collect();
    let content: Vec<u8> =
        std::iter::once(arcs[0] * 40 + arcs[1]).chain(arcs[2..].iter().copied()).flat_map(base128).collect();
    element(0x06, &content)
}

// X.690 §8.19.2: seven bits a byte, the highest bit set on all but the last.
fn base128(arc: u64) -> Vec<u8> {
    let mut bytes = vec![(arc & 0x7f) as u8];
    let mut rest = arc >> 7;
    while rest > 0 {
        bytes.insert(0, (rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes
}

// RFC 5280 §4.1.2.5: dates through 2049 are UTCTime, later ones GeneralizedTime.
pub fn validity_time(time: Timestamp) -> Vec<u8> {
    let civil = time.to_zoned(TimeZone::UTC);
    match civil.year() {
        ..2050 => utc_time(time),
        _ => generalized_time(time),
    }
}

pub fn utc_time(time: Timestamp) -> Vec<u8> {
    element(0x17, time.strftime("%y%m%d%H%M%SZ").to_string().as_bytes())
}

pub fn generalized_time(time: Timestamp) -> Vec<u8> {
    element(0x18, time.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes())
}

/// Wraps DER in the textual encoding of RFC 7468.
pub fn pem(label: &str, der: &[u8]) -> String {
    let base64 = crate::support::json::base64(der);
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64 is ASCII")).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
