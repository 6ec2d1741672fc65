//! The flags of `bonafide audit`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use crate::cli::shard::Shard;
use crate::cli::targets::OutputParser;
use crate::policy::TextRule;

use super::verify::VerifyArgs;

const EXAMPLES: &str = "\
Examples:
  bonafide audit ghcr.io/acme/app --repo acme/app
  bonafide audit ghcr.io/acme/app ghcr.io/acme/worker --policy bonafide.yaml --tags 'v*' --exclude '*-rc*'
  bonafide audit ghcr.io/acme/app --repo acme/app --newest 5
  bonafide audit ghcr.io/acme/app --repo acme/app --no-downgrade
  bonafide audit ghcr.io/acme/app --repo acme/app --expect released.json
  bonafide audit mirror.acme.example/app --policy bonafide.yaml --mirror-of ghcr.io/acme/app
  bonafide audit ghcr.io/acme/app --repo acme/app --journal audit.journal --resume
  bonafide audit oci:./layout --policy bonafide.yaml --as ghcr.io/acme/app

Each digest is fetched and judged once, even if several tags name it. Tags such as sha256-….sig hold evidence; they are
counted and no releases. Changes from one verified version to the next are listed at the end and reject nothing. A list of tags that cannot be read whole, and a selection without a tag, are undecided.

Exit codes: 0 verified, 1 rejected, 2 usage, 3 undecided, 4 absent";

/// Flags of `verify` that are about a single image.
const OF_ONE_IMAGE: [&str; 3] = ["wait", "expect_digest", "verifier"];

#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
#[command(mut_arg("references", |arg| arg.value_name("REPOSITORY").help(
    "The repositories to audit, and layouts as oci:DIR; - reads them from standard input, one on each line"
)))]
#[command(mut_arg("output", |arg| arg.value_parser(OutputParser::of_audits())))]
#[command(mut_arg(OF_ONE_IMAGE[0], |arg| arg.hide(true)))]
#[command(mut_arg(OF_ONE_IMAGE[1], |arg| arg.hide(true)))]
#[command(mut_arg(OF_ONE_IMAGE[2], |arg| arg.hide(true)))]
#[command(mut_arg("replay", |arg| arg.hide(true).value_parser(of_verify)))]
#[command(mut_arg("from", |arg| arg.hide(true)))]
#[command(mut_arg("lock", |arg| arg.hide(true)))]
#[command(mut_arg("bundle", |arg| arg.hide(true)))]
#[command(mut_arg("sums", |arg| arg.hide(true)))]
pub(in crate::cli) struct AuditArgs {
    /// The tags to audit, such as 'v1.*'; of several patterns, any one [default: all]
    #[arg(long, help_heading = "Tags", value_name = "GLOB", value_parser = glob)]
    pub(in crate::cli) tags: Vec<TextRule>,
    /// Tags to leave out, such as '*-rc*'
    #[arg(long, help_heading = "Tags", value_name = "GLOB", value_parser = glob)]
    pub(in crate::cli) exclude: Vec<TextRule>,
    /// Audit so many versions alone, the highest; tags that are not versions are left out
    #[arg(long, help_heading = "Tags", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) newest: Option<u32>,
    /// What the tags must name: {"1.4.2": "sha256:…"}, or that for each of several repositories; a tag that moved, is missing or
    /// was not expected is rejected
    #[arg(long, help_heading = "Tags", value_name = "FILE")]
    pub(in crate::cli) expect: Option<PathBuf>,
    /// The repository that the audited one must be a mirror of: another one has the same tags, digests and evidence, by the digests of
    /// its manifests; each difference is rejected
    ///
    /// Compared are the selected tags, and of each image that both have the referrers and cosign's tags
    #[arg(
        long,
        help_heading = "Tags",
        value_name = "REPOSITORY",
        conflicts_with_all = ["expect", "newest", "shard", "evidence_repository", "offline"]
    )]
    pub(in crate::cli) mirror_of: Option<String>,
    /// Audit one part of several, such as 2/4; auto takes it from JOB_COMPLETION_INDEX and JOB_COMPLETIONS
    ///
    /// Each digest is in one part. `bonafide report merge` joins the JSON reports of all parts. A part that has no image is
    /// undecided
    #[arg(long, help_heading = "Tags", value_name = "I/N|auto", conflicts_with_all = ["no_downgrade", "not_weaker_than"])]
    pub(in crate::cli) shard: Option<Shard>,
    /// Write each verdict to this file as soon as it is known, for --resume
    #[arg(long, help_heading = "Interruptions", value_name = "FILE", conflicts_with = "save")]
    pub(in crate::cli) journal: Option<PathBuf>,
    /// Go on with the journal of a run that was interrupted: verdicts of the last 24 hours are taken from it, if policy, trusted
    /// roots, advisories, platforms and flags are the same; what was undecided is judged again
    #[arg(long, help_heading = "Interruptions", requires = "journal")]
    pub(in crate::cli) resume: bool,

    /// Reject a release whose evidence is weaker than that of the highest lower version of its line
    #[arg(long, help_heading = "Tags", conflicts_with_all = ["not_weaker_than", "save"])]
    pub(in crate::cli) no_downgrade: bool,

    #[command(flatten)]
    pub(in crate::cli) verify: VerifyArgs,
}

/// An audit would have to replay the list of tags too.
fn of_verify(_: &str) -> Result<PathBuf, String> {
    Err("a report of images is replayed with `bonafide verify`".to_owned())
}

fn glob(text: &str) -> Result<TextRule, String> {
    TextRule::glob(text).map_err(|error| error.to_string())
}
