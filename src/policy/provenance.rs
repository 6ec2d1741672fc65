//! What a provenance must say.

/// The rules for a provenance, beyond those that hold for every one.
#[derive(Debug, Clone, Default)]
pub struct ProvenanceRules {}

impl ProvenanceRules {
    /// Returns the rules as lines of text, for the policy's hash.
    pub(super) fn canonical_text(&self) -> String {
        let Self {} = self;
        String::new()
    }
}
