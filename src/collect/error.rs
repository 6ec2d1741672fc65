//! Why something could not be read.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::evidence::{GapReason, Obstacle};
use crate::oci::{BlobError, ManifestError, Platform};

use super::connection::ConnectionFailure;
use super::login_use::Denial;
use super::said::Said;

/// Why a request to a source failed.
///
/// `at` says what was asked and where, such as "`GET /v2/acme/app/manifests/1.0` at ghcr.io". What a server said is
/// shortened and escaped where it enters; secrets never enter.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SourceError {
    /// A 404, or a missing file. For a list of evidence this is absence, for everything else a gap.
    #[error("{at}: not found")]
    NotFound {
        /// What was asked, and where.
        at: String,
    },
    /// The registry wants a login, or another one (401, 403).
    #[error("{}: {}", .0.cause(), .0.found())]
    Denied(Denial),
    /// The registry asked to slow down and still did so at the last attempt (429).
    #[error("{host} limits requests: status 429{said}{}: {at}", wait(*.retry_after, *.too_long_for))]
    Throttled {
        /// What was asked, and where.
        at: String,
        /// Who limits requests.
        host: String,
        /// What the server said.
        said: Said,
        /// The pause that the server asked for.
        retry_after: Option<Duration>,
        /// The time for everything that was to be read, if the pause would have ended after it.
        too_long_for: Option<Duration>,
    },
    /// The registry's status does not answer the request (5xx, 400, 405 and the like).
    #[error("{host} failed: status {status}{said}: {at}")]
    Status {
        /// What was asked, and where.
        at: String,
        /// Who answered.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What the server said.
        said: Said,
    },
    /// The answer has a form that the protocol does not know.
    #[error("{at}: expected {expected}, found {found}")]
    Unexpected {
        /// What was asked, and where.
        at: String,
        /// What the protocol says.
        expected: &'static str,
        /// What came, shortened and escaped.
        found: String,
    },
    /// The answer is a document of another type, such as a web page.
    #[error("{host} answered with {found}: {at}")]
    OtherType {
        /// What was asked, and where.
        at: String,
        /// Who answered.
        host: String,
        /// What the protocol says.
        expected: &'static str,
        /// The type that came, shortened and escaped.
        found: String,
    },
    /// The answer points somewhere it may not.
    #[error("{at}: refused to follow it to {to}: {reason}")]
    Redirected {
        /// What was asked, and where.
        at: String,
        /// The host, or the shortened text if it has none.
        to: String,
        /// The rule.
        reason: &'static str,
    },
    /// The registry names a token server that is not asked.
    #[error("{at}: refused to ask {realm} for a token: {reason}")]
    Realm {
        /// What was asked, and where.
        at: String,
        /// What the registry named, shortened and escaped.
        realm: String,
        /// The rule.
        reason: &'static str,
        /// The flag that allows it, if one does.
        allow: Option<String>,
    },
    /// No connection, or it broke, or it is not trusted.
    #[error("{}: {at}", .failure.in_words())]
    Connection {
        /// What was asked, and where.
        at: String,
        /// What failed, and why.
        failure: ConnectionFailure,
    },
    /// A deadline passed.
    #[error("{waited_for} took longer than {} s: {at}", .allowed.as_secs_f32())]
    Timeout {
        /// What was asked, and where.
        at: String,
        /// What was being waited for.
        waited_for: &'static str,
        /// The limit.
        allowed: Duration,
    },
    /// No more requests to this host are allowed in this run.
    #[error("the {allowed} requests to {host} that `--max-requests` allows are used up: {at}")]
    Spent {
        /// What was to be asked, and where.
        at: String,
        /// Who is not asked any more.
        host: String,
        /// The limit.
        allowed: u64,
    },
    /// A limit of this program was exceeded.
    #[error("{at}: expected at most {allowed} {limit}, found {found}")]
    Limit {
        /// What was asked, and where.
        at: String,
        /// The limit's name with its unit, such as `bytes of a manifest`.
        limit: &'static str,
        /// The limit.
        allowed: u64,
        /// The actual amount, such as `more`.
        found: String,
    },
    /// The content is longer than its descriptor says, and was not read to its end.
    #[error("{at}: expected {expected} bytes as its descriptor says, found more")]
    TooLong {
        /// What was asked, and where.
        at: String,
        /// What the descriptor says, in bytes.
        expected: u64,
    },
    /// The bytes are not those that were asked for.
    #[error("{at}: the content does not match its descriptor")]
    Corrupt {
        /// What was asked, and where.
        at: String,
        /// What differs.
        source: BlobError,
    },
    /// The bytes are no manifest that can be read in one way.
    #[error("{at}: the manifest cannot be used")]
    Manifest {
        /// What was asked, and where.
        at: String,
        /// The cause.
        source: ManifestError,
    },
    /// A package whose tarball the registry names by no digest that evidence could be about.
    #[error("{at}: expected one sha512 integrity of the tarball, found {found}")]
    Integrity {
        /// What was asked, and where.
        at: String,
        /// What the registry states, shortened and escaped.
        found: String,
    },
    /// A form of evidence that came after this program.
    #[error("{at}: expected a Sigstore bundle of version 0.1, 0.2 or 0.3, found {found}")]
    Newer {
        /// What was read, and where.
        at: String,
        /// Its media type, shortened and escaped.
        found: String,
    },
    /// The image is not for the platform that was asked for.
    #[error("expected an image for {wished}, found {}", list(.available, "no platform that is named"))]
    NoSuchPlatform {
        /// What was asked for.
        wished: Platform,
        /// The existing platforms.
        available: Vec<Platform>,
    },
    /// A layout holds several images, or none, that the reference may mean.
    #[error("{at}: expected one image, found {}", list(.choices, "none"))]
    Choice {
        /// The layout and the searched name.
        at: String,
        /// What it holds: tags with digests.
        choices: Vec<String>,
    },
    /// Content could not be written to this machine's disk.
    #[error("{at}: cannot be written to the disk")]
    NotKept {
        /// The content.
        at: String,
        /// What the system said.
        source: Arc<std::io::Error>,
    },
    /// A file was written to, or replaced, while it was read.
    #[error("{at}: the file changed while it was read")]
    Changed {
        /// The file.
        at: String,
    },
    /// A file could not be read.
    #[error("{at}: cannot be read")]
    File {
        /// The file.
        at: String,
        /// What the system said.
        source: Arc<std::io::Error>,
    },
}

