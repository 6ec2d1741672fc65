//! A copy: images with their layers and everything that is attached to them, from where they are to a repository of a registry.
//!
//! Everything but layers is read before the first byte is written, and what a manifest names is there before the manifest: layers
//! and configurations, then manifests, then the indexes that hold them, then evidence, and tags last. So a copy that fails leaves
//! content without a name, and no tag that leads to a part of an image.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;

use serde_json::{Value, json};

use super::error::SourceError;
use super::limits::Limits;
use super::pack::{Entries, Image, Pack, Store, is_kept_elsewhere, not_kept, place};
use super::recorded::Kept;
use super::registry::{Pushed, Registries, RegistryTarget};
use super::source::{Fetched, Source};
use super::spool::Spool;
use super::target::{ImageSource, Places};
use crate::oci::media_type::{ACCEPTED, OCI_INDEX};
use crate::oci::{
    Algorithm, Blob, Descriptor, Digest, ImageName, Manifest, ManifestError, Reference, ReferrersList, Tag,
};

/// Where a copy goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyTarget {
    /// The repository.
    pub name: ImageName,
    /// The tag there, in place of that of the image.
    pub tag: Option<Tag>,
    /// Whether tags that name something else are moved.
    pub moves_tags: bool,
}

/// How a copy is made.
pub struct Copying<'a> {
    /// The registries of the run.
    pub registries: &'a Rc<Registries>,
    /// Limits on reading.
    pub limits: &'a Limits,
    /// The repository that holds the evidence, if it is another than the image's.
    pub evidence_repository: Option<&'a ImageName>,
}

/// What a copy came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// Manifests and indexes that were written.
    pub manifests: usize,
    /// Blobs that were sent.
    pub sent: usize,
    /// Blobs that were there, or in another repository of the registry.
    pub found: usize,
    /// Tags that were written.
    pub tags: usize,
}

/// Why a copy was not made, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Something could not be read or written.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A tag there names something else.
    #[error("tag `{tag}` names {found} there, and would name {copied}")]
    Taken {
        /// The tag.
        tag: String,
        /// What it names.
        found: Digest,
        /// What it would name.
        copied: Digest,
    },
    /// Two images would have one tag.
    #[error("two images would have the tag `{tag}`")]
    Shared {
        /// The tag.
        tag: String,
    },
}

/// A manifest that is to be written, after everything that it names.
struct Planned {
    digest: Digest,
    media_type: String,
    blobs: Vec<Descriptor>,
    /// What it is attached to, and how a list of referrers names it.
    attached: Option<(Digest, Value)>,
}

/// One image with its evidence.
struct Plan<'a> {
    store: &'a Store,
    kept: &'a Kept,
    source: ImageSource,
    limits: &'a Limits,
    manifests: Vec<Planned>,
    seen: BTreeSet<Digest>,
}

/// What a manifest is read as.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    OfImage,
    OfEvidence,
}

/// A manifest on the way through a tree.
enum Step {
    Read { digest: Digest, size: Option<u64>, depth: usize },
    Add(Planned),
}

/// The most manifests of one image, its evidence counted in.
const MOST_MANIFESTS: usize = 10_000;

/// Copies images that were recorded, with their layers. Nothing is written if something could not be read, or if a tag is taken.
pub async fn copy(recorded: Pack, to: &CopyTarget, copying: &Copying<'_>) -> Result<Copied, CopyError> {
    let (store, images) = recorded.into_images()?;
    let store = &*store;
    let (mut plans, mut evidence_tags, mut tags) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    for image in &images {
        let Some(root) = &image.kept.root else { continue };
        plans.push((image, Plan::of(store, image, root, copying).await?));
        for (tag, digest) in &image.kept.cosign {
            name(&mut evidence_tags, tag, digest)?;
        }
        let own = image.names.as_ref().map(|(tag, _)| tag.as_str());
        if let Some(tag) = to.tag.as_ref().map(Tag::as_str).or(own) {
            name(&mut tags, tag, root)?;
        }
    }
    let target = copying.registries.open_target(&to.name, None, copying.limits)?;
    let (evidence_tags, tags) =
        (free(&target, to, evidence_tags, copying).await?, free(&target, to, tags, copying).await?);
    let mut writing = Writing {
        store,
        limits: copying.limits,
        done: BTreeSet::new(),
        unlisted: BTreeMap::new(),
        copied: Copied::default(),
    };
    for (image, plan) in &plans {
        let from = match &image.reference {
            Reference::Registry(image) => Some(copying.registries.asked(&image.name)),
            Reference::Layout(_) | Reference::Npm(_) | Reference::File(_) => None,
        };
        let target = copying.registries.open_target(&to.name, from.as_ref(), copying.limits)?;
        writing.write(plan, &target).await?;
    }
    for (subject, entries) in std::mem::take(&mut writing.unlisted) {
        let own = plans.iter().find_map(|(image, _)| image.kept.fallback.get(&subject));
        writing.list(&target, &subject, own, &entries).await?;
    }
    for (tag, digest) in evidence_tags.iter().chain(&tags) {
        let planned = plans.iter().flat_map(|(_, plan)| &plan.manifests).find(|planned| planned.digest == *digest);
        if let Some(planned) = planned {
            let blob = store.read(digest)?;
            writing.put(&target, tag, &planned.media_type, &blob).await?;
        }
        writing.copied.tags += 1;
    }
    Ok(writing.copied)
}

