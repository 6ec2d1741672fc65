//! `yarn.lock` of yarn 1: entries of patterns such as `name@^1.0.0`, with version, address and integrity.
//!
//! yarn decides by the pattern how a package is fetched, and by nothing else in the entry. Where it cannot read its own format it
//! reads YAML, and it resolves conflicts of a merge by itself: both are refused here.

use std::collections::HashMap;

use super::super::model::Position;
use super::graph::{Graph, Need};
use super::model::{LockError, Locked, LockedPackage, MOST_PACKAGES, NoRelease};
use super::release::{is_web, name_and_rest, release};
use crate::json;
use crate::oci::NpmPackage;
use crate::policy::lines;

/// One entry: the patterns that it resolves, and its fields.
#[derive(Default)]
struct Entry {
    line: usize,
    patterns: Vec<String>,
    fields: HashMap<String, String>,
    /// The blocks that were begun, `dependencies` and others.
    blocks: Vec<String>,
    /// The patterns that it needs.
    needs: Vec<Needed>,
}

struct Needed {
    pattern: String,
    is_optional: bool,
}

/// Finds the packages that a file lists.
pub(super) fn read(text: &str) -> Result<Vec<Locked>, LockError> {
    let entries = entries(text)?;
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    for (number, entry) in entries.iter().enumerate() {
        for pattern in &entry.patterns {
            if numbers.insert(pattern, number).is_some() {
                return Err(wrong(entry.line, "a pattern has two entries"));
            }
        }
    }
    let mut graph = Graph::of(entries.len());
    for (from, entry) in entries.iter().enumerate() {
        for needed in &entry.needs {
            if let Some(to) = numbers.get(needed.pattern.as_str()) {
                graph.edge(from, *to, needed.is_optional);
            }
        }
    }
    // The file does not say what the project itself needs: that is at least what no package does.
    for (number, is_needed) in graph.needed().into_iter().enumerate() {
        let name = entries[number].patterns.first().and_then(|pattern| name_and_rest(pattern));
        if let Some((name, _)) = name.filter(|_| !is_needed) {
            graph.root(number, name, Need::Always);
        }
    }
    let listed = entries.iter().zip(graph.dependencies());
    Ok(listed
        .map(|(entry, dependency)| Locked {
            package: entry.package(),
            place: Position { line: entry.line, column: 1 },
            dependency,
        })
        .collect())
}

impl Entry {
    fn package(&self) -> LockedPackage {
        let text = self.patterns.join(", ");
        let field = |name: &str| self.fields.get(name).map(String::as_str);
        let Some(names) = self.patterns.iter().map(|pattern| registered(pattern)).collect::<Option<Vec<&str>>>() else {
            return LockedPackage::open(&text, NoRelease::Elsewhere);
        };
        let name = names.first().filter(|first| names.iter().all(|name| name == *first));
        match field("resolved") {
            None => return LockedPackage::open(&text, NoRelease::Unresolved),
            Some(address) if !is_web(address) => return LockedPackage::open(&text, NoRelease::Elsewhere),
            Some(_) => {}
        }
        let package = name.zip(field("version")).and_then(|(name, version)| NpmPackage::new(name, version).ok());
        release(&text, package, field("integrity"))
    }
}

/// The name that a pattern asks a registry for: of an alias (`a@npm:b@^1.0.0`) the real one. Anything but a range or a tag is an
/// address, a path or a repository.
fn registered(pattern: &str) -> Option<&str> {
    let (name, range) = name_and_rest(pattern)?;
    let is_range = |range: &str| !range.contains([':', '/', '\\']) && !range.starts_with('.');
    match range.strip_prefix("npm:") {
        None => Some(name).filter(|_| is_range(range)),
        Some(alias) => {
            let (name, range) = name_and_rest(alias)?;
            Some(name).filter(|_| is_range(range))
        }
    }
}

fn entries(text: &str) -> Result<Vec<Entry>, LockError> {
    let mut entries: Vec<Entry> = Vec::new();
    for (number, line) in (1..).zip(lines(text)) {
        let content = line.trim_start_matches(' ');
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let tokens = tokens(content).ok_or_else(|| wrong(number, "it is not of yarn's form"))?;
        let is_full = entries.len() == MOST_PACKAGES;
        match (line.len() - content.len(), entries.last_mut()) {
            (0, _) if is_full => return Err(LockError::TooMany),
            (0, _) => {
                let patterns = patterns(tokens).ok_or_else(|| wrong(number, "expected patterns and a colon"))?;
                entries.push(Entry { line: number, patterns, ..Entry::default() });
            }
            (2, Some(entry)) => entry.field(tokens).map_err(|what| wrong(number, what))?,
            (4, Some(entry)) => entry.needed(tokens).map_err(|what| wrong(number, what))?,
            _ => return Err(wrong(number, "its indentation is not yarn's")),
        }
    }
    Ok(entries)
}

