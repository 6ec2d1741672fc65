//! The fields of a `sbom` requirement.

use crate::attestation::sbom::rules::{
    ExceptedLicense, MinimumElements, NoAssertion, SbomException, SbomFormat, SbomList, SbomRules,
};

use super::listed::{license, licenses, names, packages};
use crate::attestation::rules::{Incomplete, Keys};
use crate::attestation::scan::keys::{severity, vex};
use crate::check::CheckId;
use crate::policy::document::ending::Ending;
use crate::policy::document::fields::{Fields, each, max_age, optional, or_default, switch, word};
use crate::policy::document::problem::Problems;
use crate::policy::document::signers::ReadFile;
use crate::policy::document::yaml::{Node, Value};

const LIST: [&str; 3] = ["packages", "licenses", "suppliers"];
/// What can be denied beside these.
const DENY: [&str; 4] = ["packages", "licenses", "suppliers", "severity"];
const EXCEPTION: [&str; 4] = ["package", "license", "until", "because"];

impl Keys for SbomRules {
    const KEYS: &'static [&'static str] = &[
        "formats",
        "strict",
        "describes",
        "minimum-elements",
        "deny",
        "vex",
        "advisories",
        "allow",
        "no-assertion",
        "generators",
        "creators",
        "max-age",
        "required-packages",
        "min-packages",
        "exceptions",
        "all",
    ];
    const OTHERS: Option<(CheckId, &'static str)> = Some((CheckId::SbomOthers, "SBOM"));

    fn read(fields: &Fields<'_>, files: ReadFile<'_>, problems: &mut Problems) -> Option<Self> {
        let formats = or_default(fields.get("formats"), |node| self::formats(node, problems));
        let strict = or_default(fields.get("strict"), |node| switch(node, problems));
        let describes =
            optional(fields.get("describes"), |node| word(node, "setting for `describes`", &["required"], problems));
        let minimum_elements = optional(fields.get("minimum-elements"), |node| minimum_elements(node, problems));
        let deny = or_default(fields.get("deny"), |node| list(node, "`deny`", &DENY, problems));
        let denied = fields.get("deny").and_then(severity_of);
        let deny_severity = optional(denied, |node| severity(node, problems));
        let vex = optional(fields.get("vex"), |node| vex(node, files, problems));
        if denied.is_none() && !fields.likely_means("deny") {
            for (name, place) in fields.present(&["vex", "advisories"]) {
                let hint = "add `deny: {severity: high}`, or leave this out";
                problems.add(place, format!("`{name}` has no effect without `deny: {{severity: …}}`"), hint);
            }
        }
        let unchecked = or_default(fields.get("advisories"), |node| unchecked(node, problems));
        let allow = or_default(fields.get("allow"), |node| list(node, "`allow`", &LIST, problems));
        let no_assertion = optional(fields.get("no-assertion"), |node| no_assertion(node, problems));
        let generators = or_default(fields.get("generators"), |node| names(node, "generators", problems));
        let creators = or_default(fields.get("creators"), |node| names(node, "creators", problems));
        let oldest = optional(fields.get("max-age"), |node| max_age(node, problems));
        let required_packages = or_default(fields.get("required-packages"), |node| packages(node, problems));
        let min_packages = optional(fields.get("min-packages"), |node| count(node, problems));
        let exceptions = or_default(fields.get("exceptions"), |node| exceptions(node, problems));
        let all = or_default(fields.get("all"), |node| switch(node, problems));
        Some(SbomRules {
            formats: formats?,
            strict: strict?,
            describes_required: describes?.is_some(),
            minimum_elements: minimum_elements?,
            deny: deny?,
            deny_severity: deny_severity?,
            vex: vex?,
            unchecked_fail: unchecked?,
            allow: allow?,
            no_assertion: no_assertion?,
            generators: generators?,
            creators: creators?,
            max_age: oldest?,
            required_packages: required_packages?,
            min_packages: min_packages?,
            exceptions: exceptions?,
            all: all?,
        })
    }

    fn plain() -> Result<Self, Incomplete> {
        Ok(Self::default())
    }
}

