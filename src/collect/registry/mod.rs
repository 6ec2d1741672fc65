//! Registries that speak the OCI distribution protocol.
//!
//! Registries are not trusted: every byte is counted, every wait ends, every address that a registry names is judged
//! before it is used, and a login goes only to its registry and to that registry's own token server.

mod access;
mod address;
mod answers;
mod cache;
mod challenge;
mod connection;
mod credentials;
mod download;
mod failure;
mod github;
mod hosts;
mod link;
mod mirror;
mod npm;
mod proxy;
mod push;
mod realm;
mod resolver;
mod store;
mod tags;
mod throttle;
mod tls;
mod transport;

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use jiff::SignedDuration;
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use tokio::time::{Instant, timeout_at};

pub use credentials::{Credentials, CredentialsError, FoundLogin, HelperFailure, Login, Logins};
pub use download::{FileServer, FileServerError, FileServerSettings};
pub use github::{GitHubAttestations, GitHubBase, GitHubBaseError};
pub use hosts::{HostPlace, HostPlaces, HostsError};
pub use mirror::{Mirror, MirrorError};
pub use npm::{NpmBase, NpmBaseError, NpmRegistry, collect_npm};
pub use push::{Pushed, PutManifest, RegistryTarget};
pub use realm::{TokenServer, TokenServerError};
pub use store::{Store, Tell};
pub use throttle::Pace;
pub use tls::SettingsError;
pub use transport::NetworkUse;

use access::{Access, Grant, Renewal, Rights, Scope};
use address::{Place, place_of};
use cache::Cache;
use failure::failure;
use proxy::Proxies;
use resolver::Resolver;
use store::{Key, Kind};
use tls::Trust;
use transport::{Answer, Deadline, Request, Transport, at, error_code, shown_host};

use super::error::SourceError;
use super::limits::Limits;
use super::login_use::{Denial, LoginOrigin, LoginUse};
use super::said::printable;
use super::source::{CosignTag, Fetched, NextPage, ReferrersPage, Source, Tagged};
use super::spool::Spool;
use crate::oci::media_type::{OCI_INDEX, essence, says_nothing};
use crate::oci::{
    Algorithm, Blob, Descriptor, Digest, ImageName, Manifest, ManifestError, ReferrersList, RegistryReference,
};
use crate::secrets::Secrets;

/// How registries are spoken to in a run.
#[derive(Debug, Clone)]
pub struct RegistrySettings {
    /// Whether registries other than this machine are spoken to without encryption.
    pub plain_http: bool,
    /// Certificates in PEM that are trusted beside the system's. With them this machine is spoken to over https too.
    pub ca_file: Option<Vec<u8>>,
    /// A client certificate with its private key, in PEM. It is shown to the registries that are opened and their mirrors.
    pub client_certificate: Option<Vec<u8>>,
    /// Token servers on other hosts than their registries that get the login for that registry.
    pub token_servers: Vec<TokenServer>,
    /// Registries that are asked in place of others; of several for one registry the first.
    pub mirrors: Vec<Mirror>,
    /// The longest wait for an answer, or for its next bytes.
    pub silence: Duration,
    /// How fast and how often each host is asked at most.
    pub pace: Pace,
    /// Collects every login and token in use, so that the output filter can remove them.
    pub secrets: Secrets,
    /// Manifests and blobs of earlier runs.
    pub store: Option<Rc<Store>>,
}

impl RegistrySettings {
    /// Settings without certificates, mirrors or token servers from the user.
    pub fn plain(silence: Duration) -> Self {
        Self {
            plain_http: false,
            ca_file: None,
            client_certificate: None,
            token_servers: Vec::new(),
            mirrors: Vec::new(),
            silence,
            pace: Pace::default(),
            secrets: Secrets::default(),
            store: None,
        }
    }
}

