//! Finds an image's subjects and everything that is attached to them.

mod attestation;
mod found;
mod offer;
mod reader;
mod referrer;
mod search;
mod service;
mod statements;
mod subjects;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use attestation::{Attestation, Attestations};
use found::Found;
use offer::Offered;
use reader::Reader;
use search::{OnTheWay, Wanted};

use super::error::SourceError;
use super::limits::{Limits, Share};
use super::source::Source;
use crate::evidence::{AttestationPlace, Content, Evidence, Gap, Target, TargetKind};
use crate::oci::{Digest, Platform};

/// The platforms of an image that are verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlatformChoice {
    /// All that the image has.
    All,
    /// Those that a runtime for one of these platforms would take, at least one.
    These(Vec<Platform>),
}

/// The collection of one image, in steps, so that unneeded evidence is never fetched.
///
/// More evidence never changes the verdict `verified`. So the caller may judge after each step and stop at the first step whose
/// evidence satisfies the policy. The evidence lists the rest as subjects not searched and candidates not read. The verdict
/// `absent` takes all steps.
#[derive(Debug)]
pub struct Collector<S> {
    reader: Reader<S>,
    evidence: Arc<Evidence>,
    /// The attestation manifests that have not been searched.
    attestations: Attestations,
    /// Whether statements beside the image could satisfy anything.
    wants_statements: bool,
    /// The first attestation manifest that is too many.
    left_out: Option<Digest>,
    later: Vec<Offered>,
    /// Whether the documents under cosign's `.sbom` tags are still to be named.
    names_sbom_tags: bool,
}

