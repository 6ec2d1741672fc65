//! Files that a CI runner names in the environment. Formats append to them, after the text of other commands of the step.

use std::env;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

use crate::check::Report;
use crate::collect::saving::Begun;
use crate::render::{Added, Room};

use super::diagnostics::Diagnostic;
use super::streams;
use super::targets::Target;

/// Proves that everything that the formats add to is there, before anything is fetched.
pub(super) fn check(targets: &[Target]) -> Result<(), Diagnostic> {
    each(targets).try_for_each(|(output, added)| open(output, added).map(drop))
}

/// Adds to the files, each of them once.
pub(super) fn add(report: &Report, targets: &[Target]) -> Result<(), Diagnostic> {
    for (output, added) in each(targets) {
        let (path, begun) = open(output, added)?;
        let cannot = |error: io::Error| unwritten(&path, error);
        let taken = usize::try_from(begun.length).unwrap_or(usize::MAX);
        let delimiter = delimiter().map_err(cannot)?;
        // What stands before may end within a line.
        let room = Room { bytes: added.most.saturating_sub(taken).saturating_sub(1), delimiter: &delimiter };
        let text = added.text(report, &room).map_err(cannot)?;
        let start = if taken > 0 { "\n" } else { "" };
        let text = streams::secrets().hide(&format!("{start}{text}"));
        begun.append(text.as_bytes()).map_err(cannot)?;
    }
    Ok(())
}

/// The files of all formats, with the name of the format. Two reports of one format add once.
fn each(targets: &[Target]) -> impl Iterator<Item = (&'static str, &'static Added)> + '_ {
    let is_first =
        |place: usize, target: &Target| !targets[..place].iter().any(|before| before.output == target.output);
    let firsts = targets.iter().enumerate().filter(move |(place, target)| is_first(*place, target));
    firsts.flat_map(|(_, target)| target.output.added().iter().map(|added| (target.output.name, added)))
}

fn open(output: &str, added: &Added) -> Result<(PathBuf, Begun), Diagnostic> {
    let named = env::var_os(added.variable).filter(|value| !value.is_empty());
    let Some(path) = named.map(PathBuf::from) else {
        return Err(Diagnostic::undecided(
            format!("`--output {output}` adds to the file that {} names, and it is not set", added.variable),
            "the runner sets it in each step: use this format there, and `--output markdown` or `json` elsewhere; \
             a container needs the variable and the file handed in",
        ));
    };
    let begun =
        Begun::open(&path).map_err(|error| unwritten(&path, error).about(format!("{} names a file", added.variable)));
    begun.map(|begun| (path, begun))
}

fn unwritten(path: &std::path::Path, error: io::Error) -> Diagnostic {
    Diagnostic::undecided(error, "it must be the regular file that the runner made for this step")
        .about(format!("cannot add to `{}`", path.display()))
}

/// Returns a random delimiter line, which no text from outside can contain.
fn delimiter() -> io::Result<String> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("the system gives no random bytes"))?;
    let mut text = "bonafide-".to_owned();
    for byte in bytes {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}
