//! The command line. Names are those of cosign and gh where they have one.
//!
//! This module declares every flag and has no other code. The commands read the parsed flags.

mod advisories;
mod audit;
mod bundle;
mod collect;
mod diff;
mod doctor;
mod groups;
mod inspect;
mod node;
mod policy;
mod preview;
mod report;
mod trust;
mod verify;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use super::colour::Colour;
use super::words::{self, completed};
pub(super) use advisories::AdvisoriesCommand;
pub(super) use audit::AuditArgs;
pub(super) use bundle::{BundleArgs, VerifyBundleArgs};
pub(super) use collect::{CollectArgs, Place};
pub(super) use diff::DiffArgs;
pub(super) use doctor::DoctorArgs;
pub(super) use groups::{
    LoginArgs, PlatformArg, ProvenanceArgs, RepositoryArgs, ShowFormat, SignerArgs, TransportArgs, TrustArgs,
};
pub(super) use inspect::InspectArgs;
pub(super) use node::NodeArgs;
pub(super) use policy::PolicyCommand;
pub(super) use preview::PreviewArgs;
pub(super) use report::{MergeArgs, ReportCommand};
pub(super) use trust::{TrustCommand, TrustShowArgs, TrustUpdateArgs};
pub(super) use verify::VerifyArgs;

const EXAMPLES: &str = "\
Examples:
  # Signed, with provenance and SBOM, by exactly this identity:
  bonafide verify ghcr.io/acme/app:1.4.2 \\
    --certificate-identity release@acme.example \\
    --certificate-oidc-issuer https://accounts.acme.example

  # By a workflow of this GitHub repository; the provenance is enough:
  bonafide verify ghcr.io/acme/app:1.4.2 --repo acme/app --require provenance

  # Every image that the tags of a repository name:
  bonafide audit ghcr.io/acme/app --repo acme/app

  # Which roots are trusted, and how old are they?
  bonafide trust show

  # What does a failed check mean, and what can be done about it?
  bonafide explain signer-identity

Exit codes:
  0  verified    every requirement is satisfied for every selected platform
  1  rejected    everything that could satisfy the policy was read, and something does not
  2  usage       the command line or a file it names is wrong
  3  undecided   evidence that could satisfy the policy could not be read or checked
  4  absent      nothing of a required kind is attached";

/// Verifies that a container image is what its maker says it is.
#[derive(Debug, Parser)]
#[command(name = "bonafide", version, about, after_help = EXAMPLES, max_term_width = 110)]
#[command(propagate_version = true, arg_required_else_help = true)]
pub(super) struct Args {
    /// What to do
    #[command(subcommand)]
    pub(super) command: Command,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: Colour,
    /// Print the verdict lines alone
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Print every candidate and every check of it; -vv also every request, on standard error
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

impl Args {
    /// Whether every candidate and every check of it is to be shown.
    pub(super) fn shows_details(&self) -> bool {
        self.verbose > 0
    }

    /// Whether verified images are left out of the text.
    pub(super) fn shows_failures_alone(&self) -> bool {
        match &self.command {
            Command::Verify(verify) => verify.failed_only,
            Command::Audit(audit) => audit.verify.failed_only,
            Command::Collect(collect) => collect.verify.failed_only,
            _ => false,
        }
    }

    /// Whether every request is to be shown.
    pub(super) fn shows_requests(&self) -> bool {
        self.verbose > 1
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Verify images: signature, provenance and SBOM
    Verify(Box<VerifyArgs>),
    /// Verify every image that the tags of repositories name
    Audit(Box<AuditArgs>),
    /// Verify images, and carry them away with all their evidence
    Collect(Box<CollectArgs>),
    /// Show what is attached to images, and who signed it
    Inspect(Box<InspectArgs>),
    /// Show what changed between two images: signers, builds, packages, vulnerabilities
    Diff(Box<DiffArgs>),
    /// Verify Sigstore bundles about a file, standard input or a digest
    Bundle(Box<BundleArgs>),
    /// Verify a bundle as the client protocol of sigstore-conformance asks for it
    #[command(hide = true)]
    VerifyBundle(Box<VerifyBundleArgs>),
    /// Check, begin and explain policy files
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Join the reports of an audit that ran in parts
    #[command(subcommand)]
    Report(ReportCommand),
    /// Show the trusted roots of Sigstore instances, or update them
    #[command(subcommand)]
    Trust(TrustCommand),
    /// Prepare advisories for runs that read them often
    #[command(subcommand)]
    Advisories(AdvisoriesCommand),
    /// Look for what stands in the way: registry, login, clock, roots, policy
    Doctor(Box<DoctorArgs>),
    /// Say what a check or verdict means, and what to do
    Explain(ExplainArgs),
    /// Print the JSON Schema of a document
    Schema(SchemaArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print a manual page
    Man(ManArgs),
}

#[derive(Debug, ClapArgs)]
pub(super) struct ExplainArgs {
    /// The check as a report names it, or how it begins; a verdict; or `builders`. Without one, all checks are listed
    #[arg(value_name = "CHECK|VERDICT|builders", hide_possible_values = true, value_parser = completed(page, words::pages))]
    pub(super) check: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct SchemaArgs {
    /// The document
    #[arg(value_name = "DOCUMENT")]
    pub(super) document: Document,
}

/// A document that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Document {
    /// The policy file, for editors
    Policy,
    /// The JSON of `inspect`
    Inspection,
    /// The JSON report
    Report,
    /// The JSON of `diff`
    Diff,
    /// The JSON of `inspect --sbom`
    Packages,
    /// The JSON of `trust show`
    Trust,
    /// The JSON of `doctor`
    Doctor,
    /// The JSON of `policy check`
    PolicyCheck,
    /// The JSON of `policy preview`
    PolicyPreview,
}

#[derive(Debug, ClapArgs)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(super) shell: clap_complete::Shell,
    /// Say what this word may become, as the script asks
    #[arg(long, value_name = "WORD", hide = true)]
    pub(super) word: Option<String>,
}

const MAN_EXAMPLES: &str = "\
Examples:
  bonafide man > bonafide.1
  bonafide man policy check | man -l -";

#[derive(Debug, ClapArgs)]
#[command(after_help = MAN_EXAMPLES)]
pub(super) struct ManArgs {
    /// The command; without one, the page of the program
    #[arg(value_name = "COMMAND")]
    pub(super) command: Vec<String>,
}

/// The name of a page, or its beginning.
fn page(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("expected a check, a verdict or `builders`".to_owned()) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
