//! Files with logins: Docker's `config.json` and containers-auth.json(5).

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::login::{CredentialsError, Login, docker_key, unusable};
use crate::collect::files;
use crate::json;
use crate::oci::ImageName;

/// A file with logins, read when first needed.
pub(super) struct LoginFile {
    path: PathBuf,
    must_exist: bool,
    content: OnceCell<Result<Content, CredentialsError>>,
}

/// What a file knows about a repository.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Login(Login),
    /// The login is kept by this helper. Some programs write it into the file although there is one.
    Helper {
        helper: String,
        otherwise: Option<Login>,
    },
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Content {
    #[serde(deserialize_with = "or_null")]
    auths: BTreeMap<String, Value>,
    creds_store: Option<String>,
    #[serde(deserialize_with = "or_null")]
    cred_helpers: BTreeMap<String, Option<String>>,
}

/// Go reads `null` as an empty map, and so programs in Go write one.
fn or_null<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// One login as it is written.
#[derive(Deserialize)]
struct Written {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

/// The longest file that is read, in bytes. Thousands of logins fit.
const LONGEST: u64 = 1024 * 1024;

impl std::fmt::Debug for LoginFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("LoginFile").field(&self.path).finish()
    }
}

impl LoginFile {
    pub(super) fn new(path: PathBuf, must_exist: bool) -> Self {
        Self { path, must_exist, content: OnceCell::new() }
    }

    pub(super) fn unusable(path: PathBuf, reason: &str) -> Self {
        let content = OnceCell::from(Err(unusable(&path, reason)));
        Self { path, must_exist: true, content }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the file's entry: a helper for this registry, else the helper for all, else a stored login.
    pub(super) fn find(&self, registry: &str, repository: &str) -> Result<Option<Entry>, CredentialsError> {
        let content = self.content.get_or_init(|| self.read()).as_ref().map_err(Clone::clone)?;
        let written = self.written(content, registry, repository)?;
        let mut helpers =
            content.cred_helpers.iter().filter_map(|(key, helper)| Some((key_of(key)?, helper.as_ref()?)));
        let own = helpers.find(|(key, _)| key.is_all_of(registry));
        let helper = own.map(|(_, helper)| helper).or(content.creds_store.as_ref()).filter(|helper| !helper.is_empty());
        Ok(match helper {
            Some(helper) => Some(Entry::Helper { helper: helper.clone(), otherwise: written }),
            None => written.map(Entry::Login),
        })
    }

    fn read(&self) -> Result<Content, CredentialsError> {
        let read = if self.must_exist { files::read_given } else { files::read };
        let bytes = match read(&self.path, LONGEST) {
            Ok(bytes) => bytes,
            Err(error) if error.is_not_found() && !self.must_exist => return Ok(Content::default()),
            Err(error) => return Err(unusable(&self.path, error.to_string())),
        };
        self.parse(&bytes)
    }

    fn parse(&self, bytes: &[u8]) -> Result<Content, CredentialsError> {
        // Editors on Windows begin a file with a byte order mark.
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        // `podman login` makes the file before it has anything to write into it.
        if text.trim_ascii().is_empty() || text.trim_ascii() == b"null" {
            return Ok(Content::default());
        }
        json::check(text).map_err(|error| unusable(&self.path, error.to_string()))?;
        // The parser's words may quote what the file holds.
        json::from_slice(text)
            .map_err(|_| unusable(&self.path, "expected a file written by `docker login` or `podman login`"))
    }

    /// containers-auth.json(5): "the most specific match" of `host/namespace/repository`, `host/namespace`, `host`.
    fn written(&self, content: &Content, registry: &str, repository: &str) -> Result<Option<Login>, CredentialsError> {
        let length = |(text, _): &(&String, &Value)| {
            let key = key_of(text)?;
            // Of two spellings of one host the one that Docker writes counts.
            key.covers(registry, repository).then(|| (key.path.len(), *text == docker_key(registry)))
        };
        let mut best: Option<(&String, &Value)> = None;
        for entry in content.auths.iter().filter(|entry| length(entry).is_some()) {
            if best.is_none_or(|best| length(&entry) > length(&best)) {
                best = Some(entry);
            }
        }
        let Some((key, value)) = best else { return Ok(None) };
        let wrong = || unusable(&self.path, format!("the entry for `{}` holds no login", key.escape_default()));
        let written: Option<Written> = json::from_value(value).map_err(|_| wrong())?;
        written.map_or(Ok(None), |written| written.login().map_err(|()| wrong()))
    }
}

impl Written {
    /// Reads the login; an empty entry says only that a helper has it.
    fn login(self) -> Result<Option<Login>, ()> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        if let Some(token) = given(self.identitytoken) {
            return Ok(Some(Login::IdentityToken(token)));
        }
        if let Some(token) = given(self.registrytoken) {
            return Ok(Some(Login::RegistryToken(token)));
        }
        if let Some(auth) = given(self.auth).filter(|auth| !auth.trim().is_empty()) {
            let text = decode(&auth)?;
            let (username, password) = text.split_once(':').ok_or(())?;
            // docker/cli `config/configfile/file.go`, `decodeAuth`: old versions padded the password with zeros.
            let password = password.trim_matches('\0').to_owned();
            return Ok(Some(Login::Password { username: username.to_owned(), password }));
        }
        Ok(given(self.username)
            .zip(given(self.password))
            .map(|(username, password)| Login::Password { username, password }))
    }
}

