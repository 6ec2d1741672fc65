//! A document in the making: who refers to whom is kept as numbers, and every list has a limit.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use crate::check::{CheckId, Finding};

use super::model::{Counts, End, Format, Package, Relation, Relationship, Sbom, Text, clipped};

/// Packages that a document may list. The largest real ones have a tenth of it.
const MAX_PACKAGES: usize = 500_000;
/// Files, agents, licences and other elements that a document may list, packages included.
const MAX_ELEMENTS: usize = 2_000_000;
/// Relationships that a document may state.
const MAX_RELATIONSHIPS: usize = 5_000_000;
/// Names that are given where something is missing.
const FIRST: usize = 5;

/// A name that no element has: the end of a relationship to nothing.
pub(super) const NOTHING: &str = "\0";

/// A document in the making.
pub(super) struct Builder<'a> {
    pub(super) sbom: Sbom<'a>,
    /// The number of each element by the hash of its name, keyed anew for every document. Names themselves would take
    /// three times the room.
    numbers: HashMap<u64, u32, BuildHasherDefault<Hashed>>,
    hasher: RandomState,
    /// What each element is, by its number.
    elements: Vec<Option<End>>,
    /// Names that were referred to before anything had them.
    forward: Vec<(u32, Text<'a>)>,
    /// Relationships in the order of the document; their ends are numbers of elements until all is read, then places.
    stated: Vec<Relationship>,
    /// What the document says it describes, by number.
    described: Vec<u32>,
    packages: u64,
}

impl<'a> Builder<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self {
            sbom: Sbom { source, ..Sbom::default() },
            numbers: HashMap::default(),
            hasher: RandomState::new(),
            elements: Vec::new(),
            forward: Vec::new(),
            stated: Vec::new(),
            described: Vec::new(),
            packages: 0,
        }
    }

    /// Adds a package.
    pub(super) fn package(&mut self, package: Package<'a>) {
        if let Some(place) = self.reserve() {
            self.fill(place, package);
        }
    }

    /// Reserves the place of a package whose inner packages are read before its own end.
    pub(super) fn reserve(&mut self) -> Option<usize> {
        self.packages += 1;
        let place = self.sbom.packages.len();
        (place < MAX_PACKAGES).then(|| {
            self.sbom.packages.push(Package::default());
            place
        })
    }

    pub(super) fn fill(&mut self, at: usize, package: Package<'a>) {
        self.define(&package.id, place_of(at));
        self.sbom.packages[at] = package;
    }

    /// Takes back the place that was reserved last: it was for a file.
    pub(super) fn turn_into_file(&mut self, id: &str) {
        self.packages -= 1;
        self.sbom.packages.pop();
        self.sbom.counts.files += 1;
        self.define(id, End::OTHER);
    }

    /// Notes that one package is inside of another, by their places.
    pub(super) fn contain(&mut self, parent: Option<usize>, child: usize) {
        let Some(parent) = parent else { return };
        self.sbom.counts.relationships += 1;
        if self.sbom.relationships.len() < MAX_RELATIONSHIPS {
            let [from, to] = [parent, child].map(place_of);
            self.sbom.relationships.push(Relationship { from, to, kind: Relation::Contains });
        }
    }

    /// Notes that the document describes the package in this place.
    pub(super) fn describe_place(&mut self, place: Option<usize>) {
        self.sbom.describes.extend(place);
    }

    /// Defines a name. The first definition counts.
    pub(super) fn define(&mut self, name: &str, end: End) {
        if name.is_empty() {
            return;
        }
        let number = self.number(name);
        if let Some(element) = self.elements.get_mut(number as usize) {
            element.get_or_insert(end);
        }
    }

    /// The package that has a name.
    pub(super) fn package_named(&mut self, name: &str) -> Option<&mut Package<'a>> {
        let place = self.find(name)?.package()?;
        self.sbom.packages.get_mut(place)
    }

    fn find(&self, name: &str) -> Option<End> {
        let number = self.numbers.get(&self.hasher.hash_one(name))?;
        self.elements.get(*number as usize).copied().flatten()
    }

    /// Adds a relationship between two names.
    pub(super) fn relate(&mut self, from: &Text<'a>, kind: Relation, to: &Text<'a>) {
        self.sbom.counts.relationships += 1;
        if self.stated.len() < MAX_RELATIONSHIPS {
            let [from, to] = [from, to].map(|name| End::at(self.refer(name)));
            self.stated.push(Relationship { from, to, kind });
        }
    }

    /// Notes that the document describes what has this name.
    pub(super) fn describe(&mut self, name: &Text<'a>) {
        let number = self.refer(name);
        self.described.push(number);
    }

    /// The number of a name that something else refers to.
    fn refer(&mut self, name: &Text<'a>) -> u32 {
        let count = self.elements.len();
        let number = self.number(name);
        if self.elements.len() > count {
            self.forward.push((number, name.clone()));
        }
        number
    }

    fn number(&mut self, name: &str) -> u32 {
        let next = u32::try_from(self.elements.len()).expect("a number up to MAX_ELEMENTS");
        if next as usize >= MAX_ELEMENTS {
            return self.numbers.get(&self.hasher.hash_one(name)).copied().unwrap_or(next);
        }
        let elements = &mut self.elements;
        *self.numbers.entry(self.hasher.hash_one(name)).or_insert_with(|| {
            elements.push(None);
            next
        })
    }

    /// Everything is read: numbers become places, and undefined names are counted.
    pub(super) fn finish(mut self, format: Format) -> Result<Sbom<'a>, Finding> {
        self.check_limits()?;
        let elements = &self.elements;
        let end = |number: usize| elements.get(number).copied().flatten();
        let counts = &mut self.sbom.counts;
        for one in &mut self.stated {
            for side in [&mut one.from, &mut one.to] {
                let known = side.package().and_then(end);
                counts.dangling += u64::from(known.is_none());
                *side = known.unwrap_or(End::OUTSIDE);
            }
            if (one.from, one.kind) == (End::DOCUMENT, Relation::Describes) {
                note_described(one.to, &mut self.sbom.describes, counts);
            }
        }
        // What components are inside of is known by place already.
        self.stated.append(&mut self.sbom.relationships);
        self.sbom.relationships = self.stated;
        self.described.sort_unstable();
        self.described.dedup();
        for number in self.described {
            counts.dangling += u64::from(end(number as usize).is_none());
            note_described(end(number as usize).unwrap_or(End::OUTSIDE), &mut self.sbom.describes, counts);
        }
        self.sbom.describes.sort_unstable();
        self.sbom.describes.dedup();
        let nowhere = self.forward.iter().filter(|(number, _)| end(*number as usize).is_none());
        counts.dangling_names = nowhere.take(FIRST).map(|(_, name)| clipped(name)).collect();
        self.sbom.format = format;
        Ok(self.sbom)
    }

    /// A part of a document is not the document (A222).
    fn check_limits(&self) -> Result<(), Finding> {
        let relationships = self.sbom.counts.relationships;
        let over = [
            (self.packages, MAX_PACKAGES, "packages"),
            (relationships, MAX_RELATIONSHIPS, "relationships"),
            (self.elements.len() as u64 + 1, MAX_ELEMENTS, "elements"),
        ]
        .into_iter()
        .find(|(count, limit, _)| *count > *limit as u64);
        match over {
            None => Ok(()),
            Some((count, limit, what)) => {
                let found = if what == "elements" { format!("{limit} or more") } else { count.to_string() };
                Err(Finding::error(CheckId::SbomFormat, format!("the SBOM has more {what} than are read"))
                    .expected(format!("at most {limit} {what}"))
                    .found(found)
                    .next("attest an SBOM for each part of the image, or leave out files (`syft --select-catalogers`)"))
            }
        }
    }
}

