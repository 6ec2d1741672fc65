//! The rules for a verification summary (VSA), and the fields of a `vsa` requirement.

use std::fmt;

use serde_json::{Value, json};

use crate::oci::Digest;

use crate::attestation::keys::{Key, declare, lines, set, set_some, some_line};
use crate::attestation::rules::{Incomplete, Keys, Missing, Rules};
use crate::policy::age::MaxAge;
use crate::policy::document::fields::{Fields, each, glob, max_age, optional, text};
use crate::policy::document::problem::Problems;
use crate::policy::document::schema;
use crate::policy::document::yaml::Node;
use crate::policy::text::TextRule;

declare! {
    /// The rules for a verification summary: the verifier and its verdict (SLSA `verification_summary.md`, "How to
    /// verify"). The allowed signers stand beside them, so that verifier and signer are a pair.
    #[derive(Debug, Clone)]
    pub struct SummaryRules {
        /// `verifier.id`, compared exactly.
        pub verifier: String => Key {
            name: "verifier",
            required: Some("add `verifier: URI`, as the summary names it: who verified is as important as who signed"),
            schema: || {
                let id = schema::such_as("https://acme.example/verifier", schema::text());
                schema::about("The verifier's id, compared exactly.", id)
            },
            example: || json!({"verifier": "https://acme.example/other", "levels": "SLSA_BUILD_LEVEL_3"}),
            read: |rules, node, at| set(&mut rules.verifier, text(node, at.problems)),
            describe: |rules| vec![format!("verified by {}", rules.verifier)],
            hash: Some(|rules| format!("verifier {:?}\n", rules.verifier)),
        },
        /// `resourceUri`; without it, the name that the image was asked for by.
        pub resource: Option<TextRule> => Key {
            name: "resource",
            required: None,
            schema: || {
                let about = "The name that the verifier has for the image; `*` and `**` stand for parts of it [default: the name that the image is asked for by].";
                schema::about(about, schema::text())
            },
            example: || json!({"resource": "pkg:docker/acme/app"}),
            read: |rules, node, at| set_some(&mut rules.resource, glob(node, at.problems)),
            describe: |rules| vec![match &rules.resource {
                Some(resource) => format!("for {resource}"),
                None => "for the image by the name that is asked for".to_owned(),
            }],
            hash: Some(|rules| format!("resource {:?}\n", rules.resource.as_ref().map(TextRule::canonical_text))),
        },
        /// What `verifiedLevels` must have, each at least; one or more.
        pub levels: Vec<Level> => Key {
            name: "levels",
            required: Some("add `levels: [SLSA_BUILD_LEVEL_3]`, or what else the verifier says of what it let through"),
            schema: || levels_schema("What the image must have been verified at: each of these or above."),
            example: || json!({"levels": "SLSA_BUILD_LEVEL_2"}),
            read: |rules, node, at| set(&mut rules.levels, levels(node, at.problems)),
            describe: |rules| vec![format!("at {} or above", joined(&rules.levels))],
            hash: Some(|rules| format!("levels {:?}\n", words(&rules.levels))),
        },
        /// What every dependency must have, by track; nothing is asked of dependencies without it.
        pub dependency_levels: Vec<Level> => Key {
            name: "dependency-levels",
            required: None,
            schema: || levels_schema("What every dependency must have been verified at, in the tracks of these."),
            example: || json!({"dependency-levels": "SLSA_BUILD_LEVEL_1"}),
            read: |rules, node, at| set(&mut rules.dependency_levels, levels(node, at.problems)),
            describe: |rules| {
                let line = || format!("every dependency at {} or above", joined(&rules.dependency_levels));
                some_line(!rules.dependency_levels.is_empty(), line)
            },
            hash: Some(|rules| format!("dependency levels {:?}\n", words(&rules.dependency_levels))),
        },
        /// `policy.uri` and `policy.digest`.
        pub policy: AppliedPolicy => Key {
            name: "policy",
            required: None,
            schema: || {
                let uri = schema::about("Its URI; `*` and `**` stand for parts of it.", schema::text());
                let digest = schema::matching("^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$");
                let keys = json!({"uri": uri, "digest": schema::about("Its digest.", digest)});
                schema::some_of("The policy that the verifier must have applied.", &keys)
            },
            example: || json!({"policy": {"uri": "https://acme.example/policy"}}),
            read: |rules, node, at| set(&mut rules.policy, policy(node, at.problems)),
            describe: |rules| {
                let AppliedPolicy { uri, digest } = &rules.policy;
                let digest = lines(digest, |digest| format!("by the policy @ {digest}"));
                [lines(uri, |uri| format!("by the policy {uri}")), digest].concat()
            },
            hash: Some(|rules| {
                let AppliedPolicy { uri, digest } = &rules.policy;
                format!("policy {:?} {digest:?}\n", uri.as_ref().map(TextRule::canonical_text))
            }),
        },
        /// How long ago `timeVerified` may be.
        pub max_age: Option<MaxAge> => Key {
            name: "max-age",
            required: None,
            schema: || schema::age("How long ago the verifier may have looked."),
            example: || json!({"max-age": "7d"}),
            read: |rules, node, at| set_some(&mut rules.max_age, max_age(node, at.problems)),
            describe: |rules| lines(&rules.max_age, |age| format!("not longer ago than {age}")),
            hash: Some(|rules| format!("age {:?}\n", rules.max_age.as_ref().map(ToString::to_string))),
        },
    }
}

