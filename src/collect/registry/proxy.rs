//! The proxy between this machine and a server, as the environment names it.
//!
//! The HTTP library takes it from the same variables by the same rules, but its errors do not say that there was one.

use std::env;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use crate::collect::connection::Proxy;

const HTTPS: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const ALL: [&str; 2] = ["ALL_PROXY", "all_proxy"];
const NO: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// The proxies of the environment, for messages.
pub(super) struct Proxies {
    matcher: Matcher,
    /// The same without `NO_PROXY`.
    without_exceptions: Matcher,
}

impl Proxies {
    pub(super) fn of_environment() -> Self {
        let value = |pair: [&'static str; 2]| first_set(pair, |name| env::var(name).ok()).map(|(_, value)| value);
        let without_exceptions =
            Matcher::builder().all(value(ALL).unwrap_or_default()).https(value(HTTPS).unwrap_or_default()).build();
        Self { matcher: Matcher::from_env(), without_exceptions }
    }

    /// Names the variables that decide on the way to an address: the one of the proxy, or the one that leads around it.
    pub(super) fn variable_for(&self, url: &Url) -> Option<&'static str> {
        if let Some(proxy) = self.on_the_way_to(url) {
            return Some(proxy.variable);
        }
        let goes_around =
            url.scheme() == "https" && self.without_exceptions.intercept(&url.as_str().parse().ok()?).is_some();
        goes_around.then(|| first_set(NO, |name| env::var(name).ok()).map_or("NO_PROXY", |(name, _)| name))
    }

    /// Names the proxy that an address is reached through, and the variable that it comes from; never its login.
    pub(super) fn on_the_way_to(&self, url: &Url) -> Option<Proxy> {
        // Plain HTTP goes through none.
        if url.scheme() != "https" {
            return None;
        }
        let proxy = self.matcher.intercept(&url.as_str().parse().ok()?)?;
        let authority = proxy.uri().authority()?;
        let host = authority.as_str().rsplit_once('@').map_or(authority.as_str(), |(_, host)| host);
        Some(Proxy { address: host.to_owned(), variable: variable(|name| env::var(name).ok()) })
    }
}

/// The variable that names the proxy of https addresses: the first of a pair that is set counts, even if it is empty.
fn variable(value: impl Fn(&str) -> Option<String>) -> &'static str {
    match first_set(HTTPS, &value) {
        Some((name, value)) if !value.is_empty() => name,
        _ => first_set(ALL, &value).map_or("the environment", |(name, _)| name),
    }
}

/// The first of a pair that is set, and its value.
fn first_set(pair: [&'static str; 2], value: impl Fn(&str) -> Option<String>) -> Option<(&'static str, String)> {
    pair.into_iter().find_map(|name| Some((name, value(name)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(https: &str, no: &str) -> Proxies {
        Proxies {
            matcher: Matcher::builder().https(https).no(no).build(),
            without_exceptions: Matcher::builder().https(https).build(),
        }
    }

    #[test]
    fn the_variable_that_leads_around_a_proxy_is_named_where_it_does() {
        let named = |https: &str, url: &str| proxies(https, "ghcr.io").variable_for(&Url::parse(url).expect(url));
        assert_eq!(named("http://proxy.example:3128", "https://ghcr.io/v2/"), Some("NO_PROXY"));
        assert_ne!(named("http://proxy.example:3128", "https://quay.io/v2/"), Some("NO_PROXY"));
        assert_eq!(named("http://proxy.example:3128", "http://ghcr.io/v2/"), None);
        assert_eq!(named("", "https://ghcr.io/v2/"), None);
    }

    #[test]
    fn a_proxy_is_named_without_its_login() {
        let name = |url: &str, no: &str| {
            let proxies = proxies("http://alice:hunter2@proxy.example:3128", no);
            proxies.on_the_way_to(&Url::parse(url).expect(url)).map(|proxy| proxy.address)
        };
        assert_eq!(name("https://ghcr.io/v2/", "").as_deref(), Some("proxy.example:3128"));
        for no in ["ghcr.io", ".io", "*", "quay.io, ghcr.io"] {
            assert_eq!(name("https://ghcr.io/v2/", no), None, "{no}");
        }
        assert_eq!(name("http://ghcr.io/v2/", ""), None);
    }

    #[test]
    fn the_variable_that_counts_is_named() {
        let named = |set: &[(&str, &str)]| {
            variable(|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(named(&[("https_proxy", "a"), ("HTTPS_PROXY", "b")]), "HTTPS_PROXY");
        assert_eq!(named(&[("https_proxy", "a"), ("ALL_PROXY", "b")]), "https_proxy");
        assert_eq!(named(&[("HTTPS_PROXY", ""), ("https_proxy", "a"), ("all_proxy", "b")]), "all_proxy");
    }
}
