//! Attestation manifests: lists of in-toto statements beside an image, and the signatures on those lists.
//!
//! BuildKit keeps them in the index (`docs/attestations/attestation-storage.md`); newer ones name their subject and are
//! among its referrers too, and Docker Hardened Images have them only there. A signature on such a manifest covers
//! every statement in it by its digest, so each statement is a candidate once for each signature on the manifest.

use std::collections::{BTreeMap, BTreeSet};

use super::reader::{ManifestRead, Reader};
use crate::collect::source::Source;
use crate::evidence::{AttestationPlace, Origin};
use crate::oci::media_type::{ATTESTATION_MANIFEST, IN_TOTO};
use crate::oci::{Descriptor, Digest, ImageManifest, ListedManifest};

/// An attestation manifest as a list names it.
#[derive(Debug, Clone)]
pub(super) struct Attestation {
    /// The digest of the manifest that lists the statements.
    pub(super) digest: Digest,
    /// The entry of an index that names it. `None` for one that is only among the referrers.
    pub(super) entry: Option<Descriptor>,
    /// What indexes say that it is about.
    pub(super) annotated: BTreeSet<Digest>,
    /// Where it is attached: its subject, and how it was found there. `None` for one that only an index names.
    pub(super) attached: Option<(Digest, Origin)>,
}

impl Attestation {
    /// One that an index names.
    pub(super) fn entry(entry: Descriptor, annotated: BTreeSet<Digest>) -> Self {
        Self { digest: entry.digest.clone(), entry: Some(entry), annotated, attached: None }
    }

    /// One that is among the referrers of a subject, and was read as such.
    pub(super) fn attached(digest: Digest, place: (Digest, Origin)) -> Self {
        Self { digest, entry: None, annotated: BTreeSet::new(), attached: Some(place) }
    }

    /// What must be fetched before it can be read: a referrer was read when it was found.
    pub(super) fn unread(&self) -> Option<&Descriptor> {
        self.entry.as_ref().filter(|_| self.attached.is_none())
    }

    /// The manifest that was fetched before.
    pub(super) fn read<S: Source>(&self, reader: &Reader<S>) -> ManifestRead {
        match self.unread() {
            Some(entry) => reader.manifest(entry),
            None => reader.listed(&self.digest),
        }
    }

    /// Returns the place of evidence that it is.
    pub(super) fn place(&self, searched: bool) -> AttestationPlace {
        let attached = self.attached.iter().map(|(subject, _)| subject);
        let about = self.annotated.iter().chain(attached).cloned().collect();
        AttestationPlace { digest: self.digest.clone(), about, searched }
    }

    /// Whether it may be about one of these subjects.
    pub(super) fn may_concern(&self, subjects: &[Digest]) -> bool {
        let place = self.place(false);
        subjects.iter().any(|subject| place.may_be_about(subject))
    }

    pub(super) fn origin(&self) -> Origin {
        match &self.attached {
            Some((_, origin)) => origin.clone(),
            None => Origin::BuildKit(self.digest.clone()),
        }
    }
}

/// Attestation manifests by their digests. Their number per image is limited.
#[derive(Debug, Default)]
pub(super) struct Attestations {
    known: BTreeMap<Digest, Attestation>,
    /// One that is too many.
    pub(super) beyond_limit: Option<Digest>,
}

impl Attestations {
    /// Adds one, or what another list says of one that is known.
    pub(super) fn add(&mut self, new: Attestation, limit: usize) {
        if let Some(known) = self.known.get_mut(&new.digest) {
            known.annotated.extend(new.annotated);
            known.attached = known.attached.take().or(new.attached);
        } else if self.known.len() >= limit {
            self.beyond_limit = Some(new.digest);
        } else {
            self.known.insert(new.digest.clone(), new);
        }
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&Attestation) -> bool) {
        self.known.retain(|_, attestation| keep(attestation));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Attestation> {
        self.known.values()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    pub(super) fn into_vec(self) -> Vec<Attestation> {
        self.known.into_values().collect()
    }
}

/// Whether a list hints that a manifest holds statements. The hint only decides the order of requests.
pub(super) fn is_hinted(listed: &ListedManifest) -> bool {
    matches!(listed.called.as_str(), ATTESTATION_MANIFEST | IN_TOTO)
}

/// Whether a manifest lists statements.
pub(super) fn lists_statements(image: &ImageManifest) -> bool {
    image.layers.iter().any(is_statement)
}

/// Whether a layer is a statement.
pub(super) fn is_statement(layer: &Descriptor) -> bool {
    layer.media_type == IN_TOTO
}
