//! HTTP, with an end to everything: bodies, waits, redirects, attempts.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeSet;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read as _, Seek as _, SeekFrom, Take, Write as _};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, stream};
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION,
};
use reqwest::{Body, Client, RequestBuilder, Response, Url};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tracing::Level;

use super::connection;
use super::proxy::Proxies;
use super::resolver::Resolver;
use super::throttle::{self, Pace};
use super::tls::Trust;
use crate::collect::connection::{ConnectionFailure, ConnectionProblem};
use crate::collect::error::SourceError;
use crate::collect::said::{Said, printable};
use crate::collect::spool::Spool;
use crate::secrets::Secrets;

/// Sends requests, and counts them.
pub(super) struct Transport {
    trust: Trust,
    silence: Duration,
    resolver: Resolver,
    proxies: Proxies,
    plain: OnceCell<Client>,
    encrypted: OnceCell<Client>,
    /// As `encrypted`, with the client certificate.
    identified: OnceCell<Client>,
    /// Origins that the client certificate is for.
    identified_to: RefCell<BTreeSet<String>>,
    used: RefCell<NetworkUse>,
    /// How far this machine's clock is ahead, by the nearest of all answers: an answer takes a while.
    clock_ahead: Cell<Option<SignedDuration>>,
    secrets: Secrets,
    hosts: throttle::Hosts,
}

/// What a run asked of the network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkUse {
    /// HTTP requests sent: each attempt, each redirect and each request for a token is one.
    pub requests: u64,
    /// Bytes of bodies received.
    pub bytes: u64,
    /// Hosts that requests were sent to, with the port unless it is the scheme's own.
    pub hosts: BTreeSet<String>,
    /// Variables of the environment that named a proxy on the way, or led around it.
    pub proxy_variables: BTreeSet<&'static str>,
    /// Whether TLS was spoken, and so authorities of certificates were needed.
    pub needs_authorities: bool,
}

impl NetworkUse {
    /// Adds what another part of the run asked.
    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.bytes += other.bytes;
        self.hosts.extend(other.hosts.iter().cloned());
        self.proxy_variables.extend(&other.proxy_variables);
        self.needs_authorities |= other.needs_authorities;
    }
}

/// One question.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) url: &'a Url,
    pub(super) accept: &'static str,
    pub(super) authorization: Option<&'a HeaderValue>,
    pub(super) method: Method<'a>,
    /// The largest body, in bytes.
    pub(super) limit: u64,
    /// The end of all waiting, and how long that was.
    pub(super) deadline: Deadline,
    /// Decides whether a redirect may be followed.
    pub(super) redirects: &'a dyn Fn(&Url) -> Result<(), &'static str>,
    /// Where the body of a success goes that is too large for memory.
    pub(super) spool: Option<&'a Spool>,
}

impl<'a> Request<'a> {
    /// Asks for a body that fits into memory, without a login.
    pub(super) fn get(
        url: &'a Url,
        accept: &'static str,
        limit: u64,
        deadline: Deadline,
        redirects: &'a dyn Fn(&Url) -> Result<(), &'static str>,
    ) -> Self {
        Self { url, accept, authorization: None, method: Method::Get, limit, deadline, redirects, spool: None }
    }
}

/// How a question is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method<'a> {
    Get,
    /// For the headers alone.
    Head,
    /// With this form.
    Post(&'a str),
    /// To keep something there.
    Write(Written<'a>),
}

/// Content to upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written<'a> {
    pub(super) verb: Verb,
    pub(super) content: Content<'a>,
    pub(super) media_type: Option<&'a str>,
    /// The first and the last byte of a piece.
    pub(super) range: Option<(u64, u64)>,
}

impl Written<'_> {
    /// A request without content.
    pub(super) fn nothing(verb: Verb) -> Self {
        Self { verb, content: Content::Bytes(&[]), media_type: None, range: None }
    }
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Post,
    Put,
    Patch,
}

/// The bytes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content<'a> {
    Bytes(&'a [u8]),
    /// Of a file of this program's own, which does not change.
    Part {
        file: &'a Path,
        from: u64,
        length: u64,
    },
}

impl Method<'_> {
    /// How often a request is sent whose answer does not come. What was sent in part is begun anew by those who began it.
    fn attempts(&self) -> u32 {
        match self {
            Self::Write(Written { content: Content::Part { .. }, .. }) => 1,
            _ => ATTEMPTS,
        }
    }
}

/// A question on its way: redirects lead from one address to the next.
#[derive(Clone, Copy)]
struct Hop<'a> {
    request: &'a Request<'a>,
    url: &'a Url,
}

/// When an image's time is up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    pub(super) allowed: Duration,
}

impl Deadline {
    /// Time for content of this size, beginning now: as much as for an image, and a second more for each of these bytes.
    pub(super) fn of_its_own(self, size: u64) -> Self {
        const EACH_SECOND: u64 = 1024 * 1024;
        let allowed = self.allowed + Duration::from_secs(size / EACH_SECOND);
        // A size that is a lie may be longer than time is.
        let at = Instant::now().checked_add(allowed).unwrap_or(self.at);
        Self { at, allowed }
    }
}

/// An answer, with any status.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// The whole body of a success; of anything else as much as messages need.
    pub(super) body: Bytes,
    /// Where the answer came from after redirects.
    pub(super) url: Url,
    /// The time for everything that was to be read, if the pause that the server asks for would end after it.
    too_long_for: Option<Duration>,
}

