//! The target of a verdict: an image, a package or a file, with its digest and its parts.
//!
//! A new kind of target needs a variant of [`TargetKind`] and a collector that returns [`Evidence`](super::Evidence).
//! Verification is the same for all kinds.

use crate::oci::{Algorithm, Blob, Digest, NpmPackage, Platform};

/// What a verdict is about.
#[derive(Debug, Clone)]
pub struct Target {
    /// The reference as the user typed it.
    pub reference: String,
    /// The name without tag, version or digest, as it is pinned in reports; `None` for what only lies on this machine.
    pub name: Option<String>,
    /// The digest the reference resolved to. Tags move, so every report shows it.
    pub root: Digest,
    /// Whether it is an image or something else.
    pub kind: TargetKind,
    /// Its parts that evidence may be about, the root first: the index and platform manifests of an image, a file itself.
    pub subjects: Vec<Subject>,
}

/// What kind of thing a target is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetKind {
    /// A container image.
    Image {
        /// The media type of the manifest or index that the reference resolved to.
        media_type: String,
        /// The platforms that were asked for; none for all that the image has.
        platforms: Vec<Platform>,
    },
    /// A file. Its content is the signed message, or the subject of a statement.
    File {
        /// The content, if more than its digest is known.
        content: Option<Blob>,
        /// Other digests of it than the target's, where it was too long to be kept.
        others: Vec<Digest>,
    },
    /// A package of npm: its digest is that of the tarball, as the registry states it.
    Npm(NpmPackage),
}

impl Target {
    /// A file, or the digest of one: the one subject there is, with nowhere to search for evidence.
    pub fn file(reference: String, digest: Digest, content: Option<Blob>) -> Self {
        let subject =
            Subject { digest: digest.clone(), kind: SubjectKind::File, reached_through: Vec::new(), searched: true };
        let kind = TargetKind::File { content, others: Vec::new() };
        Self { reference, name: None, root: digest, kind, subjects: vec![subject] }
    }

    /// The same file with these digests of it, too.
    #[must_use]
    pub fn with_digests(mut self, more: Vec<Digest>) -> Self {
        if let TargetKind::File { others, .. } = &mut self.kind {
            *others = more;
        }
        self
    }

    /// Returns the digest of a file by this algorithm, if it is known.
    pub fn known_digest(&self, algorithm: Algorithm) -> Option<&Digest> {
        let TargetKind::File { others, .. } = &self.kind else { return None };
        std::iter::once(&self.root).chain(others).find(|digest| digest.algorithm() == algorithm)
    }

    /// The same, if it is known or can be computed.
    pub fn digest_by(&self, algorithm: Algorithm) -> Option<Digest> {
        let computed = || Some(Digest::of(algorithm, self.content()?.bytes()));
        self.known_digest(algorithm).cloned().or_else(computed)
    }

    /// A package of npm whose tarball has this digest.
    pub fn npm(reference: impl Into<String>, package: NpmPackage, digest: Digest) -> Self {
        let subject =
            Subject { digest: digest.clone(), kind: SubjectKind::File, reached_through: Vec::new(), searched: true };
        let reference = reference.into();
        Self { reference, name: None, root: digest, kind: TargetKind::Npm(package), subjects: vec![subject] }
    }

    /// The manifest of an image that no index leads to, all of it asked for.
    pub fn image(reference: impl Into<String>, name: Option<&str>, digest: Digest) -> Self {
        let kind = SubjectKind::Image(None);
        let subject = Subject { digest: digest.clone(), kind, reached_through: Vec::new(), searched: true };
        Self {
            reference: reference.into(),
            name: name.map(str::to_owned),
            root: digest,
            kind: TargetKind::Image {
                media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
                platforms: Vec::new(),
            },
            subjects: vec![subject],
        }
    }

    /// The platforms that were asked for; none for all that there are.
    pub fn platforms(&self) -> &[Platform] {
        match &self.kind {
            TargetKind::Image { platforms, .. } => platforms,
            TargetKind::File { .. } | TargetKind::Npm(_) => &[],
        }
    }

    /// The media type, which an image alone has.
    pub fn media_type(&self) -> Option<&str> {
        match &self.kind {
            TargetKind::Image { media_type, .. } => Some(media_type),
            TargetKind::File { .. } | TargetKind::Npm(_) => None,
        }
    }

    /// The name of a part by which other tools find this very content: with the digest of a manifest, or as a package URL with the
    /// digest of the tarball (purl-spec, qualifier `checksum`). `None` for what only lies on this machine.
    pub fn pinned_at(&self, digest: &Digest) -> Option<String> {
        match &self.kind {
            TargetKind::Npm(package) => Some(format!("{}?checksum={digest}", package.purl())),
            TargetKind::Image { .. } | TargetKind::File { .. } => Some(format!("{}@{digest}", self.name.as_ref()?)),
        }
    }

    /// The package, if it is one.
    pub fn package(&self) -> Option<&NpmPackage> {
        match &self.kind {
            TargetKind::Npm(package) => Some(package),
            TargetKind::Image { .. } | TargetKind::File { .. } => None,
        }
    }

    /// Whether it is a file and no image.
    pub fn is_file(&self) -> bool {
        matches!(self.kind, TargetKind::File { .. })
    }

    /// The content of a file, if it is known.
    pub fn content(&self) -> Option<&Blob> {
        match &self.kind {
            TargetKind::File { content, .. } => content.as_ref(),
            TargetKind::Image { .. } | TargetKind::Npm(_) => None,
        }
    }

    /// What messages call it.
    pub fn noun(&self) -> &'static str {
        match self.kind {
            TargetKind::Image { .. } => "image",
            TargetKind::File { .. } => "file",
            TargetKind::Npm(_) => "package",
        }
    }
}

/// A digest that evidence may be about: the index, a nested index, a platform manifest, or a file, such as a package's tarball.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The digest of the manifest or of the file.
    pub digest: Digest,
    /// Its kind.
    pub kind: SubjectKind,
    /// The indexes through which it was reached, outermost first. An index's digest binds its children.
    pub reached_through: Vec<Digest>,
    /// Whether evidence attached to this digest has been looked for.
    pub searched: bool,
}

/// What a subject is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectKind {
    /// An index of several manifests.
    Index,
    /// An image manifest, for this platform if an index said so.
    Image(Option<Platform>),
    /// A file, which has no platforms.
    File,
}
