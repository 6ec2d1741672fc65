//! Grants for requests: tokens and logins, each for one repository.
//!
//! A registry gets no login before it asks for one. A token is requested once, for one repository, and kept for the
//! run. If the registry refuses a token that it issued, a new one is requested, once for each request.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::challenge::{self, Challenge};
use super::credentials::{Credentials, CredentialsError, FoundLogin, Login};
use super::failure::failure;
use super::realm::{self, Party, Realm, Refusal, TokenServer};
use super::transport::{Answer, Deadline, Method, Request, Transport, at, shown_host};
use crate::collect::error::SourceError;
use crate::collect::login_use::{Denial, LoginName, LoginOrigin, LoginUse};
use crate::collect::said::{Said, printable};
use crate::json;
use crate::secrets::Secrets;

/// Everything that was granted in a run.
pub(super) struct Access {
    credentials: Box<dyn Credentials>,
    token_servers: Vec<TokenServer>,
    secrets: Secrets,
    logins: RefCell<HashMap<Scope, Result<Option<FoundLogin>, String>>>,
    grants: RefCell<HashMap<Scope, Slot>>,
}

/// The place of one grant. It is locked while one is requested, so that others wait instead of requesting too.
type Slot = Rc<Mutex<Option<Rc<Grant>>>>;

/// What a grant is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Scope {
    /// The registry as the reference spells it; its login is looked up under this name, exactly (A015).
    pub(super) registry: String,
    /// The repository.
    pub(super) repository: String,
    /// The rights to request.
    pub(super) rights: Rights,
}

/// The rights of a grant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Rights {
    /// To read.
    Pull,
    /// To read and to write, and to read another repository whose blobs are taken over.
    Push {
        /// That repository.
        mounting: Option<String>,
    },
}

impl Rights {
    /// The actions of a scope (distribution, "Token Scope Documentation").
    fn actions(&self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push { .. } => "pull,push",
        }
    }

    /// The scope of the other repository.
    fn other_scope(&self) -> Option<String> {
        match self {
            Self::Push { mounting: Some(repository) } => Some(format!("repository:{repository}:pull")),
            Self::Push { mounting: None } | Self::Pull => None,
        }
    }
}

/// What a registry gave, or took.
pub(super) struct Grant {
    pub(super) header: HeaderValue,
    pub(super) login: LoginUse,
}

/// The largest answer of a token server, in bytes.
const TOKEN_ANSWER: u64 = 64 * 1024;

impl Access {
    pub(super) fn new(credentials: Box<dyn Credentials>, token_servers: Vec<TokenServer>, secrets: Secrets) -> Self {
        Self { credentials, token_servers, secrets, logins: RefCell::default(), grants: RefCell::default() }
    }

    /// Returns the current grant, after waiting for a pending request.
    pub(super) async fn current(&self, scope: &Scope) -> Option<Rc<Grant>> {
        self.slot(scope).lock().await.clone()
    }

    /// Asks for a grant after a 401, unless another request has got one since.
    pub(super) async fn renew(&self, renewal: &Renewal<'_>) -> Result<Rc<Grant>, SourceError> {
        let slot = self.slot(renewal.scope);
        let mut current = slot.lock().await;
        let is_old = |grant: &Rc<Grant>| renewal.refused.as_ref().is_some_and(|refused| Rc::ptr_eq(refused, grant));
        if let Some(grant) = current.as_ref().filter(|grant| !is_old(grant)) {
            return Ok(Rc::clone(grant));
        }
        let grant = Rc::new(self.obtain(renewal).await?);
        *current = Some(Rc::clone(&grant));
        Ok(grant)
    }

    /// Returns an anonymous grant, after one with a login was refused.
    pub(super) async fn without_login(&self, renewal: &Renewal<'_>) -> Option<Rc<Grant>> {
        let Some(Challenge::Bearer { realm, service, scope }) = challenge::find(&renewal.answer.headers) else {
            return None;
        };
        let party = self.party(renewal);
        let realm = realm::judge(party, &realm).ok()?;
        let scope = renewal.scope_to_ask(scope.as_deref(), &realm);
        let question = TokenQuestion { renewal, party, realm: &realm, service: service.as_deref(), scope: &scope };
        let header = question.ask(None).await.ok()?.ok()?;
        Some(Rc::new(Grant { header, login: self.refused(renewal.scope) }))
    }

