//! The predicate types of each kind.

/// The predicate types of one kind.
#[derive(Debug)]
pub struct Types {
    /// Whether a type is of this kind, in a version that is read or one that is known and refused.
    pub is: fn(&str) -> bool,
    /// How its types begin, whatever their version.
    pub starts: &'static [&'static str],
    /// Families of types that differ in their version alone, and the newest version that is known.
    pub newest: &'static [(&'static str, &'static [u32])],
    /// What is not asked of it where a policy names its type alone, and what to write instead.
    pub by_type: Option<(&'static str, &'static str)>,
}

macro_rules! types {
    ($($variant:ident $word:literal $folder:ident { $(rules $rules:ident;)? $(predicate $predicate:ident $(<$life:lifetime>)?;)? $(section $section:ident;)? })+) => {
        /// A kind of attestation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind {
            $(#[doc = concat!("`", $word, "`")] $variant,)+
        }

        impl Kind {
            /// Every kind, in the order of reports.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Returns the word used in policies and reports.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Returns its predicate types.
            pub const fn types(self) -> &'static Types {
                match self { $(Self::$variant => &super::$folder::types::TYPES,)+ }
            }
        }
    };
}
kinds!(types);

impl Kind {
    /// Returns the kind that a predicate type is of. What is of no other is an attestation that only its fields say something of.
    pub fn of_type(predicate_type: &str) -> Self {
        Self::ALL.iter().copied().find(|kind| (kind.types().is)(predicate_type)).unwrap_or(Self::Attestation)
    }

    /// Returns the kind that a predicate type is of, whatever its version.
    pub fn of_family(predicate_type: &str) -> Option<Self> {
        let begins = |kind: &Self| kind.types().starts.iter().any(|start| predicate_type.starts_with(start));
        Self::ALL.iter().copied().find(begins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_type_is_of_two_kinds() {
        for (place, kind) in Kind::ALL.iter().enumerate() {
            for start in kind.types().starts {
                let others = Kind::ALL[place + 1..].iter().flat_map(|other| other.types().starts);
                for other in others {
                    assert!(!start.starts_with(other) && !other.starts_with(start), "{start} and {other}");
                }
            }
        }
    }
}
