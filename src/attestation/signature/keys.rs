//! The fields of a `signature` requirement: none beside those of every requirement.

use crate::attestation::rules::{Incomplete, Keys};
use crate::policy::document::fields::Fields;
use crate::policy::document::problem::Problems;
use crate::policy::document::signers::ReadFile;

use super::rules::SignatureRules;

impl Keys for SignatureRules {
    const KEYS: &'static [&'static str] = &[];

    fn read(_: &Fields<'_>, _: ReadFile<'_>, _: &mut Problems) -> Option<Self> {
        Some(Self)
    }

    fn plain() -> Result<Self, Incomplete> {
        Ok(Self)
    }
}
