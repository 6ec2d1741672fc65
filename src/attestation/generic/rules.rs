//! What an attestation of any type must say.

use std::fmt::Write as _;

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

/// A kind of attestation that has a requirement of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownKind {
    /// `provenance`
    Provenance,
    /// `sbom`
    Sbom,
    /// `vsa`
    Summary,
    /// `vulnerabilities`
    Scan,
    /// `vex`, below `sbom` and `vulnerabilities`
    Vex,
}

/// How the predicate types of each kind begin, whatever their version.
const KINDS: [(&str, KnownKind); 13] = [
    ("https://slsa.dev/provenance/", KnownKind::Provenance),
    ("https://in-toto.io/Provenance/", KnownKind::Provenance),
    ("https://spdx.dev/Document", KnownKind::Sbom),
    ("https://cyclonedx.org/", KnownKind::Sbom),
    ("https://slsa.dev/verification_summary/", KnownKind::Summary),
    ("https://cosign.sigstore.dev/attestation/vuln/", KnownKind::Scan),
    ("cosign.sigstore.dev/attestation/vuln/", KnownKind::Scan),
    ("https://in-toto.io/attestation/vulns", KnownKind::Scan),
    ("https://docs.oasis-open.org/sarif/", KnownKind::Scan),
    ("https://json.schemastore.org/sarif-", KnownKind::Scan),
    ("https://raw.githubusercontent.com/oasis-tcs/sarif-spec/", KnownKind::Scan),
    ("https://openvex.dev/ns", KnownKind::Vex),
    ("https://docs.oasis-open.org/csaf/", KnownKind::Vex),
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

    /// Returns the kind that has a requirement of its own, if the type is of one.
    pub fn kind(&self) -> Option<KnownKind> {
        KINDS.iter().find(|(start, _)| self.predicate_type.starts_with(start)).map(|(_, kind)| *kind)
    }

    /// Returns the rules as a person reads them, a line each.
    pub(crate) fn describe(&self) -> Vec<String> {
        let fields = self.fields.iter().map(|field| match &field.value {
            FieldValue::Text(rule) => format!("{}: {rule}", field.path),
            FieldValue::Absent => format!("{}: absent", field.path),
        });
        std::iter::once(format!("of type {}", self.predicate_type)).chain(fields).collect()
    }

    /// Returns the rules as lines of text, for the policy's hash.
    pub(crate) fn canonical_text(&self) -> String {
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
