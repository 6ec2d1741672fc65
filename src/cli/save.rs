//! `--save`: the evidence of verified images, as files for other tools.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::check::ImageReport;
use crate::collect::saving;
use crate::evidence::Evidence;
use crate::oci::Digest;
use crate::run::Witness;
use crate::verify::{accepted, parts};

use super::diagnostics::Diagnostic;
use super::progress;

/// Writes the accepted evidence of verified images: a folder for each subject digest, with the parts of its evidence.
pub(super) struct Saver {
    folder: PathBuf,
    saved: RefCell<BTreeMap<Digest, OfSubject>>,
    failed: Cell<Option<(PathBuf, io::Error)>>,
}

/// The saved evidence of one digest.
#[derive(Default)]
struct OfSubject {
    /// Two tags may name one image: its evidence is saved once.
    candidates: BTreeSet<(String, Digest)>,
    of_kind: BTreeMap<&'static str, usize>,
}

impl Saver {
    /// Takes an empty folder, so that no other file can be mistaken for evidence of this run.
    pub(super) fn begin(folder: &Path) -> Result<Self, Diagnostic> {
        let is_empty = fs::create_dir_all(folder).and_then(|()| Ok(fs::read_dir(folder)?.next().is_none()));
        match is_empty {
            Ok(true) => Ok(Self { folder: folder.to_owned(), saved: RefCell::default(), failed: Cell::new(None) }),
            Ok(false) => Err(Diagnostic::usage(
                format!("the folder `{}` is not empty", folder.display()),
                "name a new folder: files in this one could be taken for evidence that this run verified",
            )),
            Err(error) => Err(unsaved(folder, error)),
        }
    }

    /// Prints the number of saved candidates. A failed write is an error.
    pub(super) fn finish(&self, is_quiet: bool) -> Result<(), Diagnostic> {
        if let Some((file, error)) = self.failed.take() {
            return Err(unsaved(&file, error));
        }
        if !is_quiet {
            let count = self.saved.borrow().values().map(|subject| subject.candidates.len()).sum();
            progress::saved(count, &self.folder);
        }
        Ok(())
    }

    fn save(&self, evidence: &Evidence, report: &ImageReport) -> Result<(), (PathBuf, io::Error)> {
        let mut saved = self.saved.borrow_mut();
        for (candidate, kind) in accepted(evidence, report) {
            let of_subject = saved.entry(candidate.subject.clone()).or_default();
            if !of_subject.candidates.insert((candidate.origin.place(), candidate.digest.clone())) {
                continue;
            }
            let folder = self.folder.join(candidate.subject.to_string().replace(':', "-"));
            let number = of_subject.of_kind.entry(kind.as_str()).or_default();
            *number += 1;
            let name = if *number == 1 { kind.to_string() } else { format!("{kind}-{number}") };
            if of_subject.candidates.len() == 1 {
                fs::create_dir(&folder).map_err(|error| (folder.clone(), error))?;
            }
            for (part, bytes) in parts(candidate, kind) {
                let file = folder.join(format!("{name}.{}.json", part.as_str()));
                saving::save_new(&file, &bytes).map_err(|error| (file, error))?;
            }
        }
        Ok(())
    }
}

fn unsaved(path: &Path, error: io::Error) -> Diagnostic {
    let message = format!("cannot save evidence in `{}`", path.display());
    Diagnostic::undecided(error, "check the folder and the free space").about(message)
}

impl Witness for Saver {
    fn judged(&self, evidence: &Evidence, report: &ImageReport) {
        if let Err(failed) = self.save(evidence, report) {
            self.failed.set(Some(failed));
        }
    }
}
