//! The parser as it runs: what `-h` shows on one screen, and what `--help` shows in full.
//!
//! The text of each flag is in [`super::args`]. For commands with many flags, `-h` shows the most needed ones, each on one line,
//! and refers to `--help` for the others.

use clap::builder::StyledStr;
use clap::{Command, CommandFactory};

use super::args::Args;
use super::environment;

/// Of one command: what `-h` shows, by flag.
type Short = &'static [(&'static str, &'static str)];

/// Who must have signed, in every command that judges.
const SIGNER: Short = &[
    ("repo", "A workflow of this GitHub repository"),
    ("owner", "A workflow of this owner on GitHub"),
    ("certificate_identity", "An e-mail address, or a workflow's URI"),
    ("certificate_oidc_issuer", "Who vouched for it"),
    ("key", "A public key (PEM) instead"),
    ("trusted_root", "Of a Sigstore instance of your own"),
];
const VERIFY: Short = &[
    ("references", "Images; - reads them from standard input"),
    ("from", "A file that names images: Dockerfile, …"),
    ("policy", "The policy [default: bonafide.yaml]"),
    ("require", "What must be attached and be good"),
    ("platform", "Such as linux/arm64"),
    ("expect_digest", "The digest it must resolve to"),
    ("output", "The format, or FORMAT=FILE"),
    ("signer_workflow", "OWNER/NAME/.github/workflows/FILE[@REF]"),
    ("source_ref", "Run for this ref: refs/tags/v1.4.2"),
    ("deny_severity", "Refuse vulnerabilities from here on"),
    ("offline", "Connect to nothing but the registry"),
    ("github_api", "Ask GitHub's attestations API too"),
];
const INSPECT: Short = &[
    ("references", "Images, and SBOMs as sbom:FILE"),
    ("suggest_policy", "Write a policy that the image satisfies"),
    ("judged_as", "The policy's name for a layout"),
    ("sbom", "List packages: table, json or csv"),
    ("predicate", "Write what a signer attested, as it is"),
    ("advisories", "OSV records to hold packages against"),
    ("platform", "Such as linux/arm64"),
    ("output", "The format, or FORMAT=FILE"),
    ("repo", "The repository that is asked, or signed"),
    ("trusted_root", "Of a Sigstore instance of your own"),
    ("github_api", "Ask GitHub's attestations API too"),
];
const BUNDLE: Short = &[
    ("artifact", "A file, its digest, or - for standard input"),
    ("bundle", "The Sigstore bundle, or several, by line"),
    ("output", "The format, or FORMAT=FILE"),
    ("signer_workflow", "OWNER/NAME/.github/workflows/FILE[@REF]"),
    ("source_ref", "Run for this ref: refs/tags/v1.4.2"),
];
const AUDIT: Short = &[
    ("references", "Repositories; - reads them from standard input"),
    ("tags", "Only these tags, such as 'v1.*'"),
    ("exclude", "Not these tags, such as '*-rc*'"),
    ("newest", "Only so many versions, the highest"),
    ("expect", "What each tag must name, as JSON"),
    ("policy", "The policy [default: bonafide.yaml]"),
    ("require", "What must be attached and be good"),
    ("platform", "Such as linux/arm64"),
    ("output", "The format, or FORMAT=FILE"),
    ("github_api", "Ask GitHub's attestations API too"),
];
const COLLECT: Short = &[
    ("references", "Images; - reads them from standard input"),
    ("to", "A folder, FILE.tar or docker://REPOSITORY"),
    ("policy", "The policy [default: bonafide.yaml]"),
    ("require", "What must be attached and be good"),
    ("platform", "Such as linux/arm64"),
    ("output", "The format, or FORMAT=FILE"),
    ("github_api", "Ask GitHub's attestations API too"),
];
const DIFF: Short = &[
    ("references", "Images, or JSON reports"),
    ("policy", "The policy [default: bonafide.yaml]"),
    ("require", "What must be attached and be good"),
    ("advisories", "OSV records to hold packages against"),
    ("platform", "Such as linux/arm64"),
    ("output", "text, json, markdown, html, or FORMAT=FILE"),
    ("offline", "Connect to nothing but the registry"),
    ("github_api", "Ask GitHub's attestations API too"),
];
const DOCTOR: Short = &[
    ("reference", "An image, as it would be verified"),
    ("policy", "The policy [default: bonafide.yaml]"),
    ("output", "text or json"),
    ("trusted_root", "Of a Sigstore instance of your own"),
    ("offline", "Do not ask the registry"),
];
const SHORT: [(&str, [Short; 2]); 7] = [
    ("verify", [VERIFY, SIGNER]),
    ("audit", [AUDIT, SIGNER]),
    ("collect", [COLLECT, SIGNER]),
    ("inspect", [INSPECT, &[]]),
    ("diff", [DIFF, SIGNER]),
    ("bundle", [BUNDLE, SIGNER]),
    ("doctor", [DOCTOR, &[]]),
];

/// What everyone does first.
const FIRST: &str = "\
Examples:
  bonafide verify ghcr.io/acme/app:1.4.2 --repo acme/app
  bonafide inspect ghcr.io/acme/app:1.4.2 --suggest-policy
  bonafide explain signer-identity

Exit codes: 0 verified, 1 rejected, 2 usage, 3 undecided, 4 absent";

/// Returns the parser.
pub(super) fn command() -> Command {
    let command = Args::command();
    let examples = text(command.get_after_help());
    let command = command
        .after_help(FIRST)
        .after_long_help(with_environment(&examples))
        .mut_arg("color", |arg| arg.hide_short_help(true))
        .mut_arg("verbose", |arg| {
            let full = arg.get_help().cloned().unwrap_or_default();
            arg.long_help(full).help("Show every check; -vv every request")
        });
    SHORT.into_iter().fold(command, |command, (name, short)| {
        command.mut_subcommand(name, |subcommand| shortened(subcommand, name, &short.concat()))
    })
}

fn shortened(command: Command, name: &str, short: &[(&str, &'static str)]) -> Command {
    let examples = text(command.get_after_help());
    let codes = examples.rsplit("\n\n").next().filter(|last| last.starts_with("Exit codes:")).unwrap_or_default();
    let more = format!("All flags and examples: bonafide {name} --help\n{}", codes.replace('\n', " "));
    let long = if name == "verify" { with_environment(&examples) } else { examples };
    command.after_help(more).after_long_help(long).mut_args(|arg| {
        let full = arg.get_long_help().or(arg.get_help()).cloned();
        match short.iter().find(|(id, _)| *id == arg.get_id().as_str()) {
            Some((id, help)) => {
                let arg = if *id == "platform" { arg.value_name("PLATFORM") } else { arg };
                arg.long_help(full.unwrap_or_default()).help(*help)
            }
            None => arg.hide_short_help(true),
        }
    })
}

fn with_environment(examples: &str) -> String {
    format!("{examples}\n\n{}", environment::help())
}

fn text(styled: Option<&StyledStr>) -> String {
    styled.map(ToString::to_string).unwrap_or_default()
}
