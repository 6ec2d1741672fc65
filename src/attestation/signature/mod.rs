//! A signature on the image itself. An attestation is not a signature.

pub(crate) mod checks;
pub(crate) mod rules;
pub(crate) mod types;
