//! Where a registry may send a client for a token, and with what (A009–A011).

use std::str::FromStr;

use reqwest::Url;

use super::address::{Place, place_of};
use crate::oci::ImageName;

/// A token server that may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Realm {
    /// Its address.
    pub(super) url: Url,
    /// Whether it may be shown the login for the registry; if not, why.
    pub(super) login: Result<(), Refusal>,
    /// Whether registry and token server are known to be one party: the same host, or a pair that is known here.
    pub(super) is_of_registry: bool,
}

/// A token server on another host than its registry, which the user allows by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenServer {
    /// The registry, as references spell it.
    registry: String,
    host: String,
    /// Any port of the host without one.
    port: Option<u16>,
}

/// Why a text allows no token server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected REGISTRY=HOST, such as registry.acme.example=gitlab.acme.example")]
pub struct TokenServerError;

impl FromStr for TokenServer {
    type Err = TokenServerError;

    fn from_str(text: &str) -> Result<Self, TokenServerError> {
        let (registry, server) = text.split_once('=').ok_or(TokenServerError)?;
        let registry = ImageName::registry_from(registry).map_err(|_| TokenServerError)?;
        let is_bare = !server.is_empty() && !server.contains(['/', '?', '#', '@', '\\']);
        let url = Url::parse(&format!("https://{server}/")).ok().filter(|_| is_bare).ok_or(TokenServerError)?;
        // An address of the web leaves out the port that its scheme has anyway.
        let port = if server.ends_with(":443") { Some(443) } else { url.port() };
        Ok(Self { registry, host: url.host_str().ok_or(TokenServerError)?.to_owned(), port })
    }
}

impl TokenServer {
    /// Its address, for rules about hosts.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    fn is(&self, registry: &str, realm: &Url) -> bool {
        self.registry == registry
            && realm.host_str() == Some(&self.host)
            && self.port.is_none_or(|port| realm.port_or_known_default() == Some(port))
    }
}

/// Token servers on another host than their registry, each as its registry has been seen to name it. A login is sent to
/// no other place: a hostile answer could otherwise collect the logins of the registry's users (CVE-2026-48978).
const KNOWN_PAIRS: [Pair; 3] = [
    Pair {
        registry: "registry-1.docker.io",
        realm: "auth.docker.io",
        source: "https://distribution.github.io/distribution/spec/auth/jwt",
    },
    Pair {
        registry: "registry.gitlab.com",
        realm: "gitlab.com",
        source: "https://github.com/deitch/docker_registry2/issues/14",
    },
    Pair {
        registry: "docker.elastic.co",
        realm: "docker-auth.elastic.co",
        source: "https://github.com/hashicorp/terraform-provider-docker/issues/243",
    },
];

/// A registry and its token server.
struct Pair {
    registry: &'static str,
    realm: &'static str,
    #[allow(dead_code, reason = "for readers who check the table")]
    source: &'static str,
}

/// A registry, and the token servers that the user allows it.
#[derive(Clone, Copy)]
pub(super) struct Party<'a> {
    /// Its name, as references spell it.
    pub(super) name: &'a str,
    pub(super) url: &'a Url,
    pub(super) allowed: &'a [TokenServer],
}

impl Party<'_> {
    fn allows(&self, realm: &Url) -> bool {
        self.allowed.iter().any(|server| server.is(self.name, realm))
    }
}

/// Why a realm is not asked, or not shown the login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    NoUrl,
    NoHost,
    UserInformation,
    NotHttps,
    NotHttp,
    ThisMachine,
    Private,
    Forbidden,
    OtherHost,
    Unencrypted,
}

impl Refusal {
    /// The rule, whose subject is the realm.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::NoUrl => "the realm is not a URL",
            Self::NoHost => "the realm has no host",
            Self::UserInformation => "the realm has user information",
            Self::NotHttps => "the realm is not https",
            Self::NotHttp => "the realm is neither http nor https",
            Self::ThisMachine => "it is this machine, and the registry is not",
            Self::Private => "it is a private address, and not the registry's own",
            Self::Forbidden => "it is a link-local, unspecified or metadata address",
            Self::OtherHost => "that is another host than the registry's, and not known as its token server",
            Self::Unencrypted => "the connection is not encrypted",
        }
    }

    /// Whether allowing the realm by name removes it.
    pub(super) fn can_be_allowed(self) -> bool {
        matches!(self, Self::OtherHost | Self::Private)
    }
}

