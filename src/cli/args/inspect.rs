//! The flags of `bonafide inspect`.

use std::path::PathBuf;

use clap::{ArgGroup, Args as ClapArgs};

use crate::cli::targets::{OutputParser, PackageTarget, Target, package_target};
use crate::cli::words::{self, completed};
use crate::oci::RegistryReference;
use crate::policy::{Asked, Requirement};

use super::groups::{LoginArgs, PlatformArg, TransportArgs, TrustArgs, platform};
use super::verify::requirement;

const INSPECT_EXAMPLES: &str = "\
Examples:
  bonafide inspect ghcr.io/acme/app:1.4.2
  bonafide inspect ghcr.io/acme/app:1.4.2 --suggest-policy > bonafide.yaml
  bonafide inspect oci:./layout:1.4.2 --suggest-policy --as ghcr.io/acme/app
  bonafide inspect ghcr.io/acme/app:1.4.2 --sbom packages.csv
  bonafide inspect ghcr.io/acme/app:1.4.2 --sbom json=-
  bonafide inspect ghcr.io/acme/app:1.4.2 --predicate spdx --repo acme/app > app.spdx.json
  bonafide inspect ghcr.io/acme/app:1.4.2 --advisories npm.zip
  bonafide inspect sbom:app.spdx.json --advisories npm.zip --advisories Debian.zip

A verified signature shows a signer, but not the right one: anyone can sign.

Exit codes: 0 everything was read, 1 a predicate that the signer did not sign, 2 usage, 3 some evidence could not be
read, 4 no evidence to suggest a policy from, no SBOM that verifies, or no predicate";

#[derive(Debug, ClapArgs)]
#[command(after_help = INSPECT_EXAMPLES)]
// Nothing pins a repository here.
#[command(group = ArgGroup::new("asks-github").args(["github_api"]).requires("repo"))]
#[command(group = ArgGroup::new("of-repo").args(["predicate", "github_api"]).multiple(true))]
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
    /// Write the predicate of this kind or type to standard output, byte for byte: what its signer attested, such as spdx,
    /// cyclonedx, provenance, openvex or https://…
    ///
    /// It is written if it verifies and the signer that is named signed it, with --repo, --certificate-identity or --key, and of an SBOM
    /// without what wraps it. Who signed it is said on standard error. Of several predicates none is written
    #[arg(long, value_name = "TYPE", value_parser = completed(predicate, words::requirements), hide_possible_values = true)]
    #[arg(conflicts_with_all = ["output", "suggest_policy", "sbom", "advisories"])]
    pub(in crate::cli) predicate: Option<Asked>,
    /// The identity that must have signed the predicate, as with `bonafide verify`
    #[arg(long, value_name = "IDENTITY", requires = "predicate")]
    pub(in crate::cli) certificate_identity: Option<String>,
    /// The OpenID Connect issuer that vouched for it, compared exactly
    #[arg(long, value_name = "URL", requires = "predicate")]
    pub(in crate::cli) certificate_oidc_issuer: Option<String>,
    /// A public key (PEM) by which signatures made with it are recognised; with --predicate, that must have signed
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) key: Vec<String>,
    /// List the packages of the SBOMs that verify: as table, json or csv, by FORMAT or by how the file's name ends
    #[arg(long, value_name = "[FORMAT=]FILE|-", value_parser = package_target, conflicts_with = "suggest_policy")]
    pub(in crate::cli) sbom: Option<PackageTarget>,
    /// The GitHub repository that is asked, by name or address; with --predicate, whose workflow must have signed
    #[arg(long, help_heading = "Registry", value_name = "OWNER/NAME", requires = "of-repo")]
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
    /// Content requested by digest is kept, and hashed again on every read; tags, lists and verdicts are always requested. When the
    /// folder is larger than 1 GiB, the oldest entries are removed. The folder must be yours, and not a link. A cache that cannot be
    /// used is a warning
    #[arg(long, help_heading = "Registry", value_name = "DIR", hide_short_help = true)]
    pub(in crate::cli) cache: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) login: LoginArgs,

    #[command(flatten)]
    pub(in crate::cli) transport: TransportArgs,
}

/// A signature of an image says nothing.
fn predicate(text: &str) -> Result<Asked, String> {
    let asked = requirement(text)?;
    if asked.requirement() == Requirement::Signature {
        return Err("a signature has no predicate: expected provenance, sbom, or the type of an attestation".to_owned());
    }
    Ok(asked)
}
