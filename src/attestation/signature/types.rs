//! The predicate type of a signature on an image.

use crate::attestation::types::Types;

/// cosign's predicate type of a signature on an image (cosign `specs/COSIGN_PREDICATE_SPEC.md`).
const COSIGN_SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

fn is_signature(predicate_type: &str) -> bool {
    predicate_type == COSIGN_SIGN
}

pub(crate) const TYPES: Types = Types {
    title: "Signature",
    is: is_signature,
    starts: &[],
    newest: &[("https://sigstore.dev/cosign/sign/v", &[1])],
    by_type: None,
};
