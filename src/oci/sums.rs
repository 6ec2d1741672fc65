//! Lists of files with their digests, as `sha256sum` and its relatives write them.

use super::digest::{Algorithm, Digest};

/// The most lines of one list.
const MOST_LINES: usize = 10_000;

/// A list of files with their digests. Every line of it was understood: one that was not may have been about any file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums(Vec<Sum>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Sum {
    digest: Digest,
    /// The last part of the name: lists are moved with their files, and their folders are not.
    name: String,
}

/// Why a text is no such list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SumsError {
    /// It is not text.
    #[error("it is not UTF-8 text")]
    NoText,
    /// It has no line.
    #[error("it names no file")]
    Empty,
    /// It has more lines than are read.
    #[error("it has more than {MOST_LINES} lines")]
    TooLong,
    /// A line is none of such a list.
    #[error("line {line} is not a digest by SHA-256, SHA-384 or SHA-512 and the name of a file")]
    Line {
        /// Its number, from 1.
        line: usize,
    },
}

impl Sums {
    /// Reads a list.
    pub fn parse(bytes: &[u8]) -> Result<Self, SumsError> {
        let text = std::str::from_utf8(bytes).map_err(|_| SumsError::NoText)?;
        // A return that belongs to a name is written as an escape.
        let lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        let lines = (1..).zip(lines).filter(|(_, line)| !line.is_empty());
        let mut sums = Vec::new();
        for (line, written) in lines {
            if sums.len() == MOST_LINES {
                return Err(SumsError::TooLong);
            }
            sums.push(Sum::parse(written).ok_or(SumsError::Line { line })?);
        }
        if sums.is_empty() { Err(SumsError::Empty) } else { Ok(Self(sums)) }
    }

    /// Returns the digests that the list has for files of this name, in any folder, each once.
    pub fn of<'a>(&'a self, name: &str) -> Vec<&'a Digest> {
        let mut digests: Vec<&Digest> = Vec::new();
        for sum in self.0.iter().filter(|sum| sum.name == name) {
            if !digests.contains(&&sum.digest) {
                digests.push(&sum.digest);
            }
        }
        digests
    }
}

impl Sum {
    /// GNU coreutils, "md5sum invocation": digest, a space, a space or an asterisk, and the name; a backslash in front says that the
    /// name has escapes. With `--tag`: `SHA256 (name) = digest`.
    fn parse(line: &str) -> Option<Self> {
        let (line, is_escaped) = line.strip_prefix('\\').map_or((line, false), |rest| (rest, true));
        let named = |word: &str| Algorithm::ALL.into_iter().find(|known| word.eq_ignore_ascii_case(known.name()));
        let tagged = line.split_once(" (").and_then(|(word, rest)| Some((named(word)?, rest.rsplit_once(") = ")?)));
        let (digest, name) = if let Some((algorithm, (name, hex))) = tagged {
            (digest(algorithm, hex)?, name)
        } else {
            let (hex, name) = line.split_once(' ')?;
            let digest = Algorithm::ALL.into_iter().find_map(|algorithm| digest(algorithm, hex))?;
            (digest, name.strip_prefix([' ', '*'])?)
        };
        let name = if is_escaped { unescaped(name)? } else { name.to_owned() };
        let last = name.rsplit('/').next().unwrap_or_default();
        let is_name = !matches!(last, "" | "." | "..");
        is_name.then(|| Self { digest, name: last.to_owned() })
    }
}

/// A digest in digits of either case, of the length that the algorithm has.
fn digest(algorithm: Algorithm, hex: &str) -> Option<Digest> {
    Digest::of_file(&format!("{}:{}", algorithm.name(), hex.to_ascii_lowercase())).ok()
}

fn unescaped(name: &str) -> Option<String> {
    let mut characters = name.chars();
    let mut plain = String::new();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next()? {
                'n' => '\n',
                'r' => '\r',
                '\\' => '\\',
                _ => return None,
            },
            other => other,
        });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(content: &str) -> String {
        Digest::of(Algorithm::Sha256, content.as_bytes()).hex().to_owned()
    }

    fn of(text: &str, name: &str) -> Vec<String> {
        let sums = Sums::parse(text.as_bytes()).expect(text);
        sums.of(name).into_iter().map(|digest| digest.hex().to_owned()).collect()
    }

    #[test]
    fn every_form_of_a_line_is_read() {
        let (a, long) = (hex("a"), Digest::of(Algorithm::Sha512, b"a"));
        let a = a.as_str();
        for line in [
            format!("{a}  app"),
            format!("{a} *app"),
            format!("{a}  ./app"),
            format!("{a}  dist/app\r"),
            format!("{}  app", a.to_uppercase()),
            format!("SHA256 (app) = {a}"),
            format!("\n\n{a}  app\n{a}  app\n"),
        ] {
            assert_eq!(of(&line, "app"), [a], "{line}");
        }
        assert_eq!(of(&format!("{}  app", long.hex()), "app"), [long.hex()]);
        assert_eq!(of(&format!("\\{a}  a\\\\b\\nc\\r"), "a\\b\nc\r"), [a]);
        assert_eq!(of(&format!("{a}  a\\b"), "a\\b"), [a]);
        assert_eq!(of(&format!("{a}   app"), " app"), [a], "a space may begin a name");
        assert_eq!(of(&format!("SHA256 (a) = b) = {a}"), "a) = b"), [a]);
        assert_eq!(of(&format!("{a}  a (b) = c"), "a (b) = c"), [a]);
    }

    #[test]
    fn two_digests_for_one_name_are_both_there_and_no_name_is_part_of_another() {
        let (a, b) = (hex("a"), hex("b"));
        assert_eq!(of(&format!("{a}  linux/app\n{b}  windows/app\n"), "app"), [a.as_str(), b.as_str()]);
        for name in ["ap", "pp", "App", "app ", "linux/app", ""] {
            assert_eq!(of(&format!("{a}  linux/app\n"), name), Vec::<String>::new(), "{name}");
        }
    }

    #[test]
    fn what_is_no_line_of_a_list_makes_it_none() {
        let a = hex("a");
        for (text, line) in [
            (format!("{a}  app\n-----BEGIN PGP SIGNATURE-----\n"), 2),
            (format!("{a}  app\n{a} app\n"), 2),
            (format!("{a}\tapp\n"), 1),
            (format!("{}  app\n", &a[1..]), 1),
            (format!("d41d8cd98f00b204e9800998ecf8427e  app\n{a}  app"), 1),
            (format!("MD5 (app) = {a}\n"), 1),
            (format!("SHA512 (app) = {a}\n"), 1),
            (format!("{a}  \n"), 1),
            (format!("{a}  dist/\n"), 1),
            (format!("\\{a}  a\\tb\n"), 1),
            (format!(" {a}  app\n"), 1),
        ] {
            assert_eq!(Sums::parse(text.as_bytes()), Err(SumsError::Line { line }), "{text}");
        }
        assert_eq!(Sums::parse(b""), Err(SumsError::Empty));
        assert_eq!(Sums::parse(b"\r\n\n"), Err(SumsError::Empty));
        assert_eq!(Sums::parse(b"\xff"), Err(SumsError::NoText));
        assert_eq!(Sums::parse(format!("{a}  app\n").repeat(MOST_LINES + 1).as_bytes()), Err(SumsError::TooLong));
    }
}
