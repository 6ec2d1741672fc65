//! The flags of `bonafide bundle`, and of the client protocol of sigstore-conformance.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use crate::cli::given::Given;
use crate::cli::targets::{OutputParser, Target};

use super::groups::{SignerArgs, TrustArgs};

const BUNDLE_EXAMPLES: &str = "\
Examples:
  bonafide bundle app.tar.gz --bundle app.tar.gz.sigstore.json --repo acme/app
  bonafide bundle sha256:… --bundle attestations.jsonl --repo acme/app
  curl -L \"$URL\" | bonafide bundle - --bundle app.sigstore.json --key cosign.pub

A file with one bundle per line holds several: each is judged by itself, all are listed, and any one that is
accepted is enough. Only the signature is asked for; what a provenance or SBOM in it says is reported, not judged.

Exit codes: 0 verified, 1 rejected, 2 usage, 3 undecided";

#[derive(Debug, ClapArgs)]
#[command(after_help = BUNDLE_EXAMPLES)]
pub(in crate::cli) struct BundleArgs {
    /// What the bundle is about: a file, `-` for standard input, or the digest of a file
    #[arg(value_name = "FILE|DIGEST|-")]
    pub(in crate::cli) artifact: String,

    /// The Sigstore bundle, or several, one per line
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) bundle: PathBuf,
    /// Write the report in this format; to a file with FORMAT=FILE [default: text]
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = OutputParser::of_bundles())]
    pub(in crate::cli) output: Vec<Target>,

    #[command(flatten)]
    pub(in crate::cli) signer: Given<SignerArgs>,

    #[command(flatten)]
    pub(in crate::cli) trust: TrustArgs,
}

/// sigstore-conformance `docs/cli_protocol.md`.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct VerifyBundleArgs {
    /// The file, or its digest as sha256:…
    #[arg(value_name = "FILE_OR_DIGEST")]
    pub(in crate::cli) artifact: String,
    /// The Sigstore bundle
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) bundle: PathBuf,
    /// The identity in the certificate
    #[arg(long, value_name = "IDENTITY")]
    pub(in crate::cli) certificate_identity: Option<String>,
    /// The OpenID Connect issuer
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) certificate_oidc_issuer: Option<String>,
    /// The public key, instead of an identity
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) key: Option<String>,
    /// The trusted root
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) trusted_root: Option<PathBuf>,
    /// Trust Sigstore's staging instance
    #[arg(long)]
    pub(in crate::cli) staging: bool,
}
