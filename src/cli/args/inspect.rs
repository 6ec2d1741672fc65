//! The flags of `bonafide inspect`.

use std::path::PathBuf;

use clap::{ArgGroup, Args as ClapArgs};

use crate::cli::targets::{OutputParser, PackageTarget, Target, package_target};
use crate::oci::RegistryReference;

use super::groups::{LoginArgs, PlatformArg, TransportArgs, TrustArgs, platform};

const INSPECT_EXAMPLES: &str = "\
Examples:
  bonafide inspect ghcr.io/acme/app:1.4.2
  bonafide inspect ghcr.io/acme/app:1.4.2 --suggest-policy > bonafide.yaml
  bonafide inspect oci:./layout:1.4.2 --suggest-policy --as ghcr.io/acme/app
  bonafide inspect ghcr.io/acme/app:1.4.2 --sbom packages.csv
  bonafide inspect ghcr.io/acme/app:1.4.2 --sbom json=-
  bonafide inspect ghcr.io/acme/app:1.4.2 --advisories npm.zip
  bonafide inspect sbom:app.spdx.json --advisories npm.zip --advisories Debian.zip

A verified signature shows a signer, but not the right one: anyone can sign.

Exit codes: 0 everything was read, 2 usage, 3 some evidence could not be read, 4 no evidence to suggest a policy
from, or no SBOM that verifies";

#[derive(Debug, ClapArgs)]
#[command(after_help = INSPECT_EXAMPLES)]
// Nothing pins a repository here.
#[command(group = ArgGroup::new("asks-github").args(["github_api"]).requires("repo"))]
pub(in crate::cli) struct InspectArgs {
    /// The images, and SBOMs as sbom:FILE; - reads references from standard input, one on each line
    #[arg(required = true, value_name = "REFERENCE")]
    pub(in crate::cli) references: Vec<String>,

    /// Known vulnerabilities to hold the packages of SBOMs against: OSV records as JSON, a folder of them, a zip of osv.dev, or
    /// an index that `bonafide advisories index` made of them
    #[arg(long, value_name = "FILE|DIR", conflicts_with = "suggest_policy")]
    pub(in crate::cli) advisories: Vec<PathBuf>,
    /// Write a policy that the image satisfies, as narrow as its evidence justifies
    #[arg(long, conflicts_with = "output")]
    pub(in crate::cli) suggest_policy: bool,
    /// The name that the policy is to be about, for a layout or archive
    #[arg(long = "as", value_name = "REFERENCE", requires = "suggest_policy")]
    pub(in crate::cli) judged_as: Option<RegistryReference>,
    /// Evidence on the files that are looked at, beside what lies beside them: Sigstore bundles or DSSE envelopes, one or one on each line
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) bundle: Vec<PathBuf>,
    /// A public key (PEM) by which signatures made with it are recognised
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) key: Vec<String>,
    /// List the packages of the SBOMs that verify: as table, json or csv, by FORMAT or by how the file's name ends
    #[arg(long, value_name = "[FORMAT=]FILE|-", value_parser = package_target, conflicts_with = "suggest_policy")]
    pub(in crate::cli) sbom: Option<PackageTarget>,
    /// The GitHub repository that is asked, by name or address
    #[arg(long, help_heading = "Registry", value_name = "OWNER/NAME", requires = "github_api")]
    pub(in crate::cli) repo: Option<String>,
    /// The platform to look at, such as linux/arm64, or all; may be given more than once
    #[arg(long, value_name = "OS/ARCH[/VARIANT]|all", default_value = "all", value_parser = platform)]
    pub(in crate::cli) platform: Vec<PlatformArg>,
    /// Write it in this format; to a file with FORMAT=FILE [default: text]
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = OutputParser::of_inspections())]
    pub(in crate::cli) output: Vec<Target>,

    #[command(flatten)]
    pub(in crate::cli) trust: TrustArgs,

    /// Keep manifests and evidence in this folder, for later runs and for runs at once
    ///
    /// Kept is what is asked for by digest, and hashed again when it is read; tags, lists and verdicts are always asked for. The
    /// oldest goes when it is larger than 1 GiB. The folder must be yours, and no link. A cache that cannot be used is a warning
    #[arg(long, help_heading = "Registry", value_name = "DIR", hide_short_help = true)]
    pub(in crate::cli) cache: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) login: LoginArgs,

    #[command(flatten)]
    pub(in crate::cli) transport: TransportArgs,
}
