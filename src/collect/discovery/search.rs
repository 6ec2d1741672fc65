//! Rounds two to four: everything attached to a set of subjects.

use std::collections::HashSet;
use std::rc::Rc;

use futures_util::future::{join, join3};
use futures_util::{StreamExt, stream};

use super::attestation::{self, Attestation};
use super::found::{Found, too_many};
use super::offer::{Kind, Offer, Offered};
use super::reader::{Form, Read, Reader, check_size};
use super::referrer::{
    content, judge_cosign_layers, judge_no_manifest, judge_referrer, may_be_newer, newer, no_list, other_form,
    signed_elsewhere, unsigned_layer, unsigned_provenance,
};
use super::service;
use super::statements::{self, Searched};
use crate::collect::error::SourceError;
use crate::collect::source::{CosignTag, Fetched, NextPage, Source, Tagged};
use crate::evidence::{Candidate, Content, Origin};
use crate::oci::media_type::OCI_MANIFEST;
use crate::oci::{Digest, ListedManifest, Manifest, ManifestError, ReferrersList};

/// Blobs above this size, in bytes, are fetched last, if the smaller ones do not suffice. A bundle without an SBOM has
/// some ten thousand bytes.
const AT_ONCE: u64 = 1024 * 1024;

/// The subjects to search.
pub(super) struct Wanted<'a> {
    /// All subjects of the image.
    pub(super) image: &'a [Digest],
    /// Those to search.
    pub(super) subjects: &'a [Digest],
    /// The attestation manifests to search.
    pub(super) attestations: Vec<Attestation>,
    /// When attestation manifests that are found on the way are searched in the same rounds.
    pub(super) on_the_way: OnTheWay,
}

/// When attestation manifests that are found among the referrers are searched in the same rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnTheWay {
    /// Not at all.
    Never,
    /// Where a subject has nothing else attached that could be evidence.
    Alone,
    /// So many of them.
    UpTo(usize),
}

/// Searches all subjects in three rounds, and in the same rounds the attestation manifests.
pub(super) async fn search<S: Source>(reader: &Reader<S>, wanted: Wanted<'_>) -> Found {
    let Wanted { image, subjects, attestations, on_the_way } = wanted;
    let on_subjects = ask_for_lists(reader, subjects, &QUESTIONS);
    let digests: Vec<Digest> = attestations.iter().map(|one| one.digest.clone()).collect();
    let on_attestations = join(
        ask_for_lists(reader, &digests, &ON_ATTESTATIONS),
        reader.fetch_manifests(attestations.iter().filter_map(Attestation::unread)),
    );
    let (answers, (on_attestations, ()), attested) =
        join3(on_subjects, on_attestations, service::ask(reader, subjects)).await;
    let mut found = Found::default();
    for answers in attested {
        answers.take(reader, &mut found);
    }
    let known: HashSet<Digest> = digests.into_iter().collect();
    let beside = search_statements(reader, attestations.into_iter().zip(on_attestations).collect(), image);
    let attached = search_attached(reader, answers, image, &known, on_the_way);
    let (attached, beside) = join(Box::pin(attached), Box::pin(beside)).await;
    found.merge(attached);
    found.merge(beside);
    found
}

/// Searches attestation manifests by themselves, in three rounds.
pub(super) async fn search_attestations<S: Source>(
    reader: &Reader<S>,
    attestations: Vec<Attestation>,
    image: &[Digest],
) -> Found {
    let digests: Vec<Digest> = attestations.iter().map(|one| one.digest.clone()).collect();
    let (answers, ()) = join(
        ask_for_lists(reader, &digests, &ON_ATTESTATIONS),
        reader.fetch_manifests(attestations.iter().filter_map(Attestation::unread)),
    )
    .await;
    search_statements(reader, attestations.into_iter().zip(answers).collect(), image).await
}

