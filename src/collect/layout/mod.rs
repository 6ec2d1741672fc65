//! Images in an OCI layout (image-spec `image-layout.md`): a directory, or an archive of one.
//!
//! File names are made of validated digests only (A277), and symbolic links are not followed (A279). Each file is read up to its
//! declared size, or up to a limit where no digest covers that size.
//!
//! No specification says how a layout marks evidence. Two conventions are known here: the registry's tags, kept as
//! `org.opencontainers.image.ref.name` (regctl, oras, skopeo), and the `kind` annotations of `cosign save`.

mod archive;
mod compressed;
mod directory;
mod kind;
mod place;
mod sums;
pub(super) mod written;

use std::cell::OnceCell;
use std::path::PathBuf;

use serde::Deserialize;

use archive::Archive;
pub use kind::{NoLayout, refuse_other_than_layout};
use place::at;
pub(super) use sums::SUMS;

use super::error::SourceError;
use super::limits::Limits;
use super::said::printable;
use super::source::{CosignTag, Fetched, NextPage, ReferrersPage, Source, Tagged};
use super::spool::Spool;
use super::tags::{Pages, TagList, evidence_stem};
use crate::json;
use crate::oci::media_type::OCI_INDEX;
use crate::oci::{Algorithm, Blob, Descriptor, Digest, LayoutForm, LayoutReference, ListedManifest, Manifest};

/// One image in an OCI layout.
#[derive(Debug)]
pub struct LayoutSource {
    path: PathBuf,
    files: Files,
    entries: Vec<Descriptor>,
    root: Root,
    manifest_limit: u64,
    natures: OnceCell<Vec<Nature>>,
}

/// Where the files of the layout are.
#[derive(Debug)]
enum Files {
    Directory,
    Archive(Archive),
}

/// The image that the reference means.
#[derive(Debug)]
enum Root {
    Entry(Descriptor),
    /// A manifest that `index.json` does not list itself.
    Digest(Digest),
}

/// What the manifest of an entry turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Nature {
    /// Attached to this digest.
    AttachedTo(Digest),
    /// Says that it is an artifact, but not of what.
    Artifact,
    /// An image, as far as can be told.
    Image,
    /// Could not be read, so it may be anything.
    Unreadable,
}

/// The annotation of an entry that holds its name.
pub(super) const REF_NAME: &str = "org.opencontainers.image.ref.name";

impl LayoutSource {
    /// Opens a layout and chooses the image that the reference means.
    pub fn open(reference: &LayoutReference, limits: &Limits) -> Result<Self, SourceError> {
        let mut layout = Self::read(reference, limits)?;
        layout.root = layout.choose(reference)?;
        Ok(layout)
    }

    fn read(reference: &LayoutReference, limits: &Limits) -> Result<Self, SourceError> {
        let path = PathBuf::from(&reference.path);
        let files = match reference.form {
            LayoutForm::Directory => Files::Directory,
            LayoutForm::Archive => Files::Archive(Archive::open(&path, limits.total_time)?),
        };
        let mut layout = Self {
            path,
            files,
            entries: Vec::new(),
            root: Root::Digest(Digest::of(Algorithm::Sha256, b"")),
            manifest_limit: limits.manifest,
            natures: OnceCell::new(),
        };
        let named = sums::check(&layout.path, |path, limit| layout.file(path, limit), |path| layout.hash(path))?;
        if let (Some(named), Files::Archive(archive)) = (named, &layout.files) {
            archive.check_written(&named)?;
        }
        layout.check_version()?;
        layout.entries = layout.read_index()?;
        Ok(layout)
    }

    /// Lists the tags of its images, with their digests, and those of evidence.
    fn tags(&self) -> TagList {
        let mut pages = Pages::default();
        let name = |entry: &Descriptor| entry.annotations.get(REF_NAME).map(|name| tag_of(name).to_owned());
        for entry in self.images() {
            if let Some(name) = name(entry) {
                pages.add_tag(name, Some(entry.digest.clone()));
            }
        }
        for name in self.entries.iter().filter_map(name).filter(|name| evidence_stem(name).is_some()) {
            pages.add_tag(name, None);
        }
        pages.whole()
    }

