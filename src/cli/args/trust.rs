//! The flags of `bonafide trust`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand};

use crate::cli::duration::duration;
use crate::cli::words::{self, completed};
use crate::trust::Instance;

use super::groups::{RepositoryArgs, ShowFormat, instance};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TrustCommand {
    /// Show the trusted roots: source, age, content and problems; without a network
    Show(TrustShowArgs),
    /// Bring trusted roots up to date with TUF, and keep them for later runs
    Update(TrustUpdateArgs),
}

const SHOW_EXAMPLES: &str = "\
Examples:
  bonafide trust show
  bonafide trust show --trusted-root acme.trusted_root.json --output json

Shown is the root that `verify` would use now: the cached one while it is valid, otherwise the embedded one.";

#[derive(Debug, ClapArgs)]
#[command(after_help = SHOW_EXAMPLES)]
pub(in crate::cli) struct TrustShowArgs {
    /// A Sigstore instance: public-good, github or staging [default: all three]
    #[arg(long, value_name = "DOMAIN", hide_possible_values = true, value_parser = completed(instance, words::instances))]
    pub(in crate::cli) trust: Vec<Instance>,
    /// The trusted root of a Sigstore instance
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) trusted_root: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) repository: RepositoryArgs,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(in crate::cli) output: ShowFormat,
}

const UPDATE_EXAMPLES: &str = "\
Examples:
  bonafide trust update
  bonafide trust update --trust public-good --trust staging
  bonafide trust update --tuf-mirror https://tuf.acme.example --tuf-root acme.root.json

Roots are kept in $XDG_CACHE_HOME/bonafide/trust, or ~/.cache/bonafide/trust, and verified again on each use.

Exit codes: 0 all are up to date, 2 usage, 3 at least one is not";

#[derive(Debug, ClapArgs)]
#[command(after_help = UPDATE_EXAMPLES)]
pub(in crate::cli) struct TrustUpdateArgs {
    /// A Sigstore instance: public-good, github or staging [default: public-good and github, unless another is given]
    #[arg(long, value_name = "DOMAIN", hide_possible_values = true, value_parser = completed(instance, words::instances))]
    pub(in crate::cli) trust: Vec<Instance>,
    #[command(flatten)]
    pub(in crate::cli) repository: RepositoryArgs,
    /// Certificate authorities to trust beside the system's, as PEM
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) ca_file: Option<PathBuf>,
    /// How long to work on one repository, such as 30s or 5m
    #[arg(long, value_name = "DURATION", default_value = "120s", value_parser = duration)]
    pub(in crate::cli) timeout: Duration,
}
