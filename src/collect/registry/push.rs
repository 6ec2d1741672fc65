//! The pushing side of a registry: one repository that content is written to (distribution-spec, "Push").
//!
//! What the registry says is not believed: where it leads an upload must be its own host, and what it keeps is read again before a
//! tag names it.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{CONTENT_LENGTH, HeaderMap, LOCATION};
use tokio::time::sleep;

use super::access::{Grant, Rights, Scope};
use super::failure::failure;
use super::transport::{Answer, Content, Method, Request, Verb, Written, at, has_login, shown_host};
use super::{MANIFESTS, Registries, RegistrySource, judge, may_redirect};
use crate::collect::error::SourceError;
use crate::collect::limits::Limits;
use crate::collect::login_use::{Denial, LoginUse};
use crate::collect::said::printable;
use crate::oci::{Algorithm, Blob, Descriptor, Digest, ImageName, RegistryReference};

/// A repository that is written to.
pub struct RegistryTarget {
    repository: RegistrySource,
    /// A repository of the same registry whose blobs need not be sent.
    from: Option<String>,
}

/// What became of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It was there.
    Found,
    /// The registry took it from its other repository.
    Mounted,
    /// It was sent.
    Sent,
}

/// A manifest that the registry took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PutManifest {
    /// Whether the registry lists it among the referrers of its subject.
    pub is_listed: bool,
}

/// An upload that the registry began.
struct Upload {
    place: Url,
    /// The least that it takes in one piece.
    smallest: u64,
}

/// How much is sent at once where a registry does not take a blob whole, in bytes.
const PIECE: u64 = 8 * 1024 * 1024;
/// The largest piece that a registry may ask for, in bytes.
const LARGEST_PIECE: u64 = 512 * 1024 * 1024;
/// So often a blob is sent.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(300);

impl Registries {
    /// Opens a repository to be written to. No mirror is asked in its place. Blobs of `from` may be taken over, if that is a
    /// repository of the same registry.
    pub fn open_target(
        self: &Rc<Self>,
        name: &ImageName,
        from: Option<&ImageName>,
        limits: &Limits,
    ) -> Result<RegistryTarget, SourceError> {
        let reference = RegistryReference { name: name.clone(), tag: None, digest: None };
        let is_here = |from: &&ImageName| from.registry() == name.registry() && from.repository() != name.repository();
        let from = from.filter(is_here).map(|from| from.repository().to_owned());
        let scope = Scope {
            registry: name.registry().to_owned(),
            repository: name.repository().to_owned(),
            rights: Rights::Push { mounting: from.clone() },
        };
        Ok(RegistryTarget { repository: self.open_at(&reference, name, scope, limits)?, from })
    }
}

impl RegistryTarget {
    /// Makes sure that a blob is there, whose bytes are wanted only if it is not. They are in a file of this program's own.
    pub async fn push_blob<F>(&self, wanted: &Descriptor, bytes: impl FnOnce() -> F) -> Result<Pushed, SourceError>
    where
        F: Future<Output = Result<PathBuf, SourceError>>,
    {
        if self.has_blob(wanted).await? {
            return Ok(Pushed::Found);
        }
        let mut begun = match &self.from {
            Some(from) => match self.mount(wanted, from).await? {
                Some(upload) => Some(upload),
                None => return Ok(Pushed::Mounted),
            },
            None => None,
        };
        let file = bytes().await?;
        let mut attempt = 1;
        loop {
            let sent = self.send(wanted, &file, begun.take()).await;
            match sent {
                Err(error) if attempt < ATTEMPTS && may_pass(&error) => sleep(PAUSE * attempt).await,
                sent => return sent.map(|()| Pushed::Sent),
            }
            attempt += 1;
        }
    }

    /// Writes a manifest under its digest or a tag.
    pub async fn put_manifest(&self, name: &str, media_type: &str, blob: &Blob) -> Result<PutManifest, SourceError> {
        let url = self.repository.url("manifests", name);
        let content = Content::Bytes(blob.bytes());
        let written = Written { verb: Verb::Put, content, media_type: Some(media_type), range: None };
        let answer = self.write(&url, written, blob.bytes().len() as u64, &[200, 201, 202]).await?;
        self.check_digest(&answer, blob.digest())?;
        Ok(PutManifest { is_listed: answer.headers.contains_key("OCI-Subject") })
    }

