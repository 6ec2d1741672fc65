//! Packages of npm: their registry, its keys, and what a policy means for them.

use jiff::Timestamp;

use crate::collect::{NpmRegistry, files};
use crate::oci::NpmPackage;
use crate::policy::{NpmKeys, NpmKeysError, Policy};

use super::args::TransportArgs;
use super::diagnostics::Diagnostic;
use super::input;

/// The longest list of keys that is read, in bytes.
const LONGEST_KEYS: u64 = 256 * 1024;

/// The registry of a run, and the keys that it signs with.
pub(super) struct Npm {
    pub(super) registry: NpmRegistry,
    pub(super) keys: NpmKeys,
}

impl Npm {
    /// Reads the registry and its keys from the flags. No request is sent yet.
    pub(super) fn read(args: &TransportArgs) -> Result<Self, Diagnostic> {
        let keys = match &args.registry_keys {
            None => NpmKeys::embedded().map_err(|error| unusable("the embedded keys of npm", error))?,
            Some(file) => {
                let bytes = files::read_given(file, LONGEST_KEYS).map_err(|error| input::unreadable(file, error))?;
                NpmKeys::parse(&bytes).map_err(|error| unusable(&format!("`{}`", file.display()), error))?
            }
        };
        Ok(Self { registry: NpmRegistry::at(&args.registry), keys })
    }

    /// Returns the policy as it applies to a package.
    pub(super) fn policy(&self, policy: Policy, package: &NpmPackage, now: Timestamp) -> Result<Policy, Diagnostic> {
        Ok(policy.of_package(package, &self.keys, now)?)
    }
}

/// Refuses packages with `--at`. A registry's signature has no proven time, so a key stolen since then would count.
pub(super) fn without_time(package: &NpmPackage) -> Diagnostic {
    let message = format!("`--at` is given, and nothing proves when the registry signed `{package}`");
    Diagnostic::usage(message, "leave `--at` out for packages")
}

fn unusable(what: &str, error: NpmKeysError) -> Diagnostic {
    Diagnostic::usage(error, "give what the registry answers at /-/npm/v1/keys, or `registry.npmjs.org/keys.json` of Sigstore's TUF repository")
        .about(format!("{what} cannot be used"))
}
