//! Decodes all DER from outside. Its limits are checked before any parser sees the bytes (A310).
//!
//! The `der` crate sorts the members of a SET by insertion while it decodes: one SET of ten thousand members in
//! descending order takes seconds. Certificates and timestamp tokens are short and have few members, so larger ones are
//! not decoded. The walk below visits each element once and keeps one small record for each level.

use std::fmt;

use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use der::{Any, Decode};
use x509_cert::Certificate;

/// Bytes of a certificate. Those of public authorities have fewer than 4 KiB.
const MAX_CERTIFICATE: usize = 32 * 1024;
/// Bytes of a timestamp token, which may hold the authority's whole chain and its revocation list.
const MAX_TOKEN: usize = 64 * 1024;
/// Elements of one encoding, at every level. A timestamp with four certificates has about five hundred.
const MAX_ELEMENTS: usize = 8 * 1024;
/// Members of one SET.
const MAX_MEMBERS: usize = 64;
/// How deep elements may be nested.
const MAX_DEPTH: usize = 32;

/// What an encoding is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Certificate,
    Timestamp,
    Key,
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Self::Certificate => "a certificate",
            Self::Timestamp => "a timestamp",
            Self::Key => "a public key",
        }
    }

    fn max_bytes(self) -> usize {
        match self {
            Self::Certificate | Self::Key => MAX_CERTIFICATE,
            Self::Timestamp => MAX_TOKEN,
        }
    }
}

/// A limit that an encoding exceeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excess {
    Bytes(Encoding, usize),
    Elements(Encoding),
    Members(Encoding),
    Depth(Encoding),
}

impl fmt::Display for Excess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(what, found) => {
                write!(formatter, "{} has {found} bytes; the limit is {}", what.name(), what.max_bytes())
            }
            Self::Elements(what) => write!(formatter, "{} has more than {MAX_ELEMENTS} elements", what.name()),
            Self::Members(what) => write!(formatter, "{} has a SET of more than {MAX_MEMBERS} members", what.name()),
            Self::Depth(what) => write!(formatter, "{} is nested deeper than {MAX_DEPTH} levels", what.name()),
        }
    }
}

/// Why an encoding is not decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{0}")]
    Excess(Excess),
    #[error("{0}")]
    Malformed(der::Error),
}

/// Decodes a certificate.
pub(super) fn certificate(der: &[u8]) -> Result<Certificate, Refusal> {
    check(Encoding::Certificate, der).map_err(Refusal::Excess)?;
    Certificate::from_der(der).map_err(Refusal::Malformed)
}

/// Decodes the signed part of a timestamp token, alone or within the response of an authority (RFC 3161 §2.4.2).
pub(super) fn signed_data(token: &[u8]) -> Option<SignedData> {
    check(Encoding::Timestamp, token).ok()?;
    let content = ContentInfo::from_der(token).ok().or_else(|| {
        let response = Vec::<Any>::from_der(token).ok()?;
        response.get(1)?.decode_as::<ContentInfo>().ok()
    })?;
    content.content.decode_as().ok()
}

/// Whether it is a timestamp token by itself, without the response of an authority around it.
pub(super) fn is_token(token: &[u8]) -> bool {
    check(Encoding::Timestamp, token).is_ok() && ContentInfo::from_der(token).is_ok()
}

/// Checks that an encoding is within the limits. Bytes that are not DER pass; the parser refuses them.
pub(super) fn check(what: Encoding, der: &[u8]) -> Result<(), Excess> {
    if der.len() > what.max_bytes() {
        return Err(Excess::Bytes(what, der.len()));
    }
    let mut open = vec![Level { end: der.len(), members: 0, is_set: false }];
    let mut position = 0;
    let mut elements = 0;
    while let Some(level) = open.last_mut() {
        let header = der.get(position..level.end).and_then(Header::read);
        let Some(header) = header else {
            position = level.end;
            open.pop();
            continue;
        };
        elements += 1;
        level.members += 1;
        if elements > MAX_ELEMENTS {
            return Err(Excess::Elements(what));
        }
        if level.is_set && level.members > MAX_MEMBERS {
            return Err(Excess::Members(what));
        }
        let begins = position + header.length;
        // A length beyond the level, or none, is read as all that is left: the parser refuses it, or reads no more than this.
        let ends = header.content.and_then(|content| begins.checked_add(content)).unwrap_or(level.end).min(level.end);
        match inside(&header, &der[begins..ends]) {
            Some(_) if open.len() >= MAX_DEPTH => return Err(Excess::Depth(what)),
            Some(skipped) => {
                open.push(Level { end: ends, members: 0, is_set: header.may_be_set() });
                position = begins + skipped;
            }
            None => position = ends,
        }
    }
    Ok(())
}

/// An element whose members are being read.
struct Level {
    end: usize,
    members: usize,
    is_set: bool,
}

/// The identifier and length of an element (X.690 §8.1.2, §8.1.3).
struct Header {
    identifier: u8,
    /// Bytes of the header itself.
    length: usize,
    /// Bytes of the content; `None` for the indefinite form.
    content: Option<usize>,
}

