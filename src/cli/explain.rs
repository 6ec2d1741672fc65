//! `bonafide explain`: the pages of the checks.

use std::fmt::Write as _;

use crate::check::CheckId;

use super::args::ExplainArgs;
use super::diagnostics::Diagnostic;
use super::print;

/// Prints one page, or the list of all checks.
pub(super) fn run(args: &ExplainArgs) -> Result<u8, Diagnostic> {
    let text = match &args.check {
        Some(name) => name.parse::<CheckId>().map_err(Diagnostic::check)?.page().to_owned(),
        None => list(),
    };
    print(text.as_bytes())
}

fn list() -> String {
    let mut text =
        String::from("Checks, in the order in which evidence meets them. `bonafide explain CHECK` says more.\n\n");
    for check in CheckId::ALL {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "  {:<24} {}", check.as_str(), check.title());
    }
    text
}
