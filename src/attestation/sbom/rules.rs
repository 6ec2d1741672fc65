//! The rules for an SBOM, and the fields of an `sbom` requirement.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::check::CheckId;
use crate::packages::Severity;

use super::listed::{license, licenses, names, packages};
use crate::attestation::keys::{Key, declare, lines, set, set_some, some_line};
use crate::attestation::rules::{Incomplete, Keys, Missing, Rules, warning_of_all};
use crate::attestation::scan::rules::{SEVERITIES, severity, vex, vex_schema};
use crate::policy::age::MaxAge;
use crate::policy::document::ending::Ending;
use crate::policy::document::fields::{Fields, each, max_age, optional, or_default, switch, word};
use crate::policy::document::problem::Problems;
use crate::policy::document::schema;
use crate::policy::document::yaml::{self, Node};
use crate::policy::emit::bare_or_scalar;
use crate::policy::exception::Exception;
use crate::policy::license::LicenseRule;
use crate::policy::package::{PackageRule, PackageRules};
use crate::policy::signer::{Signer, Signers};
use crate::policy::text::TextRule;

const LIST: [&str; 3] = ["packages", "licenses", "suppliers"];
/// What can be denied beside these.
const DENY: [&str; 4] = ["packages", "licenses", "suppliers", "severity"];
/// What becomes of unchecked packages.
const UNCHECKED: [&str; 2] = ["allow", "fail"];
const EXCEPTION: [&str; 4] = ["package", "license", "until", "because"];

