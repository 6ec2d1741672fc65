//! The rules of each kind, and their keys in a policy file.

use std::fmt;

use jiff::civil::Date;

use crate::check::CheckId;
use crate::policy::document::fields::Fields;
use crate::policy::document::problem::Problems;
use crate::policy::document::signers::ReadFile;
use crate::policy::signer::{Signer, Signers};

use super::keys::{self, Declared, KeyText};
use super::types::Kind;

/// The rules of one kind.
pub(crate) trait Rules {
    /// Returns the texts for missing evidence of the kind.
    fn missing(&self) -> Missing;

    /// Returns what tells one from another of the kind, where a rule may ask for several.
    fn name(&self) -> Option<&str> {
        None
    }

    /// Whether every one that an expected signer signed must satisfy the rules, and not one alone.
    fn all(&self) -> bool {
        false
    }

    /// Returns the signers whose VEX statements may close findings.
    fn vex(&self) -> Option<&Signers> {
        None
    }

    /// Returns what deserves a warning, each with what to do about it. `today` decides which exceptions have run out.
    fn warnings(&self, today: Date) -> Vec<(String, &'static str)> {
        let _ = today;
        Vec::new()
    }
}

/// How a policy file says the rules of one kind, beside the keys that are declared with them.
pub(crate) trait Keys: Rules + Declared {
    /// Whether a rule may ask for several of the kind, in a list.
    const SEVERAL: bool = false;

