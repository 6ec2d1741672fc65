//! What an image consists of: its index, nested indexes and platform manifests.

use std::rc::Rc;

use super::PlatformChoice;
use super::reader::{Form, Reader, check_size};
use crate::collect::error::SourceError;
use crate::collect::source::Source;
use crate::evidence::{Subject, SubjectKind};
use crate::json;
use crate::oci::media_type::{DOCKER_INDEX, OCI_INDEX};
use crate::oci::{Descriptor, Digest, ImageManifest, Index, Manifest, Platform};

/// An image's subjects, and the attestation manifests that BuildKit put beside them.
#[derive(Debug, Default)]
pub(super) struct Image {
    /// The root first, then in the order of the indexes.
    pub(super) subjects: Vec<Subject>,
    /// Unsigned attestations in the indexes.
    pub(super) attestations: Vec<Attestation>,
}

/// An attestation manifest in an index (BuildKit `attestation-storage.md`).
#[derive(Debug, Clone)]
pub(super) struct Attestation {
    /// The manifest that lists the statements.
    pub(super) manifest: Descriptor,
    /// The platform manifest that it says it is about.
    pub(super) about: Digest,
}

/// Finds the subjects of an image, and of them those for the chosen platforms.
pub(super) async fn find<S: Source>(
    reader: &Reader<S>,
    root: &Digest,
    manifest: &Manifest,
    choice: &PlatformChoice,
) -> Result<Image, SourceError> {
    match manifest {
        Manifest::Image(image) => single(reader, root, image, choice).await,
        Manifest::Index(index) => {
            let mut found = Image::default();
            found.add(Subject {
                digest: root.clone(),
                kind: SubjectKind::Index,
                reached_through: Vec::new(),
                searched: false,
            });
            walk(reader, index, std::slice::from_ref(root), &mut found).await?;
            found.choose(choice)
        }
    }
}

/// An image for one platform. Its configuration says which, and is read only when that matters.
async fn single<S: Source>(
    reader: &Reader<S>,
    root: &Digest,
    image: &ImageManifest,
    choice: &PlatformChoice,
) -> Result<Image, SourceError> {
    let platform = match choice {
        PlatformChoice::All => None,
        PlatformChoice::One(wished) => Some(configured_platform(reader, image, wished).await?),
    };
    let subject = Subject {
        digest: root.clone(),
        kind: SubjectKind::Image(platform),
        reached_through: Vec::new(),
        searched: false,
    };
    Ok(Image { subjects: vec![subject], attestations: Vec::new() })
}

async fn configured_platform<S: Source>(
    reader: &Reader<S>,
    image: &ImageManifest,
    wished: &Platform,
) -> Result<Platform, SourceError> {
    check_size(&image.config, "bytes of an image configuration", reader.limits.manifest)?;
    reader.fetch_blobs([(Form::Plain, &image.config)]).await;
    let configuration = reader.plain_blob(&image.config)?;
    // image-spec config.md requires `os` and `architecture`; an artifact has neither.
    let found: Option<Platform> = json::from_slice(configuration.bytes()).ok();
    match found {
        Some(found) if found.satisfies(wished) => Ok(found),
        found => Err(SourceError::NoSuchPlatform { wished: wished.clone(), available: found.into_iter().collect() }),
    }
}

/// Adds what an index holds, depth first, in order. `path` leads to the index and ends with it.
async fn walk<S: Source>(
    reader: &Reader<S>,
    index: &Index,
    path: &[Digest],
    found: &mut Image,
) -> Result<(), SourceError> {
    reader.fetch_manifests(index.manifests.iter().filter(|entry| is_index(entry))).await;
    for entry in &index.manifests {
        if let Some(attestation) = attestation(entry) {
            found.attestations.push(attestation);
        }
        // Only this platform keeps every runtime from taking an entry. BuildKit's annotations do not: a manifest that
        // only carries those would be run, and must not escape verification.
        if entry.platform.as_ref().is_some_and(Platform::is_unknown) {
            continue;
        }
        // Whatever is not an index counts as an image, even with a media type that is not known here: runtimes choose
        // by platform, and an entry that is never verified must not be the one that is run.
        let kind = if is_index(entry) { SubjectKind::Index } else { SubjectKind::Image(entry.platform.clone()) };
        let is_new =
            found.add(Subject { digest: entry.digest.clone(), kind, reached_through: path.to_vec(), searched: false });
        if found.subjects.len() > reader.limits.subjects {
            return Err(limit(path, "manifests in an image", reader.limits.subjects));
        }
        if is_new && is_index(entry) {
            let nested = nested_index(reader, entry, path)?;
            let path: Vec<Digest> = path.iter().chain([&entry.digest]).cloned().collect();
            if let Manifest::Index(index) = &*nested {
                Box::pin(walk(reader, index, &path, found)).await?;
            }
        }
    }
    Ok(())
}

