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
    ///
    /// A word that does not fit beside its indent stands further left, whole: a terminal would break it. A digest that no line of
    /// the terminal has room for is shortened.
    pub(super) fn write(&mut self, indent: &str, label: &str, text: &str) -> io::Result<()> {
        let label = terminal(label).to_string();
        let begin = format!("{indent}{label}");
        let hanging = begin.chars().count();
        let text = terminal(text).to_string();
        let Some(width) = self.width else { return self.raw(&format!("{begin}{text}")) };
        let room = width.saturating_sub(hanging).max(FEWEST);
        for (position, line) in wrap(&text, room).iter().enumerate() {
            let line = if line.chars().count() > width { short_digest(line) } else { line.clone() };
            let length = line.chars().count();
            match (position, length > room) {
                (0, false) => self.raw(&format!("{begin}{line}"))?,
                (_, false) => self.raw(&format!("{:hanging$}{line}", ""))?,
                (_, true) => {
                    if position == 0 && !begin.trim().is_empty() {
                        self.raw(&begin)?;
                    }
                    let left = width.saturating_sub(length).min(LEFT);
                    self.raw(&format!("{:left$}{line}", ""))?;
                }
            }
        }
        Ok(())
    }
}

/// How far a word stands from the left that does not fit beside its indent.
const LEFT: usize = 4;

/// How many digits of a digest a person compares.
const DIGITS: usize = 12;

/// Shortens a digest in a word: `sha256:42ad26bd8c9d…`.
pub(super) fn short_digest(word: &str) -> String {
    let Some((algorithm, rest)) = word.rsplit_once(':') else { return word.to_owned() };
    let hex = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
    if hex < 64 || !algorithm.ends_with("sha256") && !algorithm.ends_with("sha512") {
        return word.to_owned();
    }
    format!("{algorithm}:{}…{}", &rest[..DIGITS], &rest[hex..])
}

/// Shortens a text in its middle: the end of a reference tells more than its beginning.
pub(super) fn short_in_the_middle(text: &str, room: usize) -> String {
    let length = text.chars().count();
    if length <= room {
        return text.to_owned();
    }
    let kept = room.saturating_sub(1);
    let begin = kept / 3;
    let end = text.chars().skip(length - (kept - begin));
    text.chars().take(begin).chain(['…']).chain(end).collect()
}

/// Cuts a text between words.
pub(super) fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept = room.saturating_sub(1);
    let begin: String = text.chars().take(kept).collect();
    let is_between_words = text.chars().nth(kept) == Some(' ');
    let begin =
        if is_between_words { &begin } else { begin.rsplit_once(' ').map_or(begin.as_str(), |(words, _)| words) };
    let begin = begin.trim_end_matches([',', ' ']);
    format!("{begin}…")
}

/// Breaks a text between words. A word that is longer than a line has one of its own and is not broken.
fn wrap(text: &str, room: usize) -> Vec<String> {
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
        let narrow = written(Some(70), text);
        let lines: Vec<&str> = narrow.lines().collect();
        assert_eq!(lines[0], "  signature   signed by someone else:");
        assert_eq!(lines[1], "    https://github.com/mallory/app/.github/workflows/release.yml", "whole, further left");
        assert_eq!(lines[2], "              at last");
    }

    #[test]
    fn a_digest_is_whole_where_a_line_has_room_for_it_and_short_where_none_has() {
        let digest = format!("sha256:{}", "a".repeat(64));
        assert_eq!(written(None, &digest), format!("  signature   {digest}\n"));
        assert_eq!(written(Some(80), &digest), format!("  signature\n    {digest}\n"));
        let mut out = Vec::new();
        Lines::new(&mut out, Some(40)).write("  ", "", &"a".repeat(39)).expect("memory");
        assert_eq!(String::from_utf8(out).expect("text"), format!(" {}\n", "a".repeat(39)), "no empty line above it");
        assert_eq!(written(Some(40), &digest), format!("  signature   sha256:{}…\n", "a".repeat(12)));
        assert_eq!(short_digest(&format!("oci:dir@{digest}")), format!("oci:dir@sha256:{}…", "a".repeat(12)));
        assert_eq!(short_digest("oci:dir:sha256"), "oci:dir:sha256");
        assert_eq!(short_digest(&format!("({digest}),")), format!("(sha256:{}…),", "a".repeat(12)));
    }

    #[test]
    fn a_name_is_shortened_in_its_middle_and_a_reason_at_its_end() {
        assert_eq!(short_in_the_middle("ghcr.io/acme/application:1.4.2", 30), "ghcr.io/acme/application:1.4.2");
        assert_eq!(short_in_the_middle("ghcr.io/acme/application:1.4.2", 16), "ghcr.…tion:1.4.2");
        assert_eq!(cut("no signature, no provenance, no sbom", 36), "no signature, no provenance, no sbom");
        assert_eq!(cut("no signature, no provenance, no sbom", 35), "no signature, no provenance, no…");
        assert_eq!(cut("no signature, no provenance, no sbom", 29), "no signature, no provenance…");
        assert_eq!(cut("unbreakable", 5), "unbr…");
    }

    #[test]
    fn what_comes_from_outside_is_escaped() {
        assert!(!written(None, "a\u{1b}[31m\nb").trim_end().contains(['\u{1b}', '\n']));
    }
}
