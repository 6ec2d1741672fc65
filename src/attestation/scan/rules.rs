//! The rules for a vulnerability scan, and the fields of a `vulnerabilities` requirement.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::check::CheckId;
use crate::packages::Severity;

use crate::attestation::keys::{Key, declare, lines, set, set_some, some_line};
use crate::attestation::rules::{Incomplete, Keys, Missing, Rules, warning_of_all};
use crate::policy::age::MaxAge;
use crate::policy::document::ending::Ending;
use crate::policy::document::fields::{Fields, each, glob, max_age, switch, text, word};
use crate::policy::document::problem::Problems;
use crate::policy::document::schema;
use crate::policy::document::signers::{self, ReadFile};
use crate::policy::document::yaml::{self, Node};
use crate::policy::exception::Exception;
use crate::policy::signer::{Signer, Signers};
use crate::policy::text::TextRule;

const UNKNOWN: [&str; 2] = ["allow", "deny"];
/// What may be denied from: `none` is everything that a scanner lists, which no image ever stays free of.
pub(crate) const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

declare! {
    /// The rules for a vulnerability scan, beyond that it is signed and can be read.
    #[derive(Debug, Clone, Default)]
    pub struct VulnerabilityRules {
        /// The scanners that may have looked, by their URIs; any scanner without one.
        pub scanners: Vec<TextRule> => Key {
            name: "scanners",
            required: None,
            schema: || {
                let uri = schema::about("A URI; `*` and `**` stand for parts of it.", schema::text());
                let uri = schema::such_as("pkg:github/aquasecurity/trivy@*", uri);
                schema::list("The scanners that may have looked, by their URIs [default: any].", &uri)
            },
            example: || json!({"scanners": "pkg:github/aquasecurity/trivy@*"}),
            read: |rules, node, at| set(&mut rules.scanners, each(node, "scanners", at.problems, glob)),
            describe: |rules| {
                let scanners: Vec<String> = rules.scanners.iter().map(ToString::to_string).collect();
                some_line(!scanners.is_empty(), || format!("by the scanner {}", scanners.join(" or ")))
            },
            hash: Some(|rules| {
                let scanners: Vec<String> = rules.scanners.iter().map(TextRule::canonical_text).collect();
                format!("scanners {scanners:?}\n")
            }),
        },
        /// How long ago the scan may have ended.
        pub max_age: Option<MaxAge> => Key {
            name: "max-age",
            required: None,
            schema: || schema::age("How long ago the scan may have ended."),
            example: || json!({"max-age": "7d"}),
            read: |rules, node, at| set_some(&mut rules.max_age, max_age(node, at.problems)),
            describe: |rules| lines(&rules.max_age, |age| format!("ended not longer ago than {age}")),
            // The two ages stand on one line.
            hash: Some(|rules| format!("age {:?} ", rules.max_age.as_ref().map(ToString::to_string))),
        },
        /// How old the scanner's database may be.
        pub max_database_age: Option<MaxAge> => Key {
            name: "max-database-age",
            required: None,
            schema: || schema::age("How old the scanner's database may be."),
            example: || json!({"max-database-age": "2d"}),
            read: |rules, node, at| set_some(&mut rules.max_database_age, max_age(node, at.problems)),
            describe: |rules| lines(&rules.max_database_age, |age| format!("with a database not older than {age}")),
            hash: Some(|rules| format!("{:?}\n", rules.max_database_age.as_ref().map(ToString::to_string))),
        },
        /// From which severity on nothing may be open.
        pub deny: Option<Severity> => Key {
            name: "deny",
            required: None,
            schema: || {
                let severity = schema::about("This severity and those above it.", schema::words(&SEVERITIES));
                schema::mapping("What must not be open.", &["severity"], &json!({"severity": severity}))
            },
            example: || json!({"deny": {"severity": "high"}}),
            read: |rules, node, at| set_some(&mut rules.deny, deny(node, at.problems)),
            describe: |rules| lines(&rules.deny, |severity| {
                let unknown = if rules.unknown_allowed { "" } else { ", or unknown" };
                format!("nothing open of severity {severity} or above{unknown}")
            }),
            // On one line with the next.
            hash: Some(|rules| format!("deny {:?} ", rules.deny)),
        },
        /// Whether vulnerabilities of unknown severity may be open although `deny` is set.
        pub unknown_allowed: bool => Key {
            name: "unknown-severity",
            required: None,
            schema: || {
                let about = "Whether vulnerabilities of unknown severity may be open [default: deny].";
                schema::about(about, schema::words(&UNKNOWN))
            },
            example: || json!({"unknown-severity": "allow", "deny": {"severity": "high"}}),
            read: |rules, node, at| set(&mut rules.unknown_allowed, unknown(node, at.problems)),
            // `deny` says it.
            describe: |_| Vec::new(),
            hash: Some(|rules| format!("{}\n", rules.unknown_allowed)),
        },
        /// Vulnerabilities ignored by name.
        pub ignored: Vec<Ignored> => Key {
            name: "ignore",
            required: None,
            schema: || schema::list("Vulnerabilities that do not count.", &ignored_schema()),
            example: || json!({"ignore": ["CVE-2021-28831"], "deny": {"severity": "high"}}),
            read: |rules, node, at| set(&mut rules.ignored, each(node, "vulnerabilities", at.problems, ignored_one)),
            describe: |rules| lines(&rules.ignored, |one| match &one.exception {
                Some(exception) => format!("but for {} until {}: {}", one.id, exception.until, exception.because),
                None => format!("but for {}", one.id),
            }),
            hash: Some(|rules| {
                let exception = |one: &Ignored| one.exception.as_ref().map(Exception::canonical_text).unwrap_or_default();
                let ignored: Vec<String> =
                    rules.ignored.iter().map(|one| format!("{} {}", one.id, exception(one))).collect();
                format!("ignore {ignored:?}\n")
            }),
        },
        /// The signers whose VEX statements may close vulnerabilities; without them no statement does.
        pub vex: Option<Signers> => Key {
            name: "vex",
            required: None,
            schema: || vex_schema("The signers whose VEX statements may close open vulnerabilities."),
            example: || json!({"vex": {"signers": [{"github": "acme/vex"}]}, "deny": {"severity": "high"}}),
            read: |rules, node, at| set_some(&mut rules.vex, vex(node, at.files, at.problems)),
            describe: |rules| lines(&rules.vex, |signers| {
                let names: Vec<String> = signers.listed().iter().map(Signer::describe).collect();
                format!("and what VEX closes that is signed by {}", names.join(" or "))
            }),
            hash: Some(|rules| format!("vex {:?}\n", rules.vex.as_ref().map(Signers::canonical_text))),
        },
        /// Whether every scan of an expected signer that is attached must satisfy this, not one alone.
        pub all: bool => Key {
            name: "all",
            required: None,
            schema: || {
                schema::switch("Whether every scan of an expected signer that is attached must satisfy this, not one alone.")
            },
            example: || json!({"all": true}),
            read: |rules, node, at| set(&mut rules.all, switch(node, at.problems)),
            describe: |rules| some_line(rules.all, || "every attached scan of an expected signer".to_owned()),
            hash: Some(|rules| format!("all {}\n", rules.all)),
        },
    }
}

