//! `package-lock.json` and `npm-shrinkwrap.json`, versions 2 and 3: npm installs what `packages` lists, by its integrity.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::model::Position;
use super::graph::{Graph, Need};
use super::model::{LockError, Locked, LockedPackage, MOST_PACKAGES, NoRelease, Tool};
use super::release::{is_web, release};
use crate::json;
use crate::oci::NpmPackage;

/// What stands in front of a package's name in its path.
const MODULES: &str = "node_modules/";
/// The longest path in which a dependency is looked for.
const LONGEST_PATH: usize = 4096;

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

/// What an entry needs: names, with ranges.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Needs {
    dependencies: BTreeMap<String, String>,
    peer_dependencies: BTreeMap<String, String>,
    dev_dependencies: BTreeMap<String, String>,
    optional_dependencies: BTreeMap<String, String>,
}

/// Finds the packages that a file lists.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Locked>, LockError> {
    let document: Document<'_> = json::from_slice(bytes).map_err(|error| LockError::Form(error.to_string()))?;
    if !matches!(document.lockfile_version, 2 | 3) {
        return Err(LockError::Version { tool: Tool::Npm, found: document.lockfile_version.to_string() });
    }
    let is_own = |path: &str| !path.contains(MODULES);
    let mut listed: Vec<(usize, &str, LockedPackage)> = Vec::new();
    for (path, text) in &document.packages {
        let at = text.get().as_ptr().addr() - bytes.as_ptr().addr();
        match json::from_part::<Entry>(text.get()) {
            // The project, and its workspaces.
            _ if is_own(path) => {}
            // A link to a workspace of the project.
            Ok(Entry { link: true, resolved: Some(folder), .. })
                if is_own(&folder) && document.packages.contains_key(folder.as_str()) => {}
            Ok(entry) => listed.push((at, path, entry.package(path))),
            Err(_) => listed.push((at, path, LockedPackage::open(path, NoRelease::Unreadable))),
        }
    }
    if listed.len() > MOST_PACKAGES {
        return Err(LockError::TooMany);
    }
    listed.sort_by_key(|(at, ..)| *at);
    let paths: BTreeMap<&str, usize> =
        listed.iter().enumerate().map(|(number, (_, path, _))| (*path, number)).collect();
    let dependencies = graph(&document, &paths).dependencies();
    let mut lines = Lines { bytes, at: 0, line: 1, column: 1 };
    let placed = listed.into_iter().zip(dependencies);
    Ok(placed.map(|((at, _, package), dependency)| Locked { package, place: lines.place(at), dependency }).collect())
}

/// Which package needs which, by the paths in which node looks for them.
fn graph(document: &Document<'_>, paths: &BTreeMap<&str, usize>) -> Graph {
    let mut graph = Graph::of(paths.len());
    for (path, text) in &document.packages {
        let Ok(needs) = json::from_part::<Needs>(text.get()) else { continue };
        let from = paths.get(path.as_ref()).copied();
        let is_own = from.is_none() && !path.contains(MODULES);
        for (names, need) in [
            (&needs.optional_dependencies, Need::Optional),
            (&needs.dependencies, Need::Always),
            (&needs.peer_dependencies, Need::Always),
            (&needs.dev_dependencies, Need::Development),
        ] {
            for name in names.keys() {
                let Some(to) = beside(path, name, paths) else { continue };
                match from {
                    _ if is_own => graph.root(to, name, need),
                    Some(from) if need != Need::Development => graph.edge(from, to, need == Need::Optional),
                    _ => {}
                }
            }
        }
    }
    graph
}

/// Finds the package that a name means in a folder: in `node_modules` of the folder itself, or of the nearest one above.
fn beside(path: &str, name: &str, paths: &BTreeMap<&str, usize>) -> Option<usize> {
    if path.len() + name.len() > LONGEST_PATH {
        return None;
    }
    let mut folder = path;
    loop {
        let slash = if folder.is_empty() { "" } else { "/" };
        if let Some(found) = paths.get(format!("{folder}{slash}{MODULES}{name}").as_str()) {
            return Some(*found);
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
    }
}

impl Entry {
    fn package(self, path: &str) -> LockedPackage {
        let name = path.rsplit_once(MODULES).map_or(path, |(_, name)| name);
        let name = self.name.as_deref().unwrap_or(name);
        if self.link {
            return LockedPackage::open(path, NoRelease::Folder);
        }
        if self.in_bundle {
            return LockedPackage::open(path, NoRelease::Bundled);
        }
        if self.resolved.as_deref().is_some_and(|resolved| !is_web(resolved)) {
            return LockedPackage::open(path, NoRelease::Elsewhere);
        }
        let named = self.version.as_deref().and_then(|version| NpmPackage::new(name, version).ok());
        release(path, named, self.integrity.as_deref())
    }
}

/// Counts lines on the way through a text: each ends with a line feed, a carriage return, or both.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
    column: usize,
}

