//! The flags of `bonafide collect`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::verify::VerifyArgs;

const EXAMPLES: &str = "\
Examples:
  bonafide collect ghcr.io/acme/app:1.4.2 --repo acme/app --to app-1.4.2
  bonafide collect ghcr.io/acme/app:1.4.2 --policy bonafide.yaml --to app-1.4.2.tar
  bonafide verify oci:app-1.4.2 --offline --repo acme/app

The pack is an OCI layout: indexes, manifests and configurations, and all evidence in its own bytes and place; the layers
with --layers alone. Its folder bonafide/ holds the policy, the trusted roots, the report, and SHA256SUMS of everything.
A rejected image is carried away too, and the exit code says so. The pack is written whole or not at all: if something
could not be read or the disk is full, nothing is written, and the exit code is 3. It is for images: --lock, whose packages
are none, is refused.

Exit codes: 0 verified, 1 rejected, 2 usage, 3 undecided, 4 absent";

/// Flags of `verify` that are not about a pack.
const OF_VERIFY: [&str; 5] = ["wait", "not_weaker_than", "save", "replay", "lock"];

#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
#[command(mut_arg("references", |arg| arg.help("The images to carry away; - reads references from standard input, one on each line")))]
#[command(mut_arg(OF_VERIFY[0], |arg| arg.hide(true)))]
#[command(mut_arg(OF_VERIFY[1], |arg| arg.hide(true)))]
#[command(mut_arg(OF_VERIFY[2], |arg| arg.hide(true)))]
#[command(mut_arg(OF_VERIFY[3], |arg| arg.hide(true)))]
#[command(mut_arg(OF_VERIFY[4], |arg| arg.hide(true)))]
#[command(mut_arg("bundle", |arg| arg.hide(true)))]
pub(in crate::cli) struct CollectArgs {
    /// Where the pack is written: a new or empty folder, or a new archive, whose name ends in .tar
    #[arg(long, value_name = "DIR|FILE.tar")]
    pub(in crate::cli) to: PathBuf,

    /// Put the layers of the images into the pack too, so that it can be loaded or pushed elsewhere
    #[arg(long)]
    pub(in crate::cli) layers: bool,

    #[command(flatten)]
    pub(in crate::cli) verify: VerifyArgs,
}
