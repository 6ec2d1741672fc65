//! An image in one place, and what is attached to it in another.

use super::error::SourceError;
use super::source::{CosignTag, Fetched, NextPage, ReferrersPage, Source, Tagged};
use crate::oci::{Blob, Descriptor, Digest};

/// An image whose signatures and attestations are in a repository of their own, as `COSIGN_REPOSITORY` has it.
///
/// All lists are those of that repository, and so is what they name; the image's own repository has no say.
#[derive(Debug)]
pub struct EvidenceElsewhere<I, E> {
    image: I,
    evidence: E,
}

impl<I: Source, E: Source> EvidenceElsewhere<I, E> {
    /// Joins the two places.
    pub fn new(image: I, evidence: E) -> Self {
        Self { image, evidence }
    }
}

impl<I: Source, E: Source> Source for EvidenceElsewhere<I, E> {
    fn name(&self) -> Option<String> {
        self.image.name()
    }

    async fn root(&self, limit: u64) -> Result<Fetched, SourceError> {
        self.image.root(limit).await
    }

    async fn manifest(&self, wanted: &Descriptor) -> Result<Fetched, SourceError> {
        self.image.manifest(wanted).await
    }

    async fn listed(&self, digest: &Digest, limit: u64) -> Result<Fetched, SourceError> {
        self.evidence.listed(digest, limit).await
    }

    /// No layer of an image is ever asked for, so a blob is evidence; only what BuildKit wrote is with the image.
    async fn blob(&self, wanted: &Descriptor) -> Result<Blob, SourceError> {
        match self.evidence.blob(wanted).await {
            Err(error) if error.is_not_found() => self.image.blob(wanted).await,
            answer => answer,
        }
    }

    async fn payload(&self, digest: &Digest, limit: u64) -> Result<Blob, SourceError> {
        self.evidence.payload(digest, limit).await
    }

    async fn referrers(
        &self,
        subject: &Digest,
        page: Option<&NextPage>,
        limit: u64,
    ) -> Result<ReferrersPage, SourceError> {
        self.evidence.referrers(subject, page, limit).await
    }

    async fn referrers_tag(&self, subject: &Digest, limit: u64) -> Result<Fetched, SourceError> {
        self.evidence.referrers_tag(subject, limit).await
    }

    async fn cosign_tag(&self, subject: &Digest, tag: CosignTag, limit: u64) -> Result<Vec<Tagged>, SourceError> {
        self.evidence.cosign_tag(subject, tag, limit).await
    }

    fn reads_both_lists(&self) -> bool {
        self.evidence.reads_both_lists()
    }
}
