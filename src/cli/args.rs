//! The command line. Names are those of cosign and gh where they have one.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::collect::{GitHubBase, Limits, Mirror, TokenServer};
use crate::oci::{Digest, ImageName, Platform, RegistryReference};
use crate::packages::Severity;
use crate::policy::{Asked, AttestationRules, BuildLevel, COSIGN_TYPES, Requirement};
use crate::trust::Instance;

use super::audit::AuditArgs;
use super::colour::Colour;
use super::doctor::DoctorArgs;
use super::duration::duration;
use super::given::Given;
use super::preview::PreviewArgs;
use super::sbom_flags::SbomArgs;
use super::targets::{OutputParser, PackageTarget, Target, package_target};
use super::trust::{RepositoryArgs, ShowFormat, TrustCommand};
use super::words::{self, completed};

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
    /// Show what is attached to images, and who signed it
    Inspect(Box<InspectArgs>),
    /// Verify Sigstore bundles about a file, standard input or a digest
    Bundle(Box<BundleArgs>),
    /// Verify a bundle as the client protocol of sigstore-conformance asks for it
    #[command(hide = true)]
    VerifyBundle(Box<VerifyBundleArgs>),
    /// Check, begin and explain policy files
    #[command(subcommand)]
    Policy(PolicyCommand),
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

const VERIFY_EXAMPLES: &str = "\
References:
  ghcr.io/acme/app:1.4.2          a tag, resolved once; the report shows the digest
  ghcr.io/acme/app@sha256:…       a digest
  oci:DIR, oci:DIR:TAG            an OCI image layout on disk (also one written by `cosign save`)
  oci-archive:FILE[:TAG]          the same as a tar archive, compressed with gzip or zstd, or not
  -                               references from standard input, one on each line, # for comments

Files:
  Flags that name a FILE read regular files and pipes, such as <(command); never devices. The writer of a pipe may pause
  for at most 10 s, or as long as --timeout says if that is less.
  Files that a policy names are regular files, and links among them stay in the policy's folder.

Examples:
  bonafide verify ghcr.io/acme/app:1.4.2 --repo acme/app
  bonafide verify ghcr.io/acme/app:1.4.2 --policy bonafide.yaml
  bonafide verify oci:./layout:1.4.2 --offline --trusted-root root.json \\
    --certificate-identity release@acme.example \\
    --certificate-oidc-issuer https://accounts.acme.example
  docker pull \"$(bonafide verify \"$IMAGE\" --repo acme/app --output pinned)\"

Exit codes: 0 verified, 1 rejected, 2 usage, 3 undecided, 4 absent";

#[derive(Debug, ClapArgs)]
#[command(after_help = VERIFY_EXAMPLES)]
pub(super) struct VerifyArgs {
    /// The images to verify; - reads references from standard input, one on each line
    #[arg(required = true, value_name = "REFERENCE")]
    pub(super) references: Vec<String>,

