//! Why TUF gave no trusted root.

use std::error::Error;

use crate::collect::SourceError;
use crate::trust::TrustError;

use super::CacheError;

/// Why a repository or its cache gave no trusted root.
#[derive(Debug, thiserror::Error)]
pub enum TufError {
    /// The root that trust begins with cannot be used.
    #[error("the initial TUF root of {domain} cannot be used")]
    Anchor {
        /// The trust domain.
        domain: String,
        /// The library's error.
        source: Box<sigstore_tuf::Error>,
    },
    /// The mirror did not give what was asked for.
    #[error("the TUF repository of {domain} could not be read")]
    Unreadable {
        /// The trust domain.
        domain: String,
        /// What failed.
        source: Box<dyn Error + Send + Sync>,
    },
    /// What was there cannot be believed: not signed as it must be, expired, older than what was seen before, or malformed.
    #[error("the TUF metadata of {domain} is refused")]
    Refused {
        /// The trust domain.
        domain: String,
        /// The rule that it breaks.
        source: Box<sigstore_tuf::Error>,
    },
    /// The repository vouches for a trusted root that this program cannot read.
    #[error("the trusted root in the TUF repository of {domain} cannot be used")]
    TrustedRoot {
        /// The trust domain.
        domain: String,
        /// The trusted root's error.
        source: TrustError,
    },
    /// The cached files were perhaps valid once, and are not now: expired, revoked or changed.
    #[error("the cached trusted root of {domain} cannot be used")]
    Cached {
        /// The trust domain.
        domain: String,
        /// The rule that it breaks.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The cache cannot be read.
    #[error("the cached trusted root of {domain} cannot be read")]
    Cache {
        /// The trust domain.
        domain: String,
        /// The cache's error.
        source: CacheError,
    },
}

impl TufError {
    /// Sorts what the workflow ended with: nothing to judge, or judged and refused.
    pub(super) fn of_workflow(domain: &str, error: sigstore_tuf::Error) -> Self {
        let domain = domain.to_owned();
        match error {
            sigstore_tuf::Error::Transport { source: Some(source), .. } => Self::Unreadable { domain, source },
            sigstore_tuf::Error::Transport { message, source: None } => {
                Self::Unreadable { domain, source: message.into() }
            }
            error => Self::Refused { domain, source: Box::new(error) },
        }
    }

    /// Returns the same error for a cache: a missing or refused file there did not come from a mirror.
    pub(super) fn of_cache(self) -> Self {
        match self {
            Self::Unreadable { domain, source } => Self::Cached { domain, source },
            Self::Refused { domain, source } => Self::Cached { domain, source },
            other => other,
        }
    }

    /// Returns what the mirror's connection said, if it was that which failed.
    pub fn connection(&self) -> Option<&SourceError> {
        let Self::Unreadable { source, .. } = self else { return None };
        source.downcast_ref()
    }

    /// Whether the file that trust begins with is at fault: that of the caller, and no repository.
    pub fn is_of_anchor(&self) -> bool {
        matches!(self, Self::Anchor { .. })
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Anchor { .. } => "give the initial `root.json` as the repository's operator publishes it",
            Self::Unreadable { .. } => "check the network, the proxy and the address; `-vv` shows every request",
            Self::Refused { .. } if self.is_expired() => {
                "the repository is not kept up, or this machine's clock is ahead: check both, then `bonafide trust update`"
            }
            Self::Refused { .. } => {
                "the connection may be intercepted: try another network, and tell the repository's operator"
            }
            Self::TrustedRoot { .. } => "a newer version of this program may be able to read it",
            Self::Cached { .. } | Self::Cache { .. } => "`bonafide trust update`, or add `--update-trust`",
        }
    }

    /// Whether files that were valid have expired.
    pub fn is_expired(&self) -> bool {
        let broken = match self {
            Self::Refused { source, .. } => Some(&**source),
            Self::Cached { source, .. } => source.downcast_ref(),
            _ => None,
        };
        matches!(broken, Some(sigstore_tuf::Error::Expired { .. }))
    }
}
