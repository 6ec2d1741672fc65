//! The checks of a signature on an image: none beside those of every signature.

use crate::check::id::checks;

checks! {}
