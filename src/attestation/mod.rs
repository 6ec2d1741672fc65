//! The kinds of attestation, a folder for each: what a policy may ask of it, how it is read, and how it is judged.

pub(crate) mod generic;
pub(crate) mod provenance;
pub(crate) mod sbom;
pub(crate) mod scan;
pub(crate) mod vex;
pub(crate) mod vsa;
