//! The secrets of a run, and a filter that keeps them out of everything it writes.
//!
//! A server knows the login that it received, and may repeat it: in an error, a redirect, a media type or an annotation (A315).
//! Such a text passes through many functions, and none of them can recognise it. So the filter is at the end, where text leaves
//! the program. It knows the forms that a secret takes on the way: other letter case, percent-encoding, the escapes of JSON, HTML
//! and terminals, and a truncated text.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The secrets that are known so far. Clones share them.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    secrets: Vec<Vec<char>>,
    /// Texts of the program and its user, before a secret is held against them.
    spared: Vec<Cow<'static, str>>,
    /// And from then on, in lower case: most runs have no secret, and some of the texts are long.
    lowered: Vec<String>,
}

/// Stands where a secret was. It means nothing in JSON, YAML, HTML, Markdown, shells and workflow commands.
const MASK: &str = "(secret)";
/// Shorter texts occur by chance, and a mask there would tell what they are.
const SHORTEST: usize = 6;
/// Of a secret that was cut short so many characters show, or a quarter of it, without giving it away.
const SHORTEST_BEGINNING: usize = 4;

impl std::fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secrets")
    }
}

impl Secrets {
    /// Keeps every part of this text readable: words of a report's format, names that the user typed. A mask in their place
    /// would break the report, and tell that the secret is that word.
    pub fn spare(&self, text: impl Into<Cow<'static, str>>) {
        self.known().spared.push(text.into());
    }

    /// Hides this text from now on, unless it is too short or spared.
    pub fn keep(&self, secret: &str) {
        let characters: Vec<char> = secret.trim().chars().collect();
        let mut known = self.known();
        let lower_case = secret.trim().to_lowercase();
        if characters.len() < SHORTEST || known.secrets.contains(&characters) || known.is_spared(&lower_case) {
            return;
        }
        known.secrets.push(characters);
    }

    /// Returns the text without secrets.
    pub fn hide(&self, text: &str) -> String {
        let mut hidden = Vec::with_capacity(text.len());
        self.known().pass(text.as_bytes(), true, &mut hidden);
        String::from_utf8_lossy(&hidden).into_owned()
    }

    /// Returns a writer that removes secrets from the text written to it. It must be finished.
    pub fn hiding<W: Write>(&self, out: W) -> Hiding<W> {
        Hiding { secrets: self.clone(), held: Vec::new(), out }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // A list of texts is whole after every step that may panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Passes text on without secrets. What may be the beginning of one is held back until more is written.
pub struct Hiding<W> {
    secrets: Secrets,
    held: Vec<u8>,
    out: W,
}

impl<W: Write> Hiding<W> {
    /// Passes on what was held back, and flushes.
    pub fn finish(mut self) -> io::Result<()> {
        self.pass(true)?;
        self.out.flush()
    }

    fn pass(&mut self, is_end: bool) -> io::Result<()> {
        let mut hidden = Vec::with_capacity(self.held.len());
        let passed = self.secrets.known().pass(&self.held, is_end, &mut hidden);
        self.held.drain(..passed);
        self.out.write_all(&hidden)
    }
}

impl<W: Write> Write for Hiding<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.held.is_empty() && self.secrets.known().secrets.is_empty() {
            return self.out.write(bytes);
        }
        self.held.extend_from_slice(bytes);
        self.pass(false)?;
        Ok(bytes.len())
    }

    /// Flushes the text passed on so far; text held back stays.
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// What stands at a place of a text.
enum Found {
    /// A secret, so many bytes long.
    Secret(usize),
    /// Nothing to hide.
    Nothing,
    /// A secret perhaps: the text ends too early to tell.
    Unknown,
}

impl Known {
    fn is_spared(&mut self, lower_case: &str) -> bool {
        self.lowered.extend(self.spared.drain(..).map(|text| text.to_lowercase()));
        self.lowered.iter().any(|text| text.contains(lower_case))
    }