declare! {
    /// The rules for an SBOM, beyond those that hold for every one. Where nothing is said, nothing is asked.
    #[derive(Debug, Clone, Default)]
    pub struct SbomRules {
        /// The forms that count; every one that is read where none is named.
        pub formats: Vec<SbomFormat> => Key {
            name: "formats",
            required: None,
            schema: || {
                let forms = schema::words(&SbomFormat::ALL);
                schema::list("The forms that count [default: every one that can be read].", &forms)
            },
            example: || json!({"formats": "spdx-2.3"}),
            read: |rules, node, at| set(&mut rules.formats, formats(node, at.problems)),
            describe: |rules| {
                some_line(!rules.formats.is_empty(), || format!("format {}", joined(&rules.formats, " or ")))
            },
            hash: None,
        },
        /// Whether it must be valid by the letter of its format's specification.
        pub strict: bool => Key {
            name: "strict",
            required: None,
            schema: || {
                schema::switch("Whether it must be valid by the letter of its format's specification [default: false].")
            },
            example: || json!({"strict": true}),
            read: |rules, node, at| set(&mut rules.strict, switch(node, at.problems)),
            describe: |rules| some_line(rules.strict, || "strictly valid".to_owned()),
            hash: None,
        },
        /// Whether it must say that it is about this image.
        pub describes_required: bool => Key {
            name: "describes",
            required: None,
            schema: || {
                schema::about("`required`: it must say that it is about this image.", json!({"const": "required"}))
            },
            example: || json!({"describes": "required"}),
            read: |rules, node, at| {
                let written = word(node, "setting for `describes`", &["required"], at.problems);
                set(&mut rules.describes_required, written.map(|_| true))
            },
            describe: |rules| {
                some_line(rules.describes_required, || "says that it describes this image".to_owned())
            },
            hash: None,
        },
        /// The elements that each of its packages must have.
        pub minimum_elements: Option<MinimumElements> => Key {
            name: "minimum-elements",
            required: None,
            schema: || {
                let names = schema::words(&MinimumElements::ALL.map(MinimumElements::as_str));
                schema::about("Whose minimum elements each package and the document must have.", names)
            },
            example: || json!({"minimum-elements": "ntia-2021"}),
            read: |rules, node, at| set_some(&mut rules.minimum_elements, minimum_elements(node, at.problems)),
            describe: |rules| lines(&rules.minimum_elements, |elements| format!("minimum elements {elements}")),
            hash: None,
        },
        /// What it must not list.
        pub deny: SbomList => Key {
            name: "deny",
            required: None,
            schema: || {
                let about = "Known vulnerabilities of this severity or a worse one, as the advisories of `--advisories` have them.";
                let mut schema = list_schema("Denied packages, licences and suppliers.", "denied");
                schema["properties"]["severity"] = schema::about(about, schema::words(&SEVERITIES));
                schema
            },
            example: || json!({"deny": {"packages": "pkg:npm/event-stream"}}),
            read: |rules, node, at| {
                let list = list(node, "`deny`", &DENY, at.problems);
                let severity = optional(severity_of(node), |node| severity(node, at.problems));
                set(&mut rules.deny, list).and(set(&mut rules.deny_severity, severity))
            },
            describe: |rules| {
                let severity = lines(&rules.deny_severity, |severity| {
                    format!("vulnerabilities denied from severity {severity}")
                });
                [rules.deny.describe("denied"), severity].concat()
            },
            hash: None,
        },
        /// Known vulnerabilities of this severity or a worse one are denied.
        pub deny_severity: Option<Severity>,
        /// The signers whose VEX statements may close vulnerabilities; without them no statement does.
        pub vex: Option<Signers> => Key {
            name: "vex",
            required: None,
            schema: || vex_schema("Whose VEX statements may close known vulnerabilities."),
            example: || json!({"vex": {"signers": [{"github": "acme/vex"}]}, "deny": {"severity": "high"}}),
            read: |rules, node, at| set_some(&mut rules.vex, vex(node, at.files, at.problems)),
            describe: |rules| lines(&rules.vex, |signers| {
                let names: Vec<String> = signers.listed().iter().map(Signer::describe).collect();
                format!("but for what VEX closes that is signed by {}", names.join(" or "))
            }),
            hash: None,
        },
        /// Whether each package must be one that the advisories could have said something of.
        pub unchecked_fail: bool => Key {
            name: "advisories",
            required: None,
            schema: || {
                let about = "`fail`: a package that could not be checked makes the SBOM undecided [default: allow].";
                let keys = json!({"unchecked": schema::about(about, schema::words(&UNCHECKED))});
                let about = "What becomes of packages that the advisories cannot be held against.";
                schema::mapping(about, &["unchecked"], &keys)
            },
            example: || json!({"advisories": {"unchecked": "fail"}, "deny": {"severity": "high"}}),
            read: |rules, node, at| set(&mut rules.unchecked_fail, unchecked(node, at.problems)),
            describe: |rules| {
                some_line(rules.unchecked_fail, || "every package checked against the advisories".to_owned())
            },
            hash: None,
        },
        /// The only allowed items, for each kind that is named.
        pub allow: SbomList => Key {
            name: "allow",
            required: None,
            schema: || list_schema("What alone it may list, of each kind that is named.", "allowed"),
            example: || json!({"allow": {"licenses": "MIT"}}),
            read: |rules, node, at| set(&mut rules.allow, list(node, "`allow`", &LIST, at.problems)),
            describe: |rules| rules.allow.describe("allowed"),
            hash: None,
        },
        /// What packages without a licence are.
        pub no_assertion: Option<NoAssertion> => Key {
            name: "no-assertion",
            required: None,
            schema: || {
                let about = "What packages without an asserted licence are [default: deny where `allow` has licences, else allow].";
                schema::about(about, schema::words(&["allow", "deny"]))
            },
            example: || json!({"no-assertion": "deny"}),
            read: |rules, node, at| set_some(&mut rules.no_assertion, no_assertion(node, at.problems)),
            describe: |rules| lines(&rules.no_assertion, |said| match said {
                NoAssertion::Allow => "packages without a licence allowed".to_owned(),
                NoAssertion::Deny => "packages without a licence denied".to_owned(),
            }),
            hash: None,
        },
        /// The tools that may have made it: every tool that it names must be one of them.
        pub generators: Vec<TextRule> => Key {
            name: "generators",
            required: None,
            schema: || schema::list("The tools that may have made it. Globs.", &schema::text()),
            example: || json!({"generators": "syft-*"}),
            read: |rules, node, at| set(&mut rules.generators, names(node, "generators", at.problems)),
            describe: |rules| lines(&rules.generators, |rule| format!("generator allowed {}", quoted(rule))),
            hash: None,
        },
        /// The people and organizations that may have made it: every one that it names must be one of them.
        pub creators: Vec<TextRule> => Key {
            name: "creators",
            required: None,
            schema: || schema::list("The people and organizations that may have made it. Globs.", &schema::text()),
            example: || json!({"creators": "Acme"}),
            read: |rules, node, at| set(&mut rules.creators, names(node, "creators", at.problems)),
            describe: |rules| lines(&rules.creators, |rule| format!("creator allowed {}", quoted(rule))),
            hash: None,
        },
        /// How old it may have been when it was signed.
        pub max_age: Option<MaxAge> => Key {
            name: "max-age",
            required: None,
            schema: || schema::age("How long before it was signed it may have been made."),
            example: || json!({"max-age": "1d"}),
            read: |rules, node, at| set_some(&mut rules.max_age, max_age(node, at.problems)),
            describe: |rules| lines(&rules.max_age, |age| format!("at most {age} old when signed")),
            hash: None,
        },
        /// Packages that it must list, each rule at least one.
        pub required_packages: PackageRules => Key {
            name: "required-packages",
            required: None,
            schema: || schema::list("Packages that it must list, at least one for each.", &schema::named("package")),
            example: || json!({"required-packages": "pkg:npm/acme"}),
            read: |rules, node, at| set(&mut rules.required_packages, packages(node, at.problems)),
            describe: |rules| {
                let required = rules.required_packages.rules();
                lines(required, |rule| format!("package required {}", quoted_package(rule)))
            },
            hash: None,
        },
        /// How many packages it must list.
        pub min_packages: Option<u64> => Key {
            name: "min-packages",
            required: None,
            schema: || {
                let about = "How many packages it must list, without those of scope excluded.";
                schema::about(about, json!({"type": "integer", "minimum": 1}))
            },
            example: || json!({"min-packages": 20}),
            read: |rules, node, at| set_some(&mut rules.min_packages, count(node, at.problems)),
            describe: |rules| lines(&rules.min_packages, |count| format!("at least {count} packages")),
            hash: None,
        },
        /// Exceptions with an end date.
        pub exceptions: Vec<SbomException> => Key {
            name: "exceptions",
            required: None,
            schema: || {
                let about = "Failures that are excepted until the end of a day. Every report lists an exception while it applies.";
                schema::list(about, &schema::named("sbom-exception"))
            },
            example: || json!({"exceptions": {"license": "NOASSERTION", "until": "2027-01-31", "because": "a reason"}}),
            read: |rules, node, at| set(&mut rules.exceptions, each(node, "exceptions", at.problems, exception)),
            describe: |rules| lines(&rules.exceptions, SbomException::line),
            hash: None,
        },
        /// Whether every SBOM of an expected signer that is attached must satisfy this, not one alone.
        pub all: bool => Key {
            name: "all",
            required: None,
            schema: || {
                schema::switch("Whether every SBOM of an expected signer that is attached must satisfy this, not one alone.")
            },
            example: || json!({"all": true}),
            read: |rules, node, at| set(&mut rules.all, switch(node, at.problems)),
            describe: |rules| some_line(rules.all, || "every attached SBOM of an expected signer".to_owned()),
            hash: None,
        },
    }
}

