//! The environment variables that the program reads, in one table. The help lists them, and reports name those that a run used.

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;

use crate::check::{VariableReport, VariableUse};
use crate::collect::{LoginOrigin, NetworkUse};

use super::logins;

/// A variable, or several that mean one thing, and what it changes.
pub(super) const VARIABLES: [(&[&str], &str); 10] = [
    (&["BONAFIDE_REGISTRY_TOKEN"], "a bearer token, sent to the registry as it is"),
    (&["DOCKER_CONFIG"], "docker's folder with config.json [~/.docker]"),
    (&["REGISTRY_AUTH_FILE"], "a file with logins, instead of podman's"),
    (&["GH_TOKEN", "GITHUB_TOKEN"], "for ghcr.io and GitHub's attestations API"),
    (&["HTTPS_PROXY", "ALL_PROXY"], "the proxy for registries and mirrors"),
    (&["NO_PROXY"], "hosts that are asked without the proxy"),
    (&["SSL_CERT_FILE", "SSL_CERT_DIR"], "certificate authorities, instead of the system's"),
    (&["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"], "trusted roots, and podman's logins"),
    (&["JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"], "the part of an audit, for --shard auto"),
    (&["NO_COLOR"], "no colour on a terminal"),
];

/// Returns the variables that are set, in either case where both count.
pub(super) fn set() -> Vec<String> {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let names = VARIABLES.iter().flat_map(|(names, _)| *names);
    let mut set = Vec::new();
    for name in names {
        let lower = name.to_ascii_lowercase();
        if is_set(name) {
            set.push((*name).to_owned());
        } else if name.ends_with("_PROXY") && is_set(&lower) {
            set.push(lower);
        }
    }
    set
}

/// Returns the variables that a run used. Variables that are set but had no effect are not included.
pub(super) fn used(
    network: &NetworkUse,
    logins: &[LoginOrigin],
    asks_github: bool,
    has_cached_root: bool,
) -> Vec<VariableReport> {
    let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let authorities = ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().filter(|_| network.needs_authorities);
    let cache = Some("XDG_CACHE_HOME").filter(|_| has_cached_root);
    let github = logins::github_variable().filter(|_| asks_github);
    let named = logins
        .iter()
        .filter_map(logins::variable_of)
        .map(|name| (name, VariableUse::Login))
        .chain(github.map(|name| (name, VariableUse::GithubApi)))
        .chain(network.proxy_variables.iter().map(|name| (*name, VariableUse::Proxy)))
        .chain(authorities.filter(is_set).map(|name| (name, VariableUse::Certificates)))
        .chain(cache.filter(is_set).map(|name| (name, VariableUse::TrustCache)));
    let all: BTreeSet<VariableReport> =
        named.map(|(name, used_for)| VariableReport { name: name.into(), used_for }).collect();
    all.into_iter().collect()
}

/// The section of the help.
pub(super) fn help() -> String {
    let mut text = String::from("Environment:\n");
    for (names, what) in VARIABLES {
        let names = names.join(", ");
        // Writing to a `String` cannot fail.
        let _ = if names.len() > 24 {
            writeln!(text, "  {names}\n{:28}{what}", "")
        } else {
            writeln!(text, "  {names:<24}  {what}")
        };
    }
    text.truncate(text.trim_end().len());
    text
}