impl Entry {
    /// `name value`, or the beginning of a block.
    fn field(&mut self, tokens: Vec<Token>) -> Result<(), &'static str> {
        match <[Token; 2]>::try_from(tokens) {
            Ok([Token::Word(name), Token::Word(value)]) if !self.blocks.contains(&name) => {
                if self.fields.insert(name, value).is_none() { Ok(()) } else { Err("a field is there twice") }
            }
            Ok([Token::Word(name), Token::Colon])
                if !self.fields.contains_key(&name) && !self.blocks.contains(&name) =>
            {
                self.blocks.push(name);
                Ok(())
            }
            Ok([Token::Word(_), _]) => Err("a field is there twice"),
            _ => Err("expected a field and its value"),
        }
    }

    /// `name range`, in a block.
    fn needed(&mut self, tokens: Vec<Token>) -> Result<(), &'static str> {
        let is_optional = match self.blocks.last().map(String::as_str) {
            None => return Err("its indentation is not yarn's"),
            Some("dependencies") => false,
            Some("optionalDependencies") => true,
            // `permissions`, and what yarn may write some day.
            Some(_) => return Ok(()),
        };
        match <[Token; 2]>::try_from(tokens) {
            Ok([Token::Word(name), Token::Word(range)]) => {
                self.needs.push(Needed { pattern: format!("{name}@{range}"), is_optional });
                Ok(())
            }
            _ => Err("expected a package and a range"),
        }
    }
}

/// `pattern, pattern:`
fn patterns(tokens: Vec<Token>) -> Option<Vec<String>> {
    let mut patterns = Vec::new();
    let mut tokens = tokens.into_iter();
    loop {
        match (tokens.next(), tokens.next()) {
            (Some(Token::Word(pattern)), Some(next)) => {
                name_and_rest(&pattern)?;
                patterns.push(pattern);
                match next {
                    Token::Comma => {}
                    Token::Colon => return Some(patterns).filter(|_| tokens.next().is_none()),
                    Token::Word(_) => return None,
                }
            }
            _ => return None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Comma,
    Colon,
}

/// The words of a line (yarn `lockfile/parse.js`). Numbers and truth values are none: yarn writes them in quotes.
fn tokens(line: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = line.trim_end_matches(' ');
    while let Some(first) = rest.chars().next() {
        let length = match first {
            ' ' => 1,
            ',' => {
                tokens.push(Token::Comma);
                1
            }
            ':' => {
                tokens.push(Token::Colon);
                1
            }
            '"' => {
                let end = closing(rest)?;
                tokens.push(Token::Word(json::from_slice(&rest.as_bytes()[..end]).ok()?));
                end
            }
            'a'..='z' | 'A'..='Z' | '/' | '.' | '-' if !rest.starts_with("true") && !rest.starts_with("false") => {
                let end = rest.find([':', ' ', ',']).unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..end].to_owned()));
                end
            }
            _ => return None,
        };
        rest = &rest[length..];
    }
    Some(tokens)
}

/// Where a text in quotes ends.
fn closing(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })?;
    Some(end + 2)
}

