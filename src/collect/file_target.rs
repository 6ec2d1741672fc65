//! A file as a target: the file or its digest, and the bundles given for it. Nothing can be attached to a file, so no
//! place is searched and none can fail.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::files::{self, FileError, Given};
use super::limits::Limits;
use crate::evidence::{Candidate, Content, Evidence, MAX_BUNDLES, Opened, Origin, Target, documents};
use crate::oci::{Algorithm, Blob, Digest, DigestError, Hasher};

/// Bytes of the longest file that is held in memory.
const LONGEST_HELD: u64 = 256 * 1024 * 1024;
/// Bytes of a longer one that are read at once.
const PIECE: u64 = 1024 * 1024;
const STANDARD_INPUT: &str = "-";

/// Why a file and its bundles are not read.
#[derive(Debug, thiserror::Error)]
pub enum FileTargetError {
    /// What looks like a digest is none.
    #[error("`{text}` is not a digest")]
    Digest {
        /// What was given.
        text: String,
        /// Why it is none.
        source: DigestError,
    },
    /// Standard input cannot be read.
    #[error("cannot read standard input")]
    Input(#[source] io::Error),
    /// A file cannot be read.
    #[error("cannot read `{}`", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why it cannot.
        source: FileError,
    },
    /// There are more bundles than are judged.
    #[error("`{}` has {found} bundles; the limit is {limit}", .path.display())]
    TooManyBundles {
        /// The file.
        path: PathBuf,
        /// How many it has.
        found: usize,
        /// How many are judged.
        limit: usize,
    },
}

/// Collects the evidence for a file, `-` for standard input, or the digest of a file: the bundles in this other file.
pub fn collect_file(artifact: &str, bundles: &Path) -> Result<Evidence, FileTargetError> {
    let bundles = read_bundles(bundles)?;
    let (digest, content) = read_artifact(artifact)?;
    let candidate = |(origin, bundle): (Origin, Opened)| Candidate {
        subject: digest.clone(),
        origin,
        digest: bundle.digest().clone(),
        content: Content::Bundle(bundle),
    };
    let candidates = bundles.into_iter().map(candidate).collect();
    Ok(Evidence::of(Target::file(artifact.to_owned(), digest, content), candidates))
}

fn read_artifact(text: &str) -> Result<(Digest, Option<Blob>), FileTargetError> {
    let names_a_digest =
        |algorithm: &Algorithm| text.strip_prefix(algorithm.name()).is_some_and(|rest| rest.starts_with(':'));
    if Algorithm::ALL.iter().any(names_a_digest) {
        let digest = Digest::of_file(text).map_err(|source| FileTargetError::Digest { text: text.to_owned(), source });
        return digest.map(|digest| (digest, None));
    }
    if text == STANDARD_INPUT {
        return digest_and_content(io::stdin().lock()).map_err(FileTargetError::Input);
    }
    let path = Path::new(text);
    let read = Given::open(path).and_then(|file| digest_and_content(file).map_err(FileError::from));
    read.map_err(unread(path))
}

fn unread(path: &Path) -> impl FnOnce(FileError) -> FileTargetError {
    move |source| FileTargetError::File { path: path.to_owned(), source }
}

/// Reads a file of any length. One that is longer than is held in memory is judged by its digest.
fn digest_and_content(mut from: impl Read) -> io::Result<(Digest, Option<Blob>)> {
    let mut bytes = Vec::new();
    from.by_ref().take(LONGEST_HELD + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 <= LONGEST_HELD {
        let blob = Blob::of(Algorithm::Sha256, bytes);
        return Ok((blob.digest().clone(), Some(blob)));
    }
    let mut hasher = Hasher::new(Algorithm::Sha256);
    hasher.update(&bytes);
    loop {
        bytes.clear();
        if from.by_ref().take(PIECE).read_to_end(&mut bytes)? == 0 {
            return Ok((hasher.finish(), None));
        }
        hasher.update(&bytes);
    }
}

fn read_bundles(file: &Path) -> Result<Vec<(Origin, Opened)>, FileTargetError> {
    let bytes = files::read_given(file, Limits::default().total_bytes).map_err(unread(file))?;
    let documents = documents(&bytes);
    if documents.len() > MAX_BUNDLES {
        let (path, found) = (file.to_owned(), documents.len());
        return Err(FileTargetError::TooManyBundles { path, found, limit: MAX_BUNDLES });
    }
    let name = file.display().to_string();
    let read = |(line, text): (Option<usize>, &[u8])| {
        let bundle = Opened::bundle(Blob::of(Algorithm::Sha256, text.to_vec()));
        (Origin::File { file: name.clone(), line }, bundle)
    };
    Ok(documents.into_iter().map(read).collect())
}