/// Packages, by what they are, how they are licensed and who supplies them.
#[derive(Debug, Clone, Default)]
pub struct SbomList {
    /// The packages.
    pub packages: PackageRules,
    /// Their licences.
    pub licenses: Vec<LicenseRule>,
    /// Their suppliers.
    pub suppliers: Vec<TextRule>,
}

/// A form of SBOMs: `spdx`, `spdx-2.3`, `cyclonedx-1.6`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SbomFormat(String);

impl SbomFormat {
    /// Every form that a policy may name.
    pub const ALL: [&str; 16] = [
        "spdx",
        "spdx-2",
        "spdx-2.2",
        "spdx-2.3",
        "spdx-3",
        "spdx-3.0",
        "spdx-3.0.0",
        "spdx-3.0.1",
        "cyclonedx",
        "cyclonedx-1",
        "cyclonedx-1.2",
        "cyclonedx-1.3",
        "cyclonedx-1.4",
        "cyclonedx-1.5",
        "cyclonedx-1.6",
        "cyclonedx-1.7",
    ];

    /// Returns the form of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.contains(&name).then(|| Self(name.to_owned()))
    }

    /// Whether a document's form, such as `SPDX-2.3`, is this one: `spdx-2` is every version that begins with 2.
    pub fn is(&self, format: &str) -> bool {
        let format = format.to_ascii_lowercase();
        format.strip_prefix(&self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
    }
}

