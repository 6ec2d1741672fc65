//! The flags of `bonafide doctor`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use crate::oci::RegistryReference;

use super::groups::{LoginArgs, ShowFormat, TransportArgs, TrustArgs};

const EXAMPLES: &str = "\
Examples:
  bonafide doctor                              the trusted roots, the policy and the environment
  bonafide doctor ghcr.io/acme/app:1.4.2       and the registry: login, proxy, certificates, referrers, clock

Nothing is verified, and nothing secret is shown.

Exit codes: 0 nothing stands in the way (warnings are listed), 2 usage, 3 something does";

#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct DoctorArgs {
    /// An image, as it would be verified: its registry is asked
    #[arg(value_name = "REFERENCE")]
    pub(in crate::cli) reference: Option<String>,
    /// The policy file [default: bonafide.yaml, if it is there]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) policy: Option<PathBuf>,
    /// The name by which the policy judges a layout or archive, which itself has none
    #[arg(long = "as", value_name = "REFERENCE", requires = "reference")]
    pub(in crate::cli) judged_as: Option<RegistryReference>,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(in crate::cli) output: ShowFormat,

    #[command(flatten)]
    pub(in crate::cli) trust: TrustArgs,

    #[command(flatten)]
    pub(in crate::cli) login: LoginArgs,

    #[command(flatten)]
    pub(in crate::cli) transport: TransportArgs,
}
