//! An image, and what a service beside its registry attests of it.

use super::error::SourceError;
use super::registry::GitHubAttestations;
use super::source::{AttestationsPage, CosignTag, Fetched, NextPage, ReferrersPage, Source, Tagged};
use crate::oci::{Blob, Descriptor, Digest};

/// An image whose attestations are looked for at GitHub too, if that is asked for, beside all places where its own source
/// has them.
pub struct WithAttestations<S> {
    image: S,
    service: Option<GitHubAttestations>,
}

impl<S: Source> WithAttestations<S> {
    /// Adds the service, or none.
    pub fn new(image: S, service: Option<GitHubAttestations>) -> Self {
        Self { image, service }
    }
}

impl<S: Source> Source for WithAttestations<S> {
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
        self.image.listed(digest, limit).await
    }

    async fn blob(&self, wanted: &Descriptor) -> Result<Blob, SourceError> {
        self.image.blob(wanted).await
    }

    async fn payload(&self, digest: &Digest, limit: u64) -> Result<Blob, SourceError> {
        self.image.payload(digest, limit).await
    }

    async fn referrers(
        &self,
        subject: &Digest,
        page: Option<&NextPage>,
        limit: u64,
    ) -> Result<ReferrersPage, SourceError> {
        self.image.referrers(subject, page, limit).await
    }

    async fn referrers_tag(&self, subject: &Digest, limit: u64) -> Result<Fetched, SourceError> {
        self.image.referrers_tag(subject, limit).await
    }

    async fn cosign_tag(&self, subject: &Digest, tag: CosignTag, limit: u64) -> Result<Vec<Tagged>, SourceError> {
        self.image.cosign_tag(subject, tag, limit).await
    }

    fn reads_both_lists(&self) -> bool {
        self.image.reads_both_lists()
    }

    fn service(&self) -> Option<String> {
        self.service.as_ref().map(GitHubAttestations::place)
    }

    async fn attestations(
        &self,
        subject: &Digest,
        page: Option<&NextPage>,
        limit: u64,
    ) -> Result<AttestationsPage, SourceError> {
        match &self.service {
            Some(service) => service.page(subject, page, limit).await,
            None => self.image.attestations(subject, page, limit).await,
        }
    }

    async fn attestation(&self, place: &str, limit: u64) -> Result<Blob, SourceError> {
        match &self.service {
            Some(service) => service.bundle(place, limit).await,
            None => self.image.attestation(place, limit).await,
        }
    }
}