/// Decodes base64 as the tools that read these files do: Go passes over line breaks, which `base64` makes at 76 characters,
/// and generators of secrets leave out the padding.
fn decode(auth: &str) -> Result<String, ()> {
    let text: String = auth.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    let bytes = STANDARD_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| ())?;
    String::from_utf8(bytes).map_err(|_| ())
}

/// A key of a file: a registry, and perhaps the beginning of a repository.
struct Key<'a> {
    registry: String,
    path: &'a str,
}

/// Reads a key such as `ghcr.io`, `ghcr.io/acme`, or Docker's old `https://index.docker.io/v1/`.
fn key_of(text: &str) -> Option<Key<'_>> {
    let without_scheme = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let (host, path) = without_scheme.unwrap_or(text).split_once('/').unwrap_or((without_scheme.unwrap_or(text), ""));
    // docker/cli `credentials.ConvertToHostname`: the path of a URL is that of an API, never that of a repository.
    let path = if without_scheme.is_some() { "" } else { path.trim_end_matches('/') };
    Some(Key { registry: ImageName::registry_from(host).ok()?, path })
}

impl Key<'_> {
    fn is_all_of(&self, registry: &str) -> bool {
        self.registry == registry && self.path.is_empty()
    }

    /// Whether the key is for this repository: hosts are compared whole, paths part by part (A015).
    fn covers(&self, registry: &str, repository: &str) -> bool {
        let rest = repository.strip_prefix(self.path);
        self.registry == registry
            && rest.is_some_and(|rest| self.path.is_empty() || rest.is_empty() || rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn file(text: &str) -> LoginFile {
        let file = LoginFile::new(PathBuf::from("auth.json"), true);
        let content = file.parse(text.as_bytes()).expect(text);
        assert!(file.content.set(Ok(content)).is_ok());
        file
    }

    fn auth(text: &str) -> String {
        format!(r#"{{"auth":"{}"}}"#, STANDARD.encode(text))
    }

    fn password(found: Option<Entry>) -> Option<String> {
        match found {
            Some(Entry::Login(Login::Password { password, .. })) => Some(password),
            _ => None,
        }
    }

    #[test]
    fn a291_a_login_in_a_list_is_none() {
        let list = format!(r#"["{}"]"#, STANDARD.encode("u:p"));
        let file = file(&format!(r#"{{"auths":{{"registry.example.com":{list}}}}}"#));
        assert!(file.find("registry.example.com", "x").is_err());
        assert!(json::from_slice::<Content>(format!(r#"[{{"registry.example.com":{list}}}]"#).as_bytes()).is_err());
    }

    #[test]
    fn a015_hosts_are_compared_whole() {
        let file = file(&format!(
            r#"{{"auths":{{"registry.example.com":{},"b.example:5000":{}}},"other":[1]}}"#,
            auth("u:first"),
            auth("u:second")
        ));
        let found = |registry| password(file.find(registry, "x").expect("readable"));
        assert_eq!(found("registry.example.com").as_deref(), Some("first"));
        assert_eq!(found("b.example:5000").as_deref(), Some("second"));
        for other in [
            "example.com",
            "registry.example.com.evil.net",
            "registry.example.com:5000",
            "xregistry.example.com",
            "b.example",
            "b.example:50001",
            "docker.io",
        ] {
            assert_eq!(found(other), None, "{other}");
        }
    }

    #[test]
    fn the_longest_path_wins_and_ends_at_a_slash() {
        let file = file(&format!(
            r#"{{"auths":{{"ghcr.io":{},"ghcr.io/acme":{},"ghcr.io/acme/app":{},"quay.io/acme":{}}}}}"#,
            auth("u:all"),
            auth("u:acme"),
            auth("u:app"),
            auth("u:quay")
        ));
        let found = |registry, repository| password(file.find(registry, repository).expect("readable"));
        assert_eq!(found("ghcr.io", "acme/app").as_deref(), Some("app"));
        assert_eq!(found("ghcr.io", "acme/app/part").as_deref(), Some("app"));
        assert_eq!(found("ghcr.io", "acme/apple").as_deref(), Some("acme"));
        assert_eq!(found("ghcr.io", "acmeister/app").as_deref(), Some("all"));
        assert_eq!(found("quay.io", "other/app"), None);
    }

    #[test]
    fn the_registry_of_docker_has_several_keys() {
        for key in ["https://index.docker.io/v1/", "docker.io", "index.docker.io", "https://registry-1.docker.io"] {
            let file = file(&format!(r#"{{"auths":{{"{key}":{}}}}}"#, auth("u:p:q\u{0}")));
            assert_eq!(
                password(file.find("docker.io", "library/x").expect("readable")).as_deref(),
                Some("p:q"),
                "{key}"
            );
        }
        let file = file(&format!(r#"{{"auths":{{"myregistry":{},"*":{}}}}}"#, auth("u:p"), auth("u:p")));
        assert_eq!(file.find("docker.io", "library/x"), Ok(None), "a name without a dot is not a folder of Docker Hub");
    }

    #[test]
    fn what_docker_reads_is_read() {
        let alice = STANDARD.encode("u:p");
        for text in [
            format!(r#"{{"auths":{{"a.io":{{"auth":"{alice}\n"}}}}}}"#),
            format!(r#"{{"auths":{{"a.io":{{"auth":"{}\r\n{}"}}}}}}"#, &alice[..2], &alice[2..]),
            format!(
                "\u{feff}{{\"auths\":{{\"a.io\":{{\"auth\":\"{alice}\"}}}},\"credHelpers\":null,\"credsStore\":null}}"
            ),
            r#"{"auths":{"a.io":{"auth":null,"username":"u","password":"p","identitytoken":null,"email":"x"}}}"#
                .to_owned(),
            r#"{"auths":{"a.io":{"auth":" ","username":"u","password":"p"},"b.io":null}}"#.to_owned(),
            format!(r#"{{"auths":{{"https://a.io/v2/":{{"auth":"{}"}}}}}}"#, alice.trim_end_matches('=')),
            format!(r#"{{"auths":{{"http://a.io/v1/":{{"auth":"{alice}"}}}}}}"#),
            format!(r#"{{"auths":{{"a.io/":{{"auth":"{alice}"}}}}}}"#),
        ] {
            let file = file(&text);
            assert_eq!(password(file.find("a.io", "acme/app").expect("readable")).as_deref(), Some("p"), "{text}");
            assert_eq!(file.find("b.io", "acme/app"), Ok(None), "{text}");
        }
        for text in ["null", "{}", "", r#"{"auths":null,"credHelpers":{"a.io":null}}"#, r#"{"auths":{"a.io":null}}"#] {
            assert_eq!(file(text).find("a.io", "acme/app"), Ok(None), "{text}");
        }
        let Ok(Some(Entry::Helper { helper, .. })) = file(r#"{"auths":null,"credsStore":"x"}"#).find("a.io", "a")
        else {
            panic!("a helper")
        };
        assert_eq!(helper, "x");
    }

    #[test]
    fn helpers_come_before_what_is_written() {
        let file = file(&format!(
            r#"{{"auths":{{"a.example":{}}},"credsStore":"store","credHelpers":{{"b.example":"own"}}}}"#,
            auth("u:p")
        ));
        let helper = |registry| match file.find(registry, "x") {
            Ok(Some(Entry::Helper { helper, otherwise })) => (helper, otherwise.is_some()),
            other => panic!("{other:?}"),
        };
        assert_eq!(helper("a.example"), ("store".to_owned(), true));
        assert_eq!(helper("b.example"), ("own".to_owned(), false));
        assert_eq!(helper("b.example:5000"), ("store".to_owned(), false));
    }

    #[test]
    fn tokens_are_told_from_passwords() {
        let file = file(
            r#"{"auths":{"a.io":{"auth":"","identitytoken":"i"},"b.io":{"registrytoken":"r"},"c.io":{},
                "d.io":{"username":"u","password":"p"}}}"#,
        );
        let found = |registry| file.find(registry, "x").expect("readable");
        assert_eq!(found("a.io"), Some(Entry::Login(Login::IdentityToken("i".into()))));
        assert_eq!(found("b.io"), Some(Entry::Login(Login::RegistryToken("r".into()))));
        assert_eq!(found("c.io"), None);
        assert_eq!(password(found("d.io")).as_deref(), Some("p"));
    }

    #[test]
    fn what_cannot_be_read_is_said_without_what_it_holds() {
        for entry in [r#""hunter2""#, r#"{"auth":"hunter2!"}"#, r#"{"auth":["hunter2"]}"#, r#"{"auth":"aHVudGVyMg=="}"#]
        {
            let file = file(&format!(r#"{{"auths":{{"a.io":{entry}}}}}"#));
            let error = file.find("a.io", "x").expect_err(entry).to_string();
            assert!(error.contains("auth.json") && error.contains("a.io") && !error.contains("unter2"), "{error}");
            assert_eq!(file.find("b.io", "x"), Ok(None), "another entry is none of its business");
        }
    }
}
