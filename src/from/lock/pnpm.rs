//! `pnpm-lock.yaml`, versions 6 and 9: pnpm installs what `packages` lists, by its integrity.
//!
//! Version 9 lists each release once there, and what each needs in `snapshots`, once for each set of peers. pnpm lays an entry of
//! `packages` over that of `snapshots`: one that is in `snapshots` alone is installed too.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::super::model::Position;
use super::super::tree::{entries, get, scalar, text};
use super::graph::{Graph, Need};
use super::model::{LockError, Locked, LockedPackage, NoRelease, Tool, documents};
use super::release::{is_web, name_and_rest, release};
use crate::oci::NpmPackage;
use crate::policy::yaml::{Key, Node, Value};

/// Finds the packages that a file lists. From pnpm 11 on it has a document for pnpm itself too.
pub(super) fn read(text: &str) -> Result<Vec<Locked>, LockError> {
    let mut listed = Vec::new();
    for document in documents(text)?.iter().filter(|document| !matches!(document.value, Value::Null)) {
        Lock::of(document)?.list(&mut listed);
    }
    Ok(listed)
}

/// How a file names its packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `/name@1.0.0(peer@1.0.0)`.
    Six,
    /// `name@1.0.0`, with the peers in `snapshots` alone.
    Nine,
}

struct Lock<'a> {
    form: Form,
    packages: &'a [(Key, Node)],
    snapshots: &'a [(Key, Node)],
    /// The folders of the project, with what each needs.
    importers: Vec<(&'a str, &'a Node)>,
    /// The numbers of `packages`.
    numbers: HashMap<&'a str, usize>,
}

/// What a dependency is resolved to.
enum Target<'k> {
    /// An entry of `packages`.
    Entry(usize),
    /// A folder, relative to the one that needs it.
    Folder(&'k str),
    /// Nothing that the file lists.
    Missing,
}

impl<'a> Lock<'a> {
    fn of(document: &'a Node) -> Result<Self, LockError> {
        let form = form(document)?;
        let map = |key: &str| get(document, key).map(entries).unwrap_or_default();
        let packages = map("packages");
        let snapshots = if form == Form::Nine { map("snapshots") } else { &[] };
        let mut importers: Vec<(&str, &Node)> =
            map("importers").iter().map(|(key, node)| (key.name.as_str(), node)).collect();
        if importers.is_empty() {
            importers.push((".", document));
        }
        let numbers = packages.iter().enumerate().map(|(number, (key, _))| (key.name.as_str(), number)).collect();
        Ok(Self { form, packages, snapshots, importers, numbers })
    }

    fn list(&self, listed: &mut Vec<Locked>) {
        let mut graph = Graph::of(self.packages.len());
        let mut others = Vec::new();
        self.roots(&mut graph, &mut others);
        self.edges(&mut graph, &mut others);
        let own: HashSet<&str> = self.importers.iter().map(|(folder, _)| *folder).collect();
        for ((key, entry), dependency) in self.packages.iter().zip(graph.dependencies()) {
            if let Some(package) = self.package(&key.name, entry, &own) {
                listed.push(Locked { package, place: position(key), dependency });
            }
        }
        listed.append(&mut others);
    }

    /// What an entry of `packages` names; nothing where that is a folder of the project.
    fn package(&self, id: &str, entry: &Node, own: &HashSet<&str>) -> Option<LockedPackage> {
        let open = |why| Some(LockedPackage::open(id, why));
        let Some(resolution) = get(entry, "resolution") else { return open(NoRelease::NoIntegrity) };
        if let (Some("directory"), Some(folder)) = (text(resolution, "type"), text(resolution, "directory")) {
            return if own.contains(folder) { None } else { open(NoRelease::Folder) };
        }
        // Anything else than a tarball by its integrity is git, a folder, a part of an archive, or means something to a later pnpm.
        let parts = entries(resolution);
        if parts.iter().any(|(key, _)| !matches!(key.name.as_str(), "integrity" | "tarball")) {
            return open(NoRelease::Elsewhere);
        }
        if parts.iter().any(|(_, node)| !matches!(node.value, Value::Text(_))) || parts.is_empty() {
            return open(NoRelease::Unreadable);
        }
        // A tarball may be in a registry or anywhere on the web: the integrity alone determines it.
        if text(resolution, "tarball").is_some_and(|address| !is_web(address) && address.contains(':')) {
            return open(NoRelease::Elsewhere);
        }
        let named = self.named(id).filter(|package| {
            let says =
                |key: &str, own: &str| get(entry, key).is_none_or(|node| scalar(node).is_some_and(|said| said == own));
            says("name", package.name()) && says("version", package.version())
        });
        Some(release(id, named, text(resolution, "integrity")))
    }