/// The policy that the verifier applied.
#[derive(Debug, Clone, Default)]
pub struct AppliedPolicy {
    /// `policy.uri`.
    pub uri: Option<TextRule>,
    /// `policy.digest`.
    pub digest: Option<Digest>,
}

/// A result of SLSA: the level of a track, or another word.
///
/// `SLSA_<TRACK>_LEVEL_<NUMBER>` implies the levels below it in the same track; every other word stands for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    text: String,
    number: Option<u32>,
}

impl Level {
    const MARK: &'static str = "_LEVEL_";

    /// Reads a level; every text is one.
    pub fn new(text: &str) -> Self {
        let number =
            text.strip_prefix("SLSA_").and_then(|rest| rest.split_once(Self::MARK)).and_then(|(track, number)| {
                let is_plain =
                    number.bytes().all(|b| b.is_ascii_digit()) && (number == "0" || !number.starts_with('0'));
                (!track.is_empty() && is_plain).then(|| number.parse().ok()).flatten()
            });
        Self { text: text.to_owned(), number }
    }

    /// Returns it as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the track that it is a level of, an unevaluated one too: `SLSA_BUILD`.
    pub fn track(&self) -> Option<&str> {
        let (track, rest) = self.text.split_once(Self::MARK)?;
        (track.starts_with("SLSA_") && (self.number.is_some() || rest == "UNEVALUATED")).then_some(track)
    }

