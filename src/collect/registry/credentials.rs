//! Logins as people have them.

use std::fmt;

use docker_credential::{CredentialRetrievalError, DockerCredential};

use crate::collect::error::printable;

/// Where logins come from. Asked only after a registry wanted one, and at most once for each registry.
pub trait Credentials {
    /// Returns the login for exactly this registry, as an [`ImageName`](crate::oci::ImageName) spells it.
    fn login(&self, registry: &str) -> Result<Option<Login>, CredentialsError>;
}

/// No logins at all.
impl Credentials for () {
    fn login(&self, _: &str) -> Result<Option<Login>, CredentialsError> {
        Ok(None)
    }
}

/// A login. It is shown to nobody, so its `Debug` says only what kind it is.
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
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Password { .. } => "Login::Password",
            Self::IdentityToken(_) => "Login::IdentityToken",
        })
    }
}

/// Why logins could not be looked up. The text is shortened and escaped, as helpers print what they like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// A credential helper failed.
    #[error("`{helper}` failed and printed \"{printed}\"")]
    Helper {
        /// The helper's name.
        helper: String,
        /// What it printed on standard error.
        printed: String,
    },
    /// The Docker configuration, or an entry in it, cannot be read.
    #[error("the Docker configuration cannot be used: {reason}")]
    Configuration {
        /// What is wrong with it.
        reason: String,
    },
}

/// The logins of `docker login`: `config.json` in `DOCKER_CONFIG` or `~/.docker`, and the helpers that it names.
#[derive(Debug, Clone, Copy)]
pub struct DockerCredentials;

impl Credentials for DockerCredentials {
    fn login(&self, registry: &str) -> Result<Option<Login>, CredentialsError> {
        match docker_credential::get_credential(docker_key(registry)) {
            Ok(DockerCredential::UsernamePassword(username, password)) => {
                Ok(Some(Login::Password { username, password }))
            }
            Ok(DockerCredential::IdentityToken(token)) => Ok(Some(Login::IdentityToken(token))),
            Err(error) => no_login(error),
        }
    }
}

/// Docker keeps the login for its own registry under the address of an API that is long gone.
fn docker_key(registry: &str) -> &str {
    if registry == "docker.io" { "https://index.docker.io/v1/" } else { registry }
}

/// Tells having no login from not being able to read it.
fn no_login(error: CredentialRetrievalError) -> Result<Option<Login>, CredentialsError> {
    match error {
        // A file that is not there and one that cannot be opened look the same here.
        CredentialRetrievalError::NoCredentialConfigured
        | CredentialRetrievalError::ConfigNotFound
        | CredentialRetrievalError::ConfigReadError => Ok(None),
        // docker-credential-helpers `credentials/error.go`: the helper works, and has nothing.
        CredentialRetrievalError::HelperFailure { stdout, .. } if stdout.contains("credentials not found") => Ok(None),
        CredentialRetrievalError::HelperFailure { helper, stderr, .. } => {
            Err(CredentialsError::Helper { helper: printable(&helper), printed: printable(&stderr) })
        }
        other => Err(CredentialsError::Configuration { reason: other.to_string().to_lowercase() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_never_prints_itself() {
        let login = Login::Password { username: "alice".into(), password: "hunter2".into() };
        assert_eq!(format!("{login:?}"), "Login::Password");
    }

    #[test]
    fn a_helper_without_a_login_is_not_a_failure() {
        let failure = |stdout: &str| CredentialRetrievalError::HelperFailure {
            helper: "docker-credential-x".into(),
            stdout: stdout.into(),
            stderr: "locked\u{1b}[31m".into(),
        };
        assert_eq!(no_login(failure("credentials not found in native keychain\n")), Ok(None));
        let Err(CredentialsError::Helper { helper, printed }) = no_login(failure("")) else { panic!("a failure") };
        assert_eq!((helper.as_str(), printed.as_str()), ("docker-credential-x", "locked\\u{1b}[31m"));
    }
}
