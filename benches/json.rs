//! The strict reader against plain `serde_json`, on an SPDX document of 60 MB.
//!
//! `cargo bench --bench json` reads one document into the same types in three ways: by `serde_json` alone; through the reader that
//! takes a struct from an object and never from an array (`json::from_part`); and that with the check for duplicate keys, depth and
//! UTF-8 before it (`json::from_slice`), which is how bytes from outside are read. Every way borrows from the text.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use bonafide::json;
use serde::Deserialize;

const ROUNDS: usize = 7;
const BYTES: usize = 60_000_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(borrow)]
    spdx_version: &'a str,
    #[serde(borrow)]
    packages: Vec<Package<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package<'a> {
    #[serde(borrow)]
    name: &'a str,
    #[serde(borrow)]
    version_info: &'a str,
    #[serde(borrow)]
    external_refs: Vec<Reference<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference<'a> {
    #[serde(borrow)]
    reference_locator: &'a str,
}

fn main() {
    let text = document();
    println!("{} MB; medians of {ROUNDS} rounds", text.len() / 1_000_000);
    println!("{:<34} {:>8} {:>12}", "", "wall", "peak added");
    let before = peak();
    let row = |name: &str, read: &dyn Fn()| {
        let wall = median(read);
        let added = peak().saturating_sub(before);
        println!("{name:<34} {:>5} ms {:>8} KiB", wall.as_millis(), added);
    };
    row("check alone", &|| json::check(text.as_bytes()).expect("JSON"));
    row("serde_json alone", &|| count(&serde_json::from_str(&text).expect("a document")));
    row("from_part: objects alone", &|| count(&json::from_part(&text).expect("a document")));
    row("from_slice: check, objects alone", &|| count(&json::from_slice(text.as_bytes()).expect("a document")));
}

fn count(document: &Document<'_>) {
    let references = document.packages.iter().flat_map(|package| &package.external_refs);
    let bytes: usize = references.map(|reference| reference.reference_locator.len()).sum();
    let names: usize = document.packages.iter().map(|package| package.name.len() + package.version_info.len()).sum();
    black_box((document.spdx_version, bytes, names));
}

/// Packages as syft writes them.
fn document() -> String {
    let mut text = String::with_capacity(BYTES + 4096);
    text.push_str(r#"{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","packages":["#);
    for number in 0.. {
        if text.len() > BYTES {
            break;
        }
        let comma = if number > 0 { "," } else { "" };
        let _ = write!(
            text,
            r#"{comma}{{"name":"package-{number}","SPDXID":"SPDXRef-Package-npm-{number}","versionInfo":"1.{number}.0",
            "supplier":"Organization: Acme","downloadLocation":"NOASSERTION","filesAnalyzed":false,
            "sourceInfo":"acquired package info from installed node module manifest file: /app/node_modules/{number}/package.json",
            "licenseConcluded":"NOASSERTION","licenseDeclared":"MIT","copyrightText":"NOASSERTION",
            "externalRefs":[{{"referenceCategory":"SECURITY","referenceType":"cpe23Type","referenceLocator":"cpe:2.3:a:a:p{number}:1:*:*:*:*:*:*:*"}},
            {{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:npm/package-{number}@1.{number}.0"}}]}}"#
        );
    }
    text.push_str("]}");
    text
}

fn median(read: &dyn Fn()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            read();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

/// The most memory that the process has had, in KiB; nothing where the system does not say.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
}
