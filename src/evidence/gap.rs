//! Reads that failed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::oci::Digest;

/// A read that failed. Only a true "not found" is absence; everything else is a gap.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Gap {
    /// The digest whose evidence is incomplete.
    pub subject: Digest,
    /// What was to be read, such as `referrers of sha256:…`.
    pub what: String,
    /// Why it could not be.
    pub obstacle: Obstacle,
}

/// Why something could not be read, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Obstacle {
    /// The kind of reason.
    pub reason: GapReason,
    /// The cause in one clause, such as "ghcr.io limits requests"; the same for everything that failed for it.
    pub cause: Option<String>,
    /// What would have been right.
    pub expected: Option<String>,
    /// What happened: what was answered, and what was asked.
    pub detail: String,
    /// What to do about it.
    pub next: String,
}

impl Obstacle {
    /// A reason with nothing to say beside what happened.
    pub fn new(reason: GapReason, detail: impl Into<String>) -> Self {
        Self { reason, cause: None, expected: None, detail: detail.into(), next: reason.advice().to_owned() }
    }
}

/// Why something could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapReason {
    /// The registry wants a login, or refuses the one it was given (401, 403).
    Unauthorized,
    /// The registry asked to slow down (429).
    Throttled,
    /// The registry failed (5xx) or answered what the protocol does not know.
    Unavailable,
    /// No connection, or it broke.
    Connection,
    /// The proxy did not lead to the server.
    Proxy,
    /// The server's certificate is not trusted.
    Certificate,
    /// The server's certificate is not valid yet by this machine's clock.
    Clock,
    /// A deadline passed.
    Timeout,
    /// A limit of this program was exceeded.
    Limit,
    /// The bytes are not the ones that the digest or size names, or cannot be read without ambiguity.
    Corrupt,
    /// A list names an entry that is missing.
    Missing,
    /// The selection matches no entry, or more than one.
    Selection,
    /// A form that this program does not know.
    Unsupported,
    /// A file does not say which image it names.
    Open,
}

impl GapReason {
    /// The stable word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Connection => "connection",
            Self::Proxy => "proxy",
            Self::Certificate => "certificate",
            Self::Clock => "clock",
            Self::Timeout => "timeout",
            Self::Limit => "limit",
            Self::Corrupt => "corrupt",
            Self::Missing => "missing",
            Self::Selection => "selection",
            Self::Unsupported => "unsupported",
            Self::Open => "open",
        }
    }

    /// What to do, where nothing is known but the reason.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Unauthorized => {
                "log in to the registry (`docker login`), or ask its owner for the right to pull this repository"
            }
            Self::Throttled => "wait and run it again, or log in for a higher limit",
            Self::Unavailable => "try again later, and report it to the registry if it stays so",
            Self::Connection => "check the host name and the network",
            Self::Proxy => {
                "check the proxy and the variable that names it (`HTTPS_PROXY`); `NO_PROXY=HOST` goes around it"
            }
            Self::Certificate => {
                "if a private authority issued the certificate, give that authority with `--ca-file`; else the connection may be intercepted"
            }
            Self::Clock => "check this machine's clock (`date -u`)",
            Self::Timeout => "try again, or allow more time with `--timeout`",
            Self::Limit => {
                "the evidence is larger than this program reads: ask the image's maker to delete evidence that nothing needs"
            }
            Self::Corrupt => "the bytes are not what was asked for: do not use this image until that is explained",
            Self::Missing => "check the name, the tag or the digest",
            Self::Selection => "choose one of what is there: by tag or digest in the reference, or with `--platform`",
            Self::Unsupported => "this version of the program does not read that form: see whether a newer one does",
            Self::Open => "write the image's name there, or verify the image by its name",
        }
    }
}

impl fmt::Display for GapReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
