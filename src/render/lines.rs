//! Lines of text, wrapped for reading on a terminal.

use std::io::{self, Write};

use super::escape::terminal;

/// Writes lines; those that are too long go on in the next, indented as what they continue.
pub(super) struct Lines<'a> {
    out: &'a mut dyn Write,
    /// The columns of the terminal. Files and pipes have none, and their lines are whole.
    width: Option<usize>,
}

/// The fewest columns that a text gets beside its indent.
const FEWEST: usize = 20;

impl<'a> Lines<'a> {
    pub(super) fn new(out: &'a mut dyn Write, width: Option<usize>) -> Self {
        Self { out, width }
    }

    /// Writes a line as it is.
    pub(super) fn raw(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{}", line.trim_end())
    }

    /// Writes an indent, a label and a text, which goes on below itself. Both are escaped.
    pub(super) fn write(&mut self, indent: &str, label: &str, text: &str) -> io::Result<()> {
        let label = terminal(label).to_string();
        let hanging = " ".repeat(indent.chars().count() + label.chars().count());
        let text = terminal(text).to_string();
        let room = self.width.map(|width| width.saturating_sub(hanging.len()).max(FEWEST));
        let mut lines = wrap(&text, room).into_iter();
        self.raw(&format!("{indent}{label}{}", lines.next().unwrap_or_default()))?;
        lines.try_for_each(|line| self.raw(&format!("{hanging}{line}")))
    }
}

/// Breaks a text between words. A word that is longer than a line has one of its own and is not broken.
fn wrap(text: &str, room: Option<usize>) -> Vec<String> {
    let Some(room) = room else { return vec![text.to_owned()] };
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let length = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && length > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(width: Option<usize>, text: &str) -> String {
        let mut out = Vec::new();
        Lines::new(&mut out, width).write("  ", "signature   ", text).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_long_text_goes_on_below_itself_and_no_word_is_broken() {
        let text = "signed by someone else: https://github.com/mallory/app/.github/workflows/release.yml at last";
        assert_eq!(written(None, text), format!("  signature   {text}\n"));
        let narrow = written(Some(40), text);
        let lines: Vec<&str> = narrow.lines().collect();
        assert_eq!(lines[0], "  signature   signed by someone else:");
        assert_eq!(lines[1], "              https://github.com/mallory/app/.github/workflows/release.yml");
        assert_eq!(lines[2], "              at last");
    }

    #[test]
    fn what_comes_from_outside_is_escaped() {
        assert!(!written(None, "a\u{1b}[31m\nb").trim_end().contains(['\u{1b}', '\n']));
    }
}
