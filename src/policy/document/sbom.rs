//! The fields of a `sbom` requirement.

use crate::packages::Severity;
use crate::policy::SbomRules;

use super::fields::{Fields, guess, text};
use super::problem::Problems;

/// Its keys, beside those of every requirement.
pub(super) const KEYS: [&str; 1] = ["deny"];
const DENY: [&str; 1] = ["severity"];
const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

/// Reads them.
pub(super) fn read(fields: &Fields<'_>, problems: &mut Problems) -> Option<SbomRules> {
    let Some(node) = fields.get("deny") else { return Some(SbomRules::default()) };
    let deny = Fields::of(node, "`deny`", &DENY, problems)?;
    let hint = "write `deny: {severity: high}`, or leave `deny` out";
    deny.required("severity", hint, problems)?;
    Some(SbomRules { deny_severity: Some(deny_severity(&deny, problems)?) })
}

/// `deny: {severity: high}`: known vulnerabilities of that severity or a worse one.
fn deny_severity(deny: &Fields<'_>, problems: &mut Problems) -> Option<Severity> {
    let node = deny.get("severity")?;
    let word = text(node, problems)?;
    let severity = word.parse();
    if severity.is_err() {
        problems.add(node.place, format!("`{word}` is no severity"), guess(&word, &SEVERITIES));
    }
    severity.ok()
}
