//! Compares a repository with its original: tags, digests and evidence.
//!
//! Only data that both sides returned is compared. If a read fails on one side, the result is undecided, never equal.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};

use crate::check::{GapReport, MirrorDifference, MirrorReport, Unlike};
use crate::collect::{CosignTag, ImageSource, Limits, Places, Source, SourceError};
use crate::evidence::{GapReason, Obstacle};
use crate::oci::{Digest, ManifestError, Reference, ReferrersList, Tag};

use super::{Lister, Releases, tagged, unread};

/// The repository that others must be mirrors of.
pub struct Original<'a> {
    /// Its name.
    pub name: &'a str,
    /// It, without tag and digest.
    pub repository: &'a Reference,
    /// What its tags lead to.
    pub listed: &'a Result<Releases, SourceError>,
}

/// An image of the mirror.
pub struct Image<'a> {
    /// Its digest.
    pub digest: &'a Digest,
    /// Its tags.
    pub tags: &'a [Tag],
    /// The digests that are parts of it or lie beside it.
    pub parts: &'a [Digest],
}

/// Compares a repository with its original. `images` are those whose digest is known.
pub async fn mirror(
    (repository, listed): (&Reference, &Releases),
    original: &Original<'_>,
    images: &[Image<'_>],
    with: &Lister<'_>,
) -> (MirrorReport, Vec<GapReport>) {
    let mut report = MirrorReport { of: original.name.to_owned(), digests: 0, evidence: 0, differences: Vec::new() };
    let what = format!("the tags of {}", original.name);
    let expected = match original.listed {
        Ok(expected) => expected,
        Err(error) => return (report, vec![unread(&what, error)]),
    };
    let mut gaps: Vec<GapReport> = expected.gap.iter().map(|error| unread(&what, error)).collect();
    let failed = expected.releases.iter().filter_map(|one| Some((one.tags.first()?, one.at.as_ref().err()?)));
    gaps.extend(failed.map(|(tag, error)| unread(&format!("{}:{tag}", original.name), error)));
    if expected.selected == 0 && expected.gap.is_none() {
        let detail = format!("no tag is selected: {} are listed", expected.listed);
        gaps.push(GapReport::new(what, Obstacle::new(GapReason::Selection, detail), None));
    }
    report.differences = tags(listed, expected);
    let theirs = by_tag(expected);
    // The same digest under one of the tags: another tag of it may differ, and is named already.
    let is_theirs =
        |image: &&Image<'_>| image.tags.iter().any(|tag| theirs.get(tag.as_str()) == Some(&Some(image.digest)));
    let shared: Vec<&Image<'_>> = images.iter().filter(is_theirs).collect();
    report.digests = shared.len();
    let sides = Sides {
        own: Side::of(repository, listed),
        other: Side::of(original.repository, expected),
        of: original.name,
        with,
    };
    let compared = stream::iter(shared.iter().map(|image| sides.compare(image))).buffered(with.at_once);
    for found in compared.collect::<Vec<_>>().await {
        report.evidence += found.shared;
        report.differences.extend(found.differences);
        gaps.extend(found.gaps);
    }
    (report, gaps)
}

/// Returns the digest of each tag; `None` if the tag could not be read.
fn by_tag(listed: &Releases) -> BTreeMap<&str, Option<&Digest>> {
    let each = listed.releases.iter().flat_map(|one| one.tags.iter().map(|tag| (tag.as_str(), one.digest.as_ref())));
    each.collect()
}

/// Returns the differing tags. A tag that an incomplete list lacks is unknown, not missing.
fn tags(own: &Releases, other: &Releases) -> Vec<MirrorDifference> {
    let (found, expected) = (by_tag(own), by_tag(other));
    let difference = |tag: &str, difference, expected: Option<&Digest>, found: Option<&Digest>| MirrorDifference {
        tag: tag.to_owned(),
        difference,
        subject: None,
        place: None,
        expected: expected.map(ToString::to_string),
        found: found.map(ToString::to_string),
    };
    let mut differences = Vec::new();
    for (tag, found) in &found {
        match (found, expected.get(tag)) {
            (Some(found), Some(Some(expected))) if found != expected => {
                differences.push(difference(tag, Unlike::OtherDigest, Some(expected), Some(found)));
            }
            (found, None) if other.gap.is_none() => differences.push(difference(tag, Unlike::ExtraTag, None, *found)),
            // Equal, or unreadable and so undecided already.
            _ => {}
        }
    }
    if own.gap.is_none() {
        let missing = expected.iter().filter(|(tag, _)| !found.contains_key(*tag));
        differences.extend(missing.map(|(tag, expected)| difference(tag, Unlike::MissingTag, *expected, None)));
    }
    differences
}

/// A manifest of evidence: its subject, the list or tag that names it, and its digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Piece {
    subject: Digest,
    place: Where,
    digest: Digest,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Where {
    Referrers,
    Tag(String),
}

/// One of both repositories.
struct Side<'a> {
    repository: &'a Reference,
    /// The listed tags of evidence, if the list is complete. Other tags are then not requested.
    evidence: Option<BTreeSet<&'a str>>,
}

