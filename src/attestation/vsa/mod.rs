//! Verification summaries (VSA): another verifier's verdict, compared with the expected verifier and content.
//!
//! SLSA `verification_summary.md`, "How to verify". Signature, subject and predicate type are checked before (steps 1 to 3).

pub(crate) mod checks;
mod resource;
pub(crate) mod rules;
pub(crate) mod section;
pub(crate) mod types;

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use serde::Deserialize;

use crate::attestation::judging::Judging;
use crate::attestation::section::Section;
use crate::attestation::wire;
use crate::check::{CheckId, Finding, SummaryReport};
use crate::json;
use crate::policy::{Asked, Level, MaxAge, SummaryRules};

use crate::verify::question::Question;

use types::V1;

/// The result of what did not pass, in the place of a level (`SlsaResult`).
const FAILED: &str = "FAILED";

/// A summary, read.
#[derive(Debug)]
pub(crate) struct Summary {
    verifier: String,
    resource: String,
    result: String,
    levels: Vec<Level>,
    /// `None` where nothing is said of dependencies; empty where it is said that there are none.
    dependency_levels: Option<BTreeMap<String, u64>>,
    time: Option<Timestamp>,
    policy_uri: String,
    policy_digest: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(default)]
    verifier: Option<WireVerifier>,
    #[serde(default)]
    time_verified: Option<String>,
    #[serde(default)]
    resource_uri: Option<String>,
    #[serde(default)]
    policy: Option<WirePolicy>,
    #[serde(default)]
    verification_result: Option<String>,
    #[serde(default)]
    verified_levels: Option<Vec<String>>,
    #[serde(default)]
    dependency_levels: Option<BTreeMap<String, u64>>,
}

#[derive(Deserialize)]
struct WireVerifier {
    #[serde(default)]
    id: Option<String>,
}

#[derive(Deserialize, Default)]
struct WirePolicy {
    #[serde(default)]
    uri: Option<String>,
    #[serde(default)]
    digest: Option<BTreeMap<String, String>>,
}

impl Judging for Summary {
    fn format(&self) -> CheckId {
        CheckId::VsaFormat
    }

    fn judge(&self, question: &Question<'_>) -> Vec<Finding> {
        let said = format!("{} verified {} ({})", self.verifier, self.resource, self.result);
        let read = Finding::pass(CheckId::VsaFormat, said);
        let rules = match question.expected.map(|expected| expected.asked) {
            Some(Asked::Summary(rules)) => rules,
            // Asked for by its type: no verifier, name or level is stated that it could be compared with.
            Some(Asked::Attestation(_)) => {
                return [read, self.check_result()].into_iter().chain(self.check_tracks()).collect();
            }
            _ => return vec![read],
        };
        let mut findings = vec![
            read,
            self.check_verifier(rules),
            self.check_resource(rules, question),
            self.check_result(),
            self.check_levels(rules),
        ];
        findings.extend(rules.dependency_levels.iter().map(|wanted| self.check_dependencies(wanted)));
        findings.extend(self.check_policy(rules));
        findings.extend(rules.max_age.as_ref().map(|age| self.check_age(age, question)));
        findings
    }

    fn section(&self) -> Section {
        Section::Summary(self.report())
    }
}

impl Summary {
    /// Reads a predicate of a summary's type.
    pub(crate) fn read(predicate_type: &str, predicate: &str) -> Result<Self, Finding> {
        if predicate_type != V1 {
            return Err(Finding::error(CheckId::VsaFormat, "this draft of verification summaries is not supported")
                .expected(V1)
                .found(predicate_type)
                .next("have the verifier write SLSA v1, whose fields have other names"));
        }
        let wire: Wire = wire::read(predicate).map_err(|reason| malformed(&reason))?;
        let policy = wire.policy.unwrap_or_default();
        let time = match wire.time_verified.as_deref().and_then(json::stated_date) {
            Some(text) => {
                Some(text.parse().map_err(|_| malformed(&format!("`timeVerified` is `{text}`, which is not a time")))?)
            }
            None => None,
        };
        Ok(Self {
            verifier: required("verifier.id", wire.verifier.and_then(|verifier| verifier.id))?,
            resource: required("resourceUri", wire.resource_uri)?,
            result: required("verificationResult", wire.verification_result)?,
            levels: wire
                .verified_levels
                .ok_or_else(|| malformed("`verifiedLevels` is missing"))?
                .iter()
                .map(|level| Level::new(level))
                .collect(),
            dependency_levels: wire.dependency_levels,
            time,
            policy_uri: required("policy.uri", policy.uri)?,
            policy_digest: policy.digest.unwrap_or_default(),
        })
    }

