//! Platforms of an image: operating system, architecture, variant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The platform that a manifest in an index is for (image-spec `image-index.md`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub struct Platform {
    /// `GOOS`, such as `linux`.
    pub os: String,
    /// `GOARCH`, such as `arm64`.
    pub architecture: String,
    /// The variant of the architecture, such as `v7`.
    #[serde(default)]
    pub variant: Option<String>,
    /// The version of the operating system (Windows images).
    #[serde(rename = "os.version", default)]
    pub os_version: Option<String>,
}

impl Platform {
    /// Whether this is BuildKit's marker for a manifest that holds attestations, not an image.
    pub fn is_unknown(&self) -> bool {
        self.os == "unknown" && self.architecture == "unknown"
    }

    /// Whether a wish such as `linux/arm` or `linux/arm/v7` asks for this platform.
    ///
    /// A wish without a variant takes any variant, as the first entry of an index is the one a runtime would take.
    pub fn satisfies(&self, wish: &Self) -> bool {
        self.os == wish.os
            && self.architecture == wish.architecture
            && (wish.variant.is_none() || wish.variant == self.variant)
            && (wish.os_version.is_none() || wish.os_version == self.os_version)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.os, self.architecture)?;
        if let Some(variant) = &self.variant {
            write!(formatter, "/{variant}")?;
        }
        if let Some(version) = &self.os_version {
            write!(formatter, ":{version}")?;
        }
        Ok(())
    }
}

impl Serialize for Platform {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The text is not `os/architecture[/variant]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a platform: expected OS/ARCH or OS/ARCH/VARIANT, such as linux/arm64")]
pub struct PlatformError(String);

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let mut parts = text.split('/');
        let wrong = || PlatformError(text.to_owned());
        let mut next = || match parts.next() {
            Some(part) if !part.is_empty() && part.bytes().all(is_platform_byte) => Ok(Some(part.to_owned())),
            Some(_) => Err(wrong()),
            None => Ok(None),
        };
        let (os, architecture, variant) = (next()?, next()?, next()?);
        match (os, architecture, parts.next()) {
            (Some(os), Some(architecture), None) => Ok(Self { os, architecture, variant, os_version: None }),
            _ => Err(wrong()),
        }
    }
}

fn is_platform_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Platform {
        text.parse().expect("a platform")
    }

    #[test]
    fn a_wish_without_a_variant_takes_any() {
        assert!(platform("linux/arm/v7").satisfies(&platform("linux/arm")));
        assert!(!platform("linux/arm/v7").satisfies(&platform("linux/arm/v6")));
        assert!(!platform("linux/arm").satisfies(&platform("linux/arm/v7")));
    }

    #[test]
    fn malformed_platforms_are_refused() {
        for text in ["", "linux", "linux/", "/amd64", "linux/arm/v7/x", "linux arm64"] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }
}
