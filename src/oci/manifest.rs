//! Manifests and indexes, read so that there is one way to read them.
//!
//! A digest names the bytes of a manifest, but not their media type. Two clients that disagree on the type run different images
//! under one digest (GHSA-qq97-vm5h-rrhg and similar ones). So a document that can be read as both an image and an index is
//! refused (A037). A document whose own media type differs from the one that the server states is refused too (A038).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::blob::Blob;
use super::digest::{Digest, DigestError};
use super::media_type::{DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, essence, says_nothing};
use super::platform::Platform;
use crate::json;

/// A manifest of an image, or an index of several manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manifest {
    /// An OCI or Docker image manifest; artifacts such as signatures have this form too.
    Image(ImageManifest),
    /// An OCI index or Docker manifest list.
    Index(Index),
}

/// An image manifest (image-spec `manifest.md`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageManifest {
    /// The media type of the manifest itself, without parameters.
    pub media_type: String,
    /// What kind of artifact this says it is.
    pub artifact_type: Option<String>,
    /// The image's configuration; artifacts have an empty one.
    pub config: Descriptor,
    /// The layers, or the parts of an artifact.
    pub layers: Vec<Descriptor>,
    /// What this manifest says it is about.
    pub subject: Option<Descriptor>,
    /// Annotations, unsigned.
    pub annotations: BTreeMap<String, String>,
}

/// An image index (image-spec `image-index.md`), also the form in which referrers are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// The media type of the index itself, without parameters.
    pub media_type: String,
    /// What kind of artifact this says it is.
    pub artifact_type: Option<String>,
    /// The manifests, in order: of several that fit a platform a runtime takes the first.
    pub manifests: Vec<Descriptor>,
    /// What this index says it is about.
    pub subject: Option<Descriptor>,
    /// Annotations, unsigned.
    pub annotations: BTreeMap<String, String>,
}

/// A list of manifests that are attached to another: an answer of the referrers API, or the index under the fallback tag.
///
/// No digest binds a list, so it only says where to look. What it names is known by its digest; whether a size is wrong,
/// negative or missing, and what the entry says of its type, changes nothing (A306).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferrersList {
    /// The manifests, in the order of the list.
    pub manifests: Vec<ListedManifest>,
    /// Why an entry cannot be looked up, if there is such an entry; the others count.
    pub unusable: Option<ManifestError>,
}

/// A manifest that a list names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedManifest {
    /// The digest of the manifest.
    pub digest: Digest,
    /// What the list calls it, for messages: the artifact type, else the media type.
    pub called: String,
}

/// What names a piece of content (image-spec `descriptor.md`). All but digest and size are hints.
///
/// `data`, the content embedded in the descriptor, is never read: the content is fetched by its digest (A033).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// The media type that the content is said to have.
    pub media_type: String,
    /// The digest of the content.
    pub digest: Digest,
    /// The size of the content, in bytes.
    pub size: u64,
    /// The artifact type that the manifest is said to have.
    pub artifact_type: Option<String>,
    /// Annotations, unsigned.
    pub annotations: BTreeMap<String, String>,
    /// The platform that the manifest is said to be for, if both its system and its architecture are given.
    pub platform: Option<Platform>,
}