    /// The release that a key of `packages` names.
    fn named(&self, id: &str) -> Option<NpmPackage> {
        let id = match self.form {
            Form::Six => without_peers(id.strip_prefix('/')?),
            Form::Nine => id,
        };
        let (name, version) = name_and_rest(id)?;
        NpmPackage::new(name, version).ok()
    }

    /// What the folders of the project need.
    fn roots(&self, graph: &mut Graph, others: &mut Vec<Locked>) {
        let own: HashSet<&str> = self.importers.iter().map(|(folder, _)| *folder).collect();
        for (folder, importer) in &self.importers {
            for (kind, need) in [
                ("dependencies", Need::Always),
                ("optionalDependencies", Need::Optional),
                ("devDependencies", Need::Development),
            ] {
                for (key, node) in get(importer, kind).map(entries).unwrap_or_default() {
                    let version = get(node, "version").unwrap_or(node);
                    let why = match self.target(&key.name, word(version)) {
                        Target::Entry(number) => {
                            graph.root(number, &key.name, need);
                            continue;
                        }
                        Target::Folder(path) if below(folder, path).is_some_and(|path| own.contains(path.as_str())) => {
                            continue;
                        }
                        Target::Folder(_) => NoRelease::Folder,
                        Target::Missing => NoRelease::NoEntry,
                    };
                    others.push(other(key, why));
                }
            }
        }
    }

    /// What packages need.
    fn edges(&self, graph: &mut Graph, others: &mut Vec<Locked>) {
        let own: HashSet<&str> = self.importers.iter().map(|(folder, _)| *folder).collect();
        let entries_with_needs = if self.form == Form::Nine { self.snapshots } else { self.packages };
        for (key, entry) in entries_with_needs {
            let Some(from) = self.numbers.get(self.id(&key.name)).copied() else {
                others.push(other(key, NoRelease::NoEntry));
                continue;
            };
            for (kind, is_optional) in [("dependencies", false), ("optionalDependencies", true)] {
                for (needed, node) in get(entry, kind).map(entries).unwrap_or_default() {
                    match self.target(&needed.name, word(node)) {
                        Target::Entry(to) => graph.edge(from, to, is_optional),
                        Target::Folder(path) if !below(".", path).is_some_and(|path| own.contains(path.as_str())) => {
                            others.push(other(needed, NoRelease::Folder));
                        }
                        // pnpm installs nothing for it.
                        Target::Folder(_) | Target::Missing => {}
                    }
                }
            }
        }
    }

    /// The key of `packages` that a key of `snapshots` belongs to.
    fn id<'k>(&self, key: &'k str) -> &'k str {
        if self.form == Form::Nine { without_peers(key) } else { key }
    }

    /// What a dependency of this name is resolved to (pnpm `refToRelative`).
    fn target<'k>(&self, name: &str, reference: Option<&'k str>) -> Target<'k> {
        let Some(reference) = reference else { return Target::Missing };
        if let Some(folder) = reference.strip_prefix("link:") {
            return Target::Folder(folder);
        }
        let key = match self.form {
            Form::Six if is_key_of_six(reference) => Cow::Borrowed(reference),
            Form::Six => Cow::Owned(format!("/{name}@{reference}")),
            Form::Nine if is_key_of_nine(reference) => Cow::Borrowed(reference),
            Form::Nine => Cow::Owned(format!("{name}@{reference}")),
        };
        self.numbers.get(self.id(&key)).map_or(Target::Missing, |number| Target::Entry(*number))
    }
}

/// The form of a document's keys.
fn form(document: &Node) -> Result<Form, LockError> {
    let version = |found: &str| LockError::Version { tool: Tool::Pnpm, found: found.to_owned() };
    match get(document, "lockfileVersion").map(|node| &node.value) {
        Some(Value::Text(text)) => match text.split('.').next() {
            Some("6") => Ok(Form::Six),
            Some("9") => Ok(Form::Nine),
            _ => Err(version(text)),
        },
        Some(Value::Integer(number)) => Err(version(&number.to_string())),
        Some(Value::Number) => Err(version("5 or older")),
        _ => Err(LockError::Form("it does not say its `lockfileVersion`".to_owned())),
    }
}

/// Whether a reference is a key, and not a version alone.
fn is_key_of_six(reference: &str) -> bool {
    let before_peers = reference.split('(').next().unwrap_or(reference);
    reference.starts_with("file:") || before_peers.contains('/')
}

