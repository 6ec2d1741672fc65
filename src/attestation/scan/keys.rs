//! The fields of a `vulnerabilities` requirement.

use super::rules::{Ignored, VulnerabilityRules};
use crate::attestation::rules::{Incomplete, Keys};
use crate::check::CheckId;
use crate::packages::Severity;
use crate::policy::signer::Signers;
use crate::policy::text::TextRule;

use crate::policy::document::ending::Ending;
use crate::policy::document::fields::{Fields, each, glob, max_age, optional, or_default, switch, text, word};
use crate::policy::document::problem::Problems;
use crate::policy::document::signers::{self, ReadFile};
use crate::policy::document::yaml::{Node, Value};

/// Keys that refine `deny`.
const OF_DENIAL: [&str; 3] = ["unknown-severity", "ignore", "vex"];
/// What may be denied from: `none` is everything that a scanner lists, which no image ever stays free of.
const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

impl Keys for VulnerabilityRules {
    const KEYS: &'static [&'static str] =
        &["scanners", "max-age", "max-database-age", "deny", "unknown-severity", "ignore", "vex", "all"];
    const OTHERS: Option<(CheckId, &'static str)> = Some((CheckId::ScanOthers, "scan"));

    fn read(fields: &Fields<'_>, files: ReadFile<'_>, problems: &mut Problems) -> Option<Self> {
        let scanners = or_default(fields.get("scanners"), |node| scanners(node, problems));
        let age = optional(fields.get("max-age"), |node| max_age(node, problems));
        let database = optional(fields.get("max-database-age"), |node| max_age(node, problems));
        let deny = optional(fields.get("deny"), |node| deny(node, problems));
        let unknown = or_default(fields.get("unknown-severity"), |node| unknown(node, problems));
        let ignored = or_default(fields.get("ignore"), |node| ignored(node, problems));
        let vex = optional(fields.get("vex"), |node| vex(node, files, problems));
        let all = or_default(fields.get("all"), |node| switch(node, problems));
        if fields.get("deny").is_none() && !fields.likely_means("deny") {
            for (name, place) in fields.present(&OF_DENIAL) {
                let hint = "add `deny: {severity: high}`, or leave this out";
                problems.add(place, format!("`{name}` has no effect without `deny`"), hint);
            }
        }
        Some(VulnerabilityRules {
            scanners: scanners?,
            max_age: age?,
            max_database_age: database?,
            deny: deny?,
            unknown_allowed: unknown?,
            ignored: ignored?,
            vex: vex?,
            all: all?,
        })
    }

    fn plain() -> Result<Self, Incomplete> {
        Ok(Self::default())
    }
}

fn scanners(node: &Node, problems: &mut Problems) -> Option<Vec<TextRule>> {
    each(node, "scanners", problems, glob)
}

/// `{severity: high}`.
fn deny(node: &Node, problems: &mut Problems) -> Option<Severity> {
    let fields = Fields::of(node, "`deny`", &["severity"], problems)?;
    let node = fields.required("severity", "write `deny: {severity: high}`: that and everything above it", problems)?;
    severity(node, problems)
}

/// A severity that can be denied, with everything above it.
pub(crate) fn severity(node: &Node, problems: &mut Problems) -> Option<Severity> {
    word(node, "severity", &SEVERITIES, problems)?.parse().ok()
}

fn unknown(node: &Node, problems: &mut Problems) -> Option<bool> {
    Some(word(node, "setting for unknown severities", &["allow", "deny"], problems)? == "allow")
}

/// `{signers: […]}`, any one of them.
pub(crate) fn vex(node: &Node, files: ReadFile<'_>, problems: &mut Problems) -> Option<Signers> {
    let fields = Fields::of(node, "VEX", &["signers"], problems)?;
    let hint = "add `signers: […]`: otherwise anyone could close every finding";
    signers::any_of(fields.required("signers", hint, problems)?, files, problems)
}

fn ignored(node: &Node, problems: &mut Problems) -> Option<Vec<Ignored>> {
    each(node, "vulnerabilities", problems, ignored_one)
}

/// An id alone, or `{id, until, because}`.
fn ignored_one(node: &Node, problems: &mut Problems) -> Option<Ignored> {
    if !matches!(node.value, Value::Map(_)) {
        return Some(Ignored { id: text(node, problems)?, exception: None });
    }
    let fields = Fields::of(node, "`ignore`", &["id", "until", "because"], problems)?;
    let id =
        fields.required("id", "add `id: CVE-…`, as the scan names it", problems).and_then(|node| text(node, problems));
    let hints = Ending {
        until: "add the last day, such as `until: 2027-01-31`; or write the id alone",
        because: "state the reason, for readers of the policy: `because: …`",
    };
    let exception = hints.read(&fields, problems);
    Some(Ignored { id: id?, exception: Some(exception?) })
}
