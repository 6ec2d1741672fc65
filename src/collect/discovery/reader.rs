//! Reads through a source: within the limits, each digest once.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use futures_util::{StreamExt, stream};

use crate::collect::error::SourceError;
use crate::collect::limits::{Budget, Limits, Share};
use crate::collect::source::{AttestationsPage, CosignTag, Fetched, NextPage, ReferrersPage, Source, Tagged};
use crate::evidence::Opened;
use crate::oci::media_type::{ACCEPTED, essence};
use crate::oci::{Blob, Descriptor, Digest, Manifest, ManifestError};

/// A source, the limits that hold for it, and everything that was read by digest.
#[derive(Debug)]
pub(super) struct Reader<S> {
    source: S,
    pub(super) limits: Limits,
    budget: Budget,
    manifests: RefCell<HashMap<Key, ManifestRead>>,
    /// Manifests that lists named, by their digest alone.
    listed: RefCell<HashMap<Digest, ManifestRead>>,
    /// Each in the one form in which it is read, so that large blobs are held once.
    blobs: RefCell<HashMap<(Form, Key), Result<Read, SourceError>>>,
    payloads: RefCell<HashMap<Digest, Result<Blob, SourceError>>>,
    /// The bytes of evidence that may still be read, counted each time a blob is named.
    judged: Cell<u64>,
}

/// What came of reading a manifest: not read; read but no manifest; a manifest.
pub(super) type ManifestRead = Result<Result<Rc<Manifest>, ManifestError>, SourceError>;

/// What a document names that is bound by a digest itself is remembered under its digest *and* its size: one that gives a
/// wrong size must not spoil the content for another that gives the right one.
type Key = (Digest, u64);

fn key(wanted: &Descriptor) -> Key {
    (wanted.digest.clone(), wanted.size)
}

/// The forms in which blobs are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Form {
    Plain,
    Bundle,
    Envelope,
}

/// A blob in the form in which it was read. An envelope is opened before its bytes are shared.
#[derive(Debug, Clone)]
pub(super) enum Read {
    Plain(Blob),
    Bundle(Opened),
    Envelope(Opened),
}

impl Form {
    fn read(self, blob: Blob) -> Read {
        match self {
            Self::Plain => Read::Plain(blob),
            Self::Bundle => Read::Bundle(Opened::bundle(blob)),
            Self::Envelope => Read::Envelope(Opened::envelope(blob)),
        }
    }
}

impl<S: Source> Reader<S> {
    pub(super) fn new(source: S, limits: Limits, share: Rc<Share>) -> Self {
        let budget = Budget::new(&limits, share);
        let judged = Cell::new(limits.total_bytes);
        Self {
            source,
            limits,
            budget,
            manifests: RefCell::default(),
            listed: RefCell::default(),
            blobs: RefCell::default(),
            payloads: RefCell::default(),
            judged,
        }
    }

    /// Waits until no other image of the run reads large evidence. Without a turn, the bytes count among all images'
    /// bytes.
    pub(super) async fn wait_for_turn(&self) {
        let _ = self.budget.wait_for_turn().await;
    }

    pub(super) fn source(&self) -> &S {
        &self.source
    }

    /// Fetches the manifest that the reference names.
    pub(super) async fn root(&self) -> Result<(Digest, Rc<Manifest>), SourceError> {
        let taken = self.budget.take("the image's manifest", self.limits.manifest).await?;
        let fetched = self.source.root(self.limits.manifest).await?;
        taken.keep(size(&fetched));
        let digest = fetched.blob.digest().clone();
        let manifest = self
            .remember(&fetched, "")
            .map_err(|source| SourceError::Manifest { at: format!("manifest {digest}"), source })?;
        Ok((digest, manifest))
    }

    /// Fetches one page of referrers.
    pub(super) async fn referrers(
        &self,
        subject: &Digest,
        page: Option<&NextPage>,
    ) -> Result<ReferrersPage, SourceError> {
        let taken = self.budget.take("referrers", self.limits.manifest).await?;
        let answer = self.source.referrers(subject, page, self.limits.manifest).await;
        taken.keep(answer.as_ref().map_or(0, |page| page.bytes));
        answer
    }

    /// Fetches what the fallback tag names.
    pub(super) async fn referrers_tag(&self, subject: &Digest) -> Result<Fetched, SourceError> {
        let taken = self.budget.take("fallback tag", self.limits.manifest).await?;
        let fetched = self.source.referrers_tag(subject, self.limits.manifest).await?;
        taken.keep(size(&fetched));
        Ok(fetched)
    }

