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
    /// A text, a number or a truth value, of which the text is this.
    Text(TextRule),
    /// Nothing at all.
    Absent,
}

impl AttestationRules {
    /// Rules that ask for the type alone.
    pub fn of_type(predicate_type: &str) -> Self {
        Self { predicate_type: predicate_type.to_owned(), name: predicate_type.to_owned(), fields: Vec::new() }
    }

    /// Returns the predicate type that is meant: a URI, or one of cosign's short names. `None` for what is neither.
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
}