    /// Keeps a grant that turned out to be the better one.
    pub(super) async fn keep(&self, scope: &Scope, grant: Rc<Grant>) {
        *self.slot(scope).lock().await = Some(grant);
    }

    fn slot(&self, scope: &Scope) -> Slot {
        Rc::clone(self.grants.borrow_mut().entry(scope.clone()).or_default())
    }

    async fn obtain(&self, renewal: &Renewal<'_>) -> Result<Grant, SourceError> {
        let challenge = challenge::find(&renewal.answer.headers);
        if challenge.is_some()
            && let Some(grant) = self.registry_token(renewal)
        {
            return Ok(grant);
        }
        match challenge {
            Some(Challenge::Bearer { realm, service, scope }) => {
                let party = self.party(renewal);
                let judged = realm::judge(party, &realm).map_err(|reason| SourceError::Realm {
                    at: renewal.at.clone(),
                    realm: printable(&realm_host(&realm)),
                    reason: reason.as_str(),
                    allow: allowing(&renewal.scope.registry, &realm, reason),
                })?;
                let scope = renewal.scope_to_ask(scope.as_deref(), &judged);
                let service = service.as_deref();
                self.token(&TokenQuestion { renewal, party, realm: &judged, service, scope: &scope }).await
            }
            Some(Challenge::Basic) => self.password(renewal),
            None => {
                Err(renewal.denied(renewal.refused.as_ref().map_or(LoginUse::Unasked, |grant| grant.login.clone())))
            }
        }
    }

    /// Shows the registry a token that it takes itself, if there is one and it has not been refused.
    fn registry_token(&self, renewal: &Renewal<'_>) -> Option<Grant> {
        let may = realm::may_carry_login(renewal.base);
        match self.login_for(renewal.scope, renewal.base, may) {
            (Some(Login::RegistryToken(token)), login) if renewal.refused.is_none() => {
                Some(Grant { header: bearer(&token)?, login })
            }
            _ => None,
        }
    }

    fn party<'a>(&'a self, renewal: &Renewal<'a>) -> Party<'a> {
        Party { name: &renewal.scope.registry, url: renewal.base, allowed: &self.token_servers }
    }

    /// Gets a token: with the login if there is one and it may be shown, else anonymously.
    async fn token(&self, question: &TokenQuestion<'_>) -> Result<Grant, SourceError> {
        let TokenQuestion { renewal, realm, .. } = question;
        let (login, shown) = self.login_for(renewal.scope, &realm.url, realm.login);
        // A token for the registry is not a login for its token server. It was sent to the registry before.
        let (login, shown) = match login {
            Some(Login::RegistryToken(_)) => (None, self.refused(renewal.scope)),
            login => (login, shown),
        };
        match question.ask(login.as_ref()).await? {
            Ok(header) => Ok(Grant { header, login: shown }),
            Err(denied) if login.is_none() => Err(denied.into_error(shown)),
            // An expired login must not block access to public data.
            Err(_) => {
                let shown = self.refused(renewal.scope);
                match question.ask(None).await? {
                    Ok(header) => Ok(Grant { header, login: shown }),
                    Err(denied) => Err(denied.into_error(shown)),
                }
            }
        }
    }

    /// Shows name and password to the registry itself.
    fn password(&self, renewal: &Renewal<'_>) -> Result<Grant, SourceError> {
        match self.login_for(renewal.scope, renewal.base, realm::may_carry_login(renewal.base)) {
            (Some(Login::Password { username, password }), login) => {
                Ok(Grant { header: basic(&username, &password), login })
            }
            (Some(Login::IdentityToken(_)), LoginUse::Login(LoginName { registry, .. })) => {
                let reason = "an identity token is not a password, and the registry wants a password".to_owned();
                Err(renewal.denied(LoginUse::Unreadable { registry, reason }))
            }
            (Some(Login::RegistryToken(_)), LoginUse::Login(name)) => Err(renewal.denied(LoginUse::Refused(name))),
            (_, login) => Err(renewal.denied(login)),
        }
    }

