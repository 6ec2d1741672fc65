//! Flags that several commands have.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, ValueEnum};

use crate::cli::duration::duration;
use crate::cli::words::{self, completed};
use crate::collect::{GitHubBase, Limits, Mirror, NpmBase, Pace, TokenServer};
use crate::oci::{ImageName, Platform};
use crate::policy::BuildLevel;
use crate::trust::Instance;

/// Who must have signed
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "Signer")]
pub(in crate::cli) struct SignerArgs {
    /// The identity in the certificate: an e-mail address, or the URI of a workflow, compared exactly
    #[arg(long, value_name = "IDENTITY")]
    pub(in crate::cli) certificate_identity: Option<String>,
    /// A regular expression that the whole identity must match
    #[arg(long, value_name = "REGEXP")]
    pub(in crate::cli) certificate_identity_regexp: Option<String>,
    /// The OpenID Connect issuer that vouched for it, compared exactly
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) certificate_oidc_issuer: Option<String>,
    /// A regular expression that the whole issuer must match
    #[arg(long, value_name = "REGEXP")]
    pub(in crate::cli) certificate_oidc_issuer_regexp: Option<String>,
    /// A public key (PEM) that must have signed, instead of an identity; of several, any one
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) key: Vec<String>,
    /// Trust the key alone: the signature needs no log entry, and its time stays unproven
    #[arg(long)]
    pub(in crate::cli) key_without_log: bool,
    /// The GitHub repository that the workflow must have run for, by name or address; alone, any of its own workflows may have
    /// signed
    #[arg(long, value_name = "OWNER/NAME")]
    pub(in crate::cli) repo: Option<String>,
    /// The GitHub user or organisation in whose repositories any workflow may have signed, for any of them
    #[arg(long, value_name = "OWNER", conflicts_with = "repo")]
    pub(in crate::cli) owner: Option<String>,
    /// The workflow that must have signed, a reusable one perhaps: OWNER/NAME/.github/workflows/FILE[@REF]
    #[arg(long, value_name = "WORKFLOW")]
    pub(in crate::cli) signer_workflow: Option<String>,
    /// The full git ref that the workflow must have run for, such as refs/tags/v1.4.2
    #[arg(long, value_name = "REF")]
    pub(in crate::cli) source_ref: Option<String>,
    /// The commit that the workflow must have run for
    #[arg(long, value_name = "COMMIT")]
    pub(in crate::cli) source_digest: Option<String>,
    /// Refuse what was signed on a runner that GitHub does not host
    #[arg(long)]
    pub(in crate::cli) deny_self_hosted_runners: bool,
    /// The event that must have started the workflow, such as push
    #[arg(long, value_name = "EVENT", hide_short_help = true)]
    pub(in crate::cli) certificate_github_workflow_trigger: Option<String>,
    /// The commit that the workflow must have run for
    #[arg(long, value_name = "COMMIT", hide_short_help = true)]
    pub(in crate::cli) certificate_github_workflow_sha: Option<String>,
    /// The name of the workflow, as its author wrote it
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub(in crate::cli) certificate_github_workflow_name: Option<String>,
    /// The repository that the workflow must have run for
    #[arg(long, value_name = "OWNER/NAME", hide_short_help = true)]
    pub(in crate::cli) certificate_github_workflow_repository: Option<String>,
    /// The full git ref that the workflow must have run for
    #[arg(long, value_name = "REF", hide_short_help = true)]
    pub(in crate::cli) certificate_github_workflow_ref: Option<String>,
}

