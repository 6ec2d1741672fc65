//! What a vulnerability scan must say.

use std::fmt;

use jiff::Timestamp;

use super::age::MaxAge;
use super::exception::Exception;
use super::signer::{Signer, Signers};
use super::text::TextRule;

/// The rules for a vulnerability scan, beyond that it is signed and can be read.
#[derive(Debug, Clone, Default)]
pub struct VulnerabilityRules {
    /// The scanners that may have looked, by their URIs; any scanner without one.
    pub scanners: Vec<TextRule>,
    /// How long ago the scan may have ended.
    pub max_age: Option<MaxAge>,
    /// How old the scanner's database may be.
    pub max_database_age: Option<MaxAge>,
    /// From which severity on nothing may be open.
    pub deny: Option<Severity>,
    /// Whether what is of no known severity may be open although `deny` is set.
    pub unknown_allowed: bool,
    /// What is let through by name.
    pub ignored: Vec<Ignored>,
    /// Whose VEX statements may close what is open, any one of them; nobody's without them.
    pub vex: Option<Signers>,
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

impl VulnerabilityRules {
    /// Returns the rules as a person reads them, a line each.
    pub(super) fn describe(&self) -> Vec<String> {
        let scanners: Vec<String> = self.scanners.iter().map(ToString::to_string).collect();
        let mut lines = Vec::new();
        lines.extend((!scanners.is_empty()).then(|| format!("by the scanner {}", scanners.join(" or "))));
        lines.extend(self.max_age.as_ref().map(|age| format!("ended not longer ago than {age}")));
        lines.extend(self.max_database_age.as_ref().map(|age| format!("with a database not older than {age}")));
        lines.extend(self.deny.map(|severity| {
            let unknown = if self.unknown_allowed { "" } else { ", or unknown" };
            format!("nothing open of severity {severity} or above{unknown}")
        }));
        lines.extend(self.ignored.iter().map(|one| match &one.exception {
            Some(exception) => format!("but for {} until {}: {}", one.id, exception.until, exception.because),
            None => format!("but for {}", one.id),
        }));
        lines.extend(self.vex.as_ref().map(|signers| {
            let names: Vec<String> = signers.listed().iter().map(Signer::describe).collect();
            format!("and what VEX closes that is signed by {}", names.join(" or "))
        }));
        lines
    }

    /// Returns the rules as lines of text, for the policy's hash.
    pub(super) fn canonical_text(&self) -> String {
        let Self { scanners, max_age, max_database_age, deny, unknown_allowed, ignored, vex } = self;
        let scanners: Vec<String> = scanners.iter().map(TextRule::canonical_text).collect();
        let age = |age: &Option<MaxAge>| age.as_ref().map(ToString::to_string);
        let ignored: Vec<String> = ignored
            .iter()
            .map(|one| {
                let exception = one.exception.as_ref().map(Exception::canonical_text).unwrap_or_default();
                format!("{} {exception}", one.id)
            })
            .collect();
        format!(
            "scanners {scanners:?}\nage {:?} {:?}\ndeny {deny:?} {unknown_allowed}\nignore {ignored:?}\nvex {:?}\n",
            age(max_age),
            age(max_database_age),
            vex.as_ref().map(Signers::canonical_text)
        )
    }
}

/// How bad a vulnerability is, in the words of CVSS's qualitative scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Of no consequence.
    None,
    /// 0.1 to 3.9.
    Low,
    /// 4.0 to 6.9.
    Medium,
    /// 7.0 to 8.9.
    High,
    /// 9.0 to 10.0.
    Critical,
}

impl Severity {
    /// Every severity, the least first.
    pub const ALL: [Self; 5] = [Self::None, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Returns the word used in policies and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Reads what scanners write: a word, or a score of CVSS (v3.1 §5, "Qualitative Severity Rating Scale"). `None` is of no known
    /// severity.
    pub fn of(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "critical" => Some(Self::Critical),
            "high" | "important" => Some(Self::High),
            "medium" | "moderate" => Some(Self::Medium),
            "low" => Some(Self::Low),
            "none" | "negligible" => Some(Self::None),
            other => Self::of_score(other.parse().ok()?),
        }
    }

    fn of_score(score: f64) -> Option<Self> {
        match score {
            score if (9.0..=10.0).contains(&score) => Some(Self::Critical),
            score if (7.0..9.0).contains(&score) => Some(Self::High),
            score if (4.0..7.0).contains(&score) => Some(Self::Medium),
            score if score > 0.0 && score < 4.0 => Some(Self::Low),
            0.0 => Some(Self::None),
            _ => None,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_scores_are_severities_and_everything_else_is_unknown() {
        for (text, severity) in [
            ("CRITICAL", Severity::Critical),
            ("Negligible", Severity::None),
            ("moderate", Severity::Medium),
            ("9.0", Severity::Critical),
            ("8.9", Severity::High),
            ("5.2", Severity::Medium),
            ("0.1", Severity::Low),
            ("0", Severity::None),
        ] {
            assert_eq!(Severity::of(text), Some(severity), "{text}");
        }
        for text in ["", "UNKNOWN", "10.1", "-1", "NaN", "inf", "critical!", "CVSS:3.1/AV:N"] {
            assert_eq!(Severity::of(text), None, "{text}");
        }
        assert!(Severity::Critical > Severity::High && Severity::Low > Severity::None);
    }
}
