//! Why something could not be read.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::evidence::GapReason;
use crate::oci::{BlobError, ManifestError, Platform};

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
    #[error("{at}: access denied with status {status}{said}; asked {login}")]
    Denied {
        /// What was asked, and where.
        at: String,
        /// The HTTP status.
        status: u16,
        /// What the server said.
        said: Said,
        /// The login that was sent.
        login: LoginUse,
    },
    /// The registry asked to slow down and still did so at the last attempt (429).
    #[error("{at}: too many requests{said}{}", wait(*.retry_after, *.too_long_for))]
    Throttled {
        /// What was asked, and where.
        at: String,
        /// What the server said.
        said: Said,
        /// The pause that the server asked for.
        retry_after: Option<Duration>,
        /// The time for everything that was to be read, if the pause would have ended after it.
        too_long_for: Option<Duration>,
    },
    /// The registry's status does not answer the request (5xx, 400, 405 and the like).
    #[error("{at}: expected status 200, found {status}{said}")]
    Status {
        /// What was asked, and where.
        at: String,
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
    #[error("{at}: refused to ask {realm} for a token: {reason}{}", allowed_by(.allow.as_ref()))]
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
    /// No connection, or it broke.
    #[error("{at}: the connection failed")]
    Connection {
        /// What was asked, and where.
        at: String,
        /// What the connection said.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The server's certificate is not trusted, or not for that host, so nothing was asked.
    #[error("{at}: the server's certificate is not trusted")]
    Certificate {
        /// What was to be asked, and where.
        at: String,
        /// The cause.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// A deadline passed.
    #[error("{at}: {waited_for} took longer than {} s", .allowed.as_secs_f32())]
    Timeout {
        /// What was asked, and where.
        at: String,
        /// What was being waited for.
        waited_for: &'static str,
        /// The limit.
        allowed: Duration,
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
            Self::Denied { .. } | Self::Realm { .. } => GapReason::Unauthorized,
            Self::Throttled { .. } => GapReason::Throttled,
            Self::Status { .. } | Self::Unexpected { .. } | Self::Redirected { .. } | Self::File { .. } => {
                GapReason::Unavailable
            }
            Self::Connection { .. } => GapReason::Connection,
            Self::Certificate { .. } => GapReason::Certificate,
            Self::Timeout { .. } => GapReason::Timeout,
            Self::Limit { .. } => GapReason::Limit,
            Self::Corrupt { .. } | Self::TooLong { .. } => GapReason::Corrupt,
            Self::Newer { .. } => GapReason::Unsupported,
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

    /// Returns the message with those of its causes, for a gap's detail.
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

/// The login that a request was made with, for messages; it holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginUse {
    /// None: the registry refused without asking for one.
    Unasked,
    /// None: no token for GitHub's API is set.
    NoToken,
    /// None: no login for that registry is stored.
    Anonymous,
    /// The login for this registry.
    Login {
        /// The registry.
        registry: String,
    },
    /// None, although there is a login: the registry sends it to a place that it must not go to.
    Withheld {
        /// The registry.
        registry: String,
        /// Where the login would have gone.
        realm: String,
        /// The rule.
        reason: &'static str,
        /// The flag that allows it, if one does.
        allow: Option<String>,
    },
    /// None, after the login was refused by the registry's token server.
    Refused {
        /// The registry.
        registry: String,
    },
    /// None: the login could not be looked up.
    Unreadable {
        /// The registry.
        registry: String,
        /// What the look-up said, shortened and escaped.
        reason: String,
    },
}

impl fmt::Display for LoginUse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unasked => formatter.write_str("without a login, as the registry offered no way to log in"),
            Self::NoToken => formatter.write_str("without a token, as neither GH_TOKEN nor GITHUB_TOKEN is set"),
            Self::Anonymous => formatter.write_str("anonymously, without a login for that registry"),
            Self::Login { registry } => write!(formatter, "with the login for {registry}"),
            Self::Withheld { registry, realm, reason, allow } => {
                let allow = allowed_by(allow.as_ref());
                write!(
                    formatter,
                    "anonymously: the login for {registry} was not sent to {realm}, because {reason}{allow}"
                )
            }
            Self::Refused { registry } => write!(formatter, "anonymously, after the login for {registry} was refused"),
            Self::Unreadable { registry, reason } => {
                write!(formatter, "anonymously: the login for {registry} could not be read: {reason}")
            }
        }
    }
}

/// What a server said about an error, shortened and escaped; may be nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said(String);

impl Said {
    /// Takes a text from outside.
    pub(super) fn from_outside(text: &str) -> Self {
        Self(printable(text))
    }
}

impl fmt::Display for Said {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(formatter, " (\"{}\")", self.0) }
    }
}

/// Shortens a text from outside and escapes everything that is not plain ASCII.
pub(super) fn printable(text: &str) -> String {
    const LONGEST: usize = 200;
    let text = text.trim();
    let mut shown: String = text.chars().take(LONGEST).flat_map(escape).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push_str("...");
    }
    shown
}

fn escape(character: char) -> Vec<char> {
    if character.is_ascii_graphic() || character == ' ' {
        vec![character]
    } else {
        character.escape_default().collect()
    }
}

fn allowed_by(flag: Option<&String>) -> String {
    flag.map(|flag| format!("; if it is the token server of that registry, allow it with `{flag}`")).unwrap_or_default()
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
    fn what_a_server_says_is_escaped_and_short() {
        let said = Said::from_outside(&format!("\n::error::\u{202e}\x1b[31m{}", "x".repeat(10_000)));
        let text = said.to_string();
        assert!(text.starts_with(" (\"::error::\\u{202e}\\u{1b}[31mxxx") && text.len() < 260, "{text}");
        assert_eq!(Said::default().to_string(), "");
    }

    #[test]
    fn details_hold_the_whole_chain() {
        let error = SourceError::Manifest { at: "here".into(), source: ManifestError::Schema1 };
        assert!(error.detail().contains("here: the manifest cannot be used: Docker manifest schema 1"));
        assert_eq!(error.gap_reason(), GapReason::Unsupported);
    }
}