/// Judges the realm of a challenge that came from a registry.
pub(super) fn judge(registry: Party<'_>, realm: &str) -> Result<Realm, Refusal> {
    let url = Url::parse(realm).map_err(|_| Refusal::NoUrl)?;
    judge_hop(registry, &url)?;
    let login = may_see_login(registry, &url);
    let is_of_registry = is_of_registry(registry.url, &url);
    Ok(Realm { url, login, is_of_registry })
}

/// Judges one address on the way to a token: the realm itself, and each redirect (A011).
pub(super) fn judge_hop(party: Party<'_>, url: &Url) -> Result<(), Refusal> {
    let registry = party.url;
    let host = url.host_str().ok_or(Refusal::NoHost)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::UserInformation);
    }
    let same_host = registry.host_str() == Some(host);
    let registry_place = registry.host_str().map(place_of);
    match url.scheme() {
        "https" => {}
        "http" if same_host && registry.scheme() == "http" => {}
        "http" if registry_place == Some(Place::Loopback) && place_of(host) == Place::Loopback => {}
        "http" => return Err(Refusal::NotHttps),
        _ => return Err(Refusal::NotHttp),
    }
    match place_of(host) {
        _ if same_host => Ok(()),
        Place::Public => Ok(()),
        Place::Loopback if registry_place == Some(Place::Loopback) => Ok(()),
        Place::Loopback => Err(Refusal::ThisMachine),
        Place::Private if party.allows(url) => Ok(()),
        Place::Private => Err(Refusal::Private),
        Place::Forbidden => Err(Refusal::Forbidden),
    }
}

/// Whether the login for the registry may be sent to `realm`.
fn may_see_login(registry: Party<'_>, realm: &Url) -> Result<(), Refusal> {
    may_carry_login(realm)?;
    if is_of_registry(registry.url, realm) || registry.allows(realm) { Ok(()) } else { Err(Refusal::OtherHost) }
}

fn is_of_registry(registry: &Url, realm: &Url) -> bool {
    let (registry, realm) = (registry.host_str().unwrap_or_default(), realm.host_str().unwrap_or_default());
    registry == realm || KNOWN_PAIRS.iter().any(|pair| pair.registry == registry && pair.realm == realm)
}

