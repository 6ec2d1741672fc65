//! The predicate types of SBOMs.

use crate::attestation::types::Types;

use super::families::is_sbom;

pub(crate) const TYPES: Types = Types {
    title: "SBOM",
    is: is_sbom,
    starts: &["https://spdx.dev/Document", "https://cyclonedx.org/"],
    newest: &[("https://spdx.dev/Document/v", &[3, 0, 1]), ("https://cyclonedx.org/bom/v", &[1, 7])],
    by_type: Some(("asks nothing of the packages in the SBOM", "write `sbom:` instead, with your expectations")),
};
