//! The flags of `bonafide verify`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::cli::compared_with::{Named, named};
use crate::cli::duration::duration;
use crate::cli::given::Given;
use crate::cli::sbom_flags::SbomArgs;
use crate::cli::targets::{OutputParser, Target};
use crate::cli::words::{self, completed};
use crate::oci::{Digest, RegistryReference};
use crate::packages::Severity;
use crate::policy::{Asked, AttestationRules, COSIGN_TYPES, Requirement};

use super::groups::{LoginArgs, PaceArgs, PlatformArg, ProvenanceArgs, SignerArgs, TransportArgs, TrustArgs, platform};

const VERIFY_EXAMPLES: &str = "\
References:
  ghcr.io/acme/app:1.4.2          a tag, resolved once; the report shows the digest
  ghcr.io/acme/app@sha256:…       a digest
  oci:DIR, oci:DIR:TAG            an OCI image layout on disk (also one written by `cosign save`)
  oci-archive:FILE[:TAG]          the same as a tar archive, compressed with gzip or zstd, or not
  npm:NAME@VERSION                a package of npm, by its exact version; npm:@SCOPE/NAME@VERSION
  file:PATH                       a file, with the evidence beside it: PATH.sigstore.json, .sigstore, .bundle, .intoto.jsonl, .sig
  -                               references from standard input, one on each line, # for comments

Files:
  Flags that name a FILE read regular files and pipes, such as <(command); never devices. The writer of a pipe may pause
  for at most 10 s, or as long as --timeout says if that is less.
  Files that a policy names are regular files, and links among them stay in the policy's folder.

Examples:
  bonafide verify ghcr.io/acme/app:1.4.2 --repo acme/app
  bonafide verify ghcr.io/acme/app:1.4.2 --policy bonafide.yaml
  bonafide verify --from Dockerfile --from compose.yaml --policy bonafide.yaml
  bonafide verify oci:./layout:1.4.2 --offline --trusted-root root.json \\
    --certificate-identity release@acme.example \\
    --certificate-oidc-issuer https://accounts.acme.example
  docker pull \"$(bonafide verify \"$IMAGE\" --repo acme/app --output pinned)\"

Exit codes: 0 verified, 1 rejected, 2 usage, 3 undecided, 4 absent";

