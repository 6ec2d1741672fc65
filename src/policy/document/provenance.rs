//! The fields of a `provenance` requirement.

use crate::policy::ProvenanceRules;

use super::fields::Fields;
use super::problem::Problems;

/// Its keys, beside those of every requirement.
pub(super) const KEYS: [&str; 0] = [];

/// Reads them.
pub(super) fn read(_fields: &Fields<'_>, _problems: &mut Problems) -> Option<ProvenanceRules> {
    Some(ProvenanceRules::default())
}
