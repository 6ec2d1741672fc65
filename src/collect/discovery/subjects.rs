//! The manifests of an image: its index, nested indexes and platform manifests.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::rc::Rc;

use super::PlatformChoice;
use super::attestation::{Attestation, Attestations};
use super::reader::{Form, Reader, check_size};
use crate::collect::error::SourceError;
use crate::collect::source::Source;
use crate::evidence::{Subject, SubjectKind};
use crate::json;
use crate::oci::media_type::{DOCKER_INDEX, OCI_INDEX};
use crate::oci::{Descriptor, Digest, ImageManifest, Index, Manifest, Platform, runtime};

/// containers/image `internal/manifest/oci_index.go`: with the value `true` the entry is preferred to others for its platform.
const ZSTD: &str = "io.github.containers.compression.zstd";

/// An image's subjects, and the attestation manifests that BuildKit put beside them.
#[derive(Debug, Default)]
pub(super) struct Image {
    /// The root first, then in the order of the indexes.
    pub(super) subjects: Vec<Subject>,
    /// The attestation manifests in the indexes that may be about them, each once.
    pub(super) attestations: Attestations,
    /// Manifests that an index marks as compressed with Zstandard.
    zstd: HashSet<Digest>,
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
            let mut chosen = found.choose(choice)?;
            let digests: Vec<Digest> = chosen.subjects.iter().map(|subject| subject.digest.clone()).collect();
            chosen.attestations.retain(|attestation| attestation.may_concern(&digests));
            Ok(chosen)
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
        PlatformChoice::These(wished) => Some(configured_platform(reader, image, wished).await?),
    };
    let subject = Subject {
        digest: root.clone(),
        kind: SubjectKind::Image(platform),
        reached_through: Vec::new(),
        searched: false,
    };
    Ok(Image { subjects: vec![subject], ..Image::default() })
}

async fn configured_platform<S: Source>(
    reader: &Reader<S>,
    image: &ImageManifest,
    wished: &[Platform],
) -> Result<Platform, SourceError> {
    check_size(&image.config, "bytes of an image configuration", reader.limits.manifest)?;
    reader.fetch_blobs([(Form::Plain, &image.config)]).await;
    let configuration = reader.plain_blob(&image.config)?;
    // image-spec config.md requires `os` and `architecture`; an artifact has neither.
    let found: Option<Platform> = json::from_slice(configuration.bytes()).ok();
    let entry = [runtime::Entry { platform: found.as_ref(), is_zstd: false }];
    if let Some(missing) = wished.iter().find(|wish| runtime::chosen(wish, &entry).is_empty()) {
        let available = found.into_iter().collect();
        return Err(SourceError::NoSuchPlatform { wished: missing.clone(), available });
    }
    found.ok_or_else(|| SourceError::NoSuchPlatform { wished: wished[0].clone(), available: Vec::new() })
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
        if let Some(attestation) = read_attestation(entry) {
            found.attestations.add(attestation, reader.limits.attestation_manifests);
        }
        // Only this platform keeps every runtime from taking an entry. BuildKit's annotations do not: a manifest that
        // only carries those would be run, and must not escape verification.
        if entry.platform.as_ref().is_some_and(Platform::is_unknown) {
            continue;
        }
        // Every entry that is not an index counts as an image, even with an unknown media type: runtimes choose by
        // platform, and they must not run an entry that was never verified.
        let kind = if is_index(entry) { SubjectKind::Index } else { SubjectKind::Image(entry.platform.clone()) };
        if entry.annotations.get(ZSTD).is_some_and(|value| value == "true") {
            found.zstd.insert(entry.digest.clone());
        }
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

/// Takes an entry for an attestation manifest by its annotations; one that has none may name its subject itself.
///
/// BuildKit `attestation-storage.md`: "`vnd.docker.reference.type` … will be set to `attestation-manifest`. If any other value
/// is specified, the entire manifest should be ignored."
fn read_attestation(entry: &Descriptor) -> Option<Attestation> {
    let annotation = |name: &str| entry.annotations.get(name).map(String::as_str);
    let is_no_image = entry.platform.as_ref().is_some_and(Platform::is_unknown) && !is_index(entry);
    let annotated = match (annotation("vnd.docker.reference.type"), annotation("vnd.docker.reference.digest")) {
        (Some("attestation-manifest"), Some(about)) => BTreeSet::from([about.parse().ok()?]),
        (Some("attestation-manifest"), None) => BTreeSet::new(),
        (None, None) if is_no_image => BTreeSet::new(),
        _ => return None,
    };
    Some(Attestation::entry(entry.clone(), annotated))
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
        let PlatformChoice::These(wished) = choice else {
            return Ok(self);
        };
        let mut places = BTreeSet::new();
        for wish in wished {
            let chosen = self.chosen(wish);
            if chosen.is_empty() {
                let available = self.subjects.iter().filter_map(platform).cloned().collect();
                return Err(SourceError::NoSuchPlatform { wished: wish.clone(), available });
            }
            places.extend(chosen);
        }
        let chosen: Vec<Subject> = places.into_iter().map(|place| self.subjects[place].clone()).collect();
        self.subjects.retain(|subject| chosen.iter().any(|chosen| subject == chosen || leads_to(subject, chosen)));
        Ok(self)
    }

    /// The images that some runtime for a platform would take, by their places. Each index is chosen from by itself: runtimes do
    /// not agree on which of several they look into.
    ///
    /// image-spec image-index.md: "If multiple manifests match a client or runtime's requirements, the first matching entry SHOULD
    /// be used." (A046)
    fn chosen(&self, wish: &Platform) -> BTreeSet<usize> {
        let mut indexes: BTreeMap<&[Digest], Vec<usize>> = BTreeMap::new();
        let images = self.subjects.iter().enumerate().filter(|(_, subject)| subject.kind != SubjectKind::Index);
        for (place, subject) in images {
            indexes.entry(&subject.reached_through).or_default().push(place);
        }
        let entry = |place: &usize| {
            let subject = &self.subjects[*place];
            runtime::Entry { platform: platform(subject), is_zstd: self.zstd.contains(&subject.digest) }
        };
        let of_index = |places: &Vec<usize>| {
            let entries: Vec<runtime::Entry<'_>> = places.iter().map(entry).collect();
            runtime::chosen(wish, &entries).into_iter().map(|chosen| places[chosen]).collect::<Vec<_>>()
        };
        let chosen: BTreeSet<usize> = indexes.values().flat_map(of_index).collect();
        // Both libraries take an entry without a platform where no other fits.
        let bare = || indexes.values().flatten().copied().filter(|place| platform(&self.subjects[*place]).is_none());
        if chosen.is_empty() { bare().collect() } else { chosen }
    }
}

fn platform(subject: &Subject) -> Option<&Platform> {
    match &subject.kind {
        SubjectKind::Image(platform) => platform.as_ref(),
        SubjectKind::Index | SubjectKind::File => None,
    }
}

fn leads_to(subject: &Subject, chosen: &Subject) -> bool {
    subject.kind == SubjectKind::Index
        && chosen.reached_through.contains(&subject.digest)
        && chosen.reached_through.starts_with(&subject.reached_through)
}
