//! Logins: those on the command line, those in the environment, and where files with more of them are.

use std::collections::BTreeSet;
use std::env;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::collect::files::Given;
use crate::collect::{FoundLogin, Login, LoginOrigin, Logins};
use crate::oci::Reference;

use super::args::LoginArgs;
use super::diagnostics::Diagnostic;
use super::{input, streams};

/// Holds a token that the registry takes as it is; a variable, as arguments are seen by every process of the machine.
const REGISTRY_TOKEN: &str = "BONAFIDE_REGISTRY_TOKEN";

/// Where docker keeps logins, in its folder.
const DOCKER_FILE: &str = "config.json";
/// Where podman does.
const PODMAN_FILE: &str = "containers/auth.json";
/// The longest password or token that is read, in bytes.
const LONGEST_SECRET: u64 = 64 * 1024;

/// Why a login that was given cannot be used.
#[derive(Debug, thiserror::Error)]
enum LoginError {
    /// It would go to registries that it is not for.
    #[error("a login is for one registry, and the references are at {}: {}", .registries.len(), .registries.join(", "))]
    SeveralRegistries { registries: Vec<String> },
    /// There is none.
    #[error("{place} is empty: expected a {what}")]
    Empty { place: String, what: &'static str },
    /// It is longer than any.
    #[error("{place} is longer than {LONGEST_SECRET} bytes: expected a {what}")]
    TooLong { place: String, what: &'static str },
    /// It is not a single line of text.
    #[error("{place} has more than one line, or characters that are invalid in a {what}")]
    Characters { place: String, what: &'static str },
    /// The name of a user has the character that ends it.
    #[error("the user name has a colon, which HTTP cannot carry")]
    Colon,
}

impl LoginError {
    /// What to do about it.
    fn hint(&self) -> &'static str {
        match self {
            Self::SeveralRegistries { .. } => {
                "verify them one registry at a time, or log in with `docker login` or `podman login`"
            }
            Self::Colon => "give the name alone, and the password on standard input",
            Self::Empty { .. } | Self::TooLong { .. } | Self::Characters { .. } => {
                "is a variable or a secret of the pipeline unset?"
            }
        }
    }
}

impl From<LoginError> for Diagnostic {
    fn from(error: LoginError) -> Self {
        let hint = error.hint();
        Self::usage(error, hint)
    }
}

/// Gathers the logins of a run. Files are not opened yet.
pub(super) fn logins(args: &LoginArgs, references: &[&Reference]) -> Result<Logins, Diagnostic> {
    for reference in references {
        streams::secrets().spare(reference.to_string());
    }
    let mut logins = Logins::default();
    if let Some(login) = given(args)? {
        login.login.keep_in(streams::secrets());
        if let Some(registry) = only_registry(references)? {
            logins.give(&registry, login);
        }
    }
    let ignored = add_files(&mut logins, |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from));
    for name in ignored {
        tracing::debug!("`{name}` is ignored: it is not an absolute path");
    }
    if let Some(token) = github_token() {
        logins.set_github_token(token);
    }
    Ok(logins)
}

/// The logins of a node: in these files, and nowhere else.
pub(super) fn of_node(files: impl IntoIterator<Item = PathBuf>, reference: &Reference) -> Logins {
    streams::secrets().spare(reference.to_string());
    let mut logins = Logins::default();
    files.into_iter().for_each(|file| logins.add_file(file));
    logins
}

/// Returns GitHub's token.
pub(super) fn github_token() -> Option<String> {
    let token = github_variable().and_then(text_of);
    token.inspect(|token| streams::secrets().keep(token))
}

/// Returns the variable that holds it, in the order of `gh`.
pub(super) fn github_variable() -> Option<&'static str> {
    ["GH_TOKEN", "GITHUB_TOKEN"].into_iter().find(|name| text_of(name).is_some())
}

/// Returns the variable that a login came from: that holds it, or that names its file.
pub(super) fn variable_of(origin: &LoginOrigin) -> Option<&'static str> {
    let place = match origin {
        LoginOrigin::Flags | LoginOrigin::TokenFile(_) => return None,
        LoginOrigin::Variable(name) => return Some(name),
        LoginOrigin::GitHubToken => return github_variable(),
        LoginOrigin::File(file) | LoginOrigin::Helper { file, .. } => Path::new(file),
    };
    let is_below = |name: &str, file: &str| {
        let folder = env::var_os(name).filter(|value| !value.is_empty());
        folder.is_some_and(|folder| place == Path::new(&folder).join(file))
    };
    let in_file = env::var_os("REGISTRY_AUTH_FILE").is_some_and(|file| place == Path::new(&file));
    let named = [
        ("REGISTRY_AUTH_FILE", in_file),
        ("DOCKER_CONFIG", is_below("DOCKER_CONFIG", DOCKER_FILE)),
        ("XDG_RUNTIME_DIR", is_below("XDG_RUNTIME_DIR", PODMAN_FILE)),
        ("XDG_CONFIG_HOME", is_below("XDG_CONFIG_HOME", PODMAN_FILE)),
    ];
    named.into_iter().find(|(_, is_it)| *is_it).map(|(name, _)| name)
}

