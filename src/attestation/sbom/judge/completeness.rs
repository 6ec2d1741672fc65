//! Checks that an SBOM has the minimum elements.

use crate::attestation::sbom::model::Sbom;
use crate::attestation::sbom::quality::{self, Shortfall, Standard};
use crate::check::{CheckId, Finding};
use crate::policy::MinimumElements;

use super::complaint::shortened;

/// Checks that every package has the minimum elements, and the document those that it has as a whole.
pub(super) fn check(sbom: &Sbom<'_>, elements: MinimumElements) -> Finding {
    let standard = match elements {
        MinimumElements::Ntia2021 => Standard::Ntia2021,
        MinimumElements::Cisa2025 => Standard::Cisa2025,
    };
    let missing = quality::shortfalls(sbom, standard);
    if missing.is_empty() {
        let message = format!("{} packages have the minimum elements of {elements}", sbom.packages.len());
        return Finding::pass(CheckId::SbomCompleteness, message);
    }
    let names: Vec<&str> = missing.iter().map(|one| one.element).collect();
    let found: Vec<String> = missing.iter().map(describe).collect();
    Finding::fail(CheckId::SbomCompleteness, format!("minimum elements are missing: {}", names.join(", ")))
        .expected(format!("the minimum elements of {elements}"))
        .found(found.join("; "))
        .next("have the generator write the missing parts, or complete the SBOM before it is attested")
}

fn describe(one: &Shortfall) -> String {
    if one.first.is_empty() {
        return format!("no {}", one.element);
    }
    let first: Vec<String> = one.first.iter().map(|name| shortened(name)).collect();
    let more = if one.missing > first.len() as u64 { ", …" } else { "" };
    format!("no {} in {} of {} packages: {}{more}", one.element, one.missing, one.of, first.join(", "))
}
