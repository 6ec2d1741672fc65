//! What a verification summary (VSA) must say.

use std::fmt;

use crate::oci::Digest;

use crate::attestation::rules::{Missing, Rules};
use crate::policy::age::MaxAge;
use crate::policy::text::TextRule;

/// The rules for a verification summary: the verifier and its verdict (SLSA `verification_summary.md`, "How to
/// verify"). The allowed signers stand beside them, so that verifier and signer are a pair.
#[derive(Debug, Clone)]
pub struct SummaryRules {
    /// `verifier.id`, compared exactly.
    pub verifier: String,
    /// `resourceUri`; without it, the name that the image was asked for by.
    pub resource: Option<TextRule>,
    /// What `verifiedLevels` must have, each at least; one or more.
    pub levels: Vec<Level>,
    /// What every dependency must have, by track; nothing is asked of dependencies without it.
    pub dependency_levels: Vec<Level>,
    /// `policy.uri`.
    pub policy_uri: Option<TextRule>,
    /// `policy.digest`.
    pub policy_digest: Option<Digest>,
    /// How long ago `timeVerified` may be.
    pub max_age: Option<MaxAge>,
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

impl Rules for SummaryRules {
    fn describe(&self) -> Vec<String> {
        let levels = |levels: &[Level]| levels.iter().map(Level::as_str).collect::<Vec<_>>().join(" and ");
        let mut lines = vec![
            format!("verified by {}", self.verifier),
            match &self.resource {
                Some(resource) => format!("for {resource}"),
                None => "for the image by the name that is asked for".to_owned(),
            },
            format!("at {} or above", levels(&self.levels)),
        ];
        lines.extend(
            (!self.dependency_levels.is_empty())
                .then(|| format!("every dependency at {} or above", levels(&self.dependency_levels))),
        );
        lines.extend(self.policy_uri.as_ref().map(|uri| format!("by the policy {uri}")));
        lines.extend(self.policy_digest.as_ref().map(|digest| format!("by the policy @ {digest}")));
        lines.extend(self.max_age.as_ref().map(|age| format!("not longer ago than {age}")));
        lines
    }

    fn canonical_text(&self) -> String {
        let Self { verifier, resource, levels, dependency_levels, policy_uri, policy_digest, max_age } = self;
        let rule = |rule: &Option<TextRule>| rule.as_ref().map(TextRule::canonical_text);
        let texts = |levels: &[Level]| levels.iter().map(|level| level.as_str().to_owned()).collect::<Vec<_>>();
        format!(
            "verifier {verifier:?}\nresource {:?}\nlevels {:?}\ndependency levels {:?}\npolicy {:?} {policy_digest:?}\nage {:?}\n",
            rule(resource),
            texts(levels),
            texts(dependency_levels),
            rule(policy_uri),
            max_age.as_ref().map(ToString::to_string),
        )
    }

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