    /// Returns the login to send to `place`, and a remark about it.
    fn login_for(&self, scope: &Scope, place: &Url, may: Result<(), Refusal>) -> (Option<Login>, LoginUse) {
        let registry = scope.registry.clone();
        match (self.login(scope), may) {
            (Ok(None), _) => (None, LoginUse::Anonymous { registry }),
            (Ok(Some(found)), Ok(())) => {
                let name = found.name(&registry);
                (Some(found.login), LoginUse::Login(name))
            }
            (Ok(Some(_)), Err(reason)) => {
                let realm = place.host_str().unwrap_or_default().to_owned();
                let allow = allowing(&registry, place.as_str(), reason);
                (None, LoginUse::Withheld { registry, realm, reason: reason.as_str(), allow })
            }
            (Err(reason), _) => (None, LoginUse::Unreadable { registry, reason }),
        }
    }

    /// What there is to say of the login after it was refused.
    fn refused(&self, scope: &Scope) -> LoginUse {
        let registry = scope.registry.clone();
        match self.login(scope) {
            Ok(Some(found)) => LoginUse::Refused(found.name(&registry)),
            Ok(None) => LoginUse::Anonymous { registry },
            Err(reason) => LoginUse::Unreadable { registry, reason },
        }
    }

    fn login(&self, scope: &Scope) -> Result<Option<FoundLogin>, String> {
        let mut logins = self.logins.borrow_mut();
        let look_up = || self.find_login(&scope.registry, &scope.repository).map_err(|error| error.to_string());
        logins.entry(scope.clone()).or_insert_with(look_up).clone()
    }

    /// Returns where the logins come from that were looked up.
    pub(super) fn origins(&self) -> Vec<LoginOrigin> {
        let logins = self.logins.borrow();
        logins.values().flatten().flatten().map(|found| found.origin.clone()).collect()
    }

    /// Looks a login up, and keeps it secret before anything is sent, so that no answer comes back unfiltered.
    pub(super) fn find_login(&self, registry: &str, repository: &str) -> Result<Option<FoundLogin>, CredentialsError> {
        let found = self.credentials.login(registry, repository)?;
        Ok(found.inspect(|found| found.login.keep_in(&self.secrets)))
    }
}

/// A request that was answered 401, with everything needed to repeat it.
pub(super) struct Renewal<'a> {
    pub(super) transport: &'a Transport,
    pub(super) base: &'a Url,
    pub(super) scope: &'a Scope,
    pub(super) deadline: Deadline,
    /// What was asked, for messages.
    pub(super) at: String,
    /// The answer.
    pub(super) answer: &'a Answer,
    /// What the request was made with.
    pub(super) refused: Option<Rc<Grant>>,
}

impl Renewal<'_> {
    /// The scope to ask a token for, for what the challenge says.
    fn scope_to_ask(&self, stated: Option<&str>, realm: &Realm) -> String {
        let name = challenge::repository_to_ask(stated, &self.scope.repository, realm.is_of_registry);
        format!("repository:{name}:{}", self.scope.rights.actions())
    }

    fn denied(&self, login: LoginUse) -> SourceError {
        SourceError::Denied(Denial {
            at: self.at.clone(),
            host: shown_host(&self.answer.url),
            status: self.answer.status,
            said: self.transport.said(self.answer),
            login,
        })
    }
}

/// A token server's "no".
struct Denied {
    at: String,
    host: String,
    status: u16,
    said: Said,
}

impl Denied {
    fn into_error(self, login: LoginUse) -> SourceError {
        let Self { at, host, status, said } = self;
        SourceError::Denied(Denial { at, host, status, said, login })
    }
}

/// What a token server is asked: to pull from one repository, or to push to it.
struct TokenQuestion<'a> {
    renewal: &'a Renewal<'a>,
    party: Party<'a>,
    realm: &'a Realm,
    service: Option<&'a str>,
    scope: &'a str,
}

