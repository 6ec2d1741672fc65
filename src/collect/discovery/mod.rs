//! Finds an image's subjects and everything that is attached to them.

mod reader;
mod referrer;
mod search;
mod service;
mod subjects;
#[cfg(test)]
mod tests;

use reader::Reader;
use search::{Found, Offered};
use subjects::Attestation;

use super::error::SourceError;
use super::limits::Limits;
use super::source::Source;
use crate::evidence::{Content, Evidence};
use crate::oci::{Digest, Platform};

/// The platforms of an image that are verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlatformChoice {
    /// All that the image has.
    All,
    /// Those that a runtime for one of these platforms would take, at least one.
    These(Vec<Platform>),
}

/// The collection of one image, made step by step, so that what is not needed is not fetched.
///
/// More evidence never makes a verified image anything else, so it is sound to judge after each step and to end with the
/// first that satisfies. What was left is in the evidence, as subjects not searched and candidates not read: a verdict of
/// absence takes all steps.
#[derive(Debug)]
pub struct Collector<S> {
    reader: Reader<S>,
    evidence: Evidence,
    attestations: Vec<Attestation>,
    later: Vec<Offered>,
    /// Whether the documents under cosign's `.sbom` tags are still to be named.
    names_sbom_tags: bool,
}

/// A step fetches everything up to this many times the size of the smallest thing left, so that what is small never waits
/// for what is large, and the steps are few.
const GROWTH: u64 = 8;

impl<S: Source> Collector<S> {
    /// Fetches the manifest that the reference names, and finds the image's subjects; the tag is not asked for again.
    ///
    /// `reference` is the text for reports. An image whose parts are not all known cannot be judged, so an index that
    /// cannot be read, a platform that is not there and an exceeded limit are errors here, not gaps.
    pub async fn resolve(
        source: S,
        reference: impl Into<String>,
        choice: PlatformChoice,
        limits: Limits,
    ) -> Result<Self, SourceError> {
        let reader = Reader::new(source, limits);
        let (root, manifest) = reader.root().await?;
        let image = Box::pin(subjects::find(&reader, &root, &manifest, &choice)).await?;
        let evidence = Evidence {
            reference: reference.into(),
            name: reader.source().name(),
            root,
            media_type: manifest.media_type().to_owned(),
            platforms: match &choice {
                PlatformChoice::All => Vec::new(),
                PlatformChoice::These(platforms) => platforms.clone(),
            },
            subjects: image.subjects,
            candidates: Vec::new(),
            gaps: Vec::new(),
        };
        Ok(Self { reader, evidence, attestations: image.attestations, later: Vec::new(), names_sbom_tags: false })
    }

    /// Names SBOMs under cosign's `.sbom` tags too, which nobody signed, once everything else was searched.
    #[must_use]
    pub fn naming_sbom_tags(self) -> Self {
        Self { names_sbom_tags: true, ..self }
    }

    /// Takes the next step, and returns whether there was one left: what is attached to the root, then what of it is large,
    /// from small to large; the same for the platforms; then what nobody signed, if that is to be named.
    pub async fn step(&mut self) -> bool {
        let root = self.evidence.root.clone();
        if self.evidence.subjects.iter().any(|subject| !subject.searched && subject.digest == root) {
            self.search(|digest| *digest == root, &[]).await;
        } else if let Some(smallest) = self.later.iter().map(Offered::bytes).min() {
            self.fetch_later(smallest.saturating_mul(GROWTH)).await;
        } else if !self.attestations.is_empty() || self.evidence.subjects.iter().any(|subject| !subject.searched) {
            self.search_platforms().await;
        } else if std::mem::take(&mut self.names_sbom_tags) {
            let mut digests: Vec<Digest> = Vec::new();
            for subject in &self.evidence.subjects {
                if !digests.contains(&subject.digest) {
                    digests.push(subject.digest.clone());
                }
            }
            let found = Box::pin(search::sbom_tags(&self.reader, &digests)).await;
            self.add(found);
        } else {
            return false;
        }
        true
    }

    /// Takes all steps that are left.
    pub async fn finish(&mut self) {
        while self.step().await {}
    }

    /// Collects what is attached to all other subjects, and what BuildKit put in the index.
    async fn search_platforms(&mut self) {
        let root = self.evidence.root.clone();
        let is_subject = |about: &Digest| self.evidence.subjects.iter().any(|subject| subject.digest == *about);
        let mut attestations = std::mem::take(&mut self.attestations);
        attestations.retain(|attestation| is_subject(&attestation.about));
        self.search(|digest| *digest != root, &attestations).await;
    }

    /// Returns what has been collected so far.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// Returns what has been collected.
    pub fn into_evidence(self) -> Evidence {
        self.evidence
    }

    async fn search(&mut self, wanted: impl Fn(&Digest) -> bool, attestations: &[Attestation]) {
        let mut digests: Vec<Digest> = Vec::new();
        for subject in &mut self.evidence.subjects {
            if !subject.searched && wanted(&subject.digest) {
                subject.searched = true;
                if !digests.contains(&subject.digest) {
                    digests.push(subject.digest.clone());
                }
            }
        }
        let found = Box::pin(search::search(&self.reader, &digests, attestations)).await;
        self.add(found);
    }

    async fn fetch_later(&mut self, largest: u64) {
        let (now, later) = std::mem::take(&mut self.later).into_iter().partition(|offered| offered.bytes() <= largest);
        let mut found = Found { later, ..Found::default() };
        Box::pin(search::fetch(&self.reader, now, &mut found)).await;
        self.add(found);
    }

    fn add(&mut self, found: Found) {
        self.later.extend(found.later);
        self.evidence.candidates.retain(|candidate| !matches!(candidate.content, Content::Unread { .. }));
        self.evidence.candidates.extend(found.candidates);
        self.evidence.candidates.extend(self.later.iter().map(Offered::unread));
        self.evidence.gaps.extend(found.gaps);
    }
}