/// Why bytes are not a manifest that can be read in one way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// No JSON at all: cut off, garbled, or something else.
    #[error("not a manifest: {0}")]
    NotJson(String),
    /// JSON that could be read in two ways, or of another form.
    #[error("not a manifest: {0}")]
    Json(String),
    /// The document is of a media type that is not read here.
    #[error("expected an OCI or Docker image manifest or index, found {found}")]
    UnsupportedType {
        /// The media type, or what stands in for it.
        found: String,
    },
    /// Docker's first manifest format, whose digests do not bind the image.
    #[error("Docker manifest schema 1 is not supported: the image must be pushed again with a current client")]
    Schema1,
    /// An image manifest where a list of manifests belongs.
    #[error("expected an index of referrers, found {found}")]
    NotAList {
        /// What the manifest says it is: its artifact type, else its media type.
        found: String,
    },
    /// `schemaVersion` is another number.
    #[error("expected schemaVersion 2, found {found}")]
    SchemaVersion {
        /// The number, or `none`.
        found: String,
    },
    /// The document and its sender say different things.
    #[error("expected {declared} as the Content-Type or descriptor says, found mediaType {found}")]
    MediaTypeMismatch {
        /// What the transport says.
        declared: String,
        /// What the document says.
        found: String,
    },
    /// The document has members of both an image and an index.
    #[error("ambiguous: expected {expected} only, found the member `{member}` too")]
    Ambiguous {
        /// What the media type says it is.
        expected: &'static str,
        /// The member that belongs to the other form.
        member: &'static str,
    },
    /// A required member is missing.
    #[error("expected the member `{member}` in {form}")]
    Missing {
        /// The member.
        member: &'static str,
        /// The form of document.
        form: &'static str,
    },
    /// A digest that cannot be computed here, or none at all.
    #[error("unusable digest in `{member}`")]
    Digest {
        /// The member of the document.
        member: &'static str,
        /// The digest's error.
        source: DigestError,
    },
    /// A size that no content has.
    #[error("expected a size below 2^63 in `{member}`, found {found}")]
    Size {
        /// The member of the document.
        member: &'static str,
        /// The size.
        found: u64,
    },
    /// More entries than this program looks at.
    #[error("expected at most {limit} entries in `{member}`, found {found}")]
    TooMany {
        /// The member of the document.
        member: &'static str,
        /// The most that are read.
        limit: usize,
        /// How many there are.
        found: usize,
    },
}

/// The most manifests in an index and the most layers in a manifest that are read.
const MOST_ENTRIES: usize = 1024;

impl Manifest {
    /// Reads a manifest or index.
    ///
    /// `content_type` is what the transport says the bytes are: the `Content-Type` header, or the media type of the
    /// descriptor that led here. A generic one (`application/json`, `text/plain`) says nothing, and then the document
    /// must say it itself, by its media type or by members that only one form has.
    pub fn parse(blob: &Blob, content_type: Option<&str>) -> Result<Self, ManifestError> {
        let (document, media_type, form) = Document::<RawDescriptor>::read(blob, content_type)?;
        match form {
            Form::Image => document.into_image(media_type).map(Self::Image),
            Form::Index => document.into_index(media_type).map(Self::Index),
            Form::Schema1 => Err(ManifestError::Schema1),
        }
    }

    /// Returns the media type, without parameters.
    pub fn media_type(&self) -> &str {
        match self {
            Self::Image(image) => &image.media_type,
            Self::Index(index) => &index.media_type,
        }
    }

    /// Returns the stated subject.
    pub fn subject(&self) -> Option<&Descriptor> {
        match self {
            Self::Image(image) => image.subject.as_ref(),
            Self::Index(index) => index.subject.as_ref(),
        }
    }

    /// Returns what kind of artifact this says it is.
    pub fn artifact_type(&self) -> Option<&str> {
        match self {
            Self::Image(image) => image.artifact_type(),
            Self::Index(index) => index.artifact_type.as_deref(),
        }
    }
}

impl ReferrersList {
    /// Reads a list; `content_type` is what the transport says the bytes are, as for [`Manifest::parse`].
    pub fn parse(blob: &Blob, content_type: Option<&str>) -> Result<Self, ManifestError> {
        let (document, media_type, form) = Document::<RawListed>::read(blob, content_type)?;
        match form {
            Form::Index => document.into_list(),
            Form::Image => Err(ManifestError::NotAList { found: document.artifact_type.unwrap_or(media_type) }),
            Form::Schema1 => Err(ManifestError::Schema1),
        }
    }
}

