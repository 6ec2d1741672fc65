//! The finding when the time ends before everything is judged (A298).

use crate::check::{CheckId, Finding};
use crate::time_limit::TimeLimit;

/// The rest might satisfy a requirement, or be denied: nothing is decided.
pub(super) fn overdue(time: TimeLimit<'_>) -> Finding {
    let message = format!("judging was stopped after {:?}, the limit of `--timeout`", time.allowed());
    Finding::error(CheckId::EvidenceComplete, message)
        .expected("all of the image's evidence, judged in that time")
        .next("allow more time with `--timeout`; if the evidence is too large, ask its maker why")
}
