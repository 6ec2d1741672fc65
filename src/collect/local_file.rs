//! A file of this machine as a target. Its evidence lies beside it, is given with `--bundle`, or comes from GitHub.
//!
//! The file is read once, in pieces. It is held in memory only if a signature over its content may need the bytes, and only up to
//! a limit.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;
use std::rc::Rc;
use std::time::SystemTime;

use super::error::SourceError;
use super::files::{self, FileError};
use super::limits::Limits;
use super::loose::{Unread, endings, read_beside};
use super::registry::{GitHubAttestations, Registries};
use super::source::Attested;
use super::sums_file::SumsFile;
use super::target::GitHubPlace;
use crate::evidence::{Candidate, Content, Evidence, Gap, LookedIn, Loose, Opened, Origin, Target};
use crate::oci::{Algorithm, Blob, Digest, FileReference, Hasher};

/// The longest file that is held in memory, in bytes. Several files may be held at once.
const LONGEST_HELD: u64 = 64 * 1024 * 1024;
/// Bytes of a file that are read at once.
const PIECE: usize = 256 * 1024;

/// Evidence that is given for all files of a run.
#[derive(Debug, Default)]
pub struct Given {
    /// Evidence on a file itself.
    pub loose: Vec<Loose>,
    /// Lists that a file may be on.
    pub lists: Vec<SumsFile>,
}

/// A file that was read, and the evidence that lies on this machine.
pub struct LocalFile {
    path: String,
    evidence: Evidence,
}

impl LocalFile {
    /// Hashes a file, reads the evidence beside it and adds the evidence given for it. It sends no request. Long files take long.
    pub fn read(text: &str, file: &FileReference, given: &Given) -> Result<Self, SourceError> {
        let path = file.path();
        let (mut loose, unread) = read_beside(path);
        loose.extend_from_slice(&given.loose);
        let listed: Vec<Digest> = given.lists.iter().flat_map(|list| list.digests(file)).collect();
        let is_content_needed = loose.iter().any(Loose::may_sign_content);
        let is_named_by = |algorithm: &Algorithm| {
            is_content_needed
                || loose.iter().any(|one| one.names_by(*algorithm))
                || listed.iter().any(|digest| digest.algorithm() == *algorithm)
        };
        let more: Vec<Algorithm> = [Algorithm::Sha384, Algorithm::Sha512].into_iter().filter(is_named_by).collect();
        let Hashed { digest, others, content } = Hashed::of(Path::new(path), is_content_needed, &more)?;
        let target = Target::file(text.to_owned(), digest, content).with_digests(others);
        let subject = target.root.clone();
        let mut evidence = Evidence::of(target, Vec::new());
        evidence.candidates.extend(loose.iter().map(|one| one.about(&subject)));
        evidence.candidates.extend(given.lists.iter().flat_map(|list| list.about(file.name(), &subject)));
        let unread = unread.iter().chain(given.lists.iter().flat_map(SumsFile::unread));
        evidence.gaps.extend(unread.map(|unread| unread.gap(&subject)));
        let places: Vec<&str> = std::iter::once(path).chain(given.lists.iter().map(SumsFile::file)).collect();
        Ok(Self { path: places.join(" and "), evidence })
    }

    /// Adds GitHub's attestations if `github` is given, and returns all evidence.
    pub async fn collect(
        self,
        registries: &Rc<Registries>,
        github: Option<GitHubPlace<'_>>,
        is_alone: bool,
        limits: &Limits,
    ) -> Evidence {
        let mut evidence = self.evidence;
        let subject = evidence.target.root.clone();
        let place = format!("{} ({})", self.path, endings());
        evidence.looked_in = LookedIn { repository: None, beside: Some(place), service: None, alone: is_alone };
        if let Some(GitHubPlace { base, repository, token }) = github {
            let service = GitHubAttestations::new(registries, base, repository, token, limits);
            evidence.looked_in.service = Some(service.place());
            Asked { service: &service, limits }.take(&subject, &mut evidence).await;
        }
        evidence
    }
}

impl Unread {
    fn gap(&self, subject: &Digest) -> Gap {
        let at = self.file.display().to_string();
        let obstacle = self.error.as_source(at.clone()).obstacle();
        Gap { subject: subject.clone(), what: at, obstacle }
    }
}

/// A file that was read to its end.
struct Hashed {
    digest: Digest,
    others: Vec<Digest>,
    content: Option<Blob>,
}

/// Properties of a file that change when it is written to or replaced.
#[derive(PartialEq, Eq)]
struct Mark {
    length: u64,
    modified: Option<SystemTime>,
    identity: [i64; 4],
}

impl Mark {
    fn of(found: &Metadata) -> Self {
        Self { length: found.len(), modified: found.modified().ok(), identity: identity(found) }
    }
}

