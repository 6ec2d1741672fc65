//! What is said where the time was over before everything was judged (A298).

use crate::check::{CheckId, Finding};
use crate::time_limit::TimeLimit;

/// It could satisfy what nothing else does, and could be what is denied: nothing is decided.
pub(super) fn overdue(time: TimeLimit<'_>) -> Finding {
    let message = format!("judging was stopped after {:?}, the limit of `--timeout`", time.allowed());
    Finding::error(CheckId::EvidenceComplete, message)
        .expected("all of what is attached to the image, judged in that time")
        .next("allow more time with `--timeout`; if what is attached is larger than it should be, ask its maker why")
}