impl SourceError {
    /// Whether the thing is not there, as opposed to not readable.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// Returns the kind of gap that this leaves, if what was asked for should have been there.
    pub fn gap_reason(&self) -> GapReason {
        match self {
            Self::NotFound { .. } => GapReason::Missing,
            Self::NoSuchPlatform { .. } | Self::Choice { .. } => GapReason::Selection,
            Self::Denied(_) | Self::Realm { .. } => GapReason::Unauthorized,
            Self::Throttled { .. } => GapReason::Throttled,
            Self::Status { .. }
            | Self::Unexpected { .. }
            | Self::OtherType { .. }
            | Self::Redirected { .. }
            | Self::NotKept { .. }
            | Self::File { .. }
            | Self::Changed { .. } => GapReason::Unavailable,
            Self::Connection { failure, .. } => failure.reason(),
            Self::Timeout { .. } => GapReason::Timeout,
            Self::Spent { .. } | Self::Limit { .. } => GapReason::Limit,
            Self::Corrupt { .. } | Self::TooLong { .. } => GapReason::Corrupt,
            Self::Newer { .. } | Self::Integrity { .. } => GapReason::Unsupported,
            Self::Manifest { source, .. } => match source {
                ManifestError::TooMany { .. } => GapReason::Limit,
                ManifestError::UnsupportedType { .. } | ManifestError::Schema1 | ManifestError::Digest { .. } => {
                    GapReason::Unsupported
                }
                _ => GapReason::Corrupt,
            },
        }
    }

    /// Whether the document itself is refused: it was read whole, and could be read in two ways or contradicts itself.
    pub fn is_refusal(&self) -> bool {
        let Self::Manifest { source, .. } = self else { return false };
        self.gap_reason() == GapReason::Corrupt && !matches!(source, ManifestError::NotJson(_))
    }

