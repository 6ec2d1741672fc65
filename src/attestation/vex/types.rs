//! The predicate types of VEX documents.

use crate::attestation::types::Types;

/// OpenVEX `ATTESTING.md`: the predicate type is the context, which is written with and without its version.
const OPENVEX: &str = "https://openvex.dev/ns";
/// CSAF 2.0 has no predicate type of its own: this is the URI of its schema.
pub(super) const CSAF: &str = "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json";

/// Whether a predicate type is a VEX document.
fn is_vex(predicate_type: &str) -> bool {
    is_openvex(predicate_type) || predicate_type == CSAF
}

/// Whether a predicate type or a context is that of OpenVEX, of some version below 1.
pub(super) fn is_openvex(text: &str) -> bool {
    text.strip_prefix(OPENVEX).is_some_and(|version| version.is_empty() || version.starts_with("/v0."))
}

pub(crate) const TYPES: Types = Types {
    title: "VEX",
    is: is_vex,
    starts: &["https://openvex.dev/ns", "https://docs.oasis-open.org/csaf/"],
    newest: &[],
    by_type: Some((
        "closes no finding",
        "name its signers below `vex` of `vulnerabilities` or `sbom`, where its statements count",
    )),
};
