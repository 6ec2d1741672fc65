//! The policy file: who may sign which images, and what must be attached to them, in plain fields.
//!
//! YAML is read into a tree that knows its places, and the tree into rules that are valid once they exist. Every
//! mistake is reported, with line, column and a hint. Pure: the caller reads the files that the document names.

pub(crate) mod builders;
pub(crate) mod ending;
pub(crate) mod fields;
mod lint;
pub(crate) mod problem;
pub(crate) mod rule;
pub(crate) mod schema;
pub(crate) mod shorthand;
pub(crate) mod signers;
pub(crate) mod yaml;

use std::cell::RefCell;
use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::oci::{Algorithm, Digest};

use super::{Asked, BuilderRule, Expectation, Policy, PolicyError, PolicyText, ProvenanceRules, WrittenIn};
use fields::Fields;
use problem::Problems;
use yaml::Value;

pub(crate) use problem::lines;
pub use problem::{DocumentError, Place, Problem};
pub use rule::Rule;
pub(crate) use rule::{is_instance, unreachable};
pub use signers::ReadFile;

const DOCUMENT: [&str; 4] = ["version", "trust", "builders", "images"];

/// A policy file, proved: at least one rule, and every rule names images, signers and requirements.
#[derive(Debug, Clone)]
pub struct Document {
    source_name: String,
    text: String,
    sha256: String,
    trust: Option<Vec<String>>,
    builders: Vec<BuilderRule>,
    rules: Vec<Rule>,
    /// The files of keys that it names, as they were read.
    files: BTreeMap<String, Vec<u8>>,
    /// What can be read, and can never mean what it seems to.
    warnings: Vec<Problem>,
}

/// Why a document says nothing about an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// No rule matches it, which is never a pass (A255).
    #[error("no rule of `{source_name}` is about `{name}`")]
    NoRule {
        /// The document.
        source_name: String,
        /// The image's name.
        name: String,
        /// What the rules are about.
        patterns: Vec<String>,
    },
    /// Everything that is required of it is excepted.
    #[error("`{source_name}` requires nothing of `{name}`: exceptions cover every requirement")]
    AllExcepted {
        /// The document.
        source_name: String,
        /// The image's name.
        name: String,
    },
}

impl ImageError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        /// Enough to see what the rules are about.
        const SHOWN: usize = 8;
        match self {
            Self::NoRule { name, patterns, .. } => {
                let about = patterns.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
                format!("add a rule with `match: {name}`; the rules are about {about}")
            }
            Self::AllExcepted { .. } => {
                "at least one requirement of every image must stay without an exception".to_owned()
            }
        }
    }
}

impl Document {
    /// Reads a document. `source_name` is what messages and reports call it.
    pub fn parse(source_name: &str, bytes: &[u8], files: ReadFile<'_>) -> Result<Self, DocumentError> {
        let text = std::str::from_utf8(bytes).map_err(|error| not_text(source_name, bytes, error))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let root = yaml::parse(text).map_err(|problem| DocumentError::new(source_name, text, vec![problem]))?;
        let mut problems = Problems::default();
        let named = RefCell::new(BTreeMap::new());
        let read_and_keep = |name: &str| {
            let bytes = files(name)?;
            named.borrow_mut().insert(name.to_owned(), bytes.clone());
            Ok(bytes)
        };
        let read = read(&root, &read_and_keep, &mut problems);
        let warnings = problems.take_warnings();
        match read.filter(|_| problems.is_empty()) {
            Some(Read { trust, builders, rules }) => Ok(Self {
                source_name: source_name.to_owned(),
                text: text.to_owned(),
                sha256: Digest::of(Algorithm::Sha256, bytes).hex().to_owned(),
                trust,
                builders,
                rules,
                files: named.into_inner(),
                warnings,
            }),
            None => Err(DocumentError::new(source_name, text, problems.sorted()).with_warnings(warnings)),
        }
    }

    /// Returns what messages and reports call it.
    pub fn source_name(&self) -> &str {
        &self.source_name
    }