/// The same in version 9, where the `@` of a key stands before any colon and any peer.
fn is_key_of_nine(reference: &str) -> bool {
    let Some(at) = reference.find('@') else { return false };
    let is_first = |other: char| reference.find(other).is_none_or(|place| at < place);
    reference.starts_with('@') || (is_first(':') && is_first('('))
}

/// Removes `(peer@1.0.0)` and `(patch_hash=…)` from the end of a key. A key with any other end stays unchanged.
fn without_peers(key: &str) -> &str {
    let Some(start) = key.find('(') else { return key };
    let mut depth = 0_usize;
    for character in key[start..].chars() {
        match (character, depth) {
            ('(', _) => depth += 1,
            (_, 0) => return key,
            (')', _) => depth -= 1,
            _ => {}
        }
    }
    if depth == 0 { &key[..start] } else { key }
}

/// The path of a folder from the lock file's own, if it is not outside of that.
fn below(folder: &str, path: &str) -> Option<String> {
    if path.starts_with(['/', '\\']) {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

fn word(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn other(key: &Key, why: NoRelease) -> Locked {
    Locked { package: LockedPackage::open(&key.name, why), place: position(key), dependency: None }
}

fn position(key: &Key) -> Position {
    Position { line: key.place.line, column: key.place.column }
}

#[cfg(test)]
mod tests {
    use super::super::{MOST_PACKAGES, read};
    use super::*;
    use crate::json::base64::STANDARD;
    use crate::oci::{Algorithm, Digest};

    fn integrity(text: &str) -> String {
        format!("sha512-{}", STANDARD.encode(&Digest::of(Algorithm::Sha512, text.as_bytes()).bytes()))
    }

    /// Each package with its line, why it is none, and what it is installed for.
    fn told(text: &str) -> Result<Vec<String>, LockError> {
        let one = |one: &Locked| {
            let package = match &one.package {
                LockedPackage::Release { package, .. } => package.to_string(),
                LockedPackage::Open { text, why } => format!("{text}: {why:?}"),
            };
            let dependency = one.dependency.as_ref().map_or(" ?".to_owned(), |one| {
                let because = one.because.as_ref().map_or(String::new(), |name| format!(" by {name}"));
                format!(
                    "{because}{}{}",
                    if one.development { " dev" } else { "" },
                    if one.optional { " optional" } else { "" }
                )
            });
            format!("{} {package}{dependency}", one.place.line)
        };
        read("pnpm-lock.yaml", text.as_bytes()).map(|found| found.iter().map(one).collect())
    }

    fn nine(packages: &str) -> Result<Vec<String>, LockError> {
        told(&format!("lockfileVersion: '9.0'\npackages:\n{packages}\n").replace("GOOD", &integrity("x")))
    }

    #[test]
    fn version_9_names_each_release_once_and_tells_what_it_is_for() {
        let text = "\
lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      react-dom:
        specifier: ^18
        version: 18.2.0(react@18.2.0)
      alias:
        specifier: npm:@acme/real@1
        version: '@acme/real@1.0.0'
      own:
        specifier: workspace:*
        version: link:packages/own
    devDependencies:
      tool: {specifier: ^1, version: 1.0.0-rc.1}
  packages/own:
    optionalDependencies:
      react: {specifier: ^18, version: 18.2.0}
packages:
  '@acme/real@1.0.0':
    resolution: {integrity: GOOD}
  react-dom@18.2.0:
    resolution: {integrity: GOOD, tarball: https://npm.pkg.github.com/x.tgz}
  react@18.2.0:
    resolution: {integrity: GOOD}
  scheduler@0.23.0:
    resolution: {integrity: GOOD}
  tool@1.0.0-rc.1:
    resolution: {integrity: GOOD}
snapshots:
  '@acme/real@1.0.0': {}
  react-dom@18.2.0(react@18.2.0):
    dependencies:
      react: 18.2.0
      scheduler: 0.23.0
  react@18.2.0: {}
  scheduler@0.23.0: {}
  tool@1.0.0-rc.1:
    dependencies: {scheduler: 0.23.0}
";
        let expected = [
            "20 npm:@acme/real@1.0.0",
            "22 npm:react-dom@18.2.0",
            "24 npm:react@18.2.0",
            "26 npm:scheduler@0.23.0 by react-dom",
            "28 npm:tool@1.0.0-rc.1 dev",
        ];
        for end in ["\n", "\r\n", "\r"] {
            let found = told(&text.replace("GOOD", &integrity("x")).replace('\n', end));
            assert_eq!(found, Ok(expected.map(str::to_owned).to_vec()), "{end:?}");
        }
    }

    #[test]
    fn version_6_names_each_release_once_for_all_its_peers() {
        let text = "\
lockfileVersion: '6.1'
dependencies:
  b: {specifier: ^1, version: 1.0.0(a@1.0.0)}
  c: {specifier: 'npm:a@1', version: /a@1.0.0}
devDependencies:
  file: {specifier: 'file:x.tgz', version: 'file:x.tgz'}
packages:
  /@acme/d@1.0.0-0:
    resolution: {integrity: GOOD}
    dev: true
  /a@1.0.0:
    resolution: {integrity: GOOD}
  /b@1.0.0(@acme/d@1.0.0-0)(a@1.0.0(x@1.0.0)):
    resolution: {integrity: GOOD}
  /b@1.0.0(a@1.0.0):
    resolution: {integrity: GOOD}
    dependencies: {'@acme/d': 1.0.0-0}
  file:x.tgz:
    resolution: {integrity: GOOD, tarball: 'file:x.tgz'}
    name: file
    version: 1.0.0
  github.com/acme/e/0123:
    resolution: {tarball: 'https://codeload.github.com/acme/e/tar.gz/0123'}
    name: e
    version: 1.0.0
";
        let expected = [
            "8 npm:@acme/d@1.0.0-0 by b",
            "11 npm:a@1.0.0",
            "13 npm:b@1.0.0",
            "18 file:x.tgz: Elsewhere dev",
            "22 github.com/acme/e/0123: Unnamed ?",
        ];
        assert_eq!(told(&text.replace("GOOD", &integrity("x"))), Ok(expected.map(str::to_owned).to_vec()));
    }

    #[test]
    fn what_names_no_release_is_open_and_never_left_out() {
        for (entry, why) in [
            ("a@1.0.0: {}", "NoIntegrity"),
            ("a@1.0.0: {resolution: {tarball: 'https://a.example/a.tgz'}}", "NoIntegrity"),
            ("a@1.0.0: {resolution: {integrity: sha1-3gH4MPRbNgj+DHsrT3ICHgRPvxQ=}}", "NotSha512"),
            ("a@1.0.0: {resolution: {integrity: GOOD GOOD}}", "NotSha512"),
            ("a@1.0.0: {resolution: [GOOD]}", "Unreadable"),
            ("a@1.0.0: {resolution: {integrity: [GOOD]}}", "Unreadable"),
            // pnpm fetches all of these by other means and ignores the integrity.
            ("a@1.0.0: {resolution: {integrity: GOOD, type: git, repo: r, commit: c}}", "Elsewhere"),
            ("a@1.0.0: {resolution: {integrity: GOOD, path: /packages/a}}", "Elsewhere"),
            ("a@1.0.0: {resolution: {integrity: GOOD, gitHosted: true}}", "Elsewhere"),
            ("a@1.0.0: {resolution: {integrity: GOOD, tarball: 'file:a.tgz'}}", "Elsewhere"),
            ("a@1.0.0: {resolution: {type: directory, directory: ../a}}", "Folder"),
            ("a@1.0.0: {resolution: {integrity: GOOD}, version: 1.0.1}", "Unnamed"),
            ("a@1.0.0: {resolution: {integrity: GOOD}, name: b}", "Unnamed"),
            ("a@1.0.0(b@1.0.0): {resolution: {integrity: GOOD}}", "Unnamed"),
            ("/a@1.0.0: {resolution: {integrity: GOOD}}", "Unnamed"),
            ("a@^1.0.0: {resolution: {integrity: GOOD}}", "Unnamed"),
            ("'a@git+https://h/a.git#0': {resolution: {integrity: GOOD}}", "Unnamed"),
        ] {
            let key = entry.split(": ").next().expect("a key").trim_matches('\'');
            assert_eq!(nine(&format!("  {entry}")), Ok(vec![format!("3 {key}: {why} ?")]), "{entry}");
        }
    }

    /// pnpm merges an entry of `packages` into that of `snapshots`, and installs an entry that is only in `snapshots` too.
    #[test]
    fn a_snapshot_without_a_package_is_not_passed_over() {
        let good = "  a@1.0.0: {resolution: {integrity: GOOD}}\nsnapshots:\n  a@1.0.0: {}\n  ";
        for snapshot in ["evil@1.0.0", "a@1.0.0(x)y(z)", "a@1.0.0(x", "a@1.0.1(a@1.0.0)"] {
            let found = nine(&format!("{good}{snapshot}: {{resolution: {{integrity: GOOD}}}}"));
            assert_eq!(found, Ok(vec!["3 npm:a@1.0.0 ?".to_owned(), format!("6 {snapshot}: NoEntry ?")]), "{snapshot}");
        }
    }

    #[test]
    fn folders_are_no_packages_if_they_are_the_projects_own() {
        let found = told(&format!(
            "\
lockfileVersion: '9.0'
importers:
  .: {{}}
  packages/a:
    dependencies:
      own: {{version: 'link:../b'}}
      outside: {{version: 'link:../../../x'}}
      absolute: {{version: 'link:/packages/b'}}
      injected: {{version: 'file:packages/b'}}
      lost: {{version: 1.0.0}}
  packages/b: {{}}
packages:
  b@1.0.0: {{resolution: {{integrity: {}}}}}
  injected@file:packages/b: {{resolution: {{directory: packages/b, type: directory}}}}
snapshots:
  b@1.0.0: {{dependencies: {{own: 'link:packages/b', far: 'link:../far'}}}}
",
            integrity("x")
        ));
        let expected = [
            "7 outside: Folder ?",
            "8 absolute: Folder ?",
            "10 lost: NoEntry ?",
            "13 npm:b@1.0.0 ?",
            "16 far: Folder ?",
        ];
        assert_eq!(found, Ok(expected.map(str::to_owned).to_vec()));
    }

    #[test]
    fn two_tarballs_of_one_release_and_two_documents_are_all_read() {
        let of = |text: &str| {
            format!(
                "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: {{resolution: {{integrity: {}}}}}\n",
                integrity(text)
            )
        };
        let both = format!("{}---\n{}---\n{}", of("x"), of("y"), of("x"));
        assert_eq!(told(&both), Ok(vec!["3 npm:a@1.0.0 ?".to_owned(), "7 npm:a@1.0.0 ?".to_owned()]));
    }

    #[test]
    fn what_is_no_lock_file_of_pnpm_is_refused() {
        for version in ["5.4", "'5.4'", "'7.0'", "'10.0'", "9", "''"] {
            let found = told(&format!("lockfileVersion: {version}\npackages: {{}}\n"));
            assert!(matches!(found, Err(LockError::Version { tool: Tool::Pnpm, .. })), "{version}: {found:?}");
        }
        assert_eq!(told("lockfileVersion: '9.0'\n"), Err(LockError::Empty));
        let nested = format!("lockfileVersion: '9.0'\npackages: {}{}\n", "[".repeat(100), "]".repeat(100));
        for text in [
            "a: 1\n",
            "[]\n",
            "lockfileVersion: ['9.0']\n",
            "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: {}\n  a@1.0.0: {}\n",
            "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: {}\npackages:\n  b@1.0.0: {}\n",
            "lockfileVersion: '9.0'\nlockfileVersion: '6.0'\n",
            "x: &x {a@1.0.0: {}}\nlockfileVersion: '9.0'\npackages:\n  <<: *x\n",
            "lockfileVersion: '9.0'\n<<<<<<< HEAD\npackages: {}\n",
            &nested,
        ] {
            assert!(matches!(told(text), Err(LockError::Form(_))), "{text}");
        }
        let bomb: String = (0..20)
            .map(|level| {
                format!("x{level}: &x{level} [{}]\n", "*x, ".replace('x', &format!("x{}", level - 1)).repeat(9))
            })
            .skip(1)
            .collect();
        assert!(matches!(told(&format!("x0: &x0 [a]\n{bomb}lockfileVersion: '9.0'\n")), Err(LockError::Form(_))));
    }

    /// What an alias repeats is read as js-yaml reads it, and each value has the line where it is written.
    #[test]
    fn an_alias_is_a_copy() {
        let found = nine("  a@1.0.0: &a {resolution: {integrity: GOOD}}\n  b@1.0.0: *a");
        assert_eq!(found, Ok(vec!["3 npm:a@1.0.0 ?".to_owned(), "4 npm:b@1.0.0 ?".to_owned()]));
    }

    #[test]
    fn as_many_packages_are_read_as_may_be_listed() {
        let of = |count: usize, entry: &str| {
            let entry = |number: usize| ["  p".to_owned(), number.to_string(), format!("@1.0.0: {{{entry}}}\n")];
            nine(&(0..count).flat_map(entry).collect::<String>())
        };
        let found = of(MOST_PACKAGES, "resolution: {integrity: GOOD}, engines: {node: 18}");
        assert_eq!(found.map(|found| found.len()), Ok(MOST_PACKAGES));
        assert_eq!(of(MOST_PACKAGES + 1, ""), Err(LockError::TooMany));
    }
}