fn formats(node: &Node, problems: &mut Problems) -> Option<Vec<SbomFormat>> {
    each(node, "formats", problems, |item, problems| {
        SbomFormat::named(&word(item, "format of SBOMs", &SbomFormat::ALL, problems)?)
    })
}

fn minimum_elements(node: &Node, problems: &mut Problems) -> Option<MinimumElements> {
    let known = MinimumElements::ALL.map(MinimumElements::as_str);
    let written = word(node, "list of minimum elements", &known, problems)?;
    MinimumElements::ALL.into_iter().find(|elements| elements.as_str() == written)
}

fn no_assertion(node: &Node, problems: &mut Problems) -> Option<NoAssertion> {
    let written = word(node, "setting for packages without a licence", &["allow", "deny"], problems)?;
    Some(if written == "allow" { NoAssertion::Allow } else { NoAssertion::Deny })
}

/// `deny` and `allow`: packages, licences, suppliers.
fn list(node: &Node, what: &'static str, known: &[&'static str], problems: &mut Problems) -> Option<SbomList> {
    let fields = Fields::of(node, what, known, problems)?;
    if fields.present(known).is_empty() && !fields.has_unknown() {
        let message = format!("{what} is empty");
        problems.add(node.place, message, format!("name some of: {}; or leave the key out", known.join(", ")));
        return None;
    }
    let packages = or_default(fields.get("packages"), |node| packages(node, problems));
    let licenses = or_default(fields.get("licenses"), |node| licenses(node, problems));
    let suppliers = or_default(fields.get("suppliers"), |node| names(node, "suppliers", problems));
    Some(SbomList { packages: packages?, licenses: licenses?, suppliers: suppliers? })
}

/// `deny: {severity: high}`: known vulnerabilities of that severity or a worse one. The other keys are a list.
fn severity_of(deny: &Node) -> Option<&Node> {
    let Value::Map(entries) = &deny.value else { return None };
    entries.iter().find(|(key, _)| key.name == "severity").map(|(_, node)| node)
}

/// `advisories: {unchecked: fail}`.
fn unchecked(node: &Node, problems: &mut Problems) -> Option<bool> {
    let fields = Fields::of(node, "a rule for advisories", &["unchecked"], problems)?;
    let hint = "write `advisories: {unchecked: fail}`, or leave it out";
    let node = fields.required("unchecked", hint, problems)?;
    Some(word(node, "setting for unchecked packages", &["allow", "fail"], problems)? == "fail")
}

fn count(node: &Node, problems: &mut Problems) -> Option<u64> {
    match &node.value {
        Value::Integer(number) if *number > 0 => u64::try_from(*number).ok(),
        _ => {
            let message = "the least number of packages is a whole number, 1 or more";
            problems.add(node.place, message, "write a number, such as `min-packages: 20`");
            None
        }
    }
}

fn exceptions(node: &Node, problems: &mut Problems) -> Option<Vec<SbomException>> {
    each(node, "exceptions", problems, exception)
}

fn exception(node: &Node, problems: &mut Problems) -> Option<SbomException> {
    let fields = Fields::of(node, "an exception of an SBOM", &EXCEPTION, problems)?;
    if fields.present(&["package", "license"]).is_empty() && !fields.has_unknown() {
        let message = "an exception names a package or a licence, and this names none";
        problems.add(fields.first_place(), message, "add `package: pkg:TYPE/NAME@VERSION`, or `license: ID`, or both");
        return None;
    }
    let package = optional(fields.get("package"), |node| packages(node, problems));
    let license = optional(fields.get("license"), |node| excepted_license(node, problems));
    let exception = Ending::OF_EXCEPTION.read(&fields, problems);
    Some(SbomException { package: package?, license: license?, exception: exception? })
}

fn excepted_license(node: &Node, problems: &mut Problems) -> Option<ExceptedLicense> {
    match &node.value {
        Value::Text(text) if text == "NOASSERTION" => Some(ExceptedLicense::NoAssertion),
        _ => license(node, problems).map(ExceptedLicense::Rule),
    }
}
