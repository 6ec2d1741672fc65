//! Answers that are no answer to what was asked.

use crate::collect::SourceError;

use super::transport::{Answer, Transport, shown_host};

/// An answer that says nothing but that the server cannot or will not do it.
pub(super) fn failure(transport: &Transport, at: String, answer: &Answer) -> SourceError {
    let said = transport.said(answer);
    match answer.status {
        429 => answer.throttled(at, said),
        status => SourceError::Status { at, host: shown_host(&answer.url), status, said },
    }
}