/// What the provenance must say
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "Provenance")]
pub(in crate::cli) struct ProvenanceArgs {
    /// The builder's id in the provenance, compared whole; * stays inside a path segment. Of several, any one
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) builder_id: Vec<String>,
    /// The build type [default: any whose parameters are known]. Of several, any one
    #[arg(long, value_name = "TYPE")]
    pub(in crate::cli) build_type: Vec<String>,
    /// The repository that was built, such as https://github.com/acme/app
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) source_uri: Option<String>,
    /// The branch that was built, such as main
    #[arg(long, value_name = "BRANCH")]
    pub(in crate::cli) source_branch: Option<String>,
    /// The tag that was built, such as v1.4.2 or v1.*
    #[arg(long, value_name = "TAG")]
    pub(in crate::cli) source_tag: Option<String>,
    /// An external parameter by its JSON pointer, such as /inputs/target=linux; repeatable
    #[arg(long, value_name = "PATH=VALUE")]
    pub(in crate::cli) build_parameter: Vec<String>,
    /// Accept external parameters that the build type does not describe
    #[arg(long)]
    pub(in crate::cli) allow_unknown_parameters: bool,
    /// The SLSA build level that builder and signer must reach together: 1, 2 or 3 (`bonafide explain builders`)
    #[arg(long, value_name = "LEVEL", value_parser = slsa_level)]
    pub(in crate::cli) slsa_level: Option<BuildLevel>,
    /// How long ago it may have been signed, such as 30d
    #[arg(long, value_name = "AGE")]
    pub(in crate::cli) provenance_max_age: Option<String>,
    /// An event that must not have started the build, such as pull_request_target; repeatable
    #[arg(long, value_name = "EVENT")]
    pub(in crate::cli) deny_event: Vec<String>,
    /// Accept slsa-github-generator at any ref, not at a release alone
    #[arg(long, hide_short_help = true)]
    pub(in crate::cli) allow_any_builder_ref: bool,
    /// Require this of every provenance of the signer that is attached, not of one
    #[arg(long)]
    pub(in crate::cli) all_provenance: bool,
}

fn slsa_level(text: &str) -> Result<BuildLevel, String> {
    let level = text.parse().ok().and_then(BuildLevel::from_number);
    level.ok_or_else(|| "expected 1, 2 or 3".to_owned())
}

/// Which Sigstore instances to trust
#[derive(Debug, Clone, Default, ClapArgs)]
#[command(next_help_heading = "Trust")]
pub(in crate::cli) struct TrustArgs {
    /// A Sigstore instance: public-good, github or staging [default: public-good, unless another is given]
    #[arg(long, value_name = "DOMAIN", hide_possible_values = true, value_parser = completed(instance, words::instances))]
    pub(in crate::cli) trust: Vec<Instance>,
    /// The trusted root of a Sigstore instance, or several, one on each line; each is a domain of its own
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) trusted_root: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) repository: RepositoryArgs,
    /// Update the trusted roots first, and do not decide with one that is neither new nor still valid
    #[arg(long, conflicts_with = "offline")]
    pub(in crate::cli) update_trust: bool,
    /// Connect to nothing but the image's registry; with oci: references to nothing at all
    #[arg(long)]
    pub(in crate::cli) offline: bool,
}

/// A Sigstore instance by its TUF repository.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(in crate::cli) struct RepositoryArgs {
    /// The TUF repository of another Sigstore instance; needs --tuf-root
    #[arg(long, value_name = "URL", requires = "tuf_root")]
    pub(in crate::cli) tuf_mirror: Option<String>,
    /// The initial root.json of that repository, as its operator publishes it
    #[arg(long, value_name = "FILE", requires = "tuf_mirror")]
    pub(in crate::cli) tuf_root: Option<PathBuf>,
}

/// How to log in, beside the logins of docker, podman and their credential helpers
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Login")]
pub(in crate::cli) struct LoginArgs {
    /// Log in to the references' one registry with this name
    #[arg(long, value_name = "NAME", requires = "password_stdin")]
    pub(in crate::cli) username: Option<String>,
    /// Read the password from standard input
    #[arg(long, requires = "username")]
    pub(in crate::cli) password_stdin: bool,
    /// Show the registry the token in this file, or in BONAFIDE_REGISTRY_TOKEN, as it is
    #[arg(long, value_name = "FILE", conflicts_with = "username")]
    pub(in crate::cli) registry_token_file: Option<PathBuf>,
}

