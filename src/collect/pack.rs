//! A pack: images and all their evidence, as an OCI layout (image-spec `image-layout.md`) in a folder or an archive.
//!
//! Manifests and blobs are written unchanged under their digests. `index.json` lists evidence the way its source did: referrers
//! become entries that name their subject, and cosign's tags and fallback tags stay tags. So [`super::layout`] finds the same
//! evidence in the pack as in the registry. Layers are included only on request.
//!
//! The pack is written to a draft folder with an unpredictable name beside its destination, and then moved there whole or not at
//! all.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::error::SourceError;
use super::layout::{REF_NAME, SUMS, written};
use super::limits::Limits;
use super::recorded::{Keeper, Kept, KeptManifest, Recording};
use super::registry::Registries;
use super::saving;
use super::source::Source;
use super::spool::Spool;
use super::target::{ImageSource, Places};
use crate::oci::media_type::{ACCEPTED, OCI_EMPTY, OCI_INDEX, OCI_MANIFEST};
use crate::oci::{Algorithm, Blob, Descriptor, Digest, Reference};

/// The most that a pack holds beside layers, in bytes.
const LARGEST: u64 = 4 << 30;
/// The most that it holds with layers.
const LARGEST_WITH_LAYERS: u64 = 256 << 30;
/// The largest index of a layout that is read again, in bytes.
const LARGEST_INDEX: usize = 4 << 20;
/// The media type written for bundles that come from a service.
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// A pack while it is filled.
pub struct Pack {
    to: PathBuf,
    store: Rc<Store>,
    images: RefCell<Vec<Image>>,
    failed: RefCell<Option<SourceError>>,
}

pub(super) struct Image {
    pub(super) reference: Reference,
    /// The tag that it was asked for by, and its whole name.
    pub(super) names: Option<(String, String)>,
    pub(super) kept: Kept,
}

/// The files of a pack.
pub(super) struct Store {
    draft: TempDir,
    bytes: Cell<u64>,
    /// Each file with the SHA-256 of its bytes.
    files: RefCell<BTreeMap<String, Digest>>,
}

impl Pack {
    /// Begins a pack at an unused path or in an empty folder. A name that ends in `.tar` makes an archive.
    pub fn begin(to: &Path) -> io::Result<Self> {
        let is_free = match fs::symlink_metadata(to) {
            Err(error) if error.kind() == ErrorKind::NotFound => true,
            Err(error) => return Err(error),
            Ok(found) => found.is_dir() && !is_archive(to) && fs::read_dir(to)?.next().is_none(),
        };
        if !is_free {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let store = Store { draft: saving::draft_folder(to)?, bytes: Cell::new(0), files: RefCell::default() };
        Ok(Self { to: to.to_owned(), store: Rc::new(store), images: RefCell::default(), failed: RefCell::default() })
    }

    /// Begins to record images that are copied to a registry. Nothing of it stays on this machine.
    pub fn begin_copy() -> io::Result<Self> {
        let draft = tempfile::Builder::new().prefix("bonafide-").tempdir()?;
        let to = draft.path().to_owned();
        let store = Store { draft, bytes: Cell::new(0), files: RefCell::default() };
        Ok(Self { to, store: Rc::new(store), images: RefCell::default(), failed: RefCell::default() })
    }

    /// Gives up what was recorded, or why it is not whole.
    pub(super) fn into_images(self) -> Result<(Rc<Store>, Vec<Image>), SourceError> {
        let images = self.images.into_inner();
        self.failed.into_inner().map_or(Ok((self.store, images)), Err)
    }

    /// Begins to record an image for the pack.
    pub fn recording(&self) -> Rc<Recording> {
        let store: Rc<Store> = Rc::clone(&self.store);
        Recording::new(store)
    }

    /// Adds a recorded image. If its recording is incomplete, remembers the reason.
    pub fn add(&self, reference: &Reference, recording: &Recording) {
        match recording.finish() {
            Ok(kept) => {
                let image = Image { reference: reference.clone(), names: names(reference), kept };
                self.images.borrow_mut().push(image);
            }
            Err(error) => self.fail(error),
        }
    }

    /// Adds the layers of all images. Each is compared with its descriptor while it comes, and none is ever in memory.
    pub async fn add_layers(&self, registries: &Rc<Registries>, limits: &Limits) {
        if self.failure().is_some() {
            return;
        }
        let wanted =
            |image: &Image| image.kept.root.clone().map(|root| (image.reference.at(root), image.kept.layers.clone()));
        let images: Vec<_> = self.images.borrow().iter().filter_map(wanted).collect();
        for (reference, layers) in images {
            let added = async {
                let source = ImageSource::open(&reference, Places::default(), registries, limits)?;
                for layer in layers.iter().filter(|layer| !is_kept_elsewhere(layer)) {
                    self.store.add_layer(&source, layer).await?;
                }
                Ok(())
            };
            if let Err(error) = added.await {
                self.fail(error);
                return;
            }
        }
    }

    /// Remembers why the pack cannot be whole.
    pub fn fail(&self, error: SourceError) {
        self.failed.borrow_mut().get_or_insert(error);
    }

    /// Writes a file of this program (`bonafide/…`) beside the files of the layout.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.store.write(&format!("bonafide/{name}"), bytes)
    }