impl ImageManifest {
    /// Returns what kind of artifact this says it is.
    ///
    /// distribution-spec, "Listing Referrers": "If the artifactType is empty or missing in the image manifest, the value
    /// of artifactType MUST be set to the config descriptor mediaType value."
    pub fn artifact_type(&self) -> Option<&str> {
        self.artifact_type
            .as_deref()
            .or_else(|| (!self.config.media_type.is_empty()).then_some(self.config.media_type.as_str()))
    }
}

/// Schema 1 is signed JSON with members of its own, or with bytes after it: name it instead of the syntax error.
fn unreadable(blob: &Blob, content_type: Option<&str>, error: &json::Error) -> ManifestError {
    match content_type.map(essence) {
        Some(declared) if Form::of(&declared) == Some(Form::Schema1) => ManifestError::Schema1,
        Some(declared) if declared == "text/html" || blob.bytes().starts_with(b"<") => {
            ManifestError::UnsupportedType { found: declared }
        }
        _ if error.is_syntax() => ManifestError::NotJson(error.to_string()),
        _ => ManifestError::Json(error.to_string()),
    }
}

/// The forms that a document can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Image,
    Index,
    Schema1,
}

impl Form {
    fn of(media_type: &str) -> Option<Self> {
        match media_type {
            OCI_MANIFEST | DOCKER_MANIFEST => Some(Self::Image),
            OCI_INDEX | DOCKER_INDEX => Some(Self::Index),
            "application/vnd.docker.distribution.manifest.v1+json"
            | "application/vnd.docker.distribution.manifest.v1+prettyjws" => Some(Self::Schema1),
            _ => None,
        }
    }
}

/// Every member that decides what the document is, before it is decided. A `null` member is an absent one: several
/// writers leave them for empty lists, and no reader reads anything out of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "Entry: Deserialize<'de>"))]
struct Document<Entry> {
    schema_version: Option<serde_json::Number>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<RawDescriptor>,
    layers: Option<Vec<RawDescriptor>>,
    #[serde(default, deserialize_with = "member")]
    manifests: Member<Vec<Entry>>,
    fs_layers: Option<serde::de::IgnoredAny>,
    subject: Option<RawDescriptor>,
    annotations: Option<BTreeMap<String, String>>,
}

/// A member that may be missing, `null`, or there.
type Member<T> = Option<Option<T>>;

fn member<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Member<T>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl<'de, Entry: Deserialize<'de>> Document<Entry> {
    /// Reads a document, and decides its kind.
    fn read(blob: &'de Blob, content_type: Option<&str>) -> Result<(Self, String, Form), ManifestError> {
        let declared = content_type.map(essence).filter(|declared| Form::of(declared).is_some());
        let document: Self = match json::from_slice(blob.bytes()) {
            Ok(document) => document,
            Err(error) => return Err(unreadable(blob, content_type, &error)),
        };
        let (media_type, form) = document.form(declared, content_type)?;
        document.check_version()?;
        Ok((document, media_type, form))
    }
}

impl<Entry> Document<Entry> {
    /// Decides what the document is: by its own word and its sender's, which must agree. Where neither says anything, the
    /// members decide if they belong to one form alone.
    fn form(&self, declared: Option<String>, content_type: Option<&str>) -> Result<(String, Form), ManifestError> {
        let own = self.media_type.as_deref().map(essence);
        let media_type = match (own, declared) {
            // distribution-spec, "Pulling manifests": "the Content-Type … SHOULD match what the client pushed"; image-spec
            // manifest.md: "mediaType … SHOULD be used and … MUST match". A document that says two things is refused (A038).
            (Some(found), Some(declared)) if found != declared => {
                return Err(ManifestError::MediaTypeMismatch { declared, found });
            }
            (Some(media_type), _) | (None, Some(media_type)) => media_type,
            (None, None) if self.is_schema1() => return Err(ManifestError::Schema1),
            (None, None) if says_nothing(content_type) => match self.form_by_members()? {
                Some(known) => return Ok(known),
                None => return Err(unsupported(content_type)),
            },
            (None, None) => return Err(unsupported(content_type)),
        };
        match Form::of(&media_type) {
            Some(form) => Ok((media_type, form)),
            None => Err(ManifestError::UnsupportedType { found: media_type }),
        }
    }

