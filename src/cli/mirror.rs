//! `--mirror-of`: the repository that audited ones must equal.

use std::collections::BTreeMap;

use crate::check::{GapReport, MirrorReport, RepositoryReport, Verdict};
use crate::collect::SourceError;
use crate::oci::{Digest, Reference};
use crate::run::{Image, Lister, Original, Release, Releases, Selection, mirror, releases};

use super::diagnostics::Diagnostic;
use super::references;
use super::session::Session;

/// The repository that audited ones must equal.
pub(super) struct MirrorOf {
    name: String,
    repository: Reference,
}

/// What came of one repository.
pub(super) type Compared = (MirrorReport, Vec<GapReport>);

impl MirrorOf {
    /// Reads its name.
    pub(super) fn named(text: &str) -> Result<Self, Diagnostic> {
        let repository = references::repository(text, &references::parse(text)?)?;
        references::refuse_without_layout([(text, &repository)])?;
        let name = match &repository {
            Reference::Registry(image) => image.name.to_string(),
            Reference::Layout(_) | Reference::Npm(_) | Reference::File(_) => text.to_owned(),
        };
        Ok(Self { name, repository })
    }

    pub(super) fn reference(&self) -> &Reference {
        &self.repository
    }

    /// Refuses a comparison of a place with itself, also where a mirror of the run is asked for both: it would say that they are the
    /// same.
    pub(super) fn refuse_itself<'r>(
        &self,
        audited: impl IntoIterator<Item = &'r Reference>,
        session: &Session<'_>,
    ) -> Result<(), Diagnostic> {
        let asked = |reference: &Reference| match reference {
            Reference::Registry(image) => session.registries.asked(&image.name).to_string(),
            other => other.to_string(),
        };
        let own = asked(&self.repository);
        if audited.into_iter().all(|one| asked(one) != own) {
            return Ok(());
        }
        Err(Diagnostic::usage(
            format!("`--mirror-of {}` would compare {own} with itself", self.name),
            "name the repository that the audited one is a copy of, and leave out a `--mirror` that leads to the copy",
        ))
    }

    /// Lists its tags.
    pub(super) async fn list(&self, selection: &Selection, with: &Lister<'_>) -> Result<Releases, SourceError> {
        releases(&self.repository, selection, &BTreeMap::new(), with).await
    }

    /// Compares a repository with it. `parts` of each release are the digests that belong to it.
    pub(super) async fn compare(
        &self,
        (repository, listed): (&Reference, &Releases),
        expected: &Result<Releases, SourceError>,
        parts: &[(&Release, &[Digest])],
        with: &Lister<'_>,
    ) -> Compared {
        let original = Original { name: &self.name, repository: &self.repository, listed: expected };
        let images = parts.iter().filter_map(|(release, parts)| {
            Some(Image { digest: release.digest.as_ref()?, tags: &release.tags, parts })
        });
        let images: Vec<Image<'_>> = images.collect();
        mirror((repository, listed), &original, &images, with).await
    }
}

/// Adds what came of the comparison to the report on a repository.
pub(super) fn add(mut report: RepositoryReport, (mirror, gaps): Compared) -> RepositoryReport {
    let of_gaps = (!gaps.is_empty()).then_some(Verdict::Undecided);
    let of_differences = (!mirror.differences.is_empty()).then_some(Verdict::Rejected);
    let verdict = Verdict::join([report.verdict].into_iter().chain(of_gaps).chain(of_differences));
    report.gaps.extend(gaps);
    RepositoryReport { verdict, mirror: Some(mirror), ..report }
}