fn name(tags: &mut BTreeMap<String, Digest>, tag: &str, digest: &Digest) -> Result<(), CopyError> {
    match tags.insert(tag.to_owned(), digest.clone()) {
        Some(other) if other != *digest => Err(CopyError::Shared { tag: tag.to_owned() }),
        _ => Ok(()),
    }
}

/// Returns the tags that are not there yet. One that names something else is left alone, unless it is to be moved.
async fn free(
    target: &RegistryTarget,
    to: &CopyTarget,
    tags: BTreeMap<String, Digest>,
    copying: &Copying<'_>,
) -> Result<BTreeMap<String, Digest>, CopyError> {
    let mut free = BTreeMap::new();
    for (tag, digest) in tags {
        // A tag of a layout may be a whole name.
        tag.parse::<Tag>().map_err(|_| SourceError::Unexpected {
            at: tag.clone(),
            expected: "a tag, or `--to` with one",
            found: "the name of an image".to_owned(),
        })?;
        let found = target.tagged(&tag, copying.limits.manifest).await?;
        let found = found.map(|blob| Digest::of(digest.algorithm(), blob.bytes()));
        match found {
            Some(found) if found == digest => {}
            Some(found) if !to.moves_tags => return Err(CopyError::Taken { tag, found, copied: digest }),
            _ => drop(free.insert(tag, digest)),
        }
    }
    Ok(free)
}

impl<'a> Plan<'a> {
    /// Reads every manifest of an image and of its evidence.
    async fn of(store: &'a Store, image: &'a Image, root: &Digest, copying: &Copying<'a>) -> Result<Self, SourceError> {
        let places = Places { evidence_repository: copying.evidence_repository, ..Places::default() };
        let at = image.reference.at(root.clone());
        let source = ImageSource::open(&at, places, copying.registries, copying.limits)?;
        let (manifests, seen) = (Vec::new(), BTreeSet::new());
        let mut plan = Self { store, kept: &image.kept, source, limits: copying.limits, manifests, seen };
        plan.add(root, Part::OfImage).await?;
        plan.add_evidence().await?;
        Ok(plan)
    }

    async fn add_evidence(&mut self) -> Result<(), SourceError> {
        let mut all: Vec<Digest> = Vec::new();
        for list in self.kept.fallback.values() {
            let at = || list.to_string();
            let read = ReferrersList::parse(&self.store.read(list)?, Some(OCI_INDEX));
            let read = read.map_err(|source| SourceError::Manifest { at: at(), source })?;
            if let Some(source) = read.unusable {
                return Err(SourceError::Manifest { at: at(), source });
            }
            all.extend(read.manifests.into_iter().map(|listed| listed.digest));
        }
        all.extend(self.kept.referrers.values().flatten().map(|listed| listed.digest.clone()));
        all.extend(self.kept.cosign.iter().map(|(_, digest)| digest.clone()));
        for (subject, bundle, size) in &self.kept.service {
            let attached = Entries::attached(self.store, self.kept, subject, (bundle, *size));
            all.push(attached.map_err(|error| not_kept(bundle, error))?.digest().clone());
        }
        for digest in all {
            self.add(&digest, Part::OfEvidence).await?;
        }
        Ok(())
    }

