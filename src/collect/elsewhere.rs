//! An image in one place, and what is attached to it in another.

use std::cell::RefCell;
use std::collections::HashSet;

use super::error::SourceError;
use super::source::{CosignTag, Fetched, NextPage, ReferrersPage, Source, Tagged};
use crate::oci::media_type::OCI_INDEX;
use crate::oci::{Blob, Descriptor, Digest, Manifest};

/// An image whose signatures and attestations are in a repository of their own, as `COSIGN_REPOSITORY` has it.
///
/// All lists are those of that repository, and the image's own has no say. What a list names is found by its digest, so
/// it does not matter in which of the two places it is.
#[derive(Debug)]
pub struct EvidenceElsewhere<I, E> {
    image: I,
    evidence: E,
    /// The manifests that lists of the evidence's place named.
    listed: RefCell<HashSet<Digest>>,
}

impl<I: Source, E: Source> EvidenceElsewhere<I, E> {
    /// Joins the two places.
    pub fn new(image: I, evidence: E) -> Self {
        Self { image, evidence, listed: RefCell::default() }
    }

    fn list(&self, manifests: &[Descriptor]) {
        self.listed.borrow_mut().extend(manifests.iter().map(|manifest| manifest.digest.clone()));
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
        let is_listed = self.listed.borrow().contains(&wanted.digest);
        if is_listed { self.evidence.manifest(wanted).await } else { self.image.manifest(wanted).await }
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
        let page = self.evidence.referrers(subject, page, limit).await?;
        self.list(&page.manifests);
        Ok(page)
    }

    async fn referrers_tag(&self, subject: &Digest, limit: u64) -> Result<Fetched, SourceError> {
        let fetched = self.evidence.referrers_tag(subject, limit).await?;
        // What cannot be read here cannot be read by whoever judges the list, and is said there.
        if let Ok(Manifest::Index(index)) = Manifest::parse(&fetched.blob, Some(OCI_INDEX)) {
            self.list(&index.manifests);
        }
        Ok(fetched)
    }

    async fn cosign_tag(&self, subject: &Digest, tag: CosignTag, limit: u64) -> Result<Vec<Tagged>, SourceError> {
        self.evidence.cosign_tag(subject, tag, limit).await
    }

    fn reads_both_lists(&self) -> bool {
        self.evidence.reads_both_lists()
    }
}