impl TokenQuestion<'_> {
    /// Asks with a login or without; the inner error is a "no", the outer one any other failure.
    async fn ask(&self, login: Option<&Login>) -> Result<Result<HeaderValue, Denied>, SourceError> {
        let mut url = self.realm.url.clone();
        let other = self.renewal.scope.rights.other_scope();
        let scopes = [Some(self.scope), other.as_deref()].into_iter().flatten().map(|scope| ("scope", scope));
        let fields = self.service.map(|service| ("service", service)).into_iter().chain(scopes);
        let (form, authorization) = match login {
            // distribution, "Oauth2 Token Authentication": POST with grant_type=refresh_token.
            Some(Login::IdentityToken(token)) => {
                let oauth =
                    [("grant_type", "refresh_token"), ("client_id", "bonafide"), ("refresh_token", token.as_str())];
                (Some(encode(&url, fields.chain(oauth))), None)
            }
            other => {
                url.query_pairs_mut().extend_pairs(fields);
                let password = other.and_then(|login| match login {
                    Login::Password { username, password } => Some(basic(username, password)),
                    Login::IdentityToken(_) | Login::RegistryToken(_) => None,
                });
                (None, password)
            }
        };
        let request = Request {
            url: &url,
            accept: "application/json",
            authorization: authorization.as_ref(),
            method: form.as_deref().map_or(Method::Get, Method::Post),
            limit: TOKEN_ANSWER,
            deadline: self.renewal.deadline,
            redirects: &|hop| realm::judge_hop(self.party, hop).map_err(Refusal::as_str),
            spool: None,
        };
        let transport = self.renewal.transport;
        let answer = transport.send(&request).await?;
        let at = at(&request);
        match answer.status {
            200 => token_header(transport, &at, &answer).map(Ok),
            400 | 401 | 403 => {
                let host = shown_host(&answer.url);
                Ok(Err(Denied { at, host, status: answer.status, said: transport.said(&answer) }))
            }
            // Never a "not found": the token server is missing, not the evidence.
            _ => Err(failure(transport, at, &answer)),
        }
    }
}

/// Reads a token (distribution, "Token Authentication Specification": `token`, or `access_token` for OAuth 2.0).
fn token_header(transport: &Transport, at: &str, answer: &Answer) -> Result<HeaderValue, SourceError> {
    #[derive(Deserialize)]
    struct Token {
        token: Option<String>,
        access_token: Option<String>,
    }
    let wrong = |found: &str| SourceError::Unexpected {
        at: at.to_owned(),
        expected: "a JSON object with a token",
        found: found.to_owned(),
    };
    // Neither the bytes nor the parser's words are shown: they may hold the token.
    let read: Token = json::from_slice(&answer.body).map_err(|_| wrong("something else"))?;
    let given = [read.token, read.access_token].into_iter().flatten().find(|token| !token.is_empty());
    let token = given.ok_or_else(|| wrong("none"))?;
    transport.keep_secret(&token);
    bearer(&token).ok_or_else(|| wrong("one with line breaks"))
}

/// Makes the header of a token, unless it has characters that a header may not have.
pub(super) fn bearer(token: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    header.set_sensitive(true);
    Some(header)
}

fn basic(username: &str, password: &str) -> HeaderValue {
    let encoded = STANDARD.encode(format!("{username}:{password}"));
    let mut header =
        HeaderValue::from_str(&format!("Basic {encoded}")).expect("base64 has no character that a header may not have");
    header.set_sensitive(true);
    header
}

/// Encodes fields as a form.
fn encode<'a>(url: &Url, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut scratch = url.clone();
    scratch.query_pairs_mut().clear().extend_pairs(fields);
    scratch.query().unwrap_or_default().to_owned()
}

/// The flag that allows this token server, if that would help.
fn allowing(registry: &str, realm: &str, reason: Refusal) -> Option<String> {
    let url = Url::parse(realm).ok().filter(|_| reason.can_be_allowed())?;
    let host = url.host_str()?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(printable(&format!("--token-server {registry}={host}{port}")))
}

fn realm_host(realm: &str) -> String {
    let url = Url::parse(realm).ok();
    url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "a realm without a host".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_encoded() {
        let url = Url::parse("https://a/token?x=1").expect("a url");
        assert_eq!(
            encode(&url, [("scope", "repository:a/b:pull"), ("t", "a&b=c")]),
            "scope=repository%3Aa%2Fb%3Apull&t=a%26b%3Dc"
        );
    }

    #[test]
    fn passwords_are_marked_as_secret() {
        let header = basic("Aladdin", "open sesame");
        assert_eq!(header.to_str().ok(), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        assert_eq!(format!("{header:?}"), "Sensitive");
    }
}
