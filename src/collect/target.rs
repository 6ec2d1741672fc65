//! Opens an image from a registry or a layout, together with every place that may hold its evidence.

use std::rc::Rc;

use super::error::SourceError;
use super::layout::LayoutSource;
use super::limits::Limits;
use super::registry::{GitHubAttestations, GitHubBase, Registries, RegistrySource};
use super::source::{AttestationsPage, CosignTag, Fetched, NextPage, ReferrersPage, Source, Tagged};
use super::spool::Spool;
use crate::evidence::LookedIn;
use crate::oci::{Blob, Descriptor, Digest, ImageName, Reference, RegistryReference};

/// Where evidence is looked for beside the image's own place.
#[derive(Debug, Clone, Copy, Default)]
pub struct Places<'a> {
    /// The repository that holds the evidence instead of the image's own, as `COSIGN_REPOSITORY` has it.
    pub evidence_repository: Option<&'a ImageName>,
    /// GitHub's attestations API.
    pub github: Option<GitHubPlace<'a>>,
    /// Whether `--offline` was given. It changes messages only: the other fields decide which places are searched.
    pub alone: bool,
}

/// The attestations of one repository on GitHub.
#[derive(Debug, Clone, Copy)]
pub struct GitHubPlace<'a> {
    /// Where the API is.
    pub base: &'a GitHubBase,
    /// `owner/name`.
    pub repository: &'a str,
    /// The token that the API is shown.
    pub token: Option<&'a str>,
}

/// An image, and every place where its evidence is looked for.
pub struct ImageSource {
    image: Access,
    evidence: Option<RegistrySource>,
    github: Option<GitHubAttestations>,
    alone: bool,
}

enum Access {
    Registry(RegistrySource),
    Layout(LayoutSource),
}

impl ImageSource {
    /// Opens an image. Nothing is asked of a registry yet; its time starts now.
    pub fn open(
        reference: &Reference,
        places: Places<'_>,
        registries: &Rc<Registries>,
        limits: &Limits,
    ) -> Result<Self, SourceError> {
        let image = match reference {
            Reference::Layout(layout) => Access::Layout(LayoutSource::open(layout, limits)?),
            Reference::Registry(image) => Access::Registry(registries.open(image, limits)?),
            Reference::File(file) => {
                return Err(SourceError::Unexpected {
                    at: file.to_string(),
                    expected: "the name of an image",
                    found: "a file".to_owned(),
                });
            }
            Reference::Npm(package) => {
                return Err(SourceError::Unexpected {
                    at: package.to_string(),
                    expected: "the name of an image",
                    found: "a package of npm".to_owned(),
                });
            }
        };
        let open = |name: &ImageName| {
            let repository = RegistryReference { name: name.clone(), tag: None, digest: None };
            registries.open(&repository, limits)
        };
        let github = places.github.map(|GitHubPlace { base, repository, token }| {
            GitHubAttestations::new(registries, base, repository, token, limits)
        });
        let evidence = places.evidence_repository.map(open).transpose()?;
        Ok(Self { image, evidence, github, alone: places.alone })
    }
}

/// Calls a method of the place that holds the image.
macro_rules! image {
    ($self:ident, $source:ident => $answer:expr) => {
        match &$self.image {
            Access::Registry($source) => $answer,
            Access::Layout($source) => $answer,
        }
    };
}

/// Asks the repository that holds the evidence: one of its own, or else the image's.
macro_rules! evidence {
    ($self:ident, $source:ident => $answer:expr) => {
        match &$self.evidence {
            Some($source) => $answer,
            None => image!($self, $source => $answer),
        }
    };
}

/// The image comes from its own repository or layout. With a separate evidence repository, all lists and the evidence that they
/// name come from that repository alone; the image's own repository is not searched.
impl Source for ImageSource {
    fn name(&self) -> Option<String> {
        image!(self, source => source.name())
    }

    async fn root(&self, limit: u64) -> Result<Fetched, SourceError> {
        image!(self, source => source.root(limit).await)
    }

    async fn manifest(&self, wanted: &Descriptor) -> Result<Fetched, SourceError> {
        image!(self, source => source.manifest(wanted).await)
    }

    async fn listed(&self, digest: &Digest, limit: u64) -> Result<Fetched, SourceError> {
        evidence!(self, source => source.listed(digest, limit).await)
    }

    /// Layers of an image are never requested here, so every blob is evidence. Only BuildKit's statements lie in the image's own
    /// repository.
    async fn blob(&self, wanted: &Descriptor) -> Result<Blob, SourceError> {
        match evidence!(self, source => source.blob(wanted).await) {
            Err(error) if error.is_not_found() && self.evidence.is_some() => {
                image!(self, source => source.blob(wanted).await)
            }
            answer => answer,
        }
    }

    async fn spool(&self, wanted: &Descriptor, to: &Spool) -> Result<(), SourceError> {
        match evidence!(self, source => source.spool(wanted, to).await) {
            Err(error) if error.is_not_found() && self.evidence.is_some() => {
                image!(self, source => source.spool(wanted, to).await)
            }
            answer => answer,
        }
    }

    async fn payload(&self, digest: &Digest, limit: u64) -> Result<Blob, SourceError> {
        evidence!(self, source => source.payload(digest, limit).await)
    }

    async fn referrers(
        &self,
        subject: &Digest,
        page: Option<&NextPage>,
        limit: u64,
    ) -> Result<ReferrersPage, SourceError> {
        evidence!(self, source => source.referrers(subject, page, limit).await)
    }

    async fn referrers_tag(&self, subject: &Digest, limit: u64) -> Result<Fetched, SourceError> {
        evidence!(self, source => source.referrers_tag(subject, limit).await)
    }

    async fn cosign_tag(&self, subject: &Digest, tag: CosignTag, limit: u64) -> Result<Vec<Tagged>, SourceError> {
        evidence!(self, source => source.cosign_tag(subject, tag, limit).await)
    }

    fn reads_both_lists(&self) -> bool {
        evidence!(self, source => source.reads_both_lists())
    }

    fn service(&self) -> Option<String> {
        self.github.as_ref().map(GitHubAttestations::place)
    }

    fn looked_in(&self) -> LookedIn {
        let repository = evidence!(self, source => source.name());
        LookedIn { repository, beside: None, service: self.service(), alone: self.alone }
    }

    async fn attestations(
        &self,
        subject: &Digest,
        page: Option<&NextPage>,
        limit: u64,
    ) -> Result<AttestationsPage, SourceError> {
        match &self.github {
            Some(github) => github.page(subject, page, limit).await,
            None => Err(SourceError::NotFound { at: subject.to_string() }),
        }
    }

    async fn attestation(&self, place: &str, limit: u64) -> Result<Blob, SourceError> {
        match &self.github {
            Some(github) => github.bundle(place, limit).await,
            None => Err(SourceError::NotFound { at: place.to_owned() }),
        }
    }
}
