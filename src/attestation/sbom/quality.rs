//! The quality of a document: whether it lists any packages, and which minimum elements are missing.

use crate::check::{CheckId, Finding, ShortfallReport};

use super::about;
use super::model::{Family, Package, Relation, Relationship, Sbom};

/// Names that are given of the packages that lack something.
const FIRST: usize = 5;

/// Who says what an SBOM should hold at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standard {
    /// NTIA, The Minimum Elements For a Software Bill of Materials, 2021-07-12, "Data Fields".
    Ntia2021,
    /// CISA, 2025 Minimum Elements for a Software Bill of Materials, draft of 2025-08-22.
    Cisa2025,
}

/// An element that a standard asks for and that is missing somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shortfall {
    /// The element in the words of the standard.
    pub(crate) element: &'static str,
    /// How many packages lack it; 1 of 1 where the document as a whole does.
    pub(crate) missing: u64,
    pub(crate) of: u64,
    /// The first of the packages that lack it.
    pub(crate) first: Vec<String>,
}

impl Shortfall {
    /// Returns what a report says of it.
    pub(super) fn report(self) -> ShortfallReport {
        ShortfallReport { element: self.element.to_owned(), missing: self.missing, of: self.of, first: self.first }
    }
}

/// A package, with facts that other elements state about it.
struct Entry<'s, 'a> {
    package: &'s Package<'a>,
    family: Family,
    /// Whether a relationship says how it came into something, or something into it. That the document describes it does not.
    is_related: bool,
}

impl Entry<'_, '_> {
    /// NTIA, Survey of Existing SBOM Formats and Standards: in SPDX it is the namespace with the SPDXID, in CycloneDX the
    /// serial number with the `bom-ref`, which is optional there.
    fn has_unique_identifier(&self) -> bool {
        !self.package.id.is_empty() || (self.family == Family::CycloneDx && self.has_software_identifier())
    }

    /// CISA 2025, "Software Identifiers": one that databases know, at least.
    fn has_software_identifier(&self) -> bool {
        !self.package.purls.is_empty() || self.package.otherwise_identified
    }
}

