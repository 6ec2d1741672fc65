//! OCI image layouts on disk, with the conventions of `regctl image copy --referrers --digest-tags`.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::image::{IMAGE_INDEX, Manifest};
use super::repository::{Repository, fallback_tag};

const REFERENCE_NAME: &str = "org.opencontainers.image.ref.name";

impl Repository {
    /// Writes the repository as a layout into `directory`, which is made if need be.
    ///
    /// `index.json` lists the tags, among them `.sig` and `.att`, then images without a tag, then for every subject the
    /// fallback index of its referrers.
    pub fn write_layout(&self, directory: &Path) {
        let blobs = directory.join("blobs/sha256");
        fs::create_dir_all(&blobs).expect("the test's directory can be written");
        let write = |digest: &str, bytes: &[u8]| {
            let hex = digest.strip_prefix("sha256:").expect("repositories name content by SHA-256");
            fs::write(blobs.join(hex), bytes).expect("the test's directory can be written");
        };
        self.blobs.iter().for_each(|(digest, bytes)| write(digest, bytes));
        let fallbacks = self.fallback_indices();
        for manifest in self.manifests.iter().chain(fallbacks.iter().map(|(_, manifest)| manifest)) {
            write(&manifest.descriptor().digest, &manifest.bytes);
        }
        let index = json!({
            "schemaVersion": 2,
            "mediaType": IMAGE_INDEX,
            "manifests": self.layout_entries(&fallbacks),
        });
        fs::write(directory.join("index.json"), index.to_string()).expect("the test's directory can be written");
        fs::write(directory.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)
            .expect("the test's directory can be written");
    }

    /// Reads a layout, whoever wrote it.
    ///
    /// # Panics
    ///
    /// When `index.json` or something it lists cannot be read.
    pub fn read_layout(directory: &Path) -> Repository {
        let mut repository = Repository::new();
        for file in fs::read_dir(directory.join("blobs/sha256")).expect("a layout has blobs") {
            let file = file.expect("the directory can be listed");
            repository.push_blob(&fs::read(file.path()).expect("the blob can be read"));
        }
        let index = fs::read(directory.join("index.json")).expect("a layout has an index");
        let index: Value = serde_json::from_slice(&index).expect("a layout's index is JSON");
        for entry in index["manifests"].as_array().expect("an index lists manifests") {
            repository.read_entry(entry);
            let digest = entry["digest"].as_str().unwrap_or_default().to_string();
            match entry["annotations"][REFERENCE_NAME].as_str() {
                Some(tag) => _ = repository.tags.insert(tag.into(), digest),
                None => repository.images.push(digest),
            }
        }
        repository
    }

    // A layout keeps manifests among the blobs; only what an index lists shows which ones they are.
    fn read_entry(&mut self, entry: &Value) {
        let digest = entry["digest"].as_str().unwrap_or_default();
        let Some(bytes) = self.blobs.get(digest).cloned() else {
            return;
        };
        let media_type = entry["mediaType"].as_str().unwrap_or_default();
        let manifest = Manifest { media_type: media_type.into(), bytes };
        let below = manifest.json();
        self.push_manifest(manifest);
        for entry in below["manifests"].as_array().into_iter().flatten() {
            self.read_entry(entry);
        }
    }

    fn layout_entries(&self, fallbacks: &[(String, Manifest)]) -> Vec<Value> {
        let tagged = self.tags.iter().filter_map(|(tag, digest)| Some(entry(tag, self.manifest(digest)?)));
        let untagged = self
            .images
            .iter()
            .filter(|digest| !self.tags.values().any(|tagged| tagged == *digest))
            .filter_map(|digest| Some(self.manifest(digest)?.descriptor().to_json()));
        let fallbacks = fallbacks.iter().map(|(tag, manifest)| entry(tag, manifest));
        tagged.chain(untagged).chain(fallbacks).collect()
    }

    fn fallback_indices(&self) -> Vec<(String, Manifest)> {
        let subjects = self.manifests.iter().map(|manifest| manifest.descriptor().digest);
        subjects
            .map(|digest| (fallback_tag(&digest), self.fallback_index(&digest)))
            .filter_map(|(tag, index)| Some((tag, index?)))
            .filter(|(tag, _)| !self.tags.contains_key(tag))
            .collect()
    }
}

fn entry(tag: &str, manifest: &Manifest) -> Value {
    let mut entry = manifest.descriptor().to_json();
    entry["annotations"] = json!({REFERENCE_NAME: tag});
    entry
}