fn nested_index<S: Source>(
    reader: &Reader<S>,
    entry: &Descriptor,
    path: &[Digest],
) -> Result<Rc<Manifest>, SourceError> {
    if path.contains(&entry.digest) {
        return Err(SourceError::Unexpected {
            at: format!("index {}", entry.digest),
            expected: "an index that does not contain itself",
            found: format!("itself below {}", path[0]),
        });
    }
    if path.len() >= reader.limits.index_depth {
        return Err(limit(path, "levels of nested indexes", reader.limits.index_depth));
    }
    let at = || format!("index {}", entry.digest);
    let manifest = reader.manifest(entry)?.map_err(|source| SourceError::Manifest { at: at(), source })?;
    match &*manifest {
        Manifest::Index(_) => Ok(manifest),
        Manifest::Image(image) => Err(SourceError::Unexpected {
            at: at(),
            expected: "an index, as the index above it says",
            found: image.media_type.clone(),
        }),
    }
}

fn is_index(entry: &Descriptor) -> bool {
    matches!(entry.media_type.as_str(), OCI_INDEX | DOCKER_INDEX)
}

fn attestation(entry: &Descriptor) -> Option<Attestation> {
    let annotation = |name: &str| entry.annotations.get(name).map(String::as_str);
    if annotation("vnd.docker.reference.type") != Some("attestation-manifest") {
        return None;
    }
    let about = annotation("vnd.docker.reference.digest")?.parse().ok()?;
    Some(Attestation { manifest: entry.clone(), about })
}

fn limit(path: &[Digest], limit: &'static str, allowed: usize) -> SourceError {
    SourceError::Limit { at: format!("index {}", path[0]), limit, allowed: allowed as u64, found: "more".to_owned() }
}

impl Image {
    /// Adds a subject unless the same one was reached the same way; returns whether it was added.
    fn add(&mut self, subject: Subject) -> bool {
        let is_new = !self.subjects.contains(&subject);
        if is_new {
            self.subjects.push(subject);
        }
        is_new
    }

    /// Keeps the chosen platforms and the indexes that lead to them.
    fn choose(mut self, choice: &PlatformChoice) -> Result<Self, SourceError> {
        let PlatformChoice::One(wished) = choice else {
            return Ok(self);
        };
        // image-spec image-index.md: "If multiple manifests match a client or runtime's requirements, the first matching
        // entry SHOULD be used." (A046)
        let chosen =
            self.subjects.iter().find(|subject| platform(subject).is_some_and(|platform| platform.satisfies(wished)));
        let Some(chosen) = chosen.cloned() else {
            let available = self.subjects.iter().filter_map(platform).cloned().collect();
            return Err(SourceError::NoSuchPlatform { wished: wished.clone(), available });
        };
        self.subjects.retain(|subject| *subject == chosen || leads_to(subject, &chosen));
        Ok(self)
    }
}

fn platform(subject: &Subject) -> Option<&Platform> {
    match &subject.kind {
        SubjectKind::Image(platform) => platform.as_ref(),
        SubjectKind::Index => None,
    }
}

fn leads_to(subject: &Subject, chosen: &Subject) -> bool {
    subject.kind == SubjectKind::Index
        && chosen.reached_through.contains(&subject.digest)
        && chosen.reached_through.starts_with(&subject.reached_through)
}
