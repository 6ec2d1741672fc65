//! The fields of a `sbom` requirement.

use crate::policy::SbomRules;

use super::fields::Fields;
use super::problem::Problems;

/// Its keys, beside those of every requirement.
pub(super) const KEYS: [&str; 0] = [];

/// Reads them.
pub(super) fn read(_fields: &Fields<'_>, _problems: &mut Problems) -> Option<SbomRules> {
    Some(SbomRules::default())
}