    /// Step 4: "Consumers MUST accept only specific (signer, verifier) pairs." Who signed was checked before.
    fn check_verifier(&self, rules: &SummaryRules) -> Finding {
        if self.verifier == rules.verifier {
            return Finding::pass(CheckId::VsaVerifier, "the summary is of the expected verifier");
        }
        Finding::fail(CheckId::VsaVerifier, "the summary is of another verifier")
            .expected(&rules.verifier)
            .found(&self.verifier)
            .next("its signer signs for another verifier too: name that one in the policy, or attach the right summary")
    }

    /// Step 5 (A110).
    fn check_resource(&self, rules: &SummaryRules, question: &Question<'_>) -> Finding {
        let agrees = match &rules.resource {
            Some(rule) => rule.matches(&self.resource),
            None => resource::names(&self.resource, question.evidence, question.subject),
        };
        if agrees {
            return Finding::pass(CheckId::VsaResource, "the summary is for this image by its name");
        }
        let name = question.evidence.target.name.as_deref();
        let expected = match (&rules.resource, name) {
            (Some(rule), _) => rule.to_string(),
            (None, Some(name)) => format!("{name}, or pkg:oci/… with that repository_url"),
            (None, None) => "the name of the image, which a layout does not have".to_owned(),
        };
        Finding::fail(CheckId::VsaResource, "the summary was made for another name")
            .expected(expected)
            .found(&self.resource)
            .next("if that is what the verifier calls this image, say so in the policy: `resource: …` below `vsa`")
    }

    /// Step 6 (A109).
    fn check_result(&self) -> Finding {
        let failed = self.levels.iter().any(|level| level.as_str() == FAILED);
        if self.result == "PASSED" && !failed {
            return Finding::pass(CheckId::VsaResult, "the verifier let the image through");
        }
        let found = if self.result == "PASSED" { "PASSED, with `FAILED` among the levels" } else { &self.result };
        Finding::fail(CheckId::VsaResult, "the verifier did not let the image through")
            .expected("PASSED")
            .found(found)
            .next("the verifier refused this image: ask it, or its logs, why")
    }

    /// Step 7: "Users MUST NOT include more than one level per SLSA track."
    fn check_tracks(&self) -> Option<Finding> {
        let track = self.track_twice()?;
        Some(
            Finding::fail(CheckId::VsaLevels, "the summary states two levels of one track")
                .expected(format!("at most one level of {track}"))
                .found(list(&self.levels)),
        )
    }

    /// Step 7 (A110).
    fn check_levels(&self, rules: &SummaryRules) -> Finding {
        if let Some(finding) = self.check_tracks() {
            return finding;
        }
        let found = list(&self.levels);
        let missing = rules.levels.iter().find(|wanted| !self.levels.iter().any(|level| level.satisfies(wanted)));
        match missing {
            None => Finding::pass(CheckId::VsaLevels, format!("the image was verified at {found}")),
            Some(wanted) => Finding::fail(CheckId::VsaLevels, "the image was verified at another level")
                .expected(format!("{wanted} or above"))
                .found(if found.is_empty() { "no level".to_owned() } else { found })
                .next("have the image built so that the verifier can state the level, or ask for less in the policy"),
        }
    }

    fn track_twice(&self) -> Option<&str> {
        let mut seen = HashSet::new();
        self.levels.iter().filter_map(Level::track).find(|track| !seen.insert(*track))
    }