    fn check_version(&self) -> Result<(), SourceError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Marker {
            image_layout_version: String,
        }
        const EXPECTED: &str = "an OCI image layout of version 1";
        let bytes = self.file(&["oci-layout"], self.manifest_limit)?;
        let wrong = |found: String| SourceError::Unexpected { at: self.at("oci-layout"), expected: EXPECTED, found };
        let marker: Marker = json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        if marker.image_layout_version.split('.').next() == Some("1") {
            Ok(())
        } else {
            Err(wrong(format!("version {}", printable(&marker.image_layout_version))))
        }
    }

    fn read_index(&self) -> Result<Vec<Descriptor>, SourceError> {
        let blob = Blob::of(Algorithm::Sha256, self.file(&["index.json"], self.manifest_limit)?);
        // image-spec image-layout.md: index.json is an index whether or not it says so.
        match Manifest::parse(&blob, Some(OCI_INDEX)) {
            Ok(Manifest::Index(index)) => Ok(index.manifests),
            Ok(Manifest::Image(image)) => Err(SourceError::Unexpected {
                at: self.at("index.json"),
                expected: "an index",
                found: image.media_type,
            }),
            Err(source) => Err(SourceError::Manifest { at: self.at("index.json"), source }),
        }
    }

    fn choose(&self, reference: &LayoutReference) -> Result<Root, SourceError> {
        if let Some(digest) = &reference.digest {
            let listed = self.entries.iter().find(|entry| entry.digest == *digest);
            return Ok(listed.cloned().map_or_else(|| Root::Digest(digest.clone()), Root::Entry));
        }
        let choices = match &reference.tag {
            Some(tag) => self.tagged(tag),
            None => self.images(),
        };
        match choices.as_slice() {
            [first, rest @ ..] if rest.iter().all(|other| other.digest == first.digest) => {
                Ok(Root::Entry((*first).clone()))
            }
            choices => {
                let shown = if choices.is_empty() { self.entries.iter().collect() } else { choices.to_vec() };
                let searched =
                    reference.tag.as_ref().map_or_else(String::new, |tag| format!(", tag {}", printable(tag)));
                let at = format!("{}{searched}", self.at("index.json"));
                Err(SourceError::Choice { at, choices: shown.into_iter().map(show).collect() })
            }
        }
    }

    /// The entries with this name, or, if there are none, those whose name ends in this tag.
    fn tagged(&self, tag: &str) -> Vec<&Descriptor> {
        let named = |is_it: &dyn Fn(&str) -> bool| -> Vec<&Descriptor> {
            self.entries
                .iter()
                .filter(|entry| entry.annotations.get(REF_NAME).is_some_and(|name| is_it(name)))
                .collect()
        };
        let exact = named(&|name| name == tag);
        if exact.is_empty() { named(&|name| tag_of(name) == tag) } else { exact }
    }

    /// The entries that are images, without those attached to one.
    fn images(&self) -> Vec<&Descriptor> {
        let is_image = |(entry, nature): &(&Descriptor, &Nature)| {
            matches!(nature, Nature::Image | Nature::Unreadable)
                && entry.artifact_type.is_none()
                && kind(entry).is_none()
                && entry.annotations.get(REF_NAME).is_none_or(|name| evidence_stem(tag_of(name)).is_none())
        };
        self.entries.iter().zip(self.natures()).filter(is_image).map(|(entry, _)| entry).collect()
    }

    /// What the manifests of the entries are; read when first needed.
    fn natures(&self) -> &[Nature] {
        self.natures.get_or_init(|| self.entries.iter().map(|entry| self.nature(entry)).collect())
    }

    fn nature(&self, entry: &Descriptor) -> Nature {
        let Ok(fetched) = self.entry(entry) else {
            return Nature::Unreadable;
        };
        match Manifest::parse(&fetched.blob, fetched.content_type.as_deref()) {
            Ok(manifest) => match (manifest.subject(), &manifest) {
                (Some(subject), _) => Nature::AttachedTo(subject.digest.clone()),
                (None, Manifest::Image(image)) if image.artifact_type.is_some() => Nature::Artifact,
                (None, Manifest::Index(index)) if index.artifact_type.is_some() => Nature::Artifact,
                (None, _) => Nature::Image,
            },
            // Its digest is right, so these bytes will never be the manifest of an image or of a referrer.
            Err(_) => Nature::Artifact,
        }
    }

    /// Reads the manifest of an entry, which is what the entry says it is. No digest binds `index.json`, so its sizes are hints.
    fn entry(&self, entry: &Descriptor) -> Result<Fetched, SourceError> {
        let content_type = (!entry.media_type.is_empty()).then(|| entry.media_type.clone());
        Ok(Fetched { blob: self.by_digest(&entry.digest, self.manifest_limit)?, content_type })
    }

    fn by_digest(&self, digest: &Digest, limit: u64) -> Result<Blob, SourceError> {
        let bytes = self.blob_file(digest, limit)?;
        Blob::expect(digest, bytes).map_err(|source| SourceError::Corrupt { at: self.at(&digest.to_string()), source })
    }

    fn content(&self, wanted: &Descriptor) -> Result<Blob, SourceError> {
        let bytes = self.blob_file(&wanted.digest, wanted.size)?;
        Blob::expect_sized(&wanted.digest, wanted.size, bytes)
            .map_err(|source| SourceError::Corrupt { at: self.at(&wanted.digest.to_string()), source })
    }

    fn blob_file(&self, digest: &Digest, limit: u64) -> Result<Vec<u8>, SourceError> {
        self.file(&["blobs", digest.algorithm().name(), digest.hex()], limit)
    }

    fn file(&self, path: &[&str], limit: u64) -> Result<Vec<u8>, SourceError> {
        match &self.files {
            Files::Directory => directory::read(&self.path, path, limit),
            Files::Archive(archive) => archive.read(path, limit),
        }
    }

    /// Returns the SHA-256 of a file, however long it is.
    fn hash(&self, path: &[&str]) -> Result<Digest, SourceError> {
        match &self.files {
            Files::Directory => directory::hash(&self.path, path),
            Files::Archive(archive) => archive.hash(path),
        }
    }

    fn at(&self, name: &str) -> String {
        at(&self.path, name)
    }

    fn root_digest(&self) -> &Digest {
        match &self.root {
            Root::Entry(entry) => &entry.digest,
            Root::Digest(digest) => digest,
        }
    }
}

