//! Lock files of npm: `package-lock.json` and `npm-shrinkwrap.json`, versions 2 and 3.
//!
//! npm installs the entries of `packages` and compares each with its integrity. Each release is found once, with its first place.
//! An entry without a release of a registry is *open*: it is reported, and never left out. The project's own folders are not
//! packages.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::model::{Open, Position};
use crate::json;
use crate::oci::{Algorithm, Digest, NpmPackage};

/// Bytes that a lock file may have.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;
/// Packages that one lock file may list.
pub const MOST_PACKAGES: usize = 10_000;
/// What stands in front of a package's name in its path.
const MODULES: &str = "node_modules/";

/// What a lock file says of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    /// The package.
    pub package: LockedPackage,
    /// Where it is listed first.
    pub place: Position,
}

/// A package as a lock file names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LockedPackage {
    /// A release of a registry, whose tarball must have this digest.
    Release {
        /// Name and version.
        package: NpmPackage,
        /// The digest of the tarball.
        digest: Digest,
    },
    /// The release, or the digest of its tarball, is not known.
    Open {
        /// Its path.
        text: String,
        /// Why not.
        why: Open,
    },
}

/// Why the packages of a lock file are not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Longer than is read.
    #[error("the lock file has more than {MAX_BYTES} bytes")]
    TooLong,
    /// Not JSON, or not of this form.
    #[error("the lock file cannot be read: {0}")]
    Form(String),
    /// A version that lists its packages elsewhere, or that came after this program.
    #[error("the lock file is of version {0}: expected 2 or 3")]
    Version(u64),
    /// A file that lists none, which must never look like success.
    #[error("the lock file lists no package")]
    Empty,
    /// More than are verified in one run.
    #[error("the lock file lists more than {MOST_PACKAGES} packages")]
    TooMany,
}

impl LockError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Version(_) => "write it anew: `npm install --package-lock-only --lockfile-version 3`",
            Self::Empty => "check the path; without dependencies there is nothing to verify",
            Self::TooLong | Self::TooMany => "verify the lock file of each workspace by itself",
            Self::Form(_) => "give package-lock.json or npm-shrinkwrap.json as npm writes it",
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    lockfile_version: u64,
    #[serde(borrow, default)]
    packages: BTreeMap<Cow<'a, str>, &'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    resolved: Option<String>,
    #[serde(default)]
    integrity: Option<String>,
    #[serde(default)]
    link: bool,
    #[serde(default)]
    in_bundle: bool,
}

/// Finds the packages that a lock file lists, in its order.
pub fn read(bytes: &[u8]) -> Result<Vec<Locked>, LockError> {
    if bytes.len() > MAX_BYTES {
        return Err(LockError::TooLong);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let document: Document<'_> = json::from_slice(bytes).map_err(|error| LockError::Form(error.to_string()))?;
    if !matches!(document.lockfile_version, 2 | 3) {
        return Err(LockError::Version(document.lockfile_version));
    }
    let is_own = |path: &str| !path.contains(MODULES);
    let mut listed: Vec<(usize, LockedPackage)> = Vec::new();
    for (path, text) in &document.packages {
        let at = text.get().as_ptr().addr() - bytes.as_ptr().addr();
        match json::from_part::<Entry>(text.get()) {
            // The project, and its workspaces.
            _ if is_own(path) => {}
            // A link to a workspace of the project.
            Ok(Entry { link: true, resolved: Some(folder), .. })
                if is_own(&folder) && document.packages.contains_key(folder.as_str()) => {}
            Ok(entry) => listed.push((at, entry.package(path))),
            Err(_) => listed.push((at, open(path, "its entry cannot be read"))),
        }
    }
    if listed.len() > MOST_PACKAGES {
        return Err(LockError::TooMany);
    }
    listed.sort_by_key(|(at, _)| *at);
    let mut lines = Lines { bytes, at: 0, line: 1, column: 1 };
    let mut seen = HashSet::new();
    let placed = listed.into_iter().map(|(at, package)| Locked { package, place: lines.place(at) });
    let found: Vec<Locked> = placed.filter(|one| seen.insert(one.package.clone())).collect();
    if found.is_empty() { Err(LockError::Empty) } else { Ok(found) }
}

impl Entry {
    fn package(self, path: &str) -> LockedPackage {
        let name = path.rsplit_once(MODULES).map_or(path, |(_, name)| name);
        let name = self.name.as_deref().unwrap_or(name);
        let is_tarball = |resolved: &str| resolved.starts_with("https://") || resolved.starts_with("http://");
        if self.link {
            return open(path, "it is a link to a folder");
        }
        if self.in_bundle {
            return open(path, "it comes in the tarball of another package");
        }
        if self.resolved.as_deref().is_some_and(|resolved| !is_tarball(resolved)) {
            return open(path, "it does not come from a registry");
        }
        let Some(Ok(package)) = self.version.as_deref().map(|version| NpmPackage::new(name, version)) else {
            return open(path, "it has no exact version of a named package");
        };
        match self.integrity.as_deref().map(strongest) {
            Some(Some(digest)) => LockedPackage::Release { package, digest },
            Some(None) => open(path, "its integrity is not one sha512"),
            None => open(path, "it has no integrity, so npm installs any tarball that the registry sends"),
        }
    }
}

/// W3C Subresource Integrity §3.3.4: only the strongest kind of hash is compared, and any one hash of that kind is enough. With
/// several such hashes the tarball is not determined.
fn strongest(integrity: &str) -> Option<Digest> {
    let mut strong = integrity.split_ascii_whitespace().filter_map(|hash| hash.strip_prefix("sha512-"));
    let (Some(base64), None) = (strong.next(), strong.next()) else { return None };
    let bytes = json::base64::decode(base64).filter(|bytes| json::base64::STANDARD.encode(bytes) == base64)?;
    Digest::from_bytes(Algorithm::Sha512, &bytes)
}

fn open(path: &str, why: &'static str) -> LockedPackage {
    LockedPackage::Open { text: path.to_owned(), why: Open::Form(why) }
}

/// Counts lines on the way through a text.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
    column: usize,
}