/// Rounds three and four: what the lists of the subjects name.
async fn search_attached<S: Source>(
    reader: &Reader<S>,
    answers: Vec<Answers>,
    image: &[Digest],
    known: &HashSet<Digest>,
    on_the_way: OnTheWay,
) -> Found {
    let mut found = Found::default();
    let lists: Vec<Lists> = answers.into_iter().map(|answers| answers.judge(reader, &mut found)).collect();
    let hinted: Vec<Digest> = hinted(&lists, known, on_the_way);
    let listed = lists.iter().flat_map(|lists| &lists.referrers).map(|listed| &listed.manifest.digest);
    let ((), on_hinted) = join(reader.fetch_listed(listed), ask_for_lists(reader, &hinted, &ON_ATTESTATIONS)).await;
    let offers: Vec<Offered> = lists.into_iter().flat_map(|lists| offers(reader, lists, &mut found)).collect();

    let mut attached = std::mem::take(&mut found.unsearched);
    attached.retain(|one| !known.contains(&one.digest));
    let mut answered: Vec<(Digest, Answers)> = hinted.into_iter().zip(on_hinted).collect();
    let mut searched = Vec::new();
    for one in attached {
        match answered.iter().position(|(digest, _)| *digest == one.digest) {
            Some(position) => searched.push((one, answered.swap_remove(position).1)),
            None => found.unsearched.push(one),
        }
    }
    let (at_once, later) = offers.into_iter().partition(|offered: &Offered| offered.bytes() <= AT_ONCE);
    found.later = later;
    let statements = search_statements(reader, searched, image);
    let ((), mut statements) = join(fetch(reader, at_once, &mut found), Box::pin(statements)).await;
    found.searched.append(&mut statements.searched);
    found.merge(statements);
    found
}

/// The manifests that lists of referrers hint to be attestation manifests and that are worth being searched at once.
fn hinted(lists: &[Lists], known: &HashSet<Digest>, on_the_way: OnTheWay) -> Vec<Digest> {
    let is_hinted = |listed: &&Listed| attestation::is_hinted(&listed.manifest);
    let is_alone = |lists: &&Lists| lists.cosign.is_empty() && lists.referrers.iter().all(|listed| is_hinted(&listed));
    let (most, lists): (usize, Vec<&Lists>) = match on_the_way {
        OnTheWay::Never => return Vec::new(),
        OnTheWay::Alone => (ALONE, lists.iter().filter(is_alone).collect()),
        OnTheWay::UpTo(most) => (most, lists.iter().collect()),
    };
    let mut seen = HashSet::new();
    let hinted =
        lists.iter().flat_map(|lists| &lists.referrers).filter(is_hinted).map(|listed| &listed.manifest.digest);
    hinted.filter(|digest| !known.contains(digest) && seen.insert(*digest)).take(most).cloned().collect()
}

/// Rounds three and four of attestation manifests: the signatures on them, and the statements in those that are signed.
async fn search_statements<S: Source>(
    reader: &Reader<S>,
    attestations: Vec<(Attestation, Answers)>,
    image: &[Digest],
) -> Found {
    let mut found = Found::default();
    let mut lists = Vec::with_capacity(attestations.len());
    for (attestation, answers) in attestations {
        lists.push((attestation, answers.judge(reader, &mut found)));
    }
    reader
        .fetch_listed(lists.iter().flat_map(|(_, lists)| &lists.referrers).map(|listed| &listed.manifest.digest))
        .await;
    let mut searched = Vec::with_capacity(lists.len());
    for (attestation, lists) in lists {
        searched.push(Searched { attestation, attached: offers(reader, lists, &mut found) });
    }
    // What lists statements about an attestation manifest says nothing of the image.
    found.unsearched.clear();
    let offers = statements::offer_statements(reader, &searched, image, &mut found);
    let (at_once, later) = offers.into_iter().partition(|offered: &Offered| offered.bytes() <= AT_ONCE);
    found.later = later;
    let unsigned = unsigned_provenance(reader, statements::unsigned_layers(reader, &searched));
    join(fetch(reader, at_once, &mut found), reader.fetch_blobs(unsigned.iter().map(|layer| (Form::Plain, layer))))
        .await;
    statements::name_unsigned(reader, &searched, image, &mut found);
    found.searched = searched.into_iter().map(|one| one.attestation).collect();
    found
}

