//! Exceptions: requirements that do not count until a given day, with the reason.

use std::fmt;

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};

/// Why a requirement does not count, and until when. It is in every report while it works; past its day the requirement counts again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The last day on which it works, in UTC.
    pub until: Date,
    /// Why, in a person's words.
    pub because: String,
}

impl Exception {
    /// Whether it still works at a time.
    pub fn works_at(&self, now: Timestamp) -> bool {
        now.to_zoned(TimeZone::UTC).date() <= self.until
    }

    /// Returns the warning that it ended before `today`, with what to do about it. `what` is the requirement that counts again.
    pub(crate) fn warning(&self, what: &dyn fmt::Display, today: Date) -> Option<(String, &'static str)> {
        (self.until < today).then(|| {
            (
                format!("the exception for {what} ran out on {}", self.until),
                "remove it, or decide anew and give it another day",
            )
        })
    }

    pub(crate) fn canonical_text(&self) -> String {
        format!("except until {} {:?}\n", self.until, self.because)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_works_to_the_end_of_its_day_and_no_second_longer() {
        let exception = Exception { until: "2027-01-31".parse().expect("a day"), because: "a reason".to_owned() };
        let at = |text: &str| exception.works_at(text.parse().expect("a time"));
        assert!(at("2026-01-01T00:00:00Z"));
        assert!(at("2027-01-31T23:59:59Z"));
        assert!(!at("2027-02-01T00:00:00Z"));
    }
}