impl fmt::Display for SbomFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Who says which elements an SBOM has at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MinimumElements {
    /// NTIA, The Minimum Elements For a Software Bill of Materials (2021).
    Ntia2021,
    /// CISA, Minimum Elements for a Software Bill of Materials (2025, draft for comment).
    Cisa2025,
}

impl MinimumElements {
    /// Each of them.
    pub const ALL: [Self; 2] = [Self::Ntia2021, Self::Cisa2025];

    /// Returns its name in policies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ntia2021 => "ntia-2021",
            Self::Cisa2025 => "cisa-2025",
        }
    }
}

impl fmt::Display for MinimumElements {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What packages are whose licence is not asserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAssertion {
    /// As good as any.
    Allow,
    /// Not allowed.
    Deny,
}

/// A package or a licence that is not held against an SBOM until a day.
#[derive(Debug, Clone)]
pub struct SbomException {
    /// The packages; all of them if none is named.
    pub package: Option<PackageRules>,
    /// The licence; without it the exception is one of the rules for packages and suppliers.
    pub license: Option<ExceptedLicense>,
    /// Until when, and why.
    pub exception: Exception,
}

/// A licence that an exception is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExceptedLicense {
    /// One that is asserted.
    Rule(LicenseRule),
    /// That none is.
    NoAssertion,
}

impl SbomException {
    /// Whether it still works at a time.
    pub fn works_at(&self, now: Timestamp) -> bool {
        self.exception.works_at(now)
    }

    /// Returns it as a line, in words that stand for one exception and no other.
    fn line(&self) -> String {
        let Exception { until, because } = &self.exception;
        let package = self.package.as_ref().map(|rules| {
            let rules: Vec<String> = rules.rules().iter().map(quoted_package).collect();
            format!(" package {}", rules.join(" "))
        });
        let license = self.license.as_ref().map(|license| match license {
            ExceptedLicense::Rule(rule) => format!(" licence {}", quoted(rule)),
            ExceptedLicense::NoAssertion => " no licence".to_owned(),
        });
        let about = [package, license].into_iter().flatten().collect::<String>();
        format!("except{about} until {until} because {}", bare_or_scalar(because))
    }
}

/// What it is about, in a person's words.
impl fmt::Display for SbomException {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let package = self.package.as_ref().map(|rules| listed(rules.rules()));
        let license = self.license.as_ref().map(|license| match license {
            ExceptedLicense::Rule(rule) => rule.to_string(),
            ExceptedLicense::NoAssertion => "no licence".to_owned(),
        });
        match (license, package) {
            (Some(license), Some(package)) => write!(formatter, "{license} of {package}"),
            (Some(one), None) | (None, Some(one)) => formatter.write_str(&one),
            (None, None) => formatter.write_str("nothing"),
        }
    }
}

