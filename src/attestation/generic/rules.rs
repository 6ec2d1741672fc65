//! What an attestation of any type must say.

use std::fmt::Write as _;

use jiff::civil::Date;

use crate::attestation::rules::{Missing, Rules};
use crate::attestation::types::Kind;
use crate::policy::path::FieldPath;
use crate::policy::text::TextRule;

/// The short names of `cosign attest --type` (cosign `cmd/cosign/cli/options/predicate.go`), and what they stand for.
pub const COSIGN_TYPES: [(&str, &str); 10] = [
    ("custom", "https://cosign.sigstore.dev/attestation/v1"),
    ("cyclonedx", "https://cyclonedx.org/bom"),
    ("link", "https://in-toto.io/Link/v1"),
    ("openvex", "https://openvex.dev/ns"),
    ("slsaprovenance", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance02", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance1", "https://slsa.dev/provenance/v1"),
    ("spdx", "https://spdx.dev/Document"),
    ("spdxjson", "https://spdx.dev/Document"),
    ("vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"),
];

/// The type of an attestation, and what must stand in it.
#[derive(Debug, Clone)]
pub struct AttestationRules {
    /// The predicate type, compared exactly.
    pub predicate_type: String,
    /// What reports call it.
    pub name: String,
    /// Every one of them must hold.
    pub fields: Vec<FieldRule>,
}

/// What must stand in one place of the predicate.
#[derive(Debug, Clone)]
pub struct FieldRule {
    /// The place.
    pub path: FieldPath,
    /// What must stand there.
    pub value: FieldValue,
}

/// What must stand in a field.
#[derive(Debug, Clone)]
pub enum FieldValue {
    /// A text, a number or a truth value whose text matches this.
    Text(TextRule),
    /// Nothing at all.
    Absent,
}

impl AttestationRules {
    /// Rules that ask for the type alone.
    pub fn of_type(predicate_type: &str) -> Self {
        Self { predicate_type: predicate_type.to_owned(), name: predicate_type.to_owned(), fields: Vec::new() }
    }

    /// Returns the predicate type: a URI, or one of cosign's short names. `None` for other texts.
    pub fn predicate_type_of(written: &str) -> Option<&str> {
        let short = COSIGN_TYPES.iter().find(|(short, _)| *short == written).map(|(_, full)| *full);
        let is_uri = written.contains([':', '/']) && !written.contains(char::is_whitespace);
        short.or_else(|| is_uri.then_some(written))
    }
}

impl Rules for AttestationRules {
    fn describe(&self) -> Vec<String> {
        let fields = self.fields.iter().map(|field| match &field.value {
            FieldValue::Text(rule) => format!("{}: {rule}", field.path),
            FieldValue::Absent => format!("{}: absent", field.path),
        });
        std::iter::once(format!("of type {}", self.predicate_type)).chain(fields).collect()
    }

    fn canonical_text(&self) -> String {
        let Self { predicate_type, name: _, fields } = self;
        let mut text = format!("type {predicate_type:?}\n");
        for field in fields {
            let value = match &field.value {
                FieldValue::Text(rule) => rule.canonical_text(),
                FieldValue::Absent => "absent".to_owned(),
            };
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "field {:?} {value}", field.path.as_str());
        }
        text
    }

    fn missing(&self) -> Missing {
        Missing {
            what: "attestation of the type",
            expected: format!("a signed attestation of type {}", self.predicate_type),
            make: format!("`cosign attest --type {} --predicate FILE IMAGE@DIGEST`", self.predicate_type),
        }
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    /// A kind that is known and asked for by its type alone (A292).
    fn warnings(&self, _: Date) -> Vec<(String, &'static str)> {
        let known = Kind::of_family(&self.predicate_type).and_then(|kind| kind.types().by_type);
        let warning = |(missing, hint)| (format!("`attestation` of type {} {missing}", self.predicate_type), hint);
        known.map(warning).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_a_uri_or_a_name_that_cosign_knows() {
        let meant = AttestationRules::predicate_type_of;
        assert_eq!(meant("slsaprovenance"), Some("https://slsa.dev/provenance/v0.2"));
        assert_eq!(meant("custom"), Some("https://cosign.sigstore.dev/attestation/v1"));
        assert_eq!(meant("https://acme.example/review/v1"), Some("https://acme.example/review/v1"));
        assert_eq!(meant("cosign.sigstore.dev/attestation/vuln/v1"), Some("cosign.sigstore.dev/attestation/vuln/v1"));
        for text in ["review", "", "https://acme.example/ review", "SPDX"] {
            assert_eq!(meant(text), None, "{text:?}");
        }
    }

    /// What a policy calls a kind is what a statement of that type is judged as.
    #[test]
    fn a292_policies_and_statements_know_the_same_kinds() {
        let types = [
            "https://slsa.dev/provenance/v0.1",
            "https://in-toto.io/Provenance/v0.1",
            "https://spdx.dev/Document/v2.3",
            "https://spdx.dev/Document/v3.0.1",
            "https://cyclonedx.org/bom/v1.6",
            "https://cyclonedx.org/schema",
            "https://slsa.dev/verification_summary/v0.2",
            "https://slsa.dev/verification_summary/v1",
            "cosign.sigstore.dev/attestation/vuln/v1",
            "https://in-toto.io/attestation/vulns/v0.1",
            "https://in-toto.io/attestation/vulns/v0.2",
            "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "https://json.schemastore.org/sarif-2.1.0.json",
            "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json",
            "https://openvex.dev/ns/v0.2.0",
            "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json",
            "https://acme.example/review/v1",
            "https://in-toto.io/attestation/link/v0.3",
            "https://sigstore.dev/cosign/sign/v1",
        ];
        for predicate_type in types.into_iter().chain(COSIGN_TYPES.map(|(_, full)| full)) {
            let kind = Kind::of_type(predicate_type);
            let expected = Some(kind).filter(|kind| !matches!(kind, Kind::Signature | Kind::Attestation));
            assert_eq!(Kind::of_family(predicate_type), expected, "{predicate_type}");
        }
    }
}
