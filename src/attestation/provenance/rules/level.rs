//! Levels of the SLSA build track.

use std::fmt;

/// A level of the SLSA build track (slsa.dev/spec/v1.2/build-track-basics). A provenance that is there is level 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BuildLevel {
    /// Provenance shows how it was built.
    One,
    /// A hosted build platform wrote and signed it.
    Two,
    /// A hardened one did, which keeps builds apart from each other and from what signs.
    Three,
}

impl BuildLevel {
    /// Returns the level of a number from 1 to 3.
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            3 => Some(Self::Three),
            _ => None,
        }
    }

    /// Returns its number.
    pub const fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Three => 3,
        }
    }
}

impl fmt::Display for BuildLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SLSA build level {}", self.number())
    }
}
