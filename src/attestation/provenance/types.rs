//! The predicate types of SLSA provenance.

use crate::attestation::types::Types;

/// The predicate types that can be read. TypeURIs are compared whole and case-sensitively (A094).
pub(super) const V1: &str = "https://slsa.dev/provenance/v1";
pub(super) const V02: &str = "https://slsa.dev/provenance/v0.2";
/// Drafts, refused by name.
const DRAFTS: [&str; 4] = [
    "https://slsa.dev/provenance/v0.1",
    "https://slsa.dev/provenance/v1-rc1",
    "https://slsa.dev/provenance/v1-rc2",
    "https://in-toto.io/Provenance/v0.1",
];

/// Whether a predicate type is provenance, readable or not.
pub(super) fn is_provenance(predicate_type: &str) -> bool {
    [V1, V02].contains(&predicate_type) || DRAFTS.contains(&predicate_type)
}

pub(crate) const TYPES: Types = Types {
    title: "Provenance",
    is: is_provenance,
    starts: &["https://slsa.dev/provenance/", "https://in-toto.io/Provenance/"],
    newest: &[("https://slsa.dev/provenance/v", &[1])],
    by_type: Some((
        "asks nothing of builder, source and build level",
        "write `provenance:` instead, with your expectations; keep `attestation` only for fields without a key there",
    )),
};
