//! Assembles reports and writes them: to standard output, or to a file as a whole.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use crate::check::{
    DiffReport, ImageReport, Inspection, Listing, Network, PolicyReport, Report, SCHEMA_VERSION, Tool, Verdict,
};
use crate::collect::{NetworkUse, saving};
use crate::render::escape::terminal;
use crate::render::{self, Asked, Delivery, Detail, Head, Images, Note, OUTPUTS, Output, TEXT};
use crate::verify::TrustDomain;

use super::args::Args;
use super::diagnostics::{Diagnostic, Warning};
use super::journal::Journal;
use super::pull_requests::Builds;
use super::targets::{PackageTarget, Target};
use super::{runner, streams};

/// Writes to standard output, for commands without a verdict. A failed write is an error.
pub(super) fn print(text: &[u8]) -> Result<u8, Diagnostic> {
    streams::to_stdout(|out| out.write_all(text)).map_err(lost)?;
    Ok(0)
}

/// Writes what a command shows as JSON to standard output, escaped as reports are.
pub(super) fn print_json(shown: &impl Serialize) -> Result<u8, Diagnostic> {
    to_stdout(|out| render::write_json(shown, out))?;
    Ok(0)
}

/// Proves that at most one report goes to standard output, and that the files of a runner can be written. Without any target the
/// text report goes there.
pub(super) fn targets(wanted: &[Target]) -> Result<Vec<Target>, Diagnostic> {
    if wanted.is_empty() {
        return Ok(vec![Target { output: TEXT, file: None }]);
    }
    if wanted.iter().filter(|target| target.file.is_none()).count() > 1 {
        return Err(two_reports());
    }
    runner::check(wanted)?;
    Ok(wanted.to_vec())
}

/// Two reports for standard output.
pub(super) fn two_reports() -> Diagnostic {
    Diagnostic::usage(
        "two reports cannot both go to standard output",
        "send one of them to a file: `--output json=report.json`",
    )
}

/// The report of a run: its verdict is that of its images joined.
pub(super) fn report(
    started_at: Timestamp,
    policy: PolicyReport,
    domains: &[TrustDomain],
    images: Vec<ImageReport>,
    network: Network,
) -> Report {
    Report {
        schema_version: SCHEMA_VERSION,
        tool: Tool::default(),
        verdict: Verdict::join(images.iter().map(|image| image.verdict)),
        started_at,
        judged_at: None,
        policy,
        verifier: None,
        trust: domains.iter().map(|domain| domain.report().clone()).collect(),
        advisories: None,
        repositories: Vec::new(),
        shard: None,
        images,
        left_out: 0,
        network,
        environment: Vec::new(),
    }
}

/// Returns the report's section about requests to the network.
pub(super) fn network(used: NetworkUse) -> Network {
    Network { requests: used.requests, bytes: used.bytes, hosts: used.hosts.into_iter().collect() }
}

/// The rows on standard output during a run: each image as soon as it and all earlier ones are known.
pub(super) struct Rows {
    output: &'static Output,
    head: Head,
    lost: RefCell<Option<io::Error>>,
}

impl Rows {
    /// Prepares for it, if the format for standard output is written so.
    pub(super) fn begin<'a>(
        references: impl ExactSizeIterator<Item = &'a str>,
        targets: &[Target],
        args: &Args,
    ) -> Option<Self> {
        let output = targets.iter().find(|target| target.file.is_none())?.output;
        let targets = references.len();
        let head = Head { targets, column: render::column(references), detail: detail(args, true) };
        output.begin(&head).then(|| {
            let lost = streams::to_stdout(|out| output.heading(out)).err();
            Self { output, head, lost: RefCell::new(lost) }
        })
    }

    /// Whether a person sees them as they are written.
    pub(super) fn are_on_terminal(&self) -> bool {
        self.head.detail.width.is_some()
    }

    /// Writes one image. A failed write is reported at the end, and the remaining images are examined all the same.
    pub(super) fn add(&self, image: &ImageReport) {
        let mut lost = self.lost.borrow_mut();
        if lost.is_none() {
            *lost = streams::to_stdout(|out| self.output.target(&self.head, image, out)).err();
        }
    }
}

/// The steps for each report as soon as it is known.
pub(super) struct Reader<'a> {
    pub(super) rows: Option<&'a Rows>,
    pub(super) builds: &'a Builds,
    /// Whether the rows are all that is written of an image.
    pub(super) is_only: bool,
    /// Where verdicts are kept for a run that goes on after this one.
    pub(super) journal: Option<&'a Journal>,
}

impl Reader<'_> {
    /// Shows a report, and returns what the end of the run needs of it.
    pub(super) fn read(&self, report: ImageReport) -> ImageReport {
        self.builds.see(&report);
        match self.rows {
            Some(rows) => {
                rows.add(&report);
                if self.is_only { report.without_evidence() } else { report }
            }
            None => report,
        }
    }
}

fn detail(args: &Args, is_stdout: bool) -> Detail {
    let colour = is_stdout && args.color.is_for(&io::stdout());
    let width = if is_stdout { terminal_width() } else { None };
    let images = if args.shows_failures_alone() { Images::Failed } else { Images::All };
    Detail { quiet: args.quiet, verbose: args.shows_details(), images, colour, width }
}