    /// image-spec requires `config` and `layers` of a manifest and `manifests` of an index. A manifest of Docker's states its
    /// media type always, so what states none is OCI's.
    fn form_by_members(&self) -> Result<Option<(String, Form)>, ManifestError> {
        Ok(match (self.config.is_some(), self.layers.is_some(), self.manifests().is_some()) {
            (true, true, false) => Some((OCI_MANIFEST.to_owned(), Form::Image)),
            (false, false, true) => Some((OCI_INDEX.to_owned(), Form::Index)),
            (true, _, true) => {
                return Err(ManifestError::Ambiguous { expected: "one form of manifest", member: "manifests" });
            }
            (_, true, true) => {
                return Err(ManifestError::Ambiguous { expected: "one form of manifest", member: "layers" });
            }
            _ => None,
        })
    }

    fn manifests(&self) -> Option<&Vec<Entry>> {
        self.manifests.as_ref()?.as_ref()
    }

    fn is_schema1(&self) -> bool {
        self.fs_layers.is_some() || self.schema_version.as_ref().and_then(serde_json::Number::as_u64) == Some(1)
    }

    fn check_version(&self) -> Result<(), ManifestError> {
        if self.is_schema1() {
            return Err(ManifestError::Schema1);
        }
        match &self.schema_version {
            Some(version) if version.as_u64() == Some(2) => Ok(()),
            found => Err(ManifestError::SchemaVersion {
                found: found.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string),
            }),
        }
    }

    fn check_is_index(&self) -> Result<(), ManifestError> {
        const FORM: &str = "an index";
        if self.config.is_some() {
            return Err(ManifestError::Ambiguous { expected: FORM, member: "config" });
        }
        if self.layers.is_some() {
            return Err(ManifestError::Ambiguous { expected: FORM, member: "layers" });
        }
        Ok(())
    }
}

impl Document<RawListed> {
    fn into_list(self) -> Result<ReferrersList, ManifestError> {
        self.check_is_index()?;
        // Go writes an empty list as `null`; a document without the member is not a list.
        let entries =
            self.manifests.ok_or(ManifestError::Missing { member: "manifests", form: "a list of referrers" })?;
        let mut list = ReferrersList { manifests: Vec::new(), unusable: None };
        for entry in entries.unwrap_or_default() {
            match entry.check() {
                Ok(listed) => list.manifests.push(listed),
                Err(error) => list.unusable = list.unusable.or(Some(error)),
            }
        }
        Ok(list)
    }
}

impl Document<RawDescriptor> {
    fn into_image(self, media_type: String) -> Result<ImageManifest, ManifestError> {
        const FORM: &str = "an image manifest";
        if self.manifests().is_some() {
            return Err(ManifestError::Ambiguous { expected: FORM, member: "manifests" });
        }
        let config = self.config.ok_or(ManifestError::Missing { member: "config", form: FORM })?;
        Ok(ImageManifest {
            media_type,
            artifact_type: self.artifact_type.filter(|text| !text.is_empty()),
            config: config.check("config")?,
            layers: check_all(self.layers.unwrap_or_default(), "layers")?,
            subject: self.subject.map(|subject| subject.check("subject")).transpose()?,
            annotations: self.annotations.unwrap_or_default(),
        })
    }

    fn into_index(self, media_type: String) -> Result<Index, ManifestError> {
        self.check_is_index()?;
        Ok(Index {
            media_type,
            artifact_type: self.artifact_type.filter(|text| !text.is_empty()),
            manifests: check_all(self.manifests.flatten().unwrap_or_default(), "manifests")?,
            subject: self.subject.map(|subject| subject.check("subject")).transpose()?,
            annotations: self.annotations.unwrap_or_default(),
        })
    }
}

fn check_all(entries: Vec<RawDescriptor>, member: &'static str) -> Result<Vec<Descriptor>, ManifestError> {
    if entries.len() > MOST_ENTRIES {
        return Err(ManifestError::TooMany { member, limit: MOST_ENTRIES, found: entries.len() });
    }
    entries.into_iter().map(|entry| entry.check(member)).collect()
}