struct Sides<'a> {
    own: Side<'a>,
    other: Side<'a>,
    /// The name of the other.
    of: &'a str,
    with: &'a Lister<'a>,
}

/// The result of comparing the evidence of an image.
#[derive(Default)]
struct Compared {
    shared: usize,
    differences: Vec<MirrorDifference>,
    gaps: Vec<GapReport>,
}

impl Sides<'_> {
    async fn compare(&self, image: &Image<'_>) -> Compared {
        let mut compared = Compared::default();
        let subjects: BTreeSet<&Digest> = image.parts.iter().chain([image.digest]).collect();
        let (own, other) =
            (self.own.attached(image, &subjects, self.with), self.other.attached(image, &subjects, self.with));
        let (own, other) = futures_util::join!(own, other);
        let tag = image.tags.first().map(ToString::to_string).unwrap_or_default();
        let what = format!("the evidence of {tag}");
        let (own, other) = match (own, other) {
            (Ok(own), Ok(other)) => (own, other),
            (own, other) => {
                compared.gaps.extend(own.err().map(|error| unread(&what, &error)));
                compared.gaps.extend(other.err().map(|error| unread(&format!("{what} in {}", self.of), &error)));
                return compared;
            }
        };
        let difference = |piece: &Piece, difference, is_expected: bool| MirrorDifference {
            tag: tag.clone(),
            difference,
            subject: Some(piece.subject.to_string()),
            place: Some(match &piece.place {
                Where::Referrers => "referrers".to_owned(),
                Where::Tag(tag) => tag.clone(),
            }),
            expected: is_expected.then(|| piece.digest.to_string()),
            found: (!is_expected).then(|| piece.digest.to_string()),
        };
        for piece in other.difference(&own) {
            compared.differences.push(difference(piece, Unlike::MissingEvidence, true));
        }
        for piece in own.difference(&other) {
            compared.differences.push(difference(piece, Unlike::ExtraEvidence, false));
        }
        // A list may name manifests that do not exist.
        for piece in own.intersection(&other) {
            match self.own.has(image, piece, self.with).await {
                Ok(()) => compared.shared += 1,
                Err(error) if error.is_not_found() => {
                    compared.differences.push(difference(piece, Unlike::MissingEvidence, true));
                }
                Err(error) => compared.gaps.push(unread(&what, &error)),
            }
        }
        compared
    }
}

impl<'a> Side<'a> {
    fn of(repository: &'a Reference, listed: &'a Releases) -> Self {
        let is_whole = matches!(repository, Reference::Registry(_)) && listed.gap.is_none();
        let evidence = is_whole.then(|| listed.evidence.iter().map(Tag::as_str).collect());
        Self { repository, evidence }
    }

    fn open(&self, image: &Image<'_>, with: &Lister<'_>) -> Result<ImageSource, SourceError> {
        let tag = image.tags.first();
        let at =
            tag.map_or_else(|| self.repository.clone(), |tag| tagged(self.repository, tag, Some(image.digest.clone())));
        ImageSource::open(&at, Places::default(), with.registries, with.limits)
    }

