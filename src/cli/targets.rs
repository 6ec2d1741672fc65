//! The destinations and formats of reports, from arguments.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command, Error};

use crate::render::{OUTPUTS, Output, PackageFormat};

/// The destination and format of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) output: &'static Output,
    /// Standard output without one.
    pub(super) file: Option<PathBuf>,
}

/// Reads `FORMAT` and `FORMAT=FILE`, and knows which formats fit. The file `-` is standard output.
#[derive(Debug, Clone, Copy)]
pub(super) struct OutputParser {
    fits: fn(&Output) -> bool,
    /// Why another does not.
    unfit: &'static str,
}

impl OutputParser {
    /// Formats of a verification of images.
    pub(super) fn of_images() -> Self {
        Self { fits: |_| true, unfit: "" }
    }

    /// Formats of a verification of bundles about a file.
    pub(super) fn of_bundles() -> Self {
        Self { fits: |output| output.is_for_bundles, unfit: "is of verified images" }
    }

    /// Formats of an audit of repositories.
    pub(super) fn of_audits() -> Self {
        Self { fits: |output| output.is_for_audits, unfit: "says nothing about repositories" }
    }

    /// Formats of an inspection.
    pub(super) fn of_inspections() -> Self {
        Self { fits: Output::is_for_inspections, unfit: "is of verified images" }
    }

    /// Formats of two images beside each other.
    pub(super) fn of_diffs() -> Self {
        Self { fits: Output::is_for_diffs, unfit: "does not show two images beside each other" }
    }

    fn outputs(self) -> impl Iterator<Item = &'static Output> {
        OUTPUTS.iter().copied().filter(move |output| (self.fits)(output))
    }

    fn read(self, text: &str) -> Result<Target, String> {
        let (name, file) = match text.split_once('=') {
            Some((_, "")) => return Err("the file's name is missing after `=`".to_owned()),
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let output = OUTPUTS.iter().copied().find(|output| output.name == name).ok_or("is not an output format");
        let fitting = output.and_then(|output| if (self.fits)(output) { Ok(output) } else { Err(self.unfit) });
        let output = fitting.map_err(|why| format!("`{name}` {why}: expected {}", self.names()))?;
        Ok(Target { output, file: file.filter(|file| file.as_os_str() != "-") })
    }

    /// The formats that fit, as in `a, b or c`.
    fn names(self) -> String {
        let names: Vec<&str> = self.outputs().map(|output| output.name).collect();
        match names.as_slice() {
            [] => String::new(),
            [only] => (*only).to_owned(),
            [first @ .., last] => format!("{} or {last}", first.join(", ")),
        }
    }
}

impl TypedValueParser for OutputParser {
    type Value = Target;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<Target, Error> {
        let this = *self;
        (move |text: &str| this.read(text)).parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.outputs().map(|output| PossibleValue::new(output.name).help(output.help))))
    }
}

/// The destination and format of a list of packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PackageTarget {
    pub(super) format: PackageFormat,
    /// Standard output without one.
    pub(super) file: Option<PathBuf>,
}

/// `FORMAT=FILE`, or a file whose name tells the format. The file `-` is standard output.
pub(super) fn package_target(text: &str) -> Result<PackageTarget, String> {
    let named = |name: &str| PackageFormat::ALL.iter().find(|(known, _)| *known == name).map(|(_, format)| *format);
    let (format, file) = match text.split_once('=') {
        Some((name, file)) => (named(name).ok_or("expected table, json or csv in front of `=`")?, file),
        None => (text.rsplit_once('.').and_then(|(_, end)| named(end)).unwrap_or(PackageFormat::Table), text),
    };
    if file.is_empty() {
        return Err("expected a file, or - for standard output".to_owned());
    }
    Ok(PackageTarget { format, file: (file != "-").then(|| PathBuf::from(file)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_name_a_format_and_perhaps_a_file() {
        let read = |text: &str| OutputParser::of_images().read(text).map(|target| (target.output.name, target.file));
        assert_eq!(read("json=a=b.json"), Ok(("json", Some("a=b.json".into()))));
        assert_eq!(read("text=-"), Ok(("text", None)));
        assert!(read("json=").is_err());
        assert!(read("xml").is_err());
    }

    #[test]
    fn an_inspection_has_no_format_of_verified_images() {
        for parser in [OutputParser::of_inspections(), OutputParser::of_bundles()] {
            let refused = parser.read("pinned").expect_err("nothing is verified");
            assert_eq!(refused, format!("`pinned` is of verified images: expected {}", parser.names()));
        }
    }
}
