//! A source that records its answers: the manifests and blobs read for an image, in their original bytes, for a pack.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use super::discovery::Collector;
use super::error::SourceError;
use super::limits::Limits;
use super::source::{AttestationsPage, Attested, CosignTag, Fetched, NextPage, ReferrersPage, Source, Tagged};
use crate::evidence::LookedIn;
use crate::oci::media_type::OCI_MANIFEST;
use crate::oci::{Blob, Descriptor, Digest, ListedManifest, Manifest};

/// Stores the recorded bytes.
pub trait Keeper {
    /// Stores the bytes under their digest.
    fn keep(&self, blob: &Blob) -> io::Result<()>;
}

/// A source, and the recording of its answers if there is one.
pub struct Recorded<S> {
    source: S,
    recording: Option<Rc<Recording>>,
}

/// The recording of one image, filled while the image is read.
pub struct Recording {
    keeper: Rc<dyn Keeper>,
    kept: RefCell<Kept>,
    open: RefCell<Open>,
    /// Whether the fallback tag counts beside a list.
    reads_both: Cell<bool>,
}

/// The answers of a source about one image. The [`Keeper`] has the bytes.
#[derive(Debug, Default)]
pub struct Kept {
    /// The manifest that the reference named.
    pub root: Option<Digest>,
    /// Every manifest that was read.
    pub manifests: BTreeMap<Digest, KeptManifest>,
    /// The entries of the lists of referrers, by subject. Subjects without such a list are missing here.
    pub referrers: BTreeMap<Digest, Vec<ListedManifest>>,
    /// The digest that the fallback tag names, by subject, for subjects without a list.
    pub fallback: BTreeMap<Digest, Digest>,
    /// cosign's tags, each with the digest that it names.
    pub cosign: BTreeSet<(String, Digest)>,
    /// The layers of the images, as their manifests name them.
    pub layers: Vec<Descriptor>,
    /// The bundles of a service beside the registry: subject, digest of the bundle, and its size in bytes.
    pub service: BTreeSet<(Digest, Digest, u64)>,
}

/// A recorded manifest.
#[derive(Debug, Clone)]
pub struct KeptManifest {
    /// Its media type, as stated by the source or by the manifest itself.
    pub media_type: String,
    /// Its length in bytes.
    pub size: u64,
    /// The digest in its `subject` field.
    pub subject: Option<Digest>,
}

/// State that is needed only while answers come in.
#[derive(Default)]
struct Open {
    /// The images in the image's indexes.
    entries: Vec<Descriptor>,
    /// The configurations of its images.
    configurations: Vec<Descriptor>,
    /// Subjects whose list has further pages that were not read, each with the place of the request.
    lists: BTreeMap<Digest, String>,
    /// Failures of fallback tags, by subject. A failure counts where the tag counts.
    fallback: BTreeMap<Digest, SourceError>,
    /// The subject of each bundle that a service keeps at another address, by that address.
    promised: BTreeMap<String, Digest>,
    /// Failed reads of content that may exist.
    unread: Vec<SourceError>,
}

/// The role of a manifest: part of the image, or evidence.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    OfImage,
    OfEvidence,
}

impl Recording {
    /// Starts an empty recording.
    pub fn new(keeper: Rc<dyn Keeper>) -> Rc<Self> {
        Rc::new(Self { keeper, kept: RefCell::default(), open: RefCell::default(), reads_both: Cell::new(false) })
    }

    /// Returns the recorded answers. A failed read is an error: evidence that could not be read must never look absent in a pack.
    pub fn finish(&self) -> Result<Kept, SourceError> {
        let (mut kept, mut open) = (self.kept.take(), self.open.take());
        // A list of referrers replaces the fallback tag, unless the source reads both.
        let Kept { referrers, fallback, .. } = &mut kept;
        let counts = |subject: &Digest| self.reads_both.get() || !referrers.contains_key(subject);
        fallback.retain(|subject, _| counts(subject));
        let failed = open.fallback.into_iter().filter(|(subject, _)| counts(subject));
        open.unread.extend(failed.map(|(_, error)| error));
        let more = |at| SourceError::Limit { at, limit: "pages of a list", allowed: 0, found: "more".to_owned() };
        open.unread.extend(open.lists.into_values().map(more));
        open.unread.into_iter().next().map_or(Ok(kept), Err)
    }

    fn keep(&self, blob: &Blob) -> Result<(), SourceError> {
        let failed = |error| SourceError::NotKept { at: blob.digest().to_string(), source: Arc::new(error) };
        self.keeper.keep(blob).map_err(failed)
    }

