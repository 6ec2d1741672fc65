//! `bonafide bundle`: a file and its bundles in, one report out. Nothing is fetched.

use jiff::Timestamp;

use crate::check::{PolicyReport, Report};
use crate::collect::{FileTargetError, collect_file};
use crate::policy::{Policy, Requirement};
use crate::run::Threads;
use crate::verify::verify_with;

use super::args::{Args, BundleArgs};
use super::diagnostics::Diagnostic;
use super::roots::{self, Reach};
use super::terms::signer;
use super::{environment, input, output, runner};

/// Verifies the bundles and writes the report.
pub(super) fn run(bundle: &BundleArgs, args: &Args) -> Result<u8, Diagnostic> {
    let targets = output::targets(&bundle.output)?;
    let report = examine(bundle)?;
    output::write(&report, &targets, None, args)?;
    runner::add(&report, &targets)?;
    Ok(report.exit_code())
}

/// Judges the bundles by the arguments alone: any one with a good signature about the file is enough.
fn examine(args: &BundleArgs) -> Result<Report, Diagnostic> {
    let policy = Policy::from_flags(signer(&args.signer)?, [Requirement::Signature], None)?;
    let evidence = collect_file(&args.artifact, &args.bundle).map_err(unread)?;
    let trusted = roots::trusted(&args.trust, &Reach::default(), Timestamp::now())?;
    let now = Timestamp::now();
    let image = verify_with(&Threads, &evidence, &policy, &trusted.domains, now);
    let policy = PolicyReport { source: policy.source().to_owned(), file: None, sha256: policy.sha256().to_owned() };
    let environment = environment::used(&trusted.network, &[], false, trusted.has_cached_root);
    let report = output::report(now, policy, &trusted.domains, vec![image], output::network(trusted.network));
    Ok(Report { environment, ..report })
}

fn unread(error: FileTargetError) -> Diagnostic {
    match error {
        FileTargetError::Digest { text, source } => {
            let hint = format!("write sha256: and 64 hexadecimal digits; a file of that name is `./{text}`");
            Diagnostic::usage(source, hint).about(format!("`{text}` is not a digest"))
        }
        FileTargetError::Input(error) => input::no_standard_input(error),
        FileTargetError::File { path, source } => input::unreadable(&path, source),
        FileTargetError::TooManyBundles { path, found, limit } => {
            let message = format!("`{}` has {found} bundles; the limit is {limit}", path.display());
            Diagnostic::usage(message, "split the file")
        }
    }
}