/// An element by its name in the standard, and whether a package has it.
type Element = (&'static str, fn(&Entry<'_, '_>) -> bool);

const NAME: Element = ("component name", |entry| !entry.package.name.is_empty());
const VERSION: Element = ("component version", |entry| entry.package.version.is_some());
const RELATIONSHIP: Element = ("dependency relationship", |entry| entry.is_related);

const NTIA_2021: [Element; 5] = [
    ("supplier name", |entry| entry.package.supplier.is_some()),
    NAME,
    VERSION,
    ("unique identifier", |entry| entry.has_unique_identifier()),
    RELATIONSHIP,
];

const CISA_2025: [Element; 7] = [
    ("software producer", |entry| entry.package.supplier.is_some() || entry.package.originator.is_some()),
    NAME,
    VERSION,
    ("software identifier", |entry| entry.has_software_identifier()),
    ("component hash", |entry| !entry.package.checksums.is_empty()),
    ("license", |entry| entry.package.license().is_some()),
    RELATIONSHIP,
];

/// Returns the elements of a standard that are missing, with how often and where first.
pub(crate) fn shortfalls(sbom: &Sbom<'_>, standard: Standard) -> Vec<Shortfall> {
    let related = related(sbom);
    let mut found = Vec::new();
    let elements: &[Element] = match standard {
        Standard::Ntia2021 => &NTIA_2021,
        Standard::Cisa2025 => &CISA_2025,
    };
    for (element, has) in elements {
        let entries = sbom.packages.iter().zip(&related);
        let entries =
            entries.map(|(package, is_related)| Entry { package, family: sbom.format.family, is_related: *is_related });
        let lacking: Vec<&Package<'_>> = entries.filter(|entry| !has(entry)).map(|entry| entry.package).collect();
        if !lacking.is_empty() {
            let first = lacking.iter().take(FIRST).map(|package| package.describe()).collect();
            let (missing, of) = (lacking.len() as u64, sbom.packages.len() as u64);
            found.push(Shortfall { element, missing, of, first });
        }
    }
    let document = of_document(sbom, standard).into_iter().filter(|(_, is_there)| !is_there);
    found.extend(document.map(|(element, _)| Shortfall { element, missing: 1, of: 1, first: Vec::new() }));
    found
}

/// The elements that the document has once. A tool is not an author.
fn of_document(sbom: &Sbom<'_>, standard: Standard) -> Vec<(&'static str, bool)> {
    let says = |kind: &str| sbom.creators.iter().any(|creator| creator.strip_prefix(kind).is_some_and(is_stated));
    let (author, timestamp) = (says("Person:") || says("Organization:"), sbom.created.is_some());
    match standard {
        Standard::Ntia2021 => vec![("author of SBOM data", author), ("timestamp", timestamp)],
        Standard::Cisa2025 => vec![
            ("SBOM author", author),
            ("tool name", says("Tool:")),
            ("timestamp", timestamp),
            ("generation context", !sbom.contexts.is_empty()),
        ],
    }
}

fn is_stated(name: &str) -> bool {
    !matches!(name.trim(), "" | "NOASSERTION" | "()")
}

/// For every package, whether it is an end of a relationship other than that the document describes it.
fn related(sbom: &Sbom<'_>) -> Vec<bool> {
    let mut related = vec![false; sbom.packages.len()];
    for one in sbom.relationships.iter().filter(|one| one.kind != Relation::Describes) {
        for place in [one.from.package(), one.to.package()].into_iter().flatten() {
            related[place] = true;
        }
    }
    related
}

/// Checks that the document lists anything beside the image itself.
pub(super) fn check_content(sbom: &Sbom<'_>) -> Finding {
    let count = sbom.packages.len();
    let listed = sbom.packages.iter().enumerate().filter(|(place, _)| !about::is_the_image(sbom, *place)).count();
    if listed == 0 {
        let (message, found) = match count {
            0 => ("the SBOM lists no package", "0 packages".to_owned()),
            1 => ("the SBOM lists nothing but the image itself", format!("1 package: {}", sbom.packages[0].describe())),
            _ => ("the SBOM lists nothing but the image itself", format!("{count} packages, each of them an image")),
        };
        return Finding::fail(CheckId::SbomContent, message)
            .expected("at least one package that is in the image")
            .found(found)
            .next("generate the SBOM from the image that was built, not from an empty folder");
    }
    Finding::pass(CheckId::SbomContent, format!("the SBOM lists {count} packages"))
}

/// Says what refers to nothing, and what depends on itself. Neither is refused: generators write both.
pub(super) fn remarks(sbom: &Sbom<'_>) -> Vec<Finding> {
    let mut remarks = Vec::new();
    let (dangling, names) = (sbom.counts.dangling, &sbom.counts.dangling_names);
    if dangling > 0 {
        let message = format!("{dangling} ends of relationships name nothing that is in the document");
        remarks.push(Finding::skip(CheckId::SbomContent, message).found(names.join(", ")));
    }
    let cyclic = count_cyclic(sbom);
    if cyclic > 0 {
        let message = format!("{cyclic} packages contain or depend on themselves, through others or at once");
        remarks.push(Finding::skip(CheckId::SbomContent, message));
    }
    remarks
}

/// How many packages are in a cycle of containing and depending, or lead to nothing but into one: those that are left when
/// packages that nothing leads to are taken away again and again (Kahn's algorithm, from both sides; no recursion).
pub(super) fn count_cyclic(sbom: &Sbom<'_>) -> usize {
    let mut left = vec![true; sbom.packages.len()];
    peel(sbom, &mut left, |one| (one.from.package(), one.to.package()));
    peel(sbom, &mut left, |one| (one.to.package(), one.from.package()));
    left.iter().filter(|is_left| **is_left).count()
}

/// Takes away what has no edge coming in, until nothing has.
fn peel(sbom: &Sbom<'_>, left: &mut [bool], ends: impl Fn(&Relationship) -> (Option<usize>, Option<usize>)) {
    let telling = |one: &&Relationship| matches!(one.kind, Relation::Contains | Relation::DependsOn);
    let edges = |left: &[bool]| -> Vec<(u32, u32)> {
        let pairs = sbom.relationships.iter().filter(telling).filter_map(|one| ends(one).0.zip(ends(one).1));
        let inside = pairs.filter(|(from, to)| left[*from] && left[*to]);
        inside.map(|(from, to)| (number(from), number(to))).collect()
    };
    let mut edges = edges(left);
    edges.sort_unstable();
    let mut coming = vec![0_u32; left.len()];
    for (_, to) in &edges {
        coming[*to as usize] += 1;
    }
    let mut free: Vec<usize> = (0..left.len()).filter(|place| left[*place] && coming[*place] == 0).collect();
    while let Some(place) = free.pop() {
        left[place] = false;
        let first = edges.partition_point(|(from, _)| (*from as usize) < place);
        for (_, to) in edges[first..].iter().take_while(|(from, _)| *from as usize == place) {
            coming[*to as usize] -= 1;
            if coming[*to as usize] == 0 {
                free.push(*to as usize);
            }
        }
    }
}

fn number(place: usize) -> u32 {
    u32::try_from(place).expect("a document has fewer packages than the limit")
}

#[cfg(test)]
mod tests {
    use super::super::model::{End, Purpose};
    use super::*;
    use crate::check::Outcome;

    fn package(id: &'static str) -> Package<'static> {
        Package { id: id.into(), name: id.into(), ..Package::default() }
    }

    fn related(edges: &[(u32, u32)], packages: usize) -> Sbom<'static> {
        let kind = Relation::DependsOn;
        let relationships =
            edges.iter().map(|(from, to)| Relationship { from: End::at(*from), to: End::at(*to), kind });
        Sbom { packages: vec![package("a"); packages], relationships: relationships.collect(), ..Sbom::default() }
    }

    #[test]
    fn a_document_whose_only_package_is_the_image_itself_is_empty() {
        let image = Package { purpose: Purpose::Container, ..package("shop") };
        let mut sbom = Sbom { packages: vec![image], describes: vec![0], ..Sbom::default() };
        assert_eq!(check_content(&sbom).outcome, Outcome::Fail);
        sbom.packages.push(package("zlib"));
        assert_eq!(check_content(&sbom).outcome, Outcome::Pass);
        assert_eq!(check_content(&Sbom::default()).found.as_deref(), Some("0 packages"));
        let program = Sbom { packages: vec![package("shop")], describes: vec![0], ..Sbom::default() };
        assert_eq!(check_content(&program).outcome, Outcome::Pass, "a program is in the image");
    }

    #[test]
    fn a223_cycles_are_counted_without_recursion() {
        assert_eq!(count_cyclic(&related(&[(0, 1), (1, 2)], 4)), 0);
        assert_eq!(count_cyclic(&related(&[(0, 0)], 1)), 1);
        assert_eq!(count_cyclic(&related(&[(0, 1), (1, 2), (2, 1), (2, 3)], 4)), 2);
        assert_eq!(count_cyclic(&related(&[(0, 1), (0, 1), (1, 2)], 3)), 0, "twice the same");
        let deep: Vec<(u32, u32)> = (0..99_999).map(|place| (place, place + 1)).collect();
        assert_eq!(count_cyclic(&related(&deep, 100_000)), 0);
        let round: Vec<(u32, u32)> = deep.into_iter().chain([(99_999, 0)]).collect();
        assert_eq!(count_cyclic(&related(&round, 100_000)), 100_000);
    }

    #[test]
    fn a229_one_package_of_which_nothing_is_asserted_lacks_nearly_everything() {
        let sbom = Sbom { packages: vec![package("x")], creators: vec!["Tool: x".into()], ..Sbom::default() };
        let elements = |standard| -> Vec<&str> { shortfalls(&sbom, standard).iter().map(|one| one.element).collect() };
        assert_eq!(
            elements(Standard::Ntia2021),
            ["supplier name", "component version", "dependency relationship", "author of SBOM data", "timestamp"]
        );
        assert_eq!(
            elements(Standard::Cisa2025),
            [
                "software producer",
                "component version",
                "software identifier",
                "component hash",
                "license",
                "dependency relationship",
                "SBOM author",
                "timestamp",
                "generation context"
            ]
        );
    }

    #[test]
    fn the_first_packages_that_lack_something_are_named_and_all_are_counted() {
        let sbom = Sbom { packages: vec![package("x"); 7], ..Sbom::default() };
        let suppliers = &shortfalls(&sbom, Standard::Ntia2021)[0];
        assert_eq!((suppliers.missing, suppliers.of, suppliers.first.len()), (7, 7, FIRST));
    }
}