    /// Returns what keeps from reading what was asked for, and what to do about it.
    pub fn obstacle(&self) -> Obstacle {
        let (cause, expected, detail) = match self {
            Self::Denied(denial) => (denial.cause(), None, denial.found()),
            Self::Throttled { at, host, said, retry_after, too_long_for } => {
                let answer = format!("status 429{said}{}: {at}", wait(*retry_after, *too_long_for));
                (format!("{host} limits requests"), None, answer)
            }
            Self::Status { at, host, status, said } => {
                (format!("{host} failed"), Some("status 200".to_owned()), format!("status {status}{said}: {at}"))
            }
            Self::OtherType { at, host, expected, found } => {
                (format!("{host} answered with {found}"), Some((*expected).to_owned()), at.clone())
            }
            Self::Connection { at, failure } => {
                let found = failure.found().into_iter().chain([at.clone()]).collect::<Vec<_>>();
                (failure.cause(), failure.expected(), found.join(": "))
            }
            Self::Timeout { at, waited_for, allowed } => {
                (format!("{waited_for} took longer than {} s", allowed.as_secs_f32()), None, at.clone())
            }
            Self::Spent { at, host, allowed } => {
                (format!("the {allowed} requests to {host} that `--max-requests` allows are used up"), None, at.clone())
            }
            other => return Obstacle { next: self.next(), ..Obstacle::new(self.gap_reason(), other.detail()) },
        };
        Obstacle { reason: self.gap_reason(), cause: Some(cause), expected, detail, next: self.next() }
    }

    /// The same for content that a list or a manifest names.
    pub fn obstacle_of_listed(&self) -> Obstacle {
        let obstacle = self.obstacle();
        if !self.is_not_found() {
            return obstacle;
        }
        let next = "the image's list names it, and it is not there: copy the image again with its evidence, or ask its maker to push it again";
        Obstacle { next: next.to_owned(), ..obstacle }
    }

    /// Returns what to do about it.
    pub fn next(&self) -> String {
        match self {
            Self::Denied(denial) => denial.next(),
            Self::Connection { failure, .. } => failure.next(),
            Self::OtherType { host, .. } => format!(
                "check that {host} is the registry, and not a proxy or a page to log in; if it is, tell its operator: without this list, evidence may be missed"
            ),
            Self::Realm { realm, allow: Some(flag), .. } => {
                format!("if {realm} is the token server of that registry, allow it with `{flag}`")
            }
            Self::Redirected { to, .. } => format!("ask the operator of the registry why it leads to {to}"),
            Self::Integrity { .. } => {
                "signatures and attestations of npm are about sha512: ask the package's maker for a newer release, or the registry's operator for the integrity".to_owned()
            }
            Self::Spent { .. } => "run it again with a higher `--max-requests`, or for fewer images".to_owned(),
            Self::NotKept { .. } => "check the folder and the free space".to_owned(),
            Self::Changed { .. } => "verify it again when nothing writes to it".to_owned(),
            Self::File { .. } => "check the file and the right to read it".to_owned(),
            _ => self.gap_reason().advice().to_owned(),
        }
    }

    /// Returns the message with those of its causes.
    pub fn detail(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

fn wait(retry_after: Option<Duration>, too_long_for: Option<Duration>) -> String {
    let Some(pause) = retry_after else { return String::new() };
    let limit =
        too_long_for.map(|allowed| format!(", longer than the {} s of `--timeout` allow", allowed.as_secs_f32()));
    format!("; asked to wait {} s{}", pause.as_secs(), limit.unwrap_or_default())
}

fn list<T: fmt::Display>(items: &[T], none: &str) -> String {
    const MOST: usize = 20;
    if items.is_empty() {
        return none.to_owned();
    }
    let text = items.iter().take(MOST).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if items.len() > MOST { format!("{text} and {} more", items.len() - MOST) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_hold_the_whole_chain() {
        let error = SourceError::Manifest { at: "here".into(), source: ManifestError::Schema1 };
        assert!(error.detail().contains("here: the manifest cannot be used: Docker manifest schema 1"));
        assert_eq!(error.gap_reason(), GapReason::Unsupported);
    }
}
