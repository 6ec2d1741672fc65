//! `bonafide doctor`: checks everything that a verdict needs from this machine and its network, and prints one line for each,
//! with the fix.

mod line;
mod local;
mod network;

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;

use crate::check::Tool;
use crate::collect::files;
use crate::oci::Reference;
use crate::render::escape::terminal;

use super::args::{DoctorArgs, ShowFormat};
use super::diagnostics::Diagnostic;
use super::exit::UNDECIDED;
use super::output::{print, print_json};
use super::{logins, references};
use line::{Line, State};

/// The version of the JSON shape: additions only within a version.
const SCHEMA_VERSION: u32 = 1;

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
pub(super) fn run(doctor: &DoctorArgs) -> Result<u8, Diagnostic> {
    files::limit_silence(doctor.transport.timeout);
    let now = Timestamp::now();
    let given = doctor.reference.as_deref();
    let reference = given.map(references::parse).transpose()?;
    let asked: Vec<&Reference> = reference.iter().collect();
    let logins = logins::logins(&doctor.login, &asked)?;
    let mut lines = match &reference {
        Some(Reference::Registry(image)) if !doctor.trust.offline => network::lines(image, logins, &doctor.transport)?,
        Some(Reference::Registry(_)) => vec![Line::ok("registry", "not asked: --offline is given")],
        Some(layout @ Reference::Layout(_)) => vec![local::layout(given.unwrap_or_default(), layout)],
        Some(Reference::Npm(package)) => return Err(references::no_image(package)),
        Some(Reference::File(file)) => return Err(references::no_image_but_file(file)),
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
