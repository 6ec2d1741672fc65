//! The content of one repository, wherever it will be served from: a registry or a directory.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::digest::oci_digest;
use super::image::{Descriptor, IMAGE_INDEX, IMAGE_MANIFEST, Image, Manifest};
use super::json::unbase64;
use super::sigstore::LegacyLayer;

const EMPTY: &str = "application/vnd.oci.empty.v1+json";
const IMAGE_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const CREATED: &str = "2026-03-01T12:00:01Z";

#[derive(Clone, Debug, Default)]
pub struct Repository {
    /// In the order they were pushed, which is the order referrers are listed in.
    pub manifests: Vec<Manifest>,
    pub blobs: BTreeMap<String, Vec<u8>>,
    /// Tag to digest.
    pub tags: BTreeMap<String, String>,
    /// Digests of whole images, tagged or not.
    pub images: Vec<String>,
    /// Subject digest and descriptor, for listings that no manifest's `subject` supports.
    pub false_referrers: Vec<(String, Value)>,
}

impl Repository {
    pub fn new() -> Repository {
        Repository::default()
    }

    /// Pushes an image with everything below it.
    pub fn push(&mut self, image: &Image) -> Descriptor {
        for blob in &image.blobs {
            self.push_blob(blob);
        }
        for (_, manifest) in &image.platforms {
            self.push_manifest(manifest.clone());
        }
        let top = self.push_manifest(image.top.clone());
        self.images.push(top.digest.clone());
        top
    }

    /// Pushes an image and points `tag` at it.
    pub fn push_tagged(&mut self, tag: &str, image: &Image) -> Descriptor {
        let descriptor = self.push(image);
        self.tag(tag, &descriptor);
        descriptor
    }

    pub fn push_manifest(&mut self, manifest: Manifest) -> Descriptor {
        let descriptor = manifest.descriptor();
        self.manifests.retain(|known| known.descriptor().digest != descriptor.digest);
        self.manifests.push(manifest);
        descriptor
    }

    /// Pushes a blob and returns its digest.
    pub fn push_blob(&mut self, bytes: &[u8]) -> String {
        let digest = oci_digest(bytes);
        self.blobs.insert(digest.clone(), bytes.to_vec());
        digest
    }

    pub fn tag(&mut self, tag: &str, target: &Descriptor) {
        self.tags.insert(tag.into(), target.digest.clone());
    }

    /// Attaches a Sigstore bundle as an OCI 1.1 referrer, as cosign 3 does.
    pub fn attach_bundle(&mut self, subject: &Descriptor, bundle: &Value) -> Descriptor {
        self.attach_bundle_text(subject, &bundle.to_string())
    }

    /// Attaches any text in place of a bundle.
    ///
    /// Annotations and media type follow the text as far as it can be read; unreadable text passes for a v0.3 bundle.
    pub fn attach_bundle_text(&mut self, subject: &Descriptor, text: &str) -> Descriptor {
        let bundle: Value = serde_json::from_str(text).unwrap_or_default();
        let media_type = bundle["mediaType"].as_str().unwrap_or("application/vnd.dev.sigstore.bundle.v0.3+json");
        let blob = Descriptor::of(media_type, text.as_bytes());
        self.push_blob(text.as_bytes());
        self.attach(subject, media_type, &[blob], bundle_annotations(&bundle))
    }

