//! Remarks about rules that are changed or left out.

use crate::policy::Place;

/// How a rule was changed or left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// It made the original stricter: without it, more images pass.
    Lost,
    /// It let more images pass, or did not decide: without it, the same or fewer pass.
    LeftOut,
    /// It is carried over, and a person has something to do or to look at.
    Check,
}

/// One thing that was not carried over as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Where in the source.
    pub place: Place,
    /// The policy and the field, such as `release: spec.authorities[0].key.kms`.
    pub field: String,
    /// What it means for the images that pass.
    pub effect: Effect,
    /// What became of it.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl Effect {
    /// Returns the word for it in messages and comments.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::LeftOut => "left out",
            Self::Check => "check",
        }
    }
}
