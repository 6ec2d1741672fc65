//! The document decides by its content that it is an SBOM; what its predicate type says must not contradict it.

use crate::check::{CheckId, Finding};

use super::model::Format;
use super::types::{Family, known};

/// Holds a document against the type that it was attested under.
///
/// A document of another family contradicts its type. Another version is reported and not refused: tools keep the
/// version in the type when that of their documents moves on.
pub(super) fn check(predicate_type: &str, format: Format) -> Result<Vec<Finding>, Finding> {
    let Some(known) = known(predicate_type) else { return Ok(Vec::new()) };
    if known.family != format.family {
        return Err(Finding::fail(CheckId::SbomFormat, "the document is of another family than its predicate type")
            .expected(format!("a {} document, as {predicate_type} says", known.family))
            .found(format.to_string())
            .next(format!("attest it under its own type: {}", own_type(format.family))));
    }
    let mut remarks = Vec::new();
    if let Some(instead) = known.legacy_for {
        let message = format!("the predicate type is a legacy spelling of {instead}");
        remarks.push(Finding::skip(CheckId::SbomFormat, message).expected(instead).found(predicate_type));
    }
    if let Some(version) = known.version.filter(|version| !names(version, format.version)) {
        let message = "the predicate type names another version than the document has";
        remarks.push(Finding::skip(CheckId::SbomFormat, message).expected(version).found(format.version));
    }
    Ok(remarks)
}

/// Whether `named` is the version or how it begins, up to a dot.
fn names(named: &str, version: &str) -> bool {
    version.strip_prefix(named).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn own_type(family: Family) -> &'static str {
    match family {
        Family::Spdx => "`cosign attest --type spdxjson`",
        Family::CycloneDx => "`cosign attest --type cyclonedx`",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Outcome;

    const SPDX_23: Format = Format { family: Family::Spdx, version: "2.3" };
    const SPDX_301: Format = Format { family: Family::Spdx, version: "3.0.1" };
    const CYCLONEDX_16: Format = Format { family: Family::CycloneDx, version: "1.6" };

    #[test]
    fn a094_predicate_types_are_compared_whole() {
        for near in [
            "https://spdx.dev/Document/",
            "https://spdx.dev/document",
            "https://spdx.dev/Document/v2.30",
            "https://spdx.dev/Document/v2",
            "https://cyclonedx.org/bom/1.6",
            "https://cyclonedx.org/bom/v1.66",
            "HTTPS://cyclonedx.org/bom",
        ] {
            assert!(known(near).is_none(), "{near}");
        }
    }

    #[test]
    fn a233_a_document_of_another_family_is_not_what_its_type_promises() {
        let refusal = check("https://spdx.dev/Document", CYCLONEDX_16).expect_err("CycloneDX under the type of SPDX");
        assert_eq!(refusal.outcome, Outcome::Fail);
        assert!(check("https://cyclonedx.org/bom/v1.6", SPDX_23).is_err());
        assert!(check("https://cyclonedx.org/bom/v1.6", CYCLONEDX_16).expect("no refusal").is_empty());
    }

    #[test]
    fn another_version_than_the_type_names_is_said_and_not_refused() {
        for (predicate_type, format, count) in [
            ("https://spdx.dev/Document", SPDX_23, 0),
            ("https://spdx.dev/Document", SPDX_301, 0),
            ("https://spdx.dev/Document/v2.3", SPDX_23, 0),
            ("https://spdx.dev/Document/v2.2", SPDX_23, 1),
            ("https://spdx.dev/Document/v3", SPDX_301, 0),
            ("https://spdx.dev/Document/v3.0", SPDX_301, 0),
            ("https://spdx.dev/Document/v3.0.0", SPDX_301, 1),
            ("https://cyclonedx.org/bom/v1.5", CYCLONEDX_16, 1),
        ] {
            let remarks = check(predicate_type, format).expect("no refusal");
            assert_eq!(remarks.len(), count, "{predicate_type}");
            assert!(remarks.iter().all(|remark| remark.outcome == Outcome::Skip));
        }
    }

    #[test]
    fn a285_legacy_spellings_are_aliases_and_named_as_such() {
        let remarks = check("https://cyclonedx.org/schema", CYCLONEDX_16).expect("no refusal");
        assert!(remarks[0].message.contains("legacy"), "{remarks:?}");
        assert!(known("cyclonedx.org/schema").is_none(), "nothing is matched that looks alike");
    }
}
