//! The predicate types of verification summaries.

use crate::attestation::types::Types;

pub(super) const V1: &str = "https://slsa.dev/verification_summary/v1";
/// Drafts, whose fields have other names and meanings: recognised, and said to be unsupported.
const DRAFTS: [&str; 2] = ["https://slsa.dev/verification_summary/v0.1", "https://slsa.dev/verification_summary/v0.2"];

/// Whether a predicate type is a verification summary, readable or not.
fn is_summary(predicate_type: &str) -> bool {
    predicate_type == V1 || DRAFTS.contains(&predicate_type)
}

pub(crate) const TYPES: Types = Types {
    title: "Verification summary",
    is: is_summary,
    starts: &["https://slsa.dev/verification_summary/"],
    newest: &[("https://slsa.dev/verification_summary/v", &[1])],
    by_type: Some((
        "does not say which verifier counts, nor for which levels",
        "write `vsa: {verifier: URI, levels: [SLSA_BUILD_LEVEL_3]}` instead: its signer could speak for any verifier",
    )),
};
