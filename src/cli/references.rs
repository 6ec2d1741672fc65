//! The references of a run: arguments, and lines of standard input.

use std::io::{self, Read};

use crate::collect::refuse_other_than_layout;
use crate::oci::Reference;

use super::diagnostics::Diagnostic;
use super::errors::{LONGEST_LIST, ListError, MOST_REFERENCES};

const STANDARD_INPUT: &str = "-";

/// Reads all references; `-` stands for those on standard input, unless that `is_free` for them.
pub(super) fn read(arguments: &[String], is_free: bool) -> Result<Vec<(String, Reference)>, Diagnostic> {
    let mut texts = Vec::new();
    let mut was_read = false;
    for argument in arguments {
        if argument != STANDARD_INPUT {
            texts.push(argument.clone());
        } else if !is_free {
            return Err(Diagnostic::list(ListError::Taken));
        } else if std::mem::replace(&mut was_read, true) {
            return Err(Diagnostic::list(ListError::Twice));
        } else {
            texts.extend(standard_input()?);
        }
    }
    let parse = |text: String| match text.parse() {
        Ok(reference) => Ok((text, reference)),
        Err(error) => Err(Diagnostic::reference(&text, error)),
    };
    texts.into_iter().map(parse).collect()
}

/// Refuses references to local layouts where there is certainly none: such a run has nothing to say of any image.
pub(super) fn refuse_without_layout<'a>(
    references: impl IntoIterator<Item = (&'a str, &'a Reference)>,
) -> Result<(), Diagnostic> {
    for (text, reference) in references {
        if let Reference::Layout(layout) = reference {
            refuse_other_than_layout(layout).map_err(|error| Diagnostic::no_layout(text, error))?;
        }
    }
    Ok(())
}

fn standard_input() -> Result<Vec<String>, Diagnostic> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(LONGEST_LIST + 1).read_to_end(&mut bytes);
    read.map_err(|error| Diagnostic::file("standard input".as_ref(), error))?;
    lines(&bytes).map_err(Diagnostic::list)
}

/// One reference on each line; empty lines and those that begin with `#` are passed over.
fn lines(bytes: &[u8]) -> Result<Vec<String>, ListError> {
    if bytes.len() as u64 > LONGEST_LIST {
        return Err(ListError::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| ListError::NoText)?;
    let lines: Vec<String> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
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
        assert_eq!(read, ["ghcr.io/acme/app:1", "oci:dir"]);
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
