//! The checks of an attestation of any other type.

use crate::check::id::checks;

checks! {
    AttestationFields "attestation-fields" "The attestation's type and fields match the policy."
}