    fn keep_manifest(&self, fetched: &Fetched, part: Part) -> Result<(), SourceError> {
        self.keep(&fetched.blob)?;
        let parsed = Manifest::parse(&fetched.blob, fetched.content_type.as_deref()).ok();
        let stated = fetched.content_type.clone().filter(|text| !text.is_empty());
        let read = || parsed.as_ref().map_or(OCI_MANIFEST, Manifest::media_type).to_owned();
        let kept = KeptManifest {
            media_type: stated.unwrap_or_else(read),
            size: fetched.blob.bytes().len() as u64,
            subject: parsed.as_ref().and_then(Manifest::subject).map(|subject| subject.digest.clone()),
        };
        self.kept.borrow_mut().manifests.entry(fetched.blob.digest().clone()).or_insert(kept);
        let mut open = self.open.borrow_mut();
        match parsed.filter(|_| part == Part::OfImage) {
            Some(Manifest::Index(index)) => open.entries.extend(index.manifests),
            Some(Manifest::Image(image)) => {
                open.configurations.push(image.config);
                self.kept.borrow_mut().layers.extend(image.layers);
            }
            None => {}
        }
        Ok(())
    }

    /// Remembers a failure, unless it is "not found".
    fn failed(&self, error: &SourceError) {
        if !error.is_not_found() {
            self.open.borrow_mut().unread.push(error.clone());
        }
    }

    /// Records a manifest, or the failure to read it.
    fn see(&self, answer: &Result<Fetched, SourceError>, part: Part) -> Result<(), SourceError> {
        match answer {
            Ok(fetched) => self.keep_manifest(fetched, part)?,
            Err(error) => self.failed(error),
        }
        Ok(())
    }

    /// Records a blob, or the failure to read it.
    fn see_blob(&self, answer: &Result<Blob, SourceError>) -> Result<(), SourceError> {
        match answer {
            Ok(blob) => self.keep(blob)?,
            Err(error) => self.failed(error),
        }
        Ok(())
    }

    fn see_referrers(&self, subject: &Digest, answer: &Result<ReferrersPage, SourceError>) {
        let page = match answer {
            Ok(page) => page,
            Err(error) => return self.failed(error),
        };
        let (mut kept, mut open) = (self.kept.borrow_mut(), self.open.borrow_mut());
        kept.referrers.entry(subject.clone()).or_default().extend(page.manifests.iter().cloned());
        let at = || format!("referrers of {subject}");
        match &page.next {
            Some(_) => drop(open.lists.insert(subject.clone(), at())),
            None => drop(open.lists.remove(subject)),
        }
        let unusable = page.unusable.clone();
        open.unread.extend(unusable.map(|source| SourceError::Manifest { at: at(), source }));
    }

    fn see_attestations(&self, subject: &Digest, page: &AttestationsPage) -> Result<(), SourceError> {
        for bundle in &page.bundles {
            match bundle {
                Attested::Here(bundle) => self.keep_bundle(subject, bundle)?,
                Attested::There(place) => {
                    self.open.borrow_mut().promised.insert(place.clone(), subject.clone());
                }
            }
        }
        Ok(())
    }

    fn keep_bundle(&self, subject: &Digest, bundle: &Blob) -> Result<(), SourceError> {
        self.keep(bundle)?;
        let size = bundle.bytes().len() as u64;
        self.kept.borrow_mut().service.insert((subject.clone(), bundle.digest().clone(), size));
        Ok(())
    }
}

impl<S: Source> Recorded<S> {
    /// Records the answers of a source if `recording` is given.
    pub fn new(source: S, recording: Option<Rc<Recording>>) -> Self {
        if let Some(recording) = &recording {
            recording.reads_both.set(source.reads_both_lists());
        }
        Self { source, recording }
    }

    /// Reads content that verification does not need: the manifests of the image's platforms, and their configurations. No
    /// verdict depends on them, so a missing one is left out.
    pub async fn complete(&self, subjects: &[Digest], limits: &Limits) {
        let Some(recording) = &self.recording else { return };
        let wanted: Vec<Descriptor> = {
            let (kept, open) = (recording.kept.borrow(), recording.open.borrow());
            let is_wanted = |entry: &&Descriptor| {
                entry.size <= limits.manifest
                    && subjects.contains(&entry.digest)
                    && !kept.manifests.contains_key(&entry.digest)
            };
            open.entries.iter().filter(is_wanted).cloned().collect()
        };
        for entry in wanted {
            let _ = self.manifest(&entry).await;
        }
        let configurations = std::mem::take(&mut recording.open.borrow_mut().configurations);
        for configuration in configurations.iter().filter(|entry| entry.size <= limits.manifest) {
            let _ = self.blob(configuration).await;
        }
    }
}

impl<S: Source> Collector<Recorded<S>> {
    /// Reads and records the rest of the image and its evidence, beyond the part that verification needed.
    pub async fn read_the_rest(&mut self) {
        self.finish_whole().await;
        let subjects: Vec<Digest> =
            self.evidence().target.subjects.iter().map(|subject| subject.digest.clone()).collect();
        let (source, limits) = self.source();
        source.complete(&subjects, limits).await;
    }
}

