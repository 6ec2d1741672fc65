//! The collected evidence of one target: the image or file, candidates, and gaps.
//!
//! A verdict depends on this evidence alone: nothing else from outside reaches [`crate::verify`]. Evidence is plain data. A
//! registry, a layout on disk or a test can provide it.

mod gap;
mod loose;
mod opened;
mod target;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::oci::{Blob, Digest, Sums, SumsError};

pub use gap::{Gap, GapReason, Obstacle};
pub use loose::{Loose, MAX_BUNDLES, TooManyBundles, detached, documents};
pub use opened::{Opened, Payload};
pub use target::{Subject, SubjectKind, Target, TargetKind};

/// Everything collected for one target.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The image or file that it was collected for.
    pub target: Target,
    /// The attestation manifests beside those, each once.
    pub attestation_manifests: Vec<AttestationPlace>,
    /// Everything that may be a signature or an attestation, as found.
    pub candidates: Vec<Candidate>,
    /// What should have been read and could not be.
    pub gaps: Vec<Gap>,
    /// Where it was looked for.
    pub looked_in: LookedIn,
}

impl Evidence {
    /// These candidates and nothing else, with nothing left unread.
    pub fn of(target: Target, candidates: Vec<Candidate>) -> Self {
        Self { target, attestation_manifests: Vec::new(), candidates, gaps: Vec::new(), looked_in: LookedIn::default() }
    }

    /// Whether every place was searched and everything found there was read.
    pub fn is_whole(&self) -> bool {
        let is_unread = |one: &Candidate| matches!(one.content, Content::Unread { .. });
        self.gaps.is_empty()
            && self.target.subjects.iter().all(|subject| subject.searched)
            && self.attestation_manifests.iter().all(|place| place.searched)
            && !self.candidates.iter().any(is_unread)
    }
}

/// The places that were searched for evidence. Only messages about missing evidence use them, never a verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookedIn {
    /// The repository whose lists and tags were read; `None` for a layout.
    pub repository: Option<String>,
    /// The file of this machine that evidence was looked for beside, and under which endings.
    pub beside: Option<String>,
    /// The service beside the registry that was asked.
    pub service: Option<String>,
    /// Whether no other place may be asked (`--offline`).
    pub alone: bool,
}

/// A place of evidence beside a subject: an attestation manifest, which lists statements, and on which a signature may be.
///
/// A gap whose subject is this digest is about what the manifest would have offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestationPlace {
    /// The digest of the attestation manifest.
    pub digest: Digest,
    /// The subjects that an index or a list of referrers says it is about; empty where nothing says so and it may be any.
    pub about: Vec<Digest>,
    /// Whether its statements and signatures have been looked for.
    pub searched: bool,
}

impl AttestationPlace {
    /// Whether it may hold statements about this subject.
    pub fn may_be_about(&self, subject: &Digest) -> bool {
        self.about.is_empty() || self.about.contains(subject)
    }
}

/// An attestation manifest, as it was read (BuildKit `docs/attestations/attestation-storage.md`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestationManifest {
    /// Its digest, which binds all that is in it.
    pub digest: Digest,
    /// What the indexes say that it is about (`vnd.docker.reference.digest`), each once.
    pub annotated: Vec<Digest>,
    /// The subject that it names itself.
    pub subject: Option<Digest>,
    /// The digests of its layers that are in-toto statements.
    pub statements: Vec<Digest>,
}

/// A list of files with their digests, such as SHA256SUMS, and the file that is looked for on it.
#[derive(Debug, Clone)]
pub struct SignedList {
    /// The list, as it was named.
    pub file: String,
    /// The name of the file that is looked for.
    pub name: String,
    /// What the list says, if it can be read.
    pub sums: Result<Sums, SumsError>,
    /// The list as that which is signed.
    pub target: Target,
}

/// One signature or attestation as found; nothing in it has been verified.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The digest that it was found attached to.
    pub subject: Digest,
    /// Where it was found.
    pub origin: Origin,
    /// The digest of the bytes that carry it.
    pub digest: Digest,
    /// The bytes.
    pub content: Content,
}

/// Where a candidate was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Named by the registry's referrers API, in this manifest.
    Referrer(Digest),
    /// Named by the referrers fallback tag, in this manifest.
    FallbackTag(Digest),
    /// A layer of a cosign tag such as `sha256-….sig`.
    CosignTag {
        /// The tag, or the `kind` annotation that marks the same thing in a `cosign save` layout.
        tag: String,
        /// The position of the layer, from 0.
        layer: usize,
    },
    /// In the image's own index, as BuildKit writes attestations.
    BuildKit(Digest),
    /// A statement that this attestation manifest lists, with a signature on the manifest.
    AttestationManifest {
        /// The attestation manifest.
        manifest: Digest,
        /// Where the signature was found.
        signature: Box<Origin>,
    },
    /// In GitHub's attestations API, in no registry.
    GitHub {
        /// The repository that it is kept for, and the host.
        place: String,
    },
    /// In the registry of npm packages.
    Npm {
        /// What there holds it, and the host.
        place: String,
    },
    /// In a file that was named, attached to nothing.
    File {
        /// The file's name.
        file: String,
        /// The line, from 1, where the file holds one bundle per line.
        line: Option<usize>,
    },
}

