//! What a run ends with: `0` verified, `1` rejected, `2` usage, `3` undecided, `4` absent.

pub(super) const USAGE: u8 = 2;
pub(super) const UNDECIDED: u8 = 3;
pub(super) const ABSENT: u8 = 4;