/// A vulnerability that is let through by name.
#[derive(Debug, Clone)]
pub struct Ignored {
    /// Its id or an alias, compared exactly.
    pub id: String,
    /// Until when and why; for good without it.
    pub exception: Option<Exception>,
}

impl Ignored {
    /// Whether it still counts at a time.
    pub fn works_at(&self, now: Timestamp) -> bool {
        self.exception.as_ref().is_none_or(|exception| exception.works_at(now))
    }
}

impl Keys for VulnerabilityRules {
    const OTHERS: Option<(CheckId, &'static str)> = Some((CheckId::ScanOthers, "scan"));

    fn start() -> Self {
        Self::default()
    }

    fn check(&self, fields: &Fields<'_>, problems: &mut Problems) {
        if fields.get("deny").is_none() && !fields.likely_means("deny") {
            for (name, place) in fields.present(&["unknown-severity", "ignore", "vex"]) {
                let hint = "add `deny: {severity: high}`, or leave this out";
                problems.add(place, format!("`{name}` has no effect without `deny`"), hint);
            }
        }
    }

    fn plain() -> Result<Self, Incomplete> {
        Ok(Self::default())
    }
}

impl Rules for VulnerabilityRules {
    fn missing(&self) -> Missing {
        Missing {
            what: "vulnerability scan",
            expected: "a signed vulnerability scan (cosign vuln, in-toto vulns, or SARIF)".to_owned(),
            make: "`trivy image --format cosign-vuln`, then `cosign attest --type vuln --predicate SCAN IMAGE@DIGEST`"
                .to_owned(),
        }
    }

    fn all(&self) -> bool {
        self.all
    }

    fn vex(&self) -> Option<&Signers> {
        self.vex.as_ref()
    }

    fn warnings(&self, _: Date) -> Vec<(String, &'static str)> {
        self.all.then(warning_of_all).into_iter().collect()
    }
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
    Some(word(node, "setting for unknown severities", &UNKNOWN, problems)? == "allow")
}

/// `{signers: […]}`, any one of them.
pub(crate) fn vex(node: &Node, files: ReadFile<'_>, problems: &mut Problems) -> Option<Signers> {
    let fields = Fields::of(node, "VEX", &["signers"], problems)?;
    let hint = "add `signers: […]`: otherwise anyone could close every finding";
    signers::any_of(fields.required("signers", hint, problems)?, files, problems)
}

/// An id alone, or `{id, until, because}`.
fn ignored_one(node: &Node, problems: &mut Problems) -> Option<Ignored> {
    if !matches!(node.value, yaml::Value::Map(_)) {
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

fn ignored_schema() -> Value {
    let id = schema::about("Its id or an alias, compared exactly.", schema::such_as("CVE-2021-28831", schema::text()));
    let because = schema::about("The reason, for readers of the policy.", schema::text());
    let keys = json!({"id": id, "until": schema::last_day(), "because": because});
    let whole = json!({"type": "object", "additionalProperties": false, "properties": keys});
    let whole = schema::with_required(whole, &["id", "until", "because"]);
    json!({"anyOf": [schema::about("The id alone.", schema::text()), whole]})
}

/// The JSON Schema of [`vex`].
pub(crate) fn vex_schema(description: &str) -> Value {
    let signers = schema::about("Any one of these must have signed the VEX document.", schema::named("signer-list"));
    schema::mapping(description, &["signers"], &json!({"signers": signers}))
}
