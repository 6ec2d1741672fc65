//! `bonafide explain`: the pages of checks and verdicts, and the builders that are known.

use std::fmt::Write as _;

use crate::attestation::types::Kind;
use crate::check::{Check, CheckId, UnknownCheck};
use crate::policy::KNOWN_BUILDERS;

use super::args::ExplainArgs;
use super::diagnostics::Diagnostic;
use super::output::print;
use super::words;

/// The pages of the verdicts, in the order of their words.
const VERDICT_PAGES: [&str; 4] = [
    include_str!("verdicts/verified.md"),
    include_str!("verdicts/rejected.md"),
    include_str!("verdicts/undecided.md"),
    include_str!("verdicts/absent.md"),
];

/// The parts of the list: the first check of each, and what it is called.
const GROUPS: [(&str, &str); 3] =
    [("image-resolved", "Image"), ("bundle-format", "Signature"), ("signer-identity", "Signer")];

/// Names that mean one page differ by no more typing errors than these.
const NEAR: usize = 3;

/// Prints one page, the builders, what begins so, or the list of all checks.
pub(super) fn run(args: &ExplainArgs) -> Result<u8, Diagnostic> {
    let text = match &args.check {
        Some(name) => found(name)?,
        None => list(),
    };
    print(text.as_bytes())
}

fn found(name: &str) -> Result<String, Diagnostic> {
    if let Some(page) = page(name) {
        return Ok(page);
    }
    let begins: Vec<&str> =
        words::pages().into_iter().filter(|known| !name.is_empty() && known.starts_with(name)).collect();
    match begins.as_slice() {
        [] => {
            let nearest = words::pages().into_iter().min_by_key(|known| strsim::damerau_levenshtein(known, name));
            let nearest = nearest.filter(|known| strsim::damerau_levenshtein(known, name) <= NEAR);
            let meant = nearest.map(|nearest| format!("did you mean `{nearest}`? ")).unwrap_or_default();
            let hint = format!("{meant}`bonafide explain` lists all checks");
            Err(Diagnostic::usage(UnknownCheck(name.to_owned()), hint))
        }
        [only] => Ok(page(only).unwrap_or_default()),
        several => Ok(several.iter().map(|name| line(name, title(name))).collect()),
    }
}

fn page(name: &str) -> Option<String> {
    let verdict = words::VERDICTS.iter().zip(VERDICT_PAGES).find(|(names, _)| names.contains(&name));
    match (name, verdict) {
        (words::BUILDERS, _) => Some(builders()),
        (_, Some((_, page))) => Some(page.to_owned()),
        _ => Some(in_order(name.parse::<CheckId>().ok()?.page())),
    }
}

/// A page of a check as a person in trouble reads it: why it fails and what to do, and in the end what a pass is worth.
fn in_order(page: &str) -> String {
    let (head, parts) = page.split_once("\n## ").unwrap_or((page, ""));
    let mut text = format!("{}\n", head.trim_end());
    let parts: Vec<(&str, &str)> = parts.split("\n## ").filter_map(|part| part.split_once('\n')).collect();
    let body = |name: &str| parts.iter().find(|(heading, _)| *heading == name).map_or("", |(_, body)| body.trim());
    let last = ["Proves", "Does not prove"];
    for (heading, body) in parts.iter().filter(|(heading, _)| !last.contains(heading)) {
        let _ = write!(text, "\n## {heading}\n\n{}\n", body.trim());
    }
    let _ = write!(text, "\n## What you may conclude from a pass\n\n{}\n", body("Proves"));
    let _ = write!(text, "\nA pass does not say:\n\n{}\n", body("Does not prove"));
    text
}

fn line(name: &str, title: &str) -> String {
    format!("  {name:<26} {title}\n")
}

fn title(name: &str) -> &'static str {
    CheckId::all().find(|check| check.id.as_str() == name).map_or("", |check| check.title)
}

fn list() -> String {
    let mut text =
        String::from("Checks, in the order in which evidence meets them. `bonafide explain CHECK` says more.\n");
    for Check { id, title, .. } in CheckId::common() {
        if let Some((_, group)) = GROUPS.iter().find(|(first, _)| *first == id.as_str()) {
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "\n{group}:");
        }
        text.push_str(&line(id.as_str(), title));
    }
    for kind in Kind::ALL.iter().filter(|kind| !kind.checks().is_empty()) {
        let _ = writeln!(text, "\n{}:", kind.types().title);
        text.extend(kind.checks().iter().map(|check| line(check.id.as_str(), check.title)));
    }
    text.push_str(
        "\nVerdicts: `bonafide explain verified`, `rejected`, `undecided` or `absent`.\n\
         `bonafide explain builders` lists the builders that are known, and their SLSA build levels.\n",
    );
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