/// Device, number, and the time of the last change, which no program can set back.
#[cfg(unix)]
fn identity(found: &Metadata) -> [i64; 4] {
    use std::os::unix::fs::MetadataExt;
    [found.dev().cast_signed(), found.ino().cast_signed(), found.ctime(), found.ctime_nsec()]
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> [i64; 4] {
    [0; 4]
}

impl Hashed {
    fn of(path: &Path, is_content_needed: bool, more: &[Algorithm]) -> Result<Self, SourceError> {
        let at = || path.display().to_string();
        let (file, length) = files::open_with_length(path).map_err(|error| error.of_source(at()))?;
        let unread = |error: std::io::Error| FileError::from(error).of_source(at());
        let before = Mark::of(&file.metadata().map_err(unread)?);
        let hashed = if is_content_needed && length <= LONGEST_HELD {
            Self::held(&file, length)
        } else {
            Self::streamed(&file, length, more)
        };
        let (hashed, read) = hashed.map_err(unread)?;
        // Also by its path: another file may have been put in its place meanwhile.
        let after = [file.metadata(), std::fs::metadata(path)];
        let is_same = |found: &std::io::Result<Metadata>| found.as_ref().is_ok_and(|found| Mark::of(found) == before);
        if read != length || !after.iter().all(is_same) {
            return Err(SourceError::Changed { at: at() });
        }
        Ok(hashed)
    }

    /// Reads a file into memory. One that has grown is not read to its end.
    fn held(file: &File, length: u64) -> std::io::Result<(Self, u64)> {
        let mut bytes = Vec::new();
        file.take(length + 1).read_to_end(&mut bytes)?;
        let read = bytes.len() as u64;
        let content = Blob::of(Algorithm::Sha256, bytes);
        Ok((Self { digest: content.digest().clone(), others: Vec::new(), content: Some(content) }, read))
    }

    fn streamed(file: &File, length: u64, more: &[Algorithm]) -> std::io::Result<(Self, u64)> {
        let mut first = Hasher::new(Algorithm::Sha256);
        let mut others: Vec<Hasher> = more.iter().map(|algorithm| Hasher::new(*algorithm)).collect();
        let mut from = file.take(length + 1);
        let (mut piece, mut read) = (vec![0; PIECE], 0);
        loop {
            let count = match from.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            read += count as u64;
            first.update(&piece[..count]);
            for other in &mut others {
                other.update(&piece[..count]);
            }
        }
        let others = others.into_iter().map(Hasher::finish).collect();
        Ok((Self { digest: first.finish(), others, content: None }, read))
    }
}

/// GitHub, asked about one file.
struct Asked<'a> {
    service: &'a GitHubAttestations,
    limits: &'a Limits,
}

impl Asked<'_> {
    async fn take(&self, subject: &Digest, evidence: &mut Evidence) {
        let place = self.service.place();
        let (listed, problem) = self.list(subject).await;
        let mut problems: Vec<SourceError> = problem.into_iter().collect();
        let mut left = self.limits.total_bytes;
        for attested in listed {
            let bundle = match attested {
                Attested::Here(bundle) => Ok(bundle),
                Attested::There(at) => self.service.bundle(&at, self.limits.service.min(left)).await,
            };
            match bundle {
                Ok(bundle) => {
                    left = left.saturating_sub(bundle.bytes().len() as u64);
                    evidence.candidates.push(Candidate {
                        subject: subject.clone(),
                        origin: Origin::GitHub { place: place.clone() },
                        digest: bundle.digest().clone(),
                        content: Content::Bundle(Opened::bundle(bundle)),
                    });
                }
                Err(error) => problems.push(error),
            }
        }
        let what = format!("attestations of {place} on {subject}");
        let gap = |problem: &SourceError| Gap {
            subject: subject.clone(),
            what: what.clone(),
            obstacle: problem.obstacle_of_listed(),
        };
        evidence.gaps.extend(problems.iter().map(gap));
    }

    /// Returns the listed attestations, and the error that ended the list early, if any.
    async fn list(&self, subject: &Digest) -> (Vec<Attested>, Option<SourceError>) {
        let (mut listed, mut next) = (Vec::new(), None);
        let too_many = |limit, allowed: usize| SourceError::Limit {
            at: subject.to_string(),
            limit,
            allowed: allowed as u64,
            found: "more".to_owned(),
        };
        for number in 0..self.limits.referrers_pages {
            match self.service.page(subject, next.as_ref(), self.limits.service).await {
                Ok(page) => {
                    listed.extend(page.bundles);
                    next = page.next;
                }
                // Only the first page may say that there is nothing.
                Err(error) if number == 0 && error.is_not_found() => return (listed, None),
                Err(error) => return (listed, Some(error)),
            }
            if listed.len() > self.limits.candidates {
                listed.truncate(self.limits.candidates);
                return (listed, Some(too_many("attestations of one subject", self.limits.candidates)));
            }
            if next.is_none() {
                return (listed, None);
            }
        }
        (listed, Some(too_many("pages of attestations", self.limits.referrers_pages)))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_file_has_the_same_digests_held_and_streamed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            let bytes: Vec<u8> = (0..=250).cycle().take(length).collect();
            fs::write(&path, &bytes).expect("a file");
            let all = [Algorithm::Sha384, Algorithm::Sha512];
            let streamed = Hashed::of(&path, false, &all).expect("a file");
            let held = Hashed::of(&path, true, &all).expect("a file");
            assert_eq!((&streamed.digest, streamed.content), (&held.digest, None));
            assert_eq!(streamed.others, all.map(|algorithm| Digest::of(algorithm, &bytes)));
            assert_eq!(held.content.expect("held").bytes().as_ref(), bytes);
        }
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_has_no_digest() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        // Sparse: it takes some time to hash, and no room.
        File::create(&path).and_then(|file| file.set_len(256 * 1024 * 1024)).expect("a file");
        let writing = path.clone();
        let writer = thread::spawn(move || {
            for _ in 0..200 {
                let mut file = fs::OpenOptions::new().append(true).open(&writing).expect("the file");
                file.write_all(b"x").expect("one byte");
                thread::sleep(Duration::from_millis(5));
            }
        });
        let read = Hashed::of(&path, false, &[Algorithm::Sha512]);
        assert!(matches!(read, Err(SourceError::Changed { .. })));
        writer.join().expect("the writer ends");
    }
}