    /// Returns the destination of the pack.
    pub fn place(&self) -> &Path {
        &self.to
    }

    /// Returns the reason why the pack is incomplete, if it is.
    pub fn failure(&self) -> Option<SourceError> {
        self.failed.borrow().clone()
    }

    /// Puts the pack in its place. Returns how many files it has.
    pub fn finish(self) -> io::Result<usize> {
        let Self { to, store, images, .. } = self;
        let entries = Entries::of(&store, &images.into_inner())?;
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries});
        let index = serde_json::to_vec(&index)?;
        if index.len() > LARGEST_INDEX {
            return Err(io::Error::other("the images have more evidence than the index of one layout can list"));
        }
        store.write("index.json", &index)?;
        store.write("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        let line = |(name, digest): (&String, &Digest)| format!("{}  {name}\n", digest.hex());
        let sums = store.files.borrow().iter().map(line).collect::<Vec<_>>().concat();
        store.write(SUMS, sums.as_bytes())?;
        let store = Rc::try_unwrap(store).map_err(|_| io::Error::other("the pack is still being filled"))?;
        let count = store.files.borrow().len();
        if is_archive(&to) {
            saving::save_new_with(&to, |out| store.archive(out))?;
        } else {
            saving::put_folder(store.draft, &to)?;
        }
        Ok(count)
    }
}

fn is_archive(to: &Path) -> bool {
    to.extension().is_some_and(|extension| extension == "tar")
}

/// Returns the tag of the image in the pack: the tag of the reference. A reference by digest needs none.
fn names(reference: &Reference) -> Option<(String, String)> {
    match reference {
        Reference::Registry(image) if image.digest.is_none() => {
            let tag = image.tag.as_ref()?.as_str();
            Some((tag.to_owned(), format!("{}:{tag}", image.name)))
        }
        Reference::Layout(layout) if layout.digest.is_none() => {
            let tag = layout.tag.as_ref()?;
            Some((tag.clone(), tag.clone()))
        }
        _ => None,
    }
}

pub(super) fn not_kept(at: &Digest, error: io::Error) -> SourceError {
    SourceError::NotKept { at: at.to_string(), source: Arc::new(error) }
}

/// Whether a layer is one that registries may not have (image-spec `layer.md`, "Non-Distributable Layers"; Docker's "foreign" ones).
pub(super) fn is_kept_elsewhere(layer: &Descriptor) -> bool {
    layer.media_type.contains(".nondistributable.") || layer.media_type.contains(".foreign.")
}

impl Keeper for Store {
    fn keep(&self, blob: &Blob) -> io::Result<()> {
        self.write(&place(blob.digest()), blob.bytes())
    }
}

pub(super) fn place(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}