impl Lines<'_> {
    /// The place of a byte that is not before the last one that was asked for.
    fn place(&mut self, at: usize) -> Position {
        for byte in &self.bytes[self.at..at] {
            match byte {
                b'\n' => (self.line, self.column) = (self.line + 1, 1),
                // All bytes of a character but the first.
                0x80..=0xbf => {}
                _ => self.column += 1,
            }
        }
        self.at = at;
        Position { line: self.line, column: self.column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integrity(text: &str) -> String {
        let digest = Digest::of(Algorithm::Sha512, text.as_bytes());
        format!("sha512-{}", json::base64::STANDARD.encode(&digest.bytes()))
    }

    fn lock(packages: &str) -> Result<Vec<Locked>, LockError> {
        read(format!("{{\n\"lockfileVersion\": 3,\n\"packages\": {{\n{packages}\n}}}}").as_bytes())
    }

    /// What one entry is read as.
    fn one(path: &str, entry: &str) -> String {
        match &lock(&format!("\"{path}\": {entry}")).expect("one package")[..] {
            [Locked { package: LockedPackage::Release { package, .. }, .. }] => package.to_string(),
            [Locked { package: LockedPackage::Open { why: Open::Form(why), .. }, .. }] => (*why).to_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn releases_are_found_once_with_their_first_line_and_their_own_name() {
        let (one, two) = (integrity("one"), integrity("two"));
        let found = lock(&format!(
            "\"\": {{\"name\": \"me\"}},\n\"node_modules/@acme/app\": {{\"version\": \"1.0.0\", \"integrity\": \"{one}\"}},\n\
             \"node_modules/b\": {{\"version\": \"2.0.0\", \"name\": \"real\", \"integrity\": \"sha1-AAAA {two}\"}},\n\
             \"node_modules/b/node_modules/@acme/app\": {{\"version\": \"1.0.0\", \"integrity\": \"{one}\"}},\n\
             \"node_modules/c/node_modules/@acme/app\": {{\"version\": \"1.0.0\", \"integrity\": \"{two}\"}}"
        ))
        .expect("packages");
        let told = |one: &Locked| match &one.package {
            LockedPackage::Release { package, digest } => (package.to_string(), digest.clone(), one.place.line),
            LockedPackage::Open { text, .. } => panic!("{text}"),
        };
        let digest = |text: &str| Digest::of(Algorithm::Sha512, text.as_bytes());
        let expected = [
            ("npm:@acme/app@1.0.0".to_owned(), digest("one"), 5),
            ("npm:real@2.0.0".to_owned(), digest("two"), 6),
            // Another tarball of the same name and version is judged by itself.
            ("npm:@acme/app@1.0.0".to_owned(), digest("two"), 8),
        ];
        assert_eq!(found.iter().map(told).collect::<Vec<_>>(), expected);
    }

    /// A file without line breaks is read in one pass: to count its characters anew for each package would take minutes.
    #[test]
    fn a259_a_file_of_one_line_costs_no_more_than_another() {
        let (padding, integrity) = ("é".repeat(400), integrity("one"));
        let entry = |number: usize| {
            format!(
                "\"node_modules/p{number}\":{{\"x\":\"{padding}\",\"version\":\"1.0.0\",\"integrity\":\"{integrity}\"}}"
            )
        };
        let entries: Vec<String> = (0..MOST_PACKAGES).map(entry).collect();
        let begins = "{\"lockfileVersion\":3,\"packages\":{";
        let found = read(format!("{begins}{}}}}}", entries.join(",")).as_bytes()).expect("packages");
        assert_eq!(found.len(), MOST_PACKAGES);
        let before = |entry: &str| entry.find(":{").expect("a colon") + 1;
        assert_eq!(found[0].place, Position { line: 1, column: begins.len() + before(&entries[0]) + 1 });
        let second = begins.len() + entries[0].chars().count() + 1 + before(&entries[1]) + 1;
        assert_eq!(found[1].place, Position { line: 1, column: second });
    }

    #[test]
    fn what_names_no_release_is_open_and_never_left_out() {
        let good = integrity("x");
        for (entry, why) in [
            (
                r#"{"version":"1.0.0"}"#.to_owned(),
                "it has no integrity, so npm installs any tarball that the registry sends",
            ),
            (
                r#"{"version":"1.0.0","integrity":"sha1-3gH4MPRbNgj+DHsrT3ICHgRPvxQ="}"#.to_owned(),
                "its integrity is not one sha512",
            ),
            (format!(r#"{{"version":"1.0.0","integrity":"{good} {good}"}}"#), "its integrity is not one sha512"),
            (
                format!(
                    r#"{{"version":"1.0.0","integrity":"{good}","resolved":"git+ssh://git@github.com/a/b.git#0"}}"#
                ),
                "it does not come from a registry",
            ),
            (
                format!(r#"{{"version":"1.0.0","integrity":"{good}","resolved":"file:../x.tgz"}}"#),
                "it does not come from a registry",
            ),
            (
                format!(r#"{{"version":"1.0.0","integrity":"{good}","inBundle":true}}"#),
                "it comes in the tarball of another package",
            ),
            (r#"{"resolved":"../elsewhere","link":true}"#.to_owned(), "it is a link to a folder"),
            (format!(r#"{{"version":"^1.0.0","integrity":"{good}"}}"#), "it has no exact version of a named package"),
            (
                format!(r#"{{"version":"1.0.0","name":"a/../b","integrity":"{good}"}}"#),
                "it has no exact version of a named package",
            ),
            (format!(r#"{{"version":1,"integrity":"{good}"}}"#), "its entry cannot be read"),
            ("[]".to_owned(), "its entry cannot be read"),
        ] {
            assert_eq!(one("node_modules/a", &entry), why, "{entry}");
        }
    }

    #[test]
    fn folders_of_the_project_are_no_packages() {
        let good = integrity("x");
        let found = lock(&format!(
            "\"\": {{}}, \"packages/own\": {{\"version\": \"1.0.0\"}}, \"node_modules/own\": {{\"resolved\": \"packages/own\", \"link\": true}},\n\
             \"node_modules/a\": {{\"version\": \"1.0.0\", \"integrity\": \"{good}\"}}"
        ));
        assert_eq!(found.map(|found| found.len()), Ok(1));
    }

    #[test]
    fn what_is_no_lock_file_is_refused() {
        for (text, error) in [
            (r#"{"lockfileVersion":1,"dependencies":{}}"#, LockError::Version(1)),
            (r#"{"lockfileVersion":4,"packages":{}}"#, LockError::Version(4)),
            (r#"{"lockfileVersion":3,"packages":{}}"#, LockError::Empty),
            (r#"{"lockfileVersion":3}"#, LockError::Empty),
            (r#"{"lockfileVersion":3,"packages":{"":{}}}"#, LockError::Empty),
        ] {
            assert_eq!(read(text.as_bytes()), Err(error), "{text}");
        }
        let twice = r#"{"lockfileVersion":3,"packages":{"node_modules/a":{},"node_modules/a":{}}}"#;
        let within = r#"{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0","version":"2.0.0"}}}"#;
        for text in
            ["", "[]", "{}", r#"{"lockfileVersion":"3"}"#, r#"{"lockfileVersion":3,"packages":[]}"#, twice, within]
        {
            assert!(matches!(read(text.as_bytes()), Err(LockError::Form(_))), "{text}");
        }
        let many: Vec<String> = (0..=MOST_PACKAGES).map(|number| format!("\"node_modules/a{number}\":{{}}")).collect();
        assert_eq!(lock(&many.join(",")), Err(LockError::TooMany));
    }
}