    /// Writes the text without secrets, up to the point where a secret could still begin, and returns that point.
    fn pass(&self, text: &[u8], is_end: bool, hidden: &mut Vec<u8>) -> usize {
        let mut position = 0;
        while let Some(byte) = text.get(position) {
            match self.find(&text[position..], is_end) {
                Found::Secret(length) => {
                    hidden.extend_from_slice(MASK.as_bytes());
                    position += length;
                }
                Found::Unknown => break,
                Found::Nothing => {
                    hidden.push(*byte);
                    position += 1;
                }
            }
        }
        position
    }

    /// Of several secrets that begin here the longest is hidden.
    fn find(&self, text: &[u8], is_end: bool) -> Found {
        let mut longest = None;
        for secret in &self.secrets {
            match find_one(secret, text) {
                Found::Secret(length) => longest = longest.max(Some(length)),
                Found::Unknown if !is_end => return Found::Unknown,
                Found::Unknown | Found::Nothing => {}
            }
        }
        longest.map_or(Found::Nothing, Found::Secret)
    }
}

/// Follows every way to read the text as the secret, character by character.
fn find_one(secret: &[char], text: &[u8]) -> Found {
    let most_shown = SHORTEST_BEGINNING.max(secret.len() / 4);
    let mut ends = vec![0];
    let mut is_cut_off = false;
    for (position, character) in secret.iter().enumerate() {
        let mut next = Vec::new();
        for end in ends.drain(..) {
            let rest = &text[end..];
            if position > most_shown && is_ellipsis(rest) {
                return Found::Secret(end);
            }
            for form in forms(*character, rest) {
                match starts_with(rest, &form) {
                    Start::Yes if !next.contains(&(end + form.len())) => next.push(end + form.len()),
                    Start::Yes | Start::No => {}
                    Start::CutOff => is_cut_off = true,
                }
            }
        }
        ends = next;
        if ends.is_empty() {
            return if is_cut_off { Found::Unknown } else { Found::Nothing };
        }
    }
    ends.into_iter().max().map_or(Found::Nothing, Found::Secret)
}

enum Start {
    Yes,
    No,
    /// The text ends before the form does.
    CutOff,
}

fn starts_with(text: &[u8], form: &[u8]) -> Start {
    let common = text.len().min(form.len());
    match text[..common].eq_ignore_ascii_case(&form[..common]) {
        false => Start::No,
        true if common < form.len() => Start::CutOff,
        true => Start::Yes,
    }
}

fn is_ellipsis(text: &[u8]) -> bool {
    ["…", "...", "\\u2026", "\\u{2026}", "&hellip;", "%E2%80%A6"].iter().any(|mark| text.starts_with(mark.as_bytes()))
}

/// The ways in which a character may be written at the beginning of this text. Letter case is compared elsewhere.
fn forms(character: char, text: &[u8]) -> Vec<Vec<u8>> {
    let plain = character.to_string().into_bytes();
    let Some(first) = text.first() else { return vec![plain] };
    // Most text is plain, and no form of the character begins with this byte.
    if !may_begin(*first, character) {
        return Vec::new();
    }
    let percent: Vec<String> = plain.iter().map(|byte| format!("%{byte:02x}")).collect();
    let code = u32::from(character);
    let utf16: Vec<String> = character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect();
    let mut forms = vec![
        percent.concat().into_bytes(),
        utf16.concat().into_bytes(),
        character.escape_unicode().to_string().into_bytes(),
        format!("&#{code};").into_bytes(),
        format!("&#x{code:x};").into_bytes(),
    ];
    if character.is_ascii_control() || character.is_ascii_punctuation() {
        forms.push(character.escape_default().to_string().into_bytes());
        // A quotation mark in quotes; a character of Markdown or a shell.
        forms.push([b"\\", plain.as_slice()].concat());
        forms.push([plain.as_slice(), plain.as_slice()].concat());
    }
    forms.extend(named(character).iter().map(|name| name.as_bytes().to_vec()));
    if character == ' ' {
        // Wrapped text is broken at spaces.
        let spaces = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        forms.extend([b"+".to_vec(), text[..spaces.max(1)].to_vec()]);
    }
    forms.push(plain);
    forms
}

/// The names of a character in HTML and XML.
fn named(character: char) -> &'static [&'static str] {
    match character {
        '&' => &["&amp;"],
        '<' => &["&lt;"],
        '>' => &["&gt;"],
        '"' => &["&quot;"],
        '\'' => &["&apos;"],
        _ => &[],
    }
}