/// The registries of a run: all its images share connections, tokens, counts and the cache.
pub struct Registries {
    plain_http: bool,
    has_own_roots: bool,
    mirrors: Vec<Mirror>,
    transport: Transport,
    access: Access,
    cache: Cache,
    store: Option<Rc<Store>>,
}

impl Registries {
    /// Prepares to speak to registries. Nothing is sent, no login is looked up, and no TLS roots are loaded yet.
    pub fn new(settings: &RegistrySettings, credentials: Box<dyn Credentials>) -> Result<Rc<Self>, SettingsError> {
        Self::resolving(settings, credentials, Resolver::system())
    }

    fn resolving(
        settings: &RegistrySettings,
        credentials: Box<dyn Credentials>,
        resolver: Resolver,
    ) -> Result<Rc<Self>, SettingsError> {
        let trust = Trust::read(settings.ca_file.as_deref(), settings.client_certificate.as_deref())?;
        let has_own_roots = !trust.roots.is_empty();
        let transport =
            Transport::new(trust, settings.silence, resolver, settings.secrets.clone()).paced(settings.pace);
        transport.check_identity().map_err(SettingsError::Identity)?;
        for server in &settings.token_servers {
            transport.give_host(server.host());
        }
        Ok(Rc::new(Self {
            plain_http: settings.plain_http,
            has_own_roots,
            mirrors: settings.mirrors.clone(),
            transport,
            access: Access::new(credentials, settings.token_servers.clone(), settings.secrets.clone()),
            cache: Cache::default(),
            store: settings.store.clone(),
        }))
    }

    /// Opens an image. Its time starts now.
    pub fn open(
        self: &Rc<Self>,
        reference: &RegistryReference,
        limits: &Limits,
    ) -> Result<RegistrySource, SourceError> {
        let asked = self.asked(&reference.name);
        let (registry, repository) = (asked.registry().to_owned(), asked.repository().to_owned());
        self.open_at(reference, &asked, Scope { registry, repository, rights: Rights::Pull }, limits)
    }

    /// Opens it under the name that is asked.
    fn open_at(
        self: &Rc<Self>,
        reference: &RegistryReference,
        asked: &ImageName,
        scope: Scope,
        limits: &Limits,
    ) -> Result<RegistrySource, SourceError> {
        let host = asked.api_host();
        let scheme = if self.is_plain(asked) { "http" } else { "https" };
        let not_a_host = |_| SourceError::Unexpected {
            at: reference.to_string(),
            expected: "a host that can be asked",
            found: host.to_owned(),
        };
        let base = Url::parse(&format!("{scheme}://{host}/")).map_err(not_a_host)?;
        self.transport.give_host(base.host_str().unwrap_or_default());
        self.transport.identify_to(&base);
        Ok(RegistrySource {
            registries: Rc::clone(self),
            scope,
            reference: reference.clone(),
            base,
            deadline: Deadline { at: Instant::now() + limits.total_time, allowed: limits.total_time },
        })
    }

    /// Returns the name under which an image is asked for on a mirror, if there is one for its registry.
    pub fn mirror_of(&self, image: &ImageName) -> Option<ImageName> {
        self.mirrors.iter().find_map(|mirror| mirror.name_of(image))
    }

    /// Returns the name under which an image is asked for: its own, or that on a mirror.
    pub fn asked(&self, image: &ImageName) -> ImageName {
        self.mirror_of(image).unwrap_or_else(|| image.clone())
    }

    /// Looks up the login that an image's registry, or its mirror, would be shown.
    pub fn login_of(&self, image: &ImageName) -> Result<Option<FoundLogin>, CredentialsError> {
        let asked = self.asked(image);
        self.access.find_login(asked.registry(), asked.repository())
    }

    /// Whether a registry is asked without encryption.
    pub fn is_plain(&self, image: &ImageName) -> bool {
        self.plain_http || (image.is_loopback() && !self.has_own_roots)
    }

