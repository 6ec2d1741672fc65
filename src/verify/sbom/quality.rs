//! Whether an SBOM holds the elements that it should have at least.

use crate::check::{CheckId, Finding};
use crate::policy::MinimumElements;

use super::model::{Package, Relation, Sbom};

/// An element that is missing, and where.
struct Missing {
    element: &'static str,
    /// Of how many packages; nothing where it is missing in the document itself.
    packages: Option<u64>,
    first: Vec<String>,
}

/// Checks that every package has the minimum elements, and the document those that it has as a whole.
pub(super) fn check(sbom: &Sbom<'_>, elements: MinimumElements) -> Finding {
    let missing = missing(sbom, elements);
    let count = sbom.packages.len();
    if missing.is_empty() {
        return Finding::pass(
            CheckId::SbomCompleteness,
            format!("{count} packages have the minimum elements of {elements}"),
        );
    }
    let found = missing.iter().map(|one| match one.packages {
        None => format!("no {}", one.element),
        Some(packages) => format!("no {} in {packages} of {count} packages: {}", one.element, one.first.join(", ")),
    });
    let names: Vec<&str> = missing.iter().map(|one| one.element).collect();
    Finding::fail(CheckId::SbomCompleteness, format!("minimum elements are missing: {}", names.join(", ")))
        .expected(format!("the minimum elements of {elements}"))
        .found(found.collect::<Vec<_>>().join("; "))
        .next("have the generator write what is missing, or complete the SBOM before it is attested")
}

fn missing(sbom: &Sbom<'_>, elements: MinimumElements) -> Vec<Missing> {
    let of_document =
        |element, is_there: bool| (!is_there).then(|| Missing { element, packages: None, first: Vec::new() });
    let of_packages = |element, has: &dyn Fn(&Package<'_>) -> bool| {
        let without = sbom.packages.iter().filter(|package| !has(package));
        let first: Vec<String> = without.clone().take(5).map(Package::describe).collect();
        (!first.is_empty()).then(|| Missing { element, packages: Some(without.count() as u64), first })
    };
    let is_tool = |creator: &str| creator.starts_with("Tool:");
    let has_author = sbom.creators.iter().any(|creator| !is_tool(creator));
    let relates = |relation: Relation| matches!(relation, Relation::Contains | Relation::DependsOn | Relation::Other);
    let mut missing = vec![
        of_packages("supplier", &|package| package.supplier.is_some()),
        of_packages("name", &|package| !package.name.is_empty()),
        of_packages("version", &|package| package.version.is_some()),
        of_packages("unique identifier", &|package| !package.purls.is_empty() || package.otherwise_identified),
        of_document("dependency relationship", sbom.relationships.iter().any(|one| relates(one.kind))),
        of_document("author", has_author),
        of_document("timestamp", sbom.created.as_deref().is_some_and(|time| time.parse::<jiff::Timestamp>().is_ok())),
    ];
    if elements == MinimumElements::Cisa2025 {
        missing.extend([
            of_packages("hash", &|package| !package.checksums.is_empty()),
            of_packages("licence", &|package| package.license().is_some()),
            of_document("tool", sbom.creators.iter().any(|creator| is_tool(creator))),
            of_document("generation context", !sbom.contexts.is_empty()),
        ]);
    }
    missing.into_iter().flatten().collect()
}