impl Answer {
    /// The pause that the server asks for before it is asked again.
    pub(super) fn asked_pause(&self) -> Option<Duration> {
        throttle::asked_pause(&self.headers, SystemTime::now())
    }

    /// This answer as one that asks to slow down.
    pub(super) fn throttled(&self, at: String, said: Said) -> SourceError {
        let host = shown_host(&self.url);
        SourceError::Throttled { at, host, said, retry_after: self.asked_pause(), too_long_for: self.too_long_for }
    }
}

/// The bytes that are read of an unsuccessful answer's body.
const ERROR_BODY: u64 = 8 * 1024;
/// A longer body counts as long, in bytes.
const PAGE: u64 = 1024 * 1024;
/// The size of one read of a file, in bytes.
const PIECE: usize = 64 * 1024;
const MOST_REDIRECTS: usize = 5;
const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// So often one request waits because the server asks for it.
const MOST_WAITS: u32 = 10;
/// RFC 9113 and RFC 9112 set no limit for headers; this is far above any honest answer (A035).
const HEADER_BYTES: u32 = 64 * 1024;

/// A failed attempt, and whether another may succeed.
struct Failure {
    error: SourceError,
    is_passing: bool,
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self { error, is_passing: false }
    }
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Transport").finish_non_exhaustive()
    }
}

impl Transport {
    pub(super) fn new(trust: Trust, silence: Duration, resolver: Resolver, secrets: Secrets) -> Self {
        Self {
            trust,
            silence,
            resolver,
            proxies: Proxies::of_environment(),
            plain: OnceCell::new(),
            encrypted: OnceCell::new(),
            identified: OnceCell::new(),
            identified_to: RefCell::default(),
            used: RefCell::default(),
            clock_ahead: Cell::new(None),
            secrets,
            hosts: throttle::Hosts::default(),
        }
    }

    /// The same, that asks no host faster or more often than this.
    pub(super) fn paced(self, pace: Pace) -> Self {
        Self { hosts: throttle::Hosts::paced(pace), ..self }
    }

    pub(super) fn used(&self) -> NetworkUse {
        self.used.borrow().clone()
    }

    /// Adds a host that the user gave; its addresses are not judged.
    pub(super) fn give_host(&self, host: &str) {
        self.resolver.give(host);
    }

    /// Shows the client certificate to this origin, if there is one.
    pub(super) fn identify_to(&self, url: &Url) {
        self.identified_to.borrow_mut().insert(url.origin().ascii_serialization());
    }

    /// Proves that the client certificate and its key fit, before the first request.
    pub(super) fn check_identity(&self) -> reqwest::Result<()> {
        if self.trust.identity.is_some() { self.build(true, true).map(drop) } else { Ok(()) }
    }

    /// Keeps a text out of all server messages: a server may repeat a secret that it was sent.
    pub(super) fn keep_secret(&self, text: &str) {
        self.secrets.keep(text);
    }

    /// Returns how far this machine's clock is ahead of the servers', if one of them said its time.
    pub(super) fn clock_ahead(&self) -> Option<SignedDuration> {
        self.clock_ahead.get()
    }

    /// Returns what an answer says about an error, without secrets.
    pub(super) fn said(&self, answer: &Answer) -> Said {
        Said::from_outside(&self.secrets.hide(&error_text(&answer.body)))
    }

    /// Sends a request, again if the failure may pass, until there is an answer or no more time.
    ///
    /// A pause that the server asks for is made if the image's time allows it, and does not count as a failed attempt:
    /// after the pause the server answers (RFC 9110 §10.2.3, RFC 6585 §4). All other requests to that host wait with
    /// it.
    pub(super) async fn send(&self, request: &Request<'_>) -> Result<Answer, SourceError> {
        let (mut attempt, mut waits) = (1, 0);
        loop {
            let mut outcome = self.follow(request).await;
            let asked = match &outcome {
                Ok(answer) if throttle::may_pass(answer.status) => answer.asked_pause(),
                Ok(answer) if answer.status == 403 && throttle::is_limit(&answer.headers) => answer.asked_pause(),
                Err(failure) if failure.is_passing => None,
                _ => return outcome.map_err(|failure| failure.error),
            };
            let own = own_pause(request.url, attempt);
            let pause = asked.map_or(own, |asked| asked.max(own));
            let is_late = Instant::now().checked_add(pause).is_none_or(|end| end >= request.deadline.at);
            let is_last = if asked.is_some() { waits == MOST_WAITS } else { attempt == request.method.attempts() };
            if let (true, Ok(answer)) = (is_late, &mut outcome) {
                answer.too_long_for = Some(request.deadline.allowed);
            }
            if is_late || is_last {
                return outcome.map_err(|failure| failure.error);
            }
            // A pause that is too long does not stop other requests: it may be about this request alone.
            if let (Ok(answer), Some(asked)) = (&outcome, asked) {
                self.hosts.pause(&shown_host(&answer.url), asked);
            }
            if asked.is_some() {
                waits += 1;
            } else {
                attempt += 1;
            }
            sleep(pause).await;
        }
    }

