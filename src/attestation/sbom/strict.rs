//! Checks whether a document is strictly valid. A document that is not may still be readable.

use spdx_rs::models::{DocumentCreationInformation, SPDX};

use crate::check::{CheckId, Finding};
use crate::json;

use super::form;
use super::model::{Family, Sbom};

/// Parentheses within parentheses that a licence expression may have: the judge follows them by recursion.
const MAX_NESTING: usize = 64;

impl Sbom<'_> {
    /// Judges the document as SPDX 2 requires it: every mandatory field, no unknown ones in packages, known words where only
    /// those may stand.
    ///
    /// It proves the form and not the content. Documents of mainstream tools fail it, so it runs on request. Other
    /// formats have no strict form here, and an unjudged document does not pass.
    pub(crate) fn strict(&self) -> Finding {
        if self.format.family != Family::Spdx || !self.format.version.starts_with('2') {
            let message = format!("whether a {} document is strictly valid cannot be judged", self.format.family);
            return Finding::error(CheckId::SbomFormat, message)
                .expected("SPDX 2.2 or 2.3")
                .found(self.format.to_string())
                .next("attest SPDX 2.3 JSON, or leave `strict` out of the policy");
        }
        match form::document(self.source)
            .map_err(|finding| finding.found.unwrap_or(finding.message))
            .and_then(|text| judge(&text))
        {
            Ok(()) => Finding::pass(CheckId::SbomFormat, "the document is strictly valid"),
            Err(reason) => Finding::fail(CheckId::SbomFormat, "the document is not strictly valid")
                .expected(format!("all that {} makes mandatory", self.format))
                .found(reason)
                .next("report it to the tool that wrote the SBOM, or leave `strict` out of the policy"),
        }
    }
}

fn judge(text: &str) -> Result<(), String> {
    if nesting(text) > MAX_NESTING {
        return Err(format!("parentheses nested deeper than {MAX_NESTING}"));
    }
    let document: SPDX = json::from_part(text).map_err(|error| error.to_string())?;
    // Read once more by itself: within the document it is `flatten`ed, and so read from arrays as well (A291).
    let _: DocumentCreationInformation = json::from_part(text).map_err(|error| error.to_string())?;
    let information = &document.document_creation_information;
    // Mandatory by the text of SPDX 2.3 §6, beyond the fields that have to be there.
    if information.creation_info.creators.is_empty() {
        return Err("`creators` is empty".to_owned());
    }
    if information.spdx_identifier != "SPDXRef-DOCUMENT" {
        return Err(format!("`SPDXID` is `{}`, not `SPDXRef-DOCUMENT`", information.spdx_identifier.escape_debug()));
    }
    if information.data_license != "CC0-1.0" {
        return Err(format!("`dataLicense` is `{}`, not `CC0-1.0`", information.data_license.escape_debug()));
    }
    Ok(())
}

/// How deep parentheses are in parentheses in any text of the document.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b'"' => depth = 0,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Outcome;
    use serde_json::{Value, json};

    fn document() -> Value {
        json!({
            "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "shop", "dataLicense": "CC0-1.0",
            "documentNamespace": "https://example.com/shop", "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: x"]},
            "packages": [{"SPDXID": "SPDXRef-a", "name": "a", "downloadLocation": "NOASSERTION", "licenseConcluded": "MIT"}]
        })
    }

    fn judged(document: &Value) -> Finding {
        let text = document.to_string();
        super::super::read(&text).expect("a readable document").strict()
    }

    #[test]
    fn a291_what_belongs_into_an_object_is_not_valid_in_a_list() {
        for (key, list) in [
            ("creationInfo", json!(["", ["Tool: x"], "2026-01-01T00:00:00Z", ""])),
            ("packages", json!([["a"]])),
            (
                "externalDocumentRefs",
                json!([["DocumentRef-a", "https://example.com/a", {"algorithm": "SHA1", "checksumValue": "00"}]]),
            ),
        ] {
            let mut document = document();
            document[key] = list;
            let reason = judge(&document.to_string()).expect_err(key);
            assert!(reason.contains("an array where an object belongs"), "{key}: {reason}");
        }
    }

    #[test]
    fn a225_what_is_mandatory_and_missing_is_named() {
        assert_eq!(judged(&document()).outcome, Outcome::Pass);
        for (place, key) in [
            ("", "documentNamespace"),
            ("", "SPDXID"),
            ("", "dataLicense"),
            ("", "name"),
            ("/creationInfo", "creators"),
            ("/creationInfo", "created"),
            ("/packages/0", "downloadLocation"),
            ("/packages/0", "SPDXID"),
        ] {
            let mut without = document();
            without.pointer_mut(place).and_then(Value::as_object_mut).expect("an object").remove(key);
            let finding = judged(&without);
            assert_eq!(finding.outcome, Outcome::Fail, "{key}");
            assert!(finding.found.expect("why").contains(key), "{key}");
        }
        let mut unsigned = document();
        unsigned["creationInfo"]["creators"] = json!([]);
        assert_eq!(judged(&unsigned).outcome, Outcome::Fail);
    }

    #[test]
    fn a223_nested_parentheses_do_not_exhaust_the_stack() {
        let mut deep = document();
        deep["packages"][0]["licenseConcluded"] = json!(format!("{}MIT{}", "(".repeat(100_000), ")".repeat(100_000)));
        assert!(judged(&deep).found.expect("why").contains("nested deeper than 64"));
    }

    #[test]
    fn other_formats_cannot_be_judged_and_do_not_pass() {
        let other = json!({"bomFormat": "CycloneDX", "specVersion": "1.6"});
        assert_eq!(judged(&other).outcome, Outcome::Error);
    }
}
