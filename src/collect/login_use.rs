//! The login that a request was made with, for messages; nothing here holds a secret.

use std::fmt;

use super::said::Said;

/// An access that a server denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// What was asked, and where.
    pub at: String,
    /// Who denied it.
    pub host: String,
    /// The HTTP status.
    pub status: u16,
    /// What the server said.
    pub said: Said,
    /// What it was shown.
    pub login: LoginUse,
}

/// The login that a request was made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginUse {
    /// None: the registry refused without asking for one.
    Unasked,
    /// None: no token for GitHub's API is set.
    NoToken,
    /// None: no login for this registry is stored.
    Anonymous {
        /// The registry.
        registry: String,
    },
    /// This login.
    Login(LoginName),
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
    /// None, after this login was refused.
    Refused(LoginName),
    /// None: the login could not be looked up, or is of a kind that does not fit.
    Unreadable {
        /// The registry.
        registry: String,
        /// What the look-up said, shortened and escaped.
        reason: String,
    },
}

/// Whose login it is, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginName {
    /// The registry that it is for.
    pub registry: String,
    /// The user, shortened and escaped. A token names none, and is none.
    pub user: Option<String>,
    /// Where it comes from.
    pub origin: LoginOrigin,
}

/// Where a login comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginOrigin {
    /// `--username`, with the password on standard input.
    Flags,
    /// `--registry-token-file` with this file.
    TokenFile(String),
    /// This variable of the environment.
    Variable(&'static str),
    /// A file as `docker login` or `podman login` writes it.
    File(String),
    /// A credential helper.
    Helper {
        /// Its name, without `docker-credential-`, shortened and escaped.
        helper: String,
        /// The file that names it.
        file: String,
    },
    /// `GH_TOKEN` or `GITHUB_TOKEN`.
    GitHubToken,
}

impl Denial {
    /// The cause, in one clause.
    pub fn cause(&self) -> String {
        let host = &self.host;
        match &self.login {
            LoginUse::Unasked => format!("{host} denies access, and offers no way to log in"),
            LoginUse::NoToken => format!("{host} asks for a token"),
            LoginUse::Anonymous { .. } => format!("{host} asks for a login"),
            LoginUse::Login(name) if self.status == 403 => format!("{host} denies access to {}", name.short()),
            LoginUse::Login(name) | LoginUse::Refused(name) => format!("{host} refused {}", name.short()),
            LoginUse::Withheld { registry, realm, reason, .. } => {
                format!("the login for {registry} was not sent to {realm}, because {reason}")
            }
            LoginUse::Unreadable { registry, reason } => format!("the login for {registry} cannot be used: {reason}"),
        }
    }

    /// What was found: the answer, whom it was given to, and to what.
    pub fn found(&self) -> String {
        let Self { at, status, said, login, .. } = self;
        format!("status {status}{said}, asked {login}: {at}")
    }

    /// What to do about it.
    pub fn next(&self) -> String {
        match &self.login {
            LoginUse::Unasked => "check the name of the image, or ask its owner for the right to pull it".to_owned(),
            LoginUse::NoToken => "set `GH_TOKEN` to a token that may read the repository's attestations".to_owned(),
            LoginUse::Anonymous { registry } => {
                format!("log in: `{}`; or check the name of the image", docker_login(registry))
            }
            LoginUse::Login(name) if self.status == 403 => {
                format!("ask for the right to pull this repository, or {}", name.another())
            }
            LoginUse::Login(name) | LoginUse::Refused(name) => name.again(),
            LoginUse::Withheld { registry, realm, allow: Some(flag), .. } => {
                format!("if {realm} is the token server of {registry}, allow it with `{flag}`")
            }
            LoginUse::Withheld { registry, .. } => format!("ask the operator of {registry} to name its token server"),
            LoginUse::Unreadable { registry, .. } => {
                format!("correct what could not be read, or log in again: `{}`", docker_login(registry))
            }
        }
    }
}

impl LoginName {
    fn short(&self) -> String {
        match (&self.user, &self.origin) {
            (Some(user), LoginOrigin::Flags | LoginOrigin::File(_) | LoginOrigin::Helper { .. }) => {
                format!("the login of `{user}`")
            }
            (None, LoginOrigin::Flags | LoginOrigin::File(_) | LoginOrigin::Helper { .. }) => "the login".to_owned(),
            (_, LoginOrigin::TokenFile(_) | LoginOrigin::Variable(_) | LoginOrigin::GitHubToken) => {
                "the token".to_owned()
            }
        }
    }

    /// How to give it once more, but right.
    fn again(&self) -> String {
        match &self.origin {
            LoginOrigin::Flags => "check `--username`, and the password on standard input".to_owned(),
            LoginOrigin::TokenFile(file) => format!("get a new token, and write it into `{file}`"),
            LoginOrigin::Variable(name) => format!("get a new token, and set `{name}` to it"),
            LoginOrigin::File(_) | LoginOrigin::Helper { .. } => {
                format!("log in again: `{}`", docker_login(&self.registry))
            }
            LoginOrigin::GitHubToken => "check when the token ends and what it may read".to_owned(),
        }
    }

    fn another(&self) -> String {
        match &self.origin {
            LoginOrigin::Flags | LoginOrigin::File(_) | LoginOrigin::Helper { .. } => {
                "log in as another user".to_owned()
            }
            LoginOrigin::TokenFile(_) | LoginOrigin::Variable(_) | LoginOrigin::GitHubToken => {
                "give a token that has it".to_owned()
            }
        }
    }
}

/// Returns the command that logs in to a registry; Docker's own is named by leaving the name out.
pub fn docker_login(registry: &str) -> String {
    if registry == "docker.io" { "docker login".to_owned() } else { format!("docker login {registry}") }
}

impl fmt::Display for LoginName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.user {
            Some(user) => write!(formatter, "user `{user}` ")?,
            None => formatter.write_str("the login ")?,
        }
        match &self.origin {
            LoginOrigin::Flags => formatter.write_str("of `--username`"),
            LoginOrigin::TokenFile(file) => write!(formatter, "of `--registry-token-file {file}`"),
            LoginOrigin::Variable(name) => write!(formatter, "of `{name}`"),
            LoginOrigin::File(file) => write!(formatter, "of `{file}`"),
            LoginOrigin::Helper { helper, .. } => write!(formatter, "of the credential helper `{helper}`"),
            LoginOrigin::GitHubToken => formatter.write_str("of `GH_TOKEN` or `GITHUB_TOKEN`"),
        }
    }
}

impl fmt::Display for LoginUse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unasked => formatter.write_str("without a login, as the registry offered no way to log in"),
            Self::NoToken => formatter.write_str("without a token, as neither GH_TOKEN nor GITHUB_TOKEN is set"),
            Self::Anonymous { .. } => formatter.write_str("anonymously, without a login for that registry"),
            Self::Login(name) => write!(formatter, "with {name}"),
            Self::Withheld { .. } | Self::Unreadable { .. } => formatter.write_str("anonymously"),
            Self::Refused(name) => write!(formatter, "anonymously, after {name} was refused"),
        }
    }
}