/// Names the documents under the `.sbom` tags of `subjects`. They prove nothing, so an unreadable tag is not a gap.
pub(super) async fn sbom_tags<S: Source>(reader: &Reader<S>, subjects: &[Digest]) -> Found {
    let ask = |subject| async move { (subject, reader.cosign_tag(subject, CosignTag::Sboms).await) };
    let answers: Vec<_> = stream::iter(subjects.iter().map(ask)).buffered(reader.limits.parallel).collect().await;
    let mut found = Found::default();
    for (subject, answer) in answers {
        for tagged in answer.unwrap_or_default() {
            let Ok(Manifest::Image(image)) = reader.remember(&tagged.manifest, OCI_MANIFEST).as_deref().cloned() else {
                continue;
            };
            let layers = image.layers.iter().enumerate().take(reader.limits.candidates);
            found.candidates.extend(layers.map(|(position, layer)| Candidate {
                subject: subject.clone(),
                origin: Origin::CosignTag { tag: tagged.tag.clone(), layer: position },
                digest: layer.digest.clone(),
                content: unsigned_layer(layer),
            }));
        }
    }
    found
}

/// Fetches the found blobs, and sorts them by kind.
pub(super) async fn fetch<S: Source>(reader: &Reader<S>, offers: Vec<Offered>, found: &mut Found) {
    reader.fetch_blobs(offers.iter().flat_map(Offered::wanted)).await;
    reader.fetch_payloads(offers.iter().filter_map(|offered| payload(reader, offered))).await;
    for offered in offers {
        take(reader, offered, found);
    }
}

/// What a fetched bundle says it signs, if that is neither in it nor the subject.
fn payload<S: Source>(reader: &Reader<S>, offered: &Offered) -> Option<Digest> {
    match &offered.offer {
        Offer::Blob(kind, layer) => match reader.blob(kind.form(), layer) {
            Ok(Read::Bundle(bundle)) => signed_elsewhere(&bundle, &offered.subject),
            _ => None,
        },
        Offer::Statement { signature, .. } => payload(reader, signature),
        Offer::AttestationManifest | Offer::Newer(_) | Offer::Ignored(_) => None,
    }
}

/// The requests for each subject. The fallback tag is requested before it is known to be needed: one small request in
/// vain costs less than a fifth round trip.
#[derive(Debug, Clone, Copy)]
enum Question {
    Referrers,
    FallbackTag,
    Cosign(CosignTag),
}

const QUESTIONS: [Question; 4] = [
    Question::Referrers,
    Question::FallbackTag,
    Question::Cosign(CosignTag::Signatures),
    Question::Cosign(CosignTag::Attestations),
];

/// An attestation of an attestation manifest does not sign it, so that tag is not requested.
const ON_ATTESTATIONS: [Question; 3] =
    [Question::Referrers, Question::FallbackTag, Question::Cosign(CosignTag::Signatures)];

/// So many attestation manifests are searched at once where a subject has nothing else.
const ALONE: usize = 64;

enum Answer {
    Referrers(Listing),
    FallbackTag(Result<Fetched, SourceError>),
    Cosign(CosignTag, Result<Vec<Tagged>, SourceError>),
}

/// A list of referrers as far as it could be read.
#[derive(Default)]
struct Listing {
    manifests: Vec<ListedManifest>,
    /// Why it is incomplete.
    problem: Option<SourceError>,
    /// Why an entry of it names nothing that can be looked up.
    unusable: Option<ManifestError>,
}

/// The answers for one subject.
struct Answers {
    subject: Digest,
    answers: Vec<Answer>,
}

async fn ask_for_lists<S: Source>(reader: &Reader<S>, subjects: &[Digest], questions: &[Question]) -> Vec<Answers> {
    let asked = subjects.iter().flat_map(|subject| questions.iter().map(|question| ask(reader, subject, *question)));
    let mut answers = stream::iter(asked).buffered(reader.limits.parallel).collect::<Vec<_>>().await.into_iter();
    subjects
        .iter()
        .map(|subject| Answers { subject: subject.clone(), answers: answers.by_ref().take(questions.len()).collect() })
        .collect()
}

async fn ask<S: Source>(reader: &Reader<S>, subject: &Digest, question: Question) -> Answer {
    match question {
        Question::Referrers => Answer::Referrers(all_pages(reader, subject).await),
        Question::FallbackTag => Answer::FallbackTag(reader.referrers_tag(subject).await),
        Question::Cosign(tag) => Answer::Cosign(tag, reader.cosign_tag(subject, tag).await),
    }
}

