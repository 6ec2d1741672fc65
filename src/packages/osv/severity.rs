//! How bad a vulnerability is, out of CVSS vectors and out of words.

use std::fmt;
use std::str::FromStr;

use super::pack::{Reader, Writer};

/// The qualitative rating of CVSS 3.1 §5 and 4.0 §6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A score of 0.0, or a notice about something other than a vulnerability.
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

/// A word that is not a severity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a severity: expected low, medium, high or critical")]
pub struct UnknownSeverity(pub String);

impl Severity {
    /// Every severity, the least first.
    pub const ALL: [Self; 5] = [Self::None, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// What a limit can be set to, from the worst down.
    pub const LIMITS: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// Returns the word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    pub(super) fn pack(severity: Option<Self>, writer: &mut Writer) {
        writer.number(severity.map_or(0, |severity| severity as u64 + 1));
    }

    pub(super) fn unpack(reader: &mut Reader<'_>) -> Option<Self> {
        let number = reader.number();
        Self::ALL.into_iter().find(|severity| *severity as u64 + 1 == number)
    }

    /// Reads a word as some database writes it: GitHub says `MODERATE`, Red Hat `Important`, Ubuntu `negligible`.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "high" | "important" => Self::High,
            "medium" | "moderate" => Self::Medium,
            "low" | "minor" | "negligible" | "unimportant" => Self::Low,
            "none" => Self::None,
            _ => return None,
        })
    }

    /// Reads what scanners write: a word, a score of CVSS (v3.1 §5, "Qualitative Severity Rating Scale"), or a vector. `None` is of
    /// no known severity.
    pub fn of(text: &str) -> Option<Self> {
        let score = || text.parse().ok().filter(|score| (0.0..=10.0).contains(score));
        Self::of_word(text).or_else(|| score().map(Self::of_score)).or_else(|| Self::of_vector(text))
    }

    /// Reads a CVSS vector of version 2, 3.0, 3.1 or 4.0. The vector of version 2 has no prefix.
    pub(super) fn of_vector(vector: &str) -> Option<Self> {
        if !is_complete(vector) {
            return None;
        }
        let score = match vector.parse::<cvss::Cvss>() {
            Ok(vector) => vector.score(),
            Err(_) => vector.parse::<cvss::v2::Vector>().ok()?.score().value(),
        };
        Some(Self::of_score(score))
    }

    fn of_score(score: f64) -> Self {
        match score {
            score if score >= 9.0 => Self::Critical,
            score if score >= 7.0 => Self::High,
            score if score >= 4.0 => Self::Medium,
            score if score > 0.0 => Self::Low,
            _ => Self::None,
        }
    }
}

/// Whether every mandatory metric is present: the library scores a missing one as no impact.
fn is_complete(vector: &str) -> bool {
    let mandatory: &[&str] = match vector.split('/').next() {
        Some("CVSS:4.0") => &["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"],
        Some("CVSS:3.0" | "CVSS:3.1") => &["AV", "AC", "PR", "UI", "S", "C", "I", "A"],
        _ => &["AV", "AC", "Au", "C", "I", "A"],
    };
    let has = |name: &&str| vector.split('/').any(|metric| metric.split_once(':').is_some_and(|(key, _)| key == *name));
    mandatory.iter().all(has)
}

impl FromStr for Severity {
    type Err = UnknownSeverity;

    fn from_str(text: &str) -> Result<Self, UnknownSeverity> {
        let found = Self::LIMITS.into_iter().find(|severity| severity.as_str() == text);
        found.ok_or_else(|| UnknownSeverity(text.to_owned()))
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
            ("Negligible", Severity::Low),
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
    }

    #[test]
    fn vectors_of_every_version_have_the_score_of_their_specification() {
        // The examples of CVSS v3.1 (CVE-2014-0160: 7.5, CVE-2014-6271: 9.8), v2 (CVE-2002-0392: 7.8) and v4.0 (CVE-2014-6271: 9.3).
        for (vector, severity) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", Severity::High),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Severity::Critical),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", Severity::None),
            ("AV:N/AC:L/Au:N/C:N/I:N/A:C", Severity::High),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", Severity::Critical),
        ] {
            assert_eq!(Severity::of_vector(vector), Some(severity), "{vector}");
        }
        assert_eq!(Severity::of_vector("CVSS:3.1/AV:N"), None, "a missing metric is not harmless");
        assert_eq!(Severity::of_vector("7.5"), None);
    }

    #[test]
    fn every_database_has_its_words() {
        assert_eq!(Severity::of_word("MODERATE"), Some(Severity::Medium));
        assert_eq!(Severity::of_word("Important"), Some(Severity::High));
        assert_eq!(Severity::of_word("not yet assigned"), None);
        assert_eq!("high".parse(), Ok(Severity::High));
        assert!("HIGH".parse::<Severity>().is_err() && "none".parse::<Severity>().is_err());
    }
}
