//! The fields of a `sbom` requirement.

use crate::packages::Severity;
use crate::policy::sbom::{
    ExceptedLicense, MinimumElements, NoAssertion, SbomException, SbomFormat, SbomList, SbomRules,
};

use super::fields::{Fields, guess, items, max_age, text};
use super::listed::{license, licenses, names, packages};
use super::problem::Problems;
use super::rule::ending;
use super::signers::ReadFile;
use super::vulnerabilities::vex;
use super::yaml::{Node, Value};

/// Its keys, beside those of every requirement.
pub(super) const KEYS: [&str; 14] = [
    "formats",
    "strict",
    "describes",
    "minimum-elements",
    "deny",
    "vex",
    "allow",
    "no-assertion",
    "generators",
    "creators",
    "max-age",
    "required-packages",
    "min-packages",
    "exceptions",
];
const LIST: [&str; 3] = ["packages", "licenses", "suppliers"];
/// What can be denied beside these.
const DENY: [&str; 4] = ["packages", "licenses", "suppliers", "severity"];
const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];
const EXCEPTION: [&str; 4] = ["package", "license", "until", "because"];

/// Reads them. Every problem is found, not only the first.
pub(super) fn read(fields: &Fields<'_>, files: ReadFile<'_>, problems: &mut Problems) -> Option<SbomRules> {
    let formats = several(fields.get("formats"), |node| self::formats(node, problems));
    let strict = one(fields.get("strict"), |node| truth(node, problems));
    let describes =
        one(fields.get("describes"), |node| word(node, "rule for what it describes", &["required"], problems));
    let minimum_elements = one(fields.get("minimum-elements"), |node| minimum_elements(node, problems));
    let deny = one(fields.get("deny"), |node| list(node, "what is denied", &DENY, problems));
    let deny_severity = one(fields.get("deny"), |node| deny_severity(node, problems));
    let vex = one(fields.get("vex"), |node| vex(node, files, problems));
    let denies_severity = fields.get("deny").is_some_and(|node| severity_of(node).is_some());
    if !denies_severity && !fields.likely_means("deny") {
        for (name, place) in fields.present(&["vex"]) {
            let hint = "add `deny: {severity: high}`, or leave this out";
            problems.add(
                place,
                format!("`{name}` is about the known vulnerabilities that are denied, and none is"),
                hint,
            );
        }
    }
    let allow = one(fields.get("allow"), |node| list(node, "what is allowed", &LIST, problems));
    let no_assertion = one(fields.get("no-assertion"), |node| no_assertion(node, problems));
    let generators = several(fields.get("generators"), |node| names(node, "generators", problems));
    let creators = several(fields.get("creators"), |node| names(node, "creators", problems));
    let oldest = one(fields.get("max-age"), |node| max_age(node, problems));
    let required_packages = one(fields.get("required-packages"), |node| packages(node, problems));
    let min_packages = one(fields.get("min-packages"), |node| count(node, problems));
    let exceptions = several(fields.get("exceptions"), |node| exceptions(node, problems));
    Some(SbomRules {
        formats: formats?,
        strict: strict?.unwrap_or_default(),
        describes_required: describes?.is_some(),
        minimum_elements: minimum_elements?,
        deny: deny?.unwrap_or_default(),
        deny_severity: deny_severity?.flatten(),
        vex: vex?,
        allow: allow?.unwrap_or_default(),
        no_assertion: no_assertion?,
        generators: generators?,
        creators: creators?,
        max_age: oldest?,
        required_packages: required_packages?.unwrap_or_default(),
        min_packages: min_packages?,
        exceptions: exceptions?,
    })
}

/// What a field says: the outer `None` is a problem, the inner one a field that is not there.
#[expect(clippy::option_option, reason = "whether it is there, and whether it can be read")]
fn one<T>(node: Option<&Node>, read: impl FnOnce(&Node) -> Option<T>) -> Option<Option<T>> {
    node.map_or(Some(None), |node| read(node).map(Some))
}

fn several<T>(node: Option<&Node>, read: impl FnOnce(&Node) -> Option<Vec<T>>) -> Option<Vec<T>> {
    node.map_or(Some(Vec::new()), read)
}