/// Reads the pages of a list up to the limits (A018, A022).
async fn all_pages<S: Source>(reader: &Reader<S>, subject: &Digest) -> Listing {
    let mut listing = Listing::default();
    let mut next: Option<NextPage> = None;
    for page in 1.. {
        if page > reader.limits.referrers_pages {
            listing.problem = Some(too_many(subject, "pages of referrers", reader.limits.referrers_pages));
            return listing;
        }
        match reader.referrers(subject, next.as_ref()).await {
            Ok(page) => {
                listing.manifests.extend(page.manifests);
                listing.unusable = listing.unusable.or(page.unusable);
                next = page.next;
            }
            // A list that ends in a "not found" is not a list that is not there.
            Err(SourceError::NotFound { at }) if page > 1 => {
                listing.problem = Some(SourceError::Unexpected {
                    at,
                    expected: "the next page of referrers",
                    found: "status 404".to_owned(),
                });
                return listing;
            }
            Err(error) => {
                listing.problem = Some(error);
                return listing;
            }
        }
        if listing.manifests.len() > reader.limits.referrers {
            listing.manifests.truncate(reader.limits.referrers);
            listing.problem = Some(too_many(subject, "referrers", reader.limits.referrers));
            return listing;
        }
        if next.is_none() {
            break;
        }
    }
    listing
}

/// What the lists of one subject name.
struct Lists {
    subject: Digest,
    referrers: Vec<Listed>,
    cosign: Vec<Offered>,
}

/// A manifest that a list names.
struct Listed {
    manifest: ListedManifest,
    origin: Origin,
}

impl Answers {
    /// Decides what the answers say; failures become gaps.
    fn judge<S: Source>(self, reader: &Reader<S>, found: &mut Found) -> Lists {
        let mut lists = Lists { subject: self.subject, referrers: Vec::new(), cosign: Vec::new() };
        let mut reads_fallback = reader.source().reads_both_lists();
        for answer in self.answers {
            match answer {
                Answer::Referrers(listing) => reads_fallback |= lists.add_referrers(listing, found),
                Answer::FallbackTag(answer) if reads_fallback => lists.add_fallback(reader, answer, found),
                Answer::FallbackTag(_) => {}
                Answer::Cosign(tag, answer) => lists.add_cosign(reader, tag, answer, found),
            }
        }
        // A registry may list in any order, each time another; reports are the same each time.
        lists.referrers.sort_by(|a, b| a.manifest.digest.cmp(&b.manifest.digest));
        lists
    }
}

impl Lists {
    /// Adds the answer of the referrers API; returns whether the fallback tag may hold what it did not list.
    fn add_referrers(&mut self, listing: Listing, found: &mut Found) -> bool {
        for manifest in listing.manifests {
            self.list(manifest, Origin::Referrer);
        }
        let what = || format!("referrers of {}", self.subject);
        if let Some(source) = listing.unusable {
            let error = SourceError::Manifest { at: what(), source };
            found.gap(&self.subject, what(), &error);
        }
        // distribution-spec: "If that response is a 404 … the client MUST fallback to the referrers tag schema". Nothing
        // else means that there are none (A023), so any other failure is a gap; what the tag names counts all the same, as
        // registries without the API give many answers (A307).
        match listing.problem {
            Some(problem) if problem.is_not_found() => true,
            Some(problem) => {
                found.gap(&self.subject, what(), &problem);
                true
            }
            None => false,
        }
    }

    fn add_fallback<S: Source>(&mut self, reader: &Reader<S>, answer: Result<Fetched, SourceError>, found: &mut Found) {
        let what = || format!("referrers under the tag {}", self.subject.referrers_tag());
        let fetched = match answer {
            Ok(fetched) => fetched,
            Err(error) if error.is_not_found() => return,
            Err(error) => return found.gap(&self.subject, what(), &error),
        };
        // GitLab's registry reads the tag as the digest and answers with the subject itself (oras-go issue 1396). That
        // is not a list: a manifest cannot contain its own digest.
        if *fetched.blob.digest() == self.subject {
            return;
        }
        let wrong = |source| SourceError::Manifest { at: self.subject.referrers_tag(), source };
        let list = match ReferrersList::parse(&fetched.blob, fetched.content_type.as_deref()) {
            Ok(list) => list,
            Err(ManifestError::NotAList { found }) => {
                let (origin, digest) =
                    (Origin::FallbackTag(fetched.blob.digest().clone()), fetched.blob.digest().clone());
                return self.offer(origin, digest, Offer::Ignored(no_list(&found)));
            }
            Err(source) => return found.gap(&self.subject, what(), &wrong(source)),
        };
        if let Some(source) = list.unusable {
            found.gap(&self.subject, what(), &wrong(source));
        }
        if list.manifests.len() > reader.limits.referrers {
            found.gap(&self.subject, what(), &too_many(&self.subject, "referrers", reader.limits.referrers));
        }
        for manifest in list.manifests.into_iter().take(reader.limits.referrers) {
            self.list(manifest, Origin::FallbackTag);
        }
    }

