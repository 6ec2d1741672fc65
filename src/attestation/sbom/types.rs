//! The predicate types of SBOMs.

use std::fmt;

use crate::attestation::types::Types;

pub(crate) const TYPES: Types = Types {
    title: "SBOM",
    is: is_sbom,
    starts: &["https://spdx.dev/Document", "https://cyclonedx.org/"],
    newest: &[("https://spdx.dev/Document/v", &[3, 0, 1]), ("https://cyclonedx.org/bom/v", &[1, 7])],
    by_type: Some(("asks nothing of the packages in the SBOM", "write `sbom:` instead, with your expectations")),
};

/// Whose form it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Family {
    #[default]
    Spdx,
    CycloneDx,
}

impl fmt::Display for Family {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Spdx => "SPDX",
            Self::CycloneDx => "CycloneDX",
        })
    }
}

/// A predicate type of an SBOM.
pub(super) struct Known {
    predicate_type: &'static str,
    pub(super) family: Family,
    /// The version that it names, or how it begins: `3` names every 3.
    pub(super) version: Option<&'static str>,
    /// The current spelling, for an outdated one.
    pub(super) legacy_for: Option<&'static str>,
}

const SPDX: &str = "https://spdx.dev/Document";
const CYCLONEDX: &str = "https://cyclonedx.org/bom";

const fn spdx(predicate_type: &'static str, version: &'static str) -> Known {
    Known { predicate_type, family: Family::Spdx, version: Some(version), legacy_for: None }
}

const fn cyclonedx(predicate_type: &'static str, version: &'static str) -> Known {
    Known { predicate_type, family: Family::CycloneDx, version: Some(version), legacy_for: None }
}

/// in-toto `spec/predicates/{spdx2,spdx3,cyclonedx}.md`. Compared whole, never by how they begin (A094).
const KNOWN: [Known; 15] = [
    // cosign and BuildKit write it for every version.
    Known { predicate_type: SPDX, family: Family::Spdx, version: None, legacy_for: None },
    spdx("https://spdx.dev/Document/v2.2", "2.2"),
    spdx("https://spdx.dev/Document/v2.3", "2.3"),
    spdx("https://spdx.dev/Document/v3", "3"),
    spdx("https://spdx.dev/Document/v3.0", "3.0"),
    spdx("https://spdx.dev/Document/v3.0.0", "3.0.0"),
    spdx("https://spdx.dev/Document/v3.0.1", "3.0.1"),
    Known { predicate_type: CYCLONEDX, family: Family::CycloneDx, version: None, legacy_for: None },
    cyclonedx("https://cyclonedx.org/bom/v1.2", "1.2"),
    cyclonedx("https://cyclonedx.org/bom/v1.3", "1.3"),
    cyclonedx("https://cyclonedx.org/bom/v1.4", "1.4"),
    cyclonedx("https://cyclonedx.org/bom/v1.5", "1.5"),
    cyclonedx("https://cyclonedx.org/bom/v1.6", "1.6"),
    cyclonedx("https://cyclonedx.org/bom/v1.7", "1.7"),
    // cosign 1.x up to in-toto-golang 0.4.
    Known {
        predicate_type: "https://cyclonedx.org/schema",
        family: Family::CycloneDx,
        version: None,
        legacy_for: Some(CYCLONEDX),
    },
];

/// Returns what a predicate type says of its SBOM, if it is one of an SBOM.
pub(super) fn known(predicate_type: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.predicate_type == predicate_type)
}

/// Whether a predicate type is an SBOM, readable or not.
fn is_sbom(predicate_type: &str) -> bool {
    known(predicate_type).is_some()
}
