//! Output formats. Each is one file of this folder and one line of [`OUTPUTS`](super::OUTPUTS).

use std::io::{self, Write};
use std::path::Path;

use crate::check::{DiffReport, ImageReport, Inspection, Report};

use super::parts::Detail;

/// An output format, as the command line, the documentation and the tests know it.
#[derive(Clone, Copy)]
pub struct Output {
    /// The name on the command line.
    pub name: &'static str,
    /// Its purpose, in one line.
    pub help: &'static str,
    /// Whether it can be written for bundles about a file.
    pub is_for_bundles: bool,
    /// Whether it can be written for audits: it shows findings and gaps of repositories beside those of images.
    pub is_for_audits: bool,
    /// Whether it names who verified.
    pub names_verifier: bool,
    inspection: Option<WriteInspection>,
    diff: Option<WriteDiff>,
    refuse: fn(&Asked<'_>) -> Result<(), Refusal>,
    heading: fn(&mut dyn Write) -> io::Result<()>,
    begin: fn(&Head) -> bool,
    target: fn(&Head, &ImageReport, &mut dyn Write) -> io::Result<()>,
    end: fn(&Head, &Report, &mut dyn Write) -> io::Result<()>,
    notes: fn(&Report, &Delivery<'_>) -> Vec<Note>,
    added: &'static [Added],
}

/// A file that the environment names, that was there before the run, and that a format adds to.
#[derive(Clone, Copy)]
pub struct Added {
    /// The variable that names it.
    pub variable: &'static str,
    /// The most bytes that its reader takes, what was in it before included.
    pub most: usize,
    pub(super) text: fn(&Report, &Room<'_>) -> io::Result<String>,
}

/// Limits for the text of such a file.
#[derive(Debug, Clone, Copy)]
pub struct Room<'a> {
    /// The most bytes that it may have.
    pub bytes: usize,
    /// A delimiter line for values. It is random, so no text from outside can contain it.
    pub delimiter: &'a str,
}

impl Added {
    /// Returns the text for a report.
    pub fn text(&self, report: &Report, room: &Room<'_>) -> io::Result<String> {
        (self.text)(report, room)
    }
}

type WriteDiff = fn(&DiffReport, Detail, &mut dyn Write) -> io::Result<()>;
type WriteInspection = fn(&Inspection, &mut dyn Write) -> io::Result<()>;

/// The facts before the first target.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// How many targets there are.
    pub targets: usize,
    /// How wide the longest of their references is.
    pub column: usize,
    /// How much to say.
    pub detail: Detail,
}

/// What a report is wanted of.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// How many images are verified.
    pub images: usize,
    /// Who verifies.
    pub verifier: Option<&'a str>,
}

/// Why a format cannot be written for the targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The reason.
    pub message: String,
    /// What to do.
    pub hint: &'static str,
}

/// Where a report went.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The file, or standard output.
    pub file: Option<&'a Path>,
    /// Whether the run writes this format and no other.
    pub is_only: bool,
    /// Whether the user wants verdicts alone.
    pub quiet: bool,
}

/// A note beside the report, printed on standard error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The report as text: nothing else says why this one is empty.
    Report,
    /// Something is missing from the report.
    Warning {
        /// The missing part.
        message: String,
        /// What to do.
        hint: &'static str,
    },
    /// What to do with the report.
    Line(String),
}

impl Output {
    /// A format that is written at the end of a run, by this function.
    pub(super) const fn new(
        name: &'static str,
        help: &'static str,
        end: fn(&Head, &Report, &mut dyn Write) -> io::Result<()>,
    ) -> Self {
        Self {
            name,
            help,
            is_for_bundles: false,
            is_for_audits: false,
            names_verifier: false,
            inspection: None,
            diff: None,
            refuse: |_| Ok(()),
            heading: |_| Ok(()),
            begin: |_| false,
            target: |_, _, _| Ok(()),
            end,
            notes: |_, _| Vec::new(),
            added: &[],
        }
    }