    /// Adds a manifest after those that it names.
    async fn add(&mut self, top: &Digest, part: Part) -> Result<(), SourceError> {
        let mut steps = vec![Step::Read { digest: top.clone(), size: None, depth: 0 }];
        while let Some(step) = steps.pop() {
            let (digest, size, depth) = match step {
                Step::Add(planned) => {
                    self.manifests.push(planned);
                    continue;
                }
                Step::Read { digest, size, depth } => (digest, size, depth),
            };
            if !self.seen.insert(digest.clone()) {
                continue;
            }
            if self.seen.len() > MOST_MANIFESTS || depth > self.limits.index_depth + 1 {
                let (limit, allowed) = ("manifests of an image with its evidence", MOST_MANIFESTS as u64);
                return Err(SourceError::Limit { at: top.to_string(), limit, allowed, found: "more".to_owned() });
            }
            let fetched = match self.fetch(&digest, size, part).await {
                // Where an image was copied in part, the rest is missing there too.
                Err(error) if error.is_not_found() && depth > 0 => continue,
                fetched => fetched?,
            };
            let parsed = Manifest::parse(&fetched.blob, fetched.content_type.as_deref());
            let parsed = parsed.map_err(|source| SourceError::Manifest { at: digest.to_string(), source })?;
            steps.push(Step::Add(Planned {
                media_type: parsed.media_type().to_owned(),
                blobs: match &parsed {
                    Manifest::Image(image) => image.layers.iter().chain([&image.config]).cloned().collect(),
                    Manifest::Index(_) => Vec::new(),
                },
                attached: parsed.subject().map(|subject| (subject.digest.clone(), entry(&parsed, &fetched.blob))),
                digest,
            }));
            if let Manifest::Index(index) = parsed {
                let read =
                    |entry: Descriptor| Step::Read { digest: entry.digest, size: Some(entry.size), depth: depth + 1 };
                steps.extend(index.manifests.into_iter().rev().map(read));
            }
        }
        Ok(())
    }

    /// Reads a manifest: as it was recorded, or else from where it is.
    async fn fetch(&self, digest: &Digest, size: Option<u64>, part: Part) -> Result<Fetched, SourceError> {
        if self.store.has(digest) {
            let stated = self.kept.manifests.get(digest).map(|kept| kept.media_type.clone());
            let content_type = stated.filter(|stated| ACCEPTED.contains(&stated.as_str()));
            return Ok(Fetched { blob: self.store.read(digest)?, content_type });
        }
        let fetched = match (part, size) {
            (Part::OfImage, Some(size)) if size <= self.limits.manifest => {
                self.source.manifest(&described(digest, size)).await?
            }
            _ => self.source.listed(digest, self.limits.manifest).await?,
        };
        self.store.keep_blob(&fetched.blob)?;
        Ok(fetched)
    }

    /// Returns the file that has a blob: as it was recorded, or else fetched, and compared with its digest on the way.
    async fn file(&self, wanted: &Descriptor) -> Result<PathBuf, SourceError> {
        if self.store.has(&wanted.digest) {
            return Ok(self.store.path(&place(&wanted.digest)));
        }
        let (file, path) = self.store.scratch().map_err(|error| not_kept(&wanted.digest, error))?;
        let spool = Spool::new(file, wanted.digest.algorithm());
        let came = self.source.spool(wanted, &spool).await;
        came.map_err(|error| spool.failure(&wanted.digest).unwrap_or(error))?;
        spool.finish(wanted)?;
        Ok(path)
    }
}

fn described(digest: &Digest, size: u64) -> Descriptor {
    let (media_type, annotations) = (String::new(), BTreeMap::new());
    Descriptor { media_type, digest: digest.clone(), size, artifact_type: None, annotations, platform: None }
}

/// How a list names a manifest (distribution-spec, "Listing Referrers").
fn entry(manifest: &Manifest, blob: &Blob) -> Value {
    let (media_type, size) = (manifest.media_type(), blob.bytes().len());
    let mut entry = json!({"mediaType": media_type, "digest": blob.digest(), "size": size});
    if let Some(artifact_type) = manifest.artifact_type() {
        entry["artifactType"] = artifact_type.into();
    }
    let annotations = match manifest {
        Manifest::Image(image) => &image.annotations,
        Manifest::Index(index) => &index.annotations,
    };
    if !annotations.is_empty() {
        entry["annotations"] = json!(annotations);
    }
    entry
}

/// What was written so far.
struct Writing<'a> {
    store: &'a Store,
    limits: &'a Limits,
    done: BTreeSet<Digest>,
    /// What the registry does not list by itself, by subject.
    unlisted: BTreeMap<Digest, Vec<Value>>,
    copied: Copied,
}

