//! A list of files with their digests, and the evidence that lies beside it.

use std::path::Path;
use std::sync::Arc;

use super::files::{self, FileError};
use super::loose::{Unread, read_beside};
use crate::evidence::{Candidate, Content, Loose, SignedList, Target};
use crate::oci::{Algorithm, Blob, Digest, FileReference, Sums};

/// The longest list that is read, in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;

/// A list of files, and what signs it.
#[derive(Debug)]
pub struct SumsFile {
    file: String,
    content: Blob,
    loose: Vec<Loose>,
    unread: Vec<Unread>,
}

impl SumsFile {
    /// Reads a list, and what lies beside it.
    pub fn read(file: &Path) -> Result<Self, FileError> {
        let content = Blob::of(Algorithm::Sha256, files::read_given(file, LONGEST)?);
        let file = file.display().to_string();
        let (loose, unread) = read_beside(&file);
        Ok(Self { file, content, loose, unread })
    }

    /// Returns the list's name.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn unread(&self) -> &[Unread] {
        &self.unread
    }

    /// Returns the digests that the list has for this file.
    pub(super) fn digests(&self, file: &FileReference) -> Vec<Digest> {
        let sums = Sums::parse(self.content.bytes());
        sums.map_or_else(|_| Vec::new(), |sums| sums.of(file.name()).into_iter().cloned().collect())
    }

    /// Takes what signs the list as evidence on a file of this name.
    pub(super) fn about(&self, name: &str, subject: &Digest) -> Vec<Candidate> {
        let digest = self.content.digest().clone();
        let list = Arc::new(SignedList {
            file: self.file.clone(),
            name: name.to_owned(),
            sums: Sums::parse(self.content.bytes()),
            target: Target::file(self.file.clone(), digest.clone(), Some(self.content.clone())),
        });
        let on_list = |loose: &Loose| {
            let signature = loose.about(&digest);
            Candidate {
                subject: subject.clone(),
                origin: signature.origin.clone(),
                digest: signature.digest.clone(),
                content: Content::OnList { list: Arc::clone(&list), signature: Box::new(signature) },
            }
        };
        self.loose.iter().map(on_list).collect()
    }
}