#[derive(Debug, ClapArgs)]
#[command(after_help = VERIFY_EXAMPLES)]
pub(in crate::cli) struct VerifyArgs {
    /// The images to verify; - reads references from standard input, one on each line
    #[arg(required_unless_present_any = ["from", "lock", "replay"], value_name = "REFERENCE")]
    pub(in crate::cli) references: Vec<String>,
    /// A file that names images, - for standard input: Dockerfile, compose file, Kubernetes or Tekton manifests, workflow or action
    /// of GitHub, pipeline of GitLab, devcontainer.json
    ///
    /// Every image in it is verified, and reported with its line: the images of all stages, jobs and containers. Variables have
    /// the values that the file gives them; an image that needs another is undecided. Files that it includes are not read
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) from: Vec<PathBuf>,
    /// A lock file: package-lock.json, npm-shrinkwrap.json, pnpm-lock.yaml or yarn.lock
    ///
    /// Every package in it is verified, once for each integrity, which the registry must state too; the report has its line, and what
    /// it is installed for. A package without a sha512 integrity, of git, of a file or of another package's tarball is undecided, and
    /// so is every one that yarn 2 or later locks; the project's own workspaces are left out
    #[arg(long, value_name = "FILE", conflicts_with_all = ["expect_digest", "replay"])]
    pub(in crate::cli) lock: Vec<PathBuf>,

    /// Evidence on the files that are verified, beside what lies beside them: Sigstore bundles or DSSE envelopes, one or one on each line
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) bundle: Vec<PathBuf>,
    /// A signed list of digests, such as SHA256SUMS: a signature on it counts for each file that it has under its own name
    ///
    /// The signature lies beside the list, as it would beside the file. It is no provenance of the file
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) sums: Vec<PathBuf>,
    /// The policy: a file, - for standard input, or https://…, docker://… and oci:… with @sha256:… [default: bonafide.yaml,
    /// if it is there]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) policy: Option<PathBuf>,
    /// Judge by flags alone, although there is a bonafide.yaml
    #[arg(long, conflicts_with = "policy")]
    pub(in crate::cli) no_policy: bool,
    /// The name by which the policy judges a layout or archive, which itself has none
    #[arg(long = "as", value_name = "REFERENCE")]
    pub(in crate::cli) judged_as: Option<RegistryReference>,
    /// What must be attached and be good; also attestations by their types: https://… [default: signature,provenance,sbom, or
    /// what the policy says]
    #[arg(long, value_name = "KINDS", value_delimiter = ',', hide_possible_values = true, value_parser = completed(requirement, words::requirements))]
    pub(in crate::cli) require: Vec<Asked>,
    /// Known vulnerabilities to hold the packages of SBOMs against: OSV records as JSON, a folder of them, a zip of osv.dev, or
    /// an index that `bonafide advisories index` made of them
    #[arg(long, help_heading = "SBOM", value_name = "FILE|DIR")]
    pub(in crate::cli) advisories: Vec<PathBuf>,
    /// Refuse an SBOM with a known vulnerability of this severity or a worse one: low, medium, high or critical
    #[arg(long, help_heading = "SBOM", value_name = "LEVEL", hide_possible_values = true, value_parser = completed(severity, words::severities))]
    pub(in crate::cli) deny_severity: Option<Severity>,
    /// Reject an image whose evidence is weaker than that of this one, judged by the same policy, or than a JSON report says
    ///
    /// Everything that is attached is read for it, also what no requirement asks for. A name that ends in .json is a report, as
    /// `--output json=FILE` writes it; keep it where no one else can write
    #[arg(long, value_name = "REFERENCE|FILE.json", value_parser = named, conflicts_with = "save")]
    pub(in crate::cli) not_weaker_than: Option<Named>,
    /// Verify the images of an earlier JSON report, or of a pack of `bonafide collect`, again, and reject every image whose report
    /// differs now
    ///
    /// A name that ends in .json is a report, and its images are read by digest from the places in the report; any other is a pack,
    /// and only the pack is read. Policy, trusted roots and flags are those of this run; if they differ from the report's, that is a
    /// difference. Texts, names, places and times of the run are not compared. The earlier report is never trusted
    #[arg(long, value_name = "FILE.json|PACK", conflicts_with_all = ["references", "from", "wait", "not_weaker_than", "save"])]
    pub(in crate::cli) replay: Option<PathBuf>,
    /// Judge as of this time in the past, such as 2026-11-01T12:00:00Z: ages, exceptions, and what was signed later
    ///
    /// Trusted roots are those of today. The report says so for each image, and no verification summary is written
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(in crate::cli) at: Option<Timestamp>,
    /// The digest that the reference must resolve to
    #[arg(long, value_name = "DIGEST")]
    pub(in crate::cli) expect_digest: Option<Digest>,
    /// The platform to verify, such as linux/arm64, or all; may be given more than once
    ///
    /// Every entry of an index is verified that containerd or containers/image would choose for it, in any spelling:
    /// linux/x86_64 is linux/amd64. A version of Windows may be added: windows/amd64:10.0.20348
    #[arg(long, value_name = "OS/ARCH[/VARIANT]|all", default_value = "all", value_parser = platform)]
    pub(in crate::cli) platform: Vec<PlatformArg>,
    /// How long to wait while nothing of a required kind is attached, such as 5m; anything else ends it
    #[arg(long, help_heading = "Registry", value_name = "DURATION", value_parser = duration)]
    pub(in crate::cli) wait: Option<Duration>,
    /// Write the report in this format; to a file with FORMAT=FILE [default: text]
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = OutputParser::of_images())]
    pub(in crate::cli) output: Vec<Target>,
    /// Leave verified images out of the text; other formats have them all
    #[arg(long)]
    pub(in crate::cli) failed_only: bool,
    /// Save the evidence that verified images are verified by, for other tools, to a new or empty folder
    ///
    /// For each digest that evidence is attached to there is a folder, with the signed bytes of what satisfies the policy and of
    /// nothing else: DIR/sha256-…/sbom.predicate.json is the SBOM, provenance.statement.json the in-toto statement,
    /// signature.bundle.json the Sigstore bundle; a second one of its kind is called sbom-2. Of an image that is not verified
    /// nothing is saved
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) save: Option<PathBuf>,
    /// Who verifies: the URI that a verification summary (--output vsa) names as its verifier
    #[arg(long, value_name = "URI", value_parser = verifier)]
    pub(in crate::cli) verifier: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) signer: Given<SignerArgs>,

    #[command(flatten)]
    pub(in crate::cli) provenance: Given<ProvenanceArgs>,

    #[command(flatten)]
    pub(in crate::cli) sbom: Given<SbomArgs>,

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

    #[command(flatten)]
    pub(in crate::cli) pace: PaceArgs,
}

/// Parses a time with its offset, or a day. A day stands for its beginning in UTC.
fn time(text: &str) -> Result<Timestamp, String> {
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok();
    let time = text.parse().ok().or_else(|| day().map(|day| day.timestamp()));
    time.ok_or_else(|| "expected a time such as 2026-11-01T12:00:00Z, or a day such as 2026-11-01".to_owned())
}

fn severity(text: &str) -> Result<Severity, String> {
    text.parse().map_err(|error: crate::packages::UnknownSeverity| error.to_string())
}

pub(super) fn requirement(text: &str) -> Result<Asked, String> {
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
