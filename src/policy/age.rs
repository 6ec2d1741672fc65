//! How old something may be.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

/// A greatest age: a whole number of minutes, hours, days or weeks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaxAge {
    written: String,
    duration: SignedDuration,
}

impl MaxAge {
    /// Reads `30m`, `12h`, `7d` or `4w`: at most five digits, and no zero in front.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let is_number = (1..=5).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
        if !is_number || number.starts_with('0') {
            return None;
        }
        let hours = match unit {
            "m" => {
                return Some(Self {
                    written: text.to_owned(),
                    duration: SignedDuration::from_mins(number.parse().ok()?),
                });
            }
            "h" => 1,
            "d" => 24,
            "w" => 24 * 7,
            _ => return None,
        };
        let number: i64 = number.parse().ok()?;
        Some(Self { written: text.to_owned(), duration: SignedDuration::from_hours(number * hours) })
    }

    /// Whether something that is from `time` is too old at `now`.
    pub fn is_over(&self, time: Timestamp, now: Timestamp) -> bool {
        now.duration_since(time) > self.duration
    }
}

impl fmt::Display for MaxAge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_over_a_moment_after_it_and_not_at_it() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let day = MaxAge::parse("1d").expect("an age");
        assert!(!day.is_over(at("2026-03-01T12:00:00Z"), at("2026-03-02T12:00:00Z")));
        assert!(day.is_over(at("2026-03-01T12:00:00Z"), at("2026-03-02T12:00:01Z")));
        for (short, long) in [("60m", "1h"), ("24h", "1d"), ("7d", "1w")] {
            assert_eq!(MaxAge::parse(short).map(|age| age.duration), MaxAge::parse(long).map(|age| age.duration));
        }
    }

    #[test]
    fn an_age_has_a_unit() {
        for text in ["", "7", "d", "0d", "07d", "-7d", "1.5d", "7 d", "7y", "7D", "100000d", "é"] {
            assert_eq!(MaxAge::parse(text), None, "{text:?}");
        }
    }
}
