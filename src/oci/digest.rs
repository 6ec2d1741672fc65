//! Content digests: SHA-256, SHA-384 and SHA-512, nothing else.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest as provider;

/// A digest algorithm that a verdict may rest on.
///
/// image-spec `descriptor.md` registers others (`blake3`), and its grammar allows any name; what this program cannot
/// compute it cannot verify, so such digests are refused where they are read (A041).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256, which every registry speaks.
    Sha256,
    /// SHA-384, which is registered for no OCI digest: signatures are over it, and statements name files by it.
    Sha384,
    /// SHA-512, optional in the specification.
    Sha512,
}

impl Algorithm {
    /// All that there are, the shortest first.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// Returns the algorithm of that name in front of a colon.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The name in front of the colon.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    const fn hex_length(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha384 => 96,
            Self::Sha512 => 128,
        }
    }

    pub(crate) fn provider(self) -> &'static provider::Algorithm {
        match self {
            Self::Sha256 => &provider::SHA256,
            Self::Sha384 => &provider::SHA384,
            Self::Sha512 => &provider::SHA512,
        }
    }
}

/// Why a text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// The `algorithm:` prefix is missing.
    #[error("`{0}` is not a digest: expected `sha256:` and 64 hexadecimal digits")]
    Malformed(String),
    /// The algorithm is none that can be computed here.
    #[error("digest algorithm `{0}` is not supported: only sha256 and sha512 are")]
    UnsupportedAlgorithm(String),
    /// The part after the colon has the wrong length or other characters than `0-9a-f`.
    #[error("`{text}` is not a {algorithm} digest: expected {expected} lowercase hexadecimal digits")]
    Encoding {
        /// The text as given.
        text: String,
        /// The algorithm it names.
        algorithm: &'static str,
        /// The number of digits that algorithm has.
        expected: usize,
    },
}

/// A digest such as `sha256:3f0c…`: an algorithm and lowercase hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    algorithm: Algorithm,
    hex: Box<str>,
}

impl Digest {
    /// Computes the digest of `bytes`.
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(bytes);
        hasher.finish()
    }

    /// Takes bytes for a digest, if there are as many as the algorithm has.
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        let hex = encode_hex(bytes);
        (hex.len() == algorithm.hex_length()).then(|| Self { algorithm, hex: hex.into() })
    }

    /// Reads the digest of a file, which may be of any algorithm here; [`str::parse`] reads those that OCI registers.
    pub fn of_file(text: &str) -> Result<Self, DigestError> {
        Self::read(text, &Algorithm::ALL)
    }

    fn read(text: &str, accepted: &[Algorithm]) -> Result<Self, DigestError> {
        let Some((name, hex)) = text.split_once(':') else {
            return Err(DigestError::Malformed(text.to_owned()));
        };
        let algorithm = Algorithm::named(name)
            .filter(|algorithm| accepted.contains(algorithm))
            .ok_or_else(|| DigestError::UnsupportedAlgorithm(name.to_owned()))?;
        // image-spec descriptor.md: "the encoded portion MUST match /[a-f0-9]{64}/ … MUST NOT use [A-F]".
        if hex.len() != algorithm.hex_length() || !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(DigestError::Encoding {
                text: text.to_owned(),
                algorithm: algorithm.name(),
                expected: algorithm.hex_length(),
            });
        }
        Ok(Self { algorithm, hex: hex.into() })
    }

    /// Returns the algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the digits after the colon.
    pub fn hex(&self) -> &str {
        &self.hex
    }

    /// Returns the first twelve digits, for people; never for comparisons.
    pub fn short(&self) -> &str {
        &self.hex[..12]
    }

    /// Returns the digest's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        decode_hex(&self.hex).unwrap_or_default()
    }

    /// Returns the tag under which a registry without the referrers API keeps the list of referrers.
    ///
    /// distribution-spec, "Referrers Tag Schema": the algorithm truncated to 32 characters, the encoded part truncated
    /// to 64, characters that a tag may not hold replaced by `-` (A025).
    pub fn referrers_tag(&self) -> String {
        format!("{}-{}", self.algorithm.name(), &self.hex[..self.hex.len().min(64)])
    }

    /// Returns the tag under which cosign keeps signatures (`sig`), attestations (`att`) or SBOMs (`sbom`).
    ///
    /// cosign `specs/SIGNATURE_SPEC.md`: the digest with `:` replaced by `-`, not truncated, and the suffix.
    pub fn cosign_tag(&self, suffix: &str) -> String {
        format!("{}-{}.{suffix}", self.algorithm.name(), self.hex)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.algorithm.name(), self.hex)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        Self::read(text, &[Algorithm::Sha256, Algorithm::Sha512])
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Computes a digest while bytes arrive.
pub struct Hasher {
    algorithm: Algorithm,
    context: provider::Context,
}

impl Hasher {
    /// Starts an empty digest.
    pub fn new(algorithm: Algorithm) -> Self {
        Self { algorithm, context: provider::Context::new(algorithm.provider()) }
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    /// Ends the digest.
    pub fn finish(self) -> Digest {
        Digest { algorithm: self.algorithm, hex: encode_hex(self.context.finish().as_ref()).into() }
    }
}

/// Writes bytes as lowercase hexadecimal digits.
pub fn encode_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

/// Reads hexadecimal digits of either case; `None` for anything else.
pub fn decode_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    text.as_bytes()
        .chunks(2)
        .map(|pair| {
            let high = char::from(pair[0]).to_digit(16)?;
            let low = char::from(pair[1]).to_digit(16)?;
            u8::try_from(high * 16 + low).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // FIPS 180-4 test vectors for "abc".
    const SHA256_ABC: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn digests_are_computed_as_fips_180_4_says() {
        assert_eq!(Digest::of(Algorithm::Sha256, b"abc").to_string(), SHA256_ABC);
        assert!(Digest::of(Algorithm::Sha512, b"abc").to_string().starts_with("sha512:ddaf35a193617aba"));
    }

    #[test]
    fn a041_other_algorithms_are_refused() {
        let sha384 = Digest::of(Algorithm::Sha384, b"abc").to_string();
        assert!(sha384.starts_with("sha384:cb00753f45a35e8bb5a03d699ac65007272c32ab"));
        assert_eq!(Digest::of_file(&sha384).map(|digest| digest.to_string()), Ok(sha384.clone()));
        for text in [
            sha384.as_str(),
            "md5:d41d8cd98f00b204e9800998ecf8427e",
            "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "multihash+base58:Qm",
        ] {
            assert!(matches!(text.parse::<Digest>(), Err(DigestError::UnsupportedAlgorithm(_))), "{text}");
        }
    }

    #[test]
    fn uppercase_short_and_foreign_digits_are_refused() {
        for text in [
            SHA256_ABC.to_uppercase().replace("SHA256", "sha256"),
            "sha256:abc".into(),
            format!("{SHA256_ABC} "),
            format!("{}g", &SHA256_ABC[..70]),
        ] {
            assert!(matches!(text.parse::<Digest>(), Err(DigestError::Encoding { .. })), "{text}");
        }
        assert!(matches!("ba7816".parse::<Digest>(), Err(DigestError::Malformed(_))));
    }

    #[test]
    fn a025_the_referrers_tag_of_a_sha512_digest_is_truncated() {
        let digest = Digest::of(Algorithm::Sha512, b"abc");
        assert_eq!(digest.referrers_tag().len(), "sha512-".len() + 64);
        assert_eq!(digest.cosign_tag("sig").len(), "sha512-.sig".len() + 128);
    }
}
