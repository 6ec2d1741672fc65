//! A login, and why there is none.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::secrets::Secrets;

/// A login. It is never shown: its `Debug` only names its kind.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// A name and a password, or what stands for one.
    Password {
        /// The name.
        username: String,
        /// The password or personal token.
        password: String,
    },
    /// A refresh token, to be exchanged at the token server (OAuth2).
    IdentityToken(String),
    /// A token that the registry itself takes; it is exchanged nowhere.
    RegistryToken(String),
}

impl Login {
    /// Returns the name of the user. Some type a token in its place: it is a secret, and no name.
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::Password { username, .. } if !username.is_empty() && !is_token(username) => Some(username),
            Self::Password { .. } | Self::IdentityToken(_) | Self::RegistryToken(_) => None,
        }
    }

    /// Keeps the login out of everything that is written: as it is, and as it is sent.
    pub fn keep_in(&self, secrets: &Secrets) {
        match self {
            Self::Password { username, password } => {
                if is_token(username) {
                    secrets.keep(username);
                }
                secrets.keep(password);
                // Without padding, which a server may leave out.
                secrets.keep(&STANDARD_NO_PAD.encode(format!("{username}:{password}")));
            }
            Self::IdentityToken(token) | Self::RegistryToken(token) => secrets.keep(token),
        }
    }
}

/// Whether a text looks like a token: how those of GitHub, GitLab, Docker and npm and JSON web tokens begin, or longer than names
/// are. Service accounts have long names, which are addresses.
fn is_token(text: &str) -> bool {
    const BEGINNINGS: [&str; 10] =
        ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "dckr_", "npm_", "eyJ"];
    BEGINNINGS.iter().any(|beginning| text.starts_with(beginning)) || (text.len() > 64 && !text.contains('@'))
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Password { .. } => "Login::Password",
            Self::IdentityToken(_) => "Login::IdentityToken",
            Self::RegistryToken(_) => "Login::RegistryToken",
        })
    }
}

/// Why logins could not be looked up. Texts from outside are shortened and escaped, as helpers print what they like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// A credential helper failed.
    #[error("the credential helper `{helper}` {failure}")]
    Helper {
        /// The helper's program.
        helper: String,
        /// What went wrong.
        failure: HelperFailure,
    },
    /// A file with logins, or an entry in it, cannot be read.
    #[error("`{file}` cannot be used: {reason}")]
    File {
        /// The file.
        file: String,
        /// The fault, without any of the content.
        reason: String,
    },
}

/// Why a credential helper gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HelperFailure {
    /// Its name could lead to another program than one in the path.
    #[error("has a name that is none: expected letters, digits, `.`, `_` and `-`")]
    Name,
    /// The program is missing, or cannot be run.
    #[error("cannot be started: {reason}")]
    Start {
        /// What the system said.
        reason: String,
    },
    /// It did not end in time.
    #[error("took longer than {} s", .allowed.as_secs_f32())]
    Timeout {
        /// The limit.
        allowed: Duration,
    },
    /// It said that it failed.
    #[error("failed and printed \"{printed}\"")]
    Failed {
        /// What it printed, shortened and escaped.
        printed: String,
    },
    /// Its output is not a login. The output is not shown, because it may hold one.
    #[error("printed no login: expected a JSON object with `Username` and `Secret`")]
    Answer,
}

/// Docker keeps the login for its own registry under the address of an API that is long gone.
pub(super) fn docker_key(registry: &str) -> &str {
    if registry == "docker.io" { "https://index.docker.io/v1/" } else { registry }
}

pub(super) fn unusable(file: &Path, reason: impl Into<String>) -> CredentialsError {
    CredentialsError::File { file: file.display().to_string(), reason: reason.into() }
}