    /// Names the proxy that an image's registry, or its mirror, is asked through; never its login.
    pub fn proxy_of(&self, image: &ImageName) -> Option<String> {
        let asked = self.asked(image);
        let scheme = if self.is_plain(&asked) { "http" } else { "https" };
        let url = Url::parse(&format!("{scheme}://{}/", asked.api_host())).ok()?;
        let proxy = Proxies::of_environment().on_the_way_to(&url)?;
        Some(format!("the proxy {} (from {})", proxy.address, proxy.variable))
    }

    /// Returns how far this machine's clock is ahead of the registries', if one of them said its time.
    pub fn clock_ahead(&self) -> Option<SignedDuration> {
        self.transport.clock_ahead()
    }

    /// Returns where the logins come from that were looked up so far: those that a registry wanted.
    pub fn login_origins(&self) -> Vec<LoginOrigin> {
        self.access.origins()
    }

    /// Returns what was asked of the network so far.
    pub fn network_use(&self) -> NetworkUse {
        self.transport.used()
    }
}

/// One image in a registry.
pub struct RegistrySource {
    registries: Rc<Registries>,
    reference: RegistryReference,
    scope: Scope,
    base: Url,
    deadline: Deadline,
}

/// A request that is sent only if neither the run's cache nor the `--cache` folder has the content.
type Fetch<'a> = Pin<Box<dyn Future<Output = Result<Fetched, SourceError>> + 'a>>;

/// Content that is asked for by its digest.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    kind: Kind,
    digest: &'a Digest,
    /// Its size, where that is known.
    size: Option<u64>,
    /// The most bytes that are read.
    limit: u64,
}

impl Wanted<'_> {
    fn has_size(&self, blob: &Blob) -> bool {
        self.size.is_none_or(|size| blob.bytes().len() as u64 == size)
    }
}

impl<'a> Wanted<'a> {
    fn of(kind: Kind, wanted: &'a Descriptor) -> Self {
        Self { kind, digest: &wanted.digest, size: Some(wanted.size), limit: wanted.size }
    }
}

/// The accepted types of manifests, in order of preference ([`crate::oci::media_type::ACCEPTED`]).
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// The largest blob that is cached, in bytes. A larger one is mostly an SBOM, which is decoded in its own buffer, and a
/// shared buffer cannot be written.
const MOST_CACHED: u64 = 1024 * 1024;

impl RegistrySource {
    /// Gets what must be there in full: status 200, or an error that says why not.
    async fn get(&self, url: &Url, accept: &'static str, limit: u64) -> Result<Answer, SourceError> {
        let redirects = |hop: &Url| may_redirect(&self.base, hop, self.registries.plain_http);
        let (answer, grant) = self.ask(&self.request(url, accept, limit, &redirects)).await?;
        judge(&self.registries.transport, self.at(url), answer, grant.as_deref())
    }

