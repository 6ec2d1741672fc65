//! The statements that attestation manifests list, each with each signature on the manifest.

use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use super::attestation::{Attestation, is_statement};
use super::found::{Found, too_many};
use super::offer::{Offer, Offered};
use super::reader::{Reader, check_size};
use super::referrer::{ignored, name_statement};
use crate::collect::error::SourceError;
use crate::collect::source::Source;
use crate::evidence::{AttestationManifest, Candidate, Origin};
use crate::oci::media_type::IN_TOTO;
use crate::oci::{Descriptor, Digest, ImageManifest, Manifest};

/// An attestation manifest that was read, and what was found on it.
pub(super) struct Searched {
    pub(super) attestation: Attestation,
    /// The signatures on the manifest, and everything else that is attached to it.
    pub(super) attached: Vec<Offered>,
}

impl Searched {
    fn signatures(&self) -> impl Iterator<Item = &Offered> {
        self.attached.iter().filter(|offered| matches!(offered.offer, Offer::Blob(..)))
    }

    fn is_signed(&self) -> bool {
        self.signatures().next().is_some()
    }

    /// The manifest, unless it could not be read; then that is a gap.
    fn read<S: Source>(&self, reader: &Reader<S>, found: &mut Found) -> Option<Rc<Manifest>> {
        let digest = &self.attestation.digest;
        let read = self.attestation.read(reader);
        let read =
            read.and_then(|read| read.map_err(|source| SourceError::Manifest { at: digest.to_string(), source }));
        match read {
            Ok(manifest) => Some(manifest),
            Err(error) => {
                found.gap(digest, format!("attestation manifest {digest}"), &error);
                None
            }
        }
    }

    /// The subjects of the image that the index or the manifest itself names.
    fn about(&self, manifest: &Manifest, subjects: &[Digest]) -> Vec<Digest> {
        let own = manifest.subject().map(|subject| &subject.digest);
        let claimed: BTreeSet<&Digest> = self.attestation.annotated.iter().chain(own).collect();
        subjects.iter().filter(|subject| claimed.contains(subject)).cloned().collect()
    }
}

/// The layers of attestation manifests without a signature, to be shown.
pub(super) fn unsigned_layers<S: Source>(reader: &Reader<S>, searched: &[Searched]) -> Vec<Descriptor> {
    let unsigned = searched.iter().filter(|one| !one.is_signed());
    let manifests = unsigned.filter_map(|one| one.attestation.read(reader).ok()?.ok());
    manifests.flat_map(|manifest| layers(&manifest).to_vec()).collect()
}

fn layers(manifest: &Manifest) -> &[Descriptor] {
    match manifest {
        Manifest::Image(image) => &image.layers,
        Manifest::Index(_) => &[],
    }
}

/// Pairs each statement with each signature on the manifest that lists it. Manifests without a signature are left to [`name_unsigned`].
pub(super) fn offer_statements<S: Source>(
    reader: &Reader<S>,
    searched: &[Searched],
    subjects: &[Digest],
    found: &mut Found,
) -> Vec<Offered> {
    let mut offers = Vec::new();
    for one in searched.iter().filter(|one| one.is_signed()) {
        let Some(manifest) = one.read(reader, found) else { continue };
        let Manifest::Image(image) = &*manifest else { continue };
        let listed = Arc::new(AttestationManifest {
            digest: one.attestation.digest.clone(),
            annotated: one.attestation.annotated.iter().cloned().collect(),
            subject: image.subject.as_ref().map(|subject| subject.digest.clone()),
            statements: image
                .layers
                .iter()
                .filter(|layer| is_statement(layer))
                .map(|layer| layer.digest.clone())
                .collect(),
        });
        let signed = Signed { searched: one, image, listed };
        for subject in one.about(&manifest, subjects) {
            offers.extend(pair(reader, &signed, &subject, found));
        }
    }
    offers
}

/// An attestation manifest with signatures on it.
struct Signed<'m> {
    searched: &'m Searched,
    image: &'m ImageManifest,
    /// What candidates say of it.
    listed: Arc<AttestationManifest>,
}

/// The statements of one manifest that is about one subject, each with each signature.
fn pair<S: Source>(reader: &Reader<S>, signed: &Signed<'_>, subject: &Digest, found: &mut Found) -> Vec<Offered> {
    let Signed { searched, image, listed: manifest } = signed;
    let digest = &manifest.digest;
    let mut offers = Vec::new();
    let mut beyond_budget = 0_usize;
    let mut seen = HashSet::new();
    let layers = image.layers.iter().filter(|layer| seen.insert((&layer.digest, is_statement(layer))));
    for (position, layer) in layers.enumerate() {
        if position >= reader.limits.statements {
            let error = too_many(digest, "statements of one attestation manifest", reader.limits.statements);
            found.gap(digest, format!("more statements of attestation manifest {digest}"), &error);
            break;
        }
        if !is_statement(layer) {
            let content = ignored(&layer.media_type, format!("expected {IN_TOTO} in an attestation manifest"));
            let origin = searched.attestation.origin();
            offers.push(Offered {
                subject: subject.clone(),
                origin,
                digest: layer.digest.clone(),
                offer: Offer::Ignored(content),
            });
            continue;
        }
        if let Err(error) = check_size(layer, "bytes of a statement", reader.limits.attestation) {
            found.gap(digest, format!("statement {}", layer.digest), &error);
            continue;
        }
        for signature in searched.signatures() {
            // A statement is fetched once and read once for each signature.
            if offers.len() >= reader.limits.candidates || !reader.may_judge(layer.size) {
                beyond_budget += 1;
                continue;
            }
            let origin =
                Origin::AttestationManifest { manifest: digest.clone(), signature: Box::new(signature.origin.clone()) };
            offers.push(Offered {
                subject: subject.clone(),
                origin,
                digest: layer.digest.clone(),
                offer: Offer::Statement {
                    manifest: Arc::clone(manifest),
                    signature: Box::new(signature.clone()),
                    layer: layer.clone(),
                },
            });
        }
    }
    if beyond_budget > 0 {
        let error = SourceError::Limit {
            at: digest.to_string(),
            limit: "statements and bytes of evidence of one image",
            allowed: reader.limits.candidates as u64,
            found: "more".to_owned(),
        };
        found.gap(digest, format!("{beyond_budget} signed statements of attestation manifest {digest}"), &error);
    }
    offers
}

/// Names the layers of manifests without a signature one by one.
pub(super) fn name_unsigned<S: Source>(
    reader: &Reader<S>,
    searched: &[Searched],
    subjects: &[Digest],
    found: &mut Found,
) {
    let mut shown = 0;
    for one in searched.iter().filter(|one| !one.is_signed()) {
        let Some(manifest) = one.read(reader, found) else { continue };
        let digest = &one.attestation.digest;
        for subject in one.about(&manifest, subjects) {
            let candidate = |digest: &Digest, content| Candidate {
                subject: subject.clone(),
                origin: one.attestation.origin(),
                digest: digest.clone(),
                content,
            };
            if matches!(&*manifest, Manifest::Index(_)) {
                let reason = "an index; statements come in an image manifest";
                found.candidates.push(candidate(digest, ignored(manifest.media_type(), reason)));
            }
            for layer in layers(&manifest) {
                let content = name_statement(reader, layer, &mut shown);
                found.candidates.push(candidate(&layer.digest, content));
            }
        }
    }
}
