//! `bonafide bundle`: a file and its bundles in, one report out. Nothing is fetched.

use std::io::{self, Read};
use std::path::Path;

use jiff::Timestamp;
use serde::de::IgnoredAny;

use crate::check::{PolicyReport, Report};
use crate::collect::Limits;
use crate::collect::files::{self, Given};
use crate::evidence::{Artifact, LooseBundle, Opened};
use crate::json;
use crate::oci::{Algorithm, Blob, Digest, Hasher};
use crate::policy::{Policy, Requirement};
use crate::run::Threads;
use crate::verify::verify_artifact;

use super::args::{Args, BundleArgs};
use super::diagnostics::Diagnostic;
use super::output;
use super::roots::{self, Reach};
use super::terms::signer;

/// Bundles that one file may have.
const MAX_BUNDLES: usize = 1024;
/// Bytes of the longest file that is held in memory.
const LONGEST_HELD: u64 = 256 * 1024 * 1024;
/// Bytes of a longer one that are read at once.
const PIECE: u64 = 1024 * 1024;

/// Verifies the bundles and writes the report.
pub(super) fn run(bundle: &BundleArgs, args: &Args) -> Result<u8, Diagnostic> {
    let targets = output::targets(&bundle.output)?;
    let report = examine(bundle, args.shows_requests())?;
    output::write(&report, &targets, None, args)?;
    Ok(report.verdict.exit_code())
}

/// Judges the bundles by the arguments alone.
fn examine(args: &BundleArgs, verbose: bool) -> Result<Report, Diagnostic> {
    let policy =
        Policy::from_flags(signer(&args.signer)?, [Requirement::Signature], None).map_err(Diagnostic::policy)?;
    let bundles = read_bundles(&args.bundle)?;
    let (digest, content) = read_artifact(&args.artifact)?;
    let artifact = Artifact { reference: args.artifact.clone(), digest, content, bundles };
    let reach = Reach { verbose, ..Reach::default() };
    let trusted = roots::trusted(&args.trust, &reach, Timestamp::now())?;
    let now = Timestamp::now();
    let image = verify_artifact(&Threads, &artifact, &policy, &trusted.domains, now);
    let policy = PolicyReport { source: policy.source().to_owned(), sha256: policy.sha256().to_owned() };
    Ok(output::report(now, policy, &trusted.domains, vec![image], output::network(trusted.network)))
}

fn read_artifact(text: &str) -> Result<(Digest, Option<Blob>), Diagnostic> {
    let names_a_digest =
        |algorithm: &Algorithm| text.strip_prefix(algorithm.name()).is_some_and(|rest| rest.starts_with(':'));
    if Algorithm::ALL.iter().any(names_a_digest) {
        return Digest::of_file(text).map(|digest| (digest, None)).map_err(|error| Diagnostic::digest(text, error));
    }
    if text == "-" {
        return digest_and_content(io::stdin().lock()).map_err(Diagnostic::stdin);
    }
    let unread = |error| Diagnostic::file(Path::new(text), error);
    let file = Given::open(Path::new(text)).map_err(unread)?;
    digest_and_content(file).map_err(|error| unread(error.into()))
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

fn read_bundles(file: &Path) -> Result<Vec<LooseBundle>, Diagnostic> {
    let longest = Limits::default().total_bytes;
    let bytes = files::read_given(file, longest).map_err(|error| Diagnostic::file(file, error))?;
    let documents = documents(&bytes);
    if documents.len() > MAX_BUNDLES {
        return Err(Diagnostic::too_many_bundles(file, documents.len(), MAX_BUNDLES));
    }
    let name = file.display().to_string();
    Ok(documents
        .into_iter()
        .map(|(line, text)| LooseBundle {
            file: name.clone(),
            line,
            bundle: Opened::bundle(Blob::of(Algorithm::Sha256, text.to_vec())),
        })
        .collect())
}

/// Splits a file of one bundle per line (client-spec §5). A file that is one document, or of which no line is one, is one
/// bundle, good or broken; otherwise every line that is not empty is one by itself (A090).
fn documents(bytes: &[u8]) -> Vec<(Option<usize>, &[u8])> {
    // RFC 8259 §8.1: a byte order mark may be ignored. Windows editors and shells write it.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let is_document = |text: &[u8]| text.starts_with(b"{") && json::from_slice::<IgnoredAny>(text).is_ok();
    let lines: Vec<(Option<usize>, &[u8])> = bytes
        .split(|byte| *byte == b'\n')
        .enumerate()
        .map(|(position, line)| (Some(position + 1), line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty())
        .collect();
    if lines.len() > 1 && !is_document(bytes.trim_ascii()) && lines.iter().any(|(_, line)| is_document(line)) {
        lines
    } else {
        vec![(None, bytes)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Option<usize>> {
        documents(text.as_bytes()).into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn a090_one_document_is_one_bundle_however_it_is_written() {
        for text in ["{}", "{}\n", "{\n  \"a\": {}\n}\n", "\u{feff}{}\r\n", "", "rubbish", "{\n  \"a\":\n"] {
            assert_eq!(lines(text), [None], "{text:?}");
        }
    }

    #[test]
    fn a090_each_line_is_a_bundle_of_its_own_also_the_broken_ones() {
        assert_eq!(lines("{}\n{}\n"), [Some(1), Some(2)]);
        assert_eq!(lines("\u{feff}{}\r\n\r\n{\"a\":\r\n{}"), [Some(1), Some(3), Some(4)]);
        assert_eq!(lines("rubbish\n{}"), [Some(1), Some(2)]);
    }
}
