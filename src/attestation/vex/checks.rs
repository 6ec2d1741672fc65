//! The checks of a VEX document.

use crate::check::id::checks;

checks! {
    VexFormat "vex-format" "The VEX document can be read."
}