    /// Fetches a manifest that a list names. What a tag named was fetched with it.
    async fn has(&self, image: &Image<'_>, piece: &Piece, with: &Lister<'_>) -> Result<(), SourceError> {
        match piece.place {
            Where::Referrers => self.open(image, with)?.listed(&piece.digest, with.limits.manifest).await.map(drop),
            Where::Tag(_) => Ok(()),
        }
    }

    /// Lists the evidence of these manifests.
    async fn attached(
        &self,
        image: &Image<'_>,
        subjects: &BTreeSet<&Digest>,
        with: &Lister<'_>,
    ) -> Result<BTreeSet<Piece>, SourceError> {
        let source = self.open(image, with)?;
        let mut found = BTreeSet::new();
        for subject in subjects.iter().copied() {
            let piece = |place: Where, digest: Digest| Piece { subject: subject.clone(), place, digest };
            let listed = self.referrers(&source, subject, with.limits).await?;
            found.extend(listed.into_iter().map(|digest| piece(Where::Referrers, digest)));
            for tag in [CosignTag::Signatures, CosignTag::Attestations, CosignTag::Sboms] {
                let name = subject.cosign_tag(tag.suffix());
                if !self.may_have(&name) {
                    continue;
                }
                match source.cosign_tag(subject, tag, with.limits.manifest).await {
                    Ok(all) => found.extend(
                        all.into_iter().map(|one| piece(Where::Tag(name.clone()), one.manifest.blob.digest().clone())),
                    ),
                    Err(error) if error.is_not_found() => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(found)
    }

    fn may_have(&self, tag: &str) -> bool {
        self.evidence.as_ref().is_none_or(|tags| tags.contains(tag))
    }

    /// Lists the referrers of a manifest, by the API or, where a registry has none, by the fallback tag.
    async fn referrers(
        &self,
        source: &ImageSource,
        subject: &Digest,
        limits: &Limits,
    ) -> Result<BTreeSet<Digest>, SourceError> {
        let mut found = BTreeSet::new();
        let mut reads_tag = source.reads_both_lists();
        let mut next = None;
        for number in 0.. {
            let exceeded = |limit, allowed: usize| SourceError::Limit {
                at: subject.to_string(),
                limit,
                allowed: allowed as u64,
                found: "more".to_owned(),
            };
            if number == limits.referrers_pages {
                return Err(exceeded("pages of referrers", limits.referrers_pages));
            }
            let page = match source.referrers(subject, next.as_ref(), limits.manifest).await {
                Ok(page) => page,
                // "Not found" means absence only for the first page.
                Err(error) if error.is_not_found() && number == 0 => {
                    reads_tag = true;
                    break;
                }
                Err(error) => return Err(error),
            };
            readable(subject, page.unusable)?;
            found.extend(page.manifests.into_iter().map(|listed| listed.digest));
            if found.len() > limits.referrers {
                return Err(exceeded("referrers of one manifest", limits.referrers));
            }
            match page.next {
                Some(page) => next = Some(page),
                None => break,
            }
        }
        if !reads_tag || !self.may_have(&subject.referrers_tag()) {
            return Ok(found);
        }
        match source.referrers_tag(subject, limits.manifest).await {
            // GitLab's registry answers with the subject itself, not with a list.
            Ok(fetched) if fetched.blob.digest() == subject => {}
            Ok(fetched) => {
                let at = || subject.referrers_tag();
                let list = ReferrersList::parse(&fetched.blob, fetched.content_type.as_deref());
                let list = list.map_err(|source| SourceError::Manifest { at: at(), source })?;
                readable(subject, list.unusable)?;
                found.extend(list.manifests.into_iter().map(|listed| listed.digest));
            }
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
        Ok(found)
    }
}

/// Refuses a list with an unusable entry: it is incomplete.
fn readable(subject: &Digest, unusable: Option<ManifestError>) -> Result<(), SourceError> {
    let at = || format!("referrers of {subject}");
    unusable.map_or(Ok(()), |source| Err(SourceError::Manifest { at: at(), source }))
}
