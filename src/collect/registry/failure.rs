//! HTTP answers that do not answer the request.

use crate::collect::SourceError;

use super::transport::{Answer, Transport, shown_host};

/// Returns the error for a status that means only "cannot" or "will not".
pub(super) fn failure(transport: &Transport, at: String, answer: &Answer) -> SourceError {
    let said = transport.said(answer);
    match answer.status {
        429 => answer.throttled(at, said),
        status => SourceError::Status { at, host: shown_host(&answer.url), status, said },
    }
}
