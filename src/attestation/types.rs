//! The predicate types of each kind.

/// The predicate types of one kind.
#[derive(Debug)]
pub struct Types {
    /// What people call the kind.
    pub title: &'static str,
    /// Whether a type is of this kind, in a version that is read or one that is known and refused.
    pub is: fn(&str) -> bool,
    /// The beginnings of its types, for all versions.
    pub starts: &'static [&'static str],
    /// Families of types that differ in their version alone, and the newest version that is known.
    pub newest: &'static [(&'static str, &'static [u32])],
    /// The properties that a policy does not check if it names the type alone, and the better requirement.
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
    /// Returns the kind of a predicate type. A type of no other kind is an attestation whose fields alone are read.
    pub fn of_type(predicate_type: &str) -> Self {
        Self::ALL.iter().copied().find(|kind| (kind.types().is)(predicate_type)).unwrap_or(Self::Attestation)
    }

    /// Returns the kind of a predicate type, for all versions.
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