/// Lists the tags of a layout.
pub fn list_layout_tags(reference: &LayoutReference, limits: &Limits) -> Result<TagList, SourceError> {
    Ok(LayoutSource::read(reference, limits)?.tags())
}

/// Reads the report that a pack has beside its images, of at most `limit` bytes.
pub fn read_report(pack: &LayoutReference, limits: &Limits, limit: u64) -> Result<Vec<u8>, SourceError> {
    LayoutSource::read(pack, limits)?.file(&["bonafide", "report.json"], limit)
}

/// The tag in a name such as `docker.io/library/app:v1`; a name without a colon is a tag itself.
fn tag_of(name: &str) -> &str {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.split_once(':').map_or(last, |(_, tag)| tag)
}

/// What `cosign save` says that an entry is, if it is something attached to the layout's image.
fn kind(entry: &Descriptor) -> Option<CosignTag> {
    match entry.annotations.get("kind")?.as_str() {
        "dev.cosignproject.cosign/sigs" => Some(CosignTag::Signatures),
        "dev.cosignproject.cosign/atts" => Some(CosignTag::Attestations),
        _ => None,
    }
}

fn show(entry: &Descriptor) -> String {
    match entry.annotations.get(REF_NAME) {
        Some(name) => format!("{} ({})", printable(name), entry.digest),
        None => entry.digest.to_string(),
    }
}

impl Source for LayoutSource {
    fn name(&self) -> Option<String> {
        None
    }

    async fn root(&self, limit: u64) -> Result<Fetched, SourceError> {
        match &self.root {
            Root::Entry(entry) => self.entry(entry),
            Root::Digest(digest) => Ok(Fetched { blob: self.by_digest(digest, limit)?, content_type: None }),
        }
    }

    async fn manifest(&self, wanted: &Descriptor) -> Result<Fetched, SourceError> {
        Ok(Fetched { blob: self.content(wanted)?, content_type: None })
    }

    async fn listed(&self, digest: &Digest, limit: u64) -> Result<Fetched, SourceError> {
        Ok(Fetched { blob: self.by_digest(digest, limit)?, content_type: None })
    }

    async fn blob(&self, wanted: &Descriptor) -> Result<Blob, SourceError> {
        self.content(wanted)
    }

    async fn spool(&self, wanted: &Descriptor, to: &Spool) -> Result<(), SourceError> {
        let path = ["blobs", wanted.digest.algorithm().name(), wanted.digest.hex()];
        match &self.files {
            Files::Directory => directory::copy(&self.path, &path, wanted.size, to),
            Files::Archive(archive) => archive.copy(&path, wanted.size, to),
        }
    }

    async fn payload(&self, digest: &Digest, limit: u64) -> Result<Blob, SourceError> {
        self.by_digest(digest, limit)
    }

