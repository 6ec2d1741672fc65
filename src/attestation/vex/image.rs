//! The image that statements are held against.

use crate::evidence::Evidence;
use crate::oci::Digest;
use crate::time_limit::TimeLimit;

use super::link::Links;

/// The image that something was found in: by its digest, those of the indexes above it, and its name.
#[derive(Clone, Copy)]
pub(crate) struct Image<'a> {
    pub(crate) evidence: &'a Evidence,
    pub(crate) subject: &'a Digest,
    /// The components of the SBOM that lists what was found, by their links.
    pub(crate) links: Option<&'a Links<'a>>,
    pub(crate) time: TimeLimit<'a>,
}

impl Image<'_> {
    /// Whether one of many matches, as far as the time allows. An author can list any number.
    pub(super) fn any<T>(&self, many: impl Iterator<Item = T>, is_it: impl FnMut(T) -> bool) -> bool {
        many.take_while(|_| !self.time.is_over()).any(is_it)
    }

    /// Whether a digest is that of the image or of an index that binds it.
    pub(super) fn has_digest(&self, digest: &Digest) -> bool {
        let of_subject = || self.evidence.target.subjects.iter().filter(|one| one.digest == *self.subject);
        digest == self.subject || of_subject().any(|one| one.reached_through.contains(digest))
    }
}
