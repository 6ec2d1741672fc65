//! The flags of `bonafide policy`.

use std::path::PathBuf;

use clap::Subcommand;

use crate::oci::RegistryReference;

use super::groups::ShowFormat;
use super::preview::PreviewArgs;

const POLICY_CHECK_EXAMPLES: &str = "\
Examples:
  bonafide policy check                     bonafide.yaml in this folder
  bonafide policy check policies/*.yaml

Exit codes: 0 no errors (warnings are listed), 2 errors";

const POLICY_IMPORT_EXAMPLES: &str = "\
Examples:
  kubectl get clusterimagepolicies -o yaml | bonafide policy import - > bonafide.yaml
  kubectl get clusterpolicies,imagevalidatingpolicies -o yaml | bonafide policy import - > bonafide.yaml
  bonafide policy check bonafide.yaml

Standard error and comments in the policy list everything that is changed or left out.

Exit codes: 0 a policy is written; 2 errors, or a rule that made the original stricter would
be lost: then nothing is written without --lossy";

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PolicyCommand {
    /// List every error and every lint warning of policy files
    #[command(after_help = POLICY_CHECK_EXAMPLES)]
    Check {
        /// The policy files; - for standard input
        #[arg(value_name = "FILE", default_value = "bonafide.yaml")]
        files: Vec<PathBuf>,
        /// Treat warnings as errors
        #[arg(long)]
        strict: bool,
        /// How to print it
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        output: ShowFormat,
    },
    /// Write a first policy with comments to standard output, or to a file that is not there yet
    Init {
        /// The file to write
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Write a policy that says what policies of the sigstore policy-controller and of Kyverno say
    #[command(after_help = POLICY_IMPORT_EXAMPLES)]
    Import {
        /// The YAML file, with one or several of them; - for standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Write the policy even if a rule that made the original stricter is lost
        #[arg(long)]
        lossy: bool,
    },
    /// Say which images would get another verdict by another policy
    Preview(Box<PreviewArgs>),
    /// Say which rules apply to an image and what they require; nothing is fetched
    Explain {
        /// The image, as it would be verified
        #[arg(value_name = "REFERENCE")]
        reference: String,
        /// The name by which the policy judges a layout or archive, which itself has none
        #[arg(long = "as", value_name = "REFERENCE")]
        judged_as: Option<RegistryReference>,
        /// The policy file; - for standard input
        #[arg(long, value_name = "FILE", default_value = "bonafide.yaml")]
        policy: PathBuf,
    },
}