    /// Lists the entries whose manifests name the subject, and those that cannot be read and so might.
    async fn referrers(&self, subject: &Digest, _: Option<&NextPage>, _: u64) -> Result<ReferrersPage, SourceError> {
        let may_be_attached = |nature: &Nature| match nature {
            Nature::AttachedTo(found) => found == subject,
            Nature::Unreadable => true,
            Nature::Artifact | Nature::Image => false,
        };
        let listed = self.entries.iter().zip(self.natures()).filter(|(_, nature)| may_be_attached(nature));
        let named = |entry: &Descriptor| ListedManifest {
            digest: entry.digest.clone(),
            called: entry.artifact_type.as_ref().unwrap_or(&entry.media_type).clone(),
        };
        let manifests = listed.map(|(entry, _)| named(entry)).collect();
        Ok(ReferrersPage { manifests, unusable: None, next: None, bytes: 0 })
    }

    async fn referrers_tag(&self, subject: &Digest, _: u64) -> Result<Fetched, SourceError> {
        let tag = subject.referrers_tag();
        match self.tagged(&tag).as_slice() {
            [] => Err(SourceError::NotFound { at: self.at(&tag) }),
            [first, rest @ ..] if rest.iter().all(|other| other.digest == first.digest) => self.entry(first),
            several => Err(SourceError::Choice {
                at: self.at(&tag),
                choices: several.iter().map(|entry| show(entry)).collect(),
            }),
        }
    }

    async fn cosign_tag(&self, subject: &Digest, tag: CosignTag, _: u64) -> Result<Vec<Tagged>, SourceError> {
        let name = subject.cosign_tag(tag.suffix());
        let mut all = self.tagged(&name);
        // `cosign save` writes one image and its signatures, and marks what belongs to it by kind alone.
        if subject == self.root_digest() {
            let marked = self.entries.iter().filter(|entry| kind(entry) == Some(tag));
            all.extend(marked.filter(|entry| {
                entry.annotations.get(REF_NAME).is_none_or(|name| evidence_stem(tag_of(name)).is_none())
            }));
        }
        if all.is_empty() {
            return Err(SourceError::NotFound { at: self.at(&name) });
        }
        let label = |entry: &Descriptor| {
            entry.annotations.get(REF_NAME).or(entry.annotations.get("kind")).cloned().unwrap_or_default()
        };
        all.into_iter().map(|entry| Ok(Tagged { tag: label(entry), manifest: self.entry(entry)? })).collect()
    }