fn listed(rules: &[PackageRule]) -> String {
    rules.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Keys for SbomRules {
    const OTHERS: Option<(CheckId, &'static str)> = Some((CheckId::SbomOthers, "SBOM"));

    fn start() -> Self {
        Self::default()
    }

    fn check(&self, fields: &Fields<'_>, problems: &mut Problems) {
        if fields.get("deny").and_then(severity_of).is_none() && !fields.likely_means("deny") {
            for (name, place) in fields.present(&["vex", "advisories"]) {
                let hint = "add `deny: {severity: high}`, or leave this out";
                problems.add(place, format!("`{name}` has no effect without `deny: {{severity: …}}`"), hint);
            }
        }
    }

    /// How a signer is described to a person leaves out what two of them may differ in.
    fn hash_beside(&self) -> String {
        lines(&self.vex, |signers| format!("vex {:?}\n", signers.canonical_text())).concat()
    }

    fn plain() -> Result<Self, Incomplete> {
        Ok(Self::default())
    }
}

impl SbomRules {
    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.describe().is_empty()
    }

    /// What licences packages without one have: not allowed where only some are allowed, unless it is said.
    pub fn allows_no_assertion(&self) -> bool {
        match self.no_assertion {
            Some(said) => said == NoAssertion::Allow,
            None => self.allow.licenses.is_empty(),
        }
    }
}

impl SbomList {
    fn describe(&self, what: &str) -> Vec<String> {
        let Self { packages, licenses, suppliers } = self;
        let packages = packages.rules().iter().map(|rule| format!("package {what} {}", quoted_package(rule)));
        let licenses = licenses.iter().map(|rule| format!("licence {what} {}", quoted(rule)));
        let suppliers = suppliers.iter().map(|rule| format!("supplier {what} {}", quoted(rule)));
        packages.chain(licenses).chain(suppliers).collect()
    }
}

fn quoted(rule: &impl fmt::Display) -> String {
    bare_or_scalar(&rule.to_string())
}

/// The parts of a rule for packages are quoted one by one: a name may look like two of them.
fn quoted_package(rule: &PackageRule) -> String {
    rule.parts().iter().map(|(key, value)| format!("{key} {}", bare_or_scalar(value))).collect::<Vec<_>>().join(" ")
}

fn joined(items: &[impl fmt::Display], between: &str) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}

impl Rules for SbomRules {
    fn missing(&self) -> Missing {
        Missing {
            what: "SBOM",
            expected: "a signed attestation of an SPDX or CycloneDX document".to_owned(),
            make: "`cosign attest --type spdxjson --predicate SBOM IMAGE@DIGEST` (or `--type cyclonedx`)".to_owned(),
        }
    }

    fn all(&self) -> bool {
        self.all
    }

    fn vex(&self) -> Option<&Signers> {
        self.vex.as_ref()
    }

    fn warnings(&self, today: Date) -> Vec<(String, &'static str)> {
        self.all.then(warning_of_all).into_iter().chain(self.doubtful(today)).collect()
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
    let yaml::Value::Map(entries) = &deny.value else { return None };
    entries.iter().find(|(key, _)| key.name == "severity").map(|(_, node)| node)
}

/// `advisories: {unchecked: fail}`.
fn unchecked(node: &Node, problems: &mut Problems) -> Option<bool> {
    let fields = Fields::of(node, "a rule for advisories", &["unchecked"], problems)?;
    let hint = "write `advisories: {unchecked: fail}`, or leave it out";
    let node = fields.required("unchecked", hint, problems)?;
    Some(word(node, "setting for unchecked packages", &UNCHECKED, problems)? == "fail")
}

fn count(node: &Node, problems: &mut Problems) -> Option<u64> {
    match &node.value {
        yaml::Value::Integer(number) if *number > 0 => u64::try_from(*number).ok(),
        _ => {
            let message = "the least number of packages is a whole number, 1 or more";
            problems.add(node.place, message, "write a number, such as `min-packages: 20`");
            None
        }
    }
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
        yaml::Value::Text(text) if text == "NOASSERTION" => Some(ExceptedLicense::NoAssertion),
        _ => license(node, problems).map(ExceptedLicense::Rule),
    }
}

