//! The table of threats in `docs/threats.md` and the numbers that code and tests cite, held against each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const TABLE: &str = include_str!("../docs/threats.md");

/// How a row says why there is no test.
const NO_TEST: &str = "no test: ";

/// Files that cite numbers. Others hold digests and names of fixtures, which look like numbers.
const READ: [&str; 4] = ["rs", "md", "sh", "py"];

/// A row of the table: its id, and what stands under "where it is tested".
fn rows() -> BTreeMap<&'static str, &'static str> {
    let lines = TABLE.lines().filter(|line| line.starts_with("| A"));
    let mut rows = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [id, input, verdict, tested] = *cells else { panic!("a row of four cells: {line}") };
        assert!(![input, verdict, tested].contains(&""), "an empty cell: {line}");
        assert_eq!(rows.insert(id, tested), None, "a number twice: {id}");
    }
    rows
}

/// Numbers as words (`A123`), and as the beginning of a test's name (`a123_a124_what_must_hold`).
fn cited(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for word in text.split(|one: char| !one.is_ascii_alphanumeric() && one != '_') {
        if let Some(digits) = word.strip_prefix('A').filter(|digits| is_number(digits)) {
            found.insert(format!("A{digits}"));
        }
        let mut parts = word.split('_').peekable();
        while let Some(digits) = parts.next().and_then(|part| part.strip_prefix('a')).filter(|part| is_number(part)) {
            if parts.peek().is_some() {
                found.insert(format!("A{digits}"));
            }
        }
    }
    found
}

fn is_number(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn files(folder: &Path, found: &mut BTreeMap<String, BTreeSet<String>>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry").path();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if path.is_dir() && !path.ends_with("target") {
            files(&path, found);
        } else if READ.contains(&extension) {
            let text = fs::read_to_string(&path).expect("text");
            let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("a file of the repository");
            found.insert(name.display().to_string(), cited(&text));
        }
    }
}

fn citations() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for folder in ["src", "tests", "fuzz"] {
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    // This file shows what numbers look like.
    found.remove("tests/threats.rs");
    found
}

#[test]
fn every_number_that_is_cited_is_a_row() {
    let rows = rows();
    for (file, numbers) in citations() {
        let unknown: Vec<&String> = numbers.iter().filter(|number| !rows.contains_key(number.as_str())).collect();
        assert!(unknown.is_empty(), "{file} cites {unknown:?}, of which docs/threats.md has no row");
    }
}

#[test]
fn every_row_names_files_that_cite_it_or_a_reason() {
    let citations = citations();
    for (id, tested) in rows() {
        if tested.starts_with(NO_TEST) {
            let tests = citations.iter().filter(|(file, _)| file.starts_with("tests/"));
            let citing: Vec<&String> =
                tests.filter(|(_, numbers)| numbers.contains(id)).map(|(file, _)| file).collect();
            assert!(citing.is_empty(), "{id} has no test, says docs/threats.md, but {citing:?} cite it");
            continue;
        }
        for file in tested.split(", ") {
            let name = file.trim_matches('`');
            let cites = citations.get(name).is_some_and(|numbers| numbers.contains(id));
            assert!(cites, "{id} is tested in {name}, says docs/threats.md, which does not cite it");
        }
    }
}

#[test]
fn numbers_are_whole_words_or_begin_the_name_of_a_test() {
    let numbers = |text: &str| cited(text).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(numbers("refused (A001, A002-A003); fn a004_a005_it_holds()"), "A001 A002 A003 A004 A005");
    assert_eq!(numbers("sha256:a123 a123 A1234 xA123 A12 ba123_x a12_a123_x"), "");
}
