//! Tools that write policy files: a first policy, a policy imported from other tools, and a policy that a given image satisfies.
//!
//! These tools judge no image. Each writes YAML, which [`crate::policy`] reads like any other.

mod import;
mod suggest;

use crate::attestation::types::Kind;

pub use import::{Effect, Import, ImportError, Maker, Remark, expression_of_cosign};
pub use suggest::{Suggestion, suggest};

/// The policy that `bonafide policy init` writes, with comments.
pub fn starter() -> String {
    let (before, after) = STARTER.split_once(MORE).unwrap_or((STARTER, ""));
    let more = Kind::ALL.iter().filter(|kind| **kind != Kind::Signature).filter_map(|kind| kind.starter());
    let lines = more.flat_map(str::lines).map(|line| match line.strip_prefix("# ") {
        Some(comment) => format!("      # {comment}\n"),
        None => format!("      # {line}\n"),
    });
    format!("{before}{}{after}", lines.collect::<String>())
}

const STARTER: &str = include_str!("starter.yaml");
/// Where the kinds say what more can be required.
const MORE: &str = "      # MORE\n";