impl Writing<'_> {
    async fn write(&mut self, plan: &Plan<'_>, target: &RegistryTarget) -> Result<(), SourceError> {
        for planned in &plan.manifests {
            for blob in planned.blobs.iter().filter(|blob| !is_kept_elsewhere(blob)) {
                if !self.done.insert(blob.digest.clone()) {
                    continue;
                }
                match target.push_blob(blob, || plan.file(blob)).await? {
                    Pushed::Sent => self.copied.sent += 1,
                    Pushed::Found | Pushed::Mounted => self.copied.found += 1,
                }
            }
            if !self.done.insert(planned.digest.clone()) {
                continue;
            }
            let blob = self.store.read(&planned.digest)?;
            let is_listed = self.put(target, &planned.digest.to_string(), &planned.media_type, &blob).await?;
            self.copied.manifests += 1;
            if let Some((subject, entry)) = planned.attached.as_ref().filter(|_| !is_listed) {
                self.unlisted.entry(subject.clone()).or_default().push(entry.clone());
            }
        }
        Ok(())
    }

    /// Writes a manifest, and makes sure that it is there as it was sent. Returns whether the registry lists it with its subject.
    async fn put(
        &self,
        target: &RegistryTarget,
        name: &str,
        media_type: &str,
        blob: &Blob,
    ) -> Result<bool, SourceError> {
        let is_listed = target.put_manifest(name, media_type, blob).await?.is_listed;
        target.read_again(name, blob).await?;
        Ok(is_listed)
    }

    /// Adds to the list under a fallback tag (distribution-spec, "Pushing Manifests with Subject"). What others put there stays.
    async fn list(
        &self,
        target: &RegistryTarget,
        subject: &Digest,
        own: Option<&Digest>,
        entries: &[Value],
    ) -> Result<(), SourceError> {
        let tag = subject.referrers_tag();
        let found = target.tagged(&tag, self.limits.manifest).await?;
        let own = own.map(|own| self.store.read(own)).transpose()?;
        let merged = merged(found.as_ref(), own.as_ref(), entries);
        let merged = merged.map_err(|source| SourceError::Manifest { at: format!("tag `{tag}`"), source })?;
        if let Some(list) = merged {
            self.put(target, &tag, OCI_INDEX, &list).await?;
        }
        Ok(())
    }
}

/// Adds entries to the list at the destination (`found`), and returns the new list; `None` if that list has all of them. If the
/// destination has no list, the source's list (`own`) is the base, and is used unchanged if it names all entries.
fn merged(found: Option<&Blob>, own: Option<&Blob>, entries: &[Value]) -> Result<Option<Blob>, ManifestError> {
    let base = found.or(own);
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut list = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []});
    if let Some(base) = base {
        let read = ReferrersList::parse(base, Some(OCI_INDEX))?;
        known.extend(read.manifests.iter().map(|listed| listed.digest.to_string()));
        list = crate::json::from_slice(base.bytes()).map_err(|error| ManifestError::Json(error.to_string()))?;
        if let Some(source) = read.unusable {
            return Err(source);
        }
    }
    let is_new = |entry: &&Value| entry["digest"].as_str().is_some_and(|digest| !known.contains(digest));
    let more: Vec<Value> = entries.iter().filter(is_new).cloned().collect();
    if more.is_empty() {
        return Ok(own.filter(|_| found.is_none()).cloned());
    }
    match list["manifests"].as_array_mut() {
        Some(manifests) => manifests.extend(more),
        None => list["manifests"] = more.into(),
    }
    let bytes = serde_json::to_vec(&list).map_err(|error| ManifestError::Json(error.to_string()))?;
    Ok(Some(Blob::of(Algorithm::Sha256, bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(digests: &[&str]) -> Blob {
        let entries: Vec<Value> = digests.iter().map(|text| named(text)).collect();
        let list = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries, "annotations": {"a": "b"}});
        Blob::of(Algorithm::Sha256, list.to_string().into_bytes())
    }

    fn named(text: &str) -> Value {
        let digest = Digest::of(Algorithm::Sha256, text.as_bytes());
        json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": 1})
    }

    fn digests(list: &Blob) -> Vec<String> {
        let read = ReferrersList::parse(list, Some(OCI_INDEX)).expect("a list");
        read.manifests.iter().map(|listed| listed.digest.to_string()).collect()
    }

    #[test]
    fn a_list_grows_and_loses_nothing() {
        let entries = [named("one"), named("two")];
        assert_eq!(merged(Some(&list(&["two", "one"])), None, &entries), Ok(None));
        let source = list(&["one", "two", "three"]);
        assert_eq!(merged(None, Some(&source), &entries), Ok(Some(source.clone())), "byte for byte");
        let grown = merged(Some(&list(&["others"])), Some(&source), &entries).expect("a list").expect("a new one");
        assert_eq!(digests(&grown), digests(&list(&["others", "one", "two"])));
        assert!(String::from_utf8_lossy(grown.bytes()).contains(r#""annotations":{"a":"b"}"#));
        let made = merged(None, None, &entries).expect("a list").expect("a new one");
        assert_eq!(digests(&made), digests(&list(&["one", "two"])));
        let hostile = Blob::of(Algorithm::Sha256, &b"{\"schemaVersion\":2,\"manifests\":[1]}"[..]);
        assert!(merged(Some(&hostile), None, &entries).is_err());
    }
}