fn head(report: &Report, detail: Detail) -> Head {
    let labels: Vec<String> = report.images.iter().map(render::label_of).collect();
    Head { targets: labels.len(), column: render::column(labels.iter().map(String::as_str)), detail }
}

/// Writes the report to every target; where its rows were written already, what stands below them.
pub(super) fn write(report: &Report, targets: &[Target], rows: Option<&Rows>, args: &Args) -> Result<(), Diagnostic> {
    write_with(targets, |target, out| {
        let head = head(report, detail(args, target.file.is_none()));
        match rows.filter(|_| target.file.is_none()) {
            Some(rows) => match rows.lost.take() {
                Some(error) => Err(error),
                None => target.output.end(&head, report, out),
            },
            None => target.output.write(&head, report, out),
        }
    })
}

/// Returns the report as JSON, without secrets.
pub(super) fn json(report: &Report) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let report = render::json_value(report)?;
    streams::without_secrets(&mut bytes, |out| render::write_json(&report, out))?;
    Ok(bytes)
}

/// Refuses formats that cannot be written for these targets.
pub(super) fn refuse_unfit(targets: &[Target], images: usize, verifier: Option<&str>) -> Result<(), Diagnostic> {
    for target in targets {
        let fit = target.output.check(&Asked { images, verifier });
        fit.map_err(|refusal| Diagnostic::usage(refusal.message, refusal.hint))?;
    }
    if verifier.is_some() && !targets.iter().any(|target| target.output.names_verifier) {
        let names = OUTPUTS.iter().filter(|output| output.names_verifier).map(|output| output.name);
        let names = names.collect::<Vec<_>>().join("=FILE` or `--output ");
        return Err(Diagnostic::usage(
            "--verifier is given, and no verification summary is written",
            format!("add `--output {names}=FILE`, or leave `--verifier` out"),
        ));
    }
    Ok(())
}

/// Prints the notes beside the reports on standard error, each once.
pub(super) fn write_notes(report: &Report, targets: &[Target], args: &Args) -> Result<(), Diagnostic> {
    let mut notes: Vec<Note> = Vec::new();
    for target in targets {
        let is_only = targets.iter().all(|other| other.output == target.output);
        let delivery = Delivery { file: target.file.as_deref(), is_only, quiet: args.quiet };
        notes.extend(target.output.notes(report, &delivery));
    }
    for (position, note) in notes.iter().enumerate() {
        if notes[..position].contains(note) {
            continue;
        }
        match note {
            Note::Report => {
                let mut text = Vec::new();
                let head = head(report, detail(args, false));
                TEXT.write(&head, report, &mut text).map_err(lost)?;
                streams::to_stderr(&String::from_utf8_lossy(&text));
            }
            Note::Warning { message, hint } => Warning::new(message, *hint).print(),
            Note::Line(line) => streams::to_stderr(&format!("{}\n", terminal(line))),
        }
    }
    Ok(())
}

/// Writes the inspection to every target.
pub(super) fn write_inspection(inspection: &Inspection, targets: &[Target]) -> Result<(), Diagnostic> {
    write_with(targets, |target, out| target.output.inspection(inspection, out))
}

/// Writes the list of packages to its target.
pub(super) fn write_packages(listing: &Listing, target: &PackageTarget) -> Result<(), Diagnostic> {
    let render = |out: &mut dyn Write| render::write_packages(listing, target.format, out);
    match &target.file {
        Some(file) => to_file(file, render),
        None => to_stdout(render),
    }
}

/// Writes two images beside each other.
pub(super) fn write_diff(diff: &DiffReport, targets: &[Target], args: &Args) -> Result<(), Diagnostic> {
    write_with(targets, |target, out| target.output.diff(diff, detail(args, target.file.is_none()), out))
}

/// Writes to the files first, so that they exist when a reader sees standard output.
fn write_with(
    targets: &[Target],
    render: impl Fn(&Target, &mut dyn Write) -> io::Result<()>,
) -> Result<(), Diagnostic> {
    for target in targets {
        if let Some(file) = &target.file {
            to_file(file, |out| render(target, out))?;
        }
    }
    for target in targets.iter().filter(|target| target.file.is_none()) {
        to_stdout(|out| render(target, out))?;
    }
    Ok(())
}

fn to_file(file: &Path, render: impl Fn(&mut dyn Write) -> io::Result<()>) -> Result<(), Diagnostic> {
    let mut bytes = Vec::new();
    streams::without_secrets(&mut bytes, |out| render(out)).and_then(|()| saving::save(file, &bytes)).map_err(|error| {
        // The run must not look like a success.
        let message = format!("cannot write the report to `{}`", file.display());
        Diagnostic::undecided(error, "check the folder and the free space").about(message)
    })
}

fn to_stdout(render: impl Fn(&mut dyn Write) -> io::Result<()>) -> Result<(), Diagnostic> {
    streams::to_stdout(|out| render(out)).map_err(lost)
}

/// Standard output that cannot be written.
pub(super) fn lost(error: io::Error) -> Diagnostic {
    Diagnostic::without_hint(error).about("cannot write to standard output")
}

/// The columns of the terminal that standard output is, if it is one.
fn terminal_width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
    io::stdout().is_terminal().then_some(usize::from(width.0))
}