impl Store {
    /// Writes a file once.
    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        if self.files.borrow().contains_key(name) {
            return Ok(());
        }
        self.take(bytes.len() as u64, LARGEST)?;
        self.create(name)?.write_all(bytes)?;
        self.files.borrow_mut().insert(name.to_owned(), Digest::of(Algorithm::Sha256, bytes));
        Ok(())
    }

    pub(super) fn has(&self, digest: &Digest) -> bool {
        self.files.borrow().contains_key(&place(digest))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.draft.path().join(name)
    }

    /// Reads a manifest that was written.
    pub(super) fn read(&self, digest: &Digest) -> Result<Blob, SourceError> {
        let at = || digest.to_string();
        let bytes = fs::read(self.path(&place(digest)));
        let bytes = bytes.map_err(|error| SourceError::File { at: at(), source: Arc::new(error) })?;
        Blob::expect(digest, bytes).map_err(|source| SourceError::Corrupt { at: at(), source })
    }

    /// Writes a manifest or a small blob once.
    pub(super) fn keep_blob(&self, blob: &Blob) -> Result<(), SourceError> {
        self.keep(blob).map_err(|error| not_kept(blob.digest(), error))
    }

    /// Makes an empty file, in place of the one that was made before.
    pub(super) fn scratch(&self) -> io::Result<(File, PathBuf)> {
        let path = self.path("scratch");
        Ok((File::create(&path)?, path))
    }

    /// Writes a layer once.
    async fn add_layer(&self, source: &impl Source, wanted: &Descriptor) -> Result<(), SourceError> {
        let name = place(&wanted.digest);
        if self.files.borrow().contains_key(&name) {
            return Ok(());
        }
        let begun = self.take(wanted.size, LARGEST_WITH_LAYERS).and_then(|()| self.create(&name));
        let begun = begun.map_err(|error| not_kept(&wanted.digest, error));
        let spool = Spool::new(begun?, wanted.digest.algorithm());
        let came = source.spool(wanted, &spool).await;
        // Where the disk is full, the source is not to blame.
        came.map_err(|error| spool.failure(&wanted.digest).unwrap_or(error))?;
        let sha256 = spool.finish(wanted)?;
        self.files.borrow_mut().insert(name, sha256);
        Ok(())
    }

    fn take(&self, bytes: u64, allowed: u64) -> io::Result<()> {
        let size = self.bytes.get().saturating_add(bytes);
        if size > allowed {
            return Err(io::Error::other(format!("a pack holds at most {allowed} bytes")));
        }
        self.bytes.set(size);
        Ok(())
    }

    fn create(&self, name: &str) -> io::Result<File> {
        let file = self.draft.path().join(name);
        fs::create_dir_all(file.parent().unwrap_or(self.draft.path()))?;
        File::create(file)
    }

    fn add(&self, bytes: Vec<u8>) -> io::Result<Blob> {
        let blob = Blob::of(Algorithm::Sha256, bytes);
        self.keep(&blob)?;
        Ok(blob)
    }

    /// Writes the files as an archive that only depends on them.
    fn archive(&self, mut out: &mut dyn io::Write) -> io::Result<()> {
        for name in self.files.borrow().keys() {
            let mut file = File::open(self.draft.path().join(name))?;
            let size = file.metadata()?.len();
            out.write_all(&written::header(name, size)?)?;
            io::copy(&mut file, &mut out)?;
            io::copy(&mut io::repeat(0).take(written::padding(size)), &mut out)?;
        }
        io::copy(&mut io::repeat(0).take(2 * written::BLOCK), &mut out).map(drop)
    }
}

/// The entries of `index.json`.
pub(super) struct Entries<'a> {
    store: &'a Store,
    entries: Vec<Value>,
}