    /// Reads a manifest again: the registry must have exactly these bytes.
    pub async fn read_again(&self, name: &str, blob: &Blob) -> Result<(), SourceError> {
        let url = self.repository.url("manifests", name);
        let found = self.manifest(&url, blob.bytes().len() as u64).await;
        let found = found.map_err(|error| super::longer_than_declared(error, blob.bytes().len() as u64))?;
        let expected = Blob::expect_sized(blob.digest(), blob.bytes().len() as u64, found);
        expected.map(drop).map_err(|source| SourceError::Corrupt { at: self.repository.at(&url), source })
    }

    /// Returns what a tag names, if it is there.
    pub async fn tagged(&self, tag: &str, limit: u64) -> Result<Option<Blob>, SourceError> {
        match self.manifest(&self.repository.url("manifests", tag), limit).await {
            Ok(bytes) => Ok(Some(Blob::of(Algorithm::Sha256, bytes))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn manifest(&self, url: &Url, limit: u64) -> Result<bytes::Bytes, SourceError> {
        let redirects = self.redirects();
        let request = self.request(url, MANIFESTS, limit, &redirects);
        let (answer, grant) = self.repository.ask(&request).await?;
        Ok(judge(&self.repository.registries.transport, at(&request), answer, grant.as_deref())?.body)
    }

    /// Whether a blob of this digest and size is there. Where that is not said, it is sent again.
    async fn has_blob(&self, wanted: &Descriptor) -> Result<bool, SourceError> {
        let url = self.repository.url("blobs", &wanted.digest.to_string());
        let redirects = self.redirects();
        let request = Request { method: Method::Head, ..self.request(&url, "*/*", 0, &redirects) };
        let asked = match self.repository.ask(&request).await {
            Err(SourceError::Redirected { .. }) => return Ok(false),
            asked => asked?,
        };
        let (answer, grant) = asked;
        if matches!(answer.status, 401 | 403 | 429) && answer.url.origin() == url.origin() {
            judge(&self.repository.registries.transport, at(&request), answer, grant.as_deref())?;
            return Ok(false);
        }
        let length = answer.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        Ok(answer.status == 200 && length.is_none_or(|length| length == wanted.size))
    }

    /// Asks for a blob of another repository. A registry that does not give it begins an upload instead.
    async fn mount(&self, wanted: &Descriptor, from: &str) -> Result<Option<Upload>, SourceError> {
        let mut url = self.uploads();
        url.query_pairs_mut().append_pair("mount", &wanted.digest.to_string()).append_pair("from", from);
        let answer = self.write(&url, Written::nothing(Verb::Post), 0, &[201, 202]).await?;
        if answer.status == 201 {
            return Ok(None);
        }
        self.upload_of(&answer).map(Some)
    }

    async fn begin(&self) -> Result<Upload, SourceError> {
        let answer = self.write(&self.uploads(), Written::nothing(Verb::Post), 0, &[202]).await?;
        self.upload_of(&answer)
    }

    fn uploads(&self) -> Url {
        self.repository.url("blobs", "uploads/")
    }

    /// Sends a blob whole; piece by piece if it is too large for the registry or for what stands before it.
    async fn send(&self, wanted: &Descriptor, file: &Path, begun: Option<Upload>) -> Result<(), SourceError> {
        let upload = match begun {
            Some(upload) => upload,
            None => self.begin().await?,
        };
        let all = Content::Part { file, from: 0, length: wanted.size };
        match self.finish(&upload, wanted, all).await {
            Err(SourceError::Status { status: 413, .. }) => self.send_pieces(wanted, file).await,
            sent => sent,
        }
    }

    async fn send_pieces(&self, wanted: &Descriptor, file: &Path) -> Result<(), SourceError> {
        let mut upload = self.begin().await?;
        let piece = PIECE.max(upload.smallest);
        let mut from = 0;
        while from < wanted.size {
            let length = piece.min(wanted.size - from);
            let content = Content::Part { file, from, length };
            let range = Some((from, from + length - 1));
            let written = Written { verb: Verb::Patch, content, media_type: Some(BINARY), range };
            let answer = self.write(&upload.place, written, length, &[202]).await?;
            upload = self.upload_of(&answer)?;
            from += length;
        }
        self.finish(&upload, wanted, Content::Bytes(&[])).await
    }

    async fn finish(&self, upload: &Upload, wanted: &Descriptor, content: Content<'_>) -> Result<(), SourceError> {
        let mut url = upload.place.clone();
        url.query_pairs_mut().append_pair("digest", &wanted.digest.to_string());
        let written = Written { verb: Verb::Put, content, media_type: Some(BINARY), range: None };
        let answer = self.write(&url, written, wanted.size, &[201]).await?;
        self.check_digest(&answer, &wanted.digest)
    }

    /// Where an upload goes on. The login goes with it, and so do the bytes: they are for this registry and no other host.
    fn upload_of(&self, answer: &Answer) -> Result<Upload, SourceError> {
        let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let refused = |to: String, reason| Err(SourceError::Redirected { at: self.upload(), to, reason });
        let Some(place) = answer.url.join(location).ok().filter(|_| !location.is_empty()) else {
            return refused(format!("\"{}\"", printable(location)), "an upload has no address");
        };
        if place.origin() != self.repository.base.origin() || has_login(&place) {
            return refused(shown_host(&place), "an upload goes to the registry itself and to no other host");
        }
        Ok(Upload { place, smallest: smallest_piece(&answer.headers).min(LARGEST_PIECE) })
    }

    /// The digest that a registry says it keeps, if it says one of the same kind.
    fn check_digest(&self, answer: &Answer, expected: &Digest) -> Result<(), SourceError> {
        let stated = answer.headers.get("Docker-Content-Digest").and_then(|value| value.to_str().ok());
        let is_other = |stated: &&str| {
            let kind = format!("{}:", expected.algorithm().name());
            stated.starts_with(&kind) && **stated != expected.to_string()
        };
        match stated.filter(is_other) {
            Some(stated) => Err(SourceError::Unexpected {
                at: self.upload(),
                expected: "the digest of what was sent",
                found: printable(stated),
            }),
            None => Ok(()),
        }
    }

    /// Writes, and takes one of these statuses for success.
    async fn write(&self, url: &Url, written: Written<'_>, size: u64, expected: &[u16]) -> Result<Answer, SourceError> {
        let transport = &self.repository.registries.transport;
        let refuse = |_: &Url| Err("what is written is not written elsewhere");
        let deadline = self.repository.deadline.of_its_own(size);
        let request = self.request(url, "*/*", 0, &refuse);
        let request = Request { method: Method::Write(written), deadline, ..request };
        let (answer, grant) = self.repository.ask(&request).await?;
        match answer.status {
            status if expected.contains(&status) => Ok(answer),
            401 | 403 => Err(self.denied(at(&request), &answer, grant.as_deref())),
            _ => Err(failure(transport, at(&request), &answer)),
        }
    }

    fn denied(&self, at: String, answer: &Answer, grant: Option<&Grant>) -> SourceError {
        let login = grant.map_or(LoginUse::Unasked, |grant| grant.login.clone());
        let said = self.repository.registries.transport.said(answer);
        SourceError::Denied(Denial { at, host: shown_host(&answer.url), status: answer.status, said, login })
    }

    fn upload(&self) -> String {
        format!("an upload to {}", self.repository.reference.name)
    }

    fn redirects(&self) -> impl Fn(&Url) -> Result<(), &'static str> {
        |hop: &Url| may_redirect(&self.repository.base, hop, self.repository.registries.plain_http)
    }

    fn request<'a>(
        &self,
        url: &'a Url,
        accept: &'static str,
        limit: u64,
        redirects: &'a dyn Fn(&Url) -> Result<(), &'static str>,
    ) -> Request<'a> {
        let deadline = self.repository.deadline.of_its_own(limit);
        Request { deadline, ..self.repository.request(url, accept, limit, redirects) }
    }
}

const BINARY: &str = "application/octet-stream";

/// distribution-spec, "Pushing a blob in chunks": `OCI-Chunk-Min-Length`.
fn smallest_piece(headers: &HeaderMap) -> u64 {
    headers.get("OCI-Chunk-Min-Length").and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or_default()
}

/// Whether an upload that is begun anew may succeed.
fn may_pass(error: &SourceError) -> bool {
    match error {
        // 404 and 416: the registry forgot the upload that it had begun.
        SourceError::Status { status, .. } => matches!(status, 404 | 416 | 500..),
        SourceError::Connection { .. } | SourceError::Timeout { .. } => true,
        _ => false,
    }
}
