//! `bonafide policy`: files are checked, begun, imported and explained. Nothing is fetched.

use std::fmt::Write as _;
use std::path::Path;

use jiff::Timestamp;

use crate::collect::saving;
use crate::oci::RegistryReference;
use crate::policy::{CertificateRule, Document, Expectation, LogEvidence, LogRule, Policy, Signer};
use crate::policy_tools::{Import, ImportError, Remark, starter};
use crate::render::escape::terminal;

use super::args::{Args, PolicyCommand};
use super::diagnostics::Diagnostic;
use super::output::print;
use super::{policies, policy_check, preview, references, streams};

/// Runs one of the subcommands.
pub(super) fn run(command: &PolicyCommand, args: &Args) -> Result<u8, Diagnostic> {
    match command {
        PolicyCommand::Check { files, strict, output } => policy_check::run(files, *strict, *output, args),
        PolicyCommand::Preview(preview) => preview::run(preview, args),
        PolicyCommand::Init { file: Some(file) } => init(file),
        PolicyCommand::Init { file: None } => print(starter().as_bytes()),
        PolicyCommand::Import { file, lossy } => import(file, *lossy),
        PolicyCommand::Explain { reference, judged_as, policy } => explain(reference, judged_as.as_ref(), policy),
    }
}

/// Writes the first policy, and never over a file that is there.
fn init(file: &Path) -> Result<u8, Diagnostic> {
    saving::save_new(file, starter().as_bytes()).map_err(|error| {
        let hint = "give the name of a new file, or leave it out to see the text";
        Diagnostic::usage(error, hint).about(format!("cannot write `{}`", file.display()))
    })?;
    let name = file.display().to_string();
    streams::to_stderr(&format!("wrote {0}: edit it, then run `bonafide policy check {0}`\n", terminal(&name)));
    Ok(0)
}

/// Writes the policy that another tool's policies translate to, and lists the parts that cannot be translated.
fn import(file: &Path, lossy: bool) -> Result<u8, Diagnostic> {
    let source_name = file.display().to_string();
    let import = Import::read(&source_name, &policies::bytes(file)?).map_err(|error| {
        if let ImportError::NothingLeft { remarks, .. } = &error {
            list(&source_name, remarks);
        }
        unusable(error)
    })?;
    list(&source_name, &import.remarks);
    if import.is_lossy() && !lossy {
        return Err(Diagnostic::usage(
            format!("a rule that makes `{source_name}` stricter cannot be carried over, so nothing is written"),
            "look at every line above that begins with `lost`, and write the policy without it with `--lossy`",
        ));
    }
    print(import.text.as_bytes())
}

/// Policies that cannot be carried over at all.
fn unusable(error: ImportError) -> Diagnostic {
    let hint = error.hint();
    match error {
        ImportError::Source(error) => {
            Diagnostic::usage("the policies cannot be read", hint).with_body(error.to_string())
        }
        error => Diagnostic::usage(error, hint),
    }
}

fn list(source_name: &str, remarks: &[Remark]) {
    let mut text = String::new();
    for remark in remarks {
        let place = format!("{source_name}:{}:{}", remark.place.line, remark.place.column);
        let (effect, message) = (remark.effect.as_str(), terminal(&remark.message));
        let _ = writeln!(text, "{effect}: {}: {}: {message}", terminal(&place), terminal(&remark.field));
        if !remark.hint.is_empty() {
            let _ = writeln!(text, "  → {}", terminal(&remark.hint));
        }
    }
    streams::to_stderr(&text);
}

/// Lists the requirements of a policy for an image.
fn explain(text: &str, judged_as: Option<&RegistryReference>, file: &Path) -> Result<u8, Diagnostic> {
    let reference = references::parse(text)?;
    let document = policies::document(file)?;
    let name = policies::name(&reference, judged_as, false)?;
    let default_trust = ["public-good".to_owned()];
    let policy = document
        .policy_for(&name, &default_trust, None, Timestamp::now())
        .map_err(|error| policies::without_rule(&reference, judged_as.is_some(), error))?;
    print(describe(&name, &document, &policy).as_bytes())
}

fn describe(name: &str, document: &Document, policy: &Policy) -> String {
    let mut page = format!("{}\n", terminal(name));
    for rule in document.rules_about(name) {
        let patterns: Vec<&str> = rule.images().collect();
        let _ = writeln!(
            page,
            "  rule        {} ({}:{}), about {}",
            terminal(&rule.name),
            terminal(document.source_name()),
            rule.place.line,
            terminal(&patterns.join(", "))
        );
    }
    for expectation in policy.expectations() {
        describe_expectation(&mut page, expectation);
    }
    page
}

fn describe_expectation(page: &mut String, expectation: &Expectation) {
    let listed = expectation.signers.listed();
    let how_many = match (expectation.signers.at_least(), listed.len()) {
        (_, 1) => "signed by",
        (1, _) => "signed by any of",
        (at_least, count) if at_least == count => "signed by each of",
        (at_least, _) => return describe_counted(page, expectation, at_least),
    };
    describe_with(page, expectation, how_many);
}

fn describe_counted(page: &mut String, expectation: &Expectation, at_least: usize) {
    describe_with(page, expectation, &format!("signed by {at_least} different ones of"));
}

fn describe_with(page: &mut String, expectation: &Expectation, how_many: &str) {
    let _ = writeln!(page, "  {:<11} {how_many}", terminal(&expectation.id));
    for signer in expectation.signers.listed() {
        match signer {
            Signer::Certificate(rule) => describe_certificate(page, rule),
            Signer::Keys(rule) => {
                let log = if rule.log() == LogRule::NotRequired { ", log not required" } else { "" };
                let _ = writeln!(page, "    - the key {}{log}", rule.describe());
            }
        }
    }
    for line in expectation.asked.describe() {
        let _ = writeln!(page, "    {}", terminal(&line));
    }
    if let Some(domains) = &expectation.domains {
        let _ = writeln!(page, "    trust domain {}", terminal(&domains.join(" or ")));
    }
    if expectation.log == LogEvidence::Proof {
        let _ = writeln!(page, "    with an inclusion proof of the log");
    }
    if let Some(exception) = &expectation.exception {
        let works = if exception.works_at(Timestamp::now()) { "does not count until" } else { "counts again since" };
        let _ = writeln!(page, "    {works} {}: {}", exception.until, terminal(&exception.because));
    }
}

fn describe_certificate(page: &mut String, rule: &CertificateRule) {
    let _ = writeln!(page, "    - {}", terminal(&rule.identity.describe()));
    let _ = writeln!(page, "      issuer {}", terminal(&rule.issuer.to_string()));
    if let Some(source) = &rule.source {
        let _ = writeln!(page, "      source {}", terminal(&source.repository.to_string()));
        for (what, value) in [("ref", &source.reference), ("commit", &source.digest)] {
            if let Some(value) = value {
                let _ = writeln!(page, "      {what} {}", terminal(&value.to_string()));
            }
        }
    }
    for claim in &rule.claims {
        let _ = writeln!(page, "      {} {}", claim.claim, terminal(&claim.value.to_string()));
    }
}