    /// The policy: a file, - for standard input, or https://…, docker://… and oci:… with @sha256:… [default: bonafide.yaml,
    /// if it is there]
    #[arg(long, value_name = "FILE")]
    pub(super) policy: Option<PathBuf>,
    /// Judge by flags alone, although there is a bonafide.yaml
    #[arg(long, conflicts_with = "policy")]
    pub(super) no_policy: bool,
    /// The name by which the policy judges a layout or archive, which itself has none
    #[arg(long = "as", value_name = "REFERENCE")]
    pub(super) judged_as: Option<RegistryReference>,
    /// What must be attached and be good; also attestations by their types: https://… [default: signature,provenance,sbom, or
    /// what the policy says]
    #[arg(long, value_name = "KINDS", value_delimiter = ',', hide_possible_values = true, value_parser = completed(requirement, words::requirements))]
    pub(super) require: Vec<Asked>,
    /// Known vulnerabilities to hold the packages of SBOMs against: OSV records as JSON, a folder of them, a zip of osv.dev, or
    /// an index that `bonafide advisories index` made of them
    #[arg(long, help_heading = "SBOM", value_name = "FILE|DIR")]
    pub(super) advisories: Vec<PathBuf>,
    /// Refuse an SBOM with a known vulnerability of this severity or a worse one: low, medium, high or critical
    #[arg(long, help_heading = "SBOM", value_name = "LEVEL", hide_possible_values = true, value_parser = completed(severity, words::severities))]
    pub(super) deny_severity: Option<Severity>,
    /// The digest that the reference must resolve to
    #[arg(long, value_name = "DIGEST")]
    pub(super) expect_digest: Option<Digest>,
    /// The platform to verify, such as linux/arm64, or all; may be given more than once
    ///
    /// Every entry of an index is verified that containerd or containers/image would choose for it, in any spelling:
    /// linux/x86_64 is linux/amd64. A version of Windows may be added: windows/amd64:10.0.20348
    #[arg(long, value_name = "OS/ARCH[/VARIANT]|all", default_value = "all", value_parser = platform)]
    pub(super) platform: Vec<PlatformArg>,
    /// How long to wait while nothing of a required kind is attached, such as 5m; anything else ends it
    #[arg(long, help_heading = "Registry", value_name = "DURATION", value_parser = duration)]
    pub(super) wait: Option<Duration>,
    /// Write the report in this format; to a file with FORMAT=FILE [default: text]
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = OutputParser::of_images())]
    pub(super) output: Vec<Target>,
    /// Who verifies: the URI that a verification summary (--output vsa) names as its verifier
    #[arg(long, value_name = "URI", value_parser = verifier)]
    pub(super) verifier: Option<String>,

    #[command(flatten)]
    pub(super) signer: Given<SignerArgs>,

    #[command(flatten)]
    pub(super) provenance: Given<ProvenanceArgs>,

    #[command(flatten)]
    pub(super) sbom: Given<SbomArgs>,

    #[command(flatten)]
    pub(super) trust: TrustArgs,

    #[command(flatten)]
    pub(super) login: LoginArgs,

    #[command(flatten)]
    pub(super) transport: TransportArgs,
}

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
pub(super) struct InspectArgs {
    /// The images, and SBOMs as sbom:FILE; - reads references from standard input, one on each line
    #[arg(required = true, value_name = "REFERENCE")]
    pub(super) references: Vec<String>,

    /// Known vulnerabilities to hold the packages of SBOMs against: OSV records as JSON, a folder of them, a zip of osv.dev, or
    /// an index that `bonafide advisories index` made of them
    #[arg(long, value_name = "FILE|DIR", conflicts_with = "suggest_policy")]
    pub(super) advisories: Vec<PathBuf>,
    /// Write a policy that the image satisfies, as narrow as its evidence justifies
    #[arg(long, conflicts_with = "output")]
    pub(super) suggest_policy: bool,
    /// The name that the policy is to be about, for a layout or archive
    #[arg(long = "as", value_name = "REFERENCE", requires = "suggest_policy")]
    pub(super) judged_as: Option<RegistryReference>,
    /// A public key (PEM) by which signatures made with it are recognised
    #[arg(long, value_name = "FILE")]
    pub(super) key: Vec<String>,
    /// List the packages of the SBOMs that verify: as table, json or csv, by FORMAT or by how the file's name ends
    #[arg(long, value_name = "[FORMAT=]FILE|-", value_parser = package_target, conflicts_with = "suggest_policy")]
    pub(super) sbom: Option<PackageTarget>,
    /// The GitHub repository that is asked, by name or address
    #[arg(long, help_heading = "Registry", value_name = "OWNER/NAME", requires = "github_api")]
    pub(super) repo: Option<String>,
    /// The platform to look at, such as linux/arm64, or all; may be given more than once
    #[arg(long, value_name = "OS/ARCH[/VARIANT]|all", default_value = "all", value_parser = platform)]
    pub(super) platform: Vec<PlatformArg>,
    /// Write it in this format; to a file with FORMAT=FILE [default: text]
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = OutputParser::of_inspections())]
    pub(super) output: Vec<Target>,

    #[command(flatten)]
    pub(super) trust: TrustArgs,

    #[command(flatten)]
    pub(super) login: LoginArgs,

    #[command(flatten)]
    pub(super) transport: TransportArgs,
}

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
pub(super) struct BundleArgs {
    /// What the bundle is about: a file, `-` for standard input, or the digest of a file
    #[arg(value_name = "FILE|DIGEST|-")]
    pub(super) artifact: String,

    /// The Sigstore bundle, or several, one per line
    #[arg(long, value_name = "FILE")]
    pub(super) bundle: PathBuf,
    /// Write the report in this format; to a file with FORMAT=FILE [default: text]
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = OutputParser::of_bundles())]
    pub(super) output: Vec<Target>,

    #[command(flatten)]
    pub(super) signer: Given<SignerArgs>,

    #[command(flatten)]
    pub(super) trust: TrustArgs,
}

