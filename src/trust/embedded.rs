//! The trusted roots that come with the program.

use std::fmt;
use std::str::FromStr;

use jiff::civil::date;
use jiff::tz::TimeZone;
use sigstore_trust_root::SigstoreInstance;

use super::{RootOrigin, TrustError, TrustRoot};

/// A Sigstore instance whose trusted root is embedded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instance {
    /// Sigstore's public instance, run by the OpenSSF.
    PublicGood,
    /// GitHub's own instance, which signs attestations of private repositories: timestamps instead of a log.
    GitHub,
    /// Sigstore's staging instance, for tests of the ecosystem.
    Staging,
}

impl Instance {
    /// Every embedded instance.
    pub const ALL: [Self; 3] = [Self::PublicGood, Self::GitHub, Self::Staging];

    /// Returns the name used on the command line and in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PublicGood => "public-good",
            Self::GitHub => "github",
            Self::Staging => "staging",
        }
    }

    /// Reads the embedded root.
    pub fn root(self) -> Result<TrustRoot, TrustError> {
        let instance = match self {
            Self::PublicGood => SigstoreInstance::PublicGood,
            Self::GitHub => SigstoreInstance::GitHub,
            Self::Staging => SigstoreInstance::Staging,
        };
        let mut root = TrustRoot::parse(self.as_str(), "embedded", instance.embedded_trusted_root_json().as_bytes())?;
        // sigstore-trust-root 0.15.0, which brought these documents, is dated 2026-10-13 in its change log; 0.15.1 kept them.
        root.origin = RootOrigin::Embedded;
        root.updated_at = date(2026, 10, 13).to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
        Ok(root)
    }
}

impl fmt::Display for Instance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Not the name of an embedded root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an embedded trust domain: expected public-good, github or staging")]
pub struct UnknownInstance(String);

impl FromStr for Instance {
    type Err = UnknownInstance;

    fn from_str(text: &str) -> Result<Self, UnknownInstance> {
        Self::ALL.into_iter().find(|instance| instance.as_str() == text).ok_or_else(|| UnknownInstance(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_root_is_readable() {
        for instance in Instance::ALL {
            let root = instance.root().expect("an embedded root");
            assert!(!root.document()["certificateAuthorities"].as_array().expect("a list").is_empty(), "{instance}");
        }
    }

    #[test]
    fn names_are_exact() {
        assert_eq!("public-good".parse(), Ok(Instance::PublicGood));
        assert!("Public-Good".parse::<Instance>().is_err());
    }
}
