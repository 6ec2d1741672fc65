//! `builders`: builders that the policy vouches for, and who signs for each.

use crate::policy::{BuildLevel, BuilderRule};

use super::fields::{Fields, each, text};
use super::problem::Problems;
use super::signers::{self, ReadFile};
use super::yaml::{Node, Value};

const BUILDER: [&str; 4] = ["id", "signer", "level", "source"];

/// Reads the list.
pub(crate) fn read(node: &Node, files: ReadFile<'_>, problems: &mut Problems) -> Option<Vec<BuilderRule>> {
    each(node, "builders", problems, |item, problems| builder(item, files, problems))
}

fn builder(node: &Node, files: ReadFile<'_>, problems: &mut Problems) -> Option<BuilderRule> {
    let fields = Fields::of(node, "a builder", &BUILDER, problems)?;
    let id = fields
        .required("id", "add `id:` with the builder's id as its provenance has it", problems)
        .and_then(|_| fields.glob("id", problems));
    let signer = fields
        .required("signer", "add `signer:` with its signer, as in `signers`", problems)
        .and_then(|node| signers::signer(node, files, problems));
    let level = fields
        .required("level", "add `level:` with the SLSA build level that the two reach: 1, 2 or 3", problems)
        .and_then(|node| level(node, problems));
    let source = match fields.get("source") {
        Some(node) => Some(text(node, problems)?),
        None => None,
    };
    Some(BuilderRule { id: id?, signer: signer?, level: level?, source })
}

/// A SLSA build level.
pub(crate) fn level(node: &Node, problems: &mut Problems) -> Option<BuildLevel> {
    let read = match node.value {
        Value::Integer(number) => BuildLevel::from_number(number),
        _ => None,
    };
    if read.is_none() {
        problems.add(node.place, "not a SLSA build level", "write 1, 2 or 3");
    }
    read
}
