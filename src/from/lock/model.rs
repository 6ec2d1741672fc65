//! The data found in lock files, and code that the readers share.

use std::fmt;

use super::super::model::Position;
use super::graph::Dependency;
use crate::oci::{Digest, NpmPackage};
use crate::policy::yaml::{self, Bounds, Node};

/// Bytes that a lock file may have.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;
/// Packages that one lock file may list.
pub const MOST_PACKAGES: usize = 10_000;

/// What the YAML of a lock file may hold. pnpm and yarn write neither merge keys nor anchors.
const BOUNDS: Bounds = Bounds { bytes: MAX_BYTES, nodes: 400_000, documents: 8, depth: 32, merges: false };

/// What a lock file says of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    /// The package.
    pub package: LockedPackage,
    /// Where it is listed first.
    pub place: Position,
    /// What it is installed for, if the file tells.
    pub dependency: Option<Dependency>,
}

/// A package as a lock file names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LockedPackage {
    /// A release of a registry, whose tarball must have this digest.
    Release {
        /// Name and version.
        package: NpmPackage,
        /// The digest of the tarball.
        digest: Digest,
    },
    /// It is not known which release it is, or what its tarball must be.
    Open {
        /// What the file calls it.
        text: String,
        /// Why not.
        why: NoRelease,
    },
}

impl LockedPackage {
    pub(super) fn open(text: &str, why: NoRelease) -> Self {
        Self::Open { text: text.to_owned(), why }
    }
}

/// Why a package of a lock file is not a release with a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoRelease {
    /// Its entry is not of this form.
    Unreadable,
    /// It is a folder.
    Folder,
    /// It comes in the tarball of another package.
    Bundled,
    /// It comes from git, from a file or from an address.
    Elsewhere,
    /// No version, or several names.
    Unnamed,
    /// There is an integrity, and it names no tarball or several.
    NotSha512,
    /// The entry has no integrity.
    NoIntegrity,
    /// The digest is that of the archive that yarn makes of a tarball.
    YarnArchive,
    /// yarn resolves it anew.
    Unresolved,
    /// Something needs it, and the file does not list it.
    NoEntry,
}

impl fmt::Display for NoRelease {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Unreadable => "its entry cannot be read",
            Self::Folder => "it is a folder outside the project",
            Self::Bundled => "it comes in the tarball of another package",
            Self::Elsewhere => "it does not come from a registry",
            Self::Unnamed => "it has no exact version of a named package",
            Self::NotSha512 => "its integrity is not one sha512",
            Self::NoIntegrity => "it has no integrity, so any tarball is installed that the registry sends",
            Self::YarnArchive => {
                "its checksum is of the archive that yarn makes, not of the tarball that the registry signs"
            }
            Self::Unresolved => "it has no `resolved`, so another release may be installed",
            Self::NoEntry => "the file has no entry for it",
        })
    }
}

impl NoRelease {
    /// What to do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::YarnArchive => {
                "verify it by its name, as in `bonafide verify npm:NAME@VERSION`, or keep a lock file of npm or pnpm"
            }
            Self::Unreadable | Self::NoEntry => "write the lock file anew with its tool",
            Self::NotSha512 | Self::NoIntegrity | Self::Unresolved => {
                "write its entry anew with a current version of the tool"
            }
            Self::Folder | Self::Bundled | Self::Elsewhere | Self::Unnamed => {
                "install a release of a registry in its place"
            }
        }
    }
}

/// Why the packages of a lock file are not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Longer than is read.
    #[error("the lock file has more than {MAX_BYTES} bytes")]
    TooLong,
    /// Not of this form.
    #[error("the lock file cannot be read: {0}")]
    Form(String),
    /// Of no tool that is known.
    #[error("this is no lock file of npm, pnpm or yarn")]
    Unknown,
    /// A version that lists its packages elsewhere, or that came after this program.
    #[error("the lock file is of version {found}: expected {}", .tool.versions())]
    Version {
        /// The tool that writes it.
        tool: Tool,
        /// The version in the file.
        found: String,
    },
    /// A file that lists none, which must never look like success.
    #[error("the lock file lists no package")]
    Empty,
    /// More than are verified in one run.
    #[error("the lock file lists more than {MOST_PACKAGES} packages")]
    TooMany,
}

impl LockError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Version { tool: Tool::Npm, .. } => {
                "write it anew: `npm install --package-lock-only --lockfile-version 3`"
            }
            Self::Version { tool: Tool::Pnpm, .. } => {
                "write it anew with pnpm 9 or later: `pnpm install --lockfile-only`"
            }
            Self::Version { tool: Tool::Yarn, .. } => "write it anew with yarn 2 or later: `yarn install`",
            Self::Empty => "check the path; without dependencies there is nothing to verify",
            Self::TooLong | Self::TooMany => "verify the lock file of each workspace by itself",
            Self::Form(_) | Self::Unknown => {
                "give package-lock.json, npm-shrinkwrap.json, pnpm-lock.yaml or yarn.lock as the tool writes it"
            }
        }
    }
}

/// A tool that writes lock files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// `package-lock.json` and `npm-shrinkwrap.json`.
    Npm,
    /// `pnpm-lock.yaml`.
    Pnpm,
    /// `yarn.lock`, of yarn 1 and of those after it.
    Yarn,
}

impl Tool {
    /// The tool that reads a file of this name, or else that writes a text like this.
    pub(super) fn of(path: &str, text: &[u8]) -> Option<Self> {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        match name {
            "package-lock.json" | "npm-shrinkwrap.json" => return Some(Self::Npm),
            "pnpm-lock.yaml" => return Some(Self::Pnpm),
            "yarn.lock" => return Some(Self::Yarn),
            _ => {}
        }
        let begins = |beginnings: &[&[u8]]| {
            text.split(|byte| matches!(byte, b'\n' | b'\r'))
                .any(|line| beginnings.iter().any(|one| line.starts_with(one)))
        };
        match text.trim_ascii_start().first() {
            Some(b'{') => Some(Self::Npm),
            _ if begins(&[b"lockfileVersion:"]) => Some(Self::Pnpm),
            _ if begins(&[b"# yarn lockfile", b"__metadata:"]) => Some(Self::Yarn),
            _ => None,
        }
    }

    fn versions(self) -> &'static str {
        match self {
            Self::Npm => "2 or 3",
            Self::Pnpm => "6 or 9",
            Self::Yarn => "1, or one of yarn 2 and later",
        }
    }
}

impl Locked {
    /// Adds what the same package is installed for at another place.
    pub(super) fn also(&mut self, other: Option<Dependency>) {
        self.dependency = match (self.dependency.take(), other) {
            (Some(own), Some(other)) => Some(own.and(other)),
            (own, other) => own.or(other),
        };
    }
}

/// The documents of a lock file in YAML.
pub(super) fn documents(text: &str) -> Result<Vec<Node>, LockError> {
    yaml::read_stream(text, &BOUNDS).map_err(|problem| {
        LockError::Form(format!("line {}, column {}: {}", problem.place.line, problem.place.column, problem.message))
    })
}
