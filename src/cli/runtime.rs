//! The runtime of every command that waits for the network.

use tokio::runtime::{Builder, Runtime};

use super::diagnostics::Diagnostic;

/// Starts it on this thread.
pub(super) fn start() -> Result<Runtime, Diagnostic> {
    let started = Builder::new_current_thread().enable_all().build();
    started.map_err(|error| Diagnostic::without_hint(error).about("cannot start"))
}
