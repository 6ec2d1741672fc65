//! Enums that reports write as one word each.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::attestation::types::Kind;

/// Declares an enum whose variants are words of the report.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$each:meta])* $variant:ident $word:literal)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$each])* $variant,)+
        }

        impl $name {
            /// Returns the word of the report.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                match String::deserialize(deserializer)?.as_str() {
                    $($word => Ok(Self::$variant),)+
                    other => Err(serde::de::Error::custom(format!("unknown word `{other}`"))),
                }
            }
        }
    };
}
pub(super) use words;

/// What a candidate is; of what did not verify, what it claims to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CandidateKind {
    /// A kind of attestation.
    Of(Kind),
    /// A statement without a signature.
    Unsigned,
    /// Unreadable.
    Unreadable,
    /// Not fetched, because the verdict did not need it.
    Unread,
    /// No evidence of a known kind.
    Ignored,
}

impl CandidateKind {
    /// Returns the word of the report.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Of(kind) => kind.as_str(),
            Self::Unsigned => "unsigned",
            Self::Unreadable => "unreadable",
            Self::Unread => "unread",
            Self::Ignored => "ignored",
        }
    }
}

impl fmt::Display for CandidateKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl Serialize for CandidateKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CandidateKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let kinds = Kind::ALL.iter().map(|kind| Self::Of(*kind));
        let mut all = kinds.chain([Self::Unsigned, Self::Unreadable, Self::Unread, Self::Ignored]);
        all.find(|kind| kind.as_str() == word).ok_or_else(|| D::Error::custom(format!("unknown kind `{word}`")))
    }
}

words! {
    /// What came of a candidate.
    CandidateState {
        /// It satisfies a requirement.
        Accepted "accepted"
        /// It was read and does not count.
        Refused "refused"
        /// Nothing asks for it.
        Unused "not used"
        /// It was not fetched.
        Unread "not read"
    }
}

words! {
    /// What names a signer.
    SignerKind {
        /// A URI in a certificate: a workflow, a service account.
        Uri "uri"
        /// An e-mail address in a certificate.
        Email "email"
        /// A user name in a certificate, in Fulcio's own `otherName`.
        OtherName "other-name"
        /// A public key.
        Key "key"
    }
}

words! {
    /// What shows that a log holds an entry.
    LogEvidence {
        /// A verified inclusion proof.
        Proof "proof"
        /// A verified promise (SET) alone.
        Promise "promise"
    }
}

words! {
    /// Who vouches for a time.
    TimeSource {
        /// A transparency log.
        Log "log"
        /// A timestamp authority.
        Authority "timestamp-authority"
    }
}
