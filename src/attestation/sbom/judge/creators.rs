//! Who and what made an SBOM.

use std::borrow::Cow;

use crate::check::{CheckId, Finding};
use crate::policy::{SbomRules, TextRule, names};

use super::complaint::{Complaints, Offenders, few};

/// Checks that every tool, and everybody, that the document names as its creator is allowed, and that it names one.
pub(super) fn check(creators: &[Cow<'_, str>], rules: &SbomRules) -> Option<Finding> {
    if rules.generators.is_empty() && rules.creators.is_empty() {
        return None;
    }
    let mut complaints = Complaints::of(CheckId::SbomCreators);
    let (tools, people): (Vec<&str>, Vec<&str>) =
        creators.iter().map(|creator| creator.trim()).partition(|creator| is_tool(creator));
    let next = "generate the SBOM with what the policy names, or add who made it to `generators` or `creators` there";
    for (what, found, allowed) in [("generator", &tools, &rules.generators), ("creator", &people, &rules.creators)] {
        if allowed.is_empty() {
            continue;
        }
        if found.is_empty() {
            complaints.refuse(format!("the SBOM names no {what}"), few(allowed), format!("no {what}"), next);
            continue;
        }
        let strangers = strangers(found, allowed);
        if !strangers.is_empty() {
            complaints.refuse(
                format!("the SBOM has a {what} that is not allowed"),
                few(allowed),
                strangers.to_string(),
                next,
            );
        }
    }
    Some(complaints.finding(|| format!("the SBOM was made by {}", few(creators)), None))
}

/// However it is written: a tool that passes for a person is none that `generators` are about.
fn is_tool(creator: &str) -> bool {
    creator.get(..5).is_some_and(|kind| kind.eq_ignore_ascii_case("tool:"))
}

fn strangers(found: &[&str], allowed: &[TextRule]) -> Offenders {
    let mut strangers = Offenders::default();
    for creator in found.iter().filter(|creator| !allowed.iter().any(|rule| names(rule, creator))) {
        strangers.add(|| (*creator).to_owned());
    }
    strangers
}