    /// Whether it is at least the wanted level.
    pub fn satisfies(&self, wanted: &Self) -> bool {
        match (self.number, wanted.number) {
            (Some(found), Some(least)) => self.track() == wanted.track() && found >= least,
            _ => self.text == wanted.text,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Keys for SummaryRules {
    /// Verifier and levels are keys that must be there.
    fn start() -> Self {
        Self {
            verifier: String::new(),
            resource: None,
            levels: Vec::new(),
            dependency_levels: Vec::new(),
            policy: AppliedPolicy::default(),
            max_age: None,
        }
    }

    fn plain() -> Result<Self, Incomplete> {
        Err(Incomplete {
            in_file: "write whose it must be: `vsa: {verifier: URI, levels: [SLSA_BUILD_LEVEL_3]}`",
            as_flag: "whose summary it must be is said in a policy file: `require: {vsa: {verifier: …, levels: …}}`",
        })
    }
}

impl Rules for SummaryRules {
    fn missing(&self) -> Missing {
        Missing {
            what: "verification summary",
            expected: format!(
                "a signed verification summary (https://slsa.dev/verification_summary/v1) of {}",
                self.verifier
            ),
            make: "ask that verifier to verify it and to attest the result".to_owned(),
        }
    }
}

fn levels(node: &Node, problems: &mut Problems) -> Option<Vec<Level>> {
    each(node, "levels", problems, |item, problems| Some(Level::new(&text(item, problems)?)))
}

/// `{uri: GLOB, digest: sha256:…}`, one of them or both.
fn policy(node: &Node, problems: &mut Problems) -> Option<AppliedPolicy> {
    let fields = Fields::of(node, "the policy of a summary", &["uri", "digest"], problems)?;
    if fields.get("uri").is_none() && fields.get("digest").is_none() && !fields.has_unknown() {
        let hint = "write `uri`, `digest` or both, or leave `policy` out";
        problems.add(node.place, "nothing is said of the policy", hint);
        return None;
    }
    let uri = optional(fields.get("uri"), |node| glob(node, problems));
    let digest = optional(fields.get("digest"), |node| digest(node, problems));
    Some(AppliedPolicy { uri: uri?, digest: digest? })
}

fn digest(node: &Node, problems: &mut Problems) -> Option<Digest> {
    let written = text(node, problems)?;
    let digest = written.parse().ok();
    if digest.is_none() {
        let hint = "write the algorithm and all digits in lower case: sha256:…";
        problems.add(node.place, format!("`{written}` is not a digest"), hint);
    }
    digest
}

fn levels_schema(description: &str) -> Value {
    schema::list(description, &schema::such_as("SLSA_BUILD_LEVEL_3", schema::text()))
}

fn words(levels: &[Level]) -> Vec<&str> {
    levels.iter().map(Level::as_str).collect()
}

fn joined(levels: &[Level]) -> String {
    words(levels).join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn satisfies(found: &str, wanted: &str) -> bool {
        Level::new(found).satisfies(&Level::new(wanted))
    }

    #[test]
    fn a110_a_level_implies_those_below_it_in_its_track_and_nothing_else() {
        assert!(satisfies("SLSA_BUILD_LEVEL_3", "SLSA_BUILD_LEVEL_3"));
        assert!(satisfies("SLSA_BUILD_LEVEL_3", "SLSA_BUILD_LEVEL_1"));
        assert!(!satisfies("SLSA_BUILD_LEVEL_2", "SLSA_BUILD_LEVEL_3"));
        assert!(!satisfies("SLSA_SOURCE_LEVEL_4", "SLSA_BUILD_LEVEL_1"));
        assert!(!satisfies("SLSA_BUILD_LEVEL_3", "SLSA_BUILD_LEVEL_UNEVALUATED"));
        assert!(!satisfies("SLSA_BUILD_LEVEL_UNEVALUATED", "SLSA_BUILD_LEVEL_0"));
        assert!(satisfies("ACME_REVIEWED", "ACME_REVIEWED"));
        assert!(!satisfies("FAILED", "SLSA_BUILD_LEVEL_0"));
    }

    #[test]
    fn what_only_looks_like_a_level_stands_for_itself() {
        for text in
            ["SLSA_BUILD_LEVEL_03", "SLSA_BUILD_LEVEL_+3", "SLSA_BUILD_LEVEL_", "slsa_build_level_3", "SLSA_LEVEL_3"]
        {
            assert!(!satisfies(text, "SLSA_BUILD_LEVEL_1"), "{text}");
        }
        assert_eq!(Level::new("SLSA_BUILD_LEVEL_UNEVALUATED").track(), Some("SLSA_BUILD"));
        assert_eq!(Level::new("SLSA_SOURCE_TWO_PARTY_REVIEWED").track(), None);
    }
}
