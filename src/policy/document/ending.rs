//! The end date of an exception, and its reason.

use jiff::civil::Date;

use crate::policy::exception::Exception;

use super::fields::{Fields, text};
use super::problem::Problems;
use super::yaml::Node;

/// When an exception ends, and why it was made: `until` and `because`, with what to do where one is missing.
pub(crate) struct Ending {
    pub(crate) until: &'static str,
    pub(crate) because: &'static str,
}

impl Ending {
    pub(crate) const OF_EXCEPTION: Self = Self {
        until: "an exception ends: add the last day, such as `until: 2027-01-31`",
        because: "state the reason, for readers of the report: `because: …`",
    };

    pub(crate) fn read(&self, fields: &Fields<'_>, problems: &mut Problems) -> Option<Exception> {
        let until = fields.required("until", self.until, problems).and_then(|node| date(node, problems));
        let because = fields.required("because", self.because, problems).and_then(|node| text(node, problems));
        Some(Exception { until: until?, because: because? })
    }
}

/// A day, as `YYYY-MM-DD`.
pub(crate) fn date(node: &Node, problems: &mut Problems) -> Option<Date> {
    let written = text(node, problems)?;
    let date = written.parse::<Date>().ok().filter(|date| date.to_string() == written);
    if date.is_none() {
        let hint = "write a day that there is as YYYY-MM-DD, such as 2027-01-31";
        problems.add(node.place, format!("`{written}` is not a day"), hint);
    }
    date
}
