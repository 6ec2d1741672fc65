//! `inspect --predicate`: what one expected signer attested, byte for byte, for another program to read.
//!
//! Anyone who may push can attach a signed document, so that nothing is handed out unless the signer is named.

use std::io::{self, IsTerminal, Write};

use crate::check::{ImageReport, ReasonReport, Verdict};
use crate::policy::{Asked, Policy};
use crate::render::{self, escape::terminal};
use crate::run::Attested;
use crate::verify::SignedPredicate;

use super::args::{Args, InspectArgs, SignerArgs};
use super::diagnostics::Diagnostic;
use super::given::Given;
use super::{output, streams, terms};

/// The policy by which the wanted predicate is judged: of this kind or type, by the signer that the flags name.
pub(super) fn policy(args: &InspectArgs) -> Result<Option<Policy>, Diagnostic> {
    let Some(asked) = &args.predicate else { return Ok(None) };
    let signer = SignerArgs {
        certificate_identity: args.certificate_identity.clone(),
        certificate_oidc_issuer: args.certificate_oidc_issuer.clone(),
        repo: args.repo.clone(),
        key: args.key.clone(),
        ..SignerArgs::default()
    };
    let is_identity = signer.certificate_identity.is_some() || signer.repo.is_some();
    if signer.key.is_empty() && !is_identity {
        return Err(Diagnostic::usage(
            "whose predicate is wanted is not said, and anyone can attach one",
            "name the signer: `--repo OWNER/NAME`, `--certificate-identity` with `--certificate-oidc-issuer`, or `--key FILE`; \
             `bonafide inspect` without `--predicate` shows who signed what is attached",
        ));
    }
    if !signer.key.is_empty() && is_identity {
        return Err(Diagnostic::usage(
            "a key and an identity are given, and one signer is meant",
            "leave out `--key`, or `--repo` and `--certificate-identity`",
        ));
    }
    let signer = terms::signer(&Given::from(signer))?;
    let asked: Vec<Asked> = terms::asked(std::slice::from_ref(asked), &Given::default())?;
    Ok(Some(Policy::from_flags_asking(signer, asked, None)?))
}

/// Writes the one predicate to standard output, and to standard error who signed it. Nothing is written of several.
pub(super) fn write(text: &str, attested: &Attested, args: &Args) -> Result<u8, Diagnostic> {
    let Attested { report, predicates } = attested;
    if report.verdict != Verdict::Verified {
        return Err(refused(text, report));
    }
    let mut distinct: Vec<&SignedPredicate> = Vec::new();
    for one in predicates {
        if !distinct.iter().any(|known| known.bytes == one.bytes) {
            distinct.push(one);
        }
    }
    let [only] = distinct.as_slice() else { return Err(not_one(text, &distinct)) };
    let predicate = std::str::from_utf8(&only.bytes).map_err(Diagnostic::without_hint)?;
    if streams::secrets().hide(predicate) != predicate {
        return Err(Diagnostic::undecided(
            "the predicate holds a secret of this run, such as a password, so that it cannot be written as it is",
            "write it to a file with `bonafide verify --save DIR`",
        ));
    }
    let written = streams::to_stdout(|out| {
        // A program gets the very bytes. A person gets the same document, in which nothing moves the cursor.
        if io::stdout().is_terminal() { render::write_others_json(predicate, out) } else { out.write_all(&only.bytes) }
    });
    written.map_err(output::lost)?;
    if !args.quiet {
        streams::to_stderr(&format!("{}\n", terminal(&about(only))));
    }
    Ok(0)
}

fn about(one: &SignedPredicate) -> String {
    let SignedPredicate { candidate, subject, signer, .. } = one;
    format!("predicate of {candidate}, attached to {subject}, signed by {}", signer.in_words())
}

fn refused(text: &str, report: &ImageReport) -> Diagnostic {
    let reason = report.reason.as_ref().map(ReasonReport::in_words).unwrap_or_default();
    let findings = report.findings.iter().chain(report.requirements.iter().flat_map(|one| &one.findings));
    let next = findings.filter(|finding| finding.is_blocking()).find_map(|finding| finding.next.clone());
    let hint = next.unwrap_or_else(|| format!("`bonafide inspect {text}` shows what is attached, and who signed it"));
    Diagnostic::of_verdict(report.verdict.exit_code(), format!("no predicate of `{text}` is written: {reason}"), hint)
}

/// The error for several matching predicates, or for none that can be extracted.
fn not_one(text: &str, all: &[&SignedPredicate]) -> Diagnostic {
    if all.is_empty() {
        return Diagnostic::undecided(
            format!("what is attached to `{text}` verifies, and no predicate can be taken out of it"),
            "take it with `bonafide verify --save DIR`",
        );
    }
    let is_of_one_subject = all.iter().all(|one| one.subject == all[0].subject);
    let hint = if is_of_one_subject {
        "take all of them with `bonafide verify --save DIR`"
    } else {
        "choose one with `--platform OS/ARCH`, or take all of them with `bonafide verify --save DIR`"
    };
    let list: Vec<String> = all.iter().map(|one| format!("  {}", about(one))).collect();
    Diagnostic::usage(format!("{} predicates of `{text}` verify, and one is meant", all.len()), hint)
        .with_body(list.join("\n"))
}