fn unsupported(content_type: Option<&str>) -> ManifestError {
    let found = content_type
        .map_or_else(|| "no mediaType".to_owned(), |found| format!("no mediaType and Content-Type {}", essence(found)));
    ManifestError::UnsupportedType { found }
}

/// An entry of a list. Members that are only hints may be missing or of any type.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawListed {
    #[serde(default, deserialize_with = "hint")]
    digest: Option<String>,
    #[serde(default, deserialize_with = "hint")]
    media_type: Option<String>,
    #[serde(default, deserialize_with = "hint")]
    artifact_type: Option<String>,
}

/// Takes a text, and passes over everything else.
fn hint<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => Some(text).filter(|text| !text.is_empty()),
        _ => None,
    })
}

impl RawListed {
    fn check(self) -> Result<ListedManifest, ManifestError> {
        let digest =
            self.digest.ok_or(ManifestError::Missing { member: "digest", form: "an entry of a list of referrers" })?;
        let digest = digest.parse().map_err(|source| ManifestError::Digest { member: "manifests", source })?;
        Ok(ListedManifest { digest, called: self.artifact_type.or(self.media_type).unwrap_or_default() })
    }
}

/// A descriptor whose digest has not been looked at: an unknown algorithm must be told from broken JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDescriptor {
    #[serde(default)]
    media_type: Option<String>,
    digest: String,
    // A negative, fractional or quoted size does not fit the type (A042).
    size: u64,
    artifact_type: Option<String>,
    annotations: Option<BTreeMap<String, String>>,
    platform: Option<RawPlatform>,
}

impl RawDescriptor {
    fn check(self, member: &'static str) -> Result<Descriptor, ManifestError> {
        // image-spec descriptor.md: size is an int64.
        if i64::try_from(self.size).is_err() {
            return Err(ManifestError::Size { member, found: self.size });
        }
        Ok(Descriptor {
            media_type: self.media_type.unwrap_or_default(),
            digest: self.digest.parse().map_err(|source| ManifestError::Digest { member, source })?,
            size: self.size,
            artifact_type: self.artifact_type.filter(|text| !text.is_empty()),
            annotations: self.annotations.unwrap_or_default(),
            platform: self.platform.and_then(RawPlatform::into_platform),
        })
    }
}

#[derive(Deserialize)]
struct RawPlatform {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
    #[serde(rename = "os.version")]
    os_version: Option<String>,
}