    fn request<'a>(
        &self,
        url: &'a Url,
        accept: &'static str,
        limit: u64,
        redirects: &'a dyn Fn(&Url) -> Result<(), &'static str>,
    ) -> Request<'a> {
        Request::get(url, accept, limit, self.deadline, redirects)
    }

    /// Sends a request, and once more with a token if the registry asks for one; returns the answer and the grant used.
    async fn ask(&self, request: &Request<'_>) -> Result<(Answer, Option<Rc<Grant>>), SourceError> {
        let access = &self.registries.access;
        let held = access.current(&self.scope).await;
        let mut request = Request { authorization: held.as_deref().map(|grant| &grant.header), ..*request };
        let answer = self.registries.transport.send(&request).await?;
        // A 401 from a host that the registry redirected to does not come from the registry.
        if answer.status != 401 || answer.url.origin() != self.base.origin() {
            return Ok((answer, held));
        }
        let mut renewal = Renewal {
            transport: &self.registries.transport,
            base: &self.base,
            scope: &self.scope,
            deadline: self.deadline,
            at: at(&request),
            answer: &answer,
            refused: held.clone(),
        };
        let fresh = access.renew(&renewal).await?;
        request.authorization = Some(&fresh.header);
        let second = self.registries.transport.send(&request).await?;
        let is_pull = self.scope.rights == Rights::Pull;
        if is_pull && matches!(second.status, 401 | 403) && matches!(fresh.login, LoginUse::Login(_)) {
            renewal.refused = Some(Rc::clone(&fresh));
            if let Some(public) = self.get_without_login(&renewal, &request).await {
                return Ok((public, None));
            }
        }
        Ok((second, Some(fresh)))
    }

    /// Asks for a list of referrers. That the registry keeps none is told in more ways than one.
    async fn list(&self, url: &Url, limit: u64) -> Result<Answer, SourceError> {
        let host = self.base.host_str().unwrap_or_default();
        let leads_nowhere = Cell::new(false);
        let redirects = |hop: &Url| {
            leads_nowhere.set(answers::leads_to_no_list(host, hop));
            if leads_nowhere.get() {
                Err("it is not a list")
            } else {
                may_redirect(&self.base, hop, self.registries.plain_http)
            }
        };
        let asked = self.ask(&self.request(url, OCI_INDEX, limit, &redirects)).await;
        let at = self.at(url);
        if leads_nowhere.get() {
            return Err(SourceError::NotFound { at });
        }
        let (answer, grant) = asked?;
        if answers::means_no_list(host, answer.status, error_code(&answer.body).as_deref()) {
            return Err(SourceError::NotFound { at });
        }
        judge(&self.registries.transport, at, answer, grant.as_deref())
    }

    /// Repeats the request anonymously: a login without access to this image must not block anonymous access.
    ///
    /// Only a success counts. For any other anonymous answer, the answer to the login was the true one: some registries
    /// tell strangers "not found" for existing repositories.
    async fn get_without_login(&self, renewal: &Renewal<'_>, request: &Request<'_>) -> Option<Answer> {
        let access = &self.registries.access;
        let grant = access.without_login(renewal).await?;
        let anonymous = Request { authorization: Some(&grant.header), ..*request };
        let answer = self.registries.transport.send(&anonymous).await.ok().filter(|answer| answer.status == 200)?;
        access.keep(&self.scope, grant).await;
        Some(answer)
    }

    fn url(&self, kind: &str, name: &str) -> Url {
        let mut url = self.base.clone();
        // Repository, tag and digest have grammars without a character that means something in a path.
        url.set_path(&format!("/v2/{}/{kind}/{name}", self.scope.repository));
        url
    }

    async fn manifest_by_name(&self, name: &str, limit: u64) -> Result<(String, Answer), SourceError> {
        let url = self.url("manifests", name);
        Ok((self.at(&url), self.get(&url, MANIFESTS, limit).await?))
    }

    /// Fetches a manifest by tag; its digest is that of the bytes and not that of the response header (A005, A006).
    async fn manifest_by_tag(&self, tag: &str, limit: u64) -> Result<Fetched, SourceError> {
        let (_, answer) = self.manifest_by_name(tag, limit).await?;
        let content_type = content_type(&answer.headers);
        let fetched = Fetched { blob: Blob::of(Algorithm::Sha256, answer.body), content_type };
        self.registries.cache.add(&self.scope, &fetched);
        Ok(fetched)
    }

    /// Fetches a manifest by its digest; its size is not known.
    async fn manifest_by_digest(&self, digest: &Digest, limit: u64) -> Result<Fetched, SourceError> {
        let wanted = Wanted { kind: Kind::Manifest, digest, size: None, limit };
        let fetch = Box::pin(async {
            let (at, answer) = self.manifest_by_name(&digest.to_string(), limit).await?;
            let content_type = content_type(&answer.headers);
            let blob = Blob::expect(digest, answer.body).map_err(|source| SourceError::Corrupt { at, source })?;
            Ok(Fetched { blob, content_type })
        });
        self.once(wanted, fetch).await
    }

    /// Returns a digest's content from the cache, or fetches it. If the size differs from the expected one, it is fetched again, so
    /// that the error names the fault.
    async fn once(&self, wanted: Wanted<'_>, fetch: Fetch<'_>) -> Result<Fetched, SourceError> {
        let cache = &self.registries.cache;
        let turn = cache.turn(&self.scope, wanted.digest);
        // Another image may fetch the same: this one waits for it as long as it may wait at all.
        let _held = timeout_at(self.deadline.at, turn.lock()).await.ok();
        if let Some(fetched) = cache.find(&self.scope, wanted.digest).filter(|fetched| wanted.has_size(&fetched.blob)) {
            return Ok(fetched);
        }
        let fetched = self.stored(wanted, fetch).await?;
        cache.add(&self.scope, &fetched);
        Ok(fetched)
    }

    /// Returns what an earlier run kept of a digest, or fetches it and keeps it for later ones.
    ///
    /// The digest does not cover the type that the registry states. So a manifest is kept only where it reads the same without that
    /// type.
    async fn stored(&self, wanted: Wanted<'_>, fetch: Fetch<'_>) -> Result<Fetched, SourceError> {
        let Some(store) = &self.registries.store else { return fetch.await };
        let key = Key { scope: &self.scope, kind: wanted.kind, digest: wanted.digest };
        if let Some(blob) = store.find(key, wanted.limit).filter(|blob| wanted.has_size(blob)) {
            return Ok(Fetched { blob, content_type: None });
        }
        let fetched = fetch.await?;
        let reads_the_same = match wanted.kind {
            Kind::Blob => true,
            Kind::Manifest => {
                let stated = Manifest::parse(&fetched.blob, fetched.content_type.as_deref());
                stated.is_ok() && stated == Manifest::parse(&fetched.blob, None)
            }
        };
        if reads_the_same {
            store.add(key, &fetched.blob);
        }
        Ok(fetched)
    }

    async fn fetch_blob(&self, wanted: &Descriptor) -> Result<Blob, SourceError> {
        let url = self.url("blobs", &wanted.digest.to_string());
        let answer =
            self.get(&url, "*/*", wanted.size).await.map_err(|error| longer_than_declared(error, wanted.size))?;
        Blob::expect_sized(&wanted.digest, wanted.size, answer.body)
            .map_err(|source| SourceError::Corrupt { at: self.at(&url), source })
    }

    fn at(&self, url: &Url) -> String {
        at(&self.request(url, "", 0, &|_| Ok(())))
    }
}

