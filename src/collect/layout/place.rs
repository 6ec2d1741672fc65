//! What a file of a layout is called in errors.

use std::path::Path;

use super::super::error::SourceError;

/// Names a file with the layout that it is in.
pub(super) fn at(layout: &Path, name: &str) -> String {
    format!("{name} in {}", layout.display())
}

/// Reports a file of a layout above the size limit.
pub(super) fn too_large(layout: &Path, name: &str, allowed: u64) -> SourceError {
    SourceError::Limit { at: at(layout, name), limit: "bytes", allowed, found: "more".to_owned() }
}