impl<'a> Entries<'a> {
    fn of(store: &'a Store, images: &[Image]) -> io::Result<Vec<Value>> {
        let mut entries = Self { store, entries: Vec::new() };
        for image in images {
            // Two images that were asked for by one tag are told apart by their whole names.
            let is_other = |other: &&Image| other.kept.root != image.kept.root;
            let tag = |image: &Image| image.names.as_ref().map(|(tag, _)| tag.clone());
            let is_shared = images.iter().filter(is_other).any(|other| tag(other) == tag(image));
            let name = image.names.as_ref().map(|(tag, whole)| if is_shared { whole } else { tag });
            entries.add_image(&image.kept, name)?;
        }
        Ok(entries.entries)
    }

    fn add_image(&mut self, kept: &Kept, name: Option<&String>) -> io::Result<()> {
        if let Some(root) = &kept.root {
            self.add(kept, root, name);
        }
        for (subject, listed) in &kept.referrers {
            let mut elsewhere = Vec::new();
            for manifest in listed {
                let is_attached = |found: &KeptManifest| found.subject.as_ref() == Some(subject);
                let mut entry = descriptor(kept, &manifest.digest);
                if !ACCEPTED.contains(&manifest.called.as_str()) {
                    entry["artifactType"] = manifest.called.clone().into();
                }
                if kept.manifests.get(&manifest.digest).is_some_and(is_attached) || kept.fallback.contains_key(subject)
                {
                    self.push(entry);
                } else {
                    elsewhere.push(entry);
                }
            }
            // A list may name a referrer wrongly. The pack keeps that entry as it was listed.
            if !elsewhere.is_empty() {
                let list = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": elsewhere});
                let list = self.store.add(serde_json::to_vec(&list)?)?;
                self.push(named(described(&list, OCI_INDEX), &subject.referrers_tag()));
            }
        }
        for (subject, list) in &kept.fallback {
            self.add(kept, list, Some(&subject.referrers_tag()));
        }
        for (tag, manifest) in &kept.cosign {
            self.add(kept, manifest, Some(tag));
        }
        for (subject, bundle, size) in &kept.service {
            self.attach(kept, subject, (bundle, *size))?;
        }
        Ok(())
    }

    fn attach(&mut self, kept: &Kept, subject: &Digest, bundle: (&Digest, u64)) -> io::Result<()> {
        let manifest = Self::attached(self.store, kept, subject, bundle)?;
        let mut entry = described(&manifest, OCI_MANIFEST);
        entry["artifactType"] = BUNDLE.into();
        self.push(entry);
        Ok(())
    }

    /// Attaches a bundle as cosign does (`BUNDLE_SPEC.md`): a manifest that names its subject, with the bundle as its one layer.
    pub(super) fn attached(
        store: &Store,
        kept: &Kept,
        subject: &Digest,
        (bundle, size): (&Digest, u64),
    ) -> io::Result<Blob> {
        let empty = store.add(b"{}".to_vec())?;
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": BUNDLE,
            "config": described(&empty, OCI_EMPTY),
            "layers": [{"mediaType": BUNDLE, "digest": bundle, "size": size}],
            "subject": descriptor(kept, subject),
        });
        store.add(serde_json::to_vec(&manifest)?)
    }

    fn add(&mut self, kept: &Kept, digest: &Digest, name: Option<&String>) {
        let entry = descriptor(kept, digest);
        self.push(name.map_or_else(|| entry.clone(), |name| named(entry.clone(), name)));
    }

    fn push(&mut self, entry: Value) {
        if !self.entries.contains(&entry) {
            self.entries.push(entry);
        }
    }
}

/// Names a manifest that was read. One that is listed and could not be found keeps its name: it is missing in the pack too.
fn descriptor(kept: &Kept, digest: &Digest) -> Value {
    let (media_type, size) =
        kept.manifests.get(digest).map_or((OCI_MANIFEST, 0), |found| (found.media_type.as_str(), found.size));
    json!({"mediaType": media_type, "digest": digest, "size": size})
}

fn described(blob: &Blob, media_type: &str) -> Value {
    json!({"mediaType": media_type, "digest": blob.digest(), "size": blob.bytes().len()})
}

fn named(mut entry: Value, name: &str) -> Value {
    entry["annotations"] = json!({REF_NAME: name});
    entry
}