impl Lines<'_> {
    /// The place of a byte that is not before the last one that was asked for.
    fn place(&mut self, at: usize) -> Position {
        for position in self.at..at {
            match self.bytes[position] {
                b'\r' if self.bytes.get(position + 1) == Some(&b'\n') => {}
                b'\n' | b'\r' => (self.line, self.column) = (self.line + 1, 1),
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
    use super::super::read;
    use super::*;
    use crate::oci::{Algorithm, Digest};

    fn integrity(text: &str) -> String {
        let digest = Digest::of(Algorithm::Sha512, text.as_bytes());
        format!("sha512-{}", json::base64::STANDARD.encode(&digest.bytes()))
    }

    fn lock(packages: &str) -> Result<Vec<Locked>, LockError> {
        read("package-lock.json", format!("{{\n\"lockfileVersion\": 3,\n\"packages\": {{\n{packages}\n}}}}").as_bytes())
    }

    /// What one entry is read as.
    fn one(path: &str, entry: &str) -> String {
        match &lock(&format!("\"{path}\": {entry}")).expect("one package")[..] {
            [Locked { package: LockedPackage::Release { package, .. }, .. }] => package.to_string(),
            [Locked { package: LockedPackage::Open { why, .. }, .. }] => why.to_string(),
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
        let found =
            read("package-lock.json", format!("{begins}{}}}}}", entries.join(",")).as_bytes()).expect("packages");
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
                "it has no integrity, so any tarball is installed that the registry sends",
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
            (r#"{"resolved":"../elsewhere","link":true}"#.to_owned(), "it is a folder outside the project"),
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
        let version = |found: u64| LockError::Version { tool: Tool::Npm, found: found.to_string() };
        for (text, error) in [
            (r#"{"lockfileVersion":1,"dependencies":{}}"#, version(1)),
            (r#"{"lockfileVersion":4,"packages":{}}"#, version(4)),
            (r#"{"lockfileVersion":3,"packages":{}}"#, LockError::Empty),
            (r#"{"lockfileVersion":3}"#, LockError::Empty),
            (r#"{"lockfileVersion":3,"packages":{"":{}}}"#, LockError::Empty),
        ] {
            assert_eq!(read("package-lock.json", text.as_bytes()), Err(error), "{text}");
        }
        let twice = r#"{"lockfileVersion":3,"packages":{"node_modules/a":{},"node_modules/a":{}}}"#;
        let within = r#"{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0","version":"2.0.0"}}}"#;
        for text in
            ["", "[]", "{}", r#"{"lockfileVersion":"3"}"#, r#"{"lockfileVersion":3,"packages":[]}"#, twice, within]
        {
            assert!(matches!(read("package-lock.json", text.as_bytes()), Err(LockError::Form(_))), "{text}");
        }
        let many: Vec<String> = (0..=MOST_PACKAGES).map(|number| format!("\"node_modules/a{number}\":{{}}")).collect();
        assert_eq!(lock(&many.join(",")), Err(LockError::TooMany));
    }

    #[test]
    fn lines_end_as_in_every_other_file() {
        let good = integrity("x");
        for end in ["\n", "\r", "\r\n"] {
            let text = format!(
                "{{\"lockfileVersion\": 3,\"packages\":{{{end}{end}\"node_modules/a\": {{\"version\":\"1.0.0\",\"integrity\":\"{good}\"}}}}}}"
            );
            let found = read("package-lock.json", text.as_bytes()).expect("a package");
            assert_eq!(found[0].place, Position { line: 3, column: 19 }, "{end:?}");
        }
    }

    #[test]
    fn what_a_package_is_installed_for_is_told() {
        let entry = |path: &str, needs: &str| {
            format!("\"{path}\": {{\"version\": \"1.0.0\", \"integrity\": \"{}\"{needs}}}", integrity(path))
        };
        let found = lock(
            &[
                r#""": {"dependencies": {"a": "1"}, "devDependencies": {"d": "1"}}"#.to_owned(),
                r#""packages/own": {"optionalDependencies": {"o": "1"}}"#.to_owned(),
                r#""node_modules/own": {"resolved": "packages/own", "link": true}"#.to_owned(),
                entry("node_modules/a", r#", "dependencies": {"b": "1"}"#),
                entry("node_modules/a/node_modules/b", ""),
                entry("node_modules/b", ""),
                entry(
                    "node_modules/d",
                    r#", "peerDependencies": {"b": "1", "missing": "1"}, "devDependencies": {"e": "1"}"#,
                ),
                entry("node_modules/e", r#", "dependencies": [1]"#),
                entry("packages/own/node_modules/o", ""),
            ]
            .join(",\n"),
        );
        let told =
            |one: &Locked| one.dependency.as_ref().map(|one| (one.because.clone(), one.development, one.optional));
        let found: Vec<_> = found.expect("packages").iter().map(told).collect();
        let because = |name: &str| Some(name.to_owned());
        assert_eq!(
            found,
            [
                Some((None, false, false)),
                Some((because("a"), false, false)),
                Some((because("d"), true, false)),
                Some((None, true, false)),
                None,
                Some((None, false, true)),
            ]
        );
    }
}
