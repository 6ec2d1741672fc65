//! What Bonafide says, for `compare.py` and `advisories.py`: one question a line, and one answer a line.
//!
//! Without an argument versions and names are compared.
//! `TYPE<tab>ONE<tab>OTHER` is answered with whether each is a version (`y` or `n`), their order (`<`, `=`, `>` or `-`) and whether
//! a rule about the first one is about the second one (`yes`, `no` or `unknown`). `name` before the type compares names.
//!
//! With `advisories FILE` each line is a package URL, and the answer lists the ids of the records that the package is affected by; a
//! `?` stands before those that leave it open.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::io::{self, BufRead, BufWriter, Write};

use bonafide::packages::{Advisories, Listed, Purl, Same, Scheme, Version, Vulnerable, same_version};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => compare(),
        [mode, file] if mode == "advisories" => examine(file),
        _ => Err(io::Error::other("no argument, or `advisories FILE`")),
    }
}

fn examine(file: &str) -> io::Result<()> {
    let mut advisories = Advisories::default();
    advisories.add(&std::fs::read_to_string(file)?).map_err(io::Error::other)?;
    let mut answers = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let purls = [Cow::Owned(line?)];
        let examined = advisories.examine([Listed { purls: &purls, ..Listed::default() }].into_iter());
        let ids = |found: &Vulnerable| format!("{}{}", if found.is_certain { "" } else { "?" }, found.ids.join(" "));
        writeln!(answers, "{}", examined.vulnerable.iter().map(ids).collect::<Vec<_>>().join(" "))?;
    }
    answers.flush()
}

fn compare() -> io::Result<()> {
    let mut answers = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line?;
        let answer = match line.split('\t').collect::<Vec<_>>()[..] {
            ["name", kind, one, other] => compare_names(kind, one, other),
            [kind, one, other] => compare_versions(kind, one, other),
            _ => return Err(io::Error::other(format!("`{line}` is no pair"))),
        };
        writeln!(answers, "{answer}")?;
    }
    answers.flush()
}

fn compare_versions(kind: &str, one: &str, other: &str) -> String {
    let version = |text| Scheme::of(kind).and_then(|scheme| Version::parse(scheme, text).ok());
    let (first, second) = (version(one), version(other));
    let [is_first, is_second] = [&first, &second].map(|version| if version.is_some() { 'y' } else { 'n' });
    let order = match first.zip(second).and_then(|(first, second)| first.compare(&second)) {
        Some(Ordering::Less) => '<',
        Some(Ordering::Equal) => '=',
        Some(Ordering::Greater) => '>',
        None => '-',
    };
    let same = match same_version(kind, one, other) {
        Same::Yes => "yes",
        Same::No => "no",
        Same::Unknown => "unknown",
    };
    format!("{is_first}{is_second}{order} {same}")
}

fn compare_names(kind: &str, one: &str, other: &str) -> String {
    let [one, other] = [one, other].map(|name| format!("pkg:{kind}/{name}"));
    let keys = Purl::parse(&one).ok().zip(Purl::parse(&other).ok()).map(|(one, other)| one.is_same_package(&other));
    keys.map_or("invalid", |same| if same { "yes" } else { "no" }).to_owned()
}