impl RawPlatform {
    fn into_platform(self) -> Option<Platform> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        // Runtimes take an entry without an operating system for one of their own.
        Some(Platform {
            os: given(self.os).unwrap_or_default(),
            architecture: given(self.architecture)?,
            variant: given(self.variant),
            os_version: given(self.os_version),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::Algorithm;

    const D: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn parse(text: &str, content_type: Option<&str>) -> Result<Manifest, ManifestError> {
        Manifest::parse(&Blob::of(Algorithm::Sha256, text.as_bytes().to_vec()), content_type)
    }

    fn descriptor(size: &str) -> String {
        format!(r#"{{"mediaType":"application/octet-stream","digest":"{D}","size":{size}}}"#)
    }

    fn image(members: &str) -> String {
        format!(r#"{{"schemaVersion":2,"config":{},"layers":[]{members}}}"#, descriptor("2"))
    }

    fn index(members: &str) -> String {
        format!(r#"{{"schemaVersion":2,"manifests":[]{members}}}"#)
    }

    #[test]
    fn the_content_type_says_what_a_document_without_a_media_type_is() {
        assert!(matches!(parse(&image(""), Some(OCI_MANIFEST)), Ok(Manifest::Image(_))));
        assert!(matches!(parse(&index(""), Some(DOCKER_INDEX)), Ok(Manifest::Index(_))));
        assert!(matches!(
            parse(&index(""), Some("Application/vnd.oci.image.index.v1+json; charset=utf-8")),
            Ok(Manifest::Index(_))
        ));
    }

    #[test]
    fn a291_descriptors_and_platforms_are_objects() {
        let list = format!(r#"["application/octet-stream","{D}",2]"#);
        let platform =
            format!(r#"{{"mediaType":"{OCI_MANIFEST}","digest":"{D}","size":2,"platform":["amd64","linux"]}}"#);
        for text in [
            image("").replace(&descriptor("2"), &list),
            image("").replace(r#""layers":[]"#, &format!(r#""layers":[{list}]"#)),
            image(&format!(r#","subject":{list}"#)),
            index("").replace("[]", &format!("[{list}]")),
            index("").replace("[]", &format!("[{platform}]")),
        ] {
            for declared in [OCI_MANIFEST, OCI_INDEX] {
                assert!(matches!(parse(&text, Some(declared)), Err(ManifestError::Json(_))), "{text}");
            }
        }
    }

    #[test]
    fn a_generic_content_type_leaves_it_to_the_document() {
        let text = image(&format!(r#","mediaType":"{OCI_MANIFEST}""#));
        for content_type in
            [None, Some("application/json"), Some("text/plain; charset=utf-8"), Some("application/octet-stream")]
        {
            assert!(matches!(parse(&text, content_type), Ok(Manifest::Image(_))), "{content_type:?}");
        }
    }

    const USELESS: [Option<&str>; 6] = [
        None,
        Some(""),
        Some("application/json"),
        Some("text/plain; charset=utf-8"),
        Some("application/octet-stream"),
        Some("binary/octet-stream"),
    ];

    #[test]
    fn a_document_of_no_stated_type_is_what_its_members_say_alone() {
        for content_type in USELESS {
            let Ok(Manifest::Image(read)) = parse(&image(""), content_type) else { panic!("{content_type:?}") };
            assert_eq!(read.media_type, OCI_MANIFEST);
            let Ok(Manifest::Index(read)) = parse(&index(r#","config":null"#), content_type) else {
                panic!("{content_type:?}")
            };
            assert_eq!(read.media_type, OCI_INDEX);
        }
    }

    #[test]
    fn a037_a_document_of_no_stated_type_with_members_of_both_forms_is_refused() {
        let config = format!(r#","config":{}"#, descriptor("2"));
        for text in [image(r#","manifests":[]"#), index(&config), index(r#","layers":[]"#)] {
            for content_type in USELESS {
                assert!(matches!(parse(&text, content_type), Err(ManifestError::Ambiguous { .. })), "{text}");
            }
        }
    }

    #[test]
    fn a039_a_document_of_no_stated_type_is_refused_where_its_members_leave_a_doubt() {
        let config = format!(r#"{{"schemaVersion":2,"config":{}}}"#, descriptor("2"));
        for text in
            [r#"{"schemaVersion":2}"#, &config, r#"{"schemaVersion":2,"layers":[]}"#, &index("").replace("[]", "null")]
        {
            for content_type in USELESS {
                assert!(matches!(parse(text, content_type), Err(ManifestError::UnsupportedType { .. })), "{text}");
            }
        }
        for content_type in ["text/html", "application/vnd.oci.artifact.manifest.v1+json", "image/png"] {
            assert!(matches!(parse(&image(""), Some(content_type)), Err(ManifestError::UnsupportedType { .. })));
        }
        // The version is required of every form.
        let unversioned = image("").replace(r#""schemaVersion":2,"#, "");
        assert!(matches!(parse(&unversioned, None), Err(ManifestError::SchemaVersion { .. })));
        let other = index(r#","mediaType":"application/vnd.oci.artifact.manifest.v1+json""#);
        assert!(matches!(parse(&other, None), Err(ManifestError::UnsupportedType { .. })));
    }

    #[test]
    fn a037_a_document_that_is_both_is_refused() {
        let polyglot = image(&format!(r#","manifests":[{}]"#, descriptor("1")));
        assert!(matches!(
            parse(&polyglot, Some(OCI_MANIFEST)),
            Err(ManifestError::Ambiguous { member: "manifests", .. })
        ));
        assert!(matches!(parse(&polyglot, Some(OCI_INDEX)), Err(ManifestError::Ambiguous { member: "config", .. })));
        assert!(matches!(
            parse(&index(r#","layers":[]"#), Some(OCI_INDEX)),
            Err(ManifestError::Ambiguous { member: "layers", .. })
        ));
        assert!(parse(&image(r#","manifests":null"#), Some(OCI_MANIFEST)).is_ok());
    }

    #[test]
    fn a038_a_document_and_its_sender_must_agree() {
        let text = index(&format!(r#","mediaType":"{OCI_INDEX}""#));
        assert!(matches!(parse(&text, Some(OCI_MANIFEST)), Err(ManifestError::MediaTypeMismatch { .. })));
        assert!(matches!(parse(&text, Some(DOCKER_INDEX)), Err(ManifestError::MediaTypeMismatch { .. })));
    }

    #[test]
    fn a041_digests_of_other_algorithms_are_refused_as_unsupported() {
        let text = index("").replace("[]", r#"[{"digest":"md5:d41d8cd98f00b204e9800998ecf8427e","size":1}]"#);
        assert!(matches!(
            parse(&text, Some(OCI_INDEX)),
            Err(ManifestError::Digest { member: "manifests", source: DigestError::UnsupportedAlgorithm(_) })
        ));
    }

    #[test]
    fn a042_sizes_that_no_content_has_are_refused() {
        for size in ["-1", "1.0", "\"1\"", "18446744073709551616", "null"] {
            let text = index("").replace("[]", &format!("[{}]", descriptor(size)));
            assert!(matches!(parse(&text, Some(OCI_INDEX)), Err(ManifestError::Json(_))), "{size}");
        }
        let text = index("").replace("[]", &format!("[{}]", descriptor("9223372036854775808")));
        assert!(matches!(parse(&text, Some(OCI_INDEX)), Err(ManifestError::Size { .. })));
    }

    fn list(text: &str) -> Result<ReferrersList, ManifestError> {
        ReferrersList::parse(&Blob::of(Algorithm::Sha256, text.as_bytes().to_vec()), Some(OCI_INDEX))
    }

    #[test]
    fn a306_a_list_names_digests_and_every_hint_of_it_may_be_wrong() {
        for entry in [
            format!(r#"{{"digest":"{D}"}}"#),
            format!(r#"{{"digest":"{D}","size":-1}}"#),
            format!(r#"{{"digest":"{D}","size":null,"mediaType":7,"artifactType":[]}}"#),
            format!(r#"{{"digest":"{D}","size":"12","annotations":[],"platform":"x","data":5,"mediaType":""}}"#),
            format!(r#"{{"digest":"{D}","size":99999999999999999999999}}"#),
        ] {
            let read = list(&index("").replace("[]", &format!("[{entry}]"))).expect(&entry);
            assert_eq!((read.manifests[0].digest.to_string().as_str(), read.manifests[0].called.as_str()), (D, ""));
            assert_eq!(read.unusable, None);
        }
    }

    #[test]
    fn an_entry_that_names_nothing_does_not_hide_the_others() {
        for entry in [r#"{"digest":"md5:d41d8cd98f00b204e9800998ecf8427e"}"#, r#"{"digest":"sha256:x"}"#, "{}"] {
            let read = list(&index("").replace("[]", &format!(r#"[{entry},{{"digest":"{D}"}}]"#))).expect(entry);
            assert_eq!(read.manifests.len(), 1);
            assert!(read.unusable.is_some(), "{entry}");
        }
    }

    #[test]
    fn what_is_no_list_is_never_an_empty_one() {
        assert!(matches!(list(r#"{"schemaVersion":2}"#), Err(ManifestError::Missing { member: "manifests", .. })));
        assert!(matches!(list("{}"), Err(ManifestError::SchemaVersion { .. })));
        assert!(matches!(list(r#"{"errors":[]}"#), Err(ManifestError::SchemaVersion { .. })));
        assert!(matches!(list(""), Err(ManifestError::NotJson(_))));
        assert!(matches!(list("[]"), Err(ManifestError::Json(_) | ManifestError::SchemaVersion { .. })));
        assert!(matches!(list(&index("").replace("[]", "{}")), Err(ManifestError::Json(_))));
        assert!(matches!(list(&index("").replace("[]", r#"["x"]"#)), Err(ManifestError::Json(_))));
        assert!(matches!(list(&image("")), Err(ManifestError::Ambiguous { .. })));
        assert_eq!(list(&index("").replace("[]", "null")).expect("Go's empty list").manifests.len(), 0);
    }

    #[test]
    fn a043_duplicate_members_are_refused() {
        let text = image(&format!(r#","config":{}"#, descriptor("3")));
        assert!(
            matches!(parse(&text, Some(OCI_MANIFEST)), Err(ManifestError::Json(error)) if error.contains("duplicate"))
        );
    }

    #[test]
    fn a050_schema_1_is_named() {
        let text = r#"{"schemaVersion":1,"name":"x","fsLayers":[],"history":[]}"#;
        assert_eq!(parse(text, None), Err(ManifestError::Schema1));
        assert_eq!(
            parse(text, Some("application/vnd.docker.distribution.manifest.v1+prettyjws")),
            Err(ManifestError::Schema1)
        );
        assert_eq!(
            parse("{} {}", Some("application/vnd.docker.distribution.manifest.v1+prettyjws")),
            Err(ManifestError::Schema1)
        );
    }

    #[test]
    fn other_schema_versions_are_refused() {
        for version in ["3", "2.0", "null"] {
            let text = index("").replace("\"schemaVersion\":2", &format!("\"schemaVersion\":{version}"));
            assert!(matches!(parse(&text, Some(OCI_INDEX)), Err(ManifestError::SchemaVersion { .. })), "{version}");
        }
    }

    #[test]
    fn a_web_page_is_named_as_one() {
        let error =
            parse("<!doctype html><title>Sign in</title>", Some("text/html; charset=utf-8")).expect_err("a web page");
        assert_eq!(error, ManifestError::UnsupportedType { found: "text/html".into() });
    }

    #[test]
    fn a051_an_artifact_with_an_empty_configuration_is_a_manifest() {
        let text = image(r#","artifactType":"application/x","annotations":null,"subject":null"#);
        let Ok(Manifest::Image(manifest)) = parse(&text, Some(OCI_MANIFEST)) else { panic!("a manifest") };
        assert_eq!(manifest.artifact_type(), Some("application/x"));
        assert_eq!((manifest.layers.len(), manifest.subject), (0, None));
    }

    #[test]
    fn platforms_with_missing_parts_are_none() {
        let entry = |platform: &str| {
            index("").replace("[]", &format!(r#"[{{"digest":"{D}","size":1,"platform":{platform}}}]"#))
        };
        for (platform, expected) in [
            (r#"{"os":"linux","architecture":"arm","variant":"v7"}"#, Some("linux/arm/v7")),
            (r#"{"os":"linux","architecture":""}"#, None),
            (r#"{"os":"linux"}"#, None),
            ("{}", None),
            ("null", None),
        ] {
            let Ok(Manifest::Index(index)) = parse(&entry(platform), Some(OCI_INDEX)) else { panic!("{platform}") };
            assert_eq!(
                index.manifests[0].platform.as_ref().map(ToString::to_string).as_deref(),
                expected,
                "{platform}"
            );
        }
    }

    #[test]
    fn endless_lists_are_refused() {
        let text = index("").replace("[]", &format!("[{}]", vec![descriptor("1"); MOST_ENTRIES + 1].join(",")));
        assert!(matches!(parse(&text, Some(OCI_INDEX)), Err(ManifestError::TooMany { found: 1025, .. })));
    }
}
