//! The environment variables that a run used.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A variable of the environment that a run used. Its value is not shown: it may hold a login.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VariableReport {
    /// The variable.
    pub name: Cow<'static, str>,
    /// What it was used for.
    pub used_for: VariableUse,
}

/// What a variable was used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VariableUse {
    /// A login for a registry, or the place of one.
    Login,
    /// The token for GitHub's API.
    GithubApi,
    /// The proxy on the way to a host.
    Proxy,
    /// The certificate authorities of TLS.
    Certificates,
    /// The place of updated trusted roots.
    TrustCache,
}

impl VariableUse {
    /// Returns the word used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::GithubApi => "github-api",
            Self::Proxy => "proxy",
            Self::Certificates => "certificates",
            Self::TrustCache => "trust-cache",
        }
    }
}
