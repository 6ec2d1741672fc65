//! The four verdicts and their order.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The answer for a requirement, a platform, an image or a run.
///
/// The order is the one in which several verdicts become one: the worst news first, where "worst" is what a person
/// must act on. `rejected` before `undecided` before `absent` before `verified`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything that could satisfy the policy was read, and something does not satisfy it.
    Rejected,
    /// Evidence that could satisfy the policy could not be read or checked.
    Undecided,
    /// Nothing of a required kind is attached.
    Absent,
    /// Every requirement is satisfied.
    Verified,
}

impl Verdict {
    /// Joins several verdicts. Nothing at all is [`Verdict::Undecided`]: an empty set is never a pass.
    pub fn join(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts.into_iter().min().unwrap_or(Self::Undecided)
    }

    /// Returns the process's exit code for this verdict.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Verified => 0,
            Self::Rejected => 1,
            Self::Undecided => 3,
            Self::Absent => 4,
        }
    }

    /// Returns the word used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Rejected => "rejected",
            Self::Undecided => "undecided",
            Self::Absent => "absent",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_never_a_pass() {
        assert_eq!(Verdict::join([]), Verdict::Undecided);
    }

    #[test]
    fn rejected_comes_before_undecided_before_absent() {
        use Verdict::{Absent, Rejected, Undecided, Verified};
        assert_eq!(Verdict::join([Verified, Absent]), Absent);
        assert_eq!(Verdict::join([Absent, Undecided, Verified]), Undecided);
        assert_eq!(Verdict::join([Absent, Undecided, Rejected]), Rejected);
        assert_eq!(Verdict::join([Verified, Verified]), Verified);
    }

    #[test]
    fn only_verified_exits_zero() {
        for verdict in [Verdict::Rejected, Verdict::Undecided, Verdict::Absent] {
            assert_ne!(verdict.exit_code(), 0, "{verdict}");
        }
        assert_eq!(Verdict::Verified.exit_code(), 0);
    }
}
