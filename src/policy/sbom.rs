//! What an SBOM must say.

use crate::packages::Severity;

/// The rules for an SBOM, beyond those that hold for every one.
#[derive(Debug, Clone, Default)]
pub struct SbomRules {
    /// Known vulnerabilities of this severity or a worse one are denied.
    pub deny_severity: Option<Severity>,
}

impl SbomRules {
    /// Returns the rules as lines of text, for the policy's hash.
    pub(super) fn canonical_text(&self) -> String {
        let Self { deny_severity } = self;
        deny_severity.map_or_else(String::new, |severity| format!("deny severity {severity}\n"))
    }
}
