//! The checks of each kind.

use crate::check::id::Check;

use super::types::Kind;

macro_rules! lists {
    ($($variant:ident $word:literal $folder:ident { $(rules $rules:ident;)? $(predicate $predicate:ident $(<$life:lifetime>)?;)? $(section $section:ident;)? })+) => {
        impl Kind {
            /// Returns the checks that are its own, in the order in which evidence meets them.
            pub const fn checks(self) -> &'static [Check] {
                match self { $(Self::$variant => super::$folder::checks::CHECKS,)+ }
            }
        }
    };
}
kinds!(lists);

/// Returns the checks of all kinds.
pub(crate) fn of_kinds() -> impl Iterator<Item = &'static Check> {
    Kind::ALL.iter().flat_map(|kind| kind.checks())
}
