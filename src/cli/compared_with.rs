//! The argument of `--not-weaker-than`.

use std::path::{Path, PathBuf};

/// The older side of a comparison: an image, or a file with a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    Image(String),
    Report(PathBuf),
}

/// A name that ends in `.json` is a file, and any other is an image.
pub(super) fn named(text: &str) -> Result<Named, String> {
    match text {
        "" | "-" => Err("expected an image, or a JSON report whose name ends in .json".to_owned()),
        file if Path::new(file).extension().is_some_and(|extension| extension == "json") => {
            Ok(Named::Report(PathBuf::from(file)))
        }
        image => Ok(Named::Image(image.to_owned())),
    }
}
