//! The flags of `bonafide report`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use crate::cli::targets::{OutputParser, Target};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ReportCommand {
    /// Join the JSON reports of the shards of one audit
    #[command(after_help = "\
Examples:
  bonafide audit ghcr.io/acme/app --repo acme/app --shard 1/2 --output json=shard-1.json
  bonafide audit ghcr.io/acme/app --repo acme/app --shard 2/2 --output json=shard-2.json
  bonafide report merge shard-1.json shard-2.json

The reports are those of one policy, one set of trusted roots and one selection of tags; any other is refused. A shard that is
missing, and tags that changed between the shards, leave the audit undecided.

Exit codes: 0 verified, 1 rejected, 2 usage, 3 undecided, 4 absent")]
    Merge(MergeArgs),
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct MergeArgs {
    /// The reports, as `bonafide audit --shard I/N --output json=FILE` wrote them
    #[arg(required = true, value_name = "FILE")]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// Write the report in this format; to a file with FORMAT=FILE [default: text]
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = OutputParser::of_audits())]
    pub(in crate::cli) output: Vec<Target>,
}
