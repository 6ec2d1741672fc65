//! The form in which predicates are transmitted.

use serde::Deserialize;

use crate::json;

/// Reads the fields of a predicate. Each kind says what becomes of those that are missing.
pub(super) fn read<'a, T: Deserialize<'a>>(predicate: &'a str) -> Result<T, String> {
    let read: Option<T> = json::from_part(predicate).map_err(|error| error.to_string())?;
    read.ok_or_else(|| "the predicate is missing".to_owned())
}
