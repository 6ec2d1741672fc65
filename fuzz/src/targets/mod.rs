//! One file for each target: its function and its seeds.

pub mod arrays;
pub mod bundle;
pub mod certificate;
pub mod from;
pub mod legacy_layer;
pub mod lock;
pub mod loose;
pub mod manifest;
pub mod packages;
pub mod policy;
pub mod provenance;
pub mod reference;
pub mod replay;
pub mod report;
pub mod requirement;
pub mod sbom;
pub mod statement;
pub mod sums;
pub mod time;
pub mod trust_root;
pub mod verify;

/// A function that holds for every input, and inputs from which the others are made.
pub struct Target {
    /// Its name, which is that of its file.
    pub name: &'static str,
    /// Panics if a property does not hold.
    pub run: fn(&[u8]),
    /// Good input.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub const ALL: [Target; 21] = [
    Target { name: "arrays", run: arrays::run, seeds: arrays::seeds },
    Target { name: "bundle", run: bundle::run, seeds: bundle::seeds },
    Target { name: "certificate", run: certificate::run, seeds: certificate::seeds },
    Target { name: "from", run: from::run, seeds: from::seeds },
    Target { name: "legacy_layer", run: legacy_layer::run, seeds: legacy_layer::seeds },
    Target { name: "lock", run: lock::run, seeds: lock::seeds },
    Target { name: "loose", run: loose::run, seeds: loose::seeds },
    Target { name: "manifest", run: manifest::run, seeds: manifest::seeds },
    Target { name: "packages", run: packages::run, seeds: packages::seeds },
    Target { name: "policy", run: policy::run, seeds: policy::seeds },
    Target { name: "provenance", run: provenance::run, seeds: provenance::seeds },
    Target { name: "reference", run: reference::run, seeds: reference::seeds },
    Target { name: "replay", run: replay::run, seeds: replay::seeds },
    Target { name: "report", run: report::run, seeds: report::seeds },
    Target { name: "requirement", run: requirement::run, seeds: requirement::seeds },
    Target { name: "sbom", run: sbom::run, seeds: sbom::seeds },
    Target { name: "statement", run: statement::run, seeds: statement::seeds },
    Target { name: "sums", run: sums::run, seeds: sums::seeds },
    Target { name: "time", run: time::run, seeds: time::seeds },
    Target { name: "trust_root", run: trust_root::run, seeds: trust_root::seeds },
    Target { name: "verify", run: verify::run, seeds: verify::seeds },
];