/// sigstore-conformance `docs/cli_protocol.md`.
#[derive(Debug, ClapArgs)]
pub(super) struct VerifyBundleArgs {
    /// The file, or its digest as sha256:…
    #[arg(value_name = "FILE_OR_DIGEST")]
    pub(super) artifact: String,
    /// The Sigstore bundle
    #[arg(long, value_name = "FILE")]
    pub(super) bundle: PathBuf,
    /// The identity in the certificate
    #[arg(long, value_name = "IDENTITY")]
    pub(super) certificate_identity: Option<String>,
    /// The OpenID Connect issuer
    #[arg(long, value_name = "URL")]
    pub(super) certificate_oidc_issuer: Option<String>,
    /// The public key, instead of an identity
    #[arg(long, value_name = "FILE")]
    pub(super) key: Option<String>,
    /// The trusted root
    #[arg(long, value_name = "FILE")]
    pub(super) trusted_root: Option<PathBuf>,
    /// Trust Sigstore's staging instance
    #[arg(long)]
    pub(super) staging: bool,
}

/// Who must have signed
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "Signer")]
pub(super) struct SignerArgs {
    /// The identity in the certificate: an e-mail address, or the URI of a workflow, compared exactly
    #[arg(long, value_name = "IDENTITY")]
    pub(super) certificate_identity: Option<String>,
    /// A regular expression that the whole identity must match
    #[arg(long, value_name = "REGEXP")]
    pub(super) certificate_identity_regexp: Option<String>,
    /// The OpenID Connect issuer that vouched for it, compared exactly
    #[arg(long, value_name = "URL")]
    pub(super) certificate_oidc_issuer: Option<String>,
    /// A regular expression that the whole issuer must match
    #[arg(long, value_name = "REGEXP")]
    pub(super) certificate_oidc_issuer_regexp: Option<String>,
    /// A public key (PEM) that must have signed, instead of an identity; of several, any one
    #[arg(long, value_name = "FILE")]
    pub(super) key: Vec<String>,
    /// Trust the key alone: the signature needs no log entry, and its time stays unproven
    #[arg(long)]
    pub(super) key_without_log: bool,
    /// The GitHub repository that the workflow must have run for, by name or address; alone, any of its own workflows may have
    /// signed
    #[arg(long, value_name = "OWNER/NAME")]
    pub(super) repo: Option<String>,
    /// The GitHub user or organisation in whose repositories any workflow may have signed, for any of them
    #[arg(long, value_name = "OWNER", conflicts_with = "repo")]
    pub(super) owner: Option<String>,
    /// The workflow that must have signed, a reusable one perhaps: OWNER/NAME/.github/workflows/FILE[@REF]
    #[arg(long, value_name = "WORKFLOW")]
    pub(super) signer_workflow: Option<String>,
    /// The full git ref that the workflow must have run for, such as refs/tags/v1.4.2
    #[arg(long, value_name = "REF")]
    pub(super) source_ref: Option<String>,
    /// The commit that the workflow must have run for
    #[arg(long, value_name = "COMMIT")]
    pub(super) source_digest: Option<String>,
    /// Refuse what was signed on a runner that GitHub does not host
    #[arg(long)]
    pub(super) deny_self_hosted_runners: bool,
    /// The event that must have started the workflow, such as push
    #[arg(long, value_name = "EVENT", hide_short_help = true)]
    pub(super) certificate_github_workflow_trigger: Option<String>,
    /// The commit that the workflow must have run for
    #[arg(long, value_name = "COMMIT", hide_short_help = true)]
    pub(super) certificate_github_workflow_sha: Option<String>,
    /// The name of the workflow, as its author wrote it
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub(super) certificate_github_workflow_name: Option<String>,
    /// The repository that the workflow must have run for
    #[arg(long, value_name = "OWNER/NAME", hide_short_help = true)]
    pub(super) certificate_github_workflow_repository: Option<String>,
    /// The full git ref that the workflow must have run for
    #[arg(long, value_name = "REF", hide_short_help = true)]
    pub(super) certificate_github_workflow_ref: Option<String>,
}

