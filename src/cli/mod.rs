//! The command line: from arguments to an exit code.
//!
//! This module reads arguments, environment, files and the clock, and turns them into a request, a policy and trust domains.
//! After that only [`crate::collect`] reads from outside.

mod advisories;
mod args;
mod audit;
mod bundle;
mod collect;
mod colour;
mod command;
mod compared_with;
mod completions;
mod conformance;
mod containerd;
mod diagnostics;
mod diff;
mod doctor;
mod duration;
mod environment;
mod exit;
mod explain;
mod foreign;
mod from;
mod given;
mod input;
mod inspect;
mod journal;
mod logins;
mod loose;
mod man;
mod mirror;
mod npm;
mod output;
mod packing;
mod policies;
mod policy;
mod policy_check;
mod policy_source;
mod predicate;
mod preview;
mod progress;
mod pull_requests;
mod references;
mod replay;
mod report;
mod roots;
mod runner;
mod runtime;
mod save;
mod sbom_flags;
mod schema;
mod schema_texts;
mod session;
mod shard;
mod streams;
mod targets;
mod terms;
mod told;
mod trust;
mod verify;
mod weaker;
mod words;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches;
use clap::error::ErrorKind;

use crate::render::escape::terminal;

use args::{Args, Command};
use colour::Colour;
use diagnostics::Diagnostic;
use exit::USAGE;
pub use exit::stop_at_panics;

/// Runs the program and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(code) = containerd::answer(&arguments) {
        return ExitCode::from(code);
    }
    let parsed = command::command().try_get_matches_from(&arguments).and_then(|found| Args::from_arg_matches(&found));
    let args = match parsed {
        Ok(args) => args,
        Err(error) => return ExitCode::from(refused(&error, &arguments)),
    };
    if args.shows_requests() {
        told::start();
    }
    match dispatch(&args) {
        Ok(code) => ExitCode::from(code),
        Err(diagnostic) => {
            diagnostic.print(args.color);
            ExitCode::from(diagnostic.exit_code())
        }
    }
}

/// Help and version go to stdout and are a success; everything else is a usage error.
fn refused(error: &clap::Error, arguments: &[OsString]) -> u8 {
    let diagnostic = if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // If standard error is closed the exit code still tells the result.
        let _ = error.print();
        return USAGE;
    } else if error.use_stderr() {
        // Perhaps it is a command line of cosign, gh or slsa-verifier.
        foreign::answer(arguments).unwrap_or_else(|| of_parser(error))
    } else {
        match streams::unless_closed(error.print()) {
            Ok(()) => return 0,
            Err(error) => output::lost(error),
        }
    };
    diagnostic.print(Colour::Auto);
    diagnostic.exit_code()
}

/// Arguments that clap refuses. Its message quotes them, so it is escaped line by line.
fn of_parser(error: &clap::Error) -> Diagnostic {
    let text = error.render().to_string();
    let lines: Vec<&str> = text.lines().collect();
    let message = lines.first().map_or("", |line| line.strip_prefix("error: ").unwrap_or(line));
    // A tip to quote an unknown flag is useless: references never begin with a dash.
    let rest = lines.iter().skip(1).filter(|line| !line.is_empty() && !line.contains("use '-- "));
    let hint: Vec<String> = rest.map(|line| terminal(line.trim()).into_owned()).collect();
    Diagnostic::usage(message, hint.join("\n    "))
}

fn dispatch(args: &Args) -> Result<u8, Diagnostic> {
    match &args.command {
        Command::Verify(verify) => verify::run(verify, args),
        Command::Audit(audit) => audit::run(audit, args),
        Command::Collect(wanted) => collect::run(wanted, args),
        Command::Inspect(inspect) => inspect::run(inspect, args),
        Command::Diff(diff) => diff::run(diff, args),
        Command::Bundle(bundle) => bundle::run(bundle, args),
        Command::VerifyBundle(verify) => conformance::run(verify, args),
        Command::Policy(policy) => policy::run(policy, args),
        Command::Report(command) => report::run(command, args),
        Command::Trust(command) => trust::run(command, args),
        Command::Advisories(command) => advisories::run(command),
        Command::Doctor(doctor) => doctor::run(doctor),
        Command::Explain(explain) => explain::run(explain),
        Command::Schema(schema) => schema::run(schema),
        Command::Completions(completions) => completions::run(completions),
        Command::Man(man) => man::run(man),
    }
}
