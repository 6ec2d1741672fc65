//! The receiver of the advisories that were read.

use crate::packages::AdvisoryError;

/// What becomes of the files that are read, in their order.
pub(super) trait Sink: Send {
    /// The result for the text of one, made on any core.
    type Made: Send;

    fn make(text: &str) -> Result<Self::Made, AdvisoryError>;

    fn add(&mut self, made: Self::Made);

    /// Remembers one that holds no record that can be read.
    fn pass_over(&mut self, name: String);
}