/// Judges a redirect of manifests and blobs; registries keep blobs on other hosts (A013).
fn may_redirect(registry: &Url, hop: &Url, plain_http: bool) -> Result<(), &'static str> {
    let host = hop.host_str().ok_or("it has no host")?;
    if registry.host_str() == Some(host) {
        return Ok(());
    }
    let registry_is_here = registry.host_str().is_some_and(|host| place_of(host) == Place::Loopback);
    match place_of(host) {
        Place::Forbidden => Err("it is a link-local, unspecified or metadata address"),
        Place::Loopback if !registry_is_here => Err("it is this machine, and the registry is not"),
        Place::Private | Place::Public if hop.scheme() != "https" && !plain_http => {
            Err("the connection would not be encrypted")
        }
        _ => Ok(()),
    }
}

/// Passes a success on, and says what everything else is.
fn judge(transport: &Transport, at: String, answer: Answer, grant: Option<&Grant>) -> Result<Answer, SourceError> {
    match answer.status {
        200 => Ok(answer),
        404 => Err(SourceError::NotFound { at }),
        401 | 403 => {
            let login = grant.map_or(LoginUse::Unasked, |grant| grant.login.clone());
            let (host, said) = (shown_host(&answer.url), transport.said(&answer));
            Err(SourceError::Denied(Denial { at, host, status: answer.status, said, login }))
        }
        _ => Err(failure(transport, at, &answer)),
    }
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    headers.get(CONTENT_TYPE)?.to_str().ok().map(str::to_owned)
}