    /// Writes each target as soon as it and all before it are known, where `begin` says so.
    pub(super) const fn streamed(
        self,
        begin: fn(&Head) -> bool,
        target: fn(&Head, &ImageReport, &mut dyn Write) -> io::Result<()>,
    ) -> Self {
        Self { begin, target, ..self }
    }

    /// Begins with this, before the first target is known.
    pub(super) const fn with_heading(self, heading: fn(&mut dyn Write) -> io::Result<()>) -> Self {
        Self { heading, ..self }
    }

    /// Can be written of bundles about a file too.
    pub(super) const fn for_bundles(self) -> Self {
        Self { is_for_bundles: true, ..self }
    }

    /// Can be written of audits too.
    pub(super) const fn for_audits(self) -> Self {
        Self { is_for_audits: true, ..self }
    }

    /// Can be written of an inspection too.
    pub(super) const fn for_inspections(self, write: WriteInspection) -> Self {
        Self { inspection: Some(write), ..self }
    }

    /// Can be written of two images beside each other too.
    pub(super) const fn for_diffs(self, write: WriteDiff) -> Self {
        Self { diff: Some(write), ..self }
    }

    /// Names who verified, and cannot be written of everything.
    pub(super) const fn naming_verifier(self, refuse: fn(&Asked<'_>) -> Result<(), Refusal>) -> Self {
        Self { names_verifier: true, refuse, ..self }
    }

    /// Has something to say beside the report.
    pub(super) const fn with_notes(self, notes: fn(&Report, &Delivery<'_>) -> Vec<Note>) -> Self {
        Self { notes, ..self }
    }

    /// Adds to files that the environment names.
    pub(super) const fn adding_to(self, added: &'static [Added]) -> Self {
        Self { added, ..self }
    }

    /// Whether it can be written of an inspection.
    pub fn is_for_inspections(&self) -> bool {
        self.inspection.is_some()
    }

    /// Whether it can be written of two images beside each other.
    pub fn is_for_diffs(&self) -> bool {
        self.diff.is_some()
    }

    /// Refuses what it cannot be written of, before anything is fetched.
    pub fn check(&self, asked: &Asked<'_>) -> Result<(), Refusal> {
        (self.refuse)(asked)
    }

    /// Returns whether targets are written one by one, each by [`target`](Self::target).
    pub fn begin(&self, head: &Head) -> bool {
        (self.begin)(head)
    }

    /// Writes what stands above the targets.
    pub fn heading(&self, out: &mut dyn Write) -> io::Result<()> {
        (self.heading)(out)
    }

    /// Writes one target.
    pub fn target(&self, head: &Head, image: &ImageReport, out: &mut dyn Write) -> io::Result<()> {
        if self.begin(head) { (self.target)(head, image, out) } else { Ok(()) }
    }

    /// Writes the report, or what stands below the targets that were written one by one.
    pub fn end(&self, head: &Head, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        (self.end)(head, report, out)
    }

    /// Writes the whole of a finished report.
    pub fn write(&self, head: &Head, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        self.heading(out)?;
        report.images.iter().try_for_each(|image| self.target(head, image, out))?;
        self.end(head, report, out)
    }

    /// Writes an inspection, if it can be written of one.
    pub fn inspection(&self, inspection: &Inspection, out: &mut dyn Write) -> io::Result<()> {
        self.inspection.map_or(Ok(()), |write| write(inspection, out))
    }

    /// Writes two images beside each other, if it can be written of them.
    pub fn diff(&self, diff: &DiffReport, detail: Detail, out: &mut dyn Write) -> io::Result<()> {
        self.diff.map_or(Ok(()), |write| write(diff, detail, out))
    }

    /// The files that it adds to.
    pub fn added(&self) -> &'static [Added] {
        self.added
    }

    /// What to say beside the report.
    pub fn notes(&self, report: &Report, delivery: &Delivery<'_>) -> Vec<Note> {
        (self.notes)(report, delivery)
    }
}

impl std::fmt::Debug for Output {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

impl PartialEq for Output {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Output {}
