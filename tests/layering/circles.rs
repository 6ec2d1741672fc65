//! Circles between files: files that name items of each other, whichever way round. None of them can be read or moved alone.
//!
//! A name is followed through `pub use` to the file that declares the item, so a `mod.rs` that only hands on is in no circle. What
//! is not written as a path (methods, items of a glob) is not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

/// A path below `crate`.
pub(crate) type Path = Vec<String>;

/// A source file, by what the crate sees of it.
struct File {
    declared: BTreeSet<String>,
    /// Names that it hands on, and what they are.
    shared: BTreeMap<String, Path>,
    named: Vec<Path>,
}

struct Crate {
    files: BTreeMap<String, File>,
    /// The file of each module.
    modules: BTreeMap<Path, String>,
}

/// Files that reach each other by what they name.
#[derive(Debug)]
pub(crate) struct Circle {
    pub(crate) files: Vec<String>,
    /// What makes the circle, a line for each pair of files: `a.rs -> b.rs: Item, other`.
    pub(crate) edges: Vec<String>,
}

/// What each file names in each other file.
type Edges<'a> = BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<&'a str>>>;

/// Returns the paths below the crate that each file names.
pub(crate) fn named(sources: &BTreeMap<String, String>) -> BTreeMap<&str, Vec<Path>> {
    let modules: BTreeMap<Path, String> = sources.keys().map(|file| (module_of(file), file.clone())).collect();
    let paths = |(file, text): (&'_ String, &String)| {
        let File { shared, named, .. } = read(&module_of(file), text, &modules);
        shared.into_values().chain(named).collect()
    };
    sources.iter().map(|(file, text)| (file.as_str(), paths((file, text)))).collect()
}

/// Returns every circle of more than one file, each with its files in order.
pub(crate) fn circles(sources: &BTreeMap<String, String>) -> Vec<Circle> {
    let modules: BTreeMap<Path, String> = sources.keys().map(|file| (module_of(file), file.clone())).collect();
    let files = sources.iter().map(|(file, text)| (file.clone(), read(&module_of(file), text, &modules))).collect();
    let all = Crate { files, modules };
    let edges: Edges = all.files.iter().map(|(file, read)| (file.as_str(), all.targets(file, read))).collect();
    // Everything that a file reaches; those that reach each other are one circle.
    let reached: BTreeMap<&str, BTreeSet<&str>> = edges.keys().map(|file| (*file, reach(file, &edges))).collect();
    let mut found: Vec<Circle> = Vec::new();
    for (file, others) in &reached {
        let is_first =
            others.contains(file) && !found.iter().any(|circle| circle.files.iter().any(|known| known == file));
        let circle: BTreeSet<&str> =
            others.iter().copied().filter(|other| reached.get(other).is_some_and(|back| back.contains(file))).collect();
        if is_first && circle.len() > 1 {
            found.push(Circle {
                files: circle.iter().map(|file| (*file).to_owned()).collect(),
                edges: lines(&circle, &edges),
            });
        }
    }
    found
}

fn lines(circle: &BTreeSet<&str>, edges: &Edges) -> Vec<String> {
    let of_file = |file: &&str| {
        let inside = edges[file].iter().filter(|(target, _)| circle.contains(*target));
        let line = |(target, items): (&&str, &BTreeSet<&str>)| {
            format!("{file} -> {target}: {}", items.iter().copied().collect::<Vec<_>>().join(", "))
        };
        inside.map(line).collect::<Vec<String>>()
    };
    circle.iter().flat_map(of_file).collect()
}

fn reach<'a>(start: &str, edges: &Edges<'a>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let next = |file: &str| edges.get(file).into_iter().flat_map(|targets| targets.keys().copied());
    let mut open: Vec<&str> = next(start).collect();
    while let Some(file) = open.pop() {
        if reached.insert(file) {
            open.extend(next(file));
        }
    }
    reached
}

impl Crate {
    /// The other files that declare what a file names, and what that is.
    fn targets(&self, file: &str, read: &File) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut targets: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let named = read.named.iter().filter_map(|path| self.declaring(path, 0));
        for (target, item) in named.filter(|(target, _)| *target != file) {
            targets.entry(target).or_default().insert(item);
        }
        targets
    }

    /// The file that declares the item at a path, and the item.
    fn declaring(&self, path: &Path, depth: usize) -> Option<(&str, &str)> {
        let (length, file) =
            (1..=path.len()).rev().find_map(|length| Some((length, self.modules.get(&path[..length])?)))?;
        let item = path.get(length)?;
        let read = &self.files[file];
        if let Some(item) = read.declared.get(item) {
            return Some((file, item));
        }
        let next = read.shared.get(item).filter(|_| depth < 8)?;
        let shared: Path = next.iter().chain(&path[length + 1..]).cloned().collect();
        self.declaring(&shared, depth + 1)
    }
}

