//! GitHub's attestations API, which keeps bundles that were never pushed to a registry.
//!
//! Source: <https://docs.github.com/rest/repos/attestations>, "List attestations", and `pkg/cmd/attestation/api` of the
//! GitHub CLI. The API itself vouches for nothing: its bundles are verified like any other.

use std::rc::Rc;
use std::str::FromStr;

use reqwest::Url;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde_json::value::RawValue;
use snap::raw::{Decoder, decompress_len};
use tokio::time::Instant;

use super::access::bearer;
use super::address::{Place, place_of};
use super::failure::failure;
use super::throttle::is_limit;
use super::transport::{Answer, Deadline, Request, at, has_login, shown_host};
use super::{Registries, link, may_redirect};
use crate::collect::error::SourceError;
use crate::collect::limits::Limits;
use crate::collect::login_use::{Denial, LoginName, LoginOrigin, LoginUse};
use crate::collect::said::printable;
use crate::collect::source::{AttestationsPage, Attested, NextPage};
use crate::json;
use crate::oci::{Algorithm, Blob, Digest};

/// Where the API is: `https://api.github.com`, or that of a GitHub Enterprise Server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHubBase(Url);

/// Why a text is not an address of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GitHubBaseError {
    /// It is not the address of a web server, or has more than host and path.
    #[error("expected an address such as https://api.github.com, without name, query or fragment")]
    Form,
    /// A token would go over the network in the clear.
    #[error("expected an https address; http is for this machine alone")]
    Plain,
}

impl FromStr for GitHubBase {
    type Err = GitHubBaseError;

    fn from_str(text: &str) -> Result<Self, GitHubBaseError> {
        let url = Url::parse(text).map_err(|_| GitHubBaseError::Form)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(GitHubBaseError::Form)?;
        let has_more = !url.username().is_empty() || url.password().is_some() || url.query().is_some();
        match url.scheme() {
            "https" | "http" if has_more || url.fragment().is_some() => Err(GitHubBaseError::Form),
            "https" => Ok(Self(url)),
            "http" if place_of(host) == Place::Loopback => Ok(Self(url)),
            "http" => Err(GitHubBaseError::Plain),
            _ => Err(GitHubBaseError::Form),
        }
    }
}

/// The attestations of one repository on GitHub.
pub struct GitHubAttestations {
    registries: Rc<Registries>,
    base: Url,
    /// `owner/name`.
    repository: String,
    token: Option<HeaderValue>,
    deadline: Deadline,
}

/// So many are asked for at once. The API gives up to 100, each perhaps with its bundle.
const PAGE_SIZE: &str = "30";

impl GitHubAttestations {
    /// Prepares to ask for the attestations of a repository, `owner/name`. The time for it starts now.
    ///
    /// The token goes to the API's own origin and nowhere else.
    pub fn new(
        registries: &Rc<Registries>,
        base: &GitHubBase,
        repository: &str,
        token: Option<&str>,
        limits: &Limits,
    ) -> Self {
        let transport = &registries.transport;
        transport.give_host(base.0.host_str().unwrap_or_default());
        if let Some(token) = token {
            transport.keep_secret(token);
        }
        Self {
            registries: Rc::clone(registries),
            base: base.0.clone(),
            repository: repository.to_owned(),
            token: token.and_then(bearer),
            deadline: Deadline { at: Instant::now() + limits.total_time, allowed: limits.total_time },
        }
    }

    /// Names the place for reports.
    pub(in crate::collect) fn place(&self) -> String {
        format!("{} at {}", self.repository, self.base.host_str().unwrap_or_default())
    }