/// What the provenance must say
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "Provenance")]
pub(super) struct ProvenanceArgs {
    /// The builder's id in the provenance, compared whole; * stays inside a path segment. Of several, any one
    #[arg(long, value_name = "ID")]
    pub(super) builder_id: Vec<String>,
    /// The build type [default: any whose parameters are known]. Of several, any one
    #[arg(long, value_name = "TYPE")]
    pub(super) build_type: Vec<String>,
    /// The repository that was built, such as https://github.com/acme/app
    #[arg(long, value_name = "URL")]
    pub(super) source_uri: Option<String>,
    /// The branch that was built, such as main
    #[arg(long, value_name = "BRANCH")]
    pub(super) source_branch: Option<String>,
    /// The tag that was built, such as v1.4.2 or v1.*
    #[arg(long, value_name = "TAG")]
    pub(super) source_tag: Option<String>,
    /// An external parameter by its JSON pointer, such as /inputs/target=linux; repeatable
    #[arg(long, value_name = "PATH=VALUE")]
    pub(super) build_parameter: Vec<String>,
    /// Accept external parameters that the build type does not describe
    #[arg(long)]
    pub(super) allow_unknown_parameters: bool,
    /// The SLSA build level that builder and signer must reach together: 1, 2 or 3 (`bonafide explain builders`)
    #[arg(long, value_name = "LEVEL", value_parser = slsa_level)]
    pub(super) slsa_level: Option<BuildLevel>,
    /// How long ago it may have been signed, such as 30d
    #[arg(long, value_name = "AGE")]
    pub(super) provenance_max_age: Option<String>,
    /// An event that must not have started the build, such as pull_request_target; repeatable
    #[arg(long, value_name = "EVENT")]
    pub(super) deny_event: Vec<String>,
    /// Accept slsa-github-generator at any ref, not at a release alone
    #[arg(long, hide_short_help = true)]
    pub(super) allow_any_builder_ref: bool,
    /// Demand this of every provenance of the signer that is attached, not of one
    #[arg(long)]
    pub(super) all_provenance: bool,
}

fn slsa_level(text: &str) -> Result<BuildLevel, String> {
    let level = text.parse().ok().and_then(BuildLevel::from_number);
    level.ok_or_else(|| "expected 1, 2 or 3".to_owned())
}

/// Which Sigstore instances to trust
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "Trust")]
pub(super) struct TrustArgs {
    /// A Sigstore instance: public-good, github or staging [default: public-good, unless another is given]
    #[arg(long, value_name = "DOMAIN", hide_possible_values = true, value_parser = completed(instance, words::instances))]
    pub(super) trust: Vec<Instance>,
    /// The trusted root of a Sigstore instance, or several, one on each line; each is a domain of its own
    #[arg(long, value_name = "FILE")]
    pub(super) trusted_root: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) repository: RepositoryArgs,
    /// Update the trusted roots first, and do not decide with one that is neither new nor still valid
    #[arg(long, conflicts_with = "offline")]
    pub(super) update_trust: bool,
    /// Connect to nothing but the image's registry; with oci: references to nothing at all
    #[arg(long)]
    pub(super) offline: bool,
}

/// How to log in, beside the logins of docker, podman and their credential helpers
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Login")]
pub(super) struct LoginArgs {
    /// Log in to the references' one registry with this name
    #[arg(long, value_name = "NAME", requires = "password_stdin")]
    pub(super) username: Option<String>,
    /// Read the password from standard input
    #[arg(long, requires = "username")]
    pub(super) password_stdin: bool,
    /// Show the registry the token in this file, or in BONAFIDE_REGISTRY_TOKEN, as it is
    #[arg(long, value_name = "FILE", conflicts_with = "username")]
    pub(super) registry_token_file: Option<PathBuf>,
}

/// How to reach a registry
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Registry")]
pub(super) struct TransportArgs {
    /// Ask GitHub too, for attestations of the repository that is named or pinned; a token in GH_TOKEN or GITHUB_TOKEN is optional
    #[arg(
        long,
        value_name = "URL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "https://api.github.com",
        conflicts_with = "offline"
    )]
    pub(super) github_api: Option<GitHubBase>,
    /// Speak HTTP without TLS; done anyway for loopback hosts
    #[arg(long)]
    pub(super) plain_http: bool,
    /// Certificate authorities to trust beside the system's, as PEM
    #[arg(long, value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,
    /// A client certificate (PEM) to show to the registries of the references and their mirrors, and to no other host; its
    /// private key may be in the same file
    #[arg(long, value_name = "FILE")]
    pub(super) client_cert: Option<PathBuf>,
    /// The private key of that certificate, as PEM, not encrypted
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub(super) client_key: Option<PathBuf>,
    /// Send the login for a registry to its token server on another host, such as registry.acme.example=gitlab.acme.example
    #[arg(long, value_name = "REGISTRY=HOST")]
    pub(super) token_server: Vec<TokenServer>,
    /// Ask this mirror for everything of a registry; the report says where it read a tag there
    #[arg(long, value_name = "HOST=MIRROR")]
    pub(super) mirror: Vec<Mirror>,
    /// Look for signatures and attestations in this repository alone, as with cosign's COSIGN_REPOSITORY
    #[arg(long, value_name = "REPOSITORY", conflicts_with = "offline")]
    pub(super) evidence_repository: Option<ImageName>,
    /// How long to collect what one image has, and how long to judge it, such as 30s or 5m
    #[arg(long, value_name = "DURATION", default_value = "120s", value_parser = duration)]
    pub(super) timeout: Duration,
}

