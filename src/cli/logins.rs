//! Logins: those on the command line, those in the environment, and where files with more of them are.

use std::collections::BTreeSet;
use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::collect::{Login, Logins};
use crate::oci::Reference;

use super::args::LoginArgs;
use super::diagnostics::Diagnostic;
use super::errors::{LONGEST_SECRET, LoginError};

/// Holds a token that the registry takes as it is; a variable, as arguments are seen by every process of the machine.
const REGISTRY_TOKEN: &str = "BONAFIDE_REGISTRY_TOKEN";

/// Gathers the logins of a run. Files are not opened yet.
pub(super) fn logins(args: &LoginArgs, references: &[&Reference]) -> Result<Logins, Diagnostic> {
    let mut logins = Logins::default();
    if let Some(login) = given(args)?
        && let Some(registry) = only_registry(references).map_err(Diagnostic::login)?
    {
        logins.give(&registry, login);
    }
    add_files(&mut logins, |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from));
    if let Some(token) = github_token() {
        logins.set_github_token(token);
    }
    Ok(logins)
}

/// Returns GitHub's token, in the order of `gh`.
pub(super) fn github_token() -> Option<String> {
    ["GH_TOKEN", "GITHUB_TOKEN"].into_iter().find_map(text_of)
}

fn text_of(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The login of this run's own: by flag, or in the variable.
fn given(args: &LoginArgs) -> Result<Option<Login>, Diagnostic> {
    const TOKEN: &str = "token";
    if let Some(username) = &args.username {
        if username.contains(':') {
            return Err(Diagnostic::login(LoginError::Colon));
        }
        let place = "standard input";
        let password = read(io::stdin().lock(), place, "password").map_err(|error| error.diagnostic(place.as_ref()))?;
        return Ok(Some(Login::Password { username: username.clone(), password }));
    }
    if let Some(file) = &args.registry_token_file {
        let opened = File::open(file).map_err(|error| Diagnostic::file(file, error))?;
        let token = read(opened, &format!("`{}`", file.display()), TOKEN).map_err(|error| error.diagnostic(file))?;
        return Ok(Some(Login::RegistryToken(token)));
    }
    let Some(token) = text_of(REGISTRY_TOKEN) else { return Ok(None) };
    let token = one_line(token.into_bytes(), REGISTRY_TOKEN, TOKEN).map_err(Diagnostic::login)?;
    Ok(Some(Login::RegistryToken(token)))
}

/// Why a secret was not read.
enum ReadError {
    Io(io::Error),
    Login(LoginError),
}

impl ReadError {
    fn diagnostic(self, place: &Path) -> Diagnostic {
        match self {
            Self::Io(error) => Diagnostic::file(place, error),
            Self::Login(error) => Diagnostic::login(error),
        }
    }
}

fn read(from: impl Read, place: &str, what: &'static str) -> Result<String, ReadError> {
    let mut bytes = Vec::new();
    from.take(LONGEST_SECRET + 1).read_to_end(&mut bytes).map_err(ReadError::Io)?;
    one_line(bytes, place, what).map_err(ReadError::Login)
}

/// Reads a text of one line, without the line's end. What it holds is never part of an error.
fn one_line(bytes: Vec<u8>, place: &str, what: &'static str) -> Result<String, LoginError> {
    let place = place.to_owned();
    if bytes.len() as u64 > LONGEST_SECRET {
        return Err(LoginError::TooLong { place, what });
    }
    let Ok(mut text) = String::from_utf8(bytes) else { return Err(LoginError::Characters { place, what }) };
    text.truncate(text.strip_suffix('\n').map_or(text.len(), |line| line.trim_end_matches('\r').len()));
    if text.is_empty() {
        return Err(LoginError::Empty { place, what });
    }
    if text.chars().any(char::is_control) {
        return Err(LoginError::Characters { place, what });
    }
    Ok(text)
}

/// A login that was given goes to one registry. With several it would go to some that it is not for.
fn only_registry(references: &[&Reference]) -> Result<Option<String>, LoginError> {
    let registries: BTreeSet<&str> = references
        .iter()
        .filter_map(|reference| match reference {
            Reference::Registry(image) => Some(image.name.registry()),
            Reference::Layout(_) => None,
        })
        .collect();
    if registries.len() > 1 {
        return Err(LoginError::SeveralRegistries { registries: registries.into_iter().map(str::to_owned).collect() });
    }
    Ok(registries.first().map(|&registry| registry.to_owned()))
}

/// Names the files of docker and podman: one that the environment names first, then the usual ones.
fn add_files(logins: &mut Logins, variable: impl Fn(&str) -> Option<PathBuf>) {
    let named = variable("REGISTRY_AUTH_FILE");
    let home = variable("HOME").or_else(|| variable("USERPROFILE"));
    let docker = variable("DOCKER_CONFIG").or_else(|| home.as_ref().map(|home| home.join(".docker")));
    if let Some(file) = &named {
        logins.add_named_file(file);
    }
    if let Some(folder) = docker {
        logins.add_file(folder.join("config.json"));
    }
    // podman-login(1): the variable takes the place of the usual files.
    if named.is_none() {
        let runtime = variable("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json"));
        let config = variable("XDG_CONFIG_HOME").or_else(|| home.map(|home| home.join(".config")));
        let config = config.map(|folder| folder.join("containers/auth.json"));
        runtime.into_iter().chain(config).for_each(|file| logins.add_file(file));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_one_line_and_never_quoted() {
        let read = |text: &str| one_line(text.as_bytes().to_vec(), "x", "password");
        assert_eq!(read("hunter2\n").ok().as_deref(), Some("hunter2"));
        assert_eq!(read("hunter2\r\n").ok().as_deref(), Some("hunter2"));
        assert_eq!(read(" with spaces ").ok().as_deref(), Some(" with spaces "));
        for text in ["", "\n", "hunter2\nhunter3\n", "hunter2\0", "hunter2\n\n"] {
            let error = read(text).expect_err(text).to_string();
            assert!(!error.contains("hunter"), "{error}");
        }
    }

    #[test]
    fn a015_a_given_login_needs_one_registry() {
        let registry = |texts: &[&str]| {
            let references: Vec<Reference> = texts.iter().map(|text| text.parse().expect(text)).collect();
            only_registry(&references.iter().collect::<Vec<_>>())
        };
        assert_eq!(registry(&["ghcr.io/a", "GHCR.io:443/b", "oci:x"]).ok(), Some(Some("ghcr.io".to_owned())));
        assert_eq!(registry(&["oci:x"]).ok(), Some(None));
        assert!(registry(&["ghcr.io/a", "ghcr.io:5000/b"]).is_err());
    }
}