/// A body that is longer than its descriptor says was not read to its end, but is wrong already.
fn longer_than_declared(error: SourceError, expected: u64) -> SourceError {
    match error {
        SourceError::Limit { at, .. } => SourceError::TooLong { at, expected },
        other => other,
    }
}

impl Source for RegistrySource {
    fn name(&self) -> Option<String> {
        Some(self.reference.name.to_string())
    }

    async fn root(&self, limit: u64) -> Result<Fetched, SourceError> {
        match (&self.reference.digest, &self.reference.tag) {
            (Some(digest), _) => self.manifest_by_digest(digest, limit).await,
            (None, Some(tag)) => self.manifest_by_tag(tag.as_str(), limit).await,
            (None, None) => self.manifest_by_tag("latest", limit).await,
        }
    }

    async fn manifest(&self, wanted: &Descriptor) -> Result<Fetched, SourceError> {
        let fetch = Box::pin(async {
            let answer = self.manifest_by_name(&wanted.digest.to_string(), wanted.size).await;
            let (at, answer) = answer.map_err(|error| longer_than_declared(error, wanted.size))?;
            let content_type = content_type(&answer.headers);
            let blob = Blob::expect_sized(&wanted.digest, wanted.size, answer.body)
                .map_err(|source| SourceError::Corrupt { at, source })?;
            Ok(Fetched { blob, content_type })
        });
        self.once(Wanted::of(Kind::Manifest, wanted), fetch).await
    }

    async fn listed(&self, digest: &Digest, limit: u64) -> Result<Fetched, SourceError> {
        self.manifest_by_digest(digest, limit).await
    }

    async fn blob(&self, wanted: &Descriptor) -> Result<Blob, SourceError> {
        let fetch = Box::pin(async { Ok(Fetched { blob: self.fetch_blob(wanted).await?, content_type: None }) });
        let of_blob = Wanted::of(Kind::Blob, wanted);
        let fetched =
            if wanted.size > MOST_CACHED { self.stored(of_blob, fetch).await } else { self.once(of_blob, fetch).await };
        Ok(fetched?.blob)
    }

    async fn spool(&self, wanted: &Descriptor, to: &Spool) -> Result<(), SourceError> {
        let url = self.url("blobs", &wanted.digest.to_string());
        let redirects = |hop: &Url| may_redirect(&self.base, hop, self.registries.plain_http);
        let request = self.request(&url, "*/*", wanted.size, &redirects);
        let request = Request { deadline: self.deadline.of_its_own(wanted.size), spool: Some(to), ..request };
        let asked = self.ask(&request).await;
        let judged = asked
            .and_then(|(answer, grant)| judge(&self.registries.transport, self.at(&url), answer, grant.as_deref()));
        judged.map(drop).map_err(|error| longer_than_declared(error, wanted.size))
    }

    async fn payload(&self, digest: &Digest, limit: u64) -> Result<Blob, SourceError> {
        let fetch = Box::pin(async {
            let url = self.url("blobs", &digest.to_string());
            let answer = self.get(&url, "*/*", limit).await?;
            let blob = Blob::expect(digest, answer.body);
            let blob = blob.map_err(|source| SourceError::Corrupt { at: self.at(&url), source })?;
            Ok(Fetched { blob, content_type: None })
        });
        let wanted = Wanted { kind: Kind::Blob, digest, size: None, limit };
        Ok(self.stored(wanted, fetch).await?.blob)
    }

    async fn referrers(
        &self,
        subject: &Digest,
        page: Option<&NextPage>,
        limit: u64,
    ) -> Result<ReferrersPage, SourceError> {
        let first = self.url("referrers", &subject.to_string());
        let url = match page {
            Some(NextPage(next)) => link::judge(&first, next, || self.at(&first))?,
            None => first,
        };
        let answer = self.list(&url, limit).await?;
        read_page(self.at(&url), answer)
    }