    /// Fetches one page; "not found" is what the API says when it has none.
    pub(in crate::collect) async fn page(
        &self,
        subject: &Digest,
        page: Option<&NextPage>,
        limit: u64,
    ) -> Result<AttestationsPage, SourceError> {
        let first = self.first_page(subject);
        let url = match page {
            None => first,
            Some(NextPage(next)) => link::judge(&first, next, || at(&self.request(&first, limit, &|_| Ok(()))))?,
        };
        // A repository that was renamed is elsewhere on the same host.
        let redirects = |hop: &Url| if hop.origin() == url.origin() { Ok(()) } else { Err("it is another host") };
        let request = Request { authorization: self.token.as_ref(), ..self.request(&url, limit, &redirects) };
        let answer = self.registries.transport.send(&request).await?;
        read_page(&at(&request), &self.judge(at(&request), answer)?)
    }

    /// Fetches a bundle that a page only points at. It is on another host, which is shown nothing.
    pub(in crate::collect) async fn bundle(&self, place: &str, limit: u64) -> Result<Blob, SourceError> {
        let redirects = |hop: &Url| may_fetch(&self.base, hop);
        let page = self.request(&self.base, limit, &redirects);
        let url = Url::parse(place).map_err(|_| SourceError::Unexpected {
            at: at(&page),
            expected: "the address of a bundle",
            found: printable(place),
        })?;
        redirects(&url).map_err(|reason| SourceError::Redirected {
            at: at(&page),
            to: printable(url.host_str().unwrap_or(place)),
            reason,
        })?;
        let request = Request { accept: "*/*", ..self.request(&url, limit, &redirects) };
        let answer = self.registries.transport.send(&request).await?;
        let at = at(&request);
        match answer.status {
            200 => decompress(&at, &answer.body, limit),
            404 => Err(SourceError::NotFound { at }),
            _ => Err(failure(&self.registries.transport, at, &answer)),
        }
    }

    fn first_page(&self, subject: &Digest) -> Url {
        let mut url = self.base.clone();
        let path = format!("{}/repos/{}/attestations/{subject}", url.path().trim_end_matches('/'), self.repository);
        url.set_path(&path);
        url.set_query(Some(&format!("per_page={PAGE_SIZE}")));
        url
    }

    fn request<'a>(
        &self,
        url: &'a Url,
        limit: u64,
        redirects: &'a dyn Fn(&Url) -> Result<(), &'static str>,
    ) -> Request<'a> {
        Request::get(url, "application/vnd.github+json", limit, self.deadline, redirects)
    }

    fn judge(&self, at: String, answer: Answer) -> Result<Answer, SourceError> {
        let said = self.registries.transport.said(&answer);
        match answer.status {
            200 => Ok(answer),
            404 => Err(SourceError::NotFound { at }),
            403 | 429 if is_limit(&answer.headers) => Err(answer.throttled(at, said)),
            401 | 403 => {
                let login = match &self.token {
                    Some(_) => LoginUse::Login(LoginName {
                        registry: self.base.host_str().unwrap_or_default().to_owned(),
                        user: None,
                        origin: LoginOrigin::GitHubToken,
                    }),
                    None => LoginUse::NoToken,
                };
                let host = shown_host(&answer.url);
                Err(SourceError::Denied(Denial { at, host, status: answer.status, said, login }))
            }
            _ => Err(failure(&self.registries.transport, at, &answer)),
        }
    }
}

/// Judges the address of a bundle. Nothing binds its content, so only an encrypted connection may be used.
fn may_fetch(base: &Url, place: &Url) -> Result<(), &'static str> {
    match place.scheme() {
        _ if has_login(place) => Err("the address has a login in it, and none is taken from a server"),
        "https" => may_redirect(base, place, false),
        "http" if place.host_str().map(place_of) == Some(Place::Loopback) => may_redirect(base, place, false),
        "http" => Err("the connection would not be encrypted"),
        _ => Err("only http and https are asked"),
    }
}

