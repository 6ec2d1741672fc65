//! Logins as people have them.

mod file;
mod helper;
mod login;

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use file::{Entry, LoginFile};
use login::docker_key;
pub use login::{CredentialsError, HelperFailure, Login};

use crate::collect::login_use::{LoginName, LoginOrigin};
use crate::collect::said::printable;

/// Where logins come from. Asked only after a registry wanted one, and at most once for each repository.
pub trait Credentials {
    /// Returns the login for exactly this registry and repository, as an [`ImageName`](crate::oci::ImageName) spells them.
    fn login(&self, registry: &str, repository: &str) -> Result<Option<FoundLogin>, CredentialsError>;
}

/// No logins at all.
impl Credentials for () {
    fn login(&self, _: &str, _: &str) -> Result<Option<FoundLogin>, CredentialsError> {
        Ok(None)
    }
}

/// A login, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundLogin {
    /// The login.
    pub login: Login,
    /// Where it comes from.
    pub origin: LoginOrigin,
}

impl FoundLogin {
    /// Names it for messages.
    pub fn name(&self, registry: &str) -> LoginName {
        // The name beside GitHub's token says nothing.
        let user = self.login.user().filter(|_| self.origin != LoginOrigin::GitHubToken).map(printable);
        LoginName { registry: registry.to_owned(), user, origin: self.origin.clone() }
    }
}

/// The logins of a run: one that was given for one registry, then those in files, then GitHub's token for `ghcr.io`.
///
/// The files are those of `docker login` and `podman login`, and name credential helpers. The first that knows a login
/// counts; one that cannot be used is an error only if none after it knows one.
#[derive(Debug, Default)]
pub struct Logins {
    given: Option<(String, FoundLogin)>,
    files: Vec<LoginFile>,
    github_token: Option<String>,
    /// What the helpers said, by helper and server.
    asked: RefCell<HashMap<(String, String), Answer>>,
}

type Answer = Result<Option<Login>, CredentialsError>;

/// The time limit of a credential helper. It may call a cloud, but it must not wait for a person.
const HELPER_TIME: Duration = Duration::from_secs(10);
/// The one registry that GitHub's tokens are for.
const GITHUB_REGISTRY: &str = "ghcr.io";
/// google/go-containerregistry `pkg/authn/github/keychain.go`: any name does, the token alone counts.
const GITHUB_USERNAME: &str = "unset";

impl Logins {
    /// Uses this login for exactly this registry.
    pub fn give(&mut self, registry: &str, login: FoundLogin) {
        self.given = Some((registry.to_owned(), login));
    }

    /// Returns the registry that a login was given for.
    pub fn given_for(&self) -> Option<&str> {
        self.given.as_ref().map(|(registry, _)| registry.as_str())
    }

    /// Looks into this file too, after those added before; it is read when a login is first needed.
    pub fn add_file(&mut self, file: impl Into<PathBuf>) {
        self.files.push(LoginFile::new(file.into(), false));
    }

    /// Looks into this file too, and finds it an error if it is not there.
    pub fn add_named_file(&mut self, file: impl Into<PathBuf>) {
        self.files.push(LoginFile::new(file.into(), true));
    }

    /// Finds it an error that logins are in this file, and says why, when a login is first needed.
    pub fn add_unusable_file(&mut self, file: &Path, reason: &str) {
        self.files.push(LoginFile::unusable(file.to_owned(), reason));
    }

    /// Uses this token for `ghcr.io` and no other host, if no file has a login for it.
    pub fn set_github_token(&mut self, token: String) {
        self.github_token = Some(token);
    }

    fn look_into(
        &self,
        file: &LoginFile,
        registry: &str,
        repository: &str,
    ) -> Result<Option<FoundLogin>, CredentialsError> {
        let path = || file.path().display().to_string();
        let written = |login| FoundLogin { login, origin: LoginOrigin::File(path()) };
        match file.find(registry, repository)? {
            None => Ok(None),
            Some(Entry::Login(login)) => Ok(Some(written(login))),
            Some(Entry::Helper { helper, otherwise }) => match self.ask(&helper, docker_key(registry))? {
                Some(login) => {
                    let origin = LoginOrigin::Helper { helper: printable(&helper), file: path() };
                    Ok(Some(FoundLogin { login, origin }))
                }
                None => Ok(otherwise.map(written)),
            },
        }
    }

