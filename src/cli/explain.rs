//! `bonafide explain`: the pages of the checks, and the builders that are known.

use std::fmt::Write as _;

use crate::check::CheckId;
use crate::policy::KNOWN_BUILDERS;

use super::args::ExplainArgs;
use super::diagnostics::Diagnostic;
use super::print;

/// Prints one page, the builders, or the list of all checks.
pub(super) fn run(args: &ExplainArgs) -> Result<u8, Diagnostic> {
    let text = match &args.check {
        Some(name) if name == "builders" => builders(),
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
    text.push_str("\n`bonafide explain builders` lists the builders that are known, and their SLSA build levels.\n");
    text
}

/// Who may sign for which builder, what the two reach together, and where that is said.
fn builders() -> String {
    let mut text = String::from(
        "Builders that are known, who signs for each, and the highest SLSA build level that the two may claim together.\n\
         The level is looked up here by builder id and signer, and never read from a provenance. A policy can name others,\n\
         and then says alone who signs for them: `builders: [{id: …, signer: …, level: …}]`.\n\n",
    );
    for known in &KNOWN_BUILDERS {
        let _ = writeln!(text, "{}: level {}", known.name, known.level.number());
        for id in known.ids {
            let _ = writeln!(text, "  id         {id}");
        }
        let _ = writeln!(text, "  signed by  {}\n  source     {}\n", known.signer.describe(), known.source);
    }
    text.push_str(
        "Every other pair of builder and signer is level 1 (https://slsa.dev/spec/v1.2/verifying-artifacts).\n\
         GitHub artifact attestations reach level 3 where a reusable workflow of another repository built and signed, and the\n\
         policy names that workflow: `reusable-workflow` in the signer, `--signer-workflow`, or `builders`.\n\
         A signer that only a policy can name is named by the builder's id in `builders` (`--builder-id`) beside the signer.\n",
    );
    text
}
