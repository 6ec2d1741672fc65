//! Where a registry may send a client for a token, and with what (A009–A011).

use reqwest::Url;

use super::address::{Place, place_of};

/// A token server that may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Realm {
    /// Its address.
    pub(super) url: Url,
    /// Whether it may be shown the login for the registry; if not, why.
    pub(super) login: Result<(), &'static str>,
}

/// Token servers on another host than their registry, each as its registry has been seen to name it. To any other place a
/// login is not sent: whoever answers for a registry could otherwise collect the logins of its users (CVE-2026-48978).
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
    #[allow(dead_code, reason = "for whoever checks the table")]
    source: &'static str,
}

/// Judges the realm of a challenge that came from `registry`.
pub(super) fn judge(registry: &Url, realm: &str) -> Result<Realm, &'static str> {
    let url = Url::parse(realm).map_err(|_| "the realm is not a URL")?;
    judge_hop(registry, &url)?;
    let login = may_see_login(registry, &url);
    Ok(Realm { url, login })
}

/// Judges one address on the way to a token: the realm itself, and each redirect (A011).
pub(super) fn judge_hop(registry: &Url, url: &Url) -> Result<(), &'static str> {
    let host = url.host_str().ok_or("the realm has no host")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the realm has user information");
    }
    let same_host = registry.host_str() == Some(host);
    let registry_place = registry.host_str().map(place_of);
    match url.scheme() {
        "https" => {}
        "http" if same_host && registry.scheme() == "http" => {}
        "http" if registry_place == Some(Place::Loopback) && place_of(host) == Place::Loopback => {}
        "http" => return Err("the realm is not https"),
        _ => return Err("the realm is neither http nor https"),
    }
    match place_of(host) {
        _ if same_host => Ok(()),
        Place::Public => Ok(()),
        Place::Loopback if registry_place == Some(Place::Loopback) => Ok(()),
        Place::Loopback => Err("it is this machine, and the registry is not"),
        Place::Private => Err("it is a private address, and not the registry's own"),
        Place::Forbidden => Err("it is a link-local, unspecified or metadata address"),
    }
}

/// Whether the login for `registry` may be sent to `realm`.
fn may_see_login(registry: &Url, realm: &Url) -> Result<(), &'static str> {
    may_carry_login(realm)?;
    let (registry, realm) = (registry.host_str().unwrap_or_default(), realm.host_str().unwrap_or_default());
    let is_known = KNOWN_PAIRS.iter().any(|pair| pair.registry == registry && pair.realm == realm);
    if registry == realm || is_known {
        Ok(())
    } else {
        Err("that is another host than the registry's, and not known as its token server")
    }
}

/// Whether a connection may carry a login at all.
pub(super) fn may_carry_login(url: &Url) -> Result<(), &'static str> {
    if url.scheme() == "https" || url.host_str().is_some_and(|host| place_of(host) == Place::Loopback) {
        Ok(())
    } else {
        Err("the connection is not encrypted")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn realm(registry: &str, realm: &str) -> Result<Realm, &'static str> {
        judge(&Url::parse(registry).expect(registry), realm)
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