    fn add_cosign<S: Source>(
        &mut self,
        reader: &Reader<S>,
        tag: CosignTag,
        answer: Result<Vec<Tagged>, SourceError>,
        found: &mut Found,
    ) {
        let name = self.subject.cosign_tag(tag.suffix());
        let all = match answer {
            Ok(all) => all,
            Err(error) if error.is_not_found() => return,
            Err(error) => return found.gap(&self.subject, format!("cosign tag {name}"), &error),
        };
        for tagged in all {
            match reader.remember(&tagged.manifest, OCI_MANIFEST) {
                Ok(manifest) => self.add_cosign_manifest(tag, &tagged, &manifest),
                Err(source) => found.gap(
                    &self.subject,
                    format!("cosign tag {name}"),
                    &SourceError::Manifest { at: tagged.tag, source },
                ),
            }
        }
    }

    fn add_cosign_manifest(&mut self, tag: CosignTag, tagged: &Tagged, manifest: &Rc<Manifest>) {
        let origin = |layer| Origin::CosignTag { tag: tagged.tag.clone(), layer };
        match &**manifest {
            Manifest::Image(image) => {
                for (position, (layer, offer)) in judge_cosign_layers(tag, image, "under this tag").enumerate() {
                    self.offer(origin(position), layer.digest.clone(), offer);
                }
            }
            Manifest::Index(_) => {
                let content = other_form(manifest, "an image manifest");
                self.offer(origin(0), tagged.manifest.blob.digest().clone(), Offer::Ignored(content));
            }
        }
    }

    /// Lists a manifest once, however many lists name it.
    fn list(&mut self, manifest: ListedManifest, origin: impl Fn(Digest) -> Origin) {
        if !self.referrers.iter().any(|listed| listed.manifest.digest == manifest.digest) {
            self.referrers.push(Listed { origin: origin(manifest.digest.clone()), manifest });
        }
    }

    fn offer(&mut self, origin: Origin, digest: Digest, offer: Offer) {
        self.cosign.push(Offered { subject: self.subject.clone(), origin, digest, offer });
    }
}

/// Judges the fetched manifests of one subject, and drops oversized and surplus ones before they are fetched.
fn offers<S: Source>(reader: &Reader<S>, lists: Lists, found: &mut Found) -> Vec<Offered> {
    let subject = lists.subject;
    let mut offers = Vec::new();
    for Listed { manifest: listed, origin } in lists.referrers {
        let offered = match reader.listed(&listed.digest) {
            Ok(Ok(manifest)) => judge_referrer(&subject, &listed.digest, &manifest),
            // A header says something else than the bytes. No digest binds a header, so the manifest may be good.
            Ok(Err(source @ ManifestError::MediaTypeMismatch { .. })) => {
                let error = SourceError::Manifest { at: listed.digest.to_string(), source };
                found.gap(&subject, format!("referrer {}", listed.digest), &error);
                continue;
            }
            // The bytes are those that the digest names, so they will never be a manifest: junk, not a gap.
            Ok(Err(error)) => vec![judge_no_manifest(&listed, &error)],
            Err(error) => {
                found.gap(&subject, format!("referrer {}", listed.digest), &error);
                continue;
            }
        };
        for offer in offered {
            if matches!(offer, Offer::AttestationManifest) {
                found.unsearched.push(Attestation::attached(listed.digest.clone(), (subject.clone(), origin.clone())));
                continue;
            }
            let digest = if let Offer::Blob(_, layer) = &offer { &layer.digest } else { &listed.digest };
            offers.push(Offered { subject: subject.clone(), origin: origin.clone(), digest: digest.clone(), offer });
        }
    }
    offers.extend(lists.cosign);
    offers.retain(|offered| match &offered.offer {
        Offer::Newer(error) => {
            found.gap(&subject, offered.origin.to_string(), error);
            false
        }
        _ => true,
    });
    within_limits(reader, &subject, offers, found)
}

