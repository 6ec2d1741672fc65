//! The flags of `bonafide policy preview`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::groups::{LoginArgs, ShowFormat, TransportArgs, TrustArgs};

const EXAMPLES: &str = "\
Examples:
  kubectl get pods -A -o jsonpath='{range .items[*].spec.containers[*]}{.image}{\"\\n\"}{end}' |
    sort -u | bonafide policy preview --policy new.yaml -
  bonafide policy preview --policy new.yaml --against old.yaml ghcr.io/acme/app:1.4.2

Exit codes: 0 no image loses its pass, 1 at least one does, 2 usage, 3 something could not be read";

#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct PreviewArgs {
    /// The images; - reads references from standard input, one on each line
    #[arg(required = true, value_name = "REFERENCE")]
    pub(in crate::cli) references: Vec<String>,
    /// The policy that would hold
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) policy: PathBuf,
    /// The policy that holds now
    #[arg(long, value_name = "FILE", default_value = "bonafide.yaml")]
    pub(in crate::cli) against: PathBuf,
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
