//! The types of attestations of no other kind: every type that a policy names.

use crate::attestation::types::Types;

/// What cosign 1.x wrote without `https://`, and what it writes today. Nothing else is taken for something else (A285).
const LEGACY: [(&str, &str); 2] = [
    ("cosign.sigstore.dev/attestation/v1", COSIGN_CUSTOM),
    ("cosign.sigstore.dev/attestation/vuln/v1", "https://cosign.sigstore.dev/attestation/vuln/v1"),
];
/// cosign `specs/COSIGN_PREDICATE_SPEC.md`: the file that was given, as a text under `Data`.
pub(super) const COSIGN_CUSTOM: &str = "https://cosign.sigstore.dev/attestation/v1";

/// Returns the type that a legacy spelling stands for; every other type as it is.
pub(crate) fn current_spelling(predicate_type: &str) -> &str {
    LEGACY.iter().find(|(legacy, _)| *legacy == predicate_type).map_or(predicate_type, |(_, current)| current)
}

pub(crate) const TYPES: Types =
    Types { title: "Attestation of another type", is: |_| false, starts: &[], newest: &[], by_type: None };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a285_only_the_spellings_of_the_table_stand_for_another() {
        assert_eq!(current_spelling("cosign.sigstore.dev/attestation/v1"), COSIGN_CUSTOM);
        for other in
            ["http://cosign.sigstore.dev/attestation/v1", "cosign.sigstore.dev/attestation/v1/", "spdx.dev/Document"]
        {
            assert_eq!(current_spelling(other), other);
        }
    }
}
