//! The references of a run: arguments, and lines of standard input.

use std::io::{self, Read};
use std::ops::Deref;

use crate::collect::files::FileError;
use crate::collect::{files, refuse_other_than_layout};
use crate::oci::{FileReference, ImageName, NpmPackage, Reference, ReferenceError, RegistryReference};

use super::colour::Colour;
use super::diagnostics::Diagnostic;
use super::input;

const STANDARD_INPUT: &str = "-";
/// The longest list of references that is read, in bytes.
const LONGEST_LIST: u64 = 1024 * 1024;
/// The most references that are verified in one run.
const MOST_REFERENCES: usize = 1000;

/// Why standard input is not a list of references.
#[derive(Debug, thiserror::Error)]
enum ListError {
    /// The password comes from there.
    #[error("standard input cannot be both the password and the references")]
    Taken,
    /// It can be read once.
    #[error("standard input is named twice")]
    Twice,
    /// Without an image to verify, which must never look like success.
    #[error("standard input has no reference: expected at least one")]
    Empty,
    /// Some of the given references were left out.
    #[error("images left out because of the errors above: {count}, and nothing is known of them")]
    LeftOut { count: usize },
    /// It is longer than is read.
    #[error("standard input is longer than {LONGEST_LIST} bytes")]
    TooLong,
    /// It has more lines than are verified in one run.
    #[error("standard input has more than {MOST_REFERENCES} references")]
    TooMany,
    /// It is not text.
    #[error("standard input is not text in UTF-8")]
    NoText,
}

impl ListError {
    /// What to do about it.
    fn hint(&self) -> &'static str {
        match self {
            Self::Taken => "name the references as arguments, or log in with `docker login` or `podman login`",
            Self::Twice => "write `-` once",
            Self::Empty => "write one reference on each line",
            Self::LeftOut { .. } => "correct the references named above, and run it again",
            Self::TooLong | Self::TooMany => "verify them in several runs",
            Self::NoText => "check the program that writes to standard input",
        }
    }
}

impl From<ListError> for Diagnostic {
    fn from(error: ListError) -> Self {
        let hint = error.hint();
        Self::usage(error, hint)
    }
}

/// The references of a run, as they were typed and as they were read.
pub(super) struct References {
    all: Vec<(String, Reference)>,
    /// The line number of each, if it was read from standard input.
    lines: Vec<Option<usize>>,
    /// The number of further references, which cannot be used.
    left_out: usize,
}

