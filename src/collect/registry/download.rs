//! Files of a web server, over the same bounded HTTP as registries.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Url;
use tokio::time::Instant;

use super::failure::failure;
use super::resolver::Resolver;
use super::tls::Trust;
use super::transport::{Answer, Deadline, NetworkUse, Request, Transport, at};
use super::{SettingsError, may_redirect};
use crate::collect::error::SourceError;
use crate::secrets::Secrets;

/// A folder of files on a web server. It never gets a login, even if it asks (A251).
pub struct FileServer {
    transport: Transport,
    base: Url,
    deadline: Deadline,
}

/// How a web server is spoken to.
#[derive(Debug, Clone)]
pub struct FileServerSettings {
    /// Certificates in PEM that are trusted beside the system's.
    pub ca_file: Option<Vec<u8>>,
    /// The longest wait for an answer, or for its next bytes.
    pub silence: Duration,
    /// The most time for everything that is asked.
    pub total_time: Duration,
}

/// Why a folder of files cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum FileServerError {
    /// The text is not the address of a folder.
    #[error(
        "`{address}` is not the address of a web server: expected `https://HOST/PATH`, without a login, query or fragment"
    )]
    Address {
        /// The text as it was given. It may hold a password.
        address: String,
    },
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

impl FileServerError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Address { .. } => "give the folder that has `timestamp.json` in it",
            Self::Settings(error) => error.hint(),
        }
    }
}

impl FileServer {
    /// Prepares to ask. Nothing is sent yet, and the time for everything starts now.
    pub fn open(address: &str, settings: &FileServerSettings) -> Result<Self, FileServerError> {
        let base = folder(address)?;
        let trust = Trust::read(settings.ca_file.as_deref(), None)?;
        let transport = Transport::new(trust, settings.silence, Resolver::system(), Secrets::default());
        transport.give_host(base.host_str().unwrap_or_default());
        let deadline = Deadline { at: Instant::now() + settings.total_time, allowed: settings.total_time };
        Ok(Self { transport, base, deadline })
    }

    /// Gets a file of at most `limit` bytes whole.
    pub async fn get(&self, path: &str, limit: u64) -> Result<Bytes, SourceError> {
        let url = self.inside(path)?;
        let redirects = |hop: &Url| may_redirect(&self.base, hop, self.base.scheme() == "http");
        let request = Request::get(&url, "*/*", limit, self.deadline, &redirects);
        let answer = self.transport.send(&request).await?;
        self.judge(at(&request), answer)
    }

    fn judge(&self, at: String, answer: Answer) -> Result<Bytes, SourceError> {
        match answer.status {
            200 => Ok(answer.body),
            404 => Err(SourceError::NotFound { at }),
            _ => Err(failure(&self.transport, at, &answer)),
        }
    }

    /// Returns the address of a file, which lies inside the folder for every name (A242).
    fn inside(&self, path: &str) -> Result<Url, SourceError> {
        let joined = self.base.join(path).ok();
        let inside = joined.filter(|url| {
            url.origin() == self.base.origin() && url.path().starts_with(self.base.path()) && url.query().is_none()
        });
        inside.ok_or_else(|| SourceError::Unexpected {
            at: self.base.to_string(),
            expected: "the name of a file in this folder",
            found: crate::collect::said::printable(path),
        })
    }

    /// Returns what was asked of the network so far.
    pub fn network_use(&self) -> NetworkUse {
        self.transport.used()
    }
}

/// A base must end in a slash for `Url::join` to take it for a folder.
fn folder(address: &str) -> Result<Url, FileServerError> {
    let base = Url::parse(&format!("{}/", address.trim_end_matches('/'))).ok().filter(|url| {
        let is_bare = url.username().is_empty() && url.password().is_none();
        matches!(url.scheme(), "http" | "https") && is_bare && url.query().is_none() && url.fragment().is_none()
    });
    base.ok_or_else(|| FileServerError::Address { address: address.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(address: &str) -> Result<FileServer, FileServerError> {
        let second = Duration::from_secs(1);
        FileServer::open(address, &FileServerSettings { ca_file: None, silence: second, total_time: second })
    }

    #[test]
    fn a242_no_name_leads_out_of_the_folder() {
        let server = open("https://mirror.example/tuf").expect("an address");
        let address = |path: &str| server.inside(path).map(String::from).ok();
        assert_eq!(address("1.root.json").as_deref(), Some("https://mirror.example/tuf/1.root.json"));
        assert_eq!(address("targets/ab.x").as_deref(), Some("https://mirror.example/tuf/targets/ab.x"));
        assert_eq!(
            address("..%2F..%2Fx.json").as_deref(),
            Some("https://mirror.example/tuf/..%2F..%2Fx.json"),
            "an escaped slash separates nothing"
        );
        for path in [
            "../x",
            "targets/../../x",
            "%2e%2e/x",
            "..\\x",
            "/x",
            "//evil.example/x",
            "https://evil.example/tuf/x",
            "file:///tuf/x",
            "C:x",
            "x?y",
        ] {
            assert_eq!(address(path), None, "{path}");
        }
    }

    #[test]
    fn an_address_is_a_folder_of_a_web_server_and_nothing_else() {
        for address in ["https://mirror.example", "https://mirror.example/a/", "http://127.0.0.1:8080"] {
            assert!(open(address).is_ok(), "{address}");
        }
        for address in
            ["", "mirror.example", "file:///tuf", "https://ci:secret@mirror.example", "https://mirror.example/?token=x"]
        {
            assert!(matches!(open(address), Err(FileServerError::Address { .. })), "{address}");
        }
    }
}