/// Whether a connection may carry a login at all.
pub(super) fn may_carry_login(url: &Url) -> Result<(), Refusal> {
    if url.scheme() == "https" || url.host_str().is_some_and(|host| place_of(host) == Place::Loopback) {
        Ok(())
    } else {
        Err(Refusal::Unencrypted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn realm(registry: &str, realm: &str) -> Result<Realm, Refusal> {
        judged(registry, realm, &[])
    }

    fn judged(registry: &str, realm: &str, allowed: &[&str]) -> Result<Realm, Refusal> {
        let url = Url::parse(registry).expect(registry);
        let name = registry.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
        let allowed: Vec<TokenServer> = allowed.iter().map(|text| text.parse().expect(text)).collect();
        judge(Party { name, url: &url, allowed: &allowed }, realm)
    }

    #[test]
    fn a_token_server_that_the_user_allows_gets_the_login_of_that_registry_alone() {
        let (registry, realm) = ("https://registry.acme.example/", "https://gitlab.acme.example/jwt/auth");
        let sees_login =
            |registry, realm, allowed| judged(registry, realm, &[allowed]).is_ok_and(|it| it.login.is_ok());
        for allowed in ["registry.acme.example=gitlab.acme.example", "registry.acme.example=GITLAB.acme.example:443"] {
            assert!(sees_login(registry, realm, allowed), "{allowed}");
            assert!(!judged(registry, realm, &[allowed]).expect("asked").is_of_registry);
        }
        for allowed in [
            "registry.acme.example=gitlab.acme.example:8443",
            "registry.acme.example:5000=gitlab.acme.example",
            "other.example=gitlab.acme.example",
            "registry.acme.example=acme.example",
            "registry.acme.example=gitlab.acme.example.evil.example",
        ] {
            assert!(!sees_login(registry, realm, allowed), "{allowed}");
        }
        // A private address must be allowed to be asked at all; some places and plain HTTP never are.
        assert!(sees_login(registry, "https://10.0.0.6/token", "registry.acme.example=10.0.0.6"));
        assert!(!sees_login(registry, "https://10.0.0.6/token", "registry.acme.example=10.0.0.7"));
        assert!(!sees_login(registry, "http://gitlab.acme.example/token", "registry.acme.example=gitlab.acme.example"));
        assert!(!sees_login(registry, "https://169.254.169.254/x", "registry.acme.example=169.254.169.254"));
        assert!(!sees_login(registry, "https://u:p@gitlab.acme.example/", "registry.acme.example=gitlab.acme.example"));
        assert!(sees_login("http://127.0.0.1:5000/", "http://localhost:5001/t", "127.0.0.1:5000=localhost:5001"));
    }

    #[test]
    fn what_allows_no_token_server_is_refused() {
        for text in [
            "",
            "a.example",
            "a.example=",
            "=b.example",
            "a.example=https://b.example",
            "a.example=b.example/x",
            "a.example=u@b.example",
            "a.example=b.example:x",
            "a b=c",
        ] {
            assert_eq!(text.parse::<TokenServer>(), Err(TokenServerError), "{text}");
        }
    }

    #[test]
    fn a009_realms_in_places_that_are_not_the_registrys_are_refused() {
        for text in [
            "http://169.254.169.254/latest",
            "https://169.254.169.254/",
            "https://0.0.0.0/",
            "https://[::1]/",
            "https://[fd00:ec2::254]/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://[64:ff9b::7f00:1]/",
            "https://localhost./",
            "https://10.0.0.1/",
            "https://metadata.google.internal/",
        ] {
            assert!(realm("https://ghcr.io/", text).is_err(), "{text}");
        }
    }

    #[test]
    fn a010_realms_over_plain_http_or_other_schemes_are_refused() {
        for text in [
            "http://ghcr.io/token",
            "http://auth.example/token",
            "file:///etc/passwd",
            "unix:/run/x",
            "ghcr.io/token",
            "",
        ] {
            assert!(realm("https://ghcr.io/", text).is_err(), "{text}");
        }
        assert!(realm("https://ghcr.io/", "https://user:pass@ghcr.io/token").is_err());
    }

    #[test]
    fn a010_logins_go_to_the_registrys_own_host_and_to_known_token_servers() {
        let sees_login = |registry: &str, text: &str| realm(registry, text).expect(text).login.is_ok();
        assert!(sees_login("https://ghcr.io/", "https://ghcr.io/token"));
        assert!(sees_login("https://registry-1.docker.io/", "https://auth.docker.io/token"));
        assert!(sees_login("https://registry.gitlab.com/", "https://gitlab.com/jwt/auth"));
        assert!(!sees_login("https://ghcr.io/", "https://evil.example/token"));
        assert!(!sees_login("https://ghcr.io/", "https://ghcr.io.evil.example/token"));
        assert!(!sees_login("https://registry.gitlab.com/", "https://auth.docker.io/token"));
    }

    #[test]
    fn a_registry_on_this_machine_may_have_its_token_server_there() {
        assert!(realm("http://127.0.0.1:5000/", "http://127.0.0.1:5001/auth").expect("loopback").login.is_ok());
        assert!(realm("http://localhost:5000/", "http://127.0.0.1:5001/auth").expect("loopback").login.is_err());
        assert!(realm("http://127.0.0.1:5000/", "http://169.254.169.254/").is_err());
    }

    #[test]
    fn a_registry_on_plain_http_never_gets_a_login() {
        assert!(realm("http://registry.lan:5000/", "http://registry.lan:5000/auth").expect("same host").login.is_err());
        assert!(realm("http://registry.lan:5000/", "http://other.lan/auth").is_err());
    }

    #[test]
    fn a_registry_at_a_private_address_may_name_itself() {
        assert!(realm("https://10.0.0.5/", "https://10.0.0.5/token").expect("itself").login.is_ok());
        assert!(realm("https://10.0.0.5/", "https://10.0.0.6/token").is_err());
    }
}