/// Passes an existing hash through.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("the keys are numbers");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

fn place_of(place: usize) -> End {
    End::at(u32::try_from(place).expect("places are below MAX_PACKAGES"))
}

fn note_described(end: End, describes: &mut Vec<usize>, counts: &mut Counts) {
    match end.package() {
        Some(place) => describes.push(place),
        // What holds all of the document has roots of its own.
        None => counts.describes_otherwise += u64::from(end != End::DOCUMENT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: Format = Format { family: super::super::model::Family::Spdx, version: "2.3" };

    fn named(name: &'static str) -> Package<'static> {
        Package { id: name.into(), ..Package::default() }
    }

    #[test]
    fn relationships_may_come_before_what_they_relate() {
        let mut builder = Builder::new("");
        builder.define("doc", End::DOCUMENT);
        builder.relate(&"doc".into(), Relation::Describes, &"a".into());
        builder.relate(&"a".into(), Relation::Contains, &"b".into());
        builder.package(named("b"));
        builder.package(named("a"));
        let sbom = builder.finish(FORMAT).expect("within limits");
        assert_eq!(sbom.describes, [1]);
        assert_eq!((sbom.relationships[1].from.package(), sbom.relationships[1].to.package()), (Some(1), Some(0)));
        assert_eq!(sbom.counts.dangling, 0);
    }

    #[test]
    fn a223_what_is_referred_to_and_nowhere_is_counted_and_named() {
        let mut builder = Builder::new("");
        builder.package(named("a"));
        for _ in 0..3 {
            builder.relate(&"a".into(), Relation::DependsOn, &"ghost".into());
        }
        let sbom = builder.finish(FORMAT).expect("within limits");
        assert_eq!(sbom.counts.dangling, 3);
        assert_eq!(sbom.counts.dangling_names, ["ghost"]);
    }

    #[test]
    fn a222_more_packages_than_the_limit_cannot_be_decided() {
        let mut builder = Builder::new("");
        for _ in 0..1_000_000 {
            builder.package(named(""));
        }
        let refusal = builder.finish(FORMAT).expect_err("too many");
        assert_eq!(refusal.outcome, crate::check::Outcome::Error);
        assert_eq!(refusal.expected.as_deref(), Some("at most 500000 packages"));
        assert_eq!(refusal.found.as_deref(), Some("1000000"));
    }

    #[test]
    fn a222_more_relationships_than_the_limit_cannot_be_decided() {
        let mut builder = Builder::new("");
        builder.package(named("a"));
        for _ in 0..=MAX_RELATIONSHIPS {
            builder.relate(&"a".into(), Relation::DependsOn, &"a".into());
        }
        assert_eq!(builder.finish(FORMAT).expect_err("too many").found.as_deref(), Some("5000001"));
    }
}
