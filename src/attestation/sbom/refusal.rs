//! Why an SBOM is not read.

use crate::check::{CheckId, Finding};
use crate::json;

use super::lenient::TOO_MANY;

/// The forms that are read.
pub(super) const SUPPORTED: &str = "SPDX 2.2, 2.3 or 3.0 JSON, or CycloneDX 1.2 to 1.7 JSON";

/// The document is of a form that is known and not read.
pub(super) fn unsupported(found: &str) -> Finding {
    Finding::error(CheckId::SbomFormat, "this form of SBOM is not supported")
        .expected(SUPPORTED)
        .found(found)
        .next("attest SPDX 2.3 JSON: `cosign attest --type spdxjson`")
}

/// What came of reading: the document is at fault, or larger than is read.
pub(super) fn unreadable(error: &json::Error) -> Finding {
    let reason = error.to_string();
    if reason.starts_with(TOO_MANY) {
        return Finding::error(CheckId::SbomFormat, "the SBOM is larger than is read")
            .expected("at most 1000000 entries in a list within one element")
            .found(reason)
            .next("generate and attest the SBOM again");
    }
    malformed(reason)
}

/// The document is at fault.
pub(super) fn malformed(reason: String) -> Finding {
    Finding::fail(CheckId::SbomFormat, "the SBOM cannot be read")
        .expected(SUPPORTED)
        .found(reason)
        .next("generate and attest the SBOM again")
}
