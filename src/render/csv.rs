//! CSV for spreadsheets (RFC 4180): a row for each tag of each image, and one for each finding about the tags of an audited
//! repository. Changes from one release to the next are rows without a verdict.
//!
//! Signers and registries chose most of these texts, so each cell is escaped ([`escape::csv`]).

use std::io::{self, Write};

use crate::check::{ImageReport, ProvenanceReport, ReasonReport, Report, Verdict};
use crate::oci::{LayoutReference, Reference};

use super::cells::of_repository;
use super::drift;
use super::escape;
use super::output::Output;
use super::parts::{Verification, satisfying};

pub(super) const OUTPUT: Output =
    Output::new("csv", "a row for each image and tag, for spreadsheets", |_, report, out| end(report, out))
        .with_heading(|out| write_line(&COLUMNS.map(str::to_owned), out))
        .streamed(|_| true, |_, image, out| rows(image).iter().try_for_each(|row| row.write(out)))
        .for_audits();

const COLUMNS: [&str; 10] =
    ["repository", "tag", "digest", "verdict", "reason", "signer", "issuer", "builder", "source", "signed_at"];

/// One row. A cell without a value is empty.
#[derive(Debug, Clone)]
struct Row {
    repository: String,
    tag: String,
    digest: String,
    verdict: Option<Verdict>,
    reason: String,
    proof: Proof,
}

/// What an image is verified by: only of evidence that satisfies a requirement.
#[derive(Debug, Clone, Default)]
struct Proof {
    signer: String,
    issuer: String,
    builder: String,
    source: String,
    signed_at: String,
}

impl Row {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { repository, tag, digest, verdict, reason, proof } = self.clone();
        let Proof { signer, issuer, builder, source, signed_at } = proof;
        let verdict = verdict.map(|verdict| verdict.to_string()).unwrap_or_default();
        let cells = [repository, tag, digest, verdict, reason, signer, issuer, builder, source, signed_at];
        write_line(&cells, out)
    }
}

fn write_line(cells: &[String; COLUMNS.len()], out: &mut dyn Write) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().map(|cell| escape::csv(cell)).collect();
    write!(out, "{}\r\n", cells.join(","))
}

fn rows(image: &ImageReport) -> Vec<Row> {
    let (repository, tag) = place(&image.reference);
    let tags = if image.tags.is_empty() { vec![tag.unwrap_or_default()] } else { image.tags.clone() };
    let row = Row {
        repository,
        tag: String::new(),
        digest: image.digest.clone().unwrap_or_default(),
        verdict: Some(image.verdict),
        reason: image.reason.as_ref().map(ReasonReport::in_words).unwrap_or_default(),
        proof: Proof::of(image),
    };
    tags.into_iter().map(|tag| Row { tag, ..row.clone() }).collect()
}

/// The repository or layout of a reference, and the tag in it.
fn place(reference: &str) -> (String, Option<String>) {
    match reference.parse() {
        Ok(Reference::Registry(image)) => (image.name.to_string(), image.tag.map(|tag| tag.to_string())),
        Ok(Reference::Layout(layout)) => {
            let tag = layout.tag.clone();
            (Reference::Layout(LayoutReference { tag: None, digest: None, ..layout }).to_string(), tag)
        }
        Ok(Reference::File(file)) => (file.policy_name(), None),
        Ok(Reference::Npm(package)) => (package.policy_name(), Some(package.version().to_owned())),
        Err(_) => (reference.to_owned(), None),
    }
}

impl Proof {
    fn of(image: &ImageReport) -> Self {
        let satisfied = image.requirements.iter().filter(|one| one.verdict == Verdict::Verified);
        let by: Vec<_> = satisfied.filter_map(|one| Some((one, satisfying(image, one)?))).collect();
        let signer = by.iter().find_map(|(_, candidate)| candidate.signer.as_ref());
        let provenance = by.iter().find_map(|(_, candidate)| candidate.says::<ProvenanceReport>());
        let signed_at = by.iter().find_map(|(requirement, candidate)| {
            Verification::of(requirement, candidate).timestamps.first().map(|stamp| stamp.time)
        });
        Self {
            signer: signer.map(|signer| signer.identity.clone()).unwrap_or_default(),
            issuer: signer.map(|signer| signer.issuer.clone()).unwrap_or_default(),
            builder: provenance.map(|provenance| provenance.builder.clone()).unwrap_or_default(),
            source: provenance.and_then(|provenance| provenance.source.clone()).unwrap_or_default(),
            signed_at: signed_at.map(|time| time.to_string()).unwrap_or_default(),
        }
    }
}

/// Writes a row for each finding about a repository's tags, and for each change between releases.
fn end(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for repository in &report.repositories {
        for cell in of_repository(repository).iter().filter(|cell| cell.verdict != Verdict::Verified) {
            let found = cell.findings.first().and_then(|finding| finding.found.clone());
            let row = Row {
                repository: repository.repository.clone(),
                tag: cell.part().unwrap_or_default().to_owned(),
                digest: found.filter(|_| cell.part.is_some()).unwrap_or_default(),
                verdict: Some(cell.verdict),
                reason: cell.findings.first().map(|finding| finding.in_one_line()).unwrap_or_default(),
                proof: Proof::default(),
            };
            row.write(out)?;
        }
    }
    drift::changes(report).try_for_each(|change| of_change(&change).write(out))
}

/// What changed from one release to the next.
fn of_change(change: &drift::Change<'_>) -> Row {
    let differences = change.lines().collect::<Vec<_>>().join("; ");
    Row {
        repository: change.repository.repository.clone(),
        tag: change.release().to_owned(),
        digest: change.drift.digest.clone().unwrap_or_default(),
        verdict: None,
        reason: format!("changed from {}: {differences}", change.after()),
        proof: Proof::default(),
    }
}
