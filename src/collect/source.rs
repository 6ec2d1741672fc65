//! Where manifests and blobs come from.

use std::io::Write as _;

use super::error::SourceError;
use super::spool::Spool;
use crate::evidence::LookedIn;
use crate::oci::{Blob, Descriptor, Digest, ListedManifest, ManifestError};

/// An image and everything attached to it, at one place.
///
/// A source only fetches: it checks the digests and sizes it was given and keeps to the limits. What the bytes mean, and
/// what their absence means, is decided in [`super::discovery`].
#[allow(async_fn_in_trait, reason = "a collection runs on one thread, and nothing in it needs `Send`")]
pub trait Source {
    /// Returns the image's name as it is pinned in reports, if it has one.
    fn name(&self) -> Option<String>;

    /// Fetches the manifest that the reference names. Called once for a collection.
    async fn root(&self, limit: u64) -> Result<Fetched, SourceError>;

    /// Fetches a manifest by digest; what comes back has that digest and size.
    async fn manifest(&self, wanted: &Descriptor) -> Result<Fetched, SourceError>;

    /// Fetches a manifest that a list named, of at most `limit` bytes; what comes back has that digest. What the list says of
    /// its size is not asked.
    async fn listed(&self, digest: &Digest, limit: u64) -> Result<Fetched, SourceError>;

    /// Fetches a blob by digest; what comes back has that digest and size.
    async fn blob(&self, wanted: &Descriptor) -> Result<Blob, SourceError>;

    /// Fetches a blob of any size into a file. Whether it is what was wanted is for `Spool::finish` to say.
    async fn spool(&self, wanted: &Descriptor, mut to: &Spool) -> Result<(), SourceError> {
        let blob = self.blob(wanted).await?;
        // The file remembers its own failure.
        let _ = to.write_all(blob.bytes());
        Ok(())
    }

    /// Fetches a blob known only by its digest, of at most `limit` bytes.
    async fn payload(&self, digest: &Digest, limit: u64) -> Result<Blob, SourceError>;

    /// Fetches one page of the list of manifests that name `subject` as their subject.
    ///
    /// [`SourceError::NotFound`] says that this source keeps no such list, and that the fallback tag holds it instead.
    async fn referrers(
        &self,
        subject: &Digest,
        page: Option<&NextPage>,
        limit: u64,
    ) -> Result<ReferrersPage, SourceError>;

    /// Fetches the index under the referrers fallback tag of `subject`.
    async fn referrers_tag(&self, subject: &Digest, limit: u64) -> Result<Fetched, SourceError>;

    /// Fetches what cosign's tag for `subject` names. A layout may hold several such lists.
    async fn cosign_tag(&self, subject: &Digest, tag: CosignTag, limit: u64) -> Result<Vec<Tagged>, SourceError>;

    /// Returns the name of a service beside the registry that keeps bundles too, if there is one to ask.
    fn service(&self) -> Option<String> {
        None
    }

    /// Returns where evidence is looked for, for people.
    fn looked_in(&self) -> LookedIn {
        LookedIn { repository: self.name(), service: self.service(), ..LookedIn::default() }
    }

    /// Fetches one page of what [`Source::service`] has about `subject`.
    ///
    /// [`SourceError::NotFound`] says that it has nothing.
    async fn attestations(
        &self,
        subject: &Digest,
        _page: Option<&NextPage>,
        _limit: u64,
    ) -> Result<AttestationsPage, SourceError> {
        Err(SourceError::NotFound { at: subject.to_string() })
    }

    /// Fetches a bundle that such a page only points at, of at most `limit` bytes.
    async fn attestation(&self, place: &str, _limit: u64) -> Result<Blob, SourceError> {
        Err(SourceError::NotFound { at: place.to_owned() })
    }

    /// Whether the fallback tag is read although [`Source::referrers`] gave a whole list.
    ///
    /// A registry has one or the other; in a layout both are habits of the program that wrote it.
    fn reads_both_lists(&self) -> bool {
        false
    }
}

/// A manifest's bytes and their stated type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The bytes.
    pub blob: Blob,
    /// What the transport or the descriptor says they are.
    pub content_type: Option<String>,
}

/// One page of a list of referrers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferrersPage {
    /// The manifests.
    pub manifests: Vec<ListedManifest>,
    /// Why an entry of the page cannot be looked up, if there is such an entry.
    pub unusable: Option<ManifestError>,
    /// The next page, if there is one.
    pub next: Option<NextPage>,
    /// How long the page was, in bytes.
    pub bytes: u64,
}

/// One page of what a service has about a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestationsPage {
    /// The bundles.
    pub bundles: Vec<Attested>,
    /// The next page, if there is one.
    pub next: Option<NextPage>,
    /// How long the page was, in bytes.
    pub bytes: u64,
}

/// A bundle that a service has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attested {
    /// In the page itself.
    Here(Blob),
    /// At this address; only the source that gave it understands it.
    There(String),
}

/// Where the next page is; only the source that gave it understands it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NextPage(pub String);

/// A manifest found under one of cosign's tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// The tag, or what stands for it.
    pub tag: String,
    /// The manifest.
    pub manifest: Fetched,
}

/// The tags under which cosign keeps legacy evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CosignTag {
    /// `sha256-….sig`.
    Signatures,
    /// `sha256-….att`.
    Attestations,
    /// `sha256-….sbom`: documents that `cosign attach sbom` does not sign.
    Sboms,
}

impl CosignTag {
    /// Returns the part of the tag after the dot.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Signatures => "sig",
            Self::Attestations => "att",
            Self::Sboms => "sbom",
        }
    }
}