impl TransportArgs {
    /// How much is read of one image at most, and for how long.
    pub(super) fn limits(&self) -> Limits {
        Limits { total_time: self.timeout, ..Limits::default() }
    }
}

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
pub(super) enum PolicyCommand {
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
    /// Say which rules apply to an image and what they demand; nothing is fetched
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
    /// What `trust show` prints as JSON
    Trust,
}

#[derive(Debug, Subcommand)]
pub(super) enum AdvisoriesCommand {
    /// Write an index of advisories, which --advisories reads several times as fast
    #[command(after_help = "\
Example:
  bonafide advisories index npm.zip Debian.zip -o advisories.jsonl
  bonafide verify ghcr.io/acme/app:1.4.2 --repo acme/app --advisories advisories.jsonl")]
    Index(IndexArgs),
}

#[derive(Debug, ClapArgs)]
pub(super) struct IndexArgs {
    /// OSV records: JSON, archives of osv.dev, folders of both, other indexes
    #[arg(required = true, value_name = "FILE|DIR")]
    pub(super) places: Vec<PathBuf>,
    /// The file to write, whose name ends with .jsonl
    #[arg(short, long, value_name = "FILE", value_parser = index_file)]
    pub(super) out: PathBuf,
}

fn index_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let is_named = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("jsonl"));
    if is_named { Ok(path) } else { Err("expected a name that ends with .jsonl".to_owned()) }
}

#[derive(Debug, ClapArgs)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(super) shell: clap_complete::Shell,
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

/// A platform, or every one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PlatformArg {
    All,
    One(Platform),
}

/// The name of a page, or its beginning.
fn page(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("expected a check, a verdict or `builders`".to_owned()) } else { Ok(text.to_owned()) }
}

/// A Sigstore instance.
pub(super) fn instance(text: &str) -> Result<Instance, String> {
    text.parse().map_err(|error: crate::trust::UnknownInstance| error.to_string())
}

fn severity(text: &str) -> Result<Severity, String> {
    text.parse().map_err(|error: crate::packages::UnknownSeverity| error.to_string())
}

fn requirement(text: &str) -> Result<Asked, String> {
    // A type as a policy names it: whole, or by cosign's short name for it.
    let short = COSIGN_TYPES.iter().find(|(short, _)| *short == text).map(|(_, full)| *full);
    if let Some(predicate_type) = short.or(text.contains("://").then_some(text)) {
        return Ok(Asked::Attestation(Box::new(AttestationRules::of_type(predicate_type))));
    }
    let Some(requirement) = Requirement::ALL.iter().copied().find(|known| known.as_str() == text) else {
        let known = Requirement::ALL.iter().copied().filter(|requirement| Asked::plain(*requirement).is_some());
        let names = known.map(Requirement::as_str).collect::<Vec<_>>().join(", ");
        return Err(format!(
            "expected {names}, or the type of an attestation: https://…, or cosign's name of it, such as spdxjson"
        ));
    };
    Asked::named(requirement).map_err(|alone| alone.as_flag.to_owned())
}

/// in-toto `field_types.md`, TypeURI: an RFC 3986 URI, with a scheme.
fn verifier(text: &str) -> Result<String, String> {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b))
    };
    let has_scheme = text.split_once(':').is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty());
    // RFC 3986 §3.2.1: a login in it would be signed, and read by everybody (A318).
    let authority = text.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#', '\\']).next());
    if authority.is_some_and(|authority| authority.contains('@')) {
        return Err("expected a URI without a login: a verification summary is read by everybody".to_owned());
    }
    if has_scheme && text.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err("expected a URI of yours, such as https://acme.example/verifier".to_owned())
    }
}

fn platform(text: &str) -> Result<PlatformArg, String> {
    match text {
        "all" => Ok(PlatformArg::All),
        other => other.parse().map(PlatformArg::One).map_err(|error: crate::oci::PlatformError| error.to_string()),
    }
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