/// Whether a form of the character may begin with this byte.
fn may_begin(byte: u8, character: char) -> bool {
    let is_own = character.encode_utf8(&mut [0; 4]).as_bytes()[0].eq_ignore_ascii_case(&byte);
    is_own || matches!(byte, b'%' | b'\\' | b'&') || (character == ' ' && matches!(byte, b'+' | b'\t' | b'\n' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knowing(secrets: &[&str]) -> Secrets {
        let known = Secrets::default();
        for secret in secrets {
            known.keep(secret);
        }
        known
    }

    #[test]
    fn a315_a_secret_is_hidden_in_every_form() {
        let secrets = knowing(&["s3cr&t/\"p\u{e9} w\\%ord"]);
        for form in [
            "s3cr&t/\"p\u{e9} w\\%ord",
            "S3CR&T/\"P\u{e9} W\\%ORD",
            r#"s3cr&t/\"pé w\\%ord"#,
            r#"s3cr\u0026t\/\"p\u00e9 w\\%ord"#,
            r#"s3cr&t/"p\u{e9} w\%ord"#,
            "s3cr%26t%2F%22p%C3%A9%20w%5C%25ord",
            "s3cr%26t/%22p%c3%a9+w%5c%25ord",
            "s3cr&amp;t/&quot;p\u{e9} w\\%ord",
            "s3cr&#38;t&#x2f;&#34;p&#233; w\\%ord",
            "s3cr&t/\"p\u{e9}\n      w\\%ord",
        ] {
            assert_eq!(secrets.hide(&format!("<{form}>")), format!("<{MASK}>"), "{form}");
        }
        for other in ["", "s3cr", "s3cr&t/\"p\u{e9} w\\%orx", "s3cr%26%", "w\\%ord"] {
            assert_eq!(secrets.hide(other), other);
        }
    }

    #[test]
    fn a315_the_beginning_of_a_secret_that_was_cut_short_is_hidden() {
        let secrets = knowing(&["correct-horse-battery"]);
        assert_eq!(secrets.hide("you sent correct-ho..."), format!("you sent {MASK}..."));
        assert_eq!(secrets.hide("you sent correct-ho…"), format!("you sent {MASK}…"));
        assert_eq!(secrets.hide("corre…"), "corre…");
        assert_eq!(secrets.hide("is this correct? horse-battery"), "is this correct? horse-battery");
    }

    #[test]
    fn a315_a_secret_in_several_writes_is_hidden() {
        let secrets = knowing(&["correct-horse", "correct-horse-battery", "other-secret"]);
        let text = "a correct-horse b correct-horse-battery c other%2Dsecret other-secre corr";
        let expected = format!("a {MASK} b {MASK} c {MASK} other-secre corr");
        for length in 1..text.len() {
            let mut out = Vec::new();
            let mut hiding = secrets.hiding(&mut out);
            for piece in text.as_bytes().chunks(length) {
                hiding.write_all(piece).and_then(|()| hiding.flush()).expect("memory");
            }
            hiding.finish().expect("memory");
            assert_eq!(String::from_utf8_lossy(&out), expected, "{length}");
        }
    }

    #[test]
    fn a315_short_texts_and_words_of_the_program_stay() {
        let secrets = Secrets::default();
        secrets.spare("{\"verdict\": \"verified\"}");
        for word in ["", "ab", "hello", "Verified", "verdict"] {
            secrets.keep(word);
        }
        let text = r#"{"verdict": "verified", "x": "hello ab"}"#;
        assert_eq!(secrets.hide(text), text);
        secrets.keep("hunter2");
        assert_eq!(secrets.hide("verified by hunter2"), format!("verified by {MASK}"));
        assert_eq!(format!("{secrets:?}"), "Secrets");
    }

    #[test]
    fn text_without_secrets_stays_as_it_is() {
        let mut out = Vec::new();
        let mut hiding = Secrets::default().hiding(&mut out);
        hiding.write_all(b"\xff\0 any %41 bytes").expect("memory");
        hiding.finish().expect("memory");
        assert_eq!(out, b"\xff\0 any %41 bytes");
    }
}