    /// Attaches an artifact manifest over layers that were pushed before.
    pub fn attach(
        &mut self,
        subject: &Descriptor,
        artifact_type: &str,
        layers: &[Descriptor],
        annotations: Map<String, Value>,
    ) -> Descriptor {
        self.push_blob(b"{}");
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": IMAGE_MANIFEST,
            "artifactType": artifact_type,
            "config": Descriptor::of(EMPTY, b"{}").to_json(),
            "layers": layers.iter().map(Descriptor::to_json).collect::<Vec<_>>(),
            "subject": subject.to_json(),
        });
        manifest["annotations"] = Value::Object(annotations);
        self.push_manifest(Manifest::new(IMAGE_MANIFEST, &manifest))
    }

    /// Lists `manifest` among the referrers of `subject`, whatever its own `subject` says.
    pub fn list_falsely(&mut self, subject: &Descriptor, manifest: &Descriptor) {
        let listed = self.manifest(&manifest.digest).map(referrer_entry);
        self.false_referrers.push((subject.digest.clone(), listed.unwrap_or_else(|| manifest.to_json())));
    }

    /// Stores signatures as cosign did before bundles, under the tag `sha256-….sig`.
    pub fn attach_legacy_signature(&mut self, subject: &Descriptor, layers: &[LegacyLayer]) -> Descriptor {
        self.attach_legacy(subject, "sig", layers)
    }

    /// Stores attestations as cosign did before bundles, under the tag `sha256-….att`.
    pub fn attach_legacy_attestation(&mut self, subject: &Descriptor, layers: &[LegacyLayer]) -> Descriptor {
        self.attach_legacy(subject, "att", layers)
    }

    fn attach_legacy(&mut self, subject: &Descriptor, suffix: &str, layers: &[LegacyLayer]) -> Descriptor {
        let digests: Vec<_> = layers.iter().map(|layer| self.push_blob(&layer.bytes)).collect();
        let config = json!({
            "architecture": "",
            "created": "0001-01-01T00:00:00Z",
            "history": vec![json!({"created": "0001-01-01T00:00:00Z"}); layers.len()],
            "os": "",
            "rootfs": {"type": "layers", "diff_ids": digests},
            "config": {},
        });
        let config = config.to_string().into_bytes();
        self.push_blob(&config);
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": IMAGE_MANIFEST,
            "config": Descriptor::of(IMAGE_CONFIG, &config).to_json(),
            "layers": layers.iter().map(legacy_layer).collect::<Vec<_>>(),
        });
        let descriptor = self.push_manifest(Manifest::new(IMAGE_MANIFEST, &manifest));
        self.tag(&format!("{}.{suffix}", fallback_tag(&subject.digest)), &descriptor);
        descriptor
    }

    /// Finds a manifest by digest.
    pub fn manifest(&self, digest: &str) -> Option<&Manifest> {
        self.manifests.iter().find(|manifest| manifest.descriptor().digest == digest)
    }

    /// Loses a blob or manifest, while everything goes on referring to it.
    pub fn lose(&mut self, digest: &str) {
        self.blobs.remove(digest);
        self.manifests.retain(|manifest| manifest.descriptor().digest != digest);
    }

    /// Returns the descriptors of all manifests that name `subject` as theirs, and of those listed falsely.
    pub fn referrers(&self, subject: &str) -> Vec<Value> {
        let honest = self.manifests.iter().filter(|manifest| manifest.json()["subject"]["digest"] == subject);
        let falsely = self.false_referrers.iter().filter(|(known, _)| known == subject);
        honest.map(referrer_entry).chain(falsely.map(|(_, entry)| entry.clone())).collect()
    }

    /// Returns the index a client keeps under [`fallback_tag`] where the registry keeps no list itself.
    pub fn fallback_index(&self, subject: &str) -> Option<Manifest> {
        let referrers = self.referrers(subject);
        (!referrers.is_empty()).then(|| Manifest::new(IMAGE_INDEX, &referrers_index(&referrers)))
    }
}

/// Returns an index over descriptors: the answer of the referrers API, and the content of a fallback tag.
pub fn referrers_index(entries: &[Value]) -> Value {
    json!({"schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": entries})
}

/// Returns the tag of the distribution specification's "Referrers Tag Schema": `sha256-` and the hexadecimal digits.
pub fn fallback_tag(digest: &str) -> String {
    digest.replace(':', "-")
}

fn referrer_entry(manifest: &Manifest) -> Value {
    let content = manifest.json();
    let mut entry = manifest.descriptor().to_json();
    // Distribution specification, "Listing Referrers": without an artifactType, the configuration's media type stands in.
    entry["artifactType"] = match &content["artifactType"] {
        Value::Null => content["config"]["mediaType"].clone(),
        artifact_type => artifact_type.clone(),
    };
    if content["annotations"].is_object() {
        entry["annotations"] = content["annotations"].clone();
    }
    entry
}

fn bundle_annotations(bundle: &Value) -> Map<String, Value> {
    let mut annotations = Map::new();
    annotations.insert("org.opencontainers.image.created".into(), json!(CREATED));
    let envelope = &bundle["dsseEnvelope"];
    let content = if envelope.is_object() { "dsse-envelope" } else { "message-signature" };
    annotations.insert("dev.sigstore.bundle.content".into(), json!(content));
    if let Some(predicate_type) = predicate_type(envelope) {
        annotations.insert("dev.sigstore.bundle.predicateType".into(), predicate_type);
    }
    annotations
}

fn predicate_type(envelope: &Value) -> Option<Value> {
    let payload = unbase64(envelope["payload"].as_str()?)?;
    let statement: Value = serde_json::from_slice(&payload).ok()?;
    statement.get("predicateType").cloned()
}

fn legacy_layer(layer: &LegacyLayer) -> Value {
    let mut entry = Descriptor::of(&layer.media_type, &layer.bytes).to_json();
    entry["annotations"] = json!(layer.annotations);
    entry
}