    /// Sends a request and follows redirects, without the authorization once the origin is another (A012, A013).
    async fn follow(&self, request: &Request<'_>) -> Result<Answer, Failure> {
        let mut url = request.url.clone();
        let mut authorization = request.authorization;
        for _ in 0..=MOST_REDIRECTS {
            let _turn = self.wait_for_turn(request, &url).await?;
            let began = Instant::now();
            let answer = self.once(request, &url, authorization).await;
            self.tell(request, &url, answer.as_ref().ok(), began.elapsed());
            let answer = answer?;
            self.note_clock(&answer);
            self.note_limit(request, &answer);
            if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(answer);
            }
            url = redirect_target(request, &answer)?;
            // After one redirect to another origin, not even a redirect back gets the login: a server chose that
            // address.
            authorization = authorization.filter(|_| url.origin() == request.url.origin());
        }
        Err(SourceError::Redirected { at: at(request), to: shown_host(&url), reason: "it was redirected too often" }
            .into())
    }

    /// Waits until the host may be asked: while it is busy with other requests, or one of them was told to wait.
    async fn wait_for_turn(
        &self,
        request: &Request<'_>,
        url: &Url,
    ) -> Result<Option<OwnedSemaphorePermit>, SourceError> {
        let host = shown_host(url);
        let turn = timeout_at(request.deadline.at, self.hosts.turn(&host)).await;
        let turn = turn.map_err(|_| SourceError::Timeout {
            at: at(request),
            waited_for: "everything that was to be read",
            allowed: request.deadline.allowed,
        })?;
        // The host may ask for more while this waits.
        loop {
            if let Some(end) = self.hosts.paused_until(&host) {
                if end >= request.deadline.at {
                    let retry_after = Some(end.saturating_duration_since(Instant::now()));
                    let too_long_for = Some(request.deadline.allowed);
                    return Err(SourceError::Throttled {
                        at: at(request),
                        host,
                        said: Said::default(),
                        retry_after,
                        too_long_for,
                    });
                }
                sleep_until(end).await;
                continue;
            }
            let place = self.hosts.place(&host, request.deadline.at).map_err(|()| SourceError::Timeout {
                at: at(request),
                waited_for: "its turn at the pace of `--requests-per-second`",
                allowed: request.deadline.allowed,
            })?;
            if let Some(place) = place {
                sleep_until(place).await;
            }
            if self.hosts.paused_until(&host).is_none() {
                break;
            }
        }
        self.hosts.spend(&host).map_err(|allowed| SourceError::Spent { at: at(request), host, allowed })?;
        Ok(turn)
    }

    /// Lets the host rest until its limit begins anew, if this answer was the last that the limit allows. A rest that is longer than
    /// this image may wait is not taken: the limit may be about this kind of request alone.
    fn note_limit(&self, request: &Request<'_>, answer: &Answer) {
        let Some(pause) = throttle::pause_of_used_up(&answer.headers, SystemTime::now()) else { return };
        let is_in_time = Instant::now().checked_add(pause).is_some_and(|end| end < request.deadline.at);
        if answer.status == 200 && is_in_time {
            self.hosts.pause(&shown_host(&answer.url), pause);
        }
    }

    /// Tells of a request that is over. No secret is told: no query, no header, no body.
    fn tell(&self, request: &Request<'_>, url: &Url, answer: Option<&Answer>, took: Duration) {
        if !tracing::event_enabled!(Level::DEBUG) {
            return;
        }
        let query = if url.query().is_some() { "?…" } else { "" };
        let address = format!("{}://{}{}{query}", url.scheme(), shown_host(url), url.path());
        let (method, address) = (method(request), self.secrets.hide(&address));
        let status = answer.map_or_else(|| "failed".to_owned(), |answer| answer.status.to_string());
        let bytes = answer.map_or(0, |answer| answer.body.len());
        tracing::debug!("{method} {address}  {status}  {bytes} bytes  {} ms", took.as_millis());
    }

    fn note_clock(&self, answer: &Answer) {
        let Some(date) = throttle::date_of(&answer.headers) else { return };
        let ahead = Timestamp::now().duration_since(date);
        if self.clock_ahead.get().is_none_or(|known| ahead.abs() < known.abs()) {
            self.clock_ahead.set(Some(ahead));
        }
    }

    async fn once(
        &self,
        request: &Request<'_>,
        url: &Url,
        authorization: Option<&HeaderValue>,
    ) -> Result<Answer, Failure> {
        let client = self.client(request, url)?;
        let sent = Arc::new(AtomicU64::new(0));
        let mut builder = match request.method {
            Method::Write(written) => write(client, url, written, &sent)?,
            Method::Post(form) => {
                client.post(url.clone()).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.to_owned())
            }
            Method::Get => client.get(url.clone()),
            Method::Head => client.head(url.clone()),
        };
        builder = builder.header(ACCEPT, request.accept);
        if let Some(authorization) = authorization {
            builder = builder.header(AUTHORIZATION, authorization);
        }
        self.resolver.expect(url.host_str().unwrap_or_default());
        self.count_request(url);
        let hop = Hop { request, url };
        let progress = || sent.load(Ordering::Relaxed);
        let mut response = self.wait_while("the answer", hop, progress, builder.send()).await?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        // RFC 9110 §9.3.2: an answer to HEAD states the length of a body that it does not have.
        let body = if request.method == Method::Head {
            Bytes::new()
        } else if status == 200 {
            self.body(hop, response).await?
        } else {
            // Read so that the connection can be used again; what does not fit or does not come is not missed.
            self.error_body(hop, response).await
        };
        Ok(Answer { status, headers, body, url: url.clone(), too_long_for: None })
    }

    /// Reads a body up to the limit, with any `Content-Length` (A007).
    async fn body(&self, hop: Hop<'_>, mut response: Response) -> Result<Bytes, Failure> {
        let request = hop.request;
        let declared = response.content_length().unwrap_or_default();
        if declared > request.limit {
            return Err(too_large(request, declared.to_string()).into());
        }
        // No more room than for a page is made on a server's word alone.
        let mut body = BytesMut::with_capacity(usize::try_from(declared.min(PAGE)).unwrap_or_default());
        if let Some(spool) = request.spool {
            return self.spool(hop, response, spool).await;
        }
        while let Some(chunk) = self.wait("the rest of the answer", hop, response.chunk()).await? {
            self.count_bytes(&chunk);
            if (body.len() + chunk.len()) as u64 > request.limit {
                return Err(too_large(request, "more".to_owned()).into());
            }
            make_room(&mut body, chunk.len(), request.limit);
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    /// Writes a body up to the limit into a file.
    async fn spool(&self, hop: Hop<'_>, mut response: Response, mut spool: &Spool) -> Result<Bytes, Failure> {
        let request = hop.request;
        let mut length = 0;
        let mut wrote = spool.restart();
        while let Some(chunk) = self.wait("the rest of the answer", hop, response.chunk()).await? {
            self.count_bytes(&chunk);
            length += chunk.len() as u64;
            if length > request.limit {
                return Err(too_large(request, "more".to_owned()).into());
            }
            wrote = wrote.and_then(|()| spool.write_all(&chunk));
            if let Err(error) = wrote {
                return Err(SourceError::NotKept { at: at(request), source: Arc::new(error) }.into());
            }
        }
        Ok(Bytes::new())
    }

    async fn error_body(&self, hop: Hop<'_>, mut response: Response) -> Bytes {
        let mut body = BytesMut::new();
        while let Ok(Some(chunk)) = self.wait("the rest of the answer", hop, response.chunk()).await {
            self.count_bytes(&chunk);
            body.extend_from_slice(&chunk);
            if body.len() as u64 > ERROR_BODY {
                break;
            }
        }
        body.freeze()
    }

    /// Waits for one step, not longer than the longest silence and not beyond the deadline.
    async fn wait<T>(
        &self,
        waited_for: &'static str,
        hop: Hop<'_>,
        step: impl Future<Output = reqwest::Result<T>>,
    ) -> Result<T, Failure> {
        self.wait_while(waited_for, hop, || 0, step).await
    }

    /// The same for a step that takes longer as long as something goes on: `progress` counts it.
    async fn wait_while<T>(
        &self,
        waited_for: &'static str,
        hop: Hop<'_>,
        progress: impl Fn() -> u64,
        step: impl Future<Output = reqwest::Result<T>>,
    ) -> Result<T, Failure> {
        let request = hop.request;
        let mut step = pin!(step);
        loop {
            let (before, silence) = (progress(), Instant::now() + self.silence);
            let (end, waited_for, allowed) = if request.deadline.at < silence {
                (request.deadline.at, "everything that was to be read", request.deadline.allowed)
            } else {
                (silence, waited_for, self.silence)
            };
            match timeout_at(end, &mut step).await {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) => return Err(self.connection_failure(hop, &error)),
                Err(_) if end == silence && progress() != before => {}
                Err(_) => return Err(SourceError::Timeout { at: self.reached(hop), waited_for, allowed }.into()),
            }
        }
    }

    /// Returns the client for a scheme. Loading the system's roots takes milliseconds, so each is built when first needed.
    fn client(&self, request: &Request<'_>, url: &Url) -> Result<&Client, SourceError> {
        let encrypted = url.scheme() == "https";
        let is_named = || self.identified_to.borrow().contains(&url.origin().ascii_serialization());
        let identified = encrypted && self.trust.identity.is_some() && is_named();
        let cell = match (encrypted, identified) {
            (false, _) => &self.plain,
            (true, false) => &self.encrypted,
            (true, true) => &self.identified,
        };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let client = self
            .build(encrypted, identified)
            .map_err(|error| self.failed(Hop { request, url }, connection::problem_of_client(&error)))?;
        Ok(cell.get_or_init(|| client))
    }

    fn build(&self, encrypted: bool, identified: bool) -> reqwest::Result<Client> {
        let builder = Client::builder()
            .user_agent(concat!("bonafide/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .dns_resolver(Arc::new(self.resolver.clone()))
            .http2_max_header_list_size(HEADER_BYTES);
        let builder = if encrypted {
            builder.https_only(true).tls_certs_merge(self.trust.roots.iter().cloned())
        } else {
            // Plain HTTP is for registries close by. No roots, and no proxy between.
            builder.tls_certs_only([]).no_proxy()
        };
        match &self.trust.identity {
            Some(identity) if identified => builder.identity(identity.clone()).build(),
            _ => builder.build(),
        }
    }

    fn connection_failure(&self, hop: Hop<'_>, error: &reqwest::Error) -> Failure {
        if let Some(refused) = connection::refused_address(error) {
            let to = format!("{} ({})", refused.host, refused.address);
            return SourceError::Redirected { at: at(hop.request), to, reason: refused.reason }.into();
        }
        // A refused connection stays refused; a broken one may have been bad luck.
        let is_passing = !error.is_connect() && !error.is_builder();
        let through_proxy = self.proxies.on_the_way_to(hop.url).is_some();
        let problem = connection::problem_of(error, through_proxy);
        let is_passing = is_passing && !matches!(problem, ConnectionProblem::Certificate(_));
        Failure { error: self.failed(hop, problem), is_passing }
    }

    fn failed(&self, hop: Hop<'_>, problem: ConnectionProblem) -> SourceError {
        let (host, proxy) = (shown_host(hop.url), self.proxies.on_the_way_to(hop.url));
        SourceError::Connection { at: at(hop.request), failure: ConnectionFailure { host, proxy, problem } }
    }

    /// Says what was asked, where, and through which proxy.
    fn reached(&self, hop: Hop<'_>) -> String {
        let proxy = self.proxies.on_the_way_to(hop.url);
        let through = proxy.map(|proxy| format!(" through the proxy {} ({})", proxy.address, proxy.variable));
        format!("{}{}", at(hop.request), through.unwrap_or_default())
    }

    fn count_request(&self, url: &Url) {
        let mut used = self.used.borrow_mut();
        used.requests += 1;
        used.hosts.insert(shown_host(url));
        used.proxy_variables.extend(self.proxies.variable_for(url));
        used.needs_authorities |= url.scheme() == "https";
    }

    fn count_bytes(&self, chunk: &Bytes) {
        self.used.borrow_mut().bytes += chunk.len() as u64;
    }
}

/// Begins a request that writes. `sent` counts the bytes that went out.
fn write(
    client: &Client,
    url: &Url,
    written: Written<'_>,
    sent: &Arc<AtomicU64>,
) -> Result<RequestBuilder, SourceError> {
    let mut builder = match written.verb {
        Verb::Post => client.post(url.clone()),
        Verb::Put => client.put(url.clone()),
        Verb::Patch => client.patch(url.clone()),
    };
    if let Some(media_type) = written.media_type {
        builder = builder.header(CONTENT_TYPE, media_type);
    }
    if let Some((first, last)) = written.range {
        builder = builder.header(CONTENT_RANGE, format!("{first}-{last}"));
    }
    Ok(match written.content {
        Content::Bytes(bytes) => builder.body(bytes.to_vec()),
        Content::Part { file, from, length } => {
            let open = || -> io::Result<File> {
                let mut file = File::open(file)?;
                file.seek(SeekFrom::Start(from))?;
                Ok(file)
            };
            let failed = |error| SourceError::File { at: file.display().to_string(), source: Arc::new(error) };
            let body = pieces(open().map_err(failed)?.take(length), Arc::clone(sent));
            builder.header(CONTENT_LENGTH, length).body(Body::wrap_stream(body))
        }
    })
}

/// The bytes of a file, as many at once as a connection takes.
fn pieces(file: Take<File>, sent: Arc<AtomicU64>) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold((file, sent), async |(mut file, sent)| {
        let mut piece = vec![0; PIECE];
        let length = file.read(&mut piece)?;
        piece.truncate(length);
        sent.fetch_add(length as u64, Ordering::Relaxed);
        Ok((length > 0).then(|| (Bytes::from(piece), (file, sent))))
    })
}

/// Judges where a redirect leads: never from https to http, never where the rules of the request forbid (A014).
fn redirect_target(request: &Request<'_>, answer: &Answer) -> Result<Url, SourceError> {
    let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let refused = |to: String, reason| SourceError::Redirected { at: at(request), to, reason };
    let Ok(url) = answer.url.join(location) else {
        return Err(refused(format!("\"{}\"", printable(location)), "that is not an address"));
    };
    let allowed = if matches!(request.method, Method::Post(_)) {
        Err("a login that was posted is not posted elsewhere")
    } else if location.is_empty() {
        Err("no address was given")
    } else if !matches!(url.scheme(), "http" | "https") {
        Err("only http and https are followed")
    } else if has_login(&url) {
        // It would be sent as if it were the user's (A318).
        Err("the address has a login in it, and none is taken from a server")
    } else if answer.url.scheme() == "https" && url.scheme() != "https" {
        Err("the connection would no longer be encrypted")
    } else {
        (request.redirects)(&url)
    };
    match allowed {
        Ok(()) => Ok(url),
        Err(reason) => Err(refused(shown_host(&url), reason)),
    }
}

/// Whether an address has a user's name or a password in it.
pub(super) fn has_login(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Makes room for a chunk. A long body gets its whole room at once: growing by halves would need it twice.
fn make_room(body: &mut BytesMut, more: usize, limit: u64) {
    let is_long = (body.len() + more) as u64 > PAGE;
    if is_long && body.capacity() - body.len() < more {
        body.reserve(usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(body.len()));
    }
}

fn too_large(request: &Request<'_>, found: String) -> SourceError {
    SourceError::Limit { at: at(request), limit: "bytes", allowed: request.limit, found }
}

/// Doubles, and differs between addresses, so that many requests that failed together do not return together.
fn own_pause(url: &Url, attempt: u32) -> Duration {
    let mut hasher = DefaultHasher::new();
    (url.as_str(), attempt).hash(&mut hasher);
    let jitter = u32::try_from(hasher.finish() % 100).unwrap_or_default();
    let pause = FIRST_PAUSE * (1 << attempt.min(5)) / 2;
    pause + pause * jitter / 200
}

/// Says what was asked and where, without query, which may hold secrets.
pub(super) fn at(request: &Request<'_>) -> String {
    format!("`{} {}` at {}", method(request), request.url.path(), shown_host(request.url))
}

fn method(request: &Request<'_>) -> &'static str {
    match request.method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post(_) | Method::Write(Written { verb: Verb::Post, .. }) => "POST",
        Method::Write(Written { verb: Verb::Put, .. }) => "PUT",
        Method::Write(Written { verb: Verb::Patch, .. }) => "PATCH",
    }
}

/// Host and port of an address, for messages.
pub(super) fn shown_host(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => format!("a {} address", url.scheme()),
    }
}

/// Reads an error (distribution-spec, "Error Codes"), or the first line of a body that is plain text.
fn error_text(body: &Bytes) -> String {
    if let Some(first) = first_error(body) {
        return [first.code, first.message].into_iter().flatten().collect::<Vec<_>>().join(": ");
    }
    let line = std::str::from_utf8(body).ok().and_then(|text| text.lines().next());
    line.filter(|line| !line.starts_with(['<', '{', '['])).unwrap_or_default().to_owned()
}

/// Returns the code of the first error in a body (distribution-spec, "Error Codes").
pub(super) fn error_code(body: &Bytes) -> Option<String> {
    first_error(body)?.code
}

#[derive(serde::Deserialize)]
struct ErrorEntry {
    code: Option<String>,
    message: Option<String>,
}

fn first_error(body: &Bytes) -> Option<ErrorEntry> {
    #[derive(serde::Deserialize)]
    struct Errors {
        #[serde(default)]
        errors: Vec<ErrorEntry>,
        /// What GitHub's API says instead.
        message: Option<String>,
    }
    let read: Errors = crate::json::from_slice(body).ok()?;
    read.errors.into_iter().next().or(read.message.map(|message| ErrorEntry { code: None, message: Some(message) }))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::mpsc;

    use super::*;

    /// An answer whose body never ends, on a connection that stays open.
    const STALLED: &str = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc";

    /// Answers one connection with each of these texts, then no more; returns its address and the received requests.
    fn serve(answers: Vec<String>) -> (Url, mpsc::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, received) = mpsc::channel();
        std::thread::spawn(move || {
            for answer in answers {
                let Ok((mut stream, _)) = listener.accept() else { return };
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                    head.push(byte[0]);
                }
                let _ = sender.send(String::from_utf8_lossy(&head).into_owned());
                let _ = stream.write_all(answer.as_bytes());
                if answer == STALLED {
                    std::mem::forget(stream);
                }
            }
        });
        (Url::parse(&format!("http://{address}/v2/a/manifests/x?secret=1")).expect("a url"), received)
    }

    fn ok(body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    fn status(status: &str) -> String {
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    }

    /// Sends a request for at most 1,000 bytes, with a secret, within the given times.
    fn send(url: &Url, silence: Duration, in_all: Duration) -> (Result<Answer, SourceError>, NetworkUse) {
        let transport = Transport::new(Trust::default(), silence, Resolver::system(), Secrets::default());
        let authorization = HeaderValue::from_static("Bearer secret");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let answer = runtime.block_on(async {
            let deadline = Deadline { at: Instant::now() + in_all, allowed: in_all };
            transport
                .send(&Request {
                    url,
                    accept: "*/*",
                    authorization: Some(&authorization),
                    method: Method::Get,
                    limit: 1000,
                    deadline,
                    redirects: &|_| Ok(()),
                    spool: None,
                })
                .await
        });
        (answer, transport.used())
    }

    const LONG: Duration = Duration::from_secs(20);
    const SHORT: Duration = Duration::from_millis(100);

    #[test]
    fn an_answer_is_counted() {
        let (url, _) = serve(vec![ok("abc")]);
        let (answer, used) = send(&url, LONG, LONG);
        assert_eq!(answer.expect("an answer").body, "abc");
        assert_eq!((used.requests, used.bytes, used.hosts.len()), (1, 3, 1));
    }

    #[test]
    fn a007_a_body_beyond_the_limit_is_not_read() {
        let long = "x".repeat(2000);
        let chunked = format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n{long}\r\n0\r\n\r\n"
        );
        for answer in [ok(&long), chunked, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".to_owned()] {
            let (url, _) = serve(vec![answer]);
            let (answer, used) = send(&url, LONG, LONG);
            assert!(matches!(answer, Err(SourceError::Limit { allowed: 1000, .. })), "{answer:?}");
            assert_eq!(used.requests, 1);
        }
    }

    #[test]
    fn what_may_pass_is_tried_again_three_times() {
        let truncated = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".to_owned();
        let (url, _) = serve(vec![status("503 Busy"), truncated, ok("abc")]);
        let (answer, used) = send(&url, LONG, LONG);
        assert_eq!((answer.expect("an answer").status, used.requests), (200, 3));
        let (url, _) = serve(vec![status("502 Bad"), status("503 Busy"), status("504 Late"), ok("abc")]);
        let (answer, used) = send(&url, LONG, LONG);
        assert_eq!((answer.expect("an answer").status, used.requests), (504, 3));
        let (url, _) = serve(vec![status("500 Broken"), ok("abc")]);
        let (answer, used) = send(&url, LONG, LONG);
        assert_eq!((answer.expect("an answer").status, used.requests), (500, 1));
    }

    #[test]
    fn a_wait_that_is_too_long_is_not_made() {
        for pause in ["Retry-After: 21", "Retry-After: 3600", "RateLimit-Reset: 3600"] {
            let busy = status(&format!("429 Busy\r\n{pause}"));
            let (url, _) = serve(vec![busy, ok("abc")]);
            let (answer, used) = send(&url, LONG, LONG);
            assert_eq!((answer.expect("an answer").status, used.requests), (429, 1));
        }
        let (url, _) = serve(vec![status("429 Busy\r\nRetry-After: 5"), ok("abc")]);
        assert_eq!(send(&url, LONG, Duration::from_secs(2)).1.requests, 1, "the deadline would have passed");
    }

    #[test]
    fn a_server_that_asks_to_wait_is_asked_again_more_often_than_one_that_fails() {
        let busy = || status("429 Busy\r\nRetry-After: 0");
        let (url, _) = serve(vec![busy(), busy(), busy(), busy(), ok("abc")]);
        let (answer, used) = send(&url, LONG, LONG);
        assert_eq!((answer.expect("an answer").status, used.requests), (200, 5));
        let limited = status("403 Slow\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1");
        let (url, _) = serve(vec![limited, ok("abc")]);
        let (answer, used) = send(&url, LONG, LONG);
        assert_eq!((answer.expect("an answer").status, used.requests), (200, 2));
        let (url, _) = serve(vec![status("403 No"), ok("abc")]);
        assert_eq!(send(&url, LONG, LONG).1.requests, 1);
    }

    /// Counts the requests that come before the pause is over that the first answer asks for.
    #[test]
    fn a_pause_that_a_host_asks_for_is_made_by_all_requests_to_it() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let early = std::thread::spawn(move || {
            let (mut pause_ends, mut early) = (None, 0);
            for _ in 0..5 {
                let (mut stream, _) = listener.accept().expect("a connection");
                let mut head = [0; 2000];
                let _ = stream.read(&mut head).expect("a request");
                let now = std::time::Instant::now();
                early += u32::from(pause_ends.is_some_and(|end| now < end));
                let first = pause_ends.replace(pause_ends.unwrap_or(now + Duration::from_secs(1))).is_none();
                let answer = if first { status("429 Busy\r\nRetry-After: 1") } else { ok("abc") };
                stream.write_all(answer.as_bytes()).expect("an answer");
            }
            early
        });
        let url = Url::parse(&format!("http://{address}/x")).expect("a url");
        let transport = Transport::new(Trust::default(), LONG, Resolver::system(), Secrets::default());
        let request = |allowed: Duration| Request {
            url: &url,
            accept: "*/*",
            authorization: None,
            method: Method::Get,
            limit: 1000,
            deadline: Deadline { at: Instant::now() + allowed, allowed },
            redirects: &|_| Ok(()),
            spool: None,
        };
        let later = async |pause: u64, allowed: Duration| {
            sleep(Duration::from_millis(pause)).await;
            transport.send(&request(allowed)).await
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (answers, hurried) = runtime.block_on(async {
            let all = futures_util::future::join4(later(0, LONG), later(300, LONG), later(400, LONG), later(500, LONG));
            tokio::join!(all, later(300, SHORT))
        });
        let answers: [_; 4] = answers.into();
        assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer.status == 200)), "{answers:?}");
        assert_eq!(early.join().ok(), Some(0), "requests that came early");
        // There was no time to wait, and nothing was asked.
        assert!(matches!(hurried, Err(SourceError::Throttled { .. })), "{hurried:?}");
        assert_eq!(transport.used().requests, 5);
    }

    #[test]
    fn silence_and_the_deadline_end_every_wait() {
        for (silence, in_all) in [(SHORT, LONG), (LONG, SHORT)] {
            let deaf = TcpListener::bind("127.0.0.1:0").expect("a port");
            let deaf_url = Url::parse(&format!("http://{}/", deaf.local_addr().expect("an address"))).expect("a url");
            let (stalled_url, _) = serve(vec![STALLED.to_owned()]);
            for url in [deaf_url, stalled_url] {
                let (answer, used) = send(&url, silence, in_all);
                assert!(matches!(answer, Err(SourceError::Timeout { allowed: SHORT, .. })), "{answer:?}");
                assert_eq!(used.requests, 1);
            }
        }
    }

    #[test]
    fn a_refused_connection_is_not_tried_again() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url =
            Url::parse(&format!("http://{}/?secret=1", listener.local_addr().expect("an address"))).expect("a url");
        drop(listener);
        let (answer, used) = send(&url, LONG, LONG);
        let error = answer.expect_err("no server listens");
        assert!(
            matches!(error, SourceError::Connection { .. }) && !error.detail().contains("secret"),
            "{}",
            error.detail()
        );
        assert_eq!(used.requests, 1);
    }

    #[test]
    fn a012_authorization_stays_with_the_host_it_was_given_for() {
        let (elsewhere, received) = serve(vec![ok("abc")]);
        let (url, at_home) = serve(vec![status(&format!("307 There\r\nLocation: {elsewhere}"))]);
        let (answer, used) = send(&url, LONG, LONG);
        assert_eq!((answer.expect("an answer").body.len(), used.requests), (3, 2));
        assert!(at_home.recv().expect("a request").contains("authorization: Bearer secret"));
        assert!(!received.recv().expect("a request").contains("authorization"));
    }

    #[test]
    fn a011_a_name_that_resolves_to_metadata_is_never_connected_to() {
        let resolver = Resolver::new(Arc::new(|_| {
            Box::pin(async { Ok(vec![std::net::SocketAddr::from(([169, 254, 169, 254], 80))]) })
        }));
        let transport = Transport::new(Trust::default(), LONG, resolver, Secrets::default());
        let (url, at_home) = serve(vec![status("307 There\r\nLocation: http://evil.example/latest/meta-data")]);
        transport.give_host(url.host_str().unwrap_or_default());
        let deadline = Deadline { at: Instant::now() + LONG, allowed: LONG };
        let request = Request {
            url: &url,
            accept: "*/*",
            authorization: None,
            method: Method::Get,
            limit: 1000,
            deadline,
            redirects: &|_| Ok(()),
            spool: None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let error = runtime.block_on(transport.send(&request)).expect_err("refused");
        assert!(at_home.recv().is_ok());
        let SourceError::Redirected { to, .. } = error else { panic!("{error:?}") };
        assert_eq!(to, "evil.example (169.254.169.254)");
    }

    #[test]
    fn a014_encryption_is_not_given_up_and_forms_are_not_sent_on() {
        let url = Url::parse("https://ghcr.io/v2/").expect("a url");
        let deadline = Deadline { at: Instant::now(), allowed: Duration::ZERO };
        let target = |location: &str, form: Option<&str>| {
            let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_str(location).expect(location))]);
            let answer = Answer { status: 302, headers, body: Bytes::new(), url: url.clone(), too_long_for: None };
            let request = Request {
                url: &url,
                accept: "*/*",
                authorization: None,
                method: form.map_or(Method::Get, Method::Post),
                limit: 0,
                deadline,
                redirects: &|_| Ok(()),
                spool: None,
            };
            redirect_target(&request, &answer).map(String::from)
        };
        assert_eq!(target("https://cdn.example/x", None).ok().as_deref(), Some("https://cdn.example/x"));
        assert!(target("http://ghcr.io/v2/", None).is_err());
        for location in
            ["https://u:p@cdn.example/x", "https://u@cdn.example/x", "//:p@cdn.example/x", "https://u:p@ghcr.io/x"]
        {
            let refused = target(location, None).expect_err(location).to_string();
            assert!(refused.contains("has a login in it") && !refused.contains("u:p"), "A318: {refused}");
        }
        assert!(target("https://cdn.example/x", Some("refresh_token=x")).is_err());
    }

    #[test]
    fn a014_redirects_end_and_lead_only_to_the_web() {
        for location in ["file:///etc/passwd", "unix:/run/x", "", "//"] {
            let (url, _) = serve(vec![status(&format!("302 There\r\nLocation: {location}"))]);
            assert!(matches!(send(&url, LONG, LONG).0, Err(SourceError::Redirected { .. })), "{location}");
        }
        let (url, _) = serve(vec![status("302 Again\r\nLocation: /again"); 10]);
        let (answer, used) = send(&url, LONG, LONG);
        assert!(matches!(answer, Err(SourceError::Redirected { .. })));
        assert_eq!(used.requests, 6);
    }

    #[test]
    fn pauses_grow_and_differ() {
        let url = |text: &str| Url::parse(text).expect(text);
        let (a, b) = (url("https://a/1"), url("https://a/2"));
        assert!(own_pause(&a, 1) >= FIRST_PAUSE && own_pause(&a, 2) >= FIRST_PAUSE * 2);
        assert!(own_pause(&a, 2) < FIRST_PAUSE * 4);
        assert_ne!(own_pause(&a, 1), own_pause(&b, 1));
    }

    #[test]
    fn errors_of_registries_are_read() {
        let text = |body: &'static str| error_text(&Bytes::from_static(body.as_bytes()));
        assert_eq!(text(r#"{"errors":[{"code":"DENIED","message":"no","detail":{"x":1}}]}"#), "DENIED: no");
        assert_eq!(text("too many requests\nplease"), "too many requests");
        assert_eq!(text("<html><title>Sign in</title>"), "");
        assert_eq!(text(r#"{"token":"x"}"#), "");
    }

    #[test]
    fn a_server_that_says_back_what_it_was_shown_is_not_quoted() {
        let transport = Transport::new(Trust::default(), Duration::ZERO, Resolver::system(), Secrets::default());
        transport.keep_secret("hunter2");
        let body = Bytes::from_static(br#"{"errors":[{"code":"DENIED","message":"you sent hunter2"}]}"#);
        let url = Url::parse("https://a/").expect("a url");
        let answer = Answer { status: 401, headers: HeaderMap::new(), body, url, too_long_for: None };
        assert_eq!(transport.said(&answer).to_string(), " (\"DENIED: you sent (secret)\")");
    }

    #[test]
    fn a_query_is_never_shown() {
        let url = Url::parse("https://auth.example:8443/token?account=x&secret=y").expect("a url");
        let deadline = Deadline { at: Instant::now(), allowed: Duration::ZERO };
        let request = Request {
            url: &url,
            accept: "*/*",
            authorization: None,
            method: Method::Get,
            limit: 0,
            deadline,
            redirects: &|_| Ok(()),
            spool: None,
        };
        assert_eq!(at(&request), "`GET /token` at auth.example:8443");
    }
}
