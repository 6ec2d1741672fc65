//! The runtime of every command that waits for the network.

use tokio::runtime::{Builder, Runtime};

use super::diagnostics::Diagnostic;

/// Starts it on this thread.
pub(super) fn start() -> Result<Runtime, Diagnostic> {
    Builder::new_current_thread().enable_all().build().map_err(Diagnostic::system)
}
