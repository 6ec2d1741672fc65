//! The flags of `bonafide advisories`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum AdvisoriesCommand {
    /// Write an index of advisories, which --advisories reads several times as fast
    #[command(after_help = "\
Example:
  bonafide advisories index npm.zip Debian.zip -o advisories.jsonl
  bonafide verify ghcr.io/acme/app:1.4.2 --repo acme/app --advisories advisories.jsonl")]
    Index(IndexArgs),
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct IndexArgs {
    /// OSV records: JSON, archives of osv.dev, folders of both, other indexes
    #[arg(required = true, value_name = "FILE|DIR")]
    pub(in crate::cli) places: Vec<PathBuf>,
    /// The file to write, whose name ends with .jsonl
    #[arg(short, long, value_name = "FILE", value_parser = index_file)]
    pub(in crate::cli) out: PathBuf,
}

fn index_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let is_named = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("jsonl"));
    if is_named { Ok(path) } else { Err("expected a name that ends with .jsonl".to_owned()) }
}
