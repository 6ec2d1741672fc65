//! `bonafide doctor`: what stands between this machine and a verdict, one line for each, with the fix.

mod local;
mod network;

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use jiff::Timestamp;
use serde::Serialize;

use crate::check::Tool;
use crate::collect::files;
use crate::oci::{Reference, RegistryReference};
use crate::render::escape::terminal;

use super::args::{Args, LoginArgs, TransportArgs, TrustArgs};
use super::diagnostics::{Diagnostic, Warning};
use super::exit::UNDECIDED;
use super::logins;
use super::output::{print, print_json};
use super::trust::ShowFormat;

const EXAMPLES: &str = "\
Examples:
  bonafide doctor                              the trusted roots, the policy and the environment
  bonafide doctor ghcr.io/acme/app:1.4.2       and the registry: login, proxy, certificates, referrers, clock

Nothing is verified, and nothing secret is shown.

Exit codes: 0 nothing stands in the way (warnings are listed), 2 usage, 3 something does";

/// The version of the JSON shape: additions only within a version.
const SCHEMA_VERSION: u32 = 1;

#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct DoctorArgs {
    /// An image, as it would be verified: its registry is asked
    #[arg(value_name = "REFERENCE")]
    pub(super) reference: Option<String>,
    /// The policy file [default: bonafide.yaml, if it is there]
    #[arg(long, value_name = "FILE")]
    pub(super) policy: Option<PathBuf>,
    /// The name by which the policy judges a layout or archive, which itself has none
    #[arg(long = "as", value_name = "REFERENCE", requires = "reference")]
    pub(super) judged_as: Option<RegistryReference>,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) output: ShowFormat,

    #[command(flatten)]
    pub(super) trust: TrustArgs,

    #[command(flatten)]
    pub(super) login: LoginArgs,

    #[command(flatten)]
    pub(super) transport: TransportArgs,
}

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warning,
    Error,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Line {
    topic: &'static str,
    state: State,
    message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl Line {
    fn ok(topic: &'static str, message: impl Into<String>) -> Self {
        Self { topic, state: State::Ok, message: message.into(), next: None }
    }

    fn warning(topic: &'static str, message: impl Into<String>, next: impl Into<String>) -> Self {
        Self { topic, state: State::Warning, message: message.into(), next: Some(next.into()) }
    }

    fn of_warning(topic: &'static str, warning: &Warning) -> Self {
        Self::warning(topic, warning.message(), warning.hint())
    }

    fn error(topic: &'static str, message: impl Into<String>, next: impl Into<String>) -> Self {
        Self { topic, state: State::Error, message: message.into(), next: Some(next.into()) }
    }

    fn of(topic: &'static str, diagnostic: &Diagnostic) -> Self {
        Self { topic, state: State::Error, message: diagnostic.summary(), next: diagnostic.hint().map(str::to_owned) }
    }
}

/// Everything, as JSON has it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Examination<'a> {
    schema_version: u32,
    tool: Tool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    /// The worst of the lines.
    state: State,
    lines: &'a [Line],
}

/// Looks at everything, and prints it.
pub(super) fn run(doctor: &DoctorArgs, args: &Args) -> Result<u8, Diagnostic> {
    files::limit_silence(doctor.transport.timeout);
    let now = Timestamp::now();
    let given = doctor.reference.as_deref();
    let parsed = given.map(|text| text.parse::<Reference>().map_err(|error| Diagnostic::reference(text, error)));
    let reference = parsed.transpose()?;
    let asked: Vec<&Reference> = reference.iter().collect();
    let logins = logins::logins(&doctor.login, &asked, args.shows_requests())?;
    let mut lines = match &reference {
        Some(Reference::Registry(image)) if !doctor.trust.offline => {
            network::lines(image, logins, &doctor.transport, args.shows_requests())?
        }
        Some(Reference::Registry(_)) => vec![Line::ok("registry", "not asked: --offline is given")],
        Some(layout @ Reference::Layout(_)) => vec![local::layout(given.unwrap_or_default(), layout)],
        None => Vec::new(),
    };
    lines.extend(local::roots(&doctor.trust, now));
    lines.extend(local::policy(doctor, reference.as_ref(), now));
    lines.push(local::environment());
    let state = lines.iter().map(|line| line.state).max().unwrap_or(State::Ok);
    match doctor.output {
        ShowFormat::Text => print(text(&lines).as_bytes())?,
        ShowFormat::Json => {
            let reference = doctor.reference.as_deref();
            let lines = &lines;
            print_json(&Examination { schema_version: SCHEMA_VERSION, tool: Tool::default(), reference, state, lines })?
        }
    };
    Ok(if state == State::Error { UNDECIDED } else { 0 })
}

fn text(lines: &[Line]) -> String {
    let mut page = String::new();
    for line in lines {
        let _ = writeln!(page, "{:<8} {:<12} {}", line.state.as_str(), line.topic, terminal(&line.message));
        if let Some(next) = &line.next {
            let _ = writeln!(page, "         {:<12} → {}", "", terminal(next));
        }
    }
    page
}