    /// Asks a helper, once for each server: it may want a touch on a key, or a password.
    fn ask(&self, helper: &str, server: &str) -> Result<Option<Login>, CredentialsError> {
        let mut asked = self.asked.borrow_mut();
        let key = (helper.to_owned(), server.to_owned());
        asked.entry(key).or_insert_with(|| helper::get(helper, server, HELPER_TIME)).clone()
    }

    fn github(&self, registry: &str) -> Option<FoundLogin> {
        let password = self.github_token.clone().filter(|_| registry == GITHUB_REGISTRY)?;
        let login = Login::Password { username: GITHUB_USERNAME.to_owned(), password };
        Some(FoundLogin { login, origin: LoginOrigin::GitHubToken })
    }
}

impl Credentials for Logins {
    fn login(&self, registry: &str, repository: &str) -> Result<Option<FoundLogin>, CredentialsError> {
        if let Some((_, login)) = self.given.as_ref().filter(|(given, _)| given == registry) {
            return Ok(Some(login.clone()));
        }
        let mut failed = None;
        for file in &self.files {
            match self.look_into(file, registry, repository) {
                Ok(Some(found)) => return Ok(Some(found)),
                Ok(None) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        match (self.github(registry), failed) {
            (Some(found), _) => Ok(Some(found)),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(found: Option<&FoundLogin>) -> Option<&str> {
        match found.map(|found| &found.login) {
            Some(Login::Password { password, .. }) => Some(password),
            Some(Login::IdentityToken(token) | Login::RegistryToken(token)) => Some(token),
            None => None,
        }
    }

    fn given(login: Login) -> FoundLogin {
        FoundLogin { login, origin: LoginOrigin::Flags }
    }

    #[test]
    fn a_login_never_prints_itself() {
        let login = Login::Password { username: "alice".into(), password: "hunter2".into() };
        assert_eq!(format!("{login:?}"), "Login::Password");
        let mut logins = Logins::default();
        logins.give("a.example", given(login));
        assert!(!format!("{logins:?}").contains("hunter2"));
    }

    #[test]
    fn a015_a_given_login_is_for_one_registry() {
        let mut logins = Logins::default();
        logins.give("a.example", given(Login::RegistryToken("secret".into())));
        assert_eq!(token(logins.login("a.example", "x").expect("a login").as_ref()), Some("secret"));
        for other in ["a.example:5000", "b.a.example", "a.example.evil.net", "example", "docker.io"] {
            assert_eq!(logins.login(other, "x"), Ok(None), "{other}");
        }
    }

    #[test]
    fn a015_the_token_of_github_is_for_its_registry_alone() {
        let mut logins = Logins::default();
        logins.set_github_token("secret".into());
        assert_eq!(token(logins.login("ghcr.io", "x").expect("a login").as_ref()), Some("secret"));
        for other in ["ghcr.io:8443", "x.ghcr.io", "ghcr.io.evil.net", "docker.pkg.github.com", "github.com"] {
            assert_eq!(logins.login(other, "x"), Ok(None), "{other}");
        }
    }

    #[test]
    fn a_file_that_was_named_must_be_there() {
        let mut logins = Logins::default();
        logins.add_file("nowhere/config.json");
        assert_eq!(logins.login("ghcr.io", "x"), Ok(None));
        logins.add_named_file("nowhere/auth.json");
        assert!(matches!(logins.login("ghcr.io", "x"), Err(CredentialsError::File { .. })));
        logins.set_github_token("secret".into());
        assert_eq!(
            token(logins.login("ghcr.io", "x").expect("a login").as_ref()),
            Some("secret"),
            "another place knows one"
        );
    }
}
