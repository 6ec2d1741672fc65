//! The fields of a `vulnerabilities` requirement.

use crate::policy::exception::Exception;
use crate::policy::signer::Signers;
use crate::policy::text::TextRule;
use crate::policy::{Ignored, Severity, VulnerabilityRules};

use super::fields::{Fields, guess, items, max_age, optional, pattern, text};
use super::problem::Problems;
use super::rule::date;
use super::signers::{self, ReadFile};
use super::yaml::{Node, Value};

/// Its keys, beside those of every requirement.
pub(super) const KEYS: [&str; 7] =
    ["scanners", "max-age", "max-database-age", "deny", "unknown-severity", "ignore", "vex"];
/// Keys that say something of what is denied.
const OF_DENIAL: [&str; 3] = ["unknown-severity", "ignore", "vex"];
/// What may be denied from: `none` is everything that a scanner lists, which no image ever stays free of.
const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

/// Reads them.
pub(super) fn read(fields: &Fields<'_>, files: ReadFile<'_>, problems: &mut Problems) -> Option<VulnerabilityRules> {
    let scanners = optional(fields.get("scanners"), |node| scanners(node, problems));
    let age = optional(fields.get("max-age"), |node| max_age(node, problems));
    let database = optional(fields.get("max-database-age"), |node| max_age(node, problems));
    let deny = optional(fields.get("deny"), |node| deny(node, problems));
    let unknown = optional(fields.get("unknown-severity"), |node| unknown(node, problems));
    let ignored = optional(fields.get("ignore"), |node| ignored(node, problems));
    let vex = optional(fields.get("vex"), |node| vex(node, files, problems));
    if fields.get("deny").is_none() && !fields.likely_means("deny") {
        for (name, place) in fields.present(&OF_DENIAL) {
            let hint = "add `deny: {severity: high}`, or leave this out";
            problems.add(place, format!("`{name}` is about what is denied, and nothing is"), hint);
        }
    }
    Some(VulnerabilityRules {
        scanners: scanners.ok()?.unwrap_or_default(),
        max_age: age.ok()?,
        max_database_age: database.ok()?,
        deny: deny.ok()?,
        unknown_allowed: unknown.ok()?.unwrap_or_default(),
        ignored: ignored.ok()?.unwrap_or_default(),
        vex: vex.ok()?,
    })
}

fn scanners(node: &Node, problems: &mut Problems) -> Option<Vec<TextRule>> {
    let listed = items(node, "scanners", problems);
    let read: Vec<Option<TextRule>> = listed.iter().map(|item| scanner(item, problems)).collect();
    let read: Vec<TextRule> = read.into_iter().collect::<Option<_>>()?;
    (!read.is_empty()).then_some(read)
}

fn scanner(node: &Node, problems: &mut Problems) -> Option<TextRule> {
    let written = text(node, problems)?;
    pattern(TextRule::glob(&written), node, problems)
}

/// `{severity: high}`.
fn deny(node: &Node, problems: &mut Problems) -> Option<Severity> {
    let fields = Fields::of(node, "what is denied", &["severity"], problems)?;
    let node = fields.required("severity", "write `deny: {severity: high}`: that and everything above it", problems)?;
    let written = text(node, problems)?;
    if !SEVERITIES.contains(&written.as_str()) {
        problems.add(node.place, format!("`{written}` is no severity"), guess(&written, &SEVERITIES));
        return None;
    }
    Severity::of(&written)
}

fn unknown(node: &Node, problems: &mut Problems) -> Option<bool> {
    const WORDS: [&str; 2] = ["allow", "deny"];
    let written = text(node, problems)?;
    if !WORDS.contains(&written.as_str()) {
        let message = format!("`{written}` is no rule for what is of no known severity");
        problems.add(node.place, message, guess(&written, &WORDS));
        return None;
    }
    Some(written == "allow")
}

/// `{signers: […]}`, any one of them.
pub(super) fn vex(node: &Node, files: ReadFile<'_>, problems: &mut Problems) -> Option<Signers> {
    let fields = Fields::of(node, "VEX", &["signers"], problems)?;
    let hint = "add `signers: […]`: anybody could say that nothing matters";
    signers::any_of(fields.required("signers", hint, problems)?, files, problems)
}

fn ignored(node: &Node, problems: &mut Problems) -> Option<Vec<Ignored>> {
    let listed = items(node, "vulnerabilities", problems);
    let read: Vec<Option<Ignored>> = listed.iter().map(|item| ignored_one(item, problems)).collect();
    let read: Vec<Ignored> = read.into_iter().collect::<Option<_>>()?;
    (!read.is_empty()).then_some(read)
}

/// An id alone, or `{id, until, because}`.
fn ignored_one(node: &Node, problems: &mut Problems) -> Option<Ignored> {
    if !matches!(node.value, Value::Map(_)) {
        return Some(Ignored { id: text(node, problems)?, exception: None });
    }
    let fields = Fields::of(node, "what is ignored", &["id", "until", "because"], problems)?;
    let id =
        fields.required("id", "add `id: CVE-…`, as the scan names it", problems).and_then(|node| text(node, problems));
    let until = fields
        .required("until", "add the last day, such as `until: 2027-01-31`; or write the id alone", problems)
        .and_then(|node| date(node, problems));
    let because = fields
        .required("because", "say why, for whoever reads the policy: `because: …`", problems)
        .and_then(|node| text(node, problems));
    Some(Ignored { id: id?, exception: Some(Exception { until: until?, because: because? }) })
}