const CONSTRUCTED: u8 = 0x20;
const CONTEXT: u8 = 0x80;
const CLASS: u8 = 0xc0;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const SET: u8 = 0x31;

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        let identifier = *bytes.first()?;
        let mut length = 1;
        if identifier & 0x1f == 0x1f {
            while bytes.get(length)? & 0x80 != 0 {
                length += 1;
            }
            length += 1;
        }
        let first = *bytes.get(length)?;
        length += 1;
        let content = match first {
            0..0x80 => Some(usize::from(first)),
            0x80 => None,
            _ => {
                let octets = bytes.get(length..length + usize::from(first & 0x7f))?;
                length += octets.len();
                Some(octets.iter().fold(0_usize, |sum, byte| sum.saturating_mul(256).saturating_add((*byte).into())))
            }
        };
        Some(Self { identifier, length, content })
    }

    /// A SET, or something with a tag of its context, which may stand for the tag of a SET.
    fn may_be_set(&self) -> bool {
        self.identifier == SET || self.identifier & (CLASS | CONSTRUCTED) == CONTEXT | CONSTRUCTED
    }
}

/// Whether there are elements inside an element, and how many bytes of its content stand before them. Extensions and the content
/// of timestamps are wrapped in an OCTET STRING, keys in a BIT STRING.
fn inside(header: &Header, content: &[u8]) -> Option<usize> {
    let skipped = match header.identifier {
        identifier if identifier & CONSTRUCTED != 0 => return Some(0),
        OCTET_STRING => 0,
        BIT_STRING => 1,
        _ => return None,
    };
    let wrapped = content.get(skipped..)?;
    let inner = Header::read(wrapped)?;
    let fits = inner.content.is_some_and(|length| inner.length.saturating_add(length) == wrapped.len());
    (fits && inner.identifier & CONSTRUCTED != 0).then_some(skipped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(identifier: u8, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).expect("a short content").to_be_bytes();
        [&[identifier, 0x84][..], &length, content].concat()
    }

    fn members(count: usize) -> Vec<u8> {
        (0..count).rev().flat_map(|number| element(0x02, &number.to_be_bytes())).collect()
    }

    type Wrap = fn(&[u8]) -> Vec<u8>;

    #[test]
    fn a310_a_set_of_many_members_is_found_wherever_it_is() {
        let few = element(SET, &members(MAX_MEMBERS));
        let many = element(SET, &members(MAX_MEMBERS + 1));
        let wraps: [Wrap; 6] = [
            |set| set.to_vec(),
            |set| element(0x30, set),
            |set| element(0x30, &[&element(0x05, b""), set, &element(0x05, b"")].concat()),
            |set| element(0x04, set),
            |set| element(0x03, &[&[0], set].concat()),
            |set| element(0xa0, &element(0x04, &element(0x30, set))),
        ];
        for wrap in wraps {
            assert_eq!(check(Encoding::Certificate, &wrap(&few)), Ok(()));
            let excess = check(Encoding::Certificate, &wrap(&many)).expect_err("too many members");
            assert_eq!(excess.to_string(), "a certificate has a SET of more than 64 members");
        }
    }

    #[test]
    fn a310_a_set_under_another_tag_or_without_a_length_is_counted_too() {
        for identifier in [0xa0, 0xa1, 0xbe] {
            let many = element(identifier, &members(MAX_MEMBERS + 1));
            assert_eq!(check(Encoding::Timestamp, &many), Err(Excess::Members(Encoding::Timestamp)), "{identifier}");
        }
        let indefinite = [&[SET, 0x80][..], &members(MAX_MEMBERS + 1), &[0, 0]].concat();
        assert_eq!(check(Encoding::Timestamp, &indefinite), Err(Excess::Members(Encoding::Timestamp)));
        let too_long = [&[SET, 0x83, 0xff, 0xff, 0xff][..], &members(MAX_MEMBERS + 1)].concat();
        assert_eq!(check(Encoding::Timestamp, &too_long), Err(Excess::Members(Encoding::Timestamp)));
    }

    #[test]
    fn a310_bytes_elements_and_depth_have_limits() {
        let what = Encoding::Timestamp;
        assert_eq!(check(what, &element(0x04, &vec![0; MAX_TOKEN - 6])), Ok(()));
        assert_eq!(check(what, &element(0x04, &vec![0; MAX_TOKEN - 5])), Err(Excess::Bytes(what, MAX_TOKEN + 1)));
        let nulls = |count: usize| element(0x30, &[5, 0].repeat(count));
        assert_eq!(check(what, &nulls(MAX_ELEMENTS - 1)), Ok(()));
        assert_eq!(check(what, &nulls(MAX_ELEMENTS)), Err(Excess::Elements(what)));
        let nested = |depth: usize| (0..depth).fold(Vec::new(), |inner, _| element(0x30, &inner));
        assert_eq!(check(what, &nested(MAX_DEPTH - 1)), Ok(()));
        assert_eq!(check(what, &nested(MAX_DEPTH)), Err(Excess::Depth(what)));
    }

    #[test]
    fn what_is_no_der_is_left_to_the_parser() {
        for bytes in [&b""[..], &[0], &[0x30], &[0x30, 0x84], &[0x3f, 0xff], &[0x30, 0xff], &[0, 0, 0], &[0x30, 5, 1]] {
            assert_eq!(check(Encoding::Key, bytes), Ok(()), "{bytes:?}");
        }
    }
}
