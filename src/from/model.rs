//! The data found in files: images, their places, and errors.

use crate::oci::Platform;

/// Bytes that a file may have.
pub(super) const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Images that one file may name.
pub const MOST_IMAGES: usize = 1000;

/// The images of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What the file is, in words; of several documents each kind once.
    pub formats: Vec<&'static str>,
    /// Its images, in the order of the file.
    pub found: Vec<Found>,
}

/// An image that a file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The image.
    pub image: Named,
    /// Where.
    pub place: Position,
    /// The platform that the file asks for there, if it names one.
    pub platform: Option<Platform>,
    /// What the image is for, such as `FROM` or `container of job build`.
    pub role: String,
}

/// A place in a file: line and column count from one, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// The name of an image as a file has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Named {
    /// A text with all variables resolved. It may still be an invalid reference.
    Reference(String),
    /// The file leaves open which image it is.
    Open {
        /// What it says.
        text: String,
        /// Why that is not enough.
        why: Open,
    },
}

/// Why a file does not say which image it names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Open {
    /// The variables without a value in the file, or the limit that the name exceeds.
    Variables(Vec<String>),
    /// Not a text, or the name is in another file.
    Form(&'static str),
}

/// Why the images of a file are not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FromError {
    /// Longer than is read.
    #[error("the file has more than {MAX_BYTES} bytes")]
    TooLong,
    /// Not text.
    #[error("the file is not text in UTF-8")]
    NoText,
    /// The format has a syntax, and this is not it.
    #[error("line {}, column {}: {message}", .at.line, .at.column)]
    Syntax {
        /// Where.
        at: Position,
        /// The error.
        message: String,
        /// What to do.
        hint: String,
    },
    /// A document of none of the formats.
    #[error("line {}: this is none of: {known}", .at.line)]
    Unknown {
        /// Where it begins.
        at: Position,
        /// The formats.
        known: String,
    },
    /// A file that names none, which must never look like success.
    #[error("the file ({}) names no image", .formats.join(", "))]
    NoImage {
        /// What it is.
        formats: Vec<&'static str>,
    },
    /// More than are verified in one run.
    #[error("the file names more than {MOST_IMAGES} images")]
    TooMany,
}

impl FromError {
    /// What to do about it.
    pub fn hint(&self) -> &str {
        match self {
            Self::TooLong | Self::TooMany => "verify it in several parts",
            Self::NoText => "check the path, or the program that writes to standard input",
            Self::Syntax { hint, .. } => hint,
            Self::Unknown { .. } => {
                "check the path; charts and overlays are rendered first: `helm template . | bonafide verify --from -`"
            }
            Self::NoImage { .. } => "check the path: images that other files name are read from those files",
        }
    }
}
