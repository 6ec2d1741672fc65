//! The report's section for verified attestations of each kind.

use serde::{Deserialize, Serialize};

/// A label of one or two words, and a text. Nothing in it is escaped: who writes it does.
pub type Line = (&'static str, String);

/// What one kind says, for people.
pub trait Shown {
    /// Returns it in full, for the requirement that it satisfies.
    fn lines(&self) -> Vec<Line>;

    /// Returns it in full, for `inspect`.
    fn inspected(&self) -> Vec<Line> {
        self.lines()
    }

    /// Returns it in a few words. `signer` is the identity of who signed it.
    fn brief(&self, signer: Option<&str>) -> Vec<String>;
}

/// What one kind says, found among all of them.
pub trait OfKind: Sized {
    /// Returns the section, if it is of this kind.
    fn of(section: &Section) -> Option<&Self>;
}

macro_rules! sections {
    ($($variant:ident $word:literal $folder:ident { $(rules $rules:ident;)? $(predicate $predicate:ident $(<$life:lifetime>)?;)? $(section $section:ident;)? })+) => {
        /// What a verified attestation says, under the name of its kind.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Section {
            $($(
                #[doc = concat!("`", $word, "`")]
                #[serde(rename = $word)]
                $variant(super::$folder::section::$section),
            )?)+
        }

        impl Section {
            /// Returns it as people read it.
            pub fn shown(&self) -> &dyn Shown {
                match self {
                    $($(Self::$variant(one) => { let one: &super::$folder::section::$section = one; one })?)+
                }
            }
        }

        $($(
            impl OfKind for super::$folder::section::$section {
                fn of(section: &Section) -> Option<&Self> {
                    match section {
                        Section::$variant(one) => Some(one),
                        _ => None,
                    }
                }
            }
        )?)+
    };
}
kinds!(sections);