fn module_of(file: &str) -> Path {
    let path = file.trim_end_matches(".rs").trim_end_matches("/mod");
    path.split('/').filter(|part| *part != "lib").map(str::to_owned).collect()
}

static DECLARATION: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(?:fn|struct|enum|trait|const|static|type|macro_rules!)\s+([A-Za-z_]\w*)"));
static IMPORT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(pub(?:\([^)]*\))?\s+)?\buse\s+([^;]+);"));
static PATH: LazyLock<Regex> = LazyLock::new(|| pattern(r"[A-Za-z_]\w*(?:::[A-Za-z_]\w*)+"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

fn read(module: &Path, text: &str, modules: &BTreeMap<Path, String>) -> File {
    // Tests may name everything.
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let text = text.split("#[cfg(all(test").next().unwrap_or_default();
    // A lifetime, not a declaration.
    let text = &text.replace("'static", "");
    let declared = DECLARATION.captures_iter(text).map(|found| found[1].to_owned()).collect();
    let (mut shared, mut named) = (BTreeMap::new(), Vec::new());
    for found in IMPORT.captures_iter(text) {
        for path in expanded(&found[2]) {
            let Some(path) = absolute(module, &path, modules) else { continue };
            match (found.get(1), path.last()) {
                (Some(_), Some(name)) => drop(shared.insert(name.clone(), path)),
                _ => named.push(path),
            }
        }
    }
    let body = IMPORT.replace_all(text, "");
    // Paths in the code: from the crate, or from a module that was imported or is a child.
    let children = modules.keys().filter(|path| path.len() == module.len() + 1 && path.starts_with(module));
    let known = named.iter().filter(|path| modules.contains_key(*path)).chain(children);
    let known: BTreeMap<String, Path> = known.filter_map(|path| Some((path.last()?.clone(), path.clone()))).collect();
    for found in PATH.find_iter(&body) {
        let path: Path = found.as_str().split("::").map(str::to_owned).collect();
        if ["crate", "super", "self"].contains(&path[0].as_str()) {
            named.extend(absolute(module, &path, modules));
        } else if let Some(start) = known.get(&path[0]) {
            named.push(start.iter().chain(&path[1..]).cloned().collect());
        }
    }
    File { declared, shared, named }
}

/// The paths of a `use`, with its braces opened.
fn expanded(tree: &str) -> Vec<Path> {
    let (mut depth, mut items, mut item) = (0_usize, Vec::new(), String::new());
    for character in tree.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                items.push(std::mem::take(&mut item));
                continue;
            }
            _ => {}
        }
        item.push(character);
    }
    items.push(item);
    let parts = |text: &str| -> Path {
        text.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
    };
    let of_item = |item: &String| match item.trim().split_once('{') {
        Some((start, rest)) => {
            let rest = expanded(rest.trim_end().trim_end_matches('}').trim_end().trim_end_matches(','));
            rest.into_iter().map(|path| parts(start).into_iter().chain(path).collect()).collect()
        }
        None => vec![parts(item.split(" as ").next().unwrap_or_default())],
    };
    items.iter().flat_map(of_item).filter(|path: &Path| !path.is_empty()).collect()
}

/// A path as seen from the crate; nothing for other crates.
fn absolute(module: &Path, path: &Path, modules: &BTreeMap<Path, String>) -> Option<Path> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    let (start, rest): (&[String], &[String]) = match path.first()?.as_str() {
        "crate" => (&[], &path[1..]),
        "self" => (module, &path[1..]),
        "super" => (&module[..module.len().checked_sub(ups)?], &path[ups..]),
        _ => {
            let child: Path = module.iter().chain(&path[..1]).cloned().collect();
            modules.contains_key(&child).then_some((module.as_slice(), path.as_slice()))?
        }
    };
    Some(start.iter().chain(rest).cloned().collect())
}

#[test]
fn a_circle_is_found_and_a_module_that_only_hands_on_is_in_none() {
    let of = |files: &[(&str, &str)]| {
        circles(&files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect())
    };
    let handed_on = ("a/mod.rs", "mod b;\nmod c;\npub use b::Item;");
    let below = ("a/b.rs", "use super::c::other;\npub struct Item;");
    let alone = ("a/c.rs", "pub fn other() {}");
    assert!(of(&[handed_on, below, alone]).is_empty());
    for text in [
        "use super::Item;\npub fn other() {}",
        "use crate::a::{Item, x};\npub fn other() {}",
        "pub fn other() { crate::a::b::Item; }",
        "use super::b;\npub fn other() { b::Item; }",
    ] {
        let found = of(&[handed_on, below, ("a/c.rs", text)]);
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].files, ["a/b.rs", "a/c.rs"], "{text}");
        assert_eq!(found[0].edges, ["a/b.rs -> a/c.rs: other", "a/c.rs -> a/b.rs: Item"], "{text}");
    }
}
