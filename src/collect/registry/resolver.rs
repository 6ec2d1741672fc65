//! Names and the addresses that they resolve to.
//!
//! A host named by a registry is judged by its text before a request (see [`super::address`]), and here by its
//! addresses: any name can be bought and can resolve to this machine or to a cloud's metadata service (A009, A011).
//! Names that the user gave are not judged. Behind a proxy, the proxy resolves names and none of this applies.

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{Place, place_of, place_of_address};

/// Resolves names, and refuses some answers.
#[derive(Clone)]
pub(super) struct Resolver {
    rules: Arc<Mutex<Rules>>,
    look_up: LookUp,
}

/// Looks a name up, as the system does it.
pub(super) type LookUp = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

#[derive(Default)]
struct Rules {
    /// Hosts that the user gave.
    given: HashSet<String>,
    /// Hosts that a server named. A proxy is in neither set.
    named: HashSet<String>,
    /// Whether one of the given hosts is this machine, which others may then be too.
    is_here: bool,
}

/// An answer that is not used.
#[derive(Debug, thiserror::Error)]
#[error("`{host}` resolves to {address}, and {reason}")]
pub(super) struct RefusedAddress {
    pub(super) host: String,
    pub(super) address: IpAddr,
    pub(super) reason: &'static str,
}

/// A name without an address.
#[derive(Debug, thiserror::Error)]
#[error("`{host}` has no address")]
pub(super) struct NoAddress {
    host: String,
    source: io::Error,
}

impl NoAddress {
    /// Which name it is, and what the system said of it.
    pub(super) fn said(&self) -> String {
        format!("{}: {}", self.host, self.source)
    }
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Resolver")
    }
}

impl Resolver {
    /// Asks the system.
    pub(super) fn system() -> Self {
        Self::new(Arc::new(|name| {
            Box::pin(async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) })
        }))
    }

    pub(super) fn new(look_up: LookUp) -> Self {
        Self { rules: Arc::default(), look_up }
    }

    /// Adds a host that the user gave.
    pub(super) fn give(&self, host: &str) {
        let mut rules = self.rules();
        rules.is_here |= place_of(host) == Place::Loopback;
        rules.given.insert(host.to_owned());
    }

    /// Adds a host before a request to it, whether the user or a server named it.
    pub(super) fn expect(&self, host: &str) {
        let mut rules = self.rules();
        if !rules.given.contains(host) {
            rules.named.insert(host.to_owned());
        }
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        // Sets of names are whole at every step.
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Judges an answer. One bad address spoils it: which one is connected to is not decided here.
    fn judge(&self, host: &str, addresses: &[SocketAddr]) -> Result<(), RefusedAddress> {
        let mut rules = self.rules();
        if rules.given.contains(host) {
            rules.is_here |= addresses.iter().any(|found| place_of_address(found.ip()) == Place::Loopback);
            return Ok(());
        }
        if !rules.named.contains(host) {
            return Ok(());
        }
        for address in addresses.iter().map(SocketAddr::ip) {
            let reason = match place_of_address(address) {
                Place::Forbidden => "that is a link-local, unspecified or metadata address",
                Place::Loopback if !rules.is_here => "that is this machine, which the registry is not",
                // A registry inside a network has its token server and its store inside too.
                Place::Loopback | Place::Private | Place::Public => continue,
            };
            return Err(RefusedAddress { host: host.to_owned(), address, reason });
        }
        Ok(())
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolver, host) = (self.clone(), name.as_str().to_ascii_lowercase());
        Box::pin(async move {
            let addresses = (resolver.look_up)(host.clone()).await;
            let addresses = addresses.map_err(|source| NoAddress { host: host.clone(), source })?;
            resolver.judge(&host, &addresses)?;
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(resolver: &Resolver, host: &str, addresses: &[&str]) -> bool {
        let addresses: Vec<SocketAddr> =
            addresses.iter().map(|text| SocketAddr::new(text.parse().expect("an address"), 443)).collect();
        resolver.expect(host);
        resolver.judge(host, &addresses).is_err()
    }

    #[test]
    fn a009_names_that_resolve_to_places_that_are_not_the_registrys_are_refused() {
        let resolver = Resolver::system();
        resolver.give("registry.example");
        for address in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "fd00:ec2::254",
            "64:ff9b::a9fe:a9fe",
            "0.0.0.0",
            "::",
            "fe80::1",
            "100.100.100.200",
            "127.0.0.1",
            "::1",
            "::ffff:127.0.0.1",
        ] {
            assert!(is_refused(&resolver, "evil.example", &[address]), "{address}");
            assert!(is_refused(&resolver, "evil.example", &["93.184.216.34", address]), "{address} beside a good one");
        }
        for address in ["93.184.216.34", "10.0.0.1", "2606:4700::1111"] {
            assert!(!is_refused(&resolver, "auth.example", &[address]), "{address}");
        }
    }

    #[test]
    fn a_registry_that_is_here_may_name_others_that_are() {
        let by_text = Resolver::system();
        by_text.give("127.0.0.1");
        assert!(!is_refused(&by_text, "auth.test", &["127.0.0.1"]));
        assert!(is_refused(&by_text, "auth.test", &["169.254.169.254"]));
        let by_address = Resolver::system();
        by_address.give("registry.test");
        assert!(is_refused(&by_address, "auth.test", &["127.0.0.1"]));
        assert!(!is_refused(&by_address, "registry.test", &["127.0.0.1"]), "a name from the user is allowed");
        assert!(!is_refused(&by_address, "auth.test", &["127.0.0.1"]));
    }

    #[test]
    fn a_proxy_is_named_by_the_user() {
        let addresses = [SocketAddr::new("127.0.0.1".parse().expect("an address"), 3128)];
        assert!(Resolver::system().judge("proxy.example", &addresses).is_ok());
    }
}