    /// Returns the SHA-256 of its bytes, as hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Returns its bytes, as they were read.
    pub fn bytes(&self) -> Vec<u8> {
        let is_whole = Digest::of(Algorithm::Sha256, self.text.as_bytes()).hex() == self.sha256;
        let mark = if is_whole { "" } else { "\u{feff}" };
        format!("{mark}{}", self.text).into_bytes()
    }

    /// Returns the files of keys that it names, by their names in it.
    pub fn files(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.files
    }

    /// Returns its rules, at least one.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Returns every trust domain that it names: embedded instances, and files.
    pub fn trust(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.rules.iter().filter_map(|rule| rule.trust.as_ref()).chain(&self.trust).flatten().cloned().collect();
        names.sort();
        names.dedup();
        names
    }

    /// Whether every rule says in which trust domains its evidence must verify.
    pub fn names_all_trust(&self) -> bool {
        self.trust.is_some() || self.rules.iter().all(|rule| rule.trust.is_some())
    }

    /// Gives every trusted root in a file the name that `place` makes of the one that is written: files are found from the
    /// policy's folder.
    #[must_use]
    pub fn with_roots_at(mut self, place: &dyn Fn(&str) -> String) -> Self {
        for name in self.rules.iter_mut().filter_map(|rule| rule.trust.as_mut()).chain(&mut self.trust).flatten() {
            if !rule::is_instance(name) {
                *name = place(name);
            }
        }
        self
    }

    /// Returns its lint warnings: rules that let more through than they seem to. `today` decides
    /// which exceptions have run out.
    pub fn lint_warnings(&self, today: jiff::civil::Date) -> Vec<Problem> {
        let mut warnings: Vec<Problem> = self.warnings.clone();
        warnings.extend(lint::warnings(&self.rules, today));
        warnings.sort();
        warnings
    }

    /// Draws a warning as an error is drawn.
    pub fn draw(&self, problem: &Problem) -> String {
        problem.draw(&self.source_name, &self.text)
    }

    /// Returns the rules that are about an image of this name.
    pub fn rules_about(&self, name: &str) -> Vec<&Rule> {
        self.rules.iter().filter(|rule| rule.is_about(name)).collect()
    }

    /// Returns the policy for one image: everything that every rule about it requires.
    ///
    /// `name` is `registry/repository` in its normal form, or a layout in its `oci:` spelling. `default_trust` are the trust
    /// domains of rules that name none. `now` decides which exceptions still work.
    pub fn policy_for(
        &self,
        name: &str,
        default_trust: &[String],
        expected_digest: Option<Digest>,
        now: Timestamp,
    ) -> Result<Policy, ImageError> {
        let rules = self.rules_about(name);
        if rules.is_empty() {
            let patterns = self.rules.iter().flat_map(Rule::images).map(str::to_owned).collect();
            let source_name = self.source_name.clone();
            return Err(ImageError::NoRule { source_name, name: name.to_owned(), patterns });
        }
        let several = rules.len() > 1;
        let expectations =
            rules.iter().flat_map(|rule| self.expectations(rule, name, several, default_trust)).collect();
        let text = PolicyText { source: &self.source_name, written_in: WrittenIn::File, sha256: &self.sha256 };
        Policy::new(text, expectations, expected_digest, Some(now)).map_err(|error| {
            debug_assert_eq!(error, PolicyError::NothingRequired, "a rule always has a requirement");
            ImageError::AllExcepted { source_name: self.source_name.clone(), name: name.to_owned() }
        })
    }

    fn expectations(&self, rule: &Rule, name: &str, several: bool, default_trust: &[String]) -> Vec<Expectation> {
        let trust = rule.trust.as_ref().or(self.trust.as_ref()).map_or(default_trust, Vec::as_slice);
        let expectation = |required: &rule::RequiredBy| Expectation {
            id: if several { format!("{} of {}", required.asked.id(), rule.name) } else { required.asked.id() },
            asked: self.asked(&required.asked),
            signers: required.signers.clone(),
            domains: Some(trust.to_vec()),
            log: required.log,
            exception: rule.exception(required.asked.requirement(), name).cloned(),
        };
        rule.requirements.iter().map(expectation).collect()
    }

