//! Reports put together and on their way out: to standard output, or whole to a file.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use jiff::Timestamp;

use crate::check::{ImageReport, Inspection, Listing, Network, PolicyReport, Report, SCHEMA_VERSION, Tool, Verdict};
use crate::collect::{NetworkUse, saving};
use crate::render::escape::terminal;
use crate::render::{self, Detail, Format};
use crate::verify::Domain;

use super::args::{Args, Colour, PackageTarget, Target};
use super::diagnostics::{Diagnostic, Warning};
use super::streams;

/// Proves that at most one report goes to standard output. Without any target the text report does.
pub(super) fn targets(wanted: &[Target]) -> Result<Vec<Target>, Diagnostic> {
    if wanted.is_empty() {
        return Ok(vec![Target { format: Format::Text, file: None }]);
    }
    if wanted.iter().filter(|target| target.file.is_none()).count() > 1 {
        return Err(Diagnostic::two_reports());
    }
    Ok(wanted.to_vec())
}

/// The report of a run: its verdict is that of its images joined.
pub(super) fn report(
    started_at: Timestamp,
    policy: PolicyReport,
    domains: &[Domain],
    images: Vec<ImageReport>,
    network: Network,
) -> Report {
    Report {
        schema_version: SCHEMA_VERSION,
        tool: Tool::default(),
        verdict: Verdict::join(images.iter().map(|image| image.verdict)),
        started_at,
        policy,
        verifier: None,
        trust: domains.iter().map(|domain| domain.report().clone()).collect(),
        advisories: None,
        images,
        network,
    }
}

/// What was asked of the network, as a report has it.
pub(super) fn network(used: NetworkUse) -> Network {
    Network { requests: used.requests, bytes: used.bytes, hosts: used.hosts.into_iter().collect() }
}

/// The lines of several images on standard output, each written as soon as it and all before it are known.
pub(super) struct Rows {
    column: usize,
    detail: Detail,
    lost: RefCell<Option<io::Error>>,
}

impl Rows {
    /// Prepares for the short report of several images, if that goes to standard output.
    pub(super) fn begin<'a>(
        references: impl ExactSizeIterator<Item = &'a str>,
        targets: &[Target],
        args: &Args,
    ) -> Option<Self> {
        let is_wanted = targets.iter().any(|target| target.file.is_none() && target.format == Format::Text);
        let is_one = references.len() < 2;
        (is_wanted && !is_one && !args.shows_details()).then(|| Self {
            column: render::column(references),
            detail: detail(args, true),
            lost: RefCell::default(),
        })
    }

    /// Writes the line of one image. What cannot be written is said at the end: every image is examined all the same.
    pub(super) fn add(&self, image: &ImageReport) {
        let mut lost = self.lost.borrow_mut();
        if lost.is_none() {
            *lost = streams::to_stdout(|out| render::write_row(image, self.column, self.detail, out)).err();
        }
    }
}

fn detail(args: &Args, is_stdout: bool) -> Detail {
    let colour = is_stdout && coloured(args.color);
    let width = if is_stdout { terminal_width() } else { None };
    Detail { quiet: args.quiet, verbose: args.shows_details(), colour, width }
}

/// Writes the report to every target; where its rows were written already, what stands below them.
pub(super) fn write(report: &Report, targets: &[Target], rows: Option<&Rows>, args: &Args) -> Result<(), Diagnostic> {
    write_with(targets, |target, out| {
        let detail = detail(args, target.file.is_none());
        match rows.filter(|_| target.file.is_none()) {
            Some(rows) => match rows.lost.take() {
                Some(error) => Err(error),
                None => render::write_end(report, detail, out),
            },
            None => render::write(report, target.format, detail, out),
        }
    })
}

/// Says on standard error why an image is not pinned, where there is no other report: whoever takes standard output for a
/// reference sees nothing there.
pub(super) fn explain_missing_pins(report: &Report, args: &Args) -> Result<(), Diagnostic> {
    let mut text = Vec::new();
    if report.verdict != Verdict::Verified {
        let detail = Detail { quiet: args.quiet, verbose: args.shows_details(), colour: false, width: None };
        render::write(report, Format::Text, detail, &mut text).map_err(Diagnostic::stdout)?;
    }
    streams::to_stderr(&String::from_utf8_lossy(&text));
    let is_nameless = |image: &&ImageReport| {
        let has_pin = image.pinned.is_some() || image.platforms.iter().any(|platform| platform.pinned.is_some());
        image.verdict == Verdict::Verified && !has_pin
    };
    for image in report.images.iter().filter(is_nameless) {
        Warning::nothing_to_pin(&image.reference).print();
    }
    Ok(())
}

/// A summary is of one image, and says whose it is.
pub(super) fn refuse_summary_without(
    targets: &[Target],
    verifier: Option<&str>,
    images: usize,
) -> Result<(), Diagnostic> {
    let wanted = targets.iter().any(|target| target.format == Format::Vsa);
    match (wanted, verifier) {
        (true, None) => Err(Diagnostic::summary_of_nobody()),
        (true, Some(_)) if images != 1 => Err(Diagnostic::summary_of_several(images)),
        (false, Some(_)) => Err(Diagnostic::verifier_without_summary()),
        _ => Ok(()),
    }
}

/// Says on standard error how a summary is signed, or why there is none.
pub(super) fn explain_summaries(report: &Report, targets: &[Target], args: &Args) {
    let [image] = report.images.as_slice() else { return };
    for target in targets.iter().filter(|target| target.format == Format::Vsa && !args.quiet) {
        if image.verdict == Verdict::Undecided {
            Warning::no_summary(&image.reference).print();
        } else if render::is_of_several_digests(image) {
            Warning::no_summary_of_several(&image.reference).print();
        } else if let (Some(pinned), Some(file)) = (&image.pinned, &target.file) {
            streams::to_stderr(&format!(
                "the summary is not signed yet: `cosign attest --type {} --predicate {} {}`\n",
                render::VSA_PREDICATE_TYPE,
                terminal(&file.display().to_string()),
                terminal(pinned)
            ));
        }
    }
}

/// Writes the inspection to every target.
pub(super) fn write_inspection(inspection: &Inspection, targets: &[Target]) -> Result<(), Diagnostic> {
    write_with(targets, |target, out| render::write_inspection(inspection, target.format, out))
}

/// Writes the list of packages to its target.
pub(super) fn write_packages(listing: &Listing, target: &PackageTarget) -> Result<(), Diagnostic> {
    let render = |out: &mut dyn Write| render::write_packages(listing, target.format, out);
    match &target.file {
        Some(file) => to_file(file, render),
        None => to_stdout(render),
    }
}

/// Writes to the files first, so that whoever reads standard output finds them there.
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
    streams::without_secrets(&mut bytes, |out| render(out))
        .and_then(|()| saving::save(file, &bytes))
        .map_err(|error| Diagnostic::write(file, error))
}

fn to_stdout(render: impl Fn(&mut dyn Write) -> io::Result<()>) -> Result<(), Diagnostic> {
    streams::to_stdout(|out| render(out)).map_err(Diagnostic::stdout)
}

/// The columns of the terminal that standard output is, if it is one.
fn terminal_width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
    io::stdout().is_terminal().then_some(usize::from(width.0))
}

fn coloured(colour: Colour) -> bool {
    match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}
