//! Collects the attestations that a service beside the registry keeps for a set of subjects.

use futures_util::{StreamExt, stream};

use super::found::{Found, too_many};
use super::reader::Reader;
use crate::collect::error::SourceError;
use crate::collect::source::{Attested, NextPage, Source};
use crate::evidence::{Candidate, Content, Opened, Origin};
use crate::oci::{Blob, Digest};

/// So many bundles are fetched at once: each may be as large as the limit, and all that are under way count as read.
const PARALLEL: usize = 8;

/// What the service has about one subject, and what of it could not be read.
pub(super) struct Answers {
    subject: Digest,
    place: String,
    bundles: Vec<Blob>,
    problems: Vec<SourceError>,
}

/// Asks about all of `subjects`, if the source knows such a service.
pub(super) async fn ask<S: Source>(reader: &Reader<S>, subjects: &[Digest]) -> Vec<Answers> {
    let Some(place) = reader.source().service() else { return Vec::new() };
    stream::iter(subjects.iter().map(|subject| ask_about(reader, subject, place.clone())))
        .buffered(reader.limits.parallel)
        .collect()
        .await
}

async fn ask_about<S: Source>(reader: &Reader<S>, subject: &Digest, place: String) -> Answers {
    let mut answers = Answers { subject: subject.clone(), place, bundles: Vec::new(), problems: Vec::new() };
    let listed = answers.list(reader).await;
    let bundles: Vec<_> =
        stream::iter(listed.into_iter().map(|attested| read(reader, attested))).buffered(PARALLEL).collect().await;
    for bundle in bundles {
        match bundle {
            Ok(bundle) => answers.bundles.push(bundle),
            Err(error) => answers.problems.push(error),
        }
    }
    answers
}

async fn read<S: Source>(reader: &Reader<S>, attested: Attested) -> Result<Blob, SourceError> {
    match attested {
        Attested::Here(bundle) => Ok(bundle),
        Attested::There(place) => reader.attestation(&place).await,
    }
}

impl Answers {
    async fn list<S: Source>(&mut self, reader: &Reader<S>) -> Vec<Attested> {
        let mut listed = Vec::new();
        let mut next: Option<NextPage> = None;
        for number in 0..reader.limits.referrers_pages {
            match reader.attestations(&self.subject, next.as_ref()).await {
                Ok(page) => {
                    listed.extend(page.bundles);
                    next = page.next;
                }
                // Only the first page may say that there is nothing.
                Err(error) if number == 0 && error.is_not_found() => return listed,
                Err(SourceError::NotFound { at }) => {
                    let (expected, found) = ("the next page of attestations", "status 404".to_owned());
                    self.problems.push(SourceError::Unexpected { at, expected, found });
                    return listed;
                }
                Err(error) => {
                    self.problems.push(error);
                    return listed;
                }
            }
            if listed.len() > reader.limits.candidates {
                listed.truncate(reader.limits.candidates);
                self.problems.push(too_many(&self.subject, "attestations of one subject", reader.limits.candidates));
                return listed;
            }
            if next.is_none() {
                return listed;
            }
        }
        self.problems.push(too_many(&self.subject, "pages of attestations", reader.limits.referrers_pages));
        listed
    }

    /// Takes the bundles as candidates, and what could not be read as gaps.
    pub(super) fn take<S: Source>(self, reader: &Reader<S>, found: &mut Found) {
        let Self { subject, place, bundles, mut problems } = self;
        for bundle in bundles {
            if !reader.may_judge(bundle.bytes().len() as u64) {
                problems.push(SourceError::Limit {
                    at: subject.to_string(),
                    limit: "bytes of evidence of one image",
                    allowed: reader.limits.total_bytes,
                    found: "more".to_owned(),
                });
                break;
            }
            found.candidates.push(Candidate {
                subject: subject.clone(),
                origin: Origin::GitHub { place: place.clone() },
                digest: bundle.digest().clone(),
                content: Content::Bundle(Opened::bundle(bundle)),
            });
        }
        for problem in problems {
            found.gap(&subject, format!("attestations of {place} on {subject}"), &problem);
        }
    }
}