fn wrong(line: usize, what: &str) -> LockError {
    LockError::Form(format!("line {line}: {what}"))
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::json::base64::STANDARD;
    use crate::oci::{Algorithm, Digest};

    fn told(text: &str) -> Result<Vec<String>, LockError> {
        let good = format!("sha512-{}", STANDARD.encode(&Digest::of(Algorithm::Sha512, b"x").bytes()));
        let one = |one: &Locked| {
            let package = match &one.package {
                LockedPackage::Release { package, .. } => package.to_string(),
                LockedPackage::Open { text, why } => format!("{text}: {why:?}"),
            };
            let because = one.dependency.as_ref().map(|one| one.because.clone());
            let because =
                because.map_or(" ?".to_owned(), |name| name.map_or(String::new(), |name| format!(" by {name}")));
            format!("{} {package}{because}", one.place.line)
        };
        read("yarn.lock", text.replace("GOOD", &good).as_bytes()).map(|found| found.iter().map(one).collect())
    }

    const LOCK: &str = r#"# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.
# yarn lockfile v1


"@acme/app@^1.0.0", "@acme/app@^1.2.0 || 2":
  version "1.4.2"
  resolved "https://registry.yarnpkg.com/@acme/app/-/app-1.4.2.tgz#0123"
  integrity GOOD
  dependencies:
    b "^1.0.0"
    "@acme/c" "*"
  optionalDependencies:
    fsevents "~2.3.2"

"@acme/c@*":
  version "2.0.0"
  resolved "https://registry.yarnpkg.com/@acme/c/-/c-2.0.0.tgz#0123"
  integrity "sha1-AAAA GOOD"

"alias@npm:b@1", b@^1.0.0:
  name alias
  version "1.0.0"
  resolved "https://registry.npmjs.org/b/-/b-1.0.0.tgz#0123"
  integrity GOOD

"fsevents@~2.3.2":
  version "2.3.2"
  resolved "https://registry.npmjs.org/f/-/f-2.3.2.tgz#0123"
"#;

    #[test]
    fn entries_are_named_by_their_patterns() {
        let expected = [
            "5 npm:@acme/app@1.4.2",
            "15 npm:@acme/c@2.0.0 by @acme/app",
            "20 npm:b@1.0.0 by @acme/app",
            "26 fsevents@~2.3.2: NoIntegrity by @acme/app",
        ];
        for end in ["\n", "\r\n", "\r"] {
            assert_eq!(told(&LOCK.replace('\n', end)), Ok(expected.map(str::to_owned).to_vec()), "{end:?}");
        }
    }

    fn entry(patterns: &str, fields: &str) -> Result<Vec<String>, LockError> {
        told(&format!("{patterns}:\n{fields}"))
    }

    #[test]
    fn what_names_no_release_is_open_and_never_left_out() {
        let good = "  version \"1.0.0\"\n  resolved \"https://r/a.tgz\"\n  integrity GOOD\n";
        assert_eq!(entry("a@^1.0.0", good), Ok(vec!["1 npm:a@1.0.0".to_owned()]));
        assert_eq!(entry("\"a@npm:@acme/b@>= 1\"", good), Ok(vec!["1 npm:@acme/b@1.0.0".to_owned()]));
        // yarn fetches by the pattern and ignores the integrity.
        for pattern in [
            "a@git+https://h/a.git",
            "a@https://h/a.tgz",
            "a@file:../a",
            "a@acme/a",
            "a@github:acme/a",
            "a@./a",
            "a@..",
            "a@link:x",
            "a@workspace:*",
            "a@npm:b@acme/b",
            "a@npm:b",
            "a@npm:b@npm:c@1",
        ] {
            assert_eq!(
                entry(&format!("\"{pattern}\""), good),
                Ok(vec![format!("1 {pattern}: Elsewhere")]),
                "{pattern}"
            );
        }
        for (fields, why) in [
            (good.replace("  version \"1.0.0\"\n", ""), "Unnamed"),
            (good.replace("1.0.0", "^1.0.0"), "Unnamed"),
            (good.replace("  integrity GOOD\n", ""), "NoIntegrity"),
            (good.replace("GOOD", "sha1-AAAA"), "NotSha512"),
            (good.replace("https://r/", "file:"), "Elsewhere"),
            (good.replace("https://r/", ""), "Elsewhere"),
            (good.replace("  resolved \"https://r/a.tgz\"\n", ""), "Unresolved"),
        ] {
            assert_eq!(entry("a@^1.0.0", &fields), Ok(vec![format!("1 a@^1.0.0: {why}")]), "{fields}");
        }
        assert_eq!(entry("a@^1.0.0, b@^1.0.0", good), Ok(vec!["1 a@^1.0.0, b@^1.0.0: Unnamed".to_owned()]));
    }

    #[test]
    fn what_yarn_would_not_write_is_refused() {
        let good = "a@1:\n  version \"1.0.0\"\n";
        for text in [
            "a@1",
            "a:\n",
            "@acme:\n",
            "a@1 \"1.0.0\"\n",
            "  version \"1.0.0\"\n",
            "a@1:\n   version \"1.0.0\"\n",
            "a@1:\n\tversion \"1.0.0\"\n",
            "a@1:\n  version 1.0.0\n",
            "a@1:\n  version true\n",
            "a@1:\n  version \"1.0.0\n",
            "a@1:\n  version \"\\x31.0.0\"\n",
            "a@1:\n  version: \"1.0.0\"\n",
            "a@1:\n  version \"1.0.0\" x\n",
            "a@1:\n  version \"1.0.0\"\n  version \"1.0.1\"\n",
            "a@1:\n  dependencies:\n    b \"1\"\n  dependencies:\n    c \"1\"\n",
            "a@1:\n  dependencies:\n      b \"1\"\n",
            "a@1:\n    b \"1\"\n",
            "a@1,:\n  version \"1.0.0\"\n",
            "a@1, a@1:\n  version \"1.0.0\"\n",
            &format!("{good}{good}"),
            &format!("<<<<<<< HEAD\n{good}=======\nb@1:\n  version \"1.0.0\"\n>>>>>>> x\n"),
            &format!("{good}{{\"b@1\": {{}}}}\n"),
        ] {
            assert!(matches!(told(text), Err(LockError::Form(_))), "{text}: {:?}", told(text));
        }
        assert_eq!(told("# yarn lockfile v1\n"), Err(LockError::Empty));
        let many: String =
            (0..=MOST_PACKAGES).flat_map(|number| ["a@".to_owned(), number.to_string(), ":\n".to_owned()]).collect();
        assert_eq!(told(&many), Err(LockError::TooMany));
    }
}
