//! A provenance as far as both versions of SLSA have it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::claims::{Claims, Property};
use super::source::Stated;

/// What was built, by whom, from what.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Provenance {
    /// `v0.2` or `v1`.
    pub(crate) version: &'static str,
    /// Empty only in an unsigned provenance: outside a CI job BuildKit knows no builder.
    pub(crate) builder: String,
    pub(crate) build_type: String,
    /// Whether the description of the build type is known here, so that its parameters are.
    pub(crate) known: bool,
    pub(crate) source: Stated,
    /// The commit that was built.
    pub(crate) commit: Option<String>,
    pub(crate) build: Build,
    /// All that it states which a certificate may state too, with the places.
    pub(crate) claims: Claims,
    /// The parameters under external control, as written.
    pub(crate) parameters: Value,
    /// The external parameters that the build type does not describe, each as a JSON pointer.
    pub(crate) unknown_parameters: Vec<String>,
    /// What went in: v1 `resolvedDependencies`, v0.2 `materials`.
    pub(crate) dependencies: Vec<Dependency>,
    /// When the build began and ended, as written: the builder's word, which nothing vouches for (A217).
    pub(crate) started_on: Option<String>,
    pub(crate) finished_on: Option<String>,
}

/// What the builder says of the run. Each field that the certificate states too must agree with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Build {
    /// The workflow that the run was of: not the reusable one that it may have called.
    pub(crate) workflow: Option<Workflow>,
    pub(crate) repository_id: Option<String>,
    pub(crate) owner_id: Option<String>,
    /// The URL of the run.
    pub(crate) run: Option<String>,
    pub(crate) event: Option<String>,
    /// `github-hosted` or `self-hosted`.
    pub(crate) runner_environment: Option<String>,
}

impl Build {
    pub(super) fn told_by(claims: &Claims) -> Self {
        let first = |property| claims.first(property).map(str::to_owned);
        Self {
            workflow: first(Property::Workflow).map(|path| Workflow {
                path,
                reference: first(Property::WorkflowRef).or_else(|| first(Property::Ref)),
            }),
            repository_id: first(Property::RepositoryId),
            owner_id: first(Property::OwnerId),
            run: first(Property::Run),
            event: first(Property::Event),
            runner_environment: first(Property::Runner),
        }
    }
}

/// A workflow file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Workflow {
    /// Below the root of its repository: `.github/workflows/release.yml`.
    pub(crate) path: String,
    pub(crate) reference: Option<String>,
}

/// An input of a build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) uri: Option<String>,
    pub(crate) name: Option<String>,
    /// By algorithm, as written.
    pub(crate) digests: BTreeMap<String, String>,
}

impl Dependency {
    /// Returns the commit that it was taken at.
    pub(super) fn commit(&self) -> Option<&str> {
        commit(&self.digests)
    }
}

/// Returns the commit among digests: `gitCommit` in in-toto v1, `sha1` before.
pub(super) fn commit(digests: &BTreeMap<String, String>) -> Option<&str> {
    digests.get("gitCommit").or_else(|| digests.get("sha1")).map(String::as_str)
}