/// Passes an answer to the recording, if there is one. A failure to store the bytes is a failed read.
macro_rules! shown {
    ($self:ident, $answer:ident, $recording:ident => $see:expr) => {{
        if let Some($recording) = &$self.recording {
            $see?;
        }
        $answer
    }};
}

impl<S: Source> Source for Recorded<S> {
    fn name(&self) -> Option<String> {
        self.source.name()
    }

    async fn root(&self, limit: u64) -> Result<Fetched, SourceError> {
        let answer = self.source.root(limit).await;
        if let (Some(recording), Ok(fetched)) = (&self.recording, &answer) {
            recording.kept.borrow_mut().root = Some(fetched.blob.digest().clone());
        }
        shown!(self, answer, recording => recording.see(&answer, Part::OfImage))
    }

    async fn manifest(&self, wanted: &Descriptor) -> Result<Fetched, SourceError> {
        let answer = self.source.manifest(wanted).await;
        shown!(self, answer, recording => recording.see(&answer, Part::OfImage))
    }

    async fn listed(&self, digest: &Digest, limit: u64) -> Result<Fetched, SourceError> {
        let answer = self.source.listed(digest, limit).await;
        shown!(self, answer, recording => recording.see(&answer, Part::OfEvidence))
    }

    async fn blob(&self, wanted: &Descriptor) -> Result<Blob, SourceError> {
        let answer = self.source.blob(wanted).await;
        shown!(self, answer, recording => recording.see_blob(&answer))
    }

    async fn payload(&self, digest: &Digest, limit: u64) -> Result<Blob, SourceError> {
        let answer = self.source.payload(digest, limit).await;
        shown!(self, answer, recording => recording.see_blob(&answer))
    }

    async fn referrers(
        &self,
        subject: &Digest,
        page: Option<&NextPage>,
        limit: u64,
    ) -> Result<ReferrersPage, SourceError> {
        let answer = self.source.referrers(subject, page, limit).await;
        if let Some(recording) = &self.recording {
            recording.see_referrers(subject, &answer);
        }
        answer
    }

    async fn referrers_tag(&self, subject: &Digest, limit: u64) -> Result<Fetched, SourceError> {
        let answer = self.source.referrers_tag(subject, limit).await;
        let Some(recording) = &self.recording else { return answer };
        match &answer {
            Ok(fetched) => {
                recording.keep_manifest(fetched, Part::OfEvidence)?;
                recording.kept.borrow_mut().fallback.insert(subject.clone(), fetched.blob.digest().clone());
            }
            Err(error) if error.is_not_found() => {}
            Err(error) => drop(recording.open.borrow_mut().fallback.insert(subject.clone(), error.clone())),
        }
        answer
    }

    async fn cosign_tag(&self, subject: &Digest, tag: CosignTag, limit: u64) -> Result<Vec<Tagged>, SourceError> {
        let answer = self.source.cosign_tag(subject, tag, limit).await;
        let Some(recording) = &self.recording else { return answer };
        match &answer {
            Ok(all) => {
                for tagged in all {
                    recording.keep_manifest(&tagged.manifest, Part::OfEvidence)?;
                    let name = subject.cosign_tag(tag.suffix());
                    recording.kept.borrow_mut().cosign.insert((name, tagged.manifest.blob.digest().clone()));
                }
            }
            // Unsigned documents prove nothing, so an unreadable one does not make the pack incomplete.
            Err(_) if tag == CosignTag::Sboms => {}
            Err(error) => recording.failed(error),
        }
        answer
    }

    fn service(&self) -> Option<String> {
        self.source.service()
    }

    fn looked_in(&self) -> LookedIn {
        self.source.looked_in()
    }

    async fn attestations(
        &self,
        subject: &Digest,
        page: Option<&NextPage>,
        limit: u64,
    ) -> Result<AttestationsPage, SourceError> {
        let answer = self.source.attestations(subject, page, limit).await;
        let Some(recording) = &self.recording else { return answer };
        match &answer {
            Ok(page) => recording.see_attestations(subject, page)?,
            Err(error) => recording.failed(error),
        }
        answer
    }

    async fn attestation(&self, place: &str, limit: u64) -> Result<Blob, SourceError> {
        let answer = self.source.attestation(place, limit).await;
        let Some(recording) = &self.recording else { return answer };
        let promised = recording.open.borrow().promised.get(place).cloned();
        match (&answer, promised) {
            (Ok(bundle), Some(subject)) => recording.keep_bundle(&subject, bundle)?,
            (Ok(_), None) => {}
            // The page names this bundle, so "not found" is a failure too.
            (Err(error), _) => recording.open.borrow_mut().unread.push(error.clone()),
        }
        answer
    }

    fn reads_both_lists(&self) -> bool {
        self.source.reads_both_lists()
    }
}