    /// Fetches what a cosign tag names.
    pub(super) async fn cosign_tag(&self, subject: &Digest, tag: CosignTag) -> Result<Vec<Tagged>, SourceError> {
        let taken = self.budget.take("cosign tag", self.limits.manifest).await?;
        let tagged = self.source.cosign_tag(subject, tag, self.limits.manifest).await?;
        taken.keep(tagged.iter().map(|tagged| size(&tagged.manifest)).sum());
        Ok(tagged)
    }

    /// Fetches one page of what the service has.
    pub(super) async fn attestations(
        &self,
        subject: &Digest,
        page: Option<&NextPage>,
    ) -> Result<AttestationsPage, SourceError> {
        let taken = self.budget.take("attestations", self.limits.service).await?;
        let answer = self.source.attestations(subject, page, self.limits.service).await;
        taken.keep(answer.as_ref().map_or(0, |page| page.bytes));
        answer
    }

    /// Fetches a bundle that the service points at.
    pub(super) async fn attestation(&self, place: &str) -> Result<Blob, SourceError> {
        let taken = self.budget.take("attestation", self.limits.service).await?;
        let bundle = self.source.attestation(place, self.limits.service).await?;
        taken.keep(bundle.bytes().len() as u64);
        Ok(bundle)
    }

    /// Fetches manifests by digest, those that are not there yet, several at once.
    pub(super) async fn fetch_manifests(&self, wanted: impl IntoIterator<Item = &Descriptor>) {
        let missing = missing(wanted, &self.manifests.borrow());
        let reads: Vec<_> = stream::iter(missing.into_iter().map(|wanted| self.fetch_manifest(wanted)))
            .buffered(self.limits.parallel)
            .collect()
            .await;
        self.manifests.borrow_mut().extend(reads);
    }

    /// Returns a manifest that was fetched before.
    pub(super) fn manifest(&self, wanted: &Descriptor) -> ManifestRead {
        read(&self.manifests.borrow(), wanted)?
    }

    /// Fetches manifests that lists named, those that are not there yet, several at once.
    pub(super) async fn fetch_listed(&self, wanted: impl IntoIterator<Item = &Digest>) {
        let mut seen = HashSet::new();
        let mut missing: Vec<&Digest> = wanted.into_iter().collect();
        missing.retain(|digest| !self.listed.borrow().contains_key(digest) && seen.insert(*digest));
        let reads: Vec<_> = stream::iter(missing.into_iter().map(|digest| self.fetch_one_listed(digest)))
            .buffered(self.limits.parallel)
            .collect()
            .await;
        self.listed.borrow_mut().extend(reads);
    }

    /// Returns a manifest that a list named and that was fetched before.
    pub(super) fn listed(&self, digest: &Digest) -> ManifestRead {
        let not_asked = || Err(SourceError::NotFound { at: digest.to_string() });
        self.listed.borrow().get(digest).cloned().unwrap_or_else(not_asked)
    }

    async fn fetch_one_listed(&self, digest: &Digest) -> (Digest, ManifestRead) {
        let read = async {
            // A list may state any size: as much is set aside as a manifest may have at most.
            let taken = self.budget.take("manifest", self.limits.manifest).await?;
            let fetched = self.source.listed(digest, self.limits.manifest).await?;
            taken.keep(size(&fetched));
            Ok(parse(&fetched, "").map(Rc::new))
        };
        (digest.clone(), read.await)
    }

    /// Fetches blobs by digest, those that are not there yet, several at once.
    pub(super) async fn fetch_blobs(&self, wanted: impl IntoIterator<Item = (Form, &Descriptor)>) {
        let mut missing: Vec<(Form, &Descriptor)> = wanted.into_iter().collect();
        let mut seen = HashSet::new();
        missing.retain(|(form, wanted)| {
            let key = (*form, key(wanted));
            !self.blobs.borrow().contains_key(&key) && seen.insert(key)
        });
        let reads: Vec<_> = stream::iter(missing.into_iter().map(|(form, wanted)| self.fetch_blob(form, wanted)))
            .buffered(self.limits.parallel)
            .collect()
            .await;
        self.blobs.borrow_mut().extend(reads);
    }

    /// Returns a blob that was fetched before in this form.
    pub(super) fn blob(&self, form: Form, wanted: &Descriptor) -> Result<Read, SourceError> {
        let not_asked = || Err(SourceError::NotFound { at: wanted.digest.to_string() });
        self.blobs.borrow().get(&(form, key(wanted))).cloned().unwrap_or_else(not_asked)
    }

    /// Returns a blob that was fetched before as it is.
    pub(super) fn plain_blob(&self, wanted: &Descriptor) -> Result<Blob, SourceError> {
        match self.blob(Form::Plain, wanted)? {
            Read::Plain(blob) => Ok(blob),
            Read::Bundle(_) | Read::Envelope(_) => Err(SourceError::NotFound { at: wanted.digest.to_string() }),
        }
    }

