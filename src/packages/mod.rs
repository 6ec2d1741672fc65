//! Packages as every ecosystem names and orders them: package URLs, versions, ranges of versions.
//!
//! The input is hostile, so every parser is linear in its input, and every version is bounded in length. A version that
//! cannot be ordered is an error, never an answer.

mod name;
mod osv;
mod purl;
mod range;
mod version;

pub use osv::{
    Advisories, AdvisoryError, Examined, Listed, Records, Severity, Unchecked, UnknownSeverity, Unreadable,
    UnusedRecords, Vulnerable,
};
pub use purl::{Purl, PurlError, Qualifier};
pub use range::{Range, RangeError};
pub use version::{Same, Scheme, Version, VersionError, same_version};
