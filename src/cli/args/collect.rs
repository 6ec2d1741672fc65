//! The flags of `bonafide collect`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::verify::VerifyArgs;

const EXAMPLES: &str = "\
Examples:
  bonafide collect ghcr.io/acme/app:1.4.2 --repo acme/app --to app-1.4.2
  bonafide collect ghcr.io/acme/app:1.4.2 --policy bonafide.yaml --to app-1.4.2.tar
  bonafide verify oci:app-1.4.2 --offline --repo acme/app

The pack is an OCI layout: indexes, manifests and configurations, and all evidence in its own bytes and place. Its folder
bonafide/ holds the policy, the trusted roots, the report, and SHA256SUMS of everything. No layer is in it. It is written
whole or not at all: an image whose evidence could not all be read is not carried away, and the exit code is 3.

Exit codes: 0 verified, 1 rejected, 2 usage, 3 undecided, 4 absent";

/// Flags of `verify` that are not about a pack.
const OF_VERIFY: [&str; 4] = ["wait", "not_weaker_than", "save", "replay"];

#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
#[command(mut_arg("references", |arg| arg.help("The images to carry away; - reads references from standard input, one on each line")))]
#[command(mut_arg(OF_VERIFY[0], |arg| arg.hide(true)))]
#[command(mut_arg(OF_VERIFY[1], |arg| arg.hide(true)))]
#[command(mut_arg(OF_VERIFY[2], |arg| arg.hide(true)))]
#[command(mut_arg(OF_VERIFY[3], |arg| arg.hide(true)))]
pub(in crate::cli) struct CollectArgs {
    /// Where the pack is written: a new or empty folder, or a new archive, whose name ends in .tar
    #[arg(long, value_name = "DIR|FILE.tar")]
    pub(in crate::cli) to: PathBuf,

    #[command(flatten)]
    pub(in crate::cli) verify: VerifyArgs,
}
