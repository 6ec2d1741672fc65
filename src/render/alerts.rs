//! Shared code of SARIF and GitLab's code quality. An alert points into a file of the repository, and keeps its fingerprint when
//! an image gets another tag.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};

use crate::check::{CheckId, ImageReport, Report, RepositoryReport, Verdict};

use super::cells::{self, Cell};
use super::drift::{self, Change};

/// Where an alert is, if no file of the repository says who must have signed.
const NO_FILE: &str = "bonafide.yaml";

/// A line of a file of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Relative to the root of the repository.
    pub(super) file: String,
    pub(super) line: u32,
}

impl Place {
    /// The line that names the image, where a file was read for it. References from the command line have none.
    pub(super) fn of_image(image: &ImageReport) -> Option<Self> {
        let location = image.location.as_ref()?;
        let line = u32::try_from(location.line).ok()?;
        Some(Self { file: path(&location.file)?.to_owned(), line })
    }

    /// The policy file, or the name that it has by default.
    pub(super) fn of_policy(report: &Report) -> Self {
        let file = report.policy.file.as_deref().and_then(path).unwrap_or(NO_FILE);
        Self { file: file.to_owned(), line: 1 }
    }
}

/// A path, if it is one that readers take: below the working directory, without characters to escape.
fn path(file: &str) -> Option<&str> {
    let file = file.strip_prefix("./").unwrap_or(file);
    let is_plain = |part: &str| {
        !part.is_empty()
            && part != ".."
            && part != "."
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    file.split('/').all(is_plain).then_some(file)
}

/// An image or a repository, with what became of it.
pub(super) struct Judged<'a> {
    pub(super) reference: &'a str,
    /// The same for every tag and digest.
    pub(super) name: &'a str,
    pub(super) cells: Vec<Cell<'a>>,
    /// The line that names it.
    pub(super) place: Option<Place>,
}

/// Makes an alert of each cell that is not verified, and of each change between two releases that someone should look at, `most` at
/// most, with its place and fingerprint. Returns how many more there are.
pub(super) fn alerts<T>(
    report: &Report,
    most: usize,
    alert: impl Fn(&Judged<'_>, &Cell<'_>, &Place, String) -> T,
    of_change: impl Fn(&Change<'_>, &Place, String) -> T,
) -> (Vec<T>, usize) {
    let policy = Place::of_policy(report);
    let mut fingerprints = Fingerprints::default();
    let (mut alerts, mut more) = (Vec::new(), 0);
    for judged in judged(report) {
        for cell in judged.cells.iter().filter(|cell| cell.verdict != Verdict::Verified) {
            if alerts.len() == most {
                more += 1;
            } else {
                let fingerprint = fingerprints.give(&judged, cell);
                alerts.push(alert(&judged, cell, judged.place.as_ref().unwrap_or(&policy), fingerprint));
            }
        }
    }
    for change in drift::changes(report).filter(Change::is_alert) {
        if alerts.len() == most {
            more += 1;
        } else {
            let fingerprint = fingerprints.give_change(&change);
            alerts.push(of_change(&change, &policy, fingerprint));
        }
    }
    (alerts, more)
}

/// What changed, in words.
pub(super) fn said_of_change(change: &Change<'_>) -> Vec<String> {
    let Change { repository, .. } = change;
    let first = format!("{}, changed from {} to {}", repository.repository, change.after(), change.release());
    [first].into_iter().chain(change.lines()).collect()
}

/// Everything that was judged: repositories first, then images.
pub(super) fn judged(report: &Report) -> impl Iterator<Item = Judged<'_>> {
    report.repositories.iter().map(Judged::repository).chain(report.images.iter().map(Judged::image))
}

impl<'a> Judged<'a> {
    fn image(image: &'a ImageReport) -> Self {
        let place = Place::of_image(image);
        Self { reference: &image.reference, name: name(image), cells: cells::cells(image), place }
    }

    fn repository(repository: &'a RepositoryReport) -> Self {
        let name = &repository.repository;
        Self { reference: name, name, cells: cells::of_repository(repository), place: None }
    }

    /// Which cell it is, in words: its reference, the requirement and the platform or tag.
    pub(super) fn parts(&self, cell: &'a Cell<'_>) -> Vec<&'a str> {
        let parts = [self.reference, cell.requirement, cell.part().unwrap_or_default()];
        parts.into_iter().filter(|part| !part.is_empty()).collect()
    }
}

/// Gives each alert its fingerprint.
#[derive(Default)]
struct Fingerprints {
    given: HashMap<String, usize>,
}

impl Fingerprints {
    /// Returns 32 hexadecimal digits: the same in every run for the same check of the same image, with any tag. Equal ones are
    /// numbered.
    pub(super) fn give(&mut self, judged: &Judged<'_>, cell: &Cell<'_>) -> String {
        self.number([cell.check().as_str(), judged.name, cell.part().unwrap_or_default(), cell.requirement])
    }

    /// The same in every run for the same release.
    fn give_change(&mut self, change: &Change<'_>) -> String {
        self.number([CheckId::NotWeaker.as_str(), &change.repository.repository, change.release(), "changes"])
    }

    fn number(&mut self, parts: [&str; 4]) -> String {
        // Each with its length, so that no two lists look alike.
        let key: Vec<String> = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
        let key = key.concat();
        let count = self.given.entry(key.clone()).or_default();
        *count += 1;
        let hash = digest(&SHA256, format!("{key}{count}").as_bytes());
        let hex: Vec<String> = hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        hex.concat()
    }
}

/// The name of an image without tag and digest, or of a package without its version.
fn name(image: &ImageReport) -> &str {
    // A file has no version, and any signs in its name.
    if image.reference.starts_with("file:") {
        return &image.reference;
    }
    // A scope has an `@` of its own.
    if let Some((name, _)) = image.reference.rsplit_once('@').filter(|_| image.reference.starts_with("npm:")) {
        return name;
    }
    let reference = image.pinned.as_deref().unwrap_or(&image.reference);
    let reference = reference.split_once('@').map_or(reference, |(name, _)| name);
    let start =
        ["oci:", "oci-archive:"].iter().find(|scheme| reference.starts_with(**scheme)).map_or(0, |one| one.len());
    match reference[start..].rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => &reference[..start + name.len()],
        _ => reference,
    }
}