/// How to reach a registry
#[derive(Debug, Clone, ClapArgs)]
#[command(next_help_heading = "Registry")]
pub(in crate::cli) struct TransportArgs {
    /// Ask GitHub too, for attestations of the repository that is named or pinned; a token in GH_TOKEN or GITHUB_TOKEN is optional
    #[arg(
        long,
        value_name = "URL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "https://api.github.com",
        conflicts_with = "offline"
    )]
    pub(in crate::cli) github_api: Option<GitHubBase>,
    /// Speak HTTP without TLS; done anyway for loopback hosts
    #[arg(long)]
    pub(in crate::cli) plain_http: bool,
    /// Certificate authorities to trust beside the system's, as PEM
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) ca_file: Option<PathBuf>,
    /// A client certificate (PEM) to show to the registries of the references and their mirrors, and to no other host; its
    /// private key may be in the same file
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) client_cert: Option<PathBuf>,
    /// The private key of that certificate, as PEM, not encrypted
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub(in crate::cli) client_key: Option<PathBuf>,
    /// Send the login for a registry to its token server on another host, such as registry.acme.example=gitlab.acme.example
    #[arg(long, value_name = "REGISTRY=HOST")]
    pub(in crate::cli) token_server: Vec<TokenServer>,
    /// Ask this mirror for everything of a registry; the report says where it read a tag there
    #[arg(long, value_name = "HOST=MIRROR")]
    pub(in crate::cli) mirror: Vec<Mirror>,
    /// Look for signatures and attestations in this repository alone, as with cosign's COSIGN_REPOSITORY
    #[arg(long, value_name = "REPOSITORY", conflicts_with = "offline")]
    pub(in crate::cli) evidence_repository: Option<ImageName>,
    /// The registry of npm: references
    #[arg(long, value_name = "URL", default_value = "https://registry.npmjs.org", hide_short_help = true)]
    pub(in crate::cli) registry: NpmBase,
    /// The keys that the registry of npm: references signs with, as it answers at /-/npm/v1/keys [default: those of npm]
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(in crate::cli) registry_keys: Option<PathBuf>,
    /// How long to collect what one image has, and how long to judge it, such as 30s or 5m
    #[arg(long, value_name = "DURATION", default_value = "120s", value_parser = duration)]
    pub(in crate::cli) timeout: Duration,
}

/// How fast to go
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Registry")]
pub(in crate::cli) struct PaceArgs {
    /// How many images to verify at once; fewer if --requests-per-second leaves each too little time
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// The most requests to send to one host in a second, evenly spaced
    #[arg(long, value_name = "N")]
    requests_per_second: Option<NonZeroU32>,
    /// The most requests to send to one host; an image that needs more is undecided
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_requests: Option<u64>,
}

/// An image has time for so many requests, at least.
const REQUESTS_OF_ONE: u64 = 60;

impl PaceArgs {
    /// How fast and how often each host is asked at most.
    pub(in crate::cli) fn pace(&self) -> Pace {
        Pace { per_second: self.requests_per_second, most: self.max_requests }
    }

    /// How many images are verified at once. Those that wait for each other's requests must not run out of time.
    pub(in crate::cli) fn jobs(&self, timeout: Duration) -> usize {
        let Some(rate) = self.requests_per_second else { return self.jobs.into() };
        let at_this_pace = u64::from(rate.get()).saturating_mul(timeout.as_secs()) / REQUESTS_OF_ONE;
        u64::from(self.jobs).min(at_this_pace.max(1)).try_into().unwrap_or(1)
    }
}

impl TransportArgs {
    /// How much is read of one image at most, and for how long.
    pub(in crate::cli) fn limits(&self) -> Limits {
        Limits { total_time: self.timeout, ..Limits::default() }
    }
}

/// How trusted roots are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ShowFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// A platform, or every one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum PlatformArg {
    All,
    One(Platform),
}

/// A Sigstore instance.
pub(super) fn instance(text: &str) -> Result<Instance, String> {
    text.parse().map_err(|error: crate::trust::UnknownInstance| error.to_string())
}

pub(super) fn platform(text: &str) -> Result<PlatformArg, String> {
    match text {
        "all" => Ok(PlatformArg::All),
        other => other.parse().map(PlatformArg::One).map_err(|error: crate::oci::PlatformError| error.to_string()),
    }
}
