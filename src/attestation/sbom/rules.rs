//! What an SBOM must say.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::packages::Severity;

use crate::attestation::rules::{Missing, Rules, warning_of_all};
use crate::policy::age::MaxAge;
use crate::policy::emit::bare_or_scalar;
use crate::policy::exception::Exception;
use crate::policy::license::LicenseRule;
use crate::policy::package::{PackageRule, PackageRules};
use crate::policy::signer::{Signer, Signers};
use crate::policy::text::TextRule;

/// The rules for an SBOM, beyond those that hold for every one. Where nothing is said, nothing is asked.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the policy file")]
pub struct SbomRules {
    /// The forms that count; every one that is read where none is named.
    pub formats: Vec<SbomFormat>,
    /// Whether it must be valid by the letter of its format's specification.
    pub strict: bool,
    /// Whether it must say that it is about this image.
    pub describes_required: bool,
    /// The elements that each of its packages must have.
    pub minimum_elements: Option<MinimumElements>,
    /// What it must not list.
    pub deny: SbomList,
    /// Known vulnerabilities of this severity or a worse one are denied.
    pub deny_severity: Option<Severity>,
    /// The signers whose VEX statements may close vulnerabilities; without them no statement does.
    pub vex: Option<Signers>,
    /// Whether each package must be one that the advisories could have said something of.
    pub unchecked_fail: bool,
    /// The only allowed items, for each kind that is named.
    pub allow: SbomList,
    /// What packages without a licence are.
    pub no_assertion: Option<NoAssertion>,
    /// The tools that may have made it: every tool that it names must be one of them.
    pub generators: Vec<TextRule>,
    /// The people and organizations that may have made it: every one that it names must be one of them.
    pub creators: Vec<TextRule>,
    /// How old it may have been when it was signed.
    pub max_age: Option<MaxAge>,
    /// Packages that it must list, each rule at least one.
    pub required_packages: PackageRules,
    /// How many packages it must list.
    pub min_packages: Option<u64>,
    /// Exceptions with an end date.
    pub exceptions: Vec<SbomException>,
    /// Whether every SBOM of an expected signer that is attached must satisfy this, not one alone.
    pub all: bool,
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

impl SbomRules {
    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.lines().is_empty()
    }

    /// What licences packages without one have: not allowed where only some are allowed, unless it is said.
    pub fn allows_no_assertion(&self) -> bool {
        match self.no_assertion {
            Some(said) => said == NoAssertion::Allow,
            None => self.allow.licenses.is_empty(),
        }
    }

    /// Returns every rule as a line of text, in words that stand for one rule and no other.
    pub fn lines(&self) -> Vec<String> {
        let Self {
            formats,
            strict,
            describes_required,
            minimum_elements,
            deny,
            deny_severity,
            vex,
            unchecked_fail,
            allow,
            no_assertion,
            generators,
            creators,
            max_age,
            required_packages,
            min_packages,
            exceptions,
            all,
        } = self;
        let mut lines = Vec::new();
        if !formats.is_empty() {
            lines.push(format!("format {}", joined(formats, " or ")));
        }
        lines.extend(strict.then(|| "strictly valid".to_owned()));
        lines.extend(describes_required.then(|| "says that it describes this image".to_owned()));
        lines.extend(minimum_elements.map(|elements| format!("minimum elements {elements}")));
        lines.extend(deny.lines("denied"));
        lines.extend(deny_severity.map(|severity| format!("vulnerabilities denied from severity {severity}")));
        lines.extend(vex.as_ref().map(|signers| {
            let names: Vec<String> = signers.listed().iter().map(Signer::describe).collect();
            format!("but for what VEX closes that is signed by {}", names.join(" or "))
        }));
        lines.extend(unchecked_fail.then(|| "every package checked against the advisories".to_owned()));
        lines.extend(allow.lines("allowed"));
        lines.extend(no_assertion.map(|said| match said {
            NoAssertion::Allow => "packages without a licence allowed".to_owned(),
            NoAssertion::Deny => "packages without a licence denied".to_owned(),
        }));
        lines.extend(generators.iter().map(|rule| format!("generator allowed {}", quoted(rule))));
        lines.extend(creators.iter().map(|rule| format!("creator allowed {}", quoted(rule))));
        lines.extend(max_age.iter().map(|age| format!("at most {age} old when signed")));
        lines.extend(required_packages.rules().iter().map(|rule| format!("package required {}", quoted_package(rule))));
        lines.extend(min_packages.map(|count| format!("at least {count} packages")));
        lines.extend(exceptions.iter().map(|one| {
            let Exception { until, because } = &one.exception;
            let package = one.package.as_ref().map(|rules| {
                let rules: Vec<String> = rules.rules().iter().map(quoted_package).collect();
                format!(" package {}", rules.join(" "))
            });
            let license = one.license.as_ref().map(|license| match license {
                ExceptedLicense::Rule(rule) => format!(" licence {}", quoted(rule)),
                ExceptedLicense::NoAssertion => " no licence".to_owned(),
            });
            let about = [package, license].into_iter().flatten().collect::<String>();
            format!("except{about} until {until} because {}", bare_or_scalar(because))
        }));
        lines.extend(all.then(|| "every attached SBOM of an expected signer".to_owned()));
        lines
    }
}

impl SbomList {
    fn lines(&self, what: &str) -> Vec<String> {
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
    fn canonical_text(&self) -> String {
        let quoted: Vec<String> = self.lines().iter().map(|line| format!("{line:?}\n")).collect();
        // How a signer is described to a person leaves out what two of them may differ in.
        let vex = self.vex.as_ref().map(|signers| format!("vex {:?}\n", signers.canonical_text()));
        quoted.concat() + &vex.unwrap_or_default()
    }

    fn describe(&self) -> Vec<String> {
        self.lines()
    }

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