/// A step fetches everything up to this many times the size of the smallest item left: small items never wait for large
/// ones, and the steps are few.
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
        Self::resolve_among(&Rc::default(), source, reference, choice, limits).await
    }

    /// The same for one of several images, which share what they may hold in memory.
    pub async fn resolve_among(
        share: &Rc<Share>,
        source: S,
        reference: impl Into<String>,
        choice: PlatformChoice,
        limits: Limits,
    ) -> Result<Self, SourceError> {
        let reader = Reader::new(source, limits, Rc::clone(share));
        let (root, manifest) = reader.root().await?;
        let image = Box::pin(subjects::find(&reader, &root, &manifest, &choice)).await?;
        let target = Target {
            reference: reference.into(),
            name: reader.source().name(),
            root,
            kind: TargetKind::Image {
                media_type: manifest.media_type().to_owned(),
                platforms: match &choice {
                    PlatformChoice::All => Vec::new(),
                    PlatformChoice::These(platforms) => platforms.clone(),
                },
            },
            subjects: image.subjects,
        };
        let evidence = Evidence {
            target,
            attestation_manifests: image.attestations.iter().map(|one| one.place(false)).collect(),
            candidates: Vec::new(),
            gaps: Vec::new(),
            looked_in: reader.source().looked_in(),
        };
        let beyond_limit = image.attestations.beyond_limit.clone();
        let mut collector = Self {
            reader,
            evidence: Arc::new(evidence),
            attestations: image.attestations,
            wants_statements: true,
            left_out: None,
            later: Vec::new(),
            names_sbom_tags: false,
        };
        if let Some(digest) = beyond_limit {
            collector.leave_out(AttestationPlace { digest, about: Vec::new(), searched: false });
        }
        Ok(collector)
    }

    /// Skips attestation manifests, for policies that require signatures alone. A signature on an attestation manifest does not
    /// sign the image, so it cannot satisfy such a policy.
    #[must_use]
    pub fn for_signatures_alone(self) -> Self {
        Self { wants_statements: false, ..self }
    }

    /// Names SBOMs under cosign's `.sbom` tags too, which are unsigned, once everything else was searched.
    #[must_use]
    pub fn naming_sbom_tags(self) -> Self {
        Self { names_sbom_tags: true, ..self }
    }

    /// Takes the next step, and returns whether there was one left. The order: small evidence of the root, then its
    /// large evidence from small to large; the same for the platforms and their attestation manifests; attestation
    /// manifests found on the way; unsigned documents, if they are to be named.
    pub async fn step(&mut self) -> bool {
        let root = self.evidence.target.root.clone();
        if self.evidence.target.subjects.iter().any(|subject| !subject.searched && subject.digest == root) {
            let on_the_way = if self.wants_statements { OnTheWay::Alone } else { OnTheWay::Never };
            self.search(|digest| *digest == root, Vec::new(), on_the_way).await;
        } else if let Some(smallest) = self.later.iter().map(Offered::bytes).min() {
            // Large evidence is read for one image at a time.
            self.reader.wait_for_turn().await;
            self.fetch_later(smallest.saturating_mul(GROWTH)).await;
        } else if self.evidence.target.subjects.iter().any(|subject| !subject.searched) {
            let (attestations, on_the_way) = if self.wants_statements {
                (self.take_attestations(), OnTheWay::UpTo(self.may_search()))
            } else {
                (Vec::new(), OnTheWay::Never)
            };
            self.search(|digest| *digest != root, attestations, on_the_way).await;
        } else if self.wants_statements && !self.attestations.is_empty() {
            let attestations = self.take_attestations();
            let image = self.image();
            let found = Box::pin(search::search_attestations(&self.reader, attestations, &image)).await;
            self.add(found);
        } else if std::mem::take(&mut self.names_sbom_tags) {
            let image = self.image();
            let found = Box::pin(search::sbom_tags(&self.reader, &image)).await;
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

    /// Returns the source that the collector reads from, and the limits on reading.
    pub(super) fn source(&self) -> (&S, &Limits) {
        (self.reader.source(), &self.reader.limits)
    }

    /// Takes all steps that are left, including those for evidence that no requirement needs.
    pub(super) async fn finish_whole(&mut self) {
        (self.wants_statements, self.names_sbom_tags) = (true, true);
        self.finish().await;
    }

    /// Returns what has been collected so far.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// Returns the evidence collected so far, to be judged on another thread.
    pub fn shared_evidence(&self) -> Arc<Evidence> {
        Arc::clone(&self.evidence)
    }

    /// Returns what has been collected.
    pub fn into_evidence(self) -> Evidence {
        Arc::unwrap_or_clone(self.evidence)
    }

    /// The evidence, to add to. Between a judgement and the next step it has one owner; another owner would keep the
    /// earlier state.
    fn evidence_mut(&mut self) -> &mut Evidence {
        Arc::make_mut(&mut self.evidence)
    }

    /// The digests of the image's subjects, each once.
    fn image(&self) -> Vec<Digest> {
        let mut seen = HashSet::new();
        let digests = self.evidence.target.subjects.iter().map(|subject| &subject.digest);
        digests.filter(|digest| seen.insert(*digest)).cloned().collect()
    }

    /// How many more attestation manifests may be searched.
    fn may_search(&self) -> usize {
        self.reader.limits.attestation_manifests.saturating_sub(self.evidence.attestation_manifests.len())
    }

    fn take_attestations(&mut self) -> Vec<Attestation> {
        std::mem::take(&mut self.attestations).into_vec()
    }

    async fn search(&mut self, wanted: impl Fn(&Digest) -> bool, attestations: Vec<Attestation>, on_the_way: OnTheWay) {
        let mut digests: Vec<Digest> = Vec::new();
        for subject in &mut self.evidence_mut().target.subjects {
            if !subject.searched && wanted(&subject.digest) {
                subject.searched = true;
                if !digests.contains(&subject.digest) {
                    digests.push(subject.digest.clone());
                }
            }
        }
        let image = self.image();
        let wanted = Wanted { image: &image, subjects: &digests, attestations, on_the_way };
        let found = Box::pin(search::search(&self.reader, wanted)).await;
        self.add(found);
    }

    async fn fetch_later(&mut self, largest: u64) {
        let (now, later) = std::mem::take(&mut self.later).into_iter().partition(|offered| offered.bytes() <= largest);
        let mut found = Found { later, ..Found::default() };
        Box::pin(search::fetch(&self.reader, now, &mut found)).await;
        self.add(found);
    }

    fn add(&mut self, found: Found) {
        for attestation in found.searched {
            let place = attestation.place(true);
            match self.place(&place.digest) {
                Some(known) => known.searched = true,
                None => self.evidence_mut().attestation_manifests.push(place),
            }
        }
        for attestation in found.unsearched {
            let place = attestation.place(false);
            if let Some(known) = self.place(&place.digest) {
                if !known.about.is_empty() {
                    known.about.extend(place.about);
                }
            } else if self.may_search() > 0 {
                self.evidence_mut().attestation_manifests.push(place);
            } else {
                self.leave_out(place);
                continue;
            }
            self.attestations.add(attestation, self.reader.limits.attestation_manifests);
        }
        self.later.extend(found.later);
        let unread: Vec<_> = self.later.iter().map(Offered::unread).collect();
        let evidence = self.evidence_mut();
        evidence.candidates.retain(|candidate| !matches!(candidate.content, Content::Unread { .. }));
        evidence.candidates.extend(found.candidates);
        evidence.candidates.extend(unread);
        evidence.gaps.extend(found.gaps);
    }

    fn place(&mut self, digest: &Digest) -> Option<&mut AttestationPlace> {
        self.evidence_mut().attestation_manifests.iter_mut().find(|place| place.digest == *digest)
    }

    /// Records that the image has more attestation manifests than the limit allows. One such place stands for all of them.
    fn leave_out(&mut self, place: AttestationPlace) {
        if let Some(first) = self.left_out.clone().and_then(|digest| self.place(&digest)) {
            let may_be_any = first.about.is_empty() || place.about.is_empty();
            first.about = if may_be_any { Vec::new() } else { [&*first.about, &place.about].concat() };
            return;
        }
        let limit = self.reader.limits.attestation_manifests;
        let error = found::too_many(&place.digest, "attestation manifests of one image", limit);
        self.evidence_mut().gaps.push(Gap {
            subject: place.digest.clone(),
            what: format!("more attestation manifests, such as {}", place.digest),
            obstacle: error.obstacle(),
        });
        self.left_out = Some(place.digest.clone());
        self.evidence_mut().attestation_manifests.push(AttestationPlace { searched: true, ..place });
    }
}
