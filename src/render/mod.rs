//! Reports as people and programs read them: one file per format, each from `&Report` and a writer.
//!
//! Renderers decide nothing. What came from outside is escaped for the place it goes to ([`escape`]).

mod brief;
pub mod escape;
mod inspection;
mod json;
mod lines;
mod packages;
mod parts;
mod pinned;
mod provenance;
mod text;
mod vsa;

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use crate::check::{Inspection, Report};

pub use brief::{column, write_end, write_row};
pub use packages::{PackageFormat, write_packages};
pub use parts::Detail;
pub use vsa::{PREDICATE_TYPE as VSA_PREDICATE_TYPE, is_of_several_digests};

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// For people.
    Text,
    /// The whole report, versioned.
    Json,
    /// `registry/repository@sha256:…` of each verified image, and nothing otherwise.
    Pinned,
    /// A verification summary of one image, to be signed.
    Vsa,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Text, Self::Json, Self::Pinned, Self::Vsa];

    /// Returns the name used on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Pinned => "pinned",
            Self::Vsa => "vsa",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Not the name of an output format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an output format: expected text, json, pinned or vsa")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.into_iter().find(|format| format.as_str() == text).ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// Writes an inspection: for people, as a tree, or as JSON. Nothing in it is verified, so it has no other form.
pub fn write_inspection(inspection: &Inspection, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => json::write(inspection, out),
        Format::Text | Format::Pinned | Format::Vsa => inspection::write(inspection, out),
    }
}

/// Writes a report in one format.
pub fn write(report: &Report, format: Format, detail: Detail, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text if detail.verbose => text::write(report, detail, out),
        Format::Text => brief::write(report, detail, out),
        Format::Json => json::write(report, out),
        Format::Pinned => pinned::write(report, out),
        Format::Vsa => vsa::write(report, out),
    }
}
