//! Weak public keys and hashes: signatures for them can be forged without the private key, now or soon.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{
    DSA_WITH_SHA_1, MD_2_WITH_RSA_ENCRYPTION, MD_5_WITH_RSA_ENCRYPTION, RSA_ENCRYPTION, SHA_1_WITH_RSA_ENCRYPTION,
};
use const_oid::db::rfc8410::ID_ED_25519;
use der::asn1::UintRef;
use der::{Decode, Reader, SliceReader};
use x509_cert::spki::SubjectPublicKeyInfoRef;

/// The shortest RSA key of Sigstore's algorithm registry.
const MIN_RSA_BITS: usize = 2048;
/// NIST SP 800-56B §6.2: the exponent is odd and at least this.
const MIN_EXPONENT: u64 = 65_537;
/// What aws-lc and BoringSSL take at most. A long exponent goes with a short private one, which can be computed from it.
const MAX_EXPONENT_BITS: usize = 33;
/// Another name of RSA with SHA-1, of the OSI workshop.
const OIW_SHA_1_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.29");
/// ANSI X9.62.
const ECDSA_WITH_SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.1");

/// The `y` coordinates of the points of Ed25519 whose order divides 8, in all encodings that a verifier might take, without the
/// sign of `x`. Signing for such a key needs no private key. RFC 8032 §5.1.7 leaves them to the verifier; the values are
/// those that Go, libsodium and ed25519-dalek refuse.
const SMALL_ORDER: [[u8; 32]; 7] = [
    filled(0x00, 0x00, 0x00),
    filled(0x01, 0x00, 0x00),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    filled(0xec, 0xff, 0x7f),
    filled(0xed, 0xff, 0x7f),
    filled(0xee, 0xff, 0x7f),
];

const fn filled(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    bytes[0] = first;
    bytes[31] = last;
    bytes
}

/// Returns the weakness of a key, a DER `SubjectPublicKeyInfo` or an `RSAPublicKey` of PKCS #1. For unreadable keys and
/// other kinds it returns `None`.
pub fn weakness(der: &[u8]) -> Option<String> {
    let Ok(key) = SubjectPublicKeyInfoRef::from_der(der) else { return rsa_weakness(der) };
    let bytes = key.subject_public_key.as_bytes()?;
    match key.algorithm.oid {
        ID_ED_25519 => ed25519_weakness(bytes),
        RSA_ENCRYPTION => rsa_weakness(bytes),
        _ => None,
    }
}

/// Names the broken hash that a signature algorithm is made with. Two texts of one such hash can be computed, so a signature
/// on one of them is a signature on the other.
pub fn broken_hash(signature_algorithm: ObjectIdentifier) -> Option<&'static str> {
    match signature_algorithm {
        MD_2_WITH_RSA_ENCRYPTION => Some("MD2"),
        MD_5_WITH_RSA_ENCRYPTION => Some("MD5"),
        SHA_1_WITH_RSA_ENCRYPTION | OIW_SHA_1_WITH_RSA | ECDSA_WITH_SHA_1 | DSA_WITH_SHA_1 => Some("SHA-1"),
        _ => None,
    }
}

fn ed25519_weakness(bytes: &[u8]) -> Option<String> {
    let mut y = <[u8; 32]>::try_from(bytes).ok()?;
    y[31] &= 0x7f;
    SMALL_ORDER.contains(&y).then(|| "an Ed25519 key of small order".to_owned())
}

/// RFC 8017 §A.1.1: `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }`.
fn rsa_weakness(bytes: &[u8]) -> Option<String> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let numbers = reader.sequence(|inner| Ok((UintRef::decode(inner)?, UintRef::decode(inner)?))).ok()?;
    let (modulus, exponent) = (numbers.0.as_bytes(), numbers.1.as_bytes());
    let bits = |number: &[u8]| number.len() * 8 - number.first().map_or(0, |first| first.leading_zeros() as usize);
    if bits(modulus) < MIN_RSA_BITS {
        return Some(format!("an RSA key of {} bits", bits(modulus)));
    }
    if bits(exponent) > MAX_EXPONENT_BITS {
        return Some(format!("an RSA key with an exponent of {} bits", bits(exponent)));
    }
    let value = exponent.iter().fold(0, |sum, byte| sum * 256 + u64::from(*byte));
    if value < MIN_EXPONENT {
        return Some(format!("an RSA key with the exponent {value}"));
    }
    let even = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 0);
    (even(exponent) || even(modulus)).then(|| "an RSA key with an even number in it".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ed25519(y: [u8; 32]) -> Vec<u8> {
        [&[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0], y.as_slice()].concat()
    }

    fn long(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).expect("keys are short").to_be_bytes();
        [&[tag, 0x82], length.as_slice(), content].concat()
    }

    fn rsa(bits: usize, exponent: &[u8]) -> Vec<u8> {
        let mut modulus = vec![0xff; bits / 8];
        modulus.insert(0, 0);
        let length = u8::try_from(exponent.len()).expect("exponents are short");
        let exponent = [&[2, length], exponent].concat();
        long(0x30, &[long(2, &modulus), exponent].concat())
    }

    #[test]
    fn a318_points_of_small_order_are_weak_with_either_sign() {
        for y in SMALL_ORDER {
            let mut negative = y;
            negative[31] |= 0x80;
            for y in [y, negative] {
                assert_eq!(weakness(&ed25519(y)).as_deref(), Some("an Ed25519 key of small order"), "{y:?}");
            }
        }
        // The first key of RFC 8032 §7.1.
        let good = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let good = crate::oci::decode_hex(good).and_then(|bytes| bytes.try_into().ok()).expect("32 bytes");
        assert_eq!(weakness(&ed25519(good)), None);
    }

    #[test]
    fn a318_rsa_keys_are_weak_by_length_or_exponent() {
        for (bits, exponent, weak) in [
            (2048, &[1, 0, 1][..], None),
            (4096, &[1, 0, 1], None),
            (2048, &[1, 0, 0, 1], None),
            (2048, &[1, 0xff, 0xff, 0xff, 0xff], None),
            (2048, &[2, 0, 0, 0, 1], Some("an RSA key with an exponent of 34 bits")),
            (2048, &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], Some("an RSA key with an exponent of 81 bits")),
            (2048, &[0x7f; 120], Some("an RSA key with an exponent of 959 bits")),
            (2040, &[1, 0, 1], Some("an RSA key of 2040 bits")),
            (2048, &[3], Some("an RSA key with the exponent 3")),
            (2048, &[1], Some("an RSA key with the exponent 1")),
            (2048, &[0x11], Some("an RSA key with the exponent 17")),
            (4096, &[0], Some("an RSA key with the exponent 0")),
            (2048, &[1, 0, 2], Some("an RSA key with an even number in it")),
        ] {
            assert_eq!(weakness(&rsa(bits, exponent)).as_deref(), weak, "{bits} {exponent:?}");
        }
        assert_eq!(weakness(b"\x30\x00"), None);
    }
}