impl Deref for References {
    type Target = [(String, Reference)];

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl References {
    /// Returns the number of references that cannot be used.
    pub(super) fn left_out(&self) -> usize {
        self.left_out
    }

    /// Counts what was left out elsewhere too.
    pub(super) fn and_left_out(mut self, more: usize) -> Self {
        self.left_out += more;
        self
    }

    /// Calls `act` if no reference was left out. Otherwise later steps of CI would continue with the verdict of the other images
    /// alone.
    pub(super) fn if_whole(&self, act: impl FnOnce() -> Result<(), Diagnostic>) -> Result<(), Diagnostic> {
        if self.left_out == 0 { act() } else { Ok(()) }
    }

    /// Calls `make` for each reference. If it fails for some, those are left out, their errors are printed, and the others are
    /// examined. If it fails for all, the first error ends the run.
    pub(super) fn keep<T>(
        self,
        make: impl Fn(&str, &Reference) -> Result<T, Diagnostic>,
        colour: Colour,
    ) -> Result<(Self, Vec<T>), Diagnostic> {
        let mut kept = Self { all: Vec::new(), lines: Vec::new(), left_out: self.left_out };
        let mut results = Vec::new();
        let mut errors = Vec::new();
        for ((text, reference), line) in self.all.into_iter().zip(self.lines) {
            match (make(&text, &reference), line) {
                (Ok(one), _) => {
                    results.push(one);
                    kept.all.push((text, reference));
                    kept.lines.push(line);
                }
                (Err(error), Some(line)) => errors.push(in_line(error, line)),
                (Err(error), None) => errors.push(error),
            }
        }
        kept.left_out += errors.len();
        if results.is_empty() && !errors.is_empty() {
            return Err(errors.swap_remove(0));
        }
        for error in &errors {
            error.print(colour);
        }
        Ok((kept, results))
    }

    /// Returns the exit code of the run. A left-out reference makes it that of a usage error, because it may stand for an image
    /// that must not pass.
    pub(super) fn exit_code(&self, of_others: u8, colour: Colour) -> u8 {
        if self.left_out == 0 {
            return of_others;
        }
        let error = Diagnostic::from(ListError::LeftOut { count: self.left_out });
        error.print(colour);
        error.exit_code()
    }
}

/// An error about a line of standard input.
fn in_line(error: Diagnostic, number: usize) -> Diagnostic {
    error.about(format!("line {number} of standard input"))
}

/// Reads all references. `-` stands for the lines of standard input; it is an error if standard input is not free (`is_free`). An
/// invalid line, or a layout that does not exist, is printed as an error, and the other references are read.
pub(super) fn read(arguments: &[String], is_free: bool, colour: Colour) -> Result<References, Diagnostic> {
    let mut read = References { all: Vec::new(), lines: Vec::new(), left_out: 0 };
    let mut add = |text: String, reference, line| {
        read.all.push((text, reference));
        read.lines.push(line);
    };
    let mut left_out = 0;
    let mut was_read = false;
    for argument in arguments {
        if argument != STANDARD_INPUT {
            add(argument.clone(), parse_any(argument)?, None);
        } else if !is_free {
            return Err(ListError::Taken.into());
        } else if std::mem::replace(&mut was_read, true) {
            return Err(ListError::Twice.into());
        } else {
            for (number, text) in standard_input()? {
                match parse_any(&text) {
                    Ok(reference) => add(text, reference, Some(number)),
                    Err(error) => {
                        in_line(error, number).print(colour);
                        left_out += 1;
                    }
                }
            }
        }
    }
    if read.all.is_empty() && left_out > 0 {
        return Err(ListError::Empty.into());
    }
    read.left_out = left_out;
    let (references, _) = read.keep(|text, reference| refuse_without_layout([(text, reference)]), colour)?;
    Ok(references)
}

/// Reads one reference to an image.
pub(super) fn parse(text: &str) -> Result<Reference, Diagnostic> {
    match parse_any(text)? {
        Reference::Npm(package) => Err(no_image(&package)),
        Reference::File(file) => Err(no_image_but_file(&file)),
        image => Ok(image),
    }
}

/// Takes a reference that names a repository, and no image in it.
pub(super) fn repository(text: &str, reference: &Reference) -> Result<Reference, Diagnostic> {
    match reference {
        Reference::Registry(image) if text.parse::<ImageName>().is_ok_and(|name| name == image.name) => {
            Ok(Reference::Registry(RegistryReference { name: image.name.clone(), tag: None, digest: None }))
        }
        Reference::Layout(layout) if layout.tag.is_none() && layout.digest.is_none() => {
            Ok(Reference::Layout(layout.clone()))
        }
        Reference::Npm(package) => Err(no_image(package)),
        Reference::File(file) => Err(no_image_but_file(file)),
        _ => Err(Diagnostic::usage(
            format!("`{text}` names an image, and an audit is of a repository"),
            "leave out the tag and the digest; `--tags` selects tags",
        )),
    }
}

/// A package where an image is asked for.
pub(super) fn no_image(package: &NpmPackage) -> Diagnostic {
    let message = format!("`{package}` is a package of npm, and this is about images");
    Diagnostic::usage(message, "packages are read by `bonafide verify` and `bonafide inspect`")
}

/// A file where an image is asked for.
pub(super) fn no_image_but_file(file: &FileReference) -> Diagnostic {
    let message = format!("`{file}` is a file, and this is about images");
    let hint =
        "files are read by `bonafide verify` and `bonafide inspect`; an archive of an image is `oci-archive:FILE`";
    Diagnostic::usage(message, hint)
}

/// Reads one reference, to an image, a package or a file.
fn parse_any(text: &str) -> Result<Reference, Diagnostic> {
    text.parse().map_err(|error: ReferenceError| {
        let hint = error.hint();
        // The text holds a password, perhaps; the error says the rest.
        let is_secret = matches!(error, ReferenceError::UserInformation(_));
        let diagnostic = Diagnostic::usage(error, hint);
        let is_no_image = NpmPackage::is_meant(text) || FileReference::is_meant(text);
        if is_secret || is_no_image {
            diagnostic
        } else {
            diagnostic.about(format!("`{text}` is not a reference to an image"))
        }
    })
}

/// Refuses references to a local layout or file that certainly does not exist: such a run could not report on any image.
pub(super) fn refuse_without_layout<'a>(
    references: impl IntoIterator<Item = (&'a str, &'a Reference)>,
) -> Result<(), Diagnostic> {
    for (text, reference) in references {
        if let Reference::Layout(layout) = reference {
            refuse_other_than_layout(layout)
                .map_err(|error| Diagnostic::usage(error, error.hint()).about(format!("`{text}` is not an image")))?;
        }
        if let Reference::File(file) = reference {
            refuse_without_file(file)?;
        }
    }
    Ok(())
}

