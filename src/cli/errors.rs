//! What can be wrong with what a person gives beside arguments: logins, and lists on standard input.

/// The longest password or token that is read, in bytes.
pub(super) const LONGEST_SECRET: u64 = 64 * 1024;
/// The longest list of references that is read, in bytes.
pub(super) const LONGEST_LIST: u64 = 1024 * 1024;
/// The most references that are verified in one run.
pub(super) const MOST_REFERENCES: usize = 1000;

/// Why a login that was given cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoginError {
    /// It would go to registries that it is not for.
    #[error("a login is for one registry, and the references are at {}: {}", .registries.len(), .registries.join(", "))]
    SeveralRegistries { registries: Vec<String> },
    /// There is none.
    #[error("{place} is empty: expected a {what}")]
    Empty { place: String, what: &'static str },
    /// It is longer than any.
    #[error("{place} is longer than {LONGEST_SECRET} bytes: expected a {what}")]
    TooLong { place: String, what: &'static str },
    /// It is not a single line of text.
    #[error("{place} has more than one line, or characters that are invalid in a {what}")]
    Characters { place: String, what: &'static str },
    /// The name of a user has the character that ends it.
    #[error("the user name has a colon, which HTTP cannot carry")]
    Colon,
}

/// Why standard input is not a list of references.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListError {
    /// The password comes from there.
    #[error("standard input cannot be both the password and the references")]
    Taken,
    /// It can be read once.
    #[error("standard input is named twice")]
    Twice,
    /// Without an image to verify, which must never look like success.
    #[error("standard input has no reference: expected at least one")]
    Empty,
    /// Some of its lines were left out.
    #[error("lines of standard input that are no references to images: {lines}, and nothing is known of these images")]
    Unread { lines: usize },
    /// It is longer than is read.
    #[error("standard input is longer than {LONGEST_LIST} bytes")]
    TooLong,
    /// It has more lines than are verified in one run.
    #[error("standard input has more than {MOST_REFERENCES} references")]
    TooMany,
    /// It is not text.
    #[error("standard input is not text in UTF-8")]
    NoText,
}
