//! How old something may be.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

/// The units, in seconds. A day always has 24 hours.
const UNITS: [(char, i64); 4] = [('m', 60), ('h', 60 * 60), ('d', 24 * 60 * 60), ('w', 7 * 24 * 60 * 60)];
/// Digits of the number: more is a mistake.
const MAX_DIGITS: usize = 5;

/// An age such as `30d`, with the text in which it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaxAge {
    text: String,
    duration: SignedDuration,
}

/// Why a text is not an age.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an age")]
pub struct AgeError(pub String);

impl MaxAge {
    /// Returns it as a time that can be compared.
    pub fn duration(&self) -> SignedDuration {
        self.duration
    }

    /// Whether a time `time` is too old at `now`.
    pub fn is_over(&self, time: Timestamp, now: Timestamp) -> bool {
        now.duration_since(time) > self.duration
    }
}

impl FromStr for MaxAge {
    type Err = AgeError;

    /// Reads a number, 1 or more, and a unit: `90m`, `12h`, `30d`, `4w`.
    fn from_str(text: &str) -> Result<Self, AgeError> {
        let wrong = || AgeError(text.to_owned());
        let (unit, seconds) = UNITS.iter().find(|(unit, _)| text.ends_with(*unit)).ok_or_else(wrong)?;
        let number = text.trim_end_matches(*unit);
        if number.starts_with('0') || number.len() + 1 != text.len() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let count: i64 = number.parse().ok().filter(|_| number.len() <= MAX_DIGITS).ok_or_else(wrong)?;
        Ok(Self { text: text.to_owned(), duration: SignedDuration::from_secs(count * seconds) })
    }
}

impl fmt::Display for MaxAge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_over_a_moment_after_it_and_not_at_it() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let day: MaxAge = "1d".parse().expect("an age");
        assert!(!day.is_over(at("2026-03-01T12:00:00Z"), at("2026-03-02T12:00:00Z")));
        assert!(day.is_over(at("2026-03-01T12:00:00Z"), at("2026-03-02T12:00:01Z")));
    }

    #[test]
    fn ages_are_a_number_and_a_unit() {
        let seconds = |text: &str| text.parse::<MaxAge>().map(|age| age.duration().as_secs());
        assert_eq!(seconds("90m"), Ok(5_400));
        assert_eq!(seconds("12h"), Ok(43_200));
        assert_eq!(seconds("30d"), Ok(2_592_000));
        assert_eq!(seconds("4w"), Ok(2_419_200));
        for wrong in ["", "d", "0d", "030d", "30", "30 d", "30D", "-1d", "1.5d", "1d12h", "30dd", "99999999w", "٣d"] {
            assert_eq!(seconds(wrong), Err(AgeError(wrong.to_owned())));
        }
    }
}