/// Refuses a missing file, or a path that is not a file. A file that exists and cannot be read is left to the run.
fn refuse_without_file(file: &FileReference) -> Result<(), Diagnostic> {
    let Err(error) = files::open(file.path().as_ref()) else { return Ok(()) };
    let hint = match &error {
        FileError::Kind { found: "a directory" } => "name each file in it; an image layout is `oci:DIR`",
        FileError::Kind { .. } => {
            "write it to a file first, or verify it as it comes: `bonafide bundle - --bundle FILE`"
        }
        error if error.is_not_found() => "check the path; relative ones begin in the current directory",
        _ => return Ok(()),
    };
    Err(Diagnostic::usage(error, hint).about(format!("cannot read `{file}`")))
}

fn standard_input() -> Result<Vec<(usize, String)>, Diagnostic> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(LONGEST_LIST + 1).read_to_end(&mut bytes);
    read.map_err(|error| input::unreadable("standard input".as_ref(), error))?;
    Ok(lines(&bytes)?)
}

/// Returns one reference for each line, with the line's number. Empty lines and lines that begin with `#` are skipped.
fn lines(bytes: &[u8]) -> Result<Vec<(usize, String)>, ListError> {
    if bytes.len() as u64 > LONGEST_LIST {
        return Err(ListError::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| ListError::NoText)?;
    let lines: Vec<(usize, String)> = (1..)
        .zip(text.lines().map(str::trim))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| (number, line.to_owned()))
        .collect();
    match lines.len() {
        0 => Err(ListError::Empty),
        count if count > MOST_REFERENCES => Err(ListError::TooMany),
        _ => Ok(lines),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_empty_lines_are_passed_over() {
        let read = lines(b"# images\n\n  ghcr.io/acme/app:1  \r\n\t# more\noci:dir\n").expect("two references");
        assert_eq!(read, [(3, "ghcr.io/acme/app:1".to_owned()), (5, "oci:dir".to_owned())]);
    }

    #[test]
    fn a_list_has_something_in_it_and_an_end() {
        assert!(matches!(lines(b""), Err(ListError::Empty)));
        assert!(matches!(lines(b"# nothing\n\n"), Err(ListError::Empty)));
        assert!(matches!(lines("a\n".repeat(MOST_REFERENCES + 1).as_bytes()), Err(ListError::TooMany)));
        assert!(matches!(lines(&vec![b'a'; 1024 * 1024 + 1]), Err(ListError::TooLong)));
        assert!(matches!(lines(b"\xff"), Err(ListError::NoText)));
    }
}