fn text_of(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The login of this run's own: by flag, or in the variable.
fn given(args: &LoginArgs) -> Result<Option<FoundLogin>, Diagnostic> {
    const TOKEN: &str = "token";
    if let Some(username) = &args.username {
        if username.contains(':') {
            return Err(LoginError::Colon.into());
        }
        let place = "standard input";
        let password = read(io::stdin().lock(), place.as_ref(), place, "password")?;
        let login = Login::Password { username: username.clone(), password };
        return Ok(Some(FoundLogin { login, origin: LoginOrigin::Flags }));
    }
    if let Some(file) = &args.registry_token_file {
        let opened = Given::open(file).map_err(|error| input::unreadable(file, error))?;
        let token = read(opened, file, &format!("`{}`", file.display()), TOKEN)?;
        let origin = LoginOrigin::TokenFile(file.display().to_string());
        return Ok(Some(FoundLogin { login: Login::RegistryToken(token), origin }));
    }
    let Some(token) = text_of(REGISTRY_TOKEN) else { return Ok(None) };
    let token = one_line(token.into_bytes(), REGISTRY_TOKEN, TOKEN)?;
    Ok(Some(FoundLogin { login: Login::RegistryToken(token), origin: LoginOrigin::Variable(REGISTRY_TOKEN) }))
}

/// Reads a secret. `place` is what messages call it.
fn read(from: impl Read, path: &Path, place: &str, what: &'static str) -> Result<String, Diagnostic> {
    let mut bytes = Vec::new();
    let read = from.take(LONGEST_SECRET + 1).read_to_end(&mut bytes);
    read.map_err(|error| input::unreadable(path, error))?;
    Ok(one_line(bytes, place, what)?)
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
            Reference::Layout(_) | Reference::Npm(_) | Reference::File(_) => None,
        })
        .collect();
    if registries.len() > 1 {
        return Err(LoginError::SeveralRegistries { registries: registries.into_iter().map(str::to_owned).collect() });
    }
    Ok(registries.first().map(|&registry| registry.to_owned()))
}

/// Names the files of docker and podman: one that the environment names first, then the usual ones. Returns the variables that are
/// ignored.
///
/// XDG base directory specification: "All paths set in these environment variables must be absolute. … consider the path invalid and
/// ignore it." A relative one would name a file of the folder that the program happens to run in, which a stranger may have
/// written (A299).
fn add_files(logins: &mut Logins, variable: impl Fn(&str) -> Option<PathBuf>) -> Vec<&'static str> {
    const FOLDERS: [&str; 5] = ["HOME", "USERPROFILE", "DOCKER_CONFIG", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"];
    let relative = |name: &&str| variable(name).is_some_and(|path| path.is_relative());
    let ignored: Vec<&'static str> = FOLDERS.into_iter().filter(relative).collect();
    let folder = |name: &str| variable(name).filter(|path| path.is_absolute());
    let named = variable("REGISTRY_AUTH_FILE");
    let home = folder("HOME").or_else(|| folder("USERPROFILE"));
    let docker = folder("DOCKER_CONFIG").or_else(|| home.as_ref().map(|home| home.join(".docker")));
    match &named {
        // It was set for this one file, so what takes its place is not looked for.
        Some(file) if file.is_relative() => {
            logins.add_unusable_file(file, "`REGISTRY_AUTH_FILE` is not an absolute path");
        }
        Some(file) => logins.add_named_file(file),
        None => {}
    }
    if let Some(docker) = docker {
        logins.add_file(docker.join(DOCKER_FILE));
    }
    // podman-login(1): the variable takes the place of the usual files.
    if named.is_none() {
        let runtime = folder("XDG_RUNTIME_DIR");
        let config = folder("XDG_CONFIG_HOME").or_else(|| home.map(|home| home.join(".config")));
        runtime.into_iter().chain(config).for_each(|folder| logins.add_file(folder.join(PODMAN_FILE)));
    }
    ignored
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