fn formats(node: &Node, problems: &mut Problems) -> Option<Vec<SbomFormat>> {
    let read: Vec<Option<SbomFormat>> = items(node, "formats", problems)
        .iter()
        .map(|item| SbomFormat::named(&word(item, "form of SBOMs", &SbomFormat::ALL, problems)?))
        .collect();
    read.into_iter().collect::<Option<Vec<_>>>().filter(|read| !read.is_empty())
}

/// One of these words.
fn word(node: &Node, what: &str, known: &[&'static str], problems: &mut Problems) -> Option<String> {
    let written = text(node, problems)?;
    if known.contains(&written.as_str()) {
        return Some(written);
    }
    problems.add(node.place, format!("`{written}` is no {what}"), guess(&written, known));
    None
}

fn truth(node: &Node, problems: &mut Problems) -> Option<bool> {
    if let Value::Bool(value) = node.value {
        return Some(value);
    }
    let message = format!("expected true or false, and this is {}", node.value.kind());
    problems.add(node.place, message, "write `true`, or leave the key out");
    None
}

fn minimum_elements(node: &Node, problems: &mut Problems) -> Option<MinimumElements> {
    let known = MinimumElements::ALL.map(MinimumElements::as_str);
    let written = word(node, "list of minimum elements", &known, problems)?;
    MinimumElements::ALL.into_iter().find(|elements| elements.as_str() == written)
}

fn no_assertion(node: &Node, problems: &mut Problems) -> Option<NoAssertion> {
    let written = word(node, "rule for packages without a licence", &["allow", "deny"], problems)?;
    Some(if written == "allow" { NoAssertion::Allow } else { NoAssertion::Deny })
}

/// `deny` and `allow`: packages, licences, suppliers.
fn list(node: &Node, what: &'static str, known: &[&'static str], problems: &mut Problems) -> Option<SbomList> {
    let fields = Fields::of(node, what, known, problems)?;
    if fields.present(known).is_empty() && !fields.has_unknown() {
        let message = format!("{what} is nothing");
        problems.add(node.place, message, format!("name some of: {}; or leave the key out", known.join(", ")));
        return None;
    }
    let packages = one(fields.get("packages"), |node| packages(node, problems));
    let licenses = several(fields.get("licenses"), |node| licenses(node, problems));
    let suppliers = several(fields.get("suppliers"), |node| names(node, "suppliers", problems));
    Some(SbomList { packages: packages?.unwrap_or_default(), licenses: licenses?, suppliers: suppliers? })
}

/// `deny: {severity: high}`: known vulnerabilities of that severity or a worse one. Other keys are read elsewhere.
#[expect(clippy::option_option, reason = "whether it can be read, and whether it is there")]
fn deny_severity(node: &Node, problems: &mut Problems) -> Option<Option<Severity>> {
    let Some(node) = severity_of(node) else { return Some(None) };
    word(node, "severity", &SEVERITIES, problems)?.parse().ok().map(Some)
}

fn severity_of(deny: &Node) -> Option<&Node> {
    let Value::Map(entries) = &deny.value else { return None };
    entries.iter().find(|(key, _)| key.name == "severity").map(|(_, node)| node)
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
    let read: Vec<Option<SbomException>> =
        items(node, "exceptions", problems).iter().map(|item| exception(item, problems)).collect();
    read.into_iter().collect::<Option<Vec<_>>>().filter(|read| !read.is_empty())
}

fn exception(node: &Node, problems: &mut Problems) -> Option<SbomException> {
    let fields = Fields::of(node, "an exception of an SBOM", &EXCEPTION, problems)?;
    if fields.present(&["package", "license"]).is_empty() && !fields.has_unknown() {
        let message = "an exception names a package or a licence, and this names none";
        problems.add(fields.first_place(), message, "add `package: pkg:TYPE/NAME@VERSION`, or `license: ID`, or both");
        return None;
    }
    let package = one(fields.get("package"), |node| packages(node, problems));
    let license = one(fields.get("license"), |node| excepted_license(node, problems));
    let exception = ending(&fields, problems);
    Some(SbomException { package: package?, license: license?, exception: exception? })
}

fn excepted_license(node: &Node, problems: &mut Problems) -> Option<ExceptedLicense> {
    match &node.value {
        Value::Text(text) if text == "NOASSERTION" => Some(ExceptedLicense::NoAssertion),
        _ => license(node, problems).map(ExceptedLicense::Rule),
    }
}
