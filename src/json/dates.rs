//! Dates as programs write them.

/// Returns a date as it is written, unless none is stated. For a missing date Go writes its zero time: year 1, or the
/// year before in zones west of Greenwich.
pub fn stated_date(text: &str) -> Option<&str> {
    let is_none = text.trim().is_empty() || text.starts_with("0001-") || text.starts_with("0000-");
    (!is_none).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_year_1_are_no_dates() {
        for text in ["", " ", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "0000-12-31T19:03:58-04:56"] {
            assert_eq!(stated_date(text), None, "{text}");
        }
        for text in ["2026-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "soon"] {
            assert_eq!(stated_date(text), Some(text));
        }
    }
}
