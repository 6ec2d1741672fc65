//! Container images, small but whole: manifest, configuration and a layer that unpacks.

use serde_json::{Value, json};

use super::digest::oci_digest;
use super::statement::Subject;

pub const IMAGE_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const IMAGE_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const IMAGE_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const IMAGE_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// A reference to content by digest.
#[derive(Clone, Debug, PartialEq)]
pub struct Descriptor {
    pub media_type: String,
    pub digest: String,
    pub size: u64,
}

impl Descriptor {
    pub fn of(media_type: &str, bytes: &[u8]) -> Descriptor {
        Descriptor { media_type: media_type.into(), digest: oci_digest(bytes), size: bytes.len() as u64 }
    }

    pub fn to_json(&self) -> Value {
        json!({"mediaType": self.media_type, "digest": self.digest, "size": self.size})
    }
}

/// A manifest or index with its exact bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    pub media_type: String,
    pub bytes: Vec<u8>,
}

impl Manifest {
    pub fn new(media_type: &str, content: &Value) -> Manifest {
        Manifest { media_type: media_type.into(), bytes: content.to_string().into_bytes() }
    }

    pub fn descriptor(&self) -> Descriptor {
        Descriptor::of(&self.media_type, &self.bytes)
    }

    /// Parses the bytes, or returns null where they are not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }
}

/// An image for one platform, or an index of several.
#[derive(Clone, Debug)]
pub struct Image {
    /// What a tag points at: the only manifest, or the index.
    pub top: Manifest,
    /// The manifests below an index, by platform; empty for a single image.
    pub platforms: Vec<(String, Manifest)>,
    pub blobs: Vec<Vec<u8>>,
}

impl Image {
    /// An image for a platform such as `linux/amd64` or `linux/arm/v7`.
    pub fn single(platform: &str) -> Image {
        Image::single_containing("shop", platform)
    }

    /// An index with one image for each platform.
    pub fn index(platforms: &[&str]) -> Image {
        Image::index_containing("shop", platforms)
    }

    /// An image whose layer holds `text`, so that images differ where their texts do.
    pub fn single_containing(text: &str, platform: &str) -> Image {
        let (manifest, blobs) = platform_image(text, platform);
        Image { top: manifest, platforms: Vec::new(), blobs }
    }

    /// An index of images whose layers hold `text`.
    pub fn index_containing(text: &str, platforms: &[&str]) -> Image {
        let mut image = Image { top: index(&[]), platforms: Vec::new(), blobs: Vec::new() };
        for platform in platforms {
            let (manifest, blobs) = platform_image(text, platform);
            image.platforms.push((platform.to_string(), manifest));
            image.blobs.extend(blobs);
        }
        image.top = index(&image.platforms);
        image
    }

    /// Adds what BuildKit adds to an index: for every image an entry of unknown platform, whose layer is `statement`
    /// about that image, unsigned.
    pub fn with_unsigned_statements(mut self, statement: &Value) -> Image {
        let mut entries = Vec::new();
        for (platform, described) in self.platforms.clone() {
            let digest = described.descriptor().digest;
            let mut statement = statement.clone();
            statement["subject"] = json!([Subject::new(&platform, &digest).to_json()]);
            let (manifest, blobs) = unsigned_statement(&statement);
            let mut entry = manifest.descriptor().to_json();
            entry["platform"] = platform_json("unknown/unknown");
            entry["annotations"] = json!({
                "vnd.docker.reference.type": "attestation-manifest",
                "vnd.docker.reference.digest": digest,
            });
            entries.push(entry);
            self.platforms.push(("unknown/unknown".into(), manifest));
            self.blobs.extend(blobs);
        }
        self.bent(|index| {
            let manifests = index["manifests"].as_array_mut();
            manifests.expect("an index lists manifests").extend(entries);
        })
    }

    /// Bends the JSON of the manifest or index a tag points at; its digest follows.
    pub fn bent(mut self, bend: impl FnOnce(&mut Value)) -> Image {
        let mut content = self.top.json();
        bend(&mut content);
        self.top = Manifest::new(&self.top.media_type, &content);
        self
    }

    pub fn descriptor(&self) -> Descriptor {
        self.top.descriptor()
    }

    pub fn digest(&self) -> String {
        self.descriptor().digest
    }

    /// Returns the descriptor of the index's image for `platform`.
    pub fn platform(&self, platform: &str) -> Descriptor {
        let found = self.platforms.iter().find(|(known, _)| known == platform);
        found.expect("the index was built with this platform").1.descriptor()
    }
}

fn platform_image(text: &str, platform: &str) -> (Manifest, Vec<Vec<u8>>) {
    let layer = archive("app/shop", format!("{text} for {platform}\n").as_bytes());
    let mut config = platform_json(platform);
    config["created"] = json!("2026-03-01T11:58:00Z");
    config["config"] = json!({"Entrypoint": ["/app/shop"]});
    config["rootfs"] = json!({"type": "layers", "diff_ids": [oci_digest(&layer)]});
    config["history"] = json!([{"created": "2026-03-01T11:58:00Z"}]);
    let config = config.to_string().into_bytes();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": IMAGE_MANIFEST,
        "config": Descriptor::of(IMAGE_CONFIG, &config).to_json(),
        "layers": [Descriptor::of(IMAGE_LAYER, &layer).to_json()],
    });
    (Manifest::new(IMAGE_MANIFEST, &manifest), vec![config, layer])
}

fn unsigned_statement(statement: &Value) -> (Manifest, [Vec<u8>; 2]) {
    let text = statement.to_string().into_bytes();
    let mut config = platform_json("unknown/unknown");
    config["config"] = json!({});
    config["rootfs"] = json!({"type": "layers", "diff_ids": [oci_digest(&text)]});
    let config = config.to_string().into_bytes();
    let mut layer = Descriptor::of("application/vnd.in-toto+json", &text).to_json();
    layer["annotations"] = json!({"in-toto.io/predicate-type": statement["predicateType"]});
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": IMAGE_MANIFEST,
        "config": Descriptor::of(IMAGE_CONFIG, &config).to_json(),
        "layers": [layer],
    });
    (Manifest::new(IMAGE_MANIFEST, &manifest), [config, text])
}

fn index(platforms: &[(String, Manifest)]) -> Manifest {
    let entry = |(platform, manifest): &(String, Manifest)| {
        let mut entry = manifest.descriptor().to_json();
        entry["platform"] = platform_json(platform);
        entry
    };
    let manifests: Vec<_> = platforms.iter().map(entry).collect();
    Manifest::new(IMAGE_INDEX, &json!({"schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": manifests}))
}

fn platform_json(platform: &str) -> Value {
    let mut parts = platform.split('/');
    let mut value = json!({"os": parts.next(), "architecture": parts.next()});
    if let Some(variant) = parts.next() {
        value["variant"] = json!(variant);
    }
    value
}

/// Writes a tar archive of one file.
fn archive(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; 512];
    let mut field = |offset: usize, text: &str| {
        header[offset..offset + text.len()].copy_from_slice(text.as_bytes());
    };
    field(0, name);
    field(100, "0000755\0");
    field(108, "0000000\0");
    field(116, "0000000\0");
    field(124, &format!("{:011o}\0", content.len()));
    field(136, "00000000000\0");
    // POSIX ustar: the checksum is summed with its own field as eight spaces.
    field(148, "        ");
    field(156, "0");
    field(257, "ustar\x0000");
    let checksum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{checksum:06o}\0 ").as_bytes());

    let mut archive = header.to_vec();
    archive.extend_from_slice(content);
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    archive
}