    /// The requirement, with the settings of the whole document.
    fn asked(&self, asked: &Asked) -> Asked {
        match asked {
            Asked::Provenance(rules) => {
                let known_builders = self.builders.clone();
                Asked::Provenance(Box::new(ProvenanceRules { known_builders, ..(**rules).clone() }))
            }
            other => other.clone(),
        }
    }
}

/// What a document says, once all of it could be read.
struct Read {
    trust: Option<Vec<String>>,
    builders: Vec<BuilderRule>,
    rules: Vec<Rule>,
}

fn read(root: &yaml::Node, files: ReadFile<'_>, problems: &mut Problems) -> Option<Read> {
    if matches!(root.value, Value::Null) {
        problems.add(
            root.place,
            "the policy is empty",
            "an empty policy is never a pass: `bonafide policy init` writes a first one",
        );
        return None;
    }
    if let Value::Map(entries) = &root.value
        && !entries.iter().any(|(key, _)| DOCUMENT.contains(&key.name.as_str()))
        && let Some((first, _)) = entries.first().filter(|(key, _)| fields::nearest(&key.name, &DOCUMENT).is_none())
    {
        let is_of_controller =
            entries.iter().any(|(_, node)| matches!(&node.value, Value::Text(kind) if kind == "ClusterImagePolicy"));
        let hint = if is_of_controller {
            "a policy of the sigstore policy-controller is read by `bonafide policy import`, which writes one of these"
        } else {
            "give another file, or begin a policy: `bonafide policy init`"
        };
        problems.add(first.place, format!("not a policy: it has none of {}", DOCUMENT.join(", ")), hint);
        return None;
    }
    let fields = Fields::of(root, "a policy", &DOCUMENT, problems)?;
    check_version(&fields, problems);
    let trust = fields.get("trust").map(|node| rule::trust(node, problems));
    let builders = fields::or_default(fields.get("builders"), |node| builders::read(node, files, problems));
    let images = fields.required("images", "add `images:` with a list of rules", problems)?;
    let rules = fields::each(images, "rules", problems, |item, problems| rule::read(item, files, problems))?;
    refuse_names_twice(&rules, problems);
    let trust = match trust {
        Some(trust) => Some(trust?),
        None => None,
    };
    let builders = builders?;
    (!rules.is_empty()).then_some(Read { trust, builders, rules })
}

/// The version decides what everything else means, so it is never guessed.
fn check_version(fields: &Fields<'_>, problems: &mut Problems) {
    let missing = "this program reads version 1: begin the file with `version: 1`";
    let Some(node) = fields.required("version", missing, problems) else { return };
    let message = match &node.value {
        Value::Integer(1) => return,
        Value::Integer(number) => format!("version {number} of policy files is not known"),
        Value::Number => "the version is a whole number, and this is another".to_owned(),
        other => format!("the version is a number, and this is {}", other.kind()),
    };
    let hint = match &node.value {
        Value::Text(text) if text == "1" => "leave the quotes out: `version: 1`",
        _ => "this program reads version 1: write `version: 1`",
    };
    problems.add(node.place, message, hint);
}

/// Reports name the requirements of several rules by the rules' names.
fn refuse_names_twice(rules: &[Rule], problems: &mut Problems) {
    for (position, rule) in rules.iter().enumerate() {
        if rules[..position].iter().any(|earlier| earlier.name == rule.name) {
            let hint = "write them as one rule, or give them different names: `name: …`";
            problems.add(rule.place, format!("two rules are called `{}`", rule.name), hint);
        }
    }
}

fn not_text(source_name: &str, bytes: &[u8], error: std::str::Utf8Error) -> DocumentError {
    let start = &bytes[..error.valid_up_to()];
    let line = start.split(|byte| *byte == b'\n').count();
    let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let problem = Problem {
        place: Place { line, column: 1, length: 1 },
        message: "this is not UTF-8 text".to_owned(),
        hint: Some(if is_utf16 {
            "the file is UTF-16: save it as UTF-8".to_owned()
        } else {
            "give a text file, saved as UTF-8".to_owned()
        }),
    };
    DocumentError::new(source_name, "", vec![problem])
}