    async fn referrers_tag(&self, subject: &Digest, limit: u64) -> Result<Fetched, SourceError> {
        self.manifest_by_tag(&subject.referrers_tag(), limit).await
    }

    async fn cosign_tag(&self, subject: &Digest, tag: CosignTag, limit: u64) -> Result<Vec<Tagged>, SourceError> {
        let tag = subject.cosign_tag(tag.suffix());
        let manifest = self.manifest_by_tag(&tag, limit).await?;
        Ok(vec![Tagged { tag, manifest }])
    }
}

fn read_page(at: String, answer: Answer) -> Result<ReferrersPage, SourceError> {
    let wrong = |at: String, found: &str| SourceError::OtherType {
        at,
        host: shown_host(&answer.url),
        expected: "an OCI index of referrers",
        found: printable(found),
    };
    let next = link::next_page(&answer.url, &answer.headers).map(NextPage);
    // distribution-spec: "the response MUST have the Content-Type application/vnd.oci.image.index.v1+json". Where the type
    // says nothing, the document is read as what was asked for; anything else, such as a login page, is not.
    match content_type(&answer.headers).as_deref().map(essence).as_deref() {
        Some(OCI_INDEX) => {}
        other if says_nothing(other) => {}
        other => return Err(wrong(at, other.unwrap_or_default())),
    }
    let bytes = answer.body.len() as u64;
    match ReferrersList::parse(&Blob::of(Algorithm::Sha256, answer.body), Some(OCI_INDEX)) {
        Ok(ReferrersList { manifests, unusable }) => Ok(ReferrersPage { manifests, unusable, next, bytes }),
        Err(ManifestError::NotAList { found }) => Err(wrong(at, &found)),
        Err(source) => Err(SourceError::Manifest { at, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect(text)
    }

    fn open(reference: &str, plain_http: bool) -> String {
        let settings = RegistrySettings { plain_http, ..RegistrySettings::plain(Duration::from_secs(1)) };
        let registries = Registries::new(&settings, Box::new(())).expect("settings");
        let reference: RegistryReference = reference.parse().expect(reference);
        registries.open(&reference, &Limits::default()).expect("a source").url("manifests", "x").to_string()
    }

    #[test]
    fn only_this_machine_is_spoken_to_without_encryption() {
        assert_eq!(open("alpine", false), "https://registry-1.docker.io/v2/library/alpine/manifests/x");
        assert_eq!(open("127.0.0.1:5000/a", false), "http://127.0.0.1:5000/v2/a/manifests/x");
        assert_eq!(open("[::1]:5000/a", false), "http://[::1]:5000/v2/a/manifests/x");
        assert_eq!(open("registry.lan:5000/a", false), "https://registry.lan:5000/v2/a/manifests/x");
        assert_eq!(open("registry.lan:5000/a", true), "http://registry.lan:5000/v2/a/manifests/x");
    }

    #[test]
    fn a013_a_redirect_to_a_store_of_blobs_is_followed() {
        let registry = url("https://ghcr.io/");
        assert!(may_redirect(&registry, &url("https://pkg-containers.githubusercontent.com/x"), false).is_ok());
        assert!(may_redirect(&registry, &url("https://10.0.0.7/x"), false).is_ok());
    }

    #[test]
    fn a014_a_redirect_to_this_machine_or_to_metadata_is_refused() {
        let registry = url("https://ghcr.io/");
        for hop in [
            "https://169.254.169.254/",
            "https://127.0.0.1/",
            "https://localhost/",
            "https://[::]/",
            "http://store.example/",
        ] {
            assert!(may_redirect(&registry, &url(hop), false).is_err(), "{hop}");
        }
        let here = url("http://127.0.0.1:5000/");
        assert!(may_redirect(&here, &url("http://127.0.0.1:9000/"), false).is_ok());
        assert!(may_redirect(&here, &url("http://169.254.169.254/"), false).is_err());
        assert!(may_redirect(&here, &url("http://store.example/"), false).is_err());
    }
}