    /// Takes the bytes of one piece of evidence from what may be read as such; `false` if fewer are left.
    pub(super) fn may_judge(&self, bytes: u64) -> bool {
        let left = self.judged.get().checked_sub(bytes);
        left.inspect(|left| self.judged.set(*left)).is_some()
    }

    /// Fetches payloads known only by their digests, several at once.
    pub(super) async fn fetch_payloads(&self, wanted: impl IntoIterator<Item = Digest>) {
        let missing: HashSet<Digest> =
            wanted.into_iter().filter(|digest| !self.payloads.borrow().contains_key(digest)).collect();
        let reads: Vec<_> = stream::iter(missing.into_iter().map(|digest| self.fetch_payload(digest)))
            .buffered(self.limits.parallel)
            .collect()
            .await;
        self.payloads.borrow_mut().extend(reads);
    }

    /// Returns a payload that was fetched before.
    pub(super) fn payload(&self, digest: &Digest) -> Result<Blob, SourceError> {
        let not_asked = || Err(SourceError::NotFound { at: digest.to_string() });
        self.payloads.borrow().get(digest).cloned().unwrap_or_else(not_asked)
    }

    async fn fetch_payload(&self, digest: Digest) -> (Digest, Result<Blob, SourceError>) {
        let read = async {
            let taken = self.budget.take("payload", self.limits.signature).await?;
            let blob = self.source.payload(&digest, self.limits.signature).await?;
            taken.keep(blob.bytes().len() as u64);
            Ok(blob)
        }
        .await;
        (digest, read)
    }

    async fn fetch_manifest(&self, wanted: &Descriptor) -> (Key, ManifestRead) {
        let read = async {
            check_size(wanted, "bytes of a manifest", self.limits.manifest)?;
            let taken = self.budget.take("manifest", wanted.size).await?;
            let fetched = self.source.manifest(wanted).await?;
            taken.keep(wanted.size);
            Ok(parse(&fetched, &wanted.media_type).map(Rc::new))
        };
        (key(wanted), read.await)
    }

    async fn fetch_blob(&self, form: Form, wanted: &Descriptor) -> ((Form, Key), Result<Read, SourceError>) {
        let read = async {
            let taken = self.budget.take("blob", wanted.size).await?;
            let blob = self.source.blob(wanted).await?;
            taken.keep(wanted.size);
            Ok(form.read(blob))
        };
        ((form, key(wanted)), read.await)
    }

    /// Reads a manifest that was found under a tag, and remembers it under its digest.
    pub(super) fn remember(&self, fetched: &Fetched, hint: &str) -> Result<Rc<Manifest>, ManifestError> {
        let manifest = Rc::new(parse(fetched, hint)?);
        let key = (fetched.blob.digest().clone(), size(fetched));
        self.manifests.borrow_mut().insert(key, Ok(Ok(Rc::clone(&manifest))));
        Ok(manifest)
    }
}

/// Refuses a blob whose declared size exceeds the limit, before fetching it (A062).
pub(super) fn check_size(wanted: &Descriptor, limit: &'static str, allowed: u64) -> Result<(), SourceError> {
    if wanted.size <= allowed {
        return Ok(());
    }
    Err(SourceError::Limit { at: wanted.digest.to_string(), limit, allowed, found: wanted.size.to_string() })
}

fn size(fetched: &Fetched) -> u64 {
    fetched.blob.bytes().len() as u64
}

/// The wanted that have not been read, each once.
fn missing<'a, T>(wanted: impl IntoIterator<Item = &'a Descriptor>, read: &HashMap<Key, T>) -> Vec<&'a Descriptor> {
    let mut seen = HashSet::new();
    wanted.into_iter().filter(|wanted| !read.contains_key(&key(wanted)) && seen.insert(key(wanted))).collect()
}

fn read<T: Clone>(read: &HashMap<Key, T>, wanted: &Descriptor) -> Result<T, SourceError> {
    read.get(&key(wanted)).cloned().ok_or_else(|| SourceError::NotFound { at: wanted.digest.to_string() })
}

/// Reads a manifest as its transport says. The hint of a descriptor is asked only when neither the transport nor the
/// document says what the document is.
fn parse(fetched: &Fetched, hint: &str) -> Result<Manifest, ManifestError> {
    let content_type = fetched.content_type.as_deref();
    let read = Manifest::parse(&fetched.blob, content_type);
    let transport_says = content_type.is_some_and(|text| ACCEPTED.contains(&essence(text).as_str()));
    match read {
        Err(ManifestError::UnsupportedType { .. }) if !transport_says && ACCEPTED.contains(&hint) => {
            Manifest::parse(&fetched.blob, Some(hint))
        }
        read => read,
    }
}