    fn reads_both_lists(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::future::Future;
    use std::path::Path;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use serde_json::{Value, json};

    use super::*;
    use crate::collect::{Collector, PlatformChoice};
    use crate::evidence::{Content, Evidence, GapReason};
    use crate::oci::media_type::{OCI_MANIFEST, SIMPLE_SIGNING};

    const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

    /// A layout on disk, gone when the test ends.
    struct Fixture {
        directory: PathBuf,
        entries: Vec<Value>,
    }

    impl Fixture {
        fn new(name: &str) -> Self {
            let directory = std::env::temp_dir().join(format!("bonafide-layout-{name}-{}", std::process::id()));
            fs::create_dir_all(directory.join("blobs/sha256")).expect("a directory");
            fs::write(directory.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).expect("a file");
            Self { directory, entries: Vec::new() }
        }

        fn add(&self, bytes: &[u8], media_type: &str) -> Value {
            let digest = Digest::of(Algorithm::Sha256, bytes);
            fs::write(self.blob(&digest), bytes).expect("a file");
            json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
        }

        fn blob(&self, digest: &Digest) -> PathBuf {
            self.directory.join("blobs/sha256").join(digest.hex())
        }

        /// Adds an image manifest to the blobs, and returns its descriptor.
        fn image(&self, name: &str, layers: &[Value], subject: Option<&Value>) -> Value {
            let configuration = self.add(name.as_bytes(), "application/vnd.oci.image.config.v1+json");
            let mut manifest =
                json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": configuration, "layers": layers});
            if let Some(subject) = subject {
                manifest["subject"] = subject.clone();
            }
            self.add(manifest.to_string().as_bytes(), OCI_MANIFEST)
        }

        fn bundle(&self, subject: &Value, text: &str) -> Value {
            let layer = self.add(text.as_bytes(), BUNDLE);
            self.image(text, &[layer], Some(subject))
        }

        /// Lists a manifest in `index.json`, under a name unless that is empty.
        fn list(&mut self, entry: &Value, annotation: &str, value: &str) {
            let mut entry = entry.clone();
            if !annotation.is_empty() {
                entry["annotations"] = json!({annotation: value});
            }
            self.entries.push(entry);
        }

        fn open(&self, end: &str) -> Result<LayoutSource, SourceError> {
            let index = json!({"schemaVersion": 2, "manifests": self.entries});
            fs::write(self.directory.join("index.json"), index.to_string()).expect("a file");
            self.open_as_it_is(end)
        }

        fn open_as_it_is(&self, end: &str) -> Result<LayoutSource, SourceError> {
            let text = format!("oci:{}{end}", self.directory.display());
            let Ok(crate::oci::Reference::Layout(reference)) = text.parse() else { panic!("a layout: {text}") };
            LayoutSource::open(&reference, &Limits::default())
        }

        fn collect(&self, end: &str) -> Evidence {
            let source = self.open(end).expect("a layout");
            now(async {
                let mut collector = Collector::resolve(source, "oci:x", PlatformChoice::All, Limits::default())
                    .await
                    .expect("an image");
                collector.finish().await;
                collector.into_evidence()
            })
        }
    }

    impl Drop for Fixture {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.directory);
        }
    }

    /// Runs a future that never waits: files are read at once.
    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("nothing here waits"),
        }
    }

    fn digest(entry: &Value) -> Digest {
        entry["digest"].as_str().expect("a digest").parse().expect("a digest")
    }

    fn bundles(evidence: &Evidence) -> usize {
        evidence.candidates.iter().filter(|candidate| matches!(candidate.content, Content::Bundle(_))).count()
    }

    #[test]
    fn the_only_image_is_chosen_among_what_is_attached_to_it() {
        let mut layout = Fixture::new("only");
        let image = layout.image("image", &[], None);
        let attached = layout.bundle(&image, "bundle");
        layout.list(&attached, "", "");
        layout.list(&image, "", "");
        layout.list(&attached, REF_NAME, &digest(&image).referrers_tag());
        layout.list(&attached, REF_NAME, &digest(&image).cosign_tag("sig"));
        layout.list(&attached, "kind", "dev.cosignproject.cosign/sigs");
        assert_eq!(layout.open("").expect("one image").root_digest(), &digest(&image));
    }

    #[test]
    fn several_images_are_listed_for_a_choice() {
        let mut layout = Fixture::new("several");
        let (first, second) = (layout.image("first", &[], None), layout.image("second", &[], None));
        layout.list(&first, REF_NAME, "docker.io/library/app:v1");
        layout.list(&second, REF_NAME, "v2");
        let error = layout.open("").expect_err("two images").to_string();
        assert!(error.contains("docker.io/library/app:v1 (sha256:") && error.contains("v2 (sha256:"), "{error}");
        for (end, chosen) in [(":v1", &first), (":docker.io/library/app:v1", &first), (":v2", &second)] {
            assert_eq!(layout.open(end).expect(end).root_digest(), &digest(chosen), "{end}");
        }
        assert_eq!(layout.open(&format!("@{}", digest(&second))).expect("by digest").root_digest(), &digest(&second));
        for end in [":v3", ":app:v1", ":library/app:v1", ":1"] {
            assert!(matches!(layout.open(end), Err(SourceError::Choice { .. })), "{end}");
        }
    }

    #[test]
    fn one_tag_on_two_images_is_no_choice() {
        let mut layout = Fixture::new("twice");
        for name in ["first", "second"] {
            let image = layout.image(name, &[], None);
            layout.list(&image, REF_NAME, &format!("example.com/{name}:v1"));
        }
        assert!(matches!(layout.open(":v1"), Err(SourceError::Choice { .. })));
    }

    #[test]
    fn both_lists_of_referrers_are_read() {
        let mut layout = Fixture::new("lists");
        let image = layout.image("image", &[], None);
        let (first, second) = (layout.bundle(&image, "first"), layout.bundle(&image, "second"));
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [first, second]});
        let index = layout.add(index.to_string().as_bytes(), OCI_INDEX);
        layout.list(&image, "", "");
        layout.list(&first, "", "");
        layout.list(&index, REF_NAME, &digest(&image).referrers_tag());
        let evidence = layout.collect("");
        assert_eq!((bundles(&evidence), evidence.gaps.len()), (2, 0));
        let mut kinds: Vec<_> = evidence.candidates.iter().map(|candidate| candidate.origin.kind().as_str()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["fallback-tag", "referrer"]);
    }

    #[test]
    fn signatures_saved_by_cosign_belong_to_the_image_of_the_layout() {
        let mut layout = Fixture::new("cosign");
        let image = layout.image("image", &[], None);
        let payload = layout.add(b"payload", SIMPLE_SIGNING);
        let signatures = layout.image("signatures", &[payload], None);
        layout.list(&image, "kind", "dev.cosignproject.cosign/image");
        layout.list(&signatures, "kind", "dev.cosignproject.cosign/sigs");
        let evidence = layout.collect("");
        assert!(
            matches!(evidence.candidates.as_slice(), [candidate] if matches!(candidate.content, Content::LegacySignature { .. }))
        );
    }

    #[test]
    fn an_entry_that_cannot_be_read_may_be_evidence_and_is_a_gap() {
        let mut layout = Fixture::new("unreadable");
        let image = layout.image("image", &[], None);
        let attached = layout.bundle(&image, "bundle");
        layout.list(&image, REF_NAME, "v1");
        layout.list(&attached, "", "");
        fs::remove_file(layout.blob(&digest(&attached))).expect("a file");
        let evidence = layout.collect(":v1");
        assert_eq!(evidence.gaps.iter().map(|gap| gap.obstacle.reason).collect::<Vec<_>>(), [GapReason::Missing]);
    }

    #[test]
    fn a003_a_blob_with_other_bytes_is_a_gap() {
        let mut layout = Fixture::new("bytes");
        let image = layout.image("image", &[], None);
        let attached = layout.bundle(&image, "bundle");
        layout.list(&image, "", "");
        layout.list(&attached, "", "");
        for bytes in ["BUNDLE", "a longer bundle", ""] {
            fs::write(layout.blob(&Digest::of(Algorithm::Sha256, b"bundle")), bytes).expect("a file");
            let evidence = layout.collect("");
            assert_eq!((bundles(&evidence), evidence.gaps.len()), (0, 1), "{bytes}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a279_symbolic_links_are_not_followed() {
        use std::os::unix::fs::symlink;
        let mut layout = Fixture::new("links");
        let image = layout.image("image", &[], None);
        layout.list(&image, "", "");
        let outside = layout.directory.with_extension("outside");
        let replace = |path: &Path| {
            fs::rename(path, &outside).expect("moved");
            symlink(&outside, path).expect("a link");
        };
        let restore = |path: &Path| {
            fs::remove_file(path).expect("a link");
            fs::rename(&outside, path).expect("moved back");
        };
        let end = format!("@{}", digest(&image));
        layout.open(&end).expect("a layout");
        for path in [
            layout.blob(&digest(&image)),
            layout.directory.join("blobs"),
            layout.directory.join("blobs/sha256"),
            layout.directory.join("index.json"),
            layout.directory.join("oci-layout"),
        ] {
            replace(&path);
            let read = layout.open_as_it_is(&end).and_then(|source| now(source.root(1 << 20)));
            restore(&path);
            assert!(matches!(read, Err(SourceError::Unexpected { .. })), "{}: {read:?}", path.display());
        }
    }

    #[test]
    fn what_is_no_layout_is_refused() {
        let layout = Fixture::new("none");
        assert!(matches!(layout.open_as_it_is(""), Err(SourceError::NotFound { .. })), "no index.json");
        for index in [
            "{}",
            "[]",
            r#"{"schemaVersion":2,"manifests":[],"layers":[]}"#,
            r#"{"schemaVersion":2,"manifests":[],"manifests":[]}"#,
        ] {
            fs::write(layout.directory.join("index.json"), index).expect("a file");
            assert!(matches!(layout.open_as_it_is(""), Err(SourceError::Manifest { .. })), "{index}");
        }
        for version in ["2.0.0", "", "10.0.0", "x"] {
            fs::write(layout.directory.join("oci-layout"), json!({"imageLayoutVersion": version}).to_string())
                .expect("a file");
            assert!(matches!(layout.open(""), Err(SourceError::Unexpected { .. })), "{version}");
        }
        fs::write(layout.directory.join("oci-layout"), r#"{"imageLayoutVersion":"1.1.0"}"#).expect("a file");
        assert!(matches!(layout.open(""), Err(SourceError::Choice { .. })), "an empty layout has no image");
    }

    #[test]
    fn tags_are_the_last_part_of_a_name() {
        assert_eq!(tag_of("docker.io/library/app:v1"), "v1");
        assert_eq!(tag_of("localhost:5000/app:v1"), "v1");
        assert_eq!(tag_of("localhost:5000/app"), "app");
        assert_eq!(tag_of("v1"), "v1");
    }
}