fn read_page(at: &str, answer: &Answer) -> Result<AttestationsPage, SourceError> {
    #[derive(Deserialize)]
    struct Page {
        attestations: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        bundle: Option<Box<RawValue>>,
        bundle_url: Option<String>,
    }
    let wrong =
        |found: String| SourceError::Unexpected { at: at.to_owned(), expected: "a list of attestations", found };
    let page: Page = json::from_slice(&answer.body).map_err(|error| wrong(printable(&error.to_string())))?;
    let attested = |entry: Entry| match (entry.bundle, entry.bundle_url.filter(|url| !url.is_empty())) {
        (Some(bundle), _) => {
            let bytes = String::from(Box::<str>::from(bundle)).into_bytes();
            Ok(Attested::Here(Blob::of(Algorithm::Sha256, bytes)))
        }
        (None, Some(url)) => Ok(Attested::There(url)),
        (None, None) => Err(wrong("one with neither `bundle` nor `bundle_url`".to_owned())),
    };
    Ok(AttestationsPage {
        bundles: page.attestations.into_iter().map(attested).collect::<Result<_, _>>()?,
        next: link::next_page(&answer.url, &answer.headers).map(NextPage),
        bytes: answer.body.len() as u64,
    })
}

/// Reads Snappy's raw format, as the GitHub CLI does. It states how long the content is, which is judged before there is
/// room for it.
fn decompress(at: &str, compressed: &[u8], limit: u64) -> Result<Blob, SourceError> {
    let wrong = |error: snap::Error| SourceError::Unexpected {
        at: at.to_owned(),
        expected: "a bundle compressed with Snappy",
        found: printable(&error.to_string()),
    };
    let length = decompress_len(compressed).map_err(wrong)? as u64;
    if length > limit {
        let at = at.to_owned();
        return Err(SourceError::Limit { at, limit: "bytes of a bundle", allowed: limit, found: length.to_string() });
    }
    let bytes = Decoder::new().decompress_vec(compressed).map_err(wrong)?;
    Ok(Blob::of(Algorithm::Sha256, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_is_asked_over_https_or_on_this_machine() {
        for text in ["https://api.github.com", "https://github.acme.example/api/v3/", "http://127.0.0.1:8080"] {
            assert!(text.parse::<GitHubBase>().is_ok(), "{text}");
        }
        assert_eq!("http://api.github.com".parse::<GitHubBase>(), Err(GitHubBaseError::Plain));
        for text in ["", "api.github.com", "ftp://a", "https://u:p@a", "https://a/?x=1", "https://a/#x", "https://"] {
            assert_eq!(text.parse::<GitHubBase>(), Err(GitHubBaseError::Form), "{text}");
        }
    }

    #[test]
    fn a014_bundles_are_fetched_over_https_from_other_places_than_this_machine() {
        let may = |base: &str, place: &str| {
            may_fetch(&Url::parse(base).expect(base), &Url::parse(place).expect(place)).is_ok()
        };
        let github = "https://api.github.com";
        assert!(may(github, "https://tmaproduction.blob.core.windows.net/attestations/1.json.sn?sig=x"));
        for place in
            ["http://api.github.com/x", "http://store.example/x", "https://127.0.0.1/x", "ftp://store.example/x"]
        {
            assert!(!may(github, place), "{place}");
        }
        assert!(may("http://127.0.0.1:1", "http://127.0.0.1:2/x"));
    }

    #[test]
    fn a031_what_states_more_bytes_than_allowed_gets_no_room() {
        // A length of 2^32 - 1 in five bytes, and nothing after it.
        let bomb = [0xff, 0xff, 0xff, 0xff, 0x0f];
        assert!(matches!(decompress("here", &bomb, 1 << 20), Err(SourceError::Limit { allowed: 1_048_576, .. })));
        // The stated length is too short: more bytes follow.
        assert!(matches!(decompress("here", &[1, 8, b'a', b'b', b'c'], 10), Err(SourceError::Unexpected { .. })));
        // google/snappy format_description.txt: the length, then a literal of five bytes.
        let blob = decompress("here", b"\x05\x10hello", 10).expect("a literal");
        assert_eq!(blob.bytes().as_ref(), b"hello");
    }
}
