//! Recognises the form of a predicate: the wrapper of the document, its format, and formats that are known but not supported.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::check::{CheckId, Finding};
use crate::json;

use super::refusal::{SUPPORTED, malformed};

/// A format that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Spdx2,
    Spdx3,
    CycloneDx,
}

/// Unwraps the document.
///
/// cosign 1.x wrapped a predicate as `{"Data": …}`, and `cosign attest --type spdx` wraps the document in a JSON
/// string, in any format (A106).
pub(super) fn document(predicate: &str) -> Result<Cow<'_, str>, Finding> {
    let text = unwrapped(predicate);
    if !text.starts_with('"') {
        return Ok(Cow::Borrowed(text));
    }
    let inner: String = json::from_part(text).unwrap_or_default();
    if !inner.trim_start().starts_with('{') {
        return Err(not_json(&inner));
    }
    json::check(inner.as_bytes()).map_err(|error| malformed(error.to_string()))?;
    Ok(Cow::Owned(inner))
}

fn unwrapped(text: &str) -> &str {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wrapped<'a> {
        #[serde(rename = "Data", borrow)]
        data: &'a RawValue,
        #[serde(rename = "Timestamp", default)]
        _timestamp: de::IgnoredAny,
    }
    json::from_part::<Wrapped<'_>>(text).map_or(text, |wrapped| wrapped.data.get())
}

/// A form other than JSON, by its first words, and the tool that converts it.
fn not_json(text: &str) -> Finding {
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let (found, next) = if text.starts_with("<rdf:RDF") || text.contains("http://spdx.org/rdf/terms") {
        ("SPDX RDF", "`pyspdxtools -i sbom.rdf -o sbom.spdx.json`")
    } else if text.starts_with('<') {
        (
            "XML, as of CycloneDX",
            "`cyclonedx convert --input-file sbom.xml --output-file sbom.cdx.json --output-format json`",
        )
    } else if text.starts_with("SPDXVersion:") || text.contains("\nSPDXVersion:") {
        ("SPDX tag-value", "`syft convert sbom.spdx -o spdx-json=sbom.spdx.json`")
    } else if text.starts_with("spdxVersion:") || text.contains("\nspdxVersion:") {
        ("SPDX YAML", "`pyspdxtools -i sbom.yaml -o sbom.spdx.json`")
    } else {
        ("a text that is not JSON", "generate the SBOM as JSON")
    };
    Finding::error(CheckId::SbomFormat, "this form of SBOM is not supported")
        .expected(SUPPORTED)
        .found(found)
        .next(format!("convert it, {next}, and attest it again: `cosign attest --type spdxjson` or `--type cyclonedx`"))
}

/// Says which format a document is, by the first of its fields that only one of them has. The reader of that format then
/// holds against it what the other fields say.
pub(super) fn sniff(text: &str) -> Option<Form> {
    let mut form = None;
    // It is an error on purpose that ends the reading early.
    let _ = json::read_part(text, Sniffer(&mut form));
    form
}

struct Sniffer<'b>(&'b mut Option<Form>);

#[derive(Deserialize)]
#[serde(field_identifier)]
enum Mark {
    #[serde(
        rename = "spdxVersion",
        alias = "SPDXID",
        alias = "creationInfo",
        alias = "dataLicense",
        alias = "packages"
    )]
    Spdx2,
    #[serde(rename = "@context", alias = "@graph")]
    Spdx3,
    #[serde(rename = "bomFormat", alias = "specVersion", alias = "components", alias = "serialNumber")]
    CycloneDx,
    #[serde(other)]
    None,
}

impl<'de> DeserializeSeed<'de> for Sniffer<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Sniffer<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(mark) = fields.next_key::<Mark>()? {
            *self.0 = match mark {
                Mark::Spdx2 => Some(Form::Spdx2),
                Mark::Spdx3 => Some(Form::Spdx3),
                Mark::CycloneDx => Some(Form::CycloneDx),
                Mark::None => {
                    fields.next_value::<de::IgnoredAny>()?;
                    continue;
                }
            };
            return Err(de::Error::custom("known"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Outcome;

    #[test]
    fn a_document_is_taken_out_of_what_wraps_it() {
        for wrapped in
            [r#"{"Data":{"a":1},"Timestamp":"2022"}"#, r#"{"Data":"{\"a\":1}"}"#, r#""{\"a\":1}""#, r#"{"a":1}"#]
        {
            assert_eq!(document(wrapped).expect("a document"), r#"{"a":1}"#);
        }
        let with_more = r#"{"Data":{"a":1},"bomFormat":"CycloneDX"}"#;
        assert_eq!(
            document(with_more).expect("a document"),
            with_more,
            "an object with other fields is not a wrapping"
        );
    }

    #[test]
    fn a106_a_text_that_is_no_json_is_named_with_the_conversion_to_use() {
        for (text, found, tool) in [
            ("SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0", "SPDX tag-value", "syft convert"),
            ("# made by hand\nSPDXVersion: SPDX-2.2", "SPDX tag-value", "syft convert"),
            ("<rdf:RDF xmlns:rdf=\"x\">", "SPDX RDF", "pyspdxtools"),
            ("<?xml version=\"1.0\"?><rdf:RDF xmlns=\"http://spdx.org/rdf/terms#\">", "SPDX RDF", "pyspdxtools"),
            (
                "<?xml version=\"1.0\"?><bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\">",
                "XML, as of CycloneDX",
                "cyclonedx convert",
            ),
            ("spdxVersion: SPDX-2.3\n", "SPDX YAML", "pyspdxtools"),
            ("", "a text that is not JSON", "as JSON"),
        ] {
            let finding = document(&serde_json::Value::from(text).to_string()).expect_err(found);
            assert_eq!((finding.outcome, finding.found.as_deref()), (Outcome::Error, Some(found)));
            assert!(finding.next.expect("a next step").contains(tool), "{found}");
        }
    }

    #[test]
    fn a107_a_document_in_a_string_is_read_as_strictly_as_any() {
        let twice = serde_json::Value::from(r#"{"a":1,"a":2}"#).to_string();
        assert!(document(&twice).expect_err("duplicate keys").found.expect("why").contains("duplicate key"));
    }

    #[test]
    fn the_first_field_that_one_format_alone_has_decides() {
        assert_eq!(sniff(r#"{"SPDXID":"x","bomFormat":"CycloneDX"}"#), Some(Form::Spdx2));
        assert_eq!(sniff(r#"{"name":"x","@graph":[]}"#), Some(Form::Spdx3));
        assert_eq!(sniff(r#"{"$schema":"x","bomFormat":"CycloneDX"}"#), Some(Form::CycloneDx));
        assert_eq!(
            sniff(r#"{"$schema":"x","spdxVersion":"SPDX-2.3"}"#),
            Some(Form::Spdx2),
            "any JSON may name a schema"
        );
        for other in ["null", "[]", "{}", r#"{"name":"x"}"#] {
            assert_eq!(sniff(other), None, "{other}");
        }
    }
}