impl Origin {
    /// The line of a file that holds one bundle per line.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::File { line, .. } => *line,
            _ => None,
        }
    }

    /// Its kind and itself in words, which tell one place from another.
    pub fn place(&self) -> String {
        format!("{} {self}", self.kind())
    }

    /// The kind of place.
    pub fn kind(&self) -> OriginKind {
        match self {
            Self::Referrer(_) => OriginKind::Referrer,
            Self::FallbackTag(_) => OriginKind::FallbackTag,
            Self::CosignTag { .. } => OriginKind::CosignTag,
            Self::BuildKit(_) => OriginKind::BuildKit,
            Self::AttestationManifest { .. } => OriginKind::AttestationManifest,
            Self::GitHub { .. } => OriginKind::GitHubApi,
            Self::Npm { .. } => OriginKind::NpmRegistry,
            Self::File { .. } => OriginKind::File,
        }
    }
}

/// The kind of place where a candidate was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OriginKind {
    /// The referrers API.
    Referrer,
    /// The referrers fallback tag.
    FallbackTag,
    /// A tag of cosign.
    CosignTag,
    /// The image's own index, as BuildKit writes it.
    BuildKit,
    /// A signed attestation manifest.
    AttestationManifest,
    /// GitHub's attestations API.
    GitHubApi,
    /// The registry of npm packages.
    NpmRegistry,
    /// A file.
    File,
}

impl OriginKind {
    const ALL: [Self; 8] = [
        Self::Referrer,
        Self::FallbackTag,
        Self::CosignTag,
        Self::BuildKit,
        Self::AttestationManifest,
        Self::GitHubApi,
        Self::NpmRegistry,
        Self::File,
    ];

    /// Returns the word of the report.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Referrer => "referrer",
            Self::FallbackTag => "fallback-tag",
            Self::CosignTag => "cosign-tag",
            Self::BuildKit => "buildkit",
            Self::AttestationManifest => "attestation-manifest",
            Self::GitHubApi => "github-api",
            Self::NpmRegistry => "npm-registry",
            Self::File => "file",
        }
    }
}

impl fmt::Display for OriginKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl serde::Serialize for OriginKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for OriginKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let mut all = Self::ALL.into_iter();
        let unknown = || serde::de::Error::custom(format!("unknown place `{word}`"));
        all.find(|kind| kind.as_str() == word).ok_or_else(unknown)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Referrer(manifest) => write!(formatter, "referrer {manifest}"),
            Self::FallbackTag(manifest) => write!(formatter, "fallback tag, manifest {manifest}"),
            Self::CosignTag { tag, layer } => write!(formatter, "{tag} layer {layer}"),
            Self::BuildKit(manifest) => write!(formatter, "BuildKit attestation manifest {manifest}"),
            Self::AttestationManifest { manifest, signature } => {
                write!(formatter, "attestation manifest {manifest}, signature in {signature}")
            }
            Self::GitHub { place } => write!(formatter, "attestations of {place}"),
            Self::Npm { place } => formatter.write_str(place),
            Self::File { file, line: Some(line) } => write!(formatter, "{file} line {line}"),
            Self::File { file, line: None } => formatter.write_str(file),
        }
    }
}

/// The bytes of a candidate, by the form they claim to have.
#[derive(Debug, Clone)]
pub enum Content {
    /// A Sigstore bundle.
    Bundle(Opened),
    /// A Sigstore bundle that signs neither a statement nor the image itself, and what it names as signed: cosign's
    /// simple-signing payload, which was found under the digest that the bundle states.
    BundleOverPayload {
        /// The bundle.
        bundle: Opened,
        /// What the bundle says it signs.
        payload: Blob,
    },
    /// A legacy cosign signature: simple-signing payload, signature and material in the layer's annotations.
    LegacySignature {
        /// The simple-signing payload, which is what was signed.
        payload: Blob,
        /// The annotations of the layer.
        annotations: BTreeMap<String, String>,
    },
    /// A legacy cosign attestation: a DSSE envelope, material in the layer's annotations.
    LegacyAttestation {
        /// The DSSE envelope.
        envelope: Opened,
        /// The annotations of the layer.
        annotations: BTreeMap<String, String>,
    },
    /// A signature on the content of a file, with the material that cosign keeps for a layer in annotations.
    Detached {
        /// Signature, certificate and log entry, by the names of those annotations.
        annotations: BTreeMap<String, String>,
    },
    /// A signature on a list of files, where the target is one of them.
    OnList {
        /// The list.
        list: Arc<SignedList>,
        /// The signature, a candidate whose subject is the list.
        signature: Box<Candidate>,
    },
    /// A signature of a package registry over name, version and integrity of a package.
    RegistrySignature {
        /// What was signed, as the registry's document about the package has it.
        text: Blob,
        /// The signature, in base64.
        signature: String,
    },
    /// An in-toto statement that an attestation manifest lists, and a signature on that manifest: the signer vouches for
    /// each statement in it by its digest.
    ListedStatement {
        /// The attestation manifest.
        manifest: Arc<AttestationManifest>,
        /// The signature, a candidate whose subject is the attestation manifest.
        signature: Box<Candidate>,
        /// The statement.
        statement: Blob,
    },
    /// An unsigned in-toto statement.
    UnsignedStatement(Blob),
    /// Attached, not signed by anyone, and not fetched: an in-toto statement or an SBOM.
    Unsigned {
        /// The type of the statement if that is named, else the media type.
        what: String,
    },
    /// Attached, but not fetched: it is large, and smaller evidence may suffice. Its kind is unknown.
    Unread {
        /// The media type that its manifest gives it.
        media_type: String,
        /// Its size as its manifest gives it, in bytes.
        bytes: u64,
    },
    /// Attached, but nothing that this program takes as evidence.
    Ignored {
        /// Its stated type: an artifact type or layer media type.
        artifact_type: String,
        /// Why it does not count.
        reason: String,
    },
}