fn within_limits<S: Source>(
    reader: &Reader<S>,
    subject: &Digest,
    mut offers: Vec<Offered>,
    found: &mut Found,
) -> Vec<Offered> {
    let (mut fetched, mut set_aside, mut beyond_budget) = (0, 0, 0);
    offers.retain(|offered| {
        let Offer::Blob(kind, layer) = &offered.offer else {
            set_aside += 1;
            return set_aside <= reader.limits.candidates;
        };
        fetched += 1;
        if fetched > reader.limits.candidates {
            return false;
        }
        let (limit, allowed) = size_limit(reader, *kind);
        let checked = check_size(layer, limit, allowed);
        if let Err(error) = &checked {
            found.gap(subject, format!("{} {}", kind.name(), layer.digest), error);
        }
        // A blob is fetched once however often it is named, and read each time.
        let may_judge = checked.is_ok() && reader.may_judge(layer.size);
        beyond_budget += usize::from(checked.is_ok() && !may_judge);
        may_judge
    });
    if beyond_budget > 0 {
        let error = SourceError::Limit {
            at: subject.to_string(),
            limit: "bytes of evidence of one image",
            allowed: reader.limits.total_bytes,
            found: "more".to_owned(),
        };
        found.gap(subject, format!("{beyond_budget} pieces of evidence on {subject}"), &error);
    }
    let fetched = fetched.max(set_aside);
    if fetched > reader.limits.candidates {
        let limit = "bundles, signatures and attestations of one subject";
        let error = SourceError::Limit {
            at: subject.to_string(),
            limit,
            allowed: reader.limits.candidates as u64,
            found: fetched.to_string(),
        };
        found.gap(subject, format!("evidence on {subject}"), &error);
    }
    offers
}

fn size_limit<S>(reader: &Reader<S>, kind: Kind) -> (&'static str, u64) {
    match kind {
        Kind::Bundle => ("bytes of a bundle", reader.limits.attestation),
        Kind::LegacySignature => ("bytes of a signature's payload", reader.limits.signature),
        Kind::LegacyAttestation => ("bytes of an attestation", reader.limits.attestation),
    }
}

fn take<S: Source>(reader: &Reader<S>, offered: Offered, found: &mut Found) {
    let elsewhere = payload(reader, &offered);
    let Offered { subject, origin, digest, offer } = offered;
    let content: Content = match offer {
        Offer::Ignored(content) => content,
        Offer::Blob(kind, layer) => match reader.blob(kind.form(), &layer) {
            Ok(Read::Bundle(bundle)) if may_be_newer(&layer, &bundle) => {
                return found.gap(&subject, origin.to_string(), &newer(layer.digest.to_string(), &layer.media_type));
            }
            Ok(read) => match (read, elsewhere.map(|payload| reader.payload(&payload))) {
                (Read::Bundle(bundle), Some(Ok(payload))) => Content::BundleOverPayload { bundle, payload },
                // Without a payload, the bundle is about something other than this image.
                (read, None | Some(Ok(_) | Err(SourceError::NotFound { .. }))) => content(&layer, read),
                (_, Some(Err(error))) => {
                    return found.gap(&subject, format!("what bundle {} signs", layer.digest), &error);
                }
            },
            Err(error) => return found.gap(&subject, format!("{} {}", kind.name(), layer.digest), &error),
        },
        Offer::Statement { manifest, signature, layer } => {
            let statement = match reader.plain_blob(&layer) {
                Ok(statement) => statement,
                Err(error) => return found.gap(&manifest.digest, format!("statement {}", layer.digest), &error),
            };
            let mut of_signature = Found::default();
            take(reader, *signature, &mut of_signature);
            found.gaps.append(&mut of_signature.gaps);
            let Some(signature) = of_signature.candidates.pop() else { return };
            Content::ListedStatement { manifest, signature: Box::new(signature), statement }
        }
        Offer::AttestationManifest | Offer::Newer(_) => return,
    };
    found.candidates.push(Candidate { subject, origin, digest, content });
}
