//! Policy files that the program writes: a first one, one imported from other policies, one that an image satisfies.
//!
//! Nothing here judges an image: each tool writes YAML, which [`crate::policy`] reads like any other.

mod import;
mod suggest;

pub use import::{Effect, Import, ImportError, Maker, Remark, expression_of_cosign};
pub use suggest::{Suggestion, suggest};

/// The policy that `bonafide policy init` writes, with comments.
pub const STARTER: &str = include_str!("starter.yaml");