    /// The check that others of the kind by an expected signer are held against, and what one of them is called. Of a kind without
    /// it, one that does not hold says nothing of one that does.
    const OTHERS: Option<(CheckId, &'static str)> = None;

    /// Returns rules that ask for nothing yet.
    fn start() -> Self;

    /// Finds the problems that are about several keys.
    fn check(&self, fields: &Fields<'_>, problems: &mut Problems) {
        let _ = (fields, problems);
    }

    /// Sets what a key that is not there leaves to others.
    fn finish(self) -> Self {
        self
    }

    /// Returns the text for the policy's hash that belongs to no key.
    fn hash_beside(&self) -> String {
        String::new()
    }

    /// Reads the rules.
    fn read(fields: &Fields<'_>, files: ReadFile<'_>, problems: &mut Problems) -> Option<Self> {
        let (rules, is_whole) = keys::read(Self::start(), fields, files, problems);
        rules.check(fields, problems);
        is_whole.then(|| rules.finish())
    }

    /// Returns the rules as a person reads them, a line each.
    fn describe(&self) -> Vec<String> {
        keys::describe(self)
    }

    /// Returns the rules as lines of text, for the policy's hash.
    fn canonical_text(&self) -> String {
        keys::hash(self) + &self.hash_beside()
    }

    /// Returns the rules of a requirement that is named and says nothing more.
    fn plain() -> Result<Self, Incomplete>;
}

/// What to write where the name of a requirement alone says nothing.
#[derive(Debug, Clone, Copy)]
pub struct Incomplete {
    /// In a policy file.
    pub in_file: &'static str,
    /// Instead of the name behind a flag.
    pub as_flag: &'static str,
}

/// The missing evidence, its forms, and the command by which the image's maker attaches it.
pub(crate) struct Missing {
    pub(crate) what: &'static str,
    pub(crate) expected: String,
    pub(crate) make: String,
}

/// The warning about rules that every one that is attached must satisfy (A111).
pub(crate) fn warning_of_all() -> (String, &'static str) {
    (
        "`all: true` is satisfied more easily when less is attached".to_owned(),
        "anyone who can delete from the registry, or withhold what it has, can make an image pass: do not rely on it to find forgeries",
    )
}

/// Takes the first of two: what a repetition needs that is about a kind with rules, and names none of them.
macro_rules! first {
    ($first:expr, $($second:tt)+) => {
        $first
    };
}

macro_rules! rules {
    ($($variant:ident $word:literal $folder:ident { $(rules $rules:ident;)? $(predicate $predicate:ident $(<$life:lifetime>)?;)? $(section $section:ident;)? })+) => {
        $($(use super::$folder::rules::$rules;)?)+

        /// A kind that a policy can require.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Requirement {
            $($(#[doc = concat!("`", $word, "`, by `", stringify!($rules), "`.")] $variant,)?)+
        }

        /// A requirement, with its rules.
        #[derive(Debug, Clone)]
        pub enum Asked {
            $($(#[doc = concat!("`", $word, "`, that satisfies these rules.")] $variant(Box<$rules>),)?)+
        }

        impl Requirement {
            /// Every requirement, in the order of reports.
            pub const ALL: &[Self] = &[$($(first!(Self::$variant, $rules),)?)+];

            /// Returns the kind that is required.
            pub const fn kind(self) -> Kind {
                match self { $($(Self::$variant => first!(Kind::$variant, $rules),)?)+ }
            }

            /// Returns the keys in a policy file, beside those of every requirement.
            pub(crate) fn keys(self) -> Vec<KeyText> {
                match self { $($(Self::$variant => keys::texts::<$rules>(),)?)+ }
            }

            /// Whether a rule may ask for several of the kind, in a list.
            pub(crate) const fn may_be_several(self) -> bool {
                match self { $($(Self::$variant => $rules::SEVERAL,)?)+ }
            }

            /// Returns the check for others of the kind, and what one of them is called.
            pub(crate) const fn others(self) -> Option<(CheckId, &'static str)> {
                match self { $($(Self::$variant => $rules::OTHERS,)?)+ }
            }
        }

        impl Asked {
            /// Reads what the fields of a requirement ask for.
            pub(crate) fn read(
                requirement: Requirement,
                fields: &Fields<'_>,
                files: ReadFile<'_>,
                problems: &mut Problems,
            ) -> Option<Self> {
                Some(match requirement {
                    $($(Requirement::$variant => Self::$variant(Box::new($rules::read(fields, files, problems)?)),)?)+
                })
            }

            /// Returns a requirement that is named and says nothing more.
            ///
            /// # Errors
            /// What to write instead, where the name alone says nothing.
            pub fn named(requirement: Requirement) -> Result<Self, Incomplete> {
                Ok(match requirement { $($(Requirement::$variant => Self::$variant(Box::new($rules::plain()?)),)?)+ })
            }

            /// Returns the requirement that it makes.
            pub const fn requirement(&self) -> Requirement {
                match self { $($(Self::$variant(_) => first!(Requirement::$variant, $rules),)?)+ }
            }

            /// Returns its rules as a person reads them, a line each.
            pub fn describe(&self) -> Vec<String> {
                match self { $($(Self::$variant(rules) => first!(rules.describe(), $rules),)?)+ }
            }

            /// Returns its rules as lines of text, for the policy's hash.
            pub(crate) fn canonical_text(&self) -> String {
                match self { $($(Self::$variant(rules) => first!(rules.canonical_text(), $rules),)?)+ }
            }

            /// Returns its rules.
            pub(crate) fn rules(&self) -> &dyn Rules {
                match self { $($(Self::$variant(rules) => { let rules: &$rules = rules; rules })?)+ }
            }
        }
    };
}
kinds!(rules);

impl Requirement {
    /// The requirements if none are given.
    pub const DEFAULT: [Self; 3] = [Self::Signature, Self::Provenance, Self::Sbom];

    /// Returns the word used on the command line and in reports.
    pub const fn as_str(self) -> &'static str {
        self.kind().as_str()
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl Asked {
    /// The same, where what to write instead does not matter.
    pub fn plain(requirement: Requirement) -> Option<Self> {
        Self::named(requirement).ok()
    }

    /// Returns the name that it has in reports, unless several rules make it.
    pub fn id(&self) -> String {
        match self.rules().name() {
            Some(name) => format!("{} {name}", self.requirement()),
            None => self.requirement().to_string(),
        }
    }

    /// Returns the signers whose VEX statements may close findings.
    pub fn vex_signers(&self) -> &[Signer] {
        self.rules().vex().map_or(&[], Signers::listed)
    }
}