/// `deny` and `allow`, in a word such as "denied".
fn list_schema(description: &str, what: &str) -> Value {
    let keys = json!({
        "packages": schema::list(&format!("The packages that are {what}."), &schema::named("package")),
        "licenses": schema::list(&format!("The licences that are {what}."), &schema::named("license")),
        "suppliers": schema::list(&format!("The suppliers that are {what}. Globs."), &schema::text()),
    });
    schema::some_of(description, &keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_its_family_or_a_version_of_it() {
        let is = |name: &str, format: &str| SbomFormat::named(name).expect("a form").is(format);
        assert!(is("spdx", "SPDX-2.3") && is("spdx-2", "SPDX-2.3") && is("spdx-3", "SPDX-3.0.1"));
        assert!(is("cyclonedx", "CycloneDX-1.6") && is("cyclonedx-1.6", "CycloneDX-1.6"));
        assert!(!is("spdx-2.2", "SPDX-2.3") && !is("spdx", "CycloneDX-1.6") && !is("spdx-2", "SPDX-20"));
        assert_eq!(SbomFormat::named("spdx-1.0"), None);
    }

    /// The hash of a policy by flags names every rule: two policies that differ in one never have the same.
    #[test]
    fn no_two_rules_have_the_same_text() {
        let text = |bend: &dyn Fn(&mut SbomRules)| {
            let mut rules = SbomRules::default();
            bend(&mut rules);
            rules.canonical_text()
        };
        let package = |written: &str| PackageRules::new(vec![PackageRule::purl(written).expect("a rule")]);
        let named = |name: &str| PackageRules::new(vec![PackageRule::name(TextRule::exact(name))]);
        let license = |written: &str| vec![LicenseRule::parse(written).expect("a rule")];
        let exception = || Exception { until: "2027-01-31".parse().expect("a day"), because: "x".to_owned() };
        let vex = |repository: &str, reference: &str| {
            let signer = Signer::from_flags(None, None, Some(repository), Some(reference), None);
            Signers::one(signer.expect("a signer"))
        };
        let texts = [
            text(&|_| {}),
            text(&|rules| rules.formats = vec![SbomFormat::named("spdx").expect("a form")]),
            text(&|rules| rules.strict = true),
            text(&|rules| rules.describes_required = true),
            text(&|rules| rules.minimum_elements = Some(MinimumElements::Ntia2021)),
            text(&|rules| rules.minimum_elements = Some(MinimumElements::Cisa2025)),
            text(&|rules| rules.deny.packages = package("pkg:npm/a")),
            text(&|rules| rules.deny.packages = named("pkg:npm/a")),
            text(&|rules| {
                rules.deny.packages =
                    PackageRules::new(vec![PackageRule::name(TextRule::exact("a")).of_version(TextRule::exact("1"))]);
            }),
            text(&|rules| rules.deny.packages = named("a version 1")),
            text(&|rules| rules.allow.packages = package("pkg:npm/a")),
            text(&|rules| rules.required_packages = package("pkg:npm/a")),
            text(&|rules| rules.deny.licenses = license("MIT")),
            text(&|rules| rules.deny.licenses = vec![LicenseRule::text(TextRule::exact("MIT"))]),
            text(&|rules| rules.allow.licenses = license("MIT")),
            text(&|rules| rules.deny.suppliers = vec![TextRule::exact("MIT")]),
            text(&|rules| rules.allow.suppliers = vec![TextRule::exact("MIT")]),
            text(&|rules| rules.deny_severity = Some(Severity::High)),
            text(&|rules| rules.unchecked_fail = true),
            text(&|rules| rules.all = true),
            text(&|rules| rules.vex = Some(vex("acme/vex", "refs/heads/main"))),
            text(&|rules| rules.vex = Some(vex("acme/other", "refs/heads/main"))),
            text(&|rules| rules.vex = Some(vex("acme/vex", "refs/heads/next"))),
            text(&|rules| rules.no_assertion = Some(NoAssertion::Allow)),
            text(&|rules| rules.no_assertion = Some(NoAssertion::Deny)),
            text(&|rules| rules.generators = vec![TextRule::exact("MIT")]),
            text(&|rules| rules.creators = vec![TextRule::exact("MIT")]),
            text(&|rules| rules.max_age = Some("1h".parse().expect("an age"))),
            text(&|rules| rules.min_packages = Some(1)),
            text(&|rules| {
                rules.exceptions =
                    vec![SbomException { package: Some(package("pkg:npm/a")), license: None, exception: exception() }];
            }),
            text(&|rules| {
                rules.exceptions = vec![SbomException {
                    package: None,
                    license: Some(ExceptedLicense::NoAssertion),
                    exception: exception(),
                }];
            }),
        ];
        let different: std::collections::BTreeSet<&String> = texts.iter().collect();
        assert_eq!(different.len(), texts.len(), "{texts:#?}");
    }
}
