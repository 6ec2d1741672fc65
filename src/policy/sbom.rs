//! What an SBOM must say.

/// The rules for an SBOM, beyond those that hold for every one.
#[derive(Debug, Clone, Default)]
pub struct SbomRules {}

impl SbomRules {
    /// Returns the rules as lines of text, for the policy's hash.
    pub(super) fn canonical_text(&self) -> String {
        let Self {} = self;
        String::new()
    }
}