    /// "A set but empty `dependencyLevels` object means that the artifact has no dependency at all, while an unset or null
    /// `dependencyLevels` means that the verifier makes no claims about the artifact's dependencies."
    fn check_dependencies(&self, wanted: &Level) -> Finding {
        let Some(levels) = &self.dependency_levels else {
            return Finding::fail(CheckId::VsaLevels, "the summary says nothing of dependencies")
                .expected(format!("every dependency at {wanted} or above"))
                .found("no `dependencyLevels`");
        };
        // A dependency that failed has no level on any track.
        let is_of_track =
            |level: &Level| wanted.track().is_none() || level.track() == wanted.track() || level.as_str() == FAILED;
        let counted: Vec<(Level, u64)> =
            levels.iter().filter(|(_, count)| **count > 0).map(|(text, count)| (Level::new(text), *count)).collect();
        let of_track: Vec<&(Level, u64)> = counted.iter().filter(|(level, _)| is_of_track(level)).collect();
        let below: Vec<String> = of_track
            .iter()
            .filter(|(level, _)| !level.satisfies(wanted))
            .map(|(level, count)| format!("{count} at {level}"))
            .collect();
        if below.is_empty() && (counted.is_empty() || !of_track.is_empty()) {
            return Finding::pass(CheckId::VsaLevels, format!("every dependency is at {wanted} or above"));
        }
        let found = if below.is_empty() { format!("none counted at {wanted} or above") } else { below.join(", ") };
        Finding::fail(CheckId::VsaLevels, "dependencies were verified at lower levels")
            .expected(format!("every dependency at {wanted} or above"))
            .found(found)
    }

    fn check_policy(&self, rules: &SummaryRules) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(rule) = &rules.policy.uri {
            findings.push(if rule.matches(&self.policy_uri) {
                Finding::pass(CheckId::VsaPolicy, "the verifier applied the expected policy")
            } else {
                Finding::fail(CheckId::VsaPolicy, "the verifier applied another policy")
                    .expected(rule.to_string())
                    .found(&self.policy_uri)
            });
        }
        if let Some(digest) = &rules.policy.digest {
            let stated = self.policy_digest.get(digest.algorithm().name());
            findings.push(if stated.is_some_and(|stated| stated.eq_ignore_ascii_case(digest.hex())) {
                Finding::pass(CheckId::VsaPolicy, "the verifier applied the expected version of its policy")
            } else {
                Finding::fail(CheckId::VsaPolicy, "the verifier applied another version of its policy")
                    .expected(digest.to_string())
                    .found(match stated {
                        Some(stated) => format!("{}:{stated}", digest.algorithm().name()),
                        None => format!("no {} digest of the policy", digest.algorithm().name()),
                    })
            });
        }
        findings
    }

    fn check_age(&self, age: &MaxAge, question: &Question<'_>) -> Finding {
        let Some(stated) = self.time else {
            return Finding::fail(CheckId::VsaAge, "the summary does not say when the image was verified")
                .expected(format!("not longer ago than {age}"))
                .found("no `timeVerified`");
        };
        let time = match question.verified.not_after_signing(stated, CheckId::VsaAge, question.now) {
            Ok(time) => time,
            Err(finding) => return finding,
        };
        if age.is_over(time, question.now) {
            return Finding::fail(CheckId::VsaAge, "the image was verified too long ago")
                .expected(format!("not longer ago than {age}"))
                .found(time.to_string())
                .next("have the verifier look at it again");
        }
        Finding::pass(CheckId::VsaAge, format!("the image was verified at {time}"))
    }

    /// Returns what a report says of it.
    pub(crate) fn report(&self) -> SummaryReport {
        SummaryReport {
            verifier: self.verifier.clone(),
            resource: self.resource.clone(),
            result: self.result.clone(),
            levels: self.levels.iter().map(ToString::to_string).collect(),
            dependency_levels: self.dependency_levels.clone(),
            time_verified: self.time,
            policy: self.policy_uri.clone(),
            policy_digest: self.policy_digest.clone(),
        }
    }
}

fn list(levels: &[Level]) -> String {
    levels.iter().map(Level::as_str).collect::<Vec<_>>().join(", ")
}

/// Missing, null and empty are the same.
fn required(name: &str, value: Option<String>) -> Result<String, Finding> {
    value.filter(|text| !text.is_empty()).ok_or_else(|| malformed(&format!("`{name}` is missing")))
}

fn malformed(reason: &str) -> Finding {
    Finding::fail(CheckId::VsaFormat, "the verification summary cannot be read")
        .expected("a SLSA verification summary v1")
        .found(reason)
        .next("have the verifier write it again, with every field that the specification requires")
}
