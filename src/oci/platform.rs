//! Platforms of an image: operating system, architecture, variant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The platform that a manifest in an index is for (image-spec `image-index.md`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub struct Platform {
    /// `GOOS`, such as `linux`; empty where an index states none.
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

/// The text is not `os/architecture[/variant][:version]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a platform: expected OS/ARCH or OS/ARCH/VARIANT, such as linux/arm64, or with a version, such as windows/amd64:10.0.20348"
)]
pub struct PlatformError(String);

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let wrong = || PlatformError(text.to_owned());
        let (name, os_version) = match text.split_once(':') {
            Some((name, version)) if !version.is_empty() && version.bytes().all(is_platform_byte) => {
                (name, Some(version.to_owned()))
            }
            Some(_) => return Err(wrong()),
            None => (text, None),
        };
        let mut parts = name.split('/');
        let mut next = || match parts.next() {
            Some(part) if !part.is_empty() && part.bytes().all(is_platform_byte) => Ok(Some(part.to_owned())),
            Some(_) => Err(wrong()),
            None => Ok(None),
        };
        let (os, architecture, variant) = (next()?, next()?, next()?);
        match (os, architecture, parts.next()) {
            (Some(os), Some(architecture), None) => Ok(Self { os, architecture, variant, os_version }),
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
    fn a_platform_is_written_as_it_is_read() {
        for text in ["linux/amd64", "linux/arm/v7", "windows/amd64:10.0.20348.1726"] {
            assert_eq!(platform(text).to_string(), text);
        }
        assert_eq!(platform("windows/amd64:10.0.20348").os_version.as_deref(), Some("10.0.20348"));
    }

    #[test]
    fn malformed_platforms_are_refused() {
        for text in
            ["", "linux", "linux/", "/amd64", "linux/arm/v7/x", "linux arm64", "windows/amd64:", "windows:10/amd64"]
        {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }
}
