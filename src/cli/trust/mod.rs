//! `bonafide trust`: which roots are trusted, and keeping them current.

mod show;
mod update;

use super::args::{Args, TrustCommand};
use super::diagnostics::Diagnostic;

/// Runs one of the two.
pub(super) fn run(command: &TrustCommand, args: &Args) -> Result<u8, Diagnostic> {
    match command {
        TrustCommand::Show(show) => show::run(show),
        TrustCommand::Update(update) => update::run(update, args),
    }
}
